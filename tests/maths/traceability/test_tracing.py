"""Traces over small ledgers, against a naive reading of the same rows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from traceability.maths.amounts import exactly, total
from traceability.maths.answer import FindingKind, GapReason, Side
from traceability.maths.ledger import EARLIEST, LATEST, Event, EventKind, Inputs, LinkState, Use
from traceability.maths.tracing import Reached, trace_lots
from traceability.maths.weighing import weigh_lots

LOTS, PARTIES = 4, 3
NOBODY = 99  # a stand-in


def event(id: int, kind: EventKind, lot: int, source: int, **facts: Any) -> Event:
    day = facts.pop("day", 1)
    values: dict[str, Any] = {
        "target": 0,
        "quantity": Decimal(10),
        "unit": "C62",
        "lo": day,
        "hi": day,
        "document": None,
        "inputs": Inputs.TOLD if kind is EventKind.PRODUCTION else None,
    }
    return Event(id=id, kind=kind, lot=lot, source=source, **{**values, **facts})


def use(id: int, party: int, of: int, into: int, **facts: Any) -> Use:
    day = facts.pop("day", 1)
    values: dict[str, Any] = {
        "event": 1000 + id,
        "quantity": Decimal(1),
        "unit": "C62",
        "lo": day,
        "hi": day,
    }
    return Use(id=id, party=party, input=of, output=into, **{**values, **facts})


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[list[Event], list[Use]]:
    """Made lots, their hops and their uses, at times of any order."""
    events, uses = [], []
    day = st.integers(0, 6)

    def span() -> dict[str, int]:
        lo = draw(st.one_of(day, st.just(EARLIEST)))
        hi = draw(st.one_of(st.integers(max(lo, 0), 7), st.just(LATEST)))
        return {"lo": lo, "hi": hi}

    for lot in range(1, LOTS + 1):
        if draw(st.booleans()):
            maker = draw(st.integers(1, PARTIES))
            events.append(event(len(events) + 1, EventKind.PRODUCTION, lot, maker, **span()))
    for _ in range(draw(st.integers(0, 7))):
        kind = draw(st.sampled_from([EventKind.SHIPMENT, EventKind.RECEIPT, EventKind.RETURN]))
        source = draw(st.integers(1, PARTIES))
        target = draw(st.integers(1, PARTIES).filter(lambda n, s=source: n != s))
        events.append(
            event(
                len(events) + 1,
                kind,
                draw(st.integers(1, LOTS)),
                source,
                target=target,
                document=draw(st.sampled_from([None, "D1", "D2"])),
                **span(),
            )
        )
    for number in range(draw(st.integers(0, 5))):
        of = draw(st.integers(1, LOTS))
        into = draw(st.integers(1, LOTS))
        uses.append(use(number + 1, draw(st.integers(1, PARTIES)), of, into, **span()))
    return events, uses


Node = tuple[int, int]
Step = tuple[Node, Node, int, int]


def steps(events: list[Event], uses: list[Use]) -> list[Step]:
    """Every row that leads from a lot at a holder to a lot at a holder."""
    hops = (EventKind.SHIPMENT, EventKind.RECEIPT, EventKind.RETURN)
    found = [((e.lot, e.source), (e.lot, e.target), e.lo, e.hi) for e in events if e.kind in hops]
    return found + [
        ((u.input, u.party), (u.output, u.party), u.lo, u.hi) for u in uses if u.input != u.output
    ]


def naive_forward(rows: list[Step], starts: set[Node], suspect: int) -> set[Node]:
    """All nodes at the end of a path in order of time; the suspect lot's own nodes restart it."""
    found = set(starts)

    def extend(node: Node, at: int, seen: frozenset[Node]) -> None:
        found.add(node)
        for source, target, lo, hi in rows:
            if source == node and target not in seen and at <= hi:
                then = EARLIEST if target[0] == suspect else max(at, lo)
                extend(target, then, seen | {target})

    for start in starts:
        extend(start, EARLIEST, frozenset({start}))
    return found


