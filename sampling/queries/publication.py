"""Records of results as staff see them: what waits at the desk, and until when."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from core.clock import now
from core.clocks import Due, Standing, due, standing
from registry.errors import RuleNotInForce
from registry.maths.packs import Rule
from registry.queries import calendar, rule_on
from sampling.errors import PublishedRecordUnknown
from sampling.maths.publication import CodeTable, RecordState, read_codes
from sampling.models.plans import FrameUnit, InspectionResult, Plan, PlanPart, PlanState
from sampling.models.procedure import SamplingCase
from sampling.models.publication import ResultPublication
from sampling.queries.procedure import PublicationRow, publication_rows, publishable_cases

CODES = Path(__file__).parent.parent / "packs" / "result-codes.json"
PACK = "CN-DRAW"
RULE_PUBLISH = "draw.publish-result"


@cache
def code_table() -> CodeTable:
    """The result codes that come with the product."""
    return read_codes(json.loads(CODES.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class CodeView:
    """A result code in words, with the national code it stands for."""

    code: str
    national: int
    title_zh: str
    title_en: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when a result must be public, by which rule."""

    due: Due
    rule: Rule


@dataclass(frozen=True, slots=True)
class RecordView:
    """The record of one result, as staff see it."""

    no: str
    kind: str
    subject: str
    plan_no: str | None
    code: str | None
    enterprise_code: str | None
    enterprise_name: str
    product: str | None
    outcome: str
    found_on: date
    codes: tuple[CodeView, ...]
    statement: str | None
    follow_up: str | None
    columns: Mapping[str, str]
    corrects: str | None
    correction_reason: str | None
    state: RecordState
    due_on: date | None
    recorded_by: int
    recorded_at: datetime
    reviewed_by: int | None
    return_reason: str | None
    published_at: datetime | None
    withdrawn_at: datetime | None
    withdraw_reason: str | None
    sha256: str | None
    version: int


@dataclass(frozen=True, slots=True)
class DeskRow:
    """A result that was found, and how far its publication is."""

    plan_no: str
    plan_title: str
    code: str
    name: str
    outcome: str
    inspected_on: date
    state: RecordState
    record_no: str | None
    record_version: int | None
    recorded_by: int | None
    return_reason: str | None
    published_at: datetime | None
    public_from: date | None  # the drawn list is kept back until then
    deadline: Deadline | None
    standing: Standing | None

    @property
    def due_on(self) -> date | None:
        """Last day in time."""
        return self.deadline.due.due_on if self.deadline else None

    @property
    def is_overdue(self) -> bool:
        """True where it should be public by now and is not."""
        return self.standing is Standing.OVERDUE


def state_of(row: ResultPublication) -> RecordState:
    """Where a record stands."""
    return RecordState.WITHDRAWN if row.withdrawn_at is not None else RecordState(row.state)


def record_by_no(session: Session, no: str, *, lock: bool = False) -> ResultPublication:
    """The record with this number; with its row locked, if it is to be changed.

    Raises
    ------
    PublishedRecordUnknown
        There is none.
    """
    statement = select(ResultPublication).where(ResultPublication.no == no)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise PublishedRecordUnknown(no=no)
    return row


def records_matching(
    *, state: str | None = None, kind: str | None = None, text: str | None = None
) -> Select[ResultPublication]:
    """Records by state, kind and words; to be paged."""
    statement = select(ResultPublication)
    if state == RecordState.WITHDRAWN:
        statement = statement.where(ResultPublication.withdrawn_at.is_not(None))
    elif state:
        statement = statement.where(
            ResultPublication.state == state, ResultPublication.withdrawn_at.is_(None)
        )
    if kind:
        statement = statement.where(ResultPublication.kind == kind)
    return with_words(statement, text or "")


def with_words(statement: Select[ResultPublication], text: str) -> Select[ResultPublication]:
    """Only records whose number, names or product hold every word."""
    for word in text.split():
        statement = statement.where(
            ResultPublication.search_text.contains(word.casefold(), autoescape=True)
        )
    return statement


def codes_of(codes: Sequence[str], on: date) -> tuple[CodeView, ...]:
    """Result codes in the words in force on the day of the inspection."""
    known = code_table().on(on)
    return tuple(
        CodeView(code, known[code].national, known[code].title_zh, known[code].title_en)
        for code in codes
    )


def record_views(rows: Sequence[ResultPublication]) -> list[RecordView]:
    """Records as staff see them, in the order given."""
    return [
        RecordView(
            no=row.no,
            kind=row.kind,
            subject=row.subject,
            plan_no=row.plan_no,
            code=row.code,
            enterprise_code=row.enterprise_code,
            enterprise_name=row.enterprise_name,
            product=row.product,
            outcome=row.outcome,
            found_on=row.found_on,
            codes=codes_of(row.codes, row.found_on),
            statement=row.statement,
            follow_up=row.follow_up,
            columns=row.columns,
            corrects=row.corrects,
            correction_reason=row.correction_reason,
            state=state_of(row),
            due_on=row.due_on,
            recorded_by=row.recorded_by,
            recorded_at=row.recorded_at,
            reviewed_by=row.reviewed_by,
            return_reason=row.return_reason,
            published_at=row.published_at,
            withdrawn_at=row.withdrawn_at,
            withdraw_reason=row.withdraw_reason,
            sha256=row.sha256,
            version=row.version,
        )
        for row in rows
    ]


