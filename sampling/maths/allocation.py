"""How many units each stratum gives: proportional, Neyman, cost-optimal, bounded, in whole units.

All optima here minimise the same thing, the variance of a stratified total
``sum A_h**2 / x_h - sum A_h * S_h`` with ``A_h = N_h * S_h``; its second part does not depend on
the allocation.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal


class BoundsInfeasible(ValueError):
    """No allocation keeps the bounds; ``stratum`` is the one to look at first."""

    def __init__(self, words: str, stratum: str) -> None:
        super().__init__(words)
        self.stratum = stratum


@dataclass(frozen=True, slots=True)
class StratumSpread:
    """What an allocation knows of a stratum.

    Parameters
    ----------
    key : str
        Its name.
    size : int, >= 0
        N, units in the roster.
    spread : float, >= 0
        S, standard deviation of what is measured, over the units of the stratum.
    cost : Decimal, > 0
        Money for one visit. Exact: it is added up as it stands.
    lower, upper : int, 0 <= lower <= upper <= size
        Fewest and most units; without ``upper``, the size.
    """

    key: str
    size: int
    spread: float
    cost: Decimal = Decimal(1)
    lower: int = 0
    upper: int | None = None

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError(f"stratum {self.key}: size must be at least 0, got {self.size}")
        if not (math.isfinite(self.spread) and self.spread >= 0):
            raise ValueError(f"stratum {self.key}: spread must be at least 0, got {self.spread}")
        if not (self.cost.is_finite() and self.cost > 0):
            raise ValueError(f"stratum {self.key}: cost must be above 0, got {self.cost}")
        if not 0 <= self.lower <= self.most:
            raise BoundsInfeasible(
                f"stratum {self.key}: its lower bound {self.lower} must lie between 0 and its "
                f"upper bound {self.most}",
                self.key,
            )
        if self.most > self.size:
            raise BoundsInfeasible(
                f"stratum {self.key}: its upper bound {self.most} is above its size {self.size}",
                self.key,
            )

    @property
    def most(self) -> int:
        """The upper bound."""
        return self.size if self.upper is None else self.upper

    @property
    def weight(self) -> float:
        """A = N * S."""
        return self.size * self.spread


@dataclass(frozen=True, slots=True)
class Allocation:
    """Units by stratum, and what they give.

    ``variance`` is that of the estimated total, without replacement; infinite where a stratum
    with spread gets nothing. ``cost`` is exact for whole units, else rounded.
    """

    strata: tuple[StratumSpread, ...]
    units: Mapping[str, float]
    rule: str

    @property
    def total(self) -> float:
        """Units in all."""
        return math.fsum(self.units.values())

    @property
    def variance(self) -> float:
        """Variance of the estimated total."""
        return variance_of_total(self.strata, self.units)

    @property
    def cost(self) -> Decimal:
        """Money for all visits."""
        return sum((one.cost * Decimal(self.units[one.key]) for one in self.strata), Decimal(0))


def variance_of_total(strata: Sequence[StratumSpread], units: Mapping[str, float]) -> float:
    """Variance of the stratified estimate of a total, drawn without replacement.

    Parameters
    ----------
    strata : sequence of StratumSpread
        The strata.
    units : mapping of str to float
        Units drawn of each.

    Returns
    -------
    float
        ``sum A**2 / x - A * S``; infinite if a stratum with spread gets nothing.

    References
    ----------
    Cochran, W. G. (1977). Sampling Techniques, 3rd ed., eq. (5.6).

    Examples
    --------
    >>> variance_of_total([StratumSpread("A", 10, 2.0)], {"A": 5.0})
    40.0
    """
    parts = []
    for one in strata:
        if one.weight == 0:
            continue
        if units[one.key] <= 0:
            return math.inf
        parts.append(one.weight**2 / units[one.key] - one.weight * one.spread)
    return math.fsum(parts)


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
    _check_bounds(strata, total)
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
    _refuse_twins(strata)
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
    _refuse_twins(strata)
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


def integer_optimum(strata: Sequence[StratumSpread], total: int) -> Allocation:
    """The smallest variance that whole units reach, within the bounds.

    Parameters
    ----------
    strata : sequence of StratumSpread
        Distinct keys; costs are not looked at.
    total : int
        Units in all, between the sum of the lower and that of the upper bounds.

    Returns
    -------
    Allocation
        Whole numbers. Among equal gains the stratum named first gets the unit.

    Raises
    ------
    BoundsInfeasible
        If the total lies outside the bounds.

    Notes
    -----
    From the lower bounds on, each unit goes where it takes away most variance. The gain of the
    next unit of a stratum that has ``x`` is ``A**2 / x - A**2 / (x + 1) = A**2 / (x (x + 1))``.

    *Why this is the optimum.* The gains of one stratum fall with ``x`` (the variance is convex),
    so the units of each stratum can be taken as a list of gains in falling order. Any allocation
    takes the first ``x - lower`` of each list, and its variance is that of the lower bounds less
    what it takes: it takes ``k = total - sum(lower)`` gains in all. No choice of ``k`` gains is
    worth more than the ``k`` largest of all lists together; the greedy walk takes exactly those,
    and because each list falls, they are the first ones of each list, so an allocation. Rounding
    a fractional optimum cannot beat it. The proof needs equal prices: with unequal costs the
    whole-unit problem is a knapsack, see `whole_units_for_budget`.

    A stratum with spread and no unit has infinite variance; its first unit comes first, larger
    ``A`` before smaller. Gains are compared as floating-point numbers; two that differ by less
    than one part in 10**15 may be taken in either order.

    References
    ----------
    Gross, O. (1956). A class of discrete-type minimization problems. RAND RM-1644.
    Wright, T. (2017). Exact optimal sample allocation. Statistics & Probability Letters 129.

    Examples
    --------
    >>> two = [StratumSpread("A", 30, 1.0), StratumSpread("B", 10, 5.0)]
    >>> dict(integer_optimum(two, 9).units)
    {'A': 3, 'B': 6}
    """
    _check_bounds(strata, total)
    units = {one.key: one.lower for one in strata}
    heap = [
        (*_gain(one, one.lower), place) for place, one in enumerate(strata) if one.lower < one.most
    ]
    heapq.heapify(heap)
    for _ in range(total - sum(units.values())):
        place = heap[0][-1]
        one = strata[place]
        units[one.key] += 1
        if units[one.key] < one.most:
            heapq.heapreplace(heap, (*_gain(one, units[one.key]), place))
        else:
            heapq.heappop(heap)
    return Allocation(tuple(strata), units, "integer")


def whole_units_for_budget(strata: Sequence[StratumSpread], budget: Decimal) -> Allocation:
    """Whole units within a budget: the fractional optimum rounded down, the rest spent greedily.

    Raises
    ------
    BoundsInfeasible
        If the lower bounds cost more than the budget.

    Notes
    -----
    Never above the budget, counted exactly. With unequal costs this is a knapsack: the result is
    a good allocation, not a proven optimum; what stays unspent is less than the dearest visit.
    """
    ideal = optimal_for_budget(strata, budget)
    # A fraction that is whole up to rounding stays whole.
    units = {one.key: max(one.lower, math.floor(ideal.units[one.key] + 1e-9)) for one in strata}
    left = budget - sum((one.cost * units[one.key] for one in strata), Decimal(0))
    while left < 0:  # only by the tolerance above
        one = max((o for o in strata if units[o.key] > o.lower), key=lambda o: o.cost)
        units[one.key] -= 1
        left += one.cost
    while True:
        open_ = [o for o in strata if units[o.key] < o.most and o.cost <= left]
        if not open_:
            break
        best = min(open_, key=lambda o: _gain_for_money(o, units[o.key]))
        units[best.key] += 1
        left -= best.cost
    return Allocation(tuple(strata), units, "whole units for a budget")


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


def _gain(one: StratumSpread, x: int) -> tuple[float, float]:
    """Sort key of the next unit of a stratum that has `x`; smaller is better."""
    if x == 0:
        return (-math.inf if one.weight > 0 else 0.0), -one.weight
    return -(one.weight**2) / (x * (x + 1)), 0.0


def _gain_for_money(one: StratumSpread, x: int) -> tuple[float, float]:
    gain, tie = _gain(one, x)
    return gain / float(one.cost), tie


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
    _refuse_twins(strata)
    size = sum(one.size for one in strata)
    if not size:
        raise ValueError("the roster is empty: widen it first")
    if not 0 < total <= size:
        raise ValueError(f"the total must lie between 1 and the roster's size {size}, got {total}")
    return size


def _refuse_twins(strata: Sequence[StratumSpread]) -> None:
    keys = [one.key for one in strata]
    twin = next((key for place, key in enumerate(keys) if keys.index(key) != place), None)
    if twin is not None:
        raise ValueError(f"stratum {twin} is named twice")


def _check_bounds(strata: Sequence[StratumSpread], total: float) -> None:
    _refuse_twins(strata)
    least, most = sum(one.lower for one in strata), sum(one.most for one in strata)
    if total < least:
        worst = max(strata, key=lambda one: (one.lower, one.key))
        raise BoundsInfeasible(
            f"the lower bounds need {least} units, {total} are to be drawn; stratum {worst.key} "
            f"alone asks for {worst.lower}: draw more or lower its bound",
            worst.key,
        )
    if total > most:
        capped = [one for one in strata if one.most < one.size] or list(strata)
        if not capped:
            raise ValueError("there is no stratum to draw from")
        worst = max(capped, key=lambda one: (one.size - one.most, one.key))
        raise BoundsInfeasible(
            f"the upper bounds allow {most} units, {total} are to be drawn; stratum {worst.key} "
            f"stops at {worst.most} of {worst.size}: draw fewer or raise its bound",
            worst.key,
        )
