"""Detection and observation through outbox, relay and worker."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from core import outbox, queue
from core.actors import SYSTEM
from core.clock import now
from core.outbox import Cancelled, JobRun, Message, Run, RunState
from core.unit_of_work import read_only, unit_of_work
from risk import jobs
from risk.models import ModelRun, Observation, Signal
from risk.service.detecting import request_detection
from risk.service.observing import store_incidents
from tests.services.risk.histories import LAST_WEEK, NOW, complaints, results
from worker import relay, run


@pytest.fixture(autouse=True)
def _now(committed: str, frozen_clock: Any) -> None:
    queue.redis().flushdb()
    frozen_clock(NOW)


def _only_run() -> JobRun:
    with read_only() as session:
        return session.execute(select(JobRun)).scalar_one()


def _signals() -> int:
    with read_only() as session:
        return session.execute(select(func.count()).select_from(Signal)).scalar_one()


def _ask() -> None:
    with unit_of_work() as session:
        store_incidents(session, complaints("990100", "C1", extra=25))
        request_detection(session, SYSTEM)
    relay.turn()


def test_a_wish_becomes_warnings_once() -> None:
    _ask()
    row = _only_run()

    run.execute(row.id, row.attempt)
    run.execute(row.id, row.attempt)

    done = _only_run()
    assert (done.state, done.stage) == (RunState.DONE, "store")
    assert _signals() == 1
    with read_only() as session:
        passes = session.execute(select(ModelRun)).scalars().all()
    assert [each.series_total for each in passes] == [1]


def test_a_cancelled_detection_stores_nothing() -> None:
    _ask()
    row = _only_run()
    with unit_of_work() as session:
        session.get_one(JobRun, row.id).state = RunState.RUNNING
    with unit_of_work() as session:
        outbox.request_cancel(session, row.id)

    with pytest.raises(Cancelled):
        jobs.detect(Run(row.id, row.message_id, row.job, row.attempt), through_week=LAST_WEEK)

    assert _signals() == 0


def test_a_detection_without_data_is_refused_in_words() -> None:
    with unit_of_work() as session:
        request_detection(session, SYSTEM)
    relay.turn()
    row = _only_run()

    run.execute(row.id, row.attempt)

    refused = _only_run()
    assert refused.state == RunState.REFUSED
    assert "import some first" in (refused.error or "")


def test_announced_results_are_observed_once() -> None:
    with unit_of_work() as session:
        session.add(
            Message(
                topic="sampling.results-recorded",
                payload={"results": results("990100", "C1", weeks=3)},
                created_at=now(),
            )
        )
    relay.turn()
    row = _only_run()

    run.execute(row.id, row.attempt)
    run.execute(row.id, row.attempt)

    with read_only() as session:
        rows = session.execute(select(Observation)).scalars().all()
    assert len(rows) == 3
    assert {(each.source, each.inspected) for each in rows} == {("sampling", 20)}
