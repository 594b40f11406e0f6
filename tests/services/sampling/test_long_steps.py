"""Freezing and drawing by a worker: real commits, a real queue, once each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select, text

from core import outbox, queue
from core.actors import Actor, Role
from core.outbox import JobRun, Message, RunState
from core.unit_of_work import STAFF_ACCESS, read_only, unit_of_work
from sampling import errors, jobs
from sampling.maths.replay import check_bundle
from sampling.models.frames import FrameBlock
from sampling.models.plans import Draw, Plan
from sampling.queries import plans
from sampling.queries.steps import last_step
from sampling.service import drawing, entropy, freezing, parts, planning, steps
from tests import factories
from tests.services.sampling.conftest import AFTER, BEFORE, DICE, ROUND, VALUE
from worker import relay, run


@dataclass
class Office:
    """Two people who may lead, and a draft over two hundred enterprises."""

    plan_no: str
    lead: Actor
    second: Actor
    at: Callable[[str], Any]

    def plan(self) -> Plan:
        with read_only() as session:
            return plans.plan_by_no(session, self.plan_no)

    def ask(self, step: str, actor: Actor | None = None) -> int:
        with unit_of_work(STAFF_ACCESS) as session:
            who = actor or self.lead
            if step == "freeze":
                return steps.request_freeze(session, who, self.plan_no, software="0.1.0")
            return steps.request_draw(session, who, self.plan_no)

    def work(self) -> list[JobRun]:
        """Let relay and worker do what is asked for; returns all job rows."""
        relay.turn()
        with read_only() as session:
            waiting = session.execute(select(JobRun).where(JobRun.state == RunState.SENT)).scalars()
            rows = [(row.id, row.attempt) for row in waiting]
        for row in rows:
            run.execute(*row)
        with read_only() as session:
            return list(session.execute(select(JobRun).order_by(JobRun.id)).scalars())

    def settle(self) -> None:
        """All numbers come."""
        for actor in (self.lead, self.second):
            with unit_of_work() as session:
                entropy.enter_dice(session, actor, self.plan_no, dice=DICE)
        self.at(AFTER)
        with unit_of_work() as session:
            entropy.enter_public_value(session, self.lead, self.plan_no, value=VALUE)


@pytest.fixture
def office(committed: str, frozen_clock: Callable[[str], Any]) -> Office:
    queue.redis().flushdb()
    frozen_clock(BEFORE)
    with unit_of_work() as session:
        region, category = factories.region(session), factories.category(session)
        for n in range(200):
            factories.enterprise(
                session,
                code=f"9137{n:014}",
                name=f"第{n}号",
                grade="AD"[n % 2],
                region_id=region.id,
                category_id=category.id,
            )
        for n in range(8):
            factories.person(session, senior=n % 3 == 0)
        people = []
        for role in (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR):
            account = factories.account(session, role=role)
            people.append(Actor(account.id, account.display_name, role))
        plan = planning.create_plan(
            session,
            people[0],
            title="充电器专项",
            strata_by="grade",
            strata=[
                {"key": "A", "quota": 4, "reserve": 3},
                {"key": "D", "quota": 6, "reserve": 2},
            ],
            visit_on=date(2023, 9, 20),
            sources=[
                {"kind": "dice", "count": 50},
                {"kind": "beacon", "network": "drand-quicknet", "round": ROUND},
            ],
        )
        plan_no = plan.no
    return Office(plan_no, people[0], people[1], frozen_clock)


def test_a_worker_freezes_and_draws_what_a_request_would(office: Office) -> None:
    office.ask("freeze")
    (frozen,) = office.work()
    assert (frozen.state, frozen.stage) == (RunState.DONE, "store")
    assert office.plan().state == "committed"
    office.settle()
    office.ask("draw")
    *_, drawn = office.work()

    assert (drawn.state, drawn.job) == (RunState.DONE, "sampling.draw")
    with read_only() as session:
        plan = plans.plan_by_no(session, office.plan_no)
        whole = parts.sealed_bundle(session, plan, only_public=True)
        made = session.get_one(Draw, plan.id)
    assert [check for check in check_bundle(whole) if not check.agrees] == []
    assert made.drawn_by == office.lead.account_id


def test_two_people_who_ask_at_once_get_one_job(office: Office) -> None:
    together = threading.Barrier(2)

    def ask(actor: Actor) -> int:
        together.wait()
        return office.ask("freeze", actor)

    with ThreadPoolExecutor(2) as pool:  # a thread needs to be told what time it is
        calls = [
            pool.submit(copy_context().run, ask, actor) for actor in (office.lead, office.second)
        ]
        first, second = (call.result() for call in calls)

    assert first == second
    (row,) = office.work()
    assert row.state == RunState.DONE
    with read_only() as session:
        topics = session.execute(select(Message.topic)).scalars().all()
    assert topics.count("sampling.plan-committed") == 1


def test_a_request_and_a_worker_at_once_freeze_once(office: Office) -> None:
    office.ask("freeze")
    with unit_of_work() as session:
        freezing.freeze(session, office.second, office.plan_no, secret=bytes(32), software="0.1.0")

    row = next(row for row in office.work() if row.job == "sampling.freeze")

    assert row.state == RunState.REFUSED
    assert "can only be done while it is draft" in str(row.error)
    with read_only() as session:
        assert session.execute(select(func.count()).select_from(FrameBlock)).scalar_one() == 1


def test_a_refusal_of_the_worker_is_kept_for_the_page(office: Office) -> None:
    with unit_of_work() as session:
        session.execute(text("UPDATE enterprise SET status = 'closed' WHERE grade = 'A'"))
    office.ask("freeze")

    office.work()

    with read_only() as session:
        told = last_step(session, office.plan().id)
    assert told is not None
    assert not told.is_under_way
    assert "quota is 4" in str(told.error)
    assert office.plan().state == "draft"
    again = office.ask("freeze")
    assert again != told.message_id


def test_a_plan_that_changed_since_it_was_asked_for_is_not_frozen(office: Office) -> None:
    office.ask("freeze")
    with unit_of_work() as session:
        plans.plan_by_no(session, office.plan_no).title = "另一个题目"

    (row,) = office.work()

    assert row.state == RunState.REFUSED
    assert office.plan().state == "draft"


def test_a_stopped_job_stores_nothing(office: Office) -> None:
    office.ask("freeze")
    relay.turn()
    with read_only() as session:
        row = session.execute(select(JobRun)).scalar_one()
    seen: list[str] = []
    progress = outbox.Run.progress

    def stop(self: outbox.Run, stage: str, done: int, total: int) -> None:
        seen.append(stage)
        if stage == "leaves":
            with unit_of_work() as session:
                outbox.request_cancel(session, self.id)
        progress(self, stage, done, total)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox.Run, "progress", stop)
        run.execute(row.id, row.attempt)

    assert seen == ["read roster", "read roster", "inspectors", "leaves"]
    with read_only() as session:
        told = last_step(session, office.plan().id)
        assert told is not None
        assert told.is_stopped
        assert session.execute(select(func.count()).select_from(FrameBlock)).scalar_one() == 0
    assert office.plan().state == "draft"


def test_a_worker_that_died_halfway_leaves_nothing_and_the_next_does_it_all(
    office: Office,
) -> None:
    office.ask("freeze")
    relay.turn()
    with read_only() as session:
        row = session.execute(select(JobRun)).scalar_one()

    class Killed(BaseException):
        """Nothing of the house catches it."""

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(freezing, "_publish", die)  # after the roster was written
        with pytest.raises(Killed):
            run.execute(row.id, row.attempt)
    with read_only() as session:
        assert session.execute(select(func.count()).select_from(FrameBlock)).scalar_one() == 0
    with unit_of_work() as session:
        session.execute(text("UPDATE job_run SET lease_until = '2000-01-01'"))

    relay.turn()
    *_, done = office.work()

    assert (done.state, done.attempt) == (RunState.DONE, 2)
    assert office.plan().state == "committed"


def test_what_would_be_refused_is_refused_at_once(office: Office) -> None:
    with pytest.raises(errors.StateForbids):
        office.ask("draw")
    office.ask("freeze")
    office.work()
    with pytest.raises(errors.StateForbids):
        office.ask("freeze")
    with pytest.raises(errors.EntropyMissing):
        office.ask("draw")
    office.settle()
    with unit_of_work() as session:
        drawing.draw(session, office.lead, office.plan_no)
    with pytest.raises(errors.AlreadyDrawn):
        office.ask("draw")


def test_only_large_rosters_are_for_a_worker(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for most, expected in (("200", False), ("199", True)):
        monkeypatch.setenv("ZHIHENG_UNITS_AT_ONCE", most)
        with read_only() as session:
            plan = plans.plan_by_no(session, office.plan_no)
            assert steps.takes_long(session, plan) is expected
    office.ask("freeze")
    office.work()
    with read_only() as session:
        plan = plans.plan_by_no(session, office.plan_no)
        assert steps.takes_long(session, plan) is True


def test_the_job_functions_are_those_of_the_queue() -> None:
    from worker.subscriptions import jobs_for

    (freeze,) = jobs_for("sampling.freeze-requested")
    (draw,) = jobs_for("sampling.draw-requested")
    assert freeze.target == f"{jobs.__name__}:{jobs.freeze.__name__}"
    assert draw.target == f"{jobs.__name__}:{jobs.draw.__name__}"
