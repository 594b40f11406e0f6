"""Unequal chances, caps and permanent tickets of draws."""

from __future__ import annotations

from migrations import frames

revision = "0007_draws"
down_revision = "0006_recall"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""
    frames.build()


def downgrade() -> None:
    """Take down."""
    frames.drop()
