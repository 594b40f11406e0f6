"""Files out and back: prefilled tables, exports, and what is wrong with a returned one."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import Role
from core.workbooks import read_table, write_xlsx
from sampling.queries.records import record_edition
from sampling.service import records
from tests.console.doors import sign_in
from tests.sampling_records import Field, out
from tests.services.sampling.conftest import at, city

__all__ = ["at", "city", "out", "sign_in"]


@pytest.fixture
def door(session: Session, client: Any, out: Field, sign_in: Callable[..., None]) -> Any:
    """A client signed in as the leading sampler."""
    sign_in(client, Role.INSPECTOR, person_id=out.first.person_id)
    return client


def send(door: Any, kind: str, content: bytes, name: str = "back.xlsx") -> Any:
    sent = {"kind": kind, "file": (io.BytesIO(content), name)}
    return door.post("/console/records/files", data=sent)


def test_the_prefilled_table_names_every_unit_with_its_team_and_comes_back(
    door: Any, out: Field
) -> None:
    records.save(out.session, out.first, out.no, values={"contact_phone": "0990-555-0101"})
    out.session.commit()
    sheet = read_table(
        door.get(f"/console/plans/{out.plan_no}/records-template.xlsx").data, "t.xlsx"
    )
    at_of = {title: place for place, title in enumerate(sheet.header)}

    assert len(sheet.rows) == 10  # the plan draws four and six
    assert all("、" in row[at_of["抽样人员（供核对）"]] for row in sheet.rows)
    assert "0990-555-0101" not in str(sheet.rows)
    (mine,) = [row for row in sheet.rows if row[at_of["抽样单编号"]] == out.no]
    row = [*mine, *[""] * (len(sheet.header) - len(mine))]
    row[at_of["产品名称"]] = "USB充电器"
    content = write_xlsx([("抽样单", sheet.header, [row])])

    answer = send(door, "sampling_records", content)

    assert answer.status_code == 200
    view = record_edition(out.session, out.no)
    assert view.values["product_name"] == "USB充电器"
    assert view.values["contact_phone"] == "0990-555-0101"
    # Sent again after a change, the same row is told, not stored over it.
    assert send(door, "sampling_records", content + b"\0").status_code == 422


def test_a_table_filled_for_units_of_others_is_refused(door: Any, out: Field) -> None:
    sheet = read_table(
        door.get(f"/console/plans/{out.plan_no}/records-template.xlsx").data, "t.xlsx"
    )
    answer = send(door, "sampling_records", write_xlsx([("抽样单", sheet.header, sheet.rows)]))

    assert answer.status_code == 422
    assert "note bad" in answer.text


def test_results_go_out_and_come_in(door: Any, out: Field) -> None:
    address = f"/console/plans/{out.plan_no}"
    sheet = read_table(door.get(f"{address}/results-template.xlsx").data, "t.xlsx")
    at_of = {title: place for place, title in enumerate(sheet.header)}
    (row,) = [row for row in sheet.rows if row[at_of["抽签单位代码"]] == out.code]
    row = [*row, *[""] * (len(sheet.header) - len(row))]
    row[at_of["检查日期"]], row[at_of["检查结果"]] = "2023-09-15", "不合格"

    answer = send(door, "plan_results", write_xlsx([("抽查结果", sheet.header, [row])]))
    told = door.get(f"{address}/results.json").json

    assert answer.status_code == 200
    assert [(one["code"], one["outcome"]) for one in told["items"]] == [(out.code, "fail")]
    assert door.get(f"{address}/results.csv").status_code == 200
    # The unit has its result: the table for results no longer asks for it.
    again = read_table(door.get(f"{address}/results-template.xlsx").data, "t.xlsx")
    assert len(again.rows) == len(sheet.rows) - 1


def test_the_frozen_roster_goes_out_whole(door: Any, out: Field) -> None:
    address = f"/console/plans/{out.plan_no}"

    assert door.get(f"{address}/frame.json").json["total"] == 30
    assert read_table(door.get(f"{address}/frame.xlsx").data, "f.xlsx").header[0]
    assert door.get("/console/plans/CC-1999-0001/frame.csv").status_code == 404
    assert door.get(f"{address}/frame.csv?colour=red").status_code == 400


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"colour,size\nred,1\n"])
def test_a_file_that_is_no_table_is_refused(door: Any, content: bytes) -> None:
    assert send(door, "sampling_records", content, "x.csv").status_code == 422


def test_a_file_too_long_to_wait_for_is_sent_elsewhere(door: Any) -> None:
    content = "计划编号\n" + "CC-1\n" * 101

    answer = send(door, "sampling_records", content.encode(), "x.csv")

    assert answer.status_code == 422
    assert "101" in answer.text


def test_the_page_lists_drawn_plans_and_is_closed_to_others(
    door: Any, client: Any, out: Field, sign_in: Callable[..., None]
) -> None:
    assert out.plan_no in door.get("/console/records/files").text

    sign_in(client, Role.RISK_ANALYST)
    assert client.get("/console/records/files").status_code == 403
