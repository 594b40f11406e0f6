"""Who may not be visited again yet: the yearly cap and the protection of the same product.

Both numbers are law, so they are read from the rule packs of the day; what a plan sets aside, it
sets aside with a reason that is published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from core.clocks import add_months
from registry import queries as registry
from registry.errors import RuleNotInForce
from registry.maths.packs import UNCONFIRMED
from registry.queries import RosterUnit
from sampling.models.plans import Plan, Purpose
from sampling.queries.work import sampled_products, visits_in_year

CAP = ("CN-DRAW", "draw.annual-cap")
SAME_PRODUCT = ("CN-IND", "sampling.same-product")
EXEMPT = ("CN-IND", "sampling.same-product-exempt")

Rule = Callable[[RosterUnit], str | None]


@dataclass(frozen=True, slots=True)
class Limit:
    """A legal number as a page shows it."""

    value: int
    citation: str


def yearly_cap(session: Session, on: date) -> Limit | None:
    """How often one enterprise may be inspected in a year, by the rule pack of a day; or None."""
    try:
        rule = registry.rule_on(session, *CAP, on)
    except RuleNotInForce:
        return None
    cited = rule.citation
    article = "" if cited.article == UNCONFIRMED else f" {cited.article}"
    return Limit(int(str(rule.value)), f"{cited.source}{article}")


def exempt_kinds(session: Session, on: date) -> tuple[str, ...]:
    """Kinds of sampling to which the protection of the same product does not apply."""
    try:
        value = str(registry.rule_on(session, *EXEMPT, on).value)
    except RuleNotInForce:
        return ()
    return tuple(kind.strip() for kind in value.split(","))


def rules_of(session: Session, plan: Plan) -> list[Rule]:
    """Why an enterprise must be left out of a plan: each rule gives a reason, or None."""
    filters: Mapping[str, Any] = plan.filters
    found = []
    cap = filters.get("yearly_cap")
    if cap is not None:
        found.append(_cap_rule(visits_in_year(session, plan.visit_on.year), cap, plan.visit_on))
    if plan.purpose == Purpose.SUPERVISION and not filters.get("exemption"):
        months = int(str(registry.rule_on(session, *SAME_PRODUCT, plan.visit_on).value))
        found.append(_product_rule(sampled_products(session), months, plan.visit_on))
    return found


def _cap_rule(visits: Counter[int], cap: int, on: date) -> Rule:
    def rule(unit: RosterUnit) -> str | None:
        count = visits[unit.enterprise_id]
        if count < cap:
            return None
        return f"visited {count} times in {on.year}, cap {cap} ({CAP[0]} {CAP[1]})"

    return rule


def _product_rule(
    sampled: Mapping[tuple[int, str], tuple[date, str]], months: int, on: date
) -> Rule:
    def rule(unit: RosterUnit) -> str | None:
        last = sampled.get((unit.enterprise_id, unit.category_code or ""))
        if last is None:
            return None
        day, where = last
        free_from = add_months(day, months)
        if on >= free_from:
            return None
        return (
            f"same product sampled on {day.isoformat()} ({where}), "
            f"again from {free_from.isoformat()} ({SAME_PRODUCT[0]} {SAME_PRODUCT[1]})"
        )

    return rule
