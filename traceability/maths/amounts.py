"""Exact quantities of which only bounds may be known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

# Ledger quantities have at most 15 digits before and 9 after the point. Sums of millions of them,
# and conversions by powers of ten, stay far inside 80 digits; a rounding would raise.
EXACT = Context(prec=80, traps=[Inexact, InvalidOperation, Overflow])


@dataclass(frozen=True, slots=True)
class Amount:
    """A closed interval of an exact quantity.

    Attributes
    ----------
    lo, hi : Decimal | None
        Least and greatest value possible; None means that no bound is known.
    """

    lo: Decimal | None
    hi: Decimal | None

    def __post_init__(self) -> None:
        if self.lo is not None and self.hi is not None and self.lo > self.hi:
            raise ValueError(f"an amount needs lo <= hi, got {self.lo} > {self.hi}")

    @property
    def is_exact(self) -> bool:
        """True where one value only is possible."""
        return self.lo is not None and self.lo == self.hi

    @property
    def value(self) -> Decimal:
        """The exact value.

        Raises
        ------
        ValueError
            If only bounds are known.
        """
        if self.lo is None or self.lo != self.hi:
            raise ValueError(f"the amount is not exact: {self}")
        return self.lo

    def __str__(self) -> str:
        if self.is_exact:
            return f"{plain(self.value)}"
        lo = "?" if self.lo is None else plain(self.lo)
        hi = "?" if self.hi is None else plain(self.hi)
        return f"{lo}–{hi}"


def plain(value: Decimal) -> str:
    """A decimal without exponent and without idle zeros.

    Examples
    --------
    >>> plain(Decimal("5.200E+3")), plain(Decimal("0.250"))
    ('5200', '0.25')
    """
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def exactly(value: Decimal | int) -> Amount:
    """An amount that is known."""
    number = Decimal(value)
    return Amount(number, number)


NOTHING = exactly(0)

# Some quantity, not written down: not zero, and not more than can be said.
UNKNOWN = Amount(Decimal(0), None)


def told(quantity: Decimal | None) -> Amount:
    """What a ledger says: exact, or unknown where it says nothing."""
    return UNKNOWN if quantity is None else exactly(quantity)


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum; a bound is known where it is known for every part."""
    lo: Decimal | None = Decimal(0)
    hi: Decimal | None = Decimal(0)
    for each in amounts:
        lo = None if lo is None or each.lo is None else EXACT.add(lo, each.lo)
        hi = None if hi is None or each.hi is None else EXACT.add(hi, each.hi)
    return Amount(lo, hi)
