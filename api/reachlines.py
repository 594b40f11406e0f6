"""A reach as lines of JSON, made as they are sent: memory does not grow with the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from traceability.maths.amounts import plain
from traceability.queries.reached import ReachedLink, ReachedNode
from traceability.service.reaching import Found, named

ROWS_AT_ONCE = 2000

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def lines(session: Session, found: Found) -> Iterator[str]:
    """First the totals, then each row as a page shows it, last how many rows there were.

    A reader who never sees the last line has not got the whole answer.
    """
    yield _line({"summary": summary(found)})
    for start in range(0, len(found.node), ROWS_AT_ONCE):
        rows = named(session, found, start, start + ROWS_AT_ONCE)
        yield "".join(_line(node_row(row)) for row in rows)
    yield _line({"end": {"rows": len(found.node), "truncated_because": found.truncated_because}})


def summary(found: Found) -> dict[str, Any]:
    """What was asked, and how much was found."""
    return {
        "direction": found.wish.direction,
        "dates": found.wish.dates,
        "certainty": found.wish.certainty,
        "as_of": found.as_of.isoformat(),
        "engines": list(found.engines),
        "digest": found.digest,
        "truncated": found.truncated_because is not None,
        "truncated_because": found.truncated_because,
        "total": len(found.node),
        "totals": [
            {"side": side.value, "depth": depth, "count": count}
            for side, depth, count in found.totals
        ],
    }


def node_row(row: ReachedNode) -> dict[str, Any]:
    """A row as the schema of a page dumps it, several times as fast."""
    lot, party = row.lot, row.party
    return {
        "node_id": row.node_id,
        "side": row.side.value,
        "depth": row.depth,
        "lot": {
            "lot_id": lot.lot_id,
            "number": lot.number,
            "product_id": lot.product_id,
            "product_name": lot.product_name,
            "gtin": lot.gtin,
            "category_id": lot.category_id,
            "maker_id": lot.maker_id,
        },
        "party": {
            "party_id": party.party_id,
            "kind": party.kind,
            "enterprise_id": party.enterprise_id,
            "code": party.code,
            "name": party.name,
        },
        "since": _time(row.since),
        "before_id": row.before_id,
        "link": None if row.link is None else _link_row(row.link),
    }


def _link_row(link: ReachedLink) -> dict[str, Any]:
    return {
        "edge_id": link.edge_id,
        "key": link.key,
        "kind": link.kind,
        "state": link.state,
        "earliest_at": _time(link.earliest_at),
        "latest_at": _time(link.latest_at),
        "quantity": None if link.quantity is None else plain(link.quantity),
        "unit": link.unit,
        "event_ids": link.event_ids,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _line(row: dict[str, Any]) -> str:
    return _encode(row) + "\n"
