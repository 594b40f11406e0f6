"""The audit finds what is there, and nothing where there is nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sampling.maths import draw_audit, history_audit
from sampling.maths.draw_audit import (
    Design,
    equal_design,
    frequency_test,
    pareto_design,
    simulated,
)
from sampling.maths.history_audit import PastDraw, PastStratum, audited


def successive(weights: Any, count: int) -> Design:
    """The common mistake: draw one after the other by weight, and state n·w as the chance."""
    chances = count * weights / weights.sum()

    def draw(seed: bytes) -> Any:
        generator = np.random.Generator(np.random.PCG64(int.from_bytes(seed, "big")))
        p = weights / weights.sum()
        return generator.choice(len(weights), size=count, replace=False, p=p)

    return Design("successive", ["A"] * len(weights), chances, draw)


def test_the_products_own_draw_has_the_chances_it_states() -> None:
    found = simulated(equal_design({"A": (12, 4), "D": (8, 2)}), draws=4000)

    assert found.df == 18
    assert found.p > 0.001
    assert found.ratio < 2.5
    assert (found.wrong_sizes, found.impossible) == (0, 0)


def test_draws_by_weight_one_after_the_other_are_found_out() -> None:
    found = simulated(successive(np.arange(1.0, 21.0), 6), draws=4000)

    assert found.ratio > 10
    assert found.p < 1e-12


def test_a_design_that_forgets_a_unit_is_found_out() -> None:
    whole = equal_design({"A": (12, 4)})

    def draw(seed: bytes) -> Any:
        places = whole.draw(seed)
        return np.where(places == 3, (places + 1) % 12, places)[:3]

    found = simulated(Design("x", whole.strata, whole.probabilities, draw), draws=300)

    assert found.wrong_sizes == 300
    assert found.p < 1e-12


def test_certain_and_excluded_units_are_counted_exactly() -> None:
    design = Design("x", ["A"] * 3, np.array([1.0, 0.0, 0.5]), lambda _: np.array([0]))

    found = frequency_test(name="x", counts=np.array([9, 1, 5]), draws=10, design=design)

    assert found.impossible == 2


def test_the_statistic_by_hand() -> None:
    """Two units, one drawn, 10 draws, counts 7 and 3: z = ±2/√2.5, Σz² = 3.2, times 1/2 = 1.6."""
    design = equal_design({"A": (2, 1)})

    found = frequency_test(name="x", counts=np.array([7, 3]), draws=10, design=design)

    assert found.chi2 == pytest.approx(1.6)
    assert found.df == 1
    assert found.p == pytest.approx(stats.chi2.sf(1.6, 1))
    # The same by the binomial: 7 of 10 at 1/2 is z = 2/√2.5, and z² = 1.6.
    assert found.chi2 == pytest.approx((7 - 5) ** 2 / 2.5)


def test_p_is_even_when_nothing_is_wrong() -> None:
    """Forty audits of the same design: their p are spread like random numbers."""
    design = equal_design({"A": (9, 3)})
    values = []
    for number in range(40):
        named = Design(f"{number}", design.strata, design.probabilities, design.draw)
        values.append(simulated(named, draws=400).p)

    assert stats.kstest(values, "uniform").pvalue > 0.001


@given(units=st.integers(2, 8), strata=st.integers(1, 3), draws=st.integers(1, 50), data=st.data())
def test_the_test_does_not_depend_on_the_order_of_units(
    units: int, strata: int, draws: int, data: st.DataObject
) -> None:
    names = [f"S{n % strata}" for n in range(units)]
    chances = np.array([data.draw(st.floats(0.05, 0.95)) for _ in names])
    counts = np.array([data.draw(st.integers(0, draws)) for _ in names])
    order = data.draw(st.permutations(range(units)))

    def found(places: list[int]) -> float:
        design = Design("x", [names[p] for p in places], chances[places], lambda _: np.array([0]))
        return frequency_test(name="x", counts=counts[places], draws=draws, design=design).chi2

    assert found(list(range(units))) == pytest.approx(found(list(order)))


def history(count: int, *, same: bool = False, cosy: bool = False) -> list[PastDraw]:
    """Ten of a hundred, ``count`` times; always the same ones, or always the same people."""
    generator = np.random.Generator(np.random.PCG64(20260101))
    units = np.arange(100, dtype=np.int64)
    draws = []
    for number in range(count):
        chosen = units[:10] if same else generator.choice(units, 10, replace=False)
        people = [int(unit) % 20 if cosy else int(generator.integers(20)) for unit in chosen]
        draws.append(
            PastDraw(
                no=f"P{number:03}",
                strata=(PastStratum(units, chosen),),
                teams=tuple((int(unit), (one,)) for unit, one in zip(chosen, people, strict=True)),
                committed_at=datetime(2026, 1, 1, 9, tzinfo=UTC),
                dice_at=datetime(2026, 1, 1, 9, tzinfo=UTC) + timedelta(minutes=30 + number),
                drawn_at=datetime(2026, 1, 1, 10, 30, tzinfo=UTC),
            )
        )
    return draws


def p_of(draws: list[PastDraw]) -> dict[str, float]:
    return {test.name: test.p for test in audited(draws).tests}


def test_an_honest_history_is_not_odd() -> None:
    assert min(p_of(history(12)).values()) > 0.005


def test_favourites_are_found() -> None:
    found = p_of(history(6, same=True))

    assert found["inclusion frequencies"] == 0.001  # the least that 999 simulations can say
    assert found["enterprises drawn again"] == 0.001


def test_inspectors_who_keep_their_enterprises_are_found() -> None:
    found = p_of(history(30, cosy=True))

    assert found["inspectors meeting an enterprise again"] == 0.001
    assert found["enterprises drawn again"] > 0.005


def test_the_same_history_gives_the_same_figures_in_any_order() -> None:
    draws = history(5)

    assert audited(draws) == audited(draws[::-1])


def test_too_little_is_said_in_words() -> None:
    empty, one = audited([]), audited(history(1))

    assert (empty.draws, empty.tests) == (0, ())
    assert one.tests == ()
    assert len(one.notes) == 2


def test_times_and_rates_come_with_what_they_are_made_of() -> None:
    found = audited(history(4), committed=6, void=2, void_when_decided=["P9"])

    assert found.commit_to_dice is not None
    assert (found.commit_to_dice.least, found.commit_to_dice.most) == (30, 33)
    assert found.commit_to_dice.median == 31.5
    assert (found.void.count, found.void.of) == (2, 6)
    assert found.void_when_decided == ("P9",)


def test_exact_limits_of_a_rate_are_the_published_ones() -> None:
    """Nought of ten: upper limit 1 − 0.025^(1/10) = 0.3085, by the closed form."""
    found = history_audit.rate(0, 10)

    assert found.low == 0
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 10))
    with pytest.raises(ValueError, match=r"count must lie in \[0, 3\], got 4"):
        history_audit.rate(4, 3)


def test_seeds_of_an_audit_are_the_same_for_everybody() -> None:
    first = [seed.hex() for seed in draw_audit.seeds("x", 2)]

    assert first == [seed.hex() for seed in draw_audit.seeds("x", 2)]
    assert first[0] != first[1]
    assert next(draw_audit.seeds("y", 1)).hex() != first[0]


def test_chances_by_size_are_those_stated() -> None:
    found = simulated(pareto_design(range(1, 31), 9), draws=3000)

    assert found.wrong_sizes == 0
    assert found.p > 0.001


def test_a_small_stratum_by_size_is_calibrated_and_sums_to_its_count() -> None:
    design = pareto_design([1, 1, 1, 8, 8, 20], 3)

    assert design.probabilities.sum() == 3
    assert "calibrated" in design.name
