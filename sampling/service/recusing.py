"""A recusal (回避) declared after the draw: the next by ticket takes the seat, nobody chooses."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.actors import Actor, Role
from core.clock import now
from core.errors import FieldProblem
from sampling.errors import (
    DepartmentResultKnown,
    NobodyLeft,
    NotYourSeat,
    ReasonNeeded,
    RecusalInvalid,
    SeatUnknown,
)
from sampling.maths.inclusion import entry_salt
from sampling.maths.recusal import RecusalKind, stand_in
from sampling.maths.replay import team_rule_of
from sampling.models.plans import Draw, Plan, PlanInspector, PlanSecret
from sampling.models.seats import DepartmentResult, SeatChange
from sampling.queries.plans import plan_by_no
from sampling.queries.seats import members_of, seat_changes_of
from sampling.queries.units import replacements_of
from sampling.service import log
from sampling.service.changing import (
    people_as_they_stand,
    refuse_without_teams,
    rewrite_history,
    unit_to_visit,
)
from sampling.service.drawing import Committed
from sampling.service.entropy import refuse_void
from sampling.service.freezing import blocked_field

# What somebody can declare; rotation is found when the roster is frozen.
KINDS = tuple(kind.value for kind in RecusalKind if kind is not RecusalKind.ROTATION)


def recuse(
    session: Session,
    actor: Actor,
    plan_no: str,
    *,
    code: str,
    inspector: str,
    kind: str,
    reason: str,
) -> SeatChange:
    """Take an inspector with a tie out of a team; the seat goes to the next in ticket order.

    Parameters
    ----------
    inspector : str
        Id in this plan of the one who must not go.
    kind : str
        One of ``KINDS``; published with the change.
    reason : str
        In words; kept, not published.

    Raises
    ------
    SeatUnknown
        The inspector is not in the team as it stands.
    NotYourSeat
        An inspector declares for himself only; lead inspectors for everybody.
    NobodyLeft
        Nobody may take the seat; the field names each inspector's reason.
    UnitUnknown, ResultKnown, DepartmentResultKnown
        The unit is not visited in this plan, or was.
    ReasonNeeded, RecusalInvalid, StateForbids, PlanVoid
        The rest.
    """
    plan = plan_by_no(session, plan_no, lock=True)
    refuse_void(plan)
    refuse_without_teams(session, plan)
    if kind not in KINDS:
        facts = {"allowed": ", ".join(KINDS), "value": kind}
        problem = FieldProblem("kind", "Write one of {allowed}, got {value}.", facts)
        raise RecusalInvalid(fields=[problem])
    if not reason.strip():
        raise ReasonNeeded
    unit_to_visit(session, plan, code)
    people = {
        row.inspector_id: row
        for row in session.execute(
            select(PlanInspector).where(PlanInspector.plan_id == plan.id)
        ).scalars()
    }
    members = members_of(session, plan.id, code)
    leaving = people.get(inspector)
    if leaving is None or leaving.person_id not in members:
        raise SeatUnknown(inspector=inspector, unit_code=code)
    if actor.role is Role.INSPECTOR and actor.person_id != leaving.person_id:
        raise NotYourSeat(inspector=inspector)
    _refuse_recorded(session, plan, code, leaving.record.get("department"))
    position = members.index(leaving.person_id)
    following = _next(session, plan, code, inspector, position, people)
    change = SeatChange(
        plan_id=plan.id,
        code=code,
        position=position,
        person_out=leaving.person_id,
        person_in=people[following].person_id,
        kind=kind,
        reason=reason.strip(),
        after=len(replacements_of(session, plan.id)),
        account_id=actor.account_id,
        changed_at=now(),
    )
    session.add(change)
    session.flush()  # the history below reads it
    rewrite_history(session, plan)
    told = {
        "no": plan.no,
        "code": code,
        "position": position,
        "out": inspector,
        "in": following,
        "kind": kind,
    }
    secret = bytes.fromhex(session.get_one(PlanSecret, plan.id).recusal_secret)
    salt = entry_salt(secret, "seat.recused", f"{code}/{change.id}", plan.digest)
    log.record(session, "seat.recused", {**told, "salt": salt})
    audit.record(session, actor, "plan.seat-recused", plan.no, told)
    return change


def _refuse_recorded(session: Session, plan: Plan, code: str, department: str | None) -> None:
    if department is None:
        return
    recorded = session.execute(
        select(DepartmentResult.recorded_at).where(
            DepartmentResult.plan_id == plan.id,
            DepartmentResult.code == code,
            DepartmentResult.department == department,
        )
    ).scalar_one_or_none()
    if recorded is not None:
        raise DepartmentResultKnown(
            department=department, unit_code=code, recorded_on=recorded.date().isoformat()
        )


def _next(
    session: Session,
    plan: Plan,
    code: str,
    inspector: str,
    position: int,
    people: dict[str, PlanInspector],
) -> str:
    """Who follows in the seat, by the rule that verifiers replay."""
    committed = Committed(session, plan)
    committed.check()
    ids = {row.person_id: name for name, row in people.items()}
    task = committed.task(code)
    earlier = [
        ids[change.person_out]
        for change in seat_changes_of(session, plan.id)
        if change.code == code
    ]
    task = replace(task, recused=task.recused | {inspector, *earlier})
    found = stand_in(
        seed=bytes(session.get_one(Draw, plan.id).seed),
        task=task,
        team=[ids[member] for member in members_of(session, plan.id, code)],
        position=position,
        inspectors=people_as_they_stand(session, plan, committed),
        rule=team_rule_of(committed.document),
        algorithm=plan.digest,
    )
    if found.inspector is None:
        fields = [blocked_field(found.blocked)] if found.blocked else []
        raise NobodyLeft(inspector=inspector, unit_code=code, fields=fields)
    return found.inspector