def naive_origins(events: list[Event], uses: list[Use], lot: int) -> set[Node] | None:
    """Nodes of a lot that made it or have no hop into them; None where a round trip hides them."""
    rows = steps(events, uses)
    nodes = {n for s, t, _, _ in rows for n in (s, t) if n[0] == lot}
    nodes |= {(e.lot, e.source) for e in events if e.lot == lot}
    nodes |= {(u.input, u.party) for u in uses if u.input == lot}
    hopped = {t for s, t, _, _ in rows if s[0] == t[0] == lot}
    made = {(e.lot, e.source) for e in events if e.kind is EventKind.PRODUCTION and e.lot == lot}
    origins = {n for n in nodes if n in made or n not in hopped}
    covered = set(origins)
    while True:
        more = {t for s, t, _, _ in rows if s in covered and t[0] == lot} - covered
        if not more:
            break
        covered |= more
    return origins if covered == nodes else None


def nodes(reached: Reached, *sides: Side) -> set[Node]:
    return {(h.lot_id, h.party_id) for h in reached.holdings if h.side in sides}


@settings(max_examples=300, deadline=None)
@given(ledgers(), st.integers(1, LOTS))
def test_forward_reaches_exactly_what_some_path_in_order_of_time_reaches(
    ledger: tuple[list[Event], list[Use]], lot: int
) -> None:
    events, uses = ledger
    rows = steps(events, uses)
    starts = {n for s, t, _, _ in rows for n in (s, t) if n[0] == lot}
    starts |= {(lot, e.source) for e in events if e.lot == lot}
    starts |= {(lot, u.party) for u in uses if lot in (u.input, u.output)}

    reached = trace_lots(events, uses, lot=lot, direction="forward")

    expected = naive_forward(rows, starts, lot)
    assert nodes(reached, *Side) == expected


@settings(max_examples=300, deadline=None)
@given(ledgers(), st.integers(1, LOTS))
def test_backward_reaches_exactly_what_leads_to_the_origins_in_order_of_time(
    ledger: tuple[list[Event], list[Use]], lot: int
) -> None:
    events, uses = ledger
    origins = naive_origins(events, uses, lot)
    if origins is None:
        return
    mirrored = [(t, s, -hi, -lo) for s, t, lo, hi in steps(events, uses)]

    reached = trace_lots(events, uses, lot=lot, direction="backward")

    assert nodes(reached, *Side) == naive_forward(mirrored, origins, lot)


@settings(max_examples=150, deadline=None)
@given(ledgers())
def test_b_is_ahead_of_a_exactly_when_a_is_behind_b(
    ledger: tuple[list[Event], list[Use]],
) -> None:
    events, uses = ledger
    # Every lot is made, so that its origin is where its inputs met.
    made = {e.lot for e in events if e.kind is EventKind.PRODUCTION}
    lots = range(1, LOTS + 1)
    fed = {(u.output, u.party) for u in uses}
    extra = [
        event(100 + n, EventKind.PRODUCTION, lot, party, lo=EARLIEST, hi=LATEST)
        for n, (lot, party) in enumerate(
            sorted(fed | {(lot, 1) for lot in lots if lot not in made})
        )
    ]
    rows = [*events, *extra]

    ahead = {
        (a, b)
        for a in lots
        for b in {h.lot_id for h in trace_lots(rows, uses, lot=a, direction="forward").holdings}
    }
    behind = {
        (a, b)
        for b in lots
        for a in {h.lot_id for h in trace_lots(rows, uses, lot=b, direction="backward").holdings}
    }

    assert ahead == behind


@settings(max_examples=150, deadline=None)
@given(ledgers(), st.integers(1, LOTS), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    ledger: tuple[list[Event], list[Use]], lot: int, random: Any
) -> None:
    events, uses = ledger
    shuffled, other = list(events), list(uses)
    random.shuffle(shuffled)
    random.shuffle(other)

    assert trace_lots(events, uses, lot=lot) == trace_lots(shuffled, other, lot=lot)


