"""What is stated at a record time, by ledgers and by events, in the same columns.

To be read as a table in FROM, with ``:as_of`` given: conditions on columns reach the indexes of
both sources.
"""

from __future__ import annotations

STATED_EVENTS = """(
    SELECT e.id, e.kind, e.lot_id, e.from_party_id, e.to_party_id, e.quantity, e.unit,
           e.earliest_at, e.latest_at, e.document_no, e.inputs
    FROM trace_event e
    WHERE e.recorded_at <= :as_of
      AND NOT EXISTS (SELECT 1 FROM trace_event c
                      WHERE c.corrects_id = e.id AND c.recorded_at <= :as_of)
    UNION ALL
    SELECT m.id, m.kind, m.lot_id, m.from_party_id, m.to_party_id, m.quantity, m.unit,
           m.earliest_at, m.latest_at, m.document_no, m.inputs
    FROM statement_movement m
    WHERE m.recorded_at <= :as_of AND (m.retracted_at IS NULL OR m.retracted_at > :as_of)
)"""

STATED_USES = """(
    SELECT u.id, u.event_id, u.party_id, u.input_lot_id, u.output_lot_id, u.quantity, u.unit,
           u.earliest_at, u.latest_at
    FROM lot_link u
    WHERE u.recorded_at <= :as_of
      AND NOT EXISTS (SELECT 1 FROM trace_event c
                      WHERE c.corrects_id = u.event_id AND c.recorded_at <= :as_of)
    UNION ALL
    SELECT s.id, s.movement_id, s.party_id, s.input_lot_id, s.output_lot_id, s.quantity, s.unit,
           s.earliest_at, s.latest_at
    FROM statement_use s
    WHERE s.recorded_at <= :as_of AND (s.retracted_at IS NULL OR s.retracted_at > :as_of)
)"""
