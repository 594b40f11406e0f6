from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import imports
from core.actors import SYSTEM
from core.cells import day, decimal_number, whole_number
from core.imports import MappingFault, Outcome
from core.workbooks import UnreadableFile, read_table, safe_cell, write_csv, write_xlsx
from registry.imports import INSPECTORS, ROSTER
from registry.maths.codes import make_uscc
from registry.models import Category, Enterprise, Person, PersonQualification
from tests import factories

HEADER = "统一社会信用代码,名称,行政区划,产品类别,信用风险等级"


def uscc(n: int) -> str:
    return make_uscc(authority="91", region="999901", organisation=f"MA{n:06d}")


def row(n: int, name: str = "岚州甲电器有限公司", grade: str = "B") -> str:
    return f"{uscc(n)},{name},岚州市,电热水壶,{grade}"


def run_roster(session: Session, *lines: str, encoding: str = "utf-8", **how: Any) -> Outcome:
    content = "\n".join([HEADER, *lines]).encode(encoding)
    return imports.run(session, SYSTEM, ROSTER, content, "名录.csv", **how)


def enterprises(session: Session) -> int:
    return session.execute(select(func.count()).select_from(Enterprise)).scalar_one()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_utf8_and_gbk_are_both_right(session: Session, encoding: str) -> None:
    outcome = run_roster(session, row(1), encoding=encoding)

    assert outcome.stored
    assert session.execute(select(Enterprise.name)).scalar_one() == "岚州甲电器有限公司"


def test_another_encoding_is_refused_with_advice() -> None:
    with pytest.raises(UnreadableFile, match="CSV UTF-8"):
        read_table("编号,名称\n1,甲".encode("utf-16"), "a.csv")


def test_a_quotation_mark_that_is_not_closed_is_told_with_its_line() -> None:
    with pytest.raises(UnreadableFile, match="line 3"):
        read_table(b'a,b\n1,2\n3,"4\n5,6', "a.csv")


@pytest.mark.parametrize("content", [b"", b"  \n ", b"PK\x03\x04nonsense", b"a,a\n1,2"])
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableFile):
        read_table(content, "a.csv")


def test_a_dry_run_stores_nothing_and_counts_everything(session: Session) -> None:
    outcome = run_roster(session, row(1), row(2), dry_run=True)

    assert outcome.counts["added"] == 2
    assert not outcome.stored
    assert enterprises(session) == 0


def test_one_bad_row_stops_the_whole_file(session: Session) -> None:
    outcome = run_roster(session, row(1), row(2, grade="E"))

    assert not outcome.stored
    assert enterprises(session) == 0
    assert [(each.row, each.field) for each in outcome.problems] == [(3, "grade")]


def test_the_same_file_comes_back_with_a_problem_column(session: Session) -> None:
    outcome = run_roster(session, row(1), row(2, grade="E"))

    assert outcome.marked_file is not None
    assert outcome.marked_name == "名录-问题.csv"
    marked = list(csv.reader(io.StringIO(outcome.marked_file.decode("utf-8-sig"))))
    assert marked[0][-1] == "问题"
    assert marked[1][-1] == ""
    assert "one of A, B, C, D" in marked[2][-1]


def test_a_returned_file_can_go_round_again_with_one_column_of_remarks(session: Session) -> None:
    first = run_roster(session, row(1), row(2, grade="E"))
    assert first.marked_file is not None

    second = imports.run(session, SYSTEM, ROSTER, first.marked_file, "名录-问题.csv")

    assert second.marked_file is not None
    header = read_table(second.marked_file, "again.csv").header
    assert header == [*HEADER.split(","), "问题"]


def test_our_remarks_in_a_returned_file_are_read_as_no_field() -> None:
    from risk.imports import KINDS

    mapping = imports.Mapping.by_titles(["编号", "受理日期", "问题"], KINDS["complaints"])

    assert set(mapping.columns) == {"source_no", "received_on"}


def test_the_corrected_file_passes(session: Session) -> None:
    run_roster(session, row(1), row(2, grade="E"))

    assert run_roster(session, row(1), row(2, grade="D")).stored
    assert enterprises(session) == 2


def test_good_rows_can_be_stored_alone_and_the_choice_is_recorded(session: Session) -> None:
    outcome = run_roster(session, row(1), row(2, grade="E"), good_rows_only=True)

    assert outcome.stored
    assert enterprises(session) == 1
    assert session.execute(select(imports.ImportRecord.good_rows_only)).scalar_one()


def test_the_same_file_twice_is_recognised(session: Session) -> None:
    run_roster(session, row(1))

    again = run_roster(session, row(1))

    assert again.known_since is not None
    assert not again.stored
    assert enterprises(session) == 1


def test_a_code_that_stands_twice_is_told_with_the_first_row(session: Session) -> None:
    outcome = run_roster(session, row(1), row(2), row(1, name="另一家"))

    assert [(each.row, each.message) for each in outcome.problems] == [
        (4, "Already in row 2 of this file; keep one of them.")
    ]


def test_a_wrong_check_character_is_refused(session: Session) -> None:
    good = uscc(1)
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")

    outcome = run_roster(session, f"{wrong},甲,岚州市,电热水壶,B")

    assert [each.field for each in outcome.problems] == ["code"]