@settings(max_examples=200, deadline=None)
@given(ledgers(), ledgers(), st.integers(1, LOTS))
def test_one_more_row_never_takes_anything_out_of_what_is_possible(
    ledger: tuple[list[Event], list[Use]], more: tuple[list[Event], list[Use]], lot: int
) -> None:
    events, uses = ledger
    before = trace_lots(events, uses, lot=lot, direction="forward")
    added = [replace(each, id=each.id + 500) for each in more[0][:2]]
    linked = [replace(each, id=each.id + 500, event=each.event + 500) for each in more[1][:1]]

    after = trace_lots([*events, *added], [*uses, *linked], lot=lot, direction="forward")

    assert nodes(before, *Side) <= nodes(after, *Side)


@settings(max_examples=150, deadline=None)
@given(ledgers(), st.integers(1, LOTS))
def test_certain_is_part_of_possible_and_every_path_is_real(
    ledger: tuple[list[Event], list[Use]], lot: int
) -> None:
    events, uses = ledger

    reached = trace_lots(events, uses, lot=lot)

    by_key = {edge.key: edge for edge in reached.edges}
    for holding in reached.holdings:
        path = [by_key[key] for key in holding.path]
        assert len(path) == holding.depth
        for one, other in pairwise(path):
            assert (one.to_lot_id, one.to_party_id) == (other.from_lot_id, other.from_party_id)
        here = (holding.lot_id, holding.party_id)
        if path and holding.side is Side.UPSTREAM:
            assert (path[0].from_lot_id, path[0].from_party_id) == here
            assert path[-1].to_lot_id == lot
        elif path:
            assert (path[-1].to_lot_id, path[-1].to_party_id) == here
            assert path[0].from_lot_id == lot


@settings(max_examples=150, deadline=None)
@given(ledgers(), st.integers(1, LOTS))
def test_ignoring_dates_finds_at_least_as_much(
    ledger: tuple[list[Event], list[Use]], lot: int
) -> None:
    events, uses = ledger

    strict = trace_lots(events, uses, lot=lot)
    loose = trace_lots(events, uses, lot=lot, dates="ignored")

    assert nodes(strict, *Side) <= nodes(loose, *Side)


# By hand: 1 is made of 2 at party 1, shipped to 2, sold on to 3.
CHAIN = [
    event(1, EventKind.PRODUCTION, 2, 5, day=1, quantity=Decimal(100), inputs=Inputs.NONE),
    event(2, EventKind.SHIPMENT, 2, 5, target=1, day=2, quantity=Decimal(80)),
    event(3, EventKind.PRODUCTION, 1, 1, day=3, quantity=Decimal(60)),
    event(4, EventKind.SHIPMENT, 1, 1, target=2, day=4, quantity=Decimal(50), document="F-1"),
    event(5, EventKind.RECEIPT, 1, 1, target=2, day=5, quantity=Decimal(48), document="F-1"),
    event(6, EventKind.SHIPMENT, 1, 2, target=3, day=6, quantity=Decimal(30)),
    event(7, EventKind.SALE, 1, 3, day=7, quantity=Decimal(25)),
    event(8, EventKind.STOCK, 1, 3, day=8, quantity=Decimal(4)),
]
INPUT = [use(1, 1, 2, 1, day=3, event=3, quantity=Decimal(75))]


def test_a_chain_by_hand() -> None:
    reached = trace_lots(CHAIN, INPUT, lot=1)

    at = {(h.lot_id, h.party_id): h for h in reached.holdings}
    assert [(h.lot_id, h.party_id, h.side.value, h.depth) for h in reached.holdings] == [
        (1, 1, "seed", 0),
        (1, 2, "seed", 1),
        (1, 3, "seed", 2),
        (2, 1, "upstream", 1),
        (2, 5, "upstream", 2),
    ]
    assert at[1, 3].path == ("M4", "M6")
    assert at[2, 5].path == ("M2", "U1")
    assert all(h.certain for h in reached.holdings)
    shop = at[1, 3].balance
    assert (shop.received, shop.sold, shop.on_hand, shop.unaccounted) == tuple(
        exactly(n) for n in (30, 25, 4, 1)
    )
    assert at[1, 2].balance.received == exactly(48)  # two sightings of one hop, not added
    assert at[1, 1].balance.shipped == exactly(50)
    assert at[2, 1].balance.consumed == exactly(75)


