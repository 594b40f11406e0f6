from __future__ import annotations

from typing import Any

import pytest

from api.auth import COOKIE
from core.actors import Role
from core.unit_of_work import unit_of_work
from registry.service import issue_token
from tests import factories

pytestmark = pytest.mark.browser


@pytest.fixture
def staff(address: str, committed: str) -> str:
    """The session of an administrator over a register of forty enterprises."""
    with unit_of_work() as session:
        for n in range(40):
            factories.enterprise(session, name=f"测试企业{n:02d}", grade="ABCD"[n % 4])
        account = factories.account(session, role=Role.ADMINISTRATOR)
        return issue_token(session, account.id, kind="session")


def enter(visitor: Any, secret: str) -> None:
    visitor.page.context.add_cookies(
        [{"name": COOKIE, "value": secret, "url": visitor.address, "httpOnly": True}]
    )


def names(visitor: Any) -> list[str]:
    found: list[str] = visitor.page.eval_on_selector_all(
        "#list tbody tr td:first-child a", "links => links.map(link => link.textContent)"
    )
    return found


def test_a_filter_stands_in_the_address_and_survives_a_reload(visit: Any, staff: str) -> None:
    visitor = visit()
    enter(visitor, staff)
    visitor.open("/console/enterprises")
    with visitor.page.expect_navigation():
        visitor.page.select_option("select[name=grade]", "D")
    visitor.page.click("th a:has-text('企业')")
    visitor.page.wait_for_selector("th[aria-sort=ascending]")
    before, address = names(visitor), visitor.page.url

    visitor.page.reload()

    assert "grade=D" in address
    assert "sort=name" in address
    assert len(before) == 10
    assert names(visitor) == before == sorted(before)
    other = visit()
    enter(other, staff)
    other.page.goto(address)
    assert names(other) == before
    assert visitor.complaints == []


def test_pages_of_a_list_hold_each_row_once(visit: Any, staff: str) -> None:
    visitor = visit()
    enter(visitor, staff)
    visitor.open("/console/enterprises?sort=name")
    first = names(visitor)
    visitor.page.click(".pager a:has-text('2')")
    second = names(visitor)
    visitor.open("/console/enterprises?sort=name&view=all")

    assert len(first) == len(second) == 20
    assert first + second == names(visitor)


def test_without_javascript_a_filter_needs_one_press_more(visit: Any, staff: str) -> None:
    visitor = visit(javascript=False)
    enter(visitor, staff)
    visitor.open("/console/enterprises")
    visitor.page.select_option("select[name=grade]", "A")
    visitor.page.click("form.filters > button")

    assert "grade=A" in visitor.page.url
    assert visitor.page.locator("#list tbody tr").count() == 10


def test_the_slash_key_leads_to_the_search_box(visit: Any, staff: str) -> None:
    visitor = visit()
    enter(visitor, staff)
    visitor.open("/console/plans")
    visitor.page.keyboard.press("/")
    visitor.page.keyboard.type("企业07")
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url("**/console/search**")

    assert visitor.page.locator("text=测试企业07").count() == 1


def test_dark_is_kept_and_shown(visit: Any, staff: str) -> None:
    visitor = visit()
    enter(visitor, staff)
    visitor.open("/console/plans")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = visitor.page.evaluate(ground)
    visitor.page.click("[data-theme-switch]")
    visitor.page.wait_for_selector("html[data-theme=dark]")
    dark = visitor.page.evaluate(ground)
    visitor.open("/console/enterprises")

    assert dark != light
    assert visitor.page.evaluate(ground) == dark


def test_on_a_phone_no_card_is_cut(visit: Any, staff: str) -> None:
    visitor = visit(width=390)
    enter(visitor, staff)
    for path in ("/console/", "/console/enterprises", "/console/plans/new", "/"):
        visitor.open(path)
        cut = visitor.page.evaluate(
            """() => [...document.querySelectorAll('.card, .cards tr, .button, .pills a')]
                .map(box => box.getBoundingClientRect())
                .filter(box => box.width > 0 && (box.left < 0 || box.right > innerWidth + 0.5))
                .length"""
        )
        assert cut == 0, path


def test_on_a_phone_what_is_pressed_is_large_enough(visit: Any, staff: str) -> None:
    visitor = visit(width=390)
    enter(visitor, staff)
    visitor.open("/console/enterprises")
    small = visitor.page.evaluate(
        """() => [...document.querySelectorAll('.button, .pager a, select, .menu-open, .icon-link')]
            .filter(each => each.offsetParent && each.getBoundingClientRect().height < 43.5)
            .map(each => each.outerHTML.slice(0, 80))"""
    )

    assert small == []


def test_the_menu_of_a_phone_opens_without_javascript(visit: Any, staff: str) -> None:
    visitor = visit(width=390, javascript=False)
    enter(visitor, staff)
    visitor.open("/console/plans")
    menu = visitor.page.locator("#menu")

    assert not menu.is_visible()
    visitor.page.click(".menu-open")
    assert menu.is_visible()
    visitor.page.click("#menu .close")
    assert not menu.is_visible()
