"""The notice: approved by a leader, public at once, found by label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Stale
from core.outbox import Message
from recall.errors import (
    DayPassed,
    NoticeNotFit,
    NotThisParty,
    NotThisState,
    RecallUnknown,
    ScopePending,
    TooManyItems,
)
from recall.maths.affected import Item, Verdict
from recall.maths.lifecycle import Action
from recall.queries import files, publications
from recall.service.execution import carry_on
from recall.service.filing import file_plan, return_plan
from recall.service.notices import preview_notice, publish_notice
from tests.services.recall.conftest import MORNING, PLAN, Cast, announced, filed, traced

pytestmark = pytest.mark.usefixtures("at_work")


@pytest.fixture
def at_work(frozen_clock: Callable[[str], Any]) -> None:
    frozen_clock(MORNING)


def test_a_published_notice_carries_the_whole_text_and_its_hash(
    session: Session, cast: Cast
) -> None:
    recall = announced(session, cast)

    public = publications.public_recall(session, recall.number)
    assert public.text.enterprise == "云汐市充电器厂"
    assert (public.text.product, public.text.brand, public.text.model) == (
        "充电器",
        "云汐",
        "YX-65",
    )
    assert [(item.gtin, item.lot) for item in public.text.items] == [("04006381333931", "C-0711")]
    assert (public.text.quantity, public.text.unit) == ("1000", "个")
    assert public.text.hazard == "过热起火"
    assert public.text.starts_on == "2026-11-20"
    assert public.sha256 == public.text.sha256()


def test_publishing_meets_its_clock_and_starts_the_three_months(
    session: Session, cast: Cast
) -> None:
    recall = announced(session, cast)

    found = {one.rule_id: one for one in files.recall_file(session, recall.number).deadlines}
    assert found["recall.publish"].standing == "met"
    # 18 November + 3 months = 18 February 2027, in a year without a notice.
    assert found["recall.stage-report"].due_on == date(2027, 2, 18)
    assert found["recall.stage-report"].provisional


def test_publishing_is_announced_to_the_house(session: Session, cast: Cast) -> None:
    recall = announced(session, cast)

    message = session.execute(
        select(Message).where(Message.topic == "recall.notice-published")
    ).scalar_one()
    assert message.payload == {"recall_id": recall.id, "number": recall.number, "edition": 1}


def test_nothing_is_published_before_the_trace_has_answered(session: Session, cast: Cast) -> None:
    recall = filed(session, cast.producer, plan=PLAN)

    with pytest.raises(ScopePending):
        publish_notice(session, cast.leader, recall.number)


def test_a_notice_that_plays_the_danger_down_is_not_published(session: Session, cast: Cast) -> None:
    recall = filed(session, cast.producer, defect="极个别产品电容耐压不足", plan=PLAN)
    traced(session, recall, cast)

    _, problems = preview_notice(session, recall.number)
    with pytest.raises(NoticeNotFit) as caught:
        publish_notice(session, cast.leader, recall.number)

    assert [problem.field for problem in problems] == ["defect"]
    assert [str(problem) for problem in caught.value.fields] == [
        "“极个别” plays the danger down: leave it out."
    ]


def test_only_a_leader_publishes(session: Session, cast: Cast) -> None:
    recall = filed(session, cast.producer, plan=PLAN)
    traced(session, recall, cast)

    for actor in (cast.producer, cast.inspector):
        with pytest.raises(NotThisParty):
            publish_notice(session, actor, recall.number)


def test_a_notice_is_published_once(session: Session, cast: Cast) -> None:
    recall = announced(session, cast)

    with pytest.raises(NotThisState):
        publish_notice(session, cast.leader, recall.number)


def test_a_notice_approved_on_an_older_version_is_refused(session: Session, cast: Cast) -> None:
    recall = filed(session, cast.producer, plan=PLAN)
    seen = recall.version
    traced(session, recall, cast)
    session.flush()

    with pytest.raises(Stale):
        publish_notice(session, cast.leader, recall.number, expected_version=seen)


def test_a_returned_plan_gets_a_new_day_and_a_new_edition(session: Session, cast: Cast) -> None:
    recall = filed(session, cast.producer, plan=PLAN)
    return_plan(
        session,
        cast.inspector,
        recall.number,
        deficiencies="缺少退款方式",
        due_on=date(2026, 11, 25),
    )
    session.flush()
    open_clocks = {
        one.rule_id: one
        for one in files.recall_file(session, recall.number).deadlines
        if one.standing == "running"
    }

    file_plan(session, cast.producer, recall.number, replace(PLAN, contact="400-820-0001"))

    session.flush()
    assert list(open_clocks) == ["recall.plan"]
    assert open_clocks["recall.plan"].due_on == date(2026, 11, 25)
    assert not open_clocks["recall.plan"].statutory
    plan = files.latest_plan(session, recall.id)
    assert plan is not None
    assert (plan.edition, plan.contact) == (2, "400-820-0001")
    assert recall.state == "plan_filed"


def test_a_plan_is_not_returned_for_a_day_that_has_passed(session: Session, cast: Cast) -> None:
    recall = filed(session, cast.producer, plan=PLAN)

    with pytest.raises(DayPassed):
        return_plan(
            session,
            cast.inspector,
            recall.number,
            deficiencies="缺",
            due_on=date(2026, 11, 18),
        )


def test_a_recall_before_its_notice_is_unknown_to_the_public(session: Session, cast: Cast) -> None:
    recall = filed(session, cast.producer, plan=PLAN)

    with pytest.raises(RecallUnknown):
        publications.public_recall(session, recall.number)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({"q": "充电器"}, True),
        ({"q": "过热 yx-65"}, True),
        ({"q": "过热 冰箱"}, False),
        ({"q": "100%"}, False),
        ({"gtin": "4006381333931"}, True),
        ({"gtin": "4006381333931", "lot": "c0711"}, True),
        ({"lot": "C-07"}, False),
        ({"q": "C-07"}, True),
        ({}, True),
    ],
)
def test_the_public_searches_by_words_gtin_and_lot(
    session: Session, cast: Cast, search: dict[str, str], found: bool
) -> None:
    announced(session, cast)

    assert bool(publications.search_public(session, **search)) is found


def test_the_public_asks_whether_its_own_is_affected(session: Session, cast: Cast) -> None:
    recall = announced(session, cast)

    answers = publications.check_items(
        session,
        [
            Item(gtin="4006381333931", lot="C-0711"),
            Item(gtin="4006381333931", lot="C-0799"),
            Item(gtin="4006381333931"),
            Item(gtin="036000291452", lot="C-0711"),
        ],
    )

    assert [one.verdict for one in answers] == [
        Verdict.AFFECTED,
        Verdict.NOT_AFFECTED,
        Verdict.CANNOT_TELL,
        Verdict.NO_MATCH,
    ]
    assert answers[0].recalls == (recall.number,)


def test_a_voided_recall_stays_readable_with_its_reason_and_affects_nobody(
    session: Session, cast: Cast
) -> None:
    recall = announced(session, cast)
    carry_on(session, cast.leader, recall.number, Action.VOID, {"reason": "批号录入错误"})

    public = publications.public_recall(session, recall.number)
    assert (public.state, public.void_reason) == ("voided", "批号录入错误")
    (answer,) = publications.check_items(session, [Item(gtin="4006381333931", lot="C-0711")])
    assert answer.verdict is Verdict.NO_MATCH


def test_too_many_items_at_once_are_refused(session: Session) -> None:
    with pytest.raises(TooManyItems):
        publications.check_items(session, [Item(lot="a")] * 1001)
