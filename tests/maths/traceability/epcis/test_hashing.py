"""The event hash: typed strings, a second canonicaliser, and what must and must not change it."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.maths.traceability.epcis.made import (
    EVERY,
    LOT_LINK,
    OURS,
    document,
    making,
    packing,
    sensing,
    shipping,
)
from tests.maths.traceability.epcis.slow import digest
from traceability.maths.epcis.canonical import declaration_text, pre_hash
from traceability.maths.epcis.contexts import EPCIS_CONTEXT, names_of
from traceability.maths.epcis.hashing import declaration_hash, event_hash, event_hash_id
from traceability.maths.epcis.reading import read_events
from traceability.maths.epcis.times import instant

NAMES = names_of([EPCIS_CONTEXT, {"dairy": OURS}])
PREFIXES = {"dairy": OURS, "cbvmda": "urn:epcglobal:cbv:mda"}


def text(event: dict[str, Any]) -> str:
    return pre_hash(event, NAMES, instant(event["eventTime"]).text)


def hash_of(event: dict[str, Any]) -> bytes:
    return event_hash(event, NAMES)


# Written by hand from the standard's table. GLN 952114100001: 9+15+2+3+1+12+1+3 = 46, check 4;
# 952114100002: 49, 1; 952114100003: 52, 8. GTIN 0952114112345: 3*(0+5+1+4+1+3+5) + 9+2+1+1+2+4
# = 57+19 = 76, check 4.
SHIPPING = (
    "eventType=ObjectEventeventTime=2026-04-07T01:30:00.000ZeventTimeZoneOffset=+08:00"
    "quantityListquantityElementepcClass=https://id.gs1.org/01/09521141123454/10/L-0407"
    "quantity=40uom=KGMaction=OBSERVEbizStep=https://ref.gs1.org/cbv/BizStep-shipping"
    "disposition=https://ref.gs1.org/cbv/Disp-in_transit"
    "readPointid=https://id.gs1.org/414/9521141000014"
    "bizTransactionListtype=https://ref.gs1.org/cbv/BTT-desadv"
    "bizTransaction=urn:epcglobal:cbv:bt:9521141000012:D-77"
    "sourceListtype=https://ref.gs1.org/cbv/SDT-locationsource=https://id.gs1.org/414/9521141000021"
    "type=https://ref.gs1.org/cbv/SDT-owning_partysource=https://id.gs1.org/417/9521141000014"
    "destinationListtype=https://ref.gs1.org/cbv/SDT-owning_party"
    "destination=https://id.gs1.org/417/9521141000038"
)
MAKING = (
    "eventType=TransformationEventeventTime=2026-04-06T04:00:00.500ZeventTimeZoneOffset=+08:00"
    "inputQuantityListquantityElementepcClass=https://id.gs1.org/01/09521141123454/10/L-0407"
    "quantity=38.25uom=KGM"
    "outputQuantityListquantityElementepcClass=https://id.gs1.org/01/09521141678909/10/K1"
    "quantity=4uom=KGMbizStep=https://ref.gs1.org/cbv/BizStep-commissioning"
    "ilmd{https://ns.example.org/dairy/}ripening=60{urn:epcglobal:cbv:mda}bestBeforeDate=2026-09-01"
)
SENSING = (
    "eventType=ObjectEventeventTime=2026-04-08T04:00:00.000ZeventTimeZoneOffset=+08:00"
    "action=OBSERVEbizStep=https://ref.gs1.org/cbv/BizStep-sensor_reporting"
    "readPointid=https://id.gs1.org/414/9521141000021{https://ns.example.org/dairy/}room=7"
    "sensorElementListsensorElement"
    "sensorMetadatatime=2026-04-08T04:00:00.000ZdeviceID=https://id.gs1.org/8004/9521141SENSOR7"
    "{https://ns.example.org/dairy/}calibrated=true"
    "sensorReporttype=https://gs1.org/voc/Temperatureexception=https://gs1.org/voc/ALARM_CONDITION"
    "component=https://ref.gs1.org/cbv/Comp-x"
    "sensorReporttype=https://gs1.org/voc/Temperaturevalue=4.5uom=CEL"
    "{https://ns.example.org/dairy/}note=a{https://ns.example.org/dairy/}note=b"
)


@pytest.mark.parametrize(
    ("event", "written"),
    [(shipping(), SHIPPING), (making(), MAKING), (sensing(), SENSING)],
    ids=["shipping", "making", "sensing"],
)
def test_the_canonical_string_is_the_one_written_by_hand(
    event: dict[str, Any], written: str
) -> None:
    assert text(event) == written
    assert hash_of(event) == hashlib.sha256(written.encode()).digest()


@pytest.mark.parametrize("made", EVERY)
def test_a_second_canonicaliser_agrees(made: Any) -> None:
    event = made()

    assert hash_of(event) == digest(event, PREFIXES)


LOTS = st.from_regex(r"[0-9A-Za-z\-]{1,12}", fullmatch=True)
QUANTITIES = st.one_of(
    st.integers(0, 10**9), st.integers(0, 10**9).map(lambda number: number / 64), st.none()
)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """Events of all types, with amounts and extensions of their own."""
    event = draw(st.sampled_from(EVERY))()
    fields = [name for name in event if name.lower().endswith("quantitylist")]
    for name in fields:
        event[name] = [
            {
                "epcClass": f"urn:epc:class:lgtin:9521141.0{draw(st.integers(0, 99999)):05d}.{lot}",
                **({} if quantity is None else {"quantity": quantity}),
                **draw(st.sampled_from([{}, {"uom": "KGM"}, {"uom": "EA"}])),
            }
            for lot, quantity in draw(st.lists(st.tuples(LOTS, QUANTITIES), max_size=4))
        ]
    values = st.one_of(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.booleans(), st.integers(-9999, 9999)
    )
    tree = st.recursive(
        values,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(["dairy:a", "dairy:b"]), inner, max_size=2),
        ),
        max_leaves=6,
    )
    for name in draw(st.sets(st.sampled_from(["dairy:x", "dairy:y", "other:z"]))):
        event[name] = draw(tree)
    return event


@given(events())
@settings(max_examples=150, deadline=None)
def test_the_two_canonicalisers_agree_on_any_event(event: dict[str, Any]) -> None:
    assert hash_of(event) == digest(event, PREFIXES)


def shuffled(value: Any, dice: random.Random) -> Any:
    """The same thing, names and entries in another order."""
    if isinstance(value, dict):
        names = list(value)
        dice.shuffle(names)
        return {name: shuffled(value[name], dice) for name in names}
    if isinstance(value, list):
        entries = [shuffled(each, dice) for each in value]
        dice.shuffle(entries)
        return entries
    return value


@given(events(), st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_order_says_nothing(event: dict[str, Any], seed: int) -> None:
    assert hash_of(shuffled(event, random.Random(seed))) == hash_of(event)


SAME = {
    "another name": {"eventID": "urn:uuid:7d1c1c4e-3d0f-4b57-9a3c-6a8e3fd0a999"},
    "no name": {"eventID": None},
    "time of record": {"recordTime": "2026-04-07T09:31:00+08:00"},
    "declared wrong": {"errorDeclaration": {"declarationTime": "2026-04-08T00:00:00Z"}},
    "another offset of the same instant": {"eventTime": "2026-04-07T01:30:00Z"},
    "finer than a millisecond": {"eventTime": "2026-04-07T01:30:00.00049Z"},
    "40.0": {"quantityList": [{"epcClass": LOT_LINK, "quantity": 40.0, "uom": "KGM"}]},
    "Digital Link elsewhere": {
        "quantityList": [
            {
                "epcClass": "http://shop.example/x/gtin/9521141123454/lot/L-0407?a=b",
                "quantity": 40,
                "uom": "KGM",
            }
        ]
    },
    "older word": {"bizStep": "urn:epcglobal:cbv:bizstep:shipping"},
    "word with prefix": {"bizStep": "cbv:BizStep-shipping"},
    "word in full": {"disposition": "https://ref.gs1.org/cbv/Disp-in_transit"},
    "a note": {"rdfs:comment": "by hand"},
    "a null": {"dairy:nothing": [None]},
}
OTHER = {
    "grams": {"quantityList": [{"epcClass": LOT_LINK, "quantity": 40000, "uom": "GRM"}]},
    "no unit": {"quantityList": [{"epcClass": LOT_LINK, "quantity": 40}]},
    "no quantity": {"quantityList": [{"epcClass": LOT_LINK, "uom": "KGM"}]},
    "half a millisecond": {"eventTime": "2026-04-07T01:30:00.0005Z"},
    "offset": {"eventTimeZoneOffset": "+09:00"},
    "action": {"action": "ADD"},
    "one extension": {"dairy:truck": "7"},
    "case of the lot": {
        "quantityList": [{"epcClass": LOT_LINK.lower(), "quantity": 40, "uom": "KGM"}]
    },
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME.keys())
def test_another_writing_hashes_alike(change: dict[str, Any]) -> None:
    assert hash_of(shipping(**change)) == hash_of(shipping())


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER.keys())
def test_another_event_hashes_otherwise(change: dict[str, Any]) -> None:
    assert hash_of(shipping(**change)) != hash_of(shipping())


def test_two_long_numbers_never_become_one() -> None:
    first = making(**{"dairy:seal": "12345678901234567890"})
    second = making(**{"dairy:seal": "12345678901234567891"})

    assert hash_of(first) != hash_of(second)


def test_numbers_written_as_text_lose_idle_zeros() -> None:
    written = {"007": "7", "1.50": "1.5", "+3": "3", "1e3": "1000", ".5": "0.5", "-0": "0"}

    found = {given: text(making(ilmd={"dairy:n": given})).rpartition("=")[2] for given in written}

    assert found == written


def test_a_prefix_of_another_name_changes_nothing() -> None:
    renamed = json.loads(json.dumps(making()).replace("dairy:", "d:"))

    assert event_hash(renamed, names_of([EPCIS_CONTEXT, {"d": OURS}])) == hash_of(making())


def test_a_declaration_has_a_hash_of_its_own() -> None:
    declared = {
        "declarationTime": "2026-04-08T08:00:00+08:00",
        "reason": "incorrect_data",
        "correctiveEventIDs": ["urn:uuid:b", "urn:uuid:a"],
        "dairy:by": "Li",
    }
    written = (
        "errorDeclarationdeclarationTime=2026-04-08T00:00:00.000Z"
        "reason=https://ref.gs1.org/cbv/ER-incorrect_data"
        "correctiveEventIDscorrectiveEventID=urn:uuid:acorrectiveEventID=urn:uuid:b"
        "{https://ns.example.org/dairy/}by=Li"
    )

    assert declaration_text(declared, NAMES) == written
    assert declaration_hash(declared, NAMES) == hashlib.sha256(written.encode()).digest()
    assert declaration_hash(None, NAMES) == b""


def test_an_event_and_its_declaration_are_two_deliveries() -> None:
    declared = shipping(errorDeclaration={"declarationTime": "2026-04-08T00:00:00Z"})

    first, second = read_events(document(shipping(), declared)).events

    assert first.hash == second.hash
    assert first.declaration_hash == b""
    assert len(second.declaration_hash) == 32


def test_the_identifier_made_of_a_hash() -> None:
    assert event_hash_id(bytes(31) + b"\x0a") == f"ni:///sha-256;{'0' * 62}0a?ver=CBV2.0"


def test_things_in_a_crate_are_sorted_by_their_canonical_writing() -> None:
    told = text(packing())

    assert told.index("/21/1000") < told.index("/21/1001")
    # SSCC 09521141000000042: 3*(2+0+0+0+0+4+1+5+0) + 4+0+0+0+1+1+2+9 = 36+17 = 53, check 7
    assert "parentID=https://id.gs1.org/00/095211410000000427childEPCs" in told
