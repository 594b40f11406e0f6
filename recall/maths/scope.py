"""Scope of a recall: which lots are in, in whose hands, how many, and on what evidence.

The trace says where a lot went; the scope turns it into lines that a notice and a visit can stand
on, and into the figure that people need most: how much of the lot nobody can place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from traceability.maths.amounts import EXACT, Amount, exactly, told, total
from traceability.maths.answer import Holding, Side, Trace
from traceability.maths.balance import LotBalance
from traceability.maths.ledger import LinkState
from traceability.maths.units import UNITS


class Basis(StrEnum):
    """Where a scope comes from."""

    STATED = "stated"
    TRACED = "traced"


class Evidence(StrEnum):
    """Why a line is in the scope: the weakest link of the way that leads to it."""

    STATED = "stated"
    LEDGER = "ledger"
    PAIRED = "paired"
    INFERRED = "inferred"
    GAP = "gap"


class Oddity(StrEnum):
    """What to know before reading the figures, beside the findings of the trace itself."""

    TRUNCATED = "truncated"
    LOT_NOT_IN_LEDGER = "lot-not-in-ledger"
    LOT_AMBIGUOUS = "lot-ambiguous"
    STATED_DIFFERS = "stated-differs"
    STATED_UNIT_DIFFERS = "stated-unit-differs"


_EVIDENCE = {
    LinkState.DECLARED: Evidence.LEDGER,
    LinkState.PAIRED: Evidence.PAIRED,
    LinkState.INFERRED: Evidence.INFERRED,
    LinkState.UNKNOWN: Evidence.GAP,
}


@dataclass(frozen=True, slots=True)
class Goods:
    """A lot and its product.

    Parameters
    ----------
    lot_id : int or None
        Identity in the ledgers; ``None`` where no ledger knows it.
    lot_no, product : str
        As on the label.
    gtin : str or None
        Fourteen digits.
    maker_id : int or None
        The enterprise that made it.
    """

    lot_id: int | None
    lot_no: str
    gtin: str | None
    product: str
    maker_id: int | None


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever has, or had, goods.

    Parameters
    ----------
    enterprise_id : int or None
        On the register; ``None`` for somebody the ledgers name only, or do not name.
    code, name : str
        As on the register or in the ledger; empty where not written down.
    """

    enterprise_id: int | None
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """What became of a lot in one pair of hands: came = the rest together.

    Parameters
    ----------
    came, passed_on, sold, destroyed, consumed : Amount
        Made here or received; shipped or sent back; sold to consumers; destroyed; used up.
    on_hand, unaccounted : Amount
        What should be there, and what nobody can say.
    """

    came: Amount
    passed_on: Amount
    sold: Amount
    destroyed: Amount
    consumed: Amount
    on_hand: Amount
    unaccounted: Amount


@dataclass(frozen=True, slots=True)
class ScopeLine:
    """One lot in one pair of hands, and why it is in the scope.

    Parameters
    ----------
    goods, holder : Goods, Holder
        What and who.
    depth : int, >= 0
        Steps from the recalled lot.
    evidence : Evidence
        How the way to it is known.
    certain : bool
        Some way to it is in order for all times that the ledgers leave open.
    unit : str
        UN/ECE Recommendation 20 code of the amounts.
    amounts : LineAmounts
        What became of it.
    """

    goods: Goods
    holder: Holder
    depth: int
    evidence: Evidence
    certain: bool
    unit: str
    amounts: LineAmounts


@dataclass(frozen=True, slots=True)
class ScopeBalance:
    """The recalled lot over all hands: produced = held + sold + destroyed + consumed + unaccounted.

    Parameters
    ----------
    unit : str
        UN/ECE Recommendation 20 code.
    produced, held, sold, destroyed, consumed, unaccounted : Amount
        Exact, or between two bounds; a negative figure is a finding, never clipped.
    """

    unit: str
    produced: Amount
    held: Amount
    sold: Amount
    destroyed: Amount
    consumed: Amount
    unaccounted: Amount


@dataclass(frozen=True, slots=True)
class Scope:
    """Lots and holders of a recall.

    Parameters
    ----------
    basis : Basis
        Stated by the producer, or traced.
    lines : tuple of ScopeLine
        By depth, lot and holder.
    balance : ScopeBalance
        Of the recalled lot. Lots made from it have quantities of their own.
    oddities : tuple of str
        `Oddity` values and kinds of findings of the trace, each once, sorted.
    gaps : int
        Places where the trail ends and somebody can be asked.
    truncated : bool
        The trace stopped before its end.
    trace_digest : str
        SHA-256 of the trace; empty for a stated scope.
    """

    basis: Basis
    lines: tuple[ScopeLine, ...]
    balance: ScopeBalance
    oddities: tuple[str, ...]
    gaps: int = 0
    truncated: bool = False
    trace_digest: str = ""

    @property
    def holders(self) -> int:
        """Number of distinct holders."""
        return len({line.holder for line in self.lines})


