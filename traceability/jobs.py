"""Background entries of traceability."""

from __future__ import annotations

from core.outbox import Run, Superseded, effect
from core.unit_of_work import unit_of_work
from traceability.imports import carry_out_upload
from traceability.service import capturing
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
