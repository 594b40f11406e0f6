"""The balance of an enterprise over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM, Role
from tests.services.traceability.conftest import Town, csv_of, story, town
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