def stated_scope(
    goods: Goods,
    producer: Holder,
    *,
    quantity: Decimal | None,
    unit: str,
    oddities: Sequence[str] = (),
) -> Scope:
    """Scope as the producer states it: one lot, of which nothing has been traced.

    Parameters
    ----------
    quantity : Decimal or None
        What was made of it, >= 0, in `unit`; ``None`` where the producer does not know.

    Raises
    ------
    ValueError
        If the quantity is negative.
    """
    if quantity is not None and quantity < 0:
        raise ValueError(f"a stated quantity cannot be negative, got {quantity}")
    open_ended = Amount(Decimal(0), quantity)
    amounts = LineAmounts(told(quantity), *[open_ended] * 6)
    line = ScopeLine(goods, producer, 0, Evidence.STATED, True, unit, amounts)
    balance = ScopeBalance(unit, told(quantity), *[open_ended] * 5)
    return Scope(Basis.STATED, (line,), balance, tuple(sorted(oddities)))


def traced_scope(trace: Trace, *, stated: Decimal | None = None, stated_unit: str = "") -> Scope:
    """Which lots are in, in whose hands, and how much is unaccounted for?

    Parameters
    ----------
    trace : Trace
        Forward trace of the recalled lot. What went into the lot is left out, what it went into
        is in.
    stated : Decimal or None
        What the producer says it made, >= 0; counts only where no ledger says so.
    stated_unit : str
        UN/ECE Recommendation 20 code of `stated`.

    Returns
    -------
    Scope
        Lines sorted by depth, lot and holder.

    Notes
    -----
    A line that rests on an uncertain link is in: a wrong visit costs an hour, a missed shop a
    fire. Where ledger and producer disagree on what was made, the ledger counts and the
    disagreement is shown.
    """
    balance, doubt = _balance(trace.lot(trace.seed.lot_id).balance, stated, stated_unit)
    oddities = {finding.kind.value for finding in trace.findings}
    if doubt is not None:
        oddities.add(doubt.value)
    if trace.truncated:
        oddities.add(Oddity.TRUNCATED.value)
    lines = [_line(trace, one) for one in trace.holdings if one.side is not Side.UPSTREAM]
    lines.sort(
        key=lambda line: (
            line.depth,
            line.goods.lot_no,
            line.holder.name,
            line.holder.code,
            line.goods.lot_id or 0,
        )
    )
    return Scope(
        basis=Basis.TRACED,
        lines=tuple(lines),
        balance=balance,
        oddities=tuple(sorted(oddities)),
        gaps=len(trace.gaps),
        truncated=trace.truncated,
        trace_digest=trace.digest(),
    )


def _line(trace: Trace, holding: Holding) -> ScopeLine:
    lot, party = trace.lot(holding.lot_id).lot, trace.party(holding.party_id)
    of = holding.balance
    return ScopeLine(
        goods=Goods(lot.lot_id, lot.number, lot.gtin, lot.product_name, lot.maker_id),
        holder=Holder(party.enterprise_id, party.code or "", party.name or ""),
        depth=holding.depth,
        evidence=_EVIDENCE[holding.weakest],
        certain=holding.certain,
        unit=of.unit,
        amounts=LineAmounts(
            came=total((of.produced, of.received, of.returned_in)),
            passed_on=total((of.shipped, of.returned_out)),
            sold=of.sold,
            destroyed=of.destroyed,
            consumed=of.consumed,
            on_hand=of.on_hand,
            unaccounted=of.unaccounted,
        ),
    )


def _balance(
    ledger: LotBalance, stated: Decimal | None, stated_unit: str
) -> tuple[ScopeBalance, Oddity | None]:
    made, rest, doubt = ledger.produced, ledger.unaccounted, None
    if stated is not None:
        given, into = UNITS[stated_unit], UNITS[ledger.unit]
        if given.dimension != into.dimension:
            doubt = Oddity.STATED_UNIT_DIFFERS
        else:
            # Factors are powers of ten, so the division is exact; the context would raise.
            said = EXACT.divide(EXACT.multiply(stated, given.factor), into.factor)
            if made.is_exact:
                doubt = None if said == made.value else Oddity.STATED_DIFFERS
            else:
                parts = (ledger.held, ledger.sold, ledger.destroyed, ledger.consumed)
                made = exactly(said)
                rest = _rest(made, total(parts))
    balance = ScopeBalance(
        ledger.unit, made, ledger.held, ledger.sold, ledger.destroyed, ledger.consumed, rest
    )
    return balance, doubt


def _rest(whole: Amount, parts: Amount) -> Amount:
    """Whole less parts; parts that are not known take no more than there is."""
    hi = None if whole.hi is None or parts.lo is None else EXACT.subtract(whole.hi, parts.lo)
    lo = None if whole.lo is None or parts.hi is None else EXACT.subtract(whole.lo, parts.hi)
    if lo is not None and lo == hi:
        return exactly(lo)
    floor = Decimal(0) if hi is None else min(hi, Decimal(0))
    return Amount(floor if lo is None else max(lo, floor), hi)
