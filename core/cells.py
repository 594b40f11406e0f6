"""Cells of imported tables as values; each parser says what to write instead.

A parser takes the text of one cell and raises ``ValueError`` with words for whoever typed it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation


def words(cell: str) -> str:
    """Text with blanks trimmed and inner runs of blanks closed up."""
    return " ".join(cell.split())


def whole_number(cell: str) -> int:
    """A whole number of at least zero."""
    try:
        value = int(cell.replace(",", ""))
    except ValueError:
        raise ValueError(
            f"{cell!r} is not a whole number; write digits only, such as 12."
        ) from None
    if value < 0:
        raise ValueError(f"{cell!r} is below zero; write 0 or more.")
    return value


def decimal_number(cell: str) -> Decimal:
    """An exact decimal number."""
    try:
        value = Decimal(cell.replace(",", ""))
    except InvalidOperation:
        raise ValueError(f"{cell!r} is not a number; write it like 12.5.") from None
    if not value.is_finite():
        raise ValueError(f"{cell!r} is not a number; write it like 12.5.")
    return value


def coordinate(cell: str) -> float:
    """Degrees of latitude or longitude."""
    value = float(decimal_number(cell))
    if not -180 <= value <= 180:
        raise ValueError(f"{cell!r} is not a coordinate; degrees lie between -180 and 180.")
    return value


_DAY_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")


def day(cell: str) -> date:
    """A calendar day, as ISO 8601 or in the usual Chinese ways of writing it."""
    if len(cell) == 10 and cell[4] == "-":
        try:
            return date.fromisoformat(cell)
        except ValueError:
            pass
    head = cell.split("T")[0].split(" ")[0]
    for pattern in _DAY_FORMATS:
        try:
            return datetime.strptime(head, pattern).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise ValueError(f"{cell!r} is not a date; write it like 2026-11-18.")


def one_of(*allowed: str) -> Callable[[str], str]:
    """A parser for one of a few words."""

    def parse(cell: str) -> str:
        if cell in allowed:
            return cell
        raise ValueError(f"{cell!r} is not known here; write one of {', '.join(allowed)}.")

    return parse


def yes_or_no(cell: str) -> bool:
    """是/否, yes/no, 1/0, true/false."""
    if cell.casefold() in {"是", "yes", "y", "1", "true", "有"}:
        return True
    if cell.casefold() in {"否", "no", "n", "0", "false", "无"}:
        return False
    raise ValueError(f"{cell!r} is neither 是 nor 否; write one of them.")
