"""Result codes, the life of a record, the embargo, the columns of a notice, the papers."""

from __future__ import annotations

import itertools
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling.maths.documents import (
    BASIS_ORDER,
    Kind,
    changes_between,
    read_paper,
)
from sampling.maths.notices import (
    ALIASES,
    COLUMNS,
    STYLES,
    FailedItem,
    PublishableResult,
    column_of,
    columns_of,
    header,
    notice_row,
)
from sampling.maths.publication import (
    Act,
    CodeTable,
    Hindrance,
    Purpose,
    RecordState,
    ResultCode,
    Stage,
    code_problem,
    hindrance,
    next_state,
    read_codes,
    suggested_codes,
)

ROOT = Path(__file__).resolve().parents[3]
DAY = date(2026, 3, 2)
OUTCOMES = ("pass", "conditions", "fail", "not_done")


@pytest.fixture(scope="module")
def table() -> CodeTable:
    text = (ROOT / "sampling" / "packs" / "result-codes.json").read_text("utf-8")
    return read_codes(json.loads(text))


# ---- codes ---------------------------------------------------------------------------------


def test_code_1_excludes_every_other_one(table: CodeTable) -> None:
    known = table.on(DAY)
    alone = [code for code in known if known[code].national == 1]

    for one, other in itertools.combinations(known, 2):
        problem = code_problem(table, [one, other], on=DAY, outcome="pass")
        assert (problem is not None) == (one in alone or other in alone), (one, other)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_code_1_stands_for_a_passed_inspection_only(table: CodeTable, outcome: str) -> None:
    assert (code_problem(table, ["1"], on=DAY, outcome=outcome) is None) == (outcome == "pass")


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_is_suggested_may_be_given(table: CodeTable, outcome: str) -> None:
    codes = suggested_codes(outcome)

    assert bool(codes) == (outcome != "not_done")
    if codes:
        assert code_problem(table, codes, on=DAY, outcome=outcome) is None


def test_a_local_code_stands_for_a_national_one(table: CodeTable) -> None:
    assert table.national(["7.1", "7.2", "4.1"], DAY) == (4, 7)


def test_a_code_can_be_given_on_its_days_only() -> None:
    old = ResultCode("5", 5, "旧", "old", date(2014, 10, 1), date(2025, 12, 31))
    new = ResultCode("5", 8, "新", "new", date(2026, 1, 1), None)
    table = CodeTable((old, new))

    assert table.on(date(2025, 12, 31))["5"].title_zh == "旧"
    assert table.on(date(2026, 1, 1))["5"].national == 8
    problem = code_problem(table, ["5"], on=date(2014, 9, 30), outcome="fail")
    assert problem is not None
    assert problem.facts["codes"] == "5"


@pytest.mark.parametrize(
    "codes",
    [
        (ResultCode("5", 5, "", "", DAY, None), ResultCode("5", 5, "", "", DAY, None)),
        (
            ResultCode("5", 5, "", "", DAY, DAY + timedelta(days=9)),
            ResultCode("5", 5, "", "", DAY + timedelta(days=9), None),
        ),
    ],
)
def test_a_code_that_stands_twice_on_a_day_is_refused(codes: tuple[ResultCode, ...]) -> None:
    with pytest.raises(ValueError, match="twice"):
        CodeTable(codes)


@pytest.mark.parametrize("national", [0, 9, -1])
def test_there_are_eight_national_codes(national: int) -> None:
    with pytest.raises(ValueError, match="1 to 8"):
        ResultCode("x", national, "", "", DAY, None)


# ---- states --------------------------------------------------------------------------------


def test_nothing_is_public_that_did_not_wait_for_review() -> None:
    before = [state for state in RecordState if next_state(state, Act.PUBLISH)]

    assert before == [RecordState.PENDING]


def test_a_published_record_can_only_be_withdrawn_and_a_withdrawn_one_nothing() -> None:
    open_acts = {
        state: [act for act in Act if next_state(state, act)]
        for state in (RecordState.PUBLISHED, RecordState.WITHDRAWN)
    }

    assert open_acts == {RecordState.PUBLISHED: [Act.WITHDRAW], RecordState.WITHDRAWN: []}


# ---- embargo -------------------------------------------------------------------------------


@given(
    stage=st.sampled_from(list(Stage)),
    purpose=st.sampled_from(list(Purpose)),
    ahead=st.integers(min_value=-400, max_value=400) | st.none(),
)
def test_only_a_settled_result_of_an_open_list_may_be_said(
    stage: Stage, purpose: Purpose, ahead: int | None
) -> None:
    disclosed_on = None if ahead is None else DAY + timedelta(days=ahead)

    found = hindrance(purpose=purpose, stage=stage, disclosed_on=disclosed_on, today=DAY)

    settled = stage in (Stage.CONFIRMED, Stage.FINAL)
    assert (found is None) == (
        purpose is not Purpose.MONITORING and settled and (ahead is None or ahead <= 0)
    )
    if purpose is Purpose.MONITORING:
        assert found is Hindrance.MONITORING  # named first, whatever else stands in the way


# ---- notices -------------------------------------------------------------------------------


def result(**changes: Any) -> PublishableResult:
    facts: dict[str, Any] = {
        "sample_no": "S1",
        "case_no": "C1",
        "purpose": Purpose.SUPERVISION,
        "stage": Stage.FINAL,
        "outcome": "fail",
        "sampled_on": DAY,
        "unit_name": "甲店",
        "unit_code": None,
        "unit_address": "甲省甲市一路 1 号",
        "unit_province": "甲省",
        "product": "充电器",
        "failed_items": (FailedItem("输出电压", "5.9 V", "≤5.5 V"), FailedItem("标识", "", "")),
    }
    return PublishableResult(**{**facts, **changes})


