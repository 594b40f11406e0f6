"""Background entries of recall."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.clock import now
from core.outbox import JobRun, Message, Run, RunState, Superseded
from recall.jobs import draw_scope, settle_clocks
from recall.queries import files
from tests.services.recall.conftest import MORNING, Cast, filed, told

pytestmark = pytest.mark.usefixtures("at_work")


@pytest.fixture
def at_work(frozen_clock: Callable[[str], Any]) -> None:
    frozen_clock(MORNING)


def running(session: Session, topic: str, job: str) -> Run:
    message = Message(topic=topic, payload={}, created_at=now())
    session.add(message)
    session.flush()
    row = JobRun(
        message_id=message.id,
        job=job,
        queue="quick",
        state=RunState.RUNNING,
        attempt=1,
        created_at=now(),
    )
    session.add(row)
    session.commit()
    return Run(row.id, message.id, job, 1)


def test_the_scope_is_drawn_once_however_often_the_job_is_sent(
    session: Session, cast: Cast
) -> None:
    recall = filed(session, cast.producer)
    told(session, cast.enterprise, cast.product, recall.lot_no)
    run = running(session, "recall.reported", "recall.draw-scope")

    draw_scope(run, recall_id=recall.id)
    with pytest.raises(Superseded):
        draw_scope(run, recall_id=recall.id)

    session.expire_all()
    found = files.recall_file(session, recall.number)
    assert not found.recall.scope_pending
    assert (found.scope.edition, len(found.lines)) == (2, 3)


def test_settling_with_nothing_to_settle_does_nothing(session: Session, cast: Cast) -> None:
    recall = filed(session, cast.producer)

    settle_clocks(running(session, "recall.settling-due", "recall.settle-clocks"))

    assert [one.kind for one in files.history(session, recall.number)] == ["report"]
