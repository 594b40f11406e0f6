"""The rounds of a reach in time, over edges that come from wherever they are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traceability.maths.graph import Ints
from traceability.maths.ledger import EARLIEST, LATEST
from traceability.maths.reach import Answer, Question

_NEVER = np.int64(2**62 + 1)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Edges that leave some nodes, as walked: backward with negated times.

    Attributes
    ----------
    at : (edges,) int64
        Place of the node left in the array of nodes that was asked for.
    edge, to : (edges,) int64
        Number of the edge, and of the node it leads to.
    lo, hi : (edges,) int64
        ``lo <= hi``.
    """

    at: Ints
    edge: Ints
    to: Ints
    lo: Ints
    hi: Ints


def reach_by_rounds(
    question: Question, leaving: Callable[[Ints], Candidates], *, engine: str
) -> Answer:
    """What can be reached, asking in each round for the edges of the nodes that improved?

    Parameters
    ----------
    question : Question
    leaving : callable
        Distinct ascending node numbers → the edges that leave them, usable or not, of the purpose
        and record time asked for.
    engine : str
        Told in the answer.

    Returns
    -------
    Answer
        Equal to what `traceability.maths.graph.walk` finds. ``most`` acts like the ``longest`` that
        would leave out the generation too many.

    Raises
    ------
    ValueError
        If the question is certain and ignores dates: only what is possible can.

    Notes
    -----
    As in `walk`: round k holds the best arrival over paths of at most k edges, so depths, arrivals
    and first edges are exact. Nodes need not be numbered densely: known ones are kept ascending
    and looked up by bisection.
    """
    if question.certain and not question.respects_dates:
        raise ValueError("certain needs dates; only a possible reach may ignore them")
    seeds = np.unique(np.asarray(question.seeds, dtype=np.int64))
    timeless = np.unique(np.asarray(question.timeless, dtype=np.int64))
    found = _Found.of(seeds)
    if question.most is not None and len(seeds) > question.most:
        return _Found.of(seeds[:0]).answer("most", engine)
    at, rounds = seeds, 0
    while len(at):
        better = _improving(question, found, at, leaving(at), timeless)
        if question.longest is not None and rounds >= question.longest:
            return found.answer("longest" if len(better.node) else None, engine)
        if question.most is not None:
            fresh = int(np.count_nonzero(found.places(better.node) < 0))
            if len(found.node) + fresh > question.most:
                return found.answer("most", engine)
        rounds += 1
        found.take(better, rounds)
        at = better.node
    return found.answer(None, engine)


@dataclass(frozen=True, slots=True)
class _Better:
    """The best new arrival at each node that improved; nodes ascending."""

    node: Ints
    since: Ints
    edge: Ints
    before: Ints


@dataclass(slots=True)
class _Found:
    """Nodes in the order they were reached, what is known of each, and an index by node."""

    node: Ints
    depth: Ints
    since: Ints
    edge: Ints
    before: Ints
    ascending: Ints
    slot: Ints

    @staticmethod
    def of(seeds: Ints) -> _Found:
        none = np.full(len(seeds), -1, dtype=np.int64)
        start = np.full(len(seeds), EARLIEST, dtype=np.int64)
        slot = np.arange(len(seeds), dtype=np.int64)
        return _Found(seeds, np.zeros_like(seeds), start, none, none.copy(), seeds, slot)

    def places(self, nodes: Ints) -> Ints:
        """Where nodes stand; -1 for those not reached."""
        place = _places(self.ascending, nodes)
        return np.where(place >= 0, self.slot[place], -1) if len(self.slot) else place

    def take(self, better: _Better, rounds: int) -> None:
        """Keep the arrivals of a round."""
        place = self.places(better.node)
        known = place >= 0
        self.since[place[known]] = better.since[known]
        new = ~known
        if not new.any():
            return
        fresh = better.node[new]
        slots = np.arange(len(self.node), len(self.node) + len(fresh))
        # Two ascending runs: a stable sort merges them in one pass.
        ascending = np.concatenate((self.ascending, fresh))
        order = np.argsort(ascending, kind="stable")
        self.ascending, self.slot = ascending[order], np.concatenate((self.slot, slots))[order]
        self.node = np.concatenate((self.node, fresh))
        self.depth = np.concatenate((self.depth, np.full_like(fresh, rounds)))
        self.since = np.concatenate((self.since, better.since[new]))
        self.edge = np.concatenate((self.edge, better.edge[new]))
        self.before = np.concatenate((self.before, better.before[new]))

    def answer(self, cut_because: str | None, engine: str) -> Answer:
        """What was found, by depth, then node."""
        order = np.lexsort((self.node, self.depth))
        return Answer(
            self.node[order],
            self.depth[order],
            self.since[order],
            self.edge[order],
            self.before[order],
            cut_because,
            engine,
        )


def _places(ascending: Ints, wanted: Ints) -> Ints:
    if not len(ascending):
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.searchsorted(ascending, wanted).clip(max=len(ascending) - 1)
    return np.where(ascending[place] == wanted, place, -1)


def _improving(
    question: Question, found: _Found, at: Ints, edges: Candidates, timeless: Ints
) -> _Better:
    """For each node that can be reached earlier: arrival, edge, and where the edge comes from."""
    lo, hi = edges.lo, edges.hi
    if not question.respects_dates:
        lo, hi = np.full_like(lo, EARLIEST), np.full_like(hi, LATEST)
    leave_by, arrive = (lo, hi) if question.certain else (hi, lo)
    left = found.since[found.places(at)][edges.at]
    arrival = np.maximum(left, arrive)
    if len(timeless):
        arrival = np.where(_places(timeless, edges.to) >= 0, EARLIEST, arrival)
    known = found.places(edges.to)
    before = np.where(known >= 0, found.since[known], _NEVER)
    better: NDArray[np.bool_] = (left <= leave_by) & (arrival < before)
    to, edge, arrival = edges.to[better], edges.edge[better], arrival[better]
    source = at[edges.at[better]]
    best = np.lexsort((edge, arrival, to))
    if len(best):
        best = best[np.r_[True, np.diff(to[best]) != 0]]
    return _Better(to[best], arrival[best], edge[best], source[best])
