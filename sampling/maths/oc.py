"""How a sampling plan behaves: probability of acceptance, sample number, outgoing quality.

Hypergeometric for a lot of known size, binomial for a long series of lots, Poisson for findings
per 100 items. Nothing here knows where a plan comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from sampling.maths.ranges import OutOfRange, whole

LARGEST_SAMPLE = 1_000_000
MOST_FINDINGS_PER_ITEM = 1000.0
WIDEST_GAP = 100  # between acceptance and rejection of a first sample


class Model(StrEnum):
    """What the number of findings in a sample is distributed like."""

    HYPERGEOMETRIC = "hypergeometric"  # without replacement, from a lot of known size
    BINOMIAL = "binomial"  # failing items, lots from a process
    POISSON = "poisson"  # findings per item; an item may have several


@dataclass(frozen=True, slots=True)
class SinglePlan:
    """Inspect ``size`` items, accept with ``acceptance`` findings or fewer."""

    size: int
    acceptance: int

    def __post_init__(self) -> None:
        whole("size", self.size, 1, LARGEST_SAMPLE, "give the sample size of the plan")
        whole("acceptance", self.acceptance, 0, LARGEST_SAMPLE, "give the acceptance number")

    @property
    def most(self) -> int:
        """The most items that can be inspected."""
        return self.size


@dataclass(frozen=True, slots=True)
class DoublePlan:
    """Two samples; the second only if the first decides nothing.

    First sample: accept with ``first_acceptance`` findings or fewer, reject with
    ``first_rejection`` or more. Both together: accept with ``acceptance`` or fewer.
    """

    first_size: int
    second_size: int
    first_acceptance: int
    first_rejection: int
    acceptance: int

    def __post_init__(self) -> None:
        for field in ("first_size", "second_size"):
            whole(field, getattr(self, field), 1, LARGEST_SAMPLE, "give both sample sizes")
        whole(
            "first_acceptance",
            self.first_acceptance,
            0,
            LARGEST_SAMPLE,
            "give the acceptance number",
        )
        whole(
            "first_rejection",
            self.first_rejection,
            self.first_acceptance + 2,
            self.first_acceptance + WIDEST_GAP,
            "without a number in between there is no second sample; use a single plan",
        )
        whole(
            "acceptance",
            self.acceptance,
            self.first_rejection - 1,
            LARGEST_SAMPLE,
            "otherwise a first sample that goes on could already be rejected",
        )

    @property
    def rejection(self) -> int:
        """The rejection number of both samples together."""
        return self.acceptance + 1

    @property
    def most(self) -> int:
        """The most items that can be inspected."""
        return self.first_size + self.second_size


AnyPlan = SinglePlan | DoublePlan
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Characteristic:
    """What a plan does at one quality.

    ``quality`` is the share of failing items (Poisson: findings per item); ``failing`` their
    number in a lot of known size. ``outgoing`` and ``inspected`` suppose that a rejected lot is
    inspected item by item and mended; ``inspected`` is None without a lot size.
    """

    quality: float
    failing: int | None
    acceptance: float
    sample_number: float
    outgoing: float
    inspected: float | None


def _check(plan: AnyPlan, qualities: Sequence[float], model: Model, lot_size: int | None) -> None:
    if model == Model.HYPERGEOMETRIC:
        if lot_size is None:
            raise OutOfRange("lot_size", "given for this model", None, "or use binomial")
        whole("lot_size", lot_size, 1, 1_000_000_000, "give the number of items in the lot")
        if plan.most > lot_size:
            raise OutOfRange(
                "size", f"at most the lot's {lot_size}", plan.most, "inspect the whole lot instead"
            )
        for each in qualities:
            if not 0 <= each <= lot_size or each != int(each):
                raise OutOfRange(
                    "failing", f"whole numbers from 0 to {lot_size}", each, "give counts, no shares"
                )
        return
    high = 1.0 if model == Model.BINOMIAL else MOST_FINDINGS_PER_ITEM
    for each in qualities:
        if not 0 <= each <= high:
            raise OutOfRange(
                "quality", f"from 0 to {high:g} per item", each, "a share of 1: 5 percent is 0.05"
            )


def _below(
    model: Model,
    size: int,
    most: Any,
    quality: Values,
    lot_size: int | None,
    taken: tuple[int, Any],
) -> Values:
    """P(findings <= most) in a sample, after ``taken`` (items, findings) went before."""
    if model == Model.HYPERGEOMETRIC:
        assert lot_size is not None
        left = np.maximum(quality - taken[1], 0)
        return np.asarray(stats.hypergeom.cdf(most, lot_size - taken[0], left, size))
    if model == Model.BINOMIAL:
        return np.asarray(stats.binom.cdf(most, size, quality))
    return np.asarray(stats.poisson.cdf(most, size * quality))


def _exactly(
    model: Model, size: int, count: NDArray[np.int64], quality: Values, lot_size: int | None
) -> Values:
    if model == Model.HYPERGEOMETRIC:
        assert lot_size is not None
        return np.asarray(stats.hypergeom.pmf(count, lot_size, quality, size))
    if model == Model.BINOMIAL:
        # Not binom.pmf: it overflows for shares near the smallest number there is.
        kept = np.minimum(count, size)
        ways = special.gammaln(size + 1) - special.gammaln(kept + 1)
        ways = ways - special.gammaln(size - kept + 1)
        powers = special.xlogy(kept, quality) + special.xlog1py(size - kept, -quality)
        return np.where(count <= size, np.exp(ways + powers), 0.0)
    return np.asarray(stats.poisson.pmf(count, size * quality))


def _parts(
    plan: AnyPlan, quality: Values, model: Model, lot_size: int | None
) -> tuple[Values, Values, Values]:
    """P(accepted on the first sample), P(accepted on the second), P(a second is taken)."""
    if isinstance(plan, SinglePlan):
        first = _below(model, plan.size, plan.acceptance, quality, lot_size, (0, 0))
        return first, np.zeros_like(first), np.zeros_like(first)
    first = _below(model, plan.first_size, plan.first_acceptance, quality, lot_size, (0, 0))
    # A row for each count of the first sample that decides nothing.
    counts = np.arange(plan.first_acceptance + 1, plan.first_rejection)[:, np.newaxis]
    here = _exactly(model, plan.first_size, counts, quality, lot_size)
    rest = _below(
        model,
        plan.second_size,
        plan.acceptance - counts,
        quality,
        lot_size,
        (plan.first_size, counts),
    )
    second = np.where(here > 0, here * rest, 0.0).sum(axis=0)
    return first, second, here.sum(axis=0)


def acceptance_probabilities(
    plan: AnyPlan, qualities: Sequence[float], *, model: Model, lot_size: int | None = None
) -> list[float]:
    """With which probability is a lot of each quality accepted?

    Parameters
    ----------
    plan : SinglePlan or DoublePlan
        The plan.
    qualities : sequence of float, shape (points,)
        Hypergeometric: failing items in the lot, counts. Binomial: shares, 0 to 1. Poisson:
        findings per item, 0 or more.
    model : Model
        Distribution of the findings.
    lot_size : int, optional
        Items in the lot; needed for the hypergeometric model only.

    Returns
    -------
    list of float
        Probabilities in the order of ``qualities``.

    Raises
    ------
    OutOfRange
        If an argument lies outside its range.

    Notes
    -----
    Assumes a perfect test and a random sample. No curtailment: samples are inspected whole.

    References
    ----------
    Montgomery, D. C. (2013). Introduction to Statistical Quality Control, 7th ed., ch. 15.

    Examples
    --------
    Eight of fifty with one failing item miss it with probability 42/50:

    >>> round(acceptance_probabilities(
    ...     SinglePlan(8, 0), [1], model=Model.HYPERGEOMETRIC, lot_size=50)[0], 12)
    0.84
    """
    _check(plan, qualities, model, lot_size)
    first, second, _ = _parts(plan, np.asarray(qualities, dtype=float), model, lot_size)
    return [float(each) for each in np.clip(first + second, 0.0, 1.0)]


def characteristics(
    plan: AnyPlan, qualities: Sequence[float], *, model: Model, lot_size: int | None = None
) -> list[Characteristic]:
    """The points of a plan's operating characteristic, with sample number and outgoing quality.

    Parameters
    ----------
    plan, qualities, model, lot_size
        As for `acceptance_probabilities`. With ``lot_size`` also under the other models, the
        items inspected are counted.

    Returns
    -------
    list of Characteristic
        In the order of ``qualities``.

    Raises
    ------
    OutOfRange
        If an argument lies outside its range.

    Notes
    -----
    ``outgoing`` (AOQ) and ``inspected`` (ATI) hold for rectifying inspection: items found
    failing are replaced by good ones, rejected lots are inspected whole.

    References
    ----------
    Montgomery (2013), ch. 15.2.4 and 15.3.1.
    """
    _check(plan, qualities, model, lot_size)
    values = np.asarray(qualities, dtype=float)
    first, second, taken = _parts(plan, values, model, lot_size)
    one = plan.size if isinstance(plan, SinglePlan) else plan.first_size
    both = plan.most
    points = []
    for at, value in enumerate(values):
        accepted = float(min(first[at] + second[at], 1.0))
        number = one + (both - one) * float(taken[at])
        quality = float(value) / lot_size if model == Model.HYPERGEOMETRIC and lot_size else value
        missed, inspected = accepted, None
        if lot_size is not None:
            left = max(lot_size - one, 0), max(lot_size - both, 0)
            missed = (float(first[at]) * left[0] + float(second[at]) * left[1]) / lot_size
            looked_at = float(first[at]) * min(one, lot_size) + float(second[at]) * min(
                both, lot_size
            )
            inspected = looked_at + lot_size * (1 - accepted)
        points.append(
            Characteristic(
                quality=float(quality),
                failing=int(value) if model == Model.HYPERGEOMETRIC else None,
                acceptance=accepted,
                sample_number=number,
                outgoing=missed * float(quality),
                inspected=inspected,
            )
        )
    return points


def quality_accepted_with(
    plan: AnyPlan, probability: float, *, model: Model, lot_size: int | None = None
) -> float:
    """The quality at which a lot is accepted with a given probability.

    Parameters
    ----------
    probability : float, 0 < probability < 1
        0.10 gives the consumer's risk quality, 0.95 the producer's.

    Returns
    -------
    float
        Hypergeometric: the smallest count of failing items accepted with at most this
        probability. Else the share (findings per item) accepted with just this probability.

    Raises
    ------
    OutOfRange
        If an argument lies outside its range.
    """
    if not 0 < probability < 1:
        raise OutOfRange("probability", "more than 0 and less than 1", probability, "0.10 is usual")

    def accepted(quality: float) -> float:
        return acceptance_probabilities(plan, [quality], model=model, lot_size=lot_size)[0]

    worst = float(lot_size or 0) if model == Model.HYPERGEOMETRIC else 1.0
    while model == Model.POISSON and accepted(worst) > probability:
        worst *= 2
    if accepted(worst) > probability:
        raise OutOfRange(
            "acceptance", "below the sample size", plan.acceptance, "this plan rejects no lot"
        )
    if model == Model.HYPERGEOMETRIC:
        low, high = 0, int(worst)
        while low < high:  # accepted() falls as the count rises
            middle = (low + high) // 2
            low, high = (low, middle) if accepted(middle) <= probability else (middle + 1, high)
        return float(low)
    left, right = 0.0, worst
    while left < (halfway := (left + right) / 2) < right:  # ends where doubles do
        left, right = (left, halfway) if accepted(halfway) <= probability else (halfway, right)
    return right
