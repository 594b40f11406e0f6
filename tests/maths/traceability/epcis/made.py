"""Documents made for these tests: invented firms, GS1 prefixes reserved for examples."""

from __future__ import annotations

from typing import Any

import orjson

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
OURS = "https://ns.example.org/dairy/"
LOT = "urn:epc:class:lgtin:9521141.012345.L-0407"
LOT_LINK = "https://id.gs1.org/01/09521141123454/10/L-0407"


def shipping(**changes: Any) -> dict[str, Any]:
    """Forty kilograms of a lot on their way."""
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "eventID": "urn:uuid:7d1c1c4e-3d0f-4b57-9a3c-6a8e3fd0a001",
        "eventTime": "2026-04-07T09:30:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "readPoint": {"id": "urn:epc:id:sgln:9521141.00001.0"},
        "quantityList": [{"epcClass": LOT, "quantity": 40, "uom": "KGM"}],
        "bizTransactionList": [
            {"type": "desadv", "bizTransaction": "urn:epcglobal:cbv:bt:9521141000012:D-77"}
        ],
        "sourceList": [
            {"type": "owning_party", "source": "urn:epc:id:pgln:9521141.00001"},
            {"type": "location", "source": "urn:epc:id:sgln:9521141.00002.0"},
        ],
        "destinationList": [
            {"type": "owning_party", "destination": "urn:epc:id:pgln:9521141.00003"}
        ],
    }
    return {name: value for name, value in (event | changes).items() if value is not None}


def making(**changes: Any) -> dict[str, Any]:
    """Milk into cheese."""
    event: dict[str, Any] = {
        "type": "TransformationEvent",
        "eventTime": "2026-04-06T12:00:00.5+08:00",
        "eventTimeZoneOffset": "+08:00",
        "bizStep": "commissioning",
        "inputQuantityList": [{"epcClass": LOT, "quantity": 38.25, "uom": "KGM"}],
        "outputQuantityList": [
            {"epcClass": "https://id.gs1.org/01/09521141678909/10/K1", "quantity": 4, "uom": "KGM"}
        ],
        "ilmd": {"dairy:ripening": "60.0", "cbvmda:bestBeforeDate": "2026-09-01"},
    }
    return {name: value for name, value in (event | changes).items() if value is not None}


def packing(**changes: Any) -> dict[str, Any]:
    """Two wheels into a crate."""
    event: dict[str, Any] = {
        "type": "AggregationEvent",
        "action": "ADD",
        "eventTime": "2026-04-08T01:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "bizStep": "packing",
        "parentID": "urn:epc:id:sscc:9521141.0000000042",
        "childEPCs": [
            "urn:epc:id:sgtin:9521141.067890.1001",
            "urn:epc:id:sgtin:9521141.067890.1000",
        ],
        "childQuantityList": [{"epcClass": LOT}],
    }
    return {name: value for name, value in (event | changes).items() if value is not None}


def joining(**changes: Any) -> dict[str, Any]:
    """A sensor onto a returnable crate."""
    event: dict[str, Any] = {
        "type": "AssociationEvent",
        "action": "ADD",
        "eventTime": "2026-04-08T02:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "parentID": "urn:epc:id:grai:9521141.55555.987",
        "childEPCs": ["urn:epc:id:giai:9521141.SENSOR7"],
    }
    return {name: value for name, value in (event | changes).items() if value is not None}


def buying(**changes: Any) -> dict[str, Any]:
    """An order and what is meant by it."""
    event: dict[str, Any] = {
        "type": "TransactionEvent",
        "action": "ADD",
        "eventTime": "2026-04-08T03:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "bizTransactionList": [{"bizTransaction": "urn:epc:id:gdti:9521141.55555.98"}],
        "epcList": ["urn:epc:id:sgtin:9521141.067890.1000"],
    }
    return {name: value for name, value in (event | changes).items() if value is not None}


def sensing(**changes: Any) -> dict[str, Any]:
    """A temperature at a place."""
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "eventTime": "2026-04-08T04:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "bizStep": "sensor_reporting",
        "readPoint": {"id": "urn:epc:id:sgln:9521141.00002.0", "dairy:room": "7"},
        "sensorElementList": [
            {
                "sensorMetadata": {
                    "time": "2026-04-08T11:59:59.9996+08:00",
                    "deviceID": "urn:epc:id:giai:9521141.SENSOR7",
                    "dairy:calibrated": True,
                },
                "sensorReport": [
                    {"type": "Temperature", "value": 4.50, "uom": "CEL"},
                    {"type": "Temperature", "exception": "ALARM_CONDITION", "component": "x"},
                ],
                "dairy:note": ["b", "a"],
            }
        ],
    }
    return {name: value for name, value in (event | changes).items() if value is not None}


EVERY = (shipping, making, packing, joining, buying, sensing)


def document(*events: Any, **changes: Any) -> bytes:
    """An EPCIS document."""
    made: dict[str, Any] = {
        "@context": [CONTEXT, {"dairy": OURS}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-04-09T08:00:00+08:00",
        "epcisBody": {"eventList": list(events)},
    }
    made |= changes
    return orjson.dumps({name: value for name, value in made.items() if value is not None})
