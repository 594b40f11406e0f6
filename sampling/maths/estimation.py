"""From a draw to the roster: totals, rates and how far they may be off.

Every function takes the stored inclusion probabilities as they were published; none looks at
how the draw was made.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sampling.maths.limits import StratumCount

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RateEstimate:
    """A rate over the roster.

    ``standard_error`` is None where a stratum with units left undrawn has a single answer: its
    spread cannot be known. ``silent`` are strata of the roster without any answer; the rate is
    then that of the others only, ``covered`` of ``size`` units.
    """

    rate: float
    standard_error: float | None
    degrees: int
    answers: int
    covered: int
    size: int
    silent: tuple[str, ...] = ()
    lonely: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A unit with an answer: its stratum, its stored probability, and what was measured."""

    stratum: str
    inclusion: float
    value: float

    def __post_init__(self) -> None:
        if not 0 < self.inclusion <= 1:
            raise ValueError(
                f"a drawn unit of stratum {self.stratum} has probability {self.inclusion}; it "
                "must be above 0 and at most 1"
            )


def horvitz_thompson(answers: Sequence[Answer]) -> float:
    """The total over the roster: each value divided by its probability.

    Notes
    -----
    Unbiased for any design in which every unit has a probability above 0.

    References
    ----------
    Horvitz, D. G., & Thompson, D. J. (1952). JASA 47, 663-685.

    Examples
    --------
    >>> horvitz_thompson([Answer("A", 0.5, 3.0), Answer("A", 0.25, 1.0)])
    10.0
    """
    return math.fsum(one.value / one.inclusion for one in answers)


def hajek_mean(answers: Sequence[Answer]) -> float:
    """The mean over the roster, the weights' own sum in place of its size.

    Raises
    ------
    ValueError
        If there is no answer.

    References
    ----------
    Hájek, J. (1971). Discussion in Foundations of Statistical Inference, p. 236.
    """
    if not answers:
        raise ValueError("a mean needs at least one answer")
    return horvitz_thompson(answers) / math.fsum(1 / one.inclusion for one in answers)


def variance_horvitz_thompson(
    values: Sequence[float], inclusion: Sequence[float], joint: Floats
) -> float:
    """Unbiased variance of the Horvitz-Thompson total; may come out negative.

    Parameters
    ----------
    values, inclusion : shape (answers,)
        Of the drawn units.
    joint : ndarray, shape (answers, answers), each above 0
        Joint probabilities of the drawn units; the diagonal is not looked at.

    References
    ----------
    Särndal, Swensson, & Wretman (1992). Model Assisted Survey Sampling, eq. (2.8.6).
    """
    y, pi, both = _arrays(values, inclusion, joint)
    expanded = y / pi
    terms = (1 - np.outer(pi, pi) / both) * np.outer(expanded, expanded)
    np.fill_diagonal(terms, (1 - pi) * expanded**2)
    return float(terms.sum())


def variance_yates_grundy(
    values: Sequence[float], inclusion: Sequence[float], joint: Floats
) -> float:
    """Unbiased variance of the Horvitz-Thompson total of a draw of fixed size.

    Parameters
    ----------
    values, inclusion, joint
        As `variance_horvitz_thompson`.

    Notes
    -----
    Not negative where ``pi_k pi_l >= pi_kl`` for every pair.

    References
    ----------
    Sen, A. R. (1953). J. Indian Soc. Agric. Statist. 5, 119-127.
    Yates, F., & Grundy, P. M. (1953). JRSS B 15, 253-261.
    """
    y, pi, both = _arrays(values, inclusion, joint)
    expanded = y / pi
    weights = np.outer(pi, pi) / both - 1
    return float((weights * (expanded[:, None] - expanded[None, :]) ** 2).sum() / 2)


def variance_hajek(values: Sequence[float], inclusion: Sequence[float]) -> float:
    """Variance of the Horvitz-Thompson total of a draw of large entropy, from ``pi`` alone.

    Notes
    -----
    ``n/(n - 1) sum (1 - pi)(y/pi - B)**2`` with B the mean of ``y/pi`` weighted by ``1 - pi``.
    For equal probabilities exactly the textbook formula with ``1 - n/N``. Pareto order sampling
    is of this kind; certain units add nothing.

    Raises
    ------
    ValueError
        If fewer than two units are uncertain.

    References
    ----------
    Hájek (1964), eq. (7.13); Rosén (1997), eq. (4.11).
    """
    return _variance_about(values, inclusion, weighted=True)


def variance_brewer(values: Sequence[float], inclusion: Sequence[float]) -> float:
    """The same with B the plain mean of ``y/pi``, certain units included.

    References
    ----------
    Brewer, K. R. W. (2002). Combined Survey Sampling Inference, ch. 9.
    """
    return _variance_about(values, inclusion, weighted=False)


