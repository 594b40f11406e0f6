"""Two people at the same moment, with real commits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from core.actors import Actor, Role
from core.clock import today
from core.errors import Refusal
from core.unit_of_work import access_of, read_only, unit_of_work
from recall.errors import AlreadyRecalled, NotThisState
from recall.models import Recall, RecallDeadline
from recall.service.filing import file_plan
from registry.service import load_packs
from tests import factories
from tests.services.recall.conftest import PLAN, filed

pytestmark = pytest.mark.usefixtures("committed")


def producer() -> Actor:
    with unit_of_work() as session:
        load_packs(session)
        product = factories.product(session, name="充电器", gtin="04006381333931")
        return Actor(None, "厂", Role.ENTERPRISE, product.enterprise_id)


def test_the_same_lot_filed_twice_at_once_is_one_recall() -> None:
    actor, gate = producer(), Barrier(2)

    def file() -> str:
        gate.wait(timeout=10)
        try:
            with unit_of_work(access_of(actor)) as session:
                return filed(session, actor, found_on=today() - timedelta(days=1)).number
        except AlreadyRecalled as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as threads:
        answers = sorted(each.result() for each in (threads.submit(file), threads.submit(file)))

    with read_only() as session:
        count = session.execute(select(func.count()).select_from(Recall)).scalar_one()
    assert count == 1
    assert answers[1] == "recall/already-recalled"


def test_a_plan_filed_twice_at_once_starts_one_clock() -> None:
    actor, gate = producer(), Barrier(2)
    with unit_of_work(access_of(actor)) as session:
        number = filed(session, actor, found_on=today() - timedelta(days=1)).number

    def plan() -> str:
        gate.wait(timeout=10)
        try:
            with unit_of_work(access_of(actor)) as session:
                file_plan(session, actor, number, PLAN)
                return "filed"
        except Refusal as refusal:
            return type(refusal).__name__

    with ThreadPoolExecutor(2) as threads:
        answers = sorted(each.result() for each in (threads.submit(plan), threads.submit(plan)))

    with read_only() as session:
        clocks = session.execute(
            select(func.count()).where(RecallDeadline.rule_id == "recall.publish")
        ).scalar_one()
    assert answers == [NotThisState.__name__, "filed"]
    assert clocks == 1
