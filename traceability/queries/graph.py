"""What the tables of the graph hold: its state, its edges for a snapshot, what came since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from traceability.maths.reach import Ints
from traceability.models.graph import GraphSnapshot, TraceEdge
from traceability.queries.arrays import columns

# Edges read by one query; bounds the memory of either side.
EDGES_AT_ONCE = 1_000_000

_STATE = text(
    "SELECT COALESCE((SELECT max(id) FROM trace_edge), 0),"
    " COALESCE((SELECT max(closed_serial) FROM trace_edge WHERE retracted_at IS NOT NULL), 0),"
    " COALESCE((SELECT max(id) FROM trace_node), 0)"
)


@dataclass(frozen=True, slots=True)
class GraphState:
    """How far the graph is: the last edge or closing, and the last node."""

    serial: int
    last_node: int


def graph_state(session: Session) -> GraphState:
    """How far the graph is."""
    last_edge, last_closing, last_node = session.execute(_STATE).one()
    return GraphState(max(last_edge, last_closing), last_node)


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """A snapshot in files, as its row tells of it."""

    snapshot_id: int
    directory: str
    last_serial: int
    recorded_at: datetime | None
    edge_count: int


def snapshots(session: Session, limit: int = 2) -> list[SnapshotView]:
    """The newest snapshots, newest first."""
    rows = session.execute(
        select(GraphSnapshot).order_by(GraphSnapshot.id.desc()).limit(limit)
    ).scalars()
    return [
        SnapshotView(row.id, row.directory, row.last_serial, row.recorded_at, row.edge_count)
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class EdgeColumns:
    """Edges in columns; ``purpose`` is 1 possible, 2 certain, 3 both."""

    source: Ints
    target: Ints
    lo: Ints
    hi: Ints
    number: Ints
    purpose: Ints

    def of_purpose(self, purpose: int) -> EdgeColumns:
        """Those a walk of one purpose takes."""
        kept = (self.purpose & purpose) != 0
        return self if kept.all() else EdgeColumns(*(each[kept] for each in self.all()))

    def all(self) -> tuple[Ints, ...]:
        """The columns, in order."""
        return self.source, self.target, self.lo, self.hi, self.number, self.purpose


POSSIBLE, CERTAIN = 1, 2

_NAMES = ("source_id", "target_id", "lo", "hi", "id", "purposes")
_EDGES = (
    "SELECT source_id, target_id, lo, hi, id, CASE purpose WHEN 'possible' THEN 1::bigint"
    " WHEN 'certain' THEN 2 ELSE 3 END AS purposes FROM trace_edge"
    " WHERE id > %(after)s AND id <= %(last)s AND retracted_at IS NULL ORDER BY id"
)


def open_edges(session: Session, *, after: int, last: int) -> EdgeColumns:
    """Edges in force with numbers in a range, ascending."""
    parts: list[tuple[Ints, ...]] = [tuple(np.empty(0, dtype=np.int64) for _ in _NAMES)]
    for start in range(after, last, EDGES_AT_ONCE):
        facts = {"after": start, "last": min(start + EDGES_AT_ONCE, last)}
        parts.append(columns(session, _NAMES, _EDGES, facts))
    return EdgeColumns(*(np.concatenate(each) for each in zip(*parts, strict=True)))


@dataclass(frozen=True, slots=True)
class Change:
    """What came since a serial number: edges in force now, and edges from before that ended.

    ``recorded_at`` is the latest record time of any of it.
    """

    added: EdgeColumns
    ended_source: Ints
    ended: Ints
    recorded_at: datetime | None


def change_since(session: Session, serial: int, *, state: GraphState) -> Change:
    """What came after a serial number, up to a state."""
    facts: dict[str, Any] = {"after": serial, "last": state.serial}
    source, number = columns(
        session,
        ("source_id", "id"),
        "SELECT source_id, id FROM trace_edge WHERE retracted_at IS NOT NULL"
        " AND closed_serial > %(after)s AND closed_serial <= %(last)s AND id <= %(after)s",
        facts,
    )
    return Change(
        added=open_edges(session, after=serial, last=state.serial),
        ended_source=source,
        ended=number,
        recorded_at=last_recorded(session, after=serial),
    )


def last_recorded(session: Session, *, after: int = 0) -> datetime | None:
    """The latest record time of an edge or a closing with a greater serial number."""
    added = select(func.max(TraceEdge.recorded_at)).where(TraceEdge.id > after)
    ended = select(func.max(TraceEdge.retracted_at)).where(
        TraceEdge.retracted_at.is_not(None), TraceEdge.closed_serial > after
    )
    both = select(func.greatest(added.scalar_subquery(), ended.scalar_subquery()))
    found: datetime | None = session.execute(both).scalar_one()
    return found


def edge_count(session: Session) -> int:
    """About how many edges there are: exact where the planner keeps no figure yet."""
    known = session.execute(
        text("SELECT reltuples::bigint FROM pg_class WHERE oid = 'trace_edge'::regclass")
    ).scalar_one()
    if known > 0:
        return int(known)
    return session.execute(select(func.count()).select_from(TraceEdge)).scalar_one()