def desk(session: Session, *, plan_no: str | None = None, limit: int = 5000) -> list[DeskRow]:
    """Every result that was found in a standing plan, and how far its publication is."""
    later = aliased(ResultPublication)
    newest = (
        select(func.max(later.id))
        .where(
            later.plan_id == InspectionResult.plan_id,
            later.code == InspectionResult.code,
        )
        .correlate(InspectionResult)
        .scalar_subquery()
    )
    statement = (
        select(InspectionResult, Plan, FrameUnit.name, ResultPublication, PlanPart.public_on)
        .join(Plan, Plan.id == InspectionResult.plan_id)
        .join(
            FrameUnit,
            and_(
                FrameUnit.plan_id == InspectionResult.plan_id,
                FrameUnit.code == InspectionResult.code,
            ),
        )
        .outerjoin(ResultPublication, ResultPublication.id == newest)
        .outerjoin(PlanPart, and_(PlanPart.plan_id == Plan.id, PlanPart.name == "draw.json"))
        .where(Plan.state == PlanState.DRAWN)
        .order_by(InspectionResult.inspected_on, InspectionResult.id)
        .limit(limit)
    )
    if plan_no is not None:
        statement = statement.where(Plan.no == plan_no)
    deadline = deadlines(session)
    rows = []
    for result, plan, name, record, public_on in session.execute(statement).all():
        until = deadline(result.inspected_on)
        rows.append(
            DeskRow(
                plan_no=plan.no,
                plan_title=plan.title,
                code=result.code,
                name=name,
                outcome=result.outcome,
                inspected_on=result.inspected_on,
                state=state_of(record) if record is not None else RecordState.MISSING,
                record_no=record.no if record is not None else None,
                record_version=record.version if record is not None else None,
                recorded_by=record.recorded_by if record is not None else None,
                return_reason=record.return_reason if record is not None else None,
                published_at=record.published_at if record is not None else None,
                public_from=public_on,
                deadline=until,
                standing=_standing(until, record),
            )
        )
    return rows


def _standing(until: Deadline | None, record: ResultPublication | None) -> Standing | None:
    if until is None:
        return None
    met_at = record.published_at if record is not None else None
    return standing(until.due, now=now(), met_at=met_at)


def deadlines(session: Session) -> Callable[[date], Deadline | None]:
    """A function from the day a check ended to the day its result must be public.

    The check of one unit is taken as the task (谁检查、谁录入、谁公开): an unfinished unit of the
    same plan must not stop the clock of the others. None where the packs say nothing for the day.
    """
    days = calendar(session)
    known: dict[date, Deadline | None] = {}

    def of(ended_on: date) -> Deadline | None:
        if ended_on not in known:
            try:
                rule = rule_on(session, PACK, RULE_PUBLISH, ended_on)
            except RuleNotInForce:
                known[ended_on] = None
            else:
                found = due(rule.clock, ended_on, days) if rule.clock else None
                known[ended_on] = Deadline(found, rule) if found else None
        return known[ended_on]

    return of


@dataclass(frozen=True, slots=True)
class DeskCounts:
    """What waits at the desk."""

    missing: int
    pending: int
    returned: int
    overdue: int


def desk_counts(rows: Sequence[DeskRow]) -> DeskCounts:
    """How many results of a desk wait, and for what."""
    states = [row.state for row in rows]
    return DeskCounts(
        missing=states.count(RecordState.MISSING),
        pending=states.count(RecordState.PENDING),
        returned=states.count(RecordState.RETURNED),
        overdue=sum(row.is_overdue for row in rows),
    )


def _live_records(states: Sequence[str]) -> Select[str]:
    """Subjects that have a record in one of these states, and not withdrawn."""
    return select(ResultPublication.subject).where(
        ResultPublication.state.in_(states), ResultPublication.withdrawn_at.is_(None)
    )


def _subject() -> ColumnElement[str]:
    """What a record of a case's result names."""
    return func.concat("sample:", func.coalesce(SamplingCase.record_no, SamplingCase.no))


def cases_to_announce(
    session: Session, *, corrects: str | None = None, limit: int = 500
) -> list[PublicationRow]:
    """Cases whose result stands and has no record that waits or is public; or the one corrected.

    A record that was sent back leaves its case in the list: it is entered anew.
    """
    statement = publishable_cases().limit(limit)
    if corrects:
        subject = select(ResultPublication.subject).where(ResultPublication.no == corrects)
        statement = statement.where(_subject().in_(subject))
    else:
        live = (RecordState.PENDING.value, RecordState.PUBLISHED.value)
        statement = statement.where(_subject().not_in(_live_records(live)))
    return publication_rows(session, list(session.execute(statement).scalars()))


def record_of_case(session: Session, case_no: str) -> ResultPublication | None:
    """The latest record of a case's result that was not withdrawn."""
    subject = select(_subject()).where(SamplingCase.no == case_no).scalar_subquery()
    return session.execute(
        select(ResultPublication)
        .where(ResultPublication.subject == subject, ResultPublication.withdrawn_at.is_(None))
        .order_by(ResultPublication.id.desc())
        .limit(1)
    ).scalar_one_or_none()


def case_of_record(session: Session, subject: str) -> str | None:
    """Number of the case whose result a record announces; None for inspections."""
    return session.execute(select(SamplingCase.no).where(_subject() == subject)).scalar()


def may_be_announced(session: Session, case_no: str) -> bool:
    """True for a supervision case whose result stands."""
    statement = publishable_cases().where(SamplingCase.no == case_no)
    return session.execute(statement).first() is not None


def waiting_for_review(session: Session, account_id: int | None) -> int:
    """How many records wait for a review that this person may do: those of others."""
    return session.execute(
        select(func.count())
        .select_from(ResultPublication)
        .where(
            ResultPublication.state == RecordState.PENDING.value,
            ResultPublication.recorded_by.is_distinct_from(account_id),
        )
    ).scalar_one()
