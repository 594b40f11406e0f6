"""Watches on pages: from the trace to a frozen number, its changes and its alerts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM, Role
from tests.console.doors import sign_in
from tests.services.traceability.conftest import CHARGER, Town, csv_of, row, story, town
from traceability.imports import LEDGER
from traceability.queries.ledger import lot_by_number

__all__ = ["sign_in", "story", "town"]  # fixtures of the services, used here too

SignIn = Callable[..., None]


@pytest.fixture
def stored(session: Session, story: list[dict[str, str]]) -> None:
    """The story, in the journal."""
    assert imports.run(session, SYSTEM, LEDGER, csv_of(story), "story.csv").stored


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_trace_is_frozen_watched_and_told_of(
    client: Any, session: Session, sign_in: SignIn, stored: None, town: Town, lang: str
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    lot = lot_by_number(session, "YS-17")
    page = client.get("/console/trace", query_string={"lot_id": lot.lot_id, "lang": lang})
    assert "/console/watches/new" in page.text
    made = client.post("/console/watches/new", data={"lot_id": lot.lot_id, "reason": "不合格"})
    assert made.status_code == 303
    address = made.headers["Location"].partition("?")[0]
    version = re.search(r'name="version" value="(\d+)"', client.get(address).text)
    assert version is not None
    ended = client.post(f"{address}/disarm", data={"version": version[1], "reason": "试"})
    assert ended.status_code == 303
    more = row(
        事件="发货", 批号="YS-17", 商品条码=CHARGER, 数量=100, 发出单位代码=town.dealer.code,
        去向单位代码=town.parts.code, 日期="2026-10-20", 单据号="HQ-9",
    )  # fmt: skip
    assert imports.run(session, SYSTEM, LEDGER, csv_of([more]), "more.csv").stored
    assert client.post(f"{address}/arm").status_code == 303
    page = client.get(address, query_string={"lang": lang})
    assert page.status_code == 200
    assert page.text.count(town.parts.name) == 2  # among the changes, and in the alert
    alert = re.search(r"/alerts/(\d+)", page.text)
    assert alert is not None
    wrong = client.post(f"{address}/alerts/{alert[1]}", data={"version": "1", "note": " "})
    assert wrong.status_code == 422
    noted = client.post(f"{address}/alerts/{alert[1]}", data={"version": "1", "note": "已通知"})
    assert noted.status_code == 303
    assert "已通知" in client.get(address).text
    listed = client.get("/console/watches", query_string={"watched": "yes", "lang": lang})
    assert "YS-17" in listed.text


def test_an_inspector_reads_and_cannot_change(client: Any, sign_in: SignIn, stored: None) -> None:
    sign_in(client, Role.INSPECTOR)
    assert client.get("/console/watches").status_code == 200
    assert (
        client.post("/console/watches/new", data={"lot_id": "1", "reason": "x"}).status_code == 403
    )
