"""A recusal after the draw: the next by ticket takes the seat, joint visits included."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling.maths.assignment import (
    DepartmentRule,
    Inspector,
    Pool,
    Qualification,
    Reason,
    Task,
    TeamRule,
    assign,
    static_reason,
)
from sampling.maths.draw import tickets
from sampling.maths.recusal import seat_kind, stand_in

VISIT = date(2026, 11, 20)
ANYONE = TeamRule(
    visit_on=VISIT, qualification=Qualification.NONE, needs_certificate=False, needs_region=False
)
SEED = hashlib.sha256(b"late").digest()
UNIT = Task("U", "toys", "3701", frozenset({"P0"}))


def person(name: str, **facts: object) -> Inspector:
    values: dict[str, object] = {
        "is_senior": False,
        "categories": None,
        "regions": None,
        "certificate_until": None,
        "load": 0,
        "cap": 5,
    }
    return Inspector(id=name, **(values | facts))  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(number=st.integers(0, 10**6), data=st.data())
def test_the_seat_goes_to_the_smallest_ticket_that_may_and_can(
    number: int, data: st.DataObject
) -> None:
    seed = hashlib.sha256(str(number).encode()).digest()
    people = [
        person(f"P{n}", is_senior=data.draw(st.booleans()), load=data.draw(st.integers(0, 5)))
        for n in range(8)
    ]
    team = ["P0", "P1", "P2"]
    rule = replace(ANYONE, size=3)
    recused = data.draw(st.sets(st.sampled_from([f"P{n}" for n in range(3, 8)])))
    task = Task("U", "toys", "3701", frozenset({"P0", *recused}))

    found = stand_in(
        seed=seed, task=task, team=team, position=0, inspectors=people[::-1], rule=rule
    )

    pair = tickets(seed, "pair")
    able = [one.id for one in people[3:] if one.id not in recused and one.load < one.cap]
    assert found.inspector == min(able, key=lambda i: pair.of("U", i), default=None)
    assert (found.blocked is None) == bool(able)


def test_a_leader_is_followed_by_a_senior_only() -> None:
    rule = replace(ANYONE, is_mixed=True)
    people = [
        person("P0", is_senior=True),
        person("P1"),
        person("P2"),
        person("P3", is_senior=True, load=4),
    ]

    found = stand_in(
        seed=SEED, task=UNIT, team=["P0", "P1"], position=0, inspectors=people, rule=rule
    )

    assert found.inspector == "P3"


def test_when_nobody_is_left_everyone_has_a_reason() -> None:
    rule = replace(ANYONE, is_mixed=True)
    people = [
        person("P0", is_senior=True),
        person("P1"),
        person("P2"),
        person("P3", is_senior=True, load=5),
    ]

    found = stand_in(
        seed=SEED, task=UNIT, team=["P0", "P1"], position=0, inspectors=people, rule=rule
    )

    assert found.inspector is None
    assert found.blocked is not None
    assert dict(found.blocked.reasons) == {
        "P0": Reason.RECUSED,
        "P1": Reason.SENIORITY,
        "P2": Reason.SENIORITY,
        "P3": Reason.LOAD,
    }


def test_a_team_has_no_further_place() -> None:
    with pytest.raises(ValueError, match="places 0 to 1, got 2"):
        seat_kind(ANYONE, 2)


JOINT = TeamRule(
    visit_on=VISIT,
    needs_certificate=False,
    needs_region=False,
    departments=(
        DepartmentRule("fire", 2, False, Qualification.NONE),
        DepartmentRule("market", 3, True, Qualification.LEAD),
    ),
)


def test_each_department_of_a_joint_visit_sends_its_own_in_the_order_of_the_plan() -> None:
    people = [
        *(person(f"F{n}", department="fire", categories=frozenset()) for n in range(3)),
        person("M0", department="market", is_senior=True),
        person("M1", department="market", is_senior=True, categories=frozenset({"food"})),
        *(person(f"M{n}", department="market", categories=frozenset()) for n in (2, 3)),
        person("H0", department="health"),
    ]

    found = assign(seed=SEED, tasks=[Task("U", "toys", "3701")], inspectors=people, rule=JOINT)

    team = found.teams[0].inspectors
    assert {name[0] for name in team[:2]} == {"F"}
    assert team[2] == "M0"  # the only senior of the market's who knows toys
    assert set(team[3:]) == {"M2", "M3"}
    assert static_reason(UNIT, person("H0", department="health"), JOINT) is Reason.DEPARTMENT


def test_a_free_seat_of_a_joint_visit_stays_with_its_department() -> None:
    people = [
        *(person(f"F{n}", department="fire") for n in range(3)),
        *(person(f"M{n}", department="market", is_senior=n == 0) for n in range(4)),
    ]

    found = stand_in(
        seed=SEED,
        task=Task("U", "toys", "3701", frozenset({"F0"})),
        team=["F0", "F1", "M0", "M1", "M2"],
        position=0,
        inspectors=people,
        rule=JOINT,
    )

    assert found.inspector == "F2"


def test_the_two_pools_do_not_mix() -> None:
    rule = replace(ANYONE, pool=Pool.AGENCY)
    people = [
        person("A0", pool=Pool.AGENCY),
        person("A1", pool=Pool.AGENCY),
        person("O0", pool=Pool.OFFICERS),
        person("O1"),
    ]

    found = assign(seed=SEED, tasks=[Task("U", "toys", "3701")], inspectors=people, rule=rule)

    assert set(found.teams[0].inspectors) == {"A0", "A1"}
    assert static_reason(UNIT, people[2], rule) is Reason.POOL


def test_a_department_cannot_be_named_twice_or_send_one() -> None:
    with pytest.raises(ValueError, match="named twice"):
        replace(JOINT, departments=JOINT.departments[:1] * 2)
    with pytest.raises(ValueError, match="department fire sends 2 to 9 inspectors, got 1"):
        DepartmentRule("fire", 1)
