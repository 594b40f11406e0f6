"""Clocks of cases: typed days over holidays, the overlay of a province, pauses, the daily job."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import now
from core.journal import first_broken
from core.outbox import JobRun, Message, Run, RunState, Superseded
from registry.queries import rule_on
from sampling.errors import ObjectionUnknown
from sampling.jobs import settle_sampling_cases
from sampling.maths.procedure_words import Act
from sampling.models.procedure import CaseClock, SamplingCase
from sampling.queries import procedure as queries
from sampling.service.procedure.clocks import add_clock
from tests import factories
from tests.services.procedure.conftest import (
    FAIL,
    PASS,
    Cast,
    actor_of,
    at,
    drawn_plan,
    notified,
    sampled,
    testing,
    told,
)

VECTORS = json.loads(
    (Path(__file__).resolve().parents[2] / "vectors" / "sampling-clocks" / "cases.json").read_text(
        "utf-8"
    )
)["cases"]


@pytest.mark.parametrize(
    "typed", VECTORS, ids=[f"{one['pack']} {one['rule']} {one['start']}" for one in VECTORS]
)
def test_a_clock_ends_on_the_day_counted_by_hand(
    session: Session, cast: Cast, case: SamplingCase, typed: dict[str, Any]
) -> None:
    start = date.fromisoformat(typed["start"])

    with at(typed["start"]):
        clock = add_clock(
            session, case, rule_on(session, typed["pack"], typed["rule"], start), start
        )

    assert clock is not None
    assert clock.due_on.isoformat() == typed["due"], typed["why"]
    assert (clock.opens_on and clock.opens_on.isoformat()) == typed.get("opens")


@pytest.fixture
def shandong(session: Session, cast: Cast) -> SamplingCase:
    """A case in Shandong: the province's overlay beats the base."""
    with at("2026-03-02"):
        region = factories.region(session, code="370402")
        cast.unit = factories.enterprise(session, region_id=region.id)
        cast.owner = actor_of(session, cast.owner.role, enterprise_id=cast.unit.id)
        cast.plan = drawn_plan(session, cast.unit, cast.team)
        return cast.open()


def test_in_shandong_the_laboratory_is_named_in_time_from_the_objection(
    cast: Cast, shandong: SamplingCase
) -> None:
    assert shandong.pack == "SD-IND"
    notified(cast, shandong, FAIL)
    # The test ended on 20 April: leftovers go back within 30 days.
    assert cast.due(shandong)["sample.return"] == "2026-05-20"
    with at("2026-04-22"):
        cast.do(shandong, Act.OBJECT, cast.owner, kind="conclusion", statement="不服")
    due = cast.due(shandong)
    assert due["retest.laboratory/sampled_unit"] == "2026-05-06"

    with at("2026-04-24"):
        cast.do(shandong, Act.ORDER_RETEST, objection=1, told_on="2026-04-24", items=["耐压"])
        cast.do(shandong, Act.COMPLETE_FORMALITIES, cast.owner, done_on="2026-04-24")
    # No second clock from the formalities, as in the base.
    assert cast.due(shandong)["retest.laboratory/sampled_unit"] == "2026-05-06"
    with at("2026-04-25"):
        cast.do(shandong, Act.NAME_LABORATORY, named_on="2026-04-25", laboratory="乙检验院")
    assert "retest.laboratory/sampled_unit" not in cast.due(shandong)


def test_the_return_of_samples_stands_still_while_an_objection_is_open(
    session: Session, cast: Cast, shandong: SamplingCase
) -> None:
    notified(cast, shandong, PASS)
    with at("2026-04-22"):
        cast.do(shandong, Act.OBJECT, cast.owner, kind="process", statement="抽样不随机")
        standing = {
            one.rule_id: one.standing for one in queries.case_dossier(session, shandong.no).clocks
        }
    assert standing["sample.return"] == "paused"
    with at("2026-05-02"):
        cast.do(
            shandong, Act.HANDLE_OBJECTION, objection=1, handled_on="2026-05-02",
            finding="dismissed", grounds="录像可证",
        )  # fmt: skip
        cast.night()

    assert shandong.state == "confirmed"
    # Paused for 10 days, from 22 April to 2 May: 20 May becomes 30 May, a Saturday; Monday 1 June.
    assert cast.due(shandong)["sample.return"] == "2026-06-01"


