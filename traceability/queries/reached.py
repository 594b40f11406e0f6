"""Names for the numbers of a reach, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, func, literal_column, select, text
from sqlalchemy.orm import Session

from traceability.maths.answer import LotView, PartyView, Side, instant
from traceability.maths.network import Node
from traceability.maths.reach import Ints
from traceability.models.graph import TraceEdge, TraceNode
from traceability.queries.arrays import BigintArray, columns
from traceability.queries.ledger import lots, parties


def nodes_of_lots(session: Session, lot_ids: Iterable[int]) -> dict[Node, int]:
    """Node numbers of some lots at all their holders."""
    rows = session.execute(
        select(TraceNode.lot_id, TraceNode.party_id, TraceNode.id).where(
            TraceNode.lot_id == func.any(list(lot_ids))
        )
    ).all()
    return {(lot, party): number for lot, party, number in rows}


def places_of(session: Session, node: Ints) -> tuple[Ints, Ints]:
    """Lot and party of each of some nodes, in their order."""
    if not len(node):
        return node, node
    first, last = int(node.min()), int(node.max())
    # Numbers that lie close together are read as one range, four times as fast as each by itself.
    is_dense = last - first < 5 * len(node)
    where = "id BETWEEN %(first)s AND %(last)s" if is_dense else "id = ANY(%(nodes)b)"
    number, lot, party = columns(
        session,
        ("id", "lot_id", "party_id"),
        f"SELECT id, lot_id, party_id FROM trace_node WHERE {where}",  # noqa: S608 - constants
        {"first": first, "last": last, "nodes": BigintArray(node[:0] if is_dense else node)},
    )
    order = np.argsort(number)
    at = order[np.searchsorted(number, node, sorter=order)]
    return lot[at], party[at]


def nodes_with_edges(session: Session, node_ids: Iterable[int]) -> set[int]:
    """Which of some nodes have an edge in force now."""
    rows = session.execute(
        text(
            "SELECT n FROM unnest(CAST(:nodes AS bigint[])) AS w (n)"
            " WHERE EXISTS (SELECT 1 FROM trace_edge WHERE source_id = n AND retracted_at IS NULL)"
            " OR EXISTS (SELECT 1 FROM trace_edge WHERE target_id = n AND retracted_at IS NULL)"
        ),
        {"nodes": list(node_ids)},
    )
    return set(rows.scalars())


@dataclass(frozen=True, slots=True)
class ReachedLink:
    """The edge by which a node was first reached."""

    edge_id: int
    key: str
    kind: str
    state: str
    earliest_at: datetime | None
    latest_at: datetime | None
    quantity: Decimal | None
    unit: str
    event_ids: list[int]


@dataclass(frozen=True, slots=True)
class ReachedNode:
    """A lot at a holder in an answer.

    ``since`` is the earliest arrival, upstream the latest departure; None where no bound is known.
    """

    node_id: int
    side: Side
    depth: int
    lot: LotView
    party: PartyView
    since: datetime | None
    before_id: int | None
    link: ReachedLink | None


@dataclass(frozen=True, slots=True)
class Names:
    """Lots, parties and edges of a page."""

    place: dict[int, Node]
    lots: dict[int, LotView]
    parties: dict[int, PartyView]
    links: dict[int, ReachedLink]

    def row(
        self, side: Side, node: int, depth: int, since: int, edge: int, before: int
    ) -> ReachedNode:
        """One row."""
        lot_id, party_id = self.place[node]
        return ReachedNode(
            node_id=node,
            side=side,
            depth=depth,
            lot=self.lots[lot_id],
            party=self.parties[party_id],
            since=instant(-since if side is Side.UPSTREAM else since),
            before_id=before if before >= 0 else None,
            link=self.links.get(edge),
        )


def _link(row: Any) -> ReachedLink:
    edge_id, key, kind, state, lo, hi, quantity, unit, event_ids = row
    return ReachedLink(
        edge_id, key, kind, state, instant(lo), instant(hi), quantity, unit, event_ids
    )


def names_of(session: Session, node: Ints, edge: Ints) -> Names:
    """Whatever a page must name."""
    rows = session.execute(
        select(TraceNode.id, TraceNode.lot_id, TraceNode.party_id).where(
            TraceNode.id == func.any(node.tolist())
        )
    ).all()
    place = {number: (lot, party) for number, lot, party in rows}
    event_ids: ColumnElement[Any] = literal_column("event_ids")
    links = session.execute(
        select(
            TraceEdge.id,
            TraceEdge.link_key,
            TraceEdge.kind,
            TraceEdge.state,
            TraceEdge.lo,
            TraceEdge.hi,
            TraceEdge.quantity,
            TraceEdge.unit,
            event_ids,  # the driver's list as it is: not gone through once more
        ).where(TraceEdge.id == func.any(edge[edge >= 0].tolist()))
    ).all()
    return Names(
        place=place,
        lots=lots(session, {lot for lot, _ in place.values()}),
        parties=parties(session, {party for _, party in place.values()}),
        links={row[0]: _link(row) for row in links},
    )
