"""Cleaning and other steps that end contamination."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.helpers import protect

revision = "0017_control"
down_revision = "0016_graph"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""
    op.create_table(
        "kill_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("carry_over_lots", sa.BigInteger(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("file_sha256", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "kind IN ('cleaning', 'disinfection', 'sterilisation', 'other')",
            name=op.f("ck_kill_step_kind"),
        ),
        sa.CheckConstraint(
            "until_at IS NULL OR from_at <= until_at", name=op.f("ck_kill_step_window")
        ),
        sa.CheckConstraint(
            "carry_over_lots BETWEEN 0 AND 1000", name=op.f("ck_kill_step_carry_over")
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)",
            name=op.f("ck_kill_step_withdrawal"),
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_kill_step_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["account.id"], name=op.f("fk_kill_step_recorded_by")
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["account.id"], name=op.f("fk_kill_step_confirmed_by")
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_by"], ["account.id"], name=op.f("fk_kill_step_withdrawn_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kill_step")),
    )
    op.create_index(op.f("ix_kill_step_enterprise_id"), "kill_step", ["enterprise_id"])
    op.create_index(
        "ix_kill_step_standing",
        "kill_step",
        ["enterprise_id", "from_at"],
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    protect("kill_step")
    # What is recorded stays: a mistake is withdrawn with its reason.
    op.execute("REVOKE DELETE ON kill_step FROM zhiheng_web")


def downgrade() -> None:
    """Take down."""
    op.drop_table("kill_step")
