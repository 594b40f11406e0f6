"""Common sources over HTTP and on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from core.actors import Role
from tests.console.doors import sign_in as sign_in_page
from tests.services.traceability.conftest import load
from tests.services.traceability.test_sources import GTINS, city

__all__ = ["city", "load", "sign_in_page"]  # fixtures of the services, used here too

SignIn = Callable[..., Any]
URL = "/api/v1/trace/sources"


def question(lots: dict[str, int], **facts: Any) -> dict[str, Any]:
    return {
        "failing": [{"lot_id": lots[f"G-{number}"]} for number in (1, 2, 3)],
        "compliant": [lots[f"G-{number}"] for number in (5, 6, 7)],
        **facts,
    }


def test_the_common_source_by_one_call(
    client: Any, session: Session, sign_in: SignIn, city: dict[str, int]
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    session.commit()  # a savepoint: the application reads through the same connection
    answer = client.post(URL, json=question(city))
    assert answer.status_code == 200, answer.json
    found = answer.json
    best = found["classes"][0]
    assert best["candidates"] == [city["CU-1"]]
    assert (best["hits"], best["tested"], best["is_hub"]) == (3, 3, False)
    assert found["explanations"] == [[[city["CU-1"]]]]
    assert found["explanation_is_exact"] is True
    beliefs = sum(each["posterior"] for each in found["classes"]) + found["none_posterior"]
    assert abs(beliefs - 1) < 1e-9


def test_what_cannot_be_asked(client: Any, sign_in: SignIn, city: dict[str, int]) -> None:
    sign_in(client, Role.INSPECTOR)
    assert client.post(URL, json=question(city, failing=[])).status_code == 422
    assert client.post(URL, json=question(city, sensitivity=0)).status_code == 422
    assert client.post(URL, json=question(city, failing=[{"lot_id": 10**9}])).status_code == 404


def test_the_page_names_the_candidate(
    client: Any, session: Session, sign_in_page: SignIn, city: dict[str, int]
) -> None:
    sign_in_page(client, Role.LEAD_INSPECTOR)
    plug = GTINS[2]
    page = client.get(
        "/console/sources",
        query_string={
            "failing": f"{plug}/G-1\n{plug}/G-2\nG-3\n\nNIE-9",
            "compliant": "G-5\nG-6\nG-7",
            "lang": "en",
        },
    )
    assert page.status_code == 200
    assert "CU-1" in page.text
    assert "NIE-9" in page.text  # left out, and said so
    firms = client.get(
        "/console/sources", query_string={"failing": "G-1\nG-2", "by": "party", "lang": "en"}
    )
    assert "tied: no test so far tells them apart" in firms.text


def test_the_page_says_that_nothing_failed(client: Any, sign_in_page: SignIn) -> None:
    sign_in_page(client, Role.LEAD_INSPECTOR)
    page = client.get("/console/sources", query_string={"product": "充电器", "lang": "en"})
    assert "No test of this product failed" in page.text
