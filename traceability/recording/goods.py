"""What a ledger row speaks of: products of the register, and their lots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.clock import now
from registry.models import Product


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product that a ledger names and the register does not yet know."""

    enterprise_id: int
    number: str
    gtin: str | None
    name: str


class Catalogue:
    """Products by GTIN, by the maker's number and by the maker's name for them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        # (maker, product); no maker where only events speak of the product.
        self.by_gtin: dict[str, list[tuple[int | None, int]]] = defaultdict(list)
        self.by_number: dict[tuple[int, str], int] = {}
        self.by_name: dict[tuple[int, str], list[int]] = defaultdict(list)

    def load(self, gtins: Iterable[str], maker_ids: Iterable[int]) -> None:
        """Read the products with these GTINs or of these makers."""
        statement = select(
            Product.id, Product.enterprise_id, Product.gtin, Product.number, Product.name
        ).order_by(Product.id)
        for condition in (
            Product.gtin == func.any(sorted(set(gtins))),
            Product.enterprise_id == func.any(sorted(set(maker_ids))),
        ):
            for row in self.session.execute(statement.where(condition)).all():
                self._enter(*row)

    def _enter(
        self, product_id: int, maker_id: int | None, gtin: str | None, number: str, name: str
    ) -> None:
        if gtin and (maker_id, product_id) not in self.by_gtin[gtin]:
            self.by_gtin[gtin].append((maker_id, product_id))
        if maker_id is None:
            return
        self.by_number[maker_id, number] = product_id
        if product_id not in self.by_name[maker_id, name]:
            self.by_name[maker_id, name].append(product_id)

    def of_gtin(self, gtin: str, maker_id: int | None) -> list[int]:
        """Products with a GTIN; of one maker where it is known."""
        found = self.by_gtin.get(gtin, [])
        return [product for maker, product in found if maker_id in (None, maker)]

    def add(self, products: Sequence[NewProduct]) -> int:
        """Put new products on the register; returns how many."""
        if not products:
            return 0
        rows = [
            {
                "enterprise_id": each.enterprise_id,
                "number": each.number,
                "gtin": each.gtin,
                "name": each.name,
            }
            for each in products
        ]
        added = self.session.execute(
            insert(Product)
            .values(rows)
            .on_conflict_do_nothing(index_elements=["enterprise_id", "number"])
            .returning(
                Product.id, Product.enterprise_id, Product.gtin, Product.number, Product.name
            )
        ).all()
        for row in added:
            self._enter(*row)
        return len(added)


def lot_ids(session: Session, lots: Iterable[tuple[int, str, str]]) -> dict[tuple[int, str], int]:
    """(product, key) → lot number; lots not yet known are added.

    Parameters
    ----------
    lots : iterable of (product id, key, number as written)
    """
    first: dict[tuple[int, str], str] = {}
    for product_id, key, number in lots:
        first.setdefault((product_id, key), number)
    if not first:
        return {}
    ordered = sorted(first)
    # The function runs as owner: a firm may name a lot that another firm's ledger named first.
    rows = session.execute(
        text(
            "SELECT id, product_id, key FROM name_lots(CAST(:products AS bigint[]),"
            " CAST(:keys AS text[]), CAST(:numbers AS text[]), :at)"
        ),
        {
            "products": [product for product, _ in ordered],
            "keys": [key for _, key in ordered],
            "numbers": [first[each] for each in ordered],
            "at": now(),
        },
    ).all()
    return {(row.product_id, row.key): row.id for row in rows}


def lots_had(
    session: Session, wanted: Iterable[tuple[int, str]]
) -> dict[tuple[int, str], set[int]]:
    """(party, lot key) → products of the lots with that number that the party made or received.

    Only what the session may see: for an enterprise its own rows, and so its own receipts.
    """
    pairs = sorted(set(wanted))
    if not pairs:
        return {}
    rows = session.execute(
        text(
            "SELECT DISTINCT given.party, given.key, lot.product_id"
            " FROM unnest(CAST(:parties AS bigint[]), CAST(:keys AS text[])) AS given (party, key)"
            " JOIN lot ON lot.key = given.key"
            " JOIN trace_event e ON e.lot_id = lot.id AND (e.to_party_id = given.party"
            "   OR (e.kind = 'production' AND e.from_party_id = given.party))"
        ),
        {"parties": [party for party, _ in pairs], "keys": [key for _, key in pairs]},
    ).all()
    found: dict[tuple[int, str], set[int]] = defaultdict(set)
    for party, key, product_id in rows:
        found[party, key].add(product_id)
    return found
