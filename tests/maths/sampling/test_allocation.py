"""Allocation: published optima, the conditions of optimality, brute force over whole units."""

from __future__ import annotations

import itertools
import json
import math
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sampling.maths.allocation import (
    neyman,
    optimal,
    optimal_for_budget,
    optimal_for_variance,
    optimality_gap,
    proportional,
)
from sampling.maths.strata import Allocation, BoundsInfeasible, StratumSpread, variance_of_total
from sampling.maths.whole_units import integer_optimum, whole_units_for_budget

VECTORS = Path(__file__).parents[2] / "vectors" / "estimates" / "allocation.json"
PUBLISHED = json.loads(VECTORS.read_text(encoding="utf-8"))
CLOSE = 1e-12  # the published figures carry 15 digits


def spreads(case: dict[str, list[float]], *, lower: bool, upper: bool) -> list[StratumSpread]:
    return [
        StratumSpread(
            str(place),
            int(size),
            float(case["S"][place]),
            lower=int(case["lower"][place]) if lower else 0,
            upper=int(case["upper"][place]) if upper else None,
        )
        for place, size in enumerate(case["N"])
    ]


@st.composite
def small(draw: st.DrawFn) -> tuple[list[StratumSpread], int]:
    """Up to four strata with bounds, and a total within them."""
    strata = []
    for place in range(draw(st.integers(1, 4))):
        size = draw(st.integers(1, 6))
        lower = draw(st.integers(0, size))
        strata.append(
            StratumSpread(
                str(place),
                size,
                draw(st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0, 7.5])),
                Decimal(draw(st.sampled_from([1, 2, 5]))),
                lower,
                draw(st.integers(lower, size)),
            )
        )
    least, most = sum(one.lower for one in strata), sum(one.most for one in strata)
    return strata, draw(st.integers(least, most))


@pytest.mark.parametrize("case", PUBLISHED["cases"], ids=lambda case: f"n={case['n']}")
def test_optima_are_the_published_ones(case: dict[str, list[float]]) -> None:
    total = case["n"]
    free = spreads(case, lower=False, upper=False)
    boxed = spreads(case, lower=True, upper=True)

    assert list(neyman(free, total).units.values()) == pytest.approx(case["neyman"], rel=CLOSE)
    found = list(proportional(free, total).units.values())
    assert found == pytest.approx(case["proportional"], rel=CLOSE)
    found = list(optimal(spreads(case, lower=False, upper=True), total).units.values())
    assert found == pytest.approx(case["upper_only"], rel=CLOSE)
    assert list(optimal(boxed, total).units.values()) == pytest.approx(case["box"], rel=CLOSE)
    assert optimal(boxed, total).variance == pytest.approx(case["var_box"], rel=CLOSE)
    if "lower_only" in case:  # not published for n = 338
        found = list(optimal(spreads(case, lower=True, upper=False), total).units.values())
        assert found == pytest.approx(case["lower_only"], rel=CLOSE)


@pytest.mark.parametrize("case", PUBLISHED["cases"], ids=lambda case: f"n={case['n']}")
def test_whole_units_are_at_least_as_good_as_published_rounding(
    case: dict[str, list[float]],
) -> None:
    boxed = spreads(case, lower=True, upper=True)
    rounded = {str(place): value for place, value in enumerate(case["box_rounded_oric"])}

    assert integer_optimum(boxed, case["n"]).variance <= variance_of_total(boxed, rounded)


def test_ten_strata_with_bounds_are_the_published_ones() -> None:
    data = PUBLISHED["pop10"]["data"]
    strata = [
        StratumSpread(str(h), data["N"][h], data["S"][h], Decimal(1), data["m"][h], data["M"][h])
        for h in range(10)
    ]

    found = optimal(strata, PUBLISHED["pop10"]["n"])

    assert list(found.units.values()) == pytest.approx(PUBLISHED["pop10"]["box"], rel=CLOSE)
    assert optimality_gap(found) < 1e-12


