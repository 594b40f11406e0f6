"""The public notice: its text, its hash, and what keeps it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recall.maths.labels import fold, marks_of_notice, marks_to_ask, search_text
from recall.maths.notice import NoticeItem, NoticeText, Slip, lint

GOOD = NoticeText(
    number="RC-2026-0001",
    enterprise="云汐市测试厂",
    product="充电器",
    brand="云汐",
    model="YX-65",
    items=(NoticeItem("04006381333931", "充电器", "C-0711"),),
    quantity="1000",
    unit="个",
    defect="内部电容耐压不足",
    hazard="过热起火",
    consequence="可能造成烧伤和财产损失",
    instruction="请立即停止使用并拔下电源",
    remedies=("refund",),
    measures="凭实物全额退款，运费由本公司承担",
    contact="400-820-0000",
    starts_on="2026-11-20",
)


def slips(text: NoticeText) -> list[tuple[str, Slip]]:
    return [(problem.field, problem.slip) for problem in lint(text)]


def test_a_plain_notice_passes() -> None:
    assert lint(GOOD) == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"hazard": " "}, ("hazard", Slip.EMPTY)),
        ({"items": ()}, ("items", Slip.EMPTY)),
        ({"remedies": ()}, ("remedies", Slip.EMPTY)),
        ({"defect": "出于预防性考虑，电容耐压不足"}, ("defect", Slip.SOFTENER)),
        ({"measures": "A voluntary refund, free of charge"}, ("measures", Slip.SOFTENER)),
        ({"consequence": "内部电容耐压不足"}, ("consequence", Slip.SAME_AS_DEFECT)),
        ({"instruction": "请联系我们"}, ("instruction", Slip.NO_STOP_USE)),
        ({"measures": "更换适配器"}, ("measures", Slip.NOT_FREE)),
        ({"contact": "service@example.cn"}, ("contact", Slip.NO_PHONE)),
        ({"items": (NoticeItem("04006381333930", "充电器", "C-0711"),)}, ("items", Slip.GTIN)),
    ],
)
def test_each_slip_is_found_alone(change: dict[str, Any], expected: tuple[str, Slip]) -> None:
    assert slips(replace(GOOD, **change)) == [expected]


def test_the_document_is_read_back_unchanged() -> None:
    assert NoticeText.read(GOOD.document()) == GOOD
    assert NoticeText.read(GOOD.document()).sha256() == GOOD.sha256()


def test_every_word_changes_the_hash() -> None:
    hashes = {replace(GOOD, **{name: "改"}).sha256() for name in ("defect", "hazard", "contact")}

    assert len(hashes | {GOOD.sha256()}) == 4


def test_a_day_that_is_none_and_a_remedy_that_is_none_are_refused() -> None:
    with pytest.raises(ValueError, match="isoformat"):
        replace(GOOD, starts_on="soon")
    with pytest.raises(ValueError, match="apology"):
        replace(GOOD, remedies=("apology",))


def test_labels_are_compared_without_case_width_and_spaces() -> None:
    assert fold("Ｃ-0711 a") == fold("c-0711A")


def test_every_field_of_a_notice_is_a_mark() -> None:
    assert marks_of_notice(GOOD) == {
        "gtin=04006381333931",
        "brand=云汐",
        "model=yx65",
        "article=云汐/yx65",
        "lot=c0711",
    }


@pytest.mark.parametrize(
    ("label", "asked"),
    [
        ({"gtin": "4006381333931", "lot": "C-0711"}, {"gtin=04006381333931"}),
        ({"brand": "云汐", "model": "YX-65"}, {"article=云汐/yx65"}),
        ({"model": "YX-65"}, {"model=yx65"}),
        ({"lot": "C-0711"}, {"lot=c0711"}),
        ({"brand": "云汐", "lot": "C-0711"}, {"lot=c0711"}),
        ({}, set()),
    ],
)
def test_an_item_is_looked_up_by_what_names_its_product(
    label: dict[str, str], asked: set[str]
) -> None:
    blank = {"gtin": "", "brand": "", "model": "", "lot": ""}

    assert marks_to_ask(**{**blank, **label}) == asked


def test_the_search_text_holds_the_words_in_comparable_form() -> None:
    assert fold("电容 耐压") in search_text(GOOD)
    assert "yx65" in search_text(GOOD)
