"""Edges say what the network says, at every record time, whatever came in which order."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceability.maths.edges import EdgeFact, Known, edges_of, history
from traceability.maths.ledger import EARLIEST, LATEST, Event, EventKind, LinkState, Use
from traceability.maths.network import Network

DAY = 86_400_000_000
BEGIN = datetime(2026, 8, 1, tzinfo=UTC)
STEPS = 5
STAND_IN = 4


def moment(step: int) -> datetime:
    return BEGIN + timedelta(days=step)


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, int]:
    lo = draw(st.integers(0, 40)) * DAY
    return draw(
        st.sampled_from(
            [(lo, lo + DAY - 1), (lo, lo), (EARLIEST, lo), (lo, LATEST), (EARLIEST, LATEST)]
        )
    )


@st.composite
def times(draw: st.DrawFn) -> tuple[datetime, datetime | None]:
    since = draw(st.integers(0, STEPS - 1))
    until = draw(st.one_of(st.none(), st.integers(since + 1, STEPS)))
    return moment(since), None if until is None else moment(until)


@st.composite
def statements(draw: st.DrawFn) -> tuple[list[Known[Event]], list[Known[Use]]]:
    events, uses = [], []
    for number in range(1, draw(st.integers(0, 10)) + 1):
        kind = draw(st.sampled_from([EventKind.SHIPMENT, EventKind.RECEIPT, EventKind.RETURN,
                                     EventKind.PRODUCTION, EventKind.STOCK]))  # fmt: skip
        source = draw(st.integers(1, 3))
        target = draw(st.integers(1, STAND_IN).filter(lambda p, s=source: p != s))
        moving = kind not in (EventKind.PRODUCTION, EventKind.STOCK)
        events.append(
            Known(
                Event(number, kind, draw(st.integers(1, 2)), source, target if moving else 0, None,
                      "C62", *draw(spans()), draw(st.sampled_from([None, "A", "B"]))),
                *draw(times()),
            )
        )  # fmt: skip
    for number in range(1, draw(st.integers(0, 4)) + 1):
        lots = draw(st.integers(1, 2)), draw(st.integers(1, 2))
        party = draw(st.integers(1, 3))
        uses.append(
            Known(Use(number, 100 + number, party, *lots, None, "C62", *draw(spans())),
                  *draw(times()))
        )  # fmt: skip
    return events, uses


def walked(network: Network, *, certain: bool) -> set[Any]:
    number, lo, hi = network._timed(certain=certain)
    return {
        (link.key, link.source, link.target, int(a), int(b), link.state, link.event_ids)
        for link, a, b in zip([network.links[n] for n in number], lo, hi, strict=True)
    }


def rows(facts: set[EdgeFact], purpose: str) -> set[Any]:
    return {
        (f.key, f.source, f.target, f.lo, f.hi, f.state, f.event_ids)
        for f in facts
        if f.purpose in (purpose, "both")
    }


@settings(max_examples=200, deadline=None)
@given(statements(), st.integers(0, STEPS))
def test_the_edges_in_force_are_those_the_network_walks(
    said: tuple[list[Known[Event]], list[Known[Use]]], step: int
) -> None:
    at = moment(step)
    events, uses = said
    network = Network.of(
        [each.said for each in events if each.is_known(at)],
        [each.said for each in uses if each.is_known(at)],
        stand_ins=frozenset({STAND_IN}),
    )

    found = [
        edge.fact
        for edge in history(events, uses, stand_ins=frozenset({STAND_IN}))
        if edge.recorded_at <= at and (edge.retracted_at is None or at < edge.retracted_at)
    ]

    assert max(Counter(found).values(), default=1) == 1
    assert rows(set(found), "possible") == walked(network, certain=False)
    assert rows(set(found), "certain") == walked(network, certain=True)


@settings(max_examples=100, deadline=None)
@given(statements(), st.randoms(use_true_random=False))
def test_the_history_does_not_depend_on_the_order_of_the_statements(
    said: tuple[list[Known[Event]], list[Known[Use]]], chance: Any
) -> None:
    events, uses = said
    first = Counter(history(events, uses))
    chance.shuffle(events)
    chance.shuffle(uses)

    assert Counter(history(events, uses)) == first


def shipment(number: int, kind: EventKind, *, day: int, document: str | None = None) -> Event:
    span = (day * DAY, (day + 1) * DAY - 1)
    return Event(number, kind, 7, 1, 2, None, "C62", *span, document)


def test_two_sightings_are_two_possible_edges_and_one_certain_one() -> None:
    sent = shipment(1, EventKind.SHIPMENT, day=3, document="TZ-1")
    received = shipment(2, EventKind.RECEIPT, day=5, document="TZ-1")

    found = {(e.purpose, e.lo // DAY, e.hi // DAY) for e in edges_of([sent, received], [])}

    assert found == {("possible", 3, 3), ("possible", 5, 5), ("certain", 3, 5)}


def test_two_sightings_of_one_day_are_one_edge_for_both() -> None:
    pair = [shipment(1, EventKind.SHIPMENT, day=3), shipment(2, EventKind.RECEIPT, day=3)]

    (edge,) = edges_of(pair, [])

    assert (edge.purpose, edge.state, edge.event_ids) == ("both", LinkState.PAIRED, (1, 2))


def test_a_receipt_told_later_ends_the_edge_of_the_shipment_alone() -> None:
    sent = Known(shipment(1, EventKind.SHIPMENT, day=3), moment(0))
    received = Known(shipment(2, EventKind.RECEIPT, day=3), moment(2))

    found = sorted(history([sent, received], []), key=lambda edge: edge.recorded_at)

    assert [(e.recorded_at, e.retracted_at, e.fact.event_ids) for e in found] == [
        (moment(0), moment(2), (1,)),
        (moment(2), None, (1, 2)),
    ]


@pytest.mark.parametrize("ends", [(1, 1), (1, 2)])
def test_rework_of_a_lot_into_itself_is_no_edge(ends: tuple[int, int]) -> None:
    use = Use(1, 9, 5, *ends, None, "C62", 0, 0)

    assert len(list(edges_of([], [use]))) == ends[1] - 1
