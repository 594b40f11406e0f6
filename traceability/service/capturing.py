"""Capture of EPCIS documents: jobs that keep all of a document, or what is good of it.

A capture runs in one transaction (``rollback``: all events or none) or part by part
(``proceed``): the events of a part and how far the job is are one transaction, so a job that is
killed has stored exactly what it tells, and goes on from there.
"""

from __future__ import annotations

import gc
import hashlib
import io
import secrets
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import files, outbox
from core.actors import Actor
from core.clock import now
from core.errors import FieldProblem
from core.progress import Progress, silent
from traceability.errors import CaptureUnknown, DocumentRefused, DocumentTooLarge
from traceability.events import CaptureRequested, EpcisStored
from traceability.maths.epcis.event import CapturedEvent, Fault
from traceability.maths.epcis.limits import DEFAULT
from traceability.maths.epcis.reading import Reading, read_events
from traceability.maths.epcis.streaming import iter_events
from traceability.models.epcis import EpcisCapture, EpcisEvent
from traceability.recording.journal import Journal, Written
from traceability.recording.parts import event_id_of
from traceability.recording.storable import storing_fault

ROLLBACK, PROCEED = "rollback", "proceed"
MEDIA_TYPE = "application/ld+json"

# A document of this size is captured while its request waits: some 350 events, a few hundredths
# of a second. More goes to a job.
BYTES_AT_ONCE = 256 * 1024
# Bytes read, and with ``proceed`` stored in one transaction: some 3,000 events.
PORTION = 2 * 2**20
# Faults and warnings told of one capture.
TOLD = 1000
LONGEST_TOLD = 500  # characters of a message
# A clock that is wrong by so much is not worth a word.
SKEW = timedelta(minutes=10)


class Moved(Exception):
    """Another attempt at this capture has stored this part already."""


class _Faulty(Exception):
    """There are faults and the capture is of the kind that then stores nothing."""


def begin(
    session: Session, actor: Actor, *, behaviour: str, sha256: str, size: int
) -> EpcisCapture:
    """A new capture job."""
    capture = EpcisCapture(
        capture_id=secrets.token_urlsafe(18),
        created_at=now(),
        running=True,
        success=False,
        error_behaviour=behaviour,
        position=0,
        stored=0,
        known=0,
        refused=0,
        aliases=0,
        conflicts=0,
        pending=0,
        errors=[],
        warnings=[],
        account_id=actor.account_id,
        enterprise_id=actor.enterprise_id,
        document_sha256=sha256,
        document_size=size,
    )
    session.add(capture)
    session.flush()  # events and messages name it
    return capture


def take_document(
    session: Session, actor: Actor, content: bytes, *, behaviour: str = ROLLBACK
) -> EpcisCapture:
    """Take a document: a small one is captured at once, a large one by a job.

    Runs with the rights of the owner: one journal is written for everybody.

    Raises
    ------
    DocumentRefused
        A small document that is no EPCIS document. What is wrong with single events, and with
        large documents, stands in the job.
    DocumentTooLarge
        It holds more events than are taken at once.
    """
    if content.count(b'"eventTime"') > DEFAULT.events:  # each event has one
        raise DocumentTooLarge(
            reason=f"at most {DEFAULT.events} events are taken at once: send it in parts, or "
            "import it as a file."
        )
    sha256 = hashlib.sha256(content).hexdigest()
    if len(content) <= BYTES_AT_ONCE:
        reading = read_events(content, DEFAULT)
        refuse_document(reading)
        capture = begin(session, actor, behaviour=behaviour, sha256=sha256, size=len(content))
        if behaviour == ROLLBACK:
            capture_whole(session, capture, [reading])
        else:
            for part in parts([reading]):
                store_part(session, capture, part, journal_of(capture))
            finish(capture)
        return capture
    name = f"{sha256[:16]}.jsonld"
    files.store(session, content, name=name, media_type=MEDIA_TYPE)
    capture = begin(session, actor, behaviour=behaviour, sha256=sha256, size=len(content))
    capture.message_id = outbox.add(session, CaptureRequested(capture.id))
    return capture


