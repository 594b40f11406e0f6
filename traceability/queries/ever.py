"""Everything that was ever stated about some lots, with the record times it was in force for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from traceability.maths.edges import Known
from traceability.maths.ledger import Event, Use
from traceability.queries.stated import event_of, span

# A correction ends the row it names; the first one counts.
_ENDED = """
    LEFT JOIN LATERAL (SELECT min(c.recorded_at) AS ended_at FROM trace_event c
                       WHERE c.corrects_id = {0}) ended ON true
"""

# Rows of ledgers, and what EPCIS events say in the same words: the same columns.
_MOVES = (
    text(
        f"""
        SELECT e.id, e.kind, e.lot_id, COALESCE(e.from_party_id, 0), COALESCE(e.to_party_id, 0),
               e.quantity, e.unit, {span("e")}, e.document_no, e.inputs, NULL,
               e.recorded_at, ended.ended_at
        FROM trace_event e {_ENDED.format("e.id")}
        WHERE e.lot_id = ANY(CAST(:lots AS bigint[]))
        ORDER BY e.id
        """  # noqa: S608 - the parts put in are constants
    ),
    text(
        f"""
        SELECT m.id, m.kind, m.lot_id, COALESCE(m.from_party_id, 0), COALESCE(m.to_party_id, 0),
               m.quantity, m.unit, {span("m")}, m.document_no, m.inputs, m.place,
               m.recorded_at, m.retracted_at
        FROM statement_movement m
        WHERE m.lot_id = ANY(CAST(:lots AS bigint[]))
        ORDER BY m.id
        """  # noqa: S608 - the parts put in are constants
    ),
)
_USES = (
    text(
        f"""
        SELECT u.id, u.event_id, u.party_id, u.input_lot_id, u.output_lot_id, u.quantity, u.unit,
               {span("u")}, u.recorded_at, ended.ended_at
        FROM lot_link u {_ENDED.format("u.event_id")}
        WHERE u.output_lot_id = ANY(CAST(:lots AS bigint[]))
        ORDER BY u.id
        """  # noqa: S608 - the parts put in are constants
    ),
    text(
        f"""
        SELECT u.id, u.movement_id, u.party_id, u.input_lot_id, u.output_lot_id, u.quantity,
               u.unit, {span("u")}, u.recorded_at, u.retracted_at
        FROM statement_use u
        WHERE u.output_lot_id = ANY(CAST(:lots AS bigint[]))
        ORDER BY u.id
        """  # noqa: S608 - the parts put in are constants
    ),
)


def events_ever(session: Session, lot_ids: Sequence[int]) -> Iterator[Known[Event]]:
    """Every row about some lots, the corrected ones too."""
    for source in _MOVES:
        for row in _rows(session, source, lot_ids):
            yield Known(event_of(row), row[12], row[13])


def uses_into(session: Session, lot_ids: Sequence[int]) -> Iterator[Known[Use]]:
    """Every use that went into some lots, the corrected ones too."""
    for source in _USES:
        for row in _rows(session, source, lot_ids):
            yield Known(Use(*row[:9]), row[9], row[10])


def _rows(session: Session, statement: Any, lot_ids: Sequence[int]) -> Sequence[Any]:
    return session.execute(statement, {"lots": list(lot_ids)}).all()
