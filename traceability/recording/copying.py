"""Rows as COPY text: the fastest way into PostgreSQL that plain Python has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import LiteralString

from psycopg import sql
from sqlalchemy.orm import Session

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def cell(value: str | None) -> str:
    """A text as a cell; None as NULL."""
    if value is None:
        return NULL
    if "\\" in value or "\n" in value or "\t" in value or "\r" in value:
        return value.translate(_ESCAPES)
    return value


def number(value: object | None) -> str:
    """An integer or Decimal as a cell; None as NULL."""
    return NULL if value is None else str(value)


def instant(microseconds: int) -> str:
    """Microseconds since 1970 UTC as a cell."""
    return (EPOCH + timedelta(microseconds=microseconds)).isoformat()


def octets(value: bytes) -> str:
    """Bytes as a cell."""
    return "\\\\x" + value.hex()


def copy_lines(
    session: Session, table: LiteralString, columns: Sequence[str], lines: Iterable[str]
) -> None:
    """Add rows, each a line of tab-separated cells without its end, inside the transaction.

    Only the owner of the tables may: PostgreSQL refuses COPY where rows are guarded.
    """
    connection = session.connection().connection.driver_connection
    if connection is None:
        raise RuntimeError("the session has no connection to copy through")
    block = "\n".join(lines)
    if not block:
        return
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join([sql.Identifier(each) for each in columns])
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(block.encode())
        copy.write(b"\n")
