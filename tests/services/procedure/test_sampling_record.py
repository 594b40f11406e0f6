"""A case stands on a signed sampling record of its own unit, plan and purpose, or not at all."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sampling import errors
from sampling.maths.procedure_words import Act, Purpose
from sampling.models.procedure import SamplingCase
from sampling.queries.records import signed_records
from sampling.service.procedure.effects_result import required_parties
from sampling.service.procedure.opening import Product, record_rapid_test, sample_because
from tests import factories
from tests.services.procedure.conftest import Cast, at, drawn_plan

DAY = "2026-04-01"


def on_site(cast: Cast, case: SamplingCase) -> None:
    people = [person.number for person in cast.team]
    cast.do(case, Act.GIVE_NOTICE, cast.sampler, noticed_on=DAY, notice_no="TZ-1", samplers=people)
    cast.do(case, Act.ARRIVE, cast.sampler, arrived_on=DAY)


def sample(cast: Cast, case: SamplingCase, record_no: str) -> None:
    cast.do(
        case, Act.SAMPLE, cast.sampler, sampled_on=DAY, record_no=record_no, test_samples=3,
        retained_samples=2, seal_no="F-1",
    )  # fmt: skip


def refusal(cast: Cast, case: SamplingCase, record_no: str) -> str:
    """Why the record was refused, at its field."""
    with pytest.raises(errors.RecordNotForCase) as refused:
        sample(cast, case, record_no)
    (problem,) = refused.value.fields
    assert problem.field == "record_no"
    assert case.record_no is None
    return str(problem)


def test_a_number_that_nobody_gave_is_refused(cast: Cast, case: SamplingCase) -> None:
    with at(DAY):
        on_site(cast, case)
        words = refusal(cast, case, "CY-2026-9999")

    assert words == (
        "There is no sampling record CY-2026-9999; write and sign it at /console/records."
    )


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({}, "is still a draft; sign it at /console/records/CY-7 first."),
        ({"state": "discarded", "discard_reason": "写错"}, "was given up"),
    ],
)
def test_a_record_that_is_not_signed_is_refused(
    cast: Cast, case: SamplingCase, state: dict[str, Any], told: str
) -> None:
    draft = {"state": "draft", "sha256": None, "document": None, "signed_at": None, **state}
    with at(DAY):
        on_site(cast, case)
        cast.signed(case, "CY-7", **draft)
        assert told in refusal(cast, case, "CY-7")


def test_a_record_of_another_enterprise_is_refused(cast: Cast, case: SamplingCase) -> None:
    with at(DAY):
        on_site(cast, case)
        other = factories.enterprise(cast.session, name="别家商行")
        content = {"unit_name": "别家商行"}
        factories.signed_record(cast.session, no="CY-7", enterprise_id=other.id, content=content)
        words = refusal(cast, case, "CY-7")

    assert "别家商行" in words
    assert cast.unit.name in words


@pytest.mark.parametrize(
    ("of_case", "of_record"),
    [(Purpose.SUPERVISION, "monitoring"), (Purpose.MONITORING, "supervision")],
)
def test_monitoring_and_supervision_records_are_kept_apart(
    cast: Cast, of_case: Purpose, of_record: str
) -> None:
    with at("2026-03-02"):
        case = cast.open(purpose=of_case)
    with at(DAY):
        on_site(cast, case)
        cast.signed(case, "CY-7", purpose=of_record)
        words = refusal(cast, case, "CY-7")

    assert f"was written for “{of_record}”, the case is for “{of_case.value}”" in words


@pytest.mark.parametrize("purpose", ["special", "follow_up", "joint"])
def test_every_kind_of_supervision_record_fits(
    cast: Cast, case: SamplingCase, purpose: str
) -> None:
    with at(DAY):
        on_site(cast, case)
        cast.signed(case, "CY-7", purpose=purpose)
        sample(cast, case, "CY-7")

    assert (case.state, case.record_no) == ("sampled", "CY-7")


def test_a_record_of_another_draw_is_refused(cast: Cast, case: SamplingCase) -> None:
    with at(DAY):
        on_site(cast, case)
        other = drawn_plan(cast.session, cast.unit, cast.team)
        cast.signed(case, "CY-7", plan_id=other.id)
        cast.signed(case, "CY-8", plan_id=None, unit_code=None)
        words = [refusal(cast, case, number) for number in ("CY-7", "CY-8")]

    for each in words:
        assert f"was not written for unit {cast.unit.code} of plan {cast.plan.no}" in each


def test_two_cases_never_share_a_record(cast: Cast, case: SamplingCase) -> None:
    with at("2026-03-02"):
        second = cast.open(product=Product("插座"))
    with at(DAY):
        on_site(cast, case)
        on_site(cast, second)
        cast.signed(case, "CY-7")
        sample(cast, case, "CY-7")
        words = refusal(cast, second, "CY-7")

    assert f"is that of case {case.no}" in words


def test_a_correction_under_way_leaves_the_signed_record_usable(
    cast: Cast, case: SamplingCase
) -> None:
    draft = {"state": "draft", "sha256": None, "document": None, "signed_at": None}
    with at(DAY):
        on_site(cast, case)
        cast.signed(case, "CY-7")
        factories.signed_record(
            cast.session, no="CY-7", edition=2, correction_reason="型号写错", plan_id=case.plan_id,
            unit_code=case.unit_code, enterprise_id=case.enterprise_id, **draft,
        )  # fmt: skip
        sample(cast, case, "CY-7")

    assert case.record_no == "CY-7"


def test_signed_records_of_a_unit_are_offered_once_each(cast: Cast, case: SamplingCase) -> None:
    kept = {"enterprise_id": cast.unit.id, "sampled_on": date(2026, 4, 1)}
    drawn = {"plan_id": case.plan_id, "unit_code": case.unit_code}
    with at(DAY):
        for no, facts in (
            ("CY-1", drawn), ("CY-2", {}), ("CY-3", {**drawn, "purpose": "monitoring"}),
            ("CY-1", {**drawn, "edition": 2, "correction_reason": "型号写错"}),
        ):  # fmt: skip
            factories.signed_record(cast.session, no=no, **kept, **facts)

    assert [(one.no, one.edition) for one in signed_records(cast.session, case)] == [("CY-1", 2)]


def test_a_case_without_a_draw_stands_on_any_signed_record_of_the_unit(cast: Cast) -> None:
    with at(DAY):
        rapid = record_rapid_test(
            cast.session, cast.leader, enterprise_code=cast.unit.code, product="插座",
            item="铅", method="试纸", reading="positive", tested_on=date(2026, 4, 1),
        )  # fmt: skip
        case = sample_because(cast.session, cast.leader, rapid.no)
        on_site(cast, case)
        factories.signed_record(cast.session, no="CY-5", enterprise_id=cast.unit.id)
        assert [one.no for one in signed_records(cast.session, case)] == ["CY-5"]
        sample(cast, case, "CY-5")

    assert case.record_no == "CY-5"


@pytest.mark.parametrize(
    ("relation", "name", "told"),
    [
        ("bought", "远方电器厂", ("远方电器厂", "远方路2号", ("sampled_unit", "producer"))),
        ("commissioned", "远方电器厂", ("远方电器厂", "远方路2号", ("sampled_unit", "producer"))),
        ("own", "远方电器厂", (None, None, ("sampled_unit",))),
        ("bought", None, (None, None, ("sampled_unit",))),  # the unit itself
    ],
)
def test_producer_and_product_are_those_of_the_signed_record(
    cast: Cast, relation: str, name: str | None, told: tuple[Any, ...]
) -> None:
    with at("2026-03-02"):
        case = cast.open(product=Product(""))
    content = {
        "sampled_on": DAY,
        "product_name": "USB充电器",
        "brand": "云杉",
        "model": "YS-65W",
        "lot_no": "L2023-09",
        "producer_name": name or cast.unit.name,
        "producer_address": "远方路2号",
        "producer_relation": relation,
    }
    with at(DAY):
        on_site(cast, case)
        cast.signed(case, "CY-9", content=content)
        sample(cast, case, "CY-9")

    assert (case.product, case.brand, case.model) == ("USB充电器", "云杉", "YS-65W")
    assert case.lot_no == "L2023-09"
    named = (case.producer_name, case.producer_address, required_parties(cast.session, case))
    assert named == told


def test_what_the_step_says_of_the_producer_comes_before_the_record(cast: Cast) -> None:
    with at("2026-03-02"):
        case = cast.open()
    content = {"sampled_on": DAY, "producer_name": "近处电器厂", "producer_relation": "bought"}
    with at(DAY):
        on_site(cast, case)
        cast.signed(case, "CY-9", content=content)
        cast.do(
            case, Act.SAMPLE, cast.sampler, sampled_on=DAY, record_no="CY-9", test_samples=3,
            retained_samples=2, seal_no="F-1", producer="远方电器厂",
        )  # fmt: skip

    assert case.producer_name == "远方电器厂"
    assert case.model == "YX-65"  # as the case was opened
