"""Whole ways of a sampling case, with the days on which the clocks of the law end."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import Refusal
from sampling import errors
from sampling.maths.procedure_words import Act, Domain, Purpose
from sampling.models.procedure import SamplingCase
from sampling.queries import procedure as queries
from sampling.service.procedure.moves import carry_out
from tests.services.procedure.conftest import (
    FAIL,
    FAILED,
    PASS,
    Cast,
    at,
    notified,
    sampled,
    testing,
    told,
)

RECHECK: dict[str, Any] = {"report_no": "JY-9", "laboratory": "甲检验院"}


def test_a_pass_stands_when_nobody_objects_and_is_closed(cast: Cast, case: SamplingCase) -> None:
    notified(cast, case, PASS)
    # 20 April + 15 days = 5 May, a holiday of 2026; the next working day is 6 May.
    assert cast.due(case) == {"objection.raise/sampled_unit": "2026-05-06"}

    with at("2026-05-06", hour=23):
        cast.night()
    assert case.state == "notified"
    with at("2026-05-07", hour=5):
        cast.night()
    assert (case.state, case.verdict) == ("confirmed", "pass")
    with at("2026-05-07"):
        cast.do(case, Act.SETTLE_PASS)
        cast.do(case, Act.CLOSE_PASS, samples="returned", returned_on="2026-05-07")

    assert case.state == "closed"
    assert cast.due(case) == {}


def test_a_fail_is_corrected_and_the_recheck_passes(cast: Cast, case: SamplingCase) -> None:
    notified(cast, case, FAIL)
    with at("2026-05-07"):
        cast.night()
        assert (case.state, case.verdict) == ("confirmed", "fail")
        cast.do(case, Act.STOP_SALE, told_on="2026-05-07", order_no="TS-1")
    with at("2026-05-08"):
        cast.do(case, Act.ORDER_CORRECTION, ordered_on="2026-05-08", order_no="ZG-1")
    # 60 days from 8 May: 7 July (Tuesday); 75 days: 22 July (Wednesday).
    assert cast.due(case) == {"failure.correct": "2026-07-07", "failure.recheck": "2026-07-22"}

    with at("2026-06-20"):
        cast.do(case, Act.REPORT_CORRECTION, cast.owner, measures="更换电容")
    with at("2026-07-01"):
        cast.do(case, Act.BEGIN_RECHECK, began_on="2026-07-01")
    with at("2026-07-10"):
        cast.do(case, Act.PASS_RECHECK, reported_on="2026-07-10", report=[cast.report], **RECHECK)
        assert case.state == "resumed"
        cast.do(case, Act.CLOSE_RESUMED)

    standing = {
        one.rule_id: one.standing for one in queries.case_dossier(cast.session, case.no).clocks
    }
    assert case.state == "closed"
    assert standing == {
        "result.notify": "met",
        "objection.raise": "lapsed",
        "failure.order": "met",
        "failure.correct": "met",
        "failure.recheck": "met",
    }


def failed_and_announced(cast: Cast, case: SamplingCase) -> None:
    notified(cast, case, FAIL)
    with at("2026-05-07"):
        cast.night()
        cast.do(case, Act.STOP_SALE, told_on="2026-05-07", order_no="TS-1")
        cast.do(case, Act.ORDER_CORRECTION, ordered_on="2026-05-07", order_no="ZG-1")
        cast.do(case, Act.REPORT_CORRECTION, cast.owner, measures="更换电容")
    with at("2026-07-01"):
        cast.do(case, Act.BEGIN_RECHECK, began_on="2026-07-01")
        cast.two(
            case,
            Act.ESCALATE,
            reported_on="2026-07-01",
            report=[cast.report],
            failed_items=FAILED,
            **RECHECK,
        )
    with at("2026-07-10"):
        cast.two(
            case, Act.ANNOUNCE, announced_on="2026-07-10", announcement_no="GG-1", organ="省局"
        )


def test_a_fail_that_is_not_mended_ends_with_the_licence(cast: Cast, case: SamplingCase) -> None:
    failed_and_announced(cast, case)
    # After day 60 and before day 90 of 10 July: 9 September to 7 October, not rolled.
    (window,) = [
        one
        for one in queries.case_dossier(cast.session, case.no).clocks
        if one.rule_id == "failure.second-recheck"
    ]
    assert (str(window.opens_on), str(window.due_on)) == ("2026-09-09", "2026-10-07")

    with at("2026-09-08"), pytest.raises(errors.WindowNotOpen):
        cast.do(case, Act.BEGIN_RECHECK2, began_on="2026-09-08")
    with at("2026-09-09"):
        cast.do(case, Act.BEGIN_RECHECK2, began_on="2026-09-09")
    failed = {"report": [cast.report], "failed_items": FAILED, **RECHECK}
    with at("2026-09-20"):
        cast.two(
            case, Act.SUSPEND, reported_on="2026-09-20", order_no="TY-1", until_on="2026-11-20",
            **failed,
        )  # fmt: skip
    assert cast.due(case) == {"failure.suspension": "2026-11-20"}
    with at("2026-11-21"):
        cast.do(case, Act.BEGIN_RECHECK3, began_on="2026-11-21")
        cast.two(
            case, Act.REVOKE, reported_on="2026-11-21", decision_no="DX-1", organ="登记机关",
            **failed,
        )  # fmt: skip

    assert case.state == "licence_revoked"
    rounds = [one.round for one in queries.tests_of(cast.session, case)]
    assert rounds == ["first", "recheck", "recheck2", "recheck3"]


def test_what_is_not_corrected_in_time_may_be_escalated_without_a_recheck(
    cast: Cast, case: SamplingCase
) -> None:
    notified(cast, case, FAIL)
    with at("2026-05-07"):
        cast.night()
        cast.do(case, Act.STOP_SALE, told_on="2026-05-07", order_no="TS-1")
        cast.do(case, Act.ORDER_CORRECTION, ordered_on="2026-05-07", order_no="ZG-1")
        with pytest.raises(errors.CorrectionStillRuns):
            cast.two(case, Act.ESCALATE_UNCORRECTED, grounds="逾期不改正")
        with pytest.raises(errors.CorrectionStillRuns):
            cast.do(case, Act.BEGIN_RECHECK, began_on="2026-05-07")
    with at("2026-07-07"):  # 60 days end on 6 July, a Monday
        cast.night()
        cast.two(case, Act.ESCALATE_UNCORRECTED, grounds="逾期不改正")

    assert case.state == "escalated"
    (clock,) = [
        one
        for one in queries.case_dossier(cast.session, case.no).clocks
        if one.rule_id == "failure.correct"
    ]
    assert clock.breached_at is not None
    assert clock.standing == "overdue"


def test_an_objection_in_time_to_the_process_is_handled_and_the_result_stands(
    cast: Cast, case: SamplingCase
) -> None:
    notified(cast, case, FAIL)
    with at("2026-05-06"):  # the last day
        cast.do(case, Act.OBJECT, cast.owner, kind="process", statement="抽样不随机")
        assert case.state == "objection_open"
        with pytest.raises(errors.ObjectionKindForbids):
            cast.do(case, Act.ORDER_RETEST, objection=1, told_on="2026-05-06", items=["耐压"])
    with at("2026-05-08"):
        cast.night()
        assert case.state == "objection_open"
        cast.do(
            case, Act.HANDLE_OBJECTION, objection=1, handled_on="2026-05-08", finding="dismissed",
            grounds="录像可证",
        )  # fmt: skip
        with pytest.raises(errors.NothingUpheld):
            cast.do(case, Act.UPHOLD, reason="无")
        cast.night()

    assert (case.state, case.verdict) == ("confirmed", "fail")


def test_an_upheld_objection_makes_the_case_void(cast: Cast, case: SamplingCase) -> None:
    notified(cast, case, FAIL)
    with at("2026-04-21"):
        cast.do(case, Act.OBJECT, cast.owner, kind="authenticity", statement="非本单位产品")
        cast.do(
            case, Act.HANDLE_OBJECTION, objection=1, handled_on="2026-04-21", finding="upheld",
            grounds="防伪码不符",
        )  # fmt: skip
    with at("2026-05-30"):
        cast.night()
        assert case.state == "handled"
        with pytest.raises(errors.ObjectionUpheld):
            cast.do(case, Act.CONFIRM)
        cast.do(case, Act.UPHOLD, reason="样品真实性异议成立")

    assert (case.state, case.verdict, case.void_reason) == ("void", None, "样品真实性异议成立")


def test_an_objection_after_the_last_day_is_late(cast: Cast, case: SamplingCase) -> None:
    notified(cast, case, FAIL)

    with at("2026-05-07"), pytest.raises(errors.ObjectionLate, match="2026-05-06"):
        cast.do(case, Act.OBJECT, cast.owner, kind="conclusion", statement="不服")
    # On paper, handed in on the last day and typed a day later.
    with at("2026-05-07"):
        cast.do(
            case, Act.RECORD_OBJECTION, objector="sampled_unit", objected_on="2026-05-06",
            kind="conclusion", statement="不服",
        )  # fmt: skip

    assert case.state == "objection_open"


def retest_ordered(cast: Cast, case: SamplingCase) -> None:
    notified(cast, case, FAIL)
    with at("2026-04-27"):
        cast.do(case, Act.OBJECT, cast.owner, kind="conclusion", statement="不服耐压结论")
    with at("2026-04-28"):
        with pytest.raises(errors.NotDisputed):
            cast.do(case, Act.ORDER_RETEST, objection=1, told_on="2026-04-28", items=["外观"])
        cast.do(case, Act.ORDER_RETEST, objection=1, told_on="2026-04-28", items=["耐压"])


def test_a_retest_with_another_conclusion_supersedes_the_first(
    cast: Cast, case: SamplingCase
) -> None:
    retest_ordered(cast, case)
    # 7 days from 28 April: 5 May, a holiday; 6 May.
    assert cast.due(case) == {"retest.formalities/sampled_unit": "2026-05-06"}
    with at("2026-05-06"):
        cast.do(case, Act.COMPLETE_FORMALITIES, cast.owner, done_on="2026-05-06")
    # 10 days from 6 May: 16 May, a Saturday; Monday 18 May.
    assert cast.due(case) == {"retest.laboratory/sampled_unit": "2026-05-18"}
    with at("2026-05-10"):
        with pytest.raises(errors.SameLaboratory):
            cast.do(case, Act.NAME_LABORATORY, named_on="2026-05-10", laboratory="甲检验院")
        cast.do(case, Act.NAME_LABORATORY, named_on="2026-05-10", laboratory="乙检验院")
        with pytest.raises(errors.SamplersWouldTest):
            cast.do(
                case, Act.BEGIN_RETEST, began_on="2026-05-10", testers=[cast.team[0].number],
                retained_intact=True,
            )  # fmt: skip
        cast.do(case, Act.BEGIN_RETEST, began_on="2026-05-10", testers=["M1"], retained_intact=True)
        cast.do(
            case, Act.REPORT_RETEST, reported_on="2026-05-10", report_no="FJ-1", physical="pass",
            label="not_judged", overall="pass", tested_items=1, report=[cast.report],
        )  # fmt: skip

    assert (case.state, case.verdict, case.standing_items) == ("final", "pass", [])
    entry = queries.case_history(cast.session, case.no)[-1]
    assert entry.body["facts"]["cost_borne_by"] == "authority"
    assert [one.overall for one in queries.tests_of(cast.session, case)] == ["fail", "pass"]


def test_formalities_that_are_not_done_waive_the_retest(cast: Cast, case: SamplingCase) -> None:
    retest_ordered(cast, case)

    with at("2026-05-07"):
        with pytest.raises(errors.FormalitiesLate):
            cast.do(case, Act.COMPLETE_FORMALITIES, cast.owner, done_on="2026-05-07")
        cast.night()

    assert (case.state, case.verdict) == ("confirmed", "fail")
    assert queries.objections_of(cast.session, case)[0].outcome == "waived"


def test_a_lost_retained_sample_makes_the_first_result_final(
    cast: Cast, case: SamplingCase
) -> None:
    retest_ordered(cast, case)

    with at("2026-04-29"):
        cast.do(case, Act.END_RETEST, found_on="2026-04-29", cause="sold", detail="备样被售出")

    assert (case.state, case.verdict) == ("final", "fail")
    assert set(cast.due(case)) == {"failure.order"}


def test_where_no_retained_sample_was_kept_there_is_no_retest(
    cast: Cast, case: SamplingCase
) -> None:
    sampled(cast, case, "2026-04-01", retained_samples=0)
    testing(cast, case, "2026-04-02")
    with at("2026-04-20"):
        cast.do(case, Act.REPORT, reported_on="2026-04-20", report=[cast.report], **FAIL)
    told(cast, case, "2026-04-20")
    with at("2026-04-21"):
        cast.do(case, Act.OBJECT, cast.owner, kind="conclusion", statement="不服")

        with pytest.raises(errors.RetainedSampleGone):
            cast.do(case, Act.ORDER_RETEST, objection=1, told_on="2026-04-21", items=["耐压"])
        cast.do(case, Act.END_RETEST, found_on="2026-04-21", cause="none_kept", detail="未留备样")

    assert case.state == "final"


def test_the_producer_named_on_a_shop_sample_is_told_and_has_its_own_time(
    cast: Cast,
) -> None:
    from tests import factories
    from tests.services.procedure.conftest import Role, actor_of

    with at("2026-03-02"):
        case = cast.open(domain=Domain.SHOP)
        elsewhere = factories.region(cast.session, code="980101")
        maker = factories.enterprise(cast.session, name="远方电器厂", region_id=elsewhere.id)
        producer = actor_of(cast.session, Role.ENTERPRISE, enterprise_id=maker.id)
    sampled(cast, case, "2026-04-01", producer_code=maker.code)
    testing(cast, case, "2026-04-02")
    with at("2026-04-20"):
        cast.do(case, Act.REPORT, reported_on="2026-04-20", report=[cast.report], **FAIL)
    with pytest.raises(errors.PartiesMissing, match="authority, producer"):
        told(cast, case, "2026-04-20")
    told(cast, case, "2026-04-20", "sampled_unit", "producer", "authority", authority="远方市局")
    with at("2026-04-21"):
        cast.do(case, Act.ACKNOWLEDGE, cast.owner)
    with at("2026-04-29"):
        cast.do(case, Act.ACKNOWLEDGE, producer)
        cast.do(
            case, Act.RECORD_RECEIPT, party="authority", received_on="2026-04-29", manner="post"
        )

    # 21 April + 15 = 6 May; 29 April + 15 = 14 May: each from its own receipt.
    assert cast.due(case) == {
        "objection.raise/sampled_unit": "2026-05-06",
        "objection.raise/producer": "2026-05-14",
    }
    with at("2026-05-10"):
        cast.night()
        assert case.state == "notified"
        with pytest.raises(errors.StillOpen, match="2026-05-14"):
            cast.do(case, Act.CONFIRM)
        cast.do(case, Act.OBJECT, producer, kind="conclusion", statement="不服")
        with pytest.raises(errors.ObjectionLate):
            cast.do(case, Act.OBJECT, cast.owner, kind="conclusion", statement="不服")
        cast.do(case, Act.ORDER_RETEST, objection=1, told_on="2026-05-10", items=["耐压"])
        with pytest.raises(errors.NotTheApplicant):
            cast.do(case, Act.COMPLETE_FORMALITIES, cast.owner, done_on="2026-05-10")


def test_an_online_sample_goes_by_order_and_parcel(cast: Cast) -> None:
    with at("2026-03-02"):
        case = cast.open(domain=Domain.ONLINE, platform="云购")
    people = [person.number for person in cast.team]
    with at("2026-04-01"):
        with pytest.raises(errors.NotThisDomain):
            cast.do(case, Act.GIVE_NOTICE, noticed_on="2026-04-01", notice_no="1", samplers=people)
        cast.do(
            case, Act.PLACE_ORDER, cast.sampler, ordered_on="2026-04-01", order_no="D-1",
            shop="云汐旗舰店", platform="云购", samplers=people, screenshots=[cast.report],
        )  # fmt: skip
        assert case.told_at is None  # the seller knows nothing of who bought
        cast.do(
            case, Act.OPEN_PARCEL, cast.sampler, opened_on="2026-04-01", notice_no="TZ-2",
            video=[cast.report],
        )  # fmt: skip
        assert case.told_at is not None
        cast.signed(case, "CY-2", channel="online")
        cast.do(
            case, Act.SAMPLE, cast.sampler, sampled_on="2026-04-01", record_no="CY-2",
            test_samples=1, retained_samples=1, seal_no="F-2",
        )  # fmt: skip
    testing(cast, case, "2026-04-02")
    with at("2026-04-20"):
        cast.do(case, Act.REPORT, reported_on="2026-04-20", report=[cast.report], **PASS)
    with pytest.raises(errors.PartiesMissing, match="platform"):
        told(cast, case, "2026-04-20")
    told(cast, case, "2026-04-20", "sampled_unit", "platform")

    roles = [(one.role, one.name) for one in queries.parties_of(cast.session, case)]
    assert roles == [("sampled_unit", cast.unit.name), ("platform", "云购")]


def test_a_unit_that_refuses_is_reported_at_once(cast: Cast, case: SamplingCase) -> None:
    people = [person.number for person in cast.team]
    with at("2026-04-03"):
        cast.do(
            case, Act.GIVE_NOTICE, cast.sampler, noticed_on="2026-04-03", notice_no="TZ",
            samplers=people,
        )  # fmt: skip
        cast.do(
            case, Act.NOT_SAMPLE, cast.sampler, found_on="2026-04-03", reason="refused",
            detail="明显不合理的样品价格",
        )  # fmt: skip
    # Friday 3 April; Qingming is 4 to 6 April 2026; the next working day is Tuesday.
    assert cast.due(case) == {"sampling.report": "2026-04-07"}
    with at("2026-04-07"):
        cast.do(case, Act.REPORT_NOT_SAMPLED, cast.sampler, told_on="2026-04-07", told_to="县局")

    assert (case.state, case.not_sampled_reason) == ("not_sampled", "refused")
    assert cast.due(case) == {}


def test_a_monitoring_sample_gets_no_verdict_and_is_never_published(cast: Cast) -> None:
    with at("2026-03-02"):
        case = cast.open(purpose=Purpose.MONITORING)
    sampled(cast, case, "2026-04-01")
    testing(cast, case, "2026-04-02")
    with at("2026-04-20"):
        with pytest.raises(errors.NotThisPurpose):
            cast.do(case, Act.REPORT, reported_on="2026-04-20", report=[cast.report], **FAIL)
        cast.do(
            case, Act.REPORT_FINDINGS, reported_on="2026-04-20", report_no="FX-1",
            findings="未列入标准的增塑剂", report=[cast.report],
        )  # fmt: skip
        with pytest.raises(errors.NotThisPurpose):
            cast.do(
                case, Act.NOTIFY,
                parties=[{"role": "sampled_unit", "channel": "post", "sent_on": "2026-04-20"}],
            )  # fmt: skip
        cast.do(
            case, Act.ASSESS_RISK, assessed_on="2026-04-20", level="high", assessment="儿童可接触"
        )
        cast.do(case, Act.INFORM, informed_on="2026-04-20", letter_no="GZ-1", advice="建议改换材料")
        cast.night()

    assert (case.state, case.verdict) == ("informed", None)
    assert cast.session.execute(queries.publishable_cases()).scalars().all() == []


def test_nothing_may_be_published_before_it_stands(cast: Cast, case: SamplingCase) -> None:
    notified(cast, case, FAIL)

    def published() -> list[str]:
        return [one.no for one in cast.session.execute(queries.publishable_cases()).scalars().all()]

    assert published() == []
    with at("2026-05-07"):
        cast.night()
    assert published() == [case.no]

    (row,) = queries.publication_rows(cast.session, [case])
    assert row.failed_items == (("耐压", "击穿", "不击穿"),)
    assert (row.unit_name, row.producer_name) == (cast.unit.name, cast.unit.name)
    assert (row.record_no, row.laboratory, row.verdict) == ("CY-1", "甲检验院", "fail")


def test_a_stranger_finds_no_case(cast: Cast, case: SamplingCase) -> None:
    notified(cast, case, FAIL)

    with pytest.raises(Refusal) as refused:
        carry_out(cast.session, cast.stranger, case.no, Act.OBJECT, {})

    assert isinstance(refused.value, errors.CaseUnknown)
