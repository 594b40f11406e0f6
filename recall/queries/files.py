"""Questions to recall; nothing here changes anything. What a caller may see, the database decides.

Row-level security shows an enterprise its own recalls and the public the announced ones, so the
same questions serve all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.orm import Session

from core.clock import now
from core.clocks import Due, Standing, standing
from core.journal import JournalEntry
from recall.errors import RecallUnknown
from recall.maths.lifecycle import CLOSED_STATES
from recall.models import (
    DefectCase,
    Recall,
    RecallDeadline,
    RecallNotice,
    RecallPlan,
    RecallScope,
    RecallScopeLine,
)
from registry.maths.packs import Citation, read_rule
from registry.models import Enterprise

NO_LONGER_RUNS = "cancelled"


@dataclass(frozen=True, slots=True)
class DeadlineView:
    """A legal clock as people see it: the day, how it stands, and the article behind it."""

    recall_number: str
    rule_id: str
    title_zh: str
    title_en: str
    responsible: str | None
    on_expiry: str | None
    statutory: bool
    citation: Citation
    occurrence: int
    started_on: date
    due_on: date
    expires_at: datetime
    provisional: bool
    provisional_reason: str | None
    met_at: datetime | None
    cancelled_at: datetime | None
    standing: str


@dataclass(frozen=True, slots=True)
class RecallLine:
    """One recall in a list."""

    id: int
    number: str
    enterprise_id: int
    enterprise: str
    product: str
    brand: str
    model: str
    gtin: str | None
    lot_no: str
    state: str
    reported_at: datetime
    announced_at: datetime | None
    overdue: tuple[DeadlineView, ...]
    next_due: DeadlineView | None


@dataclass(frozen=True, slots=True)
class RecallFile:
    """Everything about one recall."""

    recall: Recall
    enterprise: str
    case: DefectCase
    plan: RecallPlan | None
    scope: RecallScope
    lines: tuple[RecallScopeLine, ...]
    deadlines: tuple[DeadlineView, ...]
    notice: RecallNotice | None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One entry of a recall's chained history."""

    sequence: int
    kind: str
    body: dict[str, Any]
    recorded_at: datetime
    hash: str


def recall_row(session: Session, number: str, *, for_update: bool = False) -> Recall:
    """The row of one recall.

    Raises
    ------
    RecallUnknown
        No such recall, or none that the caller may see.
    """
    statement = select(Recall).where(Recall.number == number)
    if for_update:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = session.execute(statement).scalar_one_or_none()
    if found is None:
        raise RecallUnknown(number=number)
    return found


def recall_file(session: Session, number: str) -> RecallFile:
    """Everything about one recall.

    Raises
    ------
    RecallUnknown
        No such recall, or none that the caller may see.
    """
    recall = recall_row(session, number)
    case = session.get_one(DefectCase, recall.case_id)
    scope = latest_scope(session, recall.id)
    return RecallFile(
        recall=recall,
        enterprise=_enterprise_name(session, recall.enterprise_id),
        case=case,
        plan=latest_plan(session, recall.id),
        scope=scope,
        lines=tuple(lines(session, scope.id)),
        deadlines=tuple(_deadlines(session, [recall]).get(recall.id, ())),
        notice=latest_notice(session, recall.id),
    )


def recalls(
    *, state: str | None = None, overdue: bool = False, open_only: bool = False
) -> Select[Recall]:
    """Select recalls, newest first; `lines_of` turns a page of them into views."""
    statement = select(Recall).order_by(Recall.id.desc())
    if state is not None:
        statement = statement.where(Recall.state == state)
    if open_only:
        statement = statement.where(Recall.state.not_in([one.value for one in CLOSED_STATES]))
    if overdue:
        late = select(RecallDeadline.id).where(
            RecallDeadline.recall_id == Recall.id, is_running(), RecallDeadline.expires_at <= now()
        )
        statement = statement.where(exists(late))
    return statement


def lines_of(session: Session, rows: Sequence[Recall]) -> list[RecallLine]:
    """Views of a page of recalls, each with its overdue clocks and the next one due."""
    deadlines = _deadlines(session, rows)
    names = _enterprise_names(session, {row.enterprise_id for row in rows})
    lines = []
    for row in rows:
        own = deadlines.get(row.id, [])
        running = [one for one in own if one.met_at is None and one.cancelled_at is None]
        lines.append(
            RecallLine(
                id=row.id,
                number=row.number,
                enterprise_id=row.enterprise_id,
                enterprise=names.get(row.enterprise_id, ""),
                product=row.product,
                brand=row.brand,
                model=row.model,
                gtin=row.gtin,
                lot_no=row.lot_no,
                state=row.state,
                reported_at=row.reported_at,
                announced_at=row.announced_at,
                overdue=tuple(one for one in running if one.standing == Standing.OVERDUE),
                next_due=min(running, key=lambda one: one.expires_at, default=None),
            )
        )
    return lines