def refuse_document(reading: Reading) -> None:
    """Refuse what is no EPCIS document at all.

    Raises
    ------
    DocumentRefused
        The document could not be opened.
    """
    if reading.envelope is None and reading.faults:
        refusal = DocumentTooLarge if reading.faults[0].rule == "limit" else DocumentRefused
        raise refusal(reason=reading.faults[0].message, fields=problems(reading.faults))


def problems(faults: Sequence[Fault]) -> list[FieldProblem]:
    """Faults as fields of a refusal."""
    return [
        FieldProblem(fault.path or "/", "{words}", {"words": fault.message})
        for fault in faults[:50]
    ]


@dataclass(slots=True)
class Part:
    """Some events of a document: those at ``start`` and after, before ``end``."""

    start: int
    end: int
    events: list[CapturedEvent]
    faults: list[Fault]
    doubts: list[Fault]

    @property
    def refused(self) -> int:
        """Events that cannot be stored; a document has faults of its own besides."""
        return self.end - self.start - len(self.events)


def parts(readings: Iterable[Reading], *, start: int = 0) -> Iterator[Part]:
    """What was read of a document, from a position on; each reading is one part."""
    end = 0
    for reading in readings:
        begin, end = end, end + reading.total
        if end <= start and reading.total:
            continue
        part = Part(max(begin, start), end, [], list(reading.faults), list(reading.doubts))
        for event in reading.events:
            fault = storing_fault(event)
            if fault is not None:
                part.faults.append(fault)
            elif event.position >= start:
                part.events.append(event)
        yield part


def capture_whole(
    session: Session,
    capture: EpcisCapture,
    readings: Iterable[Reading],
    *,
    progress: Progress = silent,
) -> None:
    """Store all events, or none and say why; in one transaction."""
    journal = journal_of(capture)
    faults: list[Fault] = []
    end = refused = 0
    try:
        with session.begin_nested():
            for part in parts(readings):
                faults.extend(part.faults[: TOLD - len(faults)])
                refused += part.refused
                end = part.end
                if not faults:
                    store_part(session, capture, part, journal)
                progress("capture", end, 0)
            if faults:
                raise _Faulty
    except _Faulty:
        session.refresh(capture)
        capture.position = end
        capture.refused = refused
        capture.errors = [_told(fault) for fault in faults]
    finish(capture)


def store_part(session: Session, capture: EpcisCapture, part: Part, journal: Journal) -> Written:
    """Store the events of a part, and in the same transaction how far the capture is.

    Links are derived by the job that follows ``EpcisStored``: a capture does not wait for them.
    """
    at = now()
    written = journal.add(session, part.events, at=at)
    capture.position = part.end
    capture.stored += len(written.event_ids)
    capture.known += written.known
    capture.aliases += written.aliases
    capture.conflicts += written.conflicts
    capture.pending += written.pending
    capture.refused += part.refused
    told = [_told(fault) for fault in part.faults]
    # A document that breaks off is told once, also when an attempt is repeated.
    new = [each for each in told if each not in capture.errors]
    capture.errors = [*capture.errors, *new[: TOLD - len(capture.errors)]]
    latest = (at + SKEW).timestamp() * 1_000_000
    early = [_too_early(event) for event in part.events if event.event_time > latest]
    odd = [_told(doubt) for doubt in part.doubts]
    if early or odd:
        room = TOLD - len(capture.warnings)
        capture.warnings = [*capture.warnings, *[*early, *odd][:room]]
    if written.event_ids:
        first, last = written.event_ids[0], written.event_ids[-1]
        capture.first_event_id = capture.first_event_id or first
        capture.last_event_id = last
        outbox.add(session, EpcisStored(first_event_id=first, last_event_id=last))
    return written


def _told(fault: Fault) -> dict[str, Any]:
    """A fault as it is kept: what it quotes may be long, or hold what no column takes."""
    return {
        name: value.replace("\0", "\N{SYMBOL FOR NULL}")[:LONGEST_TOLD]
        if isinstance(value, str)
        else value
        for name, value in asdict(fault).items()
    }


