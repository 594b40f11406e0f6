"""A recall is carried on, and its clocks with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import SYSTEM
from recall.errors import EvidenceMissing, NotThisParty, NotThisState, RecallUnknown
from recall.maths.lifecycle import Action
from recall.models import Recall
from recall.queries import files
from recall.service.clocks import recalculate_clocks
from recall.service.execution import carry_on
from recall.service.moves import possible_actions
from registry.models import Holiday
from tests.services.recall.conftest import MORNING, Cast, announced, filed

START = {"sellers_told_on": date(2026, 11, 18)}
STAGE = {"units_recovered": 120, "narrative": "已退款 120 个"}


@pytest.fixture
def running(session: Session, cast: Cast, frozen_clock: Callable[[str], Any]) -> Recall:
    """An announced recall that has begun."""
    frozen_clock(MORNING)
    recall = announced(session, cast)
    return carry_on(session, cast.producer, recall.number, Action.BEGIN, START)


def clocks(session: Session, number: str, rule_id: str) -> list[tuple[int, date, str]]:
    found = files.recall_file(session, number).deadlines
    return [(one.occurrence, one.due_on, one.standing) for one in found if one.rule_id == rule_id]


def test_a_stage_report_meets_its_clock_and_starts_the_next_from_the_same_day(
    session: Session, cast: Cast, running: Recall
) -> None:
    carry_on(session, cast.producer, running.number, Action.REPORT_STAGE, STAGE)

    # 18 February and 18 May 2027 are a Thursday and a Tuesday.
    assert clocks(session, running.number, "recall.stage-report") == [
        (1, date(2027, 2, 18), "met"),
        (2, date(2027, 5, 18), "running"),
    ]


def test_ending_stops_the_stage_reports_and_starts_the_summary(
    session: Session, cast: Cast, running: Recall
) -> None:
    facts = {"reason": "目标已达", "units_recovered": 980}
    carry_on(session, cast.producer, running.number, Action.END, facts)

    assert running.state == "active_ended"
    assert clocks(session, running.number, "recall.stage-report")[0][2] == "cancelled"
    # Wednesday 18 November + 15 working days = Wednesday 9 December.
    assert clocks(session, running.number, "recall.summary") == [(1, date(2026, 12, 9), "running")]


def test_a_stage_report_that_was_overdue_stays_overdue_after_the_end(
    session: Session, cast: Cast, running: Recall, frozen_clock: Callable[[str], Any]
) -> None:
    frozen_clock("2027-03-01T01:00:00+00:00")
    facts = {"reason": "目标已达", "units_recovered": 980}
    carry_on(session, cast.producer, running.number, Action.END, facts)

    assert clocks(session, running.number, "recall.stage-report")[0][2] == "overdue"


def test_an_overdue_clock_puts_the_recall_on_the_list(
    session: Session, cast: Cast, frozen_clock: Callable[[str], Any]
) -> None:
    frozen_clock(MORNING)
    recall = filed(session, cast.producer)
    assert files.overdue_recalls(session) == []

    frozen_clock("2026-12-01T00:00:00+00:00")  # the plan was due on Monday 30 November

    (line,) = files.overdue_recalls(session)
    assert line.number == recall.number
    assert [one.rule_id for one in line.overdue] == ["recall.plan"]
    assert line.enterprise == "云汐市充电器厂"


def test_a_recall_runs_from_report_to_summary(
    session: Session, cast: Cast, running: Recall
) -> None:
    number = running.number
    carry_on(session, cast.producer, number, Action.REPORT_STAGE, STAGE)
    carry_on(
        session, cast.producer, number, Action.END, {"reason": "目标已达", "units_recovered": 980}
    )
    carry_on(
        session,
        cast.producer,
        number,
        Action.SUMMARISE,
        {"summary": "共回收 980 个", "units_recovered": 980, "units_disposed": Decimal("980")},
    )

    assert [one.kind for one in files.history(session, number)] == [
        "report",
        "file-plan",
        "scope-traced",
        "announce",
        "begin",
        "report-stage",
        "end",
        "summarise",
    ]
    assert files.open_recalls(session) == []
    assert [line.number for line in files.my_recalls(session, cast.enterprise.id)] == [number]


@pytest.mark.parametrize(
    ("action", "facts", "refusal"),
    [
        (
            Action.SUMMARISE,
            {"summary": "a", "units_recovered": 1, "units_disposed": 1},
            NotThisState,
        ),
        (Action.REPORT_STAGE, {"units_recovered": 1, "narrative": " "}, EvidenceMissing),
        (Action.VOID, {"reason": "误报"}, NotThisParty),
    ],
)
def test_a_step_out_of_turn_is_refused(
    session: Session,
    cast: Cast,
    running: Recall,
    action: Action,
    facts: dict[str, Any],
    refusal: type[Exception],
) -> None:
    with pytest.raises(refusal):
        carry_on(session, cast.producer, running.number, action, facts)


def test_zero_recovered_units_are_a_report_too(
    session: Session, cast: Cast, running: Recall
) -> None:
    facts = {"units_recovered": 0, "narrative": "尚无退货"}
    carry_on(session, cast.producer, running.number, Action.REPORT_STAGE, facts)

    assert len(clocks(session, running.number, "recall.stage-report")) == 2


def test_another_enterprise_cannot_carry_it_on(
    session: Session, cast: Cast, running: Recall
) -> None:
    with pytest.raises(RecallUnknown):
        carry_on(session, cast.stranger, running.number, Action.REPORT_STAGE, STAGE)


def test_a_number_that_nobody_gave_is_unknown(session: Session, cast: Cast) -> None:
    with pytest.raises(RecallUnknown, match="RC-1999-0001"):
        carry_on(session, cast.leader, "RC-1999-0001", Action.VOID, {"reason": "误报"})


def test_each_party_sees_the_steps_that_are_its_own(
    session: Session, cast: Cast, running: Recall
) -> None:
    assert possible_actions(cast.producer, running) == (Action.REPORT_STAGE, Action.END)
    assert possible_actions(cast.leader, running) == (Action.VOID,)
    assert possible_actions(cast.stranger, running) == ()


def test_loading_next_years_holidays_settles_provisional_days_only(
    session: Session, cast: Cast, frozen_clock: Callable[[str], Any]
) -> None:
    frozen_clock("2026-12-29T01:00:00+00:00")
    recall = filed(session, cast.producer, found_on=date(2026, 12, 28), plan=None)
    before = clocks(session, recall.number, "recall.plan")
    session.add_all(
        Holiday(on=on, kind="off", name="试", source="试验通知", year=2027)
        for on in (date(2027, 1, 4), date(2027, 1, 5))
    )
    session.flush()

    settled = recalculate_clocks(session, SYSTEM)

    session.flush()
    # Before: 29-31 December, 4-8 and 11-12 January (1 January is the law's). After: the notice
    # gives 4 and 5 January and not the 1st, so 29-31 December, 1, 6-8 and 11-13 January.
    assert before == [(1, date(2027, 1, 12), "running")]
    assert settled == 1
    assert clocks(session, recall.number, "recall.plan") == [(1, date(2027, 1, 13), "running")]
    assert not files.recall_file(session, recall.number).deadlines[-1].provisional
    assert files.history(session, recall.number)[-1].kind == "clock-recalculated"
