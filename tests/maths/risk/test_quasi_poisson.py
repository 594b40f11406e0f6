"""The batched regression against one-at-a-time fits by other code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.maths.quasi_poisson import SeasonDesign, fit_seasons
from risk.maths.reweighting import anscombe_residuals, outbreak_weights

WEEKS = 60
DESIGN = SeasonDesign(time=np.arange(float(WEEKS)), season=np.arange(WEEKS) // 20, seasons=3)


def _by_statsmodels(
    counts: Any, population: Any, weights: Any, *, trend: bool
) -> tuple[Any, Any, float]:
    """Means, coefficients and Pearson dispersion of one series."""
    columns = [DESIGN.indicator()]
    if trend:
        columns.append((DESIGN.time - DESIGN.centre)[:, None])
    model = sm.GLM(
        counts,
        np.hstack(columns),
        family=sm.families.Poisson(),
        offset=np.log(population),
        var_weights=weights,
    )
    fit = model.fit(tol=1e-12, scale="X2")
    return fit.mu, fit, float(fit.scale)


@pytest.mark.parametrize("trend", [True, False])
def test_fits_agree_with_statsmodels(trend: bool) -> None:
    random = np.random.default_rng(20131)
    counts = random.negative_binomial(6, 0.5, size=(8, WEEKS)).astype(float)
    population = random.integers(50, 200, size=(8, WEEKS)).astype(float)
    weights = random.uniform(0.2, 2.0, size=(8, WEEKS))

    fit = fit_seasons(counts, population, weights, DESIGN, trend=trend)

    for row in range(8):
        mean, other, scale = _by_statsmodels(
            counts[row], population[row], weights[row], trend=trend
        )
        # 2e-5: ours stops when the deviance rests (1e-8), theirs at 1e-12.
        np.testing.assert_allclose(fit.mean[row], mean, rtol=2e-5)
        assert fit.dispersion[row] == pytest.approx(scale, rel=1e-4)
        covariance = other.cov_params() / scale
        if trend:
            assert fit.slope[row] == pytest.approx(other.params[-1], abs=1e-7)
            assert fit.slope_variance[row] == pytest.approx(covariance[-1, -1], rel=1e-4)
        design = np.zeros(3 + trend)
        design[2] = 1.0
        if trend:
            design[-1] = 70.0 - DESIGN.centre
        stated = design @ covariance @ design
        assert fit.log_mean_variance(70.0)[row] == pytest.approx(stated, rel=1e-4)


def test_leverages_sum_to_the_number_of_parameters() -> None:
    random = np.random.default_rng(5)
    counts = random.poisson(4.0, size=(3, WEEKS)).astype(float)
    ones = np.ones_like(counts)

    fit = fit_seasons(counts, ones, ones, DESIGN, trend=True)

    np.testing.assert_allclose(fit.leverage.sum(axis=1), 4.0, rtol=1e-10)


def test_without_a_slope_a_season_has_its_mean() -> None:
    # Seasons of 20 weeks with totals 20, 40, 60: means 1, 2, 3 by hand.
    counts = np.repeat([1.0, 2.0, 3.0], 20)[None]
    ones = np.ones_like(counts)

    fit = fit_seasons(counts, ones, ones, DESIGN, trend=False)

    np.testing.assert_allclose(fit.mean, counts, rtol=1e-9)
    assert fit.dispersion[0] == pytest.approx(0.0, abs=1e-12)
    assert fit.freedom[0] == 57
    assert fit.predict(99.0, np.ones(1))[0] == pytest.approx(3.0)


def test_a_week_without_population_says_nothing() -> None:
    random = np.random.default_rng(6)
    counts = random.poisson(4.0, size=(1, WEEKS)).astype(float)
    population = np.ones_like(counts)
    population[0, 25] = 0.0
    other = counts.copy()
    other[0, 25] = 1000.0

    first = fit_seasons(counts, population, np.ones_like(counts), DESIGN, trend=True)
    second = fit_seasons(other, population, np.ones_like(counts), DESIGN, trend=True)

    assert first.slope[0] == second.slope[0]
    assert first.freedom[0] == WEEKS - 1 - 4


def test_an_empty_season_leaves_the_others_alone() -> None:
    counts = np.tile([2.0, 4.0], WEEKS // 2)[None].copy()
    counts[0, :20] = 0.0
    ones = np.ones_like(counts)

    fit = fit_seasons(counts, ones, ones, DESIGN, trend=False)

    assert fit.mean[0, :20].max() < 1e-6
    np.testing.assert_allclose(fit.mean[0, 20:], 3.0, rtol=1e-7)
    assert fit.converged[0]


def test_a_lone_case_cannot_carry_a_slope() -> None:
    counts = np.zeros((1, WEEKS))
    counts[0, 59] = 1.0
    ones = np.ones_like(counts)

    fit = fit_seasons(counts, ones, ones, DESIGN, trend=True)

    assert not fit.converged[0] or np.isfinite(fit.slope[0])


@settings(max_examples=25, deadline=None)
@given(st.integers(min_value=0, max_value=2**31), st.floats(min_value=0.01, max_value=100.0))
def test_a_larger_population_only_lowers_the_rate(seed: int, factor: float) -> None:
    random = np.random.default_rng(seed)
    counts = random.poisson(5.0, size=(2, WEEKS)).astype(float)
    ones = np.ones_like(counts)

    plain = fit_seasons(counts, ones, ones, DESIGN, trend=True)
    scaled = fit_seasons(counts, factor * ones, ones, DESIGN, trend=True)

    np.testing.assert_allclose(plain.mean, scaled.mean, rtol=1e-6)
    np.testing.assert_allclose(plain.dispersion, scaled.dispersion, rtol=1e-4)


def test_residuals_of_a_perfect_fit_are_zero() -> None:
    counts = np.repeat([1.0, 2.0, 3.0], 20)[None]
    ones = np.ones_like(counts)
    fit = fit_seasons(counts, ones, ones, DESIGN, trend=False)

    residuals = anscombe_residuals(counts, fit, np.ones(1))

    np.testing.assert_allclose(residuals, 0.0, atol=1e-9)


def test_a_residual_by_hand() -> None:
    # Mean 8, count 27, leverage 1/20 of a season of 20 weeks, dispersion 1:
    # 1.5 (27^(2/3) - 8^(2/3)) / (8^(1/6) sqrt(19/20)) = 1.5 * 5 / (1.41421 * 0.97468) = 5.4411
    counts = np.full((1, WEEKS), 7.0)
    counts[0, 0] = 27.0  # the season's total is 27 + 19 * 7 = 160, its mean 8
    ones = np.ones_like(counts)
    fit = fit_seasons(counts, ones, ones, DESIGN, trend=False)

    residuals = anscombe_residuals(counts, fit, np.ones(1))

    assert residuals[0, 0] == pytest.approx(5.4411, abs=2e-4)


@given(
    st.lists(st.floats(min_value=-3, max_value=12), min_size=2, max_size=30),
    st.floats(min_value=1, max_value=4),
)
def test_weights_sum_to_the_number_of_weeks(residuals: list[float], threshold: float) -> None:
    array = np.array([residuals])

    weights = outbreak_weights(array, np.ones_like(array), threshold)

    assert weights.sum() == pytest.approx(len(residuals))
    plain = array[0] <= threshold
    if plain.any() and (~plain).any():
        assert weights[0][~plain].max() < weights[0][plain].min()


def test_a_threshold_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        outbreak_weights(np.zeros((1, 2)), np.ones((1, 2)), 0.5)
