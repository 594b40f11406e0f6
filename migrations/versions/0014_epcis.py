"""The EPCIS journal: captures, events, their items, identifiers and documents."""

from __future__ import annotations

revision = "0014_epcis"
down_revision = "0013_acceptance"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""


def downgrade() -> None:
    """Take down."""
