"""Recall pages: the producer files, the authority announces, others see nothing of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import SYSTEM, Role
from recall.queries import files
from recall.service.scoping import trace_scope
from registry.maths.packs import UNCONFIRMED
from registry.models import Enterprise
from tests import factories
from tests.console.doors import sign_in

__all__ = ["sign_in"]  # the sign-in of a browser, instead of the one for programs

MORNING = "2026-11-18T01:00:00+00:00"
FILING = {
    "lot_no": "C-0711",
    "gtin": "04006381333931",
    "found_on": "2026-11-16",
    "is_serious": "yes",
    "defect": "内部电容耐压不足",
    "hazard": "过热起火",
    "consequence": "可能造成烧伤和财产损失",
    "quantity": "1000",
    "unit": "个",
    "remedy": "refund",
    "instruction": "请立即停止使用并拔下电源",
    "measures": "凭实物全额退款，运费由本公司承担",
    "contact": "400-820-0000",
    "starts_on": "2026-11-20",
}


class Hall:
    """Clients of the same application, one for each role."""

    def __init__(self, app: Any, sign_in: Callable[..., Any], enterprise: Enterprise) -> None:
        self.app, self.sign_in = app, sign_in
        self.producer = self.enter(Role.ENTERPRISE, enterprise_id=enterprise.id)
        self.stranger = self.enter(Role.ENTERPRISE)
        self.inspector = self.enter(Role.INSPECTOR)
        self.leader = self.enter(Role.LEAD_INSPECTOR)

    def enter(self, role: Role, **facts: Any) -> Any:
        client = self.app.test_client()
        self.sign_in(client, role, **facts)
        return client

    def file(self, **changes: str) -> Any:
        return self.producer.post("/console/my/recalls/new", data={**FILING, **changes})

    def filed(self) -> str:
        answer = self.file()
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"]).split("?")[0].rsplit("/", 1)[1]


@pytest.fixture
def hall(
    session: Session,
    packs: None,
    app: Any,
    sign_in: Callable[..., Any],
    frozen_clock: Callable[[str], Any],
) -> Hall:
    frozen_clock(MORNING)
    enterprise = factories.enterprise(session, name="云汐市充电器厂")
    factories.product(
        session,
        enterprise_id=enterprise.id,
        name="充电器",
        gtin="04006381333931",
        brand="云汐",
        model="YX-65",
    )
    session.commit()  # a savepoint: the application reads through the same connection
    return Hall(app, sign_in, enterprise)


def publish(hall: Hall, session: Session, number: str) -> Any:
    """Trace the scope, as the job would, and press the button of the page."""
    trace_scope(session, SYSTEM, files.recall_row(session, number).id)
    session.commit()
    page = hall.leader.get(f"/console/recalls/{number}").text
    action = page.index(f"/console/recalls/{number}/publish")
    version = re.search(r'name="version" value="(\d+)"', page[action:])
    assert version is not None
    return hall.leader.post(
        f"/console/recalls/{number}/publish", data={"version": version.group(1)}
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_producer_sees_its_pages_in_both_languages(hall: Hall, lang: str) -> None:
    number = hall.filed()

    for path in ("", "/recalls", "/recalls/new", f"/recalls/{number}"):
        assert hall.producer.get(f"/console/my{path}?lang={lang}").status_code == 200, path
    assert number in hall.producer.get(f"/console/my?lang={lang}").text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_staff_see_the_list_and_the_recall_in_both_languages(hall: Hall, lang: str) -> None:
    number = hall.filed()

    for client in (hall.inspector, hall.leader):
        assert number in client.get(f"/console/recalls?lang={lang}").text
        page = client.get(f"/console/recalls/{number}?lang={lang}")
        assert page.status_code == 200
        assert FILING["defect"] in page.text


def test_another_enterprise_does_not_find_the_recall(hall: Hall) -> None:
    number = hall.filed()

    assert hall.stranger.get(f"/console/my/recalls/{number}").status_code == 404
    assert number not in hall.stranger.get("/console/my/recalls").text
    assert hall.stranger.get(f"/console/recalls/{number}").status_code == 403


def test_staff_do_not_file_and_visitors_do_not_enter(hall: Hall) -> None:
    assert hall.leader.get("/console/my/recalls/new").status_code == 403
    visitor = hall.app.test_client()
    answer = visitor.get("/console/recalls")
    assert answer.status_code in (302, 303, 401)


def test_what_is_missing_is_named_above_and_beside_the_field(hall: Hall) -> None:
    answer = hall.file(defect="")

    assert answer.status_code == 422
    assert 'id="errors"' in answer.text
    assert 'href="#field-defect"' in answer.text
    assert FILING["hazard"] in answer.text  # what was typed is still there


def test_a_clock_names_its_day_and_its_law(hall: Hall, session: Session) -> None:
    number = hall.filed()
    clocks = files.recall_file(session, number).deadlines
    assert clocks

    page = hall.inspector.get(f"/console/recalls/{number}?lang=en").text

    for clock in clocks:
        assert clock.due_on.isoformat() in page
        assert clock.title_en in page
        assert clock.citation.source in page
    unsure = [clock for clock in clocks if clock.citation.article == UNCONFIRMED]
    assert page.count("(article to be confirmed)") == len(unsure)


def test_the_lead_inspector_announces(hall: Hall, session: Session) -> None:
    number = hall.filed()

    answer = publish(hall, session, number)

    assert answer.status_code == 303, answer.text
    assert hall.app.test_client().get(f"/recalls/{number}").status_code == 200


def test_an_old_page_cannot_announce(hall: Hall, session: Session) -> None:
    number = hall.filed()
    trace_scope(session, SYSTEM, files.recall_row(session, number).id)
    session.commit()

    answer = hall.leader.post(f"/console/recalls/{number}/publish", data={"version": "0"})

    assert answer.status_code == 412
    assert 'id="errors"' in answer.text


def test_inspectors_and_producers_do_not_announce(hall: Hall) -> None:
    number = hall.filed()

    for client in (hall.inspector, hall.producer):
        answer = client.post(f"/console/recalls/{number}/publish", data={"version": "1"})
        assert answer.status_code == 403
