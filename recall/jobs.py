"""Background entries of recall."""

from __future__ import annotations

from core.actors import SYSTEM
from core.outbox import Run, effect
from recall.service.clocks import recalculate_clocks
from recall.service.scoping import trace_scope


def draw_scope(run: Run, *, recall_id: int) -> None:
    """Trace the recalled lot through everybody's ledgers."""
    with effect(run) as session:
        trace_scope(session, SYSTEM, recall_id)


def settle_clocks(run: Run) -> None:
    """Settle provisional due days whose year is now loaded."""
    with effect(run) as session:
        recalculate_clocks(session, SYSTEM)
