"""What is judged, what is not, and how often quiet series alarm."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.maths.detection import CHUNK, detect
from risk.maths.reference import WeekAxis
from risk.maths.settings import FarringtonSettings, Judgement

AXIS = WeekAxis(length=312)
LAST = 311


def _quiet(series: int, mean: float = 6.0, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, size=(series, 312)).astype(float)


def test_an_outbreak_is_an_alarm() -> None:
    counts = _quiet(1)
    counts[0, LAST] = 40

    found = detect(counts, AXIS, [LAST])

    assert found.alarm[0, 0]
    assert found.p_value[0, 0] < 1e-6
    assert found.exceedance[0, 0] > 1
    assert found.recent_cases[0, 0] == counts[0, -4:].sum()


def test_a_short_history_is_not_judged_and_says_so() -> None:
    counts = _quiet(2)[:, :100]

    found = detect(counts, WeekAxis(length=100), [99])

    assert (found.judgement == Judgement.TOO_LITTLE_HISTORY).all()
    assert not found.evaluated.any()
    assert not found.alarm.any()
    assert np.isnan(found.upper).all()


def test_history_is_used_as_far_as_it_reaches() -> None:
    axis = WeekAxis(length=200, first=date(2011, 1, 3))

    found = detect(_quiet(1)[:, :200], axis, [105, 106, 107, 199])

    assert found.years_used.tolist() == [1, 1, 2, 3]
    assert found.evaluated[0].tolist() == [False, False, True, True]
    assert not found.trend[0, 2]  # two years cannot carry a slope
    assert found.trend[0, 3]


def test_few_recent_cases_are_not_judged() -> None:
    counts = _quiet(1)
    counts[0, -4:] = [1, 1, 1, 1]

    found = detect(counts, AXIS, [LAST])

    assert found.judgement[0, 0] == Judgement.TOO_FEW_RECENT_CASES
    assert found.recent_cases[0, 0] == 4
    assert np.isfinite(found.expected[0, 0])


def test_a_week_without_inspections_cannot_be_judged() -> None:
    counts = _quiet(1)
    population = np.full_like(counts, 50.0)
    population[0, LAST] = 0.0

    found = detect(counts, AXIS, [LAST], population=population)

    assert found.judgement[0, 0] == Judgement.NOTHING_UNDER_OBSERVATION


def test_weeks_without_inspections_do_not_lower_the_baseline() -> None:
    counts = _quiet(1)
    population = np.full_like(counts, 50.0)
    full = detect(counts, AXIS, [LAST], population=population)
    counts[0, 40:60] = 0.0
    population[0, 40:60] = 0.0

    found = detect(counts, AXIS, [LAST], population=population)

    assert found.reference_weeks[0, 0] < full.reference_weeks[0, 0]
    assert found.expected[0, 0] == pytest.approx(full.expected[0, 0], rel=0.1)


def test_twice_the_inspections_expect_twice_the_failures() -> None:
    counts = _quiet(1)
    population = np.full_like(counts, 50.0)
    once = detect(counts, AXIS, [LAST], population=population)
    population[0, LAST] = 100.0

    twice = detect(counts, AXIS, [LAST], population=population)

    assert twice.expected[0, 0] == pytest.approx(2 * once.expected[0, 0])


def test_a_missing_count_is_not_zero() -> None:
    counts = _quiet(1)
    missing = counts.copy()
    missing[0, 100:110] = np.nan
    counts[0, 100:110] = 0.0

    with_nan = detect(missing, AXIS, [LAST])
    with_zero = detect(counts, AXIS, [LAST])

    assert with_nan.reference_weeks[0, 0] == with_zero.reference_weeks[0, 0] - 10
    assert with_nan.dispersion[0, 0] < with_zero.dispersion[0, 0]
    missing[0, LAST] = np.nan
    assert detect(missing, AXIS, [LAST]).judgement[0, 0] == Judgement.NO_COUNT


def test_a_past_outbreak_hardly_raises_the_bound() -> None:
    counts = _quiet(1)
    quiet = detect(counts, AXIS, [LAST])
    counts[0, LAST - 52] = 200.0

    reweighted = detect(counts, AXIS, [LAST])
    naive = detect(counts, AXIS, [LAST], FarringtonSettings(reweight=False))

    assert reweighted.down_weighted[0, 0] >= 1
    assert reweighted.upper[0, 0] <= quiet.upper[0, 0] + 3
    assert naive.upper[0, 0] > 2 * quiet.upper[0, 0]


def test_windows_without_a_case_expect_half_a_case() -> None:
    # Cases only in the last four weeks: 35 window weeks without one, so 0.5 / 35 a week.
    counts = np.zeros((1, 312))
    counts[0, -4:] = [1, 1, 1, 2]

    found = detect(counts, AXIS, [LAST])
    fitted = detect(counts, AXIS, [LAST], FarringtonSettings(empty_window="as-fitted"))

    assert found.expected[0, 0] == pytest.approx(0.5 / 35)
    assert found.upper[0, 0] == 1.0  # so a single case is no alarm, two are
    assert found.alarm[0, 0]
    assert 0 < fitted.expected[0, 0] < 1e-6
    assert fitted.upper[0, 0] == 0.0


def test_a_slope_is_dropped_where_it_extrapolates() -> None:
    # Growth to the end of the reference weeks predicts above anything seen there.
    counts = np.round(np.exp(np.arange(312) * 0.012))[None].astype(float)

    found = detect(counts, AXIS, [LAST])

    assert not found.trend[0, 0]
    assert found.slope[0, 0] == 0.0


def test_series_do_not_depend_on_their_neighbours() -> None:
    counts = _quiet(CHUNK + 20, mean=2.0)
    order = np.random.default_rng(3).permutation(CHUNK + 20)

    plain = detect(counts, AXIS, [300, LAST])
    mixed = detect(counts[order], AXIS, [300, LAST])

    np.testing.assert_array_equal(plain.upper[order], mixed.upper)
    np.testing.assert_allclose(plain.expected[order], mixed.expected, rtol=1e-11)


def test_raised_mean_bounds_are_never_lower_than_plug_in_bounds() -> None:
    counts = _quiet(50, mean=4.0)

    plain = detect(counts, AXIS, [LAST])
    raised = detect(counts, AXIS, [LAST], FarringtonSettings(method="muan"))

    assert (raised.upper >= plain.upper).all()
    assert (raised.bound_mean > plain.bound_mean).all()
    np.testing.assert_array_equal(raised.expected, plain.expected)


@settings(max_examples=20, deadline=None)
@given(st.integers(min_value=0, max_value=60))
def test_more_cases_are_never_less_alarming(cases: int) -> None:
    counts = _quiet(1)
    counts[0, LAST] = cases
    more = counts.copy()
    more[0, LAST] = cases + 1

    lower, higher = detect(counts, AXIS, [LAST]), detect(more, AXIS, [LAST])

    assert higher.p_value[0, 0] <= lower.p_value[0, 0]
    assert higher.alarm[0, 0] >= lower.alarm[0, 0]
    assert higher.upper[0, 0] == lower.upper[0, 0]  # the week is not part of its own baseline


def test_quiet_series_alarm_about_as_often_as_asked() -> None:
    # Negative binomial with variance 1.5 means, no season: alpha 0.01 over 4,000 series.
    # The bound is a whole number, so the rate lies below alpha; estimation error raises it a
    # little. Binomial standard error 0.0016.
    counts = np.random.default_rng(11).negative_binomial(20, 1 / 1.5, size=(4000, 312))

    found = detect(counts, AXIS, [LAST], FarringtonSettings(alpha=0.01))

    rate = found.alarm[:, 0].mean()
    assert 0.005 < rate < 0.0145


def test_the_alarm_and_the_tail_probability_agree() -> None:
    counts = _quiet(300, mean=3.0)
    counts[:, LAST] += np.random.default_rng(2).integers(0, 12, size=300)

    found = detect(counts, AXIS, [LAST])

    judged = found.evaluated
    np.testing.assert_array_equal(found.alarm[judged], found.p_value[judged] <= 0.005)


def test_no_week_asked_gives_an_empty_answer() -> None:
    assert detect(_quiet(3), AXIS, []).upper.shape == (3, 0)


def test_weights_are_kept_where_asked() -> None:
    found = detect(_quiet(3), AXIS, [310, LAST], keep_weights=True)

    assert found.weights is not None
    reference = found.references[1]
    assert reference is not None
    assert found.weights[1].shape == (3, reference.week.size)
    assert detect(_quiet(3), AXIS, [LAST]).weights is None


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (np.zeros((2, 10)), "counts must be"),
        (np.full((1, 312), -1.0), "negative"),
    ],
)
def test_wrong_counts_are_refused(counts: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        detect(counts, AXIS, [LAST])


def test_wrong_weeks_and_populations_are_refused() -> None:
    with pytest.raises(ValueError, match="weeks must lie"):
        detect(_quiet(1), AXIS, [312])
    with pytest.raises(ValueError, match="shape"):
        detect(_quiet(1), AXIS, [LAST], population=np.ones((1, 3)))
    with pytest.raises(ValueError, match="population must be"):
        detect(_quiet(1), AXIS, [LAST], population=np.full((1, 312), np.nan))


@pytest.mark.parametrize(
    "facts",
    [
        {"alpha": 0.0},
        {"fewest_years": 6},
        {"trend_p_below": 0.0},
        {"weights_threshold": 0.9},
        {"recent_weeks": 0},
        {"seasons": 0},
    ],
)
def test_settings_out_of_range_are_refused(facts: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        replace(FarringtonSettings(), **facts)  # type: ignore[arg-type]


def test_a_season_never_inspected_has_no_baseline() -> None:
    # Cases elsewhere in the year, but nothing was ever inspected around this week before.
    counts = np.zeros((1, 312))
    population = np.zeros_like(counts)
    population[0, 20:40] = 10.0
    counts[0, 20:40] = 1.0
    population[0, -4:] = 10.0
    counts[0, -4:] = 3.0

    found = detect(counts, AXIS, [LAST], population=population)

    assert found.judgement[0, 0] == Judgement.NO_BASELINE
    assert not found.alarm[0, 0]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(min_value=0, max_value=2**31),
    st.sampled_from([0.002, 0.02, 0.2, 2.0, 5000.0]),
    st.sampled_from([0.02, 0.3, 1.0]),
    st.sampled_from(["nbPlugin", "muan", "delta"]),
)
def test_no_series_is_too_strange(seed: int, mean: float, inspected: float, method: str) -> None:
    # Warnings are errors here: empty seasons, lone cases, rare inspections, huge counts.
    random = np.random.default_rng(seed)
    population = np.where(random.random((6, 312)) < inspected, 20.0, 0.0)
    counts = random.poisson(mean, size=(6, 312)) * (population > 0)

    found = detect(
        counts,
        AXIS,
        [200, LAST],
        FarringtonSettings(method=method, recent_cases=0),  # type: ignore[arg-type]
        population=population,
    )

    judged = found.evaluated
    assert np.isfinite(found.expected[judged]).all()
    assert not np.isnan(found.upper[judged]).any()
    assert ((found.p_value[judged] >= 0) & (found.p_value[judged] <= 1)).all()
    assert not found.alarm[~judged].any()
