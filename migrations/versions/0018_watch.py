"""Traces kept as they stood, and watches over them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.helpers import WEB_ROLE, append_only, staff_only

revision = "0018_watch"
down_revision = "0017_control"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""
    _freezes()
    _watches()
    _alerts()
    staff_only("trace_freeze")
    append_only("trace_freeze")
    op.execute(f"REVOKE UPDATE, DELETE ON trace_freeze FROM {WEB_ROLE}")
    staff_only("trace_watch")
    staff_only("watch_alert")


def _freezes() -> None:
    op.create_table(
        "trace_freeze",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("dates", sa.Text(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("last_event_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("standings", JSONB(), nullable=False),
        sa.Column("lots", sa.BigInteger(), nullable=False),
        sa.Column("parties", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("frozen_by", sa.BigInteger(), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "direction IN ('forward', 'backward', 'both')", name=op.f("ck_trace_freeze_direction")
        ),
        sa.ForeignKeyConstraint(
            ["frozen_by"], ["account.id"], name=op.f("fk_trace_freeze_frozen_by")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_trace_freeze_lot_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_trace_freeze_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_freeze")),
        sa.UniqueConstraint("no", name=op.f("uq_trace_freeze_no")),
    )
    op.create_index(op.f("ix_trace_freeze_lot_id"), "trace_freeze", ["lot_id"], unique=False)


def _watches() -> None:
    op.create_table(
        "trace_watch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("freeze_id", sa.BigInteger(), nullable=False),
        sa.Column("standings", JSONB(), nullable=False),
        sa.Column("checked_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("armed_by", sa.BigInteger(), nullable=True),
        sa.Column("armed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disarmed_by", sa.BigInteger(), nullable=True),
        sa.Column("disarmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disarm_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(disarmed_at IS NULL) = (disarm_reason IS NULL)",
            name=op.f("ck_trace_watch_disarmed"),
        ),
        sa.ForeignKeyConstraint(["armed_by"], ["account.id"], name=op.f("fk_trace_watch_armed_by")),
        sa.ForeignKeyConstraint(
            ["disarmed_by"], ["account.id"], name=op.f("fk_trace_watch_disarmed_by")
        ),
        sa.ForeignKeyConstraint(
            ["freeze_id"], ["trace_freeze.id"], name=op.f("fk_trace_watch_freeze_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_watch")),
    )
    op.create_index(
        "uq_trace_watch_armed",
        "trace_watch",
        ["freeze_id"],
        unique=True,
        postgresql_where=sa.text("disarmed_at IS NULL"),
    )


def _alerts() -> None:
    op.create_table(
        "watch_alert",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("watch_id", sa.BigInteger(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added", JSONB(), nullable=False),
        sa.Column("gone", JSONB(), nullable=False),
        sa.Column("changed", JSONB(), nullable=False),
        sa.Column("seen_by", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("(seen_at IS NULL) = (note IS NULL)", name=op.f("ck_watch_alert_seen")),
        sa.ForeignKeyConstraint(["seen_by"], ["account.id"], name=op.f("fk_watch_alert_seen_by")),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["trace_watch.id"], name=op.f("fk_watch_alert_watch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_alert")),
    )
    op.create_index(
        "ix_watch_alert_open",
        "watch_alert",
        ["id"],
        unique=False,
        postgresql_where=sa.text("seen_at IS NULL"),
    )
    op.create_index(op.f("ix_watch_alert_watch_id"), "watch_alert", ["watch_id"], unique=False)


def downgrade() -> None:
    """Take down."""
    op.drop_table("watch_alert")
    op.drop_table("trace_watch")
    op.drop_table("trace_freeze")
