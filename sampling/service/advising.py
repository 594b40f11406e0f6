"""Before a plan is frozen: what each design may be expected to give for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry import queries as registry
from registry.errors import RuleNotInForce
from sampling.errors import BudgetTooSmall, StateForbids, VisitsOutOfRange
from sampling.maths.advisor import Advice, DesignStratum, advise, shrunken_rates
from sampling.maths.allocation import BoundsInfeasible
from sampling.models.plans import Plan, PlanState, Stratum
from sampling.queries.estimates import outcome_counts
from sampling.queries.plans import plan_by_no
from sampling.service.entropy import refuse_void
from sampling.service.framing import frame_of


@dataclass(frozen=True, slots=True)
class PlanAdvice:
    """Advice for a draft, with what it stands on.

    ``history`` is (inspected, failing) of the roster's enterprises by stratum; ``fits`` is False
    where a quota is larger than its stratum, so that the plan as it stands cannot be judged.
    """

    plan_no: str
    title: str
    strata_by: str
    version: int
    advice: Advice
    history: Mapping[str, tuple[int, int]]
    quotas: Mapping[str, int]
    least_share: Decimal | None
    fits: bool


def advice_for(
    session: Session,
    plan_no: str,
    *,
    visits: int | None = None,
    costs: Mapping[str, Decimal] | None = None,
    budget: Decimal | None = None,
) -> PlanAdvice:
    """Compare designs for the roster of a draft as it stands now; changes nothing.

    Parameters
    ----------
    visits : int, optional
        Enterprises to draw; without it, as many as the draft says.
    costs : mapping of str to Decimal, optional
        Money for one visit, for every stratum of the plan.
    budget : Decimal, optional
        Money in all, for the cost-optimal design.

    Raises
    ------
    PlanUnknown, PlanVoid, StateForbids
        There is no such draft.
    VisitsOutOfRange
        The roster has not so many enterprises.
    BudgetTooSmall
        It does not pay for two visits in every stratum.
    """
    plan = plan_by_no(session, plan_no)
    refuse_void(plan)
    if plan.state != PlanState.DRAFT:
        raise StateForbids(plan_no=plan.no, state=plan.state, needed=PlanState.DRAFT.value)
    rows = session.execute(select(Stratum).where(Stratum.plan_id == plan.id)).scalars()
    quotas = {row.key: row.quota for row in sorted(rows, key=lambda row: row.key.encode())}
    sizes, history = _roster(session, plan, quotas)
    rates = shrunken_rates(history)
    tiers = _tiers(plan, list(quotas), rates)
    strata = [
        DesignStratum(key, sizes[key], rates[key], (costs or {}).get(key), tier=tiers[key])
        for key in quotas
    ]
    fits = all(quotas[key] <= sizes[key] for key in quotas)
    share = least_share(session, plan)
    advice = compared(
        strata,
        sum(quotas.values()) if visits is None else visits,
        planned=quotas if fits else None,
        budget=budget,
        share=share,
    )
    return PlanAdvice(
        plan.no, plan.title, plan.strata_by, plan.version, advice, history, quotas, share, fits
    )


def compared(
    strata: Sequence[DesignStratum],
    visits: int,
    *,
    planned: Mapping[str, int] | None = None,
    budget: Decimal | None = None,
    share: Decimal | None = None,
    confidence: float = 0.95,
) -> Advice:
    """Designs side by side, with refusals in words.

    Raises
    ------
    VisitsOutOfRange, BudgetTooSmall
        As in `advice_for`.
    """
    size = sum(one.size for one in strata)
    if not 1 <= visits <= size:
        raise VisitsOutOfRange(visits=visits, size=size)
    try:
        return advise(
            strata,
            visits,
            planned=planned,
            budget=budget,
            least_share=share,
            confidence=confidence,
        )
    except BoundsInfeasible as error:
        raise BudgetTooSmall(budget=budget, stratum=error.stratum) from error


def least_share(session: Session, plan: Plan) -> Decimal | None:
    """The share of enterprises that the rule pack wants drawn; None where no pack is loaded."""
    try:
        rule = registry.rule_on(session, "CN-DRAW", "draw.minimum-share", plan.visit_on)
    except RuleNotInForce:
        return None
    return Decimal(str(rule.value))


def _roster(
    session: Session, plan: Plan, quotas: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, tuple[int, int]]]:
    """Sizes and past inspections of the strata that the plan names."""
    frame, past = frame_of(session, plan), outcome_counts(session)
    sizes = {key: frame.sizes.get(key, 0) for key in quotas}
    seen, failing = dict.fromkeys(quotas, 0), dict.fromkeys(quotas, 0)
    for _, stratum, unit in frame.units:
        if stratum in seen and unit.enterprise_id in past:
            inspected, bad = past[unit.enterprise_id]
            seen[stratum] += inspected
            failing[stratum] += bad
    return sizes, {key: (seen[key], failing[key]) for key in quotas}


def _tiers(plan: Plan, keys: list[str], rates: Mapping[str, float]) -> dict[str, float]:
    """Each tier twice as often as the one before: by grade, else by expected rate."""
    by_risk = sorted(keys) if plan.strata_by == "grade" else sorted(keys, key=lambda k: rates[k])
    return {key: 2.0**place for place, key in enumerate(by_risk)}
