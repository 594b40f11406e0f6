"""Limits: published figures, and how often they hold, by enumeration."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling.maths.limits import (
    StratumCount,
    arcsine_limits,
    clopper_pearson,
    jeffreys,
    lower_limit,
    plain_limits,
    rate_limits,
    roster_limits,
    stratified_limits,
    upper_limit,
    wilson,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "estimates" / "limits.json"
PUBLISHED = json.loads(VECTORS.read_text(encoding="utf-8"))
CLOSE = 1e-11  # published to 15 digits; the smallest are of the order 1e-4


@pytest.mark.parametrize("case", PUBLISHED["binomial"])
def test_binomial_limits_are_the_published_ones(case: dict[str, float]) -> None:
    seen = (int(case["x"]), int(case["n"]))

    for method in (clopper_pearson, wilson, jeffreys):
        found = method(*seen, confidence=case["conf"])
        assert [found.lower, found.upper] == pytest.approx(
            case[method.__name__], rel=CLOSE, abs=1e-14
        )
    found = upper_limit(*seen, confidence=case["conf"])
    assert found == pytest.approx(case["upper_one_sided"], rel=CLOSE)


@pytest.mark.parametrize("case", PUBLISHED["hypergeometric"])
def test_limits_of_a_roster_are_the_published_ones(case: dict[str, int]) -> None:
    seen = (case["x"], case["n"], case["N"])

    both = roster_limits(*seen, confidence=case["conf"])
    one = roster_limits(*seen, confidence=case["conf"], sides=1)

    assert (both.lower, both.upper, one.upper) == (
        case["D_lower"],
        case["D_upper"],
        case["D_upper_one_sided"],
    )


def ways(size: int, failing: int, drawn: int, seen: int) -> int:
    return math.comb(failing, seen) * math.comb(size - failing, drawn - seen)


@pytest.mark.parametrize(("size", "drawn"), [(12, 4), (20, 7), (25, 25), (30, 1), (9, 8)])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_limits_of_a_roster_hold_whatever_fails(size: int, drawn: int, confidence: float) -> None:
    limits = [roster_limits(x, drawn, size, confidence=confidence) for x in range(drawn + 1)]

    for failing in range(size + 1):
        held = sum(
            ways(size, failing, drawn, x)
            for x in range(drawn + 1)
            if limits[x].lower <= failing <= limits[x].upper
        )
        assert Fraction(held, math.comb(size, drawn)) >= Fraction(str(confidence))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_limits_of_a_roster_leave_out_nothing_that_is_not_contradicted(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 40))
    drawn = data.draw(st.integers(1, size))
    seen = data.draw(st.integers(0, drawn))
    confidence = data.draw(st.sampled_from([0.8, 0.9, 0.95, 0.99]))
    bound = (1 - Fraction(str(confidence))) / 2

    found = roster_limits(seen, drawn, size, confidence=confidence)

    kept = [
        failing
        for failing in range(seen, size - drawn + seen + 1)
        if Fraction(
            sum(ways(size, failing, drawn, x) for x in range(seen, drawn + 1)),
            math.comb(size, drawn),
        )
        > bound
        and Fraction(
            sum(ways(size, failing, drawn, x) for x in range(seen + 1)), math.comb(size, drawn)
        )
        > bound
    ]
    assert (found.lower, found.upper) == (kept[0], kept[-1])


def test_a_tail_equal_to_its_share_is_not_kept() -> None:
    # Of 20, 1 drawn: P(X = 0 | D = 19) = 1/20, exactly the share of a one-sided 95 %.
    assert roster_limits(0, 1, 20, confidence=0.95, sides=1).upper == 18


def test_limits_of_many_units_are_nearly_binomial() -> None:
    found = roster_limits(3, 100, 1_000_000)

    assert found.upper / 1_000_000 == pytest.approx(clopper_pearson(3, 100).upper, rel=1e-3)


def test_one_sided_limits_mirror_each_other() -> None:
    assert lower_limit(4, 30) == pytest.approx(1 - upper_limit(26, 30))


STRATA = [(6, 2), (5, 3), (4, 1)]


@pytest.mark.parametrize("confidence", [0.8, 0.9])
def test_limits_over_strata_hold_whatever_fails(confidence: float) -> None:
    sizes = [size for size, _ in STRATA]
    every = list(itertools.product(*(range(drawn + 1) for _, drawn in STRATA)))
    limits = {
        seen: stratified_limits(
            [StratumCount(str(h), *STRATA[h], x) for h, x in enumerate(seen)],
            confidence=confidence,
        )
        for seen in every
    }

    for failing in itertools.product(*(range(size + 1) for size in sizes)):
        rate = sum(failing) / sum(sizes)
        held = math.fsum(
            math.prod(
                ways(size, bad, drawn, x) / math.comb(size, drawn)
                for (size, drawn), bad, x in zip(STRATA, failing, seen, strict=True)
            )
            for seen in every
            if limits[seen].lower - 1e-12 <= rate <= limits[seen].upper + 1e-12
        )
        assert held >= confidence - 1e-12


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 7), st.integers(0, 7)), min_size=1, max_size=3))
def test_the_bound_after_no_finding_is_the_worst_split(pairs: list[tuple[int, int]]) -> None:
    strata = [
        StratumCount(str(h), size, min(drawn, size), 0) for h, (size, drawn) in enumerate(pairs)
    ]
    if all(one.drawn == one.size for one in strata):
        return
    worst = max(
        sum(split)
        for split in itertools.product(*(range(one.size - one.drawn + 1) for one in strata))
        if math.prod(
            math.comb(one.size - bad, one.drawn) / math.comb(one.size, one.drawn)
            for one, bad in zip(strata, split, strict=True)
        )
        > 0.05 * (1 + 1e-12)
    )

    found = stratified_limits(strata)

    assert found.method == "exact-none-found"
    assert found.lower == 0
    assert found.upper * sum(one.size for one in strata) == pytest.approx(worst)


def test_one_stratum_without_finding_is_the_one_sided_roster_limit() -> None:
    found = stratified_limits([StratumCount("A", 500, 50, 0)])

    assert found.upper * 500 == pytest.approx(roster_limits(0, 50, 500, sides=1).upper)


def test_a_stratum_never_visited_may_hold_anything() -> None:
    found = stratified_limits([StratumCount("A", 50, 50, 0), StratumCount("B", 50, 0, 0)])

    assert (found.lower, found.upper) == (0.0, 0.5)


def test_a_census_is_certain() -> None:
    found = stratified_limits([StratumCount("A", 8, 8, 2), StratumCount("B", 2, 2, 0)])

    assert (found.lower, found.upper, found.method) == (0.2, 0.2, "census")


@pytest.mark.parametrize(
    ("method", "limits"),
    [
        # R survey 4.1.1, svyciprop on a stratified sample of 200; figures typed
        (rate_limits, (0.296324220631744, 0.431278901131953)),
        (arcsine_limits, (0.294822194284392, 0.430073677432276)),
        (plain_limits, (0.293212746429105, 0.428915125469738)),
    ],
)
def test_usual_limits_are_the_published_ones(method: object, limits: tuple[float, float]) -> None:
    found = method(0.361063935949422, 0.0344059179972689, 197)  # type: ignore[operator]

    assert (found.lower, found.upper) == pytest.approx(limits, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: roster_limits(3, 2, 10), "got 3, 2, 10"),
        (lambda: roster_limits(0, 0, 10), "drawn >= 1"),
        (lambda: roster_limits(0, 1, 10, sides=3), "sides must be 1 or 2"),
        (lambda: clopper_pearson(1, 10, confidence=1.0), "between 0 and 1, got 1.0"),
        (lambda: wilson(-1, 10), "got -1, 10"),
        (lambda: rate_limits(0.0, 0.1, 5), "use exact limits"),
        (lambda: plain_limits(0.5, 0.1, 0), "at least 1 degree of freedom, got 0"),
        (lambda: stratified_limits([]), "roster that is not empty"),
        (lambda: StratumCount("A", 5, 6, 0), "stratum A: 0 <= failing <= drawn <= size"),
    ],
)
def test_counts_that_cannot_be_are_refused(call: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()  # type: ignore[operator]
