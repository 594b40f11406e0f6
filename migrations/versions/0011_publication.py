"""Annual plans, schemes, contracts and what is published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.helpers import WEB_ROLE, staff_only

revision = "0011_publication"
down_revision = "0010_records"
branch_labels = None
depends_on = None

TABLES = (
    "sampling_paper",
    "plan_annual_row",
    "agency_contract",
    "check_notice",
    "result_publication",
)
# All that may be added to a published result: that its follow-up ended, that it was taken back.
LATER = ("withdrawn_at", "withdrawn_by", "withdraw_reason", "follow_up", "version")


def upgrade() -> None:
    """Build."""
    _papers()
    _agencies()
    _results()
    for table in TABLES:
        staff_only(table)
    for table in ("sampling_paper", "result_publication"):
        _readable(table, "published_at IS NOT NULL")
    _readable(
        "plan_annual_row", "EXISTS (SELECT FROM plan WHERE plan.id = plan_id AND state <> 'draft')"
    )
    # A notice names an enterprise before its visit: only who holds the paper may read the row.
    _readable("check_notice", "check_token = current_setting('zhiheng.check_token', true)")
    _keep("sampling_paper", "TRUE")
    _keep("result_publication", _differ("result_publication", LATER))


def downgrade() -> None:
    """Take down."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _readable(table: str, condition: str) -> None:
    op.execute(
        f"CREATE POLICY readable_rows ON {table} FOR SELECT TO {WEB_ROLE} USING ({condition})"
    )


def _differ(table: str, allowed: tuple[str, ...]) -> str:
    """True where a row changed in more than what may change, or was withdrawn before."""
    names = ", ".join(f"'{name}'" for name in allowed)
    return (
        f"(to_jsonb(NEW) - ARRAY[{names}]) IS DISTINCT FROM (to_jsonb(OLD) - ARRAY[{names}]) "
        "OR OLD.withdrawn_at IS NOT NULL"
    )


