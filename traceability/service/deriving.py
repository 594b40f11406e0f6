"""From captured events to what traces read: derived in sets, corrected as events come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import now
from traceability.events import StatementsDerived
from traceability.maths.epcis.deriving import derive
from traceability.maths.epcis.event import IdentifierKind
from traceability.maths.epcis.naming import Names, places_in
from traceability.maths.epcis.statements import UNTOLD, Recorded
from traceability.queries.told import EventReader
from traceability.queries.touching import Touched, events_at, lots_of_things
from traceability.recording.holders import Holders
from traceability.recording.naming import lots_of, parties_of
from traceability.recording.statements import Change, Writer
from traceability.service.graphing import refresh
from traceability.service.tracing import weigh
from traceability.service.watching import check_watches

# Statements are derived by one at a time: what two captures say about one pallet is one truth.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('zhiheng.epcis-statements'))")
_NEWEST = text("SELECT COALESCE(max(id), 0) FROM epcis_event")
_NEXT = text("SELECT id FROM epcis_event WHERE id > :after ORDER BY id LIMIT :most")
_SEQUENTIAL = text("SELECT set_config('enable_seqscan', :value, true)")
_BATCH = 2000

_REGISTERED_SINCE = text(
    """
    WITH moved AS (
        SELECT l.id FROM product p JOIN lot l ON l.product_id = p.id
        WHERE p.enterprise_id IS NULL AND EXISTS (
            SELECT FROM product q WHERE q.gtin = p.gtin AND q.enterprise_id IS NOT NULL)
    )
    SELECT m.epcis_event_id FROM statement_movement m JOIN moved ON m.lot_id = moved.id
    WHERE m.retracted_at IS NULL
    UNION SELECT u.epcis_event_id FROM statement_use u JOIN moved ON u.input_lot_id = moved.id
    WHERE u.retracted_at IS NULL
    UNION SELECT s.epcis_event_id FROM statement_containment s JOIN moved ON s.lot_id = moved.id
    WHERE s.retracted_at IS NULL
    """
)


@dataclass(frozen=True, slots=True)
class Derived:
    """What some events changed.

    Attributes
    ----------
    events : int
        Events that were read again, the new ones among them.
    lots : frozenset of int
        Lots of which something else is said now; their findings are to be weighed again.
    first_movement_id, last_movement_id : int | None
        Numbers of the movements added.
    """

    events: int
    added: int
    retracted: int
    lots: frozenset[int]
    first_movement_id: int | None
    last_movement_id: int | None


def derive_events(session: Session, event_ids: Iterable[int]) -> Derived:
    """Make captured events part of traces, balances and findings.

    Reads again whatever the events touch (other parts of a process, contents of containers,
    movements of what holds them, events declared wrong) and changes only what is said otherwise
    than before; so it may be called again, and in any order. Runs as owner of the tables, in the
    transaction of the capture or after it.

    Parameters
    ----------
    event_ids : iterable of int
        Of events in the journal.
    """
    session.execute(_LOCK)
    newest: int = session.execute(_NEWEST).scalar_one()
    return _derive(session, set(event_ids), last=newest, at=now())


def derive_range(session: Session, first_event_id: int, last_event_id: int) -> Derived:
    """Derive the events between two numbers, both included."""
    return derive_events(session, range(first_event_id, last_event_id + 1))


def take_in(session: Session, first_event_id: int, last_event_id: int) -> Derived:
    """Make new events part of traces, with all that follows from them, and announce it."""
    return _settled(session, derive_range(session, first_event_id, last_event_id))


def take_up_registered(session: Session) -> Derived | None:
    """Move statements about products that had no firm to those registered since by their GTIN."""
    ids = set(session.execute(_REGISTERED_SINCE).scalars())
    return _settled(session, derive_events(session, ids)) if ids else None


def _settled(session: Session, found: Derived) -> Derived:
    """Findings, edges of the graph and watches follow what is said now, at the same moment."""
    weigh(session, found.lots)
    refresh(session, found.lots)
    check_watches(session, found.lots)
    if found.added or found.retracted:
        outbox.add(
            session,
            StatementsDerived(
                first_movement_id=found.first_movement_id,
                last_movement_id=found.last_movement_id,
                retracted=found.retracted,
            ),
        )
    return found


def rebuild(session: Session, *, progress: Callable[[int], None] | None = None) -> Derived:
    """Read the whole journal again, and correct what is said otherwise than it should.

    To be used after the rules changed, or the register: statements about a GTIN that has been
    registered since move to that product. What is right stays as it is, with its number.
    """
    session.execute(_LOCK)
    newest: int = session.execute(_NEWEST).scalar_one()
    at, after, events = now(), 0, 0
    whole = Change()
    while ids := set(session.execute(_NEXT, {"after": after, "most": _BATCH}).scalars()):
        found = _derive(session, ids, last=newest, at=at)
        whole.added += found.added
        whole.retracted += found.retracted
        whole.lots |= found.lots
        events += len(ids)
        after = max(ids)
        if progress is not None:
            progress(events)
    found = Derived(events, whole.added, whole.retracted, frozenset(whole.lots), None, None)
    return _settled(session, found)


def _derive(session: Session, new: set[int], *, last: int, at: datetime) -> Derived:
    # All is looked up by index, in tables that may have grown by thousands of rows since they were
    # counted, perhaps in this transaction: a plan that reads one whole for each row would do so.
    session.execute(_SEQUENTIAL, {"value": "off"})
    found = _derive_by_index(session, new, last=last, at=at)
    session.execute(_SEQUENTIAL, {"value": "on"})
    return found


def _derive_by_index(session: Session, new: set[int], *, last: int, at: datetime) -> Derived:
    reader = EventReader(session, last)
    touched = Touched(reader, new)
    holders = Holders(session, reader, at)
    touched.add(events_at(reader, holders.learn(touched.changed)))
    again = touched.again
    needed = again | touched.context()
    events = reader.events(needed - reader.wrong(needed))
    names = Names(
        lots_of_things(reader, _things(reader, events)),
        holders.of(_places(events)),
    )
    found = derive(events, names=names)
    movements = [m for m in found.movements if m.event in again]
    uses = [c for c in found.consumptions if c.event in again]
    reader.learn(touched.parents)
    parents = {reader.identifiers[each].key for each in touched.parents}
    inside = [each for each in found.inside if each.parent in parents]
    goods = {m.goods for m in movements} | {g for c in uses for g in (c.input, c.output)}
    lots = lots_of(session, goods | {each.goods for each in inside if each.goods is not None})
    parties = parties_of(
        session,
        {each for m in movements for each in (m.source, m.target, m.owner) if each is not None}
        | {c.holder for c in uses},
        {lots[m.goods] for m in movements if UNTOLD in (m.source, m.target)}
        | {lots[c.output] for c in uses if c.holder == UNTOLD},
    )
    writer = Writer(session, at, lots, parties)
    numbers = writer.movements(again, movements)
    writer.uses(again, uses, numbers)
    writer.inside(touched.parents, inside, reader.number_of)
    change = writer.change
    return Derived(
        events=len(again),
        added=change.added,
        retracted=change.retracted,
        lots=frozenset(change.lots),
        first_movement_id=change.first_movement_id,
        last_movement_id=change.last_movement_id,
    )


def _things(reader: EventReader, events: Iterable[Recorded]) -> set[int]:
    """Things in some events whose lot their own identifier does not tell."""
    return {
        reader.number_of[item.identifier.key]
        for each in events
        for item in each.event.items
        if item.identifier.kind is IdentifierKind.INSTANCE and item.identifier.lot is None
    }


def _places(events: Iterable[Recorded]) -> set[str]:
    return {place for each in events for place in places_in(each.event)}
