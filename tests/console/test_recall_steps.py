"""The steps of a recall through its pages: returned, filed again, begun, ended, summed up."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import SYSTEM, Role
from recall.queries import files
from recall.service.scoping import trace_scope
from tests import factories
from tests.console.doors import sign_in

__all__ = ["sign_in"]

FILING = {
    "lot_no": "C-0711",
    "found_on": "2026-11-16",
    "defect": "内部电容耐压不足",
    "hazard": "过热起火",
    "consequence": "可能造成烧伤和财产损失",
}
PLAN = {
    "instruction": "请立即停止使用并拔下电源",
    "remedy": "refund",
    "measures": "凭实物全额退款，运费由本公司承担",
    "contact": "400-820-0000",
    "starts_on": "2026-11-20",
}


class Desk:
    """A producer and a leader at the same recall."""

    def __init__(self, session: Session, app: Any, sign_in: Callable[..., Any]) -> None:
        firm = factories.enterprise(session, name="云汐市充电器厂")
        factories.product(session, enterprise_id=firm.id, name="充电器", gtin="04006381333931")
        session.commit()  # a savepoint: the application reads through the same connection
        self.session = session
        self.producer, self.leader = app.test_client(), app.test_client()
        sign_in(self.producer, Role.ENTERPRISE, enterprise_id=firm.id)
        sign_in(self.leader, Role.LEAD_INSPECTOR)
        answer = self.producer.post(
            "/console/my/recalls/new", data={**FILING, **PLAN, "gtin": "04006381333931"}
        )
        assert answer.status_code == 303, answer.text
        self.no = str(answer.headers["Location"]).split("?")[0].rsplit("/", 1)[1]
        trace_scope(session, SYSTEM, files.recall_row(session, self.no).id)
        session.commit()

    @property
    def state(self) -> str:
        self.session.expire_all()
        return str(files.recall_row(self.session, self.no).state)

    def press(self, client: Any, path: str, **data: str) -> Any:
        """Send the form of the page that ends in ``path``, with the version the page carries."""
        home = "my/recalls" if client is self.producer else "recalls"
        page = client.get(f"/console/{home}/{self.no}").text
        action = page.index(f"/console/{home}/{self.no}/{path}")
        version = re.search(r'name="version" value="(\d+)"', page[action:])
        assert version is not None
        return client.post(
            f"/console/{home}/{self.no}/{path}", data={**data, "version": version.group(1)}
        )


@pytest.fixture
def desk(
    session: Session,
    packs: None,
    app: Any,
    sign_in: Callable[..., Any],
    frozen_clock: Callable[[str], Any],
) -> Desk:
    frozen_clock("2026-11-18T01:00:00+00:00")
    return Desk(session, app, sign_in)


def test_a_recall_goes_its_whole_way_through_the_pages(desk: Desk) -> None:
    steps = [
        (desk.leader, "act/return-plan", {"deficiencies": "缺少联系人", "due_on": "2026-11-25"},
         "plan_returned"),
        (desk.producer, "plan", PLAN, "plan_filed"),
        (desk.leader, "publish", {}, "announced"),
        (desk.producer, "act/begin", {"sellers_told_on": "2026-11-18"}, "executing"),
        (desk.producer, "act/report-stage", {"units_recovered": "40", "narrative": "已通知"},
         "executing"),
        (desk.producer, "act/end", {"units_recovered": "60", "reason": "回收停滞"},
         "active_ended"),
        (desk.producer, "act/summarise",
         {"units_recovered": "60", "units_disposed": "60", "summary": "已完成"}, "summary_filed"),
    ]  # fmt: skip
    for client, path, data, state in steps:
        answer = desk.press(client, path, **data)
        assert answer.status_code == 303, (path, answer.text)
        assert desk.state == state, path
        assert 'role="status"' in client.get(answer.headers["Location"]).text


def test_a_step_without_its_facts_is_told_at_its_field(desk: Desk) -> None:
    answer = desk.press(desk.leader, "act/return-plan", deficiencies="缺少联系人", due_on="")

    assert answer.status_code == 422
    assert 'href="#field-due_on"' in answer.text
    assert 'id="field-due_on"' in answer.text
    assert "缺少联系人" in answer.text
    assert desk.state == "plan_filed"


def test_fields_of_several_steps_have_ids_of_their_own(desk: Desk) -> None:
    page = desk.leader.get(f"/console/recalls/{desk.no}").text
    ids = re.findall(r'id="(field-[^"]+)"', page)

    assert len(ids) > 2
    assert len(ids) == len(set(ids))


def test_a_void_recall_says_why(desk: Desk) -> None:
    assert desk.press(desk.leader, "act/void", reason="重复报告").status_code == 303

    assert desk.state == "voided"
    assert "重复报告" in desk.producer.get(f"/console/my/recalls/{desk.no}").text


def test_a_step_that_there_is_not_is_not_found(desk: Desk) -> None:
    assert desk.leader.post(f"/console/recalls/{desk.no}/act/shred").status_code == 404


def test_what_a_notice_still_lacks_is_told_with_the_word(session: Session, desk: Desk) -> None:
    desk.press(desk.leader, "act/return-plan", deficiencies="措辞", due_on="2026-11-25")
    desk.press(desk.producer, "plan", **{**PLAN, "measures": "免费退款，属自愿召回"})

    page = desk.leader.get(f"/console/recalls/{desk.no}?lang=en").text

    assert "“自愿” plays the danger down" in page
