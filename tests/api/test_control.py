"""Steps that end contamination, and traces from several lots, over HTTP."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM, Actor, Role
from tests.services.traceability.conftest import Town, csv_of, story, town
from traceability.imports import LEDGER

__all__ = ["story", "town"]  # fixtures of the services, used here too

SignIn = Callable[..., Actor]
URL = "/api/v1"
STEPS = f"{URL}/trace/kill-steps"
BODY = {"kind": "cleaning", "from_at": "2026-09-10T12:00:00+00:00", "document_no": "QX-1"}


@pytest.fixture
def stored(session: Session, story: list[dict[str, str]]) -> list[dict[str, str]]:
    """The story, in the journal."""
    assert imports.run(session, SYSTEM, LEDGER, csv_of(story), "story.csv").stored
    return story


def test_staff_record_and_withdraw(client: Any, sign_in: SignIn, town: Town) -> None:
    sign_in(client, Role.INSPECTOR)

    made = client.post(STEPS, json={**BODY, "enterprise_id": town.dealer.id, "place": "一号线"})

    assert made.status_code == 201, made.json
    assert made.json["confirmed_at"] is not None
    address = made.headers["Location"]
    shown = client.get(address)
    assert shown.json["place"] == "一号线"
    reason = {"reason": "the wrong line"}
    assert client.post(f"{address}/withdraw", json=reason).status_code == 428
    gone = client.post(
        f"{address}/withdraw", json=reason, headers={"If-Match": shown.headers["ETag"]}
    )
    assert gone.status_code == 200, gone.json
    assert gone.json["withdrawn_reason"] == "the wrong line"
    again = client.post(
        f"{address}/withdraw", json=reason, headers={"If-Match": shown.headers["ETag"]}
    )
    assert again.status_code == 412
    listed = client.get(STEPS, query_string={"standing": "true"}).json
    assert listed["total"] == 0
    assert client.get(STEPS).json["total"] == 1


def test_an_enterprise_records_its_own_and_staff_confirm(
    app: Any, client: Any, sign_in: SignIn, town: Town
) -> None:
    firm, other = app.test_client(), app.test_client()
    sign_in(firm, Role.ENTERPRISE, enterprise_id=town.dealer.id)
    sign_in(other, Role.ENTERPRISE, enterprise_id=town.shop.id)
    sign_in(client, Role.INSPECTOR)

    made = firm.post(STEPS, json=BODY)
    address = made.headers["Location"]
    tag = {"If-Match": made.headers["ETag"]}

    assert made.status_code == 201, made.json
    assert (made.json["enterprise_id"], made.json["confirmed_at"]) == (town.dealer.id, None)
    assert other.get(address).status_code == 404
    assert other.get(STEPS).json["total"] == 0
    assert other.post(STEPS, json={**BODY, "enterprise_id": town.dealer.id}).status_code == 403
    assert firm.post(f"{address}/confirm", headers=tag).status_code == 403
    assert client.post(f"{address}/confirm", headers=tag).json["confirmed_at"] is not None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "prayer"}, 422),
        ({"from_at": "2999-01-01T00:00:00+00:00"}, 422),
        ({"from_at": "2026-09-10T12:00:00"}, 422),
        ({"document_no": None}, 422),
        ({"carry_over_lots": -1}, 422),
        ({"file_sha256": "0" * 64}, 404),
        ({"colour": "red"}, 422),
    ],
)
def test_steps_that_make_no_sense(
    client: Any, sign_in: SignIn, town: Town, body: dict[str, Any], status: int
) -> None:
    sign_in(client, Role.INSPECTOR)

    answer = client.post(STEPS, json={**BODY, "enterprise_id": town.dealer.id, **body})

    assert answer.status_code == status, answer.json


def test_the_public_sees_nothing(client: Any, town: Town) -> None:
    assert client.get(STEPS).status_code == 401
    assert client.post(STEPS, json=BODY).status_code == 401


def test_a_trace_from_several_lots(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.INSPECTOR)
    one = client.get(f"{URL}/trace", query_string={"lot": "YS-17"}).json
    lots = {each["lot"]["number"]: each["lot"]["lot_id"] for each in one["lots"]}
    holder = one["holdings"][1]["party_id"]

    both = client.get(f"{URL}/trace", query_string={"lot_id": [lots["YS-17"], lots["C-0711"]]}).json
    part = client.get(
        f"{URL}/trace",
        query_string={"lot_id": [lots["YS-17"], lots["C-0711"]], "party_id": [holder, 0]},
    ).json
    misfit = client.get(
        f"{URL}/trace",
        query_string={"lot_id": [lots["YS-17"], lots["C-0711"]], "party_id": [holder]},
    )

    assert [each["lot"]["number"] for each in both["seeds"]] == ["YS-17", "C-0711"]
    assert both["seed"]["number"] == "YS-17"
    assert {each["side"] for each in both["lots"]} == {"seed"}
    assert [each["party_id"] for each in part["seeds"]] == [holder, None]
    assert misfit.status_code == 422
    assert {each["level"] for each in both["holdings"]} <= {"certain", "probable", "possible"}


def test_a_sheet_says_what_was_asked(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.INSPECTOR)
    one = client.get(f"{URL}/trace", query_string={"lot": "YS-17"}).json
    lots = {each["lot"]["number"]: each["lot"]["lot_id"] for each in one["lots"]}

    book = client.get(
        f"{URL}/trace.xlsx",
        query_string={"lot_id": [lots["YS-17"], lots["C-0711"]], "contact": "station"},
    )

    workbook = openpyxl.load_workbook(io.BytesIO(book.data))
    cells = [cell.value for row in workbook.worksheets[-1].iter_rows() for cell in row]
    assert {"YS-17", "C-0711"} <= set(cells)
    header, *rows = workbook.worksheets[0].iter_rows(values_only=True)
    assert len(header) == 23
    assert {row[10] for row in rows} <= {"certain", "确定"}


def test_contact_is_an_option(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.INSPECTOR)

    found = client.get(f"{URL}/trace", query_string={"lot": "C-0711", "contact": "station"})
    wrong = client.get(f"{URL}/trace", query_string={"lot": "C-0711", "contact": "air"})
    lines = client.get(f"{URL}/trace", query_string={"lot": "C-0711", "contact": "line"})

    assert (found.status_code, found.json["contact"]) == (200, "station")
    assert found.json["kill_step_ids"] == []
    assert wrong.status_code == 400
    # Ledgers have no lines: nothing found would be no answer.
    assert (lines.status_code, lines.json["type"]) == (
        422,
        "/problems/traceability/no-line-known",
    )


def test_scores_of_findings(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.RISK_ANALYST)
    one = client.get(f"{URL}/trace", query_string={"lot": "YS-17"}).json
    lots = {each["lot"]["number"]: each["lot"]["lot_id"] for each in one["lots"]}
    both = [lots["YS-17"], lots["C-0711"]]

    found = client.get(f"{URL}/trace/scores", query_string={"lot_id": both, "weight": [1, 3]})
    counted = client.get(f"{URL}/trace/scores", query_string={"lot_id": both, "counting": "count"})

    assert found.status_code == 200, found.json
    scores = {each["lot"]["number"]: each["score"] for each in found.json["lots"]}
    assert scores == {"C-0711": 1.0, "YS-17": 0.25}
    parties = {each["party"]["name"]: each for each in found.json["parties"]}
    assert parties["白鹭电容器有限公司"]["score"] == 1.0
    assert parties["白鹭电容器有限公司"]["is_common_link"] is True
    assert parties["好骑车行有限公司"]["score"] == 0.25
    assert [each["score"] for each in counted.json["lots"]] == [1.0, 0.5]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"lot_id": [1, 2], "weight": [1]}, 400),
        ({"lot_id": [1], "weight": ["nan"]}, 400),
        ({"lot_id": [1], "weight": [1e300]}, 400),
        ({"lot_id": [10**12]}, 404),
        ({"lot_id": [1], "as_of": "2999-01-01T00:00:00+00:00"}, 422),
    ],
)
def test_scores_that_make_no_sense(
    client: Any, sign_in: SignIn, query: dict[str, Any], status: int
) -> None:
    sign_in(client, Role.INSPECTOR)

    answer = client.get(f"{URL}/trace/scores", query_string=query)

    assert answer.status_code == status, answer.json