def test_the_base_pack_knows_no_return_in_days(cast: Cast, case: SamplingCase) -> None:
    notified(cast, case, PASS)

    assert "sample.return" not in cast.due(case)


def test_a_duty_that_runs_out_is_marked_once_and_a_right_never(
    session: Session, cast: Cast, case: SamplingCase
) -> None:
    sampled(cast, case, "2026-04-01")
    testing(cast, case, "2026-04-02")
    with at("2026-04-20"):
        cast.do(case, Act.REPORT, reported_on="2026-04-20", report=[cast.report], **PASS)
    for day in ("2026-04-27", "2026-04-28", "2026-04-29"):
        with at(day):
            cast.night()  # result.notify: 5 working days, 27 April

    kinds = [entry.kind for entry in queries.case_history(session, case.no)]
    assert kinds.count("clock-breached") == 1
    told(cast, case, "2026-04-29")
    with at("2026-05-30"):
        cast.do(case, Act.RECORD_RECEIPT, party="sampled_unit", received_on="2026-04-30",
                manner="post")  # fmt: skip
        cast.night()
    standing = {
        one.rule_id: (one.standing, one.breached_at is not None)
        for one in queries.case_dossier(session, case.no).clocks
    }
    assert standing == {"result.notify": ("met_late", True), "objection.raise": ("lapsed", False)}
    assert first_broken(session, queries.stream_of(case.no)) is None


def test_a_receipt_that_is_not_on_record_lets_no_result_stand(
    cast: Cast, case: SamplingCase
) -> None:
    sampled(cast, case, "2026-04-01")
    testing(cast, case, "2026-04-02")
    with at("2026-04-20"):
        cast.do(case, Act.REPORT, reported_on="2026-04-20", report=[cast.report], **FAIL)
    told(cast, case, "2026-04-20")

    with at("2026-09-01"):
        cast.night()

    assert case.state == "notified"


def test_a_day_beyond_the_loaded_holidays_is_provisional_until_they_are(
    session: Session, cast: Cast, case: SamplingCase
) -> None:
    with at("2026-12-20"):
        start = date(2026, 12, 20)
        clock = add_clock(
            session, case, rule_on(session, "CN-IND", "objection.raise", start), start
        )
        assert clock is not None
        before = (clock.due_on, clock.is_provisional)
        cast.night()

    assert before[1] is True
    assert clock.provisional_reason


def test_a_handled_objection_is_not_handled_twice(cast: Cast, case: SamplingCase) -> None:
    notified(cast, case, FAIL)
    with at("2026-04-21"):
        cast.do(case, Act.OBJECT, cast.owner, kind="process", statement="不服")
        facts = {"handled_on": "2026-04-21", "finding": "dismissed", "grounds": "可证"}
        cast.do(case, Act.HANDLE_OBJECTION, objection=1, **facts)
        with pytest.raises(ObjectionUnknown):
            cast.do(case, Act.HANDLE_OBJECTION, objection=1, **facts)


def test_the_daily_job_settles_once_however_often_it_is_sent(
    session: Session, cast: Cast, case: SamplingCase
) -> None:
    notified(cast, case, FAIL)
    with at("2026-05-07"):
        message = Message(topic="sampling.settling-due", payload={}, created_at=now())
        session.add(message)
        session.flush()
        row = JobRun(
            message_id=message.id, job="sampling.settle-cases", queue="quick",
            state=RunState.RUNNING, attempt=1, created_at=now(),
        )  # fmt: skip
        session.add(row)
        session.commit()
        run = Run(row.id, message.id, row.job, 1)

        settle_sampling_cases(run)
        with pytest.raises(Superseded):
            settle_sampling_cases(run)

    session.expire_all()
    assert case.state == "confirmed"
    announced = (
        session.execute(select(Message).where(Message.topic == "sampling.failure-confirmed"))
        .scalars()
        .all()
    )
    assert [one.payload["case_no"] for one in announced] == [case.no]
    assert announced[0].payload["failed_items"][0]["item"] == "耐压"
    open_ones = session.execute(
        select(CaseClock.rule_id).where(CaseClock.case_id == case.id, queries.running())
    ).scalars()
    assert list(open_ones) == ["failure.order"]
