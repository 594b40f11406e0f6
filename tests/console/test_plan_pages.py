"""A plan before it is frozen: who is on the roster, who is left out and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.actors import SYSTEM, Role
from core.clock import now, today
from core.outbox import JobRun
from sampling.models.frames import PlanStep
from sampling.service import planning
from tests import factories
from tests.console.doors import sign_in

__all__ = ["sign_in"]


@pytest.fixture
def lead(app: Any, session: Session, sign_in: Callable[..., Any]) -> Any:
    client = app.test_client()
    sign_in(client, Role.LEAD_INSPECTOR)
    return client


def test_sizes_follow_the_category_and_what_lies_under_it(lead: Any, session: Session) -> None:
    above = factories.category(session)
    below = factories.category(session, parent_id=above.id)
    for _ in range(7):
        factories.enterprise(session, grade="A", category_id=below.id)
    factories.enterprise(session, grade="A", category_id=factories.category(session).id)
    session.commit()

    page = lead.get(f"/console/plans/new?category={above.code}&quota-A=3").text

    assert '<td class="num">7</td>' in page
    assert 'name="quota-A" value="3"' in page


def test_a_draft_shows_its_roster_and_who_is_left_out(lead: Any, session: Session) -> None:
    for grade in "AAD":
        factories.enterprise(session, grade=grade)
    factories.enterprise(session, grade=None)
    factories.enterprise(session, grade="A", status="closed")
    plan = planning.create_plan(
        session,
        SYSTEM,
        title="草稿",
        strata_by="grade",
        strata=[{"key": "A", "quota": 1}, {"key": "D", "quota": 5}],
        visit_on=today(),
        sources=[{"kind": "dice", "count": 50}, {"kind": "demo"}],
    )
    session.commit()

    page = lead.get(f"/console/plans/{plan.no}/draw?lang=en").text

    assert "no grade <b>1</b>" in page
    assert "status closed <b>1</b>" in page
    assert "more than there are" in page  # five of one D


def test_a_draw_names_enterprises_of_other_registers_by_their_own_code(
    lead: Any, session: Session
) -> None:
    firm = factories.enterprise(session)

    assert lead.get(f"/console/enterprises/{firm.code}").status_code == 200
    assert lead.get("/console/enterprises/none-such").status_code == 404


def test_a_large_roster_is_locked_by_a_worker_and_the_page_shows_how_far_it_is(
    lead: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIHENG_UNITS_AT_ONCE", "2")
    for grade in "AAD":
        factories.enterprise(session, grade=grade)
    plan = planning.create_plan(
        session,
        SYSTEM,
        title="草稿",
        strata_by="grade",
        strata=[{"key": "A", "quota": 1}, {"key": "D", "quota": 1}],
        visit_on=today(),
        sources=[{"kind": "dice", "count": 50}, {"kind": "demo"}],
    )
    session.commit()
    address = f"/console/plans/{plan.no}/draw"
    page = lead.get(f"{address}?lang=en").text
    assert "more than 2 enterprises" in page
    assert f'action="/console/plans/{plan.no}/freeze"' in page

    answer = lead.post(
        f"/console/plans/{plan.no}/freeze",
        data={"version": plan.version},
    )

    assert answer.status_code == 303, answer.text
    page = lead.get(f"{address}?lang=en").text
    assert "waiting for a worker" in page
    assert f'hx-get="/console/plans/{plan.no}/step"' in page
    assert f'action="/console/plans/{plan.no}/freeze"' not in page
    message = session.execute(select(PlanStep.message_id)).scalar_one()
    session.add(
        JobRun(
            message_id=message,
            job="sampling.freeze",
            queue="long",
            state="running",
            attempt=1,
            stage="leaves",
            progress_done=3,
            progress_total=16,
            created_at=now(),
        )
    )
    session.commit()
    fragment = lead.get(f"/console/plans/{plan.no}/step?lang=en").text
    assert "3 / 16" in fragment
    assert "hashing the roster" in fragment
    session.execute(update(JobRun).values(state="refused", error="Stratum D has 1 enterprises."))
    session.commit()
    ended = lead.get(f"/console/plans/{plan.no}/step")
    assert ended.headers["HX-Refresh"] == "true"
    page = lead.get(address).text
    assert "Stratum D has 1 enterprises." in page
    assert f'action="/console/plans/{plan.no}/freeze"' in page
