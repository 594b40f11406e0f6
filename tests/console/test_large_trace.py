"""A trace too large to draw: totals, enterprises, pages and files tell one and the same answer."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from api.console import large_trace
from api.console.pages import trace as page
from core import imports
from core.actors import SYSTEM, Role
from tests.console.doors import sign_in
from tests.services.traceability.conftest import CHARGER, Town, csv_of, row, story, town
from traceability.imports import LEDGER
from traceability.queries import ledger as queries
from traceability.service.reaching import Found, Seed, Wish, find_reach

__all__ = ["sign_in", "story", "town"]  # fixtures of the services, used here too

SignIn = Callable[..., None]
URL = "/console/trace"


@pytest.fixture
def large(
    session: Session, story: list[dict[str, str]], town: Town, monkeypatch: pytest.MonkeyPatch
) -> Found:
    """The story with a little more, where three holdings are called large and two a page."""
    monkeypatch.setattr(page, "LARGE", 3)
    monkeypatch.setattr(large_trace, "PAGE", 2)
    monkeypatch.setattr(large_trace, "CARDS", 1)
    assert imports.run(session, SYSTEM, LEDGER, csv_of(story), "story.csv").stored
    lot_id = queries.lot_by_number(session, "C-0711").lot_id
    found = find_reach(session, Wish(seeds=(Seed(lot_id),)))
    assert len(found.node) == 5
    return found


def listed(text: str) -> list[tuple[str, ...]]:
    """Holder and lot of each row of the list."""
    rows = text[text.index('id="list"') :].split("<tr>")[2:]
    return [tuple(re.findall(r">([^<>]+)</a>", each)) for each in rows]


def test_the_page_says_which_engine_answered_and_what_it_leaves_out(
    client: Any, sign_in: SignIn, large: Found
) -> None:
    sign_in(client, Role.INSPECTOR)

    text = client.get(URL, query_string={"lot": "C-0711", "lang": "en"}).text

    note = text[text.index('id="engine"') :]
    note = note[: note.index("</p>")]
    assert large.engines[0] in note
    assert "quantities" in note
    assert '<svg class="trace-diagram' not in text


def test_pages_by_links_alone_hold_each_row_once(
    client: Any, sign_in: SignIn, large: Found
) -> None:
    sign_in(client, Role.INSPECTOR)
    rows: list[tuple[str, ...]] = []
    address: str | None = f"{URL}?lot=C-0711"

    while address:
        text = client.get(address).text
        rows += listed(text)
        following = re.search(r'rel="next" href="([^"]+)"', text)
        address = following[1].replace("&amp;", "&") if following else None

    assert len(rows) == len(set(rows)) == len(large.node)


def test_pages_go_on_although_a_ledger_came_between(
    client: Any, session: Session, sign_in: SignIn, large: Found, town: Town
) -> None:
    sign_in(client, Role.INSPECTOR)
    text = client.get(URL, query_string={"lot": "C-0711"}).text
    following = re.search(r'rel="next" href="([^"]+)"', text)
    assert following
    later = row(事件="发货", 批号="YS-17", 商品条码=CHARGER, 数量=1, 发出单位代码=town.shop.code,
                去向单位代码=town.parts.code, 日期="2026-11-20", 单据号="TH-9")  # fmt: skip
    imports.run(session, SYSTEM, LEDGER, csv_of([later]), "later.csv")

    second = client.get(following[1].replace("&amp;", "&")).text
    fresh = client.get(URL, query_string={"lot": "C-0711", "lang": "en"}).text

    assert len(listed(text)) + len(listed(second)) == 4
    assert "6 lots at holders" in fresh


def test_a_tier_and_a_holder_list_as_many_rows_as_they_say(
    client: Any, sign_in: SignIn, large: Found
) -> None:
    sign_in(client, Role.INSPECTOR)
    text = client.get(URL, query_string={"lot": "C-0711", "lang": "en"}).text
    cards = re.findall(r'class="fold-card" href="([^"]+)#list"><b>[^<]+</b> <span>(\d+) ', text)
    assert len(cards) == len(large.totals)

    for address, count in cards:
        part = client.get(address.replace("&amp;", "&")).text
        assert len(listed(part)) == int(count)


def test_the_files_hold_every_row(client: Any, sign_in: SignIn, large: Found) -> None:
    sign_in(client, Role.RISK_ANALYST)
    asked = {"lot": "C-0711"}

    sheet = client.get(f"{URL}/whole.csv", query_string=asked).data.decode("utf-8-sig")
    lines = client.get(f"{URL}/whole.ndjson", query_string=asked).text.splitlines()
    part = client.get(f"{URL}/whole.csv", query_string=asked | {"side": "seed"})

    assert len(list(csv.reader(io.StringIO(sheet)))) == 1 + len(large.node)
    assert json.loads(lines[0])["summary"]["total"] == len(large.node)
    assert json.loads(lines[-1])["end"]["rows"] == len(large.node)
    seeds = sum(count for side, _, count in large.totals if side == "seed")
    assert len(part.data.decode("utf-8-sig").splitlines()) == 1 + seeds


def test_quantities_are_there_for_whoever_insists(
    client: Any, sign_in: SignIn, large: Found
) -> None:
    sign_in(client, Role.INSPECTOR)
    text = client.get(URL, query_string={"lot": "C-0711"}).text
    address = re.search(r'href="(/console/trace\?[^"]*quantities=yes)"', text)
    assert address

    assert '<svg class="trace-diagram' in client.get(address[1].replace("&amp;", "&")).text


def test_contact_is_said_not_to_be_counted(client: Any, sign_in: SignIn, large: Found) -> None:
    sign_in(client, Role.INSPECTOR)

    text = client.get(URL, query_string={"lot": "C-0711", "contact": "station", "lang": "en"}).text

    assert "Contact is not counted here" in text


def test_a_part_that_is_none_of_the_answer_lists_nothing(
    client: Any, sign_in: SignIn, large: Found
) -> None:
    sign_in(client, Role.INSPECTOR)

    answer = client.get(URL, query_string={"lot": "C-0711", "party": 10**9})

    assert answer.status_code == 200
    assert listed(answer.text) == []


def test_a_large_trace_is_not_for_enterprises(client: Any, sign_in: SignIn, large: Found) -> None:
    sign_in(client, Role.ENTERPRISE)

    for path in (URL, f"{URL}/whole.csv", f"{URL}/whole.ndjson"):
        assert client.get(path, query_string={"lot": "C-0711"}).status_code == 403
