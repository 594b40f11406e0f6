"""Documents made to do harm: bounded work, a clear answer, and nothing taken by halves."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest

from tests.maths.traceability.epcis.made import CONTEXT, LOT, document, packing, shipping
from traceability.maths.epcis.event import Fault
from traceability.maths.epcis.identifiers import TEXTS
from traceability.maths.epcis.limits import DEFAULT, Limits
from traceability.maths.epcis.reading import Reading, read_events

ENOUGH = 30  # processor seconds; measured 0.1 to 5 on a busy machine


def refused(content: bytes, limits: Limits = DEFAULT) -> Fault:
    started = time.process_time()
    reading = read_events(content, limits)
    assert time.process_time() - started < ENOUGH
    assert reading.events == ()
    return reading.faults[0]


def with_text(name: str, json: bytes) -> bytes:
    """A document in which the value of one field is written by hand."""
    return document(shipping(**{name: "@@"})).replace(b'"@@"', json)


@pytest.mark.parametrize("levels", [70, 100, 260, 900, 1100, 100_000])
@pytest.mark.parametrize(
    "name", ["dairy:a", "epcList", "readPoint", "errorDeclaration", "@context"]
)
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"dairy:a":', b"}")])
def test_nesting_without_end_is_refused(
    levels: int, name: str, opening: bytes, closing: bytes
) -> None:
    fault = refused(with_text(name, opening * levels + b"1" + closing * levels))

    assert (fault.rule, "deep" in fault.message or "depth" in fault.message) in {
        ("limit", True),
        ("json", True),
    }


@pytest.mark.parametrize("levels", [20, 100, 900])
@pytest.mark.parametrize("name", ["@context", "epcisHeader", "x:own"])
def test_nesting_in_the_document_itself_breaks_nothing(levels: int, name: str) -> None:
    nested: Any = 1
    for _ in range(levels):
        nested = b'{"a":' + (nested if isinstance(nested, bytes) else b"1") + b"}"
    content = document(shipping(), **{name: "@@"}).replace(b'"@@"', nested)

    reading = read_events(content)

    assert bool(reading.faults) == (name == "@context")


def test_too_many_bytes_are_refused_before_they_are_parsed() -> None:
    started = time.process_time()

    fault = refused(b"[" * 200_000_000)

    assert (fault.rule, "200000000 bytes" in fault.message) == ("limit", True)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e400", b"0x1", b"01"])
def test_what_is_no_number_in_json_is_refused(number: bytes) -> None:
    content = document(shipping(quantityList=[{"epcClass": LOT, "quantity": 7}]))

    assert refused(content.replace(b'"quantity":7', b'"quantity":' + number)).rule == "json"


@pytest.mark.parametrize(
    "number",
    [b"1e300", b"123456789012345678901", b"1e15", b"0.30000000000000004", b"-1e-9", b"1e-400"],
)
def test_what_the_ledger_cannot_keep_is_refused(number: bytes) -> None:
    content = document(shipping(quantityList=[{"epcClass": LOT, "quantity": 7}]))

    fault = refused(content.replace(b'"quantity":7', b'"quantity":' + number))

    assert (fault.path, fault.rule) == ("/quantityList/0/quantity", "quantity")


@pytest.mark.parametrize(
    "content",
    [
        b'{"action":"ADD",',
        b'{"action" : "ADD",',
        b'{"\\u0061ction":"ADD",',
        b'{"x:a":"\\u0022:","action"\n:"ADD",',
        b'{"x:a":"\\"\\u003a","action":"ADD",',
        b'{"action":1e0,"x:\\"":"\\" :",',
    ],
)
def test_a_name_given_twice_is_refused(content: bytes) -> None:
    whole = document(shipping()).replace(
        b'{"type":"ObjectEvent",', content + b'"type":"ObjectEvent",'
    )

    fault = refused(whole)

    assert (fault.rule, "'action' is given twice" in fault.message) == ("json", True)


def test_blanks_before_colons_are_no_fault() -> None:
    spaced = document(shipping()).replace(b'":', b'" :')

    assert len(read_events(spaced).events) == 1


@pytest.mark.parametrize("text", [b'"\\ud800"', b'"\\udc00\\ud800"', b'"\xff"', b'"\xed\xa0\x80"'])
def test_broken_text_is_refused(text: bytes) -> None:
    assert refused(with_text("dairy:a", text)).rule == "json"


def test_a_character_no_database_keeps_is_refused() -> None:
    assert refused(with_text("dairy:a", b'"a\\u0000"')).rule == "character"
    assert refused(with_text("dairy:a", b'{"dairy:\\u0000":1}')).rule == "character"
    assert len(read_events(with_text("dairy:a", b'"a\\\\u0000"')).events) == 1


def test_a_crate_of_a_million_is_refused_by_name() -> None:
    many = [f"urn:epc:id:sgtin:9521141.067890.{number}" for number in range(1_000_000)]

    fault = refused(document(packing(childEPCs=many)))

    assert (fault.position, fault.rule) == (0, "limit")
    assert "1000001 things; at most 200000" in fault.message


def test_a_crate_of_fifty_thousand_is_read() -> None:
    many = [f"urn:epc:id:sgtin:9521141.067890.{number}" for number in range(50_000)]
    started = time.process_time()

    (event,) = read_events(document(packing(childEPCs=many, childQuantityList=None))).events

    assert len(event.items) == 50_001
    assert time.process_time() - started < ENOUGH


def test_the_memory_of_texts_is_bounded() -> None:
    for start in range(0, 100_000, 25_000):
        many = [f"urn:epc:id:sgtin:9521141.067890.{start + each}" for each in range(25_000)]
        read_events(document(packing(childEPCs=many)))
    long = "https://example.com/" + "a" * 3000
    read_events(document(shipping(epcList=[long])))

    assert len(TEXTS) <= 1 << 15
    assert long not in TEXTS


def test_a_large_context_is_not_kept_with_every_event() -> None:
    large = {f"p{number}": f"https://ns.example.org/{number}/" for number in range(2000)}

    fault = refused(document(shipping(), **{"@context": [CONTEXT, large]}))
    own = refused(document(shipping(**{"@context": large})))

    assert (fault.path, fault.rule) == (own.path, own.rule) == ("/@context", "limit")


def test_a_context_may_not_outgrow_its_document() -> None:
    context = [CONTEXT, {"p": "https://ns.example.org/" + "x" * 8000}]
    content = document(*[shipping()] * 100, **{"@context": context})

    assert refused(content, Limits(size=100_000)).path == "/@context"
    assert len(read_events(content, Limits(size=300_000)).events) == 100


@pytest.mark.parametrize("prefix", ["urn", "https", "http"])
def test_a_context_cannot_give_another_meaning_to_identifiers(prefix: str) -> None:
    content = document(shipping(), **{"@context": [CONTEXT, {prefix: "https://evil.example/"}]})

    assert read_events(content).events[0].hash == read_events(document(shipping())).events[0].hash


def test_a_prefix_that_hides_a_damaged_identifier_is_refused() -> None:
    content = document(
        shipping(epcList=["e:sgtin:9521141.1.1"]), **{"@context": [CONTEXT, {"e": "urn:epc:id:"}]}
    )

    assert refused(content).rule == "identifier"


def test_many_events_are_refused_by_name() -> None:
    fault = refused(document(*[shipping()] * 11), Limits(events=10))

    assert (fault.rule, "11 events; at most 10" in fault.message) == ("limit", True)


@pytest.mark.parametrize(
    "content",
    [b"", b" ", b"null", b"7", b'"x"', b"{}", b"{", b"[", b"\xff", b"\x00", b"\xef\xbb\xbf"],
)
def test_what_is_no_document_has_a_fault(content: bytes) -> None:
    reading = read_events(content)

    assert isinstance(reading, Reading)
    assert reading.events == ()
    assert reading.faults


def test_no_damage_goes_unseen() -> None:
    """Every single byte of a document lost: it is read to the same events, or it is refused."""
    whole = document(shipping())
    intact = orjson.loads(whole)
    for place in range(len(whole)):
        damaged = whole[:place] + whole[place + 1 :]

        reading = read_events(damaged)

        if not reading.faults:
            assert orjson.loads(damaged) != intact
            assert len(reading.events) == 1
