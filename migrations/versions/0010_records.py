"""Sampling records, samples and their evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.helpers import SCOPE, WEB_ROLE, append_only, grant, staff_only

revision = "0010_records"
down_revision = "0009_procedure"
branch_labels = None
depends_on = None

# What belongs to an edition stays as it is once the edition is signed or given up.
PARTS = ("record_sampler", "record_sample", "record_attachment")


def upgrade() -> None:
    """Build."""
    _tables()
    _finality()
    for table in ("sampling_record", *PARTS):
        staff_only(table)
    _signatures()
    # Numbers and hashes only: everybody may check a printed record against them.
    grant("record_seal", append_only=True)
    append_only("record_seal")
    op.execute("ALTER TABLE record_seal ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY public_rows ON record_seal FOR SELECT TO {WEB_ROLE} USING (true)")
    op.execute(
        f"CREATE POLICY staff_rows ON record_seal FOR INSERT TO {WEB_ROLE} "
        f"WITH CHECK ({SCOPE} = 'staff')"
    )


def downgrade() -> None:
    """Take down."""
    for table in ("record_signature", *reversed(PARTS), "sampling_record", "record_seal"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_record_change()")
    op.execute("DROP FUNCTION refuse_record_part_change()")


def _finality() -> None:
    """Only a draft can change, and no edition vanishes: the owner of the tables included."""
    op.execute(
        """
        CREATE FUNCTION refuse_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND OLD.state = 'draft'
                AND NEW.no = OLD.no AND NEW.edition = OLD.edition THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'sampling record % edition % is %: correct it by a new edition',
                OLD.no, OLD.edition, OLD.state;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION refuse_record_part_change() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            record bigint;
        BEGIN
            FOREACH record IN ARRAY CASE TG_OP
                WHEN 'INSERT' THEN ARRAY[NEW.record_id]
                WHEN 'DELETE' THEN ARRAY[OLD.record_id]
                ELSE ARRAY[OLD.record_id, NEW.record_id]
            END LOOP
                IF NOT EXISTS (
                    SELECT FROM sampling_record WHERE id = record AND state = 'draft'
                ) THEN
                    RAISE EXCEPTION '%: the record is signed, correct it by a new edition',
                        TG_TABLE_NAME;
                END IF;
            END LOOP;
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER sampling_record_final BEFORE UPDATE OR DELETE ON sampling_record "
        "FOR EACH ROW EXECUTE FUNCTION refuse_record_change()"
    )
    for table in PARTS:
        op.execute(
            f"CREATE TRIGGER {table}_final BEFORE INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_record_part_change()"
        )
    for table in ("sampling_record", *PARTS):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _signatures() -> None:
    """Signatures are added to drafts by staff; none is changed or removed."""
    grant("record_signature", append_only=True)
    append_only("record_signature")
    op.execute(
        "CREATE TRIGGER record_signature_final BEFORE INSERT ON record_signature "
        "FOR EACH ROW EXECUTE FUNCTION refuse_record_part_change()"
    )
    op.execute("ALTER TABLE record_signature ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY staff_rows ON record_signature TO {WEB_ROLE} "
        f"USING ({SCOPE} = 'staff') WITH CHECK ({SCOPE} = 'staff')"
    )


