"""Statements as numbered ledger rows, for a trace without a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from traceability.maths.epcis.statements import UNTOLD, Goods, Movement, Statements
from traceability.maths.ledger import Event, Use


@dataclass(frozen=True, slots=True)
class LedgerRows:
    """Ledger rows of some statements, and what their numbers mean.

    Attributes
    ----------
    lots : mapping of Goods to int
    parties : mapping of (holder, lot) to int
        The lot is 0 but for the stand-ins of holders nobody named, one for each lot.
    unlisted : frozenset of int
        The stand-ins.
    """

    events: tuple[Event, ...]
    uses: tuple[Use, ...]
    lots: Mapping[Goods, int]
    parties: Mapping[tuple[str, int], int]
    unlisted: frozenset[int]


def ledger_rows(found: Statements) -> LedgerRows:
    """Number lots, holders and statements, from 1 and in an order that content alone decides.

    Parameters
    ----------
    found : Statements

    Returns
    -------
    LedgerRows
        Fit for `trace_lots` and `weigh_lots`.
    """
    goods = {m.goods for m in found.movements} | {
        each for c in found.consumptions for each in (c.input, c.output)
    }
    lots = {each: number for number, each in enumerate(sorted(goods), start=1)}
    holders = {
        _holder(each, lots[m.goods])
        for m in found.movements
        for each in (m.source, m.target)
        if each is not None
    } | {_holder(c.holder, lots[each]) for c in found.consumptions for each in (c.input, c.output)}
    parties = {each: number for number, each in enumerate(sorted(holders), start=1)}

    def party(holder: str | None, lot: Goods) -> int:
        return 0 if holder is None else parties[_holder(holder, lots[lot])]

    row_of = {m.key: number for number, m in enumerate(found.movements, start=1)}
    return LedgerRows(
        events=tuple(_event(row_of[m.key], m, lots[m.goods], party) for m in found.movements),
        uses=tuple(
            Use(
                id=number,
                event=row_of[c.production],
                party=party(c.holder, c.output),
                input=lots[c.input],
                output=lots[c.output],
                quantity=c.quantity,
                unit=c.unit,
                lo=c.lo,
                hi=c.hi,
            )
            for number, c in enumerate(found.consumptions, start=1)
        ),
        lots=lots,
        parties=parties,
        unlisted=frozenset(number for (holder, _), number in parties.items() if holder == UNTOLD),
    )


def _holder(holder: str, lot: int) -> tuple[str, int]:
    return holder, lot if holder == UNTOLD else 0


def _event(number: int, m: Movement, lot: int, party: Callable[[str | None, Goods], int]) -> Event:
    return Event(
        id=number,
        kind=m.kind,
        lot=lot,
        source=party(m.source, m.goods),
        target=party(m.target, m.goods),
        quantity=m.quantity,
        unit=m.unit,
        lo=m.lo,
        hi=m.hi,
        document=m.document,
        inputs=m.inputs,
    )
