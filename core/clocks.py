"""Legal clocks: from a start event and a statutory period to the due day, and how it stands.

Pure: standard library only. Which period applies is data (rule packs with citations); this
module knows only how Chinese law counts:

* the day of the event is not counted; hours run from the stated moment (民法典 art. 201);
* a month ends on the corresponding day, else on the last day of the month (art. 202);
* a last day that is a holiday moves past it (art. 203), here to the next working day, make-up
  days counting as working days;
* the last day ends at 24:00, civil time of China.
"""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum

from core.calendar import ResolvedDay, WorkingCalendar

# One civil time in the whole country and no summer time since 1992, so that no zone data is needed.
CIVIL_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")


class PeriodKind(StrEnum):
    """How a period is counted."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"
    WINDOW = "window"


class OnExpiry(StrEnum):
    """What the law attaches to a period that ends unmet."""

    OVERDUE = "overdue"
    DEEMED_WAIVED = "deemed_waived"
    FIRST_RESULT_FINAL = "first_result_final"
    ESCALATE = "escalate"
    TAKEDOWN = "takedown"


class Standing(StrEnum):
    """How a clock stands at one moment."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    OVERDUE = "overdue"
    MET = "met"
    MET_EARLY = "met_early"
    MET_LATE = "met_late"


@dataclass(frozen=True, slots=True)
class Period:
    """A statutory period.

    Parameters
    ----------
    kind : PeriodKind
        Unit of the period.
    count : int, >= 1
        Hours, days, working days or months. For a window: the calendar day *before* which the
        act must be done (60日后、90日前: 90).
    after : int or None
        For a window only: the calendar day *after* which it opens (60日后、90日前: 60).
    rolls : bool
        A last day on a non-working day moves to the next working day. Hours never roll, and
        working days need not.
    repeats : bool
        The duty returns each period, counted from the first start.

    Raises
    ------
    ValueError
        If a count is out of range, or `after` does not fit the kind.
    """

    kind: PeriodKind
    count: int
    after: int | None = None
    rolls: bool = True
    repeats: bool = False

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"count must be at least 1, got {self.count}")
        if (self.kind is PeriodKind.WINDOW) != (self.after is not None):
            raise ValueError("'after' belongs to a window, and a window needs it")
        if self.after is not None and not 0 <= self.after < self.count - 1:
            raise ValueError(
                f"a window after day {self.after} and before day {self.count} holds no day"
            )
        if self.repeats and self.kind is PeriodKind.WINDOW:
            raise ValueError("a window cannot repeat")


@dataclass(frozen=True, slots=True)
class Pause:
    """A span in which a clock stands still.

    Parameters
    ----------
    since : date
        Day of the event that stops the clock; it has already been counted.
    until : date or None
        Day of the event that starts it again; it is not counted, counting goes on the day after.
        ``None`` while the clock stands.

    Notes
    -----
    The same rule as art. 201 (the day of the event is not counted), so a pause of n days makes a
    period of calendar days exactly n days longer.
    """

    since: date
    until: date | None = None

    def __post_init__(self) -> None:
        if self.until is not None and self.until < self.since:
            raise ValueError(f"a pause cannot end ({self.until}) before it begins ({self.since})")


@dataclass(frozen=True, slots=True)
class Due:
    """When a period ends.

    Parameters
    ----------
    due_on : date
        Last day on which the act is in time.
    expires_at : datetime
        The first moment that is too late, aware, UTC.
    opens_on : date or None
        First day of a window; ``None`` for other kinds.
    provisional : bool
        True if the day can still move; `reason` then says why.
    reason : str or None
        Why the day is provisional.
    paused : bool
        True while the clock stands; `due_on` is then the earliest possible day.
    """

    due_on: date
    expires_at: datetime
    opens_on: date | None = None
    provisional: bool = False
    reason: str | None = None
    paused: bool = False


def civil_day(moment: datetime) -> date:
    """Civil day in China of an aware moment."""
    if moment.tzinfo is None:
        raise ValueError("the moment must carry a time zone")
    return moment.astimezone(CIVIL_TIME).date()


