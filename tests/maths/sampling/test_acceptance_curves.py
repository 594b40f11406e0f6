"""Operating characteristics, plans from two risks, audits, variables plans."""

from __future__ import annotations

import itertools
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sampling.maths.audit_plans import at_most, audit_limit, audit_plan, with_power
from sampling.maths.oc import (
    AnyPlan,
    DoublePlan,
    Model,
    SinglePlan,
    acceptance_probabilities,
    characteristics,
    quality_accepted_with,
)
from sampling.maths.plan_search import Risks, find_plan
from sampling.maths.ranges import OutOfRange
from sampling.maths.variables import VariablesPlan, find_variables_plan, variables_acceptance
from tests.maths.sampling.acceptance_vectors import VECTORS

CURVES = VECTORS["curves"]
MODELS = {
    "binomial": Model.BINOMIAL,
    "poisson": Model.POISSON,
    "hypergeom": Model.HYPERGEOMETRIC,
}

singles = st.builds(SinglePlan, st.integers(1, 80), st.integers(0, 10))


@st.composite
def doubles(draw: Any) -> DoublePlan:
    first = draw(st.integers(0, 4))
    rejection = draw(st.integers(first + 2, first + 6))
    last = draw(st.integers(rejection - 1, rejection + 6))
    return DoublePlan(draw(st.integers(1, 40)), draw(st.integers(1, 40)), first, rejection, last)


plans = st.one_of(singles, doubles())


@pytest.mark.parametrize(
    "case", CURVES["single"] + CURVES["hypergeometric"], ids=lambda c: f"{c['type']}-{c['n']}"
)
def test_single_plans_agree(case: dict[str, Any]) -> None:
    at = case["D"] if "D" in case else case["pd"]

    found = acceptance_probabilities(
        SinglePlan(case["n"], case["Ac"]), at, model=MODELS[case["type"]], lot_size=case.get("N")
    )

    assert found == pytest.approx(case["pa"], rel=1e-9, abs=1e-14)  # 15 digits in the reference


@pytest.mark.parametrize("case", CURVES["double"], ids=lambda c: f"{c['type']}-{c['n'][0]}")
def test_double_plans_agree(case: dict[str, Any]) -> None:
    (first, second), (accept, last), (reject, _) = case["n"], case["c"], case["r"]
    plan = DoublePlan(first, second, accept, reject, last)

    found = acceptance_probabilities(plan, case["pd"], model=MODELS[case["type"]])

    assert found == pytest.approx(case["pa"], rel=1e-9)


def test_one_finding_by_hand() -> None:
    # 10 items, 2 fail; 3 are looked at, none may fail: (8·7·6)/(10·9·8) = 7/15.
    by_count = acceptance_probabilities(
        SinglePlan(3, 0), [2], model=Model.HYPERGEOMETRIC, lot_size=10
    )
    # 0.8 ** 3 = 0.512; e ** -0.6.
    by_share = acceptance_probabilities(SinglePlan(3, 0), [0.2], model=Model.BINOMIAL)
    by_rate = acceptance_probabilities(SinglePlan(3, 0), [0.2], model=Model.POISSON)

    assert by_count == pytest.approx([7 / 15], rel=1e-14)
    assert by_share == pytest.approx([0.512], rel=1e-14)
    assert by_rate == pytest.approx([0.5488116360940264], rel=1e-14)


def test_a_double_plan_of_a_small_lot_by_counting_all_samples() -> None:
    """All ordered pairs of disjoint samples of a lot of nine, three of which fail."""
    plan, lot = DoublePlan(3, 2, 0, 2, 1), [1, 1, 1, 0, 0, 0, 0, 0, 0]
    accepted = second = total = 0
    for one in itertools.combinations(range(9), 3):
        found = sum(lot[place] for place in one)
        rest = [place for place in range(9) if place not in one]
        for two in itertools.combinations(rest, 2):
            total += 1
            second += found == 1
            both = found + sum(lot[place] for place in two)
            accepted += found == 0 or (found == 1 and both <= 1)

    (point,) = characteristics(plan, [3], model=Model.HYPERGEOMETRIC, lot_size=9)

    assert point.acceptance == pytest.approx(accepted / total, rel=1e-13)
    assert point.sample_number == pytest.approx(3 + 2 * second / total, rel=1e-13)


@given(plan=plans, model=st.sampled_from([Model.BINOMIAL, Model.POISSON]))
def test_a_worse_process_is_never_accepted_more_often(plan: AnyPlan, model: Model) -> None:
    found = acceptance_probabilities(plan, list(np.linspace(0, 1, 60)), model=model)

    assert found[0] == 1
    assert all(b <= a + 1e-12 for a, b in itertools.pairwise(found))


