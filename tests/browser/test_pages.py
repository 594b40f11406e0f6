from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text

from core.actors import Actor, Role
from core.unit_of_work import unit_of_work
from registry import service
from sampling.queries import plans
from sampling.service import drawing, entropy, freezing, planning
from tests import factories

pytestmark = pytest.mark.browser

DICE = "31625143625114632516434215632154326154321654321635"
PASSWORD = "a long enough one"


@pytest.fixture
def people(committed: str) -> dict[Role, Actor]:
    """One account for each role; all share a password."""
    found = {}
    with unit_of_work() as session:
        firm = factories.enterprise(session, grade="A")
        for role in (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR, Role.ENTERPRISE, Role.RISK_ANALYST):
            account = service.add_account(
                session,
                Actor(None, "test", Role.SYSTEM),
                login=role.value,
                display_name=role.value,
                password=PASSWORD,
                role=role.value,
                enterprise_id=firm.id if role is Role.ENTERPRISE else None,
            )
            found[role] = Actor(account.id, role.value, role, account.enterprise_id)
    return found


@pytest.fixture
def drawn(address: str, people: dict[Role, Actor]) -> str:
    """A plan that has been drawn; returns its number."""
    lead, other = people[Role.LEAD_INSPECTOR], people[Role.ADMINISTRATOR]
    with unit_of_work() as session:
        for n in range(12):
            factories.enterprise(session, grade="AD"[n % 2])
        for _ in range(4):
            factories.person(session)
        plan = planning.create_plan(
            session,
            lead,
            title="充电器专项",
            strata_by="grade",
            strata=[{"key": "A", "quota": 2, "reserve": 2}, {"key": "D", "quota": 3}],
            visit_on=service.today(),
            sources=[{"kind": "dice", "count": 50}, {"kind": "demo"}],
            team={"qualification": "none", "region": False},
        )
        no = plan.no
    with unit_of_work() as session:
        freezing.freeze(session, lead, no, secret=bytes(range(32)), software="test")
    for actor in (lead, other):
        with unit_of_work() as session:
            entropy.enter_dice(session, actor, no, dice=DICE)
    with unit_of_work() as session:
        entropy.enter_public_value(session, lead, no, value="ab" * 32)
    with unit_of_work() as session:
        drawing.draw(session, lead, no)
    return no


def sign_in(visitor: Any, role: Role) -> None:
    visitor.open("/login")
    visitor.page.fill("[name=login]", role.value)
    visitor.page.fill("[name=password]", PASSWORD)
    visitor.page.click("form[action='/login'] button")


def test_the_visitors_browser_recomputes_the_draw(visit: Any, drawn: str) -> None:
    visitor = visit()
    visitor.open(f"/v/{drawn}")
    visitor.page.wait_for_selector("#verify[data-state]")

    assert visitor.page.get_attribute("#verify", "data-state") == "agrees"
    signs = visitor.page.eval_on_selector_all(
        "#checks li", "rows => rows.map(row => row.children[0].textContent)"
    )
    assert signs == ["✓"] * 12
    assert visitor.complaints == []
    assert visitor.strangers == []


def test_one_changed_byte_is_shown_and_its_part_named(visit: Any, drawn: str) -> None:
    visitor = visit()

    def change(route: Any) -> None:
        answer = route.fetch()
        bundle = json.loads(answer.text())
        frame = bundle["parts"]["frame.json"]
        bundle["parts"]["frame.json"] = frame.replace("T0", "T1", 1)
        assert bundle["parts"]["frame.json"] != frame
        route.fulfill(response=answer, body=json.dumps(bundle))

    visitor.page.route("**/api/v1/public/draws/*", change)
    visitor.open(f"/v/{drawn}")
    visitor.page.wait_for_selector("#verify[data-state]")

    assert visitor.page.get_attribute("#verify", "data-state") == "differs"
    named = visitor.page.eval_on_selector_all(
        "#checks li.no", "rows => rows.map(row => row.dataset.part)"
    )
    assert named == ["frame.json"]


def test_a_commitment_noted_wrongly_is_told(visit: Any, drawn: str) -> None:
    visitor = visit()
    visitor.open(f"/v/{drawn}")
    visitor.page.wait_for_selector("#verify[data-state=agrees]")
    visitor.page.fill("#noted", "00" * 32)
    visitor.page.click("#recompute")
    visitor.page.wait_for_selector("#verify[data-state=differs]")

    assert visitor.page.locator("#checks li.no").get_attribute("data-part") == "commitment.json"


