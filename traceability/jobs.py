"""Background entries of traceability."""

from __future__ import annotations

from core.outbox import Run, Superseded, add, effect
from core.unit_of_work import unit_of_work
from traceability.events import GraphDue
from traceability.imports import carry_out_upload
from traceability.service import capturing
from traceability.service.deriving import take_in, take_up_registered
from traceability.service.graphing import rebuild, refresh_file
from traceability.service.snapshots import build, is_due
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
        take_up_registered(session)


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
        if is_due(session):
            add(session, GraphDue())


def rebuild_graph(run: Run) -> None:
    """Make the edges of ledgers that were stored before there was a graph."""
    with effect(run) as session:
        rebuild(session, progress=run.progress)
        if is_due(session):
            add(session, GraphDue())


def keep_graph(run: Run) -> None:
    """Write a snapshot of the graph where enough has changed since the last."""
    with effect(run) as session:
        if is_due(session):
            build(session, progress=run.progress)


def capture_document(run: Run, *, capture_id: int) -> None:
    """Capture a large EPCIS document, as a whole or part by part."""
    with unit_of_work() as session:
        capture = capturing.capture_of(session, capture_id)
        if not capture.running:
            return
        stream = capturing.opened(session, capture)

    def tell(stage: str, done: int, total: int) -> None:
        run.progress(stage, stream.tell(), capture.document_size)

    with capturing.collector_paused():
        if capture.error_behaviour == capturing.ROLLBACK:
            with effect(run) as session:
                held = capturing.capture_of(session, capture_id)
                capturing.capture_whole(session, held, capturing.read(stream), progress=tell)
            return
        journal = capturing.journal_of(capture)
        try:
            for part in capturing.parts(capturing.read(stream), start=capture.position):
                tell("capture", 0, 0)
                with unit_of_work() as session:
                    capturing.store_next(session, capture_id, part, journal)
        except capturing.Moved as moved:
            raise Superseded(str(moved)) from moved
    with effect(run) as session:
        capturing.finish(capturing.capture_of(session, capture_id))


# Statements of events


def derive_statements(run: Run, *, first_event_id: int, last_event_id: int) -> None:
    """Make captured events part of traces, balances and findings."""
    with effect(run) as session:
        take_in(session, first_event_id, last_event_id)
        if is_due(session):
            add(session, GraphDue())
