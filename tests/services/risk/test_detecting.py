"""From incidents to warnings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.actors import SYSTEM
from core.outbox import Message
from risk.errors import NoData, NotAWeek, WeekNotOver
from risk.models import Incident, ModelRun, Observation, Signal
from risk.queries.runs import latest_run
from risk.queries.signals import open_signals, signal_counts, signal_detail
from risk.service.detecting import detect, request_detection
from risk.service.observing import observe, store_incidents
from tests.services.risk.histories import LAST_MONDAY, LAST_WEEK, NOW, complaints, results


@pytest.fixture(autouse=True)
def _now(frozen_clock: Any) -> None:
    frozen_clock(NOW)


def test_an_outbreak_raises_one_signal_with_what_it_stands_on(session: Session) -> None:
    store_incidents(session, complaints("990100", "C1", extra=25))
    store_incidents(session, complaints("990200", "C1", seed=2))

    run = detect(session, SYSTEM)

    (signal,) = open_signals(session)
    assert (run.series_total, run.evaluated, run.signals_raised) == (2, 2, 1)
    assert signal.number == "WS-2026-0001"
    assert (signal.source, signal.region_code, signal.week) == ("complaint", "990100", LAST_WEEK)
    assert signal.observed > signal.upper > signal.expected
    assert signal.level == "red"
    detail = signal_detail(session, signal.number)
    assert detail.series["weeks"][-1] == LAST_WEEK
    assert len(detail.series["weeks"]) == 52
    assert detail.series["observed"][-1] == signal.observed
    assert detail.series["upper"][-1] == signal.upper
    assert detail.series["alarm"][-1] is True
    assert detail.counts["years"] == 5
    assert len(detail.counts["same_weeks"]) == 35
    assert detail.evidence.total == signal.observed
    assert (
        detail.reason["template"]
        .format(**detail.reason["facts"])
        .startswith(f"{signal.observed} complaints in week {LAST_WEEK}; ")
    )
    assert signal.data_through == LAST_MONDAY + timedelta(days=6)  # 30 complaints reach Sunday


def test_the_same_week_and_data_raise_nothing_twice(session: Session) -> None:
    store_incidents(session, complaints("990100", "C1", extra=25))
    first = detect(session, SYSTEM)

    second = detect(session, SYSTEM)

    assert second.id == first.id
    assert session.scalar(select(func.count()).select_from(ModelRun)) == 1
    assert session.scalar(select(func.count()).select_from(Signal)) == 1


def test_late_reports_make_a_new_pass_but_no_second_signal(session: Session) -> None:
    store_incidents(session, complaints("990100", "C1", extra=25))
    first = detect(session, SYSTEM)
    late = complaints("990100", "C1", weeks=1, mean=3.0, seed=9)
    for row in late:
        row["source_no"] = "late-" + row["source_no"]
    store_incidents(session, late)

    second = detect(session, SYSTEM)

    assert second.id != first.id
    assert (second.alarms, second.signals_raised) == (1, 0)
    assert session.scalar(select(func.count()).select_from(Signal)) == 1


def test_a_short_history_is_counted_and_not_judged(session: Session) -> None:
    store_incidents(session, complaints("990100", "C1", weeks=90, extra=50))

    run = detect(session, SYSTEM)

    assert (run.series_total, run.evaluated, run.alarms) == (1, 0, 0)
    assert run.not_judged == {"too-little-history": 1}


def test_every_series_is_accounted_for(session: Session) -> None:
    store_incidents(session, complaints("990100", "C1"))
    store_incidents(session, complaints("990200", "C1", mean=0.05, seed=4))
    store_incidents(session, complaints("990100", "C1", mean=1.0, kind="injury", seed=5))

    run = detect(session, SYSTEM)

    assert run.series_total == run.evaluated + sum(run.not_judged.values()) == 3
    assert run.not_judged["too-few-recent-cases"] >= 1


def test_a_source_that_has_fallen_silent_is_not_judged(session: Session) -> None:
    store_incidents(session, complaints("990100", "C1", last=LAST_MONDAY - timedelta(weeks=3)))

    run = detect(session, SYSTEM)

    assert run.not_judged == {"no-count": 1}
    assert run.evaluated == 0


def test_failures_are_judged_against_the_number_inspected(session: Session) -> None:
    observe(session, SYSTEM, results=results("990100", "C1", failing_now=12))

    run = detect(session, SYSTEM)

    (signal,) = open_signals(session)
    assert run.evaluated == 1
    assert (signal.source, signal.observed, signal.population) == ("inspection", 12, 20)
    detail = signal_detail(session, signal.number)
    assert [row.failing for row in detail.evidence.rows] == [12]
    # Weeks without an inspection carry no weight and no line in the chart.
    assert detail.series["judgement"].count("nothing-under-observation") == 5


def test_a_result_told_twice_is_kept_once(session: Session) -> None:
    rows = results("990100", "C1", weeks=20)
    observe(session, SYSTEM, results=rows)

    added = observe(session, SYSTEM, results=rows)

    assert added == 0
    assert session.scalar(select(func.count()).select_from(Observation)) == 18


def test_a_past_week_can_be_judged_as_it_stood(session: Session) -> None:
    store_incidents(session, complaints("990100", "C1", extra=25))

    run = detect(session, SYSTEM, "2026-W45")

    assert run.week == date(2026, 11, 2)
    assert run.data_through is not None
    assert date(2026, 11, 2) <= run.data_through <= date(2026, 11, 8)
    assert run.alarms == 0


def test_a_week_that_still_runs_is_refused(session: Session) -> None:
    with pytest.raises(WeekNotOver) as refusal:
        detect(session, SYSTEM, "2026-W47")

    assert refusal.value.ends_on == "2026-11-22"
    with pytest.raises(NotAWeek):
        request_detection(session, SYSTEM, "next week")


def test_nothing_recorded_is_said(session: Session) -> None:
    with pytest.raises(NoData):
        detect(session, SYSTEM)
    assert latest_run(session) is None


def test_new_signals_are_announced_once(session: Session) -> None:
    store_incidents(session, complaints("990100", "C1", extra=25))
    detect(session, SYSTEM)
    detect(session, SYSTEM)

    messages = session.scalars(select(Message).where(Message.topic == "risk.signals-raised")).all()

    (message,) = messages
    assert message.payload["week"] == LAST_WEEK
    assert message.payload["signal_numbers"] == ["WS-2026-0001"]
    assert message.payload["levels"] == {"red": 1}


def test_progress_is_told_and_a_cancelled_pass_leaves_nothing(session: Session) -> None:
    from risk.service.judging import judge
    from risk.service.series import chosen_week, load_series

    store_incidents(session, complaints("990100", "C1", extra=25))
    told: list[tuple[str, int, int]] = []

    class Stopped(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))
        if stage == "history":
            raise Stopped

    with pytest.raises(Stopped):
        judge(load_series(session, chosen_week(None)), progress=stop)

    assert told == [("fit", 0, 1), ("fit", 1, 1), ("history", 0, 1)]
    assert session.scalar(select(func.count()).select_from(ModelRun)) == 0


def test_the_most_urgent_signal_has_the_first_number(session: Session) -> None:
    store_incidents(session, complaints("990100", "C1", extra=12))
    store_incidents(session, complaints("990200", "C1", extra=40, seed=2))

    detect(session, SYSTEM)

    by_number = sorted(open_signals(session), key=lambda signal: signal.number)
    assert [signal.region_code for signal in by_number] == ["990200", "990100"]
    counts = signal_counts(session)
    assert counts.new == 2
    assert sum(counts.open_by_level.values()) == 2


def test_a_pass_and_a_decision_cannot_be_rewritten(session: Session) -> None:
    store_incidents(session, complaints("990100", "C1"))
    detect(session, SYSTEM)

    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(update(ModelRun).values(alarms=99))


def test_incidents_count_on_the_day_they_happened(session: Session) -> None:
    rows = complaints("990100", "C1", weeks=1, mean=3.0)
    for row in rows:
        row["occurred_on"] = LAST_MONDAY - timedelta(days=7)
    store_incidents(session, rows)

    days = set(session.scalars(select(Incident.on)))

    assert days == {LAST_MONDAY - timedelta(days=7)}
