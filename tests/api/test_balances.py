"""The balance of an enterprise over HTTP."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM, Role
from tests.services.traceability.conftest import CHARGER, Town, csv_of, story, town
from traceability.imports import LEDGER

__all__ = ["story", "town"]  # fixtures of the services, used here too

SignIn = Callable[..., Any]


@pytest.fixture
def stored(session: Session, story: list[dict[str, str]]) -> None:
    """The story, in the journal."""
    assert imports.run(session, SYSTEM, LEDGER, csv_of(story), "story.csv").stored


def test_the_api_gives_the_same_figures(
    client: Any, sign_in: SignIn, stored: None, town: Town
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    answer = client.get(
        f"/api/v1/enterprises/{town.maker.id}/balance", query_string={"until": "2026-11-24"}
    )
    assert answer.status_code == 200, answer.json
    found = answer.json
    by_number = {
        each["number"]: next(lot for lot in found["lots"] if lot["lot_id"] == each["lot_id"])
        for each in found["named"]
    }
    charger = by_number["YS-17"]
    assert charger["balance"]["produced"] == {"lo": "5200", "hi": "5200"}
    assert charger["balance"]["shipped"] == {"lo": "3200", "hi": "3200"}
    assert charger["destination"] == {"known": "3200", "whole": "5200", "share": 3200 / 5200}
    capacitor = by_number["C-0711"]["balance"]
    assert capacitor["consumed"] == {"lo": "10400", "hi": "10400"}
    assert "shipped-received-differ" in {each["kind"] for each in found["findings"]}
    assert found["origin_share"] == 1.0


def test_a_period_without_rows_is_empty_and_a_reversed_one_refused(
    client: Any, sign_in: SignIn, stored: None, town: Town
) -> None:
    sign_in(client, Role.INSPECTOR)
    url = f"/api/v1/enterprises/{town.maker.id}/balance"
    early = client.get(url, query_string={"since": "2020-01-01", "until": "2020-12-31"}).json
    assert (early["lots"], early["origin_share"]) == ([], None)
    wrong = client.get(url, query_string={"since": "2026-02-01", "until": "2026-01-01"})
    assert wrong.status_code == 422
    assert "2026-02-01" in wrong.text


def test_an_enterprise_has_no_right_to_the_balance_of_another(
    client: Any, sign_in: SignIn, stored: None, town: Town
) -> None:
    sign_in(client, Role.ENTERPRISE, enterprise_id=town.dealer.id)
    assert client.get(f"/api/v1/enterprises/{town.dealer.id}/balance").status_code == 200
    other = client.get(f"/api/v1/enterprises/{town.maker.id}/balance")
    assert other.status_code == 404


def test_an_enterprise_without_a_ledger_has_no_balance(
    client: Any, sign_in: SignIn, town: Town
) -> None:
    sign_in(client, Role.INSPECTOR)
    answer = client.get(f"/api/v1/enterprises/{town.shop.id}/balance")
    assert answer.status_code == 404
    assert answer.json["type"].endswith("traceability/no-ledger-of-firm")


def test_a_template_offers_what_the_enterprise_writes_again_and_again(
    client: Any, session: Session, sign_in: SignIn, stored: None, town: Town
) -> None:
    sign_in(client, Role.ENTERPRISE, enterprise_id=town.maker.id)
    url = f"/api/v1/enterprises/{town.maker.id}/ledger-template.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(client.get(url).data))
    ledger, choices = book.worksheets[0], book["选项"]
    assert [row[0].value for row in ledger.iter_rows(min_row=2)] == []
    columns = {column[0].value: [each.value for each in column[1:]] for column in choices.columns}
    assert "YS-17" in columns["批号"]
    assert town.dealer.code in columns["去向单位代码"]
    assert town.shop.code not in columns["去向单位代码"]  # never a partner of the maker
    rules = ledger.data_validations.dataValidation
    assert {str(each.sqref)[0] for each in rules} >= {"A", "B"}
    other = client.get(f"/api/v1/enterprises/{town.dealer.id}/ledger-template.xlsx")
    assert other.status_code == 404


def test_a_filled_template_is_a_ledger(
    client: Any, session: Session, sign_in: SignIn, stored: None, town: Town
) -> None:
    sign_in(client, Role.ENTERPRISE, enterprise_id=town.maker.id)
    url = f"/api/v1/enterprises/{town.maker.id}/ledger-template.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(client.get(url).data))
    sheet = book.worksheets[0]
    place = {cell.value: cell.column for cell in sheet[1]}
    for title, value in {
        "事件": "盘点",
        "批号": "YS-17",
        "商品条码": CHARGER,
        "数量": 2000,
        "单位": "件",
        "发出单位代码": town.maker.code,
        "日期": "2026-11-20",
    }.items():
        sheet.cell(2, place[title], value)
    buffer = io.BytesIO()
    book.save(buffer)
    outcome = imports.run(session, SYSTEM, LEDGER, buffer.getvalue(), "filled.xlsx")
    assert outcome.stored, outcome.problems
