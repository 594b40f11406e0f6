"""What an enterprise writes in its ledger again and again: its products, lots and partners."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST = 500

_PRODUCTS = text(
    """
    SELECT gtin, number, name FROM product
    WHERE enterprise_id = :enterprise ORDER BY name, id LIMIT :most
    """
)
_LOTS = text(
    """
    SELECT lot.number, product.gtin, product.name, recent.unit
    FROM (
        SELECT latest.* FROM (
            SELECT DISTINCT ON (e.lot_id) e.lot_id, e.id AS newest, e.unit
            FROM trace_event e WHERE e.enterprise_id = :enterprise AND e.kind <> 'void'
            ORDER BY e.lot_id, e.id DESC
        ) latest ORDER BY newest DESC LIMIT :most
    ) recent
    JOIN lot ON lot.id = recent.lot_id JOIN product ON product.id = lot.product_id
    ORDER BY recent.newest DESC
    """
)
_PARTNERS = text(
    """
    SELECT DISTINCT COALESCE(enterprise.code, party.code) AS code,
           COALESCE(enterprise.name, party.name) AS name
    FROM trace_event e
    JOIN party ON party.id IN (e.from_party_id, e.to_party_id)
    LEFT JOIN enterprise ON enterprise.id = party.enterprise_id
    WHERE e.enterprise_id = :enterprise AND party.kind IN ('enterprise', 'code')
      AND party.enterprise_id IS DISTINCT FROM :enterprise
    ORDER BY name, code LIMIT :most
    """
)


@dataclass(frozen=True, slots=True)
class OwnGoods:
    """Products as (GTIN, article number, name), lots as (number, GTIN, product name, unit) with
    the latest first, partners as (code, name).
    """

    products: tuple[tuple[str | None, str, str], ...]
    lots: tuple[tuple[str, str | None, str, str], ...]
    partners: tuple[tuple[str, str | None], ...]


def own_goods(session: Session, enterprise_id: int) -> OwnGoods:
    """What may stand in the next ledger of an enterprise; at most `MOST` of each kind."""
    given = {"enterprise": enterprise_id, "most": MOST}
    return OwnGoods(
        products=tuple(tuple(row) for row in session.execute(_PRODUCTS, given)),
        lots=tuple(tuple(row) for row in session.execute(_LOTS, given)),
        partners=tuple(tuple(row) for row in session.execute(_PARTNERS, given)),
    )
