"""Series of lots: verdicts are added under lock, never changed, and tell the next severity."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.actors import SYSTEM, Role
from core.errors import Stale
from core.unit_of_work import access_of, unit_of_work
from registry.errors import EnterpriseUnknown
from sampling.errors import (
    AcceptanceInvalid,
    HistoryDiffers,
    LotKnown,
    ReasonNeeded,
    SeriesClosed,
    SeriesOpen,
    SeriesUnknown,
)
from sampling.models.acceptance import AcceptanceLot, AcceptanceSeries
from sampling.queries.acceptance import series_by_no, series_detail, series_matching
from sampling.service.lot_series import close_series, next_plan, open_series, record_lot
from tests import factories

DAY = date(2026, 11, 18)


@pytest.fixture(autouse=True)
def day(frozen_clock: Callable[[str], Any]) -> None:
    frozen_clock("2026-11-18T01:00:00+00:00")


@pytest.fixture
def series(session: Session) -> AcceptanceSeries:
    """AQL 1.0, level II: lots of 2 000 need 125 items, accepted with 3."""
    return opened(session)


def opened(session: Session, **facts: Any) -> AcceptanceSeries:
    code = facts.pop("enterprise_code", None) or factories.enterprise(session).code
    values = {"product": "充电器", "characteristic": "插脚尺寸", "aql": 1.0}
    return open_series(session, SYSTEM, enterprise_code=code, **{**values, **facts})


def judged(session: Session, series: AcceptanceSeries, found: int, **facts: Any) -> AcceptanceLot:
    number = facts.pop("lot_no", f"L{series.lots + 1}")
    values = {"version": series.version, "size": 2000, "inspected_on": DAY}
    return record_lot(session, SYSTEM, series.no, lot_no=number, found=found, **{**values, **facts})


def test_a_series_begins_in_normal_inspection(session: Session, series: AcceptanceSeries) -> None:
    detail = series_detail(session, series.no)

    assert detail.summary.no == "YS-2026-0001"
    assert (detail.summary.state, detail.summary.score, detail.lots) == ("normal", 0, ())


def test_a_lot_gets_its_plan_its_verdict_and_the_clause(
    session: Session, series: AcceptanceSeries
) -> None:
    row = judged(session, series, 3, note=" 一切正常 ")

    assert (row.letter, row.sample_size, row.acceptance_number) == ("K", 125, 3)
    assert (row.is_accepted, row.rule, row.note) == (True, "9.2", "一切正常")
    assert (series.lots, series.version) == (1, 2)


def test_two_rejected_lots_tighten_the_next_one(session: Session, series: AcceptanceSeries) -> None:
    judged(session, series, 4)
    row = judged(session, series, 4)

    assert (row.rule, row.state_after, series.state) == ("9.3.1", "tightened", "tightened")
    plan = next_plan(series, 2000)
    assert plan.plan.acceptance == 2


def test_the_whole_road_down_stop_and_up_again(session: Session, series: AcceptanceSeries) -> None:
    for found in (4, 4, 3, 3, 3, 3, 3):
        judged(session, series, found)
    assert (series.state, series.is_stopped) == ("tightened", True)
    assert [each.no for each in session.scalars(series_matching(state="stopped"))] == [series.no]
    assert session.scalars(series_matching(state="tightened")).all() == []

    with pytest.raises(AcceptanceInvalid) as refused:
        judged(session, series, 0)
    assert refused.value.fields[0].field == "improved"

    assert judged(session, series, 0, improved=True).rule == "9.4 resumed"
    for _ in range(4):
        last = judged(session, series, 0)
    assert (last.rule, series.state, series.is_stopped) == ("9.3.2", "normal", False)


def test_ten_good_lots_reduce_where_it_is_allowed(session: Session) -> None:
    allowed = opened(session, reduced_allowed=True)
    for _ in range(10):
        row = judged(session, allowed, 0)

    assert (row.rule, allowed.state) == ("9.3.3.1", "reduced")
    assert judged(session, allowed, 0).sample_size == 50
    assert judged(session, allowed, 0, reduced_allowed=False).rule == "9.3.4"


def test_a_lot_is_judged_once(session: Session, series: AcceptanceSeries) -> None:
    judged(session, series, 0, lot_no="A1")

    with pytest.raises(LotKnown):
        judged(session, series, 0, lot_no=" A1 ")


def test_only_a_rejected_lot_comes_again_and_counts_for_nothing(
    session: Session, series: AcceptanceSeries
) -> None:
    judged(session, series, 4, lot_no="A1")
    row = judged(session, series, 4, lot_no="A1", original=False)
    judged(session, series, 0, lot_no="A2")

    assert (row.rule, row.state_after, series.state) == ("9.3 note", "normal", "normal")
    for number in ("A2", "A3"):  # accepted; unknown
        with pytest.raises(AcceptanceInvalid) as refused:
            judged(session, series, 0, lot_no=number, original=False)
        assert refused.value.fields[0].field == "original"


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"size": 1}, "size"),
        ({"found": 126}, "found"),
        ({"found": -1}, "found"),
        ({"inspected_on": date(2026, 11, 19)}, "inspected_on"),
        ({"inspected_on": date(2026, 11, 16)}, "inspected_on"),
        ({"lot_no": "  "}, "lot_no"),
        ({"lot_no": "x" * 201}, "lot_no"),
    ],
)
def test_lots_that_cannot_be_meant_are_named(
    session: Session, series: AcceptanceSeries, facts: dict[str, Any], field: str
) -> None:
    judged(session, series, 0, inspected_on=date(2026, 11, 17))

    with pytest.raises(AcceptanceInvalid) as refused:
        judged(session, series, facts.pop("found", 0), **facts)

    assert refused.value.fields[0].field == field
    assert series.lots == 1


@pytest.mark.parametrize(
    ("facts", "field"),
    [({"aql": 1.2}, "aql"), ({"level": "IV"}, "level"), ({"product": " "}, "product")],
)
def test_series_that_cannot_be_meant_are_named(
    session: Session, facts: dict[str, Any], field: str
) -> None:
    with pytest.raises(AcceptanceInvalid) as refused:
        opened(session, **facts)

    assert refused.value.fields[0].field == field


def test_one_open_series_for_one_thing_and_a_new_one_after_closing(session: Session) -> None:
    code = factories.enterprise(session).code
    first = opened(session, enterprise_code=code)
    with pytest.raises(SeriesOpen) as refused:
        opened(session, enterprise_code=code, product=" 充电器")
    assert refused.value.series_no == first.no

    close_series(session, SYSTEM, first.no, version=first.version, reason="工艺更改")

    assert opened(session, enterprise_code=code).no != first.no
    with pytest.raises(SeriesClosed):
        judged(session, first, 0)
    with pytest.raises(SeriesClosed):
        close_series(session, SYSTEM, first.no, version=first.version, reason="x")


def test_what_is_not_there_is_said(session: Session, series: AcceptanceSeries) -> None:
    with pytest.raises(EnterpriseUnknown):
        opened(session, enterprise_code="none")
    with pytest.raises(SeriesUnknown):
        series_by_no(session, "YS-2026-9999")
    with pytest.raises(ReasonNeeded):
        close_series(session, SYSTEM, series.no, version=series.version, reason=" ")


def test_a_verdict_made_from_an_old_view_is_refused(
    session: Session, series: AcceptanceSeries
) -> None:
    seen = series.version
    judged(session, series, 4)

    with pytest.raises(Stale):
        judged(session, series, 4, version=seen)
    with pytest.raises(Stale):
        close_series(session, SYSTEM, series.no, version=seen, reason="x")


def test_judged_lots_cannot_be_changed_or_removed(
    session: Session, series: AcceptanceSeries
) -> None:
    judged(session, series, 4)

    for statement in ("UPDATE acceptance_lot SET found = 0", "DELETE FROM acceptance_lot"):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text(statement))


def test_a_history_that_was_tampered_with_takes_no_more_lots(
    session: Session, series: AcceptanceSeries
) -> None:
    judged(session, series, 4)
    session.execute(text("ALTER TABLE acceptance_lot DISABLE TRIGGER USER"))
    session.execute(text("UPDATE acceptance_lot SET found = 2"))
    session.expire_all()

    with pytest.raises(HistoryDiffers):
        judged(session, series, 0)


def test_staff_only_sees_series(session: Session, series: AcceptanceSeries) -> None:
    judged(session, series, 0)
    firm = factories.account(session, role=Role.ENTERPRISE)
    from core.actors import Actor

    seen = {}
    for role in (Role.ENTERPRISE, Role.INSPECTOR):
        actor = Actor(firm.id, "x", role, firm.enterprise_id if role == Role.ENTERPRISE else None)
        with unit_of_work(access_of(actor)) as inside:
            seen[role] = len(inside.scalars(series_matching()).all())

    assert seen == {Role.ENTERPRISE: 0, Role.INSPECTOR: 1}


def test_of_two_people_who_judge_at_once_one_must_look_again(committed: str) -> None:
    with unit_of_work() as session:
        series = opened(session)
        series_no, version = series.no, series.version
    ready, outcomes = threading.Barrier(2), []

    def judge(found: int) -> None:
        ready.wait()
        try:
            with unit_of_work() as session:
                record_lot(
                    session,
                    SYSTEM,
                    series_no,
                    version=version,
                    lot_no=f"L{found}",
                    size=2000,
                    found=found,
                    inspected_on=DAY,
                )
            outcomes.append("judged")
        except Stale:
            outcomes.append("stale")

    threads = [threading.Thread(target=judge, args=(found,)) for found in (0, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    engine = create_engine(committed)
    with engine.connect() as connection:
        lots = connection.execute(text("SELECT count(*) FROM acceptance_lot")).scalar_one()
    engine.dispose()
    assert sorted(outcomes) == ["judged", "stale"]
    assert lots == 1
