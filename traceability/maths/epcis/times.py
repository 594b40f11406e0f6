"""Instants: read from ISO 8601 with an offset, told in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

_FORM = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
).fullmatch
# No finer than milliseconds, so that nothing has to be rounded.
_USUAL = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}):([0-5][0-9])(?:\.([0-9]{1,3}))?"
    r"(Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
).fullmatch
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HALF = timedelta(microseconds=500)


class Instant(NamedTuple):
    """A point in time.

    Attributes
    ----------
    micros : int
        Microseconds since 1970 UTC; finer digits are dropped.
    text : str
        UTC to the millisecond, half a millisecond rounded up.
    """

    micros: int
    text: str


class NoInstant(ValueError):
    """A text that names no point in time."""


def instant(text: str) -> Instant:
    """Read a point in time.

    Raises
    ------
    NoInstant
        If the text is not a date, "T", a time and an offset; if there is no such day or time; if
        it lies outside the years 1 to 9999 UTC. The message says which.

    References
    ----------
    EPCIS 2.0, section 7.3.1 (xsd:dateTimeStamp); CBV 2.0, section 8.9 (milliseconds, rounding).

    Examples
    --------
    >>> instant("2023-02-02T12:04:03.1415+01:00").text
    '2023-02-02T11:04:03.142Z'
    """
    usual = _USUAL(text)
    if usual is None:
        return _instant(text)
    minute, second, fraction, offset = usual.groups()
    try:
        start, told_minute = _minute(minute, offset)
    except NoInstant:
        return _instant(text)  # says so of the whole text
    whole = int(second) * 1000 + (int(fraction.ljust(3, "0")) if fraction else 0)
    return Instant(start + whole * 1000, f"{told_minute}:{second}.{whole % 1000:03d}Z")


@lru_cache(maxsize=1 << 12)
def _minute(minute: str, offset: str) -> tuple[int, str]:
    """The beginning of a minute: events come many to a minute."""
    start = _instant(f"{minute}:00{offset}")
    return start.micros, start.text[:16]


def _instant(text: str) -> Instant:
    """Read any form there is."""
    if not _FORM(text):
        raise NoInstant(
            f"{text!r} is not a time: write 2026-01-31T08:30:00+08:00, with T and an offset"
        )
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
        rounded = moment + _HALF
    except ValueError as error:
        raise NoInstant(f"{text!r} names no day or time there is: {error}") from error
    except OverflowError as error:
        raise NoInstant(f"{text!r} lies outside the years 0001 to 9999 UTC") from error
    passed = moment - _EPOCH
    micros = (passed.days * 86400 + passed.seconds) * 1_000_000 + passed.microseconds
    return Instant(micros, rounded.isoformat(timespec="milliseconds")[:-6] + "Z")


def told(micros: int) -> str:
    """Microseconds since 1970 as UTC text, to the microsecond."""
    return (_EPOCH + timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")
