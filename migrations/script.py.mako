"""${message}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Take down."""
    ${downgrades if downgrades else "pass"}
