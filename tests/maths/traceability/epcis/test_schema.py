"""Every rule of an event: where it is broken, which one it is, and what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.maths.traceability.epcis.made import (
    CONTEXT,
    EVERY,
    LOT,
    buying,
    joining,
    making,
    packing,
    sensing,
    shipping,
)
from traceability.maths.epcis.limits import Limits
from traceability.maths.epcis.schema import check_document, check_event

AMOUNT = {"epcClass": LOT}


def amount(**facts: Any) -> dict[str, Any]:
    return shipping(quantityList=[{**AMOUNT, **facts}])


BROKEN: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "no time": (shipping(eventTime=None), "", "required", "eventTime"),
    "no offset": (shipping(eventTimeZoneOffset=None), "", "required", "eventTimeZoneOffset"),
    "no zone": (shipping(eventTime="2026-04-07T09:30:00"), "/eventTime", "format", "offset"),
    "no such day": (shipping(eventTime="2026-02-30T09:30:00Z"), "/eventTime", "format", "no day"),
    "year 0": (shipping(eventTime="0000-01-01T00:00:00Z"), "/eventTime", "format", "year"),
    "before year 1": (
        shipping(eventTime="0001-01-01T00:00:00+08:00"), "/eventTime", "format", "0001 to 9999"),
    "after year 9999": (
        shipping(eventTime="9999-12-31T23:59:59.9996Z"), "/eventTime", "format", "0001 to 9999"),
    "offset too far": (
        shipping(eventTimeZoneOffset="+15:00"), "/eventTimeZoneOffset", "format", "+14:00"),
    "time of record": (shipping(recordTime="2026-13-01T00:00:00Z"), "/recordTime", "format", ""),
    "action": (shipping(action="add"), "/action", "enum", "ADD, OBSERVE or DELETE"),
    "step": (shipping(bizStep="sending"), "/bizStep", "enum", "shipping"),
    "disposition": (shipping(disposition="gone"), "/disposition", "enum", "in_transit"),
    "text for a number": (
        amount(quantity="40"), "/quantityList/0/quantity", "type", "needs a number, got the text"),
    "truth for a number": (
        amount(quantity=True), "/quantityList/0/quantity", "type", "a number"),
    "negative": (amount(quantity=-1), "/quantityList/0/quantity", "quantity", "negative"),
    "too much": (amount(quantity=10**15), "/quantityList/0/quantity", "quantity", "10^15"),
    "too fine": (
        amount(quantity=0.1 + 0.2), "/quantityList/0/quantity", "quantity", "round 0.30000000"),
    "unit kg": (amount(quantity=1, uom="kg"), "/quantityList/0/uom", "pattern", "KGM"),
    "unit 千克": (amount(quantity=1, uom="千克"), "/quantityList/0/uom", "pattern", "mean KGM"),
    "no class": (shipping(quantityList=[{"quantity": 1}]), "/quantityList/0", "required",
                 "epcClass"),
    "damaged urn": (
        shipping(quantityList=[{"epcClass": "urn:epc:class:lgtin:9521141.1.L"}]),
        "/quantityList/0/epcClass", "identifier", "13 digits"),
    "no uri": (shipping(epcList=["just text"]), "/epcList/0", "format", "URI"),
    "twice": (shipping(epcList=["urn:a:b", "urn:a:b"]), "/epcList", "uniqueItems", "twice"),
    "nothing named": (shipping(quantityList=None), "", "required", "epcList or quantityList"),
    "unknown field": (shipping(remark="x"), "", "additionalProperties", "remark"),
    "field of another type": (shipping(parentID="urn:a:b"), "", "additionalProperties", "parentID"),
    "ilmd without ADD": (shipping(ilmd={"ex:a": 1}), "/ilmd", "ilmd", "ADD"),
    "ilmd without prefix": (making(ilmd={"a": 1}), "/ilmd", "additionalProperties", "prefix"),
    "place": (shipping(readPoint={"ex:name": "x"}), "/readPoint", "required", "id"),
    "place as text": (shipping(readPoint="urn:a:b"), "/readPoint", "type", "an object"),
    "source": (shipping(sourceList=[{"type": "owner", "source": "urn:a:b"}]),
               "/sourceList/0/type", "enum", "owning_party"),
    "declaration": (shipping(errorDeclaration={}), "/errorDeclaration", "required",
                    "declarationTime"),
    "reason": (
        shipping(errorDeclaration={"declarationTime": "2026-04-08T00:00:00Z", "reason": "x"}),
        "/errorDeclaration/reason", "enum", "incorrect_data"),
    "lasting": (shipping(persistentDisposition={}), "/persistentDisposition", "minProperties",
                "empty"),
    "no sides": (making(inputQuantityList=None, outputQuantityList=[]), "", "required", "inputs"),
    "no parent": (packing(parentID=None), "", "required", "parentID"),
    "no children": (packing(childEPCs=[], childQuantityList=None), "", "required", "childEPCs"),
    "no part": (joining(childEPCs=None), "", "required", "childEPCs"),
    "no papers": (buying(bizTransactionList=None), "", "required", "bizTransactionList"),
    "empty papers": (buying(bizTransactionList=[]), "/bizTransactionList", "minItems", "empty"),
    "no goods": (buying(epcList=None), "", "required", "epcList or quantityList"),
    "no report": (sensing(sensorElementList=[{}]), "/sensorElementList/0", "required",
                  "sensorReport"),
    "sensor time": (
        sensing(sensorElementList=[{"sensorMetadata": {"time": "2026-04-31T00:00:00Z"},
                                    "sensorReport": [{"type": "Temperature"}]}]),
        "/sensorElementList/0/sensorMetadata/time", "format", "no day"),
    "hex": (
        sensing(sensorElementList=[{"sensorReport": [{"type": "Count", "hexBinaryValue": "xy"}]}]),
        "/sensorElementList/0/sensorReport/0/hexBinaryValue", "pattern", "xy"),
    "type": (shipping(type="ObjectEvents"), "/type", "enum", "ObjectEvent"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_told(name: str) -> None:
    event, path, rule, words = BROKEN[name]

    faults = check_event(event, position=4)

    assert [(each.position, each.path, each.rule) for each in faults] == [(4, path, rule)]
    assert words in faults[0].message
    assert faults[0].event_id == event.get("eventID")


def test_all_broken_rules_are_told_at_once() -> None:
    event = shipping(action="x", bizStep="y", readPoint=None, eventTimeZoneOffset="z")

    faults = check_event(event)

    assert {each.path for each in faults} == {"/action", "/bizStep", "/eventTimeZoneOffset"}


SOUND: dict[str, dict[str, Any]] = {
    "empty list of things": shipping(epcList=[], quantityList=None),
    "all unpacked": packing(action="DELETE", childEPCs=None, childQuantityList=None),
    "seen inside nothing known": packing(action="OBSERVE", parentID=None),
    "inputs of a process": making(
        outputQuantityList=None, transformationID="urn:epc:id:gdti:9521141.55555.1"
    ),
    "one side only": making(outputQuantityList=None),
    "nothing left": buying(action="DELETE", epcList=None),
    "first day": shipping(eventTime="0001-01-01T00:00:00Z"),
    "last day": shipping(eventTime="9999-12-31T23:59:59.999Z"),
    "farthest offset": shipping(eventTimeZoneOffset="-14:00"),
    "own step": shipping(bizStep="https://ns.example.org/steps/airing"),
    "nothing of it": amount(quantity=0),
    "as fine as kept": amount(quantity=0.000000001),
    "as much as kept": amount(quantity=999_999_999_999_999),
    "as much, with a point": amount(quantity=999_999_999_999_999.0),
    "certified": shipping(certificationInfo=["urn:a:b", "urn:a:c"]),
    "address in Chinese": shipping(epcList=["https://追溯.example/批/甲"]),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_the_standard_allows_is_sound(name: str) -> None:
    assert check_event(SOUND[name]) == ()


@pytest.mark.parametrize("made", EVERY)
def test_every_type_of_event_is_sound(made: Any) -> None:
    assert check_event(made()) == ()


@pytest.mark.parametrize("value", [None, 5, "text", [], [{}], {}, {"type": None}, {"type": []}])
def test_what_is_no_event_is_told(value: object) -> None:
    (fault, *_) = check_event(value)

    assert fault.rule in {"type", "enum"}


def test_a_document_is_checked_with_all_its_events() -> None:
    document = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-04-09T08:00:00+08:00",
        "epcisBody": {"eventList": [shipping(), shipping(action="x"), packing(parentID=None)]},
    }

    assert [(each.position, each.path) for each in check_document(document)] == [
        (1, "/action"),
        (2, ""),
    ]
    assert [each.rule for each in check_document({"type": "EPCISDocument"})] == ["required"]


def test_limits_are_told_by_name() -> None:
    many = shipping(epcList=[f"urn:a:{number}" for number in range(11)])
    deep = shipping(**{"ex:a": [[[[1]]]]})

    (items,) = check_event(many, Limits(items=11))
    (depth,) = check_event(deep, Limits(depth=4))

    assert "at most 11" in items.message
    assert (items.rule, depth.rule, depth.path) == ("limit", "limit", "/ex:a")
    assert check_event(many, Limits(items=16)) == check_event(deep, Limits(depth=5)) == ()
