"""Capture with real commits: at once, by job, by command."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.actors import SYSTEM
from core.outbox import Run
from core.unit_of_work import read_only, unit_of_work
from runtime.import_events import load_events
from tests.services.traceability.epcis import content, document, event
from traceability.jobs import capture_document
from traceability.service import capturing
from traceability.service.capturing import PROCEED, ROLLBACK, take_document
from worker.relay import turn
from worker.run import execute

EVENTS = [event(n) for n in range(60)]


def ask(question: str, **facts: Any) -> list[tuple[Any, ...]]:
    with read_only() as session:
        return [tuple(row) for row in session.execute(text(question), facts)]


def captures() -> list[tuple[Any, ...]]:
    return ask("SELECT success, stored, known, refused FROM epcis_capture ORDER BY id")


@pytest.mark.parametrize("behaviour", [ROLLBACK, PROCEED])
def test_the_same_document_captured_twice_at_once_is_stored_once(
    committed: str, behaviour: str
) -> None:
    orders = [EVENTS, EVENTS[::-1], EVENTS[30:] + EVENTS[:30], EVENTS]
    gate = threading.Barrier(len(orders))
    failures: list[BaseException] = []

    def capture(events: list[dict[str, Any]]) -> None:
        try:
            gate.wait()
            with unit_of_work() as session:
                take_document(session, SYSTEM, content(*events), behaviour=behaviour)
        except BaseException as error:  # noqa: BLE001 - told below, in the main thread
            failures.append(error)

    threads = [threading.Thread(target=capture, args=(events,)) for events in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    found = captures()
    assert sorted(stored for _, stored, _, _ in found) == [0, 0, 0, 60]
    assert all(success and stored + known == 60 for success, stored, known, _ in found)
    assert ask("SELECT count(*), count(DISTINCT hash) FROM epcis_event") == [(60, 60)]
    assert ask("SELECT count(*), count(DISTINCT key) FROM epcis_identifier") == [(63, 63)]


def run_job(capture_id: int) -> None:
    """Fan the message out and do the job here, as a worker would."""
    turn()
    ((run_id, attempt),) = ask(
        "SELECT r.id, r.attempt FROM job_run r JOIN outbox_message m ON m.id = message_id"
        " WHERE topic = 'traceability.capture-requested'"
        " AND CAST(payload->>'capture_id' AS bigint) = :id",
        id=capture_id,
    )
    execute(run_id, attempt)


@pytest.mark.parametrize("behaviour", [ROLLBACK, PROCEED])
def test_a_large_document_is_captured_by_a_job(
    committed: str, behaviour: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(capturing, "BYTES_AT_ONCE", 10)
    monkeypatch.setattr(capturing, "PORTION", 5000)
    bad = event(99, action="LOOK")
    with unit_of_work() as session:
        good = take_document(session, SYSTEM, content(*EVENTS), behaviour=behaviour).id
        faulty = take_document(
            session, SYSTEM, content(*EVENTS[:5], bad, event(70)), behaviour=behaviour
        ).id

    run_job(good)
    run_job(faulty)

    rest = (False, 1, 5, 1) if behaviour == PROCEED else (False, 0, 0, 1)
    assert captures() == [(True, 60, 0, 0), rest]
    captured = "SELECT DISTINCT state, error FROM job_run WHERE job = 'traceability.capture'"
    assert ask(captured) == [("done", None)]
    told = "SELECT payload FROM outbox_message WHERE topic = 'traceability.epcis-stored'"
    ranges = [row[0] for row in ask(told + " ORDER BY id")]
    assert len(ranges) > 1
    ((first, last),) = ask("SELECT min(id), max(id) FROM epcis_event")
    assert (ranges[0]["first_event_id"], ranges[-1]["last_event_id"]) == (first, last)


def test_two_attempts_at_one_capture_store_each_event_once(
    committed: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(capturing, "BYTES_AT_ONCE", 10)
    monkeypatch.setattr(capturing, "PORTION", 5000)
    with unit_of_work() as session:
        capture = take_document(session, SYSTEM, content(*EVENTS), behaviour=PROCEED)
        stream = capturing.opened(session, capture)
    first, second = (
        list(capturing.parts(capturing.read(each))) for each in (stream, _again(stream))
    )
    journal = capturing.journal_of(capture)

    with unit_of_work() as session:
        capturing.store_next(session, capture.id, first[0], journal)
    with pytest.raises(capturing.Moved), unit_of_work() as session:
        capturing.store_next(session, capture.id, second[0], journal)

    run_job(capture.id)
    assert captures() == [(True, 60, 0, 0)]


def _again(stream: Any) -> Any:
    return type(stream)(stream.getvalue())


def test_a_capture_that_ended_is_not_done_again(committed: str) -> None:
    with unit_of_work() as session:
        capture = take_document(session, SYSTEM, content(event(1)))

    capture_document(Run(1, 1, "traceability.capture", 1), capture_id=capture.id)

    assert captures() == [(True, 1, 0, 0)]


def test_a_file_is_imported_all_or_nothing(
    committed: str, tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(capturing, "PORTION", 5000)
    file = tmp_path / "events.jsonld"
    file.write_bytes(content(*EVENTS, event(99, action="LOOK")))

    checked = load_events(file, dry_run=True, good_events_only=False)
    whole = load_events(file, dry_run=False, good_events_only=False)
    good = load_events(file, dry_run=False, good_events_only=True)
    again = load_events(file, dry_run=False, good_events_only=True)

    assert (checked, whole, good) == (1, 1, 0)
    assert captures() == [(False, 0, 0, 1), (False, 60, 0, 1), (False, 0, 60, 1)]
    assert again == 0
    words = capsys.readouterr().out
    assert "event 60 /action: action needs ADD, OBSERVE or DELETE" in words
    assert "dry run: 61 events read, 1 with faults, nothing stored" in words


def test_events_one_to_a_line_are_imported(committed: str, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    context = {"@context": document()["@context"]}
    file.write_text("".join(json.dumps({**context, **each}) + "\n" for each in EVENTS))

    assert load_events(file, dry_run=False, good_events_only=False) == 0

    assert captures() == [(True, 60, 0, 0)]
