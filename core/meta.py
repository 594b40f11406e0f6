"""A few facts about this database itself, such as that it was born as a demo."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base

BORN_AS = "born-as"  # "demo" or "production": set once, never changed


class Meta(Base):
    """One named value."""

    __tablename__ = "meta"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


def get(session: Session, key: str) -> str | None:
    """The value, or None."""
    row = session.get(Meta, key)
    return row.value if row else None


def put(session: Session, key: str, value: str) -> None:
    """Set a value."""
    session.execute(
        insert(Meta)
        .values(key=key, value=value)
        .on_conflict_do_update(index_elements=["key"], set_={"value": value})
    )


def put_once(session: Session, key: str, value: str) -> str:
    """Set a value where none is yet; returns the value that stands."""
    session.execute(insert(Meta).values(key=key, value=value).on_conflict_do_nothing())
    standing = get(session, key)
    if standing is None:  # the row exists: inserted above or before
        raise RuntimeError(f"meta {key} vanished")
    return standing
