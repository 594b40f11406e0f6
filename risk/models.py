"""Tables of risk."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, Sealed, Versioned


class Incident(Base):
    """An accident, an injury, a complaint or a lead, as it was told.

    ``region_code`` and ``category_code`` are kept as they came: series are keyed by them, and a
    code that the register does not know yet still counts. ``source`` and ``source_no`` name the
    teller and his number; ``file_sha256`` and ``row_number`` the row of the file it came in.
    """

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("source", "source_no"),
        CheckConstraint("kind IN ('accident', 'injury', 'complaint', 'lead')", name="kind"),
        CheckConstraint("injured >= 0", name="injured"),
        CheckConstraint("severity BETWEEN 1 AND 4", name="severity"),
        Index("ix_incident_on_id", "on", "id"),
        Index(
            "ix_incident_kind_region_code_category_code_on",
            "kind",
            "region_code",
            "category_code",
            "on",
        ),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    source: Mapped[str]
    source_no: Mapped[str]
    # The day it counts on: the day it happened where known, else the day it was received.
    on: Mapped[date]
    occurred_on: Mapped[date | None]
    received_on: Mapped[date]
    region_code: Mapped[str]
    category_code: Mapped[str]
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"), index=True)
    lot_no: Mapped[str | None]
    hazard: Mapped[str | None]
    severity: Mapped[int | None]  # 1 slight .. 4 fatal (EU 2019/417)
    injured: Mapped[int] = mapped_column(default=0, server_default="0")
    description: Mapped[str | None]
    reporter: Mapped[str | None] = mapped_column(Sealed)
    file_sha256: Mapped[str | None]
    row_number: Mapped[int | None]
    recorded_at: Mapped[datetime]


class Observation(Base):
    """What an inspection saw: how many were looked at, and how many failed."""

    __tablename__ = "observation"
    __table_args__ = (
        UniqueConstraint("source", "source_id"),
        CheckConstraint("failing >= 0 AND failing <= inspected", name="failing"),
        Index(
            "ix_observation_source_region_code_category_code_on",
            "source",
            "region_code",
            "category_code",
            "on",
        ),
    )

    id: Mapped[Id]
    source: Mapped[str]
    source_id: Mapped[str]
    on: Mapped[date]
    region_code: Mapped[str]
    category_code: Mapped[str]
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"), index=True)
    inspected: Mapped[int]
    failing: Mapped[int]
    recorded_at: Mapped[datetime]


class ModelRun(Base):
    """One pass of detection over all series of one week, and what it stood on."""

    __tablename__ = "model_run"
    __table_args__ = (UniqueConstraint("week", "inputs_sha256", "algorithm_version"),)

    id: Mapped[Id]
    week: Mapped[date]  # its Monday
    inputs_sha256: Mapped[str]
    algorithm_version: Mapped[str]
    settings: Mapped[dict[str, Any]]
    level_table: Mapped[str]
    data_through: Mapped[date | None]
    series_total: Mapped[int]
    evaluated: Mapped[int]
    not_judged: Mapped[dict[str, Any]]  # reason → number of series
    alarms: Mapped[int]
    signals_raised: Mapped[int]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    finished_at: Mapped[datetime]


class Signal(Base, Versioned):
    """A series that was higher than its past led to expect: a warning, until somebody decides.

    ``counts`` holds what the bound stands on, ``reason`` a sentence and its facts, ``series``
    the last 52 weeks with the bound of each week, as they were when the signal was raised.
    """

    __tablename__ = "signal"
    __table_args__ = (
        UniqueConstraint(
            "source",
            "region_code",
            "category_code",
            "week",
            "algorithm_version",
            name="uq_signal_series_week",
        ),
        CheckConstraint("level IN ('red', 'orange', 'yellow', 'blue')", name="level"),
        CheckConstraint("state IN ('new', 'assigned', 'closed')", name="state"),
        CheckConstraint("outcome IN ('confirmed', 'dismissed')", name="outcome"),
        CheckConstraint("state <> 'assigned' OR owner_id IS NOT NULL", name="owner"),
        Index("ix_signal_week_id", "week", "id"),
        Index("ix_signal_state_level", "state", "level"),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("model_run.id"), index=True)
    source: Mapped[str]
    region_code: Mapped[str]
    category_code: Mapped[str]
    week: Mapped[date]  # its Monday
    observed: Mapped[int]
    population: Mapped[int | None]
    expected: Mapped[float]
    upper: Mapped[float]
    p_value: Mapped[float]
    exceedance: Mapped[float]
    level: Mapped[str]
    level_table: Mapped[str]
    counts: Mapped[dict[str, Any]]
    reason: Mapped[dict[str, Any]]
    series: Mapped[dict[str, Any]]
    data_through: Mapped[date]
    algorithm_version: Mapped[str]
    state: Mapped[str] = mapped_column(default="new", server_default="new")
    outcome: Mapped[str | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    owner_name: Mapped[str | None]
    raised_at: Mapped[datetime]


class SignalDecision(Base):
    """One decision about a signal; never changed, never taken away."""

    __tablename__ = "signal_decision"
    __table_args__ = (CheckConstraint("action IN ('assign', 'confirm', 'close')", name="action"),)

    id: Mapped[Id]
    signal_id: Mapped[int] = mapped_column(ForeignKey("signal.id"), index=True)
    action: Mapped[str]
    reason: Mapped[str]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    owner_name: Mapped[str | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    # Names as they were: requests have no right to read accounts.
    account_name: Mapped[str]
    decided_at: Mapped[datetime]
