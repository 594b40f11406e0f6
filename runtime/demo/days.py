"""Days before the demo's today: what happened earlier is played with the clock set back."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date, datetime, time, timedelta

from core.clock import CIVIL_ZONE, frozen
from runtime.demo.city import City

DRAWN_BACK = 130  # days since the supervision plan was drawn


def day(city: City, back: int) -> date:
    """The calendar day so many days before today."""
    return city.as_of - timedelta(days=back)


def on(city: City, back: int, hour: int = 9, minute: int = 0) -> AbstractContextManager[None]:
    """The clock stands at an hour of the day so many days before today."""
    moment = datetime.combine(day(city, back), time(hour, minute), tzinfo=CIVIL_ZONE)
    return frozen(moment)


def last_december(city: City) -> int:
    """How many days back the year's papers were made: in last year, and before the first draw."""
    december = date(city.as_of.year - 1, 12, 5)
    return max((city.as_of - december).days, DRAWN_BACK + 10)