@given(plan=plans, spare=st.integers(0, 60))
def test_a_worse_lot_is_never_accepted_more_often(plan: AnyPlan, spare: int) -> None:
    lot_size = plan.most + spare

    found = acceptance_probabilities(
        plan, list(range(lot_size + 1)), model=Model.HYPERGEOMETRIC, lot_size=lot_size
    )

    assert found[0] == pytest.approx(1, abs=1e-12)
    assert all(b <= a + 1e-12 for a, b in itertools.pairwise(found))


@given(plan=plans, share=st.floats(0, 1), spare=st.integers(1, 1000))
def test_what_goes_out_is_no_worse_than_what_came_in(
    plan: AnyPlan, share: float, spare: int
) -> None:
    lot_size = plan.most + spare

    (point,) = characteristics(plan, [share], model=Model.BINOMIAL, lot_size=lot_size)

    assert 0 <= point.outgoing <= share + 1e-15
    assert point.inspected is not None
    assert point.sample_number - 1e-9 <= point.inspected <= lot_size + 1e-9


def test_outgoing_quality_and_items_inspected_of_a_textbook_plan() -> None:
    """Montgomery (2013), 15.2.4: N = 10 000, n = 89, c = 2, p = 0.01: Pa 0.9397, AOQ 0.0093,
    ATI 687."""
    (point,) = characteristics(SinglePlan(89, 2), [0.01], model=Model.BINOMIAL, lot_size=10_000)

    assert round(point.acceptance, 4) == 0.9397
    assert round(point.outgoing, 4) == 0.0093
    assert point.inspected == pytest.approx(687, abs=1)


@given(plan=singles, chance=st.floats(0.01, 0.99), model=st.sampled_from(list(Model)))
def test_the_quality_for_a_probability_is_where_the_curve_meets_it(
    plan: SinglePlan, chance: float, model: Model
) -> None:
    assume(plan.acceptance < plan.size or model == Model.POISSON)
    lot_size = plan.size + 50 if model == Model.HYPERGEOMETRIC else None

    quality = quality_accepted_with(plan, chance, model=model, lot_size=lot_size)

    (met,) = acceptance_probabilities(plan, [quality], model=model, lot_size=lot_size)
    assert met <= chance
    if model == Model.HYPERGEOMETRIC:
        (before,) = acceptance_probabilities(plan, [quality - 1], model=model, lot_size=lot_size)
        assert before > chance
    else:
        assert met == pytest.approx(chance, abs=1e-9)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SinglePlan(0, 0), "size must be"),
        (lambda: SinglePlan(5, -1), "acceptance must be"),
        (lambda: DoublePlan(5, 5, 1, 2, 3), "no second sample"),
        (lambda: DoublePlan(5, 5, 1, 4, 2), "acceptance must be"),
        (lambda: DoublePlan(500, 500, 1, 300, 400), "first_rejection must be"),
        (lambda: quality_accepted_with(SinglePlan(2, 5), 0.1, model=Model.BINOMIAL), "rejects no"),
        (lambda: quality_accepted_with(SinglePlan(2, 0), 1.0, model=Model.BINOMIAL), "probability"),
        (
            lambda: acceptance_probabilities(SinglePlan(5, 1), [1.2], model=Model.BINOMIAL),
            "share of 1",
        ),
        (
            lambda: acceptance_probabilities(SinglePlan(5, 1), [float("nan")], model=Model.POISSON),
            "quality",
        ),
        (
            lambda: acceptance_probabilities(SinglePlan(5, 1), [1], model=Model.HYPERGEOMETRIC),
            "lot_size",
        ),
        (
            lambda: acceptance_probabilities(
                SinglePlan(5, 1), [0.5], model=Model.HYPERGEOMETRIC, lot_size=9
            ),
            "counts",
        ),
        (
            lambda: acceptance_probabilities(
                SinglePlan(5, 1), [1], model=Model.HYPERGEOMETRIC, lot_size=4
            ),
            "whole lot",
        ),
    ],
)
def test_plans_that_cannot_be_meant_are_named(make: Any, words: str) -> None:
    with pytest.raises(OutOfRange, match=words):
        make()


ATTRIBUTES = [case for case in CURVES["find_plan"] if case["type"] != "normal"]
VARIABLES = [case for case in CURVES["find_plan"] if case["type"] == "normal"]


def _risks(case: dict[str, Any]) -> Risks:
    (good, accepted), (bad, missed) = case["PRP"], case["CRP"]
    return Risks(good, bad, round(1 - accepted, 12), missed)


