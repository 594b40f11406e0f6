"""Ledgers, lots and who holds them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.helpers import OWN, SCOPE, WEB_ROLE, append_only, protect

revision = "0004_traceability"
down_revision = "0003_sampling"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build."""
    op.create_table(
        "ledger_upload",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_ledger_upload_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_record.id"], name=op.f("fk_ledger_upload_import_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_upload")),
        sa.UniqueConstraint("import_id", name=op.f("uq_ledger_upload_import_id")),
    )
    op.create_index(
        op.f("ix_ledger_upload_enterprise_id"), "ledger_upload", ["enterprise_id"], unique=False
    )
    op.create_table(
        "party",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("told_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'enterprise') = (enterprise_id IS NOT NULL)", name=op.f("ck_party_enterprise")
        ),
        sa.CheckConstraint(
            "kind IN ('enterprise', 'code', 'name', 'unlisted')", name=op.f("ck_party_kind")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_party_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["told_by_id"], ["enterprise.id"], name=op.f("fk_party_told_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party")),
        sa.UniqueConstraint("enterprise_id", name=op.f("uq_party_enterprise_id")),
        sa.UniqueConstraint("key", name=op.f("uq_party_key")),
    )
    op.create_table(
        "lot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_lot_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot")),
        sa.UniqueConstraint("product_id", "key", name=op.f("uq_lot_product_id_key")),
    )
    op.create_index(
        "ix_lot_key", "lot", ["key"], unique=False, postgresql_ops={"key": "text_pattern_ops"}
    )
    op.create_table(
        "ledger_finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
        sa.Column("event_ids", JSONB(), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_ledger_finding_enterprise_id")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_ledger_finding_lot_id")),
        sa.ForeignKeyConstraint(
            ["party_id"], ["party.id"], name=op.f("fk_ledger_finding_party_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_finding")),
    )
    op.create_index(
        op.f("ix_ledger_finding_enterprise_id"), "ledger_finding", ["enterprise_id"], unique=False
    )
    op.create_index(
        "ix_ledger_finding_lot_id_kind", "ledger_finding", ["lot_id", "kind"], unique=False
    )
    op.create_index(
        "ix_ledger_finding_open",
        "ledger_finding",
        ["id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "trace_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("from_party_id", sa.BigInteger(), nullable=True),
        sa.Column("to_party_id", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("earliest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("inputs", sa.Text(), nullable=True),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("file_row", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'production') = (inputs IS NOT NULL) AND inputs IN ('told', 'none', 'untold')",
            name=op.f("ck_trace_event_inputs"),
        ),
        sa.CheckConstraint(
            "kind IN ('production', 'shipment', 'receipt', 'sale', 'return', 'destruction', "
            "'stock', 'void')",
            name=op.f("ck_trace_event_kind"),
        ),
        sa.CheckConstraint(
            "quantity > 0 OR (kind = 'stock' AND quantity = 0)",
            name=op.f("ck_trace_event_quantity"),
        ),
        sa.CheckConstraint("earliest_at <= latest_at", name=op.f("ck_trace_event_interval")),
        sa.CheckConstraint("from_party_id <> to_party_id", name=op.f("ck_trace_event_parties")),
        sa.ForeignKeyConstraint(
            ["corrects_id"], ["trace_event.id"], name=op.f("fk_trace_event_corrects_id")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_trace_event_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["from_party_id"], ["party.id"], name=op.f("fk_trace_event_from_party_id")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_trace_event_lot_id")),
        sa.ForeignKeyConstraint(
            ["to_party_id"], ["party.id"], name=op.f("fk_trace_event_to_party_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_event")),
        sa.UniqueConstraint("digest", name=op.f("uq_trace_event_digest")),
    )
    op.create_index(
        "ix_trace_event_corrects_id",
        "trace_event",
        ["corrects_id"],
        unique=False,
        postgresql_where=sa.text("corrects_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_trace_event_enterprise_id"), "trace_event", ["enterprise_id"], unique=False
    )
    op.create_index(
        op.f("ix_trace_event_file_sha256"), "trace_event", ["file_sha256"], unique=False
    )
    op.create_index(
        "ix_trace_event_from_party_id_id", "trace_event", ["from_party_id", "id"], unique=False
    )
    op.create_index(op.f("ix_trace_event_lot_id"), "trace_event", ["lot_id"], unique=False)
    op.create_index(
        "ix_trace_event_to_party_id_id", "trace_event", ["to_party_id", "id"], unique=False
    )
    op.create_table(
        "lot_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=False),
        sa.Column("input_lot_id", sa.BigInteger(), nullable=False),
        sa.Column("output_lot_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("earliest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_lot_link_quantity")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_lot_link_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["trace_event.id"], name=op.f("fk_lot_link_event_id")
        ),
        sa.ForeignKeyConstraint(
            ["input_lot_id"], ["lot.id"], name=op.f("fk_lot_link_input_lot_id")
        ),
        sa.ForeignKeyConstraint(
            ["output_lot_id"], ["lot.id"], name=op.f("fk_lot_link_output_lot_id")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_lot_link_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_link")),
        sa.UniqueConstraint(
            "event_id", "input_lot_id", name=op.f("uq_lot_link_event_id_input_lot_id")
        ),
    )
    op.create_index(op.f("ix_lot_link_enterprise_id"), "lot_link", ["enterprise_id"], unique=False)
    op.create_index(op.f("ix_lot_link_input_lot_id"), "lot_link", ["input_lot_id"], unique=False)
    op.create_index(op.f("ix_lot_link_output_lot_id"), "lot_link", ["output_lot_id"], unique=False)
    for table in ("trace_event", "lot_link"):
        protect(table)
        append_only(table)
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {WEB_ROLE}")
    protect("ledger_upload")
    # Findings are written by a job, as owner.
    protect("ledger_finding")
    op.execute(f"REVOKE INSERT, UPDATE, DELETE ON ledger_finding FROM {WEB_ROLE}")
    _protect_lots()
    _protect_parties()


def _protect_lots() -> None:
    """An enterprise sees the lots its own ledger speaks of.

    It may name a lot that another firm's ledger named first without being able to look around
    among them: ``name_lots`` answers for the numbers it is given and for nothing else.
    """
    op.execute(f"GRANT SELECT ON lot TO {WEB_ROLE}")
    op.execute("ALTER TABLE lot ENABLE ROW LEVEL SECURITY")
    told = "id IN (SELECT lot_id FROM trace_event) OR id IN (SELECT input_lot_id FROM lot_link)"
    own = f"{SCOPE} = 'enterprise' AND ({told})"
    op.execute(
        f"CREATE POLICY staff_rows ON lot FOR SELECT TO {WEB_ROLE} USING ({SCOPE} = 'staff')"
    )
    op.execute(f"CREATE POLICY own_rows ON lot FOR SELECT TO {WEB_ROLE} USING ({own})")
    op.execute(
        """
        CREATE FUNCTION name_lots(
            product_ids bigint[], keys text[], numbers text[], at timestamptz
        ) RETURNS TABLE (id bigint, product_id bigint, key text)
        LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
            INSERT INTO lot (product_id, key, number, recorded_at)
            SELECT given.product_id, given.key, given.number, name_lots.at
            FROM unnest(name_lots.product_ids, name_lots.keys, name_lots.numbers)
                AS given (product_id, key, number)
            ON CONFLICT DO NOTHING;
            SELECT lot.id, lot.product_id, lot.key
            FROM unnest(name_lots.product_ids, name_lots.keys) AS given (product_id, key)
            JOIN lot ON lot.product_id = given.product_id AND lot.key = given.key;
        $$
        """
    )
    signature = "name_lots(bigint[], text[], text[], timestamptz)"
    op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {WEB_ROLE}")


def _protect_parties() -> None:
    """Firms and codes are public; a partner written by name only belongs to who wrote it."""
    op.execute(f"GRANT SELECT, INSERT ON party TO {WEB_ROLE}")
    op.execute("ALTER TABLE party ENABLE ROW LEVEL SECURITY")
    seen = (
        f"{SCOPE} = 'staff' OR ({SCOPE} = 'enterprise' AND "
        f"(kind IN ('enterprise', 'code') OR told_by_id = {OWN}))"
    )
    op.execute(f"CREATE POLICY seen_rows ON party TO {WEB_ROLE} USING ({seen}) WITH CHECK ({seen})")


def downgrade() -> None:
    """Take down."""
    op.execute("DROP FUNCTION name_lots(bigint[], text[], text[], timestamptz)")
    op.execute("DROP POLICY own_rows ON lot")
    op.drop_table("lot_link")
    op.drop_table("trace_event")
    op.drop_table("ledger_finding")
    op.drop_table("lot")
    op.drop_table("party")
    op.drop_table("ledger_upload")
