"""Tables: the base class, constraint names, column types, and the engine."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

from cryptography.fernet import Fernet, InvalidToken
from psycopg import sql
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Engine,
    Float,
    Identity,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
    TypeDecorator,
    create_engine,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column

from core.config import secret_key

# The migration this code needs; a house test holds it against the newest there is.
SCHEMA_REVISION = "0018_watch"

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcTime(TypeDecorator[datetime]):
    """timestamptz that refuses naive datetimes and always returns UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What a column of this type holds; without it a list cannot be paged by an instant."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a datetime without a zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a stored instant needs a time zone, got naive {value.isoformat()}")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the instant in UTC."""
        return value.astimezone(UTC) if value is not None else None


@cache
def _sealer(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"zhiheng/sealed" + key).digest()))


class Sealed(TypeDecorator[str]):
    """Personal data, encrypted at rest (Fernet: AES-128-CBC with HMAC-SHA-256)."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Encrypt."""
        return None if value is None else _sealer(secret_key()).encrypt(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Decrypt, or say that the key does not fit."""
        if value is None:
            return None
        try:
            return _sealer(secret_key()).decrypt(bytes(value)).decode()
        except InvalidToken as error:
            raise RuntimeError(
                "A sealed column cannot be read: this installation's secret (ZHIHENG_SECRET or "
                "secret.key in the data folder) is not the one it was written with."
            ) from error


class Base(DeclarativeBase):
    """All tables of the house."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute
        int: BigInteger,
        str: Text,
        bool: Boolean,
        float: Float,
        bytes: LargeBinary,
        date: Date,
        datetime: UtcTime,
        Decimal: Numeric,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]


class Versioned:
    """A row whose every change raises ``version``; a lost update becomes a refusal."""

    version: Mapped[int] = mapped_column(default=1, server_default="1")

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        """Count versions in the UPDATE itself: no gap between the check and the change."""
        return {"version_id_col": cls.version}


@cache
def connect(url: str) -> Engine:
    """The engine for an address; one per process and address."""
    return create_engine(
        url,
        pool_pre_ping=True,  # the private server may have been restarted by its supervisor
        pool_size=8,
        max_overflow=8,
        # No compiling of plans: row-level security makes them look dear, and seconds of compiling
        # were spent on answers of milliseconds.
        connect_args={"application_name": "zhiheng", "options": "-c timezone=UTC -c jit=off"},
    )


# What PostgreSQL is told of a column in a binary COPY; a table with another type is copied as text.
_BINARY: dict[type[Any], str] = {
    BigInteger: "int8",
    Text: "text",
    Boolean: "bool",
    LargeBinary: "bytea",
}


def copy_rows(
    session: Session, model: type[Base], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Add many rows to a table in one COPY, inside the session's transaction; returns how many.

    Parameters
    ----------
    model : class
        What the rows are of.
    columns : sequence of str
        Those given, by name; the others take the server's defaults.
    rows : iterable of sequences
        Values in the order of the columns; read once, so it may be a generator.

    Notes
    -----
    PostgreSQL refuses COPY into a table whose rows are guarded against the role that writes: a
    request then adds its rows by INSERT. Constraints and triggers apply either way.
    """
    table = model.__table__
    name = model.__tablename__
    session.flush()  # what the rows refer to is there
    guarded = session.execute(select(func.row_security_active(name))).scalar_one()
    if guarded:
        values = [dict(zip(columns, row, strict=True)) for row in rows]
        if values:
            session.execute(insert(model), values)
        return len(values)
    dialect = session.get_bind().dialect
    types = [table.c[column].type for column in columns]
    convert = [kind.dialect_impl(dialect).bind_processor(dialect) for kind in types]
    written = 0
    connection = session.connection().connection.driver_connection
    if connection is None:
        raise RuntimeError("the session has no connection to copy through")
    named = sql.SQL(", ").join([sql.Identifier(column) for column in columns])
    binary = [_BINARY.get(type(kind)) for kind in types]
    is_binary = all(one is not None for one in binary)
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT {})").format(
        sql.Identifier(name), named, sql.SQL("BINARY" if is_binary else "TEXT")
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        if is_binary:  # blocks of megabytes: as text each byte would be three characters
            copy.set_types([str(one) for one in binary])
        is_plain = not any(convert)
        for row in rows:
            copy.write_row(
                row
                if is_plain
                else [
                    value if process is None or value is None else process(value)
                    for process, value in zip(convert, row, strict=True)
                ]
            )
            written += 1
    return written


def binary_rows(session: Session, statement: Any) -> list[Any]:
    """The rows of a query of plain columns, asked for in PostgreSQL's binary form.

    As text each byte of a bytea is two characters, to be written there and read here: blocks of
    megabytes take four times as long.
    """
    compiled = statement.compile(dialect=session.get_bind().dialect)
    session.flush()
    connection = session.connection().connection.driver_connection
    if connection is None:
        raise RuntimeError("the session has no connection to read through")
    with connection.cursor(binary=True) as cursor:
        cursor.execute(str(compiled), compiled.params)
        return list(cursor.fetchall())