@pytest.mark.parametrize("case", ATTRIBUTES, ids=lambda c: f"{c['type']}-{c['n']}")
def test_searched_plans_agree(case: dict[str, Any]) -> None:
    found = find_plan(_risks(case), model=MODELS[case["type"]], lot_size=case.get("N"))

    assert (found.plan.size, found.plan.acceptance) == (case["n"], case["Ac"])


@settings(max_examples=40, deadline=None)
@given(
    aql=st.sampled_from([0.01, 0.02, 0.05, 0.1]),
    times=st.sampled_from([4, 6, 8]),
    alpha=st.sampled_from([0.01, 0.05, 0.1, 0.2]),
    beta=st.sampled_from([0.05, 0.1, 0.2]),
    model=st.sampled_from(list(Model)),
)
def test_no_smaller_plan_keeps_both_risks(
    aql: float, times: int, alpha: float, beta: float, model: Model
) -> None:
    """Every smaller sample is tried with every acceptance number."""
    lot_size = 150 if model == Model.HYPERGEOMETRIC else None
    try:
        found = find_plan(Risks(aql, aql * times, alpha, beta), model=model, lot_size=lot_size)
    except OutOfRange:
        assume(False)
    assume(found.plan.size <= 120)

    def keeps(size: int, acceptance: int) -> bool:
        good, bad = acceptance_probabilities(
            SinglePlan(size, acceptance), [found.good, found.bad], model=model, lot_size=lot_size
        )
        return good >= 1 - alpha and bad <= beta

    assert keeps(found.plan.size, found.plan.acceptance)
    assert not any(
        keeps(size, acceptance)
        for size in range(1, found.plan.size)
        for acceptance in range(min(size, 25) + 1)
    )
    assert [each.acceptance for each in found.proof] == list(range(found.plan.acceptance + 1))
    assert all(each.needed > each.borne for each in found.proof[:-1])


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"aql": 0.05, "limit": 0.05}, "limit must be worse"),
        ({"aql": 0.0, "limit": 0.05}, "aql must be more than 0"),
        ({"aql": 0.01, "limit": 1.0}, "limit"),
        ({"aql": 0.01, "limit": 0.05, "producer_risk": 0.5, "consumer_risk": 0.5}, "below 1"),
        ({"aql": 0.01, "limit": 0.05, "consumer_risk": float("nan")}, "consumer_risk"),
    ],
)
def test_risks_that_cannot_be_meant_are_named(facts: dict[str, float], words: str) -> None:
    with pytest.raises(OutOfRange, match=words):
        Risks(**facts)


def test_qualities_that_differ_by_one_item_need_nearly_the_whole_lot() -> None:
    # 30 items: "at most 1 %" is none that fails, "at least 3 %" is one: it is missed with
    # probability 1 - n/30, so 27 must be looked at.
    found = find_plan(Risks(0.01, 0.03), model=Model.HYPERGEOMETRIC, lot_size=30)

    assert (found.plan, found.good, found.bad) == (SinglePlan(27, 0), 0, 1)


def test_qualities_too_near_each_other_are_refused() -> None:
    with pytest.raises(OutOfRange, match="far enough from the AQL"):
        find_plan(Risks(0.010, 0.0101), model=Model.BINOMIAL)


@settings(max_examples=30, deadline=None)
@given(lot_size=st.integers(5, 45), claimed=st.integers(0, 4), times=st.integers(3, 12))
def test_no_smaller_audit_keeps_both_risks(lot_size: int, claimed: int, times: int) -> None:
    """All sizes and limits are tried, in whole numbers."""
    worse = min(claimed * 2 + times, lot_size)
    assume(claimed < worse)

    def missed(size: int, limit: int, failing: int) -> Fraction:
        ways = sum(
            comb(failing, each) * comb(lot_size - failing, size - each)
            for each in range(min(limit, size) + 1)
        )
        return Fraction(ways, comb(lot_size, size))

    kept = [
        (size, limit)
        for size in range(1, lot_size + 1)
        for limit in range(claimed + 1)
        if 1 - missed(size, limit, claimed) <= Fraction(1, 20)
        and missed(size, limit, worse) <= Fraction(1, 10)
    ]

    found = audit_plan(lot_size=lot_size, claimed=claimed, worse=worse)

    assert (found.size, found.limit) == kept[0]
    assert found.power == 1 - missed(*kept[0], worse)