def test_the_seed_lot_adds_up_by_hand() -> None:
    # 60 made; sold 25; on hand counted 4 at the shop, at most 10 at the maker and 18 at the
    # dealer; so between 60 - 25 - 4 - 28 = 3 and 60 - 25 - 4 = 31 nobody can account for.
    reached = trace_lots(CHAIN, INPUT, lot=1)

    of = reached.lots[0].balance
    assert of.produced == exactly(60)
    assert of.sold == exactly(25)
    assert (of.held.lo, of.held.hi) == (Decimal(4), Decimal(32))
    assert (of.unaccounted.lo, of.unaccounted.hi) == (Decimal(3), Decimal(31))


def test_a_difference_between_shipped_and_received_is_a_finding() -> None:
    reached = trace_lots(CHAIN, INPUT, lot=1)

    (finding,) = [f for f in reached.findings if f.kind is FindingKind.SHIPPED_RECEIVED_DIFFER]
    assert finding.event_ids == (4, 5)
    assert (finding.facts["shipped"], finding.facts["received"]) == ("50", "48")


def test_gaps_say_whom_to_ask() -> None:
    rows = [
        *CHAIN,
        event(9, EventKind.SHIPMENT, 1, 2, target=NOBODY, day=6, quantity=Decimal(5)),
    ]

    reached = trace_lots(rows, INPUT, lot=1, unlisted=frozenset({NOBODY}))

    told = {(g.reason, g.ask_party_id, g.lot_id, str(g.quantity)) for g in reached.gaps}
    assert (GapReason.RECEIVER_NOT_WRITTEN, 2, 1, "5") in told
    assert (GapReason.STOCK_NOT_COUNTED, 1, 1, "0–10") in told
    assert (GapReason.STOCK_NOT_COUNTED, 2, 1, "0–13") in told
    assert not [g for g in reached.gaps if g.reason is GapReason.SUPPLIER_NOT_TOLD]
    (unknown,) = [h for h in reached.holdings if h.party_id == NOBODY]
    assert unknown.weakest is LinkState.UNKNOWN


def test_a_production_that_does_not_say_what_went_in_is_a_gap_and_none_is_not() -> None:
    untold = [replace(e, inputs=Inputs.UNTOLD) if e.id == 3 else e for e in CHAIN]

    reasons = {g.reason for g in trace_lots(untold, [], lot=1, direction="backward").gaps}
    clean = {g.reason for g in trace_lots(CHAIN, INPUT, lot=2, direction="backward").gaps}

    assert reasons == {GapReason.INPUTS_NOT_TOLD, GapReason.STOCK_NOT_COUNTED}
    assert GapReason.INPUTS_NOT_TOLD not in clean


def test_what_left_before_the_suspect_lot_came_in_is_not_suspect_and_is_told() -> None:
    # Lot 1 is made on days 3 and 10; suspect lot 2 goes in on day 10 only. What left on day 5
    # does not carry it, what left on day 12 does.
    events = [
        event(1, EventKind.PRODUCTION, 1, 1, day=3),
        event(2, EventKind.SHIPMENT, 1, 1, target=2, day=5),
        event(3, EventKind.PRODUCTION, 1, 1, day=10),
        event(4, EventKind.SHIPMENT, 1, 1, target=3, day=12),
        event(5, EventKind.PRODUCTION, 2, 1, day=1),
    ]
    uses = [use(1, 1, 2, 1, day=10, event=3)]

    reached = trace_lots(events, uses, lot=2, direction="forward")

    assert {h.party_id for h in reached.holdings if h.lot_id == 1} == {1, 3}
    (left,) = [f for f in reached.findings if f.kind is FindingKind.TIME_EXCLUDED]
    assert left.event_ids == (2,)


