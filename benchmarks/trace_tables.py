"""Puts a graph made elsewhere into the tables of a migrated database, for benchmarks.

    fill(session, source, target, lo, hi)

Nodes are numbered as given (from 0, stored from 1), each a lot of its own at one of some parties.
Constraints hold; what a ledger would say of the lots is not made up.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import now

PARTIES = 5000

# What COPY reads for an edge: count of fields, then length and value of each.
_ROW = np.dtype(
    [("fields", ">i2")]
    + [(f"{name}_{part}", kind) for name in ("source", "target", "lo", "hi")
       for part, kind in (("size", ">i4"), ("value", ">i8"))]
)  # fmt: skip
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_EDGES_AT_ONCE = 500_000

_GOODS = (
    "INSERT INTO enterprise (code_scheme, code, name, grade, code_warnings, created_at, updated_at)"
    " VALUES ('licence', 'BENCH', '基准', 'B', '[]', :at, :at) RETURNING id",
    "INSERT INTO product (number, name, enterprise_id)"
    " VALUES ('BENCH', '基准', :firm) RETURNING id",
)
_NODES = (
    "INSERT INTO party (kind, key, name) SELECT 'name', 'bench-' || n, '商行' || n"
    " FROM generate_series(1, :parties) n",
    "INSERT INTO lot (id, product_id, key, number, recorded_at)"
    " SELECT n, :product, 'B-' || n, 'B-' || n, :at FROM generate_series(1, :nodes) n",
    "INSERT INTO trace_node (id, lot_id, party_id) SELECT n, n,"
    " (SELECT min(id) FROM party WHERE key LIKE 'bench-%') + n % :parties"
    " FROM generate_series(1, :nodes) n",
    "CREATE TEMP TABLE bench_edge (source bigint, target bigint, lo bigint, hi bigint)"
    " ON COMMIT DROP",
)
_EDGES = (
    "INSERT INTO trace_edge (source_id, target_id, link_key, purpose, kind, lo, hi, unit, state,"
    " event_ids, recorded_at) SELECT source, target, 'U' || row_number() OVER (), 'both', 'use',"
    " lo, hi, 'C62', 'declared', '{}', :at FROM bench_edge"
)


def fill(
    session: Session,
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    lo: NDArray[np.int64],
    hi: NDArray[np.int64],
    *,
    nodes: int,
) -> None:
    """Fill the empty tables; node n of the arrays becomes row n + 1 of ``trace_node``.

    The caller commits, and then runs VACUUM ANALYZE outside a transaction: without it PostgreSQL
    must look at the rows themselves where the index would do.
    """
    facts: dict[str, Any] = {"at": now(), "nodes": nodes, "parties": PARTIES}
    facts["firm"] = session.execute(text(_GOODS[0]), facts).scalar_one()
    facts["product"] = session.execute(text(_GOODS[1]), facts).scalar_one()
    for statement in _NODES:
        session.execute(text(statement), facts)
    driver: Any = session.connection().connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy("COPY bench_edge FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.write(_HEADER)
        for start in range(0, len(source), _EDGES_AT_ONCE):
            part = slice(start, start + _EDGES_AT_ONCE)
            rows = np.zeros(len(source[part]), dtype=_ROW)
            rows["fields"] = 4
            columns = {"source": source + 1, "target": target + 1, "lo": lo, "hi": hi}
            for name, column in columns.items():
                rows[f"{name}_size"], rows[f"{name}_value"] = 8, column[part]
            copy.write(rows.tobytes())
        copy.write(b"\xff\xff")
    session.execute(text(_EDGES), facts)
    for table in ("trace_node", "trace_edge", "lot"):
        session.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"
                f" (SELECT max(id) FROM {table}))"
            )
        )
