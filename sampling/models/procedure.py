"""Tables of the procedure after the draw. History is on ``core.journal``, one stream a case."""

from __future__ import annotations

from datetime import date, datetime
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

from core.db import Base, Id, Versioned

# What a monitoring sample may be; the same list stands in the migration.
_MONITORING = (
    "'drawn', 'noticed', 'on_site', 'not_sampled', 'ordered', 'parcel_opened', 'sampled', "
    "'in_transit', 'received', 'rejected_by_lab', 'testing', 'reported', 'risk_assessed', "
    "'informed', 'void'"
)


class SamplingCase(Base, Versioned):
    """One sampled unit and product of a plan, from the draw to the end of handling."""

    __tablename__ = "sampling_case"
    __table_args__ = (
        UniqueConstraint("id", "purpose"),
        UniqueConstraint("plan_id", "unit_code", "product"),
        ForeignKeyConstraint(["plan_id", "unit_code"], ["drawn_unit.plan_id", "drawn_unit.code"]),
        Index("ix_sampling_case_enterprise_id", "enterprise_id"),
        Index("ix_sampling_case_state", "state"),
        CheckConstraint("purpose IN ('supervision', 'monitoring')", name="purpose"),
        CheckConstraint("domain IN ('production', 'shop', 'online')", name="domain"),
        CheckConstraint("source IN ('draw', 'rapid_test')", name="source"),
        CheckConstraint("source = 'draw' OR rapid_test_id IS NOT NULL", name="rapid_test"),
        CheckConstraint("source = 'rapid_test' OR plan_id IS NOT NULL", name="plan"),
        CheckConstraint(f"purpose = 'supervision' OR state IN ({_MONITORING})", name="monitoring"),
        # No verdict on a monitoring sample, ever; none before it stands.
        CheckConstraint("purpose = 'supervision' OR verdict IS NULL", name="no_verdict"),
        CheckConstraint("verdict IN ('pass', 'fail')", name="verdict"),
        CheckConstraint("(verdict IS NULL) = (confirmed_at IS NULL)", name="confirmed"),
        CheckConstraint("(state = 'void') = (void_reason IS NOT NULL)", name="void_reason"),
    )

    id: Mapped[Id]
    no: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    domain: Mapped[str]
    source: Mapped[str]
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    unit_code: Mapped[str | None]
    rapid_test_id: Mapped[int | None] = mapped_column(ForeignKey("rapid_test.id"))
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    pack: Mapped[str]  # of the rules: the overlay of the province, or the base
    state: Mapped[str]
    acted_on: Mapped[date]  # day of the last step
    category_code: Mapped[str]
    product: Mapped[str]  # empty until somebody stood before it
    brand: Mapped[str | None]
    model: Mapped[str | None]
    lot_no: Mapped[str | None]
    # The stated producer (标称生产者), where it is not the sampled unit.
    producer_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"), index=True)
    producer_name: Mapped[str | None]
    producer_address: Mapped[str | None]
    producer_region: Mapped[str | None]
    platform_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"))
    platform_name: Mapped[str | None]
    samplers: Mapped[list[Any]]  # work numbers
    testers: Mapped[list[Any]]  # of the test at hand
    record_no: Mapped[str | None]  # of the sampling record (抽样单)
    proposals: Mapped[int] = mapped_column(default=0, server_default="0")  # made or declined
    # Counted here: a party that objects does not see the objections of others.
    objection_count: Mapped[int] = mapped_column(default=0, server_default="0")
    retained_samples: Mapped[int | None]
    laboratory: Mapped[str | None]
    second_laboratory: Mapped[str | None]
    not_sampled_reason: Mapped[str | None]
    verdict: Mapped[str | None]  # the one that stands
    standing_items: Mapped[list[Any] | None]  # failed items that stand
    confirmed_at: Mapped[datetime | None]
    # From when the unit may know of the case: before, nobody is warned.
    told_at: Mapped[datetime | None]
    void_reason: Mapped[str | None]
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    opened_at: Mapped[datetime]


class CaseParty(Base):
    """One party that is told of a result, and when it got the letter."""

    __tablename__ = "sampling_party"
    __table_args__ = (
        UniqueConstraint("case_id", "role"),
        Index("ix_sampling_party_enterprise_id", "enterprise_id"),
        CheckConstraint(
            "role IN ('sampled_unit', 'producer', 'platform', 'authority')", name="role"
        ),
        CheckConstraint("received_on IS NULL OR received_on >= sent_on", name="received"),
    )

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(ForeignKey("sampling_case.id"))
    role: Mapped[str]
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"))
    name: Mapped[str]
    may_object: Mapped[bool]
    channel: Mapped[str]
    sent_on: Mapped[date]
    sent_at: Mapped[datetime]
    received_on: Mapped[date | None]
    received_at: Mapped[datetime | None]  # when it was put on record
    manner: Mapped[str | None]


