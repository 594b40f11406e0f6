"""From visits to a rate: answers, missing ones, limits to quote, calibration."""

from __future__ import annotations

import pytest

from sampling.maths.estimation import Answer
from sampling.maths.inference import StratumAnswers, calibrated_rate, infer
from sampling.maths.limits import clopper_pearson, stratified_limits
from sampling.maths.weights import NotCalibrated, Response


def visited(
    key: str, size: int, answers: int, failing: int, *, missing: int = 0, waiting: int = 0
) -> StratumAnswers:
    """An equal-probability stratum."""
    pi = (answers + missing + waiting) / size if answers + missing + waiting else 0.5
    return StratumAnswers(
        key,
        size,
        Response(key, answers, missing, 0, waiting),
        tuple(Answer(key, pi, float(place < failing)) for place in range(answers)),
        (pi,) * missing,
    )


def test_those_who_answered_stand_for_those_who_did_not() -> None:
    found = infer([visited("A", 80, 8, 2, missing=2), visited("D", 20, 4, 2)])

    # 0.8 * 2/8 + 0.2 * 2/4
    assert found.estimate is not None
    assert found.estimate.rate == pytest.approx(0.3)
    assert found.if_passing == pytest.approx(0.8 * 2 / 10 + 0.2 * 2 / 4)
    assert found.if_failing == pytest.approx(0.8 * 4 / 10 + 0.2 * 2 / 4)
    assert found.strata[0].response.factor == pytest.approx(1.25)


def test_few_findings_are_quoted_with_safe_limits_and_many_with_the_usual() -> None:
    few = infer([visited("A", 500, 60, 3)])
    many = infer([visited("A", 500, 60, 20)])

    assert few.shown is few.safe
    assert many.shown is many.usual
    assert many.usual is not None
    assert many.safe is not None
    assert many.safe.lower < many.usual.lower < 20 / 60 < many.usual.upper < many.safe.upper


def test_no_finding_has_an_upper_limit_all_the_same() -> None:
    strata = [visited("A", 300, 40, 0), visited("D", 60, 30, 0)]

    found = infer(strata)

    assert found.usual is None
    assert found.shown == stratified_limits([one.count for one in strata])
    assert found.shown.upper > 0
    assert found.strata[1].limits is not None
    # By hand: C(55,30)/C(60,30) = 0.0261 is above 0.025, C(54,30)/C(60,30) = 0.0119 is not.
    assert found.strata[1].limits.upper == 5


def test_a_stratum_never_visited_leaves_no_usual_limits() -> None:
    found = infer([visited("A", 100, 50, 20), visited("B", 100, 0, 0)])

    assert found.usual is None
    assert found.estimate is not None
    assert found.estimate.silent == ("B",)
    assert found.shown is not None
    assert found.shown.upper > 0.5  # B may hold anything


def test_before_any_result_nothing_is_claimed() -> None:
    found = infer([visited("A", 100, 0, 0, waiting=10)])

    assert (found.estimate, found.shown, found.if_failing) == (None, None, None)
    assert found.strata[0].response.waiting == 10


def test_unequal_probabilities_weigh_the_answers() -> None:
    answers = (Answer("A", 0.5, 1.0), Answer("A", 0.25, 0.0), Answer("A", 0.25, 1.0))

    found = infer([StratumAnswers("A", 10, Response("A", 3, 0, 0, 0), answers)])

    assert not found.is_equal
    assert found.estimate is not None
    assert found.estimate.rate == pytest.approx((2 + 4) / (2 + 4 + 4))
    assert found.strata[0].limits is None
    assert found.safe is not None
    assert found.safe.method == "effective"


def test_no_finding_at_unequal_probabilities_counts_by_effective_answers() -> None:
    answers = tuple(Answer("A", 0.5, 0.0) for _ in range(20)) + tuple(
        Answer("A", 0.1, 0.0) for _ in range(20)
    )

    found = infer([StratumAnswers("A", 240, Response("A", 40, 0, 0, 0), answers)])

    # Kish: (20*2 + 20*10)**2 / (20*4 + 20*100) = 27.7 of 40
    assert found.safe is not None
    assert clopper_pearson(0, 28).upper < found.safe.upper < clopper_pearson(0, 27).upper


def test_calibrated_weights_meet_the_roster_in_both_groupings() -> None:
    strata = [visited("A", 60, 6, 2), visited("D", 40, 4, 2)]
    labels = ["x", "x", "x", "y", "y", "y", "x", "x", "x", "y"]

    found = calibrated_rate(strata, labels, {"x": 50, "y": 50})

    weights = found.weights.weights
    assert sum(weights[:6]) == pytest.approx(60)
    assert sum(w for w, label in zip(weights, labels, strict=True) if label == "x") == (
        pytest.approx(50)
    )
    assert found.weights.smallest < 1 < found.weights.largest
    assert dict(found.totals) == {"A": 60, "D": 40, "y": 50}
    # by hand: x failing 2 of A, 2 of D
    failing = weights[0] + weights[1] + weights[6] + weights[7]
    assert found.rate == pytest.approx(failing / 100)
    assert found.standard_error is not None


def test_calibration_on_strata_alone_changes_nothing() -> None:
    strata = [visited("A", 60, 6, 2), visited("D", 40, 4, 2)]

    found = calibrated_rate(strata, ["all"] * 10, {"all": 100})

    assert found.rate == pytest.approx(0.6 * 2 / 6 + 0.4 * 2 / 4)
    estimate = infer(strata).estimate
    assert estimate is not None
    assert found.standard_error == pytest.approx(estimate.standard_error)


def test_a_class_nobody_answered_of_is_refused() -> None:
    with pytest.raises(NotCalibrated, match="class z has 9 units"):
        calibrated_rate([visited("A", 60, 6, 2)], ["x"] * 6, {"x": 51, "z": 9})
