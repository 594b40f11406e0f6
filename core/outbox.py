"""Messages saved with the facts they announce, and the jobs that follow them.

A service adds a message in the transaction of the fact. The relay (``worker.relay``) turns each
message into one ``job_run`` row per subscribed job and wakes a worker through Redis. Redis is only
a bell: the rows are the truth, and whatever is lost there is sent again. The effect of a job and
its mark "done" are one transaction under a row lock, so the effect happens once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.clock import now
from core.db import Base, Id
from core.unit_of_work import unit_of_work

# How long a running job may stay silent before it is taken for dead. A job renews it every
# LEASE / 4; a killed worker is therefore replaced well within a minute.
LEASE = timedelta(seconds=20)

# The request that caused a message travels with it into the job's log lines.
request_number: ContextVar[str | None] = ContextVar("request_number", default=None)


class RunState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"  # not yet sent to a queue
    SENT = "sent"  # rung for in Redis
    RUNNING = "running"  # a worker holds the lease
    DONE = "done"  # its effect is stored
    REFUSED = "refused"  # the house said no, with a reason a person can read
    FAILED = "failed"  # tried as often as allowed
    CANCELLED = "cancelled"


FINISHED = (RunState.DONE, RunState.REFUSED, RunState.FAILED, RunState.CANCELLED)


class Message(Base):
    """Something that happened, told once."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        Index("ix_outbox_message_unsent", "id", postgresql_where=text("fanned_out_at IS NULL")),
    )

    id: Mapped[Id]
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]]
    request_number: Mapped[str | None]
    # A schedule's slot ("risk.weekly/2026-W47"): two schedulers cannot both announce it.
    once_key: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    fanned_out_at: Mapped[datetime | None]


class JobRun(Base):
    """One job that one message asks for."""

    __tablename__ = "job_run"
    __table_args__ = (
        UniqueConstraint("message_id", "job"),
        Index(
            "ix_job_run_open",
            "id",
            postgresql_where=text("state IN ('waiting', 'sent', 'running')"),
        ),
    )

    id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(ForeignKey("outbox_message.id"))
    job: Mapped[str]
    queue: Mapped[str]
    state: Mapped[str]
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    stage: Mapped[str | None]
    progress_done: Mapped[int] = mapped_column(default=0)
    progress_total: Mapped[int] = mapped_column(default=0)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Event(Protocol):
    """A frozen dataclass with a topic and JSON-able fields."""

    topic: ClassVar[str]


class Superseded(Exception):
    """This attempt is not the current one, or the effect already happened: nothing to do."""


class Cancelled(Exception):
    """A person asked for this job to stop; nothing of it is stored."""


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at one job; a job function's first argument."""

    id: int
    message_id: int
    job: str
    attempt: int

    def progress(self, stage: str, done: int, total: int) -> None:
        """Tell how far the work is, in a short transaction of its own, and renew the lease.

        Raises
        ------
        Cancelled
            A person asked for the job to stop.
        Superseded
            Another attempt has taken over.
        """
        with unit_of_work() as session:
            row = session.execute(
                update(JobRun)
                .where(JobRun.id == self.id, JobRun.attempt == self.attempt)
                .where(JobRun.state == RunState.RUNNING)
                .values(
                    stage=stage,
                    progress_done=done,
                    progress_total=total,
                    lease_until=now() + LEASE,
                )
                .returning(JobRun.cancel_requested)
            ).one_or_none()
        if row is None:
            raise Superseded(f"job {self.id} attempt {self.attempt}")
        if row.cancel_requested:
            raise Cancelled(f"job {self.id}")


def add(session: Session, event: Event, *, once_key: str | None = None) -> int:
    """Save a message in the transaction of the fact it announces; returns its number."""
    message = Message(
        topic=event.topic,
        payload=asdict(event),  # type: ignore[call-overload]
        request_number=request_number.get(),
        once_key=once_key,
        created_at=now(),
    )
    session.add(message)
    session.flush()  # the number is needed by whoever waits for the job
    return message.id


@contextmanager
def effect(run: Run) -> Iterator[Session]:
    """The unit of work of a job's effect: it commits together with "done", and at most once.

    Raises
    ------
    Superseded
        The effect already happened, or a later attempt has taken over.
    Cancelled
        A person asked for the job to stop before its effect was stored.
    """
    with unit_of_work() as session:
        yield session
        session.flush()
        # Locked last, not first: the body may take minutes and tell its progress meanwhile. Of
        # two attempts that both reach this line, the second finds "done" and is rolled back.
        row = session.execute(
            select(JobRun)
            .where(JobRun.id == run.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).scalar_one()
        if row.attempt != run.attempt or row.state != RunState.RUNNING:
            raise Superseded(f"job {run.id} attempt {run.attempt}: {row.state}")
        if row.cancel_requested:
            raise Cancelled(f"job {run.id}")
        row.state = RunState.DONE
        row.finished_at = now()
        row.lease_until = None
        row.error = None


@dataclass(frozen=True, slots=True)
class RunView:
    """A job as people see it."""

    id: int
    message_id: int
    topic: str
    job: str
    state: str
    stage: str | None
    done: int
    total: int
    attempt: int
    error: str | None
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def runs_of(session: Session, *, message_id: int | None = None, limit: int = 50) -> list[RunView]:
    """The latest jobs, newest first; of one message where its number is given."""
    statement = (
        select(JobRun, Message.topic)
        .join(Message, Message.id == JobRun.message_id)
        .order_by(JobRun.id.desc())
        .limit(limit)
    )
    if message_id is not None:
        statement = statement.where(JobRun.message_id == message_id)
    return [
        RunView(
            id=row.id,
            message_id=row.message_id,
            topic=topic,
            job=row.job,
            state=row.state,
            stage=row.stage,
            done=row.progress_done,
            total=row.progress_total,
            attempt=row.attempt,
            error=row.error,
            cancel_requested=row.cancel_requested,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )
        for row, topic in session.execute(statement).all()
    ]


def request_cancel(session: Session, run_id: int) -> bool:
    """Ask a job to stop; False where it has already finished."""
    row = session.execute(
        select(JobRun).where(JobRun.id == run_id).with_for_update()
    ).scalar_one_or_none()
    if row is None or row.state in FINISHED:
        return False
    row.cancel_requested = True
    if row.state != RunState.RUNNING:
        row.state = RunState.CANCELLED
        row.finished_at = now()
    return True