def test_a_drawn_list_that_is_still_closed_gets_no_verdict(visit: Any, drawn: str) -> None:
    with unit_of_work() as session:
        session.execute(
            text(
                "UPDATE plan_part SET public_on = current_date + 7 WHERE name <> 'plan.json'"
                " AND name <> 'commitment.json'"
            )
        )
        session.execute(text("UPDATE plan SET disclose_on = current_date + 7"))
    visitor = visit()
    visitor.open(f"/v/{drawn}")

    assert visitor.page.locator("#verify").count() == 0
    assert visitor.page.locator("a[href$='/bundle.zip']").count() == 0


def test_without_javascript_every_page_can_be_read(visit: Any, drawn: str) -> None:
    visitor = visit(javascript=False)
    for path in ("/", "/draws", f"/v/{drawn}", "/recalls", "/api/docs", "/login"):
        assert visitor.open(path).status == 200
    sign_in(visitor, Role.LEAD_INSPECTOR)
    answer = visitor.open(f"/console/plans/{drawn}/draw")

    assert answer.status == 200
    with unit_of_work() as session:
        commitment = plans.plan_detail(session, drawn).commitment
    assert commitment in visitor.page.content()


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_is_wider_than_the_screen(visit: Any, drawn: str, width: int) -> None:
    visitor = visit(width=width)
    sign_in(visitor, Role.ADMINISTRATOR)
    for path in (
        "/",
        f"/v/{drawn}",
        "/console/",
        "/console/plans",
        "/console/plans/new",
        f"/console/plans/{drawn}/draw",
        "/console/warnings",
        "/console/trace",
        "/console/ledger",
        "/console/recalls",
        "/console/imports",
        "/console/jobs",
        "/console/audit",
    ):
        assert visitor.open(path).status == 200, path
        over = visitor.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0, path
    assert visitor.complaints == []
    assert visitor.strangers == []


def test_one_role_cannot_open_the_pages_of_another(visit: Any, drawn: str) -> None:
    firm, analyst, stranger = visit(), visit(), visit()
    sign_in(firm, Role.ENTERPRISE)
    sign_in(analyst, Role.RISK_ANALYST)

    for path in ("/console/plans", "/console/warnings", "/console/audit", "/console/trace"):
        assert firm.open(path).status == 403, path
    assert analyst.open("/console/audit").status == 403
    assert analyst.open("/console/my").status == 403
    stranger.open("/console/plans")
    assert "/login" in stranger.page.url


def test_strata_are_chosen_without_javascript(visit: Any, people: dict[Role, Actor]) -> None:
    with unit_of_work() as session:
        factories.enterprise(session, grade="A", risk_tier="high")
    lead = visit(javascript=False)
    sign_in(lead, Role.LEAD_INSPECTOR)
    lead.open("/console/plans/new")
    assert lead.page.locator("[name='quota-A']").count() == 1
    lead.page.fill("[name=title]", "按风险分级")
    lead.page.check("[name=strata_by][value=risk_tier]")

    lead.page.click("[name=show]")

    assert lead.page.locator("[name='quota-A']").count() == 0
    assert lead.page.input_value("[name='quota-high']") == "0"
    assert lead.page.input_value("[name=title]") == "按风险分级"


def test_two_people_type_the_dice_through_the_pages(visit: Any, drawn: str) -> None:
    lead, second = visit(), visit()
    sign_in(lead, Role.LEAD_INSPECTOR)
    sign_in(second, Role.ADMINISTRATOR)
    lead.open("/console/plans/new")
    lead.page.fill("[name=title]", "第二次专项")
    lead.page.fill("[name='quota-A']", "2")
    lead.page.check("[name=source][value=demo]")
    lead.page.click("form.stack > .columns button.main")
    address = lead.page.url
    lead.page.on("dialog", lambda dialog: dialog.accept())
    lead.page.click("form[action$='/freeze'] button")
    for visitor in (lead, second):
        visitor.page.goto(address)
        visitor.page.fill("[name=dice]", DICE)
        visitor.page.click("form[action$='/dice'] button")
    lead.page.goto(address)
    lead.page.fill("[name=value]", "cd" * 32)
    lead.page.click("form[action$='/value'] button")
    lead.page.click("form[action$='/draw'] button")

    assert lead.page.locator("text=2 in all").count() or lead.page.locator("#reserves").count()
    assert lead.complaints == []
