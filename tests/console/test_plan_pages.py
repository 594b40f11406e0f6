"""A plan before it is frozen: who is on the roster, who is left out and why."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.actors import SYSTEM, Role
from core.clock import now, today
from core.outbox import JobRun
from registry.models import Enterprise
from sampling.models.frames import PlanStep
from sampling.models.plans import Plan, Stratum
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


def facts_of_a_plan(**others: str) -> dict[str, str]:
    """A new plan as its form sends it; the strata are still to be said."""
    return {
        "title": "分层",
        "visit_on": today().isoformat(),
        "source": "demo",
        "yearly_cap": "1",
        **others,
    }


def test_strata_may_be_the_risk_tiers_of_the_register(lead: Any, session: Session) -> None:
    for tier in ("low", "high", "high", "special"):
        factories.enterprise(session, grade="A", risk_tier=tier)
    factories.enterprise(session, grade="A", risk_tier=None)
    factories.enterprise(session, risk_tier="high", status="closed")
    session.commit()

    page = lead.get("/console/plans/new?strata_by=risk_tier&quota-high=3&lang=en").text
    made = lead.post(
        "/console/plans/new",
        data=facts_of_a_plan(
            strata_by="risk_tier",
            **{"quota-high": "2", "reserve-high": "0", "quota-low": "1", "quota-special": "0"},
        ),
    )

    fields = re.findall(r'name="(quota-[^"]+)" value="(\d+)"', page)
    assert fields == [("quota-high", "3"), ("quota-low", "0"), ("quota-special", "0")]
    assert re.findall(r'<td class="num">(\d+)</td>', page) == ["2", "1", "1"]
    assert "Enterprises without a risk tier: 1." in page
    assert made.status_code == 303, made.text
    plan = session.execute(select(Plan).where(Plan.title == "分层")).scalar_one()
    assert plan.strata_by == "risk_tier"
    rows = session.execute(select(Stratum).where(Stratum.plan_id == plan.id)).scalars()
    strata = {row.key: (row.quota, row.reserve) for row in rows}
    assert strata == {"high": (2, 0), "low": (1, 1), "special": (0, 0)}


def test_a_register_that_knows_only_tiers_starts_with_them(lead: Any, session: Session) -> None:
    session.execute(update(Enterprise).values(grade=None))
    factories.enterprise(session, grade=None, risk_tier="high")
    session.commit()

    page = lead.get("/console/plans/new").text

    assert 'name="quota-high"' in page
    assert 'name="quota-A"' not in page


def test_without_tiers_the_form_says_where_they_come_from(lead: Any, session: Session) -> None:
    session.execute(update(Enterprise).values(risk_tier=None))
    session.commit()

    page = lead.get("/console/plans/new?strata_by=risk_tier&lang=en").text
    answer = lead.post("/console/plans/new?lang=en", data=facts_of_a_plan(strata_by="risk_tier"))

    assert "No enterprise has a risk tier." in page
    assert 'href="/console/imports"' in page
    assert answer.status_code == 422
    assert "choose the grade, or import the tiers first" in answer.text


def test_other_strata_can_be_shown_without_javascript(lead: Any, session: Session) -> None:
    factories.enterprise(session, risk_tier="high")
    session.commit()

    answer = lead.post(
        "/console/plans/new",
        data={"title": "半张表", "strata_by": "risk_tier", "show": "strata"},
    )

    assert answer.status_code == 200
    assert 'name="quota-high"' in answer.text
    assert 'value="半张表"' in answer.text
    assert 'role="alert"' not in answer.text
    assert session.execute(select(Plan).where(Plan.title == "半张表")).first() is None


def test_a_refused_plan_by_tier_keeps_what_was_typed(lead: Any, session: Session) -> None:
    factories.enterprise(session, risk_tier="high")
    factories.enterprise(session, risk_tier="low")
    session.commit()

    answer = lead.post(
        "/console/plans/new?lang=en",
        data=facts_of_a_plan(strata_by="risk_tier", **{"quota-high": "7", "quota-low": "many"}),
    )

    assert answer.status_code == 422
    assert "“Quota: low risk” is not a whole number" in answer.text
    assert 'name="quota-high" value="7"' in answer.text
    assert 'value="risk_tier" checked' in answer.text


def test_a_plan_without_a_cap_says_why_and_the_reason_is_kept(
    lead: Any, session: Session, packs: None
) -> None:
    factories.enterprise(session, grade="A")
    session.commit()
    quotas = {f"quota-{grade}": "1" if grade == "A" else "0" for grade in "ABCD"}

    refused = lead.post("/console/plans/new?lang=en", data=facts_of_a_plan(**quotas, yearly_cap=""))
    both = lead.post(
        "/console/plans/new?lang=en",
        data=facts_of_a_plan(**quotas, yearly_cap="1", uncapped_reason="专项整治"),
    )
    made = lead.post(
        "/console/plans/new",
        data=facts_of_a_plan(**quotas, yearly_cap="", uncapped_reason="专项整治"),
    )

    assert refused.status_code == 422
    assert "or why there is no cap; the reason is published" in refused.text
    assert both.status_code == 422
    assert "Write a yearly cap or why there is none, not both." in both.text
    assert made.status_code == 303, made.text
    plan = session.execute(select(Plan).where(Plan.title == "分层")).scalar_one()
    assert (plan.filters["yearly_cap"], plan.filters["uncapped_reason"]) == (None, "专项整治")
    page = lead.get(f"/console/plans/{plan.no}/draw?lang=en").text
    assert "no yearly cap: 专项整治" in page


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


def test_a_roster_without_inspectors_is_told_once_with_its_enterprises(
    lead: Any, session: Session
) -> None:
    firms = [factories.enterprise(session, grade="A") for _ in range(3)]
    plan = planning.create_plan(
        session,
        SYSTEM,
        title="无人可派",
        strata_by="grade",
        strata=[{"key": key, "quota": int(key == "A")} for key in "ABCD"],
        visit_on=today(),
        sources=[{"kind": "dice", "count": 50}, {"kind": "demo"}],
    )
    session.commit()

    answer = lead.post(f"/console/plans/{plan.no}/freeze?lang=en", data={"version": plan.version})

    told = re.findall(
        "<li>(.*?)</li>", answer.text.partition('role="alert"')[2].partition("</ul>")[0]
    )
    assert answer.status_code == 422
    assert told[0].startswith("3 enterprises cannot get a team of 2")
    assert len(told) == 2
    assert all(firm.code in told[1] for firm in firms)


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
