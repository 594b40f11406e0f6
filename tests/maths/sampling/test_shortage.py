"""The few visits that prove that there is no assignment."""

from __future__ import annotations

import hashlib
from datetime import date
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from sampling.maths.assignment import Inspector, Qualification, Task, TeamRule, assign
from sampling.maths.shortage import Shortage, shortage

VISIT = date(2026, 11, 20)
ANYONE = TeamRule(
    visit_on=VISIT, qualification=Qualification.NONE, needs_certificate=False, needs_region=False
)


def person(name: str, cap: int, *, is_senior: bool = False) -> Inspector:
    return Inspector(name, is_senior, None, None, None, 0, cap)


def task(code: str, *recused: str) -> Task:
    return Task(code, "toys", "3701", frozenset(recused))


def lacks(some: tuple[Task, ...], people: list[Inspector]) -> bool:
    """Hall's condition for teams of two from one list, by hand."""
    served = sum(min(one.cap, sum(one.id not in t.recused for t in some)) for one in people)
    return served < 2 * len(some)


def test_three_visits_that_only_two_people_may_make_are_named_with_their_room() -> None:
    # U1, U2, U3 may be visited by P1 and P2 alone, who have room for 2 + 2 visits: 6 seats, room 4.
    people = [person("P1", 2), person("P2", 2), *(person(f"P{n}", 9) for n in range(3, 7))]
    others = [one.id for one in people[2:]]
    tasks = [task(f"U{n}", *others) for n in (1, 2, 3)] + [task(f"V{n}") for n in range(6)]

    found = shortage(tasks=tasks, inspectors=people, rule=ANYONE)

    assert found == Shortage(
        units=("U1", "U2", "U3"),
        lists=(("U1", 0), ("U2", 0), ("U3", 0)),
        seats=6,
        people=("P1", "P2"),
        room=4,
        others=(("recused", 4),),
        is_minimal=True,
        is_smallest=True,
    )


def test_a_visit_that_is_short_by_itself_is_named_alone() -> None:
    people = [person("P1", 9), person("P2", 9), person("P3", 0)]

    found = shortage(tasks=[task("V"), task("U", "P2")], inspectors=people, rule=ANYONE)

    assert found is not None
    assert (found.units, found.seats, found.people, found.room) == (("U",), 2, ("P1",), 1)
    assert found.others == (("load", 1), ("recused", 1))


def test_only_the_short_list_of_a_mixed_team_counts() -> None:
    rule = TeamRule(VISIT, 2, True, Qualification.NONE, False, False)
    people = [person("S1", 1, is_senior=True), *(person(f"J{n}", 9) for n in range(3))]

    found = shortage(tasks=[task("U"), task("V")], inspectors=people, rule=rule)

    assert found is not None
    assert found.lists == (("U", 0), ("V", 0))
    assert (found.seats, found.people, found.room) == (2, ("S1",), 1)
    assert found.others == (("seniority", 3),)


def test_a_hundred_visits_too_many_are_told_without_a_visit_that_can_be_spared() -> None:
    # 30 people with one visit each: 15 visits can be filled, 16 want 32 seats.
    people = [person(f"P{n:02}", 1) for n in range(30)]

    found = shortage(tasks=[task(f"U{n:03}") for n in range(100)], inspectors=people, rule=ANYONE)

    assert found is not None
    assert (len(found.units), found.seats, found.room) == (16, 32, 30)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_none_is_found_that_is_smaller_and_none_where_all_seats_can_be_filled(
    data: st.DataObject,
) -> None:
    names = [f"P{n}" for n in range(5)]
    people = [person(name, data.draw(st.integers(0, 3))) for name in names]
    tasks = [
        task(f"U{n}", *data.draw(st.sets(st.sampled_from(names), max_size=3))) for n in range(6)
    ]

    found = shortage(tasks=tasks, inspectors=people, rule=ANYONE)

    seed = hashlib.sha256(b"any").digest()
    made = assign(seed=seed, tasks=tasks, inspectors=people, rule=ANYONE)
    assert (found is None) == made.is_complete
    if found is not None:
        chosen = tuple(one for one in tasks if one.code in found.units)
        smaller = [s for k in range(1, len(chosen)) for s in combinations(tasks, k)]
        assert lacks(chosen, people)
        assert found.seats == 2 * len(chosen) > found.room
        assert found.is_smallest
        assert not any(lacks(some, people) for some in smaller)
