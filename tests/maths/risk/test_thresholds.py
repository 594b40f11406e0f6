"""Bounds and tails of a count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from risk.maths.thresholds import (
    negative_binomial_tail,
    negative_binomial_upper,
    power_tail,
    power_upper,
    raised_mean,
)


def test_a_published_week() -> None:
    # R surveillance 1.20.3, salmonella.agona, week 284: mean 2.15478093, dispersion
    # 1.60328558, 7 cases: p 0.0284056984, bound 9 at alpha 0.005.
    mean, dispersion = np.array([2.15478093337]), np.array([1.60328558326])

    assert negative_binomial_tail(np.array([7.0]), mean, dispersion)[0] == pytest.approx(
        0.0284056984455, rel=1e-9
    )
    assert negative_binomial_upper(mean, dispersion, 0.005)[0] == 9


def test_the_geometric_case_by_hand() -> None:
    # Mean 2, variance 6: geometric with ratio 2/3, so P(Y >= 4) = (2/3)^4 = 16/81.
    tail = negative_binomial_tail(np.array([4.0]), np.array([2.0]), np.array([3.0]))

    assert tail[0] == pytest.approx(16 / 81)


@given(
    st.integers(min_value=0, max_value=200),
    st.floats(min_value=0.01, max_value=100),
    st.floats(min_value=1.0, max_value=20),
)
def test_tails_agree_with_scipy_distributions(y: int, mean: float, dispersion: float) -> None:
    if dispersion > 1.001:
        stated = stats.nbinom.sf(y - 1, mean / (dispersion - 1), 1 / dispersion)
    else:
        dispersion = 1.0
        stated = stats.poisson.sf(y - 1, mean)

    tail = negative_binomial_tail(np.array([float(y)]), np.array([mean]), np.array([dispersion]))

    assert tail[0] == pytest.approx(stated, rel=1e-7, abs=1e-300)


@given(
    st.floats(min_value=0.01, max_value=100),
    st.floats(min_value=1.0, max_value=20),
    st.sampled_from([0.05, 0.01, 0.005, 0.001]),
)
def test_the_bound_is_the_smallest_that_holds(mean: float, dispersion: float, alpha: float) -> None:
    one = np.array([mean]), np.array([dispersion])

    upper = negative_binomial_upper(*one, alpha)

    assert negative_binomial_tail(upper + 1, *one)[0] <= alpha * (1 + 1e-9)
    if upper[0] > 0:
        assert negative_binomial_tail(upper, *one)[0] > alpha * (1 - 1e-9)


def test_nothing_expected_is_exceeded_by_anything() -> None:
    zero = np.zeros(1)

    assert negative_binomial_upper(zero, np.ones(1), 0.005)[0] == 0
    assert negative_binomial_tail(np.ones(1), zero, np.ones(1))[0] == 0
    assert negative_binomial_tail(zero, zero, np.ones(1))[0] == 1


@pytest.mark.parametrize("power", ["2/3", "1/2", "none"])
def test_a_count_on_the_power_bound_has_tail_alpha(power: str) -> None:
    facts = np.array([5.0]), np.array([1.7]), np.array([0.02])

    upper = power_upper(*facts, 0.01, power)  # type: ignore[arg-type]

    assert power_tail(upper, *facts, power)[0] == pytest.approx(0.01)  # type: ignore[arg-type]


def test_a_published_power_bound() -> None:
    # R surveillance 1.20.3, salmonella.agona, week 284, power 1/2, no trend, no reweighting:
    # 27 weeks with 64 cases, mean 64/27, dispersion 1.51052484, bound 7.65149460 at 0.025.
    mean, dispersion = np.array([64 / 27]), np.array([1.51052483964])

    upper = power_upper(mean, dispersion, dispersion / 64, 0.025, "1/2")

    assert upper[0] == pytest.approx(7.65149460347, rel=1e-5)


def test_a_published_raised_mean() -> None:
    # Without error of estimation the mean stays; with it, exp(z s) by hand: s 0.1, z 2.5758.
    assert raised_mean(np.array([4.0]), np.zeros(1), 0.005)[0] == 4.0
    assert raised_mean(np.array([4.0]), np.array([0.01]), 0.005)[0] == pytest.approx(
        4 * np.exp(0.25758293), rel=1e-7
    )


@pytest.mark.parametrize("mean", [1e-12, 1e-3, 1e6, 1e9, 1e11, 1e13, 1e15])
@pytest.mark.parametrize("dispersion", [1.0, 1.0000001, 50.0, 1e7])
def test_bounds_far_from_ordinary_counts_are_finite(mean: float, dispersion: float) -> None:
    # Library quantiles loop for hours or end the process out here.
    upper = negative_binomial_upper(np.array([mean]), np.array([dispersion]), 0.005)

    assert np.isfinite(upper[0])
    assert upper[0] >= np.floor(mean * (1 - 1e-9)) or upper[0] == 0


@given(
    st.floats(min_value=0.01, max_value=300),
    st.floats(min_value=1.01, max_value=20),
    st.sampled_from([0.05, 0.01, 0.005]),
)
def test_bounds_agree_with_scipy_quantiles(mean: float, dispersion: float, alpha: float) -> None:
    stated = stats.nbinom.ppf(1 - alpha, mean / (dispersion - 1), 1 / dispersion)

    upper = negative_binomial_upper(np.array([mean]), np.array([dispersion]), alpha)

    tail = stats.nbinom.sf(stated, mean / (dispersion - 1), 1 / dispersion)
    assert upper[0] == stated or tail == pytest.approx(alpha, rel=1e-9)
