"""Who goes, on the pages: pools on the form, recusals and departments on a visit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from core.clock import today
from registry.models import Department, Person
from sampling.models.plans import Plan
from sampling.queries import units
from sampling.queries.plans import plan_by_no
from sampling.service import drawing, entropy, freezing, planning
from sampling.views import DrawnUnitView
from tests import factories
from tests.console.doors import sign_in

__all__ = ["sign_in"]

DICE = "31625143625114632516434215632154326154321654321635"
SignIn = Callable[..., Any]


@pytest.fixture
def people(session: Session) -> list[Person]:
    """Eight inspectors of two departments, and twelve enterprises."""
    for _ in range(12):
        factories.enterprise(session, grade="A")
    rows = [Department(code=code, name=name) for code, name in (("SC", "市场科"), ("XF", "消防科"))]
    session.add_all(rows)
    session.flush()
    return [factories.person(session, department_id=rows[n % 2].id) for n in range(8)]


def drawn(session: Session, quota: int = 4, **team: Any) -> str:
    accounts = [factories.account(session, role=Role.LEAD_INSPECTOR) for _ in range(2)]
    first, second = (Actor(one.id, one.display_name, Role.LEAD_INSPECTOR) for one in accounts)
    plan = planning.create_plan(
        session,
        first,
        title="抽查",
        strata_by="grade",
        strata=[{"key": "A", "quota": quota}],
        visit_on=today() + timedelta(days=3),
        sources=[{"kind": "dice", "count": 50}, {"kind": "demo"}],
        team={"region": False, "qualification": "none", **team},
    )
    freezing.freeze(session, first, plan.no, secret=bytes(32), software="0.1.0")
    for actor in (first, second):
        entropy.enter_dice(session, actor, plan.no, dice=DICE)
    entropy.enter_public_value(session, first, plan.no, value="ab" * 32)
    drawing.draw(session, first, plan.no)
    session.commit()
    return plan.no


def first_unit(session: Session, no: str) -> DrawnUnitView:
    statement = units.drawn_statement(no)
    entity = statement.column_descriptions[0]["entity"]
    row = session.execute(statement.order_by(entity.rank).limit(1)).scalar_one()
    return units.drawn_views(session, [row])[0]


def version(session: Session, no: str) -> str:
    session.expire_all()
    return str(plan_by_no(session, no).version)


def test_an_inspector_passes_the_own_seat_on(
    app: Any, session: Session, sign_in: SignIn, people: list[Person]
) -> None:
    no = drawn(session)
    unit = first_unit(session, no)
    client = app.test_client()
    sign_in(client, Role.INSPECTOR, person_id=unit.team[0].person_id)
    address = f"/console/tasks/{no}/{unit.code}"

    page = client.get(address).text
    answer = client.post(
        f"{address}/recuse",
        data={
            "version": version(session, no),
            "seat": unit.team[0].inspector_id,
            "kind": "kinship",
            "reason": "亲属",
        },
    )

    assert f'value="{unit.team[0].inspector_id}"' in page
    assert f'value="{unit.team[1].inspector_id}"' not in page
    assert answer.status_code == 303, answer.text
    session.expire_all()
    assert first_unit(session, no).team[0].person_id != unit.team[0].person_id
    assert unit.code not in client.get("/console/tasks").text


def test_a_recusal_on_an_old_page_is_refused(
    app: Any, session: Session, sign_in: SignIn, people: list[Person]
) -> None:
    no = drawn(session)
    unit = first_unit(session, no)
    client = app.test_client()
    sign_in(client, Role.LEAD_INSPECTOR)

    answer = client.post(
        f"/console/tasks/{no}/{unit.code}/recuse",
        data={"version": "1", "seat": unit.team[0].inspector_id, "kind": "other", "reason": "x"},
    )

    assert answer.status_code == 412
    session.expire_all()
    assert first_unit(session, no).team == unit.team


def test_departments_record_on_the_units_page(
    app: Any, session: Session, sign_in: SignIn, people: list[Person]
) -> None:
    departments = [
        {"key": "XF", "items": ["消防通道", "灭火器"], "qualification": "none"},
        {"key": "SC", "items": ["标签"], "qualification": "none"},
    ]
    no = drawn(session, departments=departments)
    unit = first_unit(session, no)
    client = app.test_client()
    sign_in(client, Role.INSPECTOR, person_id=unit.team[0].person_id)
    address = f"/console/tasks/{no}/{unit.code}"

    before = client.get(address).text
    answer = client.post(
        f"{address}/departments/XF",
        data={
            "inspected_on": today().isoformat(),
            "item": ["消防通道", "灭火器"],
            "finding-0": "pass",
            "finding-1": "fail",
        },
    )
    strange = client.post(
        f"{address}/departments/SC",
        data={"inspected_on": today().isoformat(), "item": ["标签"], "finding-0": "pass"},
    )
    published = client.post(f"{address}/departments/XF/publish")
    after = client.get(f"{address}?lang=en").text

    assert "消防科" in before
    assert "departments/SC" not in before  # the other department's form is not shown
    assert answer.status_code == 303, answer.text
    assert strange.status_code == 403
    assert published.status_code == 303
    assert "灭火器: <b>not in order</b>" in after


def test_the_draw_page_says_who_is_short(
    app: Any, session: Session, sign_in: SignIn, people: list[Person]
) -> None:
    for enterprise in session.execute(select(Person)).scalars():
        enterprise.senior = enterprise.id == people[0].id
    session.flush()
    no = drawn(session, quota=4, mixed=True, cap=3)
    client = app.test_client()
    sign_in(client, Role.LEAD_INSPECTOR)

    page = client.get(f"/console/plans/{no}/draw?lang=en").text

    # One senior with room for three visits; four visits want four seniors.
    assert "These 4 visits need 4 seats; only these 1 people may go, with room for 3." in page
    assert "of the other seniority <b>7</b>" in page


def test_the_form_makes_a_joint_plan(
    app: Any, session: Session, sign_in: SignIn, people: list[Person]
) -> None:
    session.commit()
    client = app.test_client()
    sign_in(client, Role.LEAD_INSPECTOR)

    answer = client.post(
        "/console/plans/new",
        data={
            "title": "联合",
            "visit_on": (today() + timedelta(days=3)).isoformat(),
            "quota-A": "2",
            "quota-B": "0",
            "quota-C": "0",
            "quota-D": "0",
            "source": "demo",
            "pool": "officers",
            "size": "2",
            "cap": "9",
            "rotation": "2",
            "department-0": "XF",
            "items-0": "消防通道、灭火器",
            "department-1": "SC",
            "items-1": "标签",
        },
    )

    assert answer.status_code == 303, answer.text
    plan = session.execute(select(Plan).where(Plan.title == "联合")).scalar_one()
    assert (plan.team["cap"], plan.team["rotation"], plan.team["pool"]) == (9, 2, "officers")
    assert [(one["key"], one["items"]) for one in plan.team["departments"]] == [
        ("XF", ["消防通道", "灭火器"]),
        ("SC", ["标签"]),
    ]


def test_the_form_refuses_agency_staff_for_a_joint_inspection(
    app: Any, session: Session, sign_in: SignIn, people: list[Person]
) -> None:
    session.commit()
    client = app.test_client()
    sign_in(client, Role.LEAD_INSPECTOR)
    facts = {
        "title": "联合",
        "visit_on": (today() + timedelta(days=3)).isoformat(),
        "source": "demo",
        "pool": "agency",
        "department-0": "XF",
        "items-0": "a",
        "department-1": "SC",
        "items-1": "b",
        **{f"quota-{grade}": "1" for grade in "ABCD"},
    }

    answer = client.post("/console/plans/new?lang=en", data=facts)

    assert answer.status_code == 422
    assert "its pool is officers" in answer.text
