"""Two people at the desk at once: one record, one publication, one amendment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import func, select

from core.actors import Actor, Role
from core.errors import Refusal
from core.unit_of_work import STAFF_ACCESS, read_only, unit_of_work
from sampling.models.publication import Paper, ResultPublication
from sampling.service import annual, publishing
from tests import factories
from tests.services.sampling.publishing import AUTHORITY, annual_body, sample

FACTS = {"serial": 1, "announcement_no": "7", "announced_on": date(2023, 9, 15)}


def people() -> tuple[Actor, Actor]:
    with unit_of_work() as session:
        rows = [factories.account(session, role=Role.LEAD_INSPECTOR) for _ in range(2)]
        one, two = (Actor(row.id, row.display_name, Role(row.role)) for row in rows)
    return one, two


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Run acts in threads that start together; how each ended, sorted."""
    gate = threading.Barrier(len(acts))
    ended: list[str] = []

    def run(act: Callable[[], object]) -> None:
        gate.wait()
        try:
            act()
            ended.append("done")
        except Refusal as refusal:
            ended.append(refusal.code)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return sorted(ended)


def enter(actor: Actor) -> Any:
    with unit_of_work(STAFF_ACCESS) as session:
        return publishing.record_sample(session, actor, sample(), **FACTS).no


def test_a_result_entered_by_two_at_once_has_one_record(committed: str) -> None:
    one, two = people()

    ended = at_once(lambda: enter(one), lambda: enter(two))

    assert ended == ["done", "sampling/record-stands"]
    with read_only() as session:
        assert session.execute(select(func.count(ResultPublication.id))).scalar_one() == 1


def test_a_record_published_and_returned_at_once_is_one_of_both(committed: str) -> None:
    one, two = people()
    no = enter(one)

    def act(what: Callable[..., object], **facts: Any) -> None:
        with unit_of_work(STAFF_ACCESS) as session:
            what(session, two, no, **facts)

    ended = at_once(
        lambda: act(publishing.publish_record),
        lambda: act(publishing.return_record, reason="不全"),
    )

    assert ended == ["done", "sampling/record-state-forbids"]


def test_a_plan_amended_by_two_at_once_has_one_open_edition(committed: str) -> None:
    one, two = people()
    with unit_of_work(STAFF_ACCESS) as session:
        no = annual.draft_paper(
            session, one, kind="annual_plan", year=2023, title="计划", authority=AUTHORITY,
            body=annual_body(),
        ).no  # fmt: skip
        annual.approve_paper(session, two, no)
        annual.publish_paper(session, one, no)

    def amend(actor: Actor) -> None:
        with unit_of_work(STAFF_ACCESS) as session:
            annual.amend_paper(session, actor, no, reason="调整")

    ended = at_once(lambda: amend(one), lambda: amend(two))

    assert ended == ["done", "sampling/paper-state-forbids"]
    with read_only() as session:
        assert session.execute(select(func.count(Paper.id))).scalar_one() == 2
