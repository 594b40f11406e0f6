"""Traces kept as they stood, and watches that tell when a new movement extends one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, Versioned


class TraceFreeze(Base):
    """The answer to a trace as it stood, kept for good: the ground of a recall or an order.

    ``standings``: (lot, party, side, depth, certain, on-hand bounds, unit) of each holding;
    ``digest`` is that of the whole answer, which ``as_of`` lets anybody compute again.
    """

    __tablename__ = "trace_freeze"
    __table_args__ = (
        CheckConstraint("direction IN ('forward', 'backward', 'both')", name="direction"),
    )

    id: Mapped[Id]
    no: Mapped[str] = mapped_column(unique=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    direction: Mapped[str]
    dates: Mapped[str]
    as_of: Mapped[datetime]
    algorithm: Mapped[str]
    last_event_id: Mapped[int]
    digest: Mapped[str]
    standings: Mapped[list[Any]]
    lots: Mapped[int]
    parties: Mapped[int]
    reason: Mapped[str]
    frozen_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    frozen_at: Mapped[datetime]


class TraceWatch(Base, Versioned):
    """A frozen trace that is watched. Whatever extends it is told once, against what was known."""

    __tablename__ = "trace_watch"
    __table_args__ = (
        CheckConstraint("(disarmed_at IS NULL) = (disarm_reason IS NULL)", name="disarmed"),
        Index(
            "uq_trace_watch_armed",
            "freeze_id",
            unique=True,
            postgresql_where=text("disarmed_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    freeze_id: Mapped[int] = mapped_column(ForeignKey("trace_freeze.id"))
    # What is known by now, in the form of TraceFreeze.standings; grows with each alert.
    standings: Mapped[list[Any]]
    checked_until: Mapped[datetime]
    armed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    armed_at: Mapped[datetime]
    disarmed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    disarmed_at: Mapped[datetime | None]
    disarm_reason: Mapped[str | None]


class WatchAlert(Base, Versioned):
    """New movements that touch a watched trace: what was added, gone or changed."""

    __tablename__ = "watch_alert"
    __table_args__ = (
        CheckConstraint("(seen_at IS NULL) = (note IS NULL)", name="seen"),
        Index("ix_watch_alert_open", "id", postgresql_where=text("seen_at IS NULL")),
    )

    id: Mapped[Id]
    watch_id: Mapped[int] = mapped_column(ForeignKey("trace_watch.id"), index=True)
    raised_at: Mapped[datetime]
    added: Mapped[list[Any]]
    gone: Mapped[list[Any]]
    changed: Mapped[list[Any]]
    seen_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    seen_at: Mapped[datetime | None]
    note: Mapped[str | None]
