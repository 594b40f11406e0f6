"""A real roster through the whole procedure by the pages alone, from import to publication.

12,367 real establishments that have risk tiers and no grades; everybody signs in by the login page
and clicks. ``ZHIHENG_SHOTS=folder`` keeps a picture of each page at both widths.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.actors import SYSTEM, Role
from core.clock import frozen
from core.outbox import FINISHED, JobRun, RunState
from core.unit_of_work import read_only, unit_of_work
from registry import service
from registry.models import Person
from runtime.verify import main as verify_draw
from tests.browser.conftest import serve
from tests.journeys.test_real_roster import ROUND, ROW, VALUE
from tests.sampling_records import FILLED, JPEG, SAMPLES
from worker import relay, run

pytestmark = [pytest.mark.browser, pytest.mark.shared]

DICE = "31625143625114632516434215632154326154321654321635"
PASSWORD = "a long enough one"
LEAD, SECOND = "lead", "second"
INSPECTORS = "工号,姓名,资深,执法证号,执法证有效期\n" + "".join(
    f"J{n:03},检查员{n:03},{'是' if n % 3 == 0 else '否'},ZF-{n:03},2025-12-31\n" for n in range(20)
)


@dataclass
class Clock:
    """The instant at which the server and its workers stand."""

    at: datetime

    def set(self, instant: str) -> None:
        self.at = datetime.fromisoformat(instant)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.fromisoformat("2023-09-15T10:30:00+00:00"))


@pytest.fixture
def address(committed: str, clock: Clock) -> Iterator[str]:
    """The application on a database of the test's own, each request at the clock's instant."""
    from api.app import create_app

    with frozen(clock.at), unit_of_work() as session:
        service.born_as(session, "demo")
        service.load_packs(session)
        for login, role in ((LEAD, Role.LEAD_INSPECTOR), (SECOND, Role.ADMINISTRATOR)):
            _add(session, login, role)
    application = create_app(testing=True)

    def at_that_time(environ: Any, start_response: Any) -> Any:
        with frozen(clock.at):
            return application(environ, start_response)

    yield from serve(at_that_time)


def _add(session: Any, login: str, role: Role, person_id: int | None = None) -> None:
    service.add_account(
        session,
        SYSTEM,
        login=login,
        display_name=login,
        password=PASSWORD,
        role=role.value,
        person_id=person_id,
    )


@dataclass
class Office:
    """Everybody's browser; they sign in anew on another day, because the procedure takes months."""

    visit: Callable[..., Any]
    clock: Clock
    visitors: dict[str, Any] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)

    def enter(self, login: str) -> Any:
        """Sign in by the login page; returns the page."""
        if login not in self.visitors:
            self.visitors[login] = self.visit()
            self.visitors[login].page.set_default_timeout(15_000)
            self.visitors[login].page.on("dialog", lambda dialog: dialog.accept())
        visitor = self.visitors[login]
        visitor.page.context.clear_cookies()
        visitor.open("/login")
        visitor.page.fill("[name=login]", login)
        visitor.page.fill("[name=password]", PASSWORD)
        visitor.page.click("form[action='/login'] button")
        assert "/login" not in visitor.page.url
        return visitor.page

    def open(self, login: str, path: str) -> Any:
        visitor = self.visitors[login]
        assert visitor.open(path).status == 200, path
        return visitor.page

    def work(self) -> None:
        """Let a worker do what waits; fails on what failed."""
        with frozen(self.clock.at):
            for _ in range(20):
                relay.turn()
                with read_only() as session:
                    rows = session.execute(
                        select(JobRun.id, JobRun.attempt).where(JobRun.state == RunState.SENT)
                    ).all()
                if not rows:
                    break
                for number, attempt in rows:
                    run.execute(number, attempt)
            with read_only() as session:
                ended = session.execute(
                    select(JobRun.job, JobRun.error).where(
                        JobRun.state.in_(FINISHED), JobRun.state != RunState.DONE
                    )
                ).all()
            assert ended == []

    def look(self, page: Any, name: str) -> None:
        """A page fits both widths: nothing lies beyond the edge of a phone."""
        folder = os.environ.get("ZHIHENG_SHOTS")
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            beyond = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert beyond <= 0, (name, width, beyond)
            if folder:
                path = Path(folder) / f"{len(self.shown):02}-{name}-{width}.png"
                page.screenshot(path=path, full_page=True)
        self.shown.append(name)


@pytest.fixture
def office(visit: Callable[..., Any], clock: Clock) -> Office:
    return Office(visit, clock)


def press(page: Any, selector: str) -> None:
    """Press a button; fails with the words of the page where it refuses."""
    page.click(selector)
    refused = page.locator("#errors")
    assert refused.count() == 0, refused.first.inner_text()


