"""Writing captured events into the journal: set by set, each event once.

One writer at a time. The lock makes the order of numbers the order of commits, so that whoever
has read the journal up to a number misses nothing below it; and two captures of overlapping
documents wait for each other instead of locking each other out. What is not taken from the lock
is safety: events pass through a staging table and ``ON CONFLICT DO NOTHING``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from traceability.maths.epcis.event import CapturedEvent
from traceability.recording.copying import cell, copy_lines, instant, number, octets
from traceability.recording.identifiers import identifier_ids
from traceability.recording.parts import copy_declarations, copy_parts, event_id_of, named_by

# One journal, one lock.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('zhiheng.epcis-journal'))")

# Identifiers remembered within one capture; past it the dictionary is asked again.
REMEMBERED = 100_000

Key = tuple[bytes, bytes]

STAGED = (
    ("id", "bigint"),
    ("hash", "bytea"),
    ("declaration_hash", "bytea"),
    ("event_id", "text"),
    ("event_time", "timestamptz"),
    ("offset", "text"),
    ("type", "text"),
    ("action", "text"),
    ("biz_step", "text"),
    ("disposition", "text"),
    ("read_point_id", "bigint"),
    ("biz_location_id", "bigint"),
    ("transformation_id", "text"),
)
_NAMES = tuple(name for name, _ in STAGED)
_LIST = ", ".join(f'"{name}"' for name in _NAMES)

_STAGE = text(
    "CREATE TEMPORARY TABLE IF NOT EXISTS staged_event ("
    + ", ".join(f'"{name}" {kind}' for name, kind in STAGED)
    + ") ON COMMIT DELETE ROWS"
)
_ADD = text(
    f"INSERT INTO epcis_event ({_LIST}, capture_id, enterprise_id, recorded_at)"  # noqa: S608
    f" SELECT {_LIST}, :capture_id, CAST(:enterprise_id AS bigint), :at FROM staged_event"
    " ORDER BY id ON CONFLICT DO NOTHING"
)
_NUMBERS = text("SELECT array_agg(nextval('epcis_event_id_seq')) FROM generate_series(1, :count)")
_KNOWN = text(
    "SELECT hash, declaration_hash, id, event_id, enterprise_id FROM epcis_event"
    " WHERE hash = ANY(ARRAY(SELECT decode(h, 'hex') FROM unnest(string_to_array(:hashes, ',')) h))"
)
# LATERAL with a limit: one look into the index for each staged row, whatever the planner guesses.
_CONFLICTS = text(
    "INSERT INTO epcis_conflict (event_id, earlier_id, given_id, found_at)"
    " SELECT s.id, e.id, s.event_id, :at FROM staged_event s"
    " CROSS JOIN LATERAL (SELECT id FROM epcis_event"
    "  WHERE event_id = s.event_id AND hash <> s.hash AND declaration_hash = ''"
    "  AND epcis_event.id < s.id ORDER BY id LIMIT 1) e"
    " WHERE s.declaration_hash = '' AND s.event_id NOT LIKE 'ni:///sha-256;%'"
    " ON CONFLICT DO NOTHING"
)
_PENDING = text(
    "SELECT count(*) FROM staged_event s WHERE s.declaration_hash <> ''"
    " AND NOT EXISTS (SELECT FROM epcis_event e"
    "  WHERE e.hash = s.hash AND e.declaration_hash = '')"
    " AND NOT EXISTS (SELECT FROM epcis_event e"
    "  WHERE e.event_id = s.event_id AND e.declaration_hash = '')"
)
_ALIASES = text(
    "INSERT INTO epcis_alias (event_id, alias, capture_id, enterprise_id, recorded_at)"
    " SELECT event_id, alias, :capture_id, CAST(:enterprise_id AS bigint), :at"
    " FROM unnest(CAST(:ids AS bigint[]), CAST(:aliases AS text[])) AS given (event_id, alias)"
    " ON CONFLICT DO NOTHING"
)
_DELIVERIES = text(
    "INSERT INTO epcis_delivery (event_id, enterprise_id, capture_id, recorded_at)"
    " SELECT unnest(CAST(:ids AS bigint[])), :enterprise_id, :capture_id, :at"
    " ON CONFLICT DO NOTHING"
)


@dataclass(slots=True)
class Written:
    """What became of a set of events.

    Attributes
    ----------
    event_ids : list of int
        Numbers of the events added, in order.
    known : int
        Events that were in the journal, or earlier in the same set.
    delivered : int
        Known events that this firm had not delivered before; it may see them from now on.
    aliases, conflicts : int
        New other eventIDs of one event; new eventIDs that say two things.
    pending : int
        Declarations of error for events that nobody has told yet.
    numbers : dict
        Position in the document → number of the event, added or known.
    """

    event_ids: list[int] = field(default_factory=list)
    known: int = 0
    delivered: int = 0
    aliases: int = 0
    conflicts: int = 0
    pending: int = 0
    numbers: dict[int, int] = field(default_factory=dict)


class _Stored(NamedTuple):
    number: int
    event_id: str
    enterprise_id: int | None


class Journal:
    """Adds the events of one capture.

    Remembers numbers of identifiers between sets, so it must not outlive a transaction that was
    rolled back.
    """

    def __init__(self, *, capture_id: int, enterprise_id: int | None) -> None:
        self.capture_id = capture_id
        self.enterprise_id = enterprise_id
        self._ids: dict[str, int] = {}

    def add(self, session: Session, events: Sequence[CapturedEvent], *, at: datetime) -> Written:
        """Add what is new among the events, in their order; tell what was known."""
        written = Written()
        session.flush()
        session.execute(_LOCK)
        stored = self._stored(session, events)
        fresh: dict[Key, CapturedEvent] = {}
        for event in events:
            if _key(event) not in stored:
                fresh.setdefault(_key(event), event)
        if fresh:
            numbers = self._store(session, list(fresh.values()), written, at)
            for number_, (key, event) in zip(numbers, fresh.items(), strict=True):
                stored[key] = _Stored(number_, event_id_of(event), self.enterprise_id)
        self._tell_repeats(session, events, stored, written, at)
        return written

    def _stored(self, session: Session, events: Sequence[CapturedEvent]) -> dict[Key, _Stored]:
        hashes = ",".join({event.hash.hex() for event in events})
        return {
            (bytes(row[0]), bytes(row[1])): _Stored(row[2], row[3], row[4])
            for row in session.execute(_KNOWN, {"hashes": hashes})
        }

    def _store(
        self, session: Session, events: list[CapturedEvent], written: Written, at: datetime
    ) -> list[int]:
        ids = self._identifiers(session, events)
        numbers: list[int] = session.execute(_NUMBERS, {"count": len(events)}).scalar_one()
        numbered = list(zip(numbers, events, strict=True))
        session.execute(_STAGE)
        session.execute(text("TRUNCATE staged_event"))
        lines = [_line(identity, event, ids) for identity, event in numbered]
        copy_lines(session, "staged_event", _NAMES, lines)
        added = session.execute(_ADD, self._facts(at)).rowcount  # type: ignore[attr-defined]
        if added != len(events):
            raise RuntimeError("something wrote events to the journal without its lock")
        written.event_ids = numbers
        copy_parts(session, numbered, ids)
        written.conflicts = session.execute(_CONFLICTS, {"at": at}).rowcount  # type: ignore[attr-defined]
        if any(event.declaration is not None for event in events):
            written.pending = session.execute(_PENDING).scalar_one()
            copy_declarations(session, numbered, at=at)
        return numbers

    def _facts(self, at: datetime) -> dict[str, Any]:
        return {"capture_id": self.capture_id, "enterprise_id": self.enterprise_id, "at": at}

    def _identifiers(self, session: Session, events: list[CapturedEvent]) -> dict[str, int]:
        """Numbers of everything the events speak of, by key."""
        if len(self._ids) > REMEMBERED:
            self._ids = {}
        known = self._ids
        wanted = {
            each.key: each for event in events for each in named_by(event) if each.key not in known
        }
        if wanted:
            known.update(identifier_ids(session, wanted.values()))
        return known

    def _tell_repeats(
        self,
        session: Session,
        events: Sequence[CapturedEvent],
        stored: dict[Key, _Stored],
        written: Written,
        at: datetime,
    ) -> None:
        """Count what was known; keep its other eventIDs, and that this firm delivered it too."""
        aliases: dict[tuple[int, str], None] = {}
        delivered: set[int] = set()
        for event in events:
            found = stored[_key(event)]
            written.numbers[event.position] = found.number
            if event.event_id is not None and event.event_id != found.event_id:
                aliases[found.number, event.event_id] = None
            if self.enterprise_id is not None and found.enterprise_id != self.enterprise_id:
                delivered.add(found.number)
        written.known = len(events) - len(written.event_ids)
        if aliases:
            written.aliases = session.execute(  # type: ignore[attr-defined]
                _ALIASES,
                {
                    **self._facts(at),
                    "ids": [identity for identity, _ in aliases],
                    "aliases": [alias for _, alias in aliases],
                },
            ).rowcount
        if delivered:
            written.delivered = session.execute(  # type: ignore[attr-defined]
                _DELIVERIES, {**self._facts(at), "ids": sorted(delivered)}
            ).rowcount


def _key(event: CapturedEvent) -> Key:
    return event.hash, event.declaration_hash


def _line(identity: int, event: CapturedEvent, ids: dict[str, int]) -> str:
    read_point, place = event.read_point, event.biz_location
    return "\t".join(
        (
            str(identity),
            octets(event.hash),
            octets(event.declaration_hash),
            cell(event_id_of(event)),
            instant(event.event_time),
            cell(event.offset),
            event.type,
            cell(event.action),
            cell(event.biz_step),
            cell(event.disposition),
            number(ids[read_point.key] if read_point is not None else None),
            number(ids[place.key] if place is not None else None),
            cell(event.transformation_id),
        )
    )
