"""Audits of a claimed quality level, in the manner of ISO 2859-4 and GB/T 2828.11.

An authority checks what a supplier declares: "at most D0 failing items in this lot". It
is contradicted if more than L failing items are found. The plans are computed, exactly and for
the lot's real size; they are not taken from the tables of those standards, whose risks they state
instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import comb
from typing import Final

from scipy.stats import hypergeom

from sampling.maths.plan_search import first_size
from sampling.maths.ranges import OutOfRange, share, whole

LARGEST_LOT: Final = 200_000
LARGEST_SAMPLE: Final = 5_000
UNSURE: Final = 1e-6  # nearer to a bound than this, whole numbers decide


@dataclass(frozen=True, slots=True)
class Audit:
    """A plan to check a claimed quality, with its exact risks.

    ``limit``: the declaration is contradicted if more than this many items fail (L).
    ``false_risk``: probability of contradicting a declaration that is just true. ``power``:
    probability of contradicting when ``worse`` items of the lot fail.
    """

    lot_size: int
    claimed: int
    size: int
    limit: int
    false_risk: Fraction
    worse: int | None
    power: Fraction | None


def _ways(lot_size: int, failing: int, size: int) -> Iterator[int]:
    """Number of samples with 0, 1, 2 … failing items; each from the one before."""
    good = lot_size - failing
    least = max(0, size - good)
    yield from (0 for _ in range(least))
    ways = comb(failing, least) * comb(good, size - least)
    for found in range(least, min(failing, size) + 1):
        yield ways
        ways = (
            ways * (failing - found) * (size - found) // ((found + 1) * (good - size + found + 1))
        )


def at_most(limit: int, *, lot_size: int, failing: int, size: int) -> Fraction:
    """Exact probability that a sample without replacement holds at most ``limit`` failing items.

    Examples
    --------
    >>> at_most(0, lot_size=50, failing=1, size=8)
    Fraction(21, 25)
    """
    ways = sum(islice(_ways(lot_size, failing, size), limit + 1))
    return Fraction(ways, comb(lot_size, size))


def _check(lot_size: int, claimed: int, risk: float) -> None:
    whole("lot_size", lot_size, 2, LARGEST_LOT, "audit a part of a larger lot")
    whole("claimed", claimed, 0, lot_size - 1, "give failing items in the lot as a count")
    share("risk", risk, "0.05 is usual", open_ends=True)


def audit_limit(*, lot_size: int, claimed: int, size: int, risk: float = 0.05) -> Audit:
    """Above which number of failing items is a declaration contradicted?

    Parameters
    ----------
    lot_size : int, 2 to 200 000
        Items in the lot.
    claimed : int, 0 <= claimed < lot_size
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
    >>> audit_limit(lot_size=50, claimed=1, size=8).limit
    1
    """
    _check(lot_size, claimed, risk)
    whole("size", size, 1, min(lot_size, LARGEST_SAMPLE), "take no more items than the lot has")
    total, allowed = comb(lot_size, size), Fraction(repr(risk))
    kept = 0
    for limit, ways in enumerate(_ways(lot_size, claimed, size)):
        kept += ways
        if (total - kept) * allowed.denominator <= allowed.numerator * total:
            false_risk = 1 - Fraction(kept, total)
            return Audit(lot_size, claimed, size, limit, false_risk, None, None)
    raise AssertionError("a sample cannot hold more failing items than the lot")


def with_power(audit: Audit, worse: int) -> Audit:
    """The audit with its power against a lot of ``worse`` failing items.

    Raises
    ------
    OutOfRange
        If that lot is not worse than declared.
    """
    whole("worse", worse, audit.claimed + 1, audit.lot_size, "name a lot worse than declared")
    missed = at_most(audit.limit, lot_size=audit.lot_size, failing=worse, size=audit.size)
    return Audit(
        audit.lot_size,
        audit.claimed,
        audit.size,
        audit.limit,
        audit.false_risk,
        worse,
        1 - missed,
    )


def audit_plan(
    *, lot_size: int, claimed: int, worse: int, risk: float = 0.05, missed: float = 0.10
) -> Audit:
    """The smallest audit that keeps both risks.

    Parameters
    ----------
    lot_size, claimed, risk
        As for `audit_limit`.
    worse : int, claimed < worse <= lot_size
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
    sample. Sizes are sought in floating point and then settled in whole numbers.

    Examples
    --------
    >>> plan = audit_plan(lot_size=100, claimed=2, worse=20)
    >>> plan.size, plan.limit
    (17, 1)
    """
    _check(lot_size, claimed, risk)
    whole("worse", worse, claimed + 1, lot_size, "name a lot worse than declared")
    share("missed", missed, "0.10 is usual", open_ends=True)
    false_allowed, missed_allowed = Fraction(repr(risk)), Fraction(repr(missed))
    largest = min(lot_size, LARGEST_SAMPLE)

    def exactly(size: int, failing: int) -> Fraction:
        return at_most(limit, lot_size=lot_size, failing=failing, size=size)

    def finds_out(size: int) -> bool:
        chance = float(hypergeom.cdf(limit, lot_size, worse, size))
        if abs(chance - missed) > UNSURE * missed:
            return chance < missed
        return exactly(size, worse) <= missed_allowed

    def wrongs_too_often(size: int) -> bool:
        chance = float(hypergeom.sf(limit, lot_size, claimed, size))
        if abs(chance - risk) > UNSURE * risk:
            return chance > risk
        return 1 - exactly(size, claimed) > false_allowed

    size = 1
    for limit in range(claimed + 1):
        size = first_size(size, largest, finds_out)
        if size > largest:
            break
        if not wrongs_too_often(size):
            false_risk = 1 - exactly(size, claimed)
            return with_power(Audit(lot_size, claimed, size, limit, false_risk, None, None), worse)
    raise OutOfRange(
        "worse",
        f"far enough from {claimed} for a sample of {largest} items",
        worse,
        "name a worse lot, or allow higher risks",
    )
