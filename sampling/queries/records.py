"""Sampling records: one, many, and whether a printed one is genuine."""

from __future__ import annotations

import hmac
from datetime import date

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from sampling.errors import RecordUnknown
from sampling.maths.record_document import SHORT
from sampling.maths.record_fields import PURPOSES_OF_CASE
from sampling.models.plans import Plan
from sampling.models.procedure import SamplingCase
from sampling.models.records import RecordSampler, RecordSeal, RecordState, SamplingRecord
from sampling.queries.record_parts import REPLACED, RecordView, record_views
from sampling.queries.seats import current_seats

VERDICTS = ("genuine", "replaced", "not_genuine")


def record_row(
    session: Session, no: str, *, edition: int | None = None, lock: bool = False
) -> SamplingRecord:
    """One edition of a record: the one asked for, else the open draft, else the newest that stands.

    Raises
    ------
    RecordUnknown
        There is none.
    """
    if lock:
        # One lock for all editions: whoever waited here then sees the edition made meanwhile.
        session.execute(
            select(SamplingRecord.id)
            .where(SamplingRecord.no == no, SamplingRecord.edition == 1)
            .with_for_update()
        )
    statement = select(SamplingRecord).where(SamplingRecord.no == no)
    if edition is not None:
        statement = statement.where(SamplingRecord.edition == edition)
    order = (
        (SamplingRecord.state == RecordState.DRAFT).desc(),
        (SamplingRecord.state == RecordState.DISCARDED).asc(),  # a correction given up
        SamplingRecord.edition.desc(),
    )
    statement = statement.order_by(*order).limit(1)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise RecordUnknown(record_no=no)
    return row


def record_by_no(session: Session, no: str) -> RecordView:
    """The record as it stands: its newest signed edition, else its draft or what was discarded.

    Raises
    ------
    RecordUnknown
        There is none.
    """
    order = (SamplingRecord.state == RecordState.SIGNED).desc(), SamplingRecord.edition.desc()
    row = session.execute(
        select(SamplingRecord).where(SamplingRecord.no == no).order_by(*order).limit(1)
    ).scalar_one_or_none()
    if row is None:
        raise RecordUnknown(record_no=no)
    return record_views(session, [row])[0]


def record_edition(session: Session, no: str, edition: int | None = None) -> RecordView:
    """One edition; without a number, the one that is worked on, else the newest."""
    return record_views(session, [record_row(session, no, edition=edition)])[0]


def editions_of(session: Session, no: str) -> list[RecordView]:
    """All editions of a record, the newest first."""
    rows = session.execute(
        select(SamplingRecord)
        .where(SamplingRecord.no == no)
        .order_by(SamplingRecord.edition.desc())
    ).scalars()
    return record_views(session, list(rows))


def records_matching(
    *,
    state: str | None = None,
    purpose: str | None = None,
    channel: str | None = None,
    plan_no: str | None = None,
    text: str | None = None,
) -> Select[SamplingRecord]:
    """The newest edition of each record that was not given up; to be paged."""
    other = aliased(SamplingRecord)
    # A correction that was given up changes nothing: the edition before it is shown.
    stands = other.state != RecordState.DISCARDED
    given_up = SamplingRecord.state == RecordState.DISCARDED
    better = or_(
        and_(stands, or_(given_up, other.edition > SamplingRecord.edition)),
        and_(~stands, given_up, other.edition > SamplingRecord.edition),
    )
    statement = select(SamplingRecord).where(
        ~select(other.id).where(other.no == SamplingRecord.no, better).exists()
    )
    for column, wanted in (
        (SamplingRecord.state, state),
        (SamplingRecord.purpose, purpose),
        (SamplingRecord.channel, channel),
    ):
        if wanted:
            statement = statement.where(column == wanted)
    if plan_no:
        statement = statement.where(
            SamplingRecord.plan_id.in_(select(Plan.id).where(Plan.no == plan_no))
        )
    if text:
        content = SamplingRecord.content
        statement = statement.where(
            or_(
                SamplingRecord.no.icontains(text, autoescape=True),
                content["unit_name"].as_string().icontains(text, autoescape=True),
                content["product_name"].as_string().icontains(text, autoescape=True),
            )
        )
    return statement


