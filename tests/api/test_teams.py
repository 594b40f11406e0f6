"""Late recusals, pools and joint visits over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from registry.models import Department
from sampling.maths.bundle import unpacked
from sampling.maths.replay import check_bundle
from tests import factories

SignIn = Callable[..., Actor]
PLANS = "/api/v1/sampling/plans"
DICE = "31625143625114632516434215632154326154321654321635"


@pytest.fixture
def city(session: Session, frozen_clock: Callable[[str], Any]) -> None:
    """Twelve enterprises; eight inspectors of two departments."""
    frozen_clock("2026-11-18T01:00:00+00:00")
    for _ in range(12):
        factories.enterprise(session, grade="A")
    rows = [Department(code=code, name=code) for code in ("SC", "XF")]
    session.add_all(rows)
    session.flush()
    for n in range(8):
        factories.person(session, department_id=rows[n % 2].id)


@pytest.fixture
def lead(client: Any, sign_in: SignIn, city: None) -> Any:
    """A client of a lead inspector."""
    sign_in(client, Role.LEAD_INSPECTOR)
    return client


@pytest.fixture
def second(app: Any, sign_in: SignIn, city: None) -> Any:
    """A client of another person."""
    other = app.test_client()
    sign_in(other, Role.ADMINISTRATOR)
    return other


def drawn(lead: Any, second: Any, **team: Any) -> tuple[str, dict[str, str]]:
    answer = lead.post(
        PLANS,
        json={
            "title": "充电器专项",
            "strata_by": "grade",
            "strata": [{"key": "A", "quota": 4, "reserve": 2}],
            "visit_on": "2026-12-01",
            "sources": [{"kind": "dice", "count": 50}, {"kind": "demo"}],
            "team": {"qualification": "none", "region": False, **team},
        },
    )
    assert answer.status_code == 201, answer.json
    no = answer.json["summary"]["no"]
    answer = lead.post(f"{PLANS}/{no}/freeze", headers={"If-Match": answer.headers["ETag"]})
    assert answer.status_code == 200, answer.json
    for client in (lead, second):
        client.post(f"{PLANS}/{no}/dice", json={"dice": DICE})
    lead.post(f"{PLANS}/{no}/entropy", json={"value": "ab" * 32})
    answer = lead.post(f"{PLANS}/{no}/draw", headers={"If-Match": answer.headers["ETag"]})
    assert answer.status_code == 201, answer.json
    return no, {"If-Match": answer.headers["ETag"]}


def units(client: Any, no: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"{PLANS}/{no}/units").json["items"]
    return items


def recusal(unit: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "code": unit["code"],
        "inspector": unit["team"][0]["inspector_id"],
        "kind": "kinship",
        "reason": "舅舅是厂长",
        **changes,
    }


def test_a_late_recusal_answers_with_the_team_as_it_stands(lead: Any, second: Any) -> None:
    no, match = drawn(lead, second)
    unit = units(lead, no)[0]

    answer = lead.post(f"{PLANS}/{no}/recusals", json=recusal(unit), headers=match)

    assert answer.status_code == 201, answer.json
    assert answer.json["team"][0] != unit["team"][0]
    assert answer.json["team"][1:] == unit["team"][1:]
    assert units(lead, no)[0]["team"] == answer.json["team"]
    whole = unpacked(lead.get(f"{PLANS}/{no}/bundle.zip").data)
    assert all(check.agrees for check in check_bundle(whole))
    again = lead.post(f"{PLANS}/{no}/recusals", json=recusal(unit), headers=match)
    assert (again.status_code, again.json["type"]) == (404, "/problems/sampling/seat-unknown")


def test_a_recusal_needs_the_version_that_was_seen(lead: Any, second: Any) -> None:
    no, _ = drawn(lead, second)
    unit = units(lead, no)[0]

    without = lead.post(f"{PLANS}/{no}/recusals", json=recusal(unit))
    stale = lead.post(f"{PLANS}/{no}/recusals", json=recusal(unit), headers={"If-Match": '"1"'})

    assert without.status_code == 428
    assert stale.status_code == 412


def test_risk_analysts_and_strangers_change_no_team(
    app: Any, lead: Any, second: Any, sign_in: SignIn
) -> None:
    no, match = drawn(lead, second)
    unit = units(lead, no)[0]
    analyst, stranger, inspector = (app.test_client() for _ in range(3))
    sign_in(analyst, Role.RISK_ANALYST)
    sign_in(inspector, Role.INSPECTOR)

    answers = [
        client.post(f"{PLANS}/{no}/recusals", json=recusal(unit), headers=match)
        for client in (analyst, stranger, inspector)
    ]

    assert [one.status_code for one in answers] == [403, 401, 403]
    assert answers[2].json["type"] == "/problems/sampling/not-your-seat"


JOINT = [
    {"key": "XF", "items": ["消防通道"], "qualification": "none"},
    {"key": "SC", "items": ["标签"], "qualification": "none"},
]


def test_departments_record_and_publish_their_own(lead: Any, second: Any) -> None:
    no, _ = drawn(lead, second, departments=JOINT)
    unit = units(lead, no)[0]
    base = f"{PLANS}/{no}/units/{unit['code']}/departments"
    facts = {"inspected_on": "2026-11-18", "items": [{"item": "消防通道", "finding": "fail"}]}

    first = lead.post(f"{base}/XF", json=facts)
    published = lead.post(f"{base}/XF/publish")
    wrong = lead.post(f"{base}/SC", json=facts)
    last = lead.post(
        f"{base}/SC",
        json={"inspected_on": "2026-11-18", "items": [{"item": "标签", "finding": "pass"}]},
    )

    assert [seat["department"] for seat in unit["team"]] == ["XF", "XF", "SC", "SC"]
    assert first.status_code == 201, first.json
    assert published.json[0]["published_at"] is not None
    assert (wrong.status_code, wrong.json["type"]) == (
        422,
        "/problems/sampling/department-result-invalid",
    )
    assert last.status_code == 201, last.json
    assert units(lead, no)[0]["result"]["outcome"] == "fail"
    assert lead.get(base).json == last.json


def test_the_fewest_visits_that_block_are_shown(lead: Any, second: Any) -> None:
    no, _ = drawn(lead, second, departments=JOINT, cap=2)

    detail = lead.get(f"{PLANS}/{no}").json

    # 4 visits want 2 · 4 seats of each department; its 4 people have room for 2 · 4: just enough.
    assert detail["blocking"] == []
    assert detail["shortage"] is None
