"""Working days of a jurisdiction, from dated notices: which day is worked, which day is due.

Pure: standard library only. The days themselves are data (``registry/packs/holidays-cn.json``),
never constants here, because the State Council fixes each year's holidays (法定节假日) and
make-up days (调休) by a notice of its own, usually in the November before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

# Five working days a week: 国务院关于职工工作时间的规定 (State Council Order 174 of 1995), art. 7.
SATURDAY = 5

# A search that runs this far without a working day has wrong data, not a long holiday.
LONGEST_SEARCH_DAYS = 3660


class DayKind(StrEnum):
    """What a notice says about a day that the week alone would not tell."""

    OFF = "off"
    MAKEUP = "makeup"


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day named by a notice: off, or worked to make up for a day off.

    Parameters
    ----------
    on : date
        The civil day.
    kind : DayKind
        ``off`` (放假) or ``makeup`` (上班).
    name : str
        The holiday it belongs to, as the notice calls it.
    source : str
        Number of the notice.
    year : int
        Year the notice arranges. A notice may name a day of the neighbouring year.
    """

    on: date
    kind: DayKind
    name: str
    source: str
    year: int


@dataclass(frozen=True, slots=True)
class FixedHoliday:
    """A statutory holiday whose month and day the law itself fixes, notice or no notice.

    Parameters
    ----------
    month, day : int
        The day of every year.
    since : date
        First day on which the law gives it.
    until : date or None
        Last day on which the law gives it; ``None`` while it is in force.
    """

    month: int
    day: int
    since: date
    until: date | None = None

    def __post_init__(self) -> None:
        # 2000 is a leap year, so that 29 February would be a possible day.
        date(2000, self.month, self.day)

    def falls_on(self, day: date) -> bool:
        """Tell whether `day` is this holiday under the law of that day."""
        return (
            (day.month, day.day) == (self.month, self.day)
            and day >= self.since
            and (self.until is None or day <= self.until)
        )


@dataclass(frozen=True, slots=True)
class ResolvedDay:
    """A day found on the calendar, and whether a later notice can still move it.

    Parameters
    ----------
    on : date
        The day.
    unloaded_years : tuple of int
        Years that the search crossed without having their notice, ascending.
    """

    on: date
    unloaded_years: tuple[int, ...] = ()

    @property
    def provisional(self) -> bool:
        """True if the day rests on weekends and fixed holidays of a year not yet loaded."""
        return bool(self.unloaded_years)

    @property
    def reason(self) -> str | None:
        """Say why the day is provisional; ``None`` for a settled day."""
        if not self.unloaded_years:
            return None
        years = ", ".join(str(year) for year in self.unloaded_years)
        return (
            f"The holiday notice for {years} is not loaded: "
            "only weekends and holidays fixed by law are known."
        )


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Working days of one jurisdiction over the years whose notices are loaded.

    Parameters
    ----------
    days : frozenset of CalendarDay
        Every day named by a loaded notice.
    loaded_years : frozenset of int
        Years whose notice is loaded.
    fixed : tuple of FixedHoliday
        Holidays fixed by law, used only in years that are not loaded.
    version : str
        Name of the table, stored with every due day computed from it.

    Raises
    ------
    ValueError
        If a day is named off and make-up at once, or a day's year is not loaded.

    Notes
    -----
    A year not loaded is never guessed from the moon: Spring Festival, Qingming, Dragon Boat and
    Mid-Autumn days and all make-up days are missing there, so a provisional day can move either
    way once the notice is loaded. Late December can also be touched by the notice of the year
    after (an off Monday paid for on the Saturday before); such a day counts as settled here.
    """

    days: frozenset[CalendarDay]
    loaded_years: frozenset[int]
    fixed: tuple[FixedHoliday, ...] = ()
    version: str = ""
    _off: frozenset[date] = field(init=False, repr=False, compare=False)
    _makeup: frozenset[date] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        off = frozenset(day.on for day in self.days if day.kind is DayKind.OFF)
        makeup = frozenset(day.on for day in self.days if day.kind is DayKind.MAKEUP)
        if both := off & makeup:
            raise ValueError(f"days named off and make-up at once: {sorted(both)}")
        if stray := {day.year for day in self.days} - self.loaded_years:
            raise ValueError(f"days of years that are not loaded: {sorted(stray)}")
        object.__setattr__(self, "_off", off)
        object.__setattr__(self, "_makeup", makeup)

    @classmethod
    def build(
        cls,
        days: Iterable[CalendarDay],
        *,
        fixed: Iterable[FixedHoliday] = (),
        version: str = "",
    ) -> WorkingCalendar:
        """Make a calendar whose loaded years are the years that `days` name."""
        kept = frozenset(days)
        return cls(kept, frozenset(day.year for day in kept), tuple(fixed), version)

    @property
    def last_loaded_year(self) -> int | None:
        """Latest year with a notice; ``None`` for an empty calendar."""
        return max(self.loaded_years, default=None)

    def is_loaded(self, day: date) -> bool:
        """Tell whether the notice of the day's year is loaded."""
        return day.year in self.loaded_years

    def is_working_day(self, day: date) -> bool:
        """Tell whether `day` is worked, as far as known (see `is_loaded`)."""
        if day in self._makeup:
            return True
        if day in self._off or day.weekday() >= SATURDAY:
            return False
        return self.is_loaded(day) or not any(holiday.falls_on(day) for holiday in self.fixed)

    def roll(self, day: date) -> ResolvedDay:
        """Find the first working day on or after `day`."""
        return self._advance(day - timedelta(days=1), 1)

    def next_working_day(self, day: date) -> ResolvedDay:
        """Find the first working day after `day`."""
        return self._advance(day, 1)

    def add_working_days(self, start: date, count: int) -> ResolvedDay:
        """Find the last day of a period of working days.

        Parameters
        ----------
        start : date
            Day of the event; it is not counted (民法典 art. 201).
        count : int, >= 1
            Working days of the period.

        Returns
        -------
        ResolvedDay
            The `count`-th working day after `start`.

        Raises
        ------
        ValueError
            If `count` is below 1.
        """
        if count < 1:
            raise ValueError(f"count must be at least 1 working day, got {count}")
        return self._advance(start, count)

    def working_days_between(self, start: date, end: date) -> int:
        """Count the working days after `start` up to and with `end`; 0 if `end` is not later."""
        span = (end - start).days
        return sum(self.is_working_day(start + timedelta(days=i)) for i in range(1, span + 1))

    def _advance(self, start: date, count: int) -> ResolvedDay:
        day, left, idle, unloaded = start, count, 0, set[int]()
        while left:
            day += timedelta(days=1)
            if not self.is_loaded(day):
                unloaded.add(day.year)
            if self.is_working_day(day):
                left, idle = left - 1, 0
            else:
                idle += 1
                if idle > LONGEST_SEARCH_DAYS:
                    raise ValueError(f"no working day within {LONGEST_SEARCH_DAYS} days of {day}")
        return ResolvedDay(day, tuple(sorted(unloaded)))
