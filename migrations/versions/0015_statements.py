"""What EPCIS events say in the words of ledgers: derived, bitemporal, rebuildable."""

from __future__ import annotations

revision = "0015_statements"
down_revision = "0014_epcis"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""


def downgrade() -> None:
    """Take down."""
