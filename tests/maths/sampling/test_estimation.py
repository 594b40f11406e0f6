"""Estimation: unbiased by enumeration, published figures, joint probabilities, weights."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling.maths.estimation import (
    Answer,
    hajek_mean,
    horvitz_thompson,
    stratified_rate,
    variance_brewer,
    variance_hajek,
    variance_horvitz_thompson,
    variance_yates_grundy,
    weighted_rate,
)
from sampling.maths.joint import (
    joint_elimination,
    joint_hajek,
    joint_maximum_entropy,
    joint_midzuno,
)
from sampling.maths.limits import StratumCount
from sampling.maths.sizes import Order, inclusion_by_size, order_sample
from sampling.maths.weights import (
    Distance,
    NotCalibrated,
    Response,
    calibrated,
    indicators,
    joined_classes,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "estimates" / "unequal.json"
PUBLISHED = json.loads(VECTORS.read_text(encoding="utf-8"))
PI = np.array([0.2, 0.35, 0.5, 0.6, 0.65, 0.7])  # adds up to 3
VALUES = [4.0, 0.0, 1.0, 7.0, 2.0, 5.0]


def conditional_poisson(odds: Sequence[float], total: int) -> dict[tuple[int, ...], float]:
    """Every sample of a conditional Poisson design with its probability."""
    every = {
        sample: math.prod(odds[k] for k in sample)
        for sample in itertools.combinations(range(len(odds)), total)
    }
    whole = math.fsum(every.values())
    return {sample: weight / whole for sample, weight in every.items()}


ODDS = [0.3, 0.8, 1.0, 2.5, 4.0, 1.7]
DESIGN = conditional_poisson(ODDS, 3)
FIRST = np.array([math.fsum(p for s, p in DESIGN.items() if k in s) for k in range(6)])
SECOND = np.array(
    [
        [math.fsum(p for s, p in DESIGN.items() if k in s and j in s) for j in range(6)]
        for k in range(6)
    ]
)


def taken(sample: tuple[int, ...]) -> list[Answer]:
    return [Answer("A", float(FIRST[k]), VALUES[k]) for k in sample]


def test_the_total_is_unbiased_over_all_samples() -> None:
    mean = math.fsum(p * horvitz_thompson(taken(s)) for s, p in DESIGN.items())

    assert mean == pytest.approx(sum(VALUES), rel=1e-12)


@pytest.mark.parametrize("method", [variance_horvitz_thompson, variance_yates_grundy])
def test_variances_are_unbiased_over_all_samples(method: object) -> None:
    total = sum(VALUES)
    true = math.fsum(p * (horvitz_thompson(taken(s)) - total) ** 2 for s, p in DESIGN.items())

    mean = math.fsum(
        p * method([VALUES[k] for k in s], FIRST[list(s)], SECOND[np.ix_(s, s)])  # type: ignore[operator]
        for s, p in DESIGN.items()
    )

    assert mean == pytest.approx(true, rel=1e-10)


def test_the_near_variance_is_near_over_all_samples() -> None:
    # The approximation needs sum pi (1 - pi) to be large; here it is 3.2 and 6 % are missing.
    odds = [0.3 + 0.25 * (k % 7) for k in range(14)]
    design = conditional_poisson(odds, 6)
    pi = [math.fsum(p for s, p in design.items() if k in s) for k in range(14)]
    values = [1.0 + (5 * k) % 4 for k in range(14)]
    true = math.fsum(
        p * (math.fsum(values[k] / pi[k] for k in s) - sum(values)) ** 2 for s, p in design.items()
    )

    mean = math.fsum(
        p * variance_hajek([values[k] for k in s], [pi[k] for k in s]) for s, p in design.items()
    )

    assert mean == pytest.approx(true, rel=0.1)


def test_equal_probabilities_give_the_textbook_variance() -> None:
    values, size = [1.0, 4.0, 0.0, 7.0], 10
    spread = np.var(values, ddof=1)
    textbook = size**2 * (1 - 4 / size) * spread / 4

    assert variance_hajek(values, [0.4] * 4) == pytest.approx(textbook)
    assert variance_brewer(values, [0.4] * 4) == pytest.approx(textbook)


def test_the_stratified_variance_is_unbiased_over_all_samples() -> None:
    firm = {"A": [1, 0, 0, 1, 0], "B": [0, 1, 1, 0]}
    rate = 4 / 9
    estimates = [
        stratified_rate(
            [
                StratumCount("A", 5, 3, sum(firm["A"][k] for k in one)),
                StratumCount("B", 4, 2, sum(firm["B"][k] for k in two)),
            ]
        )
        for one in itertools.combinations(range(5), 3)
        for two in itertools.combinations(range(4), 2)
    ]

    assert np.mean([each.rate for each in estimates]) == pytest.approx(rate)
    true = np.mean([(each.rate - rate) ** 2 for each in estimates])
    assert np.mean([each.standard_error**2 for each in estimates]) == pytest.approx(true)


def test_a_published_stratified_sample_agrees() -> None:
    # R survey 4.1.1, stratified sample of schools with fpc; counts typed from its example.
    # The published weights are single precision: 1e-7.
    strata = [
        StratumCount("E", 4421, 100, 27),
        StratumCount("M", 1018, 50, 26),
        StratumCount("H", 755, 50, 34),
    ]

    found = stratified_rate(strata)

    assert found.rate == pytest.approx(0.361063935949422, rel=1e-7)
    assert found.standard_error == pytest.approx(0.0344059179972689, rel=1e-7)
    assert found.degrees == 197


def test_weights_with_equal_probabilities_give_the_stratified_rate() -> None:
    strata = [StratumCount("A", 40, 8, 3), StratumCount("B", 30, 5, 1)]
    answers = [
        Answer(one.key, one.drawn / one.size, float(place < one.failing))
        for one in strata
        for place in range(one.drawn)
    ]

    plain = stratified_rate(strata)
    weighted = weighted_rate(answers, {"A": 40, "B": 30})

    assert weighted.rate == pytest.approx(plain.rate)
    assert weighted.standard_error == pytest.approx(plain.standard_error)
    assert weighted.degrees == plain.degrees


def test_an_answer_counts_by_its_probability() -> None:
    # 1/0.5 + 0/0.25 over 2 + 4
    assert hajek_mean([Answer("A", 0.5, 1.0), Answer("A", 0.25, 0.0)]) == pytest.approx(1 / 3)


def test_a_single_answer_says_nothing_of_the_spread() -> None:
    found = stratified_rate([StratumCount("A", 10, 1, 0), StratumCount("B", 10, 5, 1)])

    assert found.standard_error is None
    assert found.lonely == ("A",)


def test_a_stratum_without_answer_is_left_out_and_named() -> None:
    found = stratified_rate([StratumCount("A", 10, 0, 0), StratumCount("B", 30, 5, 1)])

    assert (found.silent, found.covered, found.size) == (("A",), 30, 40)
    assert found.rate == pytest.approx(0.2)


def test_certain_units_add_no_variance() -> None:
    values = [9.0, 1.0, 2.0, 0.0]

    with_certain = variance_hajek(values, [1.0, 0.5, 0.25, 0.5])

    assert with_certain == pytest.approx(variance_hajek(values[1:], [0.5, 0.25, 0.5]))


@pytest.mark.parametrize("case", PUBLISHED["inclusionprobabilities"])
def test_probabilities_by_size_are_the_published_ones(case: dict[str, object]) -> None:
    found = inclusion_by_size(case["size"], case["n"])  # type: ignore[arg-type]

    assert found == pytest.approx(case["pik"], rel=1e-12)


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30), st.data())
def test_probabilities_by_size_add_up(sizes: list[float], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, len(sizes)))

    found = inclusion_by_size(sizes, total)

    assert found.sum() == pytest.approx(total)
    assert (found <= 1).all()
    free = (found < 1) & (found > 0)
    assert np.ptp(found[free] / np.array(sizes)[free]) <= 1e-9 if free.any() else True


@pytest.mark.parametrize("order", list(Order))
def test_order_samples_are_the_published_ones(order: Order) -> None:
    case = PUBLISHED["order_pps"][0]

    found = order_sample(case["pik"], case["u"], case["n"], order)

    assert [place + 1 for place in found] == case["selected_by_formula"][order.value]


@pytest.mark.parametrize(
    ("method", "name", "close"),
    [
        (joint_maximum_entropy, "UPmaxentropypi2", 2e-6),  # the published odds stop at 1e-6
        (joint_elimination, "UPtillepi2", 1e-12),
        (joint_midzuno, "UPmidzunopi2", 1e-12),
    ],
)
def test_joint_probabilities_are_the_published_ones(
    method: object, name: str, close: float
) -> None:
    published = PUBLISHED["joint_inclusion"]

    found = method(published["pik"])  # type: ignore[operator]

    assert found == pytest.approx(np.array(published[name]), rel=close, abs=1e-15)


def test_the_design_of_largest_entropy_by_enumeration() -> None:
    found = joint_maximum_entropy(FIRST)

    assert found == pytest.approx(SECOND, rel=1e-11)


@pytest.mark.parametrize("method", [joint_maximum_entropy, joint_elimination, joint_midzuno])
def test_joint_probabilities_add_up_to_the_single_ones(method: object) -> None:
    found = method(PI)  # type: ignore[operator]

    assert found.sum(axis=1) == pytest.approx(3 * PI, rel=1e-11)
    assert (np.linalg.norm(found - found.T)) == pytest.approx(0, abs=1e-14)


def test_midzuno_in_closed_form_where_it_exists() -> None:
    pi = np.array([0.68, 0.7, 0.78, 0.84])  # n = 3 of 4: each at least 2/3
    closed = (3 - 1) / (4 - 2) * (pi[:, None] + pi[None, :] - 3 / (4 - 1))
    np.fill_diagonal(closed, pi)

    assert joint_midzuno(pi) == pytest.approx(closed)


def test_joint_by_hajek_is_near_that_of_largest_entropy() -> None:
    pi = inclusion_by_size([1 + k % 5 for k in range(60)], 20)

    near, exact = joint_hajek(pi), joint_maximum_entropy(pi)

    assert near == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: joint_maximum_entropy([0.5, 0.7]), "whole number, got 1.2"),
        (lambda: joint_maximum_entropy([1.0, 0.5, 0.5]), "certain units"),
        (lambda: inclusion_by_size([1, -1], 1), "finite number of at least 0"),
        (lambda: inclusion_by_size([1, 0, 0], 2), "the 1 units with a size"),
        (lambda: Answer("A", 0.0, 1.0), "stratum A has probability 0"),
        (lambda: hajek_mean([]), "at least one answer"),
        (lambda: stratified_rate([StratumCount("A", 3, 0, 0)]), "no unit has an answer"),
        (lambda: weighted_rate([Answer("B", 0.5, 1.0)], {"A": 3}), "stratum B has answers"),
        (lambda: variance_hajek([1.0], [0.5]), "at least 2 uncertain units, got 1"),
        (
            lambda: variance_yates_grundy([1.0, 2.0], [0.5, 0.5], np.diag([0.5, 0.5])),
            "could not be drawn together",
        ),
    ],
)
def test_what_cannot_be_estimated_is_refused(call: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()  # type: ignore[operator]


def test_response_counts_replaced_and_undone_visits_as_missing() -> None:
    found = Response("A", answers=15, given_up=3, not_done=2, waiting=7)

    assert (found.missing, found.rate) == (5, 0.75)
    assert found.factor == pytest.approx(4 / 3)
    assert Response("A", 0, 0, 0, 4).rate is None


CLASSES = [["x", "x", "y", "y", "y", "x"], ["u", "v", "u", "v", "u", "u"]]
KNOWN = [{"x": 30.0, "y": 30.0}, {"u": 45.0, "v": 15.0}]


@pytest.mark.parametrize("distance", list(Distance))
def test_calibrated_weights_meet_the_totals(distance: Distance) -> None:
    columns, goals, names = indicators(CLASSES, KNOWN)

    found = calibrated([10.0] * 6, columns, goals, distance=distance)

    assert names == ((0, "x"), (0, "y"), (1, "v"))
    assert columns.T @ np.array(found.weights) == pytest.approx(goals, rel=1e-9)
    assert 0.3 <= found.smallest <= 1 <= found.largest <= 3
    assert found.design_effect >= 1


def test_linear_calibration_is_the_regression_estimator() -> None:
    columns, goals, _ = indicators(CLASSES, KNOWN)
    weights, values = np.full(6, 10.0), np.array([1.0, 0, 0, 1, 1, 0])
    slope = np.linalg.solve(columns.T @ (columns * 10), columns.T @ (weights * values))
    regression = weights @ values + (goals - columns.T @ weights) @ slope

    found = calibrated(weights, columns, goals)

    assert np.array(found.weights) @ values == pytest.approx(regression)


def test_raking_is_what_fitting_the_margins_in_turn_gives() -> None:
    columns, goals, _ = indicators(CLASSES, KNOWN)
    table = np.array([[20.0, 10.0], [20.0, 10.0]])  # weights by class of both groupings
    for _ in range(500):
        table *= (np.array([30.0, 30.0]) / table.sum(1))[:, None]
        table *= np.array([45.0, 15.0]) / table.sum(0)

    found = calibrated([10.0] * 6, columns, goals, distance=Distance.RAKING)

    sums = np.zeros((2, 2))
    for weight, one, two in zip(found.weights, *CLASSES, strict=True):
        sums["xy".index(one), "uv".index(two)] += weight
    assert sums == pytest.approx(table, rel=1e-8)


def test_bounds_that_contradict_the_totals_are_refused() -> None:
    columns, goals, _ = indicators(CLASSES, [{"x": 58.0, "y": 2.0}, KNOWN[1]])

    with pytest.raises(NotCalibrated, match=r"within the factors 0.5 to 1.5.*widen the bounds"):
        calibrated([10.0] * 6, columns, goals, distance=Distance.LOGIT, bounds=(0.5, 1.5))


def test_totals_that_contradict_each_other_are_refused() -> None:
    columns = np.array([[1.0, 1.0], [1.0, 1.0]])

    for distance in Distance:
        with pytest.raises(NotCalibrated, match="no weights meet the known totals"):
            calibrated([1.0, 1.0], columns, [2.0, 3.0], distance=distance)


def test_a_class_without_answer_is_refused() -> None:
    with pytest.raises(NotCalibrated, match="class z has 5 units in the roster and none among"):
        indicators([["x"]], [{"x": 1.0, "z": 5.0}])
    with pytest.raises(NotCalibrated, match="class q of the sample has no known total"):
        indicators([["q"]], [{"x": 1.0}])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_calibration_to_what_the_weights_already_give_changes_nothing(data: st.DataObject) -> None:
    units = data.draw(st.integers(2, 12))
    labels = data.draw(st.lists(st.sampled_from("pq"), min_size=units, max_size=units))
    weights = data.draw(st.lists(st.floats(0.5, 50), min_size=units, max_size=units))
    known = {
        c: math.fsum(w for w, label in zip(weights, labels, strict=True) if label == c)
        for c in set(labels)
    }
    columns, goals, _ = indicators([labels], [known])

    for distance in Distance:
        assert calibrated(weights, columns, goals, distance=distance).weights == pytest.approx(
            weights
        )


def test_classes_without_answer_join_their_neighbours_up_the_tree() -> None:
    parents = {"a1": "a", "a2": "a", "b1": "b", "b2": "b", "a": "top", "b": "top", "top": None}
    classes = ["a1", "a2", "b1", "b2"]

    assert joined_classes(classes, classes, parents) == {each: each for each in classes}
    assert joined_classes(classes, ["a1", "b1", "b2"], parents) == {
        "a1": "a",
        "a2": "a",
        "b1": "b1",
        "b2": "b2",
    }
    assert set(joined_classes(classes, ["a1", "a2"], parents).values()) == {"top"}
    with pytest.raises(NotCalibrated, match="nothing of class"):
        joined_classes(["x", "y"], ["x"], {})
