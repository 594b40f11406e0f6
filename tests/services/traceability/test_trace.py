"""Traces over the database: the right rows are read, at the right record time, and no others."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import imports
from core.clock import frozen, now
from tests import factories
from tests.services.traceability.conftest import CAPACITOR, CHARGER, Town, row
from traceability.errors import (
    FutureRecordTime,
    HolderUnknown,
    LotAmbiguous,
    LotUnknown,
    NotATraceSize,
)
from traceability.maths.amounts import exactly
from traceability.maths.answer import FindingKind, GapReason, Side, Trace
from traceability.maths.tracing import trace_lots
from traceability.queries.ledger import find_lots, lot_by_number, lots_beside
from traceability.queries.neighbourhood import rows_of_lots
from traceability.service.tracing import lot_detail, trace

Load = Callable[..., imports.Outcome]


def of(session: Session, number: str, **facts: Any) -> Trace:
    return trace(session, lot_by_number(session, number).lot_id, **facts)


def holders(found: Trace, *sides: Side) -> list[tuple[str, str | None]]:
    names = {each.party_id: each.name for each in found.parties}
    numbers = {each.lot.lot_id: each.lot.number for each in found.lots}
    return [
        (numbers[h.lot_id], names[h.party_id]) for h in found.holdings if h.side in (sides or Side)
    ]


def test_the_story_both_ways(session: Session, load: Load, story: list[Any]) -> None:
    load(story)

    found = of(session, "YS-17")

    assert holders(found, Side.SEED) == [
        ("YS-17", "云杉电器有限公司"),
        ("YS-17", "同舟商贸有限公司"),
        ("YS-17", "好骑车行有限公司"),
    ]
    assert holders(found, Side.UPSTREAM) == [
        ("C-0711", "云杉电器有限公司"),
        ("C-0711", "白鹭电容器有限公司"),
    ]
    roles = {each.name: each.roles for each in found.parties}
    assert roles == {
        "白鹭电容器有限公司": ("primary",),
        "云杉电器有限公司": ("maker",),
        "同舟商贸有限公司": ("distributor",),
        "好骑车行有限公司": ("seller",),
    }
    assert found.lots[0].balance.produced == exactly(5200)
    assert found.lots[0].balance.sold == exactly(780)
    assert [f.kind for f in found.findings] == [FindingKind.SHIPPED_RECEIVED_DIFFER]
    assert {g.reason for g in found.gaps} == {GapReason.STOCK_NOT_COUNTED}
    assert not found.truncated


def test_quantities_are_the_ledgers_own_digits(
    session: Session, load: Load, story: list[Any]
) -> None:
    load([{**story[0], "数量": "123456789012345.123456789", "单位": "千克"}])

    found = of(session, "C-0711")

    assert found.lots[0].balance.produced == exactly(Decimal("123456789012345.123456789"))
    assert found.lots[0].balance.unit == "KGM"


def test_forward_and_backward_alone(session: Session, load: Load, story: list[Any]) -> None:
    load(story)

    ahead = of(session, "C-0711", direction="forward")
    behind = of(session, "YS-17", direction="backward")

    assert [each.lot.number for each in ahead.lots] == ["C-0711", "YS-17"]
    assert ("YS-17", "好骑车行有限公司") in holders(ahead)
    assert holders(behind) == [
        ("YS-17", "云杉电器有限公司"),
        ("C-0711", "云杉电器有限公司"),
        ("C-0711", "白鹭电容器有限公司"),
    ]


def test_an_earlier_record_time_gives_the_earlier_answer_again(
    session: Session, load: Load, story: list[Any]
) -> None:
    with frozen(datetime(2026, 11, 20, tzinfo=UTC)):
        load(story[:4])
        before = of(session, "YS-17")
    with frozen(datetime(2026, 11, 22, tzinfo=UTC)):
        load(story, name="later.csv")
        right = {**story[3], "数量": "3300", "单据号": "TZ-1b", "更正单据号": "TZ-1"}
        load([right], name="correction.csv")
        after = of(session, "YS-17")
        replayed = of(session, "YS-17", as_of=datetime(2026, 11, 20, tzinfo=UTC))

    assert replayed == before
    assert replayed.digest() == before.digest()
    assert len(after.holdings) > len(before.holdings)
    shipped = {h.balance.shipped for h in after.holdings if h.side is Side.SEED and h.depth == 0}
    assert shipped == {exactly(3300)}


def test_a_voided_row_is_gone_from_then_on(session: Session, load: Load, story: list[Any]) -> None:
    load(story)
    void = {**story[5], "事件": "作废", "单据号": "Z-1", "更正单据号": "HQ-1"}

    load([void], name="void.csv")

    (shop,) = [h for h in of(session, "YS-17").holdings if h.balance.sold == exactly(780)]
    assert shop.balance.received == exactly(0)


def test_a_corrected_production_takes_its_inputs_along(
    session: Session, load: Load, story: list[Any]
) -> None:
    load(story)
    none = {**story[2], "投入批次": "无", "单据号": "P-2b", "更正单据号": "P-2"}

    load([none], name="correction.csv")

    assert [each.lot.number for each in of(session, "YS-17").lots] == ["YS-17"]


def test_a_sample_from_the_shop_shows_the_hands_it_went_through(
    session: Session, load: Load, story: list[Any], town: Town
) -> None:
    load(story)
    whole = of(session, "YS-17")
    (shop,) = [each for each in whole.parties if each.enterprise_id == town.shop.id]

    found = of(session, "YS-17", party_id=shop.party_id, direction="backward")

    assert [name for _, name in holders(found)] == [
        "好骑车行有限公司",
        "同舟商贸有限公司",
        "云杉电器有限公司",
        "云杉电器有限公司",
        "白鹭电容器有限公司",
    ]


def test_an_answer_that_was_cut_says_so(session: Session, load: Load, story: list[Any]) -> None:
    load(story)

    shallow = of(session, "C-0711", direction="forward", max_depth=2)
    small = of(session, "C-0711", direction="forward", max_nodes=1)

    assert (shallow.truncated, shallow.truncated_because) == (True, "max_depth")
    assert max(h.depth for h in shallow.holdings) == 2
    assert (small.truncated, small.truncated_because) == (True, "max_nodes")
    assert not of(session, "C-0711", direction="forward", max_depth=4).truncated


def test_questions_that_make_no_sense_are_refused(
    session: Session, load: Load, story: list[Any]
) -> None:
    load(story)
    factories.product(session, gtin="02900000000032")
    lot_id = lot_by_number(session, "YS-17").lot_id

    with pytest.raises(LotUnknown):
        lot_by_number(session, "NO-SUCH")
    with pytest.raises(LotUnknown):
        trace(session, 10**9)
    with pytest.raises(HolderUnknown):
        trace(session, lot_id, party_id=10**9)
    with pytest.raises(NotATraceSize):
        trace(session, lot_id, max_depth=0)
    with pytest.raises(FutureRecordTime):
        trace(session, lot_id, as_of=datetime(2999, 1, 1, tzinfo=UTC))


def test_a_number_that_two_products_share_must_be_told_apart(
    session: Session, load: Load, story: list[Any], town: Town
) -> None:
    load([story[0], {**story[2], "批号": "C-0711", "投入批次": "无"}])

    with pytest.raises(LotAmbiguous, match="used for 2 products"):
        lot_by_number(session, "c-0711")
    assert lot_by_number(session, "C-0711", gtin=CHARGER).product_name == "充电器"
    assert lot_by_number(session, "C-0711", maker_code=town.parts.code).product_name == "电容"


def test_lots_are_found_by_number_product_and_gtin_the_nearest_first(
    session: Session, load: Load, story: list[Any]
) -> None:
    load([*story, {**story[0], "批号": "C-07"}, {**story[0], "批号": "AC-07"}])

    assert [each.number for each in find_lots(session, "ｃ-07")] == ["C-07", "C-0711", "AC-07"]
    assert {each.number for each in find_lots(session, "充电")} == {"YS-17"}
    assert {each.number for each in find_lots(session, CHARGER)} == {"YS-17"}
    assert find_lots(session, "100%") == []


def test_a_lot_is_accounted_for(session: Session, load: Load, story: list[Any]) -> None:
    load(story)

    detail = lot_detail(session, lot_by_number(session, "C-0711").lot_id)

    assert detail.balance.produced == exactly(20000)
    assert detail.balance.consumed == exactly(10400)
    assert {each.party.name for each in detail.holders} == {
        "白鹭电容器有限公司",
        "云杉电器有限公司",
    }


def test_lots_beside_are_of_the_same_hands_and_not_of_the_trace(
    session: Session, load: Load, story: list[Any]
) -> None:
    sibling = {**story[2], "批号": "YS-16", "日期": "2026-08-20", "投入批次": "无", "单据号": "P-0"}
    load([sibling, *story])
    found = of(session, "YS-17")

    beside = lots_beside(session, found)

    assert [lot.number for _, lot in beside] == ["YS-16"]


def _random_ledger(seed: int, firms: list[str]) -> list[dict[str, str]]:
    chance = random.Random(seed)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows, held = [], {}
    for number in range(30):
        maker = chance.choice(firms)
        day = number * 3
        inputs = [lot for lot, (at, who) in held.items() if maker in who and at < day][:2]
        gtin = chance.choice([CHARGER, CAPACITOR])
        rows.append(
            row(
                事件="生产", 批号=f"L{number}", 商品条码=gtin, 数量=100, 发出单位代码=maker,
                日期=f"{start + timedelta(days=day):%Y-%m-%d}", 单据号=f"P{number}",
                投入批次=";".join(f"{g}/{n}×5" for g, n in inputs) or None,
            )
        )  # fmt: skip
        held[gtin, f"L{number}"] = (day, {maker})
        for hop in range(chance.randint(0, 4)):
            source = chance.choice(sorted(held[gtin, f"L{number}"][1]))
            target = chance.choice([firm for firm in firms if firm != source])
            rows.append(
                row(
                    事件=chance.choice(["发货", "收货", "退货"]), 批号=f"L{number}",
                    商品条码=gtin, 数量=chance.randint(1, 20), 发出单位代码=source,
                    去向单位代码=target,
                    日期=f"{start + timedelta(days=day + chance.randint(0, 9)):%Y-%m-%d}",
                    单据号=f"S{number}-{hop}",
                )
            )  # fmt: skip
            held[gtin, f"L{number}"][1].add(target)
    return rows


_REACH = """
    WITH RECURSIVE step (of_lot, of_party, to_lot, to_party) AS (
        SELECT lot_id, from_party_id, lot_id, to_party_id FROM trace_event
        WHERE kind IN ('shipment', 'receipt', 'return')
        UNION ALL
        SELECT input_lot_id, party_id, output_lot_id, party_id FROM lot_link
    ), reached (lot, party) AS (
        SELECT of_lot, of_party FROM step WHERE of_lot = :lot
        UNION SELECT to_lot, to_party FROM step WHERE to_lot = :lot
        UNION SELECT lot_id, from_party_id FROM trace_event
              WHERE lot_id = :lot AND kind = 'production'
        UNION
        SELECT step.to_lot, step.to_party FROM step
        JOIN reached ON reached.lot = step.of_lot AND reached.party = step.of_party
    )
    SELECT lot, party FROM reached
