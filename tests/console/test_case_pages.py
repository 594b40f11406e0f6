"""Sampling cases through their pages: the list, one case, two people, the unit's own acts."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from api.auth import COOKIE
from core.actors import Actor
from registry.models import AccessToken
from registry.service import issue_token
from sampling.maths.procedure_words import Act
from sampling.models.procedure import SamplingCase
from tests.services.procedure.conftest import (
    FAIL,
    PASS,
    Cast,
    at,
    case,
    cast,
    notified,
    sampled,
    testing,
)

__all__ = ["case", "cast"]


class Desk:
    """Browsers of the cast."""

    def __init__(self, session: Session, app: Any, cast: Cast) -> None:
        self.session, self.app = session, app
        self.leader, self.second = self._as(cast.leader), self._as(cast.second)
        self.sampler, self.inspector = self._as(cast.sampler), self._as(cast.inspector)
        self.owner, self.stranger = self._as(cast.owner), self._as(cast.stranger)

    def _as(self, actor: Actor) -> Any:
        client = self.app.test_client()
        client.set_cookie(COOKIE, issue_token(self.session, actor.account_id or 0, kind="session"))
        # A case takes months; the browsers of a test stay signed in.
        self.session.execute(
            update(AccessToken).values(expires_at=datetime(2027, 1, 1, tzinfo=UTC))
        )
        return client

    def press(self, client: Any, no: str, path: str, **data: Any) -> Any:
        """Send a form of the case's page, with the version and the token that it carries."""
        page = client.get(f"/console/cases/{no}").text
        token = re.search(r'name="csrf_token" value="(\w+)"', page)
        version = re.search(r'name="version" value="(\d+)"', page)
        assert token is not None
        sent = {"csrf_token": token[1], "version": version[1] if version else "0", **data}
        return client.post(f"/console/cases/{no}/{path}", data=sent)


@pytest.fixture
def desk(session: Session, app: Any, cast: Cast) -> Desk:
    with at("2026-03-02"):
        made = Desk(session, app, cast)
        session.commit()  # a savepoint: the application reads through the same connection
    return made


def titles(client: Any, no: str) -> list[str]:
    """Acts that the page of a case offers."""
    return re.findall(
        rf'action="/console/cases/{no}/act/([\w-]+)"', client.get(f"/console/cases/{no}").text
    )


def test_a_case_goes_from_notice_to_a_sealed_sample_by_its_page(
    desk: Desk, cast: Cast, case: SamplingCase
) -> None:
    people = "、".join(person.number for person in cast.team)
    with at("2026-04-01"):
        cast.signed(case, "CY-1")
        desk.session.commit()
        assert titles(desk.sampler, case.no) == ["give-notice"]
        assert titles(desk.inspector, case.no) == []  # was not drawn for this unit
        assert people in desk.sampler.get(f"/console/cases/{case.no}").text
        steps = [
            ("give-notice", {"noticed_on": "2026-04-01", "notice_no": "TZ-1", "samplers": people}),
            ("arrive", {"arrived_on": "2026-04-01",
                        "photos": (io.BytesIO(b"jpeg"), "门头.jpg")}),
            ("sample", {"sampled_on": "2026-04-01", "record_no": "CY-1", "test_samples": "3",
                        "retained_samples": "2", "seal_no": "F-1"}),
        ]  # fmt: skip
        for act, data in steps:
            if act == "sample":
                form = desk.sampler.get(f"/console/cases/{case.no}").text
                assert '<option value="CY-1">CY-1 · 充电器 · 2026-04-01</option>' in form
                unsigned = desk.press(
                    desk.sampler, case.no, "act/sample", **{**data, "record_no": "CY-9"}
                )
                assert unsigned.status_code == 422
                assert 'href="#field-record_no"' in unsigned.text
            answer = desk.press(desk.sampler, case.no, f"act/{act}", **data)
            assert answer.status_code == 303, (act, re.findall("problem.*", answer.text))
        page = desk.sampler.get(f"/console/cases/{case.no}?done=case-step").text

    desk.session.refresh(case)
    assert case.state == "sampled"
    assert "门头.jpg" in page
    assert '<a href="/console/records/CY-1">CY-1</a>' in page
    assert 'role="status"' in page


def test_what_is_missing_is_told_at_its_field(desk: Desk, case: SamplingCase) -> None:
    with at("2026-04-01"):
        answer = desk.press(desk.sampler, case.no, "act/give-notice", notice_no="TZ-1")
        stale = desk.press(desk.sampler, case.no, "act/give-notice", version="77")

    assert answer.status_code == 422
    assert 'href="#field-samplers"' in answer.text
    assert 'id="field-samplers"' in answer.text
    assert 'value="TZ-1"' in answer.text
    assert stale.status_code == 412


