"""Quantities with more digits than a binary number keeps: never rounded in silence.

A JSON parser makes a binary number of what is written, and 47683715.820312497 is then
47683715.8203125. What was written stands in the bytes only, so they are looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from traceability.maths.epcis.event import Fault

_LARGEST = 2**63 - 1
_NAME = b'"quantity"'
_MARGIN = 64  # bytes behind the name in which blanks, a colon and the suspicious digits stand
# So many characters may be rounded; and with a great exponent also fewer.
_LONG = re.compile(rb"\s*:\s*-?(?:[0-9.eE+-]{16}|[0-9.]+[eE]-[0-9]{3})").match


class Rounded(float):
    """A number that is not what was written; no number to any check of an event."""

    written: str


def unrounded(content: bytes, parsed: Any) -> Any:
    """What was parsed; where an amount was rounded the same with ``Rounded`` in its place.

    Parameters
    ----------
    content : bytes
        JSON.
    parsed : Json
        The same, parsed.
    """
    place = content.find(_NAME)
    while place >= 0:
        after = place + len(_NAME)
        if _LONG(content, after, after + _MARGIN):
            try:
                return _plain(
                    json.loads(
                        content, parse_float=_number, parse_int=_integer, object_hook=_of_amounts
                    )
                )
            except (ValueError, RecursionError):
                return parsed  # too deep or too long; the limits tell it
        place = content.find(_NAME, after)
    return parsed


def _number(text: str) -> float:
    value = float(text)
    # What is too great for a number is refused as too great.
    if value - value != 0 or Decimal(text) == Decimal(repr(value)):
        return value
    number = Rounded(value)
    number.written = text
    return number


def _integer(text: str) -> int | float:
    value = int(text)
    return value if -_LARGEST <= value <= _LARGEST else float(value)


def _of_amounts(given: dict[str, Any]) -> dict[str, Any]:
    """An object in which at most the quantity of an amount is ``Rounded``."""
    for name, value in given.items():
        if not (name == "quantity" and "epcClass" in given):
            given[name] = _plain(value)
    return given


def _plain(value: Any) -> Any:
    """Numbers as any parser makes them; objects inside have been looked at."""
    if isinstance(value, Rounded):
        return float(value)
    return [_plain(each) for each in value] if isinstance(value, list) else value


def rounded_amounts(
    event: Mapping[str, Any], fields: tuple[str, ...], position: int
) -> Iterator[Fault]:
    """Why an event cannot be taken whose amounts are no longer what was written."""
    name = event.get("eventID")
    event_id = name if isinstance(name, str) else None
    for field in fields:
        given = event.get(field)
        for place, each in enumerate(given if isinstance(given, list) else ()):
            quantity = each.get("quantity") if isinstance(each, dict) else None
            if isinstance(quantity, Rounded):
                words = (
                    f"a quantity is kept exactly to 15 digits: round {quantity.written[:60]}, "
                    f"which would be read as {float(quantity)!r}"
                )
                path = f"/{field}/{place}/quantity"
                yield Fault(position, event_id, path, "quantity", words)
