"""Uploads and evidence, kept by their SHA-256.

The bytes live in PostgreSQL: one transaction, one back-up, nothing to lose between two stores.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.clock import now
from core.db import Base
from core.errors import NotFound

# One upload; a national roster of a million rows is about 100 MB as csv.
LARGEST_BYTES = 200 * 1024 * 1024


class FileUnknown(NotFound):
    """No file with this hash is stored."""

    code = "files/unknown"
    message = "No file with SHA-256 {sha256} is stored."


class StoredFile(Base):
    """Some bytes, once, under their hash."""

    __tablename__ = "stored_file"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(deferred=True)
    stored_at: Mapped[datetime]


def store(session: Session, content: bytes, *, name: str, media_type: str) -> StoredFile:
    """Keep a file; the same bytes are kept once, under the first name they came with."""
    sha256 = hashlib.sha256(content).hexdigest()
    session.execute(
        insert(StoredFile)
        .values(
            sha256=sha256,
            name=name,
            media_type=media_type,
            size=len(content),
            content=content,
            stored_at=now(),
        )
        .on_conflict_do_nothing()
    )
    return load(session, sha256)


def load(session: Session, sha256: str) -> StoredFile:
    """The file with this hash.

    Raises
    ------
    FileUnknown
        There is none.
    """
    file = session.get(StoredFile, sha256)
    if file is None:
        raise FileUnknown(sha256=sha256)
    return file
