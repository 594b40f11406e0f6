"""Supervision sampling from task to closing."""

from __future__ import annotations

revision = "0009_procedure"
down_revision = "0008_log"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""


def downgrade() -> None:
    """Take down."""