def end_of_day(day: date) -> datetime:
    """First moment after a civil day (24:00), in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), CIVIL_TIME).astimezone(UTC)


def add_months(start: date, months: int) -> date:
    """Corresponding day `months` later, else the last day of that month (民法典 art. 202)."""
    index = start.year * 12 + start.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(start.day, gregorian.monthrange(year, month)[1]))


def due(
    period: Period,
    start: date | datetime,
    calendar: WorkingCalendar,
    *,
    occurrence: int = 1,
    pauses: Sequence[Pause] = (),
    as_of: date | None = None,
) -> Due:
    """When does a period that starts with an event end?

    Parameters
    ----------
    period : Period
        Its length and kind.
    start : date or aware datetime
        The event. Hours need the moment.
    calendar : WorkingCalendar
        Working days of the jurisdiction.
    occurrence : int, >= 1
        Which return of a repeating duty. Each is counted from `start`, so that month ends do not
        drift (31 January → 30 April → 31 July).
    pauses : sequence of Pause
        Spans in which the clock stood; overlaps are counted once.
    as_of : date or None
        Today; needed if a pause is still open, which is then taken to end today.

    Returns
    -------
    Due
        The last day in time, provisional if a later notice or the end of a pause can move it.

    Raises
    ------
    ValueError
        If hours are asked from a bare date, hours are paused, the moment has no time zone, or an
        open pause comes without `as_of`.

    Notes
    -----
    A pause lengthens calendar days and months by the paused days, before the roll; in working
    days the paused days are skipped. Windows are lengthened at both ends.

    References
    ----------
    民法典 arts 201-204; order of 2020-05-28, in force from 2021-01-01.

    Examples
    --------
    >>> from core.calendar import WorkingCalendar
    >>> plain = WorkingCalendar(frozenset(), frozenset({2026}))
    >>> due(Period(PeriodKind.WORKING_DAYS, 3), date(2026, 6, 4), plain).due_on
    datetime.date(2026, 6, 9)
    """
    if occurrence < 1 or (occurrence > 1 and not period.repeats):
        raise ValueError(f"occurrence {occurrence} of a period that does not return")
    if period.kind is PeriodKind.HOURS:
        return _due_in_hours(period, start, occurrence, pauses)
    day = civil_day(start) if isinstance(start, datetime) else start
    standing_still = any(pause.until is None for pause in pauses)
    still = _paused_days(pauses, as_of)
    opens_on: date | None = None
    if period.kind is PeriodKind.WORKING_DAYS:
        end = _skip(day, period.count * occurrence, calendar, still)
    else:
        if period.kind is PeriodKind.MONTHS:
            nominal = add_months(day, period.count * occurrence)
        elif period.kind is PeriodKind.WINDOW:
            # "before day 90" leaves day 89 as the last; "after day 60" opens on day 61.
            nominal = day + timedelta(days=period.count - 1)
            opens_on = _lengthen(day, day + timedelta(days=(period.after or 0) + 1), still)
        else:
            nominal = day + timedelta(days=period.count * occurrence)
        nominal = _lengthen(day, nominal, still)
        end = calendar.roll(nominal) if period.rolls else ResolvedDay(nominal)
    reason = end.reason
    if standing_still:
        reason = "The clock is paused: the day shown is the earliest possible."
    return Due(
        due_on=end.on,
        expires_at=end_of_day(end.on),
        opens_on=opens_on,
        provisional=end.provisional or standing_still,
        reason=reason,
        paused=standing_still,
    )


def standing(found: Due, *, now: datetime, met_at: datetime | None = None) -> Standing:
    """How does a clock stand: waiting, running, paused, overdue, or met (early, in time, late)?"""
    if met_at is not None:
        if found.opens_on is not None and civil_day(met_at) < found.opens_on:
            return Standing.MET_EARLY
        return Standing.MET if met_at < found.expires_at else Standing.MET_LATE
    if found.paused:
        return Standing.PAUSED
    if now >= found.expires_at:
        return Standing.OVERDUE
    if found.opens_on is not None and civil_day(now) < found.opens_on:
        return Standing.WAITING
    return Standing.RUNNING


def breached_at(found: Due, *, now: datetime, met_at: datetime | None = None) -> datetime | None:
    """Moment of the breach, or ``None`` if the clock was met in time or still runs."""
    late = standing(found, now=now, met_at=met_at) in (Standing.OVERDUE, Standing.MET_LATE)
    return found.expires_at if late else None


def _due_in_hours(
    period: Period, start: date | datetime, occurrence: int, pauses: Iterable[Pause]
) -> Due:
    if not isinstance(start, datetime):
        raise ValueError("hours run from a moment: give an aware datetime, not a date")
    if any(pauses):
        raise ValueError("a period of hours cannot be paused by days")
    civil_day(start)  # refuses a moment without a time zone
    expires_at = start.astimezone(UTC) + timedelta(hours=period.count * occurrence)
    # In time is strictly before `expires_at`; at midnight sharp the last day is the one that ended.
    return Due(civil_day(expires_at - timedelta(microseconds=1)), expires_at)


def _paused_days(pauses: Iterable[Pause], as_of: date | None) -> frozenset[date]:
    days = set[date]()
    for pause in pauses:
        until = pause.until if pause.until is not None else as_of
        if until is None:
            raise ValueError("an open pause needs as_of, the day on which it is looked at")
        span = (until - pause.since).days
        days.update(pause.since + timedelta(days=i) for i in range(1, span + 1))
    return frozenset(days)


def _lengthen(start: date, end: date, still: frozenset[date]) -> date:
    """Move `end` so that as many unpaused days lie after `start` as there were days before."""
    day, left = start, (end - start).days
    if not still:
        return end
    while left:
        day += timedelta(days=1)
        if day not in still:
            left -= 1
    return day


def _skip(
    start: date, count: int, calendar: WorkingCalendar, still: frozenset[date]
) -> ResolvedDay:
    """Count working days after `start`, leaving out the paused ones."""
    if not still:
        return calendar.add_working_days(start, count)
    day, left, unloaded = start, count, set[int]()
    while left:
        found = calendar.next_working_day(day)
        unloaded.update(found.unloaded_years)
        day = found.on
        if day not in still:
            left -= 1
    return ResolvedDay(day, tuple(sorted(unloaded)))