def test_the_result_is_sent_to_everybody_the_law_names(
    desk: Desk, cast: Cast, case: SamplingCase
) -> None:
    sampled(cast, case, "2026-04-01", producer="远方电器厂", producer_region="980101")
    testing(cast, case, "2026-04-02")
    with at("2026-04-20"):
        failed = {
            **FAIL,
            "failed_items": "耐压 | 击穿 | 不击穿\n标签 | 警示语 | 无 | 有",
            "label": "fail",
        }
        answer = desk.press(
            desk.leader, case.no, "act/report", reported_on="2026-04-20",
            report_=(io.BytesIO(b"x"), "x"), report=(io.BytesIO(b"pdf"), "报告.pdf"), **failed,
        )  # fmt: skip
        assert answer.status_code == 303
        page = desk.leader.get(f"/console/cases/{case.no}").text
        named = re.findall(r'name="channel-(\w+)"', page)
        sent = {f"channel-{role}": "post" for role in named}
        sent |= {f"sent_on-{role}": "2026-04-20" for role in named}
        nameless = desk.press(desk.leader, case.no, "act/notify", **sent)
        done = desk.press(
            desk.leader, case.no, "act/notify", **sent, **{"name-authority": "远方市局"}
        )

    assert named == ["sampled_unit", "producer", "authority"]
    assert nameless.status_code == 422
    assert done.status_code == 303


def test_a_unit_reads_and_answers_on_its_own_page_and_a_stranger_finds_none(
    desk: Desk, cast: Cast, case: SamplingCase
) -> None:
    notified(cast, case, FAIL)
    desk.session.commit()
    with at("2026-04-21"):
        listed = desk.owner.get("/console/cases").text
        assert case.no in listed
        assert 'class="count"' in listed or "Supervision cases" not in listed
        assert case.no not in desk.stranger.get("/console/cases").text
        assert desk.stranger.get(f"/console/cases/{case.no}").status_code == 404
        assert titles(desk.owner, case.no) == ["object"]
        answer = desk.press(
            desk.owner, case.no, "act/object", kind="conclusion", statement="不服",
            disputed_items="耐压", material=(io.BytesIO(b"m"), "材料.pdf"),
        )  # fmt: skip
        page = desk.owner.get(f"/console/cases/{case.no}").text

    assert answer.status_code == 303
    assert "材料.pdf" in page
    desk.session.refresh(case)
    assert case.state == "objection_open"


def test_a_grave_step_is_proposed_and_approved_on_the_page(desk: Desk, case: SamplingCase) -> None:
    desk.session.commit()
    with at("2026-03-03"):
        proposed = desk.press(desk.leader, case.no, "act/withdraw", reason="误开")
        own = desk.leader.get(f"/console/cases/{case.no}").text
        other = desk.second.get(f"/console/cases/{case.no}").text
        home = desk.second.get("/console/").text
        done = desk.press(desk.second, case.no, "approve")

    assert proposed.headers["Location"].endswith("done=case-proposed")
    assert f"/console/cases/{case.no}/approve" not in own
    assert f"/console/cases/{case.no}/approve" in other
    assert "误开" in other
    assert "/console/cases" in home
    assert done.status_code == 303
    desk.session.refresh(case)
    assert case.state == "void"


def test_overdue_cases_can_be_filtered_and_exported(
    desk: Desk, cast: Cast, case: SamplingCase
) -> None:
    notified(cast, case, FAIL)
    with at("2026-05-07"):
        cast.night()
        desk.session.commit()
        assert case.no not in desk.leader.get("/console/cases?due=overdue").text
        assert case.no in desk.leader.get("/console/cases?due=soon").text
    with at("2026-05-14"):
        assert case.no in desk.leader.get("/console/cases?due=overdue").text
        rows = desk.leader.get("/console/cases.json?due=overdue").json["items"]
        csv = desk.leader.get("/console/cases.csv?due=overdue")

    assert [(row["no"], row["state"], row["due_on"]) for row in rows] == [
        (case.no, "confirmed", "2026-05-13")
    ]
    assert csv.status_code == 200


def test_cases_are_opened_for_a_plan_and_because_of_a_rapid_test(desk: Desk, cast: Cast) -> None:
    with at("2026-03-03"):
        page = desk.leader.get("/console/cases/new").text
        token = re.search(r'name="csrf_token" value="(\w+)"', page)
        assert token is not None
        assert cast.plan.no in page
        send = {"csrf_token": token[1]}
        opened = desk.leader.post(
            "/console/cases/new",
            data={**send, "plan": cast.plan.no, "purpose": "monitoring", "domain": "shop"},
        )
        rapid = desk.leader.post(
            "/console/rapid-tests",
            data={**send, "enterprise_code": cast.unit.code, "product": "插座", "item": "铅",
                  "method": "试纸", "reading": "positive", "tested_on": "2026-03-03"},
        )  # fmt: skip
        listed = desk.leader.get("/console/rapid-tests").text
        number = re.search(r"KJ-2026-\d+", listed)
        assert number is not None
        sampled_ = desk.leader.post(
            f"/console/rapid-tests/{number[0]}/sample",
            data={**send, "purpose": "supervision", "domain": "shop"},
        )

    assert (opened.status_code, rapid.status_code, sampled_.status_code) == (303, 303, 303)


def test_the_page_of_every_state_can_be_read(desk: Desk, cast: Cast, case: SamplingCase) -> None:
    notified(cast, case, PASS)
    with at("2026-05-07"):
        cast.night()
        cast.do(case, Act.SETTLE_PASS)
        cast.do(case, Act.CLOSE_PASS, samples="bought")
        desk.session.commit()

        page = desk.leader.get(f"/console/cases/{case.no}?lang=en").text

    assert titles(desk.leader, case.no) == []
    assert "产品质量法 art. 15" in page
