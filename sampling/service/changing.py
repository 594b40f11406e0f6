"""After the commitment: void a plan, or replace a drawn unit by the next reserve. Nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import audit
from core.actors import Actor
from core.clock import now, today
from sampling.errors import (
    NoReserveLeft,
    NoTeamForReserve,
    ReasonNeeded,
    ResultKnown,
    StateForbids,
    UnitUnknown,
)
from sampling.maths.assignment import Inspector
from sampling.maths.inclusion import entry_salt
from sampling.models.plans import (
    Assignment,
    Draw,
    DrawnUnit,
    InspectionResult,
    Plan,
    PlanInspector,
    PlanState,
    Replacement,
)
from sampling.queries.plans import plan_by_no
from sampling.queries.seats import teams_of
from sampling.queries.units import replacements_of
from sampling.service import log
from sampling.service.drawing import Committed, store_seats
from sampling.service.entropy import refuse_void
from sampling.service.freezing import blocked_field
from sampling.service.parts import history_part, store_part


def void_plan(session: Session, actor: Actor, plan_no: str, *, reason: str) -> Plan:
    """Make a plan void, for good; it stays visible with its reason, drawn or not.

    Raises
    ------
    ReasonNeeded
        There is no reason.
    PlanVoid
        It is void already.
    """
    plan = plan_by_no(session, plan_no, lock=True)
    refuse_void(plan)
    if not reason.strip():
        raise ReasonNeeded
    was = plan.state
    plan.state = PlanState.VOID
    plan.void_reason = reason.strip()
    plan.voided_at = now()
    if plan.committed_at is not None:
        told = {"no": plan.no, "reason": plan.void_reason, "was": was}
        log.record(session, "plan.void", told)
    if plan.drawn_at is not None:
        rewrite_history(session, plan)
    audit.record(session, actor, "plan.void", plan.no, {"was": was})
    session.flush()
    return plan


def replace_unit(
    session: Session, actor: Actor, plan_no: str, *, code: str, reason: str
) -> Replacement:
    """Give up a drawn unit (closed, moved, visited already) for the next reserve of its stratum.

    Raises
    ------
    UnitUnknown
        The unit is not among those to visit.
    ResultKnown
        It was visited.
    NoReserveLeft
        All reserves of the stratum are used.
    NoTeamForReserve
        The next reserve cannot get a team; reserves cannot be skipped.
    ReasonNeeded, StateForbids, PlanVoid
        The rest.
    """
    plan = plan_by_no(session, plan_no, lock=True)
    refuse_void(plan)
    refuse_without_teams(session, plan)
    if not reason.strip():
        raise ReasonNeeded
    unit = unit_to_visit(session, plan, code)
    following = _next_reserve(session, plan, unit.stratum)
    committed = Committed(session, plan)
    committed.check()
    people = people_as_they_stand(session, plan, committed, without=code)
    value = bytes(session.get_one(Draw, plan.id).seed)
    teams = committed.teams(value, [following], people)
    if not teams.is_complete:
        raise NoTeamForReserve(
            unit_code=following, fields=[blocked_field(one) for one in teams.blocking]
        )
    step = Replacement(
        plan_id=plan.id,
        replaces=code,
        code=following,
        reason=reason.strip(),
        account_id=actor.account_id,
        replaced_at=now(),
    )
    session.add(step)
    session.flush()  # the history below reads it
    last = session.execute(
        select(func.max(Assignment.dispatch)).where(Assignment.plan_id == plan.id)
    ).scalar_one()
    store_seats(session, plan, {following: teams.teams[0].inspectors}, start=last + 1)
    rewrite_history(session, plan)
    told = {"no": plan.no, "replaces": code, "code": following, "reason": step.reason}
    salt = entry_salt(committed.secret, "unit.replaced", code, plan.digest)
    log.record(session, "unit.replaced", {**told, "salt": salt})
    audit.record(session, actor, "plan.unit-replaced", plan.no, told)
    return step


def unit_to_visit(session: Session, plan: Plan, code: str) -> DrawnUnit:
    """The drawn unit or called-up reserve with this code, if it is still to be visited.

    Raises
    ------
    UnitUnknown
        There is none.
    ResultKnown
        It has its result.
    """
    unit = session.get(DrawnUnit, (plan.id, code))
    steps = replacements_of(session, plan.id)
    called_up = any(step.code == code for step in steps)
    given_up = any(step.replaces == code for step in steps)
    if unit is None or given_up or not (unit.is_selected or called_up):
        raise UnitUnknown(unit_code=code, plan_no=plan.no)
    result = session.execute(
        select(InspectionResult.recorded_at).where(
            InspectionResult.plan_id == plan.id, InspectionResult.code == code
        )
    ).scalar_one_or_none()
    if result is not None:
        raise ResultKnown(unit_code=code, recorded_on=result.date().isoformat())
    return unit


def refuse_without_teams(session: Session, plan: Plan) -> None:
    """Refuse what can only be done to teams.

    Raises
    ------
    StateForbids
        The plan is not drawn, or has no team.
    """
    if plan.state != PlanState.DRAWN or session.get_one(Draw, plan.id).blocking:
        raise StateForbids(
            plan_no=plan.no, state=plan.state, needed=f"{PlanState.DRAWN.value} with teams"
        )


def people_as_they_stand(
    session: Session, plan: Plan, committed: Committed, *, without: str | None = None
) -> list[Inspector]:
    """The inspectors with their loads in this plan as it stands, once a unit is given up."""
    given_up = {without, *(step.replaces for step in replacements_of(session, plan.id))}
    at_work = Counter(
        inspector
        for code, team in teams_of(session, plan.id).items()
        if code not in given_up
        for inspector in team
    )
    return [replace(one, load=one.load + at_work[one.id]) for one in committed.inspectors]


def _next_reserve(session: Session, plan: Plan, stratum: str) -> str:
    used = {step.code for step in replacements_of(session, plan.id)}
    reserves = session.execute(
        select(DrawnUnit.code)
        .where(
            DrawnUnit.plan_id == plan.id,
            DrawnUnit.stratum == stratum,
            DrawnUnit.is_selected.is_(False),
        )
        .order_by(DrawnUnit.rank)
    ).scalars()
    for code in reserves:
        if code not in used:
            return code
    raise NoReserveLeft(stratum=stratum, plan_no=plan.no)


def rewrite_history(session: Session, plan: Plan) -> None:
    """Write history.json anew: what happened to the plan since its draw."""
    committed = Committed(session, plan)
    opened = {}
    for step in replacements_of(session, plan.id):
        team = session.execute(
            select(PlanInspector.inspector_id)
            .join(
                Assignment,
                (Assignment.plan_id == PlanInspector.plan_id)
                & (Assignment.person_id == PlanInspector.person_id),
            )
            .where(Assignment.plan_id == plan.id, Assignment.code == step.code)
            .order_by(Assignment.position)
        ).scalars()
        opened[step.code] = {**committed.opening(step.code), "inspectors": list(team)}
    on = max(plan.disclose_on or today(), today())
    store_part(session, plan, "history.json", history_part(session, plan, opened), public_on=on)
