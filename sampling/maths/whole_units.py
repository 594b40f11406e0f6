"""Allocations in whole units: the optimum, the best for a budget, the nearest to wanted shares."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

from sampling.maths.allocation import optimal, optimal_for_budget
from sampling.maths.strata import Allocation, StratumSpread, check_bounds


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

    The walk starts where all gains above a threshold are already taken: the slope of the
    fractional optimum with one unit less per stratum. Whole units above that slope are at most
    one per stratum more than its fractions, so never too many.

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
    check_bounds(strata, total)
    units = _head_start(strata, total)
    heap = [
        (*_gain(one, units[one.key]), place)
        for place, one in enumerate(strata)
        if units[one.key] < one.most
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


def apportioned(goals: Mapping[str, float], caps: Mapping[str, int], total: int) -> dict[str, int]:
    """Whole numbers nearest to wanted shares, none above its cap, that add up to a total.

    Parameters
    ----------
    goals : mapping of str to float
        Wanted in proportion; what a cap cuts off goes to the others in the same proportion.
    caps : mapping of str to int
        Most of each.
    total : int
        Sum; not above that of the caps of positive goals.

    Returns
    -------
    dict of str to int
        By largest remainder, ties to the name given first.

    Examples
    --------
    >>> apportioned({"A": 7, "B": 2, "C": 1}, {"A": 100, "B": 100, "C": 100}, 14)
    {'A': 10, 'B': 3, 'C': 1}
    """
    wanted = dict.fromkeys(goals, 0.0)
    open_, left = {key for key in goals if goals[key] > 0}, float(total)
    while open_:
        whole = math.fsum(goals[key] for key in goals if key in open_)
        share = {key: left * goals[key] / whole for key in goals if key in open_}
        full = [key for key, value in share.items() if value > caps[key]]
        if not full:
            wanted |= share
            break
        for key in full:
            wanted[key] = float(caps[key])
            left -= caps[key]
            open_.discard(key)
    units = {key: math.floor(value + 1e-9) for key, value in wanted.items()}
    rest = sorted(
        (key for key in goals if units[key] < caps[key] and goals[key] > 0),
        key=lambda key: units[key] - wanted[key],
    )
    for key in rest[: total - sum(units.values())]:
        units[key] += 1
    return units


def _head_start(strata: Sequence[StratumSpread], total: int) -> dict[str, int]:
    """Units whose gains lie above a threshold that the optimum surely passes."""
    units = {one.key: one.lower for one in strata}
    fewer = total - len(strata)
    if fewer <= sum(units.values()):
        return units
    ideal = optimal(strata, fewer).units
    open_ = [one for one in strata if one.weight > 0 and ideal[one.key] < one.most]
    slope = max(((one.weight / max(ideal[one.key], 1e-300)) ** 2 for one in open_), default=0.0)
    if not 0 < slope < math.inf:
        return units
    for one in strata:
        # The k-th unit gains A**2 / (k (k - 1)); a part in 10**9 of room for rounding.
        within = one.weight**2 / slope * (1 - 1e-9)
        most = one.most
        if within < 1e300:  # else a spread so much larger than the others wants all
            most = math.floor((1 + math.sqrt(1 + 4 * within)) / 2)
        units[one.key] = max(one.lower, min(most, one.most)) if one.weight > 0 else one.lower
    return units


def _gain(one: StratumSpread, x: int) -> tuple[float, float]:
    """Sort key of the next unit of a stratum that has `x`; smaller is better."""
    if x == 0:
        return (-math.inf if one.weight > 0 else 0.0), -one.weight
    return -(one.weight**2) / (x * (x + 1)), 0.0


def _gain_for_money(one: StratumSpread, x: int) -> tuple[float, float]:
    gain, tie = _gain(one, x)
    return gain / float(one.cost), tie