def load(office: Office, kind: str, file: dict[str, Any], mapping: str | None = None) -> Any:
    """Upload, check and store a file by the pages of imports."""
    page = office.open(LEAD, "/console/imports")
    page.select_option("[name=kind]", kind)
    if mapping:
        page.select_option("[name=mapping]", mapping)
    page.set_input_files("[name=file]", file)
    press(page, "form[enctype] button")
    office.work()
    page.reload()
    office.look(page, f"import-{kind}-checked")
    press(page, "form[action$='/store'] button.main")
    office.work()
    page.reload()
    return page


def annual_plan(office: Office) -> str:
    """An annual plan: drafted, approved by another person, published; returns its number."""
    page = office.open(LEAD, "/console/annual/new?kind=annual_plan")
    page.fill("[name=title]", "2023 年度抽查计划")
    page.fill("[name=authority]", "虚构市市场监督管理局")
    page.fill("[name=year]", "2023")
    for name, value in ROW.items():
        text = "、".join(value) if isinstance(value, list) else str(value)
        page.fill(f"[name='rows.0.{name}']", text)
    press(page, "form.form > button.main")
    no = page.url.partition("?")[0].rpartition("/")[2]
    second = office.open(SECOND, f"/console/annual/{no}")
    press(second, "form[action$='/approve'] button")
    page = office.open(LEAD, f"/console/annual/{no}")
    press(page, "form[action$='/publish'] button")
    office.look(page, "annual-plan")
    return no


def new_plan(office: Office, certain: str) -> str:
    """A plan with strata by risk tier and one establishment for certain; returns its number."""
    page = office.open(LEAD, "/console/plans/new")
    assert page.is_checked("[name=strata_by][value=risk_tier]")
    page.check("[name=strata_by][value=grade]")
    page.wait_for_selector("[name='quota-A']")
    page.check("[name=strata_by][value=risk_tier]")
    page.wait_for_selector("[name='quota-high']")
    page.fill("[name=title]", "真实名录")
    page.select_option("[name=purpose]", "supervision")
    page.fill("[name=visit_on]", "2023-09-20")
    for tier in ("high", "medium", "low"):
        page.fill(f"[name='quota-{tier}']", "20")
        page.fill(f"[name='reserve-{tier}']", "5")
    page.fill("[name='quota-low']", "twenty")
    page.check("[name=method][value=none]")
    page.click("details:has([name=certain]) > summary")
    page.fill("[name=certain]", f"{certain} 投诉集中")
    page.check("[name=source][value=beacon]")
    page.fill("[name=round]", str(ROUND))
    sizes = page.eval_on_selector_all(
        "#strata td.num", "cells => cells.map(cell => Number(cell.textContent.replace(/,/g, '')))"
    )
    assert len(sizes) == 3
    assert sum(sizes) + _count_without(page) == 12_367
    page.click("button.main.full")
    assert page.locator("#field-quota-low[aria-invalid]").count() == 1
    assert page.input_value("[name='quota-medium']") == "20"
    office.look(page, "plan-new-refused")
    page.fill("[name='quota-low']", "20")
    page.fill("[name=uncapped_reason]", "食品经营单位按专项整治方案多次检查")
    press(page, "button.main.full")
    return page.url.partition("?")[0].rsplit("/", 2)[1]


def _count_without(page: Any) -> int:
    digits = "".join(one for one in page.inner_text("#strata > p") if one.isdigit())
    return int(digits)


def draw(office: Office, no: str, paper: str) -> None:
    """Name the row, lock, throw the dice by two, enter the beacon's value, draw."""
    page = office.open(LEAD, f"/console/annual/rows/{no}")
    page.select_option("[name=row]", f"{paper}/01")
    press(page, "form.form button.main")
    office.look(page, "plan-draft")
    press(page, "form[action$='/freeze'] button")
    office.work()
    page.reload()
    office.look(page, "plan-committed")
    for login in (LEAD, SECOND):
        typing = office.open(login, f"/console/plans/{no}/draw")
        typing.fill("[name=dice]", DICE)
        press(typing, "form[action$='/dice'] button")
    office.clock.set("2023-09-15T11:01:00+00:00")
    page = office.open(LEAD, f"/console/plans/{no}/draw")
    page.fill("[name=value]", VALUE)
    press(page, "form[action$='/value'] button")
    press(page, "form[action$='/draw'] button")
    office.work()
    page.reload()
    office.look(page, "plan-drawn")


