"""What statements speak of: rows of products, lots and parties, added where they are new."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from registry.maths.codes import USCC_LENGTH, normalise
from registry.models import Product
from traceability.maths.epcis.statements import UNTOLD, Goods, GoodsKind
from traceability.queries.ledger import lot_key
from traceability.recording.goods import lot_ids
from traceability.recording.partners import PartyKey, firms_by_code, of_firm, party_ids

_UNKNOWN_OUTPUT = "?"


@dataclass(frozen=True, slots=True)
class Parties:
    """Numbers of parties: those named, and the stand-in of each lot for whom nobody named."""

    named: dict[str, int]
    untold: dict[int, int]


def lots_of(session: Session, goods: Iterable[Goods]) -> dict[Goods, int]:
    """Goods → lot number. A GTIN on the register is that product, another gets one without firm.

    Where several firms have registered one GTIN the product registered first is taken.
    """
    wanted = sorted(set(goods))
    products = _products(session, wanted)
    keys = {each: (products[_number(each)], lot_key(each.number)) for each in wanted}
    found = lot_ids(session, ((*keys[each], each.number) for each in wanted))
    return {each: found[keys[each]] for each in wanted}


def _number(goods: Goods) -> str:
    """The number of the product: its GTIN, or the scheme of identifiers of another kind."""
    if goods.gtin is not None:
        return goods.gtin
    if goods.kind is GoodsKind.OUTPUT:
        return _UNKNOWN_OUTPUT
    scheme = re.match(r"(?:[a-z]+://[^/]+|urn:[^:]+|[^.:/]+)", goods.key)
    return scheme[0] if scheme else goods.key


def _products(session: Session, goods: Iterable[Goods]) -> dict[str, int]:
    """Number → product row; of a GTIN the one on the register before one without a firm."""
    wanted = {_number(each): each.gtin for each in goods}
    found = _known(session, wanted)
    missing = {number: gtin for number, gtin in wanted.items() if number not in found}
    if missing:
        session.execute(
            insert(Product).on_conflict_do_nothing(
                index_elements=["number"], index_where=Product.enterprise_id.is_(None)
            ),
            [
                {
                    "enterprise_id": None,
                    "number": number,
                    "gtin": gtin,
                    "name": f"GTIN {gtin}" if gtin else number,
                }
                for number, gtin in sorted(missing.items())
            ],
        )
        found |= _known(session, missing)
    return found


def _known(session: Session, wanted: dict[str, str | None]) -> dict[str, int]:
    found: dict[str, int] = {}
    gtins = sorted(gtin for gtin in wanted.values() if gtin is not None)
    others = sorted(number for number, gtin in wanted.items() if gtin is None)
    for gtin, product_id in session.execute(
        select(func.coalesce(Product.gtin, ""), Product.id)
        .where(Product.gtin == func.any(gtins))
        .order_by(Product.enterprise_id.is_(None), Product.id)
    ):
        found.setdefault(gtin, product_id)
    for number, product_id in session.execute(
        select(Product.number, Product.id).where(
            Product.number == func.any(others), Product.enterprise_id.is_(None)
        )
    ):
        found.setdefault(number, product_id)
    return found


def parties_of(session: Session, holders: Iterable[str], untold_of: Iterable[int]) -> Parties:
    """Numbers of holders by key, and of the stand-ins of some lots.

    A holder whose identifier ends in the code of a registered enterprise is that enterprise. Any
    other is a party by code: a location number is the same whichever source writes it.
    """
    wanted = sorted(set(holders) - {UNTOLD})
    codes = {each: _code(each) for each in wanted}
    firms = firms_by_code(session, codes.values())
    keys: dict[str, PartyKey] = {}
    for each in wanted:
        firm = firms.get(codes[each])
        keys[each] = of_firm(firm) if firm else PartyKey("code", f"C:{each}", code=each, name=each)
    stand_ins = {lot: PartyKey("unlisted", f"U:events:{lot}") for lot in sorted(set(untold_of))}
    numbers = party_ids(session, [*keys.values(), *stand_ins.values()])
    return Parties(
        {each: numbers[key.key] for each, key in keys.items()},
        {lot: numbers[key.key] for lot, key in stand_ins.items()},
    )


def _code(holder: str) -> str:
    """The code at the end of an identifier, as the register writes codes."""
    last = re.split(r"[/:]", holder.rstrip("/"))[-1]
    closed = normalise(last)
    return closed if len(closed) == USCC_LENGTH else last
