"""Tables of ISO 2859-1 grown from the ladder: single plans, double plans, whole lots."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling.maths.acceptance import (
    EARLIER_RUNGS,
    Edition,
    Kind,
    NoDoublePlan,
    double_plan,
    plan_for_lot,
)
from sampling.maths.acceptance_tables import (
    AQLS,
    LETTERS,
    LEVELS,
    Cell,
    State,
    cell,
    code_letter,
    sample_size,
)
from sampling.maths.oc import DoublePlan, Model, SinglePlan, characteristics
from sampling.maths.ranges import OutOfRange
from tests.maths.sampling.acceptance_vectors import VECTORS

sizes = st.integers(2, 2_000_000)
aqls = st.sampled_from(AQLS)
levels = st.sampled_from(LEVELS)
states = st.sampled_from(list(State))


@pytest.mark.parametrize(("level", "lot_size", "letter"), VECTORS["letters"])
def test_letters_are_those_of_table_1(level: str, lot_size: int, letter: str) -> None:
    assert code_letter(lot_size, level) == letter


@pytest.mark.parametrize("row", VECTORS["cells"], ids=lambda row: "-".join(map(str, row[:3])))
def test_cells_are_those_of_the_master_tables(row: list[Any]) -> None:
    state, letter, aql, arrived, size, acceptance, rejection = row

    found = cell(State(state), letter, aql)

    assert (found.letter, found.size) == (arrived, size)
    assert (found.acceptance, found.rejection) == (acceptance, rejection)


@pytest.mark.parametrize(
    ("state", "count"),
    [(State.NORMAL, 152), (State.TIGHTENED, 137), (State.REDUCED, 137)],
)
def test_the_tables_have_as_many_plans_as_printed(state: State, count: int) -> None:
    """A cell holds its own plan if the letter arrived at is its own; row S (one more) has none."""
    own = sum(cell(state, letter, aql).letter == letter for letter in LETTERS for aql in AQLS)

    assert own == count


@given(state=states, aql=aqls)
def test_numbers_never_fall_along_a_column_of_own_plans(state: State, aql: float) -> None:
    own = [found for letter in LETTERS if (found := cell(state, letter, aql)).letter == letter]

    assert all(a.acceptance <= b.acceptance for a, b in itertools.pairwise(own))


@given(lot_size=sizes, level=levels, aql=aqls, state=states)
def test_a_lot_no_larger_than_the_sample_is_inspected_whole(
    lot_size: int, level: str, aql: float, state: State
) -> None:
    found = plan_for_lot(lot_size, aql, level=level, state=state)

    assert isinstance(found.plan, SinglePlan)
    assert found.inspects_all == (found.plan.size >= lot_size)
    assert found.items == min(found.plan.size, lot_size)


@given(first=sizes, second=sizes, level=levels)
def test_a_larger_lot_never_has_an_earlier_letter(first: int, second: int, level: str) -> None:
    small, large = sorted((first, second))

    assert code_letter(small, level) <= code_letter(large, level)


@given(letter=st.sampled_from(LETTERS), aql=aqls)
def test_reduced_samples_are_no_larger_and_tightened_ones_no_milder(
    letter: str, aql: float
) -> None:
    normal = cell(State.NORMAL, letter, aql)
    tightened = cell(State.TIGHTENED, letter, aql)

    assert sample_size(letter) >= cell(State.REDUCED, letter, aql).size or (
        cell(State.REDUCED, letter, aql).letter != letter
    )
    if normal.size == tightened.size:
        assert tightened.acceptance <= normal.acceptance


@pytest.mark.parametrize("row", VECTORS["double"], ids=lambda row: "-".join(map(str, row[:4])))
def test_double_plans_agree_with_the_earlier_edition(row: list[Any]) -> None:
    """One cell differs between transcriptions: tightened, letter A, AQL 10, where the ISO
    diagonal has a plan with acceptance number 0 and so no double plan."""
    state, level, lot_size, aql, *numbers = row
    found = cell(State(state), code_letter(lot_size, level), aql)
    if (state, level, lot_size, aql) == ("tightened", "I", 9, 10.0):
        assert found == Cell("A", 2, 0)
        return

    plan = double_plan(State(state), found, edition=Edition.Z14)

    assert [
        *(plan.first_size, plan.second_size),
        *(plan.first_acceptance, plan.first_rejection, plan.acceptance, plan.rejection),
    ] == numbers


@pytest.mark.parametrize(("state", "acceptance"), EARLIER_RUNGS)
def test_changed_double_plans_need_fewer_items_and_keep_closer_to_the_single_plan(
    state: State, acceptance: int
) -> None:
    """The preface of the 1999 edition says why it changed them: a smaller average sample."""
    single, places = SinglePlan(125, acceptance), np.linspace(0.001, (2 * acceptance + 6) / 125, 99)
    wanted = [each.acceptance for each in characteristics(single, places, model=Model.POISSON)]

    def judged(edition: Edition) -> tuple[float, float]:
        plan = double_plan(state, Cell("K", 125, acceptance), edition=edition)
        points = characteristics(plan, places, model=Model.POISSON)
        apart = max(abs(a.acceptance - b) for a, b in zip(points, wanted, strict=True))
        return apart, max(each.sample_number for each in points)

    (apart, number), (apart_before, number_before) = judged(Edition.ISO_1999), judged(Edition.Z14)

    assert apart < apart_before
    assert number < number_before


@given(letter=st.sampled_from(LETTERS), aql=aqls, state=st.sampled_from(["normal", "tightened"]))
def test_every_plan_with_two_or_more_findings_has_a_double_plan_like_it(
    letter: str, aql: float, state: str
) -> None:
    found = cell(State(state), letter, aql)
    if found.acceptance == 0 or found.letter == "A":
        with pytest.raises(NoDoublePlan, match="kind must be single"):
            double_plan(State(state), found)
        return

    plan = double_plan(State(state), found)

    places = np.linspace(0.0, 3 * (found.acceptance + 1) / found.size, 60)
    one = characteristics(SinglePlan(found.size, found.acceptance), places, model=Model.POISSON)
    two = characteristics(plan, places, model=Model.POISSON)
    # Sizes are whole numbers: with two items for three (B for C) the curves lie furthest apart.
    assert max(abs(a.acceptance - b.acceptance) for a, b in zip(one, two, strict=True)) < 0.15


def test_reduced_inspection_offers_no_double_plan_and_says_so() -> None:
    with pytest.raises(NoDoublePlan, match="single in reduced inspection"):
        plan_for_lot(2000, 1.0, state=State.REDUCED, kind=Kind.DOUBLE)


def test_a_double_plan_of_a_lot() -> None:
    found = plan_for_lot(2000, 1.5, kind=Kind.DOUBLE)  # K: single 125, 5 6

    assert found.plan == DoublePlan(80, 80, 2, 5, 6)
    assert (found.items, found.inspects_all) == (80, False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lot_size": 1}, "lot_size must be a whole number from 2"),
        ({"lot_size": True}, "lot_size"),
        ({"lot_size": 20.0}, "lot_size"),
        ({"aql": 1.1}, "the nearest is 1$"),
        ({"aql": 0}, "the nearest is 0.01$"),
        ({"level": "IV"}, "level must be one of S-1"),
    ],
)
def test_what_cannot_be_meant_is_named(change: dict[str, Any], words: str) -> None:
    arguments = {"lot_size": 2000, "aql": 1.0, "level": "II", **change}

    with pytest.raises(OutOfRange, match=words):
        plan_for_lot(arguments.pop("lot_size"), arguments.pop("aql"), **arguments)


@pytest.mark.parametrize(("letter", "aql"), [("I", 1.0), ("AB", 1.0), ("", 1.0), ("S", 1.0)])
def test_rows_that_are_not_there_are_refused(letter: str, aql: float) -> None:
    with pytest.raises(OutOfRange, match=r"letter|row S"):
        cell(State.TIGHTENED, letter, aql)
