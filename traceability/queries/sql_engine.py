"""A trace engine that needs nothing but the edges in the database, at any record time.

Each round asks the database for the edges that leave the nodes which improved, and keeps the best
arrival at each node: the rounds of `traceability.maths.graph.walk`, so depth, arrival and first
edge are exact. One recursive query would tell the nodes alone: a row of it cannot know that another
row has arrived earlier, and with depth in its rows it never ends where edges form a ring.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from traceability.maths.reach import Answer, Ints, Question
from traceability.maths.rounds import Candidates, reach_by_rounds
from traceability.queries.arrays import BigintArray, columns

ENGINE = "sql 1"

_OTHER = {True: "possible", False: "certain"}  # the purpose that an edge must not have alone


@dataclass(frozen=True, slots=True)
class SqlEngine:
    """The edges in the database, read through a session's transaction; a `GraphBackend`."""

    session: Session

    def reach(self, question: Question) -> Answer:
        """Everything that can be got to from the seeds.

        Raises
        ------
        ValueError
            If the question is certain and ignores dates.
        """
        is_forward = question.direction == "forward"

        def leaving(nodes: Ints) -> Candidates:
            at, edge, to, lo, hi = self._edges(question, nodes)
            if not is_forward:
                lo, hi = -hi, -lo
            return Candidates(at - 1, edge, to, lo, hi)

        return reach_by_rounds(question, leaving, engine=ENGINE)

    def _edges(self, question: Question, nodes: Ints) -> tuple[Ints, ...]:
        """The edges at some nodes: place of the node from 1, edge, other end, lo, hi.

        What is in force now is read from an index alone.
        """
        here, there = "source_id", "target_id"
        if question.direction != "forward":
            here, there = there, here
        rows = (
            f"SELECT w.place, e.id, e.{there} AS other, e.lo, e.hi"  # noqa: S608 - constants
            " FROM unnest(%(nodes)b) WITH ORDINALITY AS w (node, place)"
            f" JOIN trace_edge e ON e.{here} = w.node WHERE e.purpose <> %(other)s"
        )
        query = f"{rows} AND e.retracted_at IS NULL"
        if question.as_of is not None:
            query += (
                f" AND e.recorded_at <= %(as_of)s UNION ALL {rows} AND e.retracted_at IS NOT NULL"
                " AND e.recorded_at <= %(as_of)s AND e.retracted_at > %(as_of)s"
            )
        facts = {
            "nodes": BigintArray(nodes),
            "other": _OTHER[question.certain],
            "as_of": question.as_of,
        }
        return columns(self.session, ("place", "id", "other", "lo", "hi"), query, facts)
