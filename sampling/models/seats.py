"""Teams after the draw: seats that change hands, and results of joint visits."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id


class SeatChange(Base):
    """A recusal declared after the draw: one leaves a seat, the next by ticket takes it."""

    __tablename__ = "seat_change"
    __table_args__ = (
        CheckConstraint("person_out <> person_in", name="persons"),
        CheckConstraint(
            "kind IN ('kinship', 'former_employment', 'shareholding', 'recent_visit', 'other')",
            name="kind",
        ),
        ForeignKeyConstraint(
            ["plan_id", "code", "position"],
            ["assignment.plan_id", "assignment.code", "assignment.position"],
            name="fk_seat_change_seat",
        ),
        ForeignKeyConstraint(
            ["plan_id", "person_out"],
            ["plan_inspector.plan_id", "plan_inspector.person_id"],
            name="fk_seat_change_person_out",
        ),
        ForeignKeyConstraint(
            ["plan_id", "person_in"],
            ["plan_inspector.plan_id", "plan_inspector.person_id"],
            name="fk_seat_change_person_in",
        ),
        Index("ix_seat_change_seat", "plan_id", "code", "position"),
        Index("ix_seat_change_person_in", "person_in"),
    )

    id: Mapped[Id]
    plan_id: Mapped[int]
    code: Mapped[str]
    position: Mapped[int]
    person_out: Mapped[int]
    person_in: Mapped[int]
    kind: Mapped[str]  # published
    reason: Mapped[str]  # not published
    after: Mapped[int]  # replacements made in this plan before it: their order decides loads
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    changed_at: Mapped[datetime]


class DepartmentResult(Base):
    """What one department found on a joint visit: its own items, outcome and publisher."""

    __tablename__ = "department_result"
    __table_args__ = (
        UniqueConstraint("plan_id", "code", "department"),
        CheckConstraint("outcome IN ('pass', 'conditions', 'fail', 'not_done')", name="outcome"),
        CheckConstraint("failing BETWEEN 0 AND inspected", name="failing"),
        CheckConstraint("(published_at IS NULL) = (published_by IS NULL)", name="published"),
        ForeignKeyConstraint(["plan_id", "code"], ["drawn_unit.plan_id", "drawn_unit.code"]),
    )

    id: Mapped[Id]
    plan_id: Mapped[int]
    code: Mapped[str]
    department: Mapped[str]
    inspected_on: Mapped[date]
    outcome: Mapped[str]
    items: Mapped[list[Any]]  # {"item", "finding": "pass" | "fail" | "not_checked", "note"}
    inspected: Mapped[int]  # items looked at
    failing: Mapped[int]  # of these
    note: Mapped[str | None]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    recorded_at: Mapped[datetime]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    published_at: Mapped[datetime | None]
