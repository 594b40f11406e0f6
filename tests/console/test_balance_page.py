"""The mass-balance page and its API: whose balance, for which lots, and who may see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM, Role
from tests.console.doors import sign_in
from tests.services.traceability.conftest import Town, csv_of, story, town
from traceability.imports import LEDGER

__all__ = ["sign_in", "story", "town"]  # fixtures of the services, used here too

SignIn = Callable[..., Any]
URL = "/console/balances"


@pytest.fixture
def stored(session: Session, story: list[dict[str, str]]) -> None:
    """The story, in the journal."""
    assert imports.run(session, SYSTEM, LEDGER, csv_of(story), "story.csv").stored


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_accounts_for_an_enterprise(
    client: Any, sign_in: SignIn, stored: None, town: Town, lang: str
) -> None:
    sign_in(client, Role.INSPECTOR)
    page = client.get(
        URL,
        query_string={"enterprise": town.dealer.code, "until": "2026-11-24", "lang": lang},
    )
    assert page.status_code == 200
    assert "YS-17" in page.text
    assert "3,190" in page.text  # what the dealer booked
    assert "C-0711" not in page.text  # never came to the dealer


def test_a_day_that_is_none_is_said_so(client: Any, sign_in: SignIn, town: Town) -> None:
    sign_in(client, Role.INSPECTOR)
    page = client.get(
        URL, query_string={"enterprise": town.maker.code, "since": "gestern", "lang": "en"}
    )
    assert "gestern is not a day" in page.text


def test_an_enterprise_sees_its_own_balance_only(
    client: Any, sign_in: SignIn, stored: None, town: Town
) -> None:
    sign_in(client, Role.ENTERPRISE, enterprise_id=town.dealer.id)
    own = client.get(URL, query_string={"enterprise": town.maker.code, "until": "2026-11-24"})
    assert own.status_code == 200
    assert town.dealer.name in own.text
    assert town.maker.name not in own.text


def test_an_enterprise_without_a_ledger_is_told_so(
    client: Any, sign_in: SignIn, town: Town
) -> None:
    sign_in(client, Role.INSPECTOR)
    page = client.get(URL, query_string={"enterprise": town.shop.code, "lang": "en"})
    assert "ask it to upload" in page.text


def test_the_lots_as_a_sheet(client: Any, sign_in: SignIn, stored: None, town: Town) -> None:
    sign_in(client, Role.INSPECTOR)
    sheet = client.get(
        f"{URL}.csv", query_string={"enterprise": town.maker.code, "until": "2026-11-24"}
    )
    assert sheet.status_code == 200
    assert "YS-17" in sheet.text
