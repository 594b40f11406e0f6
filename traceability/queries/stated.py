"""What is stated at a record time, by ledgers and by events, in the same columns.

To be read as a table in FROM, with ``:as_of`` given: conditions on columns reach the indexes of
both sources.
"""

from __future__ import annotations

from typing import Any

from traceability.maths.ledger import EARLIEST, LATEST, Event, EventKind, Inputs


def span(alias: str) -> str:
    """The columns of a row's interval, in the microseconds that maths counts."""
    return f"""
    COALESCE((extract(epoch FROM {alias}.earliest_at) * 1000000)::bigint, {EARLIEST}),
    COALESCE((extract(epoch FROM {alias}.latest_at) * 1000000)::bigint, {LATEST})
"""


def event_of(row: Any) -> Event:
    """A row of (id, kind, lot, sender, receiver, quantity, unit, span, document, inputs, place)."""
    return Event(
        id=row[0],
        kind=EventKind(row[1]),
        lot=row[2],
        source=row[3],
        target=row[4],
        quantity=row[5],
        unit=row[6],
        lo=row[7],
        hi=row[8],
        document=row[9],
        inputs=Inputs(row[10]) if row[10] else None,
        place=row[11],
    )


STATED_EVENTS = """(
    SELECT e.id, e.kind, e.lot_id, e.from_party_id, e.to_party_id, e.quantity, e.unit,
           e.earliest_at, e.latest_at, e.document_no, e.inputs, CAST(NULL AS text) AS place
    FROM trace_event e
    WHERE e.recorded_at <= :as_of
      AND NOT EXISTS (SELECT 1 FROM trace_event c
                      WHERE c.corrects_id = e.id AND c.recorded_at <= :as_of)
    UNION ALL
    SELECT m.id, m.kind, m.lot_id, m.from_party_id, m.to_party_id, m.quantity, m.unit,
           m.earliest_at, m.latest_at, m.document_no, m.inputs, m.place
    FROM statement_movement m
    WHERE m.recorded_at <= :as_of AND (m.retracted_at IS NULL OR m.retracted_at > :as_of)
)"""

STATED_USES = """(
    SELECT u.id, u.event_id, u.party_id, u.input_lot_id, u.output_lot_id, u.quantity, u.unit,
           u.earliest_at, u.latest_at, CAST(NULL AS text) AS place
    FROM lot_link u
    WHERE u.recorded_at <= :as_of
      AND NOT EXISTS (SELECT 1 FROM trace_event c
                      WHERE c.corrects_id = u.event_id AND c.recorded_at <= :as_of)
    UNION ALL
    SELECT s.id, s.movement_id, s.party_id, s.input_lot_id, s.output_lot_id, s.quantity, s.unit,
           s.earliest_at, s.latest_at,
           (SELECT m.place FROM statement_movement m WHERE m.id = s.movement_id)
    FROM statement_use s
    WHERE s.recorded_at <= :as_of AND (s.retracted_at IS NULL OR s.retracted_at > :as_of)
)"""
