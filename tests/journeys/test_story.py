"""One story through every door: complaints → warning → draw → failure → trace → recall → notice."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import queue
from core.actors import Actor, Role
from core.outbox import FINISHED, JobRun, RunState
from registry.maths.codes import make_uscc
from registry.models import Enterprise, Product
from runtime.verify import main as verify_draw
from tests import factories
from worker import relay, run

SignIn = Callable[..., Actor]
API = "/api/v1"
DICE = "31625143625114632516434215632154326154321654321635"
CATEGORY, REGION = "电动自行车充电器", "岚州市"


def code(n: int) -> str:
    return make_uscc(authority="91", region="999901", organisation=f"MA{n:06d}")


def work_off(session: Session) -> list[str]:
    """Relay and work until nothing waits; returns the jobs that ran, and fails on one that did."""
    done: list[str] = []
    for _ in range(40):
        relay.turn()
        session.expire_all()
        rows = list(
            session.execute(
                select(JobRun).where(JobRun.state == RunState.SENT).order_by(JobRun.id)
            ).scalars()
        )
        if not rows:
            break
        for row in rows:
            run.execute(row.id, row.attempt)
            done.append(row.job)
    session.expire_all()
    bad = [
        (row.job, row.state, row.error)
        for row in session.execute(select(JobRun)).scalars()
        if row.state in FINISHED and row.state != RunState.DONE
    ]
    assert bad == []
    return done


def upload(client: Any, path: str, content: str, name: str, **query: Any) -> Any:
    return client.post(
        path,
        data={"file": (io.BytesIO(content.encode()), name)},
        query_string=query,
        content_type="multipart/form-data",
    )


def complaints(week: date) -> str:
    """Three years of weekly complaints, quiet as a clock, and a burst in the last week."""
    rows, number = ["投诉编号,受理日期,行政区划代码,产品类别代码"], 0
    for back in range(170, -1, -1):
        monday = week - timedelta(weeks=back)
        for _ in range(1 + back % 2 if back else 18):
            number += 1
            rows.append(f"T{number:05d},{monday + timedelta(days=2)},{REGION},{CATEGORY}")
    return "\n".join(rows)


@pytest.fixture
def doors(
    app: Any,
    session: Session,
    packs: None,
    sign_in: SignIn,
    frozen_clock: Callable[[str], Any],
) -> Iterator[Callable[..., Any]]:
    """A client for each role, on a Wednesday morning."""
    frozen_clock("2026-11-18T01:00:00+00:00")
    queue.redis().flushdb()

    def open_door(role: Role, **facts: Any) -> Any:
        client = app.test_client()
        sign_in(client, role, **facts)
        return client

    yield open_door
    queue.redis().flushdb()


def test_the_whole_story(
    doors: Callable[..., Any], session: Session, app: Any, tmp_path: Path
) -> None:
    lead, second = doors(Role.LEAD_INSPECTOR), doors(Role.ADMINISTRATOR)
    analyst, visitor = doors(Role.RISK_ANALYST), app.test_client()

    # 1 Import: roster, inspectors, complaints.
    header = "统一社会信用代码,名称,行政区划,产品类别,信用风险等级"
    names = ["岚州云杉电器有限公司", "岚州同舟商贸有限公司", "好骑车行"]
    roster = "\n".join(
        [header]
        + [
            f"{code(n)},{names[n] if n < 3 else f'虚构企业{n}'},{REGION},{CATEGORY},{'AD'[n % 2]}"
            for n in range(16)
        ]
    )
    inspectors = "工号,姓名,执法证号,执法证有效期\n" + "\n".join(
        f"J{n},检查员{n},Z{n},2027-12-31" for n in range(6)
    )
    for kind, content in (
        ("roster", roster),
        ("inspectors", inspectors),
        ("complaints", complaints(date(2026, 11, 9))),
    ):
        checked = upload(lead, f"{API}/imports/{kind}", content, f"{kind}.csv")
        assert checked.status_code == 202, checked.json
        stored = upload(lead, f"{API}/imports/{kind}", content, f"{kind}.csv", dry_run="false")
        work_off(session)
        assert lead.get(f"{API}/imports/{checked.json['id']}").json["state"] == "checked"
        found = lead.get(f"{API}/imports/{stored.json['id']}").json
        assert (found["state"], found["problem_count"]) == ("done", 0), found

    # 5 Risk: the burst of complaints raises a warning.
    asked = analyst.post(f"{API}/risk/detections", json={"through_week": "2026-W46"})
    assert asked.status_code == 202, asked.json
    assert "risk.detect" in work_off(session)
    signals = analyst.get(f"{API}/risk/signals").json
    assert signals["total"] == 1
    signal = signals["items"][0]
    assert (signal["observed"], signal["week"]) == (18, "2026-W46")
    assert signal["observed"] > signal["upper"]
    assert signal["level"] in ("red", "orange")

    # 2 Draw: commitment first, then dice of two people and the public value.
    plan = lead.post(
        f"{API}/sampling/plans",
        json={
            "title": "充电器专项",
            "strata_by": "grade",
            "strata": [{"key": "A", "quota": 8}, {"key": "D", "quota": 4, "reserve": 2}],
            "visit_on": "2026-12-01",
            "sources": [{"kind": "dice", "count": 50}, {"kind": "demo"}],
            "team": {"qualification": "none", "region": False},
        },
    )
    assert plan.status_code == 201, plan.json
    no = plan.json["summary"]["no"]
    here = f"{API}/sampling/plans/{no}"
    frozen = lead.post(f"{here}/freeze", headers={"If-Match": plan.headers["ETag"]})
    assert frozen.status_code == 200, frozen.json
    commitment = visitor.get(f"{API}/public/draws/{no}").json["parts"]["commitment.json"]
    for client in (lead, second):
        assert client.post(f"{here}/dice", json={"dice": DICE}).status_code == 200
    assert lead.post(f"{here}/entropy", json={"value": "ab" * 32}).status_code == 200
    drawn = lead.post(f"{here}/draw", headers={"If-Match": frozen.headers["ETag"]})
    assert drawn.status_code == 201, drawn.json
    again = lead.post(f"{here}/draw", headers={"If-Match": drawn.headers["ETag"]})
    assert again.status_code == 409

    # 3 Bundle: anybody can recompute it, and one changed byte is named.
    bundle = visitor.get(f"{API}/public/draws/{no}/bundle.zip").data
    file = tmp_path / "bundle.zip"
    file.write_bytes(bundle)
    assert verify_draw([str(file)]) == 0
    assert visitor.get(f"{API}/public/draws/{no}").json["parts"]["commitment.json"] == commitment

    # 4 Results: every firm of grade A is visited; the maker fails. The outbox tells risk.
    results = [
        {"code": code(n), "inspected_on": "2026-11-18", "outcome": "fail" if n == 0 else "pass"}
        for n in range(0, 16, 2)
    ]
    recorded = lead.post(f"{here}/results", json={"results": results})
    assert recorded.status_code == 201, recorded.json
    assert "risk.observe" in work_off(session)

    # 6 Trace: the ledgers of three firms, from the lot to every holder.
    maker = session.execute(select(Enterprise).where(Enterprise.code == code(0))).scalar_one()
    session.add(Product(enterprise_id=maker.id, number="P1", gtin="04006381333931", name="充电器"))
    session.flush()
    ledger = "\n".join(
        [
            "事件,批号,商品条码,数量,单位,发出单位代码,去向单位代码,日期,单据号,投入批次",
            f"生产,YS2408-17,4006381333931,5200,件,{code(0)},,2026-08-20,,无",
            f"发货,YS2408-17,4006381333931,3000,件,{code(0)},{code(1)},2026-09-01,D1,",
            f"发货,YS2408-17,4006381333931,1200,件,{code(1)},{code(2)},2026-09-10,D2,",
        ]
    )
    loaded = upload(lead, f"{API}/ledgers", ledger, "流向台账.csv")
    assert loaded.status_code == 201, loaded.json
    work_off(session)
    trace = lead.get(f"{API}/trace?lot=YS2408-17&direction=forward").json
    holders = {party["name"] for party in trace["parties"]}
    assert set(names) <= holders
    assert trace["lots"][0]["balance"]["produced"] == {"lo": "5200", "hi": "5200"}

    # 7 Recall: filed by the maker, its scope from the trace, clocks in working days.
    producer = doors(Role.ENTERPRISE, enterprise_id=maker.id)
    stranger = doors(Role.ENTERPRISE, enterprise_id=factories.enterprise(session).id)
    filed = producer.post(
        f"{API}/recalls",
        json={
            "lot_no": "YS2408-17",
            "gtin": "4006381333931",
            "found_on": "2026-11-18",
            "is_serious": True,
            "brand": "云杉",
            "model": "YS-24",
            "defect": "内部电容耐压不足",
            "hazard": "过热起火",
            "consequence": "可能造成烧伤和财产损失",
            "plan": {
                "instruction": "请立即停止使用并拔下电源",
                "remedies": ["refund"],
                "measures": "凭实物全额退款，运费由本公司承担",
                "contact": "0990-555-0100",
                "starts_on": "2026-11-20",
            },
        },
    )
    assert filed.status_code == 201, filed.json
    number = filed.json["number"]
    assert "recall.draw-scope" in work_off(session)
    assert stranger.get(f"{API}/recalls/{number}").status_code == 404
    file_now = lead.get(f"{API}/recalls/{number}")
    assert {line["holder"] for line in file_now.json["scope"]["lines"]} >= set(names)
    assert any(each["due_on"] > "2026-11-18" for each in file_now.json["deadlines"])
    published = lead.post(
        f"{API}/recalls/{number}/notice", headers={"If-Match": file_now.headers["ETag"]}
    )
    assert published.status_code == 201, published.json
    notice = visitor.get(f"{API}/public/recalls/{number}").json
    assert "YS2408-17" in str(notice)
