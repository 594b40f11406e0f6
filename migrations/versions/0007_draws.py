"""Unequal chances, caps and permanent tickets of draws."""

from __future__ import annotations

revision = "0007_draws"
down_revision = "0006_recall"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""


def downgrade() -> None:
    """Take down."""
