"""Between which bounds a failure rate lies: for many units, for a roster, for several strata."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from scipy import special, stats

# A tail this near to its bound (relative) is settled by whole numbers: the library's
# hypergeometric tails are good to about 1e-13.
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Limits:
    """Two bounds of a share; ``method`` says how they were found."""

    lower: float
    upper: float
    confidence: float
    method: str

    def __post_init__(self) -> None:
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"limits must be ordered shares, got {self.lower}, {self.upper}")

    @property
    def half_width(self) -> float:
        """Half of the distance between the two."""
        return (self.upper - self.lower) / 2


@dataclass(frozen=True, slots=True)
class CountLimits:
    """Two bounds of the number D of failing units in a roster of N."""

    size: int
    drawn: int
    failing: int
    confidence: float
    lower: int
    upper: int


@dataclass(frozen=True, slots=True)
class StratumCount:
    """What an equal-probability draw found in a stratum: ``failing`` of ``drawn``, of ``size``."""

    key: str
    size: int
    drawn: int
    failing: int

    def __post_init__(self) -> None:
        if not 0 <= self.failing <= self.drawn <= self.size:
            raise ValueError(
                f"stratum {self.key}: 0 <= failing <= drawn <= size must hold, got "
                f"{self.failing}, {self.drawn}, {self.size}"
            )

    @property
    def share(self) -> float:
        """Failing share of what was drawn; needs a drawn unit."""
        return self.failing / self.drawn


def clopper_pearson(failing: int, drawn: int, *, confidence: float = 0.95) -> Limits:
    """Limits that hold at least so often as they say, for independent units.

    References
    ----------
    Clopper, C. J., & Pearson, E. S. (1934). Biometrika 26, 404-413.

    Examples
    --------
    >>> round(clopper_pearson(0, 50, confidence=0.9).upper, 6)
    0.058155
    """
    tail = _tail(failing, drawn, confidence) / 2
    return Limits(
        _beta_lower(failing, drawn, tail),
        _beta_upper(failing, drawn, tail),
        confidence,
        "clopper-pearson",
    )


def upper_limit(failing: int, drawn: int, *, confidence: float = 0.95) -> float:
    """The one bound that the rate does not exceed, with the given confidence (exact binomial)."""
    return _beta_upper(failing, drawn, _tail(failing, drawn, confidence))


def lower_limit(failing: int, drawn: int, *, confidence: float = 0.95) -> float:
    """The one bound below which the rate does not lie (exact binomial)."""
    return _beta_lower(failing, drawn, _tail(failing, drawn, confidence))


def wilson(failing: int, drawn: int, *, confidence: float = 0.95) -> Limits:
    """Limits by the score test, without continuity correction.

    References
    ----------
    Wilson, E. B. (1927). JASA 22, 209-212.
    """
    z = float(stats.norm.isf(_tail(failing, drawn, confidence) / 2))
    share, weight = failing / drawn, z * z / drawn
    middle = (share + weight / 2) / (1 + weight)
    reach = z / (1 + weight) * math.sqrt(share * (1 - share) / drawn + weight / (4 * drawn))
    lower = 0.0 if failing == 0 else max(0.0, middle - reach)
    upper = 1.0 if failing == drawn else min(1.0, middle + reach)
    return Limits(lower, upper, confidence, "wilson")


def jeffreys(failing: int, drawn: int, *, confidence: float = 0.95) -> Limits:
    """Limits of the posterior under the prior Beta(1/2, 1/2); 0 and 1 at the ends.

    References
    ----------
    Brown, L. D., Cai, T. T., & DasGupta, A. (2001). Statistical Science 16, 101-133, sec. 3.1.1.
    """
    tail = _tail(failing, drawn, confidence) / 2
    a, b = failing + 0.5, drawn - failing + 0.5
    lower = 0.0 if failing == 0 else float(special.betaincinv(a, b, tail))
    upper = 1.0 if failing == drawn else float(special.betainccinv(a, b, tail))
    return Limits(lower, upper, confidence, "jeffreys")


def roster_limits(
    failing: int, drawn: int, size: int, *, confidence: float = 0.95, sides: int = 2
) -> CountLimits:
    """How many of a roster fail, given what a draw without replacement found.

    Parameters
    ----------
    failing, drawn, size : int, 0 <= failing <= drawn <= size, drawn >= 1
        Failing of the drawn, of a roster.
    confidence : float, 0 < confidence < 1
        How often the limits are to hold.
    sides : {1, 2}
        2: each bound is passed with probability at most half of the rest; 1: the upper bound
        takes all of it and the lower is what was seen.

    Returns
    -------
    CountLimits
        Whole numbers: all D that are not contradicted, from the smallest to the largest.

    Raises
    ------
    ValueError
        If an argument lies outside its range.

    Notes
    -----
    Inversion of the exact hypergeometric test over whole D: D is kept while each tail,
    ``P(X >= failing | D)`` and ``P(X <= failing | D)``, is above its share of
    ``1 - confidence``. Holds at least as often as it says, whatever D is; zero findings are no
    special case. A tail that rounding cannot tell from its bound is computed in whole numbers.

    References
    ----------
    Buonaccorsi, J. P. (1987). The American Statistician 41, 215-218.

    Examples
    --------
    None of 10 drawn from 50 fails; up to 13 of the 50 may still do:

    >>> roster_limits(0, 10, 50).upper
    13
    """
    if sides not in (1, 2):
        raise ValueError(f"sides must be 1 or 2, got {sides}")
    if not 0 <= failing <= drawn <= size or not drawn:
        raise ValueError(
            "0 <= failing <= drawn <= size and drawn >= 1 must hold, got "
            f"{failing}, {drawn}, {size}"
        )
    bound = _rest(confidence) / sides
    low, high = failing, size - drawn + failing

    def reaches(count: int) -> bool:
        return _exceeds(failing - 1, drawn, size, count, bound, upper=True)

    def stays(count: int) -> bool:
        return _exceeds(failing, drawn, size, count, bound, upper=False)

    lower = low if sides == 1 else _first(reaches, low, high)
    upper = high - _first(lambda step: stays(high - step), 0, high - low)
    return CountLimits(size, drawn, failing, confidence, lower, upper)


def rate_limits(
    rate: float, standard_error: float, degrees: int, *, confidence: float = 0.95
) -> Limits:
    """Usual limits of an estimated rate: symmetric on the logit scale, so never outside 0 and 1.

    Parameters
    ----------
    rate : float, 0 < rate < 1
        Estimate.
    standard_error : float, >= 0
        Of the rate, the finite roster allowed for.
    degrees : int, >= 1
        Degrees of freedom: units less strata.

    Raises
    ------
    ValueError
        If the rate is 0 or 1: such a sample says nothing of the spread; use `stratified_limits`.

    References
    ----------
    Korn, E. L., & Graubard, B. I. (1998). Survey Methodology 24, 193-201.
    """
    if not 0 < rate < 1:
        raise ValueError(f"the logit needs a rate between 0 and 1, got {rate}: use exact limits")
    reach = _t(degrees, confidence) * standard_error / (rate * (1 - rate))
    middle = math.log(rate / (1 - rate))
    return Limits(
        float(special.expit(middle - reach)),
        float(special.expit(middle + reach)),
        confidence,
        "logit",
    )


def arcsine_limits(
    rate: float, standard_error: float, degrees: int, *, confidence: float = 0.95
) -> Limits:
    """Limits symmetric on the arcsine-root scale."""
    if not 0 < rate < 1:
        raise ValueError(f"the arcsine needs a rate between 0 and 1, got {rate}: use exact limits")
    middle = math.asin(math.sqrt(rate))
    reach = _t(degrees, confidence) * standard_error / (2 * math.sqrt(rate * (1 - rate)))
    lower, upper = max(0.0, middle - reach), min(math.pi / 2, middle + reach)
    return Limits(math.sin(lower) ** 2, math.sin(upper) ** 2, confidence, "arcsine")


def plain_limits(
    rate: float, standard_error: float, degrees: int, *, confidence: float = 0.95
) -> Limits:
    """Limits symmetric about the rate, cut at 0 and 1."""
    reach = _t(degrees, confidence) * standard_error
    return Limits(max(0.0, rate - reach), min(1.0, rate + reach), confidence, "plain")


def stratified_limits(strata: Sequence[StratumCount], *, confidence: float = 0.95) -> Limits:
    """Limits of the rate over all strata that hold at least as often as they say.

    Parameters
    ----------
    strata : sequence of StratumCount
        Equal-probability draws, independent of each other. A stratum of which nothing was drawn
        may hold any number of failing units, and the limits say so.
    confidence : float, 0 < confidence < 1
        How often the limits are to hold.

    Returns
    -------
    Limits
        ``method`` "exact-none-found", "exact-joint" or "census".

    Raises
    ------
    ValueError
        If the roster is empty.

    Notes
    -----
    *Nothing found anywhere.* The lower bound is 0. The upper bound is the largest total D for
    which some split over the strata still gives "nothing found" a probability above
    ``1 - confidence``: an exact one-sided test of every split. The log probability of a stratum
    is concave in its D, so the largest total is found by adding failing units one by one where
    they cost least; it is the exact optimum for the reason given in `allocation`.

    *Otherwise* each stratum gets exact limits that hold jointly (Šidák: confidence to the power
    one over the number of strata not fully drawn), and the bounds are added up. Safe, and wider
    than need be; `rate_limits` is the usual, shorter answer where enough was found.

    References
    ----------
    Šidák, Z. (1967). JASA 62, 626-633.
    """
    size = sum(one.size for one in strata)
    if not size:
        raise ValueError("limits need a roster that is not empty")
    rest = float(_rest(confidence))
    if all(one.drawn == one.size for one in strata):
        share = sum(one.failing for one in strata) / size
        return Limits(share, share, confidence, "census")
    if not any(one.failing for one in strata):
        return Limits(0.0, _most_hidden(strata, rest) / size, confidence, "exact-none-found")
    partly = sum(one.drawn < one.size for one in strata)
    each = confidence ** (1 / partly)
    lower = upper = 0
    for one in strata:
        if not one.drawn:
            upper += one.size
            continue
        if one.drawn == one.size:
            lower, upper = lower + one.failing, upper + one.failing
            continue
        found = roster_limits(one.failing, one.drawn, one.size, confidence=each)
        lower, upper = lower + found.lower, upper + found.upper
    return Limits(lower / size, upper / size, confidence, "exact-joint")


def _most_hidden(strata: Sequence[StratumCount], rest: float) -> int:
    """Most failing units of which a draw sees none with probability above `rest`."""
    budget = -math.log(rest)
    hidden = sum(one.size for one in strata if not one.drawn)  # nothing speaks against them

    def cost(one: StratumCount, count: int) -> float:
        """What the (count + 1)th failing unit takes from the log probability of seeing none."""
        left = one.size - count
        return math.inf if left <= one.drawn else math.log(left / (left - one.drawn))

    heap = [(cost(one, 0), place, 0) for place, one in enumerate(strata) if one.drawn]
    heapq.heapify(heap)
    spent = 0.0
    while heap:
        step, place, count = heap[0]
        if not spent + step < budget:
            break
        spent, hidden = spent + step, hidden + 1
        heapq.heapreplace(heap, (cost(strata[place], count + 1), place, count + 1))
    return hidden


def _exceeds(seen: int, drawn: int, size: int, count: int, bound: Fraction, *, upper: bool) -> bool:
    """Whether the tail beyond `seen` (upper) or up to it is above the bound, exactly."""
    tail = float((stats.hypergeom.sf if upper else stats.hypergeom.cdf)(seen, size, count, drawn))
    limit = float(bound)
    if abs(tail - limit) > _CLOSE * limit:
        return tail > limit
    first, last = max(0, drawn - size + count), min(count, drawn)
    range_ = range(seen + 1, last + 1) if upper else range(first, seen + 1)
    ways = sum(math.comb(count, k) * math.comb(size - count, drawn - k) for k in range_)
    return Fraction(ways, math.comb(size, drawn)) > bound


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The first whole number of a range from which on a claim holds; it holds at the end."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _rest(confidence: float) -> Fraction:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    return 1 - Fraction(str(confidence))  # 0.95 means nineteen twentieths, not the nearest double


def _tail(failing: int, drawn: int, confidence: float) -> float:
    if not 0 <= failing <= drawn or not drawn:
        raise ValueError(f"0 <= failing <= drawn and drawn >= 1 must hold, got {failing}, {drawn}")
    return float(_rest(confidence))


def _beta_lower(failing: int, drawn: int, tail: float) -> float:
    if failing == 0:
        return 0.0
    return float(special.betaincinv(failing, drawn - failing + 1, tail))


def _beta_upper(failing: int, drawn: int, tail: float) -> float:
    if failing == drawn:
        return 1.0
    return float(special.betainccinv(failing + 1, drawn - failing, tail))


def _t(degrees: int, confidence: float) -> float:
    if degrees < 1:
        raise ValueError(f"limits need at least 1 degree of freedom, got {degrees}")
    return float(stats.t.isf(float(_rest(confidence)) / 2, degrees))
