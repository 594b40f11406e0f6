"""Events on days, counted by week.

Weeks are ISO weeks: they begin on Monday, and the year of a week is that of its Thursday.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray


def monday_of(day: date) -> date:
    """First day of the ISO week of a day."""
    return day - timedelta(days=day.weekday())


def week_label(monday: date) -> str:
    """Name of a week.

    Examples
    --------
    >>> week_label(date(2021, 1, 4)), week_label(date(2020, 12, 28))
    ('2021-W01', '2020-W53')
    """
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"


def read_week_label(label: str) -> date:
    """Monday of a named week.

    Raises
    ------
    ValueError
        If the text is not like "2026-W47" or the year has no such week.
    """
    year, separator, week = label.partition("-W")
    if separator != "-W" or len(year) != 4 or len(week) != 2 or not (year + week).isdecimal():
        raise ValueError(f"{label!r} is not a week; write it like 2026-W47")
    return date.fromisocalendar(int(year), int(week), 1)


def last_whole_week(day: date) -> date:
    """Monday of the last week that has ended before a day."""
    return monday_of(day) - timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WeeklyCounts:
    """Sums by series and week.

    ``keys``: the series, in order; ``first``: Monday of the first week; ``values``:
    (series, weeks, quantities).
    """

    keys: tuple[tuple[str, ...], ...]
    first: date
    values: NDArray[np.int64]


def count_weekly(
    keys: Sequence[tuple[str, ...]],
    mondays: Sequence[date],
    amounts: Sequence[Sequence[int]],
    *,
    first: date,
    last: date,
) -> WeeklyCounts:
    """How much of each quantity fell into each week of each series?

    Parameters
    ----------
    keys : sequence of tuple
        Series of each entry.
    mondays : sequence of date
        Week of each entry, by its Monday.
    amounts : sequence (entries) of sequence (quantities) of int, >= 0
        What to add up.
    first, last : date
        Mondays of the first and the last week of the axis; entries outside are left out.

    Returns
    -------
    WeeklyCounts
        Series sorted by key; a series all of whose entries lie outside is left out.

    Raises
    ------
    ValueError
        If a week does not begin on a Monday, or the axis is empty.
    """
    if first.weekday() or last.weekday() or last < first:
        raise ValueError(f"first and last must be Mondays in order, got {first} and {last}")
    length = (last - first).days // 7 + 1
    inside = [place for place, monday in enumerate(mondays) if first <= monday <= last]
    ordered = sorted({keys[place] for place in inside})
    number = {key: index for index, key in enumerate(ordered)}
    quantities = len(amounts[0]) if amounts else 1
    values = np.zeros((len(ordered), length, quantities), dtype=np.int64)
    if inside:
        rows = np.array([number[keys[place]] for place in inside])
        weeks = np.array([(mondays[place] - first).days for place in inside])
        if (weeks % 7).any():
            raise ValueError("every week must be given by its Monday")
        np.add.at(values, (rows, weeks // 7), np.array([amounts[place] for place in inside]))
    return WeeklyCounts(tuple(ordered), first, values)
