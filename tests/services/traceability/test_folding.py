"""A reach folded to enterprises: counts agree with the answer, whoever is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sqlalchemy.orm import Session

from tests.services.traceability.conftest import CHARGER, Town, row
from traceability.maths.answer import Side
from traceability.queries.ledger import lot_by_number
from traceability.service.folding import fold, part_of
from traceability.service.reaching import (
    Found,
    Seed,
    Wish,
    find_reach,
    named,
    reaches_beyond,
)

Load = Callable[..., Any]


@pytest.fixture
def found(session: Session, load: Load, story: list[dict[str, str]], town: Town) -> Found:
    """C-0711 and all it reached: YS-17, and YS-18 that went to the dealer too."""
    more = [
        row(事件="生产", 批号="YS-18", 商品条码=CHARGER, 数量=50, 发出单位代码=town.maker.code,
            日期="2026-08-26", 单据号="P-3", 投入批次="C-0711×100"),
        row(事件="发货", 批号="YS-18", 商品条码=CHARGER, 数量=50, 发出单位代码=town.maker.code,
            去向单位代码=town.dealer.code, 日期="2026-09-16", 单据号="TZ-3"),
    ]  # fmt: skip
    more[0]["投入批次"] = story[2]["投入批次"].replace("×10400", "×100")
    assert load(story + more).stored
    lot_id = lot_by_number(session, "C-0711").lot_id
    return find_reach(session, Wish(seeds=(Seed(lot_id),)))


def test_every_holding_is_counted_once_in_its_tier(session: Session, found: Found) -> None:
    folded = fold(session, found)

    assert sum(tier.holdings for tier in folded.tiers) == folded.holdings == len(found.node)
    assert {(tier.side, tier.depth): tier.holdings for tier in folded.tiers} == {
        (side, depth): count for side, depth, count in found.totals
    }
    rows = list(named(session, found, 0, len(found.node)))
    assert folded.lots == len({each.lot.lot_id for each in rows})
    assert folded.parties == len({each.party.party_id for each in rows})
    for tier in folded.tiers:
        there = [each for each in rows if (each.side, each.depth) == (tier.side, tier.depth)]
        assert tier.lots == len({each.lot.lot_id for each in there})
        for card in tier.cards:
            assert card.lots == sum(each.party == card.party for each in there)


def test_those_beyond_the_named_are_counted(session: Session, found: Found) -> None:
    whole, short = fold(session, found, most=9), fold(session, found, most=1)

    assert any(tier.parties > 1 or tier.lots > 1 for tier in whole.tiers)
    for tier, other in zip(whole.tiers, short.tiers, strict=True):
        assert other.cards == tier.cards[:1]
        assert other.others == len(tier.cards) - 1
        assert other.other_holdings == sum(each.lots for each in tier.cards[1:])


def test_tiers_run_the_way_goods_go(session: Session, found: Found) -> None:
    last = found.wish.seeds[0]
    shop = lot_by_number(session, "YS-17").lot_id
    upward = find_reach(session, Wish(seeds=(Seed(shop),)))

    order = [(tier.side, tier.depth) for tier in fold(session, upward).tiers]

    assert last.lot_id != shop
    sides = [side for side, _ in order]
    assert sides == sorted(sides, key=(Side.UPSTREAM, Side.SEED, Side.DOWNSTREAM).index)
    assert [depth for side, depth in order if side is Side.UPSTREAM] == [2, 1]


def test_a_part_holds_what_it_says(session: Session, found: Found) -> None:
    folded = fold(session, found)
    tier = folded.tiers[-1]
    card = tier.cards[0]

    part = part_of(found, folded, side=tier.side, depth=tier.depth, party_id=card.party.party_id)

    assert len(part) == card.lots
    rows = list(named(session, found, 0, len(found.node)))
    for place in part.tolist():
        assert (rows[place].side, rows[place].depth) == (tier.side, tier.depth)
        assert rows[place].party == card.party
    assert np.array_equal(part_of(found, folded), np.arange(len(found.node)))


def test_whether_an_answer_is_larger_than_a_bound(session: Session, found: Found) -> None:
    size = len(found.node)

    assert reaches_beyond(session, found.wish, size - 1)
    assert not reaches_beyond(session, found.wish, size)
