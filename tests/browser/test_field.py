"""The sampling record on a phone: a lost line, a reload and a second sampler lose nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from api.auth import COOKIE
from core.actors import Actor, Role
from core.unit_of_work import read_only, unit_of_work
from registry.service import issue_token
from sampling.queries.records import record_edition
from sampling.service import records
from tests import factories
from tests.browser.line import Line

pytestmark = pytest.mark.browser


@dataclass
class Phone:
    """A sampler's browser, 390 px wide, with a draft open."""

    visitor: Any
    line: Line
    no: str
    actor: Actor

    @property
    def page(self) -> Any:
        return self.visitor.page

    def open(self) -> None:
        self.visitor.open(f"/field/records/{self.no}")

    def type(self, name: str, text: str) -> None:
        self.page.fill(f'[name="{name}"]', text)

    def value(self, name: str) -> str:
        return str(self.page.input_value(f'[name="{name}"]'))

    def becomes(self, state: str) -> None:
        self.page.wait_for_selector(f'#draft-state[data-state="{state}"]', timeout=15_000)

    def offline(self, off: bool) -> None:
        (self.line.cut if off else self.line.mend)()
        self.page.context.set_offline(off)  # so that the browser tells the page

    def until(self, expression: str, page: Any = None) -> None:
        """Ask again and again: the page's policy forbids what the library would wait with."""
        shown = page or self.page
        for _ in range(100):
            if shown.evaluate(expression):
                return
            shown.wait_for_timeout(100)
        raise AssertionError(f"{expression} never became true")

    def all_sent(self, page: Any = None) -> None:
        self.until("!localStorage.length", page)

    def stored(self, name: str) -> str | None:
        with read_only() as session:
            return record_edition(session, self.no).values.get(name)

    def change_elsewhere(self, **values: str) -> None:
        with unit_of_work() as session:
            records.save(session, self.actor, self.no, values=values)


@pytest.fixture
def line(address: str) -> Iterator[Line]:
    """The line between the phone and the server."""
    found = Line(urlsplit(address).port or 80)
    yield found
    found.close()


@pytest.fixture
def phone(line: Line, visit: Callable[..., Any]) -> Callable[..., Phone]:
    def take(*, javascript: bool = True) -> Phone:
        with unit_of_work() as session:
            person = factories.person(session)
            account = factories.account(session, role=Role.INSPECTOR, person_id=person.id)
            actor = Actor(account.id, person.name, Role.INSPECTOR, person_id=person.id)
            record = records.start(
                session,
                actor,
                channel="shop",
                purpose="monitoring",
                standalone_reason="风险监测",
                values={"unit_name": "岚州某店", "brand": "云杉"},
            )
            secret = issue_token(session, account.id, kind="session")
            no = record.no
        visitor = visit(width=390, javascript=javascript)
        visitor.page.context.add_cookies([{"name": COOKIE, "value": secret, "url": line.address}])
        visitor.address = line.address
        found = Phone(visitor, line, no, actor)
        found.open()
        return found

    return take


def test_what_is_typed_is_saved_by_itself(phone: Callable[..., Phone]) -> None:
    one = phone()
    one.becomes("server")
    one.type("product_name", "USB充电器")
    one.all_sent()
    one.becomes("server")

    assert one.stored("product_name") == "USB充电器"
    assert one.visitor.complaints == []
    assert one.visitor.strangers == []


def test_a_draft_survives_a_lost_line_and_a_reload_and_reaches_the_server(
    phone: Callable[..., Phone],
) -> None:
    one = phone()
    one.becomes("server")
    # The worker has put the opened page aside.
    one.until("caches.open('zhiheng-field').then(s => s.match(location.pathname)).then(Boolean)")
    one.offline(True)
    one.type("product_name", "USB充电器")
    one.becomes("device")
    assert one.stored("product_name") is None

    one.page.reload()

    assert one.value("product_name") == "USB充电器"
    one.becomes("device")
    assert one.stored("product_name") is None
    one.offline(False)
    one.becomes("server")
    assert one.stored("product_name") == "USB充电器"
    assert one.page.evaluate("localStorage.length") == 0


def test_a_draft_survives_a_closed_page(phone: Callable[..., Phone]) -> None:
    one = phone()
    one.becomes("server")
    one.offline(True)
    one.type("model", "YS-65W")
    one.becomes("device")
    context, url = one.page.context, one.page.url
    one.page.close()
    one.line.mend()
    context.set_offline(False)

    page = context.new_page()
    page.goto(url)
    page.wait_for_selector('#draft-state[data-state="server"]')
    one.all_sent(page)

    assert page.input_value('[name="model"]') == "YS-65W"
    assert one.stored("model") == "YS-65W"


def test_two_samplers_in_different_fields_are_brought_together(
    phone: Callable[..., Phone],
) -> None:
    one = phone()
    one.becomes("server")
    one.change_elsewhere(model="YS-45W")
    one.type("product_name", "USB充电器")
    one.until("document.querySelector('[name=model]').value === 'YS-45W'")
    one.all_sent()

    assert one.stored("product_name") == "USB充电器"
    assert one.stored("model") == "YS-45W"


@pytest.mark.parametrize(("taken", "kept"), [("mine", "冷杉"), ("theirs", "雪松")])
def test_two_samplers_in_the_same_field_are_shown_both_and_nothing_is_overwritten(
    phone: Callable[..., Phone], taken: str, kept: str
) -> None:
    one = phone()
    one.becomes("server")
    one.change_elsewhere(brand="雪松")
    one.type("brand", "冷杉")
    one.becomes("conflict")
    words = one.page.inner_text("#draft-conflict")
    assert "雪松" in words
    assert "冷杉" in words
    assert one.stored("brand") == "雪松"

    one.page.click(f'#draft-conflict [data-take="{taken}"]')

    one.page.wait_for_selector("#draft-conflict", state="hidden")
    one.all_sent()
    one.becomes("server")
    assert one.value("brand") == kept
    assert one.stored("brand") == kept


def test_a_field_that_cannot_be_read_is_marked_and_kept_while_the_others_are_saved(
    phone: Callable[..., Phone],
) -> None:
    one = phone()
    one.becomes("server")
    one.type("unit_price", "cheap")
    one.type("model", "YS-65W")
    one.becomes("refused")

    assert one.page.get_attribute('[name="unit_price"]', "aria-invalid") == "true"
    assert one.stored("model") == "YS-65W"
    one.page.reload()
    assert one.value("unit_price") == "cheap"
    one.type("unit_price", "12.50")
    one.becomes("server")
    one.all_sent()
    assert one.stored("unit_price") == "12.5"


def test_the_form_works_without_script(phone: Callable[..., Phone]) -> None:
    one = phone(javascript=False)
    one.type("model", "YS-65W")
    one.type("samples.0.quantity", "4")
    one.type("samples.0.seal_no", "F-1")
    one.page.click(".field-save button")
    one.page.wait_for_load_state()

    assert one.stored("model") == "YS-65W"


def test_nothing_is_cut_and_every_target_is_large(phone: Callable[..., Phone]) -> None:
    one = phone()
    one.becomes("server")

    cut = one.page.evaluate(
        "[...document.querySelectorAll('main *')]"
        ".filter(e => e.getBoundingClientRect().right > innerWidth + 1).length"
    )
    small = one.page.evaluate(
        "[...document.querySelectorAll('.field-page input:not([type=hidden]):not([type=file]),"
        " .field-page select, .field-page .button')]"
        ".filter(e => e.getBoundingClientRect().height < 44).length"
    )

    assert (cut, small) == (0, 0)
