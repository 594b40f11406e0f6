"""Mass balance: where is what was made?

Every part is exact or an interval, and what nobody can say is a figure of its own. Negative
figures are findings; they are never clipped, nor spread over other parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from traceability.maths.amounts import EXACT, NOTHING, UNKNOWN, Amount, exactly, total
from traceability.maths.units import BASE, UNITS, Dimension, common_unit, converted


class Part(StrEnum):
    """What a quantity of a lot did at a holder."""

    PRODUCED = "produced"
    RECEIVED = "received"
    RETURNED_IN = "returned_in"
    SHIPPED = "shipped"
    RETURNED_OUT = "returned_out"
    SOLD = "sold"
    DESTROYED = "destroyed"
    CONSUMED = "consumed"
    COUNTED = "counted"


INFLOW = (Part.PRODUCED, Part.RECEIVED, Part.RETURNED_IN)
OUTFLOW = (Part.SHIPPED, Part.RETURNED_OUT, Part.SOLD, Part.DESTROYED, Part.CONSUMED)

NEGATIVE_STOCK = "negative-stock"
UNITS_DIFFER = "units-differ"


@dataclass(frozen=True, slots=True)
class Entry:
    """One quantity in the balance of a lot at a holder; ``lo`` and ``hi`` say when."""

    part: Part
    quantity: Decimal | None
    unit: str
    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class Balance:
    """A lot at one holder: inflow = outflow + on hand + unaccounted.

    Attributes
    ----------
    on_hand : Amount
        What should be there now: the last count, and what came and went since.
    unaccounted : Amount
        Inflow that is neither outflow nor on hand. Without a count nobody can tell the two
        apart: both lie between 0 and what remains.
    counted : bool
        True where ``on_hand`` rests on a count.
    findings : tuple of str
        `NEGATIVE_STOCK`, `UNITS_DIFFER`.
    """

    unit: str
    produced: Amount
    received: Amount
    returned_in: Amount
    shipped: Amount
    returned_out: Amount
    sold: Amount
    destroyed: Amount
    consumed: Amount
    on_hand: Amount
    unaccounted: Amount
    counted: bool
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LotBalance:
    """A lot over all holders: produced = held + sold + destroyed + consumed + unaccounted."""

    unit: str
    produced: Amount
    held: Amount
    sold: Amount
    destroyed: Amount
    consumed: Amount
    unaccounted: Amount
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sum:
    """Known quantities added up, and whether others are not known."""

    known: Decimal
    is_open: bool

    @property
    def amount(self) -> Amount:
        return Amount(self.known, None if self.is_open else self.known)


def ledger_unit(units: Sequence[str]) -> tuple[str, bool]:
    """The unit to add up in, and whether all quantities fit into it.

    Where units measure different things the dimension used most often is taken; what does not fit
    counts as unknown and the balance says so.
    """
    given = Counter(units)
    if not given:
        return BASE[Dimension.COUNT], True
    common = common_unit(frozenset(given))
    if common is not None:
        return common, True
    by_dimension: Counter[Dimension] = Counter()
    for code, count in given.items():
        by_dimension[UNITS[code].dimension] += count
    most = min(by_dimension, key=lambda each: (-by_dimension[each], each))
    fitting = frozenset(code for code in given if UNITS[code].dimension == most)
    return common_unit(fitting) or BASE[most], False


def _add(entries: Iterable[Entry], unit: str) -> _Sum:
    known, is_open = Decimal(0), False
    for entry in entries:
        if entry.quantity is None or UNITS[entry.unit].dimension != UNITS[unit].dimension:
            is_open = True
        else:
            known = EXACT.add(known, converted(entry.quantity, entry.unit, unit))
    return _Sum(known, is_open)


def balance(entries: Sequence[Entry], *, unit: str | None = None) -> Balance:
    """What of a lot came to a holder, what became of it, and what can nobody say?

    Parameters
    ----------
    entries : sequence of Entry
        Of one lot at one holder, in any order.
    unit : str, optional
        The unit to add up in; without it `ledger_unit` chooses.

    Returns
    -------
    Balance
        All parts in one unit.

    Notes
    -----
    A count is taken at the end of its day: rows of the same day come before it. The last count
    holds. An unknown outflow is at least zero and not more than was there; an unknown inflow is
    at least zero, and enough for what went out. Where no inflow at all was written down, it is
    unknown, not zero.
    """
    chosen, fits = ledger_unit([e.unit for e in entries if e.quantity is not None])
    if unit is not None:
        fits = all(UNITS[e.unit].dimension == UNITS[unit].dimension for e in entries)
        chosen = unit
    count = _last_count(entries, chosen)
    on_hand, unaccounted = (
        _uncounted(_inflow(entries, chosen), _outflow(entries, chosen))
        if count is None
        else _counted(entries, count, chosen)
    )
    findings = [] if fits else [UNITS_DIFFER]
    if any(amount.hi is not None and amount.hi < 0 for amount in (on_hand, unaccounted)):
        findings.append(NEGATIVE_STOCK)
    groups: dict[Part, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.part, []).append(entry)
    parts = {
        part.value: _add(groups[part], chosen).amount if part in groups else NOTHING
        for part in (*INFLOW, *OUTFLOW)
    }
    return Balance(
        unit=chosen,
        **parts,
        on_hand=on_hand,
        unaccounted=unaccounted,
        counted=count is not None,
        findings=tuple(findings),
    )


def _inflow(entries: Sequence[Entry], unit: str) -> _Sum:
    inflow = [e for e in entries if e.part in INFLOW]
    return _add(inflow, unit) if inflow else _Sum(Decimal(0), True)


def _outflow(entries: Sequence[Entry], unit: str) -> _Sum:
    return _add((e for e in entries if e.part in OUTFLOW), unit)


def _uncounted(inflow: _Sum, outflow: _Sum) -> tuple[Amount, Amount]:
    """On hand and unaccounted where nobody counted: each may be all that remains."""
    rest = _open_end(inflow, outflow)
    zero = Decimal(0)
    if rest.hi is not None and rest.hi < 0:
        return NOTHING, rest
    return Amount(zero, rest.hi), Amount(zero, rest.hi)


def _counted(entries: Sequence[Entry], count: Entry, unit: str) -> tuple[Amount, Amount]:
    """On hand now, by the count and what came and went since; unaccounted up to the count."""
    before = [e for e in entries if e.lo <= count.hi]
    after = [e for e in entries if e.lo > count.hi]
    later_in = _add((e for e in after if e.part in INFLOW), unit)
    later_out = _outflow(after, unit)
    counted = converted(count.quantity or Decimal(0), count.unit, unit)
    now = EXACT.subtract(EXACT.add(counted, later_in.known), later_out.known)
    on_hand = Amount(
        min(now, Decimal(0)) if later_out.is_open else now, None if later_in.is_open else now
    )
    came = [e for e in before if e.part in INFLOW]
    never = not any(e.part in INFLOW for e in entries)
    went = _outflow(before, unit)
    return on_hand, _open_end(
        _Sum(Decimal(0), True) if never else _add(came, unit),
        _Sum(EXACT.add(went.known, counted), went.is_open),
    )


def _last_count(entries: Sequence[Entry], unit: str) -> Entry | None:
    counts = [
        entry
        for entry in entries
        if entry.part == Part.COUNTED
        and entry.quantity is not None
        and UNITS[entry.unit].dimension == UNITS[unit].dimension
    ]
    return max(counts, key=lambda e: (e.hi, e.lo, e.quantity), default=None)


def _open_end(inflow: _Sum, outflow: _Sum) -> Amount:
    """Inflow less outflow, as far as both are known."""
    rest = EXACT.subtract(inflow.known, outflow.known)
    zero = Decimal(0)
    if inflow.is_open:
        return Amount(zero if outflow.is_open else max(rest, zero), None)
    return Amount(min(rest, zero) if outflow.is_open else rest, rest)


def lot_balance(
    holdings: Sequence[Balance], *, unit: str, is_made: bool, unlisted: Sequence[bool] = ()
) -> LotBalance:
    """Over all its holders, where is what was made of a lot?

    Parameters
    ----------
    holdings : sequence of Balance
        One for each holder, all in ``unit``.
    is_made : bool
        True where a production row tells how the lot came to be.
    unlisted : sequence of bool, optional
        Beside ``holdings``: the holder was not written down, so that what went there is nowhere.

    Returns
    -------
    LotBalance
        ``produced`` is unknown where no production row is known.

    Notes
    -----
    What was lost between two holders (shipped less received) is in ``unaccounted``, which is what
    is left of ``produced`` after all other parts: the parts add up exactly.
    """
    nowhere = list(unlisted) or [False] * len(holdings)
    produced = total(each.produced for each in holdings) if is_made else UNKNOWN
    held = total(
        each.on_hand for each, is_lost in zip(holdings, nowhere, strict=True) if not is_lost
    )
    sold = total(each.sold for each in holdings)
    destroyed = total(each.destroyed for each in holdings)
    consumed = total(each.consumed for each in holdings)
    rest = _rest(produced, total((held, sold, destroyed, consumed)))
    findings = [UNITS_DIFFER] if any(UNITS_DIFFER in each.findings for each in holdings) else []
    if rest.hi is not None and rest.hi < 0:
        findings.append(NEGATIVE_STOCK)
    return LotBalance(unit, produced, held, sold, destroyed, consumed, rest, tuple(findings))


def _rest(whole: Amount, parts: Amount) -> Amount:
    hi = None if whole.hi is None or parts.lo is None else EXACT.subtract(whole.hi, parts.lo)
    lo = None if whole.lo is None or parts.hi is None else EXACT.subtract(whole.lo, parts.hi)
    if lo is not None and lo == hi:
        return exactly(lo)
    # Unknown parts are not more than was there: they alone make nothing negative.
    floor = Decimal(0) if hi is None else min(hi, Decimal(0))
    return Amount(floor if lo is None else max(lo, floor), hi)


def weight_yield(
    output: tuple[Decimal | None, str], inputs: Sequence[tuple[Decimal | None, str]]
) -> tuple[Decimal, Decimal] | None:
    """Weight that came out of a production and weight that went in.

    Parameters
    ----------
    output : (quantity, unit)
    inputs : sequence of (quantity, unit)

    Returns
    -------
    (Decimal, Decimal) | None
        Kilograms out and in; None unless all are known weights. More out than in means an input
        that was not written down (a sign of adulteration, 掺假).

    Notes
    -----
    Pieces are not compared: two capacitors in one charger are no yield of one half.
    """
    if not inputs:
        return None
    for quantity, unit in (output, *inputs):
        if quantity is None or UNITS[unit].dimension != Dimension.MASS:
            return None
    weights = [converted(quantity or Decimal(0), unit, "KGM") for quantity, unit in inputs]
    weight_in = Decimal(0)
    for each in weights:
        weight_in = EXACT.add(weight_in, each)
    return converted(output[0] or Decimal(0), output[1], "KGM"), weight_in
