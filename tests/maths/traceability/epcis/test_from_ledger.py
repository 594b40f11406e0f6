"""Ledger rows as EPCIS events: what is written can be read back, and nothing is added."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import orjson
from hypothesis import given
from hypothesis import strategies as st

from traceability.maths.epcis.event import EventType, IdentifierKind, Role
from traceability.maths.epcis.from_ledger import Names, ledger_events
from traceability.maths.epcis.reading import read_events
from traceability.maths.epcis.writing import write_document
from traceability.maths.ledger import EARLIEST, LATEST, Event, EventKind, Inputs, Use

NAMES = Names(
    lots={1: ("02900000000018", "YS-17/A", 7), 2: ("02900000000025", "甲 0711", 8)},
    parties={10: "91330000000000000X", 11: "同乐商行", 12: None},
)
DAY = int(datetime(2026, 8, 20, tzinfo=UTC).timestamp()) * 1_000_000


def _row(kind: EventKind, number: int = 1, **facts: object) -> Event:
    base = {
        "id": number, "kind": kind, "lot": 1, "source": 10,
        "target": 11 if kind in (EventKind.SHIPMENT, EventKind.RECEIPT, EventKind.RETURN) else 0,
        "quantity": Decimal("12.50"), "unit": "KGM", "lo": DAY, "hi": DAY + 1, "document": "TZ/1",
        "inputs": Inputs.TOLD if kind is EventKind.PRODUCTION else None,
    }  # fmt: skip
    return Event(**{**base, **facts})  # type: ignore[arg-type]


def test_what_is_written_can_be_captured_again() -> None:
    rows = [
        _row(kind, number) for number, kind in enumerate(EventKind) if kind is not EventKind.VOID
    ]
    use = Use(5, rows[0].id, 10, 2, 1, Decimal(3), "C62", DAY, DAY)
    written = write_document(ledger_events(rows, [use], NAMES), created_at=DAY)
    reading = read_events(written)
    assert [fault.message for fault in reading.faults] == []
    assert len(reading.events) == len(rows)
    made = reading.events[0]
    assert made.type is EventType.TRANSFORMATION
    went_in, came_out = made.items
    assert (went_in.role, went_in.quantity, went_in.unit) == (Role.INPUT, Decimal(3), None)
    assert (came_out.quantity, came_out.unit) == (Decimal("12.5"), "KGM")
    assert came_out.identifier.kind is IdentifierKind.LOT
    assert (came_out.identifier.gtin, came_out.identifier.lot) == ("02900000000018", "YS-17/A")
    assert made.event_time == DAY


def test_unknown_is_left_out_and_taken_back_rows_are_no_events() -> None:
    rows = [
        _row(EventKind.SHIPMENT, quantity=None, lo=EARLIEST, hi=LATEST, document=None, target=12),
        _row(EventKind.VOID, 2),
    ]
    (document,) = ledger_events(rows, [], NAMES)
    event = orjson.loads(document)
    assert "quantity" not in event["quantityList"][0]
    assert event["zhiheng:earliest"] is None
    assert "bizTransactionList" not in event
    assert event["destinationList"][0]["destination"].endswith("unlisted-12")
    reading = read_events(write_document([document], created_at=DAY))
    assert not reading.faults
    assert reading.events[0].items[0].quantity is None


@given(
    st.decimals(min_value=Decimal("0.000000001"), max_value=Decimal(999_999), places=9),
    st.sampled_from(["KGM", "LTR", "GRM", "C62"]),
)
def test_no_digit_of_fifteen_is_lost(quantity: Decimal, unit: str) -> None:
    (document,) = ledger_events([_row(EventKind.SALE, quantity=quantity, unit=unit)], [], NAMES)
    reading = read_events(write_document([document], created_at=DAY))
    assert not reading.faults
    (item,) = reading.events[0].items
    assert item.quantity == quantity
    assert item.unit == (None if unit == "C62" else unit)
