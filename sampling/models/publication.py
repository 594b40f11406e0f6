"""Tables of what comes before a draw and of what the public sees."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, Versioned


class Paper(Base, Versioned):
    """One edition of an item list, annual plan, scheme or rules; unchangeable once published."""

    __tablename__ = "sampling_paper"
    __table_args__ = (
        UniqueConstraint("no", "edition"),
        CheckConstraint(
            "kind IN ('item_list', 'annual_plan', 'scheme', 'rules')",
            name="kind",
        ),
        CheckConstraint("state IN ('draft', 'approved', 'published')", name="state"),
        CheckConstraint("approved_by <> drafted_by", name="two_people"),
        CheckConstraint("(state = 'draft') = (approved_by IS NULL)", name="approved"),
        CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL AND sha256 IS NOT NULL)",
            name="published",
        ),
        CheckConstraint("(edition = 1) = (reason IS NULL)", name="reason"),
        # One edition at a time is worked on.
        Index(
            "uq_sampling_paper_open",
            "no",
            unique=True,
            postgresql_where=sql("published_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    no: Mapped[str]
    edition: Mapped[int]
    kind: Mapped[str]
    year: Mapped[int]
    title: Mapped[str]
    authority: Mapped[str]
    body: Mapped[dict[str, Any]]
    reason: Mapped[str | None]  # why this edition replaces the one before; published
    state: Mapped[str] = mapped_column(default="draft", server_default="draft")
    drafted_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    drafted_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    approved_at: Mapped[datetime | None]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    published_at: Mapped[datetime | None]
    sha256: Mapped[str | None]
    journal_sequence: Mapped[int | None]


class PlanAnnualRow(Base):
    """The row of an annual plan that a sampling plan carries out."""

    __tablename__ = "plan_annual_row"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    paper_no: Mapped[str] = mapped_column(index=True)
    row_key: Mapped[str]
    linked_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    linked_at: Mapped[datetime]


class AgencyContract(Base, Versioned):
    """A written entrustment (委托协议) of a sampling agency or a laboratory."""

    __tablename__ = "agency_contract"
    __table_args__ = (
        CheckConstraint("role IN ('agency', 'laboratory')", name="role"),
        CheckConstraint("valid_until >= valid_from", name="dates"),
        CheckConstraint("forbids_subcontracting", name="subcontracting"),
        CheckConstraint("(ended_on IS NULL) = (end_reason IS NULL)", name="end"),
        Index("ix_agency_contract_agency_code", "agency_code"),
    )

    id: Mapped[Id]
    no: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    agency_code: Mapped[str]
    agency_name: Mapped[str]
    scope: Mapped[str]
    category_codes: Mapped[list[Any]]  # empty: every product
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    forbids_subcontracting: Mapped[bool]
    file_sha256: Mapped[str] = mapped_column(ForeignKey("stored_file.sha256"))
    recorded_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    recorded_at: Mapped[datetime]
    ended_on: Mapped[date | None]
    end_reason: Mapped[str | None]


class CheckNotice(Base, Versioned):
    """A notice (抽查通知书) shown at the door, with a secret by which anyone can check it."""

    __tablename__ = "check_notice"
    __table_args__ = (
        ForeignKeyConstraint(["plan_id", "code"], ["drawn_unit.plan_id", "drawn_unit.code"]),
        CheckConstraint("valid_until >= visit_on", name="dates"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdraw_reason IS NULL)", name="withdrawal"),
        Index(
            "uq_check_notice_standing",
            "plan_id",
            "code",
            unique=True,
            postgresql_where=sql("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    no: Mapped[str] = mapped_column(unique=True)
    plan_id: Mapped[int]
    code: Mapped[str]
    unit_name: Mapped[str]
    samplers: Mapped[list[Any]]  # number, name, certificate_no of each
    contract_no: Mapped[str | None] = mapped_column(ForeignKey("agency_contract.no"))
    authority: Mapped[str]
    basis: Mapped[str]
    visit_on: Mapped[date]
    valid_until: Mapped[date]
    check_token: Mapped[str] = mapped_column(unique=True)
    issued_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    issued_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdraw_reason: Mapped[str | None]


class ResultPublication(Base, Versioned):
    """The public record of one result; once published, only its withdrawal can be added.

    ``subject`` names what was looked at: "inspection:PLAN/UNIT" or "sample:NUMBER".
    """

    __tablename__ = "result_publication"
    __table_args__ = (
        CheckConstraint("kind IN ('inspection', 'sample')", name="kind"),
        # Risk monitoring is not among them: it can never be written here.
        CheckConstraint(
            "(kind = 'inspection' AND purpose = 'inspection') OR "
            "(kind = 'sample' AND purpose = 'supervision')",
            name="purpose",
        ),
        CheckConstraint("stage IN ('confirmed', 'final')", name="stage"),
        CheckConstraint("state IN ('pending', 'returned', 'published')", name="state"),
        CheckConstraint("outcome IN ('pass', 'conditions', 'fail', 'not_done')", name="outcome"),
        CheckConstraint("reviewed_by <> recorded_by", name="two_people"),
        CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL AND sha256 IS NOT NULL)",
            name="published",
        ),
        CheckConstraint("(state = 'returned') = (return_reason IS NOT NULL)", name="returned"),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdraw_reason IS NULL) AND "
            "(withdrawn_at IS NULL OR published_at IS NOT NULL)",
            name="withdrawal",
        ),
        CheckConstraint("(kind = 'inspection') = (plan_id IS NOT NULL)", name="plan"),
        CheckConstraint("(corrects IS NULL) = (correction_reason IS NULL)", name="correction"),
        ForeignKeyConstraint(["plan_id", "code"], ["drawn_unit.plan_id", "drawn_unit.code"]),
        Index(
            "uq_result_publication_open",
            "subject",
            unique=True,
            postgresql_where=sql("published_at IS NULL"),
        ),
        Index(
            "uq_result_publication_standing",
            "subject",
            unique=True,
            postgresql_where=sql("published_at IS NOT NULL AND withdrawn_at IS NULL"),
        ),
        Index("ix_result_publication_published_at", "published_at"),
        Index("ix_result_publication_plan_id_code", "plan_id", "code"),
    )

    id: Mapped[Id]
    no: Mapped[str] = mapped_column(unique=True)
    subject: Mapped[str]
    kind: Mapped[str]
    purpose: Mapped[str]
    stage: Mapped[str]
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    code: Mapped[str | None]
    plan_no: Mapped[str | None]
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"), index=True)
    enterprise_code: Mapped[str | None]
    enterprise_name: Mapped[str]
    product: Mapped[str | None]
    outcome: Mapped[str]
    found_on: Mapped[date]
    codes: Mapped[list[Any]]  # result codes of an inspection
    statement: Mapped[str | None]  # what is said beside the codes; public
    follow_up: Mapped[str | None]  # "open" or "done", for code 8
    columns: Mapped[dict[str, Any]]  # of the notice, for a sample
    corrects: Mapped[str | None] = mapped_column(ForeignKey("result_publication.no"))
    correction_reason: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="pending", server_default="pending")
    search_text: Mapped[str]
    due_on: Mapped[date | None]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    recorded_at: Mapped[datetime]
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reviewed_at: Mapped[datetime | None]
    return_reason: Mapped[str | None]
    published_at: Mapped[datetime | None]
    sha256: Mapped[str | None]
    journal_sequence: Mapped[int | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    withdraw_reason: Mapped[str | None]
