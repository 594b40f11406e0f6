"""What a cell of a ledger says: parsers that tell how to write it right."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from core.cells import day, decimal_number
from core.clock import CIVIL_ZONE
from traceability.maths.ledger import EventKind
from traceability.maths.units import unit_code

# Written where something is not known.
NOT_KNOWN = frozenset({"不详", "未知", "不明", "unknown", "n/a", "-", "—", "/"})
# Written where nothing went in.
NOTHING_IN = frozenset({"无", "none", "nil"})

KINDS: dict[str, EventKind] = {
    "生产": EventKind.PRODUCTION,
    "加工": EventKind.PRODUCTION,
    "发货": EventKind.SHIPMENT,
    "出库": EventKind.SHIPMENT,
    "收货": EventKind.RECEIPT,
    "入库": EventKind.RECEIPT,
    "购进": EventKind.RECEIPT,
    "销售": EventKind.SALE,
    "零售": EventKind.SALE,
    "退货": EventKind.RETURN,
    "销毁": EventKind.DESTRUCTION,
    "盘点": EventKind.STOCK,
    "库存": EventKind.STOCK,
    "作废": EventKind.VOID,
    **{kind.value: kind for kind in EventKind},
}

# A quantity keeps at most so many digits, so that sums of millions stay exact.
WHOLE_DIGITS, DECIMAL_DIGITS = 15, 9


def event_kind(cell: str) -> EventKind:
    """What happened."""
    found = KINDS.get(cell.strip().casefold())
    if found is None:
        raise ValueError(
            f"{cell!r} is not an event known here; write one of 生产, 发货, 收货, 销售, 退货, "
            "销毁, 盘点, 作废."
        )
    return found


def quantity(cell: str) -> Decimal | None:
    """An exact quantity of at least zero; None where the ledger says it is not known."""
    if cell.strip().casefold() in NOT_KNOWN:
        return None
    value = decimal_number(cell.strip())
    if value < 0:
        raise ValueError(f"{cell!r} is below zero; write what moved as a positive number.")
    exponent = value.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    if decimals > DECIMAL_DIGITS or value >= Decimal(10) ** WHOLE_DIGITS:
        raise ValueError(
            f"{cell!r} has too many digits; at most {WHOLE_DIGITS} before and {DECIMAL_DIGITS} "
            "after the point."
        )
    return value


@dataclass(frozen=True, slots=True)
class Span:
    """A closed interval of time, as wide as what is written; None is no bound."""

    earliest_at: datetime | None
    latest_at: datetime | None


UNDATED = Span(None, None)
_MICROSECOND = timedelta(microseconds=1)
_MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?")


@lru_cache(maxsize=4096)  # a ledger of a year has a few hundred days
def span(cell: str) -> Span:
    """A day, a month or an instant; days are days in China."""
    text = cell.strip()
    if text.casefold() in NOT_KNOWN:
        return UNDATED
    month = _MONTH.fullmatch(text)
    if month:
        return _month(int(month[1]), int(month[2]), cell)
    if "T" in text or ":" in text:
        try:
            at = datetime.fromisoformat(text.replace("/", "-"))
        except ValueError:
            raise ValueError(
                f"{cell!r} is not a time; write it like 2026-08-20T09:30+08:00."
            ) from None
        at = at if at.tzinfo else at.replace(tzinfo=CIVIL_ZONE)
        return Span(at, at)
    start = datetime.combine(day(text), datetime.min.time(), tzinfo=CIVIL_ZONE)
    return Span(start, start + timedelta(days=1) - _MICROSECOND)


def _month(year: int, month: int, cell: str) -> Span:
    if not 1 <= month <= 12 or not 1900 <= year <= 2200:
        raise ValueError(f"{cell!r} is not a month; write it like 2026-08.")
    start = datetime(year, month, 1, tzinfo=CIVIL_ZONE)
    return Span(start, start + timedelta(days=monthrange(year, month)[1]) - _MICROSECOND)


@dataclass(frozen=True, slots=True)
class Input:
    """A lot that went in, as written; the unit is None where it is that of the lot's other rows."""

    gtin: str | None
    number: str
    quantity: Decimal | None
    unit: str | None


_INPUT = re.compile(
    r"(?:(?P<gtin>\d{8,14})\s*/)?\s*(?P<number>.+?)\s*"
    r"(?:[×*]\s*(?P<quantity>[\d.,]+|不详)\s*(?P<unit>[^\d\s×*]*))?"
)


def inputs(cell: str) -> tuple[Input, ...]:
    """Lots that went in, "[gtin/]lot×quantity[unit]" separated by semicolons; 无 for none."""
    if cell.strip().casefold() in NOTHING_IN:
        return ()
    found = []
    for part in cell.replace("；", ";").split(";"):
        text = part.strip()
        if not text:
            continue
        match = _INPUT.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} cannot be read; write it like 06901234567892/C-0711×10400.")
        amount = quantity(match["quantity"]) if match["quantity"] else None
        if amount == 0:
            raise ValueError(f"{text!r} says that nothing of the lot went in; leave it out.")
        unit = unit_code(match["unit"]) if match["unit"] else None
        found.append(Input(match["gtin"], match["number"], amount, unit))
    if not found:
        raise ValueError(f"{cell!r} names no lot; write 无 where nothing went in.")
    return tuple(found)
