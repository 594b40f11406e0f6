"""What proves a trace, and who answers for it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import now
from traceability.maths.answer import PartyView, Trace, microseconds
from traceability.maths.epcis.from_ledger import Names, ledger_events
from traceability.maths.epcis.writing import write_document
from traceability.maths.responsibility import Responsible, responsible
from traceability.models.statements import StatementMovement
from traceability.queries.ledger import lots, parties
from traceability.queries.neighbourhood import Neighbourhood, rows_of_lots
from traceability.queries.statements import events_behind, owners_of
from traceability.queries.told import EventReader


@dataclass(frozen=True, slots=True)
class Answerable:
    """Who answers for the lots of a trace; ``rows`` are how many ledger rows were read.

    ``owners`` are those who owned what others had; they need not be in the trace.
    """

    trace: Trace
    duties: tuple[Responsible, ...]
    rows: int
    owners: tuple[PartyView, ...] = ()


def who_answers(session: Session, trace: Trace) -> Answerable:
    """Who made, had, has, sold and used the lots of a trace, with the rows that say so."""
    rows = _rows(session, trace)
    owners = owners_of(session, [event.id for event in rows.events])
    named = {each.party_id: each for each in owners.values()}
    return Answerable(
        trace,
        responsible(trace, rows.events, owners=owners),
        len(rows.events),
        tuple(named[each] for each in sorted(named)),
    )


def evidence_document(session: Session, trace: Trace) -> bytes:
    """Every row and event behind the lots of a trace, as one EPCIS 2.0 document.

    Captured events go out as they came in, byte for byte; rows of ledgers as events that say the
    same. As of the record time of the trace, so that the same trace gives the same events.
    """
    rows = _rows(session, trace)
    derived = _derived(session, [event.id for event in rows.events])
    behind = events_behind(session, derived)
    captured = EventReader(session, last=max(behind, default=0)).documents(behind)
    told = [event for event in rows.events if event.id not in derived]
    uses = [use for use in rows.uses if use.event not in derived]
    lot_ids = {event.lot for event in told} | {use.input for use in uses}
    party_ids = {party for event in told for party in (event.source, event.target) if party}
    names = Names(
        lots={
            lot_id: (view.gtin, view.number, view.product_id)
            for lot_id, view in lots(session, lot_ids).items()
        },
        parties={
            party_id: view.code or view.name
            for party_id, view in parties(session, party_ids).items()
        },
    )
    documents = [captured[number] for number in sorted(captured)]
    return write_document(
        [*documents, *ledger_events(told, uses, names)], created_at=microseconds(now())
    )


def _rows(session: Session, trace: Trace) -> Neighbourhood:
    return rows_of_lots(session, [each.lot.lot_id for each in trace.lots], trace.as_of)


def _derived(session: Session, ids: list[int]) -> set[int]:
    """Which of these rows are read from captured events?"""
    rows = session.execute(
        select(StatementMovement.id).where(StatementMovement.id == func.any(ids))
    ).scalars()
    return set(rows)
