"""Scope from a trace: lines, evidence, and what nobody can place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall.maths.scope import (
    Basis,
    Evidence,
    Goods,
    Holder,
    Oddity,
    stated_scope,
    traced_scope,
)
from traceability.maths.amounts import NOTHING, UNKNOWN, Amount, exactly, total
from traceability.maths.answer import (
    Finding,
    FindingKind,
    Holding,
    LotView,
    PartyView,
    Side,
    Trace,
    TracedLot,
)
from traceability.maths.balance import Balance, LotBalance
from traceability.maths.ledger import LinkState

MAKER, SHOP, SECOND_MAKER = 10, 20, 30
SEED = LotView(1, "C-0711", 100, "电容", "04006381333931", None, MAKER)
MADE_FROM = LotView(2, "YS2408-17", 200, "充电器", None, None, SECOND_MAKER)


def at_holder(**parts: Any) -> Balance:
    zero = dict.fromkeys(
        ("produced", "received", "returned_in", "shipped", "returned_out", "sold", "destroyed",
         "consumed", "on_hand", "unaccounted"),
        NOTHING,
    )  # fmt: skip
    return Balance(**{"unit": "H87", "counted": True, **zero, **parts})


def of_lot(produced: Amount = UNKNOWN, **parts: Any) -> LotBalance:
    zero = dict.fromkeys(("held", "sold", "destroyed", "consumed", "unaccounted"), NOTHING)
    return LotBalance(**{"unit": "H87", "produced": produced, **zero, **parts})


def holding(lot_id: int, party_id: int, depth: int, balance: Balance, **parts: Any) -> Holding:
    values: dict[str, Any] = {
        "side": Side.SEED if lot_id == 1 else Side.DOWNSTREAM,
        "earliest_at": None,
        "certain": True,
        "path": (),
        "weakest": LinkState.DECLARED,
    }
    return Holding(lot_id, party_id, depth=depth, balance=balance, **{**values, **parts})


def traced(
    *holdings: Holding,
    seed: LotBalance | None = None,
    findings: tuple[Finding, ...] = (),
    truncated: bool = False,
) -> Trace:
    lots = (
        TracedLot(SEED, Side.SEED, 0, None, True, seed or of_lot(exactly(1000))),
        TracedLot(MADE_FROM, Side.DOWNSTREAM, 1, None, True, of_lot(exactly(5000))),
    )
    parties = (
        PartyView(1, "enterprise", MAKER, "91A", "电容厂", None),
        PartyView(2, "enterprise", SHOP, "91B", "甲店", None),
        PartyView(3, "unlisted", None, None, None, None),
    )
    return Trace(
        seed=SEED,
        seed_party_id=1,
        direction="forward",
        dates="respected",
        as_of=datetime(2026, 11, 18, tzinfo=UTC),
        algorithm="test",
        last_event_id=1,
        parties=parties,
        lots=lots,
        holdings=holdings,
        edges=(),
        gaps=(),
        findings=findings,
        truncated=truncated,
        truncated_because="size" if truncated else None,
    )


PRODUCER = holding(1, 1, 0, at_holder(produced=exactly(1000), shipped=exactly(900)))


def test_each_holding_becomes_a_line_with_its_amounts() -> None:
    # The shop got 600 and 20 came back from a buyer; it sold 340, returned 10; 270 are counted.
    shop = holding(
        1,
        2,
        1,
        at_holder(
            received=exactly(600),
            returned_in=exactly(20),
            returned_out=exactly(10),
            sold=exactly(340),
            on_hand=exactly(270),
        ),
    )

    line = traced_scope(traced(shop, PRODUCER)).lines[1]

    assert line.goods == Goods(1, "C-0711", "04006381333931", "电容", MAKER)
    assert line.holder == Holder(SHOP, "91B", "甲店")
    assert (line.amounts.came, line.amounts.passed_on) == (exactly(620), exactly(10))
    assert (line.amounts.sold, line.amounts.on_hand) == (exactly(340), exactly(270))


def test_lines_come_in_a_fixed_order_whatever_the_order_of_the_trace() -> None:
    hands = (
        PRODUCER,
        holding(1, 2, 1, at_holder(received=exactly(600))),
        holding(1, 3, 1, at_holder(received=exactly(300))),
        holding(2, 2, 2, at_holder(received=exactly(5))),
    )

    forth, back = traced_scope(traced(*hands)), traced_scope(traced(*hands[::-1]))

    assert forth.lines == back.lines
    assert [line.depth for line in forth.lines] == [0, 1, 1, 2]
    assert forth.holders == 3


@pytest.mark.parametrize(
    ("state", "evidence"),
    [
        (LinkState.DECLARED, Evidence.LEDGER),
        (LinkState.PAIRED, Evidence.PAIRED),
        (LinkState.UNKNOWN, Evidence.GAP),
    ],
)
def test_the_weakest_link_is_the_evidence_and_a_weak_one_keeps_nobody_out(
    state: LinkState, evidence: Evidence
) -> None:
    shop = holding(1, 2, 1, at_holder(received=exactly(600)), weakest=state, certain=False)

    (line,) = traced_scope(traced(shop)).lines

    assert line.evidence is evidence
    assert not line.certain


def test_what_went_into_the_lot_is_not_recalled_with_it() -> None:
    upstream = holding(1, 1, 0, at_holder(), side=Side.UPSTREAM)

    assert traced_scope(traced(upstream)).lines == ()


def test_lots_made_from_the_recalled_lot_are_in_with_their_maker() -> None:
    made = holding(2, 2, 1, at_holder(received=exactly(5000)))

    scope = traced_scope(traced(PRODUCER, made))

    assert [(line.goods.lot_no, line.goods.maker_id) for line in scope.lines] == [
        ("C-0711", MAKER),
        ("YS2408-17", SECOND_MAKER),
    ]
    assert scope.balance.produced == exactly(1000)


def test_the_balance_of_the_ledgers_is_taken_over_unchanged() -> None:
    # 1000 made: 580 sold, 340 held, 80 nobody can place.
    ledger = of_lot(exactly(1000), sold=exactly(580), held=exactly(340), unaccounted=exactly(80))

    balance = traced_scope(traced(PRODUCER, seed=ledger)).balance

    assert (balance.sold, balance.held) == (exactly(580), exactly(340))
    assert balance.unaccounted == exactly(80)


def test_what_the_producer_states_counts_where_no_ledger_tells_what_was_made() -> None:
    # 1000 stated, 580 sold and 340 held: 80 remain.
    ledger = of_lot(UNKNOWN, sold=exactly(580), held=exactly(340), unaccounted=UNKNOWN)

    scope = traced_scope(traced(PRODUCER, seed=ledger), stated=Decimal(1), stated_unit="C62")
    stated = traced_scope(traced(PRODUCER, seed=ledger), stated=Decimal(1000), stated_unit="H87")

    assert stated.balance.produced == exactly(1000)
    assert stated.balance.unaccounted == exactly(80)
    assert stated.oddities == ()
    # One stated and 920 placed: the shortfall is shown, not clipped.
    assert scope.balance.unaccounted == exactly(-919)


def test_hands_whose_quantity_is_not_known_leave_an_interval() -> None:
    ledger = of_lot(UNKNOWN, sold=exactly(580), held=UNKNOWN, unaccounted=UNKNOWN)

    scope = traced_scope(traced(PRODUCER, seed=ledger), stated=Decimal(1000), stated_unit="H87")

    assert scope.balance.unaccounted == Amount(Decimal(0), Decimal(420))


def test_a_producer_who_states_another_figure_than_its_ledger_is_shown_to_do_so() -> None:
    scope = traced_scope(traced(PRODUCER), stated=Decimal(900), stated_unit="H87")

    assert scope.balance.produced == exactly(1000)
    assert scope.oddities == (Oddity.STATED_DIFFERS,)


def test_stated_tonnes_are_compared_with_grams_of_the_ledger_exactly() -> None:
    ledger = replace(of_lot(exactly(1_500_000)), unit="GRM")

    same = traced_scope(traced(seed=ledger), stated=Decimal("1.5"), stated_unit="TNE")
    pieces = traced_scope(traced(seed=ledger), stated=Decimal(3), stated_unit="H87")

    assert same.oddities == ()
    assert pieces.oddities == (Oddity.STATED_UNIT_DIFFERS,)


def test_findings_of_the_trace_and_its_end_are_not_lost() -> None:
    finding = Finding(FindingKind.NEGATIVE_STOCK, 1, 2, (), {})

    scope = traced_scope(traced(PRODUCER, findings=(finding, finding), truncated=True))

    assert scope.oddities == ("negative-stock", "truncated")
    assert scope.truncated
    assert len(scope.trace_digest) == 64


def test_a_stated_scope_is_one_line_on_the_word_of_the_producer() -> None:
    goods, producer = Goods(None, "C-0711", None, "电容", MAKER), Holder(MAKER, "91A", "电容厂")

    scope = stated_scope(goods, producer, quantity=Decimal(1000), unit="H87")

    assert scope.basis is Basis.STATED
    assert [line.evidence for line in scope.lines] == [Evidence.STATED]
    assert scope.balance.produced == exactly(1000)
    assert scope.balance.unaccounted == Amount(Decimal(0), Decimal(1000))


def test_a_producer_who_does_not_know_leaves_every_figure_open() -> None:
    goods, producer = Goods(None, "C-0711", None, "电容", MAKER), Holder(MAKER, "91A", "电容厂")

    scope = stated_scope(goods, producer, quantity=None, unit="H87")

    assert scope.balance.produced == UNKNOWN
    assert scope.balance.unaccounted == UNKNOWN
    with pytest.raises(ValueError, match="negative"):
        stated_scope(goods, producer, quantity=Decimal(-1), unit="H87")


@given(
    parts=st.lists(st.one_of(st.none(), st.integers(0, 500)), min_size=4, max_size=4),
    stated=st.integers(0, 2500),
)
def test_every_way_to_fill_the_gaps_lies_in_the_interval(
    parts: list[int | None], stated: int
) -> None:
    amounts = [UNKNOWN if part is None else exactly(part) for part in parts]
    names = ("held", "sold", "destroyed", "consumed")
    ledger = of_lot(UNKNOWN, **dict(zip(names, amounts, strict=True)), unaccounted=UNKNOWN)
    known = sum(part for part in parts if part is not None)

    found = traced_scope(
        traced(PRODUCER, seed=ledger), stated=Decimal(stated), stated_unit="H87"
    ).balance.unaccounted

    assert found.hi == stated - known
    if None in parts:
        assert found.lo == min(stated - known, 0)
    else:
        assert found.is_exact
        assert total([exactly(known), found]) == exactly(stated)
