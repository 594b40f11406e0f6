"""Frozen rosters in blocks: built by 0007_draws."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.helpers import SCOPE, WEB_ROLE, append_only, grant, staff_only

TABLES = ("frame_block", "frame_names")


def build() -> None:
    """The blocks and, apart from what is published, the names."""
    op.create_table(
        "frame_block",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("number >= 0 AND size > 0", name=op.f("ck_frame_block_counts")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_frame_block_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "number", name=op.f("pk_frame_block")),
    )
    op.create_table(
        "frame_names",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_frame_names_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "number", name=op.f("pk_frame_names")),
    )
    op.create_table(
        "plan_step",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["outbox_message.id"], name=op.f("fk_plan_step_message_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_step_plan_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_plan_step")),
    )
    op.create_index(op.f("ix_plan_step_plan_id"), "plan_step", ["plan_id"], unique=False)
    staff_only("plan_step")
    for table in TABLES:
        # Compressed already: the server need not try.
        op.execute(f"ALTER TABLE {table} ALTER COLUMN content SET STORAGE EXTERNAL")
        grant(table, append_only=True)
        append_only(table)
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY staff_rows ON {table} TO {WEB_ROLE} "
            f"USING ({SCOPE} = 'staff') WITH CHECK ({SCOPE} = 'staff')"
        )
    # The roster is public with the part that stands for it, never the names.
    op.execute(
        f"CREATE POLICY readable_rows ON frame_block FOR SELECT TO {WEB_ROLE} USING (EXISTS ("  # noqa: S608 - our own words
        "SELECT FROM plan_part WHERE plan_part.plan_id = frame_block.plan_id "
        "AND name = 'frame.json' AND public_on IS NOT NULL))"
    )


def drop() -> None:
    """Take them down."""
    op.drop_table("plan_step")
    for table in reversed(TABLES):
        op.drop_table(table)
