"""Inspectors to units: by hand, against exhaustive search, and what is said when none exists."""

from __future__ import annotations

import hashlib
import itertools
import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling.maths.assignment import (
    Assignment,
    Inspector,
    Qualification,
    Reason,
    Task,
    TeamRule,
    assign,
    units_without_team,
)
from sampling.maths.draw import tickets

VISIT = date(2026, 11, 20)
ANYONE = TeamRule(
    visit_on=VISIT,
    qualification=Qualification.NONE,
    needs_certificate=False,
    needs_region=False,
)
MIXED = TeamRule(
    visit_on=VISIT,
    is_mixed=True,
    qualification=Qualification.NONE,
    needs_certificate=False,
    needs_region=False,
)


def seed_of(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def person(name: str, **changes: object) -> Inspector:
    values: dict[str, object] = {
        "is_senior": False,
        "categories": None,
        "regions": None,
        "certificate_until": date(2030, 1, 1),
        "load": 0,
        "cap": 99,
    }
    return Inspector(id=name, **(values | changes))  # type: ignore[arg-type]


def task(code: str, *recused: str) -> Task:
    return Task(code, "toys", "3701", frozenset(recused))


def first_completable(
    seed: bytes, tasks: list[Task], inspectors: list[Inspector], rule: TeamRule
) -> dict[str, tuple[str, ...]] | None:
    """The rule by exhaustive search: no flow, no matching, only trying everything."""
    dispatch, pair = tickets(seed, "dispatch"), tickets(seed, "pair")
    seniors = {i.id for i in inspectors if i.is_senior}
    cap = {i.id: i.cap for i in inspectors}
    seats: list[tuple[str, frozenset[str], int]] = []
    for one in sorted(tasks, key=lambda t: dispatch.of(t.code)):
        eligible = frozenset(cap) - one.recused
        if rule.is_mixed:
            seats.append((one.code, eligible & seniors, 0))
            seats.extend((one.code, eligible - seniors, 1) for _ in range(rule.size - 1))
        else:
            seats.extend((one.code, eligible, 0) for _ in range(rule.size))
    load = {i.id: i.load for i in inspectors}

    def go(index: int, chosen: list[str], order: dict[str, int]) -> list[str] | None:
        if index == len(seats):
            return chosen
        code, eligible, list_number = seats[index]
        taken = {
            chosen[k] for k in range(index) if seats[k][0] == code and seats[k][2] == list_number
        }
        if not index or seats[index - 1][0] != code or seats[index - 1][2] != list_number:
            order = dict(load)  # seats of one list are ordered by the loads at its start
        for name in sorted(eligible - taken, key=lambda n: (order[n], pair.of(code, n))):
            if load[name] >= cap[name]:
                continue
            load[name] += 1
            found = go(index + 1, [*chosen, name], order)
            load[name] -= 1
            if found is not None:
                return found
        return None

    found = go(0, [], dict(load))
    if found is None:
        return None
    teams: dict[str, tuple[str, ...]] = {}
    for (code, _, _), name in zip(seats, found, strict=True):
        teams[code] = (*teams.get(code, ()), name)
    return teams


def teams_of(result: Assignment) -> dict[str, tuple[str, ...]]:
    return {team.code: team.inspectors for team in result.teams}


@settings(max_examples=300, deadline=None)
@given(
    number=st.integers(0, 10**6),
    units=st.integers(1, 4),
    staff=st.integers(2, 6),
    mixed=st.booleans(),
    data=st.data(),
)
def test_the_rule_finds_what_exhaustive_search_finds(
    number: int, units: int, staff: int, mixed: bool, data: st.DataObject
) -> None:
    names = [f"P{n}" for n in range(staff)]
    inspectors = [
        person(
            name,
            is_senior=data.draw(st.booleans()),
            load=data.draw(st.integers(0, 2)),
            cap=data.draw(st.integers(1, 4)),
        )
        for name in names
    ]
    tasks = [
        task(f"U{n}", *data.draw(st.sets(st.sampled_from(names), max_size=staff - 1)))
        for n in range(units)
    ]
    rule = MIXED if mixed else ANYONE

    result = assign(seed=seed_of(number), tasks=tasks, inspectors=inspectors, rule=rule)

    expected = first_completable(seed_of(number), tasks, inspectors, rule)
    assert teams_of(result) == (expected or {})
    assert result.is_complete is (expected is not None)


@settings(max_examples=100, deadline=None)
@given(number=st.integers(0, 10**6), data=st.data())
def test_blocking_units_want_more_than_their_inspectors_can_give(
    number: int, data: st.DataObject
) -> None:
    names = [f"P{n}" for n in range(5)]
    inspectors = [person(name, cap=data.draw(st.integers(0, 2))) for name in names]
    tasks = [
        task(f"U{n}", *data.draw(st.sets(st.sampled_from(names), max_size=3))) for n in range(5)
    ]

    result = assign(seed=seed_of(number), tasks=tasks, inspectors=inspectors, rule=ANYONE)

    if not result.is_complete:
        blocking = {blocked.code for blocked in result.blocking}
        wanting = [one for one in tasks if one.code in blocking]
        supply = sum(
            min(i.cap, sum(i.id not in one.recused for one in wanting)) for i in inspectors
        )
        assert supply < 2 * len(wanting)


def test_order_of_units_and_inspectors_does_not_matter() -> None:
    names = [f"P{n:02}" for n in range(12)]
    tasks = [task(f"U{n:02}", *random.Random(n).sample(names, 3)) for n in range(30)]
    inspectors = [person(name, cap=6, load=n % 2) for n, name in enumerate(names)]

    straight = assign(seed=seed_of(1), tasks=tasks, inspectors=inspectors, rule=ANYONE)
    backwards = assign(seed=seed_of(1), tasks=tasks[::-1], inspectors=inspectors[::-1], rule=ANYONE)

    assert straight == backwards


def test_loads_end_level_when_everyone_may_go_everywhere() -> None:
    tasks = [task(f"U{n:03}") for n in range(100)]
    inspectors = [person(f"P{n:02}") for n in range(20)]

    result = assign(seed=seed_of(2), tasks=tasks, inspectors=inspectors, rule=ANYONE)

    # 100 units · 2 seats / 20 inspectors = 10 each: least load first leaves no other way.
    seats = [name for team in result.teams for name in team.inspectors]
    assert {seats.count(one.id) for one in inspectors} == {10}


def test_the_look_ahead_takes_a_later_inspector_when_the_first_would_strand_a_unit() -> None:
    # V can only be visited by P1 and P2, who have one visit left each; U could take anyone.
    tasks = [task("U"), task("V", "P3", "P4")]
    inspectors = [
        person("P1", cap=1),
        person("P2", cap=1),
        person("P3", load=5),
        person("P4", load=5),
    ]
    number = next(
        n
        for n in itertools.count()
        if tickets(seed_of(n), "dispatch").of("U") < tickets(seed_of(n), "dispatch").of("V")
    )

    result = assign(seed=seed_of(number), tasks=tasks, inspectors=inspectors, rule=ANYONE)

    teams = teams_of(result)
    assert set(teams["U"]) == {"P3", "P4"}
    assert set(teams["V"]) == {"P1", "P2"}


def test_a_mixed_team_is_led_by_a_senior_and_filled_with_others() -> None:
    inspectors = [person("S1", is_senior=True), person("S2", is_senior=True), person("J1")]

    result = assign(seed=seed_of(3), tasks=[task("U")], inspectors=inspectors, rule=MIXED)

    lead, other = result.teams[0].inspectors
    assert lead in {"S1", "S2"}
    assert other == "J1"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"certificate_until": date(2026, 11, 19)}, Reason.CERTIFICATE),
        ({"certificate_until": None}, Reason.CERTIFICATE),
        ({"regions": frozenset({"3702"})}, Reason.REGION),
        ({"categories": frozenset({"food"})}, Reason.QUALIFICATION),
        ({"load": 4, "cap": 4}, Reason.LOAD),
    ],
)
def test_a_unit_without_enough_inspectors_is_named_with_each_ones_reason(
    changes: dict[str, object], reason: Reason
) -> None:
    inspectors = [person("P1"), person("P2", **changes), person("P3")]
    rule = TeamRule(visit_on=VISIT)

    result = assign(
        seed=seed_of(4), tasks=[task("U", "P3"), task("V")], inspectors=inspectors, rule=rule
    )

    assert [blocked.code for blocked in result.blocking] == ["U"]
    assert result.blocking[0].reasons == (("P2", reason), ("P3", Reason.RECUSED))
    assert result.teams == ()


