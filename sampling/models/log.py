"""The transparency log of draws: its keys, its complete subtrees, its signed checkpoints."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, Sealed


class LogKey(Base):
    """A public key; the one with the highest number signs. Older ones stay for what they signed."""

    __tablename__ = "log_key"
    __table_args__ = (CheckConstraint("octet_length(key) = 32", name="key_length"),)

    id: Mapped[Id]
    origin: Mapped[str]
    key: Mapped[bytes] = mapped_column(unique=True)
    is_given: Mapped[bool]  # by the environment: its secret is not kept here
    reason: Mapped[str | None]  # of a change of keys
    created_at: Mapped[datetime]


class LogSecret(Base):
    """The secret half of a key made here; no role of a request may read it."""

    __tablename__ = "log_secret"

    key_id: Mapped[int] = mapped_column(ForeignKey("log_key.id"), primary_key=True)
    seed: Mapped[str] = mapped_column(Sealed)


class LogNode(Base):
    """The hash of one complete subtree; level 0 are the leaves."""

    __tablename__ = "log_node"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes]


class LogCheckpoint(Base):
    """One signed statement of size and root; sizes only rise."""

    __tablename__ = "log_checkpoint"
    __table_args__ = (UniqueConstraint("size", "key_id"),)

    id: Mapped[Id]
    size: Mapped[int]
    root: Mapped[bytes]
    key_id: Mapped[int] = mapped_column(ForeignKey("log_key.id"))
    note: Mapped[str]
    signed_at: Mapped[datetime]
