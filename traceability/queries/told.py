"""Captured events as their readers need them: in sets, and with all that touches them.

Whoever asks gives ``last``, the number of the newest event that counts: the journal's order of
numbers is its order of commits, so this is a moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from traceability.maths.epcis.event import (
    CapturedEvent,
    EventType,
    Identifier,
    IdentifierKind,
    Item,
    Role,
)
from traceability.maths.epcis.standing import name_of
from traceability.maths.epcis.statements import Recorded
from traceability.recording.documents import inflate

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ROLES = {each.value: each for each in Role}
_TYPES = {each.value: each for each in EventType}

_EVENTS = text(
    """
    SELECT id, type, event_id, hash, event_time, "offset", action, biz_step, disposition,
           read_point_id, biz_location_id, transformation_id, recorded_at
    FROM epcis_event WHERE id = ANY(CAST(:ids AS bigint[]))
    """
)
_ITEMS = text(
    "SELECT event_id, role, identifier_id, quantity, unit FROM epcis_item"
    " WHERE event_id = ANY(CAST(:ids AS bigint[])) ORDER BY event_id, position"
)
_PARTIES = text(
    "SELECT event_id, role, type, identifier_id FROM epcis_party"
    " WHERE event_id = ANY(CAST(:ids AS bigint[])) ORDER BY event_id, position"
)
_PAPERS = text(
    "SELECT event_id, type, identifier FROM epcis_transaction"
    " WHERE event_id = ANY(CAST(:ids AS bigint[])) ORDER BY event_id, position"
)
_IDENTIFIERS = text(
    "SELECT id, key, kind, given, gtin, lot, serial FROM epcis_identifier"
    " WHERE id = ANY(CAST(:ids AS bigint[]))"
)
_DOCUMENTS = text(
    "SELECT event_id, content FROM epcis_document WHERE event_id = ANY(CAST(:ids AS bigint[]))"
)
_HASHES = text(
    "SELECT id, hash, declaration_hash, event_id FROM epcis_event"
    " WHERE id = ANY(CAST(:ids AS bigint[]))"
)
_ALIASES = text(
    "SELECT event_id, alias FROM epcis_alias WHERE event_id = ANY(CAST(:ids AS bigint[]))"
)
_DECLARED = text(
    "SELECT hash, given_id FROM epcis_declaration WHERE event_id <= :last"
    " AND (hash = ANY(CAST(:hashes AS bytea[])) OR given_id = ANY(CAST(:names AS text[])))"
)
_REPEATED = text(
    "SELECT hash FROM epcis_event WHERE hash = ANY(CAST(:hashes AS bytea[]))"
    " AND declaration_hash = '' AND id <= :last"
)


def microseconds(instant: datetime) -> int:
    """An instant as the mathematics count it."""
    return (instant - _EPOCH) // _MICROSECOND


class EventReader:
    """Reads captured events, each identifier once."""

    def __init__(self, session: Session, last: int) -> None:
        self.session = session
        self.last = last
        self.identifiers: dict[int, Identifier] = {}
        self.number_of: dict[str, int] = {}
        self._read: dict[int, Recorded] = {}

    def rows(self, statement: Any, **given: Any) -> Sequence[Any]:
        """Rows of a statement; sets of numbers are given sorted."""
        facts = {
            name: sorted(value) if isinstance(value, (set, frozenset)) else value
            for name, value in given.items()
        }
        return self.session.execute(statement, facts).all()

    def wrong(self, ids: Iterable[int]) -> set[int]:
        """Which of these are declared wrong, or are declarations?

        The same rule as `maths.epcis.standing`.
        """
        wanted = set(ids)
        if not wanted:
            return set()
        rows = self.rows(_HASHES, ids=wanted)
        found = {row.id for row in rows if row.declaration_hash}
        hash_of = {row.id: bytes(row.hash) for row in rows}
        named = [(row.id, row.event_id) for row in rows]
        named += [(number, name_of(hash_)) for number, hash_ in hash_of.items()]
        named += [(row.event_id, row.alias) for row in self.rows(_ALIASES, ids=wanted)]
        declared = self.rows(
            _DECLARED,
            hashes=sorted(set(hash_of.values())),
            names=sorted({name for _, name in named}),
            last=self.last,
        )
        if not declared:
            return found
        hashes = sorted({bytes(row.hash) for row in declared})
        repeated = {bytes(row[0]) for row in self.rows(_REPEATED, hashes=hashes, last=self.last)}
        loose = {row.given_id for row in declared if bytes(row.hash) not in repeated}
        found |= {number for number, hash_ in hash_of.items() if hash_ in set(hashes)}
        return found | {number for number, name in named if name in loose}

    def documents(self, ids: Iterable[int]) -> dict[int, bytes]:
        """Documents of events."""
        wanted = set(ids)
        found = self.rows(_DOCUMENTS, ids=wanted) if wanted else ()
        return {row[0]: inflate(bytes(row[1])) for row in found}

    def learn(self, ids: Iterable[int]) -> None:
        """Read identifiers not yet known."""
        missing = {each for each in ids if each not in self.identifiers}
        if not missing:
            return
        for number, key, kind, *parts in self.rows(_IDENTIFIERS, ids=missing):
            self.identifiers[number] = Identifier(key, IdentifierKind(kind), *parts)
            self.number_of[key] = number

    def events(self, ids: Iterable[int]) -> list[Recorded]:
        """Events in full. Documents of makings only: they alone may name lots and harvests."""
        wanted = set(ids)
        missing = wanted - self._read.keys()
        if missing:
            self._read.update((each.number, each) for each in self._events(missing))
        return [self._read[each] for each in sorted(wanted & self._read.keys())]

    def _events(self, wanted: set[int]) -> list[Recorded]:
        events = self.rows(_EVENTS, ids=wanted)
        items = self.rows(_ITEMS, ids=wanted)
        parties = self.rows(_PARTIES, ids=wanted)
        self.learn(
            {row.identifier_id for row in items}
            | {row.identifier_id for row in parties}
            | {row.read_point_id for row in events if row.read_point_id}
            | {row.biz_location_id for row in events if row.biz_location_id}
        )
        known = self.identifiers
        of: dict[int, list[Item]] = {}
        for event_id, role, number, quantity, unit in items:
            item = Item(_ROLES[role], known[number], quantity, unit)
            of.setdefault(event_id, []).append(item)
        sides: dict[tuple[int, str], list[tuple[str, Identifier]]] = {}
        for event_id, role, kind, number in parties:
            sides.setdefault((event_id, role), []).append((kind, known[number]))
        papers: dict[int, list[tuple[str | None, str]]] = {}
        for event_id, kind, number in self.rows(_PAPERS, ids=wanted):
            papers.setdefault(event_id, []).append((kind, number))
        documents = self.documents(
            row.id for row in events if row.type == "TransformationEvent" or row.action == "ADD"
        )
        return [
            Recorded(
                row.id,
                microseconds(row.recorded_at),
                CapturedEvent(
                    position=0,
                    type=_TYPES[row.type],
                    event_id=row.event_id,
                    hash=bytes(row.hash),
                    declaration_hash=b"",
                    event_time=microseconds(row.event_time),
                    offset=row.offset,
                    action=row.action,
                    biz_step=row.biz_step,
                    disposition=row.disposition,
                    read_point=known.get(row.read_point_id),
                    biz_location=known.get(row.biz_location_id),
                    transformation_id=row.transformation_id,
                    items=tuple(of.get(row.id, ())),
                    sources=tuple(sides.get((row.id, "source"), ())),
                    destinations=tuple(sides.get((row.id, "destination"), ())),
                    transactions=tuple(papers.get(row.id, ())),
                    declaration=None,
                    document=documents.get(row.id, b""),
                ),
            )
            for row in events
        ]
