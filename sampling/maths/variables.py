"""Variables plans by the k-method, as in ISO 3951-1 and GB/T 6378.1: one characteristic, one limit.

A lot is accepted if the distance from the sample mean to the specification limit is at least k
standard deviations. With a known process spread the distance is normal; with the sample's own
spread it follows the noncentral t distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Final

from scipy import stats

from sampling.maths.plan_search import Risks
from sampling.maths.ranges import OutOfRange, share, whole

LARGEST_SAMPLE: Final = 5_000
LARGEST_K: Final = 20.0


@dataclass(frozen=True, slots=True)
class VariablesPlan:
    """Accept if (limit - mean) / spread >= ``constant``, for an upper limit; lower: mirrored."""

    size: int
    constant: float
    spread_known: bool

    def __post_init__(self) -> None:
        least = 1 if self.spread_known else 2
        whole("size", self.size, least, LARGEST_SAMPLE, "an unknown spread needs two items")
        if not -LARGEST_K <= self.constant <= LARGEST_K:
            raise OutOfRange("constant", "from -20 to 20", self.constant, "usual is 1 to 3")


@dataclass(frozen=True, slots=True)
class FoundVariablesPlan:
    """The smallest plan with the risks it has, and between which constants one might choose."""

    risks: Risks
    plan: VariablesPlan
    producer_risk: float
    consumer_risk: float
    lowest_constant: float  # below it the consumer's risk is not kept
    highest_constant: float  # above it the producer's is not


def variables_acceptance(plan: VariablesPlan, shares: Sequence[float]) -> list[float]:
    """With which probability is a lot accepted whose share of failing items is given?

    Parameters
    ----------
    plan : VariablesPlan
        Sample size and acceptability constant.
    shares : sequence of float, shape (points,), 0 < share < 1
        Share of items beyond the limit.

    Returns
    -------
    list of float
        Probabilities in the order of ``shares``.

    Raises
    ------
    OutOfRange
        If a share lies outside its range.

    Notes
    -----
    Assumes a normal characteristic, which the method cannot check by itself: with another shape
    the real risks differ. Known spread: Φ((z(1-p) - k)·√n). Unknown spread:
    P(T' >= k·√n), T' noncentral t with n-1 degrees of freedom and noncentrality z(1-p)·√n.

    References
    ----------
    Resnikoff, G. J., & Lieberman, G. J. (1957). Tables of the Non-Central t-Distribution.
    ISO 3951-1:2022 (plans here are computed, not taken from its tables).

    Examples
    --------
    >>> round(variables_acceptance(VariablesPlan(10, 1.5, True), [0.05])[0], 9)
    0.676547986
    """
    for each in shares:
        share("quality", each, "a share of 1: 5 percent is 0.05", open_ends=True)
    root = sqrt(plan.size)
    found = []
    for each in shares:
        distance = float(stats.norm.isf(each))
        if plan.spread_known:
            chance = stats.norm.cdf((distance - plan.constant) * root)
        else:
            chance = stats.nct.sf(plan.constant * root, plan.size - 1, distance * root)
        found.append(float(chance))
    return found


def _constants(risks: Risks, size: int, *, spread_known: bool) -> tuple[float, float]:
    """The lowest constant that keeps the consumer's risk, the highest that keeps the producer's."""
    root = sqrt(size)
    good, bad = float(stats.norm.isf(risks.aql)), float(stats.norm.isf(risks.limit))
    if spread_known:
        low = bad + float(stats.norm.isf(risks.consumer_risk)) / root
        high = good - float(stats.norm.isf(risks.producer_risk)) / root
        return low, high
    low = float(stats.nct.isf(risks.consumer_risk, size - 1, bad * root)) / root
    high = float(stats.nct.ppf(risks.producer_risk, size - 1, good * root)) / root
    return low, high


def find_variables_plan(risks: Risks, *, spread_known: bool) -> FoundVariablesPlan:
    """Which is the smallest variables plan that keeps both risks?

    Parameters
    ----------
    risks : Risks
        Qualities as shares, and both risks.
    spread_known : bool
        Whether the standard deviation of the process is known (σ-method) or taken from the
        sample (s-method).

    Returns
    -------
    FoundVariablesPlan
        The constant is the highest that keeps the producer's risk: what the rounding up of the
        sample size leaves over goes to the consumer.

    Raises
    ------
    OutOfRange
        If a quality or risk lies outside its range, or 5 000 items do not suffice.

    References
    ----------
    As `variables_acceptance`.

    Examples
    --------
    >>> found = find_variables_plan(Risks(0.005, 0.03), spread_known=True)
    >>> found.plan.size, round(found.plan.constant, 6)
    (18, 2.188134)
    """
    least = 1 if spread_known else 2
    spread = sum(float(stats.norm.isf(each)) for each in (risks.producer_risk, risks.consumer_risk))
    apart = float(stats.norm.isf(risks.aql) - stats.norm.isf(risks.limit))
    sigma_size = max(1, ceil((spread / apart) ** 2 - 1e-9))

    def serves(size: int) -> bool:
        low, high = _constants(risks, size, spread_known=spread_known)
        return low <= high

    low, high = least, LARGEST_SAMPLE
    if sigma_size > LARGEST_SAMPLE or not serves(high):
        raise OutOfRange(
            "limit",
            f"far enough from the AQL for a sample of {LARGEST_SAMPLE} items",
            risks.limit,
            "raise it, or allow higher risks",
        )
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if serves(middle) else (middle + 1, high)
    lowest, highest = _constants(risks, low, spread_known=spread_known)
    plan = VariablesPlan(low, highest, spread_known)
    good, bad = variables_acceptance(plan, [risks.aql, risks.limit])
    return FoundVariablesPlan(risks, plan, 1 - good, bad, lowest, highest)
