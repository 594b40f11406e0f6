"""The transparency log of draws."""

from __future__ import annotations

revision = "0008_log"
down_revision = "0007_draws"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""


def downgrade() -> None:
    """Take down."""
