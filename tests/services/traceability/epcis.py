"""EPCIS documents that tests write in a line."""

from __future__ import annotations

import json
from typing import Any

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def event(n: int = 1, **fields: Any) -> dict[str, Any]:
    """An object event: lot L<n> of one product is shipped; a field given as None is left out."""
    values = {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{n:012d}",
        "eventTime": f"2026-03-{1 + n % 27:02d}T08:{n % 60:02d}:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "readPoint": {"id": "urn:epc:id:sgln:4012345.00001.0"},
        "quantityList": [
            {"epcClass": f"urn:epc:class:lgtin:4012345.012345.L{n}", "quantity": 100, "uom": "KGM"}
        ],
        "bizTransactionList": [
            {"type": "desadv", "bizTransaction": f"urn:epcglobal:cbv:bt:4012345000016:D{n}"}
        ],
        "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00001"}],
        "destinationList": [
            {"type": "owning_party", "destination": "urn:epc:id:pgln:4012345.00002"}
        ],
        **fields,
    }
    return {name: value for name, value in values.items() if value is not None}


def document(*events: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A document of events."""
    return {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-04-01T00:00:00Z",
        "epcisBody": {"eventList": list(events)},
        **fields,
    }


def content(*events: dict[str, Any], **fields: Any) -> bytes:
    """The same as bytes."""
    return json.dumps(document(*events, **fields)).encode()


def declared(original: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The event again, declared to have been wrong."""
    declaration = {
        "declarationTime": "2026-03-30T00:00:00Z",
        "reason": "incorrect_data",
        **fields,
    }
    return {**original, "errorDeclaration": declaration}
