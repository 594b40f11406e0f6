"""A lot through HTTP and real jobs: ledger, events, trace, evidence, watch, mistake."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from core import queue
from core.actors import Role
from core.clock import now
from core.outbox import FINISHED, JobRun, RunState
from core.unit_of_work import read_only, unit_of_work
from registry.maths.codes import make_uscc
from registry.service import issue_token
from tests import factories
from tests.conftest import Servers, run_sql
from tests.services.traceability.conftest import CAPACITOR, CHARGER, csv_of, row
from traceability.maths.epcis.from_ledger import NAMES
from worker import relay, run

API = "/api/v1"
EPCIS = f"{API}/epcis"
LD_JSON = "application/ld+json"
FIRMS = {"parts": "白鹭电容器有限公司", "maker": "云杉电器有限公司", "dealer": "同舟商贸有限公司",
         "shop": "好骑车行有限公司", "late": "晚晴商行"}  # fmt: skip
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"]
LOT = f"https://id.gs1.org/01/{CHARGER}/10/YS-17"


class House:
    """A database with the register of this story, and a client for each role."""

    def __init__(self, url: str, point_at: Callable[[str], None], app: Any) -> None:
        self.url, self.app = url, app
        self._point_at = point_at
        self.open()
        self.codes: dict[str, str] = {}
        self.ids: dict[str, int] = {}
        with unit_of_work() as session:
            for n, (name, words) in enumerate(FIRMS.items()):
                code = make_uscc(authority="91", region="999901", organisation=f"MA{n:06d}")
                firm = factories.enterprise(session, name=words, code=code)
                self.codes[name], self.ids[name] = firm.code, firm.id
            factories.product(session, enterprise_id=self.ids["maker"], gtin=CHARGER)
            factories.product(session, enterprise_id=self.ids["parts"], gtin=CAPACITOR)

    def open(self) -> None:
        """Let everything that follows happen here."""
        self._point_at(self.url)
        queue.redis().flushdb()

    def client(self, role: Role, firm: str | None = None) -> Any:
        with unit_of_work() as session:
            enterprise_id = self.ids[firm] if firm else None
            account = factories.account(session, role=role, enterprise_id=enterprise_id)
            secret = issue_token(session, account.id, kind="token")
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return client

    def party(self, name: str) -> str:
        return f"{NAMES}party/{self.codes[name]}"


@pytest.fixture
def houses(
    servers: Servers, template: str, committed: str, monkeypatch: pytest.MonkeyPatch, _app: Any
) -> Iterator[Callable[[], House]]:
    """Databases of their own: the first, and another."""
    more = f"{template}_elsewhere"
    run_sql(
        servers.database_url,
        f"DROP DATABASE IF EXISTS {more} WITH (FORCE)",
        f"CREATE DATABASE {more} TEMPLATE {template}",
    )
    waiting = [committed, servers.database(more)]

    def point_at(url: str) -> None:
        monkeypatch.setenv("DATABASE_URL", url)

    yield lambda: House(waiting.pop(0), point_at, _app)
    queue.redis().flushdb()
    run_sql(servers.database_url, f"DROP DATABASE IF EXISTS {more} WITH (FORCE)")


def work_off() -> list[str]:
    """Relay and work until nothing waits; returns the jobs that ran, and fails on one that did."""
    done: list[str] = []
    for _ in range(40):
        relay.turn()
        with read_only() as session:
            sent = session.execute(
                select(JobRun.id, JobRun.attempt, JobRun.job)
                .where(JobRun.state == RunState.SENT)
                .order_by(JobRun.id)
            ).all()
        if not sent:
            break
        for number, attempt, job in sent:
            run.execute(number, attempt)
            done.append(job)
    with read_only() as session:
        bad = session.execute(
            select(JobRun.job, JobRun.state, JobRun.error).where(
                JobRun.state.in_(FINISHED), JobRun.state != RunState.DONE
            )
        ).all()
    assert not bad
    return done


def ledger(house: House, firm: str, *rows: dict[str, str]) -> None:
    """A firm uploads its ledger."""
    answer = house.client(Role.ENTERPRISE, firm).post(
        f"{API}/ledgers",
        data={"file": (io.BytesIO(csv_of(list(rows))), "台账.csv")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 201, answer.json
    assert (answer.json["state"], answer.json["problems"]) == ("done", []), answer.json
    work_off()


def moved(house: House, n: int, step: str, at: str, a: str, b: str, amount: int) -> dict[str, Any]:
    """An event that ships or receives some of the lot."""
    here = house.party(a if step == "shipping" else b)
    return {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{n:012d}",
        "eventTime": at,
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "bizStep": step,
        "readPoint": {"id": here},
        "quantityList": [{"epcClass": LOT, "quantity": amount}],
        "sourceList": [{"type": "possessing_party", "source": house.party(a)}],
        "destinationList": [{"type": "possessing_party", "destination": house.party(b)}],
        "bizTransactionList": [
            {"type": "desadv", "bizTransaction": f"{NAMES}document/E-{n // 10}"}
        ],
    }


def document(*events: dict[str, Any]) -> bytes:
    body = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-01T00:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }
    return json.dumps(body).encode()


def capture(client: Any, content: bytes, behaviour: str = "rollback") -> dict[str, Any]:
    answer = client.post(
        f"{EPCIS}/capture",
        data=content,
        content_type=LD_JSON,
        headers={"GS1-Capture-Error-Behaviour": behaviour},
    )
    assert answer.status_code == 202, answer.data
    work_off()
    found: dict[str, Any] = json.loads(client.get(answer.headers["Location"]).data)
    assert not found["running"]
    return found


def trace(client: Any, **query: Any) -> dict[str, Any]:
    answer = client.get(f"{API}/trace", query_string={"lot": "YS-17", **query})
    assert answer.status_code == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


def holders(found: dict[str, Any]) -> set[str]:
    """Codes of all who are in a trace."""
    return {each["code"] for each in found["parties"]}


def told(found: dict[str, Any]) -> list[Any]:
    """What a trace says, without the numbers that each database gives: comparable."""
    lots, codes = lots_of(found), codes_of(found)
    holdings = [
        (lots[each["lot_id"]], codes[each["party_id"]], each["side"], each["depth"])
        for each in found["holdings"]
    ]
    edges = [
        (
            each["kind"],
            lots[each["from_lot_id"]],
            codes[each["from_party_id"]],
            lots[each["to_lot_id"]],
            codes[each["to_party_id"]],
            each["quantity"],
            each["unit"],
            each["document_no"],
        )
        for each in found["edges"]
    ]
    return [sorted(holdings, key=repr), sorted(edges, key=repr)]


def start(house: House) -> dict[str, Any]:
    """The ledgers of two firms, and the events of a dealer."""
    codes = house.codes
    ledger(
        house, "parts",
        row(事件="生产", 批号="C-0711", 商品条码=CAPACITOR, 数量=20000,
            发出单位代码=codes["parts"], 日期="2026-07-20", 单据号="P-1", 投入批次="无"),
        row(事件="发货", 批号="C-0711", 商品条码=CAPACITOR, 数量=10500,
            发出单位代码=codes["parts"], 去向单位代码=codes["maker"], 日期="2026-08-10",
            单据号="C-1"),
    )  # fmt: skip
    ledger(
        house, "maker",
        row(事件="生产", 批号="YS-17", 商品条码=CHARGER, 数量=5200,
            发出单位代码=codes["maker"], 日期="2026-08-25", 单据号="P-2",
            投入批次=f"{CAPACITOR}/C-0711×10400"),
        row(事件="发货", 批号="YS-17", 商品条码=CHARGER, 数量=3200,
            发出单位代码=codes["maker"], 去向单位代码=codes["dealer"], 日期="2026-09-15",
            单据号="TZ-1"),
    )  # fmt: skip
    return moved(house, 10, "shipping", "2026-10-08T09:00:00+08:00", "dealer", "shop", 900)


def test_the_story_of_a_lot(houses: Callable[[], House]) -> None:
    house = houses()
    shipped = start(house)
    received = moved(house, 11, "receiving", "2026-10-08T15:00:00+08:00", "dealer", "shop", 900)
    dealer = house.client(Role.ENTERPRISE, "dealer")
    lead, inspector = house.client(Role.LEAD_INSPECTOR), house.client(Role.INSPECTOR)
    bad = {**received, "eventID": "urn:x:bad", "action": "LOOK"}

    # All or nothing, then what is good of it.
    job = capture(dealer, document(shipped, bad))
    assert (job["success"], job["eventsStored"]) == (False, 0)
    assert holders(trace(inspector)) == {house.codes[n] for n in ("parts", "maker", "dealer")}
    job = capture(dealer, document(shipped, bad), "proceed")
    assert (job["eventsStored"], job["eventsRefused"]) == (1, 1)
    assert [(each["event"], each["path"]) for each in job["errors"]] == [(1, "/action")]

    # One event: new, then known.
    one = json.dumps({"@context": CONTEXT, **received}).encode()
    made = [dealer.post(f"{EPCIS}/events", data=one, content_type=LD_JSON) for _ in range(2)]
    assert [each.status_code for each in made] == [201, 409], made[0].data
    assert "traceability.derive" in work_off()

    # Pages of one.
    first = lead.get(f"{EPCIS}/events", query_string={"perPage": 1, "EQ_bizStep": "shipping"})
    assert "Link" not in first.headers
    first = lead.get(f"{EPCIS}/events", query_string={"perPage": 1, "MATCH_anyEPCClass": LOT})
    path = first.headers["Link"].partition(">")[0][1:]
    second = lead.get(path)
    assert "Link" not in second.headers
    seen = [
        json.loads(page.data)["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]["eventID"]
        for page in (first, second)
    ]
    assert seen == [shipped["eventID"], received["eventID"]]

    # Ledgers and events in one trace, small and large, and who answers.
    found = trace(inspector)
    assert holders(found) == {house.codes[n] for n in ("parts", "maker", "dealer", "shop")}
    lot_id = found["seed"]["lot_id"]
    assert reached_by_pages(inspector, lot_id) == reached_by_lines(inspector, lot_id)
    assert {
        (each["lot"]["number"], each["party"]["code"]) for each in reached(inspector, lot_id)
    } == {
        (lots_of(found)[each["lot_id"]], codes_of(found)[each["party_id"]])
        for each in found["holdings"]
    }
    duties = inspector.get(f"{API}/trace/responsibility", query_string={"lot": "YS-17"}).json
    assert ("holds", house.ids["shop"]) in {
        (each["duty"], each["enterprise_id"]) for each in duties["duties"]
    }

    # Frozen and watched: what comes later raises an alert.
    frozen = lead.post(f"{API}/trace/freezes", json={"lot": "YS-17", "reason": "抽检不合格"}).json
    assert lead.post(f"{API}/trace/freezes/{frozen['no']}/watch").status_code == 201
    late = moved(house, 20, "shipping", "2026-10-12T09:00:00+08:00", "shop", "late", 50)
    capture(house.client(Role.ENTERPRISE, "shop"), document(late))
    (alert,) = lead.get(f"{API}/trace/alerts", query_string={"unseen": "true"}).json["items"]
    assert alert["freeze_no"] == frozen["no"]
    assert [each["depth"] for each in alert["added"]] == [3]
    assert house.codes["late"] in holders(trace(inspector))

    # The source that a firm's lot and this one have in common.
    common = inspector.post(
        f"{API}/trace/sources",
        json={"failing": [{"lot_id": lot_id}], "by": "party"},
    )
    assert common.status_code == 200, common.json
    assert common.json["classes"]

    # A mistake takes a holder away as of now, and not as of before.
    before = now()
    time.sleep(0.01)
    declared = {
        **late,
        "errorDeclaration": {
            "declarationTime": "2026-11-01T00:00:00+08:00",
            "reason": "incorrect_data",
        },
    }
    capture(house.client(Role.ENTERPRISE, "shop"), document(declared))
    assert house.codes["late"] not in holders(trace(inspector))
    assert house.codes["late"] in holders(trace(inspector, as_of=before.isoformat()))
    assert reaches(inspector, lot_id, house.codes["late"]) is False
    assert reaches(inspector, lot_id, house.codes["late"], as_of=before) is True


def test_evidence_captured_elsewhere_gives_the_same_trace(houses: Callable[[], House]) -> None:
    here = houses()
    shipped = start(here)
    received = moved(here, 11, "receiving", "2026-10-08T15:00:00+08:00", "dealer", "shop", 900)
    capture(here.client(Role.ENTERPRISE, "dealer"), document(shipped, received))
    inspector = here.client(Role.INSPECTOR)
    expected = told(trace(inspector))
    evidence = inspector.get(f"{API}/trace/evidence.jsonld", query_string={"lot": "YS-17"})
    assert evidence.status_code == 200, evidence.json

    there = houses()
    job = capture(there.client(Role.LEAD_INSPECTOR), evidence.data)

    assert (job["success"], job["errors"]) == (True, [])
    assert told(trace(there.client(Role.INSPECTOR))) == expected


def lots_of(found: dict[str, Any]) -> dict[int, str]:
    return {each["lot"]["lot_id"]: each["lot"]["number"] for each in found["lots"]}


def codes_of(found: dict[str, Any]) -> dict[int, str]:
    return {each["party_id"]: each["code"] for each in found["parties"]}


def reached(client: Any, lot_id: int, **query: Any) -> list[dict[str, Any]]:
    """All pages of an answer."""
    found: list[dict[str, Any]] = []
    asked: dict[str, Any] = {"lot_id": lot_id, **query}
    while True:
        answer = client.get(f"{API}/trace/reach", query_string={"limit": 2, **asked})
        assert answer.status_code == 200, answer.json
        found += answer.json["items"]
        if not answer.json["next"]:
            assert len(found) == answer.json["total"]
            return found
        asked = {"cursor": answer.json["next"]}


def reached_by_pages(client: Any, lot_id: int) -> list[tuple[str, int]]:
    return [(each["side"], each["node_id"]) for each in reached(client, lot_id)]


def reached_by_lines(client: Any, lot_id: int) -> list[tuple[str, int]]:
    answer = client.post(f"{API}/trace/reach.ndjson", json={"seeds": [{"lot_id": lot_id}]})
    assert answer.status_code == 200
    lines = [json.loads(line) for line in answer.data.splitlines()]
    return [(each["side"], each["node_id"]) for each in lines if "node_id" in each]


def reaches(client: Any, lot_id: int, code: str, as_of: datetime | None = None) -> bool:
    query = {"as_of": as_of.isoformat()} if as_of else {}
    return code in {each["party"]["code"] for each in reached(client, lot_id, **query)}