def row(**changes: Any) -> dict[str, str]:
    return notice_row(
        result(**changes), serial=3, announcement_no="2026-1", announced_on=date(2026, 5, 1)
    )


def test_a_row_has_every_column_and_no_empty_one() -> None:
    made = row()

    assert list(made) == list(COLUMNS)
    assert all(made.values())
    assert (made["serial"], made["announced_on"]) == ("3", "2026-05-01")
    assert made["failed_items"] == "输出电压║5.9 V║≤5.5 V、标识║/║/"


def test_of_a_pass_only_the_province_is_printed() -> None:
    made = row(outcome="pass", failed_items=())

    assert made["unit_address"] == "甲省"
    assert "一路" not in "".join(made.values())


@pytest.mark.parametrize(
    "changes",
    [
        {"failed_items": ()},
        {"outcome": "pass"},
        {"outcome": "monitoring"},
        {"unit_name": " "},
        {"unit_province": ""},
        {"product": ""},
        {"sample_no": ""},
    ],
)
def test_a_result_that_contradicts_itself_cannot_exist(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        result(**changes)


def test_every_name_of_a_column_is_understood() -> None:
    for column, first in COLUMNS.items():
        assert column_of(f" {first} ") == column
        for name in ALIASES.get(column, ()):
            assert column_of(name) == column
    assert column_of("备案号") is None


def test_no_name_means_two_columns() -> None:
    names = [*COLUMNS.values(), *(name for group in ALIASES.values() for name in group)]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("style", list(STYLES))
def test_what_is_written_can_be_read_again(style: str) -> None:
    places = columns_of(header(style))

    assert places == {column: place for place, column in enumerate(COLUMNS)}


def test_two_names_of_one_column_in_a_header_are_refused() -> None:
    with pytest.raises(ValueError, match="same column"):
        columns_of(["经营者名称", "产品名称", "网店名称"])


# ---- papers --------------------------------------------------------------------------------

ROW: dict[str, Any] = {
    "key": "01",
    "item": "",
    "matter": "充电器",
    "target": "企业",
    "share": "5 %",
    "frequency": "2",
    "quantity": 7,
    "begins_on": date(2026, 3, 1),
    "ends_on": "2026-12-31",
    "lead": "质量科",
    "cooperating": "甲、乙,丙；丁",
    "purpose": "安全",
}


def test_a_paper_is_read_into_its_normal_form() -> None:
    document, problems = read_paper(Kind.ANNUAL_PLAN, {"rows": [ROW]}, year=2026)

    assert problems == []
    (read,) = document["rows"]
    assert (read["share"], read["frequency"], read["quantity"]) == ("0.05", 2, 7)
    assert (read["item"], read["begins_on"]) == (None, "2026-03-01")
    assert read["cooperating"] == ["甲", "乙", "丙", "丁"]


def test_a_normal_form_stays_as_it_is() -> None:
    document, _ = read_paper(Kind.ANNUAL_PLAN, {"rows": [ROW]}, year=2026)

    again, problems = read_paper(Kind.ANNUAL_PLAN, document, year=2026)

    assert problems == []
    assert again == document
    assert "float" not in {type(value).__name__ for value in document["rows"][0].values()}


@pytest.mark.parametrize("share", ["0", "-0.1", "1.01", "101%", "1e-400000", "Infinity", "五", 0.5])
def test_a_share_outside_its_range_is_refused(share: Any) -> None:
    _, problems = read_paper(Kind.ANNUAL_PLAN, {"rows": [{**ROW, "share": share}]}, year=2026)

    assert [one.field for one in problems] == ["rows.0.share"]


@pytest.mark.parametrize(
    ("share", "stored"),
    [("1", "1"), ("100%", "1"), ("0.10", "0.1"), ("０.5", "0.5"), ("3％", "0.03")],
)
def test_a_share_is_stored_as_a_plain_decimal(share: str, stored: str) -> None:
    document, problems = read_paper(
        Kind.ANNUAL_PLAN, {"rows": [{**ROW, "share": share}]}, year=2026
    )

    assert problems == []
    assert document["rows"][0]["share"] == stored


@given(st.permutations(BASIS_ORDER))
def test_the_basis_of_one_item_never_goes_back_to_a_stronger_one(order: list[str]) -> None:
    rows = [
        {"key": str(n), "item": "绝缘", "method": "m", "basis": basis, "standard": "s"}
        for n, basis in enumerate(order)
    ]
    body = {"product": "p", "sampling_method": "s", "verdict_rule": "v", "rows": rows}

    _, problems = read_paper(Kind.RULES, body, year=2026)

    assert (problems == []) == (list(order) == list(BASIS_ORDER))


def test_changes_name_what_was_added_removed_and_changed() -> None:
    before = {"note": None, "rows": [{"key": "1", "a": 1}, {"key": "2", "a": 2}]}
    after = {"note": "x", "rows": [{"key": "2", "a": 3}, {"key": "3", "a": 4}]}

    found = [(one.key, one.change, one.fields) for one in changes_between(before, after)]

    assert found == [
        ("", "changed", ("note",)),
        ("1", "removed", ()),
        ("2", "changed", ("a",)),
        ("3", "added", ()),
    ]
    assert changes_between(before, before) == ()