def test_least_cost_for_a_variance_is_the_published_one() -> None:
    case = PUBLISHED["optcost"]
    # Only A and the bounds are given there; any N and S with N * S = A serve.
    strata = [
        StratumSpread(str(h), most, weight / most, Decimal(str(cost)), upper=most)
        for h, (weight, most, cost) in enumerate(
            zip(case["A"], case["M"], case["unit_costs"], strict=True)
        )
    ]
    ours = sum(one.weight * one.spread for one in strata)

    found = optimal_for_variance(strata, case["V"] + case["A0"] - ours)

    assert list(found.units.values()) == pytest.approx(case["x"], rel=CLOSE)
    assert optimality_gap(found) < 1e-12


@settings(deadline=None)
@given(small())
def test_the_bounded_optimum_meets_its_conditions(case: tuple[list[StratumSpread], int]) -> None:
    strata, total = case

    found = optimal(strata, total)

    assert found.total == pytest.approx(total)
    assert all(one.lower <= found.units[one.key] <= one.most for one in strata)
    assert optimality_gap(found) < 1e-9


@settings(deadline=None)
@given(small())
def test_no_split_into_whole_units_beats_the_greedy_one(
    case: tuple[list[StratumSpread], int],
) -> None:
    strata, total = case
    ranges = [range(one.lower, one.most + 1) for one in strata]
    keys = [one.key for one in strata]
    every = [
        variance_of_total(strata, dict(zip(keys, split, strict=True)))
        for split in itertools.product(*ranges)
        if sum(split) == total
    ]

    found = integer_optimum(strata, total)

    assert sum(found.units.values()) == total
    best = min(every)
    assert found.variance == pytest.approx(best) or (found.variance == best == math.inf)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 10**6), st.floats(0.0, 50.0), st.integers(0, 40)),
        min_size=1,
        max_size=12,
    ),
    st.floats(0.0, 1.0),
)
@example(facts=[(9, 48.0, 0), (103, 5.626905190055676e-152, 0)], share=1.0)
def test_no_single_unit_moved_makes_large_whole_allocations_better(
    facts: list[tuple[int, float, int]], share: float
) -> None:
    strata = [
        StratumSpread(str(place), size, spread, lower=min(lower, size), upper=size - size // 9)
        for place, (size, spread, lower) in enumerate(facts)
        if min(lower, size) <= size - size // 9
    ]
    if not strata:
        return
    least, most = sum(one.lower for one in strata), sum(one.most for one in strata)
    total = least + int(share * (most - least))

    units = integer_optimum(strata, total).units

    assert sum(units.values()) == total
    assert all(one.lower <= units[one.key] <= one.most for one in strata)
    # The variance is a sum of convex parts: if no single move helps, nothing does.
    lost = [
        one.weight**2 / (units[one.key] * (units[one.key] - 1)) if units[one.key] > 1 else math.inf
        for one in strata
        if units[one.key] > one.lower and one.weight > 0
    ]
    won = [
        one.weight**2 / (units[one.key] * (units[one.key] + 1)) if units[one.key] else math.inf
        for one in strata
        if units[one.key] < one.most and one.weight > 0
    ]
    if lost and won:
        assert max(won) <= min(lost) * (1 + 1e-12) or max(won) == min(lost) == math.inf


@settings(deadline=None)
@given(small())
def test_whole_units_are_never_better_than_fractions(
    case: tuple[list[StratumSpread], int],
) -> None:
    strata, total = case

    whole, ideal = integer_optimum(strata, total), optimal(strata, total)

    rounding = 1e-9 * sum(one.weight * one.spread for one in strata)
    assert whole.variance >= ideal.variance - rounding


@settings(deadline=None)
@given(small(), st.integers(0, 60))
def test_money_is_never_overspent(case: tuple[list[StratumSpread], int], extra: int) -> None:
    strata, _ = case
    budget = sum((one.cost * one.lower for one in strata), Decimal(extra))

    ideal, whole = optimal_for_budget(strata, budget), whole_units_for_budget(strata, budget)

    most = sum((one.cost * one.most for one in strata), Decimal(0))
    assert float(ideal.cost) == pytest.approx(float(min(budget, most)))
    assert optimality_gap(ideal) < 1e-9
    assert whole.cost <= budget
    affordable = [
        o for o in strata if whole.units[o.key] < o.most and whole.cost + o.cost <= budget
    ]
    assert not affordable


@settings(max_examples=60, deadline=None)
@given(small(), st.floats(1.0, 30.0))
def test_least_money_for_a_variance_reaches_just_that(
    case: tuple[list[StratumSpread], int], times: float
) -> None:
    strata = [one for one in case[0] if one.weight > 0 and one.most > 0]
    if not strata:
        return
    goal = variance_of_total(strata, {one.key: float(one.most) for one in strata}) + times

    found = optimal_for_variance(strata, goal)

    at_least = {one.key: float(one.lower) for one in strata}
    within = 1e-9 * (1 + sum(one.weight * one.spread for one in strata))
    assert found.variance <= goal + within
    if variance_of_total(strata, at_least) > goal:
        assert found.variance == pytest.approx(goal, abs=within)
    assert optimality_gap(found) < 1e-9


def test_order_of_strata_does_not_matter() -> None:
    strata = [StratumSpread("A", 30, 1.0), StratumSpread("B", 10, 5.0), StratumSpread("C", 9, 2.0)]

    forward, backward = integer_optimum(strata, 20), integer_optimum(strata[::-1], 20)

    assert dict(forward.units) == {key: backward.units[key] for key in forward.units}


@pytest.mark.parametrize(
    ("strata", "total", "stratum", "words"),
    [
        ([("A", 10, 5, None), ("B", 10, 3, None)], 7, "A", "need 8 units, 7 are to be drawn"),
        ([("A", 10, 0, 2), ("B", 10, 0, 9)], 12, "A", "stratum A stops at 2 of 10"),
        ([("A", 10, 4, 3)], 3, "A", "lower bound 4 must lie between 0 and its upper bound 3"),
        ([("A", 10, 0, 11)], 3, "A", "upper bound 11 is above its size 10"),
    ],
)
def test_bounds_that_cannot_be_kept_name_a_stratum(
    strata: list[tuple[str, int, int, int | None]], total: int, stratum: str, words: str
) -> None:
    with pytest.raises(BoundsInfeasible, match=words) as refused:
        optimal(
            [StratumSpread(k, n, 1.0, lower=low, upper=high) for k, n, low, high in strata], total
        )

    assert refused.value.stratum == stratum


def test_too_little_money_names_the_dearest_bound() -> None:
    strata = [
        StratumSpread("A", 10, 1.0, Decimal(100), lower=2),
        StratumSpread("B", 10, 1.0, Decimal(10), lower=3),
    ]

    with pytest.raises(BoundsInfeasible, match="cost 230, the budget is 200; stratum A") as refused:
        optimal_for_budget(strata, Decimal(200))

    assert refused.value.stratum == "A"


def test_a_variance_out_of_reach_is_refused() -> None:
    with pytest.raises(BoundsInfeasible, match="raise its bound or ask for less"):
        optimal_for_variance([StratumSpread("A", 10, 1.0, upper=5)], 9.0)  # 100/5 - 10 = 10


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"size": -1}, "size must be at least 0, got -1"),
        ({"spread": math.nan}, "spread must be at least 0, got nan"),
        ({"cost": Decimal(0)}, "cost must be above 0, got 0"),
    ],
)
def test_values_that_cannot_be_meant_are_refused(facts: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        StratumSpread(**{"key": "A", "size": 3, "spread": 1.0, **facts})  # type: ignore[arg-type]


def test_strata_without_spread_fill_up_last() -> None:
    strata = [StratumSpread("A", 4, 1.0), StratumSpread("B", 10, 0.0), StratumSpread("C", 5, 0.0)]

    assert dict(optimal(strata, 7).units) == {"A": 4.0, "B": 2.0, "C": 1.0}
    assert dict(integer_optimum(strata, 4).units) == {"A": 4, "B": 0, "C": 0}


def test_a_moved_unit_shows_in_the_gap() -> None:
    strata = (StratumSpread("A", 30, 1.0), StratumSpread("B", 10, 5.0))

    worse = Allocation(strata, {"A": 4.0, "B": 4.0}, "optimal")

    assert optimality_gap(worse) == pytest.approx((50 / 4) ** 2 / (30 / 4) ** 2 - 1)
