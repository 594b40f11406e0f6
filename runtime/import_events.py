"""``zhiheng import epcis``: a file of EPCIS events, however large, read in portions."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from core.actors import SYSTEM
from core.progress import Progress
from core.unit_of_work import read_only, unit_of_work
from runtime.bar import ProgressBar
from traceability.queries import epcis as queries
from traceability.service import capturing

KIND = "epcis"
TITLE = "EPCIS 2.0 events: a document, a list, or one event to a line"
SHOWN_PROBLEMS = 20
BLOCK = 2**20

FAILED = 1


def load_events(file: Path, *, dry_run: bool, good_events_only: bool) -> int:
    """Capture a file with a progress bar; returns the exit code.

    All events or none, in one transaction. With ``good_events_only`` part by part, and a file
    whose import was killed goes on where it ended.
    """
    size = file.stat().st_size
    with ProgressBar() as progress, file.open("rb") as stream, capturing.collector_paused():
        if dry_run:
            return _check(stream, size, progress)
        sha256 = _sha256(stream, size, progress)
        if good_events_only:
            capture_id = _proceed(stream, sha256, size, progress)
        else:
            capture_id = _whole(stream, sha256, size, progress)
    with read_only() as session:
        return _tell(queries.capture(session, capture_id), file)


def _sha256(stream: BinaryIO, size: int, progress: Progress) -> str:
    digest = hashlib.sha256()
    while block := stream.read(BLOCK):
        digest.update(block)
        progress("hash", stream.tell(), size)
    stream.seek(0)
    return digest.hexdigest()


def _whole(stream: BinaryIO, sha256: str, size: int, progress: Progress) -> str:
    with unit_of_work() as session:
        capture = capturing.begin(
            session, SYSTEM, behaviour=capturing.ROLLBACK, sha256=sha256, size=size
        )
        capturing.capture_whole(
            session,
            capture,
            capturing.read(stream),
            progress=lambda stage, _done, _total: progress(stage, stream.tell(), size),
        )
        return capture.capture_id


def _proceed(stream: BinaryIO, sha256: str, size: int, progress: Progress) -> str:
    with unit_of_work() as session:
        capture = capturing.unfinished(session, sha256) or capturing.begin(
            session, SYSTEM, behaviour=capturing.PROCEED, sha256=sha256, size=size
        )
    journal = capturing.journal_of(capture)
    for part in capturing.parts(capturing.read(stream), start=capture.position):
        with unit_of_work() as session:
            capturing.store_next(session, capture.id, part, journal)
        progress("capture", stream.tell(), size)
    with unit_of_work() as session:
        capturing.finish(capturing.capture_of(session, capture.id))
    return capture.capture_id


def _check(stream: BinaryIO, size: int, progress: Progress) -> int:
    """Read everything, store nothing."""
    events = refused = 0
    faults: Counter[str] = Counter()
    for part in capturing.parts(capturing.read(stream)):
        events, refused = part.end, refused + part.refused
        faults.update(_words(fault.position, fault.path, fault.message) for fault in part.faults)
        progress("check", stream.tell(), size)
    _list(iter(faults))
    print(f"dry run: {events:,} events read, {refused:,} with faults, nothing stored")
    return FAILED if faults else 0


def _tell(capture: queries.CaptureView, file: Path) -> int:
    """Say what happened."""
    for name, count in (
        ("events read", capture.position),
        ("events stored", capture.stored),
        ("events known", capture.known),
        ("events refused", capture.refused),
        ("other eventIDs", capture.aliases),
        ("eventID conflicts", capture.conflicts),
        ("declarations pending", capture.pending),
        ("warnings", len(capture.warnings)),
    ):
        if count:
            print(f"  {name:<28} {count:>11,}")
    _list(_words(each["position"], each["path"], each["message"]) for each in capture.errors)
    if capture.success:
        print(f"{file.name} is captured as {capture.capture_id}")
        return 0
    if capture.stored or capture.known:
        print(f"what is good of {file.name} is captured as {capture.capture_id}")
        return 0
    print("nothing was stored")
    return FAILED


def _words(position: int | None, path: str, message: str) -> str:
    where = "document" if position is None else f"event {position}"
    return f"{where} {path}: {message}"


def _list(faults: Iterable[str]) -> None:
    shown: Iterator[str] = iter(faults)
    for number, words in enumerate(shown):
        if number == SHOWN_PROBLEMS:
            print(f"  … and {1 + sum(1 for _ in shown)} more")
            return
        print(f"  {words}")
