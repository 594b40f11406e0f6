"""Results become public: by two people, after the embargo, struck and never erased."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.clocks import Standing
from core.journal import JournalEntry, first_broken
from core.outbox import Message
from core.unit_of_work import (
    PUBLIC_ACCESS,
    STAFF_ACCESS,
    Access,
    read_only,
    unit_of_work,
)
from registry.service import load_packs
from sampling.errors import (
    AnotherPersonNeeded,
    NeverPublished,
    NotConfirmed,
    PlanVoid,
    PublishedRecordInvalid,
    PublishedRecordUnknown,
    RecordStands,
    RecordStateForbids,
    ResultMissing,
    StillKeptBack,
)
from sampling.maths.publication import Purpose, RecordState, Stage
from sampling.models.publication import ResultPublication
from sampling.queries import announced, publication
from sampling.service import changing, publishing
from tests.services.sampling.conftest import City, at, city
from tests.services.sampling.publishing import Desk, desk_of, drawn_plan, sample, visited

__all__ = ["at", "city"]

DAY = date(2023, 9, 15)


@pytest.fixture
def desk(session: Session) -> Desk:
    return desk_of(session)


@pytest.fixture
def found(city: City, at: Any) -> tuple[str, str]:
    """A plan and a unit of it that passed."""
    plan = drawn_plan(city, at)
    (code,) = visited(city, plan, "pass", on=DAY)
    return plan.no, code


def entered(desk: Desk, found: tuple[str, str], **facts: Any) -> ResultPublication:
    return publishing.record_inspection(
        desk.session, desk.first, *found, **{"codes": ["1"], **facts}
    )


def public(desk: Desk, found: tuple[str, str], **facts: Any) -> ResultPublication:
    row = entered(desk, found, **facts)
    return publishing.publish_record(desk.session, desk.second, row.no)


def announce(desk: Desk, result: Any = None, **facts: Any) -> ResultPublication:
    values: dict[str, Any] = {
        "serial": 1,
        "announcement_no": "2023 年第 7 期",
        "announced_on": date(2023, 9, 15),
    }
    return publishing.record_sample(
        desk.session, desk.first, result or sample(), **{**values, **facts}
    )


# ---- two people ------------------------------------------------------------------------------


def test_a_result_is_entered_by_one_and_published_by_another(
    desk: Desk, found: tuple[str, str]
) -> None:
    row = entered(desk, found)
    assert publication.state_of(row) is RecordState.PENDING

    with pytest.raises(AnotherPersonNeeded):
        publishing.publish_record(desk.session, desk.first, row.no)
    published = publishing.publish_record(desk.session, desk.second, row.no)

    assert publication.state_of(published) is RecordState.PUBLISHED
    entry = desk.session.execute(
        select(JournalEntry).where(
            JournalEntry.stream == "publication",
            JournalEntry.sequence == published.journal_sequence,
        )
    ).scalar_one()
    assert entry.body["sha256"] == published.sha256
    assert first_broken(desk.session, "publication") is None
    topics = desk.session.execute(select(Message.topic)).scalars().all()
    assert "sampling.record-published" in topics


def test_the_database_itself_refuses_one_person_for_both(
    desk: Desk, found: tuple[str, str]
) -> None:
    row = entered(desk, found)

    with pytest.raises(DBAPIError, match="two_people"), desk.session.begin_nested():
        desk.session.execute(
            update(ResultPublication)
            .where(ResultPublication.id == row.id)
            .values(reviewed_by=row.recorded_by)
        )


def test_a_returned_record_is_entered_anew_under_its_number(
    desk: Desk, found: tuple[str, str]
) -> None:
    row = entered(desk, found)
    with pytest.raises(AnotherPersonNeeded):
        publishing.return_record(desk.session, desk.first, row.no, reason="不全")
    with pytest.raises(PublishedRecordInvalid):
        publishing.return_record(desk.session, desk.second, row.no, reason=" ")
    publishing.return_record(desk.session, desk.second, row.no, reason="说明不全")
    with pytest.raises(RecordStateForbids):
        publishing.publish_record(desk.session, desk.second, row.no)

    again = entered(desk, found, statement="现场无异常")

    assert again.no == row.no
    assert (again.state, again.return_reason) == ("pending", None)


def test_a_result_is_entered_once(desk: Desk, found: tuple[str, str]) -> None:
    row = entered(desk, found)

    with pytest.raises(RecordStands) as refused:
        entered(desk, found)
    assert refused.value.no == row.no
    publishing.publish_record(desk.session, desk.second, row.no)
    with pytest.raises(RecordStands):
        entered(desk, found)


# ---- codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "codes",
    [[], ["1", "5"], ["9"], ["5", "5"], ["１"], ["1", "7.1"]],
)
def test_codes_that_contradict_each_other_are_refused(
    desk: Desk, found: tuple[str, str], codes: list[str]
) -> None:
    with pytest.raises(PublishedRecordInvalid) as refused:
        entered(desk, found, codes=codes)

    assert [each.field for each in refused.value.fields] == ["codes"]


def test_nothing_found_contradicts_a_failed_visit(city: City, at: Any, desk: Desk) -> None:
    plan = drawn_plan(city, at)
    (code,) = visited(city, plan, "fail", on=DAY)

    with pytest.raises(PublishedRecordInvalid):
        entered(desk, (plan.no, code), codes=["1"])
    row = public(desk, (plan.no, code), codes=["5", "8"])

    assert row.follow_up == "open"
    assert publishing.close_follow_up(desk.session, desk.first, row.no).follow_up == "done"
    with pytest.raises(RecordStateForbids):
        publishing.close_follow_up(desk.session, desk.first, row.no)


def test_a_unit_that_was_not_visited_has_nothing_to_publish(
    city: City, at: Any, desk: Desk
) -> None:
    plan = drawn_plan(city, at)

    with pytest.raises(ResultMissing):
        entered(desk, (plan.no, city.enterprises[0].code))


# ---- embargo ---------------------------------------------------------------------------------


def test_nothing_is_public_before_the_drawn_list_is(city: City, at: Any, desk: Desk) -> None:
    plan = drawn_plan(city, at, disclose_on=date(2023, 10, 1))
    (code,) = visited(city, plan, "pass", on=DAY)
    row = entered(desk, (plan.no, code))
    with pytest.raises(StillKeptBack) as refused:
        publishing.publish_record(desk.session, desk.second, row.no)
    assert refused.value.disclose_on == "2023-10-01"

    at("2023-09-30T15:59:59+00:00")  # 23:59:59 in China
    with pytest.raises(StillKeptBack):
        publishing.publish_record(desk.session, desk.second, row.no)
    at("2023-09-30T16:00:00+00:00")

    assert publishing.publish_record(desk.session, desk.second, row.no).state == "published"


def test_a_result_of_a_void_plan_is_not_published(
    city: City, desk: Desk, found: tuple[str, str]
) -> None:
    row = entered(desk, found)
    changing.void_plan(desk.session, desk.first, found[0], reason="程序有误")

    with pytest.raises(PlanVoid):
        publishing.publish_record(desk.session, desk.second, row.no)


@pytest.mark.parametrize(
    "stage", [Stage.REPORTED, Stage.NOTIFIED, Stage.OBJECTION_OPEN, Stage.RETESTING]
)
def test_a_sample_is_not_entered_before_it_is_confirmed(desk: Desk, stage: Stage) -> None:
    with pytest.raises(NotConfirmed):
        announce(desk, sample(stage=stage))

    assert desk.session.execute(select(func.count(ResultPublication.id))).scalar_one() == 0


def test_risk_monitoring_is_never_published(desk: Desk) -> None:
    with pytest.raises(NeverPublished):
        announce(desk, sample(purpose=Purpose.MONITORING))


def test_the_database_itself_refuses_monitoring_and_open_cases(desk: Desk) -> None:
    row = announce(desk)

    for wrong, name in (({"purpose": "monitoring"}, "purpose"), ({"stage": "retesting"}, "stage")):
        change = update(ResultPublication).where(ResultPublication.id == row.id).values(**wrong)
        with (
            pytest.raises(DBAPIError, match=f"ck_result_publication_{name}"),
            desk.session.begin_nested(),
        ):
            desk.session.execute(change)


# ---- columns ---------------------------------------------------------------------------------


def test_a_failure_is_announced_in_full(desk: Desk, at: Any) -> None:
    row = announce(desk)

    assert row.columns["unit_address"] == "甲省云汐市灯塔路 1 号"
    assert row.columns["failed_items"] == "输出电压║5.9 V║≤5.5 V、绝缘║0║≥2 MΩ"
    assert row.columns["brand"] == "/"


def test_of_a_pass_the_address_is_stored_as_its_province_only(desk: Desk, at: Any) -> None:
    row = announce(desk, sample(outcome="pass", failed_items=()))

    assert row.columns["unit_address"] == "甲省"
    assert "灯塔路" not in str({c.key: getattr(row, c.key) for c in row.__table__.columns})


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"serial": 0}, "serial"),
        ({"announcement_no": " "}, "announcement_no"),
        ({"announced_on": date(2023, 8, 31)}, "announced_on"),
    ],
)
def test_an_announcement_that_cannot_be_meant_is_refused(
    desk: Desk, facts: dict[str, Any], field: str
) -> None:
    with pytest.raises(PublishedRecordInvalid) as refused:
        announce(desk, **facts)

    assert [each.field for each in refused.value.fields] == [field]


# ---- withdrawal and correction ---------------------------------------------------------------


def test_a_withdrawn_record_stays_to_be_read_with_day_and_reason(
    desk: Desk, found: tuple[str, str], at: Any
) -> None:
    row = public(desk, found)
    with pytest.raises(PublishedRecordInvalid):
        publishing.withdraw_record(desk.session, desk.second, row.no, reason="")
    at("2023-09-20T01:00:00+00:00")
    publishing.withdraw_record(desk.session, desk.second, row.no, reason="主体认定有误")

    with read_only(PUBLIC_ACCESS) as reader:
        seen = announced.public_record(reader, row.no)

    assert (seen.state, seen.is_struck) == ("withdrawn", True)
    assert seen.withdraw_reason == "主体认定有误"
    assert seen.withdrawn_at is not None
    assert seen.withdrawn_at.date() == date(2023, 9, 20)
    with pytest.raises(RecordStateForbids):
        publishing.withdraw_record(desk.session, desk.second, row.no, reason="又")


def test_a_correction_strikes_the_old_record_once_it_is_public_itself(
    desk: Desk, found: tuple[str, str]
) -> None:
    old = public(desk, found)
    with pytest.raises(PublishedRecordInvalid):
        entered(desk, found, corrects=old.no)  # without a reason
    new = entered(desk, found, codes=["2"], corrects=old.no, reason="漏录公示问题")
    assert publication.state_of(publication.record_by_no(desk.session, old.no)) is (
        RecordState.PUBLISHED
    )

    publishing.publish_record(desk.session, desk.second, new.no)

    with read_only(PUBLIC_ACCESS) as reader:
        before = announced.public_record(reader, old.no)
        after = announced.public_record(reader, new.no)
    assert (before.state, before.corrected_by, before.withdraw_reason) == (
        "corrected",
        new.no,
        "漏录公示问题",
    )
    assert (after.state, after.corrects) == ("published", old.no)
    assert [one.code for one in before.codes] == ["1"]


def test_a_correction_names_the_record_of_the_same_result(city: City, at: Any, desk: Desk) -> None:
    plan = drawn_plan(city, at)
    first, second = visited(city, plan, "pass", on=DAY, count=2)
    old = public(desk, (plan.no, first))

    with pytest.raises(PublishedRecordInvalid) as refused:
        entered(desk, (plan.no, second), corrects=old.no, reason="错")
    assert [each.field for each in refused.value.fields] == ["corrects"]


@pytest.mark.parametrize("change", [{"outcome": "fail"}, {"statement": "改"}, {"codes": ["8"]}])
def test_a_published_record_cannot_be_changed_by_anybody(
    desk: Desk, found: tuple[str, str], change: dict[str, Any]
) -> None:
    row = public(desk, found)

    with pytest.raises(DBAPIError, match="append-only"), desk.session.begin_nested():
        desk.session.execute(
            update(ResultPublication).where(ResultPublication.id == row.id).values(**change)
        )
    with pytest.raises(DBAPIError, match="append-only"), desk.session.begin_nested():
        desk.session.execute(
            ResultPublication.__table__.delete().where(ResultPublication.id == row.id)
        )


def test_a_withdrawal_cannot_be_undone(desk: Desk, found: tuple[str, str]) -> None:
    row = public(desk, found)
    publishing.withdraw_record(desk.session, desk.second, row.no, reason="有误")

    with pytest.raises(DBAPIError, match="append-only"), desk.session.begin_nested():
        desk.session.execute(
            update(ResultPublication)
            .where(ResultPublication.id == row.id)
            .values(withdrawn_at=None, withdraw_reason=None, withdrawn_by=None)
        )


# ---- rows ------------------------------------------------------------------------------------


def test_the_public_and_enterprises_see_published_rows_only(
    city: City, at: Any, desk: Desk
) -> None:
    plan = drawn_plan(city, at)
    first, second = visited(city, plan, "pass", on=DAY, count=2)
    shown = public(desk, (plan.no, first))
    hidden = entered(desk, (plan.no, second))
    desk.session.flush()

    for access in (PUBLIC_ACCESS, Access("enterprise", hidden.enterprise_id)):
        with read_only(access) as reader:
            seen = reader.execute(select(ResultPublication.no)).scalars().all()
            with pytest.raises(PublishedRecordUnknown):
                announced.public_record(reader, hidden.no)
        assert seen == [shown.no]
    with read_only(STAFF_ACCESS) as reader:
        assert reader.execute(select(func.count(ResultPublication.id))).scalar_one() == 2


def test_the_public_cannot_write_a_record(desk: Desk, found: tuple[str, str]) -> None:
    row = public(desk, found)

    with unit_of_work(PUBLIC_ACCESS) as visitor:
        changed = visitor.execute(
            update(ResultPublication)
            .where(ResultPublication.id == row.id)
            .values(withdrawn_at=func.now(), withdraw_reason="x")
        )
        assert changed.rowcount == 0


def test_staff_rights_are_enough_for_the_whole_road(desk: Desk, found: tuple[str, str]) -> None:
    with unit_of_work(STAFF_ACCESS) as staff:
        no = publishing.record_inspection(staff, desk.first, *found, codes=["1"]).no
    with unit_of_work(STAFF_ACCESS) as staff:
        publishing.publish_record(staff, desk.second, no)
    with unit_of_work(STAFF_ACCESS) as staff:
        publishing.withdraw_record(staff, desk.second, no, reason="有误")

    with read_only(PUBLIC_ACCESS) as reader:
        assert announced.public_record(reader, no).state == "withdrawn"


# ---- the desk --------------------------------------------------------------------------------


def test_the_desk_shows_what_waits_and_what_is_late(city: City, at: Any, desk: Desk) -> None:
    load_packs(city.session)
    plan = drawn_plan(city, at)
    first, second = visited(city, plan, "pass", on=DAY, count=2)
    public(desk, (plan.no, first))

    # 20 working days after Friday 2023-09-15: the week of the National Day holiday (29 September
    # to 6 October) is free, 7 and 8 October are made up, so the last day is Tuesday 17 October:
    # 18-22 Sep (5), 25-28 Sep (9), 7-8 Oct (11), 9-13 Oct (16), 16-17 Oct (18), 18, 19 Oct (20).
    rows = {row.code: row for row in publication.desk(city.session, plan_no=plan.no)}
    assert rows[second].due_on == date(2023, 10, 19)
    assert rows[first].standing is Standing.MET
    assert rows[second].state is RecordState.MISSING

    at("2023-10-19T15:59:00+00:00")
    assert not _row(city, plan.no, second).is_overdue
    at("2023-10-19T16:00:00+00:00")

    assert _row(city, plan.no, second).is_overdue
    counts = publication.desk_counts(publication.desk(city.session))
    assert (counts.missing, counts.overdue) == (1, 1)


def _row(city: City, plan_no: str, code: str) -> publication.DeskRow:
    return next(row for row in publication.desk(city.session, plan_no=plan_no) if row.code == code)


def test_records_are_found_by_enterprise_product_day_and_outcome(desk: Desk, at: Any) -> None:
    one = announce(desk)
    two = announce(
        desk,
        sample(
            sample_no="S2",
            outcome="pass",
            failed_items=(),
            sampled_on=date(2023, 9, 10),
            unit_name="100%_棉店",
            product="棉被",
        ),
        serial=2,
    )
    for row in (one, two):
        publishing.publish_record(desk.session, desk.second, row.no)

    def nos(**search: Any) -> list[str]:
        statement = announced.published_records(**search)
        return sorted(row.no for row in desk.session.execute(statement).scalars())

    assert nos(enterprise="灯塔") == [one.no]
    assert nos(product="棉") == [two.no]
    assert nos(enterprise="100%_") == [two.no]
    assert nos(enterprise="%") == [two.no]
    assert nos(outcome="fail") == [one.no]
    assert nos(since=date(2023, 9, 5)) == [two.no]
    assert nos(until=date(2023, 9, 5)) == [one.no]
    assert nos(text="c-0711 灯塔") == [one.no]
    assert nos(kind="inspection") == []
