"""The smallest single plan that keeps both risks, found by search and proven smallest.

For a given acceptance number the consumer's risk asks for at least some sample size and the
producer's risk for at most another; both bounds rise with the acceptance number. The first
acceptance number at which the one does not exceed the other gives the smallest sample there is,
and the bounds of the numbers before it are the proof.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from sampling.maths.oc import Model, SinglePlan, acceptance_probabilities
from sampling.maths.ranges import OutOfRange, share, whole

MOST_FINDINGS_TRIED: Final = 1000
LARGEST_SOUGHT: Final = 100_000


@dataclass(frozen=True, slots=True)
class Risks:
    """What a plan must keep.

    Lots of quality ``aql`` or better are rejected with at most ``producer_risk``, lots of quality
    ``limit`` (LQ) or worse accepted with at most ``consumer_risk``. Qualities are shares; under
    the Poisson model findings per item.
    """

    aql: float
    limit: float
    producer_risk: float = 0.05
    consumer_risk: float = 0.10

    def __post_init__(self) -> None:
        share("aql", self.aql, "a share of 1: 5 percent is 0.05", open_ends=True)
        share("limit", self.limit, "a share of 1: 5 percent is 0.05", open_ends=True)
        share("producer_risk", self.producer_risk, "0.05 is usual", open_ends=True)
        share("consumer_risk", self.consumer_risk, "0.10 is usual", open_ends=True)
        if self.limit <= self.aql:
            raise OutOfRange(
                "limit", f"worse than the AQL {self.aql:g}", self.limit, "raise it or lower the AQL"
            )
        if self.producer_risk + self.consumer_risk >= 1:
            raise OutOfRange(
                "consumer_risk",
                "such that both risks together stay below 1",
                self.consumer_risk,
                "lower one of them",
            )


@dataclass(frozen=True, slots=True)
class Bounds:
    """For one acceptance number, what both sides ask of the sample size.

    The consumer needs ``needed`` items or more, the producer bears ``borne`` or fewer; no plan
    has this acceptance number if ``needed > borne``.
    """

    acceptance: int
    needed: int
    borne: int


@dataclass(frozen=True, slots=True)
class FoundPlan:
    """The smallest plan, the risks it really has, and the proof that none is smaller."""

    risks: Risks
    model: Model
    lot_size: int | None
    good: float  # the quality checked for the producer: a count of failing items, or a share
    bad: float  # the same for the consumer
    plan: SinglePlan
    producer_risk: float
    consumer_risk: float
    proof: tuple[Bounds, ...]  # by acceptance number from 0 to the plan's


def _counts(risks: Risks, lot_size: int) -> tuple[int, int]:
    """Worst lot within the AQL and best lot at the limit, in failing items, without rounding."""
    good = Fraction(repr(risks.aql)) * lot_size
    bad = Fraction(repr(risks.limit)) * lot_size
    return good.numerator // good.denominator, -(-bad.numerator // bad.denominator)


def find_plan(risks: Risks, *, model: Model, lot_size: int | None = None) -> FoundPlan:
    """Which is the smallest single plan that keeps both risks?

    Parameters
    ----------
    risks : Risks
        Two qualities and two risks.
    model : Model
        Distribution of the findings.
    lot_size : int, optional
        Items in the lot; for the hypergeometric model.

    Returns
    -------
    FoundPlan
        Plan, its real risks, and for each smaller acceptance number why no sample size serves.

    Raises
    ------
    OutOfRange
        If an argument lies outside its range, or more than 100 000 items would be needed.

    Notes
    -----
    Hypergeometric: the lot at the AQL has floor(N·AQL) failing items and the lot at the limit
    ceil(N·LQ), so that both risks hold for every lot that is at least as good, or as bad.
    Not searched: plans of two samples.

    References
    ----------
    Hald, A. (1981). Statistical Theory of Sampling Inspection by Attributes, ch. 2;
    Guenther, W. C. (1969). Use of the binomial, hypergeometric and Poisson tables to obtain
    sampling plans. Journal of Quality Technology 1.

    Examples
    --------
    >>> find_plan(Risks(0.01, 0.05), model=Model.BINOMIAL).plan
    SinglePlan(size=132, acceptance=3)
    """
    good, bad = risks.aql, risks.limit
    largest = LARGEST_SOUGHT
    if model == Model.HYPERGEOMETRIC:
        if lot_size is None:
            raise OutOfRange("lot_size", "given for this model", None, "or use binomial")
        whole("lot_size", lot_size, 2, 1_000_000_000, "give the number of items in the lot")
        good, bad = _counts(risks, lot_size)
        largest = min(largest, lot_size)

    def accepted(quality: float, size: int, acceptance: int) -> float:
        return acceptance_probabilities(
            SinglePlan(size, acceptance), [quality], model=model, lot_size=lot_size
        )[0]

    def keeps_consumer(size: int) -> bool:
        return accepted(bad, size, acceptance) <= risks.consumer_risk

    def breaks_producer(size: int) -> bool:
        return accepted(good, size, acceptance) < 1 - risks.producer_risk

    proof: list[Bounds] = []
    needed = borne = 1
    for acceptance in range(MOST_FINDINGS_TRIED):
        # Both bounds rise with the acceptance number, so each search begins at the last one.
        needed = first_size(needed, largest, keeps_consumer)
        if needed > largest:
            break
        borne = first_size(max(borne, 1), largest, breaks_producer) - 1
        proof.append(Bounds(acceptance, needed, borne))
        if needed <= borne:
            return FoundPlan(
                risks=risks,
                model=model,
                lot_size=lot_size,
                good=good,
                bad=bad,
                plan=SinglePlan(needed, acceptance),
                producer_risk=1 - accepted(good, needed, acceptance),
                consumer_risk=accepted(bad, needed, acceptance),
                proof=tuple(proof),
            )
    raise OutOfRange(
        "limit",
        f"far enough from the AQL for a sample of {largest} items",
        risks.limit,
        "raise it, or allow higher risks",
    )


def first_size(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The first size from ``low`` at which a claim holds that stays true; else ``high + 1``.

    Doubling steps, then halving: a handful of evaluations even for large samples.
    """
    step, last = 1, low - 1
    at = low
    while at <= high and not holds(at):
        last, at, step = at, min(at + step, high) if at < high else high + 1, step * 2
    if at > high:
        return high + 1
    while at - last > 1:
        middle = (at + last) // 2
        last, at = (last, middle) if holds(middle) else (middle, at)
    return at
