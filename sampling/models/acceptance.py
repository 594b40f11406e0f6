"""Tables of acceptance sampling: series of lots and what was found in each."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, Versioned


class AcceptanceSeries(Base, Versioned):
    """Lots of one product of one enterprise, judged for one characteristic by one scheme.

    ``state``, ``is_stopped`` and ``score`` are where the series stands for its next lot; they
    follow from its lots and are kept for lists.
    """

    __tablename__ = "acceptance_series"
    __table_args__ = (
        CheckConstraint("state IN ('normal', 'tightened', 'reduced')", name="state"),
        CheckConstraint("score >= 0 AND lots >= 0", name="counts"),
        CheckConstraint("(closed_at IS NULL) = (closed_reason IS NULL)", name="closed"),
        Index(
            "uq_acceptance_series_open",
            "enterprise_id",
            "product",
            "characteristic",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    no: Mapped[str] = mapped_column(unique=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    product: Mapped[str]
    characteristic: Mapped[str]
    aql: Mapped[Decimal]  # percent up to 10, findings per 100 items above
    level: Mapped[str]
    reduced_allowed: Mapped[bool]  # for lots that do not say otherwise
    state: Mapped[str] = mapped_column(default="normal", server_default="normal")
    is_stopped: Mapped[bool] = mapped_column(default=False, server_default="false")
    score: Mapped[int] = mapped_column(default=0, server_default="0")
    lots: Mapped[int] = mapped_column(default=0, server_default="0")
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_reason: Mapped[str | None]


class AcceptanceLot(Base):
    """One lot of a series as inspected, with its plan and verdict; never changed."""

    __tablename__ = "acceptance_lot"
    __table_args__ = (
        UniqueConstraint("series_id", "position"),
        CheckConstraint("size >= 2 AND found >= 0 AND position >= 1", name="counts"),
        CheckConstraint(
            "state_before IN ('normal', 'tightened', 'reduced') "
            "AND state_after IN ('normal', 'tightened', 'reduced')",
            name="states",
        ),
    )

    id: Mapped[Id]
    series_id: Mapped[int] = mapped_column(ForeignKey("acceptance_series.id"))
    position: Mapped[int]  # from 1, in the order of inspection
    lot_no: Mapped[str]
    inspected_on: Mapped[date]
    size: Mapped[int]  # items in the lot
    found: Mapped[int]  # failing items (findings) in the sample
    is_original: Mapped[bool]  # False: submitted again after rejection
    is_steady: Mapped[bool]
    reduced_allowed: Mapped[bool]
    is_improved: Mapped[bool]
    letter: Mapped[str]
    sample_size: Mapped[int]  # items inspected
    acceptance_number: Mapped[int]
    is_accepted: Mapped[bool]
    rule: Mapped[str]  # clause of the standard that decided
    state_before: Mapped[str]
    state_after: Mapped[str]
    stopped_after: Mapped[bool]
    score_after: Mapped[int]
    note: Mapped[str | None]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    recorded_at: Mapped[datetime]
