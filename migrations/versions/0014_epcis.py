"""The EPCIS journal: captures, events, their items, identifiers and documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.helpers import OWN, SCOPE, WEB_ROLE, append_only, protect

revision = "0014_epcis"
down_revision = "0013_acceptance"
branch_labels = None
depends_on = None

# Compared byte by byte.
CODE = sa.Text(collation="C")

# Written by jobs and by the capture interface, as owner; requests only read.
TOLD_BY_A_FIRM = ("epcis_capture", "epcis_alias", "epcis_delivery")
PARTS_OF_AN_EVENT = (
    "epcis_document",
    "epcis_item",
    "epcis_party",
    "epcis_transaction",
    "epcis_declaration",
    "epcis_conflict",
)
JOURNAL = ("epcis_identifier", "epcis_event", "epcis_alias", "epcis_delivery", *PARTS_OF_AN_EVENT)


def upgrade() -> None:
    """Build."""
    _build_captures()
    _build_events()
    _build_parts()
    _build_marks()
    for table in JOURNAL:
        append_only(table)
    _protect()


def _build_captures() -> None:
    """Capture jobs and named queries."""
    op.create_table(
        "epcis_capture",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("capture_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("running", sa.Boolean(), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("error_behaviour", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("known", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("aliases", sa.BigInteger(), nullable=False),
        sa.Column("conflicts", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=False),
        sa.Column("errors", JSONB(), nullable=False),
        sa.Column("warnings", JSONB(), nullable=False),
        sa.Column("first_event_id", sa.BigInteger(), nullable=True),
        sa.Column("last_event_id", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
        sa.Column("document_sha256", sa.Text(), nullable=False),
        sa.Column("document_size", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "error_behaviour IN ('rollback', 'proceed')",
            name=op.f("ck_epcis_capture_error_behaviour"),
        ),
        sa.CheckConstraint(
            "running = (finished_at IS NULL)", name=op.f("ck_epcis_capture_running")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_epcis_capture_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_epcis_capture_enterprise_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_epcis_capture")),
        sa.UniqueConstraint("capture_id", name=op.f("uq_epcis_capture_capture_id")),
    )
    op.create_index(
        op.f("ix_epcis_capture_enterprise_id"), "epcis_capture", ["enterprise_id"], unique=False
    )
    op.create_table(
        "epcis_named_query",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
        sa.Column("query", JSONB(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["account.id"], name=op.f("fk_epcis_named_query_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_epcis_named_query_enterprise_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_epcis_named_query")),
        sa.UniqueConstraint(
            "enterprise_id",
            "name",
            name=op.f("uq_epcis_named_query_enterprise_id_name"),
            postgresql_nulls_not_distinct=True,
        ),
    )


def _build_events() -> None:
    """The dictionary and the events."""
    op.create_table(
        "epcis_identifier",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", CODE, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("gtin", sa.Text(), nullable=True),
        sa.Column("lot", sa.Text(), nullable=True),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("given", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_epcis_identifier")),
        sa.UniqueConstraint("key", name=op.f("uq_epcis_identifier_key")),
    )
    op.create_index(
        "ix_epcis_identifier_places",
        "epcis_identifier",
        ["key"],
        unique=False,
        postgresql_where=sa.text("kind IN ('place', 'party', 'opaque')"),
    )
    op.create_table(
        "epcis_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("declaration_hash", sa.LargeBinary(), nullable=False),
        sa.Column("event_id", CODE, nullable=False),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offset", sa.Text(), nullable=False),
        sa.Column("type", CODE, nullable=False),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("biz_step", CODE, nullable=True),
        sa.Column("disposition", CODE, nullable=True),
        sa.Column("read_point_id", sa.BigInteger(), nullable=True),
        sa.Column("biz_location_id", sa.BigInteger(), nullable=True),
        sa.Column("transformation_id", CODE, nullable=True),
        sa.Column("capture_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(hash) = 32", name=op.f("ck_epcis_event_hash")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_epcis_event")),
        sa.UniqueConstraint(
            "hash", "declaration_hash", name=op.f("uq_epcis_event_hash_declaration_hash")
        ),
    )
    op.create_index(
        "ix_epcis_event_biz_location_id",
        "epcis_event",
        ["biz_location_id"],
        unique=False,
        postgresql_where=sa.text("biz_location_id IS NOT NULL"),
    )
    op.create_index(
        "ix_epcis_event_enterprise_id",
        "epcis_event",
        ["enterprise_id"],
        unique=False,
        postgresql_where=sa.text("enterprise_id IS NOT NULL"),
    )
    op.create_index("ix_epcis_event_event_id", "epcis_event", ["event_id"], unique=False)
    op.create_index("ix_epcis_event_event_time", "epcis_event", ["event_time"], unique=False)
    op.create_index("ix_epcis_event_type", "epcis_event", ["type"], unique=False)
    op.create_index(
        "ix_epcis_event_biz_step",
        "epcis_event",
        ["biz_step"],
        unique=False,
        postgresql_where=sa.text("biz_step IS NOT NULL"),
    )
    op.create_index(
        "ix_epcis_event_disposition",
        "epcis_event",
        ["disposition"],
        unique=False,
        postgresql_where=sa.text("disposition IS NOT NULL"),
    )
    op.create_index(
        "ix_epcis_event_read_point_id",
        "epcis_event",
        ["read_point_id"],
        unique=False,
        postgresql_where=sa.text("read_point_id IS NOT NULL"),
    )
    op.create_index(
        "ix_epcis_event_recorded_at",
        "epcis_event",
        ["recorded_at"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_index(
        "ix_epcis_event_transformation_id",
        "epcis_event",
        ["transformation_id"],
        unique=False,
        postgresql_where=sa.text("transformation_id IS NOT NULL"),
    )


def _build_parts() -> None:
    """What an event consists of."""
    op.create_table(
        "epcis_document",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_epcis_document")),
    )
    op.create_table(
        "epcis_item",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("identifier_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "position", name=op.f("pk_epcis_item")),
    )
    op.create_index(
        "ix_epcis_item_identifier_id_event_id",
        "epcis_item",
        ["identifier_id", "event_id"],
        unique=False,
    )
    op.create_table(
        "epcis_party",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("identifier_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "position", name=op.f("pk_epcis_party")),
    )
    op.create_index(
        "ix_epcis_party_identifier_id_event_id",
        "epcis_party",
        ["identifier_id", "event_id"],
        unique=False,
    )
    op.create_table(
        "epcis_transaction",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("identifier", CODE, nullable=False),
        sa.PrimaryKeyConstraint("event_id", "position", name=op.f("pk_epcis_transaction")),
    )
    op.create_index(
        "ix_epcis_transaction_identifier",
        "epcis_transaction",
        ["identifier", "event_id"],
        unique=False,
    )


def _build_marks() -> None:
    """What is known about events beside themselves."""
    op.create_table(
        "epcis_declaration",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("given_id", CODE, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("corrective_ids", JSONB(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_epcis_declaration")),
    )
    op.create_index(
        op.f("ix_epcis_declaration_given_id"), "epcis_declaration", ["given_id"], unique=False
    )
    op.create_index(op.f("ix_epcis_declaration_hash"), "epcis_declaration", ["hash"], unique=False)
    op.create_table(
        "epcis_alias",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("alias", CODE, nullable=False),
        sa.Column("capture_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "alias", name=op.f("pk_epcis_alias")),
    )
    op.create_index(op.f("ix_epcis_alias_alias"), "epcis_alias", ["alias"], unique=False)
    op.create_table(
        "epcis_delivery",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("capture_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "enterprise_id", name=op.f("pk_epcis_delivery")),
    )
    op.create_index(
        op.f("ix_epcis_delivery_enterprise_id"), "epcis_delivery", ["enterprise_id"], unique=False
    )
    op.create_table(
        "epcis_conflict",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("earlier_id", sa.BigInteger(), nullable=False),
        sa.Column("given_id", CODE, nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_epcis_conflict")),
    )
    op.create_index(
        op.f("ix_epcis_conflict_earlier_id"), "epcis_conflict", ["earlier_id"], unique=False
    )
    op.create_index(
        op.f("ix_epcis_conflict_given_id"), "epcis_conflict", ["given_id"], unique=False
    )


def _protect() -> None:
    """A firm reads what it delivered, staff read everything, the public nothing."""
    for table in TOLD_BY_A_FIRM:
        _readable(table, f"enterprise_id = {OWN}")
    delivered = "id IN (SELECT event_id FROM epcis_delivery)"
    _readable("epcis_event", f"enterprise_id = {OWN} OR {delivered}")
    for table in PARTS_OF_AN_EVENT:
        _readable(table, f"EXISTS (SELECT FROM epcis_event WHERE id = {table}.event_id)")
    # Numbers of places, firms and kinds of goods are on every wall; lots and serials are not.
    _readable(
        "epcis_identifier",
        "kind IN ('place', 'party', 'class')"
        " OR EXISTS (SELECT FROM epcis_item WHERE identifier_id = epcis_identifier.id)"
        " OR EXISTS (SELECT FROM epcis_party WHERE identifier_id = epcis_identifier.id)"
        " OR EXISTS (SELECT FROM epcis_event WHERE read_point_id = epcis_identifier.id)"
        " OR EXISTS (SELECT FROM epcis_event WHERE biz_location_id = epcis_identifier.id)",
    )
    protect("epcis_named_query")


def _readable(table: str, own: str) -> None:
    op.execute(f"GRANT SELECT ON {table} TO {WEB_ROLE}")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_rows ON {table} FOR SELECT TO {WEB_ROLE} "
        f"USING ({SCOPE} = 'staff' OR ({SCOPE} = 'enterprise' AND ({own})))"
    )


def downgrade() -> None:
    """Take down."""
    # Policies name other tables: they go first.
    for table in (*PARTS_OF_AN_EVENT, "epcis_identifier", "epcis_event"):
        op.execute(f"DROP POLICY own_rows ON {table}")
    for table in (*JOURNAL, "epcis_capture", "epcis_named_query"):
        op.drop_table(table)
