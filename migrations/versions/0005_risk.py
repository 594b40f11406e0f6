"""Tables of risk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.helpers import append_only, staff_only

revision = "0005_risk"
down_revision = "0004_traceability"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""
    op.create_table(
        "observation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("category_code", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
        sa.Column("inspected", sa.BigInteger(), nullable=False),
        sa.Column("failing", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "failing >= 0 AND failing <= inspected", name=op.f("ck_observation_failing")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_observation_enterprise_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
        sa.UniqueConstraint("source", "source_id", name=op.f("uq_observation_source_source_id")),
    )
    op.create_index(
        op.f("ix_observation_enterprise_id"), "observation", ["enterprise_id"], unique=False
    )
    op.create_index(
        "ix_observation_source_region_code_category_code_on",
        "observation",
        ["source", "region_code", "category_code", "on"],
        unique=False,
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_no", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("category_code", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("lot_no", sa.Text(), nullable=True),
        sa.Column("hazard", sa.Text(), nullable=True),
        sa.Column("severity", sa.BigInteger(), nullable=True),
        sa.Column("injured", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("reporter", sa.LargeBinary(), nullable=True),
        sa.Column("file_sha256", sa.Text(), nullable=True),
        sa.Column("row_number", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('accident', 'injury', 'complaint', 'lead')", name=op.f("ck_incident_kind")
        ),
        sa.CheckConstraint("injured >= 0", name=op.f("ck_incident_injured")),
        sa.CheckConstraint("severity BETWEEN 1 AND 4", name=op.f("ck_incident_severity")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_incident_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_incident_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("number", name=op.f("uq_incident_number")),
        sa.UniqueConstraint("source", "source_no", name=op.f("uq_incident_source_source_no")),
    )
    op.create_index(op.f("ix_incident_enterprise_id"), "incident", ["enterprise_id"], unique=False)
    op.create_index(
        "ix_incident_kind_region_code_category_code_on",
        "incident",
        ["kind", "region_code", "category_code", "on"],
        unique=False,
    )
    op.create_index("ix_incident_on_id", "incident", ["on", "id"], unique=False)
    op.create_index(op.f("ix_incident_product_id"), "incident", ["product_id"], unique=False)
    op.create_table(
        "model_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("inputs_sha256", sa.Text(), nullable=False),
        sa.Column("algorithm_version", sa.Text(), nullable=False),
        sa.Column("settings", JSONB(), nullable=False),
        sa.Column("level_table", sa.Text(), nullable=False),
        sa.Column("data_through", sa.Date(), nullable=True),
        sa.Column("series_total", sa.BigInteger(), nullable=False),
        sa.Column("evaluated", sa.BigInteger(), nullable=False),
        sa.Column("not_judged", JSONB(), nullable=False),
        sa.Column("alarms", sa.BigInteger(), nullable=False),
        sa.Column("signals_raised", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_model_run_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_run")),
        sa.UniqueConstraint(
            "week",
            "inputs_sha256",
            "algorithm_version",
            name=op.f("uq_model_run_week_inputs_sha256_algorithm_version"),
        ),
    )
    op.create_table(
        "signal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("category_code", sa.Text(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("observed", sa.BigInteger(), nullable=False),
        sa.Column("population", sa.BigInteger(), nullable=True),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("upper", sa.Float(), nullable=False),
        sa.Column("p_value", sa.Float(), nullable=False),
        sa.Column("exceedance", sa.Float(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("level_table", sa.Text(), nullable=False),
        sa.Column("counts", JSONB(), nullable=False),
        sa.Column("reason", JSONB(), nullable=False),
        sa.Column("series", JSONB(), nullable=False),
        sa.Column("data_through", sa.Date(), nullable=False),
        sa.Column("algorithm_version", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_name", sa.Text(), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "level IN ('red', 'orange', 'yellow', 'blue')", name=op.f("ck_signal_level")
        ),
        sa.CheckConstraint("outcome IN ('confirmed', 'dismissed')", name=op.f("ck_signal_outcome")),
        sa.CheckConstraint(
            "state <> 'assigned' OR owner_id IS NOT NULL", name=op.f("ck_signal_owner")
        ),
        sa.CheckConstraint("state IN ('new', 'assigned', 'closed')", name=op.f("ck_signal_state")),
        sa.ForeignKeyConstraint(["owner_id"], ["account.id"], name=op.f("fk_signal_owner_id")),
        sa.ForeignKeyConstraint(["run_id"], ["model_run.id"], name=op.f("fk_signal_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal")),
        sa.UniqueConstraint("number", name=op.f("uq_signal_number")),
        sa.UniqueConstraint(
            "source",
            "region_code",
            "category_code",
            "week",
            "algorithm_version",
            name="uq_signal_series_week",
        ),
    )
    op.create_index(op.f("ix_signal_run_id"), "signal", ["run_id"], unique=False)
    op.create_index("ix_signal_state_level", "signal", ["state", "level"], unique=False)
    op.create_index("ix_signal_week_id", "signal", ["week", "id"], unique=False)
    op.create_table(
        "signal_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("signal_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_name", sa.Text(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "action IN ('assign', 'confirm', 'close')", name=op.f("ck_signal_decision_action")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_signal_decision_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name=op.f("fk_signal_decision_owner_id")
        ),
        sa.ForeignKeyConstraint(
            ["signal_id"], ["signal.id"], name=op.f("fk_signal_decision_signal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_decision")),
    )
    op.create_index(
        op.f("ix_signal_decision_signal_id"), "signal_decision", ["signal_id"], unique=False
    )
    for table in ("observation", "incident", "model_run", "signal", "signal_decision"):
        staff_only(table)
    append_only("model_run")
    append_only("signal_decision")


def downgrade() -> None:
    """Take down."""
    op.drop_table("signal_decision")
    op.drop_table("signal")
    op.drop_table("model_run")
    op.drop_table("incident")
    op.drop_table("observation")
