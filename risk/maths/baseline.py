"""What the past leads to expect of a week, for a batch of series.

References
----------
Noufaily, A., Enki, D. G., Farrington, P., Garthwaite, P., Andrews, N., & Charlett, A.
(2013). Statistics in Medicine, 32(7), 1206-1222; sections 3.1 (trend), 3.2 (seasons),
3.3 (reweighting).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from risk.maths.quasi_poisson import (
    BatchLogs,
    Flags,
    Floats,
    QuasiPoissonFit,
    SeasonDesign,
    fit_seasons,
)
from risk.maths.reference import ReferenceWeeks
from risk.maths.reweighting import anscombe_residuals, outbreak_weights
from risk.maths.settings import FarringtonSettings

YEARS_FOR_A_TREND = 3  # Farrington et al. (1996), section 3.3


@dataclass(frozen=True, slots=True)
class Baseline:
    """The prediction for one week, one entry per series.

    ``expected``: mean, nan where no reference week of the season carries weight or there are
    no more weeks than parameters;
    ``log_variance``: variance of its logarithm, dispersion included; ``dispersion``: >= 1;
    ``trend``, ``slope``: as kept; ``reference_cases``, ``reference_weeks``,
    ``down_weighted``: what it stands on; ``weights``: (series, reference weeks).
    """

    expected: Floats
    log_variance: Floats
    dispersion: Floats
    trend: Flags
    slope: Floats
    reference_cases: NDArray[np.int64]
    reference_weeks: NDArray[np.int64]
    down_weighted: NDArray[np.int64]
    weights: Floats

    @classmethod
    def missing(cls, series: int) -> Baseline:
        """No history at all."""
        nothing = np.full(series, np.nan)
        zero = np.zeros(series, dtype=np.int64)
        return cls(
            expected=nothing,
            log_variance=nothing,
            dispersion=nothing,
            trend=np.zeros(series, dtype=np.bool_),
            slope=nothing,
            reference_cases=zero,
            reference_weeks=zero,
            down_weighted=zero,
            weights=np.zeros((series, 0)),
        )

    @classmethod
    def stack(cls, parts: list[Baseline]) -> Baseline:
        """Chunks below one another."""
        return cls(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in cls.__dataclass_fields__
            )
        )


@dataclass(frozen=True, slots=True)
class _Fitted:
    fit: QuasiPoissonFit
    weights: Floats
    expected: Floats
    error_dispersion: Floats


def _fit(
    counts: Floats,
    population: Floats,
    present: Floats,
    design: SeasonDesign,
    now: tuple[float, Floats],
    settings: FarringtonSettings,
    *,
    trend: bool,
) -> _Fitted:
    """Fit, give past outbreaks less weight, fit again."""
    weights = present
    logs = BatchLogs.of(counts, population)
    fit = fit_seasons(counts, population, weights, design, trend=trend, logs=logs)
    error_dispersion = fit.dispersion
    if settings.reweight:
        residuals = anscombe_residuals(counts, fit, np.maximum(fit.dispersion, 1.0))
        weights = outbreak_weights(residuals, present, settings.weights_threshold)
        fit = fit_seasons(counts, population, weights, design, trend=trend, logs=logs)
        error_dispersion = fit.dispersion
        if settings.error_from == "working":
            error_dispersion = fit.working_dispersion
    return _Fitted(fit, weights, fit.predict(*now), error_dispersion)


def _keeps_trend(fitted: _Fitted, counts: Floats, settings: FarringtonSettings) -> Flags:
    """Is the slope significant, and the prediction no higher than anything seen?"""
    fit = fitted.fit
    variance = fit.slope_variance * fitted.error_dispersion
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.abs(fit.slope) / np.sqrt(variance)
    p_value = 2.0 * special.stdtr(np.maximum(fit.freedom, 1.0), -np.nan_to_num(statistic))
    largest = np.where(fitted.weights > 0, counts, 0.0).max(axis=1)
    keeps: Flags = (
        fit.converged
        & (variance > 0)
        & (p_value < settings.trend_p_below)
        & (fitted.expected <= largest)
    )
    return keeps


def fit_baseline(
    counts: Floats,
    population: Floats,
    reference: ReferenceWeeks,
    *,
    years: int,
    settings: FarringtonSettings,
    keep_weights: bool = False,
) -> Baseline:
    """What does the past of these series lead to expect of the current week?

    Parameters
    ----------
    counts : (series, weeks of the axis)
        Cases; nan where not counted.
    population : (series, weeks of the axis)
        Units under observation.
    reference : ReferenceWeeks
        The weeks to compare with.
    years : int
        Years of history in ``reference``; a slope needs three.
    settings : FarringtonSettings
        Reweighting, trend, empty windows.
    keep_weights : bool
        Whether the result holds the weights of the reference weeks.

    Returns
    -------
    Baseline
    """
    raw = counts[:, reference.week]
    offset = population[:, reference.week]
    present = (~np.isnan(raw) & (offset > 0)).astype(np.float64)
    cases = np.nan_to_num(raw)
    design = SeasonDesign(
        time=reference.week.astype(np.float64), season=reference.season, seasons=reference.seasons
    )
    current = population[:, reference.current]
    batch = (float(reference.current), current)
    if settings.trend and years >= YEARS_FOR_A_TREND:
        fitted = _fit(cases, offset, present, design, batch, settings, trend=True)
        keeps = _keeps_trend(fitted, cases, settings)
        result = _describe(fitted, cases, present, batch[0], keeps)
        drops = np.flatnonzero(~keeps)
    else:
        drops = np.arange(counts.shape[0])
        result = None
    if drops.size:
        now = (batch[0], current[drops])
        flat = _fit(cases[drops], offset[drops], present[drops], design, now, settings, trend=False)
        without = np.zeros(drops.size, dtype=np.bool_)
        described = _describe(flat, cases[drops], present[drops], batch[0], without)
        result = described if result is None else _put(result, drops, described)
    assert result is not None
    result = _fill_empty_windows(result, cases, offset, design, current, settings)
    return result if keep_weights else replace(result, weights=result.weights[:, :0])


def _describe(
    fitted: _Fitted, cases: Floats, present: Floats, time: float, trend: Flags
) -> Baseline:
    """A fit as a baseline."""
    used = present > 0
    # With as many parameters as weeks every past fits, and nothing is learnt from it.
    known = (fitted.fit.last_mass > 0) & (fitted.fit.freedom >= 1)
    return Baseline(
        expected=np.where(known, fitted.expected, np.nan),
        log_variance=fitted.fit.log_mean_variance(time) * fitted.error_dispersion,
        dispersion=np.maximum(fitted.fit.dispersion, 1.0),
        trend=trend,
        slope=np.where(trend, fitted.fit.slope, 0.0),
        reference_cases=(cases * used).sum(axis=1).astype(np.int64),
        reference_weeks=used.sum(axis=1),
        down_weighted=(
            used & (fitted.weights < 0.999 * fitted.weights.max(axis=1, keepdims=True))
        ).sum(axis=1),
        weights=fitted.weights,
    )


def _put(whole: Baseline, rows: NDArray[np.int64], part: Baseline) -> Baseline:
    """Replace some rows."""
    merged = {}
    for name in Baseline.__dataclass_fields__:
        column = getattr(whole, name).copy()
        column[rows] = getattr(part, name)
        merged[name] = column
    return Baseline(**merged)


def _fill_empty_windows(
    baseline: Baseline,
    cases: Floats,
    offset: Floats,
    design: SeasonDesign,
    current: Floats,
    settings: FarringtonSettings,
) -> Baseline:
    """Expect half a case over windows that saw none (see FarringtonSettings.empty_window)."""
    if settings.empty_window == "as-fitted":
        return baseline
    window = design.season == design.seasons - 1
    # Weights are no matter here: a week without cases is never a past outbreak.
    exposed = np.where(baseline.weights[:, window] > 0, offset[:, window], 0.0).sum(axis=1)
    seen = np.where(baseline.weights[:, window] > 0, cases[:, window], 0.0).sum(axis=1)
    empty = (seen == 0) & (exposed > 0) & np.isfinite(baseline.expected)
    half = 0.5 * current / np.where(exposed > 0, exposed, 1.0)
    return replace(
        baseline,
        expected=np.where(empty, half, baseline.expected),
        log_variance=np.where(empty, 2.0, baseline.log_variance),
    )
