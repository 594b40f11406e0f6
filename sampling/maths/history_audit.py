"""An agency's own past: were its draws, teams, replacements and voids what chance makes them?

Every test asks how often chance alone would look at least as odd. A small p is a question to ask,
not a verdict: of a hundred honest agencies one has a p below 0.01.

References
----------
Davison, A. C., & Hinkley, D. V. (1997). Bootstrap Methods and their Application, section 4.2:
    Monte Carlo tests, p = (1 + larger) / (1 + simulations).
Clopper, C. J., & Pearson, E. S. (1934). Biometrika 26, 404-413: exact limits of a rate.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import stats

SIMULATIONS: Final = 999
_MOST_WORK: Final = 50_000_000  # units redrawn in all simulations together


@dataclass(frozen=True, slots=True)
class PastStratum:
    """A stratum of a past draw: numbers that name its units, and which of them were drawn."""

    units: npt.NDArray[np.int64]
    drawn: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PastDraw:
    """A past draw.

    Attributes
    ----------
    teams : sequence of (unit, inspectors)
        As the draw assigned them.
    """

    no: str
    strata: tuple[PastStratum, ...]
    teams: tuple[tuple[int, tuple[int, ...]], ...] = ()
    replaced: int = 0
    committed_at: datetime | None = None
    dice_at: datetime | None = None
    drawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with what it is made of, and its exact 95 % limits."""

    count: int
    of: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class MonteCarloTest:
    """A statistic, what chance gives on average, and how often it gives at least as much."""

    name: str
    observed: float
    expected: float
    p: float
    simulations: int


@dataclass(frozen=True, slots=True)
class Waits:
    """Minutes between two steps: how many times, least, median, most."""

    count: int
    least: float
    median: float
    most: float


@dataclass(frozen=True, slots=True)
class HistoryAudit:
    """What the past looks like; tests are missing where there is too little to test."""

    draws: int
    units_drawn: int
    tests: tuple[MonteCarloTest, ...]
    chi2: float
    df: int
    replaced: Rate
    by_plan: tuple[tuple[str, int, int], ...]
    void: Rate
    void_when_decided: tuple[str, ...]
    commit_to_dice: Waits | None
    dice_to_draw: Waits | None
    notes: tuple[str, ...] = field(default=())


def rate(count: int, of: int) -> Rate:
    """A share with exact limits (Clopper–Pearson, 95 %).

    Raises
    ------
    ValueError
        Unless 0 <= count <= of.
    """
    if not 0 <= count <= of:
        raise ValueError(f"count must lie in [0, {of}], got {count}")
    low = float(stats.beta.ppf(0.025, count, of - count + 1)) if count else 0.0
    high = float(stats.beta.ppf(0.975, count + 1, of - count)) if count < of else 1.0
    return Rate(count, of, low, high)


def audited(
    draws: Sequence[PastDraw],
    *,
    void_when_decided: Sequence[str] = (),
    committed: int | None = None,
    void: int = 0,
) -> HistoryAudit:
    """Is an agency's history what its stated probabilities make of it?

    Parameters
    ----------
    draws : sequence of PastDraw
        Draws with equal chances within strata, in any order.
    void_when_decided : sequence of str
        Plans made void after every source was known and before the draw: their outcome could be
        computed by who knew the roster.
    committed, void : int
        Plans whose commitment was published, and those of them made void.

    Notes
    -----
    Frequencies: over all units z² = (times drawn − Σπ)² / Σπ(1−π), added up; its distribution
    is found by redrawing every stratum at random, so that few draws and dependence within a
    stratum do no harm. The χ²/df beside it uses the number of units with a chance as df; it is
    meant for reading, not for the p.

    Repeats: pairs of draws that share a unit. Inspectors: (inspector, unit) pairs that met more
    than once, against teams dealt at random to the visits of the same draw. The latter does not
    know qualification, region and recusal: where few inspectors may visit a kind of enterprise,
    repeats are more frequent without anybody's fault.
    """
    ordered = sorted(draws, key=lambda draw: draw.no)
    generator = np.random.Generator(np.random.PCG64(_entropy_of(ordered)))
    tests, chi2, df, notes = [], 0.0, 0, []
    if len(ordered) == 1:
        # One draw takes its quota whatever happens: its Σz² is the same for every outcome.
        notes.append("One draw: neither frequencies nor repeats can be tested.")
    elif ordered:
        frequency, repeat, chi2, df = _inclusions(ordered, generator)
        tests += [frequency, repeat]
    if ordered:
        meetings = _meetings(ordered, generator)
        if meetings is not None:
            tests.append(meetings)
        else:
            notes.append("No unit was visited twice by teams: meetings cannot be tested.")
    drawn = sum(len(stratum.drawn) for draw in ordered for stratum in draw.strata)
    return HistoryAudit(
        draws=len(ordered),
        units_drawn=drawn,
        tests=tuple(tests),
        chi2=chi2,
        df=df,
        replaced=rate(sum(draw.replaced for draw in ordered), drawn),
        by_plan=tuple(
            (draw.no, draw.replaced, sum(len(stratum.drawn) for stratum in draw.strata))
            for draw in ordered
            if draw.replaced
        ),
        void=rate(void, len(ordered) if committed is None else committed),
        void_when_decided=tuple(void_when_decided),
        commit_to_dice=_waits([(draw.committed_at, draw.dice_at) for draw in ordered]),
        dice_to_draw=_waits([(draw.dice_at, draw.drawn_at) for draw in ordered]),
        notes=tuple(notes),
    )


