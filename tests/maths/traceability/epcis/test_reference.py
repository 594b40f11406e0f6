"""The reference files of event hashes and documents, read with the product's own road."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from traceability.maths.epcis.hashing import event_hash_id
from traceability.maths.epcis.reading import read_events
from traceability.maths.epcis.schema import check_document

pytestmark = pytest.mark.shared


def test_every_reference_hash_is_met(shared_dir: Path) -> None:
    compared = 0
    for file in sorted((shared_dir / "vectors/traceability/event-hash").glob("*.jsonld")):
        stated = file.with_suffix(".hashes").read_text(encoding="utf-8").split()

        reading = read_events(file.read_bytes())

        assert [event_hash_id(event.hash) for event in reading.events] == stated, file.name
        assert reading.faults == ()
        compared += len(stated)
    assert compared == 9


def test_every_valid_document_is_taken_whole(shared_dir: Path) -> None:
    files = sorted((shared_dir / "vectors/traceability/epcis-valid").glob("*.jsonld"))
    assert len(files) == 15
    for file in files:
        reading = read_events(file.read_bytes())

        assert reading.faults == (), file.name
        assert len(reading.events) == reading.total > 0


INVALID = {
    "EPCISDocument_without_context": (None, "", "required", "@context"),
    "ObjectEvent_with_invalid_action": (0, "/action", "enum", "ADD, OBSERVE or DELETE"),
    "ObjectEvent_with_invalid_eventTime_format": (0, "/eventTime", "format", "22-07-2026"),
    "ObjectEvent_with_quantity_as_text": (0, "/quantityList/0/quantity", "type", "a number"),
    "ObjectEvent_without_identifier_list": (0, "", "required", "epcList"),
}


@pytest.mark.parametrize("name", sorted(INVALID))
def test_every_invalid_document_is_refused_with_its_reason(shared_dir: Path, name: str) -> None:
    position, path, rule, words = INVALID[name]
    file = shared_dir / "vectors/traceability/epcis-invalid" / f"{name}.json"

    reading = read_events(file.read_bytes())

    assert reading.events == ()
    (fault,) = reading.faults
    assert (fault.position, fault.path, fault.rule) == (position, path, rule)
    assert words in fault.message


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document; of each list, two entries."""
    if path:
        yield path
    entries = list(value.items()) if isinstance(value, dict) else []
    entries += list(enumerate(value))[:2] if isinstance(value, list) else []
    for name, inner in entries:
        yield from places(inner, (*path, name))


def damaged(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A document with one place changed, or taken out."""
    made = copy.deepcopy(document)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    if value is KeyError:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return made


DAMAGES: dict[str, Any] = {
    "gone": KeyError,
    "a number": 5,
    "a negative": -1,
    "a text": "xyz",
    "a uri": "ex:foo",
    "null": None,
    "empty list": [],
    "empty object": {},
    "true": True,
}
# Where this house decides otherwise, and why.
PARTED = {
    ("@context", "empty list"): "says nothing",
    ("quantity", "a negative"): "no amount of anything",
    ("uom", "a text"): "units are codes of Rec 20, those of sensors too",
    ("uom", "a uri"): "units are codes of Rec 20, those of sensors too",
    ("type", "a uri"): "events of one's own types say nothing to a trace",
    ("id", "a text"): "the name of a document is not used",
    ("outputEPCList", "empty list"): "the other side of a process may be reported later",
    ("outputEPCList", "gone"): "the other side of a process may be reported later",
}


def test_the_published_schema_and_ours_part_only_where_meant(shared_dir: Path) -> None:
    folder = shared_dir / "vectors/traceability"
    theirs = jsonschema_rs.Draft7Validator(
        json.loads((folder / "epcis-schema/EPCIS-JSON-Schema.json").read_bytes()),
        validate_formats=True,
    )
    parted, tried = set[tuple[str, str]](), 0
    for file in sorted((folder / "epcis-valid").glob("*.jsonld")):
        document = json.loads(file.read_bytes())
        for path in places(document):
            for damage, value in DAMAGES.items():
                made = damaged(document, path, value)
                tried += 1
                if theirs.is_valid(made) != (not check_document(made)):
                    name = next(step for step in reversed(path) if isinstance(step, str))
                    parted.add((name, damage))

    assert parted == set(PARTED)
    assert tried > 5000