def test_a_known_enterprise_is_brought_up_to_date(session: Session) -> None:
    run_roster(session, row(1))

    outcome = run_roster(session, row(1, name="岚州甲电器股份有限公司", grade="D"))

    assert outcome.counts == {"added": 0, "updated": 1}
    found = session.execute(select(Enterprise)).scalar_one()
    assert (found.name, found.grade, found.version) == ("岚州甲电器股份有限公司", "D", 2)


def test_a_missing_column_is_named_with_what_the_file_has(session: Session) -> None:
    with pytest.raises(MappingFault, match="统一社会信用代码"):
        imports.run(session, SYSTEM, ROSTER, "名称\n甲".encode(), "a.csv")


def test_a_mapping_for_a_column_that_is_not_there_is_refused(session: Session) -> None:
    with pytest.raises(MappingFault, match="'Licence'"):
        imports.run(
            session,
            SYSTEM,
            ROSTER,
            b"License,Name\n1,a",
            "a.csv",
            mapping={"columns": {"code": "Licence", "name": "Name"}},
        )


def test_a_workbook_reads_like_a_csv_file(session: Session) -> None:
    cells = [line.split(",") for line in (row(1), row(2))]
    content = write_xlsx([("名录", HEADER.split(","), cells)])

    assert imports.run(session, SYSTEM, ROSTER, content, "名录.xlsx").stored
    assert enterprises(session) == 2


def test_a_workbook_with_problems_comes_back_as_a_workbook(session: Session) -> None:
    cells = [row(1, grade="E").split(",")]
    content = write_xlsx([("名录", HEADER.split(","), cells)])

    outcome = imports.run(session, SYSTEM, ROSTER, content, "名录.xlsx")

    assert outcome.marked_file is not None
    back = read_table(outcome.marked_file, "back.xlsx")
    assert back.header[-1] == "问题"
    assert "信用风险等级" in back.rows[0][-1]


def test_inspectors_come_with_their_qualifications(session: Session) -> None:
    factories.category(session, code="K1", name="电热水壶")
    content = "工号,姓名,资质类别,执法证有效期,资深\nJ1,甲,K1,2027-01-31,是\nJ2,乙,,2027/1/31,否"

    outcome = imports.run(session, SYSTEM, INSPECTORS, content.encode(), "人员.csv")

    assert outcome.stored, outcome.problems
    assert session.execute(select(func.count()).select_from(Person)).scalar_one() == 2
    pairs = session.execute(
        select(Person.number, Category.code)
        .join(PersonQualification, PersonQualification.person_id == Person.id)
        .join(Category, Category.id == PersonQualification.category_id)
    ).all()
    assert [tuple(pair) for pair in pairs] == [("J1", "K1")]


def test_an_unknown_qualification_is_refused_by_row(session: Session) -> None:
    content = "工号,姓名,资质类别\nJ1,甲,没有"

    outcome = imports.run(session, SYSTEM, INSPECTORS, content.encode(), "人员.csv")

    assert [(each.row, each.field) for each in outcome.problems] == [(2, "qualifications")]


def test_a_distinct_mapping_takes_each_thing_once_and_passes_over_the_nameless(
    session: Session,
) -> None:
    content = "inspector,result\nblue,Pass\n,Fail\nblue,Fail\ngreen,Pass"
    mapping = {"distinct": True, "columns": {"number": "inspector"}}

    outcome = imports.run(
        session, SYSTEM, INSPECTORS, content.encode(), "visits.csv", mapping=mapping
    )

    assert outcome.counts == {"added": 2, "named again": 1, "without a key": 1}
    assert sorted(session.execute(select(Person.number)).scalars()) == ["blue", "green"]


@given(st.text(max_size=20))
def test_no_cell_we_write_is_a_formula(text: str) -> None:
    assert not str(safe_cell(text)).startswith(("=", "+", "-", "@"))


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=8),
            min_size=2,
            max_size=2,
        ),
        max_size=8,
    )
)
def test_a_table_survives_the_way_through_csv(rows: list[list[str]]) -> None:
    content = write_csv(["甲", "乙"], rows)

    back = read_table(content, "a.csv").rows

    assert back == [
        [str(safe_cell(cell)) for cell in each] for each in rows if any(c.strip() for c in each)
    ]


@pytest.mark.parametrize("text", ["2026-11-18", "2026/11/18", "2026.11.18", "2026年11月18日"])
def test_a_day_may_be_written_in_the_usual_ways(text: str) -> None:
    assert day(text).isoformat() == "2026-11-18"


@pytest.mark.parametrize("text", ["2026-02-30", "18-11-2026", "昨天"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="2026-11-18"):
        day(text)


def test_counts_and_amounts_say_what_to_write() -> None:
    assert whole_number("1,200") == 1200
    assert str(decimal_number("12.50")) == "12.50"
    for parse, text in ((whole_number, "-1"), (whole_number, "1.5"), (decimal_number, "nan")):
        with pytest.raises(ValueError, match="write"):
            parse(text)


@pytest.mark.shared
def test_the_real_roster_imports_whole(session: Session, shared_dir: Any) -> None:
    import json

    from tests.conftest import ROOT

    mapping = json.loads((ROOT / "registry/mappings/chicago-roster.json").read_text())
    content = (shared_dir / "data" / "establishments.csv").read_bytes()

    outcome = imports.run(session, SYSTEM, ROSTER, content, "establishments.csv", mapping=mapping)

    assert outcome.problems == []
    assert outcome.counts["added"] == 12_367
