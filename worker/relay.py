"""Turns saved messages into jobs, and rings again for whatever was lost.

Three passes a second, each claiming rows with SKIP LOCKED so that several relays share the work:
fan out new messages into job rows; send waiting rows to Redis; look after rows whose lease ran
out. A relay may die between ringing and committing: the next one rings again, and the row lock
around the effect (``core.outbox.effect``) lets it happen once.
"""

from __future__ import annotations

import signal
import threading
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core import log, queue
from core.clock import now
from core.jobs import ATTEMPTS_ALLOWED
from core.outbox import JobRun, Message, RunState
from core.unit_of_work import unit_of_work
from worker import schedule
from worker.subscriptions import job_named, jobs_for

BATCH = 200
PAUSE_S = 0.5
SCHEDULE_EVERY = 20  # passes
# A call that Redis took is looked for after this long, in case Redis was emptied meanwhile.
LOOK_AGAIN = timedelta(seconds=8)


def fan_out(session: Session) -> int:
    """One job row for each job that follows a new message; returns how many messages."""
    messages = session.execute(
        select(Message)
        .where(Message.fanned_out_at.is_(None))
        .order_by(Message.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).scalars()
    count = 0
    for message in messages:
        for job in jobs_for(message.topic):
            session.add(
                JobRun(
                    message_id=message.id,
                    job=job.name,
                    queue=job.queue,
                    state=RunState.WAITING,
                    created_at=now(),
                )
            )
        message.fanned_out_at = now()
        count += 1
    return count


def send(session: Session) -> int:
    """Ring for every waiting row; returns how many."""
    rows = session.execute(
        select(JobRun)
        .where(
            JobRun.state == RunState.WAITING,
            or_(JobRun.lease_until.is_(None), JobRun.lease_until < now()),
        )
        .order_by(JobRun.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).scalars()
    count = 0
    for row in rows:
        row.attempt += 1
        _ring(row)
        row.state = RunState.SENT
        row.lease_until = now() + LOOK_AGAIN
        count += 1
    return count


def _ring(row: JobRun) -> None:
    job = job_named(row.job)
    queue.enqueue(
        row.queue,
        row.id,
        row.attempt,
        rq_id=queue.job_id(row.message_id, row.job, row.attempt),
        timeout_s=job.timeout_s if job else 120,
    )


def look_after(session: Session) -> int:
    """Ring again for calls that Redis lost and for jobs whose worker died; returns how many."""
    rows = session.execute(
        select(JobRun)
        .where(
            JobRun.state.in_([RunState.SENT, RunState.RUNNING]),
            JobRun.lease_until < now(),
        )
        .order_by(JobRun.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).scalars()
    count = 0
    for row in rows:
        if row.state == RunState.SENT:
            row.lease_until = now() + LOOK_AGAIN
            # Still in the queue behind longer work: ringing twice would only lengthen it.
            if not queue.is_known(queue.job_id(row.message_id, row.job, row.attempt)):
                _ring(row)
                count += 1
            continue
        log.logger(__name__).warning("lease ran out", run=row.id, job=row.job, attempt=row.attempt)
        if row.attempt >= ATTEMPTS_ALLOWED:
            row.state = RunState.FAILED
            row.error = f"the worker died {row.attempt} times while doing this"
            row.finished_at = now()
        else:
            row.state = RunState.WAITING
            row.lease_until = None
        count += 1
    return count


def turn() -> int:
    """One pass; returns how many rows it moved.

    Raises
    ------
    redis.exceptions.RedisError
        Redis is away: the transaction is rolled back, the rows stay as they were.
    """
    with unit_of_work() as session:
        moved = fan_out(session)
    with unit_of_work() as session:
        moved += send(session)
    with unit_of_work() as session:
        moved += look_after(session)
    return moved


def run(stop: threading.Event) -> None:
    """Relay until asked to stop. An unreachable server is waited for, not died of."""
    log.configure("relay")
    logger = log.logger(__name__)
    passes = 0
    away = False
    while not stop.is_set():
        moved = 0
        try:
            if passes % SCHEDULE_EVERY == 0:
                with unit_of_work() as session:
                    for key in schedule.announce_due(session):
                        logger.info("announced", slot=key)
            moved = turn()
            if away:
                logger.info("servers answer again")
            away = False
        except (SQLAlchemyError, queue.Unreachable) as error:
            if not away:
                logger.warning("a server is away", error=str(error).splitlines()[0])
            away = True
        passes += 1
        if moved < BATCH:
            stop.wait(2.0 if away else PAUSE_S)
    logger.info("stopped")


def main() -> None:
    """The relay process."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(stop)


if __name__ == "__main__":
    main()
