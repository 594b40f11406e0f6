"""Audits of a declared quality level, in the manner of ISO 2859-4 and GB/T 2828.11.

An authority checks what a supplier declares: "at most D0 failing items in this lot". It
is contradicted if more than L failing items are found. The plans are computed, exactly and for
the lot's real size; they are not taken from the tables of those standards, whose risks they state
instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Final

from sampling.maths.ranges import OutOfRange, share, whole

LARGEST_LOT: Final = 200_000
LARGEST_SAMPLE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Audit:
    """A plan to check a declared quality, with its exact risks.

    ``limit``: the declaration is contradicted if more than this many items fail (L).
    ``false_risk``: probability of contradicting a declaration that is just true. ``power``:
    probability of contradicting when ``worse`` items of the lot fail.
    """

    lot_size: int
    declared: int
    size: int
    limit: int
    false_risk: Fraction
    worse: int | None
    power: Fraction | None


def at_most(limit: int, *, lot_size: int, failing: int, size: int) -> Fraction:
    """Exact probability that a sample without replacement holds at most ``limit`` failing items.

    Examples
    --------
    >>> at_most(0, lot_size=50, failing=1, size=8)
    Fraction(21, 25)
    """
    ways = sum(
        comb(failing, found) * comb(lot_size - failing, size - found)
        for found in range(max(0, size - (lot_size - failing)), min(limit, failing, size) + 1)
    )
    return Fraction(ways, comb(lot_size, size))


def _check(lot_size: int, declared: int, risk: float) -> None:
    whole("lot_size", lot_size, 2, LARGEST_LOT, "audit a part of a larger lot")
    whole("declared", declared, 0, lot_size - 1, "give failing items in the lot as a count")
    share("risk", risk, "0.05 is usual", open_ends=True)


def audit_limit(*, lot_size: int, declared: int, size: int, risk: float = 0.05) -> Audit:
    """Above which number of failing items is a declaration contradicted?

    Parameters
    ----------
    lot_size : int, 2 to 200 000
        Items in the lot.
    declared : int, 0 <= declared < lot_size
        Failing items the supplier declares at most (DQL as a count).
    size : int, 1 to 5 000
        Sample size.
    risk : float, 0 < risk < 1
        Largest allowed probability of contradicting a true declaration.

    Returns
    -------
    Audit
        The smallest limit that keeps the risk.

    Raises
    ------
    OutOfRange
        If an argument lies outside its range.

    Notes
    -----
    Exact: probabilities are fractions of whole numbers, compared without rounding. A declaration
    is contradicted or not; that it is not says nothing about a lot being good.

    References
    ----------
    ISO 2859-4:2020 and GB/T 2828.11-2008 for the procedure; hypergeometric distribution.

    Examples
    --------
    >>> audit_limit(lot_size=50, declared=1, size=8).limit
    1
    """
    _check(lot_size, declared, risk)
    whole("size", size, 1, min(lot_size, LARGEST_SAMPLE), "take no more items than the lot has")
    total, allowed = comb(lot_size, size), Fraction(repr(risk))
    good = lot_size - declared
    ways = 0
    for limit in range(min(declared, size) + 1):
        if 0 <= size - limit <= good:
            ways += comb(declared, limit) * comb(good, size - limit)
        if 1 - Fraction(ways, total) <= allowed:
            return Audit(lot_size, declared, size, limit, 1 - Fraction(ways, total), None, None)
    raise AssertionError("a sample cannot hold more failing items than the lot")


def with_power(audit: Audit, worse: int) -> Audit:
    """The audit with its power against a lot of ``worse`` failing items.

    Raises
    ------
    OutOfRange
        If that lot is not worse than declared.
    """
    whole("worse", worse, audit.declared + 1, audit.lot_size, "name a lot worse than declared")
    missed = at_most(audit.limit, lot_size=audit.lot_size, failing=worse, size=audit.size)
    return Audit(
        audit.lot_size,
        audit.declared,
        audit.size,
        audit.limit,
        audit.false_risk,
        worse,
        1 - missed,
    )


def audit_plan(
    *, lot_size: int, declared: int, worse: int, risk: float = 0.05, missed: float = 0.10
) -> Audit:
    """The smallest audit that keeps both risks.

    Parameters
    ----------
    lot_size, declared, risk
        As for `audit_limit`.
    worse : int, declared < worse <= lot_size
        Failing items of a lot that should be found out (limiting quality).
    missed : float, 0 < missed < 1
        Largest allowed probability of not contradicting such a lot.

    Returns
    -------
    Audit
        With power against ``worse``.

    Raises
    ------
    OutOfRange
        If an argument lies outside its range, or no sample of up to 5 000 items serves.

    Notes
    -----
    For each limit from 0 the power asks for at least some sample size and the false risk for at
    most another, both rising with the limit: the first limit where they meet gives the smallest
    sample. The search is exact at its end: the sizes are found and checked in fractions.

    Examples
    --------
    >>> plan = audit_plan(lot_size=100, declared=2, worse=20)
    >>> plan.size, plan.limit
    (17, 1)
    """
    _check(lot_size, declared, risk)
    whole("worse", worse, declared + 1, lot_size, "name a lot worse than declared")
    share("missed", missed, "0.10 is usual", open_ends=True)
    false_allowed, missed_allowed = Fraction(repr(risk)), Fraction(repr(missed))
    largest = min(lot_size, LARGEST_SAMPLE)
    size = 1
    for limit in range(declared + 1):

        def misses(n: int, limit: int = limit) -> bool:
            chance = at_most(limit, lot_size=lot_size, failing=worse, size=n)
            return chance > missed_allowed

        size = _smallest(size, largest, misses)
        if size > largest:
            break
        false_risk = 1 - at_most(limit, lot_size=lot_size, failing=declared, size=size)
        if false_risk <= false_allowed:
            return with_power(Audit(lot_size, declared, size, limit, false_risk, None, None), worse)
    raise OutOfRange(
        "worse",
        f"far enough from {declared} for a sample of {largest} items",
        worse,
        "name a worse lot, or allow higher risks",
    )


def _smallest(low: int, high: int, fails: Callable[[int], bool]) -> int:
    """The smallest size from ``low`` at which a test no longer fails; else high + 1."""
    if fails(high):
        return high + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if fails(middle) else (low, middle)
    return low
