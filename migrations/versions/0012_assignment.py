"""Pools, joint visits and recusals declared late."""

from __future__ import annotations

revision = "0012_assignment"
down_revision = "0011_publication"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""


def downgrade() -> None:
    """Take down."""
