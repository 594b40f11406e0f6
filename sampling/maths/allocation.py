"""How many units each stratum gives: proportional, Neyman, cost-optimal, within bounds.

All optima here minimise the same thing, the variance of a stratified total
``sum A_h**2 / x_h - sum A_h * S_h`` with ``A_h = N_h * S_h``; its second part does not depend on
the allocation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

from sampling.maths.strata import (
    Allocation,
    BoundsInfeasible,
    StratumSpread,
    check_bounds,
    refuse_twins,
    variance_of_total,
)


def proportional(strata: Sequence[StratumSpread], total: float) -> Allocation:
    """The same share of every stratum, bounds left aside.

    Raises
    ------
    ValueError
        If the roster is empty, or the total lies outside it.

    Examples
    --------
    >>> two = [StratumSpread("A", 30, 1.0), StratumSpread("B", 10, 5.0)]
    >>> dict(proportional(two, 8).units)
    {'A': 6.0, 'B': 2.0}
    """
    size = _checked_total(strata, total)
    return Allocation(
        tuple(strata), {one.key: total * one.size / size for one in strata}, "proportional"
    )


def neyman(strata: Sequence[StratumSpread], total: float) -> Allocation:
    """More where more units are and where they differ more; bounds left aside.

    Raises
    ------
    ValueError
        If no stratum has any spread, or the total lies outside the roster.

    Notes
    -----
    May ask for more than a stratum has; `optimal` does not.

    References
    ----------
    Neyman, J. (1934). JRSS 97, 558-625.

    Examples
    --------
    >>> two = [StratumSpread("A", 30, 1.0), StratumSpread("B", 10, 5.0)]
    >>> dict(neyman(two, 8).units)
    {'A': 3.0, 'B': 5.0}
    """
    _checked_total(strata, total)
    weight = math.fsum(one.weight for one in strata)
    if weight == 0:
        raise ValueError("no stratum has any spread: use the proportional allocation")
    return Allocation(
        tuple(strata), {one.key: total * one.weight / weight for one in strata}, "neyman"
    )


def optimal(strata: Sequence[StratumSpread], total: float) -> Allocation:
    """The smallest variance for a number of units, within the bounds.

    Parameters
    ----------
    strata : sequence of StratumSpread
        Distinct keys; costs are not looked at.
    total : float
        Units in all, between the sum of the lower and that of the upper bounds.

    Raises
    ------
    BoundsInfeasible
        If the total lies outside the bounds.

    Notes
    -----
    The conditions of Karush, Kuhn and Tucker are ``x = clip(s * A, lower, upper)`` for one
    ``s``; the sum of the right-hand side rises with ``s`` and is linear between the points where
    a stratum meets a bound, so ``s`` is solved for exactly in its interval. Strata without
    spread take part only when all others are full, and then in proportion to their room.

    References
    ----------
    Wesołowski, J., Wieczorkowski, R., & Wójciak, W. (2022). J. Surv. Stat. Meth. 10, 1263-1284.

    Examples
    --------
    >>> two = [StratumSpread("A", 30, 1.0), StratumSpread("B", 10, 5.0, upper=4)]
    >>> dict(optimal(two, 8).units)
    {'A': 4.0, 'B': 4.0}
    """
    check_bounds(strata, total)
    return _cut(strata, total, price=lambda _: 1.0, rule="optimal")


def optimal_for_budget(strata: Sequence[StratumSpread], budget: Decimal) -> Allocation:
    """The smallest variance that the money buys, within the bounds.

    Raises
    ------
    BoundsInfeasible
        If the lower bounds cost more than the budget.

    Notes
    -----
    As `optimal`, with ``x = clip(s * A / sqrt(cost))`` and money in place of units. A budget
    above what the upper bounds cost is not spent whole.

    References
    ----------
    Cochran (1977), section 5.5.

    Examples
    --------
    >>> two = [
    ...     StratumSpread("A", 30, 1.0, Decimal(1)),
    ...     StratumSpread("B", 30, 1.0, Decimal(4)),
    ... ]
    >>> dict(optimal_for_budget(two, Decimal(30)).units)
    {'A': 10.0, 'B': 5.0}
    """
    refuse_twins(strata)
    least = sum((one.cost * one.lower for one in strata), Decimal(0))
    if least > budget:
        worst = max(strata, key=lambda one: (one.cost * one.lower, one.key))
        raise BoundsInfeasible(
            f"the lower bounds cost {least}, the budget is {budget}; stratum {worst.key} alone "
            f"costs {worst.cost * worst.lower}: raise the budget or lower its bound",
            worst.key,
        )
    most = sum((one.cost * one.most for one in strata), Decimal(0))
    money = float(min(budget, most))
    return _cut(strata, money, price=lambda one: float(one.cost), rule="budget")


def optimal_for_variance(strata: Sequence[StratumSpread], variance: float) -> Allocation:
    """The least money for a given variance of the estimated total, within the bounds.

    Raises
    ------
    BoundsInfeasible
        If even the upper bounds do not reach the variance.

    Notes
    -----
    By the same conditions ``x = clip(s * A / sqrt(cost))``; between two meeting points the
    variance is ``fixed + free / s``, solved for exactly. Strata without spread keep their lower
    bounds: visits there buy nothing.

    References
    ----------
    Cochran (1977), section 5.5.
    """
    refuse_twins(strata)
    within = {one.key: float(one.most) for one in strata}
    reached = variance_of_total(strata, within)
    if not variance >= reached - 1e-12 * abs(reached):
        worst = max(
            strata,
            key=lambda one: (variance_of_total([one], {one.key: within[one.key]}), one.key),
        )
        raise BoundsInfeasible(
            f"the upper bounds reach a variance of {reached:.6g}, asked for is {variance:.6g}; "
            f"stratum {worst.key} holds most of it: raise its bound or ask for less",
            worst.key,
        )
    offset = math.fsum(one.weight * one.spread for one in strata)
    active = [one for one in strata if one.weight > 0]
    goal = variance + offset

    def spent(s: float) -> float:
        parts = [_at(one, s, float(one.cost)) for one in active]
        if any(x == 0 for x in parts):
            return math.inf
        return math.fsum(one.weight**2 / x for one, x in zip(active, parts, strict=True))

    points = _meetings(active, lambda one: float(one.cost))
    before = next((s for s in points if spent(s) <= goal), None)
    units = {one.key: float(one.lower) for one in strata}
    if active and before is None:  # within rounding of the upper bounds
        before = points[-1]
    if before is not None:
        place = points.index(before)
        low = points[place - 1] if place else 0.0
        middle = (low + before) / 2
        free = [one for one in active if one.lower < _at(one, middle, float(one.cost)) < one.most]
        kept = math.fsum(
            one.weight**2 / _at(one, middle, float(one.cost)) for one in active if one not in free
        )
        s = before
        if free and goal > kept:
            pull = math.fsum(one.weight * math.sqrt(float(one.cost)) for one in free)
            s = min(max(pull / (goal - kept), low), before)
        units |= {one.key: _at(one, s, float(one.cost)) for one in active}
    return Allocation(tuple(strata), units, "variance")


def optimality_gap(allocation: Allocation) -> float:
    """How far an allocation is from the conditions of optimality: 0 for an optimum.

    Returns
    -------
    float
        Largest relative amount by which a unit moved between two strata would still help: for
        every pair where the giver is above its lower and the taker below its upper bound,
        ``slope(taker) / slope(giver) - 1`` with ``slope = A**2 / (x**2 * price)``; not below 0.

    Notes
    -----
    For a convex problem these conditions are sufficient, so 0 proves the optimum.
    """
    priced = allocation.rule in ("budget", "variance")
    giving, taking = [], []
    for one in allocation.strata:
        x = allocation.units[one.key]
        price = float(one.cost) if priced else 1.0
        if one.weight == 0:
            slope = 0.0
        else:
            slope = math.inf if x <= 0 else one.weight**2 / (x * x * price)
        if x > one.lower:
            giving.append(slope)
        if x < one.most and one.weight > 0:
            taking.append(slope)
    if not giving or not taking:
        return 0.0
    lowest = min(giving)
    return max(0.0, max(taking) / lowest - 1.0) if lowest > 0 else math.inf


def _at(one: StratumSpread, s: float, price: float) -> float:
    return min(max(s * one.weight / math.sqrt(price), float(one.lower)), float(one.most))


def _meetings(
    strata: Sequence[StratumSpread], price: Callable[[StratumSpread], float]
) -> list[float]:
    """Values of ``s`` at which a stratum meets one of its bounds, in order."""
    return sorted(
        {
            bound * math.sqrt(price(one)) / one.weight
            for one in strata
            for bound in (one.lower, one.most)
            if bound > 0
        }
    )


def _cut(
    strata: Sequence[StratumSpread],
    goal: float,
    *,
    price: Callable[[StratumSpread], float],
    rule: str,
) -> Allocation:
    """Find ``s`` with ``sum price * clip(s * A / sqrt(price)) = goal``, exactly in its interval."""
    idle = [one for one in strata if one.weight == 0]
    active = [one for one in strata if one.weight > 0]
    units = {one.key: float(one.lower) for one in strata}
    goal -= math.fsum(price(one) * one.lower for one in idle)
    full = math.fsum(price(one) * one.most for one in active)
    if goal >= full:
        units |= {one.key: float(one.most) for one in active}
        room = math.fsum(price(one) * (one.most - one.lower) for one in idle)
        share = min(1.0, (goal - full) / room) if room > 0 else 0.0
        units |= {one.key: one.lower + share * (one.most - one.lower) for one in idle}
        return Allocation(tuple(strata), units, rule)

    def spent(s: float) -> float:
        return math.fsum(price(one) * _at(one, s, price(one)) for one in active)

    low = 0.0
    for high in _meetings(active, price):
        if spent(high) >= goal:
            break
        low = high
    middle = (low + high) / 2
    free = [one for one in active if one.lower < _at(one, middle, price(one)) < one.most]
    kept = math.fsum(price(one) * _at(one, middle, price(one)) for one in active if one not in free)
    pull = math.fsum(one.weight * math.sqrt(price(one)) for one in free)
    s = min(max((goal - kept) / pull, low), high) if pull > 0 else high
    units |= {one.key: _at(one, s, price(one)) for one in active}
    return Allocation(tuple(strata), units, rule)


def _checked_total(strata: Sequence[StratumSpread], total: float) -> int:
    refuse_twins(strata)
    size = sum(one.size for one in strata)
    if not size:
        raise ValueError("the roster is empty: widen it first")
    if not 0 < total <= size:
        raise ValueError(f"the total must lie between 1 and the roster's size {size}, got {total}")
    return size
