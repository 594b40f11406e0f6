"""Unequal chances: Pareto order sampling with calibrated odds, in integers where it matters.

A unit with ticket T (uniform in [0, 2^256)) and odds a/b has the key (T / (2^256 - T)) · (b / a);
the smallest keys win (Rosén 1997, "On sampling with probability proportional to size"). The odds
are calibrated so that each unit's chance is the stated one, then rounded, published and committed:
an outsider compares integers and needs neither this module nor floating point.
Byte rules: docs/protocol/draw-v1.md, sections 3, 4 and 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from sampling.maths.commitment import WHOLE

TICKETS: Final = 2**256
_KEY_BITS: Final = 640
CALIBRATED_BELOW: Final = 50.0  # Σ λ(1-λ); above it the raw odds are right to about 1e-4
_MOST_WORK: Final = 2e11  # float operations of one calibration; some minutes
_ROUNDS: Final = 60

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chances:
    """The stated chances of one stratum and the odds that give them.

    Attributes
    ----------
    chance : list of int
        In units of 1/2^52; their sum is quota · 2^52, exactly. 2^52: a certainty unit.
    odds : list of (int, int)
        Numerator and denominator; (1, 0) for a certainty unit.
    is_calibrated : bool
        False where the stratum is so large that raw odds λ/(1-λ) serve.
    error : float
        Largest |chance that the odds give - chance stated|, by quadrature; nan where not computed.
    """

    chance: list[int]
    odds: list[tuple[int, int]]
    is_calibrated: bool
    error: float


def chances(
    sizes: Sequence[float],
    count: int,
    *,
    certain: Sequence[bool] | None = None,
    equal_share: float = 0.0,
) -> list[int]:
    """With what chance is each unit of a stratum drawn, if chances are to follow sizes?

    Parameters
    ----------
    sizes : sequence of float, shape (units,)
        Not negative; units of any kind, only their proportions matter.
    count : int
        Units to draw.
    certain : sequence of bool, optional
        Units that are drawn whatever their size; they count towards ``count``.
    equal_share : float
        From 0 to 1: this part of the chances is dealt out equally. A floor under small units, so
        that no weight 1/chance explodes.

    Returns
    -------
    list of int, shape (units,)
        In 1/2^52; sums to ``count`` · 2^52. Units whose share would exceed 1 become certain and
        the rest is dealt out again (the usual rule, e.g. Tillé 2006, section 2.10).

    Raises
    ------
    ValueError
        If a size is negative or not finite, more units are certain than drawn, more drawn than
        there are, or some unit would have no chance at all.
    """
    size = np.asarray(sizes, dtype=np.float64)
    fixed = np.zeros(size.size, dtype=bool) if certain is None else np.asarray(certain, dtype=bool)
    if not 0 <= count <= size.size:
        raise ValueError(f"{count} units cannot be drawn from {size.size}")
    if not np.isfinite(size).all() or (size < 0).any():
        raise ValueError("a size must be a finite number of at least 0")
    if not 0 <= equal_share <= 1:
        raise ValueError(f"equal_share must be from 0 to 1, got {equal_share}")
    if fixed.sum() > count:
        raise ValueError(f"{int(fixed.sum())} units are certain, but only {count} are drawn")
    share = np.ones(size.size)
    while True:
        free = ~fixed
        left = count - int(fixed.sum())
        if not free.any() or left == 0:
            break
        total = size[free].sum()
        if total <= 0 and equal_share < 1:
            raise ValueError("all sizes are 0; give sizes, or an equal share of 1")
        part = size[free] / total if total > 0 else 0.0
        wanted = left * (equal_share / free.sum() + (1 - equal_share) * part)
        share[free] = wanted
        over = free.copy()
        over[free] = wanted >= 1 - 2.0**-40
        if not over.any():
            break
        fixed = fixed | over
    share[fixed] = 1.0
    if (free := ~fixed).any() and count == fixed.sum():
        share[free] = 0.0
    elif (share <= 0).any():
        raise ValueError(
            f"{int((share <= 0).sum())} units have size 0 and so no chance; leave them out with a "
            "reason, or set an equal share"
        )
    return _whole(share, ~fixed, count)


def _whole(share: Floats, free: npt.NDArray[np.bool_], count: int) -> list[int]:
    """Shares in 1/2^52 with the exact sum: largest remainders, the first of equals."""
    exact = share * WHOLE
    whole = [int(value) for value in np.floor(exact)]
    missing = count * WHOLE - sum(whole)
    rows = np.flatnonzero(free & (share > 0))
    if not rows.size:
        return whole
    ranked = rows[np.argsort(-(exact[rows] - np.floor(exact[rows])), kind="stable")]
    each, extra = divmod(missing, rows.size)
    for place, row in enumerate(ranked.tolist()):
        whole[row] += each + (place < extra)
    return whole


def with_odds(chance: Sequence[int], count: int) -> Chances:
    """The odds under which Pareto order sampling gives the stated chances.

    Parameters
    ----------
    chance : sequence of int
        As `chances` gives them.
    count : int
        Units to draw, certainty units included.

    Notes
    -----
    From ω = λ/(1-λ), repeated ω ← ω · (λ/(1-λ)) / (π/(1-π)) with the exact π(ω), until π = λ to
    the last bits; then ω is rounded to 1/2^52. Not done where Σλ(1-λ) is at least 50: there raw
    odds are right to about 1e-4 of a chance and better (Rosén 1997, Aires 1999).

    References
    ----------
    Rosén, B. (1997). On sampling with probability proportional to size. J. Statist. Plann.
    Inference 62. Aires, N. (1999). Algorithms to find exact inclusion probabilities for
    conditional Poisson sampling and Pareto πps sampling designs. Methodol. Comput. Appl. Probab. 1.
    """
    whole = np.asarray(chance, dtype=np.float64) / WHOLE
    odds: list[tuple[int, int]] = [(1, 0) if c == WHOLE else (1, 1) for c in chance]
    free = np.flatnonzero((whole > 0) & (whole < 1))
    if not free.size:
        return Chances(list(chance), odds, is_calibrated=True, error=0.0)
    stated, members = np.unique(whole[free], return_inverse=True)
    times = np.bincount(members)
    left = count - sum(c == WHOLE for c in chance)
    raw = stated / (1 - stated)
    spread = float((times * stated * (1 - stated)).sum())
    is_calibrated, error = False, float("nan")
    value = raw
    if spread < CALIBRATED_BELOW and _work(times, left, spread) < _MOST_WORK:
        is_calibrated = True
        value = _calibrated(stated, times, left)
    pairs = [_ratio(one) for one in value]
    if is_calibrated:
        rounded = np.array([num / den for num, den in pairs])
        error = float(np.abs(_chances_of_groups(rounded, times, left) - stated).max())
    for row, group in zip(free.tolist(), members.tolist(), strict=True):
        odds[row] = pairs[group]
    return Chances(list(chance), odds, is_calibrated=is_calibrated, error=error)


def _ratio(value: float) -> tuple[int, int]:
    """Odds as a fraction with the larger part 2^52."""
    if value <= 1:
        return max(1, round(value * WHOLE)), WHOLE
    return WHOLE, max(1, round(WHOLE / value))


def _calibrated(stated: Floats, times: npt.NDArray[np.int64], count: int) -> Floats:
    """Fixed point of log ω ← log ω + logit λ - logit π(ω), by Anderson mixing of five steps.

    Plain steps overshoot where few units share much chance; mixing settles in about ten.
    """
    wanted = np.log(stated / (1 - stated))
    log_odds, best, error, stale = wanted, wanted, np.inf, 0
    steps: list[tuple[Floats, Floats]] = []
    for _ in range(_ROUNDS):
        found = _chances_of_groups(np.exp(log_odds), times, count)
        worst = float(np.abs(found - stated).max())
        stale = 0 if worst < error / 2 else stale + 1
        if worst < error:
            best, error = log_odds, worst
        if error < 1e-15 or (stale >= 3 and error < 1e-13):
            break
        with np.errstate(divide="ignore", invalid="ignore"):
            residual = wanted - np.log(found / (1 - found))
        if not np.isfinite(residual).all():  # a mixed step went astray: start again from the best
            log_odds, steps = best, []
            continue
        steps = [*steps[-5:], (log_odds, residual)]
        log_odds = log_odds + residual
        if len(steps) > 1:
            moves = np.column_stack([steps[-1][0] - one for one, _ in steps[:-1]])
            changes = np.column_stack([residual - one for _, one in steps[:-1]])
            share = np.linalg.lstsq(changes, residual, rcond=1e-10)[0]
            log_odds = log_odds - (moves + changes) @ share
    return np.exp(best)


def inclusion_probabilities(odds: Sequence[float], count: int) -> Floats:
    """With what chance does Pareto order sampling draw each unit?

    Parameters
    ----------
    odds : sequence of float, shape (units,)
        Positive; only proportions matter.
    count : int
        Units drawn, from 1 to units - 1.

    Returns
    -------
    ndarray of float, shape (units,)
        Exact to about 1e-14, by quadrature.

    Raises
    ------
    ValueError
        If odds are not positive or the count is out of range.
    """
    given = np.asarray(odds, dtype=np.float64)
    if not np.isfinite(given).all() or (given <= 0).any():
        raise ValueError("odds must be positive and finite")
    if not 0 < count < given.size:
        raise ValueError(f"count must be from 1 to {given.size - 1}, got {count}")
    values, members = np.unique(given, return_inverse=True)
    return _chances_of_groups(values, np.bincount(members), count)[members]


def _work(times: npt.NDArray[np.int64], count: int, spread: float) -> float:
    points = 67 / _step(spread)
    each = np.where(times == 1, 3 * count, 3 * count * count)
    return float(points * each.sum() * 10)


def _step(spread: float) -> float:
    return float(0.4 / np.sqrt(max(spread, 2.0)))


def _chances_of_groups(odds: Floats, times: npt.NDArray[np.int64], count: int) -> Floats:
    """π by group of equal odds.

    π = ∫ P(fewer than ``count`` of the others come before t) dp(t), p(t) = ωt / (1 + ωt). In
    s = log t the integrand is analytic in a strip and falls off exponentially on both sides, so
    the trapezoidal rule converges geometrically (Trefethen & Weideman 2014).
    """
    if count >= times.sum():
        return np.ones(odds.size)
    middle = _middle(odds, times, count)
    at = odds * np.exp(middle) / (1 + odds * np.exp(middle))
    spread = float((times * at * (1 - at)).sum())
    step = _step(spread)
    grid = middle + np.arange(-42.0, 25.0, step)
    found = np.zeros(odds.size)
    room = max(1, int(4e6 // (odds.size * count)))
    for start in range(0, grid.size, room):
        found += _slice(odds, times, count, grid[start : start + room]) * step
    return found


def _middle(odds: Floats, times: npt.NDArray[np.int64], count: int) -> float:
    """log t at which half a unit less than ``count`` is expected: bisection."""
    low, high = -800.0, 800.0
    with np.errstate(over="ignore"):
        for _ in range(80):
            half = (low + high) / 2
            reached = odds * np.exp(min(half, 700.0))
            if (times * (reached / (1 + reached))).sum() < count - 0.5:
                low = half
            else:
                high = half
    return (low + high) / 2


def _slice(odds: Floats, times: npt.NDArray[np.int64], count: int, grid: Floats) -> Floats:
    reached = odds[:, None] * np.exp(grid)[None, :]
    before = reached / (1 + reached)  # (groups, points)
    weight = before / (1 + reached)  # dp/ds
    size = odds.size
    ahead = np.zeros((size, count, grid.size))  # counts among groups before this one
    running = np.zeros((count, grid.size))
    running[0] = 1.0
    for group in range(size):
        ahead[group] = running
        running = _joined(running, before[group], int(times[group]), count)
    found = np.empty(size)
    behind = np.zeros((count, grid.size))
    behind[0] = 1.0
    for group in reversed(range(size)):
        others = behind
        if times[group] > 1:
            others = _joined(behind, before[group], int(times[group]) - 1, count)
        at_most = np.cumsum(others, axis=0)
        few = np.einsum("ap,ap->p", ahead[group], at_most[::-1])
        found[group] = few @ weight[group]
        behind = _joined(behind, before[group], int(times[group]), count)
    return found


def _joined(counts: Floats, chance: Floats, times: int, width: int) -> Floats:
    """The distribution of a count, some more units of equal chance added; cut at ``width``."""
    if times == 1:
        joined = counts * (1 - chance)
        joined[1:] += counts[:-1] * chance
        return joined
    more_of = np.arange(min(width, times + 1))[:, None]
    added = np.asarray(binom.pmf(more_of, times, chance[None, :]), dtype=np.float64)
    joined = np.zeros_like(counts)
    for more in range(added.shape[0]):
        joined[more:] += counts[: width - more] * added[more]
    return joined


def order_key(ticket: bytes, odds: tuple[int, int]) -> int:
    """The integer by which units with odds are ordered; small wins.

    ⌊2^640 · T·b / ((2^256 - T)·a)⌋, and 0 for a certainty unit (b = 0).

    Notes
    -----
    Two different fractions T·b / ((2^256 - T)·a) with a, b of at most 53 bits differ by more than
    2^-620, so the integers order exactly as the fractions do, and are equal only if those are.
    """
    value = int.from_bytes(ticket, "big")
    num, den = odds
    return ((value * den) << _KEY_BITS) // ((TICKETS - value) * num)


def near_the_cut(heads: npt.NDArray[np.uint64], odds: Floats, needed: int) -> npt.NDArray[Any]:
    """Rows that hold the ``needed`` smallest keys, found in floats with a margin.

    Parameters
    ----------
    heads : ndarray of uint64
        First 64 bits of the tickets.
    odds : ndarray of float
        inf for a certainty unit.
    """
    if needed >= heads.size:
        return np.arange(heads.size)
    share = (heads.astype(np.float64) + 0.5) / 2.0**64
    with np.errstate(divide="ignore"):
        keys = np.where(np.isinf(odds), 0.0, share / (1 - share) / odds)
    cut = np.partition(keys, needed - 1)[needed - 1] if needed else -1.0
    return np.flatnonzero(keys <= cut * (1 + 1e-12) + 1e-18)
