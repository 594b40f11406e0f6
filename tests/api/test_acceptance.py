"""Acceptance sampling over HTTP: plans, curves, searches, audits, series of lots."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from tests import factories

SignIn = Callable[..., Actor]
BASE = "/api/v1/sampling/acceptance"


@pytest.fixture
def lead(client: Any, sign_in: SignIn, frozen_clock: Callable[[str], Any]) -> Any:
    frozen_clock("2026-11-18T01:00:00+00:00")
    sign_in(client, Role.LEAD_INSPECTOR)
    return client


@pytest.fixture
def firm(app: Any, sign_in: SignIn) -> Any:
    """A client of an enterprise."""
    other = app.test_client()
    sign_in(other, Role.ENTERPRISE)
    return other


def test_the_plan_of_a_lot(lead: Any) -> None:
    answer = lead.get(f"{BASE}/plan?lot_size=2000&aql=1.5&state=tightened")

    assert answer.status_code == 200, answer.json
    assert answer.json["plan"] == {"kind": "single", "size": 125, "acceptance": 3, "rejection": 4}
    assert (answer.json["first_letter"], answer.json["letter"]) == ("K", "K")
    assert answer.json["aql_is_percent"] is True
    assert answer.json["state"] == "tightened"


def test_a_double_plan_of_a_lot(lead: Any) -> None:
    answer = lead.get(f"{BASE}/plan?lot_size=2000&aql=1.5&kind=double")

    assert answer.json["plan"] == {
        "kind": "double",
        "size": 160,
        "acceptance": 6,
        "rejection": 7,
        "first_size": 80,
        "second_size": 80,
        "first_acceptance": 2,
        "first_rejection": 5,
    }


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("lot_size=1&aql=1.0", 400, "lot_size"),
        ("lot_size=2000&aql=1.1", 422, "aql"),
        ("lot_size=2000&aql=nan", 400, "aql"),
        ("lot_size=2000&aql=1.0&level=IV", 400, "level"),
        ("lot_size=2000&aql=1.0&state=reduced&kind=double", 422, "kind"),
        ("lot_size=2000&aql=0.1&kind=double", 422, "kind"),
        ("lot_size=2000&aql=1.0&what=x", 400, "what"),
    ],
)
def test_plans_that_cannot_be_meant_name_the_field(
    lead: Any, query: str, status: int, field: str
) -> None:
    answer = lead.get(f"{BASE}/plan?{query}")

    assert answer.status_code == status, answer.json
    assert [each["field"] for each in answer.json["fields"]] == [field]


def test_a_refusal_names_bound_value_and_next_step(lead: Any) -> None:
    answer = lead.get(f"{BASE}/plan?lot_size=2000&aql=1.1", headers={"Accept-Language": "en"})

    assert answer.json["fields"][0]["problem"] == (
        "“aql” must be one of the 26 preferred values from 0.01 to 1000, got 1.1; the nearest is 1."
    )


def test_the_curve_of_a_plan(lead: Any) -> None:
    answer = lead.get(f"{BASE}/curve?size=8&acceptance=0&model=hypergeometric&lot_size=50&points=9")

    points = answer.json["points"]
    assert answer.status_code == 200, answer.json
    assert points[0] == {
        "quality": 0.0,
        "failing": 0,
        "acceptance": 1.0,
        "sample_number": 8.0,
        "outgoing": 0.0,
        "inspected": 8.0,
    }
    assert all(a["acceptance"] > b["acceptance"] for a, b in itertools.pairwise(points))
    assert points[-1]["acceptance"] <= 0.001
    assert answer.json["consumer_quality"] == 0.24  # 12 of 50: C(38,8)/C(50,8) = 0.0911


def test_the_curve_of_a_double_plan(lead: Any) -> None:
    answer = lead.get(
        f"{BASE}/curve?size=80&second_size=80&first_acceptance=2&first_rejection=5&acceptance=6"
    )

    assert answer.json["plan"]["kind"] == "double"
    assert min(each["sample_number"] for each in answer.json["points"]) >= 80
    assert max(each["sample_number"] for each in answer.json["points"]) > 100


@pytest.mark.parametrize(
    ("query", "status", "fields"),
    [
        ("size=8&acceptance=0&model=hypergeometric", 422, ["lot_size"]),
        ("size=8&acceptance=0&model=hypergeometric&lot_size=7", 422, ["lot_size"]),
        ("size=8&acceptance=0&second_size=8", 400, ["first_acceptance", "first_rejection"]),
        ("size=8&acceptance=0&points=5000", 400, ["points"]),
        ("size=0&acceptance=0", 400, ["size"]),
        (
            "size=8&second_size=8&first_acceptance=1&first_rejection=2&acceptance=3",
            422,
            ["first_rejection"],
        ),
    ],
)
def test_curves_that_cannot_be_meant_name_the_field(
    lead: Any, query: str, status: int, fields: list[str]
) -> None:
    answer = lead.get(f"{BASE}/curve?{query}")

    assert answer.status_code == status, answer.json
    assert sorted(each["field"] for each in answer.json["fields"]) == fields


def test_a_plan_that_rejects_nothing_has_a_flat_curve(lead: Any) -> None:
    answer = lead.get(f"{BASE}/curve?size=2&acceptance=5")

    assert {each["acceptance"] for each in answer.json["points"]} == {1.0}
    assert answer.json["consumer_quality"] is None


def test_the_smallest_plan_for_two_risks(lead: Any) -> None:
    answer = lead.get(f"{BASE}/search?aql=0.01&limit=0.05&model=hypergeometric&lot_size=1000")

    assert answer.status_code == 200, answer.json
    assert (answer.json["plan"]["size"], answer.json["plan"]["acceptance"]) == (128, 3)
    assert answer.json["producer_risk"] <= 0.05
    assert answer.json["consumer_risk"] <= 0.10
    assert [each["acceptance"] for each in answer.json["proof"]] == [0, 1, 2, 3]
    assert all(each["needed"] > each["borne"] for each in answer.json["proof"][:-1])


def test_risks_that_contradict_each_other_name_the_field(lead: Any) -> None:
    answer = lead.get(f"{BASE}/search?aql=0.05&limit=0.05")

    assert answer.status_code == 422
    assert answer.json["fields"][0]["field"] == "limit"


def test_an_audit_of_a_declaration(lead: Any) -> None:
    smallest = lead.get(f"{BASE}/audit?lot_size=100&claimed=2&worse=20").json
    given = lead.get(f"{BASE}/audit?lot_size=100&claimed=2&size=17").json
    nothing = lead.get(f"{BASE}/audit?lot_size=100&claimed=2")

    assert (smallest["size"], smallest["limit"]) == (17, 1)
    assert smallest["power"] > 0.9
    assert given["power"] is None
    # Both of two failing items among 17 of 100: 17·16 / (100·99).
    assert given["false_risk_exact"] == "68/2475"
    assert nothing.status_code == 400


def test_a_variables_plan_and_its_curve(lead: Any) -> None:
    plan = lead.get(f"{BASE}/variables?aql=0.005&limit=0.03&spread_known=true").json["plan"]
    curve = lead.get(
        f"{BASE}/variables/curve?size=18&constant={plan['constant']}&spread_known=true"
        "&quality=0.005&quality=0.03"
    )

    assert plan["size"] == 18
    assert plan["constant"] == pytest.approx(2.18813358565668, rel=1e-9)
    assert curve.json[0]["acceptance"] == pytest.approx(0.95, abs=1e-9)
    assert curve.json[1]["acceptance"] < 0.10


def test_the_long_run_of_a_scheme(lead: Any) -> None:
    answer = lead.get(f"{BASE}/scheme?letter=K&aql=1.0&quality=0.015&with_reduced=false")

    (point,) = answer.json
    assert point["acceptance"] == pytest.approx(0.821425606360315, rel=1e-9)
    assert point["shares"]["reduced"] == 0


def test_the_switching_rules_over_a_posted_history(lead: Any) -> None:
    lots = [{"size": 2000, "found": found} for found in (4, 0, 4)]

    answer = lead.post(f"{BASE}/switching", json={"aql": 1.0, "lots": lots})

    assert answer.status_code == 200, answer.json
    assert [step["rule"] for step in answer.json["steps"]] == ["9.2", "9.2", "9.3.1"]
    assert answer.json["standing"] == {"state": "tightened", "stopped": False, "score": 0}


@pytest.mark.parametrize(
    ("lots", "field"),
    [
        ([{"size": 2000, "found": 0}, {"size": 2000, "found": 126}], "lots.1.found"),
        ([{"size": 1, "found": 0}], "lots.0.size"),
        ([{"size": 2000, "found": 0.5}], "lots.0.found"),
        ([], "lots"),
        ([{"size": 2000, "found": 0}] * 501, "lots"),
    ],
)
def test_a_history_that_cannot_be_meant_names_the_lot(
    lead: Any, lots: list[dict[str, Any]], field: str
) -> None:
    answer = lead.post(f"{BASE}/switching", json={"aql": 1.0, "lots": lots})

    assert answer.status_code == 422
    assert answer.json["fields"][0]["field"] == field


def _series(lead: Any, session: Session, **facts: Any) -> tuple[str, dict[str, str]]:
    body = {
        "enterprise_code": factories.enterprise(session).code,
        "product": "充电器",
        "characteristic": "插脚尺寸",
        "aql": 1.0,
        **facts,
    }
    answer = lead.post(f"{BASE}/series", json=body)
    assert answer.status_code == 201, answer.json
    return answer.headers["Location"], {"If-Match": answer.headers["ETag"]}


def test_a_series_from_opening_to_closing(lead: Any, session: Session) -> None:
    address, match = _series(lead, session)
    for number, found in enumerate((4, 4)):
        lot = {"lot_no": f"L{number}", "size": 2000, "found": found, "inspected_on": "2026-11-18"}
        answer = lead.post(f"{address}/lots", json=lot, headers=match)
        assert answer.status_code == 201, answer.json
        match = {"If-Match": answer.headers["ETag"]}

    assert answer.json["summary"]["state"] == "tightened"
    assert [lot["rule"] for lot in answer.json["lots"]] == ["9.2", "9.3.1"]
    assert lead.get(f"{address}/plan?lot_size=2000").json["plan"]["acceptance"] == 2
    assert lead.get(address).headers["ETag"] == match["If-Match"]
    listed = lead.get(f"{BASE}/series?state=tightened&text=充电")
    assert (listed.json["total"], listed.json["items"][0]["lots"]) == (1, 2)
    closed = lead.post(f"{address}/close", json={"reason": "停产"}, headers=match)
    assert closed.json["summary"]["closed_reason"] == "停产"


def test_a_lot_needs_the_version_it_was_judged_from(lead: Any, session: Session) -> None:
    address, match = _series(lead, session)
    lot = {"lot_no": "L1", "size": 2000, "found": 0, "inspected_on": "2026-11-18"}

    assert lead.post(f"{address}/lots", json=lot).status_code == 428
    assert lead.post(f"{address}/lots", json=lot, headers=match).status_code == 201
    again = lead.post(f"{address}/lots", json={**lot, "lot_no": "L2"}, headers=match)
    assert again.status_code == 412


def test_a_judged_lot_cannot_be_changed(lead: Any, session: Session) -> None:
    address, _ = _series(lead, session)

    for method in ("put", "patch", "delete"):
        assert getattr(lead, method)(f"{address}/lots").status_code == 405


def test_who_may_do_what(lead: Any, firm: Any, app: Any, sign_in: SignIn, session: Session) -> None:
    address, match = _series(lead, session)
    inspector = app.test_client()
    sign_in(inspector, Role.INSPECTOR)
    analyst = app.test_client()
    sign_in(analyst, Role.RISK_ANALYST)
    lot = {"lot_no": "L1", "size": 2000, "found": 0, "inspected_on": "2026-11-18"}
    nobody = app.test_client()

    assert nobody.get(f"{BASE}/plan?lot_size=50&aql=1.0").status_code == 401
    assert firm.get(f"{BASE}/plan?lot_size=50&aql=1.0").status_code == 200
    assert firm.get(address).status_code == 403
    assert analyst.get(address).status_code == 200
    assert analyst.post(f"{address}/lots", json=lot, headers=match).status_code == 403
    assert inspector.post(f"{BASE}/series", json={}).status_code == 403
    assert inspector.post(f"{address}/lots", json=lot, headers=match).status_code == 201
    assert inspector.post(f"{address}/close", json={"reason": "x"}).status_code == 403
    assert lead.get(f"{BASE}/series/YS-2026-9999").status_code == 404
