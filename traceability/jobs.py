"""Background entries of traceability."""

from __future__ import annotations

from core.outbox import Run, add, effect
from traceability.events import GraphDue
from traceability.imports import carry_out_upload
from traceability.service.graphing import catch_up, refresh_file
from traceability.service.snapshots import build, is_due
from traceability.service.tracing import weigh_file


def load_ledger(run: Run, *, upload_id: int) -> None:
    """Check or store an uploaded ledger, telling how far it is."""
    with effect(run) as session:
        carry_out_upload(session, upload_id, progress=run.progress)


def weigh_ledger(
    run: Run, *, file_sha256: str, rows: int, first_event_id: int, last_event_id: int
) -> None:
    """Keep the findings on every lot that a stored ledger speaks of."""
    with effect(run) as session:
        weigh_file(session, file_sha256)


def refresh_edges(
    run: Run, *, file_sha256: str, rows: int, first_event_id: int, last_event_id: int
) -> None:
    """Bring the edges of every lot that a stored ledger speaks of up to date."""
    with effect(run) as session:
        refresh_file(session, file_sha256, progress=run.progress)
        if is_due(session):
            add(session, GraphDue())


def keep_graph(run: Run) -> None:
    """Make the edges of ledgers older than the graph, and a snapshot where enough has changed."""
    with effect(run) as session:
        catch_up(session, progress=run.progress)
        if is_due(session):
            build(session, progress=run.progress)
