"""Edges between holdings: derived, bitemporal, rebuildable."""

from __future__ import annotations

revision = "0016_graph"
down_revision = "0015_statements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""


def downgrade() -> None:
    """Take down."""