def verify(office: Office, no: str, folder: Path) -> None:
    """The bundle of the page is recomputed by the command line, and by the page itself."""
    page = office.open(LEAD, f"/console/plans/{no}/draw")
    commitment = page.inner_text("ol.proof li:first-child code.hash")
    with page.expect_download() as download:
        page.click("a[href$='/bundle.zip']")
    download.value.save_as(folder / "draw.zip")
    assert verify_draw(["--commitment", commitment, str(folder / "draw.zip")]) == 0
    visitor = office.visit()
    visitor.open(f"/v/{no}")
    visitor.page.wait_for_selector("#verify[data-state]", timeout=60_000)
    assert visitor.page.get_attribute("#verify", "data-state") == "agrees"
    assert visitor.complaints == []
    office.look(visitor.page, "verified")


@dataclass(frozen=True)
class Unit:
    """A drawn enterprise and the logins of its team, the leading sampler first."""

    code: str
    name: str
    team: list[str]


def drawn_unit(office: Office, no: str, code: str) -> Unit:
    """A unit as the list of the drawn tells it; its team get accounts."""
    page = office.open(LEAD, f"/console/plans/{no}/draw?view=all")
    row = page.locator("#list tbody tr", has_text=code)
    assert "100.0%" in row.inner_text()
    names = row.locator("td[data-title^=检查人员] a").inner_text().split("、")
    assert len(names) == 2
    logins = []
    with frozen(office.clock.at), unit_of_work() as session:
        for name in names:
            person = session.execute(select(Person).where(Person.name == name)).scalar_one()
            _add(session, person.number, Role.INSPECTOR, person.id)
            logins.append(person.number)
    return Unit(code, row.locator("td a").first.inner_text(), logins)