"""


@pytest.mark.parametrize("seed", range(4))
def test_reading_by_generation_misses_nothing(
    session: Session, load: Load, town: Town, seed: int
) -> None:
    firms = [each.code for each in (town.parts, town.maker, town.dealer, town.shop)]
    assert load(_random_ledger(seed, firms)).stored
    lots = session.execute(text("SELECT id FROM lot ORDER BY id")).scalars().all()
    whole = rows_of_lots(session, lots, now())

    for lot_id in lots:
        found = trace(session, lot_id)
        alone = trace_lots(whole.events, whole.uses, lot=lot_id)
        loose = trace(session, lot_id, direction="forward", dates="ignored")
        sql = set(session.execute(text(_REACH), {"lot": lot_id}).all())

        assert {replace(h, path=()) for h in found.holdings} == {
            replace(h, path=()) for h in alone.holdings
        }
        assert {edge.key for edge in found.edges} == {edge.key for edge in alone.edges}
        assert set(found.gaps) == set(alone.gaps)
        assert [f.kind for f in found.findings] == [f.kind for f in alone.findings]
        assert {(h.lot_id, h.party_id) for h in loose.holdings} == sql


def test_the_order_of_files_does_not_change_what_is_found(
    session: Session, load: Load, town: Town
) -> None:
    firms = [each.code for each in (town.parts, town.maker, town.dealer, town.shop)]
    rows = _random_ledger(9, firms)

    def answer() -> list[Any]:
        found = of(session, "L3")
        names = {each.party_id: each.code for each in found.parties}
        numbers = {each.lot.lot_id: each.lot.number for each in found.lots}
        return sorted(
            (numbers[h.lot_id], names[h.party_id] or "", h.side, h.depth, h.certain,
             str(h.balance))
            for h in found.holdings
        )  # fmt: skip

    with session.begin_nested() as savepoint:
        load(rows)
        one = answer()
        savepoint.rollback()
    for number, each in enumerate(reversed(rows)):
        load([each], name=f"{number}.csv")

    assert answer() == one
