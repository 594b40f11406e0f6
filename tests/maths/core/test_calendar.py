"""Working days from dated notices."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import CalendarDay, DayKind, FixedHoliday, WorkingCalendar
from registry.maths.holidays import read_holidays

ROOT = Path(__file__).resolve().parents[3]
TABLE = read_holidays(json.loads((ROOT / "registry/packs/holidays-cn.json").read_text("utf-8")))
LAW = (FixedHoliday(1, 1, date(2014, 1, 1)), FixedHoliday(5, 2, date(2025, 1, 1)))
CHINA = WorkingCalendar.build(TABLE.days, fixed=LAW, version=TABLE.version)


def off(on: date) -> CalendarDay:
    return CalendarDay(on, DayKind.OFF, "test", "notice", on.year)


def test_a_make_up_saturday_is_worked_and_a_holiday_monday_is_not() -> None:
    assert CHINA.is_working_day(date(2026, 2, 14))
    assert not CHINA.is_working_day(date(2026, 2, 16))
    assert not CHINA.is_working_day(date(2026, 3, 7))


def test_the_extension_of_spring_festival_2020_is_in_the_table() -> None:
    # 31 January was a Friday, 1 February a make-up Saturday before the extension.
    assert not CHINA.is_working_day(date(2020, 1, 31))
    assert not CHINA.is_working_day(date(2020, 2, 1))
    assert CHINA.is_working_day(date(2020, 2, 3))


def test_the_day_of_the_event_is_not_counted() -> None:
    # Wednesday 2026-06-03: Thursday is day 1, Friday day 2, Monday day 3.
    assert CHINA.add_working_days(date(2026, 6, 3), 3).on == date(2026, 6, 8)


def test_a_day_in_a_loaded_year_is_settled() -> None:
    found = CHINA.add_working_days(date(2026, 12, 28), 3)

    assert (found.on, found.provisional, found.reason) == (date(2026, 12, 31), False, None)


def test_a_day_past_the_last_loaded_year_is_provisional_and_says_why() -> None:
    found = CHINA.add_working_days(date(2026, 12, 28), 4)

    # 1 January 2027 is a Friday and fixed by law; 2 and 3 January are a weekend.
    assert found.on == date(2027, 1, 4)
    assert found.provisional
    assert "2027" in (found.reason or "")


def test_a_search_that_only_crosses_an_unloaded_year_is_provisional_too() -> None:
    gap = WorkingCalendar(frozenset(), frozenset({2024, 2026}))

    assert gap.add_working_days(date(2024, 12, 31), 300).unloaded_years == (2025,)


def test_a_fixed_holiday_counts_only_while_the_law_gives_it() -> None:
    empty = WorkingCalendar(frozenset(), frozenset(), LAW)

    assert empty.is_working_day(date(2024, 5, 2))
    assert not empty.is_working_day(date(2028, 5, 2))


def test_the_notice_decides_in_a_loaded_year_and_not_the_law() -> None:
    calendar = WorkingCalendar(frozenset(), frozenset({2025}), LAW)

    assert calendar.is_working_day(date(2025, 1, 1))


def test_rolling_keeps_a_working_day_and_moves_a_holiday_past_its_end() -> None:
    assert CHINA.roll(date(2026, 9, 30)).on == date(2026, 9, 30)
    assert CHINA.roll(date(2026, 10, 1)).on == date(2026, 10, 8)
    assert CHINA.next_working_day(date(2026, 9, 30)).on == date(2026, 10, 8)


def test_a_day_cannot_be_off_and_make_up_at_once() -> None:
    on = date(2026, 1, 4)

    with pytest.raises(ValueError, match="off and make-up at once"):
        WorkingCalendar.build([off(on), CalendarDay(on, DayKind.MAKEUP, "t", "n", 2026)])


def test_a_period_below_one_working_day_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 working day"):
        CHINA.add_working_days(date(2026, 1, 5), 0)


def test_a_calendar_without_working_days_is_reported_and_does_not_hang() -> None:
    on = date(2000, 1, 3)
    days = [off(on + timedelta(days=i)) for i in range(4000)]

    with pytest.raises(ValueError, match="no working day"):
        WorkingCalendar.build(days).next_working_day(on)


@given(
    start=st.dates(date(2020, 1, 1), date(2026, 6, 1)),
    count=st.integers(1, 60),
)
def test_counting_back_the_working_days_of_a_period_gives_its_length(
    start: date, count: int
) -> None:
    found = CHINA.add_working_days(start, count)

    assert CHINA.working_days_between(start, found.on) == count
    assert CHINA.is_working_day(found.on)
    assert not found.provisional


@given(start=st.dates(date(2020, 1, 1), date(2028, 1, 1)), first=st.integers(1, 20))
def test_periods_add_up(start: date, first: int) -> None:
    middle = CHINA.add_working_days(start, first).on

    assert CHINA.add_working_days(middle, 7).on == CHINA.add_working_days(start, first + 7).on


@pytest.mark.shared
@pytest.mark.parametrize("year", [2020, 2021, 2023, 2024, 2026])
def test_the_table_agrees_with_an_independent_one(year: int, shared_dir: Path) -> None:
    path = shared_dir / "vectors" / "recall" / f"cn_holidays_{year}.json"
    theirs = {
        (date.fromisoformat(day["date"]), day["is_off"])
        for day in json.loads(path.read_text("utf-8"))["days"]
    }
    # The 2020 notice also names Monday 3 February as the first day of work: no make-up day.
    theirs.discard((date(2020, 2, 3), False))

    ours = {(day.on, day.kind is DayKind.OFF) for day in TABLE.days if day.year == year}

    assert ours == theirs
