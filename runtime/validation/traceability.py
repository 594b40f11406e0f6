"""Reference documents of EPCIS 2.0: event hashes, documents to take, documents to refuse.

What a document is a reference for stands beside it: stated hashes in a file of the same name that
ends in ``.hashes`` (one to a line), the strings they are taken of in ``.prehashes``. A document in
a folder named invalid must be refused, any other one taken whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.validation.tally import Tally
from traceability.maths.epcis.canonical import pre_hash
from traceability.maths.epcis.contexts import joined, names_of
from traceability.maths.epcis.envelope import open_envelope
from traceability.maths.epcis.event import CapturedEvent, Fault
from traceability.maths.epcis.hashing import event_hash_id
from traceability.maths.epcis.reading import Reading, read_events
from traceability.maths.epcis.times import instant
from traceability.maths.epcis.vocabulary import (
    COMPONENTS,
    DISPOSITIONS,
    PARTIES,
    REASONS,
    STEPS,
    TRANSACTIONS,
)

DOCUMENT = '"EPCIS'
SCHEMA = "EPCIS-JSON-Schema"
QUERIES = "EPCIS Query Schema"

DAMAGED_STRING = "the string before hashing does not hash to the hash stated beside it"

_VOCABULARIES = {
    "bizStep": STEPS,
    "disposition": DISPOSITIONS,
    "bizTransaction-type": TRANSACTIONS,
    "source-dest-type": PARTIES,
    "error-reason": REASONS,
    "component": COMPONENTS,
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A document with what is stated of it."""

    document: Mapping[str, Any]
    content: bytes
    refused: bool
    hashes: tuple[str, ...]
    strings: tuple[str, ...]


def is_document(document: Any) -> bool:
    """Tell whether a file is an EPCIS document or query document."""
    return isinstance(document, Mapping) and document.get("type") in {
        "EPCISDocument",
        "EPCISQueryDocument",
    }


def with_references(path: Path, document: Mapping[str, Any]) -> Reference:
    """A document and the files beside it."""
    return Reference(
        document,
        path.read_bytes(),
        "invalid" in path.parent.name.lower(),
        tuple(_lines(path.with_suffix(".hashes"))),
        tuple(_lines(path.with_suffix(".prehashes"))),
    )


def _lines(path: Path) -> Iterator[str]:
    if path.is_file():
        yield from filter(None, path.read_text(encoding="utf-8").split("\n"))


def documents(reference: Reference, tally: Tally) -> None:
    """Read a document as capture does; compare what is stated of it."""
    reading = read_events(reference.content)
    if reference.refused:
        with tally.case("the document"):
            tally.same("refused", bool(reading.faults), True)
            tally.same("told with a reason", all(map(_is_told, reading.faults)), True)
        return
    with tally.case("the document"):
        tally.same("faults", [fault.message for fault in reading.faults], [])
        tally.same("events read", len(reading.events), reading.total)
    if reference.hashes:
        _hashes(reference, reading, tally)


def _is_told(fault: Fault) -> bool:
    return bool(fault.message and fault.rule)


def _hashes(reference: Reference, reading: Reading, tally: Tally) -> None:
    with tally.case("number of hashes"):
        tally.same("events", len(reading.events), len(reference.hashes))
    strings = _strings(reference.document)
    for number, (event, stated) in enumerate(zip(reading.events, reference.hashes, strict=False)):
        with tally.case(f"event {number}"):
            tally.same("hash", event_hash_id(event.hash), stated)
            _string(event, strings[event.position], reference.strings[number:], stated, tally)


def _string(
    event: CapturedEvent, ours: str, theirs: tuple[str, ...], stated: str, tally: Tally
) -> None:
    """Compare the string before hashing, where one is stated that fits its hash."""
    tally.same("hash of the string", hashlib.sha256(ours.encode()).digest(), event.hash)
    if not theirs:
        return
    if hashlib.sha256(theirs[0].encode()).hexdigest() in stated:
        tally.same("string before hashing", ours, theirs[0])
    else:
        tally.expect(DAMAGED_STRING)


def _strings(document: Mapping[str, Any]) -> list[str]:
    opened = open_envelope(document)
    if isinstance(opened, Fault):
        return []
    envelope, events = opened
    return [
        pre_hash(
            event,
            names_of(joined(envelope.context, event.get("@context"))),
            instant(event["eventTime"]).text,
        )
        for event in events
    ]


def is_schema(document: Any) -> bool:
    """Tell whether a file is the JSON schema of EPCIS 2.0 as its publisher writes it."""
    return isinstance(document, Mapping) and "epcisDocument" in document.get("definitions", {})


def schema(document: Mapping[str, Any], tally: Tally) -> None:
    """Compare the words of each vocabulary; the rules are compared by documents."""
    for name, ours in _VOCABULARIES.items():
        with tally.case(name):
            forms = document["definitions"][name]["anyOf"]
            theirs = next(form["enum"] for form in forms if "enum" in form)
            tally.same("words", sorted(ours), sorted(theirs))
    tally.not_recomputed.append("the schema's rules: compared by the documents under them")


def is_query_schema(document: Any) -> bool:
    """Tell whether a file is the JSON schema of EPCIS 2.0 queries."""
    return isinstance(document, Mapping) and document.get("title") == QUERIES


def query_schema(document: Mapping[str, Any], tally: Tally) -> None:
    """Nothing in it is a value to recompute."""
    tally.not_recomputed.append("the schema of queries: it states no values")
