"""Is this week odd? Farrington-flexible detection for many series at once.

Each series is compared with its own past: weeks around the same time of up to five earlier
years set the level, the rest of the year the season, and a slope follows slow growth. Past
outbreaks lose weight. A count above the upper bound of what this past leads to expect is an
alarm. All series are fitted together, in chunks that stay in the processor's cache.

References
----------
Farrington, C. P., Andrews, N. J., Beale, A. D., & Catchpole, M. A. (1996). A statistical
algorithm for the early detection of outbreaks of infectious disease. J. R. Statist. Soc. A
159, 547-563.
Noufaily, A., Enki, D. G., Farrington, P., Garthwaite, P., Andrews, N., & Charlett, A.
(2013). An improved algorithm for outbreak detection in multiple surveillance systems.
Statistics in Medicine, 32(7), 1206-1222.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from risk.maths.baseline import Baseline, fit_baseline
from risk.maths.quasi_poisson import Flags, Floats
from risk.maths.reference import ReferenceWeeks, WeekAxis, reference_weeks, years_available
from risk.maths.settings import FarringtonSettings, Judgement
from risk.maths.thresholds import (
    negative_binomial_tail,
    negative_binomial_upper,
    power_tail,
    power_upper,
    raised_mean,
)

Counts = NDArray[np.int64]

CHUNK = 500  # series; 500 x 237 weeks x 8 bytes = 0.9 MB an array: measured best of 250..2000


@dataclass(frozen=True, slots=True)
class Detection:
    """Every series judged in every asked week; arrays are (series, weeks).

    ``observed``: cases. ``population``: offset of the week. ``expected``: predicted mean;
    ``log_variance``: variance of its logarithm.
    ``bound_mean``: mean the bound is built on (equals ``expected`` but for "muan").
    ``upper``: bound. ``alarm``: observed > upper. ``p_value``: tail probability of the
    observed count. ``dispersion``: >= 1. ``trend``: slope kept; ``slope`` per week.
    ``judgement``: a :class:`Judgement`; ``evaluated`` where it is JUDGED. ``recent_cases``:
    cases of the recent weeks. ``years_used``: (weeks,). ``reference_cases``,
    ``reference_weeks``: cases and number of the weeks the baseline stands on;
    ``down_weighted``: how many of them lost weight as past outbreaks.

    ``expected`` to ``slope`` are nan where no baseline exists, ``upper`` also where the
    week was not judged: read ``judgement`` first. ``references`` holds the reference weeks
    per asked week; ``weights`` their weights (series, reference weeks), if asked for.
    """

    settings: FarringtonSettings
    weeks: NDArray[np.int64]
    observed: Counts
    population: Floats
    expected: Floats
    log_variance: Floats
    bound_mean: Floats
    upper: Floats
    alarm: Flags
    p_value: Floats
    dispersion: Floats
    trend: Flags
    slope: Floats
    judgement: NDArray[np.int8]
    recent_cases: Counts
    years_used: NDArray[np.int64]
    reference_cases: Counts
    reference_weeks: NDArray[np.int64]
    down_weighted: NDArray[np.int64]
    references: tuple[ReferenceWeeks | None, ...]
    weights: tuple[Floats, ...] | None

    @property
    def evaluated(self) -> Flags:
        """(series, weeks): the week was judged."""
        judged: Flags = self.judgement == Judgement.JUDGED
        return judged

    @property
    def exceedance(self) -> Floats:
        """(series, weeks): how far above, in units of the room below the bound.

        (observed - expected) / (upper - expected), the room taken as one case at least: near
        zero a bound may lie less than a case above the mean, or below it. nan where not judged.
        """
        room = np.maximum(self.upper - self.expected, 1.0)
        height: Floats = (self.observed - self.expected) / room
        return height


def detect(
    counts: Floats | Counts,
    axis: WeekAxis,
    weeks: Sequence[int],
    settings: FarringtonSettings | None = None,
    *,
    population: Floats | None = None,
    keep_weights: bool = False,
) -> Detection:
    """Which of these series are higher than their past leads to expect?

    Parameters
    ----------
    counts : (series, axis.length), >= 0
        Cases per week; nan where a week was not counted.
    axis : WeekAxis
        The weeks, oldest first.
    weeks : sequence of int
        Which weeks of the axis to judge.
    settings : FarringtonSettings, optional
        Default: the improved algorithm of 2013.
    population : (series, axis.length), >= 0, optional
        Units under observation, e.g. items inspected. A week of 0 says nothing: it is left
        out of the baseline, and cannot be judged.
    keep_weights : bool
        Whether to keep the weights of the reference weeks.

    Returns
    -------
    Detection

    Raises
    ------
    ValueError
        If shapes disagree, a count or population is negative, or a week lies off the axis.

    Notes
    -----
    Series do not influence one another. Nothing is controlled over series: with 10,000
    series and alpha 0.005 expect 50 false alarms a week.

    Examples
    --------
    >>> import numpy as np
    >>> past = np.tile([4, 5, 6, 5], 80)[None, :312].copy()
    >>> past[0, 311] = 14
    >>> found = detect(past, WeekAxis(length=312), [310, 311])
    >>> found.alarm.tolist(), found.upper.tolist()
    ([[False, True]], [[11.0, 12.0]])
    """
    settings = settings or FarringtonSettings()
    counts = np.asarray(counts, dtype=np.float64)
    population = _checked_population(counts, axis, weeks, population)
    columns = [
        _judge_week(counts, population, axis, week, settings, keep_weights=keep_weights)
        for week in weeks
    ]
    asked = np.asarray(weeks, dtype=np.int64)
    return _assemble(columns, asked, counts, population, settings, keep_weights=keep_weights)


def _checked_population(
    counts: Floats, axis: WeekAxis, weeks: Sequence[int], population: Floats | None
) -> Floats:
    """The population as an array; all ones where none is given."""
    if counts.ndim != 2 or counts.shape[1] != axis.length:
        raise ValueError(f"counts must be (series, {axis.length}), got shape {counts.shape}")
    if (counts < 0).any():
        raise ValueError("counts must not be negative")
    for week in weeks:
        if not 0 <= week < axis.length:
            raise ValueError(f"weeks must lie in 0..{axis.length - 1}, got {week}")
    if population is None:
        return np.ones_like(counts)
    population = np.asarray(population, dtype=np.float64)
    if population.shape != counts.shape:
        raise ValueError(f"population must have the shape {counts.shape} of the counts")
    if not (population >= 0).all():
        raise ValueError("population must be a number >= 0 in every week")
    return population


@dataclass(frozen=True, slots=True)
class _Column:
    """One judged week, all series."""

    reference: ReferenceWeeks | None
    years: int
    baseline: Baseline
    bound_mean: Floats
    upper: Floats
    p_value: Floats
    judgement: NDArray[np.int8]
    recent: Counts


def _judge_week(
    counts: Floats,
    population: Floats,
    axis: WeekAxis,
    week: int,
    settings: FarringtonSettings,
    *,
    keep_weights: bool,
) -> _Column:
    """Baseline, bound and judgement of one week for all series."""
    series = counts.shape[0]
    years = years_available(
        axis, week, half_window=settings.half_window, at_most=settings.years_back
    )
    reference = None
    if years >= settings.fewest_years:
        reference = reference_weeks(
            axis,
            week,
            years_back=years,
            half_window=settings.half_window,
            seasons=settings.seasons,
            weeks_excluded=settings.weeks_excluded,
        )
    if reference is None:
        baseline = Baseline.missing(series)
    else:
        baseline = Baseline.stack(
            [
                fit_baseline(
                    counts[start : start + CHUNK],
                    population[start : start + CHUNK],
                    reference,
                    years=years,
                    settings=settings,
                    keep_weights=keep_weights,
                )
                for start in range(0, series, CHUNK)
            ]
        )
    bound_mean, upper, p_value = _bounds(np.nan_to_num(counts[:, week]), baseline, settings)
    first = max(week - settings.recent_weeks + 1, 0)
    recent = np.nan_to_num(counts[:, first : week + 1]).sum(axis=1)
    judgement = np.zeros(series, dtype=np.int8)
    # Later lines win: the most fundamental reason is the one to show.
    judgement[recent < settings.recent_cases] = Judgement.TOO_FEW_RECENT_CASES
    judgement[~np.isfinite(baseline.expected)] = Judgement.NO_BASELINE
    judgement[~(population[:, week] > 0)] = Judgement.NOTHING_UNDER_OBSERVATION
    judgement[np.isnan(counts[:, week])] = Judgement.NO_COUNT
    if reference is None:
        judgement[:] = Judgement.TOO_LITTLE_HISTORY
    return _Column(
        reference=reference,
        years=years,
        baseline=baseline,
        bound_mean=bound_mean,
        upper=np.where(judgement == Judgement.JUDGED, upper, np.nan),
        p_value=p_value,
        judgement=judgement,
        recent=recent.astype(np.int64),
    )


def _bounds(
    observed: Floats, baseline: Baseline, settings: FarringtonSettings
) -> tuple[Floats, Floats, Floats]:
    """Mean the bound stands on, bound, tail probability; nan without a baseline."""
    bound_mean, upper, p_value = (np.full(observed.shape, np.nan) for _ in range(3))
    has = np.isfinite(baseline.expected) & (baseline.expected > 0)
    y, mean = observed[has], baseline.expected[has]
    dispersion, variance = baseline.dispersion[has], baseline.log_variance[has]
    if settings.method == "delta":
        bound_mean[has] = mean
        upper[has] = power_upper(mean, dispersion, variance, settings.alpha, settings.power)
        p_value[has] = power_tail(y, mean, dispersion, variance, settings.power)
        return bound_mean, upper, p_value
    if settings.method == "muan":
        mean = raised_mean(mean, variance, settings.alpha)
    bound_mean[has] = mean
    upper[has] = negative_binomial_upper(mean, dispersion, settings.alpha)
    p_value[has] = negative_binomial_tail(y, mean, dispersion)
    return bound_mean, upper, p_value


def _assemble(
    columns: list[_Column],
    weeks: NDArray[np.int64],
    counts: Floats,
    population: Floats,
    settings: FarringtonSettings,
    *,
    keep_weights: bool,
) -> Detection:
    """Weeks side by side."""
    series = counts.shape[0]

    def beside(name: str, kind: type[np.generic] = np.float64) -> NDArray[Any]:
        parts = [
            getattr(column if hasattr(column, name) else column.baseline, name)
            for column in columns
        ]
        return np.array(parts, dtype=kind).reshape(len(parts), series).T

    observed = np.nan_to_num(counts[:, weeks]).astype(np.int64)
    upper = beside("upper")
    with np.errstate(invalid="ignore"):
        alarm = observed > upper
    return Detection(
        settings=settings,
        weeks=weeks,
        observed=observed,
        population=population[:, weeks],
        expected=beside("expected"),
        log_variance=beside("log_variance"),
        bound_mean=beside("bound_mean"),
        upper=upper,
        alarm=alarm,
        p_value=beside("p_value"),
        dispersion=beside("dispersion"),
        trend=beside("trend", np.bool_),
        slope=beside("slope"),
        judgement=beside("judgement", np.int8),
        recent_cases=beside("recent", np.int64),
        years_used=np.array([column.years for column in columns], dtype=np.int64),
        reference_cases=beside("reference_cases", np.int64),
        reference_weeks=beside("reference_weeks", np.int64),
        down_weighted=beside("down_weighted", np.int64),
        references=tuple(column.reference for column in columns),
        weights=tuple(column.baseline.weights for column in columns) if keep_weights else None,
    )