def _tables() -> None:
    op.create_table(
        "record_seal",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("record_no", sa.Text(), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("journal_sequence", sa.BigInteger(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_record_seal"),
        sa.UniqueConstraint("record_no", "edition", name="uq_record_seal_record_no_edition"),
    )
    op.create_table(
        "sampling_record",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("edition", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.Column("unit_code", sa.Text(), nullable=True),
        sa.Column("standalone_reason", sa.Text(), nullable=True),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("personal", sa.LargeBinary(), nullable=False),
        sa.Column("correction_reason", sa.Text(), nullable=True),
        sa.Column("discard_reason", sa.Text(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'discarded') = (discard_reason IS NOT NULL)",
            name=op.f("ck_sampling_record_discarded"),
        ),
        sa.CheckConstraint(
            "(state = 'signed') = (sha256 IS NOT NULL)", name=op.f("ck_sampling_record_sha256")
        ),
        sa.CheckConstraint(
            "channel IN ('production', 'shop', 'online')", name=op.f("ck_sampling_record_channel")
        ),
        sa.CheckConstraint(
            "purpose IN ('supervision', 'special', 'follow_up', 'joint', 'monitoring')",
            name=op.f("ck_sampling_record_purpose"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'signed', 'discarded')", name=op.f("ck_sampling_record_state")
        ),
        sa.CheckConstraint(
            "(edition = 1) = (correction_reason IS NULL)",
            name=op.f("ck_sampling_record_correction_reason"),
        ),
        sa.CheckConstraint(
            "(plan_id IS NULL) = (unit_code IS NULL)", name=op.f("ck_sampling_record_drawn")
        ),
        sa.CheckConstraint(
            "plan_id IS NOT NULL OR standalone_reason IS NOT NULL",
            name=op.f("ck_sampling_record_standalone_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["account.id"], name="fk_sampling_record_created_by"
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name="fk_sampling_record_enterprise_id"
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "unit_code"],
            ["drawn_unit.plan_id", "drawn_unit.code"],
            name="fk_sampling_record_plan_id_unit_code",
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name="fk_sampling_record_plan_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sampling_record"),
        sa.UniqueConstraint("no", "edition", name="uq_sampling_record_no_edition"),
    )
    op.create_index("ix_sampling_record_enterprise_id", "sampling_record", ["enterprise_id"])
    op.create_index(
        "ix_sampling_record_plan_id_unit_code", "sampling_record", ["plan_id", "unit_code"]
    )
    op.create_index(
        "uq_sampling_record_draft",
        "sampling_record",
        ["no"],
        unique=True,
        postgresql_where=sa.text("state = 'draft'"),
    )
    op.create_table(
        "record_attachment",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("added_by", sa.BigInteger(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_record_attachment_size")),
        sa.ForeignKeyConstraint(["added_by"], ["account.id"], name="fk_record_attachment_added_by"),
        sa.ForeignKeyConstraint(
            ["record_id"], ["sampling_record.id"], name="fk_record_attachment_record_id"
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["stored_file.sha256"], name="fk_record_attachment_sha256"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_record_attachment"),
        sa.UniqueConstraint(
            "record_id", "sha256", "kind", name="uq_record_attachment_record_id_sha256_kind"
        ),
    )
    op.create_index("ix_record_attachment_record_id", "record_attachment", ["record_id"])
    op.create_table(
        "record_sample",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("seal_no", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("storage", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('test', 'retained')", name=op.f("ck_record_sample_kind")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_record_sample_quantity")),
        sa.ForeignKeyConstraint(
            ["record_id"], ["sampling_record.id"], name="fk_record_sample_record_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_record_sample"),
        sa.UniqueConstraint("record_id", "no", name="uq_record_sample_record_id_no"),
    )
    op.create_index("ix_record_sample_no", "record_sample", ["no"])
    op.create_index("ix_record_sample_record_id", "record_sample", ["record_id"])
    op.create_table(
        "record_sampler",
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_record_sampler_person_id"),
        sa.ForeignKeyConstraint(
            ["record_id"], ["sampling_record.id"], name="fk_record_sampler_record_id"
        ),
        sa.PrimaryKeyConstraint("record_id", "person_id", name="pk_record_sampler"),
        sa.UniqueConstraint("record_id", "position", name="uq_record_sampler_record_id_position"),
    )
    op.create_table(
        "record_signature",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(role = 'sampler') = (person_id IS NOT NULL)", name=op.f("ck_record_signature_person")
        ),
        sa.CheckConstraint(
            "role IN ('sampler', 'unit', 'refusal', 'witness')",
            name=op.f("ck_record_signature_role"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_record_signature_account_id"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_record_signature_person_id"),
        sa.ForeignKeyConstraint(
            ["record_id"], ["sampling_record.id"], name="fk_record_signature_record_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_record_signature"),
    )
    op.create_index("ix_record_signature_record_id", "record_signature", ["record_id"])