def sampling_record(office: Office, no: str, unit: Unit) -> str:
    """A sampling record by the leading sampler, signed by both and the unit, and sealed."""
    office.clock.set("2023-09-20T02:00:00+00:00")
    team = unit.team
    first, second = (office.enter(login) for login in team)
    office.open(team[0], f"/console/records/new?plan_no={no}&code={unit.code}")
    press(first, "form.form button.main")
    record_no = str(first.url.partition("?")[0].rpartition("/")[2])
    filled = {**FILLED, "sampled_on": "2023-09-20", "made_on": "2023-09-01"}
    for name, value in filled.items():
        control = first.locator(f"#draft [name='{name}']")
        if control.evaluate("one => one.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    for place, sample in enumerate(SAMPLES):
        for part, value in sample.items():
            control = first.locator(f"#draft [name='samples.{place}.{part}']")
            control.select_option(value) if part == "kind" else control.fill(value)
    press(first, ".field-save button.main")
    for kind in ("place", "label", "seal"):
        photo = {"name": f"{kind}.jpg", "mimeType": "image/jpeg", "buffer": JPEG + kind.encode()}
        first.select_option("#group-files [name=kind]", kind)
        first.set_input_files("#group-files [name=file]", photo)
        press(first, "#group-files button.full")
    office.look(first, "record-field")
    address = f"/console/records/{record_no}"
    for login, page in zip(team, (first, second), strict=True):
        office.open(login, address)
        press(page, "form[action$='/sign'] button")
    office.open(team[0], address)
    first.fill("form[action$='/unit'] [name=name]", "某负责人")
    press(first, "form[action$='/unit'] button")
    press(first, "form[action$='/seal'] button")
    office.look(first, "record-sealed")
    return record_no


def supervision_case(office: Office, no: str, unit: Unit, record_no: str) -> str:
    """A case from notice to a result that stands; returns its number."""
    office.enter(LEAD)
    office.enter(SECOND)
    page = office.open(LEAD, "/console/cases/new")
    page.select_option("[name=plan]", no)
    page.select_option("[name=domain]", "shop")
    page.fill("[name=product]", "充电器")
    press(page, "form.form button.main")
    page = office.open(LEAD, f"/console/cases?plan_no={no}&view=all")
    assert page.locator("table.list tbody tr").count() == 60
    row = page.locator("table.list tbody tr", has_text=unit.name)
    case_no = str(row.locator("td a").first.inner_text())
    office.look(office.open(LEAD, f"/console/cases?plan_no={no}"), "cases")
    sampler = unit.team[0]

    step(office, sampler, case_no, "give-notice", notice_no="TZ-1")
    step(office, sampler, case_no, "arrive")
    step(
        office,
        sampler,
        case_no,
        "sample",
        record_no=record_no,
        test_samples="4",
        retained_samples="2",
        seal_no="F-0001",
    )
    step(office, sampler, case_no, "send", laboratory="甲检验院")
    step(office, LEAD, case_no, "receive", seals_intact=True)
    step(office, LEAD, case_no, "begin-test", testers="L1、L2", licence_checked=True)
    office.look(office.visitors[LEAD].page, "case-testing")
    office.clock.set("2023-10-09T02:00:00+00:00")
    office.enter(LEAD)
    step(
        office,
        LEAD,
        case_no,
        "report",
        report_no="BG-1",
        physical="fail",
        label="pass",
        overall="fail",
        tested_items="12",
        failed_items="输出电压 | 5.9 V | ≤5.5 V",
        report={"name": "报告.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 report"},
    )
    page = office.open(LEAD, f"/console/cases/{case_no}")
    roles = page.eval_on_selector_all(
        "form[action$='/act/notify'] select[name^=channel-]",
        "fields => fields.map(field => field.name.slice('channel-'.length))",
    )
    step(office, LEAD, case_no, "notify", **{f"channel-{role}": "post" for role in roles})
    assert roles == ["sampled_unit", "producer"]  # the record states who made it
    for role in roles:
        step(office, LEAD, case_no, "record-receipt", party=role, manner="signed")
    office.look(office.visitors[LEAD].page, "case-notified")
    # Fifteen days later nobody has objected: the result stands.
    office.clock.set("2023-10-30T02:00:00+00:00")
    office.enter(LEAD)
    step(office, LEAD, case_no, "confirm")
    office.look(office.visitors[LEAD].page, "case-confirmed")
    return case_no


def step(office: Office, login: str, case_no: str, act: str, **facts: Any) -> None:
    """Take one step of a case by its form; days are today's, as the form has them."""
    page = office.open(login, f"/console/cases/{case_no}")
    form = page.locator(f"form[action$='/act/{act}']")
    assert form.count() == 1, (act, page.inner_text("#steps"))
    if not form.is_visible():
        page.click(f"details:has(form[action$='/act/{act}']) > summary")
    for name, value in facts.items():
        control = form.locator(f"[name='{name}']")
        if value is True:
            control.check()
        elif isinstance(value, dict):
            control.set_input_files(value)
        elif control.evaluate("one => one.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    press(page, f"form[action$='/act/{act}'] button")


def publish(office: Office, case_no: str) -> None:
    """The result is entered by one person and published by another."""
    page = office.open(LEAD, f"/console/cases/{case_no}")
    page.click("a[href*='/console/results/samples/new']")
    assert page.input_value("[name=case_no]") == case_no
    page.fill("[name=announcement_no]", "2023 年第 1 期")
    press(page, "form.form button.main")
    office.look(page, "result-entered")
    address = page.url.partition("?")[0]
    assert page.locator("form[action$='/publish'] button").count() == 0
    office.enter(SECOND)
    second = office.visitors[SECOND].page
    second.goto(address)
    press(second, "form[action$='/publish'] button")
    office.look(second, "result-published")


def test_the_real_roster_by_the_pages_from_import_to_publication(
    office: Office, shared_dir: Path, tmp_path: Path
) -> None:
    office.enter(LEAD)
    office.enter(SECOND)
    content = (shared_dir / "data" / "establishments.csv").read_bytes()
    file = {"name": "establishments.csv", "mimeType": "text/csv", "buffer": content}
    page = load(office, "roster", file, "chicago-roster")
    assert "12,367" in page.inner_text("main")
    office.look(page, "import-roster-stored")
    people = {"name": "inspectors.csv", "mimeType": "text/csv", "buffer": INSPECTORS.encode()}
    load(office, "inspectors", people)
    page = office.open(LEAD, "/console/enterprises")
    office.look(page, "enterprises")
    certain = page.locator("table.list tbody tr code").first.inner_text()

    paper = annual_plan(office)
    no = new_plan(office, certain)
    draw(office, no, paper)
    verify(office, no, tmp_path)
    unit = drawn_unit(office, no, f"licence:{certain}")
    record_no = sampling_record(office, no, unit)
    case_no = supervision_case(office, no, unit, record_no)
    publish(office, case_no)

    everybody = office.visit()
    everybody.open("/results")
    office.look(everybody.page, "public-results")
    assert everybody.page.locator("table.list tbody tr").count() == 1
    assert unit.name in everybody.page.inner_text("table.list")
    everybody.page.click("table.list tbody tr a")
    office.look(everybody.page, "public-result")
    told = everybody.page.inner_text("main")
    for words in (unit.name, FILLED["producer_name"], FILLED["model"], "输出电压", record_no):
        assert words in told
    # One form was refused on purpose; the browser says so.
    complaints = [words for one in office.visitors.values() for words in one.complaints]
    assert [words for words in complaints if "422" not in words] == []
    assert len(complaints) == 1
    assert everybody.strangers == []
