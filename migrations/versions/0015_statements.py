"""What EPCIS events say in the words of ledgers: derived, bitemporal, rebuildable."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.helpers import SCOPE, WEB_ROLE

revision = "0015_statements"
down_revision = "0014_epcis"
branch_labels = None
depends_on = None

# Compared byte by byte.
CODE = sa.Text(collation="C")

TABLES = (
    "statement_use",
    "statement_movement",
    "statement_containment",
    "statement_holder",
)


def upgrade() -> None:
    """Build."""
    _free_products()
    _build_movements()
    _build_uses()
    _build_containment()
    _build_holders()
    for table in TABLES:
        # Written by whoever captures, as owner.
        op.execute(f"GRANT SELECT ON {table} TO {WEB_ROLE}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY staff_rows ON {table} FOR SELECT TO {WEB_ROLE} "
            f"USING ({SCOPE} = 'staff')"
        )


def _free_products() -> None:
    """A product that only events speak of has no enterprise."""
    op.alter_column("product", "enterprise_id", existing_type=sa.BIGINT(), nullable=True)
    op.create_index(
        "uq_product_number_unowned",
        "product",
        ["number"],
        unique=True,
        postgresql_where=sa.text("enterprise_id IS NULL"),
    )


def _build_movements() -> None:
    """One lot in one event; numbered with the rows of ledgers."""
    op.create_table(
        "statement_movement",
        sa.Column(
            "id",
            sa.BigInteger(),
            server_default=sa.text("nextval('trace_event_id_seq'::regclass)"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("epcis_event_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("from_party_id", sa.BigInteger(), nullable=True),
        sa.Column("to_party_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_party_id", sa.BigInteger(), nullable=True),
        sa.Column("place", CODE, nullable=True),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("earliest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("inputs", sa.Text(), nullable=True),
        sa.Column("process", CODE, nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('production', 'shipment', 'receipt', 'sale', 'return', 'destruction', "
            "'stock')",
            name=op.f("ck_statement_movement_kind"),
        ),
        sa.CheckConstraint("earliest_at <= latest_at", name=op.f("ck_statement_movement_interval")),
        sa.CheckConstraint(
            "from_party_id <> to_party_id", name=op.f("ck_statement_movement_parties")
        ),
        sa.CheckConstraint(
            "recorded_at <= retracted_at", name=op.f("ck_statement_movement_validity")
        ),
        sa.ForeignKeyConstraint(
            ["from_party_id"], ["party.id"], name=op.f("fk_statement_movement_from_party_id")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_statement_movement_lot_id")),
        sa.ForeignKeyConstraint(
            ["owner_party_id"], ["party.id"], name=op.f("fk_statement_movement_owner_party_id")
        ),
        sa.ForeignKeyConstraint(
            ["to_party_id"], ["party.id"], name=op.f("fk_statement_movement_to_party_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_movement")),
    )
    op.create_index(
        "ix_statement_movement_from_party_id_id",
        "statement_movement",
        ["from_party_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_statement_movement_lot_id"), "statement_movement", ["lot_id"], unique=False
    )
    op.create_index(
        "ix_statement_movement_to_party_id_id",
        "statement_movement",
        ["to_party_id", "id"],
        unique=False,
    )
    op.create_index(
        "uq_statement_movement_said",
        "statement_movement",
        ["epcis_event_id", "digest"],
        unique=True,
        postgresql_where=sa.text("retracted_at IS NULL"),
    )


def _build_uses() -> None:
    """A lot that went into another; numbered with the links of ledgers."""
    op.create_table(
        "statement_use",
        sa.Column(
            "id",
            sa.BigInteger(),
            server_default=sa.text("nextval('lot_link_id_seq'::regclass)"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("movement_id", sa.BigInteger(), nullable=False),
        sa.Column("epcis_event_id", sa.BigInteger(), nullable=False),
        sa.Column("input_event_id", sa.BigInteger(), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=False),
        sa.Column("input_lot_id", sa.BigInteger(), nullable=False),
        sa.Column("output_lot_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("earliest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("earliest_at <= latest_at", name=op.f("ck_statement_use_interval")),
        sa.CheckConstraint("recorded_at <= retracted_at", name=op.f("ck_statement_use_validity")),
        sa.ForeignKeyConstraint(
            ["input_lot_id"], ["lot.id"], name=op.f("fk_statement_use_input_lot_id")
        ),
        sa.ForeignKeyConstraint(
            ["movement_id"], ["statement_movement.id"], name=op.f("fk_statement_use_movement_id")
        ),
        sa.ForeignKeyConstraint(
            ["output_lot_id"], ["lot.id"], name=op.f("fk_statement_use_output_lot_id")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_statement_use_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_use")),
    )
    op.create_index(
        op.f("ix_statement_use_input_lot_id"), "statement_use", ["input_lot_id"], unique=False
    )
    op.create_index(
        op.f("ix_statement_use_movement_id"), "statement_use", ["movement_id"], unique=False
    )
    op.create_index(
        op.f("ix_statement_use_output_lot_id"), "statement_use", ["output_lot_id"], unique=False
    )
    op.create_index(
        "uq_statement_use_said",
        "statement_use",
        ["epcis_event_id", "digest"],
        unique=True,
        postgresql_where=sa.text("retracted_at IS NULL"),
    )


def _build_containment() -> None:
    """What lay inside what."""
    op.create_table(
        "statement_containment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_asset", sa.Boolean(), nullable=False),
        sa.Column("epcis_event_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("from_at < until_at", name=op.f("ck_statement_containment_interval")),
        sa.CheckConstraint(
            "recorded_at <= retracted_at", name=op.f("ck_statement_containment_validity")
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["lot.id"], name=op.f("fk_statement_containment_lot_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_containment")),
    )
    op.create_index(
        "ix_statement_containment_child_id_from_at",
        "statement_containment",
        ["child_id", "from_at"],
        unique=False,
    )
    op.create_index(
        "ix_statement_containment_epcis_event_id",
        "statement_containment",
        ["epcis_event_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_statement_containment_lot_id"), "statement_containment", ["lot_id"], unique=False
    )
    op.create_index(
        "ix_statement_containment_parent_id_from_at",
        "statement_containment",
        ["parent_id", "from_at"],
        unique=False,
    )


def _build_holders() -> None:
    """Who holds what is at a place."""
    op.create_table(
        "statement_holder",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("place", CODE, nullable=False),
        sa.Column("party", CODE, nullable=False),
        sa.Column("epcis_event_id", sa.BigInteger(), nullable=False),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "recorded_at <= retracted_at", name=op.f("ck_statement_holder_validity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_holder")),
    )
    op.create_index(
        "ix_statement_holder_epcis_event_id", "statement_holder", ["epcis_event_id"], unique=False
    )
    op.create_index(
        "uq_statement_holder_said",
        "statement_holder",
        ["place", "party"],
        unique=True,
        postgresql_where=sa.text("retracted_at IS NULL"),
    )


def downgrade() -> None:
    """Take down; products without an enterprise must be given one, or be gone, before."""
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("uq_product_number_unowned", table_name="product")
    op.alter_column("product", "enterprise_id", existing_type=sa.BIGINT(), nullable=False)