class CaseObjection(Base):
    """One objection and what became of it."""

    __tablename__ = "sampling_objection"
    __table_args__ = (
        UniqueConstraint("case_id", "number"),
        CheckConstraint("kind IN ('process', 'authenticity', 'conclusion')", name="kind"),
        CheckConstraint(
            "outcome IN ('dismissed', 'upheld', 'retest', 'waived', 'ended')", name="outcome"
        ),
        CheckConstraint("(outcome IS NULL) = (decided_on IS NULL)", name="decided"),
    )

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(ForeignKey("sampling_case.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("sampling_party.id"))
    number: Mapped[int]  # within the case, from 1
    kind: Mapped[str]
    statement: Mapped[str]
    disputed_items: Mapped[list[Any]]
    objected_on: Mapped[date]
    outcome: Mapped[str | None]
    decided_on: Mapped[date | None]
    grounds: Mapped[str | None]


class CaseTest(Base):
    """One report of a laboratory; a later round supersedes, none overwrites."""

    __tablename__ = "sampling_test"
    __table_args__ = (
        UniqueConstraint("case_id", "round"),
        ForeignKeyConstraint(
            ["case_id", "purpose"],
            ["sampling_case.id", "sampling_case.purpose"],
            name="fk_sampling_test_case_id_purpose",
        ),
        CheckConstraint(
            "round IN ('first', 'retest', 'recheck', 'recheck2', 'recheck3')", name="round"
        ),
        CheckConstraint(
            "purpose = 'supervision' OR (physical IS NULL AND label IS NULL AND overall IS NULL)",
            name="no_verdict",
        ),
        CheckConstraint("purpose = 'monitoring' OR overall IS NOT NULL", name="verdict"),
    )

    id: Mapped[Id]
    case_id: Mapped[int]
    purpose: Mapped[str]
    round: Mapped[str]
    laboratory: Mapped[str]
    report_no: Mapped[str]
    reported_on: Mapped[date]
    testers: Mapped[list[Any]]
    physical: Mapped[str | None]
    label: Mapped[str | None]
    overall: Mapped[str | None]
    tested_items: Mapped[int | None]
    failed_items: Mapped[list[Any]]  # part, item, measured, standard, is_serious
    findings: Mapped[str | None]  # of a monitoring sample
    recorded_at: Mapped[datetime]


class CaseClock(Base):
    """One legal clock of a case, with the rule it stands on as it then read."""

    __tablename__ = "sampling_clock"
    __table_args__ = (
        Index("ix_sampling_clock_case_id", "case_id"),
        Index(
            "uq_sampling_clock_open",
            "case_id",
            "rule_id",
            text("coalesce(party_id, 0)"),
            unique=True,
            postgresql_where=text("met_at IS NULL AND ended_at IS NULL"),
        ),
        Index(
            "ix_sampling_clock_open_expires_at",
            "expires_at",
            postgresql_where=text("met_at IS NULL AND ended_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(ForeignKey("sampling_case.id"))
    party_id: Mapped[int | None] = mapped_column(ForeignKey("sampling_party.id"))
    rule_id: Mapped[str]
    pack: Mapped[str]
    rule: Mapped[dict[str, Any]]
    responsible: Mapped[str]
    on_expiry: Mapped[str]
    started_on: Mapped[date]
    opens_on: Mapped[date | None]
    due_on: Mapped[date]
    expires_at: Mapped[datetime]
    pauses: Mapped[list[Any]]  # since, until (ISO days; until null while it stands)
    is_provisional: Mapped[bool]
    provisional_reason: Mapped[str | None]
    calendar_version: Mapped[str]
    met_at: Mapped[datetime | None]
    met_on: Mapped[date | None]  # day of the act that met it, which may be recorded later
    ended_at: Mapped[datetime | None]  # fell away
    breached_at: Mapped[datetime | None]


class CaseProposal(Base):
    """A grave step that one person proposes and another approves or declines."""

    __tablename__ = "sampling_proposal"
    __table_args__ = (
        Index(
            "uq_sampling_proposal_open",
            "case_id",
            unique=True,
            postgresql_where=text("outcome IS NULL"),
        ),
        CheckConstraint("outcome IN ('approved', 'declined', 'lapsed')", name="outcome"),
        CheckConstraint(
            "outcome IS DISTINCT FROM 'approved' OR decided_by <> proposed_by", name="two_people"
        ),
    )

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(ForeignKey("sampling_case.id"))
    act: Mapped[str]
    facts: Mapped[dict[str, Any]]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    proposed_at: Mapped[datetime]
    outcome: Mapped[str | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class CaseFileLink(Base):
    """A stored file as evidence of an act."""

    __tablename__ = "sampling_case_file"
    __table_args__ = (UniqueConstraint("case_id", "act", "name", "sha256"),)

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(ForeignKey("sampling_case.id"))
    act: Mapped[str]
    name: Mapped[str]  # of the fact
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_file.sha256"))
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"))  # who gave it
    added_at: Mapped[datetime]


class RapidTest(Base):
    """A rapid test (快检): a reason to sample, never a verdict."""

    __tablename__ = "rapid_test"
    __table_args__ = (
        Index("ix_rapid_test_enterprise_id", "enterprise_id"),
        CheckConstraint("reading IN ('positive', 'negative', 'unclear')", name="reading"),
    )

    id: Mapped[Id]
    no: Mapped[str] = mapped_column(unique=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    product: Mapped[str]
    lot_no: Mapped[str | None]
    item: Mapped[str]
    method: Mapped[str]
    reading: Mapped[str]
    measured: Mapped[str | None]
    tested_on: Mapped[date]
    place: Mapped[str | None]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    recorded_at: Mapped[datetime]
