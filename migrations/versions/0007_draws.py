"""Unequal chances, caps and permanent tickets of draws."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import frames

revision = "0007_draws"
down_revision = "0006_recall"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""
    frames.build()
    op.add_column(
        "plan",
        sa.Column("purpose", sa.Text(), server_default="inspection", nullable=False),
    )
    op.add_column(
        "plan",
        sa.Column(
            "method",
            JSONB(),
            server_default=sa.text("""'{"kind": "equal"}'::jsonb"""),
            nullable=False,
        ),
    )
    op.add_column("plan", sa.Column("coordination", JSONB(), nullable=True))
    op.create_check_constraint(
        op.f("ck_plan_purpose"), "plan", "purpose IN ('inspection', 'supervision', 'monitoring')"
    )
    for name in ("odds_num", "odds_den"):
        op.add_column(
            "frame_unit", sa.Column(name, sa.BigInteger(), server_default="1", nullable=False)
        )
    op.add_column("frame_unit", sa.Column("chance", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take down."""
    frames.drop()
    for name in ("chance", "odds_den", "odds_num"):
        op.drop_column("frame_unit", name)
    op.drop_constraint(op.f("ck_plan_purpose"), "plan")
    for name in ("coordination", "method", "purpose"):
        op.drop_column("plan", name)
