"""A producer tells of a dangerous lot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.journal import first_broken
from core.outbox import Message
from recall.errors import (
    AlreadyRecalled,
    EvidenceMissing,
    FoundInTheFuture,
    InvalidGtin,
    NegativeQuantity,
    NotThisParty,
    ProductUnknown,
)
from recall.maths.lifecycle import Action
from recall.queries import files
from recall.service.execution import carry_on
from tests.services.recall.conftest import MORNING, PLAN, Cast, filed

pytestmark = pytest.mark.usefixtures("at_work")


@pytest.fixture
def at_work(frozen_clock: Callable[[str], Any]) -> None:
    frozen_clock(MORNING)


def clocks(session: Session, number: str) -> dict[str, files.DeadlineView]:
    return {one.rule_id: one for one in files.recall_file(session, number).deadlines}


def test_the_clocks_start_on_the_day_of_finding(session: Session, cast: Cast) -> None:
    # Monday 2026-11-16 + 2 working days = Wednesday 18th; + 10 = Monday 30th.
    recall = filed(session, cast.producer)

    found = clocks(session, recall.number)
    assert found["recall.serious-report"].due_on == date(2026, 11, 18)
    assert found["recall.serious-report"].standing == "met"
    assert found["recall.plan"].due_on == date(2026, 11, 30)
    assert found["recall.plan"].standing == "running"
    assert set(found) == {"recall.serious-report", "recall.plan"}


def test_every_clock_shows_its_article_and_how_well_it_is_attested(
    session: Session, cast: Cast
) -> None:
    recall = filed(session, cast.producer)

    plan = clocks(session, recall.number)["recall.plan"]
    assert (plan.citation.article, plan.citation.mark.value) == ("art. 18", "digest")
    assert plan.statutory
    assert plan.title_zh == "报告召回计划"


def test_a_report_after_its_day_is_late_and_stays_so(session: Session, cast: Cast) -> None:
    recall = filed(session, cast.producer, found_on=date(2026, 11, 10))

    assert clocks(session, recall.number)["recall.serious-report"].standing == "met_late"


def test_only_a_serious_case_has_a_clock_for_its_report(session: Session, cast: Cast) -> None:
    recall = filed(session, cast.producer, is_serious=False)

    assert set(clocks(session, recall.number)) == {"recall.plan"}


def test_a_plan_filed_at_once_meets_its_clock_and_starts_the_next(
    session: Session, cast: Cast
) -> None:
    # Filed on Wednesday 18 November: three working days end on Monday 23rd.
    recall = filed(session, cast.producer, plan=PLAN)

    found = clocks(session, recall.number)
    assert recall.state == "plan_filed"
    assert found["recall.plan"].standing == "met"
    assert found["recall.publish"].due_on == date(2026, 11, 23)


def test_a_due_day_in_a_year_without_notice_is_provisional(
    session: Session, cast: Cast, frozen_clock: Callable[[str], Any]
) -> None:
    frozen_clock("2026-12-29T01:00:00+00:00")
    recall = filed(session, cast.producer, found_on=date(2026, 12, 28))

    plan = clocks(session, recall.number)["recall.plan"]
    assert plan.provisional
    assert "2027" in (plan.provisional_reason or "")


def test_names_left_out_come_from_the_register(session: Session, cast: Cast) -> None:
    recall = filed(session, cast.producer)

    assert recall.product_id == cast.product.id
    assert (recall.product, recall.brand, recall.model) == ("充电器", "云汐", "YX-65")
    assert recall.gtin == "04006381333931"


def test_a_product_that_is_not_on_the_register_can_be_recalled_by_name(
    session: Session, cast: Cast
) -> None:
    recall = filed(session, cast.producer, gtin=None, product="加湿器")

    assert (recall.product_id, recall.gtin, recall.product) == (None, None, "加湿器")


def test_a_filing_is_on_a_chained_history_and_asks_for_the_trace(
    session: Session, cast: Cast
) -> None:
    recall = filed(session, cast.producer, plan=PLAN)

    assert [one.kind for one in files.history(session, recall.number)] == ["report", "file-plan"]
    assert first_broken(session, files.stream_of(recall.number)) is None
    topics = session.execute(select(Message.topic).order_by(Message.id)).scalars().all()
    assert topics == ["recall.moved", "recall.reported", "recall.moved"]


def test_a_telephone_number_is_not_put_on_the_chain(session: Session, cast: Cast) -> None:
    recall = filed(session, cast.producer, plan=PLAN)

    bodies = [str(one.body) for one in files.history(session, recall.number)]
    assert [body for body in bodies if PLAN.contact in body] == []


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"found_on": date(2026, 11, 19)}, FoundInTheFuture),
        ({"gtin": "4006381333930"}, InvalidGtin),
        ({"gtin": None}, ProductUnknown),
        ({"quantity": Decimal(-1)}, NegativeQuantity),
        ({"hazard": " "}, EvidenceMissing),
        ({"lot_no": ""}, EvidenceMissing),
    ],
)
def test_a_filing_that_makes_no_sense_is_refused(
    session: Session, cast: Cast, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        filed(session, cast.producer, **changes)


def test_the_same_lot_is_not_recalled_twice(session: Session, cast: Cast) -> None:
    first = filed(session, cast.producer)

    with pytest.raises(AlreadyRecalled, match=first.number):
        filed(session, cast.producer, lot_no="c 0711")


def test_after_a_void_the_lot_can_be_recalled_again(session: Session, cast: Cast) -> None:
    first = filed(session, cast.producer)
    carry_on(session, cast.leader, first.number, Action.VOID, {"reason": "误报"})

    assert filed(session, cast.producer).number != first.number


@pytest.mark.parametrize("who", ["inspector", "leader"])
def test_only_an_enterprise_files(session: Session, cast: Cast, who: str) -> None:
    with pytest.raises(NotThisParty):
        filed(session, getattr(cast, who))
