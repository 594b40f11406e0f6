"""Tables of sampling."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.helpers import OWN, SCOPE, WEB_ROLE, append_only, grant, staff_only

revision = "0003_sampling"
down_revision = "0002_registry"
branch_labels = None
depends_on = None

TABLES = (
    "past_inspection",
    "plan",
    "draw",
    "entropy_entry",
    "frame_unit",
    "plan_inspector",
    "plan_part",
    "plan_secret",
    "stratum",
    "drawn_unit",
    "plan_recusal",
    "assignment",
    "inspection_result",
    "replacement",
)
# Written once; a correction is a new plan, visible beside the old one.
KEPT = ("draw", "drawn_unit", "replacement", "assignment")
# An enterprise reads what was found at its own premises; only staff write it.
FOUND = ("inspection_result", "past_inspection")


def upgrade() -> None:
    """Build."""
    _tables()
    for table in TABLES:
        if table in KEPT:
            _staff_add_only(table)
        else:
            staff_only(table)
    for table in FOUND:
        _readable(table, f"{SCOPE} = 'enterprise' AND enterprise_id = {OWN}")
    _readable("plan", "state <> 'draft'")
    _readable("stratum", "EXISTS (SELECT FROM plan WHERE plan.id = plan_id AND state <> 'draft')")
    # The day itself is compared by the service, whose clock can stand still.
    _readable("plan_part", "public_on IS NOT NULL")


def downgrade() -> None:
    """Take down."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _readable(table: str, condition: str) -> None:
    op.execute(
        f"CREATE POLICY readable_rows ON {table} FOR SELECT TO {WEB_ROLE} USING ({condition})"
    )


def _staff_add_only(table: str) -> None:
    grant(table, append_only=True)
    append_only(table)
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY staff_rows ON {table} TO {WEB_ROLE} "
        f"USING ({SCOPE} = 'staff') WITH CHECK ({SCOPE} = 'staff')"
    )


