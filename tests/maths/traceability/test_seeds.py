"""Traces from several lots, and how far each part of an answer can be relied on."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.maths.traceability.test_tracing import (
    CHAIN,
    INPUT,
    LOTS,
    NOBODY,
    PARTIES,
    event,
    ledgers,
    nodes,
    use,
)
from traceability.maths.answer import Level, Side
from traceability.maths.ledger import EARLIEST, LATEST, Event, EventKind, LinkState, Use, weakest
from traceability.maths.tracing import Seed, trace_lots

Ledger = tuple[list[Event], list[Use]]


def test_one_seed_is_the_old_question() -> None:
    assert trace_lots(CHAIN, INPUT, seeds=[Seed(1)]) == trace_lots(CHAIN, INPUT, lot=1)
    assert trace_lots(CHAIN, INPUT, seeds=[Seed(1, 2)]) == trace_lots(CHAIN, INPUT, lot=1, party=2)


@pytest.mark.parametrize("facts", [{}, {"lot": 1, "seeds": [Seed(2)]}])
def test_a_trace_needs_one_question(facts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="either lot or seeds"):
        trace_lots(CHAIN, INPUT, **facts)  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(ledgers(), st.sets(st.integers(1, LOTS), min_size=1), st.sampled_from(["forward", "both"]))
def test_several_seeds_reach_what_each_alone_reaches_and_nothing_more(
    ledger: Ledger, lots: set[int], direction: str
) -> None:
    events, uses = ledger
    facts = {"direction": direction}

    together = trace_lots(events, uses, seeds=[Seed(lot) for lot in sorted(lots)], **facts)  # type: ignore[arg-type]

    alone = [trace_lots(events, uses, lot=lot, **facts) for lot in sorted(lots)]  # type: ignore[arg-type]
    # A lot of the seeds, once reached from another, is suspect from its making: what it then
    # reaches, it reaches alone too.
    assert nodes(together, *Side) == set().union(*(nodes(each, *Side) for each in alone))


@settings(max_examples=100, deadline=None)
@given(ledgers(), st.lists(st.builds(Seed, st.integers(1, LOTS)), min_size=2, max_size=3))
def test_the_order_of_seeds_does_not_matter(ledger: Ledger, seeds: list[Seed]) -> None:
    events, uses = ledger

    one = trace_lots(events, uses, seeds=seeds)
    other = trace_lots(events, uses, seeds=seeds[::-1])

    assert (one.holdings, one.lots, one.edges) == (other.holdings, other.lots, other.edges)


@settings(max_examples=200, deadline=None)
@given(
    ledgers(),
    st.integers(1, LOTS),
    st.sets(st.integers(1, PARTIES), max_size=2),
    st.sampled_from(["forward", "backward", "both"]),
)
def test_certain_is_part_of_probable_is_part_of_possible(
    ledger: Ledger, lot: int, unlisted: set[int], direction: str
) -> None:
    events, uses = ledger

    reached = trace_lots(
        events,
        uses,
        lot=lot,
        unlisted=frozenset(unlisted),
        direction=direction,  # type: ignore[arg-type]
    )

    by_key = {edge.key: edge for edge in reached.edges}
    for holding in reached.holdings:
        state = weakest(by_key[key].state for key in holding.path)
        assert state is holding.weakest
        if holding.level is Level.CERTAIN:
            assert holding.certain
        if state in (LinkState.DECLARED, LinkState.PAIRED):
            assert holding.level is not Level.POSSIBLE
    whole = {each.lot_id: each.level for each in reached.lots}
    order = list(Level)
    for each in reached.lots:
        levels = [h.level for h in reached.holdings if h.lot_id == each.lot_id]
        assert not levels or whole[each.lot_id] is min(levels, key=order.index)


def test_levels_by_hand() -> None:
    rows = [
        event(1, EventKind.PRODUCTION, 1, 1, day=1),
        event(2, EventKind.SHIPMENT, 1, 1, target=2, day=2, document="A"),
        event(3, EventKind.RECEIPT, 1, 1, target=2, day=3, document="A"),
        event(4, EventKind.SHIPMENT, 1, 2, target=3, day=4),  # paired by time alone
        event(5, EventKind.RECEIPT, 1, 2, target=3, day=5),
        event(6, EventKind.SHIPMENT, 1, 3, target=NOBODY, day=6),
        event(7, EventKind.SHIPMENT, 1, 1, target=4, lo=EARLIEST, hi=LATEST),
        event(8, EventKind.PRODUCTION, 5, 4, day=9, quantity=Decimal(5)),
    ]
    into = [use(1, 4, 1, 5, day=9)]

    reached = trace_lots(rows, into, lot=1, direction="forward", unlisted=frozenset({NOBODY}))

    level = {(h.lot_id, h.party_id): (h.level.value, h.certain) for h in reached.holdings}
    assert level == {
        (1, 1): ("certain", True),
        (1, 2): ("certain", True),
        (1, 3): ("probable", True),  # the pairing is a guess, the order is not
        (1, NOBODY): ("possible", True),
        (1, 4): ("certain", True),  # a lot that is suspect itself is never cut by time
        (5, 4): ("certain", True),
    }
    by_lot = {each.lot_id: each.level.value for each in reached.lots}
    assert by_lot == {1: "certain", 5: "certain"}


def test_a_path_that_may_be_out_of_order_is_probable() -> None:
    # 2 went into 3 some day of 1-9, 3 into 4 on day 5.
    into = [use(1, 1, 2, 3, lo=1, hi=9), use(2, 1, 3, 4, day=5)]

    reached = trace_lots([], into, lot=2, direction="forward")

    assert {h.lot_id: h.level.value for h in reached.holdings} == {
        2: "certain",
        3: "certain",
        4: "probable",
    }
