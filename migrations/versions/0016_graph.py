"""Edges between holdings: derived, bitemporal, rebuildable."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from migrations.helpers import WEB_ROLE, staff_only

revision = "0016_graph"
down_revision = "0015_statements"
branch_labels = None
depends_on = None

_WALKED = ["id", "lo", "hi", "purpose", "recorded_at"]


def upgrade() -> None:
    """Build."""
    op.create_table(
        "trace_node",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_trace_node_lot_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_trace_node_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_node")),
        sa.UniqueConstraint("lot_id", "party_id", name=op.f("uq_trace_node_lot_id_party_id")),
    )
    op.create_index("ix_trace_node_party_id", "trace_node", ["party_id"], unique=False)
    _create_edges()
    op.create_table(
        "graph_snapshot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("last_serial", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("node_count", sa.BigInteger(), nullable=False),
        sa.Column("edge_count", sa.BigInteger(), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_graph_snapshot")),
        sa.UniqueConstraint("directory", name=op.f("uq_graph_snapshot_directory")),
    )
    for table in ("trace_node", "trace_edge", "graph_snapshot"):
        staff_only(table)
    # Closings take their number from the sequence of the edges.
    op.execute(f"GRANT USAGE ON SEQUENCE trace_edge_id_seq TO {WEB_ROLE}")
    # Ledgers from before: a job makes their edges.
    op.execute(
        "INSERT INTO outbox_message (topic, payload, created_at)"
        " SELECT 'traceability.graph-rebuild-requested', '{}', now()"
        " WHERE EXISTS (SELECT 1 FROM trace_event)"
    )


def _create_edges() -> None:
    op.create_table(
        "trace_edge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("link_key", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lo", sa.BigInteger(), nullable=False),
        sa.Column("hi", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("event_ids", ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_serial", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('possible', 'certain', 'both')", name=op.f("ck_trace_edge_purpose")
        ),
        sa.CheckConstraint(
            "state IN ('declared', 'paired', 'inferred', 'unknown')",
            name=op.f("ck_trace_edge_state"),
        ),
        sa.CheckConstraint("lo <= hi", name=op.f("ck_trace_edge_interval")),
        sa.CheckConstraint("source_id <> target_id", name=op.f("ck_trace_edge_ends")),
        sa.CheckConstraint(
            "(retracted_at IS NULL) = (closed_serial IS NULL)", name=op.f("ck_trace_edge_closed")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_edge")),
    )
    is_open, is_closed = sa.text("retracted_at IS NULL"), sa.text("retracted_at IS NOT NULL")
    for end, other in (("source", "target"), ("target", "source")):
        op.create_index(
            f"ix_trace_edge_{end}_open",
            "trace_edge",
            [f"{end}_id"],
            unique=False,
            postgresql_include=[f"{other}_id", *_WALKED],
            postgresql_where=is_open,
        )
        op.create_index(
            f"ix_trace_edge_{end}_closed",
            "trace_edge",
            [f"{end}_id"],
            unique=False,
            postgresql_where=is_closed,
        )
    op.create_index(
        "ix_trace_edge_closed_serial",
        "trace_edge",
        ["closed_serial"],
        unique=False,
        postgresql_where=is_closed,
    )


def downgrade() -> None:
    """Take down."""
    for table in ("graph_snapshot", "trace_edge", "trace_node"):
        op.drop_table(table)
