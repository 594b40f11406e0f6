"""Which past weeks speak for this week, and in which season they lie.

Weeks are indices of an unbroken weekly axis. A baseline takes, for each of the last
``years_back`` years, a window around the same time of the year; the time between two
windows is cut into equal seasons, so that the whole year can speak while only the window
speaks at the level of the week to be judged.

References
----------
Noufaily, A., Enki, D. G., Farrington, P., Garthwaite, P., Andrews, N., & Charlett, A.
(2013). An improved algorithm for outbreak detection in multiple surveillance systems.
Statistics in Medicine, 32(7), 1206-1222; section 3.2 (ten-level season factor).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

WEEKS_A_YEAR = 52


@dataclass(frozen=True, slots=True)
class WeekAxis:
    """An unbroken run of weeks, oldest first.

    Parameters
    ----------
    length : int, >= 1
        Number of weeks.
    first : date, optional
        First day of the first week. With it, the same week of an earlier year is found on
        the calendar, so that years of 53 weeks do not shift the season. Without it, a year
        is 52 weeks.
    """

    length: int
    first: date | None = None

    def __post_init__(self) -> None:
        if self.length < 1:
            raise ValueError(f"length must be at least 1 week, got {self.length}")

    def day(self, week: int) -> date | None:
        """First day of a week, or None where the axis has no calendar."""
        return None if self.first is None else self.first + timedelta(days=7 * week)


@dataclass(frozen=True, slots=True)
class ReferenceWeeks:
    """The weeks a baseline is fitted to, sorted by season then time.

    ``week`` (weeks,) holds axis indices, ``season`` (weeks,) their season 0..seasons-1;
    the last season is that of the week to be judged.
    """

    current: int
    seasons: int
    week: NDArray[np.int64]
    season: NDArray[np.int64]


def _anniversary(day: date, years: int) -> date:
    """The same day some years ago; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)


def anniversary_weeks(axis: WeekAxis, week: int, years_back: int) -> list[int]:
    """Where on the axis does the same week lie in each earlier year?

    Parameters
    ----------
    axis : WeekAxis
        The weeks at hand.
    week : int, 0 <= week < axis.length
        The week to be judged.
    years_back : int, >= 1
        How many years to look back.

    Returns
    -------
    list of int
        ``[week, week one year earlier, ...]``; negative where the axis is too short.

    Notes
    -----
    On a calendar: the week that begins nearest to the same day of the earlier year, so at
    most three days from it. Two results are then 52 or 53 weeks apart, and a year of 53
    ISO weeks does not move the season.

    Examples
    --------
    The first Mondays of 2021, 2020 and 2019 lie 52 weeks apart; 2015 had 53 weeks:

    >>> axis = WeekAxis(length=600, first=date(2012, 1, 2))
    >>> anniversary_weeks(axis, 470, 6)
    [470, 418, 366, 313, 261, 209, 157]
    """
    if not 0 <= week < axis.length:
        raise ValueError(f"week must lie on the axis of {axis.length} weeks, got {week}")
    if years_back < 1:
        raise ValueError(f"years_back must be at least 1, got {years_back}")
    day = axis.day(week)
    if day is None or axis.first is None:
        return [week - WEEKS_A_YEAR * year for year in range(years_back + 1)]
    places = [week]
    for year in range(1, years_back + 1):
        past_days = (_anniversary(day, year) - axis.first).days
        places.append((past_days + 3) // 7)
    return places


def years_available(axis: WeekAxis, week: int, *, half_window: int, at_most: int) -> int:
    """How many whole years of windows lie before a week (0..at_most)?"""
    places = anniversary_weeks(axis, week, at_most)
    return sum(1 for place in places[1:] if place - half_window >= 0)


def reference_weeks(
    axis: WeekAxis,
    week: int,
    *,
    years_back: int,
    half_window: int,
    seasons: int,
    weeks_excluded: int,
) -> ReferenceWeeks | None:
    """Which weeks, in which season, is this week compared with?

    Parameters
    ----------
    axis : WeekAxis
        The weeks at hand.
    week : int
        The week to be judged.
    years_back : int, >= 1
        Years of history.
    half_window : int, >= 0
        Weeks on each side of the same week of an earlier year.
    seasons : int, >= 1
        Levels of the season factor. 1: the windows only, as in 1996.
    weeks_excluded : int, >= 0
        The most recent weeks left out, so that a beginning outbreak does not raise its
        own baseline. The judged week itself is always left out.

    Returns
    -------
    ReferenceWeeks or None
        None where the axis does not reach back far enough.

    Raises
    ------
    ValueError
        If a year is too short for the number of seasons.

    Notes
    -----
    Weeks between two windows are dealt to ``seasons - 1`` runs of equal length; a
    remainder lengthens the earliest runs by one week each.

    References
    ----------
    Noufaily et al. (2013), section 3.2; Farrington, C. P., Andrews, N. J., Beale, A. D.,
    & Catchpole, M. A. (1996), J. R. Statist. Soc. A 159, 547-563, section 3.2.
    """
    places = anniversary_weeks(axis, week, years_back)
    if places[-1] - half_window < 0:
        return None
    last = seasons - 1
    season = np.full(week + 1, -1, dtype=np.int64)
    season[max(week - half_window, 0) : week + 1] = last
    for later, place in pairwise(places):
        season[place - half_window : place + half_window + 1] = last
        if seasons == 1:
            continue
        start = place + half_window + 1
        between = later - half_window - start
        if between < last:
            raise ValueError(
                f"seasons must leave at least one week each: {between} weeks between "
                f"windows cannot hold {last} seasons"
            )
        shorter, longer = divmod(between, last)
        lengths = np.full(last, shorter)
        lengths[:longer] += 1
        season[start : start + between] = np.repeat(np.arange(last), lengths)
    season[max(week - weeks_excluded, 0) :] = -1
    chosen = np.flatnonzero(season >= 0)
    chosen = chosen[np.argsort(season[chosen], kind="stable")]
    return ReferenceWeeks(current=week, seasons=seasons, week=chosen, season=season[chosen])
