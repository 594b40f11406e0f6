"""Recalls through the door: file, plan, approve, read in public."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import SYSTEM, Role
from recall.queries import files
from recall.service.scoping import trace_scope
from registry.models import Enterprise
from tests import factories

MORNING = "2026-11-18T01:00:00+00:00"
PLAN: dict[str, Any] = {
    "instruction": "请立即停止使用并拔下电源",
    "remedies": ["refund"],
    "measures": "凭实物全额退款，运费由本公司承担",
    "contact": "400-820-0000",
    "starts_on": "2026-11-20",
}
FILING: dict[str, Any] = {
    "lot_no": "C-0711",
    "gtin": "4006381333931",
    "found_on": "2026-11-16",
    "is_serious": True,
    "defect": "内部电容耐压不足",
    "hazard": "过热起火",
    "consequence": "可能造成烧伤和财产损失",
    "quantity": "1000",
    "unit": "个",
}


class Door:
    """Clients of the same application, one for each role."""

    def __init__(self, app: Any, sign_in: Callable[..., Any], enterprise: Enterprise) -> None:
        self.app, self.sign_in, self.enterprise = app, sign_in, enterprise
        self.public = app.test_client()
        self.producer = self._as(Role.ENTERPRISE, enterprise_id=enterprise.id)
        self.stranger = self._as(Role.ENTERPRISE)
        self.inspector = self._as(Role.INSPECTOR)
        self.leader = self._as(Role.LEAD_INSPECTOR)

    def _as(self, role: Role, **facts: Any) -> Any:
        client = self.app.test_client()
        self.sign_in(client, role, **facts)
        return client

    def file(self, **changes: Any) -> Any:
        return self.producer.post("/api/v1/recalls", json={**FILING, **changes})


@pytest.fixture
def door(
    session: Session,
    packs: None,
    app: Any,
    sign_in: Callable[..., Any],
    frozen_clock: Callable[[str], Any],
) -> Door:
    frozen_clock(MORNING)
    enterprise = factories.enterprise(session, name="云汐市充电器厂")
    factories.product(
        session,
        enterprise_id=enterprise.id,
        name="充电器",
        gtin="04006381333931",
        brand="云汐",
        model="YX-65",
    )
    session.commit()  # a savepoint: the application reads through the same connection
    return Door(app, sign_in, enterprise)


def traced(session: Session, number: str) -> None:
    trace_scope(session, SYSTEM, files.recall_row(session, number).id)
    session.commit()


def change(client: Any, door: Door, path: str, number: str, body: Any = None) -> Any:
    """POST with the ETag that a reader has just seen."""
    etag = door.leader.get(f"/api/v1/recalls/{number}").headers["ETag"]
    return client.post(f"/api/v1/recalls/{number}/{path}", json=body, headers={"If-Match": etag})


def published(session: Session, door: Door) -> str:
    number: str = door.file(plan=PLAN).json["number"]
    traced(session, number)
    assert change(door.leader, door, "notice", number).status_code == 201
    return number


def test_an_enterprise_files_a_recall_and_sees_its_clocks(door: Door) -> None:
    answer = door.file()

    assert answer.status_code == 201
    body = answer.json
    assert body["number"].startswith("RC-2026-")
    assert body["state"] == "plan_due"
    assert body["scope"]["pending"] is True
    assert body["scope"]["balance"]["produced"] == {"low": "1000", "high": "1000"}
    clocks = {one["rule_id"]: one for one in body["deadlines"]}
    assert clocks["recall.plan"]["due_on"] == "2026-11-30"
    assert clocks["recall.plan"]["citation"]["article"] == "art. 18"
    assert clocks["recall.plan"]["citation"]["mark"] == "digest"
    assert clocks["recall.serious-report"]["standing"] == "met"
    assert body["actions"] == ["file-plan"]
    assert answer.headers["ETag"] == f'"v{body["version"]}"'


def test_the_same_key_files_once(door: Door) -> None:
    key = {"Idempotency-Key": "filing-C-0711"}

    first = door.producer.post("/api/v1/recalls", json=FILING, headers=key)
    second = door.producer.post("/api/v1/recalls", json=FILING, headers=key)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["number"] == second.json["number"]


def test_a_notice_becomes_public_as_json(session: Session, door: Door) -> None:
    number = published(session, door)

    answer = door.public.get(f"/api/v1/public/recalls/{number}")

    assert answer.status_code == 200
    notice = answer.json["notice"]
    assert notice["enterprise"] == "云汐市充电器厂"
    assert notice["items"] == [{"gtin": "04006381333931", "product": "充电器", "lot": "C-0711"}]
    assert (notice["quantity"], notice["unit"]) == ("1000", "个")
    assert notice["remedies"] == ["refund"]
    assert len(answer.json["sha256"]) == 64
    assert set(answer.json) == {
        "number",
        "state",
        "void_reason",
        "published_at",
        "edition",
        "sha256",
        "notice",
    }


def test_the_preview_names_what_keeps_a_notice_back(session: Session, door: Door) -> None:
    number = door.file(plan={**PLAN, "measures": "预防性更换"}).json["number"]
    traced(session, number)

    preview = door.leader.get(f"/api/v1/recalls/{number}/notice").json
    refused = change(door.leader, door, "notice", number)

    assert [(one["field"], one["slip"]) for one in preview["problems"]] == [
        ("measures", "softener"),
        ("measures", "not-free"),
    ]
    assert refused.status_code == 422
    assert refused.json["type"] == "/problems/recall/notice-not-fit"
    assert [one["field"] for one in refused.json["fields"]] == ["measures", "measures"]


def test_a_change_needs_the_version_it_was_made_from(session: Session, door: Door) -> None:
    number = door.file(plan=PLAN).json["number"]
    old = door.leader.get(f"/api/v1/recalls/{number}").headers["ETag"]
    path = f"/api/v1/recalls/{number}/notice"
    traced(session, number)

    assert door.leader.post(path).status_code == 428
    assert door.leader.post(path, headers={"If-Match": old}).status_code == 412


def test_the_scope_with_holders_is_for_the_producer_and_staff(session: Session, door: Door) -> None:
    number = door.file().json["number"]
    traced(session, number)

    for client in (door.producer, door.inspector):
        seen = client.get(f"/api/v1/recalls/{number}").json["scope"]
        assert seen["pending"] is False
        assert [line["holder"] for line in seen["lines"]] == ["云汐市充电器厂"]
        assert seen["balance"]["produced"] == {"low": "1000", "high": "1000"}
        assert seen["balance"]["unaccounted"] == {"low": "0", "high": "1000"}
        assert seen["oddities"] == ["lot-not-in-ledger"]


def test_an_enterprise_never_sees_another_ones_recall(session: Session, door: Door) -> None:
    number = published(session, door)

    assert door.stranger.get("/api/v1/recalls").json["total"] == 0
    for path in ("", "/history", "/notice"):
        assert door.stranger.get(f"/api/v1/recalls/{number}{path}").status_code == 404
    assert door.producer.get("/api/v1/recalls").json["total"] == 1


@pytest.mark.parametrize(
    ("who", "method", "path", "status"),
    [
        ("public", "GET", "/api/v1/recalls", 401),
        ("leader", "POST", "/api/v1/recalls", 403),
        ("producer", "POST", "/api/v1/recalls/RC-1/notice", 403),
        ("inspector", "POST", "/api/v1/recalls/RC-1/void", 403),
        ("leader", "GET", "/api/v1/recalls/RC-1", 404),
        ("public", "GET", "/api/v1/public/recalls/RC-1", 404),
        ("public", "GET", "/api/v1/public/recalls?batch=1", 400),
        ("public", "GET", "/api/v1/public/recalls?limit=0", 400),
        ("public", "GET", "/api/v1/public/recalls?gtin=4006381333930", 400),
        ("leader", "GET", "/api/v1/recalls?state=lost", 400),
    ],
)
def test_what_is_not_allowed_has_its_status(
    door: Door, who: str, method: str, path: str, status: int
) -> None:
    body = {"reason": "误报"} if path.endswith("void") else FILING if method == "POST" else None
    answer = getattr(door, who).open(path, method=method, json=body, headers={"If-Match": '"v1"'})

    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"quantity": "-1"}, 422, "quantity"),
        ({"found_on": "2026-02-30"}, 422, "found_on"),
        ({"colour": "red"}, 422, "colour"),
        ({"plan": {**PLAN, "remedies": ["apology"]}}, 422, "plan.remedies.0"),
        ({"defect": ""}, 422, "defect"),
    ],
)
def test_a_filing_with_a_slip_names_the_field(
    door: Door, changes: dict[str, Any], status: int, field: str
) -> None:
    answer = door.file(**changes)

    assert answer.status_code == status
    assert field in [one["field"] for one in answer.json["fields"]]


def test_the_public_list_pages_with_an_exact_total(session: Session, door: Door) -> None:
    numbers = []
    for lot in ("C-0711", "C-0712", "C-0713"):
        number = door.file(plan=PLAN, lot_no=lot).json["number"]
        traced(session, number)
        change(door.leader, door, "notice", number)
        numbers.append(number)

    first = door.public.get("/api/v1/public/recalls?limit=2&q=充电器").json
    rest = door.public.get(f"/api/v1/public/recalls?limit=2&q=充电器&cursor={first['next']}").json

    assert (first["total"], rest["total"], rest["next"]) == (3, 3, None)
    assert [one["number"] for one in (*first["items"], *rest["items"])] == numbers[::-1]


def test_the_public_asks_whether_items_are_affected(session: Session, door: Door) -> None:
    number = published(session, door)
    items = [
        {"gtin": "4006381333931", "lot": "c 0711"},
        {"gtin": "4006381333931"},
        {"brand": "云汐", "model": "YX-65", "lot": "Z-9"},
        {"gtin": "036000291452", "lot": "C-0711"},
    ]

    answer = door.public.post("/api/v1/public/check", json={"items": items})

    assert answer.status_code == 200
    assert answer.json["answers"] == [
        {"verdict": "affected", "deciding": "lot", "recalls": [number]},
        {"verdict": "cannot_tell", "deciding": "lot", "recalls": [number]},
        {"verdict": "not_affected", "deciding": "lot", "recalls": [number]},
        {"verdict": "no_match", "deciding": None, "recalls": []},
    ]


def test_a_recall_runs_to_its_summary_through_the_door(session: Session, door: Door) -> None:
    number = published(session, door)
    steps = [
        ("begin", {"sellers_told_on": "2026-11-18"}, 200),
        ("stage-reports", {"units_recovered": 0, "narrative": "尚无退货"}, 201),
        ("end", {"reason": "目标已达", "units_recovered": 980}, 200),
        ("summary", {"summary": "完", "units_recovered": 980, "units_disposed": 980}, 201),
    ]

    statuses = [
        change(door.producer, door, path, number, body).status_code for path, body, _ in steps
    ]

    assert statuses == [status for _, _, status in steps]
    kinds = [one["kind"] for one in door.producer.get(f"/api/v1/recalls/{number}/history").json]
    assert kinds[-4:] == ["begin", "report-stage", "end", "summarise"]


def test_a_plan_is_returned_and_filed_again(door: Door) -> None:
    number = door.file(plan=PLAN).json["number"]

    returned = change(
        door.inspector,
        door,
        "plan/return",
        number,
        {"deficiencies": "缺少退款方式", "due_on": "2026-11-25"},
    )
    again = change(door.producer, door, "plan", number, PLAN)

    assert returned.json["state"] == "plan_returned"
    assert again.json["plan"]["edition"] == 2


def test_overdue_recalls_are_found_by_a_filter(
    door: Door, frozen_clock: Callable[[str], Any]
) -> None:
    number = door.file().json["number"]
    assert door.leader.get("/api/v1/recalls?overdue=true").json["total"] == 0

    frozen_clock("2026-12-01T00:00:00+00:00")

    late = door.leader.get("/api/v1/recalls?overdue=true").json
    assert [one["number"] for one in late["items"]] == [number]
    assert [one["rule_id"] for one in late["items"][0]["overdue"]] == ["recall.plan"]


def test_a_void_recall_stays_public_with_its_reason(session: Session, door: Door) -> None:
    number = published(session, door)

    change(door.leader, door, "void", number, {"reason": "批号录入错误"})

    body = door.public.get(f"/api/v1/public/recalls/{number}").json
    assert (body["state"], body["void_reason"]) == ("voided", "批号录入错误")
