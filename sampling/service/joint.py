"""A joint visit (跨部门联合检查): each department records and publishes its own items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.actors import Actor, Role
from core.clock import civil_day, now, today
from core.errors import FieldProblem
from sampling.errors import (
    DepartmentResultInvalid,
    DepartmentResultKnown,
    DepartmentResultMissing,
    DepartmentResultPublished,
    NotJoint,
    NotYourTask,
    StateForbids,
)
from sampling.models.plans import Outcome, Plan, PlanInspector, PlanState
from sampling.models.seats import DepartmentResult
from sampling.queries.joint import department_results
from sampling.queries.plans import plan_by_no
from sampling.queries.seats import members_of
from sampling.service.changing import unit_to_visit
from sampling.service.entropy import refuse_void
from sampling.service.results import record_results

FINDINGS = ("pass", "fail", "not_checked")


def record_department_result(
    session: Session,
    actor: Actor,
    plan_no: str,
    *,
    code: str,
    department: str,
    inspected_on: date,
    items: Sequence[Mapping[str, Any]],
    note: str | None = None,
) -> DepartmentResult:
    """Record what one department found at a joint visit; the last one completes the visit.

    Parameters
    ----------
    items : sequence of mappings
        ``item`` (each of the department's, once), ``finding`` (pass, fail, not_checked),
        optional ``note``.

    Raises
    ------
    NotJoint
        The plan sends no such department.
    NotYourTask
        An inspector records for the own department's seats only.
    DepartmentResultKnown, UnitUnknown, ResultKnown
        It was recorded, or the unit is not visited.
    DepartmentResultInvalid, StateForbids, PlanVoid
        The rest.
    """
    plan = plan_by_no(session, plan_no, lock=True)
    refuse_void(plan)
    if plan.state != PlanState.DRAWN:
        raise StateForbids(plan_no=plan.no, state=plan.state, needed=PlanState.DRAWN.value)
    rule = _department(plan, department)
    unit_to_visit(session, plan, code)
    _refuse_strangers(session, actor, plan, code, department)
    known = _known(session, plan, code, department)
    if known is not None:
        raise DepartmentResultKnown(
            department=department,
            unit_code=code,
            recorded_on=civil_day(known.recorded_at).isoformat(),
        )
    told = [
        {
            "item": str(one.get("item", "")),
            "finding": one.get("finding"),
            "note": str(one.get("note") or "").strip() or None,
        }
        for one in items
    ]
    remark = (note or "").strip() or None
    problems = _problems(plan, rule, told, inspected_on, remark)
    if problems:
        raise DepartmentResultInvalid(fields=problems)
    found = Counter(one["finding"] for one in told)
    inspected = found["pass"] + found["fail"]
    row = DepartmentResult(
        plan_id=plan.id,
        code=code,
        department=department,
        inspected_on=inspected_on,
        outcome=_outcome(inspected, found["fail"]).value,
        items=told,
        inspected=inspected,
        failing=found["fail"],
        note=remark,
        recorded_by=actor.account_id,
        recorded_at=now(),
        published_by=None,
        published_at=None,
    )
    session.add(row)
    session.flush()
    facts = {"unit": code, "department": department, "outcome": row.outcome}
    audit.record(session, actor, "plan.department-recorded", plan.no, facts)
    _complete(session, actor, plan, code)
    return row


def publish_department_result(
    session: Session, actor: Actor, plan_no: str, *, code: str, department: str
) -> DepartmentResult:
    """Publish a department's own result: whoever inspects records, and publishes (谁检查谁公开).

    Raises
    ------
    DepartmentResultMissing, DepartmentResultPublished
        There is none, or it is public.
    NotJoint, NotYourTask, PlanVoid
        The rest.
    """
    plan = plan_by_no(session, plan_no, lock=True)
    refuse_void(plan)
    _department(plan, department)
    _refuse_strangers(session, actor, plan, code, department)
    row = _known(session, plan, code, department)
    if row is None:
        raise DepartmentResultMissing(department=department, unit_code=code)
    if row.published_at is not None:
        raise DepartmentResultPublished(
            department=department,
            unit_code=code,
            published_on=civil_day(row.published_at).isoformat(),
        )
    row.published_by, row.published_at = actor.account_id, now()
    facts = {"unit": code, "department": department}
    audit.record(session, actor, "plan.department-published", plan.no, facts)
    session.flush()
    return row


def _department(plan: Plan, key: str) -> Mapping[str, Any]:
    departments = plan.team.get("departments") or []
    for one in departments:
        if one["key"] == key:
            rule: Mapping[str, Any] = one
            return rule
    named = ", ".join(one["key"] for one in departments) or "none"
    raise NotJoint(plan_no=plan.no, department=key, departments=named)


def _known(session: Session, plan: Plan, code: str, department: str) -> DepartmentResult | None:
    return session.execute(
        select(DepartmentResult).where(
            DepartmentResult.plan_id == plan.id,
            DepartmentResult.code == code,
            DepartmentResult.department == department,
        )
    ).scalar_one_or_none()


def _refuse_strangers(
    session: Session, actor: Actor, plan: Plan, code: str, department: str
) -> None:
    if actor.role is not Role.INSPECTOR:
        return
    own = (
        session.get(PlanInspector, (plan.id, actor.person_id))
        if actor.person_id in members_of(session, plan.id, code)
        else None
    )
    if own is None or own.record.get("department") != department:
        raise NotYourTask(unit_code=code)


def _outcome(inspected: int, failing: int) -> Outcome:
    if failing:
        return Outcome.FAIL
    return Outcome.PASS if inspected else Outcome.NOT_DONE


def _problems(
    plan: Plan,
    rule: Mapping[str, Any],
    told: Sequence[Mapping[str, Any]],
    inspected_on: date,
    note: str | None,
) -> list[FieldProblem]:
    problems = []
    missing = [item for item in rule["items"] if item not in [one["item"] for one in told]]
    if missing:
        facts = {"items": ", ".join(missing)}
        problems.append(FieldProblem("items", "Say what was found of {items}.", facts))
    for place, one in enumerate(told):
        if one["item"] not in rule["items"]:
            facts = {"item": one["item"], "department": rule["key"]}
            problems.append(
                FieldProblem(
                    f"items.{place}.item",
                    "{item} is not an item of department {department}.",
                    facts,
                )
            )
        elif [other["item"] for other in told].index(one["item"]) != place:
            facts = {"item": one["item"]}
            problems.append(FieldProblem(f"items.{place}.item", "{item} is here twice.", facts))
        if one["finding"] not in FINDINGS:
            facts = {"allowed": ", ".join(FINDINGS)}
            problems.append(
                FieldProblem(f"items.{place}.finding", "Write one of {allowed}.", facts)
            )
    if plan.drawn_at is not None and inspected_on < civil_day(plan.drawn_at):
        problems.append(FieldProblem("inspected_on", "The visit cannot lie before the draw."))
    if inspected_on > today():
        problems.append(FieldProblem("inspected_on", "The visit lies in the future."))
    if all(one["finding"] == "not_checked" for one in told) and not note:
        problems.append(FieldProblem("note", "Say why the visit was not done."))
    return problems


def _complete(session: Session, actor: Actor, plan: Plan, code: str) -> None:
    """Once every department has recorded, the visit has its result: the worst, counts added."""
    rows = department_results(session, plan.id, code)
    if len(rows) < len(plan.team["departments"]):
        return
    inspected = sum(row.inspected for row in rows)
    failing = sum(row.failing for row in rows)
    notes = [f"{row.department}: {row.note}" for row in rows if row.note]
    record_results(
        session,
        actor,
        plan.no,
        [
            {
                "code": code,
                "inspected_on": max(row.inspected_on for row in rows),
                "outcome": _outcome(inspected, failing).value,
                "inspected": inspected,
                "failing": failing,
                "note": "; ".join(notes),
            }
        ],
        is_joint=True,
    )
