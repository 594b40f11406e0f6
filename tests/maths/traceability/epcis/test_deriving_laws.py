"""What must hold of statements whatever the events: order, repetition, duality, conservation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.told_events import (
    commission,
    event,
    item,
    make,
    pack,
    pallet,
    place,
    receive,
    recorded,
    ship,
    thing,
)
from traceability.maths.epcis.deriving import derive
from traceability.maths.epcis.event import CapturedEvent, EventType, Role
from traceability.maths.epcis.processes import split
from traceability.maths.epcis.rows import ledger_rows
from traceability.maths.epcis.statements import GoodsKind, Recorded, Statements
from traceability.maths.tracing import trace_lots

LOTS = ("L", "M", "N", "O", "Q")
FIRMS = ("A", "B", "C")
LAWS = settings(max_examples=150, deadline=None)

amounts = st.one_of(st.none(), st.decimals(min_value="0.001", max_value=1000, places=3))
times = st.integers(0, 8)
lots = st.sampled_from(LOTS)
firms = st.sampled_from(FIRMS)


@st.composite
def hops(draw: st.DrawFn) -> CapturedEvent:
    source, target = draw(st.permutations(FIRMS))[:2]
    how = draw(st.sampled_from((ship, receive)))
    papers = [("desadv", draw(st.sampled_from("12")))] if draw(st.booleans()) else []
    return how(draw(lots), draw(amounts), source, target, at=draw(times), papers=papers)


@st.composite
def open_hops(draw: st.DrawFn) -> CapturedEvent:
    """Shipped to nobody named, or received from nobody named."""
    step = draw(st.sampled_from(("shipping", "receiving")))
    return event(
        EventType.OBJECT,
        at=draw(times),
        items=[item(draw(lots), draw(amounts))],
        step=step,
        here=place(draw(firms)),
    )


@st.composite
def makings(draw: st.DrawFn) -> CapturedEvent:
    ends = st.lists(st.tuples(lots, amounts), max_size=2, unique_by=lambda each: each[0])
    return make(
        draw(ends),
        draw(ends),
        draw(firms),
        at=draw(times),
        process=draw(st.sampled_from((None, "T1", "T2"))),
    )


@st.composite
def at_one(draw: st.DrawFn) -> CapturedEvent:
    step = draw(st.sampled_from(("retail_selling", "destroying", "stock_taking")))
    return event(
        EventType.OBJECT,
        at=draw(times),
        items=[item(draw(lots), draw(amounts))],
        step=step,
        here=place(draw(firms)),
    )


@st.composite
def packings(draw: st.DrawFn) -> CapturedEvent:
    action = draw(st.sampled_from(("ADD", "DELETE", "OBSERVE")))
    children = draw(
        st.lists(
            st.one_of(
                st.tuples(lots, amounts),
                st.sampled_from([(thing("1"),), (thing("2"),), (pallet("P2"),), (pallet("P3"),)]),
            ),
            min_size=0 if action == "DELETE" else 1,
            max_size=3,
        )
    )
    parent = pallet(draw(st.sampled_from(("P1", "P2", "P3"))))
    return pack(parent, children, at=draw(times), action=action, here=place(draw(firms)))


@st.composite
def unit_hops(draw: st.DrawFn) -> CapturedEvent:
    source, target = draw(st.permutations(FIRMS))[:2]
    what = draw(st.sampled_from((pallet("P1"), pallet("P2"), pallet("P3"), thing("1"))))
    how = draw(st.sampled_from((ship, receive)))
    return how(what, None, source, target, at=draw(times))


@st.composite
def births(draw: st.DrawFn) -> CapturedEvent:
    ilmd = {"lotNumber": draw(lots)} if draw(st.booleans()) else None
    return commission(
        thing(draw(st.sampled_from("12"))), None, draw(firms), at=draw(times), ilmd=ilmd
    )


plain_events = st.one_of(hops(), open_hops(), makings(), at_one())
any_event = st.one_of(plain_events, packings(), unit_hops(), births())


@st.composite
def histories(draw: st.DrawFn) -> list[CapturedEvent]:
    """Events, some of them declared wrong."""
    events = draw(st.lists(any_event, max_size=12))
    events = [replace(each, event_id=f"E{number % 5}") for number, each in enumerate(events)]
    wrong = draw(st.lists(st.sampled_from(events), max_size=3)) if events else []
    return events + [
        replace(_declaring(each), event_id=each.event_id, hash=each.hash) for each in wrong
    ]


def _declaring(wrong: CapturedEvent) -> CapturedEvent:
    told = event(EventType.OBJECT, at=0, items=[], declares=())
    return replace(wrong, declaration=told.declaration, declaration_hash=told.declaration_hash)


def content(found: Statements, events: Sequence[Recorded]) -> list[str]:
    """Statements without the numbers of their events."""
    name = {each.number: each.event.hash.hex() for each in events}
    lines = []
    for m in found.movements:
        lines.append(repr((name[m.event], replace(m, event=0))))
    for c in found.consumptions:
        ends = name[c.event], name[c.input_event], name[c.production[0]], c.production[1:]
        lines.append(repr((ends, replace(c, event=0, input_event=0, production=(0, "", "", "")))))
    for i in found.inside:
        lines.append(repr((name[i.event], replace(i, event=0))))
    return [*sorted(lines), repr((found.pending, found.awaited, found.conflicts))]


@LAWS
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(events, order):
    shuffled = list(events)
    order.shuffle(shuffled)
    one, other = recorded(*events), recorded(*shuffled)

    assert content(derive(one), one) == content(derive(other), other)


@LAWS
@given(histories(), st.data())
def test_what_comes_again_changes_nothing(events, data):
    again = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    one, other = recorded(*events), recorded(*events, *again)

    assert content(derive(one), one) == content(derive(other), other)


@LAWS
@given(histories(), st.integers(0, 15))
def test_replay_is_what_was_said_then(events, known):
    journal = recorded(*events)

    assert derive(journal, as_of=known) == derive(journal[:known])


def reached(
    found: Statements, number: str, direction: Literal["forward", "backward"]
) -> set[str] | None:
    rows = ledger_rows(found)
    lot_of = {goods.number: lot for goods, lot in rows.lots.items()}
    if number not in lot_of:
        return None
    answer = trace_lots(
        rows.events, rows.uses, lot=lot_of[number], direction=direction, unlisted=rows.unlisted
    )
    told = {lot: goods for goods, lot in rows.lots.items() if goods.kind is not GoodsKind.OUTPUT}
    return {told[each.lot_id].number for each in answer.lots if each.lot_id in told}


@LAWS
@given(histories())
def test_forward_and_backward_mirror_each_other(events):
    found = derive(recorded(*events))
    numbers = sorted({m.goods.number for m in found.movements if m.goods.kind is GoodsKind.LOT})

    forward = {each: reached(found, each, "forward") or set() for each in numbers}
    backward = {each: reached(found, each, "backward") or set() for each in numbers}

    for one in numbers:
        for other in numbers:
            assert (other in forward[one]) == (one in backward[other])


@LAWS
@given(st.lists(plain_events, max_size=10), plain_events, lots)
def test_one_more_event_takes_nothing_from_what_is_possible(events, more, seed):
    """Packing apart: that something was taken out is what takes it from the road."""
    before = reached(derive(recorded(*events)), seed, "forward")
    assume(before is not None)

    after = reached(derive(recorded(*events, more)), seed, "forward")

    assert after is not None
    assert (before or set()) <= after


@LAWS
@given(st.lists(makings(), min_size=1, max_size=8))
def test_what_went_in_is_consumed_to_the_last_digit(events):
    found = derive(recorded(*events))
    told: dict[str, Any] = defaultdict(Decimal)
    for each in {one.hash: one for one in events}.values():
        for one in each.items:
            if one.role is Role.INPUT and one.quantity is not None:
                told[one.identifier.lot] += one.quantity
    booked: dict[str, Any] = defaultdict(Decimal)
    for use in found.consumptions:
        if use.quantity is not None:
            booked[use.input.number] += use.quantity

    assert dict(booked) == dict(told)


@LAWS
@given(st.lists(st.one_of(hops(), at_one()), max_size=10))
def test_amounts_are_told_once_and_whole(events):
    found = derive(recorded(*events))
    distinct = {one.hash: one for one in events}.values()
    told = sum(
        (one.quantity for each in distinct for one in each.items if one.quantity), Decimal(0)
    )

    assert sum((m.quantity for m in found.movements if m.quantity), Decimal(0)) == told


@LAWS
@given(
    st.decimals(min_value="0.000000001", max_value=10**6, places=9),
    st.lists(st.one_of(st.none(), st.decimals(0, 1000, places=3)), min_size=1, max_size=6),
)
def test_shares_add_up_exactly_and_none_is_negative(quantity, outputs):
    shares = split(quantity, "KGM", outputs)

    assert sum((each for each in shares if each is not None), Decimal(0)) == quantity
    assert all(each is not None and each >= 0 for each in shares)