def _too_early(event: CapturedEvent) -> dict[str, Any]:
    return {
        "position": event.position,
        "event_id": event_id_of(event),
        "path": "/eventTime",
        "rule": "future",
        "message": "The eventTime has not come yet; look at the clock that wrote it.",
    }


def finish(capture: EpcisCapture) -> None:
    """End a capture."""
    capture.running = False
    capture.finished_at = now()
    capture.success = not capture.errors


# Large documents, by a job or by command


def capture_of(session: Session, capture_id: int) -> EpcisCapture:
    """A capture job, held for this transaction.

    Raises
    ------
    CaptureUnknown
        There is no such job.
    """
    capture = session.execute(
        select(EpcisCapture)
        .where(EpcisCapture.id == capture_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if capture is None:
        raise CaptureUnknown(capture_id=capture_id)
    return capture


def unfinished(session: Session, sha256: str) -> EpcisCapture | None:
    """The capture of a file by command that was killed before its end."""
    return session.execute(
        select(EpcisCapture)
        .where(
            EpcisCapture.document_sha256 == sha256,
            EpcisCapture.running,
            EpcisCapture.error_behaviour == PROCEED,
            EpcisCapture.message_id.is_(None),
        )
        .order_by(EpcisCapture.id.desc())
        .limit(1)
    ).scalar_one_or_none()


def opened(session: Session, capture: EpcisCapture) -> io.BytesIO:
    """The document of a capture that a job carries out."""
    return io.BytesIO(files.load(session, capture.document_sha256).content)


def read(stream: BinaryIO) -> Iterator[Reading]:
    """A document or a file of events, in portions: memory is bounded by two of them.

    One is read ahead while the database works on the one before.
    """
    return ahead(iter_events(stream, DEFAULT, portion=PORTION))


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let the collector of cycles rest: portions hold none, and it would visit them in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def ahead(readings: Iterator[Reading]) -> Iterator[Reading]:
    """The same readings, each begun while the one before is used."""
    with ThreadPoolExecutor(1, thread_name_prefix="reading") as reader:
        coming = reader.submit(next, readings, None)
        while (reading := coming.result()) is not None:
            coming = reader.submit(next, readings, None)
            yield reading


def journal_of(capture: EpcisCapture) -> Journal:
    """What adds the events of a capture; one for each chain of commits."""
    return Journal(capture_id=capture.id, enterprise_id=capture.enterprise_id)


def store_next(session: Session, capture_id: int, part: Part, journal: Journal) -> None:
    """Store a part of a large document, unless another attempt has done so.

    Raises
    ------
    Moved
        The capture is not where this part begins.
    """
    capture = capture_of(session, capture_id)
    if not capture.running or capture.position != part.start:
        raise Moved(f"capture {capture_id} stands at {capture.position}, not at {part.start}")
    store_part(session, capture, part, journal)


@dataclass(frozen=True, slots=True)
class OneCaptured:
    """What became of a single event; ``is_new`` is False where its sender had sent it before."""

    event_id: str
    is_new: bool


def capture_event(session: Session, actor: Actor, content: bytes) -> OneCaptured:
    """Capture one event while its sender waits.

    Raises
    ------
    DocumentRefused
        It is no event, not one event, or has faults.
    """
    reading = read_events(content, DEFAULT)
    refuse_document(reading)
    if reading.total != 1:
        raise DocumentRefused(reason="send one event; a document of several goes to /capture.")
    (part,) = parts([reading])
    if part.faults:
        raise DocumentRefused(reason=part.faults[0].message, fields=problems(part.faults))
    sha256 = hashlib.sha256(content).hexdigest()
    capture = begin(session, actor, behaviour=ROLLBACK, sha256=sha256, size=len(content))
    journal = journal_of(capture)
    written = store_part(session, capture, part, journal)
    finish(capture)
    known = session.get_one(EpcisEvent, written.numbers[part.events[0].position])
    return OneCaptured(known.event_id, bool(written.event_ids or written.delivered))
