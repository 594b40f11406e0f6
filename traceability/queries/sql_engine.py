"""A trace engine that needs nothing but the edges in the database, at any record time.

Each round asks the database for the edges that leave the nodes which improved, as five arrays that
numpy reads without a loop, and keeps the best arrival at each node: the rounds of
`traceability.maths.graph.walk`, so depth, arrival and first edge are exact. One recursive query
would tell the nodes alone: a row of it cannot know that another row has arrived earlier, and with
depth in its rows it never ends where edges form a ring.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from psycopg import Connection
from sqlalchemy.orm import Session

from traceability.maths.reach import Answer, Ints, Question
from traceability.maths.rounds import Candidates, reach_by_rounds

ENGINE = "sql/1"

# An array of bigint as PostgreSQL sends it: a header, then length and value of each element.
_ELEMENT = np.dtype([("size", ">i4"), ("value", ">i8")])
_HEADER = 20

_OTHER = {"possible": "certain", "certain": "possible"}


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
            at, edge, to, lo, hi = _fetched(driver, *ends, purpose, nodes, question.as_of)
            if not forward:
                lo, hi = -hi, -lo
            return Candidates(at, edge, to, lo, hi)

        return reach_by_rounds(question, leaving, engine=ENGINE)


def _fetched(
    driver: Connection,
    here: str,
    there: str,
    purpose: str,
    nodes: Ints,
    as_of: datetime | None,
) -> tuple[Ints, ...]:
    """The edges at some nodes: place of the node, edge, other end, lo, hi.

    Arrays, since a row each, by query or by COPY, costs the client more than the index costs the
    server. What is in force now is read from an index alone.
    """
    rows = (
        f"SELECT w.place, e.id, e.{there} AS other, e.lo, e.hi"  # noqa: S608 - constants
        " FROM unnest(%(nodes)s::bigint[]) WITH ORDINALITY AS w (node, place)"
        f" JOIN trace_edge e ON e.{here} = w.node WHERE e.purpose <> %(other)s"
    )
    query = f"{rows} AND e.retracted_at IS NULL"
    if as_of is not None:
        query += (
            f" AND e.recorded_at <= %(as_of)s UNION ALL {rows} AND e.retracted_at IS NOT NULL"
            " AND e.recorded_at <= %(as_of)s AND e.retracted_at > %(as_of)s"
        )
    columns = ", ".join(f"array_agg({each})" for each in ("place", "id", "other", "lo", "hi"))
    arguments = {"nodes": _array(nodes), "other": _OTHER[purpose], "as_of": as_of}
    with driver.cursor(binary=True) as cursor:
        cursor.execute(f"SELECT {columns} FROM ({query}) found", arguments)  # noqa: S608
        result = cursor.pgresult
        assert result is not None  # the query has just been answered
        place, *others = (_column(result.get_value(0, each)) for each in range(5))
    return place - 1, *others


def _array(nodes: Ints) -> str:
    return "{" + ",".join(map(str, nodes.tolist())) + "}"


def _column(sent: bytes | None) -> Ints:
    if sent is None:  # the aggregate of no rows
        return np.empty(0, dtype=np.int64)
    return np.frombuffer(sent, dtype=_ELEMENT, offset=_HEADER)["value"].astype(np.int64)
