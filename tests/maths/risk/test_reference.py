"""Which past weeks speak, and in which season."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.maths.reference import (
    WeekAxis,
    anniversary_weeks,
    reference_weeks,
    years_available,
)

CALENDAR = WeekAxis(length=900, first=date(2010, 1, 4))


def test_without_a_calendar_a_year_is_52_weeks() -> None:
    assert anniversary_weeks(WeekAxis(length=312), 300, 3) == [300, 248, 196, 144]


def test_a_year_of_53_iso_weeks_does_not_shift_the_season() -> None:
    # Monday 4 January 2021 follows 2020-W53. One year back the nearest Monday to 4 January is
    # 6 January 2020, 52 weeks earlier; six years back 5 January 2015, 313 weeks earlier.
    week = (date(2021, 1, 4) - date(2010, 1, 4)).days // 7

    places = anniversary_weeks(CALENDAR, week, 6)

    assert CALENDAR.day(places[1]) == date(2020, 1, 6)
    assert CALENDAR.day(places[6]) == date(2015, 1, 5)


def test_the_29th_of_february_looks_back_to_the_1st_of_march() -> None:
    axis = WeekAxis(length=400, first=date(2016, 2, 29) - timedelta(weeks=300))

    places = anniversary_weeks(axis, 300, 1)

    assert axis.day(places[1]) == date(2015, 3, 2)  # Monday, one day from 1 March 2015


@given(st.integers(min_value=320, max_value=899), st.integers(min_value=1, max_value=6))
def test_an_anniversary_lies_within_three_days(week: int, years: int) -> None:
    day = CALENDAR.day(week)
    assert day is not None

    found = CALENDAR.day(anniversary_weeks(CALENDAR, week, years)[years])

    same = date(day.year - years, day.month, min(day.day, 28) if day.month == 2 else day.day)
    assert found is not None
    assert abs((found - same).days) <= 3 + (day.month == 2 and day.day == 29)


def test_blocks_by_hand() -> None:
    # Week 60, one year back: 8. Windows of 1: 7..9 and 59..60. Between: 10..58, 49 weeks for
    # 4 seasons: 13, 12, 12, 12. The last 5 weeks and the week itself (55..60) are left out.
    found = reference_weeks(
        WeekAxis(length=61), 60, years_back=1, half_window=1, seasons=5, weeks_excluded=5
    )

    assert found is not None
    by_season = [found.week[found.season == season].tolist() for season in range(5)]
    assert by_season == [
        list(range(10, 23)),
        list(range(23, 35)),
        list(range(35, 47)),
        list(range(47, 55)),
        [7, 8, 9],
    ]


def test_one_season_keeps_the_windows_only() -> None:
    found = reference_weeks(
        WeekAxis(length=312), 311, years_back=5, half_window=3, seasons=1, weeks_excluded=3
    )

    assert found is not None
    assert found.week.size == 5 * 7


@given(
    st.integers(min_value=280, max_value=899),
    st.integers(min_value=1, max_value=5),
    st.integers(min_value=0, max_value=5),
    st.integers(min_value=1, max_value=12),
    st.integers(min_value=0, max_value=30),
)
def test_every_week_since_the_oldest_window_is_used_once(
    week: int, years: int, half: int, seasons: int, excluded: int
) -> None:
    found = reference_weeks(
        CALENDAR,
        week,
        years_back=years,
        half_window=half,
        seasons=seasons,
        weeks_excluded=excluded,
    )

    assert found is not None
    assert np.unique(found.week).size == found.week.size
    assert found.week.max() < max(week - excluded, 0) or excluded == 0
    assert found.week.max() < week
    if seasons > 1:
        start = anniversary_weeks(CALENDAR, week, years)[years] - half
        usable = set(range(start, week - excluded)) - set(range(week - half, week + 1))
        assert usable <= set(found.week.tolist())


def test_too_short_an_axis_has_no_reference() -> None:
    axis = WeekAxis(length=110)

    assert years_available(axis, 109, half_window=3, at_most=5) == 2
    assert years_available(axis, 106, half_window=3, at_most=5) == 1
    assert (
        reference_weeks(axis, 106, years_back=2, half_window=3, seasons=10, weeks_excluded=26)
        is None
    )


def test_more_seasons_than_weeks_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot hold 60 seasons"):
        reference_weeks(
            WeekAxis(length=312), 311, years_back=2, half_window=3, seasons=61, weeks_excluded=0
        )
