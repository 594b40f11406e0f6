"""Ledger rows as EPCIS 2.0 events: evidence in the form that other systems read.

Nothing is added to what the rows say. A row whose day only is known becomes an event at the first
instant of that day, with the whole span beside it; a party without a GLN is named by a URI of this
house, which other systems compare as written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from traceability.maths.amounts import plain
from traceability.maths.epcis.contexts import EPCIS_CONTEXT
from traceability.maths.epcis.identifiers import identify_lot
from traceability.maths.epcis.times import told
from traceability.maths.ledger import EARLIEST, LATEST, Event, EventKind, Use

# Names of this house in documents for others; nothing has to answer there.
NAMES = "https://zhiheng.invalid/ns/"
OFFSET = "+08:00"

# What a row tells, in the words of the Core Business Vocabulary 2.0, sections 7.1 and 7.2.
_STEPS: dict[EventKind, tuple[str, str, str]] = {
    EventKind.PRODUCTION: ("ADD", "commissioning", "active"),
    EventKind.SHIPMENT: ("OBSERVE", "shipping", "in_transit"),
    EventKind.RETURN: ("OBSERVE", "shipping", "returned"),
    EventKind.RECEIPT: ("OBSERVE", "receiving", "in_progress"),
    EventKind.SALE: ("OBSERVE", "retail_selling", "retail_sold"),
    EventKind.DESTRUCTION: ("DELETE", "destroying", "destroyed"),
    EventKind.STOCK: ("OBSERVE", "cycle_counting", "sellable_accessible"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What rows call lots and parties by number: their identifiers for others.

    Attributes
    ----------
    lots : dict
        Lot → (GTIN or None, lot number, number of the product's row).
    parties : dict
        Party → code or name; None for one not written down.
    """

    lots: dict[int, tuple[str | None, str, int]]
    parties: dict[int, str | None]

    def lot(self, lot_id: int) -> str:
        """A lot as a class-level identifier."""
        gtin, number, product = self.lots[lot_id]
        if gtin is not None:
            try:
                return identify_lot(gtin, number).key
            except ValueError:  # a lot number that GS1 cannot write, such as a Chinese one
                pass
        return f"{NAMES}product/{product}/lot/{_safe(number)}"

    def party(self, party_id: int) -> str:
        """A party."""
        code = self.parties.get(party_id)
        return f"{NAMES}party/{_safe(code) if code else f'unlisted-{party_id}'}"


def ledger_events(events: Iterable[Event], uses: Iterable[Use], names: Names) -> list[bytes]:
    """Rows of ledgers as EPCIS events, each complete with its context, in the order given.

    Parameters
    ----------
    events : iterable of Event
        Rows; those that only take others back are left out, with what they took back.
    uses : iterable of Use
        What went into the productions among them.
    names : Names

    Notes
    -----
    A production that names its inputs is a TransformationEvent, with inputs as they were counted;
    one without is an ObjectEvent that commissions the lot.
    """
    inputs: dict[int, list[Use]] = {}
    for use in uses:
        inputs.setdefault(use.event, []).append(use)
    return [
        orjson.dumps(_event(event, inputs.get(event.id, []), names))
        for event in events
        if event.kind is not EventKind.VOID
    ]


def _event(event: Event, uses: Sequence[Use], names: Names) -> dict[str, Any]:
    at = event.lo if event.lo > EARLIEST else event.hi
    if at >= LATEST:
        at = 0
    found: dict[str, Any] = {
        "@context": [*_contexts(), {"zhiheng": NAMES}],
        "eventID": f"{NAMES}ledger-row/{event.id}",
        "eventTime": told(at),
        "eventTimeZoneOffset": OFFSET,
    }
    action, step, disposition = _STEPS[event.kind]
    lot = _quantity(names.lot(event.lot), event.quantity, event.unit)
    place = {"id": names.party(event.source)}
    if event.kind is EventKind.PRODUCTION and uses:
        found |= {
            "type": "TransformationEvent",
            "inputQuantityList": [
                _quantity(names.lot(use.input), use.quantity, use.unit) for use in uses
            ],
            "outputQuantityList": [lot],
        }
    else:
        found |= {"type": "ObjectEvent", "action": action, "quantityList": [lot]}
    found |= {"bizStep": step, "disposition": disposition, "readPoint": place}
    if event.target:
        found["sourceList"] = [{"type": "possessing_party", "source": names.party(event.source)}]
        found["destinationList"] = [
            {"type": "possessing_party", "destination": names.party(event.target)}
        ]
        if event.kind is EventKind.RECEIPT:
            found["readPoint"] = {"id": names.party(event.target)}
    if event.document:
        found["bizTransactionList"] = [
            {
                "type": "desadv",
                "bizTransaction": f"{NAMES}document/{_safe(event.document)}",
            }
        ]
    found |= _span(event)
    return found


def _contexts() -> list[Any]:
    return EPCIS_CONTEXT if isinstance(EPCIS_CONTEXT, list) else [EPCIS_CONTEXT]


def _quantity(identifier: str, quantity: Any, unit: str) -> dict[str, Any]:
    found: dict[str, Any] = {"epcClass": identifier}
    if quantity is not None:
        text = plain(quantity)
        found["quantity"] = orjson.Fragment(text.encode())
        if unit not in ("C62", "EA", "H87"):
            found["uom"] = unit
    return found


def _span(event: Event) -> dict[str, Any]:
    """The span a row leaves open, where it is more than an instant."""
    if event.lo == event.hi:
        return {}
    return {
        "zhiheng:earliest": None if event.lo <= EARLIEST else told(event.lo),
        "zhiheng:latest": None if event.hi >= LATEST else told(event.hi),
    }


def _safe(text: str) -> str:
    return quote(text, safe="")
