"""A sampling case becomes public only as it stands, never earlier, and never for monitoring."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from core.unit_of_work import PUBLIC_ACCESS, STAFF_ACCESS, read_only
from registry.models import Enterprise
from sampling import errors
from sampling.maths.procedure_words import Act, Purpose
from sampling.models.plans import PlanPart
from sampling.models.procedure import SamplingCase
from sampling.models.publication import ResultPublication
from sampling.queries import announced, publication
from sampling.service import publishing
from sampling.service.announcing import record_case
from sampling.service.case_results import result_of_case
from tests.services.procedure.conftest import (
    FAIL,
    PASS,
    Cast,
    at,
    confirmed,
    notified,
    sampled,
    testing,
)

DAY = "2026-06-01"


def entered(cast: Cast, case: SamplingCase, **facts: Any) -> ResultPublication:
    given = {"serial": 1, "announcement_no": "7", "announced_on": date(2026, 6, 1), **facts}
    with at(DAY):
        return record_case(cast.session, cast.leader, case.no, **given)


def published(cast: Cast, case: SamplingCase, **facts: Any) -> ResultPublication:
    row = entered(cast, case, **facts)
    with at(DAY):
        return publishing.publish_record(cast.session, cast.second, row.no)


def retested(cast: Cast, case: SamplingCase) -> None:
    notified(cast, case, FAIL)
    with at("2026-04-27"):
        cast.do(case, Act.OBJECT, cast.owner, kind="conclusion", statement="不服耐压结论")
    with at("2026-04-28"):
        cast.do(case, Act.ORDER_RETEST, objection=1, told_on="2026-04-28", items=["耐压"])
    with at("2026-05-06"):
        cast.do(case, Act.COMPLETE_FORMALITIES, cast.owner, done_on="2026-05-06")
    with at("2026-05-10"):
        cast.do(case, Act.NAME_LABORATORY, named_on="2026-05-10", laboratory="乙检验院")
        cast.do(case, Act.BEGIN_RETEST, began_on="2026-05-10", testers=["M1"], retained_intact=True)


def report_retest(cast: Cast, case: SamplingCase) -> None:
    with at("2026-05-10"):
        cast.do(
            case, Act.REPORT_RETEST, reported_on="2026-05-10", report_no="FJ-1", physical="pass",
            label="not_judged", overall="pass", tested_items=1, report=[cast.report],
        )  # fmt: skip


def test_a_confirmed_case_says_itself_what_is_published(cast: Cast) -> None:
    case = confirmed(cast, FAIL)

    row = published(cast, case)

    assert (row.purpose, row.stage, row.outcome) == ("supervision", "confirmed", "fail")
    assert (row.subject, row.found_on) == ("sample:CY-1", date(2026, 4, 1))
    assert (row.enterprise_id, row.enterprise_code) == (cast.unit.id, cast.unit.code)
    assert row.columns["unit_name"] == cast.unit.name
    assert row.columns["unit_address"] == "云汐路1号"  # it failed
    assert row.columns["failed_items"] == "耐压║击穿║不击穿"
    assert row.columns["laboratory"] == "甲检验院"


def test_the_topmost_region_is_the_province_of_a_pass(cast: Cast) -> None:
    assert published(cast, confirmed(cast, PASS)).columns["unit_address"] == "云汐省"


def test_monitoring_is_never_published(cast: Cast) -> None:
    with at("2026-03-02"):
        case = cast.open(purpose=Purpose.MONITORING)
    sampled(cast, case, "2026-04-01")
    testing(cast, case, "2026-04-02")
    with at("2026-04-20"):
        cast.do(
            case, Act.REPORT_FINDINGS, reported_on="2026-04-20", report_no="FX-1",
            findings="增塑剂", report=[cast.report],
        )  # fmt: skip

    with pytest.raises(errors.NeverPublished, match=case.no):
        entered(cast, case)


def test_what_can_still_change_is_not_published(cast: Cast, case: SamplingCase) -> None:
    def refused() -> str:
        with pytest.raises(errors.NotConfirmed) as caught:
            entered(cast, case)
        return str(caught.value)

    assert "is drawn" in refused()
    sampled(cast, case, "2026-04-01")
    testing(cast, case, "2026-04-02")
    assert "is testing" in refused()
    with at("2026-04-20"):
        cast.do(case, Act.REPORT, reported_on="2026-04-20", report=[cast.report], **FAIL)
    assert "is reported" in refused()


def test_an_open_objection_and_a_void_case_publish_nothing(cast: Cast, case: SamplingCase) -> None:
    notified(cast, case, FAIL)
    with at("2026-04-21"):
        cast.do(case, Act.OBJECT, cast.owner, kind="authenticity", statement="非本单位产品")
    with pytest.raises(errors.NotConfirmed, match="objection_open"):
        entered(cast, case)
    with at("2026-04-22"):
        cast.do(
            case, Act.HANDLE_OBJECTION, objection=1, handled_on="2026-04-22", finding="upheld",
            grounds="防伪码不符",
        )  # fmt: skip
        cast.do(case, Act.UPHOLD, reason="样品真实性异议成立")
    with pytest.raises(errors.NotConfirmed, match="void"):
        entered(cast, case)


def test_after_a_retest_the_final_verdict_is_published(cast: Cast, case: SamplingCase) -> None:
    retested(cast, case)
    with pytest.raises(errors.NotConfirmed, match="retesting"):
        entered(cast, case)
    report_retest(cast, case)

    row = published(cast, case)

    assert (row.stage, row.outcome) == ("final", "pass")  # the first test had failed
    assert row.columns["failed_items"] == "/"
    assert row.columns["laboratory"] == "乙检验院"


def test_the_embargo_of_the_draw_holds_for_its_cases(cast: Cast) -> None:
    case = confirmed(cast, FAIL)
    row = entered(cast, case)
    opens = update(PlanPart).where(PlanPart.plan_id == cast.plan.id)
    cast.session.execute(opens.values(public_on=date(2026, 6, 2)))

    with at(DAY), pytest.raises(errors.StillKeptBack, match=cast.plan.no):
        publishing.publish_record(cast.session, cast.second, row.no)
    with at("2026-06-02"):
        publishing.publish_record(cast.session, cast.second, row.no)

    assert row.published_at is not None


def test_a_case_that_fell_after_it_was_entered_is_not_published(cast: Cast) -> None:
    case = confirmed(cast, FAIL)
    row = entered(cast, case)
    cast.session.execute(
        update(SamplingCase)
        .where(SamplingCase.id == case.id)
        .values(state="void", void_reason="误开", verdict=None, confirmed_at=None)
    )

    with at(DAY), pytest.raises(errors.NotConfirmed, match="void"):
        publishing.publish_record(cast.session, cast.second, row.no)


def test_a_withdrawn_result_stays_to_be_read_and_may_be_announced_again(cast: Cast) -> None:
    case = confirmed(cast, FAIL)
    row = published(cast, case)
    with pytest.raises(errors.RecordStands):
        entered(cast, case)
    assert publication.cases_to_announce(cast.session) == []
    with at(DAY):
        publishing.withdraw_record(cast.session, cast.second, row.no, reason="主体认定有误")
    cast.session.commit()

    with read_only(PUBLIC_ACCESS) as reader:
        rows = reader.execute(announced.published_records()).scalars().all()
        (seen,) = announced.public_records(reader, rows)

    assert (seen.no, seen.state, seen.withdraw_reason) == (row.no, "withdrawn", "主体认定有误")
    assert seen.columns["failed_items"] == "耐压║击穿║不击穿"
    assert [one.case_no for one in publication.cases_to_announce(cast.session)] == [case.no]
    assert published(cast, case, announcement_no="8").no != row.no


def test_a_correction_strikes_what_it_corrects(cast: Cast) -> None:
    case = confirmed(cast, FAIL)
    old = published(cast, case)
    assert [
        one.case_no for one in publication.cases_to_announce(cast.session, corrects=old.no)
    ] == [case.no]

    new = published(cast, case, corrects=old.no, reason="期号写错", announcement_no="8")

    assert (new.corrects, old.withdraw_reason) == (old.no, "期号写错")


def test_a_unit_without_a_region_is_named(cast: Cast) -> None:
    case = confirmed(cast, PASS)
    cast.session.execute(
        update(Enterprise).where(Enterprise.id == cast.unit.id).values(region_id=None)
    )

    with pytest.raises(errors.PublishedRecordInvalid) as refused:
        entered(cast, case)

    (problem,) = refused.value.fields
    assert problem.field == "case_no"
    assert cast.unit.name in str(problem)


def test_without_a_day_on_the_record_the_history_tells_when_it_was_sampled(cast: Cast) -> None:
    with at("2026-03-02"):
        case = cast.open()
    with at("2026-04-01"):
        cast.signed(case, "CY-1", content={"task_source": "市级监督抽查"})
    notified(cast, case, FAIL)
    with at("2026-05-07"):
        cast.night()
    cast.session.commit()

    with read_only(STAFF_ACCESS) as reader:
        stored = reader.get_one(SamplingCase, case.id)
        with at(DAY):
            result = result_of_case(reader, stored)

    assert (result.sampled_on, result.task_source) == (date(2026, 4, 1), "市级监督抽查")
