"""Hops: two sightings of one flow are one, and never added."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceability.maths.ledger import (
    PAIRING_WINDOW,
    Event,
    EventKind,
    Hop,
    LinkState,
    hops,
    weakest,
)
from traceability.maths.units import UNITS, common_unit, converted, unit_code

DAY = 86_400 * 1_000_000


def event(id: int, kind: EventKind, day: int, document: str | None = None, **facts: Any) -> Event:
    values: dict[str, Any] = {"lot": 1, "source": 1, "target": 2, "quantity": Decimal(10)}
    values |= {"unit": "C62", "lo": day * DAY, "hi": (day + 1) * DAY - 1}
    return Event(id=id, kind=kind, document=document, **{**values, **facts})


def ids(found: tuple[Hop, ...]) -> list[tuple[int | None, int | None, str]]:
    return [
        (
            hop.sent.id if hop.sent else None,
            hop.received.id if hop.received else None,
            hop.state.value,
        )
        for hop in found
    ]


SENT, GOT = EventKind.SHIPMENT, EventKind.RECEIPT


def test_the_same_document_makes_one_hop() -> None:
    assert ids(hops([event(1, SENT, 1, "A"), event(2, SENT, 1, "B"), event(3, GOT, 4, "B")])) == [
        (1, None, "declared"),
        (2, 3, "declared"),
    ]


def test_without_a_document_the_nearest_earlier_shipment_is_taken() -> None:
    assert ids(
        hops([event(1, SENT, 1), event(2, SENT, 5), event(3, SENT, 9), event(4, GOT, 7)])
    ) == [
        (1, None, "declared"),
        (2, 4, "paired"),
        (3, None, "declared"),
    ]


def test_a_receipt_before_any_shipment_stands_alone() -> None:
    assert ids(hops([event(1, SENT, 5), event(2, GOT, 3)])) == [
        (None, 2, "declared"),
        (1, None, "declared"),
    ]


def test_a_receipt_long_after_stands_alone() -> None:
    days = PAIRING_WINDOW // DAY

    assert ids(hops([event(1, SENT, 1), event(2, GOT, days + 3)])) == [
        (1, None, "declared"),
        (None, 2, "declared"),
    ]


def test_other_ways_and_other_lots_are_other_hops() -> None:
    rows = [
        event(1, SENT, 1, "A"),
        event(2, GOT, 2, "A", target=3),
        event(3, GOT, 2, "A", lot=2),
        event(4, GOT, 2, "A", source=2, target=1),
    ]

    assert all(hop.sent is None or hop.received is None for hop in hops(rows))


def test_what_nobody_wrote_down_is_unknown() -> None:
    (hop,) = hops([event(1, SENT, 1)], stand_ins=frozenset({2}))

    assert hop.state is LinkState.UNKNOWN


def test_a_hop_lasts_from_its_first_to_its_last_row() -> None:
    (hop,) = hops([event(1, SENT, 1, "A"), event(2, GOT, 4, "A")])

    assert (hop.lo, hop.hi) == (1 * DAY, 5 * DAY - 1)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([SENT, GOT, EventKind.RETURN]),
            st.integers(0, 50),
            st.sampled_from([None, "A", "B"]),
        ),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_every_row_is_in_exactly_one_hop_whatever_their_order(
    rows: list[tuple[EventKind, int, str | None]], random: Any
) -> None:
    events = [event(n, kind, day, document) for n, (kind, day, document) in enumerate(rows)]
    shuffled = list(events)
    random.shuffle(shuffled)

    found = hops(events)

    told = [each.id for hop in found for each in (hop.sent, hop.received) if each]
    assert sorted(told) == list(range(len(rows)))
    assert hops(shuffled) == found


def test_a_path_is_as_strong_as_its_weakest_link() -> None:
    assert weakest([]) is LinkState.DECLARED
    assert weakest([LinkState.PAIRED, LinkState.DECLARED]) is LinkState.PAIRED
    assert weakest([LinkState.PAIRED, LinkState.UNKNOWN]) is LinkState.UNKNOWN


def test_a_hop_needs_a_row() -> None:
    with pytest.raises(ValueError, match="a row"):
        Hop(None, None, LinkState.DECLARED)


def test_units_are_read_as_people_write_them_and_converted_exactly() -> None:
    assert [unit_code(each) for each in ("件", "KG", "ml", "c62", "箱")] == [
        "C62", "KGM", "MLT", "C62", "XCT",
    ]  # fmt: skip
    assert converted(Decimal("0.1"), "TNE", "KGM") == Decimal(100)
    assert common_unit(frozenset({"C62", "H87"})) == "C62"
    assert common_unit(frozenset({"C62", "KGM"})) is None
    with pytest.raises(ValueError, match="cannot be converted"):
        converted(Decimal(1), "C62", "KGM")
    with pytest.raises(ValueError, match="not a unit known here"):
        unit_code("筐")
    assert all(unit.factor > 0 for unit in UNITS.values())
