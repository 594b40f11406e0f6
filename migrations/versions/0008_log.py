"""The transparency log of draws."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.helpers import WEB_ROLE, append_only

revision = "0008_log"
down_revision = "0007_draws"
branch_labels = None
depends_on = None

PUBLIC = ("log_key", "log_node", "log_checkpoint")


def upgrade() -> None:
    """Build."""
    op.create_table(
        "log_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(key) = 32", name=op.f("ck_log_key_key_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_key")),
        sa.UniqueConstraint("key", name=op.f("uq_log_key_key")),
    )
    op.create_table(
        "log_secret",
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["log_key.id"], name=op.f("fk_log_secret_key_id")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_log_secret")),
    )
    op.create_table(
        "log_node",
        sa.Column("level", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_log_node")),
    )
    op.create_table(
        "log_checkpoint",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["log_key.id"], name=op.f("fk_log_checkpoint_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_checkpoint")),
        sa.UniqueConstraint("size", "key_id", name=op.f("uq_log_checkpoint_size_key_id")),
    )
    for table in PUBLIC:
        op.execute(f"GRANT SELECT ON {table} TO {WEB_ROLE}")
        append_only(table)
    append_only("log_secret")  # granted to nobody: only background work reads it


def downgrade() -> None:
    """Take down."""
    for table in ("log_checkpoint", "log_node", "log_secret", "log_key"):
        op.drop_table(table)
