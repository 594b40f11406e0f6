"""Tables of sampling records (抽样单): editions, samplers, sealed samples, evidence, signatures."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, Sealed, Versioned


class RecordState(StrEnum):
    """Where one edition of a record stands."""

    DRAFT = "draft"
    SIGNED = "signed"  # sealed, immutable
    DISCARDED = "discarded"  # a draft given up; its number stays used


class SignatureRole(StrEnum):
    """As what somebody signs."""

    SAMPLER = "sampler"
    UNIT = "unit"  # the sampled unit: signature and stamp
    REFUSAL = "refusal"  # the unit would not sign
    WITNESS = "witness"


class SamplingRecord(Base, Versioned):
    """One edition of a sampling record; a correction is a further edition that names this one.

    ``content`` holds the fields of `sampling.maths.record_fields` as text; those that are personal
    stand in ``personal``, sealed, with the salt of their hash.
    """

    __tablename__ = "sampling_record"
    __table_args__ = (
        UniqueConstraint("no", "edition"),
        CheckConstraint("state IN ('draft', 'signed', 'discarded')", name="state"),
        CheckConstraint(
            "purpose IN ('supervision', 'special', 'follow_up', 'joint', 'monitoring')",
            name="purpose",
        ),
        CheckConstraint("channel IN ('production', 'shop', 'online')", name="channel"),
        CheckConstraint("(plan_id IS NULL) = (unit_code IS NULL)", name="drawn"),
        CheckConstraint(
            "plan_id IS NOT NULL OR standalone_reason IS NOT NULL", name="standalone_reason"
        ),
        CheckConstraint("(edition = 1) = (correction_reason IS NULL)", name="correction_reason"),
        CheckConstraint("(state = 'signed') = (sha256 IS NOT NULL)", name="sha256"),
        CheckConstraint("(state = 'discarded') = (discard_reason IS NOT NULL)", name="discarded"),
        ForeignKeyConstraint(["plan_id", "unit_code"], ["drawn_unit.plan_id", "drawn_unit.code"]),
        Index(
            "uq_sampling_record_draft", "no", unique=True, postgresql_where=text("state = 'draft'")
        ),
        Index("ix_sampling_record_plan_id_unit_code", "plan_id", "unit_code"),
    )

    id: Mapped[Id]
    no: Mapped[str]
    edition: Mapped[int] = mapped_column(default=1, server_default="1")
    state: Mapped[str] = mapped_column(default=RecordState.DRAFT, server_default="draft")
    purpose: Mapped[str]
    channel: Mapped[str]
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    unit_code: Mapped[str | None]
    standalone_reason: Mapped[str | None]
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"), index=True)
    content: Mapped[dict[str, Any]]
    personal: Mapped[str] = mapped_column(Sealed)  # JSON: salt, values
    correction_reason: Mapped[str | None]
    discard_reason: Mapped[str | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    document: Mapped[bytes | None] = mapped_column(deferred=True)  # canonical JSON, once signed
    sha256: Mapped[str | None]
    signed_at: Mapped[datetime | None]


class RecordSampler(Base):
    """A sampler (抽样人员) of a record; position 0 leads."""

    __tablename__ = "record_sampler"
    __table_args__ = (UniqueConstraint("record_id", "position"),)

    record_id: Mapped[int] = mapped_column(ForeignKey("sampling_record.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    position: Mapped[int]


class RecordSample(Base):
    """One sealed sample: 检样 to be tested, or 备样 to be kept."""

    __tablename__ = "record_sample"
    __table_args__ = (
        UniqueConstraint("record_id", "no"),
        CheckConstraint("kind IN ('test', 'retained')", name="kind"),
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_record_sample_no", "no"),
    )

    id: Mapped[Id]
    record_id: Mapped[int] = mapped_column(ForeignKey("sampling_record.id"), index=True)
    no: Mapped[str]
    kind: Mapped[str]
    quantity: Mapped[Decimal]  # in the unit of the record
    seal_no: Mapped[str]
    place: Mapped[str]  # where it is kept
    storage: Mapped[str]  # conditions


class RecordAttachment(Base):
    """A photo or a file of a record. Its time is when it came in: what it says itself may lie."""

    __tablename__ = "record_attachment"
    __table_args__ = (
        UniqueConstraint("record_id", "sha256", "kind"),
        CheckConstraint("size > 0", name="size"),
    )

    id: Mapped[Id]
    record_id: Mapped[int] = mapped_column(ForeignKey("sampling_record.id"), index=True)
    kind: Mapped[str]
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_file.sha256"))
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]  # bytes
    note: Mapped[str | None]
    added_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    added_at: Mapped[datetime]


class RecordSignature(Base):
    """A signature under what a record said at that moment; a later change leaves it behind."""

    __tablename__ = "record_signature"
    __table_args__ = (
        CheckConstraint("role IN ('sampler', 'unit', 'refusal', 'witness')", name="role"),
        CheckConstraint("(role = 'sampler') = (person_id IS NOT NULL)", name="person"),
    )

    id: Mapped[Id]
    record_id: Mapped[int] = mapped_column(ForeignKey("sampling_record.id"), index=True)
    role: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str | None] = mapped_column(Sealed)  # of who is not a sampler
    statement: Mapped[str | None]  # why the unit would not sign
    content_sha256: Mapped[str]  # of what was signed
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    signed_at: Mapped[datetime]


class RecordSeal(Base):
    """The hash of a signed edition, for whoever checks a printed record; holds no content."""

    __tablename__ = "record_seal"
    __table_args__ = (UniqueConstraint("record_no", "edition"),)

    id: Mapped[Id]
    record_no: Mapped[str]
    edition: Mapped[int]
    sha256: Mapped[str]
    journal_sequence: Mapped[int]
    sealed_at: Mapped[datetime]
