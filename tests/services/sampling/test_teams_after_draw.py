"""Pools, rotation, recusals declared late, joint visits."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from core.journal import JournalEntry
from registry.models import Department, Laboratory
from sampling import errors
from sampling.maths.replay import check_bundle
from sampling.models.plans import Assignment, Draw, Plan, PlanInspector, PlanRecusal
from sampling.queries import units, work
from sampling.queries.joint import department_views
from sampling.queries.seats import teams_of
from sampling.service import changing, drawing, entropy, joint, parts, recusing, results
from sampling.verifier import verify_draw
from sampling.views import DrawnUnitView
from tests import factories
from tests.services.sampling.conftest import (
    AFTER,
    BEFORE,
    SIGNATURE,
    VALUE,
    City,
)

Clock = Callable[[str], Any]
WIDE = {"certificate": True, "region": False, "qualification": "none", "cap": 20}


def drawn(city: City, at: Clock, **changes: Any) -> Plan:
    plan = city.committed(**{"team": WIDE, **changes})
    city.throw_dice(plan)
    at(AFTER)
    entropy.enter_public_value(city.session, city.lead, plan.no, value=VALUE, signature=SIGNATURE)
    drawing.draw(city.session, city.lead, plan.no)
    return plan


def views_of(session: Session, plan: Plan) -> list[DrawnUnitView]:
    statement = units.drawn_statement(plan.no)
    entity = statement.column_descriptions[0]["entity"]
    rows = list(session.execute(statement.order_by(entity.stratum, entity.rank)).scalars())
    return units.drawn_views(session, rows)


def agrees_everywhere(session: Session, plan: Plan) -> bool:
    whole = parts.sealed_bundle(session, plan, only_public=False)
    return all(check.agrees for check in check_bundle(whole)) and all(
        agrees for _, agrees, _ in verify_draw.verify(whole)
    )


def recuse(city: City, plan: Plan, view: DrawnUnitView, seat: int = 0, **changes: Any) -> Any:
    facts = {
        "code": view.code,
        "inspector": view.team[seat].inspector_id,
        "kind": "kinship",
        "reason": "舅舅是厂长",
        **changes,
    }
    return recusing.recuse(city.session, changes.pop("actor", city.lead), plan.no, **facts)


def test_a_late_recusal_seats_the_next_and_every_verifier_agrees(city: City, at: Clock) -> None:
    plan = drawn(city, at)
    before = views_of(city.session, plan)[0]

    change = recuse(city, plan, before)

    after = views_of(city.session, plan)[0]
    gone = before.team[0]
    assert after.team[0].person_id == change.person_in != gone.person_id
    assert after.team[1:] == before.team[1:]
    assert agrees_everywhere(city.session, plan)
    history = json.loads(parts.parts_of(city.session, plan, only_public=False)["history.json"])
    assert history["recusals"] == [
        {
            "after": 0,
            "code": before.code,
            "position": 0,
            "out": gone.inspector_id,
            "in": after.team[0].inspector_id,
            "kind": "kinship",
        }
    ]
    assert "舅舅" not in json.dumps(history, ensure_ascii=False)
    entry = city.session.execute(
        select(JournalEntry).where(JournalEntry.kind == "seat.recused")
    ).scalar_one()
    assert entry.body["out"] == gone.inspector_id
    assert before.code not in [t.code for t in work.tasks_of(city.session, gone.person_id)]
    assert before.code in [t.code for t in work.tasks_of(city.session, change.person_in)]


def test_loads_follow_the_seat(city: City, at: Clock) -> None:
    plan = drawn(city, at)
    before = work.open_loads(city.session)

    change = recuse(city, plan, views_of(city.session, plan)[0])

    after = work.open_loads(city.session)
    assert after[change.person_in] == before.get(change.person_in, 0) + 1
    assert after.get(change.person_out, 0) == before[change.person_out] - 1
    assert sum(after.values()) == sum(before.values())


def test_recusals_and_replacements_in_turn_still_verify(city: City, at: Clock) -> None:
    plan = drawn(city, at)
    first, second, third = views_of(city.session, plan)[:3]

    recuse(city, plan, first)
    recuse(city, plan, views_of(city.session, plan)[0])  # the same seat again
    step = changing.replace_unit(
        city.session, city.lead, plan.no, code=second.code, reason="已注销"
    )
    (called,) = [v for v in views_of(city.session, plan) if v.code == step.code]
    recuse(city, plan, called, seat=1)
    changing.replace_unit(city.session, city.lead, plan.no, code=first.code, reason="迁出")
    recuse(city, plan, next(v for v in views_of(city.session, plan) if v.code == third.code))

    assert agrees_everywhere(city.session, plan)
    history = json.loads(parts.parts_of(city.session, plan, only_public=False)["history.json"])
    assert [one["after"] for one in history["recusals"]] == [0, 0, 1, 2]


def test_whoever_left_a_team_for_a_tie_does_not_come_back(city: City, at: Clock) -> None:
    plan = drawn(city, at)
    code = views_of(city.session, plan)[0].code
    out = []

    with pytest.raises(errors.NobodyLeft) as refused:
        for _ in range(9):  # eight inspectors, two of them seated: six can follow
            (view,) = [v for v in views_of(city.session, plan) if v.code == code]
            out.append(view.team[0].inspector_id)
            recuse(city, plan, view)

    assert len(out) == 7
    assert len(set(out)) == 7
    (field,) = refused.value.fields
    assert field.field == code
    assert "recused" in field.facts["reasons"]
    assert "team" in field.facts["reasons"]
    assert agrees_everywhere(city.session, plan)


def test_a_recusal_after_the_result_is_refused(city: City, at: Clock) -> None:
    plan = drawn(city, at)
    view = views_of(city.session, plan)[0]
    results.record_result(
        city.session,
        city.lead,
        plan.no,
        code=view.code,
        inspected_on=date(2023, 9, 15),
        outcome="pass",
    )

    with pytest.raises(errors.ResultKnown):
        recuse(city, plan, view)


def test_an_inspector_recuses_himself_and_nobody_else(city: City, at: Clock) -> None:
    plan = drawn(city, at)
    view = views_of(city.session, plan)[0]
    account = factories.account(city.session, role=Role.INSPECTOR)
    own = Actor(account.id, "x", Role.INSPECTOR, None, view.team[0].person_id)
    facts = {"code": view.code, "kind": "shareholding", "reason": "持股"}

    with pytest.raises(errors.NotYourSeat):
        recusing.recuse(city.session, own, plan.no, inspector=view.team[1].inspector_id, **facts)
    change = recusing.recuse(
        city.session, own, plan.no, inspector=view.team[0].inspector_id, **facts
    )

    assert change.person_out == view.team[0].person_id


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"reason": "  "}, errors.ReasonNeeded),
        ({"kind": "rotation"}, errors.RecusalInvalid),
        ({"inspector": "nobody"}, errors.SeatUnknown),
        ({"code": "913799999999999999"}, errors.UnitUnknown),
    ],
)
def test_a_recusal_that_cannot_be_meant_is_refused(
    city: City, at: Clock, changes: dict[str, str], refusal: type[Exception]
) -> None:
    plan = drawn(city, at)

    with pytest.raises(refusal):
        recuse(city, plan, views_of(city.session, plan)[0], **changes)


def test_a_plan_that_is_not_drawn_or_void_has_no_seats(city: City, at: Clock) -> None:
    waiting = city.committed(team=WIDE)
    facts = {"code": "x", "inspector": "x", "kind": "kinship", "reason": "x"}

    with pytest.raises(errors.StateForbids):
        recusing.recuse(city.session, city.lead, waiting.no, **facts)
    changing.void_plan(city.session, city.lead, waiting.no, reason="x")
    with pytest.raises(errors.PlanVoid):
        recusing.recuse(city.session, city.lead, waiting.no, **facts)


def test_a_seat_change_cannot_be_altered_or_removed(city: City, at: Clock) -> None:
    plan = drawn(city, at)
    recuse(city, plan, views_of(city.session, plan)[0])

    for statement in ("UPDATE seat_change SET reason = ''", "DELETE FROM seat_change"):
        with pytest.raises(DBAPIError), city.session.begin_nested():
            city.session.execute(text(statement))


def test_an_inspector_without_seat_any_more_cannot_record_the_visit(city: City, at: Clock) -> None:
    plan = drawn(city, at)
    view = views_of(city.session, plan)[0]
    change = recuse(city, plan, view)
    account = factories.account(city.session, role=Role.INSPECTOR)
    gone = Actor(account.id, "x", Role.INSPECTOR, None, change.person_out)
    facts = {"code": view.code, "inspected_on": date(2023, 9, 15), "outcome": "pass"}

    with pytest.raises(errors.NotYourTask):
        results.record_result(city.session, gone, plan.no, **facts)
    results.record_result(city.session, replace(gone, person_id=change.person_in), plan.no, **facts)


# Ties and rotation


def test_the_kinds_of_ties_are_kept_and_not_published(city: City, at: Clock) -> None:
    city.recuse(city.inspectors[0], city.enterprises[0])

    plan = city.committed(team=WIDE)

    row = city.session.execute(
        select(PlanRecusal).where(PlanRecusal.plan_id == plan.id)
    ).scalar_one()
    assert row.kinds == ["kinship"]
    whole = parts.parts_of(city.session, plan, only_public=False)
    assert all(b"kinship" not in content for content in whole.values())


def test_teams_rotate_after_the_rounds_the_plan_names(city: City, at: Clock) -> None:
    first = drawn(city, at)
    visited = {
        view.code: {seat.person_id for seat in view.team} for view in views_of(city.session, first)
    }
    at(BEFORE)

    same = city.committed(team={**WIDE, "rotation": 1})
    free = city.committed(team={**WIDE, "rotation": 0})

    def tied(plan: Plan) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for code, person_id, kinds in city.session.execute(
            select(PlanRecusal.code, PlanInspector.person_id, PlanRecusal.kinds)
            .join(
                PlanInspector,
                (PlanInspector.plan_id == PlanRecusal.plan_id)
                & (PlanInspector.inspector_id == PlanRecusal.inspector_id),
            )
            .where(PlanRecusal.plan_id == plan.id)
        ):
            assert kinds == ["rotation"]
            found.setdefault(code, set()).add(person_id)
        return found

    assert tied(same) == visited
    assert tied(free) == {}


@pytest.mark.parametrize("rounds", [-1, 11, True])
def test_rotation_is_between_none_and_ten_rounds(city: City, at: Clock, rounds: int) -> None:
    with pytest.raises(errors.PlanInvalid) as refused:
        city.plan(team={"rotation": rounds})

    assert [one.field for one in refused.value.fields] == ["team.rotation"]


# Pools


def test_agency_staff_sample_and_officers_inspect(city: City, at: Clock, packs: None) -> None:
    laboratory = Laboratory(code="L1", name="检验院")
    city.session.add(laboratory)
    city.session.flush()
    samplers = [
        factories.person(
            city.session, pool="agency", laboratory_id=laboratory.id, certificate_until=None
        )
        for _ in range(6)
    ]

    agency = drawn(
        city,
        at,
        team={"region": False, "qualification": "none", "pool": "agency", "purpose": "sampling"},
    )

    people = {seat.person_id for view in views_of(city.session, agency) for seat in view.team}
    assert people <= {one.id for one in samplers}
    assert agrees_everywhere(city.session, agency)
    at(BEFORE)
    officers = city.committed(team=WIDE)
    pool = city.session.execute(
        select(PlanInspector.person_id).where(PlanInspector.plan_id == officers.id)
    ).scalars()
    assert set(pool) == {one.id for one in city.inspectors}


@pytest.mark.parametrize(
    ("team", "field"),
    [
        ({"pool": "agency"}, "team.pool"),
        ({"pool": "officers", "certificate": False}, "team.certificate"),
        ({"pool": "volunteers"}, "team.pool"),
        ({"purpose": "fun"}, "team.purpose"),
    ],
)
def test_the_law_keeps_the_pools_apart(
    city: City, at: Clock, packs: None, team: dict[str, Any], field: str
) -> None:
    with pytest.raises(errors.PlanInvalid) as refused:
        city.plan(team=team)

    assert [one.field for one in refused.value.fields] == [field]


def test_the_database_knows_two_pools(session: Session) -> None:
    with pytest.raises(DBAPIError), session.begin_nested():
        factories.person(session, pool="volunteer")


# What blocks


def test_the_few_visits_that_block_are_kept_for_people(city: City, at: Clock) -> None:
    # 30 enterprises, of which 10 are visited; eight inspectors, 3 of whom may visit grade A
    # at all, with 2 visits each: 4 visits of grade A want 8 seats, there is room for 6.
    for one in city.enterprises[::2]:
        for person in city.inspectors[3:]:
            city.recuse(person, one)

    plan = drawn(
        city,
        at,
        team={**WIDE, "cap": 2},
        strata=[{"key": "A", "quota": 4, "reserve": 0}, {"key": "D", "quota": 0, "reserve": 0}],
    )

    row = city.session.get_one(Draw, plan.id)
    assert len(row.blocking) == 4
    assert row.shortage is not None
    assert (row.shortage["seats"], row.shortage["room"]) == (8, 6)
    assert len(row.shortage["people"]) == 3
    assert row.shortage["others"] == [["recused", 5]]


# Joint visits


@pytest.fixture
def departments(city: City) -> list[str]:
    """Two departments with four inspectors each."""
    rows = [Department(code=code, name=name) for code, name in (("SC", "市场"), ("XF", "消防"))]
    city.session.add_all(rows)
    city.session.flush()
    for n, person in enumerate(city.inspectors):
        person.department_id = rows[n % 2].id
    city.session.flush()
    return [row.code for row in rows]


def joint_team(**changes: Any) -> dict[str, Any]:
    return {
        **WIDE,
        "departments": [
            {"key": "XF", "items": ["消防通道", "灭火器"], "qualification": "none"},
            {"key": "SC", "items": ["标签"], "qualification": "none", **changes},
        ],
    }


def test_each_department_draws_its_own_officers(
    city: City, at: Clock, departments: list[str]
) -> None:
    plan = drawn(city, at, team=joint_team())

    home = {person.id: person.department_id for person in city.inspectors}
    codes = {row.id: row.code for row in city.session.execute(select(Department)).scalars()}
    for view in views_of(city.session, plan):
        found = [codes[home[seat.person_id] or 0] for seat in view.team]
        assert found == ["XF", "XF", "SC", "SC"]
        assert [seat.department for seat in view.team] == found
    assert agrees_everywhere(city.session, plan)


def test_a_recusal_stays_within_the_department(
    city: City, at: Clock, departments: list[str]
) -> None:
    plan = drawn(city, at, team=joint_team())

    recuse(city, plan, views_of(city.session, plan)[0], seat=2)

    seats = views_of(city.session, plan)[0].team
    assert [seat.department for seat in seats] == ["XF", "XF", "SC", "SC"]
    assert agrees_everywhere(city.session, plan)


def record(city: City, plan: Plan, code: str, department: str, *findings: str, **more: Any) -> Any:
    items = {"XF": ["消防通道", "灭火器"], "SC": ["标签"]}[department]
    facts = {
        "items": [
            {"item": item, "finding": finding}
            for item, finding in zip(items, findings, strict=True)
        ],
        "inspected_on": date(2023, 9, 15),
        **more,
    }
    actor = facts.pop("actor", city.lead)
    return joint.record_department_result(
        city.session, actor, plan.no, code=code, department=department, **facts
    )


def test_each_department_records_its_items_and_the_last_completes_the_visit(
    city: City, at: Clock, departments: list[str]
) -> None:
    plan = drawn(city, at, team=joint_team())
    code = views_of(city.session, plan)[0].code

    with pytest.raises(errors.JointVisit):
        results.record_result(
            city.session,
            city.lead,
            plan.no,
            code=code,
            inspected_on=date(2023, 9, 15),
            outcome="pass",
        )
    record(city, plan, code, "XF", "pass", "fail")
    assert views_of(city.session, plan)[0].result is None
    record(city, plan, code, "SC", "pass")

    result = views_of(city.session, plan)[0].result
    assert result is not None
    assert (result.outcome, result.inspected, result.failing) == ("fail", 3, 1)
    shown = department_views(city.session, plan, code)
    assert [(one.key, one.outcome) for one in shown] == [("XF", "fail"), ("SC", "pass")]


def test_who_inspects_records_and_publishes(city: City, at: Clock, departments: list[str]) -> None:
    plan = drawn(city, at, team=joint_team())
    view = views_of(city.session, plan)[0]
    account = factories.account(city.session, role=Role.INSPECTOR)
    fire = Actor(account.id, "x", Role.INSPECTOR, None, view.team[0].person_id)

    with pytest.raises(errors.NotYourTask):
        record(city, plan, view.code, "SC", "pass", actor=fire)
    with pytest.raises(errors.DepartmentResultMissing):
        joint.publish_department_result(
            city.session, fire, plan.no, code=view.code, department="XF"
        )
    record(city, plan, view.code, "XF", "pass", "pass", actor=fire)
    row = joint.publish_department_result(
        city.session, fire, plan.no, code=view.code, department="XF"
    )

    assert (row.recorded_by, row.published_by) == (account.id, account.id)
    with pytest.raises(errors.DepartmentResultKnown):
        record(city, plan, view.code, "XF", "pass", "pass")
    with pytest.raises(errors.DepartmentResultPublished):
        joint.publish_department_result(
            city.session, fire, plan.no, code=view.code, department="XF"
        )
    with pytest.raises(errors.DepartmentResultKnown):
        recuse(city, plan, view, seat=0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"items": [{"item": "标签", "finding": "good"}]}, "items.0.finding"),
        ({"items": [{"item": "标签", "finding": "not_checked"}]}, "note"),
        ({"items": [{"item": "标签", "finding": "pass"}] * 2}, "items.1.item"),
        (
            {
                "items": [
                    {"item": "标签", "finding": "pass"},
                    {"item": "秤", "finding": "pass"},
                ]
            },
            "items.1.item",
        ),
        ({"inspected_on": date(2023, 9, 14)}, "inspected_on"),
        ({"inspected_on": date(2023, 9, 16)}, "inspected_on"),
    ],
)
def test_a_departments_result_that_contradicts_itself_is_refused(
    city: City, at: Clock, departments: list[str], changes: dict[str, Any], field: str
) -> None:
    plan = drawn(city, at, team=joint_team())
    code = views_of(city.session, plan)[0].code

    with pytest.raises(errors.DepartmentResultInvalid) as refused:
        record(city, plan, code, "SC", "pass", **changes)

    assert [one.field for one in refused.value.fields] == [field]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": "XX"}, "team.departments.1.key"),
        ({"key": "XF"}, "team.departments.1.key"),
        ({"items": []}, "team.departments.1.items"),
        ({"items": ["a", "a "]}, "team.departments.1.items"),
        ({"size": 1}, "team.departments.1"),
        ({"colour": "red"}, "team.departments.1"),
    ],
)
def test_departments_that_cannot_be_meant_are_refused(
    city: City, at: Clock, departments: list[str], change: dict[str, Any], field: str
) -> None:
    with pytest.raises(errors.PlanInvalid) as refused:
        city.plan(team=joint_team(**change))

    assert [one.field for one in refused.value.fields] == [field]


def test_a_plan_without_departments_has_no_joint_results(city: City, at: Clock) -> None:
    plan = drawn(city, at)
    code = views_of(city.session, plan)[0].code

    with pytest.raises(errors.NotJoint):
        record(city, plan, code, "XF", "pass", "pass")


def test_seats_as_drawn_stay_on_record(city: City, at: Clock) -> None:
    plan = drawn(city, at)
    before = teams_of(city.session, plan.id)

    recuse(city, plan, views_of(city.session, plan)[0])

    kept: dict[str, list[int]] = {}
    for code, person_id in city.session.execute(
        select(Assignment.code, Assignment.person_id)
        .where(Assignment.plan_id == plan.id)
        .order_by(Assignment.code, Assignment.position)
    ):
        kept.setdefault(code, []).append(person_id)
    ids = dict(
        city.session.execute(
            select(PlanInspector.person_id, PlanInspector.inspector_id).where(
                PlanInspector.plan_id == plan.id
            )
        ).all()
    )
    assert {code: [ids[p] for p in people] for code, people in kept.items()} == before
    assert teams_of(city.session, plan.id) != before
