"""Warnings and incidents over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.actors import SYSTEM, Role
from core.outbox import Message
from risk.service.detecting import detect
from risk.service.observing import store_incidents
from tests import factories
from tests.services.risk.histories import LAST_WEEK, NOW, complaints

SIGNALS = "/api/v1/risk/signals"


@pytest.fixture(autouse=True)
def _now(frozen_clock: Any) -> None:
    frozen_clock(NOW)


@pytest.fixture
def raised(session: Session) -> None:
    factories.region(session, code="990100", name="岚州市")
    store_incidents(session, complaints("990100", "C1", extra=25))
    store_incidents(session, complaints("990200", "C1", extra=9, seed=2))
    detect(session, SYSTEM)
    session.flush()


def test_warnings_are_listed_newest_first_with_exact_totals(
    client: Any, sign_in: Any, raised: None
) -> None:
    sign_in(client, Role.RISK_ANALYST)

    first = client.get(f"{SIGNALS}?limit=1")
    second = client.get(f"{SIGNALS}?limit=1&cursor={first.json['next']}")

    assert (first.status_code, first.json["total"]) == (200, 2)
    assert [first.json["items"][0]["number"], second.json["items"][0]["number"]] == [
        "WS-2026-0002",
        "WS-2026-0001",
    ]
    assert second.json["next"] is None


def test_warnings_are_filtered(client: Any, sign_in: Any, raised: None) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)

    red = client.get(f"{SIGNALS}?level=red&region=990100&category=C1&state=new&source=complaint")
    none = client.get(f"{SIGNALS}?state=closed")

    (item,) = red.json["items"]
    assert item["region_name"] == "岚州市"
    assert item["week"] == LAST_WEEK
    assert len(item["recent"]) == 12
    assert none.json == {"items": [], "total": 0, "next": None}


@pytest.mark.parametrize("query", ["level=purple", "colour=red", "limit=0", "cursor=xyz"])
def test_a_filter_that_makes_no_sense_is_refused(client: Any, sign_in: Any, query: str) -> None:
    sign_in(client, Role.RISK_ANALYST)

    assert client.get(f"{SIGNALS}?{query}").status_code == 400


def test_a_warning_shows_why_it_fired(client: Any, sign_in: Any, raised: None) -> None:
    sign_in(client, Role.RISK_ANALYST)

    answer = client.get(f"{SIGNALS}/WS-2026-0001")

    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"v1"'
    body = answer.json
    assert len({len(values) for values in body["series"].values()}) == 1
    assert body["series"]["observed"][-1] == body["signal"]["observed"]
    assert body["evidence"]["total"] == body["signal"]["observed"] == len(body["evidence"]["rows"])
    assert body["counts"]["years"] == 5
    assert body["reason"]["level_rule"]["level"] == body["signal"]["level"]
    assert client.get(f"{SIGNALS}/WS-2026-9999").status_code == 404


def test_a_decision_needs_the_version_it_was_made_from(
    client: Any, sign_in: Any, raised: None
) -> None:
    actor = sign_in(client, Role.RISK_ANALYST)
    path = f"{SIGNALS}/WS-2026-0001/decisions"
    body = {"action": "assign", "reason": "my district"}

    missing = client.post(path, json=body)
    done = client.post(path, json=body, headers={"If-Match": '"v1"'})
    stale = client.post(path, json=body, headers={"If-Match": '"v1"'})

    assert (missing.status_code, done.status_code, stale.status_code) == (428, 201, 412)
    assert done.json["signal"]["state"] == "assigned"
    assert done.json["signal"]["owner"] == actor.name
    assert done.json["decisions"][0]["reason"] == "my district"
    assert done.headers["ETag"] == '"v2"'


def test_a_warning_is_given_to_a_colleague_by_login(
    client: Any, sign_in: Any, session: Session, raised: None
) -> None:
    colleague = factories.account(session, role=Role.LEAD_INSPECTOR)
    sign_in(client, Role.ADMINISTRATOR)
    path = f"{SIGNALS}/WS-2026-0001/decisions"

    given = client.post(
        path,
        json={"action": "assign", "reason": "yours", "owner": colleague.login},
        headers={"If-Match": '"v1"'},
    )
    unknown = client.post(
        path,
        json={"action": "assign", "reason": "yours", "owner": "nobody"},
        headers={"If-Match": '"v2"'},
    )

    assert given.json["signal"]["owner"] == colleague.display_name
    assert unknown.status_code == 422
    assert unknown.json["type"] == "/problems/risk/owner-unknown"


def test_a_decision_without_a_reason_is_refused(client: Any, sign_in: Any, raised: None) -> None:
    sign_in(client, Role.RISK_ANALYST)

    answer = client.post(
        f"{SIGNALS}/WS-2026-0001/decisions",
        json={"action": "close", "reason": ""},
        headers={"If-Match": '"v1"'},
    )

    assert answer.status_code == 422
    assert answer.json["fields"][0]["field"] == "reason"


def test_a_detection_is_a_wish_on_record(client: Any, sign_in: Any, session: Session) -> None:
    sign_in(client, Role.RISK_ANALYST)

    answer = client.post("/api/v1/risk/detections", json={})
    running = client.post("/api/v1/risk/detections", json={"through_week": "2026-W47"})
    nonsense = client.post("/api/v1/risk/detections", json={"through_week": "soon"})

    assert answer.status_code == 202
    assert answer.json["through_week"] == LAST_WEEK
    assert answer.headers["Location"].endswith(f"message_id={answer.json['message_id']}")
    message = session.scalars(
        select(Message).where(Message.topic == "risk.detection-requested")
    ).one()
    assert message.payload["through_week"] == LAST_WEEK
    assert (running.status_code, nonsense.status_code) == (422, 422)


def test_passes_say_what_was_not_judged(client: Any, sign_in: Any, session: Session) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)
    store_incidents(session, complaints("990100", "C1", weeks=60))
    detect(session, SYSTEM)
    session.flush()

    answer = client.get("/api/v1/risk/runs")

    (item,) = answer.json["items"]
    assert (item["series_total"], item["evaluated"]) == (1, 0)
    assert item["not_judged"] == {"too-little-history": 1}
    assert item["settings"]["alpha"] == 0.005


def test_an_incident_is_recorded_and_its_teller_never_shown(
    client: Any, sign_in: Any, session: Session
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    body = {
        "kind": "injury",
        "received_on": "2026-11-17",
        "occurred_on": "2026-11-16",
        "region_code": "990100",
        "category_code": "C1",
        "injured": 1,
        "hazard": "起火",
        "reporter": "张三 13800000000",
    }

    made = client.post("/api/v1/risk/incidents", json=body)
    listed = client.get("/api/v1/risk/incidents?kind=injury&week=2026-W47")

    assert made.status_code == 201
    assert made.json["number"] == "IN-2026-0001"
    assert "13800000000" not in made.text + listed.text
    assert listed.json["items"][0]["number"] == "IN-2026-0001"
    assert client.get("/api/v1/risk/incidents?kind=injury&week=2026-W46").json["total"] == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"received_on": "2026-11-19"}, "received_on"),
        ({"occurred_on": "2026-11-18", "received_on": "2026-11-17"}, "occurred_on"),
        ({"kind": "complaint", "injured": 2}, "injured"),
        ({"kind": "gossip"}, "kind"),
        ({"severity": 5}, "severity"),
        ({"injured": 1.5}, "injured"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_an_incident_that_makes_no_sense_is_refused(
    client: Any, sign_in: Any, change: dict[str, Any], field: str
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    body = {
        "kind": "injury",
        "received_on": "2026-11-17",
        "region_code": "990100",
        "category_code": "C1",
        "injured": 0,
    }

    answer = client.post("/api/v1/risk/incidents", json={**body, **change})

    assert answer.status_code == 422
    assert field in [each["field"] for each in answer.json["fields"]]


def test_the_same_report_is_not_recorded_twice(client: Any, sign_in: Any) -> None:
    sign_in(client, Role.RISK_ANALYST)
    body = {
        "kind": "lead",
        "received_on": "2026-11-17",
        "region_code": "990100",
        "category_code": "C1",
        "source": "12315",
        "source_no": "A-1",
    }
    client.post("/api/v1/risk/incidents", json=body)

    again = client.post("/api/v1/risk/incidents", json=body)

    assert again.status_code == 409
    assert again.json["type"] == "/problems/risk/incident-known"


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        (Role.RISK_ANALYST, 200, 202),
        (Role.ADMINISTRATOR, 200, 202),
        (Role.LEAD_INSPECTOR, 200, 403),
        (Role.INSPECTOR, 403, 403),
        (Role.ENTERPRISE, 403, 403),
    ],
)
def test_roles_open_only_their_doors(
    client: Any, sign_in: Any, role: Role, reads: int, writes: int
) -> None:
    sign_in(client, role)

    for path in ("signals", "runs", "incidents"):
        assert client.get(f"/api/v1/risk/{path}").status_code == reads
    assert client.post("/api/v1/risk/detections", json={}).status_code == writes


def test_the_public_sees_no_warnings(client: Any) -> None:
    assert client.get(SIGNALS).status_code == 401