def test_the_suspect_lot_itself_is_suspect_wherever_it_is_whatever_the_dates_say() -> None:
    events = [
        event(1, EventKind.PRODUCTION, 1, 1, day=9),
        event(2, EventKind.SHIPMENT, 1, 1, target=2, day=5),
    ]

    reached = trace_lots(events, [], lot=1, direction="forward")

    assert {h.party_id for h in reached.holdings} == {1, 2}
    assert [f.kind for f in reached.findings] == [FindingKind.BEFORE_MADE]


def test_a_sample_taken_at_a_shop_is_followed_back_through_its_dealer() -> None:
    reached = trace_lots(CHAIN, INPUT, lot=1, party=3, direction="backward")

    assert [(h.lot_id, h.party_id) for h in reached.holdings] == [
        (1, 3),
        (1, 2),
        (1, 1),
        (2, 1),
        (2, 5),
    ]
    assert reached.holdings[-1].path == ("M2", "U1", "M4", "M6")


def test_rework_into_itself_counts_for_mass_and_a_ring_of_lots_is_a_warning() -> None:
    events = [event(1, EventKind.PRODUCTION, 1, 1), event(2, EventKind.PRODUCTION, 2, 1)]
    uses = [
        use(1, 1, 1, 1, quantity=Decimal(3), event=1),
        use(2, 1, 1, 2, event=2),
        use(3, 1, 2, 1, event=1),
    ]

    reached = trace_lots(events, uses, lot=1, direction="forward")

    assert {h.lot_id for h in reached.holdings} == {1, 2}
    assert reached.lots[0].balance.consumed == exactly(4)
    assert FindingKind.CIRCULAR in {f.kind for f in reached.findings}


def test_more_weight_out_than_in_is_a_finding() -> None:
    events = [
        event(1, EventKind.PRODUCTION, 1, 1, quantity=Decimal(101), unit="KGM"),
        event(2, EventKind.PRODUCTION, 2, 1, quantity=Decimal(1), unit="TNE"),
    ]
    uses = [use(1, 1, 2, 1, event=1, quantity=Decimal(100_000), unit="GRM")]

    (finding,) = [
        f for f in trace_lots(events, uses, lot=1).findings if f.kind is FindingKind.YIELD_ABOVE_ONE
    ]

    assert finding.facts == {"out_kg": "101", "in_kg": "100"}


def test_a_lot_nobody_ever_moved_is_in_its_own_trace() -> None:
    reached = trace_lots([], [], lot=7)

    assert [each.lot_id for each in reached.lots] == [7]
    assert reached.holdings == ()


def test_lots_that_were_not_read_count_as_consumed_and_are_not_followed() -> None:
    events = [event(1, EventKind.PRODUCTION, 1, 1, quantity=Decimal(10))]
    uses = [use(1, 1, 1, 2, quantity=Decimal(4), event=9)]

    reached = trace_lots(events, uses, lot=1, unread=frozenset({2}))

    assert {h.lot_id for h in reached.holdings} == {1}
    assert reached.lots[0].balance.consumed == exactly(4)


@settings(max_examples=100, deadline=None)
@given(ledgers())
def test_a_made_lot_is_exactly_its_parts_and_what_is_unaccounted_where_all_is_counted(
    ledger: tuple[list[Event], list[Use]],
) -> None:
    events, uses = ledger
    holders = {(e.lot, p) for e in events for p in (e.source, e.target) if p}
    holders |= {(u.input, u.party) for u in uses} | {(u.output, u.party) for u in uses}
    counts = [
        event(200 + n, EventKind.STOCK, lot, party, quantity=Decimal(2), lo=LATEST, hi=LATEST)
        for n, (lot, party) in enumerate(sorted(holders))
    ]

    weighed = weigh_lots([*events, *counts], uses, sorted({lot for lot, _ in holders}))

    for lot, (of, _) in weighed.balances.items():
        if any(e.kind is EventKind.PRODUCTION and e.lot == lot for e in events):
            parts = total((of.held, of.sold, of.destroyed, of.consumed, of.unaccounted))
            assert parts == of.produced
