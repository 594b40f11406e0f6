"""A real roster through the whole procedure: annual plan, draw, sample, failure, publication.

By the JSON interface, as a third party's program would: 12,367 real establishments, chances by
risk tier, one of them drawn for certain.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM, Role
from registry.imports import KINDS
from registry.models import Account, Enterprise
from registry.service import issue_token
from runtime.verify import main as verify_draw
from sampling.queries.plans import plan_by_no
from sampling.service.procedure.settling import settle_cases
from tests import factories
from tests.journeys.test_story import DICE, work_off

ROOT = Path(__file__).parents[2]
API = "/api/v1"
STAFF = f"{API}/sampling"
# drand quicknet, round 657413, as published; its time is 2023-09-15T11:00:03Z.
ROUND = 657413
VALUE = "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587"
ROW = {
    "key": "01",
    "matter": "充电器质量安全",
    "target": "充电器生产、销售企业",
    "share": "1%",
    "frequency": 1,
    "quantity": 60,
    "begins_on": "2023-09-01",
    "ends_on": "2023-12-31",
    "lead": "质量监督科",
    "cooperating": [],
    "purpose": "防止不合格充电器流入市场",
}
TIERS = ("high", "medium", "low")
PAPER = {
    "kind": "annual_plan",
    "year": 2023,
    "title": "2023 年度抽查计划",
    "authority": "虚构市市场监督管理局",
    "body": {"rows": [ROW]},
}
VERDICTS = {
    "report_no": "BG-1",
    "physical": "fail",
    "label": "pass",
    "overall": "fail",
    "tested_items": 12,
    "failed_items": [{"item": "输出电压", "measured": "5.9 V", "standard": "≤5.5 V"}],
}


class People:
    """A client for each account; signed in anew, because the procedure takes months."""

    def __init__(self, session: Session, app: Any) -> None:
        self.session, self.app = session, app
        self.lead = factories.account(session, role=Role.LEAD_INSPECTOR)
        self.second = factories.account(session, role=Role.ADMINISTRATOR)

    def client(self, account: Account) -> Any:
        client = self.app.test_client()
        secret = issue_token(self.session, account.id, kind="token")
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return client

    def post(self, account: Account, path: str, read: str | None = None, **facts: Any) -> Any:
        """POST that must succeed; with the version seen at ``read``."""
        client = self.client(account)
        match = {"If-Match": client.get(read).headers["ETag"]} if read else {}
        answer = client.post(path, headers=match, **facts)
        assert answer.status_code < 300, (path, answer.status_code, answer.text)
        return answer


@pytest.mark.shared
def test_the_real_roster_from_annual_plan_to_publication(
    session: Session,
    app: Any,
    packs: None,
    shared_dir: Path,
    frozen_clock: Callable[[str], Any],
    tmp_path: Path,
) -> None:
    frozen_clock("2023-09-15T10:30:00+00:00")
    mapping = (ROOT / "registry" / "mappings" / "chicago-roster.json").read_text(encoding="utf-8")
    content = (shared_dir / "data" / "establishments.csv").read_bytes()
    loaded = imports.run(
        session,
        SYSTEM,
        KINDS["roster"],
        content,
        "establishments.csv",
        mapping=json.loads(mapping),
    )
    assert loaded.counts["added"] == 12_367
    inspectors = [factories.person(session, senior=n % 3 == 0) for n in range(20)]
    people = People(session, app)
    lead, second = people.lead, people.second

    # The annual plan: drafted, approved by another person, published.
    paper = people.post(lead, f"{STAFF}/papers", json=PAPER).json["no"]
    address = f"{STAFF}/papers/{paper}"
    people.post(second, f"{address}/approve", read=address)
    people.post(lead, f"{address}/publish", read=address)

    # The plan: chances by risk tier, one establishment for certain.
    preview = people.client(lead).get(f"{API}/enterprises?limit=1").json["items"][0]
    made = people.post(
        lead,
        f"{STAFF}/plans",
        json={
            "title": "真实名录",
            "strata_by": "risk_tier",
            "strata": [
                {"key": key, "quota": 20, "reserve": 5} for key in ("high", "medium", "low")
            ],
            "visit_on": "2023-09-20",
            "sources": [
                {"kind": "dice", "count": 50},
                {"kind": "beacon", "network": "drand-quicknet", "round": ROUND},
            ],
            "purpose": "supervision",
            "method": {"kind": "pareto", "by": "none"},
            "certain": [{"code": preview["code"], "reason": "投诉集中"}],
        },
    ).json
    no = made["summary"]["no"]
    address = f"{STAFF}/plans/{no}"
    row = people.client(lead)
    linked = row.put(
        f"{address}/annual-row",
        json={"paper_no": paper, "row_key": "01"},
        headers={"If-Match": row.get(address).headers["ETag"]},
    )
    assert linked.status_code == 200, linked.json

    # Frozen, thrown by two, drawn; anybody recomputes it.
    frozen = people.post(lead, f"{address}/freeze", read=address)
    if frozen.status_code == 202:
        work_off(session)
    for account in (lead, second):
        people.post(account, f"{address}/dice", json={"dice": DICE})
    frozen_clock("2023-09-15T11:01:00+00:00")
    people.post(lead, f"{address}/entropy", json={"value": VALUE})
    drawn = people.post(lead, f"{address}/draw", read=address)
    if drawn.status_code == 202:
        work_off(session)
    bundle = people.client(lead).get(f"{address}/bundle.zip")
    (tmp_path / "draw.zip").write_bytes(bundle.data)
    commitment = people.client(lead).get(address).json["commitment"]
    assert verify_draw(["--commitment", commitment, str(tmp_path / "draw.zip")]) == 0
    units = people.client(lead).get(f"{address}/units?limit=100").json["items"]
    assert len(units) == 60
    certain = next(unit for unit in units if unit["code"].endswith(preview["code"]))
    assert certain["chance"] == 1

    # One case: notice, visit, sample, laboratory, failure, letters, nobody objects.
    numbers = people.post(
        lead,
        f"{address}/cases",
        json={"product": "充电器", "lot_no": "L-1", "codes": [certain["code"]]},
    ).json["numbers"]
    case = f"{STAFF}/cases/{numbers[0]}"
    team = certain["team"]
    known = {one.number: one.id for one in inspectors}
    names = [seat["number"] for seat in team]
    sampler = factories.account(session, role=Role.INSPECTOR, person_id=known[names[0]])
    record = factories.signed_record(
        session,
        no="CY-2023-0001",
        enterprise_id=session.execute(
            select(Enterprise.id).where(Enterprise.code == preview["code"])
        ).scalar_one(),
        purpose="supervision",
        plan_id=plan_by_no(session, no).id,
        unit_code=certain["code"],
        sampled_on=date(2023, 9, 20),
    )
    session.commit()  # a savepoint: the application reads through the same connection

    def act(account: Account, name: str, **facts: Any) -> None:
        people.post(account, f"{case}/acts/{name}", read=case, json={"facts": facts})

    def evidence(account: Account, text: str) -> str:
        part = {"file": (io.BytesIO(text.encode()), f"{text}.txt")}
        return str(people.post(account, f"{case}/files", data=part).json["sha256"])

    frozen_clock("2023-09-20T02:00:00+00:00")
    day = "2023-09-20"
    act(sampler, "give-notice", noticed_on=day, notice_no="TZ-1", samplers=names)
    act(sampler, "arrive", arrived_on=day)
    act(
        sampler,
        "sample",
        sampled_on=day,
        record_no=record.no,
        test_samples=3,
        retained_samples=2,
        seal_no="F-1",
    )
    act(sampler, "send", sent_on=day, laboratory="甲检验院")
    act(lead, "receive", received_on=day, seals_intact=True)
    act(lead, "begin-test", began_on=day, testers=["L1", "L2"], licence_checked=True)
    frozen_clock("2023-10-09T02:00:00+00:00")
    report = evidence(lead, "检验报告")
    act(lead, "report", reported_on="2023-10-09", report=[report], **VERDICTS)
    letter = [{"role": "sampled_unit", "channel": "post", "sent_on": "2023-10-09"}]
    act(lead, "notify", parties=letter)
    act(lead, "record-receipt", party="sampled_unit", received_on="2023-10-09", manner="signed")
    announce = {
        "case_no": numbers[0],
        "serial": 1,
        "announcement_no": "2023 年第 1 期",
        "announced_on": "2023-10-30",
    }
    early = people.client(lead).post(f"{STAFF}/publication/samples", json=announce)
    assert (early.status_code, early.json["type"]) == (409, "/problems/sampling/not-confirmed")

    # Fifteen days later the night's job lets the result stand; it is published by two people.
    frozen_clock("2023-10-30T02:00:00+00:00")
    settle_cases(session, SYSTEM)
    session.commit()
    assert people.client(lead).get(case).json["state"] == "confirmed"
    entry = people.post(lead, f"{STAFF}/publication/samples", json=announce).json["no"]
    address = f"{STAFF}/publication/records/{entry}"
    people.post(second, f"{address}/publish", read=address)

    shown = app.test_client().get(f"{API}/public/results?kind=sample").json
    assert shown["total"] == 1
    (item,) = shown["items"]
    assert item["enterprise_name"] == certain["name"]
    assert item["outcome"] == "fail"
    plans = app.test_client().get(f"{API}/public/annual-plans").json
    assert plans["total"] == 1
