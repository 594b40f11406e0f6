"""Designs and estimates over HTTP: figures, guards, versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from tests import factories

SignIn = Callable[..., Actor]
PLANS = "/api/v1/sampling/plans"
ADVICE = "/api/v1/sampling/advice"
DICE = "31625143625114632516434215632154326154321654321635"
PLAN = {
    "title": "充电器专项",
    "strata_by": "grade",
    "strata": [{"key": "A", "quota": 2, "reserve": 2}, {"key": "D", "quota": 3}],
    "visit_on": "2026-12-01",
    "sources": [{"kind": "dice", "count": 50}, {"kind": "demo"}],
    "team": {"qualification": "none", "region": False},
}
STRATA = [
    {"key": "low", "size": 2100, "rate": 0.03, "tier": 1, "cost": "400"},
    {"key": "middle", "size": 660, "rate": 0.1, "tier": 2, "cost": "500"},
    {"key": "high", "size": 240, "rate": 0.3, "tier": 4, "cost": "800.50"},
]


@pytest.fixture
def lead(client: Any, session: Session, sign_in: SignIn, frozen_clock: Callable[[str], Any]) -> Any:
    """A client of a lead inspector in a small city in 2026."""
    frozen_clock("2026-11-18T01:00:00+00:00")
    for n in range(12):
        factories.enterprise(session, grade="AD"[n % 2])
    for _ in range(4):
        factories.person(session)
    sign_in(client, Role.LEAD_INSPECTOR)
    return client


def made(client: Any) -> tuple[str, dict[str, str]]:
    answer = client.post(PLANS, json=PLAN)
    assert answer.status_code == 201, answer.json
    return answer.json["summary"]["no"], {"If-Match": answer.headers["ETag"]}


def drawn(client: Any, other: Any) -> str:
    plan_no, match = made(client)
    answer = client.post(f"{PLANS}/{plan_no}/freeze", headers=match)
    for each in (client, other):
        each.post(f"{PLANS}/{plan_no}/dice", json={"dice": DICE})
    client.post(f"{PLANS}/{plan_no}/entropy", json={"value": "ab" * 32})
    answer = client.post(f"{PLANS}/{plan_no}/draw", headers={"If-Match": answer.headers["ETag"]})
    assert answer.status_code == 201, answer.json
    return plan_no


@pytest.fixture
def plan_no(app: Any, lead: Any, sign_in: SignIn) -> str:
    """A drawn plan."""
    other = app.test_client()
    sign_in(other, Role.ADMINISTRATOR)
    return drawn(lead, other)


def test_designs_are_compared_for_a_described_roster(lead: Any) -> None:
    answer = lead.post(ADVICE, json={"strata": STRATA, "visits": 200, "least_share": "0.03"})

    assert answer.status_code == 200, answer.json
    designs = {one["design"]: one for one in answer.json["candidates"]}
    assert designs["proportional"]["quotas"] == {"low": 140, "middle": 44, "high": 16}
    assert designs["proportional"]["cost"] == "90808.00"  # 56000 + 22000 + 12808
    assert designs["tiers"]["expected_failing"] == pytest.approx(22.1, abs=0.1)
    assert answer.json["sharpest"] == "neyman"
    assert "size" not in designs


def test_a_design_by_turnover_comes_with_its_warning(lead: Any) -> None:
    turnover = [float(1.3**n) for n in range(40)]
    strata = [{"key": "all", "size": 40, "inspected": 50, "failing": 3, "measures": turnover}]

    answer = lead.post(ADVICE, json={"strata": strata, "visits": 10})

    designs = {one["design"]: one for one in answer.json["candidates"]}
    assert [each["code"] for each in designs["size"]["concerns"]] == [
        "poor-by-size",
        "uneven-weights",
        "floor",
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"visits": 3001}, None),
        ({"strata": []}, "strata"),
        ({"strata": [STRATA[0], STRATA[0]]}, "strata.1.key"),
        ({"strata": [{**STRATA[0], "quota": 2101}]}, "strata.0.quota"),
        ({"strata": [{**STRATA[0], "measures": [1.0]}]}, "strata.0.measures"),
        ({"strata": [{**STRATA[0], "failing": 1}]}, "strata.0.failing"),
        ({"strata": [{**STRATA[0], "rate": 1.5}]}, "strata.0.rate"),
        ({"strata": [{**STRATA[0], "rate": "NaN"}]}, "strata.0.rate"),
        ({"strata": [{**STRATA[0], "cost": "0"}]}, "strata.0.cost"),
        ({"strata": [{**STRATA[0], "tier": 0}]}, "strata.0.tier"),
        ({"confidence": 1}, "confidence"),
        ({"budget": "1000"}, None),
    ],
)
def test_what_cannot_be_compared_is_refused(
    lead: Any, change: dict[str, Any], field: str | None
) -> None:
    answer = lead.post(ADVICE, json={"strata": STRATA, "visits": 200, **change})

    assert answer.status_code == 422
    if field is not None:
        assert field in str(answer.json) or field.split(".")[-1] in str(answer.json)


def test_a_draft_is_advised_and_takes_the_quotas_over(lead: Any) -> None:
    plan_no, match = made(lead)

    advice = lead.get(f"{PLANS}/{plan_no}/advice?cost=300").json
    quotas = {key: int(n) for key, n in advice["advice"]["candidates"][1]["quotas"].items()}
    answer = lead.put(
        f"{PLANS}/{plan_no}/quotas",
        json={"quotas": quotas, "design": "proportional"},
        headers=match,
    )

    assert advice["advice"]["candidates"][0]["design"] == "planned"
    assert advice["advice"]["candidates"][0]["cost"] == "1500.00"
    assert answer.status_code == 200, answer.json
    assert {one["key"]: one["quota"] for one in answer.json["strata"]} == quotas
    assert answer.headers["ETag"] != match["If-Match"]


def test_quotas_need_the_version_they_were_seen_in(lead: Any) -> None:
    plan_no, match = made(lead)
    body = {"quotas": {"A": 1, "D": 1}}

    assert lead.put(f"{PLANS}/{plan_no}/quotas", json=body).status_code == 428
    assert lead.put(f"{PLANS}/{plan_no}/quotas", json=body, headers=match).status_code == 200
    assert lead.put(f"{PLANS}/{plan_no}/quotas", json=body, headers=match).status_code == 412


def test_estimates_name_what_is_missing_and_what_is_waiting(lead: Any, plan_no: str) -> None:
    units = lead.get(f"{PLANS}/{plan_no}/units").json["items"]
    rows = [
        {
            "code": unit["code"],
            "inspected_on": "2026-11-18",
            "outcome": outcome,
            "inspected": 0 if outcome == "not_done" else 4,
            "failing": int(outcome == "fail"),
            "serious": int(outcome == "fail"),
            "note": "closed" if outcome == "not_done" else None,
        }
        for unit, outcome in zip(units, ("fail", "pass", "pass", "not_done"), strict=False)
    ]
    stored = lead.post(f"{PLANS}/{plan_no}/results", json={"results": rows})
    assert stored.status_code == 201, stored.json

    answer = lead.get(f"{PLANS}/{plan_no}/estimates?confidence=0.9")

    assert answer.status_code == 200, answer.json
    found = answer.json["inference"]
    # A: 1 of 2 fails; D: the one inspected passes; 6 enterprises of each
    assert found["estimate"]["rate"] == pytest.approx(0.25)
    assert found["estimate"]["lonely"] == ["D"]
    assert found["shown"]["method"] == "exact-joint"
    assert found["confidence"] == 0.9
    assert found["strata"][1]["response"] == {
        "answers": 1,
        "given_up": 0,
        "not_done": 1,
        "waiting": 1,
        "rate": 0.5,
        "factor": 2.0,
    }
    assert (answer.json["missing"], answer.json["waiting"]) == (1, 1)


def test_estimates_can_be_calibrated(lead: Any, plan_no: str) -> None:
    answer = lead.get(f"{PLANS}/{plan_no}/estimates?calibrate_to=region")

    assert answer.status_code == 200, answer.json
    assert answer.json["calibrated"] is None  # no result yet
    assert lead.get(f"{PLANS}/{plan_no}/estimates?calibrate_to=moon").status_code == 400


def test_a_draft_has_no_estimates_and_a_drawn_plan_no_advice(lead: Any, plan_no: str) -> None:
    draft, _ = made(lead)

    assert lead.get(f"{PLANS}/{draft}/estimates").status_code == 409
    assert lead.get(f"{PLANS}/{plan_no}/advice").status_code == 409
    assert lead.get(f"{PLANS}/CC-1999-0001/estimates").status_code == 404


@pytest.mark.parametrize(
    ("role", "status"), [(Role.INSPECTOR, 200), (Role.RISK_ANALYST, 200), (Role.ENTERPRISE, 403)]
)
def test_estimates_are_for_staff(
    app: Any, sign_in: SignIn, lead: Any, plan_no: str, role: Role, status: int
) -> None:
    other = app.test_client()
    sign_in(other, role)

    assert other.get(f"{PLANS}/{plan_no}/estimates").status_code == status
    assert other.post(ADVICE, json={"strata": STRATA, "visits": 9}).status_code == status


def test_an_inspector_does_not_set_quotas(app: Any, sign_in: SignIn, lead: Any) -> None:
    plan_no, match = made(lead)
    other = app.test_client()
    sign_in(other, Role.INSPECTOR)

    answer = other.put(f"{PLANS}/{plan_no}/quotas", json={"quotas": {"A": 1}}, headers=match)

    assert answer.status_code == 403
