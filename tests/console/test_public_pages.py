"""What everybody sees without an account, and what a verdict may never say."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from registry.models import Enterprise
from tests import factories
from tests.console.doors import sign_in
from tests.console.test_recall_pages import FILING, Hall, hall, publish

__all__ = ["hall", "sign_in"]  # fixtures of the recall pages, used here too


@pytest.fixture
def announced(hall: Hall, session: Session) -> str:
    """The number of a recall that everybody may read."""
    number = hall.filed()
    assert publish(hall, session, number).status_code == 303
    return number


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_public_pages_answer_in_both_languages(hall: Hall, announced: str, lang: str) -> None:
    visitor = hall.app.test_client()

    for path in ("/", "/recalls", f"/recalls/{announced}"):
        page = visitor.get(path, query_string={"lang": lang})
        assert page.status_code == 200, path
        assert announced in page.text or path == "/"
    assert f"/recalls/{announced}" in visitor.get("/", query_string={"lang": lang}).text


def test_a_recall_is_found_by_its_lot(hall: Hall, announced: str) -> None:
    visitor = hall.app.test_client()

    assert announced in visitor.get("/recalls", query_string={"q": FILING["lot_no"]}).text
    assert announced not in visitor.get("/recalls", query_string={"q": "no such thing"}).text


def test_the_json_is_the_answer_of_the_api(hall: Hall, announced: str) -> None:
    visitor = hall.app.test_client()

    page = visitor.get(f"/recalls/{announced}.json")

    assert page.status_code == 200
    assert page.json == visitor.get(f"/api/v1/public/recalls/{announced}").json


def test_a_recall_that_is_not_announced_is_not_public(hall: Hall) -> None:
    number = hall.filed()

    for client in (hall.app.test_client(), hall.producer, hall.leader):
        assert client.get(f"/recalls/{number}").status_code == 404
        assert client.get(f"/recalls/{number}.json").status_code == 404


@pytest.mark.parametrize(
    ("lot", "model", "words"),
    [
        ("C-0711", "YX-65", "Affected"),
        ("c-0711 ", "", "Affected"),
        ("", "YX-65", "Cannot tell"),
        ("ZZZ-999", "YX-65", "Not affected by this recall"),
    ],
)
def test_is_mine_affected(hall: Hall, announced: str, lot: str, model: str, words: str) -> None:
    text = (
        hall.app.test_client()
        .get(f"/recalls/{announced}", query_string={"lot": lot, "model": model, "lang": "en"})
        .text
    )

    assert f"<strong>{words}</strong>" in text


@pytest.mark.parametrize("query", [{"lot": "ZZZ-999"}, {"model": "NO-SUCH", "lot": "1"}])
def test_no_verdict_says_that_a_product_is_safe(
    hall: Hall, announced: str, query: dict[str, str]
) -> None:
    visitor = hall.app.test_client()

    for lang in ("zh", "en"):
        text = visitor.get(f"/recalls/{announced}", query_string={**query, "lang": lang}).text
        verdict = text[text.index('role="status"') :].split("</p>")[0]
        assert "<strong>安全" not in verdict
        assert "<strong>Safe" not in verdict


def test_an_enterprise_has_public_facts_but_no_grade(client: Any, session: Session) -> None:
    enterprise: Enterprise = factories.enterprise(session, name="云汐市充电器厂")
    session.commit()

    page = client.get(f"/enterprises/{enterprise.code}")

    assert page.status_code == 200
    assert enterprise.name in page.text
    assert 'class="grade' not in page.text


def test_an_unknown_enterprise_is_not_found(client: Any) -> None:
    assert client.get("/enterprises/91310000MA1FL0000X").status_code == 404
