"""Who holds what is at a place: kept as events tell it, since any event may need it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from traceability.maths.epcis.naming import holders_told
from traceability.maths.epcis.statements import Recorded
from traceability.queries.told import EventReader, microseconds
from traceability.queries.touching import events_at
from traceability.recording.statements import instant

_BELIEVED = text(
    "SELECT DISTINCT ON (place) place, party FROM statement_holder"
    " WHERE place = ANY(CAST(:places AS text[])) AND retracted_at IS NULL"
    " ORDER BY place, event_time, hash, party"
)
_SAID = text(
    "SELECT id, place, party, epcis_event_id, event_time, hash FROM statement_holder"
    " WHERE place = ANY(CAST(:places AS text[])) AND retracted_at IS NULL"
)
_TOLD_BY = text(
    "SELECT DISTINCT place FROM statement_holder"
    " WHERE epcis_event_id = ANY(CAST(:ids AS bigint[])) AND retracted_at IS NULL"
)
_RETRACT = text(
    "UPDATE statement_holder SET retracted_at = :at WHERE id = ANY(CAST(:ids AS bigint[]))"
)
_ADD = text(
    "INSERT INTO statement_holder (place, party, epcis_event_id, event_time, hash, recorded_at)"
    " VALUES (:place, :party, :event, :time, :hash, :at)"
)

Pair = tuple[str, str]
Telling = tuple[int, bytes, int]  # time, hash, event: the least is the first to tell


class Holders:
    """Places and the parties that hold them, at one record time."""

    def __init__(self, session: Session, reader: EventReader, at: datetime) -> None:
        self.session = session
        self.reader = reader
        self.at = at

    def of(self, places: Iterable[str]) -> dict[str, str]:
        """Place → the party believed to hold it."""
        rows = self.session.execute(_BELIEVED, {"places": sorted(set(places))}).all()
        return {row.place: row.party for row in rows}

    def learn(self, changed: set[int]) -> set[str]:
        """Take in what events tell that are new, or right or wrong since; returns the places that
        are held by another now."""
        wrong = self.reader.wrong(changed)
        told = self._tellings(self.reader.events(changed - wrong))
        shaken = {row[0] for row in self.session.execute(_TOLD_BY, {"ids": sorted(wrong)}).all()}
        places = {place for place, _ in told} | shaken
        if not places:
            return set()
        before = self.of(places)
        if shaken:
            # The first to tell was wrong: who is next must be looked for among all.
            candidates = events_at(self.reader, shaken)
            told |= self._tellings(self.reader.events(candidates - self.reader.wrong(candidates)))
            told = {pair: told[pair] for pair in told if pair[0] in places}
        self._write(places, told, wrong)
        after = self.of(places)
        return {place for place in places if before.get(place) != after.get(place)}

    def _write(self, places: set[str], told: dict[Pair, Telling], wrong: set[int]) -> None:
        gone = []
        fresh = dict(told)
        for row in self.session.execute(_SAID, {"places": sorted(places)}).all():
            pair = (row.place, row.party)
            said = (microseconds(row.event_time), bytes(row.hash), row.epcis_event_id)
            if row.epcis_event_id in wrong or (pair in told and told[pair] < said):
                gone.append(row.id)
            else:
                fresh.pop(pair, None)
        if gone:
            self.session.execute(_RETRACT, {"ids": gone, "at": self.at})
        if fresh:
            self.session.execute(
                _ADD,
                [
                    {"place": place, "party": party, "event": event, "time": instant(time),
                     "hash": hash_, "at": self.at}
                    for (place, party), (time, hash_, event) in sorted(fresh.items())
                ],
            )  # fmt: skip

    @staticmethod
    def _tellings(events: Iterable[Recorded]) -> dict[Pair, Telling]:
        found: dict[Pair, Telling] = {}
        for each in events:
            told = (each.event.event_time, each.event.hash, each.number)
            for pair in holders_told(each.event):
                found[pair] = min(found.get(pair, told), told)
        return found
