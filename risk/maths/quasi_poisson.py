"""Many quasi-Poisson regressions at once: a level per season, a common slope in time.

All series share the weeks and the seasons; each has its own counts, population and
weights. The model of one series is

    log mean = log population + level of its season + slope * time.

The information matrix of this model is an arrow: a diagonal for the seasons, one row for
the slope. A step of iteratively reweighted least squares therefore needs no linear solver,
only sums over seasons, and those come from one matrix product for the whole batch.

References
----------
McCullagh, P., & Nelder, J. A. (1989). Generalized Linear Models, 2nd ed., section 2.5
(reweighted least squares), chapter 6 (log-linear models), section 9.2.4 (dispersion).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MOST_STEPS = 25
_TOLERANCE = 1e-8  # relative change of the deviance; the rule of the reference software


@dataclass(frozen=True, slots=True)
class SeasonDesign:
    """What all series of a batch share.

    Parameters
    ----------
    time : (weeks,)
        Time of each reference week, in weeks.
    season : (weeks,)
        Season of each reference week, 0..seasons-1.
    seasons : int
        Number of seasons; the last is that of the week to predict.
    """

    time: Floats
    season: NDArray[np.int64]
    seasons: int

    @property
    def centre(self) -> float:
        """Mean time: the origin of the slope inside the fit."""
        return float(self.time.mean())

    def indicator(self) -> Floats:
        """(weeks, seasons): 1 where the week lies in the season."""
        inside: Floats = (self.season[:, None] == np.arange(self.seasons)).astype(np.float64)
        return inside


@dataclass(frozen=True, slots=True)
class _Moments:
    """Sums of weights over each season: of 1, time and squared time; all (series, seasons)."""

    mass: Floats
    first: Floats
    second: Floats

    @property
    def safe_mass(self) -> Floats:
        """The mass, 1 where there is none: for division."""
        safe: Floats = np.where(self.mass > 0, self.mass, 1.0)
        return safe

    def slope_information(self) -> Floats:
        """(series,): spread of time within seasons, the Schur complement of the slope."""
        spread = self.second - self.first**2 / self.safe_mass
        information: Floats = spread.sum(axis=1)
        return information


@dataclass(frozen=True, slots=True)
class QuasiPoissonFit:
    """Fitted means and what a prediction needs, one row per series.

    ``mean`` (series, weeks): fitted cases; ``leverage`` (series, weeks): diagonal of the
    hat matrix; ``last_level`` (series,): log rate of the last season at time ``centre``;
    ``slope`` (series,): per week, 0 where none was fitted; ``slope_variance`` (series,)
    and ``last_mass``, ``last_time`` (series,): parts of the covariance at dispersion 1;
    ``dispersion`` (series,): Pearson's, not clamped; ``working_dispersion`` (series,):
    see :func:`fit_seasons`; ``freedom`` (series,): residual degrees of freedom;
    ``converged`` (series,).
    """

    mean: Floats
    leverage: Floats
    centre: float
    last_level: Floats
    slope: Floats
    slope_variance: Floats
    last_mass: Floats
    last_time: Floats
    dispersion: Floats
    working_dispersion: Floats
    freedom: Floats
    converged: Flags

    def predict(self, time: float, population: Floats) -> Floats:
        """(series,): expected cases of the last season at ``time`` for each population."""
        with np.errstate(over="ignore", invalid="ignore"):
            rate = np.exp(self.last_level + self.slope * (time - self.centre))
            mean: Floats = population * rate
        return mean

    def log_mean_variance(self, time: float) -> Floats:
        """(series,): variance of the predicted log mean at dispersion 1.

        nan where the weeks of the last season carry no weight: there is no estimate.
        """
        distance = time - self.last_time
        mass = np.where(self.last_mass > 0, self.last_mass, np.nan)
        variance: Floats = 1.0 / mass + distance**2 * self.slope_variance
        return variance


@dataclass(frozen=True, slots=True)
class BatchLogs:
    """Logarithms of a batch, for fits of the same counts with other weights.

    ``first``: of counts + 0.1; ``counts``: 0 where there are none; ``population``: None where
    every population is 1.
    """

    first: Floats
    counts: Floats
    population: Floats | None

    @classmethod
    def of(cls, counts: Floats, population: Floats) -> BatchLogs:
        """Take them."""
        plain = bool((population == 1).all())
        return cls(
            first=np.log(counts + 0.1),
            counts=np.log(np.where(counts > 0, counts, 1.0)),
            population=None if plain else np.log(np.where(population > 0, population, 1.0)),
        )


class _Climb:
    """Reweighted least squares for a batch; a series leaves when its deviance rests."""

    def __init__(
        self,
        counts: Floats,
        population: Floats,
        weights: Floats,
        design: SeasonDesign,
        logs: BatchLogs,
        *,
        trend: bool,
    ) -> None:
        series = counts.shape[0]
        self.trend = trend
        self.time = design.time - design.centre
        indicator = design.indicator()
        self.indicator = indicator
        if trend:
            by_time = indicator * self.time[:, None]
            self.sums = np.hstack([indicator, by_time, by_time * self.time[:, None]])
            self.design = np.vstack([indicator.T, self.time])
        else:
            self.sums = indicator
            self.design = np.ascontiguousarray(indicator.T)
        self.exposure = weights if logs.population is None else weights * population
        cases = weights * counts
        self.season_cases = cases @ indicator
        self.time_cases = cases @ self.time
        self.level = np.zeros((series, design.seasons))
        self.slope = np.zeros(series)
        self.last_level = self.level.copy()
        self.last_slope = self.slope.copy()
        self.converged = np.zeros(series, dtype=np.bool_)
        self._start(counts, cases, weights, logs)

    def moments(self, weight: Floats) -> _Moments:
        """Sums of weights by season."""
        sums = weight @ self.sums
        if not self.trend:
            return _Moments(sums, np.zeros_like(sums), np.zeros_like(sums))
        mass, first, second = np.split(sums, 3, axis=1)
        return _Moments(mass, first, second)

    def rate(self, level: Floats, slope: Floats) -> Floats:
        """(series, weeks): cases per population."""
        parameters = np.column_stack([level, slope]) if self.trend else level
        predictor = parameters @ self.design
        return np.exp(predictor, out=predictor)

    def _solve(self, moments: _Moments, season: Floats, time: Floats) -> tuple[Floats, Floats]:
        """Levels and slope for right-hand sides by season (series, seasons) and time."""
        mass = moments.safe_mass
        if not self.trend:
            return season / mass, np.zeros(season.shape[0])
        middle = moments.first / mass
        information = moments.slope_information()
        # Time does not vary within any season that has weight: there is no slope to see.
        known = information > 1e-12 * np.abs(moments.second).sum(axis=1)
        numerator = time - (middle * season).sum(axis=1)
        slope = np.where(known, numerator / np.where(known, information, 1.0), 0.0)
        return season / mass - middle * slope[:, None], slope

    def _start(self, counts: Floats, cases: Floats, weights: Floats, logs: BatchLogs) -> None:
        """First step, from means of counts + 0.1; and the deviance there."""
        first_mean = counts + 0.1
        weight = weights * first_mean
        # Weight times working response: mean * (log mean - log population) + counts - mean.
        weighted = weight * logs.first - 0.1 * weights
        saturated = cases * logs.counts
        self.first_deviance = 2.0 * (
            saturated.sum(axis=1) - (cases * logs.first).sum(axis=1) + 0.1 * weights.sum(axis=1)
        )
        saturated -= cases
        if logs.population is not None:
            weighted -= weight * logs.population
            saturated -= cases * logs.population
        self.saturated = saturated.sum(axis=1)
        self.level, self.slope = self._solve(
            self.moments(weight), weighted @ self.indicator, weighted @ self.time
        )

    def _deviance(self, rows: NDArray[np.int64], mass: Floats) -> Floats:
        """Deviance from sums alone: the predictor is linear, so no logarithm is needed."""
        linear = (self.level[rows] * self.season_cases[rows]).sum(axis=1)
        linear += self.slope[rows] * self.time_cases[rows]
        deviance: Floats = 2.0 * (self.saturated[rows] - linear + mass.sum(axis=1))
        return deviance

    def run(self) -> _Climb:
        """Step until each series rests or the steps are spent."""
        rows = np.arange(self.level.shape[0])
        exposure = self.exposure
        before = np.full(rows.size, np.inf)  # the first step alone is never enough
        for _ in range(_MOST_STEPS - 1):
            with np.errstate(over="ignore", invalid="ignore"):
                weight = self.rate(self.level[rows], self.slope[rows])
                weight *= exposure
                moments = self.moments(weight)
                deviance = self._deviance(rows, moments.mass)
                rests = np.abs(deviance - before) < _TOLERANCE * (np.abs(deviance) + 0.1)
            self.converged[rows[rests]] = True
            lost = ~np.isfinite(deviance)
            self._step_back(rows[lost])  # a slope that ran away
            going = ~(rests | lost)
            if not going.all():
                rows, exposure, deviance = rows[going], exposure[going], deviance[going]
                moments = _Moments(moments.mass[going], moments.first[going], moments.second[going])
            if rows.size == 0:
                return self
            self._step(rows, moments)
            before = deviance
        self._step_back(rows)  # nobody has looked at where the last step led
        return self

    def _step_back(self, rows: NDArray[np.int64]) -> None:
        """Return some rows to where they still had numbers."""
        self.level[rows] = self.last_level[rows]
        self.slope[rows] = self.last_slope[rows]

    def _step(self, rows: NDArray[np.int64], moments: _Moments) -> None:
        """One Newton step for some rows, remembering where it started."""
        self.last_level[rows] = self.level[rows]
        self.last_slope[rows] = self.slope[rows]
        level, slope = self._solve(
            moments,
            self.season_cases[rows] - moments.mass,
            self.time_cases[rows] - moments.first.sum(axis=1),
        )
        self.level[rows] += level
        self.slope[rows] += slope


def fit_seasons(
    counts: Floats,
    population: Floats,
    weights: Floats,
    design: SeasonDesign,
    *,
    trend: bool,
    logs: BatchLogs | None = None,
) -> QuasiPoissonFit:
    """Fit every series of a batch.

    Parameters
    ----------
    counts : (series, weeks), >= 0
        Cases. Must be finite; a week without a count carries weight 0.
    population : (series, weeks), >= 0
        Offset on the scale of the mean; all ones for plain counts.
    weights : (series, weeks), >= 0
        Prior weights. 0 removes a week; a week of population 0 is removed as well, for it
        says nothing about the rate.
    design : SeasonDesign
        Times and seasons of the weeks.
    trend : bool
        Whether to fit a slope.
    logs : BatchLogs, optional
        Logarithms of these counts and populations, where they were taken before.

    Returns
    -------
    QuasiPoissonFit

    Notes
    -----
    Covariance, leverage and dispersion use the weights of the last step taken, as every
    textbook implementation does; they differ from the weights at the optimum by the last
    step's error, about 1e-5 relative.

    A season without a case has no finite level: its fitted mean falls by a factor e a
    step and is of order 1e-9 when the deviance rests.

    ``working_dispersion`` sums prior weight times squared relative residual. It is not a
    dispersion; reference software used it by mistake after reweighting (see
    ``FarringtonSettings.error_from``), and it is kept to reproduce its numbers.

    References
    ----------
    McCullagh & Nelder (1989), sections 2.5 and 9.2.4.
    """
    logs = logs or BatchLogs.of(counts, population)
    if logs.population is not None:
        weights = np.where(population > 0, weights, 0.0)
    climb = _Climb(counts, population, weights, design, logs, trend=trend).run()
    mean = climb.rate(climb.level, climb.slope)
    if logs.population is not None:
        mean *= population
    last_weight = climb.rate(climb.last_level, climb.last_slope)
    last_weight *= climb.exposure
    moments = climb.moments(last_weight)
    middle = moments.first / moments.safe_mass
    information = moments.slope_information()
    slope_variance = np.where(information > 0, 1.0 / np.where(information > 0, information, 1), 0.0)
    inverse_mass = 1.0 / moments.safe_mass
    leverage = inverse_mass[:, design.season]
    if trend:
        distance = climb.time - middle[:, design.season]
        leverage += distance**2 * slope_variance[:, None]
    leverage *= last_weight
    used = weights > 0
    relative = (counts - mean) / np.where(mean > 0, mean, 1.0)
    parameters = ((used.astype(np.float64) @ climb.indicator) > 0).sum(axis=1) + int(trend)
    freedom = used.sum(axis=1) - parameters
    divisor = np.maximum(freedom, 1)
    squared = relative**2
    return QuasiPoissonFit(
        mean=mean,
        leverage=leverage,
        centre=design.centre,
        last_level=climb.level[:, -1],
        slope=climb.slope,
        slope_variance=slope_variance,
        last_mass=moments.mass[:, -1],
        last_time=middle[:, -1] + design.centre,
        dispersion=(last_weight * squared).sum(axis=1) / divisor,
        working_dispersion=(weights * squared).sum(axis=1) / divisor,
        freedom=freedom.astype(np.float64),
        converged=climb.converged,
    )
