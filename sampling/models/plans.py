"""Tables of sampling: plans, frozen rosters, entropy, draws, teams, results."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    cast,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column

from core.db import Base, Id, Sealed, Versioned


class PlanState(StrEnum):
    """Where a plan stands."""

    DRAFT = "draft"
    COMMITTED = "committed"  # frozen and published; waits for entropy
    DRAWN = "drawn"
    VOID = "void"  # for good, with its reason, visible


class Purpose(StrEnum):
    """What a plan is for: it decides which guards of the law apply."""

    INSPECTION = "inspection"  # 双随机行政检查
    SUPERVISION = "supervision"  # 监督抽查
    MONITORING = "monitoring"  # 风险监测; never published as supervision


class Outcome(StrEnum):
    """How an inspection ended."""

    PASS = "pass"  # noqa: S105 - an outcome, not a secret
    CONDITIONS = "conditions"  # passed, something to mend
    FAIL = "fail"
    NOT_DONE = "not_done"  # closed, moved, not found: nothing was inspected


class Plan(Base, Versioned):
    """A sampling plan (抽查计划); everything below `committed_at` is set when it is frozen."""

    __tablename__ = "plan"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'committed', 'drawn', 'void')", name="state"),
        CheckConstraint("strata_by IN ('grade', 'risk_tier')", name="strata_by"),
        CheckConstraint("digest IN ('sha256', 'sm3')", name="digest"),
        CheckConstraint("identity IN ('number', 'number-and-name', 'salted')", name="identity"),
        CheckConstraint("purpose IN ('inspection', 'supervision', 'monitoring')", name="purpose"),
        CheckConstraint("(state = 'void') = (void_reason IS NOT NULL)", name="void_reason"),
        CheckConstraint("state IN ('draft', 'void') OR commitment IS NOT NULL", name="commitment"),
    )

    id: Mapped[Id]
    no: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    state: Mapped[str] = mapped_column(default=PlanState.DRAFT, server_default="draft")
    strata_by: Mapped[str]
    digest: Mapped[str] = mapped_column(default="sha256", server_default="sha256")
    identity: Mapped[str] = mapped_column(default="number", server_default="number")
    visit_on: Mapped[date]
    disclose_on: Mapped[date | None]  # the drawn list is public from this day; None: at once
    team: Mapped[dict[str, Any]]  # see service.planning.TEAM
    sources: Mapped[list[Any]]  # entropy sources as committed
    # category_codes, region_codes, repeat_days, exclusions, yearly_cap, uncapped_reason,
    # exemption, certain
    filters: Mapped[dict[str, Any]]
    purpose: Mapped[str] = mapped_column(default="inspection", server_default="inspection")
    method: Mapped[dict[str, Any]] = mapped_column(
        default=lambda: {"kind": "equal"}, server_default=text("""'{"kind": "equal"}'::jsonb""")
    )
    coordination: Mapped[dict[str, Any] | None]  # place, of; with: the group's first plan
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    committed_at: Mapped[datetime | None]
    frame_root: Mapped[bytes | None]
    plan_hash: Mapped[bytes | None]
    commitment: Mapped[bytes | None]
    drawn_at: Mapped[datetime | None]
    void_reason: Mapped[str | None]
    voided_at: Mapped[datetime | None]


class PlanSecret(Base):
    """What salts the recusals of a plan; opened for drawn units only."""

    __tablename__ = "plan_secret"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    recusal_secret: Mapped[str] = mapped_column(Sealed)


class Stratum(Base):
    """How many units of a stratum are drawn; `size` is known once the roster is frozen."""

    __tablename__ = "stratum"
    __table_args__ = (
        CheckConstraint("quota >= 0 AND reserve >= 0", name="counts"),
        CheckConstraint("size IS NULL OR quota <= size", name="quota"),
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    quota: Mapped[int]
    reserve: Mapped[int]
    size: Mapped[int | None]


class FrameUnit(Base):
    """One enterprise of the frozen roster, as it was on that day."""

    __tablename__ = "frame_unit"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    name: Mapped[str]
    stratum: Mapped[str]
    category_code: Mapped[str]
    region_code: Mapped[str]
    grade: Mapped[str | None]
    risk_tier: Mapped[str | None]
    recused: Mapped[bytes]  # salted hash of the inspectors who must not go
    odds_num: Mapped[int] = mapped_column(default=1, server_default="1")
    odds_den: Mapped[int] = mapped_column(default=1, server_default="1")
    chance: Mapped[int | None] = mapped_column()  # in 1/2^52; None: quota / size of the stratum
    inclusion: Mapped[float | None] = column_property(cast(chance, Float) / 2.0**52)


class PlanInspector(Base):
    """An inspector of the frozen pool; `record` is what was committed."""

    __tablename__ = "plan_inspector"
    __table_args__ = (UniqueConstraint("plan_id", "inspector_id"),)

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    inspector_id: Mapped[str]
    record: Mapped[dict[str, Any]]


class PlanRecusal(Base):
    """An inspector who must not visit a unit of the frozen roster."""

    __tablename__ = "plan_recusal"
    __table_args__ = (
        ForeignKeyConstraint(["plan_id", "code"], ["frame_unit.plan_id", "frame_unit.code"]),
    )

    plan_id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    inspector_id: Mapped[str] = mapped_column(primary_key=True)
    kinds: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")  # not published


class EntropyEntry(Base):
    """A value that a person typed for a source; dice stand once two people typed the same."""

    __tablename__ = "entropy_entry"
    __table_args__ = (UniqueConstraint("plan_id", "source", "account_id"),)

    id: Mapped[Id]
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    source: Mapped[int]  # place in plan.sources
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    value: Mapped[str]
    signature: Mapped[str | None]
    entered_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class Draw(Base):
    """The one draw of a plan; never changed, never removed."""

    __tablename__ = "draw"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    seed: Mapped[bytes]
    journal_sequence: Mapped[int]
    software: Mapped[str]
    drawn_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    drawn_at: Mapped[datetime]
    # Units that stand in the way of an assignment, each with the inspectors' reasons; empty: none.
    blocking: Mapped[list[Any]]
    shortage: Mapped[dict[str, Any] | None]  # the fewest of these that prove it, for people


class DrawnUnit(Base):
    """A drawn unit or a reserve, with its place; never changed."""

    __tablename__ = "drawn_unit"
    __table_args__ = (
        UniqueConstraint("plan_id", "stratum", "rank"),
        ForeignKeyConstraint(["plan_id", "code"], ["frame_unit.plan_id", "frame_unit.code"]),
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey("draw.plan_id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    stratum: Mapped[str]
    rank: Mapped[int]
    ticket: Mapped[bytes]
    is_selected: Mapped[bool]


class Replacement(Base):
    """A drawn unit given up, for a reason, for the next reserve; never changed."""

    __tablename__ = "replacement"
    __table_args__ = (
        UniqueConstraint("plan_id", "replaces"),
        UniqueConstraint("plan_id", "code"),
        ForeignKeyConstraint(["plan_id", "replaces"], ["drawn_unit.plan_id", "drawn_unit.code"]),
        ForeignKeyConstraint(["plan_id", "code"], ["drawn_unit.plan_id", "drawn_unit.code"]),
    )

    id: Mapped[Id]
    plan_id: Mapped[int]
    replaces: Mapped[str]
    code: Mapped[str]
    reason: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    replaced_at: Mapped[datetime]


class Assignment(Base):
    """One seat of a team; position 0 leads. Never changed."""

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("plan_id", "code", "position"),
        ForeignKeyConstraint(["plan_id", "code"], ["drawn_unit.plan_id", "drawn_unit.code"]),
        ForeignKeyConstraint(
            ["plan_id", "person_id"], ["plan_inspector.plan_id", "plan_inspector.person_id"]
        ),
        Index("ix_assignment_person_id", "person_id"),
    )

    plan_id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int]
    dispatch: Mapped[int]  # order of the unit in the assignment, from 1


class InspectionResult(Base):
    """What was found at a drawn unit."""

    __tablename__ = "inspection_result"
    __table_args__ = (
        UniqueConstraint("plan_id", "code"),
        CheckConstraint("outcome IN ('pass', 'conditions', 'fail', 'not_done')", name="outcome"),
        CheckConstraint("failing BETWEEN 0 AND inspected", name="failing"),
        ForeignKeyConstraint(["plan_id", "code"], ["drawn_unit.plan_id", "drawn_unit.code"]),
    )

    id: Mapped[Id]
    plan_id: Mapped[int]
    code: Mapped[str]
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    inspected_on: Mapped[date]
    outcome: Mapped[str]
    inspected: Mapped[int]  # items looked at
    failing: Mapped[int]  # of these
    critical: Mapped[int]  # findings by weight
    serious: Mapped[int]
    minor: Mapped[int]
    note: Mapped[str | None]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    recorded_at: Mapped[datetime]


class PastInspection(Base):
    """An inspection from before, taken over from another register."""

    __tablename__ = "past_inspection"
    __table_args__ = (
        CheckConstraint("outcome IN ('pass', 'conditions', 'fail', 'not_done')", name="outcome"),
        Index("ix_past_inspection_enterprise_id_inspected_on", "enterprise_id", "inspected_on"),
    )

    id: Mapped[Id]
    source_no: Mapped[str] = mapped_column(unique=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    inspected_on: Mapped[date]
    kind: Mapped[str | None]
    outcome: Mapped[str]
    critical: Mapped[int]
    serious: Mapped[int]
    minor: Mapped[int]
    inspector: Mapped[str | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class PlanPart(Base):
    """One part of a plan's proof, as bytes, from the day on which it is public."""

    __tablename__ = "plan_part"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(deferred=True)
    sha256: Mapped[str]
    public_on: Mapped[date | None]
