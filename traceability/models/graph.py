"""Edges between holdings: derived, bitemporal, rebuildable.

Nothing here is a truth of its own: the journal is. The rows are what the journal says, worked out
once, so that a question about a hundred thousand lots need not work it out again.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id

_OPEN, _CLOSED = text("retracted_at IS NULL"), text("retracted_at IS NOT NULL")
_WALKED = ["id", "lo", "hi", "purpose", "recorded_at"]


class TraceNode(Base):
    """A lot at a party: what a trace reaches."""

    __tablename__ = "trace_node"
    __table_args__ = (
        UniqueConstraint("lot_id", "party_id"),
        Index("ix_trace_node_party_id", "party_id"),
    )

    id: Mapped[Id]
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))


class TraceEdge(Base):
    """Goods that went, or may have gone, from one node to another inside a span of time.

    ``link_key`` names the hop ("M" and its first row) or the use ("U" and its row). A hop that both
    ends wrote down is one row for each sighting, for possible paths, and one for the whole, for
    certain paths. ``lo`` and ``hi`` are microseconds UTC. In force at a record time T where
    ``recorded_at <= T`` and ``retracted_at`` is later or NULL; a row retracted when it was recorded
    was never in force. No foreign keys: rows are copied in by millions, from nodes just made.
    """

    __tablename__ = "trace_edge"
    __table_args__ = (
        CheckConstraint("purpose IN ('possible', 'certain', 'both')", name="purpose"),
        CheckConstraint("state IN ('declared', 'paired', 'inferred', 'unknown')", name="state"),
        CheckConstraint("lo <= hi", name="interval"),
        CheckConstraint("source_id <> target_id", name="ends"),
        CheckConstraint("(retracted_at IS NULL) = (closed_serial IS NULL)", name="closed"),
        Index(
            "ix_trace_edge_source_open",
            "source_id",
            postgresql_include=["target_id", *_WALKED],
            postgresql_where=_OPEN,
        ),
        Index(
            "ix_trace_edge_target_open",
            "target_id",
            postgresql_include=["source_id", *_WALKED],
            postgresql_where=_OPEN,
        ),
        Index("ix_trace_edge_source_closed", "source_id", postgresql_where=_CLOSED),
        Index("ix_trace_edge_target_closed", "target_id", postgresql_where=_CLOSED),
        Index("ix_trace_edge_closed_serial", "closed_serial", postgresql_where=_CLOSED),
    )

    id: Mapped[Id]
    source_id: Mapped[int]
    target_id: Mapped[int]
    link_key: Mapped[str]
    purpose: Mapped[str]
    kind: Mapped[str]
    lo: Mapped[int]
    hi: Mapped[int]
    quantity: Mapped[Decimal | None]
    unit: Mapped[str]
    state: Mapped[str]
    event_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    recorded_at: Mapped[datetime]
    retracted_at: Mapped[datetime | None]
    # From the sequence of ``id``: whatever has a greater number came later, closings included.
    closed_serial: Mapped[int | None]


class GraphSnapshot(Base):
    """A snapshot in files, complete before its row was committed; the newest row is the current.

    ``last_serial`` is the last edge or closing that the files hold. ``recorded_at`` is the latest
    record time of an edge in it.
    """

    __tablename__ = "graph_snapshot"

    id: Mapped[Id]
    directory: Mapped[str] = mapped_column(unique=True)
    last_serial: Mapped[int]
    recorded_at: Mapped[datetime | None]
    node_count: Mapped[int]
    edge_count: Mapped[int]
    built_at: Mapped[datetime]