def test_a_certificate_that_ends_on_the_day_of_the_visit_still_counts() -> None:
    inspectors = [person("P1", certificate_until=VISIT), person("P2", certificate_until=VISIT)]

    result = assign(
        seed=seed_of(5), tasks=[task("U")], inspectors=inspectors, rule=TeamRule(visit_on=VISIT)
    )

    assert result.is_complete


def test_units_that_are_short_only_together_are_named_together() -> None:
    # U and V share P1 and P2, with one visit each; W has its own P3 and P4.
    tasks = [task("U", "P3", "P4"), task("V", "P3", "P4"), task("W", "P1", "P2")]
    inspectors = [person("P1", cap=1), person("P2", cap=1), person("P3"), person("P4")]

    result = assign(seed=seed_of(6), tasks=tasks, inspectors=inspectors, rule=ANYONE)

    assert [blocked.code for blocked in result.blocking] == ["U", "V"]
    assert dict(result.blocking[0].reasons) == {
        "P1": Reason.LOAD,
        "P2": Reason.LOAD,
        "P3": Reason.RECUSED,
        "P4": Reason.RECUSED,
    }


def test_a_roster_is_checked_before_it_is_committed() -> None:
    inspectors = [person("P1"), person("P2"), person("P3", load=3, cap=3)]

    blocked = units_without_team([task("U"), task("V", "P1")], inspectors, ANYONE)

    assert [one.code for one in blocked] == ["V"]
    assert dict(blocked[0].reasons) == {"P1": Reason.RECUSED, "P3": Reason.LOAD}


