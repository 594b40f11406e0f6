"""Stored events into documents again: read back the same, and written twice the same bytes."""

from __future__ import annotations

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.maths.traceability.epcis.made import CONTEXT, EVERY, OURS, document, making, shipping
from traceability.maths.epcis.contexts import EPCIS_CONTEXT
from traceability.maths.epcis.reading import read_events
from traceability.maths.epcis.schema import check_document
from traceability.maths.epcis.writing import iter_document, write_document, write_query_document

AT = 1_775_692_800 * 10**6  # 2026-04-09T00:00:00Z


def stored(*contents: bytes) -> list[bytes]:
    return [event.document for content in contents for event in read_events(content).events]


def hashes(content: bytes) -> list[bytes]:
    reading = read_events(content)
    assert reading.faults == ()
    return [event.hash for event in reading.events]


@given(st.lists(st.sampled_from(EVERY), max_size=5), st.booleans())
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read_back(made: list[object], own: bool) -> None:
    events = [each() for each in made]  # type: ignore[operator]
    first = document(*events)
    other = document(making(), **{"@context": [CONTEXT, {"dairy": "https://else.example/"}]})
    parts = [first, other] if own else [first]

    written = write_document(stored(*parts), created_at=AT)

    assert hashes(written) == [each for part in parts for each in hashes(part)]
    assert check_document(orjson.loads(written)) == ()
    assert write_document(stored(written), created_at=AT) == written


def test_a_common_context_is_told_once() -> None:
    written = orjson.loads(write_document(stored(document(shipping(), making())), created_at=AT))

    assert written["@context"] == [CONTEXT, {"dairy": OURS}]
    assert written["creationDate"] == "2026-04-09T00:00:00Z"
    assert written["epcisBody"]["eventList"] == [shipping(), making()]


def test_events_with_other_contexts_keep_their_own() -> None:
    other = document(making(), **{"@context": CONTEXT})

    written = orjson.loads(write_document(stored(document(making()), other), created_at=AT))

    first, second = written["epcisBody"]["eventList"]
    assert written["@context"] == EPCIS_CONTEXT
    assert first["@context"] == [CONTEXT, {"dairy": OURS}]
    assert "@context" not in second


def test_events_stored_by_others_are_written_too() -> None:
    loose = orjson.dumps({**making(), "@context": [CONTEXT, {"dairy": OURS}]})

    assert hashes(write_document([loose], created_at=AT)) == hashes(document(making()))


def test_a_query_document_names_its_query() -> None:
    written = write_query_document(
        stored(document(shipping())), created_at=AT, query_name="lots", subscription_id="s"
    )
    envelope = read_events(written).envelope

    assert hashes(written) == hashes(document(shipping()))
    assert envelope is not None
    assert (envelope.query_name, envelope.subscription_id) == ("lots", "s")


def test_a_document_in_pieces_is_the_same_document() -> None:
    events = stored(document(shipping(), making()))
    context = [CONTEXT, {"dairy": OURS}]

    pieces = b"".join(iter_document(iter(events), created_at=AT, context=context))

    assert pieces == write_document(events, created_at=AT)
    assert hashes(b"".join(iter_document([], created_at=AT))) == []
