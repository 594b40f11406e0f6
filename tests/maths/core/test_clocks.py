"""Legal clocks: how Chinese law counts."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import WorkingCalendar
from core.clocks import (
    CIVIL_TIME,
    Due,
    Pause,
    Period,
    PeriodKind,
    Standing,
    add_months,
    breached_at,
    due,
    standing,
)
from registry.maths.holidays import read_holidays

ROOT = Path(__file__).resolve().parents[3]
TABLE = read_holidays(json.loads((ROOT / "registry/packs/holidays-cn.json").read_text("utf-8")))
CHINA = WorkingCalendar.build(TABLE.days, version=TABLE.version)
VECTORS: dict[str, Any] = json.loads((ROOT / "tests/vectors/deadlines/cn.json").read_text("utf-8"))


def working_days(count: int) -> Period:
    return Period(PeriodKind.WORKING_DAYS, count)


def calendar_days(count: int, *, rolls: bool = True) -> Period:
    return Period(PeriodKind.CALENDAR_DAYS, count, rolls=rolls)


def months(count: int, *, repeats: bool = False) -> Period:
    return Period(PeriodKind.MONTHS, count, repeats=repeats)


def case_due(case: dict[str, Any]) -> Due:
    count = case["n"]
    period = working_days(count) if case["unit"] == "workday" else months(count)
    return due(period, date.fromisoformat(case["event"]), CHINA)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: f"{case['event']}+{case['n']}")
def test_due_days_agree_with_the_reference(case: dict[str, Any]) -> None:
    found = case_due(case)

    assert found.due_on == date.fromisoformat(case["due"])
    assert not found.provisional


@pytest.mark.shared
def test_all_due_days_of_the_reference_set_agree(shared_dir: Path) -> None:
    path = shared_dir / "vectors" / "recall" / "cn_deadlines.json"
    cases = json.loads(path.read_text("utf-8"))["cases"]

    wrong = [case for case in cases if case_due(case).due_on.isoformat() != case["due"]]

    assert len(cases) == 1636
    assert wrong == []


def test_a_month_ends_on_the_corresponding_day_else_on_the_last() -> None:
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2023, 11, 30), 3) == date(2024, 2, 29)
    assert add_months(date(2023, 12, 15), 1) == date(2024, 1, 15)


def test_month_ends_do_not_drift_over_the_returns_of_a_duty() -> None:
    quarterly = months(3, repeats=True)
    start = date(2025, 8, 31)

    ends = [due(quarterly, start, CHINA, occurrence=k).due_on for k in (1, 2, 3)]

    # 30 November 2025 is a Sunday, 28 February 2026 a make-up Saturday, 31 May 2026 a Sunday.
    assert ends == [date(2025, 12, 1), date(2026, 2, 28), date(2026, 6, 1)]


def test_calendar_days_roll_off_a_holiday_unless_told_not_to() -> None:
    # 15 days after 2026-09-20 is 5 October, inside the holiday of 1-7 October.
    assert due(calendar_days(15), date(2026, 9, 20), CHINA).due_on == date(2026, 10, 8)
    assert due(calendar_days(15, rolls=False), date(2026, 9, 20), CHINA).due_on == date(2026, 10, 5)


def test_the_last_day_ends_at_midnight_in_china() -> None:
    found = due(working_days(1), date(2026, 6, 3), CHINA)

    assert found.expires_at == datetime(2026, 6, 4, 16, tzinfo=UTC)


def test_an_event_late_in_the_utc_day_belongs_to_the_next_day_in_china() -> None:
    evening = datetime(2026, 6, 3, 17, tzinfo=UTC)  # 01:00 on 4 June in China

    assert due(working_days(1), evening, CHINA).due_on == date(2026, 6, 5)


def test_hours_run_through_holidays_from_the_moment() -> None:
    start = datetime(2026, 10, 1, 9, 30, tzinfo=CIVIL_TIME)

    found = due(Period(PeriodKind.HOURS, 24), start, CHINA)

    assert found.expires_at == start + timedelta(hours=24)
    assert found.due_on == date(2026, 10, 2)


def test_hours_that_end_at_midnight_belong_to_the_day_that_ended() -> None:
    start = datetime(2026, 10, 1, 0, 0, tzinfo=CIVIL_TIME)

    assert due(Period(PeriodKind.HOURS, 24), start, CHINA).due_on == date(2026, 10, 1)


def test_hours_need_a_moment_with_a_time_zone() -> None:
    with pytest.raises(ValueError, match="aware datetime"):
        due(Period(PeriodKind.HOURS, 24), date(2026, 1, 5), CHINA)
    with pytest.raises(ValueError, match="time zone"):
        due(Period(PeriodKind.HOURS, 24), datetime(2026, 1, 5, 9), CHINA)  # noqa: DTZ001 - the case


def test_a_window_after_day_60_and_before_day_90_is_days_61_to_89() -> None:
    start = date(2026, 3, 2)

    found = due(Period(PeriodKind.WINDOW, 90, after=60, rolls=False), start, CHINA)

    assert found.opens_on == start + timedelta(days=61)
    assert found.due_on == start + timedelta(days=89)


@pytest.mark.parametrize(
    "arguments",
    [
        {"kind": PeriodKind.WINDOW, "count": 90},
        {"kind": PeriodKind.WINDOW, "count": 61, "after": 60},
        {"kind": PeriodKind.MONTHS, "count": 3, "after": 1},
        {"kind": PeriodKind.HOURS, "count": 0},
        {"kind": PeriodKind.WINDOW, "count": 90, "after": 60, "repeats": True},
    ],
)
def test_a_period_that_makes_no_sense_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Period(**arguments)


def test_a_pause_makes_calendar_days_longer_by_its_days() -> None:
    start = date(2026, 6, 1)
    pause = Pause(date(2026, 6, 3), date(2026, 6, 8))  # 5 days

    found = due(calendar_days(10, rolls=False), start, CHINA, pauses=[pause])

    assert found.due_on == date(2026, 6, 16)


def test_paused_working_days_are_skipped_and_overlaps_count_once() -> None:
    start = date(2026, 6, 1)  # a Monday; unpaused, 3 working days end on Thursday 4 June
    pauses = [
        Pause(date(2026, 6, 2), date(2026, 6, 3)),
        Pause(date(2026, 6, 2), date(2026, 6, 4)),
    ]

    # Tuesday counts, Wednesday and Thursday are paused, Friday is day 2, Monday 8 June day 3.
    assert due(working_days(3), start, CHINA, pauses=pauses).due_on == date(2026, 6, 8)


def test_a_pause_after_the_end_changes_nothing() -> None:
    pause = Pause(date(2026, 7, 1), date(2026, 7, 9))

    assert due(working_days(3), date(2026, 6, 1), CHINA, pauses=[pause]).due_on == date(2026, 6, 4)


def test_an_open_pause_gives_the_earliest_possible_day_and_says_so() -> None:
    found = due(
        working_days(3),
        date(2026, 6, 1),
        CHINA,
        pauses=[Pause(date(2026, 6, 2))],
        as_of=date(2026, 6, 10),
    )

    assert (found.due_on, found.paused, found.provisional) == (date(2026, 6, 12), True, True)
    assert "paused" in (found.reason or "")


def test_an_open_pause_needs_the_day_on_which_it_is_looked_at() -> None:
    with pytest.raises(ValueError, match="as_of"):
        due(working_days(3), date(2026, 6, 1), CHINA, pauses=[Pause(date(2026, 6, 2))])


def test_a_due_day_past_the_last_loaded_year_is_provisional_across_new_year() -> None:
    found = due(working_days(10), date(2026, 12, 28), CHINA)

    assert found.provisional
    assert "2027" in (found.reason or "")


def test_a_month_clock_is_provisional_only_by_the_day_it_ends_on() -> None:
    assert not due(months(3), date(2026, 9, 28), CHINA).provisional
    assert due(months(3), date(2026, 10, 28), CHINA).provisional


def test_only_a_returning_duty_has_a_second_occurrence() -> None:
    with pytest.raises(ValueError, match="does not return"):
        due(months(3), date(2026, 1, 5), CHINA, occurrence=2)


FOUND = due(working_days(3), date(2026, 6, 1), CHINA)  # due 4 June, expires 16:00 UTC
LAST_SECOND = datetime(2026, 6, 4, 15, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "met_at", "expected", "breached"),
    [
        (LAST_SECOND, None, Standing.RUNNING, False),
        (FOUND.expires_at, None, Standing.OVERDUE, True),
        (FOUND.expires_at, LAST_SECOND, Standing.MET, False),
        (FOUND.expires_at, FOUND.expires_at, Standing.MET_LATE, True),
    ],
)
def test_how_a_clock_stands(
    now: datetime, met_at: datetime | None, expected: Standing, breached: bool
) -> None:
    assert standing(FOUND, now=now, met_at=met_at) is expected
    assert breached_at(FOUND, now=now, met_at=met_at) == (FOUND.expires_at if breached else None)


def test_a_window_waits_and_an_act_before_it_opens_is_early() -> None:
    window = due(Period(PeriodKind.WINDOW, 90, after=60), date(2026, 3, 2), CHINA)
    before = datetime(2026, 4, 1, 2, tzinfo=UTC)

    assert standing(window, now=before) is Standing.WAITING
    assert standing(window, now=before, met_at=before) is Standing.MET_EARLY


@given(
    start=st.dates(date(2020, 1, 1), date(2026, 6, 1)),
    count=st.integers(1, 120),
    kind=st.sampled_from([PeriodKind.WORKING_DAYS, PeriodKind.CALENDAR_DAYS]),
)
def test_a_longer_period_never_ends_earlier_and_ends_on_a_working_day(
    start: date, count: int, kind: PeriodKind
) -> None:
    shorter = due(Period(kind, count), start, CHINA).due_on
    longer = due(Period(kind, count + 1), start, CHINA).due_on

    assert start < shorter <= longer
    assert CHINA.is_working_day(shorter)


@given(
    start=st.dates(date(2020, 1, 1), date(2025, 6, 1)),
    count=st.integers(1, 90),
    after=st.integers(0, 100),
    length=st.integers(0, 100),
)
def test_a_pause_never_makes_a_period_shorter(
    start: date, count: int, after: int, length: int
) -> None:
    since = start + timedelta(days=after)
    pause = Pause(since, since + timedelta(days=length))

    plain = due(working_days(count), start, CHINA).due_on
    paused = due(working_days(count), start, CHINA, pauses=[pause]).due_on

    assert plain <= paused <= due(working_days(count + length), start, CHINA).due_on
