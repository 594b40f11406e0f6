"""Append-only rows, each linked to the one before it by its hash."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.chain import ChainEntry, chain_hash, verify_chain
from core.clock import now
from core.db import Base, Id


class JournalHead(Base):
    """The last entry of a stream; its row lock keeps writers in one line."""

    __tablename__ = "journal_head"

    stream: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    hash: Mapped[bytes]


class JournalEntry(Base):
    """One fact in a stream. The database grants no role the right to change or delete it."""

    __tablename__ = "journal_entry"
    __table_args__ = (UniqueConstraint("stream", "sequence"),)

    id: Mapped[Id]
    stream: Mapped[str] = mapped_column(ForeignKey("journal_head.stream"))
    sequence: Mapped[int]
    kind: Mapped[str]
    body: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime]
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]


def append(session: Session, stream: str, kind: str, body: dict[str, Any]) -> JournalEntry:
    """Add one fact to a stream.

    Parameters
    ----------
    stream : str
        Name of the chain, such as "draw" or "audit".
    body : dict
        JSON without floats: canonical bytes must be the same in every language.
    """
    session.execute(
        insert(JournalHead)
        .values(stream=stream, sequence=0, hash=bytes(32))
        .on_conflict_do_nothing()
    )
    head = session.execute(
        select(JournalHead).where(JournalHead.stream == stream).with_for_update()
    ).scalar_one()
    recorded_at = now()
    entry = JournalEntry(
        stream=stream,
        sequence=head.sequence + 1,
        kind=kind,
        body=body,
        recorded_at=recorded_at,
        previous_hash=bytes(head.hash),
        hash=chain_hash(
            bytes(head.hash),
            _hashed(stream, head.sequence + 1, kind, recorded_at, body),
        ),
    )
    session.add(entry)
    head.sequence = entry.sequence
    head.hash = entry.hash
    session.flush()  # the entry's number is its public identity
    return entry


def is_sound(entry: JournalEntry) -> bool:
    """Does the hash of one entry follow from what it says and from the hash before it?"""
    said = _hashed(entry.stream, entry.sequence, entry.kind, entry.recorded_at, entry.body)
    return bytes(entry.hash) == chain_hash(bytes(entry.previous_hash), said)


def first_broken(session: Session, stream: str) -> int | None:
    """The sequence number of the first entry that does not follow from the one before it."""
    entries = session.execute(
        select(JournalEntry).where(JournalEntry.stream == stream).order_by(JournalEntry.sequence)
    ).scalars()
    return verify_chain(
        ChainEntry(
            sequence=entry.sequence,
            body=_hashed(entry.stream, entry.sequence, entry.kind, entry.recorded_at, entry.body),
            hash=bytes(entry.hash),
        )
        for entry in entries
    )


def _hashed(
    stream: str, sequence: int, kind: str, recorded_at: datetime, body: dict[str, Any]
) -> dict[str, Any]:
    return {
        "stream": stream,
        "sequence": sequence,
        "kind": kind,
        "recorded_at": recorded_at.isoformat(timespec="microseconds"),
        "body": body,
    }
