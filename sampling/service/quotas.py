"""Change how many of each stratum a draft draws."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from core import audit
from core.actors import Actor
from core.errors import FieldProblem
from sampling.errors import PlanInvalid, StateForbids
from sampling.models.plans import Plan, PlanState, Stratum
from sampling.queries.plans import plan_by_no
from sampling.service.entropy import refuse_void

_MOST = 10**7


def set_quotas(
    session: Session, actor: Actor, plan_no: str, quotas: Mapping[str, int], *, design: str = ""
) -> Plan:
    """Set the quotas of a draft, for instance those of a design that was compared.

    A reserve that was as large as its quota stays so; another keeps its size.

    Parameters
    ----------
    quotas : mapping of str to int, >= 0
        For every stratum of the plan; at least one above 0.
    design : str, optional
        Where the numbers come from, for the audit log.

    Raises
    ------
    PlanUnknown, PlanVoid
        There is no such plan, or it is void.
    StateForbids
        It is frozen: what is published cannot be changed.
    PlanInvalid
        A stratum is unknown or missing, or a number is not one.
    """
    plan = plan_by_no(session, plan_no, lock=True)
    refuse_void(plan)
    if plan.state != PlanState.DRAFT:
        raise StateForbids(plan_no=plan.no, state=plan.state, needed=PlanState.DRAFT.value)
    rows = {
        row.key: row
        for row in session.execute(select(Stratum).where(Stratum.plan_id == plan.id)).scalars()
    }
    problems = _problems(rows, quotas)
    if problems:
        raise PlanInvalid(fields=problems)
    before = {key: row.quota for key, row in sorted(rows.items())}
    for key, row in rows.items():
        if row.reserve == row.quota:
            row.reserve = quotas[key]
        row.quota = quotas[key]
    flag_modified(plan, "title")  # the version counts changes of strata, too
    session.flush()
    facts = {"before": before, "after": dict(sorted(quotas.items())), "design": design}
    audit.record(session, actor, "plan.quotas", plan.no, facts)
    return plan


def _problems(rows: Mapping[str, Stratum], quotas: Mapping[str, int]) -> list[FieldProblem]:
    problems = [
        FieldProblem(f"quotas.{key}", "The plan has no stratum {key}.", {"key": key})
        for key in quotas
        if key not in rows
    ]
    problems += [
        FieldProblem(
            f"quotas.{key}", "Stratum {key} needs a quota, 0 to leave it out.", {"key": key}
        )
        for key in sorted(rows)
        if key not in quotas
    ]
    problems += [
        FieldProblem(f"quotas.{key}", "Write a whole number of at least 0.")
        for key, quota in quotas.items()
        if not isinstance(quota, int) or isinstance(quota, bool) or not 0 <= quota < _MOST
    ]
    if not problems and not any(quotas.values()):
        problems.append(FieldProblem("quotas", "All quotas are 0; nobody would be drawn."))
    return problems
