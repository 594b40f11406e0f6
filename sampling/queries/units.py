"""The drawn units of a plan, with team, result and replacement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from registry.models import Person
from sampling.maths.commitment import WHOLE
from sampling.models.plans import (
    DrawnUnit,
    FrameUnit,
    InspectionResult,
    Plan,
    PlanInspector,
    Replacement,
    Stratum,
)
from sampling.queries.seats import current_seats
from sampling.views import (
    DrawnUnitView,
    ResultView,
    SeatView,
)


def drawn_statement(
    plan_no: str, *, stratum: str | None = None, reserves: bool = False
) -> Select[DrawnUnit]:
    """The drawn units of a plan, or its reserves; to be paged by (stratum, rank)."""
    called_up = exists().where(
        Replacement.plan_id == DrawnUnit.plan_id, Replacement.code == DrawnUnit.code
    )
    statement = (
        select(DrawnUnit)
        .join(Plan, Plan.id == DrawnUnit.plan_id)
        .where(Plan.no == plan_no)
        .where(
            and_(~DrawnUnit.is_selected, ~called_up)
            if reserves
            else or_(DrawnUnit.is_selected, called_up)
        )
    )
    if stratum is not None:
        statement = statement.where(DrawnUnit.stratum == stratum)
    return statement


def drawn_views(session: Session, units: Sequence[DrawnUnit]) -> list[DrawnUnitView]:
    """Drawn units with enterprise, team, result and replacement, in the order given."""
    if not units:
        return []
    plan = session.get_one(Plan, units[0].plan_id)
    codes = [unit.code for unit in units]
    frame = {
        row.code: row
        for row in session.execute(
            select(FrameUnit).where(FrameUnit.plan_id == plan.id, FrameUnit.code.in_(codes))
        ).scalars()
    }
    results = {
        row.code: row
        for row in session.execute(
            select(InspectionResult).where(
                InspectionResult.plan_id == plan.id, InspectionResult.code.in_(codes)
            )
        ).scalars()
    }
    shares = {
        row.key: row.quota / row.size
        for row in session.execute(select(Stratum).where(Stratum.plan_id == plan.id)).scalars()
        if row.size
    }
    seats, dispatch = _teams(session, plan.id, codes)
    gone, called = {}, {}
    for change in replacements_of(session, plan.id):
        gone[change.replaces] = change
        called[change.code] = change
    views = []
    for unit in units:
        row, step = frame[unit.code], gone.get(unit.code) or called.get(unit.code)
        views.append(
            DrawnUnitView(
                plan_no=plan.no,
                code=unit.code,
                enterprise_id=row.enterprise_id,
                name=row.name,
                stratum=unit.stratum,
                category_code=row.category_code,
                region_code=row.region_code,
                grade=row.grade,
                risk_tier=row.risk_tier,
                rank=unit.rank,
                ticket=bytes(unit.ticket).hex(),
                chance=shares[unit.stratum] if row.chance is None else row.chance / WHOLE,
                role=_role(unit, gone, called),
                dispatch=dispatch.get(unit.code),
                team=tuple(seats.get(unit.code, ())),
                result=_result(results.get(unit.code)),
                replaced_by=gone[unit.code].code if unit.code in gone else None,
                replaces=called[unit.code].replaces if unit.code in called else None,
                reason=step.reason if step else None,
            )
        )
    return views


def _role(unit: DrawnUnit, gone: Container[str], called: Container[str]) -> str:
    if unit.code in gone:
        return "replaced"
    if unit.code in called:
        return "replacement"
    return "selected" if unit.is_selected else "reserve"


def _result(row: InspectionResult | None) -> ResultView | None:
    if row is None:
        return None
    return ResultView(
        inspected_on=row.inspected_on,
        outcome=row.outcome,
        inspected=row.inspected,
        failing=row.failing,
        critical=row.critical,
        serious=row.serious,
        minor=row.minor,
        note=row.note,
        recorded_at=row.recorded_at,
    )


def _teams(
    session: Session, plan_id: int, codes: Iterable[str]
) -> tuple[dict[str, list[SeatView]], dict[str, int]]:
    seats: dict[str, list[SeatView]] = defaultdict(list)
    dispatch: dict[str, int] = {}
    seat = current_seats(plan_id=plan_id)
    for row in session.execute(
        select(
            seat.c.code,
            seat.c.dispatch,
            seat.c.person_id,
            PlanInspector.inspector_id,
            PlanInspector.record["department"].astext.label("department"),
            Person.number,
            Person.name,
        )
        .join(
            PlanInspector,
            and_(
                PlanInspector.plan_id == seat.c.plan_id,
                PlanInspector.person_id == seat.c.person_id,
            ),
        )
        .join(Person, Person.id == seat.c.person_id)
        .where(seat.c.code.in_(list(codes)))
        .order_by(seat.c.code, seat.c.position)
    ):
        seats[row.code].append(
            SeatView(row.person_id, row.inspector_id, row.number, row.name, row.department)
        )
        dispatch[row.code] = row.dispatch
    return seats, dispatch


def replacements_of(session: Session, plan_id: int) -> list[Replacement]:
    """Replacements of a plan, oldest first."""
    return list(
        session.execute(
            select(Replacement).where(Replacement.plan_id == plan_id).order_by(Replacement.id)
        ).scalars()
    )
