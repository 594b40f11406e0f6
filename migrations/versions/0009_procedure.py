"""Supervision sampling from task to closing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.helpers import OWN, SCOPE, WEB_ROLE, grant, staff_only

revision = "0009_procedure"
down_revision = "0008_log"
branch_labels = None
depends_on = None

# What a monitoring sample may be.
_MONITORING = (
    "purpose = 'supervision' OR state IN ('drawn', 'noticed', 'on_site', 'not_sampled', "
    "'ordered', 'parcel_opened', 'sampled', 'in_transit', 'received', 'rejected_by_lab', "
    "'testing', 'reported', 'risk_assessed', 'informed', 'void')"
)


def _own_rows(table: str, enterprise_sees: str) -> None:
    """Staff see all rows; an enterprise those of the condition; the public none."""
    grant(table)
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    own = f"{SCOPE} = 'staff' OR ({SCOPE} = 'enterprise' AND ({enterprise_sees}))"
    op.execute(f"CREATE POLICY own_rows ON {table} TO {WEB_ROLE} USING ({own}) WITH CHECK ({own})")


def upgrade() -> None:
    """Build."""
    op.create_table(
        "rapid_test",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("lot_no", sa.Text(), nullable=True),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("reading", sa.Text(), nullable=False),
        sa.Column("measured", sa.Text(), nullable=True),
        sa.Column("tested_on", sa.Date(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reading IN ('positive', 'negative', 'unclear')", name=op.f("ck_rapid_test_reading")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_rapid_test_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["account.id"], name=op.f("fk_rapid_test_recorded_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rapid_test")),
        sa.UniqueConstraint("no", name=op.f("uq_rapid_test_no")),
    )
    op.create_index("ix_rapid_test_enterprise_id", "rapid_test", ["enterprise_id"], unique=False)
    op.create_table(
        "sampling_case",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.Column("unit_code", sa.Text(), nullable=True),
        sa.Column("rapid_test_id", sa.BigInteger(), nullable=True),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("acted_on", sa.Date(), nullable=False),
        sa.Column("category_code", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("lot_no", sa.Text(), nullable=True),
        sa.Column("producer_id", sa.BigInteger(), nullable=True),
        sa.Column("producer_name", sa.Text(), nullable=True),
        sa.Column("producer_address", sa.Text(), nullable=True),
        sa.Column("producer_region", sa.Text(), nullable=True),
        sa.Column("platform_id", sa.BigInteger(), nullable=True),
        sa.Column("platform_name", sa.Text(), nullable=True),
        sa.Column("samplers", JSONB(), nullable=False),
        sa.Column("testers", JSONB(), nullable=False),
        sa.Column("record_no", sa.Text(), nullable=True),
        sa.Column("proposals", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("objection_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("retained_samples", sa.BigInteger(), nullable=True),
        sa.Column("laboratory", sa.Text(), nullable=True),
        sa.Column("second_laboratory", sa.Text(), nullable=True),
        sa.Column("not_sampled_reason", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("standing_items", JSONB(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("opened_by", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'void') = (void_reason IS NOT NULL)",
            name=op.f("ck_sampling_case_void_reason"),
        ),
        sa.CheckConstraint(
            "domain IN ('production', 'shop', 'online')", name=op.f("ck_sampling_case_domain")
        ),
        sa.CheckConstraint(_MONITORING, name=op.f("ck_sampling_case_monitoring")),
        sa.CheckConstraint(
            "purpose = 'supervision' OR verdict IS NULL", name=op.f("ck_sampling_case_no_verdict")
        ),
        sa.CheckConstraint(
            "purpose IN ('supervision', 'monitoring')", name=op.f("ck_sampling_case_purpose")
        ),
        sa.CheckConstraint(
            "source = 'draw' OR rapid_test_id IS NOT NULL", name=op.f("ck_sampling_case_rapid_test")
        ),
        sa.CheckConstraint(
            "source = 'rapid_test' OR plan_id IS NOT NULL", name=op.f("ck_sampling_case_plan")
        ),
        sa.CheckConstraint(
            "source IN ('draw', 'rapid_test')", name=op.f("ck_sampling_case_source")
        ),
        sa.CheckConstraint("verdict IN ('pass', 'fail')", name=op.f("ck_sampling_case_verdict")),
        sa.CheckConstraint(
            "(verdict IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_sampling_case_confirmed")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_sampling_case_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["account.id"], name=op.f("fk_sampling_case_opened_by")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "unit_code"],
            ["drawn_unit.plan_id", "drawn_unit.code"],
            name=op.f("fk_sampling_case_plan_id_unit_code"),
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_sampling_case_plan_id")),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["enterprise.id"], name=op.f("fk_sampling_case_platform_id")
        ),
        sa.ForeignKeyConstraint(
            ["producer_id"], ["enterprise.id"], name=op.f("fk_sampling_case_producer_id")
        ),
        sa.ForeignKeyConstraint(
            ["rapid_test_id"], ["rapid_test.id"], name=op.f("fk_sampling_case_rapid_test_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_case")),
        sa.UniqueConstraint("id", "purpose", name=op.f("uq_sampling_case_id_purpose")),
        sa.UniqueConstraint("no", name=op.f("uq_sampling_case_no")),
        sa.UniqueConstraint(
            "plan_id",
            "unit_code",
            "product",
            name=op.f("uq_sampling_case_plan_id_unit_code_product"),
        ),
    )
    op.create_index(
        "ix_sampling_case_enterprise_id", "sampling_case", ["enterprise_id"], unique=False
    )
    op.create_index(
        op.f("ix_sampling_case_producer_id"), "sampling_case", ["producer_id"], unique=False
    )
    op.create_index("ix_sampling_case_state", "sampling_case", ["state"], unique=False)
    op.create_table(
        "sampling_case_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"],
            ["enterprise.id"],
            name=op.f("fk_sampling_case_file_enterprise_id"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["sampling_case.id"], name=op.f("fk_sampling_case_file_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["stored_file.sha256"], name=op.f("fk_sampling_case_file_sha256")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_case_file")),
        sa.UniqueConstraint(
            "case_id",
            "act",
            "name",
            "sha256",
            name=op.f("uq_sampling_case_file_case_id_act_name_sha256"),
        ),
    )
    op.create_table(
        "sampling_party",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("may_object", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("manner", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "role IN ('sampled_unit', 'producer', 'platform', 'authority')",
            name=op.f("ck_sampling_party_role"),
        ),
        sa.CheckConstraint(
            "received_on IS NULL OR received_on >= sent_on", name=op.f("ck_sampling_party_received")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["sampling_case.id"], name=op.f("fk_sampling_party_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_sampling_party_enterprise_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_party")),
        sa.UniqueConstraint("case_id", "role", name=op.f("uq_sampling_party_case_id_role")),
    )
    op.create_index(
        "ix_sampling_party_enterprise_id", "sampling_party", ["enterprise_id"], unique=False
    )
    op.create_table(
        "sampling_proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('approved', 'declined', 'lapsed')",
            name=op.f("ck_sampling_proposal_outcome"),
        ),
        sa.CheckConstraint(
            "outcome IS DISTINCT FROM 'approved' OR decided_by <> proposed_by",
            name=op.f("ck_sampling_proposal_two_people"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["sampling_case.id"], name=op.f("fk_sampling_proposal_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["account.id"], name=op.f("fk_sampling_proposal_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["account.id"], name=op.f("fk_sampling_proposal_proposed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_proposal")),
    )
    op.create_index(
        "uq_sampling_proposal_open",
        "sampling_proposal",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_table(
        "sampling_test",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("round", sa.Text(), nullable=False),
        sa.Column("laboratory", sa.Text(), nullable=False),
        sa.Column("report_no", sa.Text(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("testers", JSONB(), nullable=False),
        sa.Column("physical", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("overall", sa.Text(), nullable=True),
        sa.Column("tested_items", sa.BigInteger(), nullable=True),
        sa.Column("failed_items", JSONB(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose = 'monitoring' OR overall IS NOT NULL", name=op.f("ck_sampling_test_verdict")
        ),
        sa.CheckConstraint(
            "purpose = 'supervision' OR (physical IS NULL AND label IS NULL AND overall IS NULL)",
            name=op.f("ck_sampling_test_no_verdict"),
        ),
        sa.CheckConstraint(
            "round IN ('first', 'retest', 'recheck', 'recheck2', 'recheck3')",
            name=op.f("ck_sampling_test_round"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id", "purpose"],
            ["sampling_case.id", "sampling_case.purpose"],
            name="fk_sampling_test_case_id_purpose",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_test")),
        sa.UniqueConstraint("case_id", "round", name=op.f("uq_sampling_test_case_id_round")),
    )
    op.create_table(
        "sampling_clock",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("rule", JSONB(), nullable=False),
        sa.Column("responsible", sa.Text(), nullable=False),
        sa.Column("on_expiry", sa.Text(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pauses", JSONB(), nullable=False),
        sa.Column("is_provisional", sa.Boolean(), nullable=False),
        sa.Column("provisional_reason", sa.Text(), nullable=True),
        sa.Column("calendar_version", sa.Text(), nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("met_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["sampling_case.id"], name=op.f("fk_sampling_clock_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["sampling_party.id"], name=op.f("fk_sampling_clock_party_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_clock")),
    )
    op.create_index("ix_sampling_clock_case_id", "sampling_clock", ["case_id"], unique=False)
    op.create_index(
        "ix_sampling_clock_open_expires_at",
        "sampling_clock",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("met_at IS NULL AND ended_at IS NULL"),
    )
    op.create_index(
        "uq_sampling_clock_open",
        "sampling_clock",
        ["case_id", "rule_id", sa.text("coalesce(party_id, 0)")],
        unique=True,
        postgresql_where=sa.text("met_at IS NULL AND ended_at IS NULL"),
    )
    op.create_table(
        "sampling_objection",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("disputed_items", JSONB(), nullable=False),
        sa.Column("objected_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("grounds", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('process', 'authenticity', 'conclusion')",
            name=op.f("ck_sampling_objection_kind"),
        ),
        sa.CheckConstraint(
            "outcome IN ('dismissed', 'upheld', 'retest', 'waived', 'ended')",
            name=op.f("ck_sampling_objection_outcome"),
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (decided_on IS NULL)", name=op.f("ck_sampling_objection_decided")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["sampling_case.id"], name=op.f("fk_sampling_objection_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["sampling_party.id"], name=op.f("fk_sampling_objection_party_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_objection")),
        sa.UniqueConstraint("case_id", "number", name=op.f("uq_sampling_objection_case_id_number")),
    )

    # A subquery sees through its own policies: of the parties an enterprise finds itself only.
    # A unit may know of its case once it is told of the visit, anybody told of the result from
    # then on; nobody is warned before, and nobody sees a result that was not sent to him.
    _own_rows("sampling_party", f"enterprise_id = {OWN}")
    own_told = f"(enterprise_id = {OWN} AND told_at IS NOT NULL)"
    party = "EXISTS (SELECT 1 FROM sampling_party p WHERE p.case_id = sampling_case.id)"
    _own_rows("sampling_case", f"{own_told} OR {party}")
    _own_rows(
        "sampling_clock",
        "EXISTS (SELECT 1 FROM sampling_case c WHERE c.id = sampling_clock.case_id)",
    )
    _own_rows(
        "sampling_test",
        "EXISTS (SELECT 1 FROM sampling_party p WHERE p.case_id = sampling_test.case_id)",
    )
    # Of the authority's files a party sees the report, the letter and the order; nobody sees what
    # another party handed in.
    told = "EXISTS (SELECT 1 FROM sampling_party p WHERE p.case_id = sampling_case_file.case_id)"
    given = (
        "enterprise_id IS NULL AND act IN "
        "('sample', 'receive', 'report', 'notify', 'report-retest', 'order-correction')"
    )
    _own_rows("sampling_case_file", f"{told} AND (enterprise_id = {OWN} OR ({given}))")
    _own_rows(
        "sampling_objection",
        "EXISTS (SELECT 1 FROM sampling_party p WHERE p.id = sampling_objection.party_id)",
    )
    staff_only("sampling_proposal")
    staff_only("rapid_test")


def downgrade() -> None:
    """Take down."""
    for table in ("sampling_case", "sampling_test", "sampling_case_file", "sampling_objection"):
        op.execute(f"DROP POLICY own_rows ON {table}")  # they look into other tables
    op.execute("DROP POLICY own_rows ON sampling_clock")
    op.drop_table("sampling_objection")
    op.drop_table("sampling_clock")
    op.drop_table("sampling_test")
    op.drop_table("sampling_proposal")
    op.drop_table("sampling_party")
    op.drop_table("sampling_case_file")
    op.drop_table("sampling_case")
    op.drop_table("rapid_test")
