"""The trace page: what is found is listed twice, drawn and written; who may see it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from sqlalchemy.orm import Session

from api.console.pages.trace import amount_words, parts_of
from core import imports
from core.actors import SYSTEM, Role
from core.clock import now
from risk.service.observing import report_incident
from tests.console.doors import sign_in
from tests.services.traceability.conftest import csv_of, story, town
from tests.told_events import commission, gln, receive, ship
from traceability.imports import LEDGER
from traceability.maths.amounts import NOTHING, Amount, exactly
from traceability.maths.balance import LotBalance
from traceability.queries import ledger as queries
from traceability.recording.journal import Journal
from traceability.service import tracing as service
from traceability.service.deriving import take_in

__all__ = ["sign_in", "story", "town"]  # fixtures of the services, used here too

SignIn = Callable[..., None]
URL = "/console/trace"


@pytest.fixture
def stored(session: Session, story: list[dict[str, str]]) -> None:
    """The story, in the journal."""
    assert imports.run(session, SYSTEM, LEDGER, csv_of(story), "story.csv").stored


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("direction", ["both", "forward", "backward"])
def test_the_page_answers_in_both_languages(
    client: Any, sign_in: SignIn, stored: None, lang: str, direction: str
) -> None:
    sign_in(client, Role.INSPECTOR)

    page = client.get(URL, query_string={"lot": "YS-17", "direction": direction, "lang": lang})

    assert page.status_code == 200
    assert "<svg" in page.text
    assert "YS-17" in page.text


def test_the_tables_list_every_holding_of_the_trace(
    client: Any, session: Session, sign_in: SignIn, stored: None
) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)
    trace = service.trace(session, queries.lot_by_number(session, "YS-17").lot_id)

    text = client.get(URL, query_string={"lot": "YS-17"}).text

    tables = text[text.index('id="downstream"') :]
    rows = tables.count("<tr>") - tables.count("<thead>")
    assert rows == len(trace.holdings)
    for lot in trace.lots:
        assert f">{lot.lot.number}</a>" in tables


def test_a_direction_leaves_the_other_table_out(client: Any, sign_in: SignIn, stored: None) -> None:
    sign_in(client, Role.INSPECTOR)

    forward = client.get(URL, query_string={"lot": "YS-17", "direction": "forward"}).text

    assert 'id="downstream"' in forward
    assert 'id="upstream"' not in forward


def test_without_a_lot_the_page_searches(client: Any, sign_in: SignIn, stored: None) -> None:
    sign_in(client, Role.INSPECTOR)

    assert client.get(URL).status_code == 200
    assert "YS-17" in client.get(URL, query_string={"q": "YS"}).text


def test_an_unknown_lot_becomes_a_search_for_it(client: Any, sign_in: SignIn, stored: None) -> None:
    sign_in(client, Role.INSPECTOR)

    page = client.get(URL, query_string={"lot": "NO-SUCH"})

    assert page.status_code == 200
    assert 'value="NO-SUCH"' in page.text


def test_the_sheets_hold_the_same_holdings(
    client: Any, session: Session, sign_in: SignIn, stored: None
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    trace = service.trace(session, queries.lot_by_number(session, "YS-17").lot_id)

    sheet = client.get(f"{URL}.csv", query_string={"lot": "YS-17"})
    book = client.get(f"{URL}.xlsx", query_string={"lot": "YS-17"})

    assert len(sheet.data.decode("utf-8-sig").splitlines()) == 1 + len(trace.holdings)
    first = openpyxl.load_workbook(io.BytesIO(book.data)).worksheets[0]
    assert first.max_row == 1 + len(trace.holdings)


def test_a_trace_is_not_for_enterprises(client: Any, sign_in: SignIn, stored: None) -> None:
    sign_in(client, Role.ENTERPRISE)

    assert client.get(URL, query_string={"lot": "YS-17"}).status_code == 403
    assert client.get(f"{URL}.csv", query_string={"lot": "YS-17"}).status_code == 403


def test_the_ledger_shows_an_enterprise_its_page(
    client: Any, sign_in: SignIn, stored: None
) -> None:
    sign_in(client, Role.ENTERPRISE)

    page = client.get("/console/ledger")

    assert page.status_code == 200
    assert "YS-17" not in page.text  # rows of others stay with others


def test_a_bad_ledger_is_shown_with_its_problems(
    client: Any, sign_in: SignIn, story: list[dict[str, str]]
) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)
    rows = [dict(row) for row in story]
    rows[0]["数量"] = "many"

    answer = client.post(
        "/console/ledger",
        data={"file": (io.BytesIO(csv_of(rows)), "ledger.csv"), "step": "store"},
        content_type="multipart/form-data",
    )

    assert answer.status_code == 303, answer.text
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200
    assert "/marked" in page.text
    marked = client.get(answer.headers["Location"] + "/marked")
    assert marked.status_code == 200
    assert "问题" in marked.data.decode("utf-8-sig")


def test_a_ledger_without_a_file_is_refused_on_the_page(client: Any, sign_in: SignIn) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)

    answer = client.post("/console/ledger", data={})

    assert answer.status_code == 422
    assert 'id="errors"' in answer.text


def test_an_inspector_may_not_upload(client: Any, sign_in: SignIn) -> None:
    sign_in(client, Role.INSPECTOR)

    assert client.post("/console/ledger", data={}).status_code == 403


def test_a_link_opens_its_lot_though_another_has_that_number(
    client: Any,
    session: Session,
    sign_in: SignIn,
    stored: None,
    story: list[dict[str, str]],
) -> None:
    lot_id = queries.lot_by_number(session, "YS-17").lot_id
    renamed = [
        {title: cell.replace("YS-17", str(lot_id)) for title, cell in row.items()}
        | ({"单据号": row["单据号"] + "-2"} if row.get("单据号") else {})
        for row in story
    ]
    assert imports.run(session, SYSTEM, LEDGER, csv_of(renamed), "second.csv").stored
    sign_in(client, Role.INSPECTOR)

    page = client.get(URL, query_string={"lot_id": lot_id}).text

    assert "· <b>YS-17</b>" in page
    assert f"· <b>{lot_id}</b>" in client.get(URL, query_string={"lot": lot_id}).text


def test_reports_that_name_a_lot_are_for_those_who_read_warnings(
    client: Any, sign_in: SignIn, session: Session, stored: None
) -> None:
    report_incident(
        session,
        SYSTEM,
        kind="accident",
        received_on=date(2026, 11, 3),
        region_code="990100",
        category_code="C1",
        description="caught fire in the hall",
        lot_no="YS-17",
    )
    session.commit()
    query = {"lot": "YS-17", "warning": "WS-2026-0001"}

    sign_in(client, Role.RISK_ANALYST)
    analyst = client.get(URL, query_string=query).text
    sign_in(client, Role.INSPECTOR)
    inspector = client.get(URL, query_string=query).text

    assert "caught fire in the hall" in analyst
    assert 'href="/console/warnings/WS-2026-0001"' in analyst
    assert "caught fire in the hall" not in inspector
    assert "/console/warnings/WS-2026-0001" not in inspector


def test_a_lot_that_is_not_found_is_said_so(client: Any, sign_in: SignIn, stored: None) -> None:
    sign_in(client, Role.INSPECTOR)

    page = client.get(URL, query_string={"lot": "NO-SUCH", "lang": "en"}).text

    assert 'class="note warn" role="status"' in page


def test_shares_of_a_lot_follow_its_balance_and_never_pass_the_whole(app: Any) -> None:
    part = Amount(Decimal(0), Decimal(20))
    balance = LotBalance("C62", exactly(200), exactly(60), exactly(130), NOTHING, NOTHING, part)
    wrong = LotBalance("C62", exactly(10), exactly(60), exactly(130), NOTHING, NOTHING, NOTHING)

    with app.test_request_context():
        told = {each.name: (each.share, each.start, each.width) for each in parts_of(balance)}
        drawn = sum(float(each.width.rstrip("%")) for each in parts_of(wrong))

    assert told["sold"] == ("65%", "0.00%", "65.00%")
    assert told["held"] == ("30%", "65.00%", "30.00%")
    assert told["unaccounted"] == ("0–10%", "95.00%", "0.00%")
    assert drawn == 100


def test_amounts_are_read_with_their_bounds() -> None:
    assert amount_words(exactly(10500)) == "10,500"
    assert amount_words(Amount(Decimal(0), Decimal("2.50"))) == "0–2.5"
    assert amount_words(Amount(Decimal(3), None)) == "3–?"


def test_a_trace_of_events_names_holders_by_their_location_numbers(
    client: Any, sign_in: SignIn, session: Session
) -> None:
    events = [
        commission("E-1", 12, "A", at=1),
        ship("E-1", 12, "A", "B", at=2),
        receive("E-1", 12, "A", "B", at=3),
    ]
    ids = Journal(capture_id=1, enterprise_id=None).add(session, events, at=now()).event_ids
    take_in(session, ids[0], ids[-1])
    sign_in(client, Role.INSPECTOR)

    page = client.get(URL, query_string={"lot": "E-1"})

    assert page.status_code == 200
    assert gln("A") in page.text
    assert gln("B") in page.text
    assert client.get(f"{URL}.xlsx", query_string={"lot": "E-1"}).status_code == 200
