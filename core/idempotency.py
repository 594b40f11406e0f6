"""Answers already given to a POST, so that a repeat of the request is not a second act."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.clock import now
from core.db import Base
from core.errors import Conflict


class KeyReused(Conflict):
    """The same key came with another request."""

    code = "idempotency/key-reused"
    message = (
        "Idempotency-Key {key} was already used for a different request; use a new key for it."
    )


class KeyInUse(Conflict):
    """The first request with this key is still being answered."""

    code = "idempotency/in-progress"
    message = (
        "A request with Idempotency-Key {key} was taken and its answer is not known here yet; "
        "look whether the record exists before you use a new key."
    )


class GivenAnswer(Base):
    """One remembered answer."""

    __tablename__ = "given_answer"

    account_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    status: Mapped[int | None]
    body: Mapped[bytes | None]
    headers: Mapped[str | None]
    created_at: Mapped[datetime]


def request_hash(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same."""
    return hashlib.sha256(f"{method} {path}\n".encode() + body).hexdigest()


def answer_given(
    session: Session, account_id: int, key: str, fingerprint: str
) -> GivenAnswer | None:
    """The remembered answer to this request, or None where it is new.

    Raises
    ------
    KeyReused
        The key belongs to another request.
    KeyInUse
        The act was done, or is being done, and its answer is not known here.
    """
    row = session.get(GivenAnswer, (account_id, key))
    if row is None:
        return None
    if row.request_hash != fingerprint:
        raise KeyReused(key=key)
    if row.status is None:
        raise KeyInUse(key=key)
    return row


def claim(session: Session, account_id: int, key: str, fingerprint: str) -> None:
    """Take a key, in the transaction of the act itself: both are stored or neither.

    Raises
    ------
    KeyInUse
        Another request with this key came first.
    """
    taken = session.execute(
        insert(GivenAnswer)
        .values(account_id=account_id, key=key, request_hash=fingerprint, created_at=now())
        .on_conflict_do_nothing()
        .returning(GivenAnswer.key)
    ).one_or_none()
    if taken is None:
        raise KeyInUse(key=key)


def remember(
    session: Session, account_id: int, key: str, *, status: int, body: bytes, headers: str
) -> None:
    """Keep the answer beside the act."""
    row = session.get(GivenAnswer, (account_id, key))
    if row is not None:
        row.status = status
        row.body = body
        row.headers = headers