def my_recalls(session: Session, enterprise_id: int, *, limit: int = 50) -> list[RecallLine]:
    """Recalls of one enterprise, newest first."""
    statement = recalls().where(Recall.enterprise_id == enterprise_id).limit(limit)
    return lines_of(session, session.execute(statement).scalars().all())


def overdue_recalls(session: Session, *, limit: int = 50) -> list[RecallLine]:
    """Open recalls with a clock that has run out, longest overdue first."""
    rows = session.execute(recalls(overdue=True)).scalars().all()
    lines = lines_of(session, rows)
    lines.sort(key=lambda line: min(one.expires_at for one in line.overdue))
    return lines[:limit]


def open_recalls(session: Session, *, limit: int = 50) -> list[RecallLine]:
    """Recalls in which a duty still runs, newest first."""
    return lines_of(session, session.execute(recalls(open_only=True).limit(limit)).scalars().all())


def latest_plan(session: Session, recall_id: int) -> RecallPlan | None:
    """The plan in its latest edition, if one was filed."""
    return session.execute(
        select(RecallPlan)
        .where(RecallPlan.recall_id == recall_id)
        .order_by(RecallPlan.edition.desc())
        .limit(1)
    ).scalar_one_or_none()


def latest_scope(session: Session, recall_id: int) -> RecallScope:
    """The scope in its latest edition; the first is stored with the filing."""
    return session.execute(
        select(RecallScope)
        .where(RecallScope.recall_id == recall_id)
        .order_by(RecallScope.edition.desc())
        .limit(1)
    ).scalar_one()


def lines(session: Session, scope_id: int) -> list[RecallScopeLine]:
    """Lines of one edition of a scope, nearest hands first."""
    found = session.execute(
        select(RecallScopeLine)
        .where(RecallScopeLine.scope_id == scope_id)
        .order_by(RecallScopeLine.depth, RecallScopeLine.id)
    )
    return list(found.scalars())


def latest_notice(session: Session, recall_id: int) -> RecallNotice | None:
    """The notice in its latest edition, if one is out."""
    return session.execute(
        select(RecallNotice)
        .where(RecallNotice.recall_id == recall_id)
        .order_by(RecallNotice.edition.desc())
        .limit(1)
    ).scalar_one_or_none()


def history(session: Session, number: str) -> list[HistoryEntry]:
    """What happened to a recall, oldest first, each entry with its place in the chain.

    Raises
    ------
    RecallUnknown
        No such recall, or none that the caller may see.
    """
    recall_row(session, number)  # the journal itself knows no owners
    entries = session.execute(
        select(JournalEntry)
        .where(JournalEntry.stream == stream_of(number))
        .order_by(JournalEntry.sequence)
    ).scalars()
    return [
        HistoryEntry(one.sequence, one.kind, one.body, one.recorded_at, bytes(one.hash).hex())
        for one in entries
    ]


def stream_of(number: str) -> str:
    """Name of a recall's journal."""
    return f"recall/{number}"


def is_running() -> ColumnElement[bool]:
    """Condition of a clock that is neither met nor fell away."""
    return and_(RecallDeadline.met_at.is_(None), RecallDeadline.cancelled_at.is_(None))


def _deadlines(session: Session, rows: Sequence[Recall]) -> dict[int, list[DeadlineView]]:
    numbers = {row.id: row.number for row in rows}
    found = session.execute(
        select(RecallDeadline)
        .where(RecallDeadline.recall_id.in_(numbers))
        .order_by(RecallDeadline.expires_at, RecallDeadline.id)
    ).scalars()
    views: dict[int, list[DeadlineView]] = {}
    for one in found:
        views.setdefault(one.recall_id, []).append(_deadline_view(one, numbers[one.recall_id]))
    return views


def _deadline_view(row: RecallDeadline, number: str) -> DeadlineView:
    rule = read_rule(row.pack, row.rule)
    due = Due(row.due_on, row.expires_at, provisional=row.is_provisional)
    stands = standing(due, now=row.cancelled_at or now(), met_at=row.met_at)
    fell_away = row.cancelled_at is not None and stands is Standing.RUNNING
    return DeadlineView(
        recall_number=number,
        rule_id=row.rule_id,
        title_zh=rule.title_zh,
        title_en=rule.title_en,
        responsible=rule.responsible,
        on_expiry=None if rule.on_expiry is None else rule.on_expiry.value,
        statutory=rule.statutory,
        citation=rule.citation,
        occurrence=row.occurrence,
        started_on=row.started_on,
        due_on=row.due_on,
        expires_at=row.expires_at,
        provisional=row.is_provisional,
        provisional_reason=row.provisional_reason,
        met_at=row.met_at,
        cancelled_at=row.cancelled_at,
        standing=NO_LONGER_RUNS if fell_away else stands.value,
    )


def _enterprise_name(session: Session, enterprise_id: int) -> str:
    return _enterprise_names(session, {enterprise_id}).get(enterprise_id, "")


def _enterprise_names(session: Session, ids: set[int]) -> dict[int, str]:
    found = session.execute(select(Enterprise.id, Enterprise.name).where(Enterprise.id.in_(ids)))
    return {row.id: row.name for row in found}
