"""What everybody may read: the tasks that were drawn, and the records of their results.

Only the public scope reads these rows: signed in or not, use ``PUBLIC_ACCESS``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from sampling.errors import PublishedRecordUnknown
from sampling.models.plans import Plan
from sampling.models.publication import PlanAnnualRow, ResultPublication
from sampling.queries.disclosed import public_views
from sampling.queries.publication import CodeView, codes_of, with_words
from sampling.views import PublicDrawView


@dataclass(frozen=True, slots=True)
class PublicRecord:
    """A published record as anyone reads it; a withdrawn one stays, with its reason."""

    no: str
    kind: str
    state: str  # "published", "withdrawn", "corrected"
    plan_no: str | None
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
    corrected_by: str | None
    published_at: datetime
    withdrawn_at: datetime | None
    withdraw_reason: str | None
    sha256: str
    journal_sequence: int
    version: int

    @property
    def is_struck(self) -> bool:
        """True where the record does not stand any more."""
        return self.withdrawn_at is not None

    @property
    def changed_at(self) -> datetime:
        """When the record last said something new."""
        return self.withdrawn_at or self.published_at


@dataclass(frozen=True, slots=True)
class PublicTask:
    """A committed or drawn plan, with the row of the annual plan it carries out."""

    draw: PublicDrawView
    paper_no: str | None
    row_key: str | None
    published: int  # results that stand

    @property
    def changed_at(self) -> datetime:
        """When the task last said something new."""
        return self.draw.voided_at or self.draw.drawn_at or self.draw.committed_at


def published_records(
    *,
    text: str | None = None,
    enterprise: str | None = None,
    product: str | None = None,
    outcome: str | None = None,
    kind: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Select[ResultPublication]:
    """Published records, withdrawn ones included; to be paged by date, never by a rank.

    Parameters
    ----------
    text : str
        Words; each must occur in number, names or product.
    enterprise : str
        Part of the name, or the whole code.
    since, until : date
        Days between which the inspection or sampling was, both included.
    """
    statement = select(ResultPublication).where(ResultPublication.published_at.is_not(None))
    if enterprise:
        statement = statement.where(
            or_(
                ResultPublication.enterprise_name.icontains(enterprise, autoescape=True),
                ResultPublication.enterprise_code == enterprise.upper(),
            )
        )
    if product:
        statement = statement.where(ResultPublication.product.icontains(product, autoescape=True))
    if outcome:
        statement = statement.where(ResultPublication.outcome == outcome)
    if kind:
        statement = statement.where(ResultPublication.kind == kind)
    if since:
        statement = statement.where(ResultPublication.found_on >= since)
    if until:
        statement = statement.where(ResultPublication.found_on <= until)
    return with_words(statement, text or "")


def latest_records() -> Select[ResultPublication]:
    """Published records, that which last said something new first; a withdrawal is news."""
    changed = func.coalesce(ResultPublication.withdrawn_at, ResultPublication.published_at)
    return published_records().order_by(changed.desc(), ResultPublication.id.desc())


def public_records(session: Session, rows: Sequence[ResultPublication]) -> list[PublicRecord]:
    """Published records as everybody sees them, in the order given."""
    corrected = dict(
        session.execute(
            select(ResultPublication.corrects, ResultPublication.no).where(
                ResultPublication.corrects.in_([row.no for row in rows]),
                ResultPublication.published_at.is_not(None),
            )
        ).all()
    )
    return [
        PublicRecord(
            no=row.no,
            kind=row.kind,
            state=_public_state(row, corrected),
            plan_no=row.plan_no,
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
            corrected_by=corrected.get(row.no),
            published_at=row.published_at,
            withdrawn_at=row.withdrawn_at,
            withdraw_reason=row.withdraw_reason,
            sha256=row.sha256 or "",
            journal_sequence=row.journal_sequence or 0,
            version=row.version,
        )
        for row in rows
        if row.published_at is not None
    ]


def _public_state(row: ResultPublication, corrected: Mapping[str | None, str]) -> str:
    if row.withdrawn_at is None:
        return "published"
    return "corrected" if row.no in corrected else "withdrawn"


def public_record(session: Session, no: str) -> PublicRecord:
    """One published record.

    Raises
    ------
    PublishedRecordUnknown
        There is none, or it is not public.
    """
    statement = published_records().where(ResultPublication.no == no)
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise PublishedRecordUnknown(no=no)
    return public_records(session, [row])[0]


def public_tasks(session: Session, plans: Sequence[Plan]) -> list[PublicTask]:
    """Tasks as everybody sees them, for a page of `disclosed.published_plans`, in its order."""
    ids = [plan.id for plan in plans]
    rows = {
        link.plan_id: (link.paper_no, link.row_key)
        for link in session.execute(
            select(PlanAnnualRow).where(PlanAnnualRow.plan_id.in_(ids))
        ).scalars()
    }
    counts = dict(
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
    views = {view.no: view for view in public_views(session, plans)}
    found = []
    for plan in plans:
        if plan.no in views:
            paper_no, row_key = rows.get(plan.id, (None, None))
            found.append(PublicTask(views[plan.no], paper_no, row_key, counts.get(plan.id, 0)))
    return found
