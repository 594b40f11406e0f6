"""Uploads: what was understood, what is wrong, and that only checked files are stored."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.console import previews
from api.imports import KINDS
from core import imports
from core.actors import STAFF, SYSTEM, Role
from core.imports import ImportRecord, Mapping
from risk.imports import COMPLAINTS
from tests.console.doors import sign_in

__all__ = ["sign_in"]

SignIn = Callable[..., None]
URL = "/console/imports"
HEADER = "编号,受理日期,行政区划代码,产品类别代码,备注\n"
GOOD = HEADER + "A1,2026-11-02,990100,C1,x\nA2,2026-11-03,990100,C1,y\n"
BAD = HEADER + "A1,2026-11-02,990100,C1,x\n,yesterday,990100,C1,y\n"


def _checked(session: Session, text: str, name: str = "c.csv") -> ImportRecord:
    record = imports.request(session, SYSTEM, COMPLAINTS, text.encode(), name)
    session.flush()
    imports.carry_out(session, SYSTEM, COMPLAINTS, record)
    session.commit()
    return record


@pytest.mark.parametrize("role", sorted(STAFF | {Role.ENTERPRISE}))
def test_uploads_their_files_and_templates_are_for_three_roles(
    client: Any, session: Session, sign_in: SignIn, role: Role
) -> None:
    record = _checked(session, BAD)
    sign_in(client, role)
    expected = 403 if role in (Role.INSPECTOR, Role.ENTERPRISE) else 200

    for path in (f"/{record.id}", f"/{record.id}/marked", ".csv", "/templates/roster.xlsx"):
        assert client.get(URL + path).status_code == expected, path


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_names_columns_samples_and_what_is_not_used(
    client: Any, session: Session, sign_in: SignIn, lang: str
) -> None:
    record = _checked(session, GOOD)
    sign_in(client, Role.RISK_ANALYST)

    page = client.get(f"{URL}/{record.id}?lang={lang}").text
    found = previews.preview(session, record, COMPLAINTS)

    assert found is not None
    assert [each.header for each in found.found] == HEADER.strip().split(",")[:4]
    assert found.unused == ("备注",)
    assert found.rows[1] == (3, ("A2", "2026-11-03", "990100", "C1"))
    assert "A1 · A2" in page
    assert "备注" in page


def test_bad_cells_are_shown_with_row_column_value_and_words(
    client: Any, session: Session, sign_in: SignIn
) -> None:
    record = _checked(session, BAD)
    sign_in(client, Role.LEAD_INSPECTOR)

    found = previews.bad_cells(session, record, COMPLAINTS)
    page = client.get(f"{URL}/{record.id}").text

    assert [(each.row, each.title, each.value) for each in found] == [
        (3, "编号", ""),
        (3, "受理日期", "yesterday"),
    ]
    assert "<code>yesterday</code>" in page
    assert "不是日期" in page


def test_words_with_a_semicolon_stay_one_problem() -> None:
    cell = "编号: Write it; it is the key.; 批号: Too long."

    assert previews.told(cell, {"编号", "批号"}) == [
        ("编号", "Write it; it is the key."),
        ("批号", "Too long."),
    ]


def test_only_the_beginning_of_a_large_file_is_read(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = _checked(session, HEADER + "".join(f"A{n},2026-11-02,990100,C1,x\n" for n in range(9)))
    monkeypatch.setattr(previews, "MOST_BYTES", len(HEADER.encode()) + 70)

    found = previews.preview(session, record, COMPLAINTS)

    assert found is not None
    assert [number for number, _cells in found.rows] == [2, 3]


def test_a_file_that_was_not_checked_or_is_stored_is_not_stored(
    client: Any, session: Session, sign_in: SignIn
) -> None:
    waiting = imports.request(session, SYSTEM, COMPLAINTS, GOOD.encode(), "w.csv")
    session.commit()
    stored = _checked(session, GOOD + "A3,2026-11-03,990100,C1,z\n")
    stored.state = "done"
    session.commit()
    before = session.scalar(select(func.count()).select_from(ImportRecord))
    sign_in(client, Role.ADMINISTRATOR)

    for record in (waiting, stored):
        answer = client.post(f"{URL}/{record.id}/store")
        assert answer.status_code == 409
        assert 'role="alert"' in answer.text
    assert session.scalar(select(func.count()).select_from(ImportRecord)) == before


def test_the_list_is_filtered_in_the_address_and_exported(
    client: Any, session: Session, sign_in: SignIn
) -> None:
    _checked(session, GOOD, "good.csv")
    sign_in(client, Role.ADMINISTRATOR)

    def names(**query: str) -> list[str]:
        items = client.get(f"{URL}.json", query_string=query).json["items"]
        return [item["file"] for item in items]

    assert names(kind="complaints") == ["good.csv"]
    assert names(kind="roster") == []
    assert names(state="checked") == ["good.csv"]
    book = client.get(f"{URL}.xlsx", query_string={"kind": "complaints"})
    sheets = openpyxl.load_workbook(io.BytesIO(book.data)).worksheets
    assert sheets[0].max_row == 2
    assert any(row[1].value == 1 for row in sheets[1].iter_rows(max_col=2))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_template_is_understood_when_it_comes_back(
    client: Any, session: Session, sign_in: SignIn, kind: str
) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)

    book = client.get(f"{URL}/templates/{kind}.xlsx")

    sheet = openpyxl.load_workbook(io.BytesIO(book.data)).worksheets[0]
    header = [str(cell.value) for cell in next(sheet.iter_rows(max_row=1))]
    understood = Mapping.by_titles(header, KINDS[kind]).columns
    assert set(understood) == {each.name for each in KINDS[kind].fields}


def test_an_unknown_template_or_upload_is_not_found(
    client: Any, session: Session, sign_in: SignIn
) -> None:
    sign_in(client, Role.LEAD_INSPECTOR)

    assert client.get(f"{URL}/templates/nonsense.xlsx").status_code == 404
    assert client.get(f"{URL}/999999").status_code == 404
