"""Open visits, and when an enterprise was last inspected."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from sqlalchemy import Select, Subquery, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from sampling.maths.entropy import SourceKind
from sampling.models.plans import (
    FrameUnit,
    InspectionResult,
    PastInspection,
    Plan,
    PlanState,
    Replacement,
)
from sampling.queries.plans import plan_views
from sampling.queries.seats import current_seats
from sampling.views import (
    TaskView,
    Waiting,
)


def _open_visits(seat: Subquery) -> Select[Any]:
    """Seats in plans that stand, of units not given up and without result."""
    gone = aliased(Replacement)
    return (
        select(seat)
        .join(Plan, Plan.id == seat.c.plan_id)
        .where(Plan.state == PlanState.DRAWN)
        .where(
            ~exists().where(
                InspectionResult.plan_id == seat.c.plan_id,
                InspectionResult.code == seat.c.code,
            )
        )
        .where(~exists().where(gone.plan_id == seat.c.plan_id, gone.replaces == seat.c.code))
    )


def open_loads(session: Session) -> dict[int, int]:
    """Open visits of each inspector, over all plans; who has none is absent."""
    seat = current_seats()
    statement = _open_visits(seat).with_only_columns(seat.c.person_id, func.count())
    return dict(session.execute(statement.group_by(seat.c.person_id)).all())


def tasks_of(session: Session, person_id: int) -> list[TaskView]:
    """The open visits of one inspector, earliest first."""
    seat = current_seats(person_id=person_id)
    statement = (
        _open_visits(seat)
        .join(
            FrameUnit,
            and_(FrameUnit.plan_id == seat.c.plan_id, FrameUnit.code == seat.c.code),
        )
        .with_only_columns(
            Plan.no, Plan.title, seat.c.code, FrameUnit.name, Plan.visit_on, seat.c.position
        )
        .order_by(Plan.visit_on, Plan.no, seat.c.dispatch)
    )
    return [
        TaskView(no, title, code, name, visit_on, is_lead=position == 0)
        for no, title, code, name, visit_on, position in session.execute(statement)
    ]


def waiting(session: Session, person_id: int | None) -> Waiting:
    """What waits: an inspector's visits, and plans by what they wait for."""
    open_plans = session.execute(
        select(Plan).where(Plan.state.in_([PlanState.DRAFT, PlanState.COMMITTED]))
    ).scalars()
    waits = [view.waits_for for view in plan_views(session, list(open_plans))]
    tasks = len(tasks_of(session, person_id)) if person_id is not None else 0
    sources = (SourceKind.BEACON, SourceKind.TEXT, SourceKind.DEMO)
    return Waiting(
        open_tasks=tasks,
        drafts=waits.count("freeze"),
        awaiting_dice=waits.count(SourceKind.DICE),
        awaiting_source=sum(wait in sources for wait in waits),
        ready_to_draw=waits.count("draw"),
    )


def visits_in_year(session: Session, year: int) -> Counter[int]:
    """Visits of each enterprise in a calendar year: made, and still to be made."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    found: Counter[int] = Counter()
    for model in (InspectionResult, PastInspection):
        found.update(
            dict(
                session.execute(
                    select(model.enterprise_id, func.count())
                    .where(model.outcome != "not_done", model.inspected_on.between(first, last))
                    .group_by(model.enterprise_id)
                ).all()
            )
        )
    seat = current_seats()
    ahead = (
        _open_visits(seat)
        .join(
            FrameUnit,
            and_(FrameUnit.plan_id == seat.c.plan_id, FrameUnit.code == seat.c.code),
        )
        .where(Plan.visit_on.between(first, last), seat.c.position == 0)
        .with_only_columns(FrameUnit.enterprise_id, func.count())
        .group_by(FrameUnit.enterprise_id)
    )
    found.update(dict(session.execute(ahead).all()))
    return found


def sampled_products(session: Session) -> dict[tuple[int, str], tuple[date, str]]:
    """When each (enterprise, category) was last sampled for supervision, and by which plan."""
    rows = session.execute(
        select(
            InspectionResult.enterprise_id,
            FrameUnit.category_code,
            InspectionResult.inspected_on,
            Plan.no,
        )
        .join(Plan, Plan.id == InspectionResult.plan_id)
        .join(
            FrameUnit,
            and_(
                FrameUnit.plan_id == InspectionResult.plan_id,
                FrameUnit.code == InspectionResult.code,
            ),
        )
        .where(Plan.purpose == "supervision", InspectionResult.outcome != "not_done")
        .order_by(InspectionResult.inspected_on)
    )
    return {(enterprise, category): (day, no) for enterprise, category, day, no in rows}


def last_inspected(session: Session) -> dict[int, date]:
    """The last day on which each enterprise was inspected; who never was is absent."""
    found: dict[int, date] = {}
    for model in (InspectionResult, PastInspection):
        for enterprise_id, day in session.execute(
            select(model.enterprise_id, func.max(model.inspected_on))
            .where(model.outcome != "not_done")
            .group_by(model.enterprise_id)
        ):
            found[enterprise_id] = max(day, found.get(enterprise_id, day))
    return found
