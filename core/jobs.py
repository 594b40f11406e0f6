"""Taking and ending a job run: what a worker does around a job function."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import now
from core.outbox import LEASE, JobRun, Message, Run, RunState

ATTEMPTS_ALLOWED = 5


def take(session: Session, run_id: int, attempt: int) -> tuple[Run, dict[str, object], str | None]:
    """Start one attempt: the run, its arguments and the number of the causing request.

    Raises
    ------
    LookupError
        This attempt is not the one that is waited for: another came first, or it was cancelled.
    """
    row = session.execute(
        select(JobRun).where(JobRun.id == run_id).with_for_update()
    ).scalar_one_or_none()
    if row is None or row.attempt != attempt or row.state != RunState.SENT:
        raise LookupError(f"job run {run_id} attempt {attempt} is not waited for")
    message = session.get_one(Message, row.message_id)
    row.state = RunState.RUNNING
    row.started_at = now()
    row.lease_until = now() + LEASE
    run = Run(id=row.id, message_id=row.message_id, job=row.job, attempt=row.attempt)
    return run, dict(message.payload), message.request_number


def renew(session: Session, run: Run) -> bool:
    """Renew the lease; False where this attempt is no longer the current one."""
    row = session.execute(select(JobRun).where(JobRun.id == run.id).with_for_update()).scalar_one()
    if row.attempt != run.attempt or row.state != RunState.RUNNING:
        return False
    row.lease_until = now() + LEASE
    return True


def end(session: Session, run: Run, state: RunState, error: str | None = None) -> None:
    """Write how an attempt ended without an effect; a done or superseded run stays as it is."""
    row = session.execute(select(JobRun).where(JobRun.id == run.id).with_for_update()).scalar_one()
    if row.attempt != run.attempt or row.state != RunState.RUNNING:
        return
    row.error = error
    if state is RunState.FAILED and row.attempt < ATTEMPTS_ALLOWED:
        row.state = RunState.WAITING
        row.lease_until = _later(row.attempt)
        return
    row.state = state
    row.lease_until = None
    row.finished_at = now()


def _later(attempt: int) -> datetime:
    """When to try again: after 2, 4, 8 … seconds."""
    return now() + timedelta(seconds=2**attempt)
