"""Two people act in one case at the same moment: real commits, one of them is told."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from core.errors import Refusal, Stale
from core.unit_of_work import read_only, unit_of_work
from registry.service import load_packs
from sampling import errors
from sampling.maths.procedure_words import Act
from sampling.queries import procedure as queries
from sampling.service.procedure import grave
from sampling.service.procedure.moves import carry_out
from sampling.service.procedure.opening import Product, open_cases
from tests import factories
from tests.services.procedure.conftest import actor_of, at, drawn_plan


def opened() -> tuple[str, str, list[Actor], list[str]]:
    with at("2026-03-02"), unit_of_work() as session:
        load_packs(session)
        unit = factories.enterprise(session)
        team = [factories.person(session), factories.person(session)]
        plan = drawn_plan(session, unit, team)
        people = [actor_of(session, Role.LEAD_INSPECTOR) for _ in range(3)]
        (case,) = open_cases(session, people[0], plan.no, product=Product("充电器"))
        return case.no, plan.no, people, [one.number for one in team]


def together(acts: list[Callable[[Session], object]]) -> list[type[Refusal]]:
    """Run some acts at once; the refusals they meet."""
    refusals: list[type[Refusal]] = []
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[Session], object]) -> None:
        with at("2026-03-03"):
            gate.wait()
            try:
                with unit_of_work() as session:
                    act(session)
            except Refusal as refusal:
                refusals.append(type(refusal))

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return refusals


@pytest.mark.usefixtures("committed")
def test_of_two_notices_from_the_same_version_one_is_stale() -> None:
    number, _plan, people, team = opened()
    with read_only() as reader:
        version = queries.case_by_no(reader, number).version
    facts = {"noticed_on": "2026-03-03", "notice_no": "TZ-1", "samplers": team}

    refusals = together(
        [
            lambda session, actor=actor: carry_out(  # type: ignore[misc]
                session, actor, number, Act.GIVE_NOTICE, facts, expected_version=version
            )
            for actor in people[:2]
        ]
    )

    assert refusals == [Stale]
    with read_only() as reader:
        assert queries.case_by_no(reader, number).state == "noticed"
        kinds = [entry.kind for entry in queries.case_history(reader, number)]
    assert kinds == ["open", "give-notice"]


@pytest.mark.usefixtures("committed")
def test_two_people_approve_one_proposal_once() -> None:
    number, _plan, people, _team = opened()
    with at("2026-03-03"), unit_of_work() as session:
        grave.propose(session, people[0], number, Act.WITHDRAW, {"reason": "误开"})

    refusals = together(
        [
            lambda session, actor=actor: grave.approve(session, actor, number)  # type: ignore[misc]
            for actor in people[1:]
        ]
    )

    assert refusals == [errors.NoProposal]
    with read_only() as reader:
        assert queries.case_by_no(reader, number).state == "void"


@pytest.mark.usefixtures("committed")
def test_two_people_open_the_cases_of_a_plan_once() -> None:
    _number, plan_no, people, _team = opened()

    refusals = together(
        [
            lambda session, actor=actor: open_cases(  # type: ignore[misc]
                session, actor, plan_no, product=Product("插座")
            )
            for actor in people[:2]
        ]
    )

    assert refusals == []
    with read_only() as reader:
        found = reader.execute(queries.cases_matching(plan_no=plan_no)).scalars().all()
    assert sorted(one.product for one in found) == ["充电器", "插座"]
