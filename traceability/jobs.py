"""Background entries of traceability."""

from __future__ import annotations

from core.outbox import Run, effect
from traceability.imports import carry_out_upload
from traceability.service.graphing import refresh_file
from traceability.service.tracing import weigh_file
from traceability.service.watching import check_watches, lots_of_rows


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


def check_ledger_watches(
    run: Run, *, file_sha256: str, rows: int, first_event_id: int, last_event_id: int
) -> None:
    """Tell what a stored ledger adds to the traces that are watched."""
    with effect(run) as session:
        check_watches(session, lots_of_rows(session, first_event_id, last_event_id))


def refresh_edges(
    run: Run, *, file_sha256: str, rows: int, first_event_id: int, last_event_id: int
) -> None:
    """Bring the edges of every lot that a stored ledger speaks of up to date."""
    with effect(run) as session:
        refresh_file(session, file_sha256, progress=run.progress)
