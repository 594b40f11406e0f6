"""Cleaning and other steps that end contamination."""

from __future__ import annotations

revision = "0017_control"
down_revision = "0016_graph"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""


def downgrade() -> None:
    """Take down."""
