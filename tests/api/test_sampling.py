"""Sampling over HTTP: the whole road, guards, versions, and what the public sees."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from sampling.maths.bundle import unpacked
from sampling.maths.replay import check_bundle
from tests import factories

SignIn = Callable[..., Actor]
PLANS = "/api/v1/sampling/plans"
PUBLIC = "/api/v1/public/draws"
DICE = "31625143625114632516434215632154326154321654321635"
PLAN = {
    "title": "充电器专项",
    "strata_by": "grade",
    "strata": [{"key": "A", "quota": 2, "reserve": 2}, {"key": "D", "quota": 3}],
    "visit_on": "2026-12-01",
    "sources": [{"kind": "dice", "count": 50}, {"kind": "demo"}],
    "team": {"qualification": "none", "region": False},
}


@pytest.fixture
def city(session: Session, frozen_clock: Callable[[str], Any]) -> None:
    """A few enterprises and inspectors on a day in 2026."""
    frozen_clock("2026-11-18T01:00:00+00:00")
    for n in range(12):
        factories.enterprise(session, grade="AD"[n % 2])
    for _ in range(4):
        factories.person(session)


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


@pytest.fixture
def visitor(app: Any) -> Any:
    """A client of nobody in particular."""
    return app.test_client()


def made(client: Any, **changes: Any) -> tuple[str, dict[str, str]]:
    answer = client.post(PLANS, json={**PLAN, **changes})
    assert answer.status_code == 201, answer.json
    return answer.json["summary"]["no"], {"If-Match": answer.headers["ETag"]}


def frozen(client: Any, **changes: Any) -> tuple[str, dict[str, str]]:
    plan_no, match = made(client, **changes)
    answer = client.post(f"{PLANS}/{plan_no}/freeze", headers=match)
    assert answer.status_code == 200, answer.json
    return plan_no, {"If-Match": answer.headers["ETag"]}


def drawn(client: Any, other: Any, **changes: Any) -> tuple[str, dict[str, str]]:
    plan_no, match = frozen(client, **changes)
    for each in (client, other):
        assert each.post(f"{PLANS}/{plan_no}/dice", json={"dice": DICE}).status_code == 200
    value = {"value": "ab" * 32}
    assert client.post(f"{PLANS}/{plan_no}/entropy", json=value).status_code == 200
    answer = client.post(f"{PLANS}/{plan_no}/draw", headers=match)
    assert answer.status_code == 201, answer.json
    return plan_no, {"If-Match": answer.headers["ETag"]}


def test_from_plan_to_public_proof(lead: Any, second: Any, visitor: Any) -> None:
    plan_no, _ = drawn(lead, second)

    answer = visitor.get(f"{PUBLIC}/{plan_no}")
    zipped = visitor.get(f"{PUBLIC}/{plan_no}/bundle.zip")

    parts = {name: text.encode() for name, text in answer.json["parts"].items()}
    assert answer.json["is_complete"] is True
    assert answer.json["is_demo"] is True
    assert all(check.agrees for check in check_bundle(parts))
    assert zipped.mimetype == "application/zip"
    assert unpacked(zipped.data) == parts
    assert "verify_draw.py" in zipfile.ZipFile(io.BytesIO(zipped.data)).namelist()


def test_the_public_sees_the_commitment_before_the_draw_and_no_more(
    lead: Any, visitor: Any
) -> None:
    plan_no, _ = frozen(lead)

    answer = visitor.get(f"{PUBLIC}/{plan_no}").json

    assert answer["is_complete"] is False
    assert sorted(answer["parts"]) == ["commitment.json", "plan.json"]
    plan_sha256 = hashlib.sha256(answer["parts"]["plan.json"].encode()).hexdigest()
    assert json.loads(answer["parts"]["commitment.json"])["plan_hash"] == plan_sha256
    refused = visitor.get(f"{PUBLIC}/{plan_no}/bundle.zip")
    assert refused.status_code == 409
    assert refused.json["type"] == "/problems/sampling/not-drawn-yet"


def test_a_draft_is_not_public(lead: Any, visitor: Any) -> None:
    plan_no, _ = made(lead)

    assert visitor.get(f"{PUBLIC}/{plan_no}").status_code == 404
    assert visitor.get(PUBLIC).json == {"items": [], "total": 0, "next": None}


def test_a_closed_list_is_for_staff_only_until_its_day(
    lead: Any, second: Any, visitor: Any
) -> None:
    plan_no, _ = drawn(lead, second, disclose_on="2026-12-02")

    refused = visitor.get(f"{PUBLIC}/{plan_no}/bundle.zip")

    assert refused.status_code == 409
    assert refused.json["type"] == "/problems/sampling/not-disclosed"
    assert "draw.json" not in visitor.get(f"{PUBLIC}/{plan_no}").json["parts"]
    assert lead.get(f"{PLANS}/{plan_no}/bundle.zip").status_code == 200


def test_a_void_draw_stays_in_the_public_list_with_its_reason(
    lead: Any, second: Any, visitor: Any
) -> None:
    plan_no, match = drawn(lead, second)

    answer = lead.post(f"{PLANS}/{plan_no}/void", json={"reason": "名录有误"}, headers=match)

    assert answer.status_code == 200
    (shown,) = visitor.get(PUBLIC).json["items"]
    assert (shown["no"], shown["state"], shown["void_reason"]) == (plan_no, "void", "名录有误")
    parts = visitor.get(f"{PUBLIC}/{plan_no}").json["parts"]
    assert all(c.agrees for c in check_bundle({k: v.encode() for k, v in parts.items()}))


def test_a_second_draw_is_refused(lead: Any, second: Any) -> None:
    plan_no, match = drawn(lead, second)

    answer = lead.post(f"{PLANS}/{plan_no}/draw", headers=match)

    assert answer.status_code == 409
    assert answer.json["type"] == "/problems/sampling/already-drawn"


@pytest.mark.parametrize("act", ["freeze", "draw", "void"])
def test_a_change_names_the_version_it_was_made_from(lead: Any, act: str) -> None:
    plan_no, _ = made(lead)
    body = {"json": {"reason": "x"}} if act == "void" else {}

    without = lead.post(f"{PLANS}/{plan_no}/{act}", **body)
    stale = lead.post(f"{PLANS}/{plan_no}/{act}", headers={"If-Match": '"v99"'}, **body)

    assert without.status_code == 428
    assert stale.status_code == 412


def test_who_has_the_bundle_is_not_sent_it_again(lead: Any, second: Any, visitor: Any) -> None:
    plan_no, _ = drawn(lead, second)

    for path in (f"{PUBLIC}/{plan_no}", f"{PUBLIC}/{plan_no}/bundle.zip"):
        tag = visitor.get(path).headers["ETag"]
        assert visitor.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_only_leads_plan_and_draw(client: Any, sign_in: SignIn, city: None) -> None:
    sign_in(client, Role.INSPECTOR)

    assert client.post(PLANS, json=PLAN).status_code == 403
    assert client.get(PLANS).status_code == 200


@pytest.mark.parametrize("path", [PLANS, f"{PLANS}/CC-2026-0001", "/api/v1/sampling/tasks"])
def test_strangers_and_enterprises_see_no_plans(
    client: Any, sign_in: SignIn, city: None, path: str
) -> None:
    assert client.get(path).status_code == 401
    sign_in(client, Role.ENTERPRISE)
    assert client.get(path).status_code == 403


def test_units_are_paged_with_teams_and_results(lead: Any, second: Any) -> None:
    plan_no, _ = drawn(lead, second)

    first = lead.get(f"{PLANS}/{plan_no}/units?limit=2").json
    rest = lead.get(f"{PLANS}/{plan_no}/units?limit=50&cursor={first['next']}").json
    reserves = lead.get(f"{PLANS}/{plan_no}/units?reserves=true&stratum=A").json

    assert first["total"] == 5
    assert len(first["items"]) + len(rest["items"]) == 5
    assert all(len(unit["team"]) == 2 for unit in first["items"] + rest["items"])
    assert [unit["rank"] for unit in reserves["items"]] == [3, 4]


def test_units_of_an_unknown_plan_are_not_an_empty_list(lead: Any) -> None:
    assert lead.get(f"{PLANS}/CC-1999-0001/units").status_code == 404


def test_results_and_replacements(lead: Any, second: Any) -> None:
    plan_no, _ = drawn(lead, second)
    units = lead.get(f"{PLANS}/{plan_no}/units").json["items"]

    recorded = lead.post(
        f"{PLANS}/{plan_no}/results",
        json={
            "results": [{"code": units[0]["code"], "inspected_on": "2026-11-18", "outcome": "fail"}]
        },
    )
    replaced = lead.post(
        f"{PLANS}/{plan_no}/replacements", json={"code": units[1]["code"], "reason": "已关闭"}
    )

    assert recorded.json == {"recorded": 1}
    assert replaced.status_code == 201
    detail = lead.get(f"{PLANS}/{plan_no}").json
    assert detail["summary"]["done"] == 1
    assert sum(stratum["replaced"] for stratum in detail["strata"]) == 1


def test_a_quota_larger_than_its_stratum_is_a_problem_in_words(lead: Any) -> None:
    plan_no, match = made(lead, strata=[{"key": "A", "quota": 7}, {"key": "D", "quota": 0}])

    answer = lead.post(f"{PLANS}/{plan_no}/freeze", headers=match)

    assert answer.status_code == 422
    assert answer.json["type"] == "/problems/sampling/quota-too-large"
    assert lead.get(f"{PLANS}/{plan_no}").json["summary"]["state"] == "draft"


def test_dice_out_of_range_are_a_problem_in_words(lead: Any) -> None:
    plan_no, _ = frozen(lead)

    answer = lead.post(f"{PLANS}/{plan_no}/dice", json={"dice": "9" + DICE[1:]})

    assert answer.status_code == 422
    assert "die 1" in answer.text


def test_a_fraction_of_a_unit_is_refused(lead: Any) -> None:
    answer = lead.post(PLANS, json={**PLAN, "strata": [{"key": "A", "quota": 1.5}]})

    assert answer.status_code == 422


def test_a_preview_tells_sizes_and_exclusions(lead: Any, session: Session) -> None:
    factories.enterprise(session, grade=None)
    factories.enterprise(session, grade="A", status="closed")
    plan_no, _ = made(lead)

    answer = lead.get(f"{PLANS}/{plan_no}/preview").json

    assert answer == {
        "sizes": {"A": 6, "D": 6},
        "excluded": {"no grade": 1, "status closed": 1},
    }


def test_what_waits_and_whose_tasks(
    lead: Any, second: Any, app: Any, sign_in: SignIn, session: Session
) -> None:
    plan_no, _ = drawn(lead, second)
    made(lead)
    seat = lead.get(f"{PLANS}/{plan_no}/units").json["items"][0]["team"][0]
    from registry.queries import inspectors

    person = next(one for one in inspectors(session) if one.number == seat["number"])
    inspector = app.test_client()
    sign_in(inspector, Role.INSPECTOR, person_id=person.person_id)

    waits = inspector.get("/api/v1/sampling/waiting").json
    tasks = inspector.get("/api/v1/sampling/tasks").json

    assert waits["drafts"] == 1
    assert waits["open_tasks"] == len(tasks) >= 1
    assert {task["plan_no"] for task in tasks} == {plan_no}


def test_plans_are_listed_newest_first_and_filtered(lead: Any) -> None:
    first, _ = made(lead)
    second, _ = frozen(lead, title="儿童玩具")

    everything = lead.get(PLANS).json
    committed = lead.get(f"{PLANS}?state=committed").json
    named = lead.get(f"{PLANS}?text=玩具").json

    assert [plan["no"] for plan in everything["items"]] == [second, first]
    assert everything["items"][0]["waits_for"] == "dice"
    assert [plan["no"] for plan in committed["items"]] == [second]
    assert [plan["no"] for plan in named["items"]] == [second]


def test_who_does_not_want_to_wait_is_told_where_to_look(
    lead: Any, second: Any, visitor: Any
) -> None:
    plan_no, match = made(lead)
    wish = {**match, "Prefer": "respond-async"}

    answer = lead.post(f"{PLANS}/{plan_no}/freeze", headers=wish)
    again = second.post(f"{PLANS}/{plan_no}/freeze", headers=wish)

    assert answer.status_code == again.status_code == 202, answer.json
    assert answer.json == again.json  # one job, however many ask
    place = answer.headers["Location"]
    assert place == f"/api/v1/jobs?message_id={answer.json['message_id']}"
    assert lead.get(place).status_code == 200
    assert lead.get(f"{PLANS}/{plan_no}").json["summary"]["state"] == "draft"
    assert visitor.post(f"{PLANS}/{plan_no}/freeze", headers=wish).status_code == 401


def test_a_large_roster_is_frozen_in_the_background(
    lead: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIHENG_UNITS_AT_ONCE", "11")
    plan_no, match = made(lead)

    answer = lead.post(f"{PLANS}/{plan_no}/freeze", headers=match)

    assert answer.status_code == 202
    assert lead.post(f"{PLANS}/{plan_no}/draw", headers=match).status_code == 409
