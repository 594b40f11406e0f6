"""The audit log: narrowed in the address, whole in its files, with names and links."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core import audit
from core.actors import STAFF, SYSTEM, Actor, Role
from tests import factories
from tests.console.doors import sign_in

__all__ = ["sign_in"]

SignIn = Callable[..., None]
URL = "/console/audit"


@pytest.fixture
def acts(session: Session) -> Actor:
    """Three entries: two of an analyst, one of the house."""
    account = factories.account(session, role=Role.RISK_ANALYST)
    actor = Actor(account.id, account.display_name, Role.RISK_ANALYST)
    audit.record(session, actor, "signal.assign", "WS-2026-0001")
    audit.record(session, actor, "signal.close", "WS-2026-0002")
    audit.record(session, SYSTEM, "import.roster", "ab" * 32)
    session.commit()
    return actor


def _subjects(client: Any, **query: str) -> list[str]:
    answer = client.get(f"{URL}.json", query_string=query)
    assert answer.status_code == 200
    return [item["subject"] for item in answer.json["items"]]


@pytest.mark.parametrize("role", sorted((STAFF | {Role.ENTERPRISE}) - {Role.ADMINISTRATOR}))
def test_the_log_and_its_files_are_for_administrators(
    client: Any, sign_in: SignIn, role: Role
) -> None:
    sign_in(client, role)

    for path in ("", ".json", ".csv", ".xlsx"):
        assert client.get(URL + path).status_code == 403


def test_filters_narrow_the_log(client: Any, sign_in: SignIn, acts: Actor) -> None:
    sign_in(client, Role.ADMINISTRATOR)

    assert _subjects(client, act="signal.close") == ["WS-2026-0002"]
    assert _subjects(client, role="risk_analyst") == ["WS-2026-0002", "WS-2026-0001"]
    assert _subjects(client, subject="ws-2026-0001") == ["WS-2026-0001"]
    assert _subjects(client, subject="%") == []
    assert _subjects(client, act="import.roster") == ["ab" * 32]


def test_the_page_names_people_and_leads_to_the_records(
    client: Any, sign_in: SignIn, acts: Actor
) -> None:
    sign_in(client, Role.ADMINISTRATOR)

    page = client.get(URL).text

    assert acts.name in page
    assert 'href="/console/warnings/WS-2026-0001"' in page
    assert "ab" * 32 not in page


def test_files_hold_all_entries_whatever_part_is_on_the_page(
    client: Any, sign_in: SignIn, session: Session
) -> None:
    for number in range(60):
        audit.record(session, SYSTEM, "test.acted", f"subject-{number}")
    session.commit()
    sign_in(client, Role.ADMINISTRATOR)

    page = client.get(f"{URL}?before=20&check=1&subject=subject").text
    found = re.search(r'href="([^"]+audit\.csv[^"]*)"', page)

    assert found is not None
    lines = client.get(html.unescape(found.group(1))).data.decode("utf-8-sig").splitlines()
    assert len(lines) == 61


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_log_speaks_both_languages(
    client: Any, sign_in: SignIn, acts: Actor, lang: str
) -> None:
    sign_in(client, Role.ADMINISTRATOR)

    page = client.get(f"{URL}?lang={lang}").text

    assert {"zh": "企业名录", "en": "roster of enterprises"}[lang] in page
