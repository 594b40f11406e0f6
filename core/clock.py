"""The only clock of the house."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

# Legal days are days in China wherever the server stands; the whole country keeps UTC+8.
CIVIL_ZONE = ZoneInfo("Asia/Shanghai")


_frozen: ContextVar[datetime | None] = ContextVar("frozen_instant", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC)


@contextmanager
def frozen(instant: datetime) -> Iterator[None]:
    """Let the clock stand still at an instant: for replays of the past, and for tests."""
    token = _frozen.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)


def today() -> date:
    """The present calendar day in China, on which legal clocks count."""
    return now().astimezone(CIVIL_ZONE).date()


def civil_day(instant: datetime) -> date:
    """The calendar day in China on which an instant falls."""
    return instant.astimezone(CIVIL_ZONE).date()
