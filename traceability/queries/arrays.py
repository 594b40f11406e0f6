"""Columns of many edges as numpy arrays, without a Python object for each row."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlalchemy.orm import Session

from traceability.maths.reach import Ints

# An array of bigint as PostgreSQL sends it: a header, then length and value of each element.
_ELEMENT = np.dtype([("size", ">i4"), ("value", ">i8")])
_HEADER = 20


def columns(session: Session, names: tuple[str, ...], query: str, facts: Any) -> tuple[Ints, ...]:
    """Bigint columns of a query; its rows in the order it gives them.

    Arrays, since a row each, by query or by COPY, costs the client more than reading an index costs
    the server. No value may be NULL.
    """
    driver = session.connection().connection.driver_connection
    if not isinstance(driver, Connection):
        raise TypeError(f"edges are read through psycopg, not {type(driver)}")
    asked = ", ".join(f"array_agg({name})" for name in names)
    with driver.cursor(binary=True) as cursor:
        cursor.adapters.register_dumper(BigintArray, _ArrayDumper)
        cursor.execute(f"SELECT {asked} FROM ({query}) found", facts)  # noqa: S608 - our own text
        result = cursor.pgresult
        assert result is not None  # the query has just been answered
        return tuple(_column(result.get_value(0, place)) for place in range(len(names)))


@dataclass(frozen=True, slots=True)
class BigintArray:
    """Numbers as a parameter of type bigint[], sent as they lie in memory."""

    numbers: Ints


class _ArrayDumper(Dumper):
    """One dimension, no NULL, elements of type bigint, numbered from 1."""

    format = Format.BINARY
    oid = 1016  # bigint[]

    def dump(self, obj: BigintArray) -> bytes:
        """The array as PostgreSQL receives it."""
        elements = np.empty(len(obj.numbers), dtype=_ELEMENT)
        elements["size"], elements["value"] = 8, obj.numbers
        is_filled = int(len(elements) > 0)
        shape = struct.pack("!ii", len(elements), 1) if is_filled else b""
        return struct.pack("!iii", is_filled, 0, 20) + shape + elements.tobytes()


def _column(sent: bytes | None) -> Ints:
    if sent is None:  # the aggregate of no rows
        return np.empty(0, dtype=np.int64)
    return np.frombuffer(sent, dtype=_ELEMENT, offset=_HEADER)["value"].astype(np.int64)
