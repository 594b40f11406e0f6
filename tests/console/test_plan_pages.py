"""A plan before it is frozen: who is on the roster, who is left out and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import SYSTEM, Role
from core.clock import today
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
