"""A trace engine that needs nothing but the edges in the database, at any record time.

Each round asks the database for the edges that leave the nodes which improved, as one binary COPY
that numpy reads without a loop, and keeps the best arrival at each node: the rounds of
`traceability.maths.graph.walk`, so depth, arrival and first edge are exact. One recursive query
would tell the nodes alone: a row of it cannot know that another row has arrived earlier, and with
depth in its rows it never ends where edges form a ring.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection
from sqlalchemy.orm import Session

from traceability.maths.reach import Answer, Ints, Question
from traceability.maths.rounds import Candidates, reach_by_rounds

ENGINE = "sql/1"

# What COPY sends for a row of five bigints: their count, then length and value of each.
_ROW = np.dtype(
    [("fields", ">i2")]
    + [(f"{name}_{part}", kind) for name in ("at", "edge", "to", "lo", "hi")
       for part, kind in (("size", ">i4"), ("value", ">i8"))]
)  # fmt: skip
_HEADER, _TRAILER = 19, 2

_OPEN = "retracted_at IS NULL"


@dataclass(frozen=True, slots=True)
class SqlEngine:
    """The edges in the database, read through a session's transaction."""

    session: Session

    def reach(self, question: Question) -> Answer:
        """Everything that can be got to from the seeds."""
        purpose = "certain" if question.certain else "possible"
        forward = question.direction == "forward"
        driver = self.session.connection().connection.driver_connection
        if not isinstance(driver, Connection):
            raise TypeError(f"edges are read by COPY through psycopg, not {type(driver)}")
        ends = ("source_id", "target_id") if forward else ("target_id", "source_id")

        def leaving(nodes: Ints) -> Candidates:
            rows = _copied(driver, *ends, purpose, nodes, question.as_of)
            at, edge, to = (rows[f"{name}_value"].astype(np.int64) for name in ("at", "edge", "to"))
            lo, hi = rows["lo_value"].astype(np.int64), rows["hi_value"].astype(np.int64)
            if not forward:
                lo, hi = -hi, -lo
            return Candidates(np.searchsorted(nodes, at), edge, to, lo, hi)

        return reach_by_rounds(question, leaving, engine=ENGINE)


def _copied(
    driver: Connection,
    here: str,
    there: str,
    purpose: str,
    nodes: Ints,
    as_of: datetime | None,
) -> NDArray[np.void]:
    """The edges at some nodes, by the index alone where nothing has been retracted."""
    columns = f"{here}, id, {there}, lo, hi"
    chosen = f"{here} = ANY(%(nodes)s::bigint[]) AND purpose IN ('both', %(purpose)s)"
    query = f"SELECT {columns} FROM trace_edge WHERE {chosen} AND {_OPEN}"  # noqa: S608 - constants
    if as_of is not None:
        query += (
            f" AND recorded_at <= %(as_of)s UNION ALL SELECT {columns} FROM trace_edge"  # noqa: S608
            f" WHERE {chosen} AND retracted_at IS NOT NULL"
            " AND recorded_at <= %(as_of)s AND retracted_at > %(as_of)s"
        )
    arguments = {"nodes": _array(nodes), "purpose": purpose, "as_of": as_of}
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)", arguments) as copy,
    ):
        content = b"".join(bytes(block) for block in copy)
    body = memoryview(content)[_HEADER : len(content) - _TRAILER]
    return np.frombuffer(body, dtype=_ROW)


def _array(nodes: Ints) -> str:
    return "{" + ",".join(map(str, nodes.tolist())) + "}"
