"""Designs beside each other for a draft, and estimates for a drawn plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.console.charts.interval import Interval, IntervalWords, interval_option
from core.actors import SYSTEM, Actor, Role
from core.clock import today
from sampling.models.plans import DrawnUnit, PastInspection, Plan, Stratum
from sampling.service import changing, drawing, entropy, freezing, planning, results
from tests import factories
from tests.console.doors import sign_in

__all__ = ["sign_in"]

DICE = "31625143625114632516434215632154326154321654321635"


@pytest.fixture
def lead(app: Any, session: Session, sign_in: Callable[..., Any]) -> Any:
    client = app.test_client()
    sign_in(client, Role.LEAD_INSPECTOR)
    return client


@pytest.fixture
def draft(session: Session) -> Plan:
    """Eight of 40 enterprises of grade A and two of 20 of grade D, which failed before."""
    above = factories.category(session)
    kinds = [factories.category(session, parent_id=above.id) for _ in range(2)]
    for n in range(60):
        grade = "A" if n < 40 else "D"
        firm = factories.enterprise(session, grade=grade, category_id=kinds[n % 2].id)
        if n >= 20:
            session.add(
                PastInspection(
                    source_no=f"P{n}",
                    enterprise_id=firm.id,
                    inspected_on=date(2024, 3, 1),
                    outcome="fail" if n >= 50 else "pass",
                    critical=0,
                    serious=0,
                    minor=0,
                )
            )
    for _ in range(6):
        factories.person(session)
    plan = planning.create_plan(
        session,
        SYSTEM,
        title="草稿",
        strata_by="grade",
        strata=[{"key": "A", "quota": 8}, {"key": "D", "quota": 2}],
        visit_on=today(),
        sources=[{"kind": "dice", "count": 50}, {"kind": "demo"}],
        team={"qualification": "none", "region": False},
    )
    session.commit()
    return plan


@pytest.fixture
def drawn(session: Session, draft: Plan) -> Plan:
    """The same, drawn."""
    freezing.freeze(session, SYSTEM, draft.no, secret=bytes(32), software="0.1.0")
    for _ in range(2):
        account = factories.account(session, role=Role.LEAD_INSPECTOR)
        actor = Actor(account.id, account.display_name, Role.LEAD_INSPECTOR)
        entropy.enter_dice(session, actor, draft.no, dice=DICE)
    entropy.enter_public_value(session, actor, draft.no, value="ab" * 32, signature=None)
    drawing.draw(session, SYSTEM, draft.no)
    session.commit()
    return draft


def record(session: Session, plan: Plan, outcomes: dict[str, list[str]]) -> None:
    rows = []
    for stratum, wanted in outcomes.items():
        codes = session.execute(
            select(DrawnUnit.code)
            .where(DrawnUnit.plan_id == plan.id, DrawnUnit.stratum == stratum)
            .where(DrawnUnit.is_selected)
            .order_by(DrawnUnit.rank)
        ).scalars()
        for code, outcome in zip(codes, wanted, strict=False):
            fails = outcome == "fail"
            rows.append(
                {
                    "code": code,
                    "inspected_on": today(),
                    "outcome": outcome,
                    "inspected": 0 if outcome == "not_done" else 4,
                    "failing": int(fails),
                    "critical": 0,
                    "serious": int(fails),
                    "minor": 0,
                    "note": "closed" if outcome == "not_done" else None,
                }
            )
    results.record_results(session, SYSTEM, plan.no, rows)
    session.commit()


def stored(session: Session, plan: Plan) -> dict[str, int]:
    session.expire_all()
    rows = session.execute(select(Stratum).where(Stratum.plan_id == plan.id)).scalars()
    return {row.key: row.quota for row in rows}


def test_a_draft_leads_to_its_designs(lead: Any, draft: Plan) -> None:
    page = lead.get(f"/console/plans/{draft.no}/draw?lang=en").text

    assert f'href="/console/plans/{draft.no}/design"' in page


def test_designs_stand_side_by_side_with_words_to_read_aloud(lead: Any, draft: Plan) -> None:
    page = lead.get(f"/console/plans/{draft.no}/design?lang=en").text

    for name in ("As planned", "Proportional", "Neyman", "Risk tiers", "One urn"):
        assert f"<b>{name}</b>" in page
    # proportional: 10 * 40/60 = 6.7, 10 * 20/60 = 3.3
    assert 'name="quota-A" value="7"' in page
    assert 'name="quota-D" value="3"' in page
    assert "With 10 of 60 enterprises visited, about" in page
    assert "sharpest rate</span>" in page


def test_money_and_a_warning_are_shown(lead: Any, draft: Plan) -> None:
    address = f"/console/plans/{draft.no}/design?lang=en&visits=10&cost-A=100&cost-D=250.5"

    page = lead.get(address).text

    assert "Best for the money" in page
    assert "1,301" in page  # as planned: 8 * 100 + 2 * 250.5
    # The draft leaves the weights uneven but no stratum out.
    assert "is left out" not in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("visits=61", "61 visits cannot be drawn from a roster of 60 enterprises"),
        ("visits=none", "is not a whole number"),
        ("cost-A=100", "for every stratum, or for none"),
        ("budget=100", "A sum needs the money for a visit"),
        ("cost-A=100&cost-D=100&budget=150", "does not pay for two visits in every stratum"),
    ],
)
def test_numbers_that_cannot_be_meant_are_told_above_the_designs(
    lead: Any, draft: Plan, query: str, words: str
) -> None:
    answer = lead.get(f"/console/plans/{draft.no}/design?lang=en&{query}")

    assert answer.status_code == 422
    assert words in answer.text
    assert "Proportional" in answer.text  # the page itself is still there


def test_a_lead_takes_the_quotas_of_a_design_over(lead: Any, session: Session, draft: Plan) -> None:
    body = {"version": draft.version, "design": "neyman", "quota-A": "4", "quota-D": "6"}

    answer = lead.post(f"/console/plans/{draft.no}/design/quotas", data=body)
    again = lead.post(f"/console/plans/{draft.no}/design/quotas", data=body)

    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(f"/{draft.no}/draw?done=quotas")
    assert stored(session, draft) == {"A": 4, "D": 6}
    assert again.status_code == 412  # the version the page was read in is gone


def test_quotas_that_are_no_numbers_are_refused_on_the_page(
    lead: Any, session: Session, draft: Plan
) -> None:
    body = {"version": draft.version, "quota-A": "-4", "quota-D": "x"}

    answer = lead.post(f"/console/plans/{draft.no}/design/quotas?lang=en", data=body)

    assert answer.status_code == 422
    assert "Write a whole number of at least 0." in answer.text
    assert stored(session, draft) == {"A": 8, "D": 2}


def test_an_inspector_sees_designs_and_cannot_take_them_over(
    app: Any, draft: Plan, sign_in: Callable[..., Any]
) -> None:
    client = app.test_client()
    sign_in(client, Role.INSPECTOR)

    page = client.get(f"/console/plans/{draft.no}/design?lang=en")
    answer = client.post(f"/console/plans/{draft.no}/design/quotas", data={})

    assert page.status_code == 200
    assert "Take over" not in page.text
    assert answer.status_code == 403


def test_estimates_before_any_result_claim_nothing(lead: Any, drawn: Plan) -> None:
    page = lead.get(f"/console/plans/{drawn.no}/estimates?lang=en").text

    assert "nothing can be said of the roster" in page
    assert "Provisional: 10 visits have no result yet." in page
    assert 'data-chart="interval-option"' not in page


def test_estimates_say_what_was_found_and_what_is_missing(
    lead: Any, session: Session, drawn: Plan
) -> None:
    record(session, drawn, {"A": ["fail", *["pass"] * 6, "not_done"], "D": ["fail", "pass"]})

    page = lead.get(f"/console/plans/{drawn.no}/estimates?lang=en").text

    # 2/3 * 1/7 + 1/3 * 1/2 = 26.2 %
    assert "2 of the 9 inspected enterprises failed." in page
    assert "an estimated 26.2%, about 16 enterprises" in page
    assert "25.0% to 33.3%" in page  # the missing one passed, or failed
    assert 'data-chart="interval-option"' in page
    assert '<td data-title="Response" class="num">87.5%</td>' in page
    assert '<td data-title="Weight ×" class="num">1.14</td>' in page


def test_no_finding_is_not_told_as_a_clean_roster(lead: Any, session: Session, drawn: Plan) -> None:
    record(session, drawn, {"A": ["pass"] * 8, "D": ["pass"] * 2})

    page = lead.get(f"/console/plans/{drawn.no}/estimates?lang=en").text

    assert "None of the 10 inspected enterprises failed. That does not prove" in page


def test_known_totals_move_the_weights(lead: Any, session: Session, drawn: Plan) -> None:
    record(session, drawn, {"A": ["fail", *["pass"] * 7], "D": ["fail", "pass"]})

    page = lead.get(f"/console/plans/{drawn.no}/estimates?lang=en&group=category").text
    odd = lead.get(f"/console/plans/{drawn.no}/estimates?lang=en&group=moon")

    assert "Weights were multiplied by" in page
    assert odd.status_code == 422


def test_a_drawn_plan_leads_to_its_estimates_and_has_no_designs(lead: Any, drawn: Plan) -> None:
    page = lead.get(f"/console/plans/{drawn.no}/draw").text

    assert f'href="/console/plans/{drawn.no}/estimates"' in page
    assert lead.get(f"/console/plans/{drawn.no}/design").status_code == 409


def test_a_void_draw_is_not_estimated_from(lead: Any, session: Session, drawn: Plan) -> None:
    changing.void_plan(session, SYSTEM, drawn.no, reason="名录有误")
    session.commit()

    assert lead.get(f"/console/plans/{drawn.no}/estimates").status_code == 409


def test_the_chart_holds_rates_and_limits_and_nothing_where_nothing_is_known() -> None:
    option = interval_option(
        [Interval("all", 20.0, 5.0, 45.5), Interval("A", None, None, None)],
        IntervalWords("rate", "band", "axis", "described"),
    )

    below, band, rates = option["series"]
    assert below["data"] == [5.0, None]
    assert band["data"] == [40.5, None]
    assert rates["data"] == [[20.0, "all"]]
    assert option["yAxis"]["data"] == ["all", "A"]
