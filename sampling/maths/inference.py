"""What a draw says of its roster: the rate, its limits, and what the missing answers could hide."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from sampling.maths.estimation import (
    Answer,
    RateEstimate,
    hajek_mean,
    stratified_rate,
    weighted_rate,
)
from sampling.maths.limits import (
    CountLimits,
    Limits,
    StratumCount,
    rate_limits,
    roster_limits,
    stratified_limits,
)
from sampling.maths.weights import (
    CalibratedWeights,
    Distance,
    Response,
    calibrated,
    indicators,
)

FEW = 10  # fewer failing, or fewer passing, answers: the usual limits are not to be trusted


@dataclass(frozen=True, slots=True)
class StratumAnswers:
    """A stratum after the visits.

    Parameters
    ----------
    key : str
        Its name.
    size : int, >= 0
        Units of the roster.
    response : Response
        What became of the units gone to.
    answers : tuple of Answer
        Units with an answer; values 1 (fails) and 0.
    missing : tuple of float
        Probabilities of the units that ought to have answered and did not.
    """

    key: str
    size: int
    response: Response
    answers: tuple[Answer, ...]
    missing: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.answers) > self.size:
            raise ValueError(
                f"stratum {self.key} has {len(self.answers)} answers from {self.size} units"
            )
        if not all(one.value in (0.0, 1.0) for one in self.answers):
            raise ValueError(f"stratum {self.key}: an answer must be 0 or 1")

    @property
    def failing(self) -> int:
        """Answers that fail."""
        return sum(one.value == 1.0 for one in self.answers)

    @property
    def is_equal(self) -> bool:
        """Every unit had the same probability."""
        return len({one.inclusion for one in self.answers} | set(self.missing)) <= 1

    @property
    def count(self) -> StratumCount:
        """Answers and failing ones, as an equal-probability draw gives them."""
        return StratumCount(self.key, self.size, len(self.answers), self.failing)


@dataclass(frozen=True, slots=True)
class StratumRate:
    """A stratum's own rate; ``limits`` count failing units of its roster, exactly.

    Both are None without an answer; the limits also where probabilities differ.
    """

    key: str
    size: int
    response: Response
    failing: int
    rate: float | None
    limits: CountLimits | None


@dataclass(frozen=True, slots=True)
class Inference:
    """The rate over the roster with all that limits it.

    ``usual`` are logit limits, ``safe`` limits that hold at least as often as they say (for
    unequal probabilities: by effective sample size, near). ``shown`` is the pair to quote.
    ``if_passing`` and ``if_failing`` are the rate had all missing units passed, or failed.
    """

    confidence: float
    strata: tuple[StratumRate, ...]
    estimate: RateEstimate | None
    usual: Limits | None
    safe: Limits | None
    if_passing: float | None
    if_failing: float | None
    is_equal: bool

    @property
    def shown(self) -> Limits | None:
        """The limits to quote: the usual ones where enough was found to trust them."""
        failing = sum(one.failing for one in self.strata)
        passing = sum(one.response.answers for one in self.strata) - failing
        if self.usual is not None and min(failing, passing) >= FEW:
            return self.usual
        return self.safe or self.usual


@dataclass(frozen=True, slots=True)
class CalibratedRate:
    """The rate by weights that meet known totals."""

    weights: CalibratedWeights
    rate: float
    standard_error: float | None
    totals: tuple[tuple[str, float], ...]


def infer(strata: Sequence[StratumAnswers], *, confidence: float = 0.95) -> Inference:
    """The failing rate over the roster, from the answers of a stratified draw.

    Parameters
    ----------
    strata : sequence of StratumAnswers
        All strata of the roster, visited or not.
    confidence : float, 0 < confidence < 1
        For all limits.

    Returns
    -------
    Inference
        Without an answer everything but the response is None.

    Notes
    -----
    Units that were replaced, or visited without an inspection, are missing answers. Within a
    stratum those that answered stand for those that did not: weights grow by the inverse of the
    response rate. That is an assumption; ``if_passing`` and ``if_failing`` do without it.
    """
    equal = all(one.is_equal for one in strata)
    answers = [answer for one in strata for answer in one.answers]
    if not answers:
        rates = tuple(_own_rate(one, confidence) for one in strata)
        return Inference(confidence, rates, None, None, None, None, None, equal)
    counts = [one.count for one in strata]
    if equal:
        estimate = stratified_rate(counts)
        safe = stratified_limits(counts, confidence=confidence)
    else:
        response = {one.key: one.response.rate or 1.0 for one in strata}
        sizes = {one.key: one.size for one in strata}
        estimate = weighted_rate(answers, sizes, response=response)
        safe = _effective_limits(estimate, answers, confidence)
    usual = None
    error = estimate.standard_error
    if error is not None and estimate.degrees and 0 < estimate.rate < 1 and not estimate.silent:
        usual = rate_limits(estimate.rate, error, estimate.degrees, confidence=confidence)
    return Inference(
        confidence,
        tuple(_own_rate(one, confidence) for one in strata),
        estimate,
        usual,
        safe,
        _with_missing(strata, 0.0),
        _with_missing(strata, 1.0),
        equal,
    )


def calibrated_rate(
    strata: Sequence[StratumAnswers],
    labels: Sequence[str],
    totals: Mapping[str, int],
    *,
    distance: Distance = Distance.RAKING,
) -> CalibratedRate:
    """The rate by weights that meet the roster's counts of strata and of another grouping.

    Parameters
    ----------
    strata : sequence of StratumAnswers
        Strata with answers.
    labels : sequence of str
        The class of each answer in the other grouping, stratum after stratum.
    totals : mapping of str to int
        Units of the roster in each class.
    distance : Distance
        How weights may move.

    Returns
    -------
    CalibratedRate
        The standard error is that of the residuals about the classes (regression estimator).

    Raises
    ------
    NotCalibrated
        If no such weights exist.

    References
    ----------
    Deville & Särndal (1992), section 3.
    """
    present = [one for one in strata if one.answers]
    answers = [answer for one in present for answer in one.answers]
    base = []
    for one in present:
        whole = math.fsum(1 / answer.inclusion for answer in one.answers)
        base += [one.size / answer.inclusion / whole for answer in one.answers]
    sizes = {one.key: one.size for one in present}
    columns, goals, names = indicators(
        [[answer.stratum for answer in answers], list(labels)], [sizes, totals]
    )
    found = calibrated(base, columns, goals, distance=distance)
    y = np.array([answer.value for answer in answers])
    w = np.array(found.weights)
    slope = np.linalg.lstsq(columns * np.sqrt(w)[:, None], y * np.sqrt(w), rcond=None)[0]
    residuals = y - columns @ slope
    response = {one.key: one.response.rate or 1.0 for one in present}
    spread = weighted_rate(
        [
            Answer(one.stratum, one.inclusion, float(e))
            for one, e in zip(answers, residuals, strict=True)
        ],
        sizes,
        response=response,
    )
    return CalibratedRate(
        weights=found,
        rate=float(w @ y / w.sum()),
        standard_error=spread.standard_error,
        totals=tuple((name, float(goal)) for (_, name), goal in zip(names, goals, strict=True)),
    )


def _own_rate(one: StratumAnswers, confidence: float) -> StratumRate:
    rate = limits = None
    if one.answers:
        rate = hajek_mean(one.answers)
        if one.is_equal:
            limits = roster_limits(one.failing, len(one.answers), one.size, confidence=confidence)
    return StratumRate(one.key, one.size, one.response, one.failing, rate, limits)


def _with_missing(strata: Sequence[StratumAnswers], value: float) -> float:
    """The rate had every missing unit the value."""
    known = [
        *(answer for one in strata for answer in one.answers),
        *(Answer(one.key, pi, value) for one in strata for pi in one.missing),
    ]
    return weighted_rate(known, {one.key: one.size for one in strata}).rate


def _effective_limits(
    estimate: RateEstimate, answers: Sequence[Answer], confidence: float
) -> Limits:
    """Clopper-Pearson limits with the number of answers that would be as good at equal chance.

    References
    ----------
    Korn & Graubard (1998), section 4; without a finding by Kish's factor of the weights.
    """
    weights = np.array([1 / one.inclusion for one in answers])
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    rate, error = estimate.rate, estimate.standard_error
    if error and 0 < rate < 1:
        effective = min(float(len(answers)), rate * (1 - rate) / error**2)
    tail, found = (1 - confidence) / 2, rate * effective
    lower = 0.0 if found <= 0 else float(special.betaincinv(found, effective - found + 1, tail))
    upper = 1.0 if rate >= 1 else float(special.betainccinv(found + 1, effective - found, tail))
    return Limits(lower, upper, confidence, "effective")
