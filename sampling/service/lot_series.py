"""Series of lots under the switching rules: opened, added to, closed; never changed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import audit
from core.actors import Actor
from core.clock import now, today
from core.errors import FieldProblem, Stale
from core.numbers import next_number
from registry.queries import enterprise_by_code
from sampling.errors import (
    AcceptanceInvalid,
    HistoryDiffers,
    LotKnown,
    ReasonNeeded,
    SeriesClosed,
    SeriesOpen,
)
from sampling.maths.acceptance import LotPlan, plan_for_lot
from sampling.maths.acceptance_tables import State
from sampling.maths.oc import SinglePlan
from sampling.maths.switching import Lot, Scheme, Standing, Step, next_step
from sampling.models.acceptance import AcceptanceLot, AcceptanceSeries
from sampling.queries.acceptance import lots_of, series_by_no
from sampling.service.acceptance import named

PREFIX = "YS"  # 验收抽样
LONGEST = 200


def open_series(
    session: Session,
    actor: Actor,
    *,
    enterprise_code: str,
    product: str,
    characteristic: str,
    aql: float,
    level: str = "II",
    reduced_allowed: bool = False,
) -> AcceptanceSeries:
    """Begin to keep the lots of a product, from normal inspection on.

    Raises
    ------
    EnterpriseUnknown
        There is no such enterprise.
    AcceptanceInvalid
        A field cannot be meant like this.
    SeriesOpen
        The same thing has an open series.
    """
    enterprise = enterprise_by_code(session, enterprise_code)
    with named():
        scheme = Scheme(aql, level, reduced_allowed)
    product = _words("product", product)
    characteristic = _words("characteristic", characteristic)
    standing = session.execute(
        select(AcceptanceSeries.no).where(
            AcceptanceSeries.enterprise_id == enterprise.id,
            AcceptanceSeries.product == product,
            AcceptanceSeries.characteristic == characteristic,
            AcceptanceSeries.closed_at.is_(None),
        )
    ).scalar_one_or_none()
    if standing is not None:
        raise SeriesOpen(series_no=standing)
    series = AcceptanceSeries(
        no=next_number(session, PREFIX, today().year),
        enterprise_id=enterprise.id,
        product=product,
        characteristic=characteristic,
        aql=Decimal(str(scheme.aql)),
        level=scheme.level,
        reduced_allowed=scheme.reduced_allowed,
        state="normal",
        opened_by=actor.account_id,
        opened_at=now(),
    )
    try:
        with session.begin_nested():
            session.add(series)
    except IntegrityError as error:  # another person opened it at the same moment
        raise SeriesOpen(series_no=product) from error
    audit.record(session, actor, "series.opened", series.no)
    return series


def _words(field: str, value: str) -> str:
    value = " ".join(value.split())
    if not 1 <= len(value) <= LONGEST:
        problem = FieldProblem(
            field,
            "Write 1 to {most} characters, got {length}.",
            {"most": LONGEST, "length": len(value)},
        )
        raise AcceptanceInvalid(fields=[problem])
    return value


def record_lot(
    session: Session,
    actor: Actor,
    series_no: str,
    *,
    version: int,
    lot_no: str,
    size: int,
    found: int,
    inspected_on: date,
    original: bool = True,
    steady: bool = True,
    reduced_allowed: bool | None = None,
    improved: bool = False,
    note: str | None = None,
) -> AcceptanceLot:
    """Judge the next lot, keep the verdict, and tell the severity for the lot after it.

    Parameters
    ----------
    version : int
        The version of the series the person saw: the plan of the lot rested on it.
    original : bool
        False for a lot submitted again after rejection; it counts for nothing.
    improved : bool
        Opens a stopped series again.

    Returns
    -------
    AcceptanceLot
        With plan, verdict, the clause that decided and the state after it.

    Raises
    ------
    SeriesUnknown, SeriesClosed, Stale, LotKnown, HistoryDiffers
    AcceptanceInvalid
        A field cannot be meant like this; a stopped series without stated improvement.
    """
    series = series_by_no(session, series_no, lock=True)
    if series.version != version:
        raise Stale
    if series.closed_at is not None:
        raise SeriesClosed(
            series_no=series_no, closed_on=str(series.closed_at.date()), reason=series.closed_reason
        )
    rows = lots_of(session, series.id)
    lot_no = _words("lot_no", lot_no)
    _check_place(series_no, rows, lot_no=lot_no, original=original, inspected_on=inspected_on)
    allowed = series.reduced_allowed if reduced_allowed is None else reduced_allowed
    scheme, standing = replayed_series(series, rows)
    with named():
        lot = Lot(size, found, original, steady, allowed, improved)
        step = next_step(scheme, standing, lot)
    row = _row(series, len(rows) + 1, lot_no, inspected_on, step)
    row.note = (note or "").strip() or None
    row.recorded_by = actor.account_id
    row.recorded_at = now()
    session.add(row)
    series.state = step.after.state.value
    series.is_stopped = step.after.stopped
    series.score = step.after.score
    series.lots = row.position
    audit.record(
        session,
        actor,
        "series.lot-judged",
        series_no,
        {"position": row.position, "accepted": row.is_accepted, "rule": row.rule},
    )
    session.flush()  # the caller answers with the new version
    return row


def _check_place(
    series_no: str, rows: list[AcceptanceLot], *, lot_no: str, original: bool, inspected_on: date
) -> None:
    """A lot has its place after those before it."""
    same = [row for row in rows if row.lot_no == lot_no]
    if original and same:
        raise LotKnown(lot_no=lot_no, position=same[0].position, series_no=series_no)
    problems = []
    if not original and (not same or same[-1].is_accepted):
        problems.append(
            FieldProblem("original", "Only a lot rejected before can be submitted again.")
        )
    if inspected_on > today():
        problems.append(FieldProblem("inspected_on", "The day lies in the future."))
    if rows and inspected_on < rows[-1].inspected_on:
        problems.append(
            FieldProblem(
                "inspected_on",
                "The lot before was inspected on {day}; lots are recorded in order.",
                {"day": str(rows[-1].inspected_on)},
            )
        )
    if problems:
        raise AcceptanceInvalid(fields=problems)


def _row(
    series: AcceptanceSeries, position: int, lot_no: str, inspected_on: date, step: Step
) -> AcceptanceLot:
    lot = step.lot
    assert isinstance(step.plan.plan, SinglePlan)
    return AcceptanceLot(
        series_id=series.id,
        position=position,
        lot_no=lot_no,
        inspected_on=inspected_on,
        size=lot.size,
        found=lot.found,
        is_original=lot.original,
        is_steady=lot.steady,
        reduced_allowed=bool(lot.reduced_allowed),
        is_improved=lot.improved,
        letter=step.plan.letter,
        sample_size=step.plan.items,
        acceptance_number=step.plan.plan.acceptance,
        is_accepted=step.accepted,
        rule=step.rule.value,
        state_before=step.plan.state.value,
        state_after=step.after.state.value,
        stopped_after=step.after.stopped,
        score_after=step.after.score,
    )


def replayed_series(series: AcceptanceSeries, rows: list[AcceptanceLot]) -> tuple[Scheme, Standing]:
    """The scheme, and where the series stands after its lots, worked out from the first one.

    Raises
    ------
    HistoryDiffers
        A stored verdict is not what the stored numbers give.
    """
    scheme = Scheme(float(series.aql), series.level, series.reduced_allowed)
    standing = Standing()
    for row in rows:
        lot = Lot(
            row.size,
            row.found,
            row.is_original,
            row.is_steady,
            row.reduced_allowed,
            row.is_improved,
        )
        try:
            step = next_step(scheme, standing, lot)
        except ValueError as error:
            raise HistoryDiffers(series_no=series.no, position=row.position) from error
        again = _row(series, row.position, row.lot_no, row.inspected_on, step)
        if any(
            getattr(again, name) != getattr(row, name)
            for name in (
                "letter",
                "sample_size",
                "is_accepted",
                "rule",
                "state_after",
                "score_after",
            )
        ):
            raise HistoryDiffers(series_no=series.no, position=row.position)
        standing = step.after
    return scheme, standing


def next_plan(series: AcceptanceSeries, lot_size: int) -> LotPlan:
    """The plan for the next lot of a series; a stopped one goes on tightened.

    Raises
    ------
    AcceptanceInvalid
        The lot size lies outside its range.
    """
    with named():
        return plan_for_lot(
            lot_size, float(series.aql), level=series.level, state=State(series.state)
        )


def close_series(
    session: Session, actor: Actor, series_no: str, *, version: int, reason: str
) -> AcceptanceSeries:
    """End a series, with the reason; its lots stay, and a new series may begin.

    Raises
    ------
    SeriesUnknown, SeriesClosed, Stale, ReasonNeeded
    """
    series = series_by_no(session, series_no, lock=True)
    if series.version != version:
        raise Stale
    if series.closed_at is not None:
        raise SeriesClosed(
            series_no=series_no, closed_on=str(series.closed_at.date()), reason=series.closed_reason
        )
    if not reason.strip():
        raise ReasonNeeded
    series.closed_at = now()
    series.closed_reason = reason.strip()
    audit.record(session, actor, "series.closed", series_no)
    session.flush()  # the caller answers with the new version
    return series
