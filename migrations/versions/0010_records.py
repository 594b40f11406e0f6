"""Sampling records, samples and their evidence."""

from __future__ import annotations

revision = "0010_records"
down_revision = "0009_procedure"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""


def downgrade() -> None:
    """Take down."""
