"""The design advisor: against simulated draws, and against a published comparison of designs."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling.maths.advisor import advise
from sampling.maths.designs import Advice, Candidate, DesignStratum
from sampling.maths.shrinkage import shrunken_rates
from sampling.maths.whole_units import apportioned

# 3,000 firms in risk tiers of 70, 22 and 8 %, failing at 3, 10 and 30 %; 200 visits.
TIERS = (("low", 2100, 0.03, 1), ("middle", 660, 0.10, 2), ("high", 240, 0.30, 4))
SEED = 20250101
_generator = np.random.default_rng(SEED)
TURNOVER = {key: _generator.lognormal(0, 1.25, size) for key, size, _, _ in TIERS}


def three_tiers(*, sized: bool = False, **facts: object) -> list[DesignStratum]:
    return [
        DesignStratum(
            key,
            size,
            rate,
            tier=tier,
            measures=tuple(TURNOVER[key]) if sized else (),
            **facts,  # type: ignore[arg-type]
        )
        for key, size, rate, tier in TIERS
    ]


def named(advice: Advice, design: str) -> Candidate:
    return next(one for one in advice.candidates if one.design == design)


@pytest.mark.parametrize(
    ("design", "cv", "found"),
    [
        # A simulation of 6,000 draws from one invented roster of this kind, in which 6.95 % failed
        # instead of the 6.7 % expected: so 5 % of room. Turnover was not stated, so its designs
        # are held to 10 %.
        ("equal", 0.250, 13.9),
        ("neyman", 0.221, 19.8),
        ("tiers", 0.226, 23.1),
        ("size", 0.593, 14.4),
        ("root-size", 0.300, 14.4),
        ("half-size", 0.264, 18.4),
    ],
)
def test_designs_compare_as_a_simulation_found(design: str, cv: float, found: float) -> None:
    one = named(advise(three_tiers(sized=True), 200), design)

    room = 0.10 if "size" in design else 0.05
    assert one.cv == pytest.approx(cv, rel=room)
    assert one.expected_failing == pytest.approx(found, rel=room)


def test_the_figures_of_designs_by_strata_are_those_of_real_draws() -> None:
    advice, generator, draws = advise(three_tiers(), 200), np.random.default_rng(SEED), 4000
    for name in ("proportional", "neyman", "tiers"):
        one = named(advice, name)
        rates, hits = np.zeros(draws), np.zeros(draws)
        for key, size, rate, _ in TIERS:
            quota = int(one.quotas[key])
            # A fixed roster: as many failing as expected, drawn without replacement.
            bad = round(size * rate)
            seen = generator.hypergeometric(bad, size - bad, quota, draws)
            rates += size / 3000 * seen / quota
            hits += seen
        # Standard error of a simulated standard deviation: 1 / sqrt(2 * 4000) = 1.1 %.
        assert rates.std() == pytest.approx(one.standard_error, rel=0.04)
        assert hits.mean() == pytest.approx(one.expected_failing, rel=0.02)


def test_the_figures_of_designs_by_size_are_those_of_real_draws() -> None:
    one, generator = (
        named(advise(three_tiers(sized=True), 200), "root-size"),
        np.random.default_rng(SEED),
    )
    size = np.sqrt(np.concatenate([TURNOVER[key] for key, *_ in TIERS]))
    chance = np.concatenate([np.full(n, rate) for _, n, rate, _ in TIERS])
    pi = 200 * size / size.sum()
    assert pi.max() < 1
    rates, errors, hits, draws = [], [], [], 3000
    for _ in range(draws):
        fails = generator.random(3000) < chance
        u = generator.random(3000)
        drawn = np.argpartition(u * (1 - pi) / ((1 - u) * pi), 200)[:200]
        rates.append((fails[drawn] / pi[drawn]).sum() / (1 / pi[drawn]).sum())
        errors.append(rates[-1] - fails.mean())
        hits.append(fails[drawn].sum())

    # Monte-Carlo error 1 / sqrt(2 * 3000) = 1.3 %; the ratio's own bias is of the order 1/n.
    assert np.std(errors) == pytest.approx(one.standard_error, rel=0.06)
    assert np.mean(hits) == pytest.approx(one.expected_failing, rel=0.02)


def test_a_design_by_turnover_is_called_poor_for_a_rate() -> None:
    advice = advise(three_tiers(sized=True), 200)

    codes = {c.design: [concern.code for concern in c.concerns] for c in advice.candidates}

    assert codes["size"] == ["poor-by-size", "uneven-weights", "floor"]
    assert "poor-by-size" in codes["root-size"]
    assert codes["proportional"] == codes["neyman"] == codes["tiers"] == []


def test_the_sharpest_and_the_richest_are_named() -> None:
    advice = advise(three_tiers(), 200)

    assert (advice.sharpest, advice.richest) == ("neyman", "tiers")


def test_a_plan_with_unequal_chances_is_reckoned_with_them() -> None:
    generator, draws = np.random.default_rng(SEED), 2000
    strata = three_tiers()
    pi = {}
    for key, size, _, _ in TIERS:
        measure = 1 + generator.random(size) * 4
        pi[key] = 60 * measure / measure.sum()

    one = named(advise(strata, 180, planned=dict.fromkeys(pi, 60), chances=pi), "planned")

    errors = np.zeros(draws)
    for key, size, rate, _ in TIERS:
        for place in range(draws):
            fails, u = generator.random(size) < rate, generator.random(size)
            drawn = np.argpartition(u * (1 - pi[key]) / ((1 - u) * pi[key]), 60)[:60]
            weights = 1 / pi[key][drawn]
            estimate = (fails[drawn] * weights).sum() / weights.sum()
            errors[place] += size / 3000 * (estimate - fails.mean())
    # Monte-Carlo error 1 / sqrt(2 * 2000) = 1.6 %; Hájek's ratio adds a little.
    assert errors.std() == pytest.approx(one.standard_error, rel=0.06)
    assert one.quotas == pytest.approx(dict.fromkeys(pi, 60))


def test_equal_chances_given_one_by_one_are_the_quotas() -> None:
    quotas = {"low": 100, "middle": 60, "high": 40}
    pi = {key: [quotas[key] / size] * size for key, size, _, _ in TIERS}

    by_unit = named(advise(three_tiers(), 200, planned=quotas, chances=pi), "planned")
    by_quota = named(advise(three_tiers(), 200, planned=quotas), "planned")

    # N/(N - 1) stands between the two: at most 1/240 in the variance.
    assert by_unit.standard_error == pytest.approx(by_quota.standard_error, rel=3e-3)
    assert by_unit.weight_cv == pytest.approx(by_quota.weight_cv)


def test_units_without_a_chance_are_told() -> None:
    pi = {key: [0.0] + [0.1] * (size - 1) for key, size, _, _ in TIERS}

    one = named(advise(three_tiers(), 200, chances=pi), "planned")

    assert one.standard_error is None
    assert "no-chance" in [concern.code for concern in one.concerns]


def test_a_stratum_left_out_has_no_estimate_and_is_named() -> None:
    advice = advise(three_tiers(), 200, planned={"low": 199, "middle": 1, "high": 0})
    one = named(advice, "planned")

    assert one.standard_error is one.half_width is one.cv is None
    assert [(each.code, each.facts.get("stratum")) for each in one.concerns[:2]] == [
        ("single-visit", "middle"),
        ("left-out", "high"),
    ]
    assert advice.candidates[0] is one


def test_too_small_a_share_is_told_with_what_is_needed() -> None:
    concern = named(advise(three_tiers(), 89, least_share=Decimal("0.03")), "neyman").concerns[0]

    assert concern.code == "below-share"
    assert concern.facts == {"visits": 89, "share": 0.03, "needed": 90}
    enough = advise(three_tiers(), 90, least_share=Decimal("0.03"))
    assert all(not one.concerns for one in enough.candidates)


def test_money_is_exact_and_kept_by_the_cost_optimal_design() -> None:
    prices = {"low": Decimal("400.10"), "middle": Decimal("500.20"), "high": Decimal("800.30")}
    strata = [DesignStratum(k, n, p, prices[k], tier=t) for k, n, p, t in TIERS]

    advice = advise(strata, 200)

    even, cheap = named(advice, "proportional"), named(advice, "cost")
    assert even.quotas == {"low": 140, "middle": 44, "high": 16}
    # 140 * 400.10 + 44 * 500.20 + 16 * 800.30
    assert even.cost == Decimal("90827.60")
    assert cheap.cost is not None
    assert cheap.cost <= even.cost
    assert (cheap.standard_error or 1) < (even.standard_error or 0)


def test_an_empty_stratum_is_told_once() -> None:
    advice = advise([*three_tiers(), DesignStratum("none", 0, 0.1)], 200)

    assert [(c.code, c.facts) for c in advice.concerns] == [("stratum-empty", {"stratum": "none"})]
    assert named(advice, "tiers").quotas["none"] == 0


def test_visiting_everybody_leaves_nothing_unknown() -> None:
    for one in advise(three_tiers(), 3000).candidates:
        assert one.standard_error == pytest.approx(0.0, abs=1e-9)
        assert one.expected_failing == pytest.approx(201)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.01, 50), st.integers(0, 40)), min_size=1, max_size=6), st.data()
)
def test_apportioned_units_add_up_within_their_caps(
    pairs: list[tuple[float, int]], data: st.DataObject
) -> None:
    goals = {str(place): goal for place, (goal, _) in enumerate(pairs)}
    caps = {str(place): cap for place, (_, cap) in enumerate(pairs)}
    total = data.draw(st.integers(0, sum(caps.values())))

    units = apportioned(goals, caps, total)

    assert sum(units.values()) == total
    assert all(0 <= units[key] <= caps[key] for key in goals)


def test_few_past_inspections_are_pulled_to_the_overall_rate() -> None:
    rates = shrunken_rates({"A": (380, 19), "B": (2, 2), "C": (0, 0)})

    overall = 21.5 / 383
    assert rates["C"] == pytest.approx(overall)
    assert rates["B"] == pytest.approx((2 + 20 * overall) / 22)
    assert rates["A"] == pytest.approx((19 + 20 * overall) / 400)


def test_without_any_past_inspection_half_is_assumed() -> None:
    assert shrunken_rates({"A": (0, 0), "B": (0, 0)}) == {"A": 0.5, "B": 0.5}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: advise(three_tiers(), 3001), "between 1 and the roster's 3000, got 3001"),
        (lambda: advise([DesignStratum("A", 5, 0.1)] * 2, 2), "a name of its own"),
        (lambda: advise([DesignStratum("A", 5, 0.1)], 2, planned={"A": 6}), "its quota is 6"),
        (lambda: DesignStratum("A", 5, 1.5), "rate must lie in 0 to 1"),
        (lambda: DesignStratum("A", 5, math.nan), "rate must lie in 0 to 1"),
        (lambda: DesignStratum("A", 5, 0.1, measures=(1.0,)), "1 measures for 5 units"),
        (lambda: DesignStratum("A", 1, 0.1, measures=(0.0,)), "measure must be above 0"),
        (lambda: DesignStratum("A", 1, 0.1, cost=Decimal(0)), "cost must be above 0"),
        (lambda: shrunken_rates({"A": (1, 2)}), "2 failing of 1 inspected"),
    ],
)
def test_what_cannot_be_advised_on_is_refused(call: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()  # type: ignore[operator]
