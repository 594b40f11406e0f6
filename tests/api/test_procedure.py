"""Sampling cases through the door: staff, the unit, a stranger, and two people at once."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import Actor
from core.files import store
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
BASE = "/api/v1/sampling"


class Door:
    """Clients of the same application, one for each of the cast."""

    def __init__(self, session: Session, app: Any, cast: Cast) -> None:
        self.session, self.app = session, app
        self.leader = self._as(cast.leader)
        self.second = self._as(cast.second)
        self.sampler = self._as(cast.sampler)
        self.inspector = self._as(cast.inspector)
        self.owner = self._as(cast.owner)
        self.stranger = self._as(cast.stranger)

    def _as(self, actor: Actor) -> Any:
        client = self.app.test_client()
        secret = issue_token(self.session, actor.account_id or 0, kind="token")
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return client

    def do(self, client: Any, no: str, act: str, path: str = "acts", **facts: Any) -> Any:
        """POST with the ETag that a reader has just seen."""
        etag = self.leader.get(f"{BASE}/cases/{no}").headers["ETag"]
        return client.post(
            f"{BASE}/cases/{no}/{path}/{act}", json={"facts": facts}, headers={"If-Match": etag}
        )


@pytest.fixture
def door(session: Session, app: Any, cast: Cast) -> Any:
    with at("2026-03-02"):
        made = Door(session, app, cast)
        session.commit()  # a savepoint: the application reads through the same connection
    return made


def test_the_procedure_describes_itself(door: Door) -> None:
    with at("2026-03-02"):
        rows = {one["act"]: one for one in door.owner.get(f"{BASE}/procedure").json}

    assert rows["object"]["parties"] == ["producer", "unit"]
    assert rows["order-correction"]["starts"] == ["failure.correct", "failure.recheck"]
    assert rows["announce"]["is_grave"] is True
    (kind,) = [one for one in rows["object"]["evidence"] if one["name"] == "kind"]
    assert (kind["kind"], kind["is_required"]) == ("choice", True)
    assert kind["choices"] == ["process", "authenticity", "conclusion"]
    assert rows["stop-sale"]["citation"]["mark"] == "text"


def test_a_leader_opens_the_cases_of_a_plan_once(door: Door, cast: Cast) -> None:
    with at("2026-03-03"):
        first = door.leader.post(f"{BASE}/plans/{cast.plan.no}/cases", json={"product": "充电器"})
        again = door.leader.post(f"{BASE}/plans/{cast.plan.no}/cases", json={"product": "充电器"})
        named = door.leader.post(
            f"{BASE}/plans/{cast.plan.no}/cases",
            json={"product": "充电器", "codes": [cast.unit.code]},
        )
        refused = door.inspector.post(f"{BASE}/plans/{cast.plan.no}/cases", json={})

    assert (first.status_code, len(first.json["numbers"])) == (201, 1)
    assert first.json["numbers"][0].startswith("JC-2026-")
    assert again.json["numbers"] == []
    assert (named.status_code, named.json["type"]) == (409, "/problems/sampling/case-exists")
    assert refused.status_code == 403


def test_an_act_brings_its_facts_and_the_version_it_was_made_from(
    door: Door, cast: Cast, case: SamplingCase
) -> None:
    people = [person.number for person in cast.team]
    facts = {"noticed_on": "2026-04-01", "notice_no": "TZ-1", "samplers": people}
    with at("2026-04-01"):
        path = f"{BASE}/cases/{case.no}/acts/give-notice"
        unversioned = door.sampler.post(path, json={"facts": facts})
        stale = door.sampler.post(path, json={"facts": facts}, headers={"If-Match": '"v99"'})
        empty = door.do(door.sampler, case.no, "give-notice")
        odd = door.do(door.sampler, case.no, "give-notice", **{**facts, "noticed_on": "gestern"})
        foreign = door.do(door.inspector, case.no, "give-notice", **facts)
        alone = door.do(door.sampler, case.no, "give-notice", **{**facts, "samplers": people[:1]})
        done = door.do(door.sampler, case.no, "give-notice", **facts)
        twice = door.do(door.sampler, case.no, "give-notice", **facts)
        unknown = door.do(door.sampler, case.no, "give-up-everything")

    assert (unversioned.status_code, stale.status_code) == (428, 412)
    assert {one["field"] for one in empty.json["fields"]} == {"noticed_on", "notice_no", "samplers"}
    assert (odd.status_code, odd.json["fields"][0]["field"]) == (422, "noticed_on")
    assert foreign.status_code == 403
    assert alone.json["type"] == "/problems/sampling/too-few-on-site"
    assert (done.status_code, done.json["state"]) == (200, "noticed")
    assert done.headers["ETag"] == f'"v{done.json["version"]}"'
    assert (twice.status_code, unknown.status_code) == (409, 404)


def test_a_unit_learns_of_its_case_with_the_notice_and_of_the_result_with_the_letter(
    session: Session, door: Door, cast: Cast, case: SamplingCase
) -> None:
    address = f"{BASE}/cases/{case.no}"
    with at("2026-03-03"):
        assert door.owner.get(address).status_code == 404
    sampled(cast, case, "2026-04-01")
    testing(cast, case, "2026-04-02")
    with at("2026-04-20"):
        cast.do(case, Act.REPORT, reported_on="2026-04-20", report=[cast.report], **FAIL)
        session.commit()
        seen = door.owner.get(address).json
        assert (seen["state"], seen["tests"], seen["verdict"], seen["files"]) == (
            "reported", [], None, [],
        )  # fmt: skip
        letter = [{"role": "sampled_unit", "channel": "post", "sent_on": "2026-04-20"}]
        assert door.do(door.leader, case.no, "notify", parties=letter).status_code == 200
        told = door.owner.get(address).json
        assert [one["overall"] for one in told["tests"]] == ["fail"]
        assert told["actions"] == ["acknowledge", "object"]
        assert door.do(door.owner, case.no, "acknowledge").status_code == 200
        assert door.owner.get(address).json["clocks"][-1]["due_on"] == "2026-05-06"
        history = door.owner.get(f"{address}/history").json
        assert all("facts" not in entry["body"] for entry in history)
        for path in ("", "/history", f"/files/{cast.report}"):
            assert door.stranger.get(address + path).status_code == 404
        assert door.stranger.get(f"{BASE}/cases").json["items"] == []


def test_a_unit_objects_with_its_own_file_and_not_with_a_foreign_one(
    session: Session, door: Door, cast: Cast, case: SamplingCase
) -> None:
    notified(cast, case, FAIL)
    session.commit()
    with at("2026-04-28"):
        part = {"file": (io.BytesIO("录像".encode()), "录像.txt")}
        stored = door.owner.post(f"{BASE}/cases/{case.no}/files", data=part)
        foreign = store(session, b"secret", name="x", media_type="text/plain").sha256
        session.commit()
        facts = {"kind": "conclusion", "statement": "不服", "disputed_items": ["耐压"]}
        stolen = door.do(door.owner, case.no, "object", material=[foreign], **facts)
        answer = door.do(door.owner, case.no, "object", material=[stored.json["sha256"]], **facts)
        read = door.owner.get(f"{BASE}/cases/{case.no}/files/{stored.json['sha256']}")
        strange = door.stranger.post(f"{BASE}/cases/{case.no}/files", data={
            "file": (io.BytesIO(b"x"), "x.txt")})  # fmt: skip

    assert (stored.status_code, stolen.status_code, strange.status_code) == (201, 404, 404)
    assert (answer.status_code, answer.json["state"]) == (200, "objection_open")
    assert answer.json["objections"][0]["disputed_items"] == ["耐压"]
    assert read.data.decode() == "录像"
    assert read.headers["Content-Disposition"].startswith("attachment")


def test_overdue_cases_are_listed(
    session: Session, door: Door, cast: Cast, case: SamplingCase
) -> None:
    notified(cast, case, FAIL)
    with at("2026-05-07"):
        cast.night()
    session.commit()

    with at("2026-05-13"):  # 5 working days from 7 May; Saturday 9 May makes up for the holiday
        assert door.leader.get(f"{BASE}/cases?overdue=true").json["total"] == 0
        soon = door.leader.get(f"{BASE}/cases?due_by=2026-05-13").json["items"]
        assert soon[0]["next_due"]["rule_id"] == "failure.order"
    with at("2026-05-14"):
        found = door.leader.get(f"{BASE}/cases?overdue=true").json

    assert [one["no"] for one in found["items"]] == [case.no]
    assert [one["rule_id"] for one in found["items"][0]["overdue"]] == ["failure.order"]
    # The unused right to object lapsed: it is nobody's delay.
    assert found["items"][0]["verdict"] == "fail"


def test_a_grave_step_needs_two_people(
    session: Session, door: Door, cast: Cast, case: SamplingCase
) -> None:
    session.commit()
    with at("2026-03-03"):
        alone = door.do(door.leader, case.no, "withdraw", reason="误开")
        light = door.do(door.leader, case.no, "arrive", "proposals")
        proposed = door.do(door.leader, case.no, "withdraw", "proposals", reason="误开")
        again = door.do(door.second, case.no, "withdraw", "proposals", reason="误开")
        own = door.do(door.leader, case.no, "approve", "proposal")
        low = door.do(door.inspector, case.no, "approve", "proposal")
        done = door.do(door.second, case.no, "approve", "proposal")

    assert (alone.status_code, light.status_code) == (409, 404)
    assert proposed.status_code == 201
    assert proposed.json["proposal"]["act"] == "withdraw"
    assert (again.status_code, own.status_code, low.status_code) == (409, 403, 403)
    assert (done.status_code, done.json["state"], done.json["proposal"]) == (200, "void", None)


def test_a_rapid_test_leads_to_a_case_and_never_to_a_verdict(
    session: Session, door: Door, cast: Cast
) -> None:
    reading = {
        "enterprise_code": cast.unit.code, "product": "插座", "item": "重金属", "method": "试纸",
        "reading": "positive", "tested_on": "2026-03-03",
    }  # fmt: skip
    with at("2026-03-03"):
        rapid = door.inspector.post(f"{BASE}/rapid-tests", json=reading)
        opened = door.leader.post(f"{BASE}/rapid-tests/{rapid.json['no']}/case", json={})
        again = door.leader.post(f"{BASE}/rapid-tests/{rapid.json['no']}/case", json={})
        hidden = door.owner.get(f"{BASE}/rapid-tests")

    assert (rapid.status_code, opened.status_code, again.status_code) == (201, 201, 409)
    assert hidden.status_code == 403
    body = opened.json
    assert (body["state"], body["source"], body["rapid_test"], body["product"]) == (
        "drawn", "rapid_test", rapid.json["no"], "插座",
    )  # fmt: skip
    assert (body["verdict"], body["tests"]) == (None, [])


def test_a_pass_goes_from_notice_to_closing_by_program(
    session: Session, door: Door, cast: Cast, case: SamplingCase
) -> None:
    notified(cast, case, PASS)
    with at("2026-05-07"):
        cast.night()
        session.commit()
        assert (
            door.do(door.leader, case.no, "stop-sale", told_on="2026-05-07", order_no="1").json[
                "type"
            ]
            == "/problems/sampling/verdict-forbids"
        )
        for act, facts in (("settle-pass", {}), ("close-pass", {"samples": "bought"})):
            assert door.do(door.leader, case.no, act, **facts).status_code == 200

    with at("2026-05-08"):
        seen = door.leader.get(f"{BASE}/cases/{case.no}").json
    assert (seen["state"], seen["verdict"], seen["actions"]) == ("closed", "pass", [])