def records_of_unit(session: Session, plan_no: str, code: str) -> list[RecordView]:
    """The records of one drawn unit, oldest first."""
    statement = records_matching(plan_no=plan_no).where(SamplingRecord.unit_code == code)
    return record_views(
        session, list(session.execute(statement.order_by(SamplingRecord.id)).scalars())
    )


def signed_records(session: Session, case: SamplingCase) -> list[RecordView]:
    """Signed records on which a case's sample may stand, newest number first, each as it stands."""
    statement = (
        select(SamplingRecord)
        .ext(distinct_on(SamplingRecord.no))
        .where(
            SamplingRecord.state == RecordState.SIGNED,
            SamplingRecord.enterprise_id == case.enterprise_id,
            SamplingRecord.purpose.in_(PURPOSES_OF_CASE[case.purpose]),
        )
        .order_by(SamplingRecord.no.desc(), SamplingRecord.edition.desc())
    )
    if case.plan_id is not None:
        statement = statement.where(
            SamplingRecord.plan_id == case.plan_id, SamplingRecord.unit_code == case.unit_code
        )
    taken = select(SamplingCase.record_no).where(
        SamplingCase.record_no.is_not(None), SamplingCase.id != case.id
    )
    statement = statement.where(SamplingRecord.no.not_in(taken))
    return record_views(session, list(session.execute(statement).scalars()))


def drafts_of(session: Session, person_id: int) -> list[RecordView]:
    """The open drafts of a sampler, the latest changed first."""
    mine = select(RecordSampler.record_id).where(RecordSampler.person_id == person_id)
    statement = (
        select(SamplingRecord)
        .where(SamplingRecord.state == RecordState.DRAFT, SamplingRecord.id.in_(mine))
        .order_by(SamplingRecord.updated_at.desc())
    )
    return record_views(session, list(session.execute(statement).scalars()))


def state_counts(session: Session) -> dict[str, int]:
    """How many records are in each state."""
    newest = records_matching().subquery()
    return dict(
        session.execute(select(newest.c.state, func.count()).group_by(newest.c.state)).all()
    )


def team_of(session: Session, plan_id: int, code: str) -> list[int]:
    """The inspectors whom a draw sent to a unit, the leading one first."""
    seat = current_seats(plan_id=plan_id)
    return list(
        session.execute(
            select(seat.c.person_id).where(seat.c.code == code).order_by(seat.c.position)
        ).scalars()
    )


def same_product_before(session: Session, view: RecordView, *, since: date) -> list[str]:
    """Numbers of signed records that sampled the same product from a day on.

    The same product is the same producer, standard, brand and model. Monitoring samples do not
    count: they are no supervision.
    """
    content = SamplingRecord.content
    wanted = [
        content[name].as_string() == view.values.get(name, "")
        for name in ("producer_name", "standard_no", "brand", "model")
    ]
    rows = session.execute(
        select(SamplingRecord.no)
        .where(
            SamplingRecord.state == RecordState.SIGNED,
            SamplingRecord.no != view.no,
            SamplingRecord.purpose != "monitoring",
            content["sampled_on"].as_string() >= since.isoformat(),  # ISO days sort as text
            *wanted,
        )
        .distinct()
        .order_by(SamplingRecord.no)
    ).scalars()
    return list(rows)


def verdict_of(session: Session, no: str, short: str) -> str:
    """What a printed record with this number and short hash is: one of `VERDICTS`.

    Says nothing of content, nor whether a number exists: an unknown number and a wrong hash are
    answered alike. A sample's number stands for its record's.
    """
    if len(short) < SHORT or not short.isascii():
        return "not_genuine"
    record_no = "-".join(no.split("-")[:3])
    seals = list(
        session.execute(
            select(RecordSeal.sha256)
            .where(RecordSeal.record_no == record_no)
            .order_by(RecordSeal.edition.desc())
        ).scalars()
    )
    matches = [hmac.compare_digest(seal[: len(short)], short.lower()) for seal in seals]
    if not any(matches):
        return "not_genuine"
    return "genuine" if matches[0] else REPLACED