@pytest.mark.parametrize("size", [1, 10])
def test_a_team_has_two_to_nine_inspectors(size: int) -> None:
    with pytest.raises(ValueError, match="a team has 2 to 9 inspectors"):
        TeamRule(visit_on=VISIT, size=size)


def test_only_a_mixed_team_has_a_lead_to_qualify() -> None:
    with pytest.raises(ValueError, match="needs a mixed team"):
        TeamRule(visit_on=VISIT, qualification=Qualification.LEAD)


def test_ten_thousand_units_with_tight_caps_are_filled_exactly() -> None:
    # 2 000 inspectors with caps that sum to the very number of seats: every cap binds.
    dice = random.Random(7)
    groups = [[f"P{n:04}" for n in range(g * 100, g * 100 + 100)] for g in range(20)]
    inspectors = [
        person(name, cap=10, regions=frozenset({str(g)}))
        for g, group in enumerate(groups)
        for name in group
    ]
    tasks = [
        Task(f"U{n:05}", "toys", str(n % 20), frozenset(dice.sample(groups[n % 20], 5)))
        for n in range(10_000)
    ]
    rule = TeamRule(visit_on=VISIT, qualification=Qualification.NONE)

    result = assign(seed=seed_of(8), tasks=tasks, inspectors=inspectors, rule=rule)

    seats = [name for team in result.teams for name in team.inspectors]
    assert len(seats) == 20_000
    assert max(map(seats.count, [i.id for i in inspectors[:50]])) == 10
