"""A failed sample leads to the trace of its lot: one click, one call."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM, Role
from tests import factories
from tests.console.doors import sign_in as sign_in_page
from tests.services.procedure.conftest import Cast, at, cast
from tests.services.traceability.conftest import csv_of, row
from traceability.imports import LEDGER

__all__ = ["cast", "sign_in_page"]  # fixtures of the services, used here too


@pytest.fixture
def sold(session: Session, cast: Cast) -> None:
    """The unit made lot C-0711 of its charger and sold some; another firm has such a number too."""
    unit, other = cast.unit, factories.enterprise(session)
    for firm, gtin in ((unit, "02900000000032"), (other, "02900000000049")):
        factories.product(session, enterprise_id=firm.id, gtin=gtin, name="充电器")
        rows = [
            row(事件="生产", 批号="C-0711", 商品条码=gtin, 数量=100, 发出单位代码=firm.code,
                日期="2026-01-20", 单据号=f"P-{gtin}", 投入批次="无"),
            row(事件="销售", 批号="C-0711", 商品条码=gtin, 数量=60, 发出单位代码=firm.code,
                日期="2026-02-20", 单据号=f"S-{gtin}"),
        ]  # fmt: skip
        outcome = imports.run(session, SYSTEM, LEDGER, csv_of(rows), f"{gtin}.csv")
        assert outcome.stored, outcome.problems


def test_a_finding_leads_to_its_lot_by_one_call(
    client: Any, session: Session, sign_in: Any, cast: Cast, sold: None
) -> None:
    with at("2026-03-02"):
        opened = cast.open()
    session.commit()  # a savepoint: the application reads through the same connection
    sign_in(client, Role.RISK_ANALYST)
    found = client.get(f"/api/v1/sampling/cases/{opened.no}/trace")
    assert found.status_code == 200, found.json
    assert found.json["seed"]["number"] == "C-0711"
    assert found.json["seed"]["gtin"] == "02900000000032"  # the unit's, not the other firm's
    assert [each["balance"]["sold"]["lo"] for each in found.json["holdings"]] == ["60"]


def test_one_click_from_the_case_to_the_trace(
    client: Any, session: Session, sign_in_page: Any, cast: Cast, sold: None
) -> None:
    with at("2026-03-02"):
        opened = cast.open()
    session.commit()  # a savepoint: the application reads through the same connection
    sign_in_page(client, Role.LEAD_INSPECTOR)
    address = f"/console/cases/{opened.no}/trace"
    assert address in client.get(f"/console/cases/{opened.no}").text
    page = client.get(address, follow_redirects=True)
    assert page.status_code == 200
    assert "02900000000032" in page.text or "C-0711" in page.text
    assert page.request.path == "/console/trace"


def test_a_lot_that_no_ledger_knows_becomes_a_search(
    client: Any, session: Session, sign_in_page: Any, cast: Cast
) -> None:
    with at("2026-03-02"):
        opened = cast.open()
    session.commit()  # a savepoint: the application reads through the same connection
    sign_in_page(client, Role.LEAD_INSPECTOR)
    page = client.get(f"/console/cases/{opened.no}/trace")
    assert page.status_code == 200
    assert "C-0711" in page.text


def test_a_case_that_names_no_lot_says_what_is_missing(
    client: Any, session: Session, sign_in: Any, cast: Cast
) -> None:
    with at("2026-03-02"):
        opened = cast.open(product=None)
    session.commit()  # a savepoint: the application reads through the same connection
    sign_in(client, Role.INSPECTOR)
    found = client.get(f"/api/v1/sampling/cases/{opened.no}/trace")
    assert found.status_code == 409
    assert found.json["type"].endswith("lot-not-named")