@given(
    lot_size=st.integers(2, 250),
    share=st.floats(0, 0.9),
    part=st.floats(0.01, 1),
    risk=st.sampled_from([0.01, 0.05, 0.1]),
)
def test_an_audit_wrongs_a_true_declaration_no_more_often_than_allowed(
    lot_size: int, share: float, part: float, risk: float
) -> None:
    claimed, size = int(share * lot_size), max(1, int(part * lot_size))
    assume(claimed < lot_size)

    found = audit_limit(lot_size=lot_size, claimed=claimed, size=size, risk=risk)

    allowed = Fraction(str(risk))
    assert found.false_risk <= allowed
    if found.limit:  # one less would wrong it too often
        before = at_most(found.limit - 1, lot_size=lot_size, failing=claimed, size=size)
        assert 1 - before > allowed


def test_an_audit_by_hand() -> None:
    # One of ten may fail; five are looked at: P(1 found) = 1/2, so one finding contradicts nothing.
    found = audit_limit(lot_size=10, claimed=1, size=5)

    assert (found.limit, found.false_risk) == (1, 0)
    # Two of ten fail: both are among the five with C(8,3)/C(10,5) = 56/252.
    assert with_power(found, 2).power == Fraction(56, 252)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: audit_limit(lot_size=10, claimed=10, size=5), "claimed"),
        (lambda: audit_limit(lot_size=10, claimed=1, size=11), "size must be"),
        (lambda: audit_limit(lot_size=10, claimed=1, size=5, risk=0.0), "risk"),
        (lambda: audit_plan(lot_size=10, claimed=3, worse=3), "worse"),
        (lambda: audit_plan(lot_size=200_000, claimed=20_000, worse=20_100), "far enough"),
    ],
)
def test_audits_that_cannot_be_meant_are_named(call: Any, words: str) -> None:
    with pytest.raises(OutOfRange, match=words):
        call()


@pytest.mark.parametrize("case", CURVES["variables"], ids=lambda c: f"{c['s_type']}-{c['n']}")
def test_variables_plans_agree(case: dict[str, Any]) -> None:
    plan = VariablesPlan(case["n"], case["k"], case["s_type"] == "known")

    found = variables_acceptance(plan, case["pd"])

    # The noncentral t distribution is a series in both programs.
    assert found == pytest.approx(case["pa"], rel=1e-7)


@pytest.mark.parametrize("case", VARIABLES, ids=lambda c: f"{c['s_type']}-{c['n']}")
def test_searched_variables_plans_agree(case: dict[str, Any]) -> None:
    known = case["s_type"] == "known"

    found = find_variables_plan(_risks(case), spread_known=known)

    assert found.plan.size == case["n"]
    # With unknown spread the reference minimises numerically and stops early.
    assert found.plan.constant == pytest.approx(case["k"], rel=1e-9 if known else 1e-5)
    assert found.producer_risk == pytest.approx(found.risks.producer_risk, rel=1e-7)
    assert found.consumer_risk <= found.risks.consumer_risk
    assert found.lowest_constant <= found.plan.constant == found.highest_constant


def test_a_variables_plan_does_what_it_says_in_simulation() -> None:
    """200 000 samples; three standard errors of 0.0011."""
    plan, draws = VariablesPlan(15, 1.6, False), 200_000
    generator = np.random.default_rng(20261124)
    values = generator.standard_normal((draws, plan.size))
    distance = 1.8807936081512509  # upper 3 % point of the normal distribution
    accepted = (distance - values.mean(axis=1)) / values.std(axis=1, ddof=1) >= plan.constant

    (found,) = variables_acceptance(plan, [0.03])

    assert accepted.mean() == pytest.approx(found, abs=3 * 0.5 / draws**0.5)


@given(
    size=st.integers(2, 200),
    constant=st.floats(0.5, 3),
    known=st.booleans(),
    shares=st.lists(st.floats(0.001, 0.6), min_size=2, max_size=6),
)
def test_a_worse_lot_is_no_likelier_to_pass_by_variables(
    size: int, constant: float, known: bool, shares: list[float]
) -> None:
    found = variables_acceptance(VariablesPlan(size, constant, known), sorted(shares))

    assert all(b <= a + 1e-9 for a, b in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: VariablesPlan(1, 1.5, False), "two items"),
        (lambda: VariablesPlan(5, float("nan"), True), "constant"),
        (lambda: variables_acceptance(VariablesPlan(5, 1.5, True), [0.0]), "quality"),
        (lambda: find_variables_plan(Risks(0.01, 0.0101), spread_known=True), "far enough"),
    ],
)
def test_variables_plans_that_cannot_be_meant_are_named(call: Any, words: str) -> None:
    with pytest.raises(OutOfRange, match=words):
        call()