def _entropy_of(draws: Sequence[PastDraw]) -> int:
    """The same history gets the same simulated luck, on every machine."""
    told = "\n".join(
        f"{draw.no} {[len(s.units) for s in draw.strata]} {[len(s.drawn) for s in draw.strata]}"
        for draw in draws
    )
    return int.from_bytes(hashlib.sha256(told.encode()).digest(), "big")


def _inclusions(
    draws: Sequence[PastDraw], generator: np.random.Generator
) -> tuple[MonteCarloTest, MonteCarloTest, float, int]:
    everybody = np.unique(np.concatenate([s.units for draw in draws for s in draw.strata]))
    places = [
        [(np.searchsorted(everybody, s.units), len(s.drawn)) for s in draw.strata] for draw in draws
    ]
    mean, variance = np.zeros(len(everybody)), np.zeros(len(everybody))
    for strata in places:
        for units, quota in strata:
            chance = quota / len(units) if len(units) else 0.0
            mean[units] += chance
            variance[units] += chance * (1 - chance)
    random = variance > 0
    df = int(np.count_nonzero(random))

    def statistics(taken: Sequence[npt.NDArray[np.intp]]) -> tuple[float, float]:
        counts = np.bincount(np.concatenate(taken), minlength=len(everybody))
        z2 = (counts[random] - mean[random]) ** 2 / variance[random]
        # Units drawn c times share c(c−1)/2 pairs of draws.
        return float(np.sum(z2)), float(np.sum(counts * (counts - 1)) / 2)

    observed = statistics(
        [np.searchsorted(everybody, s.drawn) for draw in draws for s in draw.strata]
    )

    def once() -> tuple[float, float]:
        return statistics(
            [
                generator.choice(units, size=quota, replace=False)
                for strata in places
                for units, quota in strata
            ]
        )

    frequency, repeat = _monte_carlo(
        ("inclusion frequencies", "enterprises drawn again"),
        observed,
        once,
        _simulations(sum(len(units) for strata in places for units, _ in strata)),
    )
    return frequency, repeat, observed[0], df


def _meetings(draws: Sequence[PastDraw], generator: np.random.Generator) -> MonteCarloTest | None:
    visited = [{unit for unit, _ in draw.teams} for draw in draws]
    if not any(first & second for first, second in combinations(visited, 2)):
        return None

    def repeats(deals: Sequence[Sequence[tuple[int, tuple[int, ...]]]]) -> float:
        met = Counter((person, unit) for teams in deals for unit, team in teams for person in team)
        return float(sum(count - 1 for count in met.values()))

    def once() -> tuple[float]:
        deals = []
        for draw in draws:
            teams = [team for _, team in draw.teams]
            order = generator.permutation(len(teams))
            deals.append(
                [(unit, teams[at]) for (unit, _), at in zip(draw.teams, order, strict=True)]
            )
        return (repeats(deals),)

    (found,) = _monte_carlo(
        ("inspectors meeting an enterprise again",),
        (repeats([draw.teams for draw in draws]),),
        once,
        _simulations(20 * sum(len(draw.teams) for draw in draws)),
    )
    return found


def _simulations(work: int) -> int:
    return int(min(SIMULATIONS, max(99, _MOST_WORK // max(1, work))))


def _monte_carlo(
    names: Sequence[str],
    observed: Sequence[float],
    once: Callable[[], tuple[float, ...]],
    simulations: int,
) -> list[MonteCarloTest]:
    values = np.array([once() for _ in range(simulations)])
    return [
        MonteCarloTest(
            name=name,
            observed=seen,
            expected=float(np.mean(values[:, column])),
            # 1e-9: sums of the same terms in another order are the same value.
            p=(1 + int(np.count_nonzero(values[:, column] >= seen - 1e-9))) / (simulations + 1),
            simulations=simulations,
        )
        for column, (name, seen) in enumerate(zip(names, observed, strict=True))
    ]


def _waits(pairs: Sequence[tuple[datetime | None, datetime | None]]) -> Waits | None:
    minutes = [
        (after - before).total_seconds() / 60
        for before, after in pairs
        if before is not None and after is not None
    ]
    if not minutes:
        return None
    return Waits(len(minutes), min(minutes), float(np.median(minutes)), max(minutes))
