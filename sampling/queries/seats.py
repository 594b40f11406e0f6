"""Who sits in which team now: the seats as drawn, with every recusal declared since."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Subquery, and_, exists, func, select, tuple_, union
from sqlalchemy.orm import Session, aliased

from registry.models import Person
from sampling.models.plans import (
    Assignment,
    FrameUnit,
    InspectionResult,
    Plan,
    PlanInspector,
    PlanState,
    Replacement,
)
from sampling.models.seats import SeatChange
from sampling.views import SeatChangeView


def current_seats(*, plan_id: int | None = None, person_id: int | None = None) -> Subquery:
    """plan_id, code, position, dispatch and person_id of each seat as it stands.

    Parameters
    ----------
    plan_id, person_id : int, optional
        Only seats of this plan, or of this person: by index, not by reading all.
    """
    latest = select(SeatChange.plan_id, SeatChange.code, SeatChange.position, SeatChange.person_in)
    last = select(func.max(SeatChange.id))
    if plan_id is not None:
        last = last.where(SeatChange.plan_id == plan_id)
    last = last.group_by(SeatChange.plan_id, SeatChange.code, SeatChange.position)
    change = latest.where(SeatChange.id.in_(last)).subquery("latest")
    person = func.coalesce(change.c.person_in, Assignment.person_id)
    statement = select(
        Assignment.plan_id,
        Assignment.code,
        Assignment.position,
        Assignment.dispatch,
        person.label("person_id"),
    ).outerjoin(
        change,
        and_(
            change.c.plan_id == Assignment.plan_id,
            change.c.code == Assignment.code,
            change.c.position == Assignment.position,
        ),
    )
    if plan_id is not None:
        statement = statement.where(Assignment.plan_id == plan_id)
    if person_id is not None:
        ever = union(
            select(Assignment.plan_id, Assignment.code).where(Assignment.person_id == person_id),
            select(SeatChange.plan_id, SeatChange.code).where(SeatChange.person_in == person_id),
        )
        statement = statement.where(
            tuple_(Assignment.plan_id, Assignment.code).in_(ever), person == person_id
        )
    return statement.subquery("seat")


def teams_of(session: Session, plan_id: int) -> dict[str, list[str]]:
    """The ids of each team of a plan by unit, in the order of seats; given-up units included."""
    seat = current_seats(plan_id=plan_id)
    teams: dict[str, list[str]] = defaultdict(list)
    for code, inspector in session.execute(
        select(seat.c.code, PlanInspector.inspector_id)
        .join(
            PlanInspector,
            and_(
                PlanInspector.plan_id == seat.c.plan_id,
                PlanInspector.person_id == seat.c.person_id,
            ),
        )
        .order_by(seat.c.dispatch, seat.c.position)
    ):
        teams[code].append(inspector)
    return dict(teams)


def members_of(session: Session, plan_id: int, code: str) -> list[int]:
    """The people in the team of one unit, in the order of seats."""
    seat = current_seats(plan_id=plan_id)
    statement = select(seat.c.person_id).where(seat.c.code == code).order_by(seat.c.position)
    return list(session.execute(statement).scalars())


def seat_changes_of(session: Session, plan_id: int) -> list[SeatChange]:
    """Recusals declared after the draw of a plan, oldest first."""
    return list(
        session.execute(
            select(SeatChange).where(SeatChange.plan_id == plan_id).order_by(SeatChange.id)
        ).scalars()
    )


def seat_change_views(session: Session, plan_id: int) -> list[SeatChangeView]:
    """Recusals declared after the draw with names, oldest first."""
    out, into = aliased(Person), aliased(Person)
    rows = session.execute(
        select(SeatChange, FrameUnit.name, out.name, into.name)
        .join(
            FrameUnit,
            and_(FrameUnit.plan_id == SeatChange.plan_id, FrameUnit.code == SeatChange.code),
        )
        .join(out, out.id == SeatChange.person_out)
        .join(into, into.id == SeatChange.person_in)
        .where(SeatChange.plan_id == plan_id)
        .order_by(SeatChange.id)
    )
    return [
        SeatChangeView(
            code=change.code,
            unit_name=name,
            position=change.position,
            name_out=name_out,
            name_in=name_in,
            kind=change.kind,
            reason=change.reason,
            changed_at=change.changed_at,
        )
        for change, name, name_out, name_in in rows
    ]


def recent_visitors(session: Session, *, rounds: int) -> dict[int, frozenset[int]]:
    """Who was in the team of each enterprise in its last so many rounds; none: absent.

    A round is a visit assigned by a draw that stands; given-up units and visits that were not done
    do not count.
    """
    seat, gone = current_seats(), aliased(Replacement)
    place = func.dense_rank().over(
        partition_by=FrameUnit.enterprise_id, order_by=(Plan.drawn_at.desc(), Plan.id.desc())
    )
    ranked = (
        select(FrameUnit.enterprise_id, seat.c.person_id, place.label("place"))
        .join(
            FrameUnit,
            and_(FrameUnit.plan_id == seat.c.plan_id, FrameUnit.code == seat.c.code),
        )
        .join(Plan, Plan.id == seat.c.plan_id)
        .where(Plan.state == PlanState.DRAWN)
        .where(~exists().where(gone.plan_id == seat.c.plan_id, gone.replaces == seat.c.code))
        .where(
            ~exists().where(
                InspectionResult.plan_id == seat.c.plan_id,
                InspectionResult.code == seat.c.code,
                InspectionResult.outcome == "not_done",
            )
        )
        .subquery("ranked")
    )
    found: dict[int, set[int]] = defaultdict(set)
    for enterprise_id, person_id in session.execute(
        select(ranked.c.enterprise_id, ranked.c.person_id).where(ranked.c.place <= rounds)
    ):
        found[enterprise_id].add(person_id)
    return {enterprise_id: frozenset(people) for enterprise_id, people in found.items()}
