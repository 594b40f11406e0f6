"""Events by ISO week."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.maths.weekly import (
    count_weekly,
    last_whole_week,
    monday_of,
    read_week_label,
    week_label,
)


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 1, 1)))
def test_a_week_has_one_name(day: date) -> None:
    monday = monday_of(day)

    assert monday.weekday() == 0
    assert 0 <= (day - monday).days < 7
    assert read_week_label(week_label(monday)) == monday


def test_the_last_whole_week_has_ended() -> None:
    assert last_whole_week(date(2026, 11, 24)) == date(2026, 11, 16)  # a Tuesday
    assert last_whole_week(date(2026, 11, 23)) == date(2026, 11, 16)  # a Monday


@pytest.mark.parametrize("text", ["2026-47", "2026-W54", "2026-W4", "26-W04", "2026-W1x", ""])
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_week_label(text)


def test_counts_by_hand() -> None:
    first = date(2026, 1, 5)
    second = first + timedelta(days=7)

    found = count_weekly(
        [("b",), ("a",), ("b",), ("b",), ("c",)],
        [first, second, first, second, first - timedelta(days=7)],
        [(1, 10), (2, 20), (3, 30), (4, 40), (9, 90)],
        first=first,
        last=second,
    )

    assert found.keys == (("a",), ("b",))
    assert found.values.tolist() == [[[0, 0], [2, 20]], [[4, 40], [4, 40]]]


def test_no_entries_give_no_series() -> None:
    found = count_weekly([], [], [], first=date(2026, 1, 5), last=date(2026, 1, 12))

    assert found.keys == ()
    assert found.values.shape == (0, 2, 1)


def test_weeks_that_do_not_begin_on_monday_are_refused() -> None:
    with pytest.raises(ValueError, match="Mondays"):
        count_weekly([], [], [], first=date(2026, 1, 6), last=date(2026, 1, 12))
    with pytest.raises(ValueError, match="Monday"):
        count_weekly(
            [("a",)], [date(2026, 1, 7)], [(1,)], first=date(2026, 1, 5), last=date(2026, 1, 12)
        )
