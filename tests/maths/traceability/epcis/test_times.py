"""Instants: every writing of one moment is one, and what is none is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.maths.epcis.times import NoInstant, instant, told

SPAN = 3_650_000  # days: from year 2 to 9995, room for any offset
MOMENTS = st.builds(
    lambda days, micros: datetime(2, 1, 1, tzinfo=UTC) + timedelta(days=days, microseconds=micros),
    st.integers(0, SPAN),
    st.integers(0, 86_400 * 10**6 - 1),
)
OFFSETS = st.integers(-14 * 60, 14 * 60)


@given(MOMENTS, OFFSETS, st.integers(0, 6))
def test_the_offset_says_nothing(moment: datetime, minutes: int, digits: int) -> None:
    step = 10 ** (6 - digits)
    moment = moment.replace(microsecond=moment.microsecond // step * step)
    local = moment.astimezone(timezone(timedelta(minutes=minutes)))
    fraction = f".{local.microsecond:06d}"[: digits + 1] if digits else ""
    sign = "-" if minutes < 0 else "+"
    text = f"{local.replace(tzinfo=None, microsecond=0).isoformat()}{fraction}"
    text += f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"

    found = instant(text)

    assert found.micros == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    rounded = moment + timedelta(microseconds=500)
    assert found.text == rounded.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert instant(told(found.micros)).micros == found.micros


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2023-02-02T11:04:03.1415Z", "2023-02-02T11:04:03.142Z"),  # CBV 2.0, 8.9: 5 to 9 go up
        ("2023-02-02T11:04:03.1425Z", "2023-02-02T11:04:03.143Z"),
        ("2023-02-02T11:04:03.1414999Z", "2023-02-02T11:04:03.141Z"),
        ("2023-02-02T11:04:59.9995Z", "2023-02-02T11:05:00.000Z"),
        ("2023-12-31T23:59:59.9999999Z", "2024-01-01T00:00:00.000Z"),
        ("2024-02-29T00:00:00+14:00", "2024-02-28T10:00:00.000Z"),
        ("2023-02-02T11:04:03.1+01:00", "2023-02-02T10:04:03.100Z"),
        ("0001-01-01T00:00:00-14:00", "0001-01-01T14:00:00.000Z"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"),
    ],
)
def test_milliseconds_are_rounded_half_up(text: str, written: str) -> None:
    assert instant(text).text == written


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-29T00:00:00Z",
        "2023-02-02T24:00:00Z",
        "2023-02-02T23:60:00Z",
        "2023-02-02T23:59:60Z",
        "2023-02-02T23:59:59",
        "2023-02-02T23:59Z",
        "2023-02-02",
        "2023-02-02 23:59:59Z",
        "2023-02-02T23:59:59z",
        "2023-02-02T23:59:59.Z",
        "2023-02-02T23:59:59+0800",
        "2023-02-02T23:59:59+14:01",
        "２０２３-02-02T23:59:59Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "-001-01-01T00:00:00Z",
        "",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(NoInstant):
        instant(text)
