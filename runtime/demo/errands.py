"""Jobs worked off inside the seeding process, through the house's own relay and worker.

The demo must be whole before anyone looks at it, so the seeding does not wait for workers: it fans
out the messages its services left and carries each job out itself, with the same row, the same
effect guard and the same marks. What it did is done; a worker that starts later finds nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import select

from core.clock import now
from core.outbox import LEASE, JobRun, RunState
from core.progress import Progress
from core.unit_of_work import read_only, unit_of_work
from worker.relay import fan_out
from worker.run import execute


class ErrandFailed(RuntimeError):
    """A job of the seeding did not end well."""


def work_off(stage: str, progress: Progress) -> int:
    """Carry out every job that waits; returns how many.

    Raises
    ------
    ErrandFailed
        One was refused or failed; its own words are told.
    """
    done = 0
    while True:
        moved = _fan_out()
        taken = _next()
        if taken is None:
            if not moved:
                return done
            continue
        run_id, attempt = taken
        with _quietly():
            execute(run_id, attempt)
        _check(run_id)
        done += 1
        progress(stage, done, done)


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep the worker's ordinary log lines out of the progress bar."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        yield
    finally:
        structlog.configure(**before)


def _fan_out() -> int:
    with unit_of_work() as session:
        return fan_out(session)


def _next() -> tuple[int, int] | None:
    """Take the oldest waiting job, as a relay does that rings for a worker."""
    with unit_of_work() as session:
        row = session.execute(
            select(JobRun)
            .where(JobRun.state == RunState.WAITING)
            .order_by(JobRun.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).scalar_one_or_none()
        if row is None:
            return None
        row.attempt += 1
        row.state = RunState.SENT
        row.lease_until = now() + LEASE
        return row.id, row.attempt


def _check(run_id: int) -> None:
    with read_only() as session:
        row = session.get_one(JobRun, run_id)
        if row.state != RunState.DONE:
            raise ErrandFailed(f"job {row.job} ended as {row.state}: {row.error}")
