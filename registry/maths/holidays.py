"""Holiday notices: the compact table of days off and make-up days, read into calendar days.

The table states facts of the yearly notices of the State Council (国务院办公厅关于部分节假日安排的
通知); the holidays that the law fixes by month and day are rules of the pack ``CN-CALENDAR``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from core.calendar import CalendarDay, DayKind, FixedHoliday
from registry.maths.packs import Rule

FIXED_HOLIDAY_UNIT = "month-day"


@dataclass(frozen=True, slots=True)
class HolidayTable:
    """The loaded notices.

    Parameters
    ----------
    version : str
        Name of the table, stored with due days computed from it.
    days : tuple of CalendarDay
        Every day a notice names, ascending.
    """

    version: str
    days: tuple[CalendarDay, ...]

    @property
    def years(self) -> tuple[int, ...]:
        """Years whose notice is in the table, ascending."""
        return tuple(sorted({day.year for day in self.days}))


def read_holidays(document: Mapping[str, Any]) -> HolidayTable:
    """Read the holiday table from its JSON document.

    Parameters
    ----------
    document : mapping
        ``{"version", "years": [{"year", "notices": [{"number", "url"}], "holidays": [{"name",
        "from", "to", "makeup": [...]}]}]}``; days inclusive.

    Returns
    -------
    HolidayTable
        Its days in order.

    Raises
    ------
    ValueError
        If a year has no notice or no day or comes twice, a span is reversed or lies outside its
        year and the neighbouring December, a make-up day falls on a day off, or a day comes twice.
    """
    days: dict[date, CalendarDay] = {}
    years = set[int]()
    for entry in document["years"]:
        year = int(entry["year"])
        if year in years:
            raise ValueError(f"year {year} comes twice")
        years.add(year)
        numbers = [notice["number"] for notice in entry["notices"]]
        if not numbers or not entry["holidays"]:
            raise ValueError(f"year {year} needs a notice and at least one holiday")
        for day in _days_of(year, "; ".join(numbers), entry["holidays"]):
            if day.on in days:
                raise ValueError(f"{day.on} comes twice in the table")
            days[day.on] = day
    return HolidayTable(str(document["version"]), tuple(days[on] for on in sorted(days)))


def fixed_holidays(rules: Iterable[Rule]) -> tuple[FixedHoliday, ...]:
    """Pick the holidays fixed by month and day out of rules (unit ``month-day``).

    Raises
    ------
    ValueError
        If a value is not ``MM-DD``.
    """
    found = []
    for rule in rules:
        if rule.unit != FIXED_HOLIDAY_UNIT:
            continue
        month, _, day = str(rule.value).partition("-")
        found.append(FixedHoliday(int(month), int(day), rule.valid_from, rule.valid_to))
    return tuple(found)


def _days_of(year: int, source: str, holidays: Iterable[Mapping[str, Any]]) -> list[CalendarDay]:
    days = []
    for holiday in holidays:
        name = holiday["name"]
        first, last = (date.fromisoformat(holiday[key]) for key in ("from", "to"))
        if last < first:
            raise ValueError(f"{year} {name}: ends {last} before it begins {first}")
        off = [first + timedelta(days=i) for i in range((last - first).days + 1)]
        makeup = [date.fromisoformat(text) for text in holiday.get("makeup", [])]
        for on in (*off, *makeup):
            if not date(year - 1, 12, 1) <= on <= date(year, 12, 31):
                raise ValueError(f"{year} {name}: {on} lies outside the year of the notice")
        days += [CalendarDay(on, DayKind.OFF, name, source, year) for on in off]
        days += [CalendarDay(on, DayKind.MAKEUP, name, source, year) for on in makeup]
    return days
