"""Evidence and responsibility over HTTP, from ledgers and from events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM, Role
from tests import factories
from tests.services.traceability.conftest import CHARGER, Town, csv_of, row, story, town
from traceability.imports import LEDGER
from traceability.maths.epcis.reading import read_events

__all__ = ["story", "town"]  # fixtures of the services, used here too

SignIn = Callable[..., Any]
URL = "/api/v1/trace"


@pytest.fixture
def stored(session: Session, story: list[dict[str, str]]) -> None:
    """The story, in the journal."""
    assert imports.run(session, SYSTEM, LEDGER, csv_of(story), "story.csv").stored


def duties(found: Any) -> set[tuple[str, str, int | None]]:
    numbers = {each["lot_id"]: each["number"] for each in found["lots"]}
    return {
        (numbers[each["lot_id"]], each["duty"], each["enterprise_id"]) for each in found["duties"]
    }


def test_who_answers_for_a_lot_and_by_which_rows(
    client: Any, sign_in: SignIn, stored: None, town: Town
) -> None:
    sign_in(client, Role.INSPECTOR)
    found = client.get(f"{URL}/responsibility", query_string={"lot": "YS-17"}).json
    assert duties(found) == {
        ("YS-17", "maker-of-record", town.maker.id),
        ("YS-17", "made", town.maker.id),
        ("YS-17", "holds", town.maker.id),
        ("YS-17", "had", town.dealer.id),
        ("YS-17", "holds", town.dealer.id),
        ("YS-17", "had", town.shop.id),
        ("YS-17", "holds", town.shop.id),
        ("YS-17", "sold", town.shop.id),
        ("C-0711", "maker-of-record", town.parts.id),
        ("C-0711", "made", town.parts.id),
        ("C-0711", "holds", town.parts.id),
        ("C-0711", "had", town.maker.id),
        ("C-0711", "holds", town.maker.id),
        ("C-0711", "used", town.maker.id),
    }
    assert all(each["event_ids"] for each in found["duties"] if each["duty"] != "maker-of-record")
    assert not any(each["contradicted"] for each in found["duties"])


def test_a_lot_made_by_somebody_else_contradicts_the_register(
    client: Any, session: Session, sign_in: SignIn, stored: None, town: Town
) -> None:
    other = factories.enterprise(session)
    made = row(
        事件="生产", 批号="YS-99", 商品条码=CHARGER, 数量=10, 发出单位代码=other.code,
        日期="2026-08-25", 单据号="P-9", 投入批次="无",
    )  # fmt: skip
    outcome = imports.run(session, SYSTEM, LEDGER, csv_of([made]), "other.csv")
    assert outcome.stored, outcome.problems
    sign_in(client, Role.INSPECTOR)
    found = client.get(f"{URL}/responsibility", query_string={"lot": "YS-99"}).json
    (record,) = [each for each in found["duties"] if each["duty"] == "maker-of-record"]
    assert record["enterprise_id"] == town.maker.id
    assert record["contradicted"]


def test_the_evidence_is_a_document_that_can_be_captured(
    client: Any, sign_in: SignIn, stored: None, story: list[dict[str, str]]
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    answer = client.get(f"{URL}/evidence.jsonld", query_string={"lot": "YS-17"})
    assert answer.status_code == 200
    assert answer.mimetype == "application/ld+json"
    reading = read_events(answer.data)
    assert not reading.faults
    assert len(reading.events) == len(story)
    assert orjson.loads(answer.data)["type"] == "EPCISDocument"


def test_evidence_is_not_for_enterprises(
    client: Any, sign_in: SignIn, stored: None, town: Town
) -> None:
    sign_in(client, Role.ENTERPRISE, enterprise_id=town.maker.id)
    assert client.get(f"{URL}/evidence.jsonld", query_string={"lot": "YS-17"}).status_code == 403
    assert client.get(f"{URL}/responsibility", query_string={"lot": "YS-17"}).status_code == 403
