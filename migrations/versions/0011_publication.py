"""Annual plans, schemes, contracts and what is published."""

from __future__ import annotations

revision = "0011_publication"
down_revision = "0010_records"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""


def downgrade() -> None:
    """Take down."""
