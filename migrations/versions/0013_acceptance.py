"""Lot histories of acceptance sampling."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.helpers import SCOPE, WEB_ROLE, append_only, grant, staff_only

revision = "0013_acceptance"
down_revision = "0012_assignment"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""
    op.create_table(
        "acceptance_series",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("characteristic", sa.Text(), nullable=False),
        sa.Column("aql", sa.Numeric(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("reduced_allowed", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), server_default="normal", nullable=False),
        sa.Column("is_stopped", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("score", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lots", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("opened_by", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "state IN ('normal', 'tightened', 'reduced')", name=op.f("ck_acceptance_series_state")
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_reason IS NULL)",
            name=op.f("ck_acceptance_series_closed"),
        ),
        sa.CheckConstraint("score >= 0 AND lots >= 0", name=op.f("ck_acceptance_series_counts")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_acceptance_series_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["account.id"], name=op.f("fk_acceptance_series_opened_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acceptance_series")),
        sa.UniqueConstraint("no", name=op.f("uq_acceptance_series_no")),
    )
    op.create_index(
        "uq_acceptance_series_open",
        "acceptance_series",
        ["enterprise_id", "product", "characteristic"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "acceptance_lot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("series_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("lot_no", sa.Text(), nullable=False),
        sa.Column("inspected_on", sa.Date(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("is_original", sa.Boolean(), nullable=False),
        sa.Column("is_steady", sa.Boolean(), nullable=False),
        sa.Column("reduced_allowed", sa.Boolean(), nullable=False),
        sa.Column("is_improved", sa.Boolean(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("sample_size", sa.BigInteger(), nullable=False),
        sa.Column("acceptance_number", sa.BigInteger(), nullable=False),
        sa.Column("is_accepted", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("state_before", sa.Text(), nullable=False),
        sa.Column("state_after", sa.Text(), nullable=False),
        sa.Column("stopped_after", sa.Boolean(), nullable=False),
        sa.Column("score_after", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state_before IN ('normal', 'tightened', 'reduced') "
            "AND state_after IN ('normal', 'tightened', 'reduced')",
            name=op.f("ck_acceptance_lot_states"),
        ),
        sa.CheckConstraint(
            "size >= 2 AND found >= 0 AND position >= 1", name=op.f("ck_acceptance_lot_counts")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["account.id"], name=op.f("fk_acceptance_lot_recorded_by")
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["acceptance_series.id"], name=op.f("fk_acceptance_lot_series_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acceptance_lot")),
        sa.UniqueConstraint(
            "series_id", "position", name=op.f("uq_acceptance_lot_series_id_position")
        ),
    )
    staff_only("acceptance_series")
    # A lot once judged stays: added to by staff, changed by nobody, the owner included.
    grant("acceptance_lot", append_only=True)
    append_only("acceptance_lot")
    op.execute("ALTER TABLE acceptance_lot ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY staff_rows ON acceptance_lot TO {WEB_ROLE} "
        f"USING ({SCOPE} = 'staff') WITH CHECK ({SCOPE} = 'staff')"
    )


def downgrade() -> None:
    """Take down."""
    op.drop_table("acceptance_lot")
    op.drop_table("acceptance_series")
