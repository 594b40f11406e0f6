"""The arrays give the bytes that the plain program gave before them."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling.maths.assignment import (
    EXPLAINED,
    Inspector,
    Qualification,
    Task,
    TeamRule,
    assign,
)
from sampling.maths.assignment import units_without_team as without_team
from sampling.maths.completion import Completion, Demand
from tests.maths.sampling import reference_assignment as plain
from tests.maths.sampling import reference_completion

VISIT = date(2026, 11, 20)
CATEGORIES = ("toys", "food", "")
REGIONS = ("3701", "3702")
few = st.integers(0, 3)


def subsets(codes: tuple[str, ...]) -> st.SearchStrategy[frozenset[str] | None]:
    return st.none() | st.frozensets(st.sampled_from(codes), max_size=2)


@st.composite
def people(draw: st.DrawFn) -> list[Inspector]:
    return [
        Inspector(
            id=f"P{n}" if n % 2 else f"Q{n:03}",
            is_senior=draw(st.booleans()),
            categories=draw(subsets(CATEGORIES)),
            regions=draw(subsets(REGIONS)),
            certificate_until=draw(
                st.sampled_from([None, VISIT, date(2026, 11, 19), date(2030, 1, 1)])
            ),
            load=(load := draw(few)),
            cap=draw(st.integers(load, load + 4)),
        )
        for n in range(draw(st.integers(2, 14)))
    ]


@st.composite
def rules(draw: st.DrawFn) -> TeamRule:
    is_mixed = draw(st.booleans())
    kinds = [Qualification.NONE, Qualification.ALL] + [Qualification.LEAD] * is_mixed
    return TeamRule(
        visit_on=VISIT,
        size=draw(st.integers(2, 4)),
        is_mixed=is_mixed,
        qualification=draw(st.sampled_from(kinds)),
        needs_certificate=draw(st.booleans()),
        needs_region=draw(st.booleans()),
    )


def older(rule: TeamRule) -> plain.TeamRule:
    return plain.TeamRule(
        rule.visit_on,
        rule.size,
        rule.is_mixed,
        plain.Qualification(rule.qualification),
        rule.needs_certificate,
        rule.needs_region,
    )


@settings(max_examples=400, deadline=None)
@given(staff=people(), rule=rules(), number=st.integers(0, 10**6), data=st.data())
def test_teams_and_blocking_units_equal_those_of_the_plain_program(
    staff: list[Inspector], rule: TeamRule, number: int, data: st.DataObject
) -> None:
    ids = [one.id for one in staff]
    facts = [
        (
            f"U{n}" if n % 2 else f"V{n:03}",
            data.draw(st.sampled_from(CATEGORIES)),
            data.draw(st.sampled_from(REGIONS)),
            frozenset(data.draw(st.sets(st.sampled_from([*ids, "gone"]), max_size=3))),
        )
        for n in range(data.draw(st.integers(1, 9)))
    ]
    seed = hashlib.sha256(str(number).encode()).digest()
    digest = data.draw(st.sampled_from(["sha256", "sm3"]))

    found = assign(
        seed=seed,
        tasks=[Task(*one) for one in facts],
        inspectors=staff,
        rule=rule,
        algorithm=digest,
    )

    expected = plain.assign(
        seed=seed,
        tasks=[plain.Task(*one) for one in facts],
        inspectors=[_older(one) for one in staff],
        rule=older(rule),
        algorithm=digest,
    )
    assert [(t.code, t.inspectors) for t in found.teams] == [
        (t.code, t.inspectors) for t in expected.teams
    ]
    assert [(b.code, [(i, str(r)) for i, r in b.reasons]) for b in found.blocking] == [
        (b.code, [(i, str(r)) for i, r in b.reasons]) for b in expected.blocking
    ]
    alone = without_team([Task(*one) for one in facts], staff, rule)
    assert [b.code for b in alone] == [
        b.code
        for b in plain.units_without_team(
            [plain.Task(*one) for one in facts], [_older(one) for one in staff], older(rule)
        )
    ]


def _older(one: Inspector) -> plain.Inspector:
    return plain.Inspector(
        one.id,
        one.is_senior,
        one.categories,
        one.regions,
        one.certificate_until,
        one.load,
        one.cap,
    )


@pytest.mark.parametrize("cap", [10, 11, 13])
def test_a_large_plan_gets_the_teams_of_the_plain_program(cap: int) -> None:
    # 1 000 units by 200 inspectors: every cap binds at 10, some at 11.
    staff = [
        Inspector(
            f"J{n:04}", n % 4 == 0, None, frozenset({REGIONS[n % 2]}), date(2030, 1, 1), 0, cap
        )
        for n in range(200)
    ]
    facts = [
        (f"91{n:016}", "toys", REGIONS[n % 2], frozenset({f"J{n % 200:04}", f"J{n * 7 % 200:04}"}))
        for n in range(1000)
    ]
    rule = TeamRule(visit_on=VISIT)
    seed = hashlib.sha256(b"large").digest()

    found = assign(seed=seed, tasks=[Task(*one) for one in facts], inspectors=staff, rule=rule)

    expected = plain.assign(
        seed=seed,
        tasks=[plain.Task(*one) for one in facts],
        inspectors=[_older(one) for one in staff],
        rule=older(rule),
    )
    assert found.is_complete
    assert [t.inspectors for t in found.teams] == [t.inspectors for t in expected.teams]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_the_deficient_set_is_the_one_found_without_shortcuts(data: st.DataObject) -> None:
    names = [f"P{n}" for n in range(7)]
    room = {name: data.draw(st.integers(0, 3)) for name in names}
    lists = [
        (data.draw(st.integers(1, 3)), tuple(data.draw(st.sets(st.sampled_from(names)))))
        for _ in range(data.draw(st.integers(1, 8)))
    ]

    found = Completion([Demand(*one) for one in lists], room).fill()

    slow = reference_completion.Completion(
        [reference_completion.Demand(*one) for one in lists], room
    )
    assert found == slow.fill()


def test_reasons_are_told_of_the_first_units_only() -> None:
    staff = [Inspector("P1", False, None, None, None, 0, 1)]
    tasks = [Task(f"U{n:03}", "toys", "3701") for n in range(EXPLAINED + 5)]
    rule = TeamRule(visit_on=VISIT)

    found = assign(seed=bytes(32), tasks=tasks, inspectors=staff, rule=rule)

    assert [bool(one.reasons) for one in found.blocking] == [True] * EXPLAINED + [False] * 5
