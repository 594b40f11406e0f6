"""Tables of recall."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.helpers import SCOPE, protect

revision = "0006_recall"
down_revision = "0005_risk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""
    op.create_table(
        "defect_case",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("is_serious", sa.Boolean(), nullable=False),
        sa.Column("defect", sa.Text(), nullable=False),
        sa.Column("hazard", sa.Text(), nullable=False),
        sa.Column("consequence", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_defect_case_enterprise_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_defect_case")),
        sa.UniqueConstraint("number", name=op.f("uq_defect_case_number")),
    )
    op.create_index("ix_defect_case_enterprise_id", "defect_case", ["enterprise_id"], unique=False)
    op.create_table(
        "recall",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("gtin", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("lot_no", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("scope_pending", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'voided') = (void_reason IS NOT NULL)", name=op.f("ck_recall_void_reason")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["defect_case.id"], name=op.f("fk_recall_case_id")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_recall_enterprise_id")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_recall_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall")),
        sa.UniqueConstraint("number", name=op.f("uq_recall_number")),
    )
    op.create_index(
        "ix_recall_announced_at",
        "recall",
        ["announced_at"],
        unique=False,
        postgresql_where=sa.text("announced_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_recall_case_id"), "recall", ["case_id"], unique=False)
    op.create_index("ix_recall_enterprise_id", "recall", ["enterprise_id"], unique=False)
    op.create_table(
        "recall_deadline",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("recall_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("rule", JSONB(), nullable=False),
        sa.Column("occurrence", sa.BigInteger(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_provisional", sa.Boolean(), nullable=False),
        sa.Column("provisional_reason", sa.Text(), nullable=True),
        sa.Column("calendar_version", sa.Text(), nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_recall_deadline_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["recall_id"], ["recall.id"], name=op.f("fk_recall_deadline_recall_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_deadline")),
    )
    op.create_index(
        "ix_recall_deadline_open_expires_at",
        "recall_deadline",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("met_at IS NULL AND cancelled_at IS NULL"),
    )
    op.create_index("ix_recall_deadline_recall_id", "recall_deadline", ["recall_id"], unique=False)
    op.create_index(
        "uq_recall_deadline_open",
        "recall_deadline",
        ["recall_id", "rule_id"],
        unique=True,
        postgresql_where=sa.text("met_at IS NULL AND cancelled_at IS NULL"),
    )
    op.create_table(
        "recall_notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("recall_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("document", JSONB(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("marks", JSONB(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["account.id"], name=op.f("fk_recall_notice_approved_by")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_recall_notice_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["recall_id"], ["recall.id"], name=op.f("fk_recall_notice_recall_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_notice")),
        sa.UniqueConstraint(
            "recall_id", "edition", name=op.f("uq_recall_notice_recall_id_edition")
        ),
    )
    op.create_index(
        "ix_recall_notice_marks", "recall_notice", ["marks"], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "recall_plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("recall_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("instruction", sa.Text(), nullable=False),
        sa.Column("remedies", JSONB(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_recall_plan_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["recall_id"], ["recall.id"], name=op.f("fk_recall_plan_recall_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_plan")),
        sa.UniqueConstraint("recall_id", "edition", name=op.f("uq_recall_plan_recall_id_edition")),
    )
    op.create_table(
        "recall_scope",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("recall_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("balance", JSONB(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("oddities", JSONB(), nullable=False),
        sa.Column("gaps", sa.BigInteger(), nullable=False),
        sa.Column("is_truncated", sa.Boolean(), nullable=False),
        sa.Column("trace_digest", sa.Text(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_recall_scope_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["recall_id"], ["recall.id"], name=op.f("fk_recall_scope_recall_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_scope")),
        sa.UniqueConstraint("recall_id", "edition", name=op.f("uq_recall_scope_recall_id_edition")),
    )
    op.create_table(
        "recall_scope_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.Column("lot_no", sa.Text(), nullable=False),
        sa.Column("gtin", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("maker_id", sa.BigInteger(), nullable=True),
        sa.Column("holder_id", sa.BigInteger(), nullable=True),
        sa.Column("holder_code", sa.Text(), nullable=False),
        sa.Column("holder_name", sa.Text(), nullable=False),
        sa.Column("depth", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("is_certain", sa.Boolean(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amounts", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_recall_scope_line_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["enterprise.id"], name=op.f("fk_recall_scope_line_holder_id")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_recall_scope_line_lot_id")),
        sa.ForeignKeyConstraint(
            ["maker_id"], ["enterprise.id"], name=op.f("fk_recall_scope_line_maker_id")
        ),
        sa.ForeignKeyConstraint(
            ["scope_id"], ["recall_scope.id"], name=op.f("fk_recall_scope_line_scope_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_scope_line")),
    )
    op.create_index(
        op.f("ix_recall_scope_line_scope_id"), "recall_scope_line", ["scope_id"], unique=False
    )

    # Announced recalls and their notices are public, for good; who holds the goods is not. Only
    # the public scope reads them so: an enterprise signed in sees its own recalls and no other.
    protect("recall", public_when=f"{SCOPE} = 'public' AND announced_at IS NOT NULL")
    protect("recall_notice", public_when=f"{SCOPE} = 'public'")
    for table in (
        "defect_case",
        "recall_plan",
        "recall_scope",
        "recall_scope_line",
        "recall_deadline",
    ):
        protect(table)


def downgrade() -> None:
    """Take down."""
    op.drop_table("recall_scope_line")
    op.drop_table("recall_scope")
    op.drop_table("recall_plan")
    op.drop_table("recall_notice")
    op.drop_table("recall_deadline")
    op.drop_table("recall")
    op.drop_table("defect_case")
