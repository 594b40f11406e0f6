"""Instants: read from ISO 8601 with an offset, told in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_FORM = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
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
