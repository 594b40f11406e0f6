"""Two people press "draw" at the same moment: real commits, one draw."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime

import pytest

from core.actors import Actor, Role
from core.clock import frozen
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from sampling import errors
from sampling.maths.replay import check_bundle
from sampling.queries import units
from sampling.queries.plans import plan_by_no
from sampling.queries.seats import seat_changes_of
from sampling.service import drawing, entropy, freezing, parts, planning, recusing
from tests import factories

DICE = "31625143625114632516434215632154326154321654321635"
MOMENT = datetime.fromisoformat("2026-11-18T01:00:00+00:00")


def ready_plan() -> tuple[str, list[Actor]]:
    with unit_of_work() as session:
        for _ in range(20):
            factories.enterprise(session, grade="A")
        for _ in range(4):
            factories.person(session)
        people = [
            Actor(factories.account(session, role=Role.LEAD_INSPECTOR).id, "x", Role.LEAD_INSPECTOR)
            for _ in range(2)
        ]
        plan = planning.create_plan(
            session,
            people[0],
            title="x",
            strata_by="grade",
            strata=[{"key": "A", "quota": 5}],
            visit_on=date(2026, 12, 1),
            sources=[{"kind": "dice", "count": 50}, {"kind": "demo"}],
        )
        freezing.freeze(session, people[0], plan.no, secret=bytes(32), software="0.1.0")
    for actor in people:
        with unit_of_work() as session:
            entropy.enter_dice(session, actor, plan.no, dice=DICE)
    with unit_of_work() as session:
        entropy.enter_public_value(session, people[0], plan.no, value="ab" * 32)
    return plan.no, people


def together(acts: list[Callable[[], None]]) -> list[type[Refusal]]:
    """Run some acts at once; the refusals they meet."""
    refusals: list[type[Refusal]] = []
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], None]) -> None:
        with frozen(MOMENT):
            gate.wait()
            try:
                act()
            except Refusal as refusal:
                refusals.append(type(refusal))

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refusals


@pytest.mark.usefixtures("committed")
def test_of_two_draws_at_once_one_is_made_and_one_refused() -> None:
    with frozen(MOMENT):
        plan_no, people = ready_plan()

    def draw(actor: Actor) -> None:
        with unit_of_work() as session:
            drawing.draw(session, actor, plan_no)

    refusals = together([lambda: draw(people[0]), lambda: draw(people[1])])

    assert refusals == [errors.AlreadyDrawn]
    with read_only() as session:
        listed = session.execute(units.drawn_statement(plan_no)).scalars().all()
    assert len(listed) == 5


@pytest.mark.usefixtures("committed")
def test_of_two_recusals_of_one_seat_at_once_one_is_made_and_one_refused() -> None:
    with frozen(MOMENT):
        plan_no, people = ready_plan()
        with unit_of_work() as session:
            drawing.draw(session, people[0], plan_no)
    with read_only() as session:
        rows = list(session.execute(units.drawn_statement(plan_no)).scalars())
        views = units.drawn_views(session, rows)
    view = views[0]

    def recuse(actor: Actor) -> None:
        with unit_of_work() as session:
            recusing.recuse(
                session,
                actor,
                plan_no,
                code=view.code,
                inspector=view.team[0].inspector_id,
                kind="kinship",
                reason="x",
            )

    refusals = together([lambda: recuse(people[0]), lambda: recuse(people[1])])

    assert refusals == [errors.SeatUnknown]
    with read_only() as session:
        plan = plan_by_no(session, plan_no)
        assert len(seat_changes_of(session, plan.id)) == 1
        whole = parts.sealed_bundle(session, plan, only_public=False)
    assert all(check.agrees for check in check_bundle(whole))


@pytest.mark.usefixtures("committed")
def test_recusals_of_several_teams_at_once_are_made_in_some_order_that_verifies() -> None:
    with frozen(MOMENT):
        plan_no, people = ready_plan()
        with unit_of_work() as session:
            drawing.draw(session, people[0], plan_no)
    with read_only() as session:
        rows = list(session.execute(units.drawn_statement(plan_no)).scalars())
        views = units.drawn_views(session, rows)

    def recuse(place: int) -> None:
        with unit_of_work() as session:
            recusing.recuse(
                session,
                people[place % 2],
                plan_no,
                code=views[place].code,
                inspector=views[place].team[0].inspector_id,
                kind="other",
                reason="x",
            )

    refusals = together([lambda place=place: recuse(place) for place in range(5)])

    assert refusals == []
    with read_only() as session:
        plan = plan_by_no(session, plan_no)
        assert len(seat_changes_of(session, plan.id)) == 5
        whole = parts.sealed_bundle(session, plan, only_public=False)
    assert all(check.agrees for check in check_bundle(whole))
