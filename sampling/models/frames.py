"""Tables of frozen rosters: columns in blocks, compressed, instead of a row for each enterprise."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class FrameBlock(Base):
    """Up to 65,536 units of a frozen roster, as committed; never changed."""

    __tablename__ = "frame_block"
    __table_args__ = (CheckConstraint("number >= 0 AND size > 0", name="counts"),)

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]
    root: Mapped[bytes]  # Merkle root over the block
    content: Mapped[bytes] = mapped_column(deferred=True)  # sampling.maths.columns.encoded


class FrameNames(Base):
    """Who the units of a block were on that day; nothing here is committed or published."""

    __tablename__ = "frame_names"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(deferred=True)  # sampling.maths.details.encoded


class PlanStep(Base):
    """A long step of a plan that a worker was asked to do, by the message that asks for it."""

    __tablename__ = "plan_step"

    message_id: Mapped[int] = mapped_column(ForeignKey("outbox_message.id"), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    step: Mapped[str]  # "freeze" or "draw"
