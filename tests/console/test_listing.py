"""Lists: what the address asks for is what stands there, as a page and as a file."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import openpyxl
import pytest
from sqlalchemy.orm import Session

from api.auth import COOKIE
from api.console.listing import PER_PAGE, Column, Filter, Listing
from core.actors import Role
from registry.service import issue_token
from tests import factories


@dataclass(frozen=True)
class Row:
    name: str
    count: int | None
    level: str = "blue"


ROWS = [Row("b", 3, "red"), Row("a", None), Row("c", 10, "yellow"), Row("d", 1, "orange")]


@contextmanager
def listing(app: Any, query: str, rows: Sequence[Row] = ROWS) -> Iterator[Listing]:
    columns = [
        Column("name", "Name", lambda row: row.name),
        Column("count", "Count", lambda row: row.count, "number"),
        Column("level", "Level", lambda row: row.level, "level", shown=False),
    ]
    filters = [Filter("level", "Level", [("red", "Red")], pills=True), Filter("q", "Words")]
    with app.test_request_context(f"/list?{query}"):
        yield Listing(columns, filters, sort="name").fill(rows)


def names(found: Listing) -> str:
    return "".join(row.name for row in found.rows)


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", "abcd"),
        ("sort=-name", "dcba"),
        ("sort=count", "dbca"),  # what has no number stands last, in both directions
        ("sort=-count", "cbda"),
        ("sort=-level", "bdca"),  # red is the highest, not the last of the alphabet
        ("sort=nonsense", "abcd"),
    ],
)
def test_a_list_is_sorted_as_the_address_says(app: Any, query: str, order: str) -> None:
    with listing(app, query) as found:
        assert names(found) == order


def test_a_second_press_on_a_column_turns_the_order_round(app: Any) -> None:
    with listing(app, "sort=count") as found:
        assert found.sort_of(found.columns[1]) == "ascending"
        assert "sort=-count" in found.sorted_by(found.columns[1])
        assert "sort=name" in found.sorted_by(found.columns[0])


def test_a_page_beyond_the_last_is_the_last(app: Any) -> None:
    many = [Row(f"{n:03d}", n) for n in range(PER_PAGE + 5)]

    with listing(app, "page=99", many) as found:
        assert found.page == 2
        assert len(found.rows) == 5
        assert found.page_numbers == [1, 2]


def test_the_whole_list_is_for_paper(app: Any) -> None:
    many = [Row(f"{n:03d}", n) for n in range(PER_PAGE * 3)]

    with listing(app, "view=all&page=2", many) as found:
        assert len(found.rows) == PER_PAGE * 3
        assert found.first == 0


def test_gaps_stand_between_far_pages(app: Any) -> None:
    many = [Row(f"{n:03d}", n) for n in range(PER_PAGE * 20)]

    with listing(app, "page=10", many) as found:
        assert found.page_numbers == [1, None, 8, 9, 10, 11, 12, None, 20]


def test_columns_are_chosen_and_never_all_gone(app: Any) -> None:
    with listing(app, "") as usual:
        assert [column.name for column in usual.shown] == ["name", "count"]
    with listing(app, "cols=level") as one:
        assert [column.name for column in one.shown] == ["level"]
    with listing(app, "cols=nonsense") as none:
        assert none.shown


def test_the_form_keeps_what_it_does_not_hold(app: Any) -> None:
    with listing(app, "level=red&sort=-count&page=3&q=x") as found:
        assert sorted(found.kept()) == [("level", "red"), ("sort", "-count")]
        assert found.is_filtered
        assert "level=" not in found.unfiltered()
        assert "page=" not in found.with_filter("level", "red")


def test_a_sheet_says_how_it_was_filtered(app: Any) -> None:
    with listing(app, "level=red") as found:
        content = found.file("xlsx")
        content.direct_passthrough = False
        book = openpyxl.load_workbook(io.BytesIO(content.get_data()))

    rows, about = book.worksheets
    assert [cell.value for cell in rows[1]] == ["Name", "Count", "Level"]
    assert rows.max_row == 1 + len(ROWS)
    told = {row[0].value: row[1].value for row in about.iter_rows(min_row=2)}
    assert "Red" in told.values()
    assert len(ROWS) in told.values()


@pytest.fixture
def inside(session: Session, client: Any) -> Any:
    """A client whose session is an administrator's."""
    account = factories.account(session, role=Role.ADMINISTRATOR)
    client.set_cookie(COOKIE, issue_token(session, account.id, kind="session"))
    return client


def test_page_and_data_hold_the_same_rows(inside: Any, session: Session) -> None:
    for n in range(3):
        factories.enterprise(session, name=f"甲{n}厂", grade="D")
    factories.enterprise(session, name="乙厂", grade="A")

    data = inside.get("/console/enterprises.json?grade=D&sort=-name").json
    page = inside.get("/console/enterprises?grade=D&sort=-name").text

    assert data["total"] == 3
    assert data["filter"] == {"grade": "D"}
    assert [item["name"] for item in data["items"]] == ["甲2厂", "甲1厂", "甲0厂"]
    places = [page.index(name) for name in ("甲2厂", "甲1厂", "甲0厂")]
    assert places == sorted(places)
    assert "乙厂" not in page


def test_formulas_in_names_stay_text_in_files(inside: Any, session: Session) -> None:
    factories.enterprise(session, name="=HYPERLINK(1)")

    text = inside.get("/console/enterprises.csv").get_data(as_text=True)

    assert "'=HYPERLINK(1)" in text


@pytest.mark.parametrize(
    "path",
    [
        "/console/enterprises",
        "/console/ledger",
        "/console/plans",
        "/console/warnings",
        "/console/recalls",
        "/recalls",
        "/draws",
    ],
)
def test_files_refuse_what_they_do_not_know(inside: Any, path: str) -> None:
    assert inside.get(f"{path}.json").status_code == 200
    assert inside.get(f"{path}.csv").status_code == 200
    assert inside.get(f"{path}.xlsx").status_code == 200
    assert inside.get(f"{path}.json?colour=red").status_code == 400
    assert inside.get(f"{path}.pdf").status_code == 404
    assert inside.get(f"{path}?utm_source=mail").status_code == 200