def _keep(table: str, when_changed: str) -> None:
    """Refuse changes of a published row, for the owner of the tables too."""
    op.execute(
        f"CREATE TRIGGER {table}_published BEFORE UPDATE ON {table} FOR EACH ROW "
        f"WHEN (OLD.published_at IS NOT NULL AND ({when_changed})) "
        "EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} FOR EACH ROW "
        "WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _papers() -> None:
    op.create_table(
        "sampling_paper",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("drafted_by", sa.BigInteger(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("journal_sequence", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'draft') = (approved_by IS NULL)", name=op.f("ck_sampling_paper_approved")
        ),
        sa.CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL AND sha256 IS NOT NULL)",
            name=op.f("ck_sampling_paper_published"),
        ),
        sa.CheckConstraint(
            "kind IN ('item_list', 'annual_plan', 'scheme', 'rules')",
            name=op.f("ck_sampling_paper_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'approved', 'published')", name=op.f("ck_sampling_paper_state")
        ),
        sa.CheckConstraint(
            "(edition = 1) = (reason IS NULL)", name=op.f("ck_sampling_paper_reason")
        ),
        sa.CheckConstraint("approved_by <> drafted_by", name=op.f("ck_sampling_paper_two_people")),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["account.id"], name=op.f("fk_sampling_paper_approved_by")
        ),
        sa.ForeignKeyConstraint(
            ["drafted_by"], ["account.id"], name=op.f("fk_sampling_paper_drafted_by")
        ),
        sa.ForeignKeyConstraint(
            ["published_by"], ["account.id"], name=op.f("fk_sampling_paper_published_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_paper")),
        sa.UniqueConstraint("no", "edition", name=op.f("uq_sampling_paper_no_edition")),
    )
    op.create_index(
        "uq_sampling_paper_open",
        "sampling_paper",
        ["no"],
        unique=True,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_table(
        "plan_annual_row",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("paper_no", sa.Text(), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("linked_by", sa.BigInteger(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["linked_by"], ["account.id"], name=op.f("fk_plan_annual_row_linked_by")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_annual_row_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_plan_annual_row")),
    )
    op.create_index(
        op.f("ix_plan_annual_row_paper_no"), "plan_annual_row", ["paper_no"], unique=False
    )


def _agencies() -> None:
    op.create_table(
        "agency_contract",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("agency_code", sa.Text(), nullable=False),
        sa.Column("agency_name", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("category_codes", JSONB(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("forbids_subcontracting", sa.Boolean(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "role IN ('agency', 'laboratory')", name=op.f("ck_agency_contract_role")
        ),
        sa.CheckConstraint(
            "(ended_on IS NULL) = (end_reason IS NULL)", name=op.f("ck_agency_contract_end")
        ),
        sa.CheckConstraint(
            "forbids_subcontracting", name=op.f("ck_agency_contract_subcontracting")
        ),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_agency_contract_dates")),
        sa.ForeignKeyConstraint(
            ["file_sha256"], ["stored_file.sha256"], name=op.f("fk_agency_contract_file_sha256")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["account.id"], name=op.f("fk_agency_contract_recorded_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_contract")),
        sa.UniqueConstraint("no", name=op.f("uq_agency_contract_no")),
    )
    op.create_index(
        "ix_agency_contract_agency_code", "agency_contract", ["agency_code"], unique=False
    )
    op.create_table(
        "check_notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("samplers", JSONB(), nullable=False),
        sa.Column("contract_no", sa.Text(), nullable=True),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("visit_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("check_token", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdraw_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdraw_reason IS NULL)",
            name=op.f("ck_check_notice_withdrawal"),
        ),
        sa.CheckConstraint("valid_until >= visit_on", name=op.f("ck_check_notice_dates")),
        sa.ForeignKeyConstraint(
            ["contract_no"], ["agency_contract.no"], name=op.f("fk_check_notice_contract_no")
        ),
        sa.ForeignKeyConstraint(
            ["issued_by"], ["account.id"], name=op.f("fk_check_notice_issued_by")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "code"],
            ["drawn_unit.plan_id", "drawn_unit.code"],
            name=op.f("fk_check_notice_plan_id_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_notice")),
        sa.UniqueConstraint("check_token", name=op.f("uq_check_notice_check_token")),
        sa.UniqueConstraint("no", name=op.f("uq_check_notice_no")),
    )
    op.create_index(
        "uq_check_notice_standing",
        "check_notice",
        ["plan_id", "code"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def _results() -> None:
    op.create_table(
        "result_publication",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("plan_no", sa.Text(), nullable=True),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
        sa.Column("enterprise_code", sa.Text(), nullable=True),
        sa.Column("enterprise_name", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("codes", JSONB(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("follow_up", sa.Text(), nullable=True),
        sa.Column("columns", JSONB(), nullable=False),
        sa.Column("corrects", sa.Text(), nullable=True),
        sa.Column("correction_reason", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("return_reason", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("journal_sequence", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=True),
        sa.Column("withdraw_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(kind = 'inspection' AND purpose = 'inspection') OR "
            "(kind = 'sample' AND purpose = 'supervision')",
            name=op.f("ck_result_publication_purpose"),
        ),
        sa.CheckConstraint(
            "(corrects IS NULL) = (correction_reason IS NULL)",
            name=op.f("ck_result_publication_correction"),
        ),
        sa.CheckConstraint(
            "(kind = 'inspection') = (plan_id IS NOT NULL)", name=op.f("ck_result_publication_plan")
        ),
        sa.CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL AND sha256 IS NOT NULL)",
            name=op.f("ck_result_publication_published"),
        ),
        sa.CheckConstraint(
            "(state = 'returned') = (return_reason IS NOT NULL)",
            name=op.f("ck_result_publication_returned"),
        ),
        sa.CheckConstraint(
            "kind IN ('inspection', 'sample')", name=op.f("ck_result_publication_kind")
        ),
        sa.CheckConstraint(
            "outcome IN ('pass', 'conditions', 'fail', 'not_done')",
            name=op.f("ck_result_publication_outcome"),
        ),
        sa.CheckConstraint(
            "stage IN ('confirmed', 'final')", name=op.f("ck_result_publication_stage")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'returned', 'published')",
            name=op.f("ck_result_publication_state"),
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdraw_reason IS NULL) AND "
            "(withdrawn_at IS NULL OR published_at IS NOT NULL)",
            name=op.f("ck_result_publication_withdrawal"),
        ),
        sa.CheckConstraint(
            "reviewed_by <> recorded_by", name=op.f("ck_result_publication_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["corrects"], ["result_publication.no"], name=op.f("fk_result_publication_corrects")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_result_publication_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "code"],
            ["drawn_unit.plan_id", "drawn_unit.code"],
            name=op.f("fk_result_publication_plan_id_code"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plan.id"], name=op.f("fk_result_publication_plan_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["account.id"], name=op.f("fk_result_publication_recorded_by")
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by"], ["account.id"], name=op.f("fk_result_publication_reviewed_by")
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_by"], ["account.id"], name=op.f("fk_result_publication_withdrawn_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_publication")),
        sa.UniqueConstraint("no", name=op.f("uq_result_publication_no")),
    )
    op.create_index(
        op.f("ix_result_publication_enterprise_id"),
        "result_publication",
        ["enterprise_id"],
        unique=False,
    )
    op.create_index(
        "ix_result_publication_plan_id_code",
        "result_publication",
        ["plan_id", "code"],
        unique=False,
    )
    op.create_index(
        "ix_result_publication_published_at", "result_publication", ["published_at"], unique=False
    )
    op.create_index(
        "uq_result_publication_open",
        "result_publication",
        ["subject"],
        unique=True,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_index(
        "uq_result_publication_standing",
        "result_publication",
        ["subject"],
        unique=True,
        postgresql_where=sa.text("published_at IS NOT NULL AND withdrawn_at IS NULL"),
    )
