"""Pools, joint visits and recusals declared late."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import SCOPE, WEB_ROLE, append_only, grant, staff_only

revision = "0012_assignment"
down_revision = "0011_publication"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""
    op.add_column(
        "person", sa.Column("pool", sa.Text(), server_default=sa.text("'officer'"), nullable=False)
    )
    op.add_column("person", sa.Column("laboratory_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_person_laboratory_id"), "person", "laboratory", ["laboratory_id"], ["id"]
    )
    op.create_check_constraint(op.f("ck_person_pool"), "person", "pool IN ('officer', 'agency')")
    op.create_check_constraint(
        op.f("ck_person_laboratory"), "person", "laboratory_id IS NULL OR pool = 'agency'"
    )
    op.create_index(op.f("ix_person_laboratory_id"), "person", ["laboratory_id"], unique=False)
    op.add_column(
        "plan_recusal",
        sa.Column(
            "kinds",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.add_column(
        "draw", sa.Column("shortage", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    _tables()
    grant("seat_change", append_only=True)
    append_only("seat_change")
    op.execute("ALTER TABLE seat_change ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY staff_rows ON seat_change TO {WEB_ROLE} "
        f"USING ({SCOPE} = 'staff') WITH CHECK ({SCOPE} = 'staff')"
    )
    staff_only("department_result")


def downgrade() -> None:
    """Take down."""
    op.drop_table("department_result")
    op.drop_table("seat_change")
    op.drop_column("draw", "shortage")
    op.drop_column("plan_recusal", "kinds")
    op.drop_index(op.f("ix_person_laboratory_id"), table_name="person")
    op.drop_constraint(op.f("ck_person_laboratory"), "person")
    op.drop_constraint(op.f("ck_person_pool"), "person")
    op.drop_column("person", "laboratory_id")
    op.drop_column("person", "pool")


def _tables() -> None:
    op.create_table(
        "seat_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("person_out", sa.BigInteger(), nullable=False),
        sa.Column("person_in", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("person_out <> person_in", name=op.f("ck_seat_change_persons")),
        sa.CheckConstraint(
            "kind IN ('kinship', 'former_employment', 'shareholding', 'recent_visit', 'other')",
            name=op.f("ck_seat_change_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_seat_change_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "code", "position"],
            ["assignment.plan_id", "assignment.code", "assignment.position"],
            name="fk_seat_change_seat",
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "person_out"],
            ["plan_inspector.plan_id", "plan_inspector.person_id"],
            name="fk_seat_change_person_out",
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "person_in"],
            ["plan_inspector.plan_id", "plan_inspector.person_id"],
            name="fk_seat_change_person_in",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_change")),
    )
    op.create_index(
        "ix_seat_change_seat", "seat_change", ["plan_id", "code", "position"], unique=False
    )
    op.create_index("ix_seat_change_person_in", "seat_change", ["person_in"], unique=False)
    op.create_table(
        "department_result",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("inspected_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("items", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("inspected", sa.BigInteger(), nullable=False),
        sa.Column("failing", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('pass', 'conditions', 'fail', 'not_done')",
            name=op.f("ck_department_result_outcome"),
        ),
        sa.CheckConstraint(
            "failing BETWEEN 0 AND inspected", name=op.f("ck_department_result_failing")
        ),
        sa.CheckConstraint(
            "(published_at IS NULL) = (published_by IS NULL)",
            name=op.f("ck_department_result_published"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "code"],
            ["drawn_unit.plan_id", "drawn_unit.code"],
            name=op.f("fk_department_result_plan_id_code"),
        ),
        sa.ForeignKeyConstraint(
            ["published_by"], ["account.id"], name=op.f("fk_department_result_published_by")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["account.id"], name=op.f("fk_department_result_recorded_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department_result")),
        sa.UniqueConstraint(
            "plan_id",
            "code",
            "department",
            name=op.f("uq_department_result_plan_id_code_department"),
        ),
    )
