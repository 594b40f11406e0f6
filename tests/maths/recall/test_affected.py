"""Affected, not affected, cannot tell; and never "safe"."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recall.maths.affected import Answer, DecidingField, Item, Verdict, judge
from recall.maths.notice import NoticeItem, NoticeText

GTIN = "4006381333931"
OTHER_GTIN = "036000291452"
NOTICE = NoticeText(
    number="RC-2026-0001",
    enterprise="厂",
    product="充电器",
    brand="云汐",
    model="YX-65",
    items=(
        NoticeItem("04006381333931", "充电器", "C-0711"),
        NoticeItem("04006381333931", "充电器", "C-0712"),
    ),
    quantity="",
    unit="",
    defect="a",
    hazard="b",
    consequence="c",
    instruction="d",
    remedies=("refund",),
    measures="e",
    contact="f",
    starts_on="2026-11-20",
)
WITHOUT_GTIN = replace(NOTICE, items=(NoticeItem(None, "充电器", "C-0711"),))


@pytest.mark.parametrize(
    ("item", "verdict", "deciding"),
    [
        (Item(gtin=GTIN, lot="c-0711"), Verdict.AFFECTED, DecidingField.LOT),
        (Item(gtin=GTIN, lot="Ｃ 0711"), Verdict.AFFECTED, DecidingField.LOT),
        (Item(gtin=GTIN, lot="C-O711"), Verdict.CANNOT_TELL, DecidingField.LOT),
        (Item(gtin=GTIN, lot="C-0799"), Verdict.NOT_AFFECTED, DecidingField.LOT),
        (Item(gtin=GTIN), Verdict.CANNOT_TELL, DecidingField.LOT),
        (Item(gtin=OTHER_GTIN, lot="C-0711"), Verdict.NO_MATCH, None),
        (Item(gtin="4006381333930", lot="C-0711"), Verdict.CANNOT_TELL, DecidingField.GTIN),
        (Item(lot="C-0711"), Verdict.CANNOT_TELL, DecidingField.GTIN),
        (Item(lot="Z-1"), Verdict.NO_MATCH, None),
        (Item(brand="云汐", model="yx-65", lot="C-0712"), Verdict.AFFECTED, DecidingField.LOT),
        (Item(brand="别家", model="YX-65", lot="C-0712"), Verdict.NO_MATCH, None),
        (Item(model="YX-65", lot="C-0712"), Verdict.CANNOT_TELL, DecidingField.BRAND),
        (Item(brand="云汐", model="YX-65"), Verdict.CANNOT_TELL, DecidingField.LOT),
        (Item(), Verdict.NO_MATCH, None),
    ],
)
def test_the_label_decides(item: Item, verdict: Verdict, deciding: DecidingField | None) -> None:
    found = judge(item, [NOTICE])

    assert (found.verdict, found.deciding) == (verdict, deciding)


def test_a_gtin_does_not_speak_against_a_notice_that_has_none() -> None:
    item = Item(gtin=GTIN, brand="云汐", model="YX-65", lot="C-0711")

    assert judge(item, [WITHOUT_GTIN]).verdict is Verdict.AFFECTED


def test_the_worst_answer_of_several_recalls_counts_and_names_its_recalls() -> None:
    later = replace(NOTICE, number="RC-2026-0002", items=NOTICE.items[1:])
    item = Item(gtin=GTIN, lot="C-0711")

    assert judge(item, [later, NOTICE]) == Answer(
        Verdict.AFFECTED, DecidingField.LOT, ("RC-2026-0001",)
    )
    assert judge(Item(gtin=GTIN, lot="C-0712"), [later, NOTICE]).recalls == (
        "RC-2026-0002",
        "RC-2026-0001",
    )


def test_no_answer_says_safe() -> None:
    assert "safe" not in {verdict.value for verdict in Verdict}
    assert judge(Item(gtin=GTIN, lot="C-0711"), []).verdict is Verdict.NO_MATCH
