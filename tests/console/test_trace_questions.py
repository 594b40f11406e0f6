"""What the trace page can be asked, and that the answer is the one asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM, Actor, Role
from core.clock import CIVIL_ZONE, now
from tests.console.doors import sign_in
from tests.services.traceability.conftest import (
    CAPACITOR,
    CHARGER,
    Town,
    csv_of,
    row,
    story,
    town,
)
from traceability.imports import LEDGER
from traceability.queries import ledger as queries
from traceability.service import tracing as service
from traceability.service.control import record_kill_step

__all__ = ["sign_in", "story", "town"]  # fixtures of the services, used here too

SignIn = Callable[..., None]
URL = "/console/trace"
STAFF = Actor(None, "lead", Role.LEAD_INSPECTOR)


def store(session: Session, rows: list[dict[str, str]], name: str = "rows.csv") -> None:
    assert imports.run(session, SYSTEM, LEDGER, csv_of(rows), name).stored


@pytest.fixture
def stored(session: Session, story: list[dict[str, str]], town: Town) -> Town:
    """The story, in the journal."""
    store(session, story, "story.csv")
    return town


def id_of(session: Session, number: str) -> int:
    return queries.lot_by_number(session, number).lot_id


def other_lot(town: Town) -> list[dict[str, str]]:
    """QC-1: made at the same maker, at the same time, of nothing that is known."""
    return [
        row(事件="生产", 批号="QC-1", 商品条码=CHARGER, 数量=100, 发出单位代码=town.maker.code,
            日期="2026-08-26", 单据号="P-9", 投入批次="无"),
        row(事件="发货", 批号="QC-1", 商品条码=CHARGER, 数量=100, 发出单位代码=town.maker.code,
            去向单位代码=town.dealer.code, 日期="2026-09-20", 单据号="TZ-9"),
    ]  # fmt: skip


def drawn(page: str) -> set[str]:
    """Lots at holders in the picture that belong to the trace."""
    return {
        node
        for marks, node in re.findall(r'<a class="(tg-row[^"]*)"[^>]*data-node="([^"]+)"', page)
        if re.search(r"tg-(up|down|seed)\b", marks)
    }


def test_several_lots_are_traced_together_and_one_can_be_left_out(
    client: Any, session: Session, sign_in: SignIn, stored: Town
) -> None:
    store(session, other_lot(stored))
    sign_in(client, Role.INSPECTOR)
    one, other = id_of(session, "YS-17"), id_of(session, "QC-1")

    page = client.get(URL, query_string={"lot_id": [one, other], "direction": "forward"}).text

    answer = service.trace(session, [one, other], direction="forward")
    assert drawn(page) == {f"{each.lot_id}-{each.party_id}" for each in answer.holdings}
    assert f'name="lot_id" value="{one}"' in page
    assert f'name="lot_id" value="{other}"' in page
    assert re.search(rf'href="/console/trace\?lot_id={other}&amp;direction=forward"', page)


def test_a_lot_is_added_by_its_number(
    client: Any, session: Session, sign_in: SignIn, stored: Town
) -> None:
    store(session, other_lot(stored))
    sign_in(client, Role.INSPECTOR)
    one, other = id_of(session, "YS-17"), id_of(session, "QC-1")

    page = client.get(URL, query_string={"lot_id": one, "lot": "QC-1"}).text

    assert f'name="lot_id" value="{one}"' in page
    assert f'name="lot_id" value="{other}"' in page


def test_a_record_time_answers_as_it_was_known_then(
    client: Any, session: Session, sign_in: SignIn, stored: Town
) -> None:
    sign_in(client, Role.INSPECTOR)
    then = now().astimezone(CIVIL_ZONE).replace(tzinfo=None).isoformat()
    later = row(事件="发货", 批号="YS-17", 商品条码=CHARGER, 数量=5, 发出单位代码=stored.shop.code,
                去向单位代码=stored.parts.code, 日期="2026-11-20", 单据号="TH-9")  # fmt: skip
    store(session, [later], "later.csv")
    new = f"{id_of(session, 'YS-17')}-"

    before = drawn(client.get(URL, query_string={"lot": "YS-17", "as_of": then}).text)
    after = drawn(client.get(URL, query_string={"lot": "YS-17"}).text)

    assert len(after - before) == 1
    assert next(iter(after - before)).startswith(new)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("as_of", "yesterday"),
        ("as_of", "9999-12-31T23:59"),
        ("contact", "smell"),
        ("direction", "sideways"),
        ("steps", "0"),
        ("dates", "maybe"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_leads_back(
    client: Any, session: Session, sign_in: SignIn, stored: Town, name: str, value: str
) -> None:
    sign_in(client, Role.INSPECTOR)
    lot_id = id_of(session, "YS-17")

    page = client.get(URL, query_string={"lot_id": lot_id, name: value, "lang": "en"})

    assert page.status_code == 422
    assert f'href="/console/trace?lot_id={lot_id}&amp;lang=en"' in page.text


def test_contact_reaches_what_stood_beside_until_a_confirmed_step_ends_it(
    client: Any, session: Session, sign_in: SignIn, stored: Town
) -> None:
    store(session, other_lot(stored))
    sign_in(client, Role.LEAD_INSPECTOR)
    met = f"{id_of(session, 'QC-1')}-"
    asked = {"lot": "YS-17", "contact": "station", "direction": "forward", "lang": "en"}

    without = client.get(URL, query_string=asked | {"contact": "none"}).text
    with_contact = client.get(URL, query_string=asked).text

    assert not any(node.startswith(met) for node in drawn(without))
    assert any(node.startswith(met) for node in drawn(with_contact))
    assert "tg-contact" in with_contact
    assert "No step is on record" in with_contact


def test_the_steps_that_ended_contact_are_listed(
    client: Any, session: Session, sign_in: SignIn, stored: Town
) -> None:
    store(session, other_lot(stored))
    sign_in(client, Role.LEAD_INSPECTOR)
    step = record_kill_step(
        session, STAFF, enterprise_id=stored.maker.id, kind="cleaning",
        from_at=datetime(2026, 8, 25, 10, tzinfo=UTC), document_no="QX-7",
    )  # fmt: skip
    assert step.confirmed_at

    page = client.get(URL, query_string={"lot": "YS-17", "contact": "station"}).text

    table = page[page.index('id="kill-steps"') :]
    assert "QX-7" in table[: table.index("</section>")]


def test_the_level_of_each_holding_stands_in_the_table(
    client: Any, session: Session, sign_in: SignIn, stored: Town
) -> None:
    sign_in(client, Role.INSPECTOR)
    answer = service.trace(session, id_of(session, "YS-17"))

    page = client.get(URL, query_string={"lot": "YS-17"}).text

    tables = page[page.index('id="downstream"') :]
    for level in {each.level for each in answer.holdings}:
        wanted = sum(each.level is level for each in answer.holdings)
        assert tables.count(f"key level-{level}") == wanted


def test_the_way_to_a_holding_stands_out_and_is_told_step_by_step(
    client: Any, session: Session, sign_in: SignIn, stored: Town
) -> None:
    sign_in(client, Role.INSPECTOR)
    answer = service.trace(session, id_of(session, "C-0711"))
    last = max(answer.holdings, key=lambda each: each.depth)
    assert len(last.path) > 2

    page = client.get(
        URL, query_string={"lot": "C-0711", "path": f"{last.lot_id}-{last.party_id}"}
    ).text

    assert "has-path" in page
    way = page[page.index('id="way"') :]
    assert way[: way.index("</section>")].count('data-title="') == 8 * len(last.path)
    assert f'data-to="{last.lot_id}-{last.party_id}"' in page
    lit = re.findall(r'class="tg-line[^"]*tg-lit"[^>]*data-to="([^"]+)"', page)
    assert f"{last.lot_id}-{last.party_id}" in lit
    rest = re.findall(r'class="tg-line[^"]*"', page)
    assert len(lit) <= len(rest)


def test_a_way_that_is_not_there_is_left_out(client: Any, sign_in: SignIn, stored: Town) -> None:
    sign_in(client, Role.INSPECTOR)

    page = client.get(URL, query_string={"lot": "YS-17", "path": "1-1-1"})

    assert page.status_code == 200
    assert 'id="way"' not in page.text


def test_sheets_answer_the_question_of_the_page(
    client: Any, session: Session, sign_in: SignIn, stored: Town
) -> None:
    store(session, other_lot(stored))
    sign_in(client, Role.INSPECTOR)
    ids = [id_of(session, "YS-17"), id_of(session, "QC-1")]

    sheet = client.get(f"{URL}.csv", query_string={"lot_id": ids, "contact": "station"})

    answer = service.trace(session, ids, contact="station")
    assert len(sheet.data.decode("utf-8-sig").splitlines()) == 1 + len(answer.holdings)


def test_a_draft_scope_lists_who_must_be_reached(
    client: Any, session: Session, sign_in: SignIn, stored: Town
) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)
    lot_id = id_of(session, "YS-17")
    answer = service.trace(session, lot_id, direction="forward")
    page = client.get(URL, query_string={"lot_id": lot_id}).text
    address = re.search(r'href="(/console/trace/scope\?[^"]+)"', page)
    assert address

    scope = client.get(address[1].replace("&amp;", "&"))
    sheet = client.get(f"{URL}/scope.csv", query_string={"lot_id": lot_id})

    rows = scope.text[scope.text.index('id="scope"') :]
    assert rows.count("<tr>") - 1 == len(answer.holdings)
    assert len(sheet.data.decode("utf-8-sig").splitlines()) == 1 + len(answer.holdings)
    assert CAPACITOR not in sheet.data.decode("utf-8-sig")  # what went in is not recalled


def test_a_scope_of_no_lot_leads_to_the_trace(client: Any, sign_in: SignIn, stored: Town) -> None:
    sign_in(client, Role.INSPECTOR)

    answer = client.get(f"{URL}/scope", query_string={"lot": "NO-SUCH"})

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/console/trace?lot=NO-SUCH"
