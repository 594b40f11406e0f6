"""From an EPCIS document as firms send it to a trace: real writings of real identifiers."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.actors import SYSTEM
from core.clock import now
from traceability.queries.statements import contents
from traceability.service.capturing import take_document
from traceability.service.deriving import take_in
from traceability.service.tracing import trace

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

# Made-up numbers under GS1's company prefix for examples, 0614141 and 9521141.
MILL, BAKERY, SHOP = (f"urn:epc:id:sgln:9521141.{n:05d}.0" for n in (1, 2, 3))
OF_MILL, OF_BAKERY, OF_SHOP = (f"urn:epc:id:pgln:9521141.{n:05d}" for n in (1, 2, 3))
FLOUR = "urn:epc:class:lgtin:9521141.000001.F7"
BREAD = "https://id.gs1.org/01/09521141000028/10/B9"
PALLET = "urn:epc:id:sscc:9521141.1000000001"


def at(hour: int, **more: Any) -> dict[str, Any]:
    return {
        "eventTime": f"2026-03-01T{hour:02d}:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        **more,
    }


def hop(hour: int, step: str, place: str, source: str, target: str, **what: Any) -> dict[str, Any]:
    return at(
        hour,
        type="ObjectEvent",
        action="OBSERVE",
        bizStep=step,
        readPoint={"id": place},
        bizTransactionList=[
            {"type": "desadv", "bizTransaction": "urn:epcglobal:cbv:bt:9521141000011:D-1"}
        ],
        sourceList=[{"type": "possessing_party", "source": source}],
        destinationList=[{"type": "possessing_party", "destination": target}],
        **what,
    )


def flour(kilograms: int) -> dict[str, Any]:
    return {"epcClass": FLOUR, "quantity": kilograms, "uom": "KGM"}


EVENTS = [
    at(1, type="ObjectEvent", action="ADD", bizStep="commissioning", bizLocation={"id": MILL},
       quantityList=[flour(500)], ilmd={"cbvmda:lotNumber": "F7"}),
    hop(2, "shipping", MILL, OF_MILL, OF_BAKERY, quantityList=[flour(500)]),
    hop(3, "receiving", BAKERY, OF_MILL, OF_BAKERY, quantityList=[flour(498)]),
    at(4, type="TransformationEvent", bizLocation={"id": BAKERY}, inputQuantityList=[flour(400)],
       outputQuantityList=[{"epcClass": BREAD, "quantity": 900}]),
    at(5, type="AggregationEvent", action="ADD", parentID=PALLET, bizLocation={"id": BAKERY},
       bizStep="packing", childQuantityList=[{"epcClass": BREAD, "quantity": 600}]),
    hop(6, "shipping", BAKERY, OF_BAKERY, OF_SHOP, epcList=[PALLET]),
    hop(7, "receiving", SHOP, OF_BAKERY, OF_SHOP, epcList=[PALLET]),
]  # fmt: skip


def document(events: list[dict[str, Any]]) -> bytes:
    return json.dumps(
        {
            "@context": [CONTEXT],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-02T00:00:00Z",
            "epcisBody": {"eventList": events},
        }
    ).encode()


def capture(session: Session, events: list[dict[str, Any]]) -> None:
    job = take_document(session, SYSTEM, document(events))
    assert job.success, job.errors
    assert job.first_event_id is not None
    assert job.last_event_id is not None
    take_in(session, job.first_event_id, job.last_event_id)


def lot_id(session: Session, number: str) -> int:
    found: int = session.execute(
        text("SELECT id FROM lot WHERE number = :number"), {"number": number}
    ).scalar_one()
    return found


def test_a_captured_document_is_traced_from_mill_to_shop(session: Session) -> None:
    capture(session, EVENTS)

    found = trace(session, lot_id(session, "F7"), direction="forward")

    held = {
        (lot.lot.number, party.code)
        for holding in found.holdings
        for lot in found.lots
        for party in found.parties
        if (lot.lot.lot_id, party.party_id) == (holding.lot_id, holding.party_id)
    }
    mill, bakery, shop = "9521141000014", "9521141000021", "9521141000038"
    assert held == {("F7", mill), ("F7", bakery), ("B9", bakery), ("B9", shop)}
    # Ship and receive are one hop, told by both.
    assert sorted(len(each.event_ids) for each in found.edges) == [1, 2, 2]


def test_an_error_declared_afterwards_takes_the_bread_off_the_trace(session: Session) -> None:
    capture(session, EVENTS)
    baked = EVENTS[3] | {
        "errorDeclaration": {
            "declarationTime": "2026-03-02T00:00:00Z",
            "reason": "https://ref.gs1.org/cbv/ER-did_not_occur",
        }
    }
    capture(session, [baked])

    found = trace(session, lot_id(session, "F7"), direction="forward")

    assert [each.lot.number for each in found.lots] == ["F7"]


def test_contents_are_asked_for_by_the_number_on_the_pallet(session: Session) -> None:
    capture(session, EVENTS)

    (inside,) = contents(session, "https://id.gs1.org/00/195211410000000011", as_of=now())

    assert inside.lot is not None
    assert (inside.lot.number, inside.quantity) == ("B9", 600)
