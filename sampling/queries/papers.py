"""Item lists, annual plans, schemes and rules: editions, and how far a year's rows are done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from sampling.errors import PaperUnknown
from sampling.maths.documents import Kind, RowChange, changes_between
from sampling.models.plans import InspectionResult, Plan, PlanState, Stratum
from sampling.models.publication import Paper, PlanAnnualRow, ResultPublication


@dataclass(frozen=True, slots=True)
class PaperView:
    """One edition of a paper. Who drafted and approved it is for staff; None elsewhere."""

    no: str
    edition: int
    kind: str
    year: int
    title: str
    authority: str
    body: Mapping[str, Any]
    reason: str | None
    state: str
    drafted_by: int | None
    drafted_at: datetime
    approved_by: int | None
    approved_at: datetime | None
    published_at: datetime | None
    sha256: str | None
    journal_sequence: int | None
    version: int


@dataclass(frozen=True, slots=True)
class EditionView:
    """An edition in the history of a paper, with what it changed."""

    paper: PaperView
    changes: tuple[RowChange, ...]  # against the edition before; empty for the first
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class RowProgress:
    """How far a row of an annual plan is.

    ``planned`` units a year by the paper; ``drawn`` quotas of drawn plans; ``done`` results.
    """

    key: str
    planned: int
    drawn: int
    done: int
    published: int
    plan_nos: tuple[str, ...]


def papers_matching(
    *, kind: str | None = None, year: int | None = None, text: str | None = None
) -> Select[Paper]:
    """The newest edition of each paper, whatever its state; to be paged."""
    newer = aliased(Paper)
    superseded = exists().where(newer.no == Paper.no, newer.edition > Paper.edition)
    return _matching(select(Paper).where(~superseded), kind, year, text)


def published_papers(
    *, kind: str | None = None, year: int | None = None, text: str | None = None
) -> Select[Paper]:
    """The edition in force of each published paper; to be paged."""
    newer = aliased(Paper)
    superseded = exists().where(
        newer.no == Paper.no, newer.edition > Paper.edition, newer.published_at.is_not(None)
    )
    statement = select(Paper).where(Paper.published_at.is_not(None), ~superseded)
    return _matching(statement, kind, year, text)


def _matching(
    statement: Select[Paper], kind: str | None, year: int | None, text: str | None
) -> Select[Paper]:
    if kind:
        statement = statement.where(Paper.kind == kind)
    if year:
        statement = statement.where(Paper.year == year)
    for word in (text or "").split():
        statement = statement.where(
            or_(
                Paper.no.icontains(word, autoescape=True),
                Paper.title.icontains(word, autoescape=True),
                Paper.authority.icontains(word, autoescape=True),
            )
        )
    return statement


def paper_views(rows: Sequence[Paper], *, for_staff: bool) -> list[PaperView]:
    """Editions as they are shown, in the order given."""
    return [
        PaperView(
            no=row.no,
            edition=row.edition,
            kind=row.kind,
            year=row.year,
            title=row.title,
            authority=row.authority,
            body=row.body,
            reason=row.reason,
            state=row.state,
            drafted_by=row.drafted_by if for_staff else None,
            drafted_at=row.drafted_at,
            approved_by=row.approved_by if for_staff else None,
            approved_at=row.approved_at,
            published_at=row.published_at,
            sha256=row.sha256,
            journal_sequence=row.journal_sequence,
            version=row.version,
        )
        for row in rows
    ]


def newest_edition(session: Session, no: str, *, lock: bool = False) -> Paper:
    """The newest edition of a paper, which alone can be worked on.

    Raises
    ------
    PaperUnknown
        There is no such paper.
    """
    statement = select(Paper).where(Paper.no == no).order_by(Paper.edition.desc()).limit(1)
    if lock:
        # By number, before the row: who waits for the old edition's row would not see the new one.
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(no, 0))))
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise PaperUnknown(no=no)
    return row


def paper_in_force(session: Session, no: str, *, kind: Kind | None = None) -> Paper:
    """The newest published edition of a paper.

    Raises
    ------
    PaperUnknown
        There is no such paper, it is of another kind, or none of its editions is published.
    """
    statement = published_papers(kind=kind.value if kind else None).where(Paper.no == no)
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise PaperUnknown(no=no)
    return row


def editions(session: Session, no: str, *, only_public: bool) -> list[EditionView]:
    """All editions of a paper, newest first, each with what it changed.

    Raises
    ------
    PaperUnknown
        There is no such paper, or none of its editions may be seen.
    """
    statement = select(Paper).where(Paper.no == no).order_by(Paper.edition)
    if only_public:
        statement = statement.where(Paper.published_at.is_not(None))
    rows = list(session.execute(statement).scalars())
    if not rows:
        raise PaperUnknown(no=no)
    in_force = max((row.edition for row in rows if row.published_at is not None), default=0)
    found = []
    before: Paper | None = None
    for row, view in zip(rows, paper_views(rows, for_staff=not only_public), strict=True):
        changes = changes_between(before.body, row.body) if before is not None else ()
        found.append(EditionView(view, changes, row.edition == in_force))
        before = row
    return found[::-1]


def progress(session: Session, paper: PaperView) -> list[RowProgress]:
    """How far each row of an annual plan is, in the order of the rows.

    The public's rights see drawn quotas and published results, not results still to be reviewed.
    """
    linked: dict[str, list[Plan]] = defaultdict(list)
    for key, plan in session.execute(
        select(PlanAnnualRow.row_key, Plan)
        .join(Plan, Plan.id == PlanAnnualRow.plan_id)
        .where(PlanAnnualRow.paper_no == paper.no, Plan.state != PlanState.VOID)
        .order_by(Plan.id)
    ).all():
        linked[key].append(plan)
    ids = [plan.id for plans in linked.values() for plan in plans]
    quotas = _counted(session, Stratum.plan_id, func.sum(Stratum.quota), ids)
    done = _counted(session, InspectionResult.plan_id, func.count(), ids)
    public = dict(
        session.execute(
            select(ResultPublication.plan_id, func.count())
            .where(
                ResultPublication.plan_id.in_(ids),
                ResultPublication.published_at.is_not(None),
                ResultPublication.withdrawn_at.is_(None),
            )
            .group_by(ResultPublication.plan_id)
        ).all()
    )
    return [
        RowProgress(
            key=row["key"],
            planned=row["quantity"] * row["frequency"],
            drawn=sum(
                int(quotas.get(plan.id, 0))
                for plan in linked[row["key"]]
                if plan.state == PlanState.DRAWN
            ),
            done=sum(done.get(plan.id, 0) for plan in linked[row["key"]]),
            published=sum(public.get(plan.id, 0) for plan in linked[row["key"]]),
            plan_nos=tuple(plan.no for plan in linked[row["key"]]),
        )
        for row in paper.body["rows"]
    ]


def _counted(session: Session, column: Any, count: Any, ids: Sequence[int]) -> dict[int, int]:
    return dict(
        session.execute(select(column, count).where(column.in_(ids)).group_by(column)).all()
    )


def row_of_plan(session: Session, plan_no: str) -> tuple[str, str] | None:
    """The annual plan and the row that a plan carries out; None where none is named."""
    found = session.execute(
        select(PlanAnnualRow.paper_no, PlanAnnualRow.row_key)
        .join(Plan, Plan.id == PlanAnnualRow.plan_id)
        .where(Plan.no == plan_no)
    ).one_or_none()
    return None if found is None else (found.paper_no, found.row_key)


def is_listed(session: Session, plan: Plan) -> bool:
    """True where the plan carries out a published row whose item stands on a published list."""
    link = session.get(PlanAnnualRow, plan.id)
    if link is None:
        return False
    try:
        annual = paper_in_force(session, link.paper_no, kind=Kind.ANNUAL_PLAN)
        row = next(row for row in annual.body["rows"] if row["key"] == link.row_key)
        if not annual.body["item_list"] or not row["item"]:
            return False
        items = paper_in_force(session, annual.body["item_list"], kind=Kind.ITEM_LIST)
    except (PaperUnknown, StopIteration):
        return False
    return any(item["key"] == row["item"] for item in items.body["rows"])


def waiting_papers(session: Session, account_id: int | None) -> int:
    """How many editions wait for this person: drafts of others, and approved ones."""
    return session.execute(
        select(func.count())
        .select_from(Paper)
        .where(
            or_(
                and_(Paper.state == "draft", Paper.drafted_by.is_distinct_from(account_id)),
                Paper.state == "approved",
            )
        )
    ).scalar_one()
