"""Results of visits: kept with the draw, and told to whoever judges risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from core import audit, outbox
from core.actors import Actor, Role
from core.clock import civil_day, now, today
from core.errors import FieldProblem
from sampling.errors import JointVisit, NotYourTask, PlanInvalid, StateForbids
from sampling.events import LARGEST_CHUNK, ResultsRecorded
from sampling.models.plans import (
    FrameUnit,
    InspectionResult,
    Outcome,
    Plan,
    PlanState,
)
from sampling.queries.plans import plan_by_no
from sampling.queries.seats import members_of
from sampling.service.changing import unit_to_visit
from sampling.service.entropy import refuse_void


def record_results(
    session: Session,
    actor: Actor,
    plan_no: str,
    results: Sequence[Mapping[str, Any]],
    *,
    is_joint: bool = False,
) -> list[InspectionResult]:
    """Record what was found at some drawn units: all of them, or none.

    Parameters
    ----------
    results : sequence of mappings
        ``code``, ``inspected_on``, ``outcome``; optional ``inspected`` (1, or 0 if not done),
        ``failing`` (1 if failed, else 0), ``critical``, ``serious``, ``minor``, ``note``.
    is_joint : bool
        The departments of a joint visit have all recorded theirs (see ``service.joint``).

    Raises
    ------
    PlanInvalid
        A result contradicts itself; the fields say where.
    UnitUnknown, ResultKnown
        A unit is not to be visited, or was.
    NotYourTask
        An inspector may record the own visits only.
    JointVisit
        Each department records its own.
    StateForbids, PlanVoid
        The plan is not drawn.
    """
    plan = plan_by_no(session, plan_no, lock=True)
    refuse_void(plan)
    if plan.state != PlanState.DRAWN:
        raise StateForbids(plan_no=plan.no, state=plan.state, needed=PlanState.DRAWN.value)
    departments = [one["key"] for one in plan.team.get("departments") or ()]
    if departments and not is_joint and results:
        raise JointVisit(unit_code=results[0]["code"], departments=", ".join(departments))
    completed = [_completed(one) for one in results]
    problems = [
        problem
        for place, one in enumerate(completed)
        for problem in _problems(place, one, plan, [r["code"] for r in completed])
    ]
    if problems:
        raise PlanInvalid(fields=problems)
    rows = []
    facts = []
    for one in completed:
        code = one["code"]
        unit_to_visit(session, plan, code)
        _refuse_strangers(session, actor, plan, code)
        frame = session.get_one(FrameUnit, (plan.id, code))
        row = InspectionResult(
            plan_id=plan.id,
            enterprise_id=frame.enterprise_id,
            recorded_by=actor.account_id,
            recorded_at=now(),
            **one,
        )
        session.add(row)
        rows.append(row)
        if row.outcome != Outcome.NOT_DONE:
            facts.append(
                neutral_fact(
                    source_id=f"{plan.no}/{code}",
                    enterprise_id=frame.enterprise_id,
                    enterprise_code=code,
                    region_code=frame.region_code or None,
                    category_code=frame.category_code or None,
                    on=row.inspected_on,
                    inspected=row.inspected,
                    failing=row.failing,
                    severity=severity_of(row.critical, row.serious, row.minor),
                )
            )
    session.flush()
    announce(session, facts)
    told = {"units": [one["code"] for one in completed]}
    audit.record(session, actor, "plan.results-recorded", plan.no, told)
    return rows


def record_result(session: Session, actor: Actor, plan_no: str, **result: Any) -> InspectionResult:
    """Record what was found at one unit; see `record_results`."""
    return record_results(session, actor, plan_no, [result])[0]


def neutral_fact(
    *,
    source_id: str,
    enterprise_id: int,
    enterprise_code: str,
    region_code: str | None,
    category_code: str | None,
    on: date,
    inspected: int,
    failing: int,
    severity: str | None,
) -> dict[str, Any]:
    """One result as it is announced: counts and codes, no judgement, no personal data."""
    return {
        "id": source_id,
        "source_id": source_id,
        "enterprise_id": enterprise_id,
        "enterprise_code": enterprise_code,
        "region_code": region_code,
        "category_code": category_code,
        "on": on.isoformat(),
        "inspected": inspected,
        "failing": failing,
        "severity": severity,
    }


def severity_of(critical: int, serious: int, minor: int) -> str | None:
    """The heaviest kind of finding."""
    kinds = (("critical", critical), ("serious", serious), ("minor", minor))
    return next((name for name, count in kinds if count), None)


def announce(session: Session, facts: Sequence[dict[str, Any]]) -> int:
    """Tell some facts in messages of bounded size; returns how many messages."""
    starts = range(0, len(facts), LARGEST_CHUNK)
    for start in starts:
        outbox.add(session, ResultsRecorded(results=list(facts[start : start + LARGEST_CHUNK])))
    return len(starts)


def _completed(one: Mapping[str, Any]) -> dict[str, Any]:
    outcome = one.get("outcome")
    inspected = one.get("inspected")
    if inspected is None:
        inspected = 0 if outcome == Outcome.NOT_DONE else 1
    failing = one.get("failing")
    if failing is None:
        failing = 1 if outcome == Outcome.FAIL else 0
    note = str(one.get("note") or "").strip()
    return {
        "code": one["code"],
        "inspected_on": one["inspected_on"],
        "outcome": outcome,
        "inspected": inspected,
        "failing": failing,
        "critical": one.get("critical") or 0,
        "serious": one.get("serious") or 0,
        "minor": one.get("minor") or 0,
        "note": note or None,
    }


def _problems(
    place: int, one: Mapping[str, Any], plan: Plan, codes: Sequence[str]
) -> list[FieldProblem]:
    problems = []

    def wrong(field: str, message: str, **facts: Any) -> None:
        problems.append(FieldProblem(f"results.{place}.{field}", message, facts))

    if codes.index(one["code"]) != place:
        wrong("code", "{code} is here twice.", code=one["code"])
    if one["outcome"] not in list(Outcome):
        wrong("outcome", "Write one of {allowed}.", allowed=", ".join(Outcome))
    if plan.drawn_at is not None and one["inspected_on"] < civil_day(plan.drawn_at):
        wrong("inspected_on", "The visit cannot lie before the draw.")
    if one["inspected_on"] > today():
        wrong("inspected_on", "The visit lies in the future.")
    if not 0 <= one["failing"] <= one["inspected"]:
        wrong("failing", "Of {inspected} items at most {inspected} can fail.", **one)
    if one["outcome"] == Outcome.FAIL and not one["failing"]:
        wrong("failing", "A failed visit has at least one failing item.")
    if one["outcome"] == Outcome.NOT_DONE and one["inspected"]:
        wrong("inspected", "A visit that was not done has no inspected items.")
    if one["outcome"] == Outcome.NOT_DONE and not one["note"]:
        wrong("note", "Say why the visit was not done.")
    if one["outcome"] in (Outcome.PASS, Outcome.CONDITIONS) and not one["inspected"]:
        wrong("inspected", "At least one item was inspected, or the visit was not done.")
    return problems


def _refuse_strangers(session: Session, actor: Actor, plan: Plan, code: str) -> None:
    if actor.role is not Role.INSPECTOR:
        return
    if actor.person_id not in members_of(session, plan.id, code):
        raise NotYourTask(unit_code=code)
