"""Lot histories of acceptance sampling."""

from __future__ import annotations

revision = "0013_acceptance"
down_revision = "0012_assignment"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""


def downgrade() -> None:
    """Take down."""
