"""Documents into events: what is read, and that one bad event never stops the others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.maths.traceability.epcis.made import (
    CONTEXT,
    EVERY,
    LOT,
    LOT_LINK,
    OURS,
    document,
    joining,
    making,
    packing,
    shipping,
)
from traceability.maths.epcis.envelope import Wrapping
from traceability.maths.epcis.event import EventType, IdentifierKind, Role
from traceability.maths.epcis.hashing import event_hash_id
from traceability.maths.epcis.limits import Limits
from traceability.maths.epcis.reading import read_events


def only(content: bytes) -> Any:
    reading = read_events(content)
    assert reading.faults == ()
    (event,) = reading.events
    return event


def test_a_movement_is_read_whole() -> None:
    event = only(document(shipping()))

    assert (event.position, event.type, event.action) == (0, EventType.OBJECT, "OBSERVE")
    assert event.event_id == "urn:uuid:7d1c1c4e-3d0f-4b57-9a3c-6a8e3fd0a001"
    assert event.event_time == 1_775_525_400 * 10**6  # 2026-04-07T01:30:00Z
    assert (event.offset, event.biz_step, event.disposition) == ("+08:00", "shipping", "in_transit")
    assert event.read_point.key == "https://id.gs1.org/414/9521141000014"
    assert event.biz_location is None
    (item,) = event.items
    assert (item.role, item.quantity, item.unit) == (Role.EPC, Decimal(40), "KGM")
    assert (item.identifier.key, item.identifier.given) == (LOT_LINK, LOT)
    assert (item.identifier.gtin, item.identifier.lot) == ("09521141123454", "L-0407")
    assert [(kind, each.key) for kind, each in event.sources] == [
        ("owning_party", "https://id.gs1.org/417/9521141000014"),
        ("location", "https://id.gs1.org/414/9521141000021"),
    ]
    assert [kind for kind, _ in event.destinations] == ["owning_party"]
    assert event.transactions == (("desadv", "urn:epcglobal:cbv:bt:9521141000012:D-77"),)
    assert event.declaration is None


def test_the_stored_event_is_complete_with_its_context() -> None:
    event = only(document(making()))
    stored = orjson.loads(event.document)

    assert stored == {"@context": [CONTEXT, {"dairy": OURS}], **making()}
    assert only(event.document).hash == event.hash


def test_sides_of_a_transformation_and_parts_of_a_whole() -> None:
    made, packed = read_events(document(making(), packing())).events

    assert [(item.role, item.quantity) for item in made.items] == [
        (Role.INPUT, Decimal("38.25")),
        (Role.OUTPUT, Decimal(4)),
    ]
    assert [(item.role, item.identifier.kind, item.quantity) for item in packed.items] == [
        (Role.PARENT, IdentifierKind.CONTAINER, Decimal(1)),
        (Role.CHILD, IdentifierKind.INSTANCE, Decimal(1)),
        (Role.CHILD, IdentifierKind.INSTANCE, Decimal(1)),
        (Role.CHILD, IdentifierKind.LOT, None),  # unknown, not nothing
    ]


def test_a_thing_named_in_two_writings_is_one() -> None:
    event = only(
        document(
            packing(
                childEPCs=[
                    "urn:epc:id:sgtin:9521141.067890.1001",
                    "https://id.gs1.org/01/09521141678909/21/1001",
                ]
            )
        )
    )

    assert [item.role for item in event.items].count(Role.CHILD) == 2  # one wheel, one amount


def test_one_bad_event_never_stops_the_others() -> None:
    bad = shipping(action="CREATE", eventID="urn:uuid:bad")

    reading = read_events(document(shipping(), bad, 7, making()))

    assert [event.position for event in reading.events] == [0, 3]
    assert reading.total == 4
    assert [(each.position, each.event_id, each.path) for each in reading.faults] == [
        (1, "urn:uuid:bad", "/action"),
        (2, None, ""),
    ]


def test_what_events_may_come_in() -> None:
    alone = {"@context": CONTEXT, **shipping()}
    query = orjson.dumps(
        {
            "@context": CONTEXT,
            "type": "EPCISQueryDocument",
            "epcisBody": {
                "queryResults": {
                    "queryName": "lots",
                    "subscriptionID": "s-1",
                    "resultsBody": {"eventList": [shipping(), making()]},
                }
            },
        }
    )

    readings = [
        read_events(each)
        for each in (
            document(shipping()),
            query,
            orjson.dumps(alone),
            orjson.dumps([alone, shipping()]),
            b"\xef\xbb\xbf" + document(shipping()),
        )
    ]

    wrappings = [each.envelope.wrapping for each in readings if each.envelope]
    assert wrappings == [
        Wrapping.DOCUMENT,
        Wrapping.QUERY,
        Wrapping.EVENT,
        Wrapping.LIST,
        Wrapping.DOCUMENT,
    ]
    assert [len(each.events) for each in readings] == [1, 2, 1, 2, 1]
    assert readings[1].envelope is not None
    assert (readings[1].envelope.query_name, readings[1].envelope.subscription_id) == (
        "lots",
        "s-1",
    )
    assert len({each.events[0].hash for each in readings}) == 1


def test_what_a_document_says_of_itself() -> None:
    content = document(shipping(), id="urn:uuid:doc", sender="urn:a:b", receiver="urn:c:d")

    envelope = read_events(content).envelope

    assert envelope is not None
    assert envelope.document_id == "urn:uuid:doc"
    assert (envelope.sender, envelope.receiver) == ("urn:a:b", "urn:c:d")
    assert envelope.created_at == 1_775_692_800 * 10**6  # 2026-04-09T00:00:00Z


@pytest.mark.parametrize(
    ("change", "path", "rule", "words"),
    [
        ({"@context": None}, "", "required", "@context"),
        ({"@context": 5}, "/@context", "type", "@context"),
        ({"@context": []}, "/@context", "type", "@context"),
        ({"type": "EPCISDoc"}, "/type", "enum", "EPCISDocument"),
        ({"schemaVersion": None}, "", "required", "schemaVersion"),
        ({"schemaVersion": "1.2"}, "/schemaVersion", "version", "EPCIS 2"),
        ({"creationDate": "today"}, "/creationDate", "format", "2026-01-31T08:30:00+08:00"),
        ({"epcisBody": None}, "", "required", "epcisBody"),
        ({"epcisBody": []}, "/epcisBody", "type", "an object"),
        ({"epcisBody": {}}, "/epcisBody", "required", "eventList"),
        ({"epcisBody": {"eventList": {}}}, "/epcisBody/eventList", "type", "a list"),
        ({"remark": "x"}, "", "additionalProperties", "remark"),
    ],
)
def test_a_document_that_is_none_tells_why(
    change: dict[str, Any], path: str, rule: str, words: str
) -> None:
    reading = read_events(document(shipping(), **change))

    (fault,) = reading.faults
    assert (fault.position, fault.path, fault.rule) == (None, path, rule)
    assert words in fault.message
    assert reading.events == ()


def test_a_context_of_one_event_joins_that_of_its_document() -> None:
    own = making(**{"@context": {"dairy": "https://else.example/", "x": "https://x.example/"}})
    alone = orjson.dumps({**making(), "@context": [CONTEXT, {"dairy": "https://else.example/"}]})

    event = only(document(own))

    assert event.hash == only(alone).hash
    assert orjson.loads(event.document)["@context"] == [
        CONTEXT,
        {"dairy": OURS},
        {"dairy": "https://else.example/", "x": "https://x.example/"},
    ]


def test_doubts_refuse_nothing() -> None:
    odd = making(
        outputQuantityList=None,
        inputQuantityList=[
            {"epcClass": "https://id.gs1.org/01/09521141123455/10/L", "quantity": 1, "uom": "Q3"}
        ],
    )

    reading = read_events(document(odd))

    assert len(reading.events) == 1
    assert [each.rule for each in reading.doubts] == ["check", "unit", "incomplete"]


def test_an_error_declaration_is_read() -> None:
    event = only(
        document(
            joining(
                errorDeclaration={
                    "declarationTime": "2026-04-09T00:00:00Z",
                    "reason": "did_not_occur",
                    "correctiveEventIDs": ["urn:uuid:x"],
                }
            )
        )
    )

    assert event.declaration is not None
    assert event.declaration.declared_at == 1_775_692_800 * 10**6
    assert (event.declaration.reason, event.declaration.corrective_ids) == (
        "did_not_occur",
        ("urn:uuid:x",),
    )


@pytest.mark.parametrize("made", EVERY)
def test_every_type_of_event_is_read(made: Any) -> None:
    event = only(document(made()))

    assert event.type == made()["type"]


def test_faults_are_bounded_and_the_rest_is_counted() -> None:
    content = document(*[shipping(action="x")] * 5)

    reading = read_events(content, Limits(faults=2))

    assert [each.rule for each in reading.faults] == ["enum", "enum", "limit"]
    assert reading.faults[-1].message.startswith("3 more events")


def test_a_name_that_is_the_hash_of_another_event_is_a_doubt() -> None:
    right = event_hash_id(only(document(shipping())).hash)
    wrong = right.replace("sha-256;", "sha-256;0")

    reading = read_events(document(shipping(eventID=right), shipping(eventID=wrong)))

    assert len(reading.events) == 2
    assert [(each.position, each.rule) for each in reading.doubts] == [(1, "hash")]
    assert right in reading.doubts[0].message
