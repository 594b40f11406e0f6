"""Before a plan is frozen: what each design may be expected to give for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import FieldProblem
from registry import queries as registry
from registry.errors import RuleNotInForce
from sampling.errors import BudgetTooSmall, RosterInvalid, StateForbids, VisitsOutOfRange
from sampling.maths.advisor import advise
from sampling.maths.designs import Advice, DesignStratum
from sampling.maths.shrinkage import shrunken_rates
from sampling.maths.strata import BoundsInfeasible
from sampling.models.plans import Plan, PlanState, Stratum
from sampling.queries.estimates import outcome_counts
from sampling.queries.plans import plan_by_no
from sampling.service.entropy import refuse_void
from sampling.service.frames import Frame
from sampling.service.framing import frame_of
from sampling.service.weighing import planned_chances

MOST_MEASURES = 200_000  # of all strata together


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
    is_equal: bool  # False: the plan draws with unequal chances inside its strata


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
    ChancesImpossible
        The plan's own unequal chances cannot be had.
    """
    plan = plan_by_no(session, plan_no)
    refuse_void(plan)
    if plan.state != PlanState.DRAFT:
        raise StateForbids(plan_no=plan.no, state=plan.state, needed=PlanState.DRAFT.value)
    found = session.execute(select(Stratum).where(Stratum.plan_id == plan.id)).scalars()
    rows = sorted(found, key=lambda row: row.key.encode())
    quotas = {row.key: row.quota for row in rows}
    frame = frame_of(session, plan)
    sizes, history = _roster(session, frame, quotas)
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
        chances=planned_chances(plan, frame, rows) if fits else None,
        budget=budget,
        share=share,
    )
    return PlanAdvice(
        plan_no=plan.no,
        title=plan.title,
        strata_by=plan.strata_by,
        version=plan.version,
        advice=advice,
        history=history,
        quotas=quotas,
        least_share=share,
        fits=fits,
        is_equal=plan.method["kind"] == "equal",
    )


def advice_described(
    strata: Sequence[Mapping[str, Any]],
    visits: int,
    *,
    budget: Decimal | None = None,
    least_share: Decimal | None = None,
    confidence: float = 0.95,
) -> Advice:
    """Compare designs for a roster that is not on the register, only described.

    Parameters
    ----------
    strata : sequence of mappings
        key, size, rate (or inspected and failing), cost, measures, tier, quota.

    Raises
    ------
    RosterInvalid
        A stratum cannot be meant like this.
    VisitsOutOfRange, BudgetTooSmall
        As in `advice_for`.
    """
    problems = _described_problems(strata)
    if problems:
        raise RosterInvalid(fields=problems)
    rates = shrunken_rates({one["key"]: (one["inspected"], one["failing"]) for one in strata})
    planned = {one["key"]: one["quota"] for one in strata if one["quota"] is not None}
    return compared(
        [
            DesignStratum(
                one["key"],
                one["size"],
                rates[one["key"]] if one["rate"] is None else one["rate"],
                one["cost"],
                tuple(one["measures"]),
                one["tier"],
            )
            for one in strata
        ],
        visits,
        planned=planned or None,
        budget=budget,
        share=least_share,
        confidence=confidence,
    )


def _described_problems(strata: Sequence[Mapping[str, Any]]) -> list[FieldProblem]:
    keys = [one["key"] for one in strata]
    problems = []
    if sum(len(one["measures"]) for one in strata) > MOST_MEASURES:
        problems.append(
            FieldProblem(
                "strata",
                "All strata together may have {most} measures.",
                {"most": MOST_MEASURES},
            )
        )
    for place, one in enumerate(strata):
        size, count, at = one["size"], len(one["measures"]), f"strata.{place}"
        if keys.index(one["key"]) != place:
            problems.append(
                FieldProblem(f"{at}.key", "Stratum {key} is named twice.", {"key": one["key"]})
            )
        if one["failing"] > one["inspected"]:
            problems.append(FieldProblem(f"{at}.failing", "More failed than were inspected."))
        if one["quota"] is not None and one["quota"] > size:
            problems.append(
                FieldProblem(
                    f"{at}.quota",
                    "The quota is above the size {size} of the stratum.",
                    {"size": size},
                )
            )
        if count not in (0, size):
            problems.append(
                FieldProblem(
                    f"{at}.measures",
                    "There are {count} measures for {size} units; give one for each, or none.",
                    {"count": count, "size": size},
                )
            )
    return problems


def compared(
    strata: Sequence[DesignStratum],
    visits: int,
    *,
    planned: Mapping[str, int] | None = None,
    chances: Mapping[str, Sequence[float]] | None = None,
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
            chances=chances,
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
    session: Session, frame: Frame, quotas: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, tuple[int, int]]]:
    """Sizes and past inspections of the strata that the plan names."""
    past = outcome_counts(session)
    sizes = {key: frame.sizes.get(key, 0) for key in quotas}
    seen, failing = dict.fromkeys(quotas, 0), dict.fromkeys(quotas, 0)
    strata = [kind.stratum for kind in frame.columns.kinds]
    rows = zip(frame.details.enterprise_ids.tolist(), frame.columns.kind.tolist(), strict=True)
    for enterprise_id, kind in rows:
        if enterprise_id in past and strata[kind] in seen:
            inspected, bad = past[enterprise_id]
            seen[strata[kind]] += inspected
            failing[strata[kind]] += bad
    return sizes, {key: (seen[key], failing[key]) for key in quotas}


def _tiers(plan: Plan, keys: list[str], rates: Mapping[str, float]) -> dict[str, float]:
    """Each tier twice as often as the one before: by grade, else by expected rate."""
    by_risk = sorted(keys) if plan.strata_by == "grade" else sorted(keys, key=lambda k: rates[k])
    return {key: 2.0**place for place, key in enumerate(by_risk)}
