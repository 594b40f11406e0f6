"""Traces and ledgers over HTTP: who may, what comes back, what is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM, Actor, Role
from tests import factories
from tests.services.traceability.conftest import CHARGER, Town, csv_of, story, town
from traceability.imports import LEDGER, ROWS_AT_ONCE

__all__ = ["story", "town"]  # fixtures of the services, used here too

SignIn = Callable[..., Actor]
URL = "/api/v1"


@pytest.fixture
def stored(session: Session, story: list[dict[str, str]]) -> list[dict[str, str]]:
    """The story, in the journal."""
    outcome = imports.run(session, SYSTEM, LEDGER, csv_of(story), "story.csv")
    assert outcome.stored
    return story


def upload(client: Any, content: bytes, name: str = "ledger.csv", **query: Any) -> Any:
    return client.post(
        f"{URL}/ledgers",
        data={"file": (io.BytesIO(content), name)},
        query_string=query,
        content_type="multipart/form-data",
    )


def test_a_trace_by_lot_number(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.INSPECTOR)

    answer = client.get(f"{URL}/trace", query_string={"lot": "ys-17", "direction": "both"})

    assert answer.status_code == 200, answer.json
    found = answer.json
    assert found["seed"]["number"] == "YS-17"
    assert [each["lot"]["number"] for each in found["lots"]] == ["YS-17", "C-0711"]
    assert found["lots"][0]["balance"]["produced"] == {"lo": "5200", "hi": "5200"}
    assert len(found["digest"]) == 64
    assert found["truncated"] is False
    keys = {edge["key"] for edge in found["edges"]}
    assert all(set(holding["path"]) <= keys for holding in found["holdings"])


def test_the_same_question_gives_the_same_answer(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.INSPECTOR)
    first = client.get(f"{URL}/trace", query_string={"lot": "YS-17"}).json

    again = client.get(
        f"{URL}/trace",
        query_string={"lot_id": first["seed"]["lot_id"], "as_of": first["as_of"]},
    ).json

    assert again == first


def test_a_trace_as_sheets(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.RISK_ANALYST)

    sheet = client.get(f"{URL}/trace.csv", query_string={"lot": "YS-17"})
    book = client.get(f"{URL}/trace.xlsx", query_string={"lot": "YS-17"})

    lines = sheet.data.decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + 5
    assert "attachment" in sheet.headers["Content-Disposition"]
    workbook = openpyxl.load_workbook(io.BytesIO(book.data))
    assert len(workbook.sheetnames) == 5
    assert workbook.worksheets[0].max_row == 1 + 5


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"lot": "YS-17", "lot_id": 1}, 400),
        ({"lot": "NO-SUCH"}, 404),
        ({"lot_id": 10**30}, 404),
        ({"lot": "YS-17", "direction": "sideways"}, 400),
        ({"lot": "YS-17", "max_depth": 0}, 422),
        ({"lot": "YS-17", "as_of": "2999-01-01T00:00:00+00:00"}, 422),
        ({"lot": "YS-17", "party_id": 99999999}, 404),
        ({"lot": "YS-17", "colour": "red"}, 400),
    ],
)
def test_questions_that_make_no_sense(
    client: Any, sign_in: SignIn, stored: Any, query: dict[str, Any], status: int
) -> None:
    sign_in(client, Role.INSPECTOR)

    answer = client.get(f"{URL}/trace", query_string=query)

    assert answer.status_code == status, answer.json
    assert answer.json["type"].startswith("/problems/")


def test_a_chinese_lot_number_gives_a_file_name(
    client: Any, sign_in: SignIn, session: Session, stored: Any
) -> None:
    rows = [{**stored[0], "批号": "批次-1"}]
    assert imports.run(session, SYSTEM, LEDGER, csv_of(rows), "more.csv").stored
    sign_in(client, Role.INSPECTOR)

    sheet = client.get(f"{URL}/trace.csv", query_string={"lot": "批次-1"})

    assert "filename*=UTF-8''trace-%E6" in sheet.headers["Content-Disposition"]


def test_lots_are_found_and_accounted_for(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.INSPECTOR)

    found = client.get(f"{URL}/lots", query_string={"q": "ys"}).json
    by_gtin = client.get(f"{URL}/lots", query_string={"q": CHARGER}).json
    detail = client.get(f"{URL}/lots/{found['items'][0]['lot_id']}").json

    assert found["total"] == 1
    assert by_gtin["items"] == found["items"]
    assert detail["balance"]["sold"] == {"lo": "780", "hi": "780"}
    assert {each["party"]["name"] for each in detail["holders"]} == {
        "云杉电器有限公司",
        "同舟商贸有限公司",
        "好骑车行有限公司",
    }


def test_an_enterprise_may_not_trace(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.ENTERPRISE)

    for path in ("/trace?lot=YS-17", "/trace.csv?lot=YS-17", "/lots", "/lots/1"):
        assert client.get(f"{URL}{path}").status_code == 403


def test_a_stranger_sees_nothing(client: Any, stored: Any) -> None:
    for path in ("/trace?lot=YS-17", "/lots", "/movements", "/ledgers", "/ledger-findings"):
        assert client.get(f"{URL}{path}").status_code == 401


def test_an_enterprise_sees_its_own_movements_only(
    client: Any, sign_in: SignIn, stored: Any, town: Town
) -> None:
    sign_in(client, Role.ENTERPRISE, enterprise_id=town.dealer.id)

    own = client.get(f"{URL}/movements").json
    asked = client.get(f"{URL}/movements", query_string={"enterprise_id": town.maker.id}).json

    assert [each["kind"] for each in own["items"]] == ["shipment", "receipt"]
    assert own["items"][1]["from_party"]["name"] == "云杉电器有限公司"
    assert own["items"][1]["quantity"] == "3190"
    assert asked["total"] == 0


def test_staff_see_all_movements_page_by_page(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)

    first = client.get(f"{URL}/movements", query_string={"limit": 5}).json
    second = client.get(f"{URL}/movements", query_string={"limit": 5, "cursor": first["next"]}).json

    assert first["total"] == 8
    assert len(first["items"] + second["items"]) == 8
    assert second["next"] is None


def test_an_enterprise_uploads_its_ledger(
    client: Any, sign_in: SignIn, stored: Any, town: Town
) -> None:
    sign_in(client, Role.ENTERPRISE, enterprise_id=town.maker.id)
    more = {**stored[3], "单据号": "TZ-9", "数量": "100"}

    answer = upload(client, csv_of([more]))

    assert answer.status_code == 201, answer.json
    assert answer.json["state"] == "done"
    assert answer.json["counts"]["rows added"] == 1
    assert client.get(answer.headers["Location"]).json["id"] == answer.json["id"]
    assert client.get(f"{URL}/ledgers").json["total"] == 1


def test_an_enterprise_cannot_see_anothers_upload(
    client: Any, sign_in: SignIn, stored: Any, town: Town
) -> None:
    sign_in(client, Role.ENTERPRISE, enterprise_id=town.maker.id)
    address = upload(client, csv_of([stored[3]])).headers["Location"]

    sign_in(client, Role.ENTERPRISE, enterprise_id=town.shop.id)

    assert client.get(address).status_code == 404
    assert client.get(f"{URL}/ledgers").json["total"] == 0


def test_refused_rows_come_back_in_the_same_file(
    client: Any, sign_in: SignIn, stored: Any, town: Town
) -> None:
    sign_in(client, Role.ENTERPRISE, enterprise_id=town.maker.id)
    wrong = [{**stored[3], "数量": "-1"}, stored[5]]

    answer = upload(client, csv_of(wrong))
    marked = client.get(answer.headers["Location"] + "/marked")

    assert (answer.json["state"], answer.json["has_marked_file"]) == ("refused", True)
    assert answer.json["problem_count"] >= 1
    assert "问题" in marked.data.decode("utf-8-sig").splitlines()[0]
    assert client.get(f"{URL}/movements").json["total"] == 2


def test_a_dry_run_stores_nothing(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)
    before = client.get(f"{URL}/movements").json["total"]

    answer = upload(client, csv_of([{**stored[3], "单据号": "TZ-9"}]), dry_run="true")

    assert answer.json["state"] == "checked"
    assert client.get(f"{URL}/movements").json["total"] == before


def test_the_same_file_twice_is_recognised(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)
    content = csv_of([{**stored[3], "单据号": "TZ-9"}])
    upload(client, content)

    assert upload(client, content).json["state"] == "known"


def test_a_large_ledger_waits_for_a_job(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)
    rows = [{**stored[3], "单据号": f"N-{n}"} for n in range(ROWS_AT_ONCE + 1)]

    answer = upload(client, csv_of(rows))

    assert answer.status_code == 202
    assert answer.json["state"] == "to-store"
    assert answer.json["message_id"] is not None


def test_a_file_that_is_no_table_is_refused(client: Any, sign_in: SignIn, stored: Any) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)

    empty = upload(client, b"")
    strange = upload(client, "甲,乙\n1,2\n".encode())

    assert empty.status_code == 422
    assert strange.status_code == 422
    assert strange.json["type"] == "/problems/imports/mapping"


def test_an_inspector_may_read_and_not_upload(
    client: Any, sign_in: SignIn, session: Session, stored: Any
) -> None:
    sign_in(client, Role.INSPECTOR)
    factories.region(session)

    assert client.get(f"{URL}/movements").status_code == 200
    assert upload(client, csv_of(stored)).status_code == 403
