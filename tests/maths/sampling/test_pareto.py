"""Unequal chances: stated, calibrated, rounded, and kept by the draw."""

from __future__ import annotations

import hashlib
import itertools
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling.maths.commitment import WHOLE
from sampling.maths.draw import Permanent, StratumRule, draw_stratified
from sampling.maths.pareto import (
    TICKETS,
    chances,
    inclusion_probabilities,
    near_the_cut,
    order_key,
    with_odds,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "pareto.json"
CASES = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]
sizes_and_count = st.lists(st.integers(1, 10**6), min_size=2, max_size=25).flatmap(
    lambda sizes: st.tuples(st.just(sizes), st.integers(0, len(sizes)))
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{len(case['lam'])}-{case['n']}")
def test_chances_of_raw_odds_equal_the_reference(case: dict[str, list[float]]) -> None:
    chance = np.array(case["lam"])

    found = inclusion_probabilities(chance / (1 - chance), case["n"])  # type: ignore[arg-type]

    assert np.abs(found - case["pareto_exact_pi"]).max() < 1e-12


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{len(case['lam'])}-{case['n']}")
def test_calibrated_odds_equal_the_reference(case: dict[str, list[float]]) -> None:
    found = with_odds(chances(case["lam"], case["n"]), case["n"])  # type: ignore[arg-type]

    odds = np.array([num / den for num, den in found.odds])
    ratio = odds / case["calibrated_odds"]
    assert ratio.max() / ratio.min() - 1 < 1e-11
    assert found.is_calibrated
    assert found.error < 1e-12


def test_two_of_three_by_hand() -> None:
    """Order sampling of all but one: the loser has the largest key; closed form by integration."""
    odds = [1.0, 2.0, 4.0]

    found = inclusion_probabilities(odds, 2)

    # P(unit i is last) = ∫ Π_{j≠i} p_j(t) dp_i(t): a fine midpoint rule over u = p_i.
    u = (np.arange(2_000_000) + 0.5) / 2_000_000
    for place, own in enumerate(odds):
        t = u / (1 - u) / own
        others = [w * t / (1 + w * t) for k, w in enumerate(odds) if k != place]
        assert found[place] == pytest.approx(1 - float(np.mean(others[0] * others[1])), abs=1e-9)


@given(sizes_and_count, st.sampled_from([0.0, 0.3, 1.0]))
@settings(max_examples=60, deadline=None)
def test_chances_sum_to_the_count_and_follow_sizes(
    given_: tuple[list[int], int], share: float
) -> None:
    sizes, count = given_

    found = chances(sizes, count, equal_share=share)

    assert sum(found) == count * WHOLE
    assert all(0 <= one <= WHOLE for one in found)
    ranked = sorted(zip(sizes, found, strict=True))
    assert all(a[1] <= b[1] + 1 for a, b in itertools.pairwise(ranked))


@given(sizes_and_count)
@settings(max_examples=25, deadline=None)
def test_calibrated_odds_give_the_stated_chances(given_: tuple[list[int], int]) -> None:
    sizes, count = given_

    found = with_odds(chances(sizes, count), count)

    assert found.is_calibrated
    assert found.error < 1e-12
    certain = [row for row, one in enumerate(found.chance) if one == WHOLE]
    assert all(found.odds[row] == (1, 0) for row in certain)


def test_units_named_certain_take_a_place_each() -> None:
    found = chances([1, 1, 1, 100], 3, certain=[True, False, False, False])

    assert found[0] == found[3] == WHOLE  # named; and far larger than the others
    assert found[1] == found[2] == WHOLE // 2
    assert chances([1, 1, 1], 1, certain=[True, False, False]) == [WHOLE, 0, 0]


@pytest.mark.parametrize(
    ("sizes", "count", "certain", "words"),
    [
        ([1, 2], 3, None, "3 units cannot be drawn from 2"),
        ([1, -2], 1, None, "at least 0"),
        ([0, 0], 1, None, "all sizes are 0"),
        ([0, 1, 1], 1, None, "1 units have size 0"),
        ([1, 1], 1, [True, True], "2 units are certain, but only 1"),
    ],
)
def test_impossible_chances_are_refused(
    sizes: list[float], count: int, certain: list[bool] | None, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        chances(sizes, count, certain=certain)


@given(
    st.lists(
        st.tuples(
            st.binary(min_size=32, max_size=32), st.integers(1, WHOLE), st.integers(1, WHOLE)
        ),
        min_size=2,
        max_size=6,
    )
)
def test_integer_keys_order_as_the_fractions_do(
    units: list[tuple[bytes, int, int]],
) -> None:
    def exact(unit: tuple[bytes, int, int]) -> Fraction:
        ticket = int.from_bytes(unit[0], "big")
        return Fraction(ticket * unit[2], (TICKETS - ticket) * unit[1])

    for one, other in itertools.combinations(units, 2):
        keys = order_key(one[0], one[1:]), order_key(other[0], other[1:])
        assert (keys[0] < keys[1]) == (exact(one) < exact(other))
        assert (keys[0] == keys[1]) == (exact(one) == exact(other))


def test_neighbours_in_the_last_bit_are_told_apart() -> None:
    ticket = (2**255 + 1).to_bytes(32, "big")
    following = (2**255 + 2).to_bytes(32, "big")

    assert order_key(ticket, (WHOLE, WHOLE - 1)) < order_key(following, (WHOLE, WHOLE - 1))
    assert order_key(ticket, (WHOLE, WHOLE - 1)) < order_key(ticket, (WHOLE - 1, WHOLE - 1))


@given(st.integers(1, 400), st.data())
@settings(max_examples=50, deadline=None)
def test_rows_near_the_cut_hold_the_smallest_keys(needed: int, data: st.DataObject) -> None:
    dice = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    heads = dice.integers(0, 2**64, 400, dtype=np.uint64)
    odds = dice.lognormal(0, 3, 400)
    odds[dice.random(400) < 0.02] = np.inf

    near = near_the_cut(heads, odds, needed)

    share = (heads.astype(float) + 0.5) / 2.0**64
    keys = share / (1 - share) / odds
    assert set(np.argsort(keys, kind="stable")[:needed].tolist()) <= set(near.tolist())


def _draw(number: int, odds: list[tuple[int, int]], count: int, **more: Permanent) -> set[str]:
    drawn = draw_stratified(
        seed=hashlib.sha256(str(number).encode()).digest(),
        codes=[f"U{row:03}" for row in range(len(odds))],
        strata=["S"] * len(odds),
        rules=[StratumRule("S", count)],
        odds=odds,
        **more,  # type: ignore[arg-type]
    )
    return {unit.code for unit in drawn.selected}


def test_frequencies_over_many_draws_agree_with_the_stated_chances() -> None:
    count, times = 4, 4000
    found = with_odds(chances([1, 2, 3, 4, 5, 6, 7, 8, 30], count), count)
    seen = np.zeros(9)
    for number in range(times):
        for code in _draw(number, found.odds, count):
            seen[int(code[1:])] += 1

    stated = np.array(found.chance) / WHOLE
    free = stated < 1
    z = (seen[free] - times * stated[free]) / np.sqrt(times * stated[free] * (1 - stated[free]))
    assert (seen[~free] == times).all()
    assert float((z**2).mean()) < 2.5  # near 1 where the chances are kept; fixed seeds


def test_coordinated_draws_share_no_unit_while_the_register_lasts() -> None:
    seed = hashlib.sha256(b"first").digest()
    odds = [(1, 1)] * 300

    samples = [_draw(9, odds, 20, permanent=Permanent(seed, place, 5)) for place in range(5)]

    assert len(set.union(*samples)) == 100


def test_certainty_units_come_first_in_frame_order() -> None:
    odds = [(1, 1), (1, 0), (1, 1), (1, 0)]
    drawn = draw_stratified(
        seed=bytes(32),
        codes=["a", "b", "c", "d"],
        strata=["S"] * 4,
        rules=[StratumRule("S", 3, 1)],
        odds=odds,
    )

    assert [unit.code for unit in drawn.units][:2] == ["b", "d"]
    assert {unit.code for unit in drawn.units} == {"a", "b", "c", "d"}
