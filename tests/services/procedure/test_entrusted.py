"""Agency staff sample, and entrusted laboratories receive, only under a contract of that day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from registry.models import Laboratory, Person
from sampling.errors import ContractNotValid
from sampling.maths.procedure_words import Act
from sampling.models.plans import Plan
from sampling.models.procedure import SamplingCase
from sampling.service.agencies import record_contract
from tests.services.procedure.conftest import Cast, at, sampled

DAY = "2026-04-01"


def contract(cast: Cast, role: str, name: str, **facts: Any) -> None:
    values = {
        "agency_code": "91990000MA0AGENCY1", "scope": "充电器", "valid_from": date(2026, 1, 1),
        "valid_until": date(2026, 12, 31), "forbids_subcontracting": True, "content": b"%PDF",
        "file_name": "wt.pdf", "media_type": "application/pdf", **facts,
    }  # fmt: skip
    with at("2026-03-02"):
        record_contract(cast.session, cast.leader, role=role, agency_name=name, **values)


@pytest.fixture
def agency(cast: Cast) -> Laboratory:
    """The drawn team are staff of an agency, and the plan's pool says so."""
    body = Laboratory(code="L-01", name="远山检验有限公司")
    cast.session.add(body)
    cast.session.flush()
    numbers = [person.number for person in cast.team]
    cast.session.execute(
        update(Person)
        .where(Person.number.in_(numbers))
        .values(pool="agency", laboratory_id=body.id)
    )
    cast.session.execute(
        update(Plan)
        .where(Plan.id == cast.plan.id)
        .values(team={"pool": "agency", "purpose": "sampling"})
    )
    cast.session.expire_all()
    return body


def test_an_agency_without_a_contract_takes_no_sample(
    cast: Cast, case: SamplingCase, agency: Laboratory
) -> None:
    with pytest.raises(ContractNotValid, match="远山检验有限公司"):
        sampled(cast, case, DAY)

    assert case.record_no is None


@pytest.mark.parametrize(
    "facts",
    [
        {"valid_until": date(2026, 3, 31)},
        {"valid_from": date(2026, 4, 2)},
        {"category_codes": ["C9"]},
    ],
)
def test_a_contract_that_does_not_cover_the_day_or_the_product_is_none(
    cast: Cast, case: SamplingCase, agency: Laboratory, facts: dict[str, Any]
) -> None:
    contract(cast, "agency", agency.name, **facts)

    with pytest.raises(ContractNotValid):
        sampled(cast, case, DAY)


@pytest.mark.parametrize("facts", [{}, {"agency_code": "L-01"}, {"category_codes": ["C1"]}])
def test_a_contract_by_number_or_by_name_covers_the_agency(
    cast: Cast, case: SamplingCase, agency: Laboratory, facts: dict[str, Any]
) -> None:
    name = "旧名检验公司" if "agency_code" in facts else agency.name
    contract(cast, "agency", name, **facts)

    sampled(cast, case, DAY)

    assert case.state == "sampled"


def sent(cast: Cast, case: SamplingCase) -> None:
    sampled(cast, case, DAY)
    with at(DAY):
        cast.do(case, Act.SEND, cast.sampler, sent_on=DAY, laboratory="甲检验院")
        cast.do(case, Act.RECEIVE, received_on=DAY, seals_intact=True)


def test_a_laboratory_whose_contract_ended_receives_nothing(cast: Cast, case: SamplingCase) -> None:
    contract(cast, "laboratory", "甲检验院", valid_until=date(2026, 3, 31))
    contract(cast, "agency", "甲检验院")  # to sample is not to test

    with pytest.raises(ContractNotValid, match="甲检验院"):
        sent(cast, case)

    assert case.state == "in_transit"


def test_a_laboratory_under_contract_and_one_never_entrusted_receive(
    cast: Cast, case: SamplingCase
) -> None:
    contract(cast, "laboratory", "乙检验院", valid_until=date(2026, 3, 31))

    sent(cast, case)

    assert case.state == "received"