def _tables() -> None:
    op.create_table(
        "past_inspection",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_no", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("inspected_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("critical", sa.BigInteger(), nullable=False),
        sa.Column("serious", sa.BigInteger(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("inspector", sa.Text(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('pass', 'conditions', 'fail', 'not_done')",
            name=op.f("ck_past_inspection_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_past_inspection_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_past_inspection_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_inspection")),
        sa.UniqueConstraint("source_no", name=op.f("uq_past_inspection_source_no")),
    )
    op.create_index(
        "ix_past_inspection_enterprise_id_inspected_on",
        "past_inspection",
        ["enterprise_id", "inspected_on"],
        unique=False,
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("strata_by", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), server_default="sha256", nullable=False),
        sa.Column("identity", sa.Text(), server_default="number", nullable=False),
        sa.Column("visit_on", sa.Date(), nullable=False),
        sa.Column("disclose_on", sa.Date(), nullable=True),
        sa.Column("team", JSONB(), nullable=False),
        sa.Column("sources", JSONB(), nullable=False),
        sa.Column("filters", JSONB(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frame_root", sa.LargeBinary(), nullable=True),
        sa.Column("plan_hash", sa.LargeBinary(), nullable=True),
        sa.Column("commitment", sa.LargeBinary(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'void') = (void_reason IS NOT NULL)", name=op.f("ck_plan_void_reason")
        ),
        sa.CheckConstraint("digest IN ('sha256', 'sm3')", name=op.f("ck_plan_digest")),
        sa.CheckConstraint(
            "identity IN ('number', 'number-and-name', 'salted')", name=op.f("ck_plan_identity")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'committed', 'drawn', 'void')", name=op.f("ck_plan_state")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'void') OR commitment IS NOT NULL", name=op.f("ck_plan_commitment")
        ),
        sa.CheckConstraint("strata_by IN ('grade', 'risk_tier')", name=op.f("ck_plan_strata_by")),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_plan_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("no", name=op.f("uq_plan_no")),
    )
    op.create_table(
        "draw",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("journal_sequence", sa.BigInteger(), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("drawn_by", sa.BigInteger(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocking", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["drawn_by"], ["account.id"], name=op.f("fk_draw_drawn_by")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_draw_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_draw")),
    )
    op.create_table(
        "entropy_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_entropy_entry_account_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_entropy_entry_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entropy_entry")),
        sa.UniqueConstraint(
            "plan_id",
            "source",
            "account_id",
            name=op.f("uq_entropy_entry_plan_id_source_account_id"),
        ),
    )
    op.create_table(
        "frame_unit",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("category_code", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("risk_tier", sa.Text(), nullable=True),
        sa.Column("recused", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_frame_unit_enterprise_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_frame_unit_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "code", name=op.f("pk_frame_unit")),
    )
    op.create_index(
        op.f("ix_frame_unit_enterprise_id"), "frame_unit", ["enterprise_id"], unique=False
    )
    op.create_table(
        "plan_inspector",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("inspector_id", sa.Text(), nullable=False),
        sa.Column("record", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_plan_inspector_person_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_inspector_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "person_id", name=op.f("pk_plan_inspector")),
        sa.UniqueConstraint(
            "plan_id", "inspector_id", name=op.f("uq_plan_inspector_plan_id_inspector_id")
        ),
    )
    op.create_table(
        "plan_part",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("public_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_part_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "name", name=op.f("pk_plan_part")),
    )
    op.create_table(
        "plan_secret",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("recusal_secret", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_secret_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_plan_secret")),
    )
    op.create_table(
        "stratum",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("quota", sa.BigInteger(), nullable=False),
        sa.Column("reserve", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("quota >= 0 AND reserve >= 0", name=op.f("ck_stratum_counts")),
        sa.CheckConstraint("size IS NULL OR quota <= size", name=op.f("ck_stratum_quota")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_stratum_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "key", name=op.f("pk_stratum")),
    )
    op.create_table(
        "drawn_unit",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("ticket", sa.LargeBinary(), nullable=False),
        sa.Column("is_selected", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "code"],
            ["frame_unit.plan_id", "frame_unit.code"],
            name=op.f("fk_drawn_unit_plan_id_code"),
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["draw.plan_id"], name=op.f("fk_drawn_unit_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "code", name=op.f("pk_drawn_unit")),
        sa.UniqueConstraint(
            "plan_id", "stratum", "rank", name=op.f("uq_drawn_unit_plan_id_stratum_rank")
        ),
    )
    op.create_table(
        "plan_recusal",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("inspector_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "code"],
            ["frame_unit.plan_id", "frame_unit.code"],
            name=op.f("fk_plan_recusal_plan_id_code"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "code", "inspector_id", name=op.f("pk_plan_recusal")),
    )
    op.create_table(
        "assignment",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("dispatch", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "code"],
            ["drawn_unit.plan_id", "drawn_unit.code"],
            name=op.f("fk_assignment_plan_id_code"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "person_id"],
            ["plan_inspector.plan_id", "plan_inspector.person_id"],
            name=op.f("fk_assignment_plan_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "code", "person_id", name=op.f("pk_assignment")),
        sa.UniqueConstraint(
            "plan_id", "code", "position", name=op.f("uq_assignment_plan_id_code_position")
        ),
    )
    op.create_index("ix_assignment_person_id", "assignment", ["person_id"], unique=False)
    op.create_table(
        "inspection_result",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("inspected_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("inspected", sa.BigInteger(), nullable=False),
        sa.Column("failing", sa.BigInteger(), nullable=False),
        sa.Column("critical", sa.BigInteger(), nullable=False),
        sa.Column("serious", sa.BigInteger(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('pass', 'conditions', 'fail', 'not_done')",
            name=op.f("ck_inspection_result_outcome"),
        ),
        sa.CheckConstraint(
            "failing BETWEEN 0 AND inspected", name=op.f("ck_inspection_result_failing")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_inspection_result_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "code"],
            ["drawn_unit.plan_id", "drawn_unit.code"],
            name=op.f("fk_inspection_result_plan_id_code"),
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["account.id"], name=op.f("fk_inspection_result_recorded_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_result")),
        sa.UniqueConstraint("plan_id", "code", name=op.f("uq_inspection_result_plan_id_code")),
    )
    op.create_index(
        op.f("ix_inspection_result_enterprise_id"),
        "inspection_result",
        ["enterprise_id"],
        unique=False,
    )
    op.create_table(
        "replacement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("replaces", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_replacement_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "code"],
            ["drawn_unit.plan_id", "drawn_unit.code"],
            name=op.f("fk_replacement_plan_id_code"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "replaces"],
            ["drawn_unit.plan_id", "drawn_unit.code"],
            name=op.f("fk_replacement_plan_id_replaces"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replacement")),
        sa.UniqueConstraint("plan_id", "code", name=op.f("uq_replacement_plan_id_code")),
        sa.UniqueConstraint("plan_id", "replaces", name=op.f("uq_replacement_plan_id_replaces")),
    )
