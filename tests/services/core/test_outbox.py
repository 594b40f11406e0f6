from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import audit, journal, outbox, queue
from core.actors import SYSTEM
from core.clock import now
from core.outbox import Cancelled, JobRun, Message, Run, RunState, Superseded, effect
from core.unit_of_work import read_only, unit_of_work
from tests.conftest import ROOT
from worker import relay, run, schedule
from worker.probe import ACTION, ProbeSent


@dataclass(frozen=True)
class Unheard:
    topic: ClassVar[str] = "nobody.listens"

    number: int


@pytest.fixture(autouse=True)
def _empty_redis(committed: str) -> None:
    queue.redis().flushdb()


def add_probe(name: str = "p") -> int:
    with unit_of_work() as session:
        return outbox.add(session, ProbeSent(name))


def only_run() -> JobRun:
    with read_only() as session:
        return session.execute(select(JobRun)).scalar_one()


def probes() -> int:
    with read_only() as session:
        return session.execute(
            select(func.count())
            .select_from(journal.JournalEntry)
            .where(journal.JournalEntry.kind == ACTION)
        ).scalar_one()


def backdate_lease() -> None:
    with unit_of_work() as session:
        row = session.execute(select(JobRun)).scalar_one()
        row.lease_until = now() - timedelta(seconds=1)


def test_a_message_vanishes_with_the_fact_it_announces() -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work() as session:
        outbox.add(session, ProbeSent("p"))
        1 / 0  # noqa: B018

    with read_only() as session:
        assert session.execute(select(func.count()).select_from(Message)).scalar_one() == 0


def test_a_message_nobody_waits_for_makes_no_job() -> None:
    with unit_of_work() as session:
        outbox.add(session, Unheard(number=1))

    relay.turn()

    with read_only() as session:
        assert session.execute(select(JobRun)).one_or_none() is None
        assert session.execute(select(Message.fanned_out_at)).scalar_one() is not None


def test_a_job_runs_and_its_effect_is_stored_once() -> None:
    add_probe()
    relay.turn()
    row = only_run()

    run.execute(row.id, row.attempt)
    run.execute(row.id, row.attempt)

    assert only_run().state == RunState.DONE
    assert probes() == 1


def test_two_attempts_that_overlap_have_one_effect() -> None:
    add_probe()
    relay.turn()
    row = only_run()
    with unit_of_work() as session:
        live = session.get_one(JobRun, row.id)
        live.state = RunState.RUNNING
    one = Run(row.id, row.message_id, row.job, row.attempt)

    with effect(one) as session:
        audit.record(session, SYSTEM, ACTION, "p")
    with pytest.raises(Superseded), effect(one) as session:
        audit.record(session, SYSTEM, ACTION, "p")

    assert probes() == 1


def test_a_call_that_redis_lost_is_sent_again() -> None:
    add_probe()
    relay.turn()
    queue.redis().flushdb()
    backdate_lease()

    relay.turn()

    row = only_run()
    assert row.state == RunState.SENT
    assert queue.is_known(queue.job_id(row.message_id, row.job, row.attempt))


def test_a_call_still_in_the_queue_is_not_doubled() -> None:
    add_probe()
    relay.turn()
    backdate_lease()

    relay.turn()

    assert queue.redis().llen("rq:queue:quick") == 1


def test_a_job_whose_worker_died_is_tried_again() -> None:
    add_probe()
    relay.turn()
    first = only_run()
    with unit_of_work() as session:
        session.get_one(JobRun, first.id).state = RunState.RUNNING
    backdate_lease()

    relay.turn()
    relay.turn()

    again = only_run()
    assert (again.state, again.attempt) == (RunState.SENT, first.attempt + 1)
    run.execute(first.id, first.attempt)  # the dead worker's call comes back to life
    assert probes() == 0
    run.execute(again.id, again.attempt)
    assert probes() == 1


RING_AND_DIE = """
import os, signal
from core import queue
ring = queue.enqueue
def ring_and_die(*arguments, **options):
    ring(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)
queue.enqueue = ring_and_die
from worker import relay
relay.turn()
"""


def test_a_relay_killed_after_the_call_and_before_its_commit_doubles_no_effect() -> None:
    add_probe()
    with unit_of_work() as session:
        relay.fan_out(session)

    killed = subprocess.run([sys.executable, "-c", RING_AND_DIE], cwd=ROOT, check=False)

    assert killed.returncode == -signal.SIGKILL
    assert only_run().state == RunState.WAITING  # the mark "sent" died with the relay
    assert queue.redis().llen("rq:queue:quick") == 1  # the call did not
    relay.turn()
    row = only_run()
    assert row.state == RunState.SENT
    for _ in range(2):  # the call of the dead relay and that of the living one
        run.execute(row.id, row.attempt)
    assert probes() == 1


def test_a_job_can_be_cancelled_before_it_starts() -> None:
    add_probe()
    relay.turn()
    row = only_run()

    with unit_of_work() as session:
        assert outbox.request_cancel(session, row.id)
    run.execute(row.id, row.attempt)

    assert only_run().state == RunState.CANCELLED
    assert probes() == 0


def test_a_running_job_hears_that_it_is_cancelled() -> None:
    add_probe()
    relay.turn()
    row = only_run()
    with unit_of_work() as session:
        session.get_one(JobRun, row.id).state = RunState.RUNNING
    with unit_of_work() as session:
        outbox.request_cancel(session, row.id)

    with pytest.raises(Cancelled):
        Run(row.id, row.message_id, row.job, row.attempt).progress("work", 1, 2)


def test_a_job_that_fails_is_tried_again_later_and_then_given_up() -> None:
    with unit_of_work() as session:
        session.add(Message(topic="worker.probe-sent", payload={"nonsense": 1}, created_at=now()))
    for _ in range(10):
        relay.turn()
        row = only_run()
        if row.state == RunState.FAILED:
            break
        if row.state == RunState.SENT:
            run.execute(row.id, row.attempt)
        backdate_lease()

    row = only_run()
    assert (row.state, row.attempt) == (RunState.FAILED, 5)
    assert "TypeError" in (row.error or "")


def test_a_slot_of_the_schedule_is_announced_once(committed: str) -> None:
    wednesday_noon = datetime(2026, 11, 18, 4, tzinfo=UTC)
    with unit_of_work() as session:
        first = schedule.announce_due(session, wednesday_noon)
    with unit_of_work() as session:
        second = schedule.announce_due(session, wednesday_noon)

    assert len(first) == len(schedule.SCHEDULE)
    assert second == []


def test_the_number_of_the_request_travels_with_the_message() -> None:
    token = outbox.request_number.set("REQ-1")
    add_probe()
    outbox.request_number.reset(token)

    with read_only() as session:
        assert session.execute(select(Message.request_number)).scalar_one() == "REQ-1"


def test_without_a_waiting_message_the_relay_moves_nothing(session: Session) -> None:
    assert relay.turn() == 0
