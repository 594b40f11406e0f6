"""Reach over HTTP: totals and pages, lines, and what is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM, Actor, Role
from tests.services.traceability.conftest import CHARGER, Town, csv_of, row, story, town
from traceability.imports import LEDGER
from traceability.service.snapshots import build

__all__ = ["story", "town"]  # fixtures of the services, used here too

SignIn = Callable[..., Actor]
URL = "/api/v1/trace/reach"


@pytest.fixture
def stored(session: Session, story: list[dict[str, str]]) -> list[dict[str, str]]:
    """The story, in the journal."""
    assert imports.run(session, SYSTEM, LEDGER, csv_of(story), "story.csv").stored
    return story


def ask(client: Any, **body: Any) -> Any:
    return client.post(URL, json={"seeds": [{"lot": "YS-17"}], **body})


def test_the_first_page_tells_the_totals_of_all(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.INSPECTOR)

    answer = ask(client, limit=2)

    assert answer.status_code == 200, answer.json
    found = answer.json
    assert found["total"] == 5
    assert found["totals"] == [
        {"side": "seed", "depth": 0, "count": 1},
        {"side": "seed", "depth": 1, "count": 1},
        {"side": "seed", "depth": 2, "count": 1},
        {"side": "upstream", "depth": 1, "count": 1},
        {"side": "upstream", "depth": 2, "count": 1},
    ]
    assert [each["party"]["name"] for each in found["items"]] == [
        "云杉电器有限公司",
        "同舟商贸有限公司",
    ]
    assert found["items"][0]["link"] is None
    assert found["items"][1]["link"]["state"] == "declared"
    assert found["items"][1]["before_id"] == found["items"][0]["node_id"]
    assert not found["truncated"]
    assert f"cursor={found['next']}" in answer.headers["Link"]


def pages(client: Any, first: dict[str, Any]) -> list[dict[str, Any]]:
    items, following = list(first["items"]), first["next"]
    while following:
        found = client.get(URL, query_string={"cursor": following, "limit": 2}).json
        items += found["items"]
        following = found["next"]
    return items


def test_pages_and_lines_tell_the_same_rows(
    client: Any, sign_in: SignIn, stored: Any, session: Session
) -> None:
    sign_in(client, Role.INSPECTOR)
    first = ask(client, limit=2).json
    build(session)

    answer = client.post(f"{URL}.ndjson", json={"seeds": [{"lot": "YS-17"}]})

    found = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
    assert found[0]["summary"]["total"] == 5
    assert found[0]["summary"]["digest"] == first["digest"]
    assert found[1:-1] == pages(client, first)
    assert found[-1] == {"end": {"rows": 5, "truncated_because": None}}


def test_pages_go_on_although_a_ledger_came_between(
    client: Any, sign_in: SignIn, stored: Any, session: Session, town: Town
) -> None:
    sign_in(client, Role.INSPECTOR)
    first = ask(client, limit=2).json
    before = pages(client, first)
    later = row(事件="发货", 批号="YS-17", 商品条码=CHARGER, 数量=1, 发出单位代码=town.shop.code,
                去向单位代码=town.parts.code, 日期="2026-11-20", 单据号="TH-9")  # fmt: skip
    imports.run(session, SYSTEM, LEDGER, csv_of([later]), "later.csv")

    assert pages(client, first) == before
    assert ask(client).json["total"] == 6


def test_one_lot_by_query_and_bounds_that_cut(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.RISK_ANALYST)

    query = {"lot": "ys-17", "direction": "forward", "max_depth": 1}
    found = client.get(URL, query_string=query).json

    assert (found["total"], found["truncated"], found["truncated_because"]) == (
        2,
        True,
        "max_depth",
    )


def changed(cursor: str, place: int, value: Any) -> str:
    plain = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    plain["at"][place] = value
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def test_a_cursor_whose_answer_is_gone_is_refused(
    client: Any, sign_in: SignIn, stored: Any
) -> None:
    sign_in(client, Role.INSPECTOR)
    cursor = ask(client, limit=1).json["next"]

    gone = client.get(URL, query_string={"cursor": changed(cursor, 2, "0123456789abcdef")})
    wrong = [
        client.get(URL, query_string={"cursor": given})
        for given in ("x", "e30", changed(cursor, 3, -1), changed(cursor, 0, "2026-01-01"))
    ]

    assert (gone.status_code, gone.json["type"]) == (409, "/problems/traceability/reach-moved")
    assert [each.status_code for each in wrong] == [400] * 4


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"seeds": []}, 422, None),
        ({"seeds": [{"lot": "YS-17", "lot_id": 1}]}, 422, "seeds.0.lot"),
        ({"seeds": [{"lot": "nobody has it"}]}, 404, None),
        ({"max_depth": 0}, 422, None),
        ({"direction": "sideways"}, 422, "direction"),
        ({"seeds": [{"lot": "YS-17"}] * 201, "max_depth": 1}, 200, None),
        ({"as_of": "2100-01-01T00:00:00Z"}, 422, None),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: Any,
    sign_in: SignIn,
    stored: Any,
    body: dict[str, Any],
    status: int,
    field: str | None,
) -> None:
    sign_in(client, Role.INSPECTOR)

    answer = ask(client, **body)

    assert answer.status_code == status, answer.json
    if field:
        assert [each["field"] for each in answer.json["fields"]] == [field]


@pytest.mark.parametrize("way", ["", ".ndjson"])
def test_an_enterprise_may_not_ask(
    client: Any, sign_in: SignIn, stored: Any, town: Town, way: str
) -> None:
    sign_in(client, Role.ENTERPRISE, enterprise_id=town.maker.id)

    answer = client.post(f"{URL}{way}", json={"seeds": [{"lot": "YS-17"}]})

    assert answer.status_code == 403
