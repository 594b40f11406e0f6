"""Armed seeds, responsibility and what was asked of whom."""

from __future__ import annotations

revision = "0018_watch"
down_revision = "0017_control"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""


def downgrade() -> None:
    """Take down."""