def stratified_rate(strata: Sequence[StratumCount]) -> RateEstimate:
    """The failure rate over all strata, from equal-probability draws.

    Parameters
    ----------
    strata : sequence of StratumCount
        ``drawn`` are the answers; a stratum without one is left out and named.

    Returns
    -------
    RateEstimate
        With the finite-population factor ``1 - drawn/size`` in every stratum.

    Raises
    ------
    ValueError
        If there is no answer at all.

    References
    ----------
    Cochran (1977), eqs (5.52) and (5.55).

    Examples
    --------
    >>> found = stratified_rate([StratumCount("A", 80, 8, 1), StratumCount("D", 20, 4, 2)])
    >>> round(found.rate, 3), round(found.standard_error, 4)
    (0.2, 0.108)
    """
    with_answers = [one for one in strata if one.drawn]
    covered = sum(one.size for one in with_answers)
    if not covered:
        raise ValueError("no unit has an answer yet")
    lonely = tuple(one.key for one in with_answers if one.drawn == 1 < one.size)
    variance = math.fsum(
        (one.size / covered) ** 2
        * (1 - one.drawn / one.size)
        * one.share
        * (1 - one.share)
        / (one.drawn - 1)
        for one in with_answers
        if one.drawn > 1
    )
    return RateEstimate(
        rate=math.fsum(one.size / covered * one.share for one in with_answers),
        standard_error=None if lonely else math.sqrt(variance),
        degrees=sum(one.drawn - 1 for one in with_answers),
        answers=sum(one.drawn for one in with_answers),
        covered=covered,
        size=sum(one.size for one in strata),
        silent=tuple(one.key for one in strata if one.size and not one.drawn),
        lonely=lonely,
    )


def weighted_rate(
    answers: Sequence[Answer],
    sizes: Mapping[str, int],
    *,
    response: Mapping[str, float] | None = None,
) -> RateEstimate:
    """The rate over all strata from unequal probabilities, each stratum scaled to its size.

    Parameters
    ----------
    answers : sequence of Answer
        Units with an answer; values are 0 and 1 for a rate.
    sizes : mapping of str to int
        Units of the roster by stratum.
    response : mapping of str to float, optional
        Response rate by stratum: an answer counts as drawn with probability ``pi * rate``, which
        matters for the finite-population factor only.

    Returns
    -------
    RateEstimate
        Stratum means are Hájek's; their variance is that of the residuals.

    Raises
    ------
    ValueError
        If there is no answer, or one is of a stratum without a size.

    References
    ----------
    Särndal et al. (1992), result 5.8.2 with the variance of Hájek (1964).
    """
    groups: dict[str, list[Answer]] = {}
    for one in answers:
        if sizes.get(one.stratum, 0) < 1:
            raise ValueError(f"stratum {one.stratum} has answers and no size")
        groups.setdefault(one.stratum, []).append(one)
    if not groups:
        raise ValueError("no unit has an answer yet")
    covered = sum(sizes[key] for key in groups)
    rate = math.fsum(sizes[key] / covered * hajek_mean(group) for key, group in groups.items())
    variance, lonely = 0.0, []
    for key, group in groups.items():
        answered = (response or {}).get(key, 1.0)
        pi = [one.inclusion * answered for one in group]
        uncertain = sum(each < 1 for each in pi)
        if uncertain == 1 and sizes[key] > len(group):
            lonely.append(key)
        if uncertain < 2:
            continue
        mean, weight = hajek_mean(group), math.fsum(1 / each for each in pi)
        residuals = [(one.value - mean) for one in group]
        variance += (sizes[key] / covered) ** 2 * variance_hajek(residuals, pi) / weight**2
    return RateEstimate(
        rate=rate,
        standard_error=None if lonely else math.sqrt(variance),
        degrees=max(0, len(answers) - len(groups)),
        answers=len(answers),
        covered=covered,
        size=sum(sizes.values()),
        silent=tuple(key for key, size in sizes.items() if size and key not in groups),
        lonely=tuple(lonely),
    )


def _variance_about(
    values: Sequence[float], inclusion: Sequence[float], *, weighted: bool
) -> float:
    y, pi = np.asarray(values, dtype=float), np.asarray(inclusion, dtype=float)
    if y.shape != pi.shape or not ((pi > 0) & (pi <= 1)).all():
        raise ValueError("each value needs a probability above 0 and at most 1")
    if weighted:
        y, pi = y[pi < 1], pi[pi < 1]
    if len(y) < 2:
        raise ValueError(f"a variance needs at least 2 uncertain units, got {len(y)}")
    expanded = y / pi
    centre = np.average(expanded, weights=1 - pi) if weighted else expanded.mean()
    return float(len(y) / (len(y) - 1) * ((1 - pi) * (expanded - centre) ** 2).sum())


def _arrays(
    values: Sequence[float], inclusion: Sequence[float], joint: Floats
) -> tuple[Floats, Floats, Floats]:
    y, pi = np.asarray(values, dtype=float), np.asarray(inclusion, dtype=float)
    if y.shape != pi.shape or joint.shape != (len(y), len(y)):
        raise ValueError("values, probabilities and joint probabilities must be of one length")
    apart = ~np.eye(len(y), dtype=bool)
    if not (joint[apart] > 0).all():
        raise ValueError("two of the drawn units could not be drawn together: no variance exists")
    return y, pi, np.where(apart, joint, 1.0)
