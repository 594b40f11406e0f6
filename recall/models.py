"""Tables of recall. History is on ``core.journal``, one stream for each recall."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, Versioned


class DefectCase(Base, Versioned):
    """A product found, or said, to be dangerous: the ground of a recall."""

    __tablename__ = "defect_case"
    __table_args__ = (Index("ix_defect_case_enterprise_id", "enterprise_id"),)

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    found_on: Mapped[date]
    # Death, serious injury or heavy loss, caused or possible, or a recall abroad.
    is_serious: Mapped[bool]
    defect: Mapped[str]
    hazard: Mapped[str]
    consequence: Mapped[str]
    # What it grew from, as a person would cite it: a failed sample, a warning, an own finding.
    origin: Mapped[str]
    opened_at: Mapped[datetime]


class Recall(Base, Versioned):
    """One recall of one lot, from the first report on. Public once announced, for good."""

    __tablename__ = "recall"
    __table_args__ = (
        Index("ix_recall_enterprise_id", "enterprise_id"),
        Index(
            "ix_recall_announced_at",
            "announced_at",
            postgresql_where=text("announced_at IS NOT NULL"),
        ),
        CheckConstraint("(state = 'voided') = (void_reason IS NOT NULL)", name="void_reason"),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("defect_case.id"), index=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    pack: Mapped[str]
    state: Mapped[str]
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    gtin: Mapped[str | None]
    product: Mapped[str]
    brand: Mapped[str]
    model: Mapped[str]
    lot_no: Mapped[str]
    reported_at: Mapped[datetime]
    announced_at: Mapped[datetime | None]
    void_reason: Mapped[str | None]
    # True until the trace has answered; no notice goes out before.
    scope_pending: Mapped[bool]


class RecallPlan(Base):
    """One edition of the producer's plan; a returned plan is followed by the next edition."""

    __tablename__ = "recall_plan"
    __table_args__ = (UniqueConstraint("recall_id", "edition"),)

    id: Mapped[Id]
    recall_id: Mapped[int] = mapped_column(ForeignKey("recall.id"))
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    edition: Mapped[int]
    instruction: Mapped[str]
    remedies: Mapped[list[Any]]
    measures: Mapped[str]
    contact: Mapped[str]
    starts_on: Mapped[date]
    filed_at: Mapped[datetime]


class RecallScope(Base):
    """One edition of the scope: first as stated by the producer, then as traced."""

    __tablename__ = "recall_scope"
    __table_args__ = (UniqueConstraint("recall_id", "edition"),)

    id: Mapped[Id]
    recall_id: Mapped[int] = mapped_column(ForeignKey("recall.id"))
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    edition: Mapped[int]
    basis: Mapped[str]
    # Amounts by part, each {"low", "high"} as exact decimal text or null: see maths.scope.
    balance: Mapped[dict[str, Any]]
    unit: Mapped[str]
    oddities: Mapped[list[Any]]
    gaps: Mapped[int]
    is_truncated: Mapped[bool]
    # SHA-256 of the trace that it rests on; empty for a stated scope.
    trace_digest: Mapped[str]
    drawn_at: Mapped[datetime]


class RecallScopeLine(Base):
    """One lot in one pair of hands, and why it is in the scope."""

    __tablename__ = "recall_scope_line"

    id: Mapped[Id]
    scope_id: Mapped[int] = mapped_column(ForeignKey("recall_scope.id"), index=True)
    # The recalling enterprise: it must reach every holder, so it sees every line.
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"))
    lot_no: Mapped[str]
    gtin: Mapped[str | None]
    product: Mapped[str]
    maker_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"))
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"))
    holder_code: Mapped[str]
    holder_name: Mapped[str]
    depth: Mapped[int]
    evidence: Mapped[str]
    is_certain: Mapped[bool]
    unit: Mapped[str]
    amounts: Mapped[dict[str, Any]]


class RecallNotice(Base):
    """One edition of the published text; what the public reads is these bytes."""

    __tablename__ = "recall_notice"
    __table_args__ = (
        UniqueConstraint("recall_id", "edition"),
        Index("ix_recall_notice_marks", "marks", postgresql_using="gin"),
    )

    id: Mapped[Id]
    recall_id: Mapped[int] = mapped_column(ForeignKey("recall.id"))
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    edition: Mapped[int]
    document: Mapped[dict[str, Any]]
    sha256: Mapped[str]
    # Words of the document in comparable form, and its fields as marks: see maths.labels.
    search_text: Mapped[str]
    marks: Mapped[list[Any]]
    published_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))


class RecallDeadline(Base):
    """One running, met or cancelled legal clock, with the rule it stands on as it then read."""

    __tablename__ = "recall_deadline"
    __table_args__ = (
        Index("ix_recall_deadline_recall_id", "recall_id"),
        # One open clock of a rule at a time.
        Index(
            "uq_recall_deadline_open",
            "recall_id",
            "rule_id",
            unique=True,
            postgresql_where=text("met_at IS NULL AND cancelled_at IS NULL"),
        ),
        Index(
            "ix_recall_deadline_open_expires_at",
            "expires_at",
            postgresql_where=text("met_at IS NULL AND cancelled_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    recall_id: Mapped[int] = mapped_column(ForeignKey("recall.id"))
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    rule_id: Mapped[str]
    # The rule as it read when the clock started: titles, period, citation.
    pack: Mapped[str]
    rule: Mapped[dict[str, Any]]
    occurrence: Mapped[int]
    started_on: Mapped[date]
    due_on: Mapped[date]
    expires_at: Mapped[datetime]
    is_provisional: Mapped[bool]
    provisional_reason: Mapped[str | None]
    calendar_version: Mapped[str]
    met_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
