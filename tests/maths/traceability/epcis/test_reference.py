"""The reference files of event hashes and documents, read with the product's own road."""

from __future__ import annotations

from pathlib import Path

import pytest

from traceability.maths.epcis.hashing import event_hash_id
from traceability.maths.epcis.reading import read_events

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
