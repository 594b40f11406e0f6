"""Dates of deliveries as investigators know them: a day, a month, a year, or nothing."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

_ISO = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?\Z")
_DOTTED = re.compile(r"(?:(?:(\d{1,2})\.)?(\d{1,2})\.)?(\d{4})\Z")

# Day numbers that stand for "no bound".
NEVER, ALWAYS = date.max.toordinal() + 1, 0


@dataclass(frozen=True, slots=True)
class Day:
    """A date, as precisely as it is known.

    Raises
    ------
    ValueError
        If it is none of the calendar, or a day without its month.
    """

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.day is not None and self.month is None:
            raise ValueError(f"a day needs its month, got day {self.day} of {self.year}")
        date(self.year, self.month or 1, self.day or 1)

    @staticmethod
    def parse(text: str) -> Day:
        """Read ``2016-01-05``, ``2016-01``, ``2016``, ``05.01.2016``, ``01.2016``.

        Raises
        ------
        ValueError
            If it is not written so.
        """
        found = _ISO.match(text.strip())
        parts = found.groups() if found else None
        if parts is None and (dotted := _DOTTED.match(text.strip())):
            parts = dotted.groups()[::-1]
        if parts is None:
            raise ValueError(f"not a date: {text!r}; write 2016-01-05, 2016-01, 2016 or 05.01.2016")
        year, month, day = (None if part is None else int(part) for part in parts)
        return Day(year or 0, month, day)

    @property
    def parts(self) -> tuple[int, ...]:
        """Year, month and day, as far as known."""
        return tuple(each for each in (self.year, self.month, self.day) if each is not None)

    @property
    def span(self) -> tuple[int, int]:
        """First and last day number that it can mean."""
        first = date(self.year, self.month or 1, self.day or 1)
        if self.day is not None:
            return first.toordinal(), first.toordinal()
        year, month = (self.year, 12) if self.month is None else (self.year, self.month)
        last = date(year, 12, 31) if month == 12 else date(year, month + 1, 1)
        return first.toordinal(), last.toordinal() - (month != 12)


def may_precede(one: Day | None, other: Day | None) -> bool:
    """Whether something may have been before something else.

    They are compared as precisely as both are known; what is not known forbids nothing.
    """
    if one is None or other is None:
        return True
    common = min(len(one.parts), len(other.parts))
    return one.parts[:common] <= other.parts[:common]


class _Dated(Protocol):
    @property
    def departure(self) -> Day | None: ...
    @property
    def arrival(self) -> Day | None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """First and last day number at which a delivery can have left and arrived."""

    departure: tuple[int, int]
    arrival: tuple[int, int]


def inferred_limits(
    deliveries: Mapping[str, _Dated], relations: Iterable[tuple[str, str]]
) -> dict[str, Limits]:
    """When can each delivery have left and arrived, by its own dates and those it is related to?

    Parameters
    ----------
    deliveries : dict
        By id.
    relations : iterable of (delivery in, delivery out)
        The first arrived before the second left.

    Returns
    -------
    dict
        By id.

    Notes
    -----
    First days are passed on forward, last days backward, until nothing changes. Dates of one
    delivery that contradict each other (arrived before it left) are dropped; a limit from another
    delivery that contradicts its own dates is not taken.
    """
    first: dict[tuple[str, bool], int] = {}
    last: dict[tuple[str, bool], int] = {}
    ahead: dict[tuple[str, bool], list[tuple[str, bool]]] = defaultdict(list)
    behind: dict[tuple[str, bool], list[tuple[str, bool]]] = defaultdict(list)
    steps = [((each, False), (each, True)) for each in deliveries]  # left, arrived
    steps += [((one, True), (other, False)) for one, other in sorted(set(relations))]
    for one, other in steps:
        ahead[one].append(other)
        behind[other].append(one)
    for name, each in deliveries.items():
        left = each.departure.span if each.departure else (ALWAYS, NEVER)
        came = each.arrival.span if each.arrival else (ALWAYS, NEVER)
        if came[1] < left[0]:
            left = came = (ALWAYS, NEVER)
        (first[name, False], last[name, False]), (first[name, True], last[name, True]) = left, came
    own_first, own_last = dict(first), dict(last)
    _pass_on(first, ahead, lambda here, there: max(here, first[there]), within=own_last)
    _pass_on(last, behind, lambda here, there: min(here, last[there]), within=own_first)
    return {
        name: Limits((first[name, False], last[name, False]), (first[name, True], last[name, True]))
        for name in deliveries
    }


_Moment = tuple[str, bool]


def _pass_on(
    limits: dict[_Moment, int],
    links: Mapping[_Moment, Iterable[_Moment]],
    narrowed: Callable[[int, _Moment], int],
    *,
    within: Mapping[_Moment, int],
) -> None:
    """Narrow limits along links, but never past the other end that a moment has of its own."""
    waiting = deque(sorted(limits))
    while waiting:
        moment = waiting.popleft()
        here = limits[moment]
        for there in links.get(moment, ()):
            found = narrowed(here, there)
            past = found > within[there] if found > limits[there] else found < within[there]
            if found != limits[there] and not past:
                limits[there] = found
                waiting.append(there)
