"""Cleaning and other steps that end contamination."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, Versioned


class KillStep(Versioned, Base):
    """A step after which what was at a station before no longer reaches what comes after.

    ``place`` names one line; NULL is the whole station. The step counts from ``from_at`` and holds
    until ``until_at`` (NULL: without end), but for the first ``carry_over_lots`` lots after it.
    What an enterprise says of itself counts once staff have confirmed it. A row is never changed
    in what it says: a mistake is withdrawn, with its reason, and recorded anew.
    """

    __tablename__ = "kill_step"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('cleaning', 'disinfection', 'sterilisation', 'other')", name="kind"
        ),
        CheckConstraint("until_at IS NULL OR from_at <= until_at", name="window"),
        CheckConstraint("carry_over_lots BETWEEN 0 AND 1000", name="carry_over"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name="withdrawal"),
        Index(
            "ix_kill_step_standing",
            "enterprise_id",
            "from_at",
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    place: Mapped[str | None]
    kind: Mapped[str]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    carry_over_lots: Mapped[int]
    # What proves it: the number of a record, and the file itself by its hash.
    document_no: Mapped[str | None]
    file_sha256: Mapped[str | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    withdrawn_reason: Mapped[str | None]
