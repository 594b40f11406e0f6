"""Reach in time: which nodes can be got to along edges that follow one another?

A path counts when its edges can have happened in order. Times are intervals, so two answers are
kept apart: *possible* (some times inside the intervals are in order) and *certain* (all are).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traceability.maths.ledger import EARLIEST, LATEST

Ints = NDArray[np.int64]

_NEVER = np.int64(2**62 + 1)


@dataclass(frozen=True, slots=True)
class TimedEdges:
    """Directed edges between numbered nodes, each with an interval of time.

    Attributes
    ----------
    source, target : (edges,) int64
        Node numbers from 0.
    lo, hi : (edges,) int64
        Microseconds UTC, ``lo <= hi``; `EARLIEST` and `LATEST` where no bound is known.
    """

    source: Ints
    target: Ints
    lo: Ints
    hi: Ints

    def __post_init__(self) -> None:
        sizes = {len(self.source), len(self.target), len(self.lo), len(self.hi)}
        if len(sizes) != 1:
            raise ValueError(f"the columns of edges must be of one length, got {sorted(sizes)}")
        if np.any(self.lo > self.hi):
            raise ValueError("an edge's interval needs lo <= hi")
        if len(self.lo) and (self.lo.min() < EARLIEST or self.hi.max() > LATEST):
            raise ValueError("times must lie between EARLIEST and LATEST")

    def reversed(self) -> TimedEdges:
        """The same edges, walked from their ends and back in time."""
        return TimedEdges(self.target, self.source, -self.hi, -self.lo)


@dataclass(frozen=True, slots=True)
class OrderedEdges:
    """Directed edges whose bounds of time are told apart.

    A path is in order when no edge has ``first`` after the ``last`` of a later one.

    Attributes
    ----------
    source, target : (edges,) int64
        Node numbers from 0.
    first, last : (edges,) int64
        The edge arrives at ``first`` at the earliest, and can be taken until ``last``.
    """

    source: Ints
    target: Ints
    first: Ints
    last: Ints

    @staticmethod
    def of(edges: TimedEdges, *, certain: bool) -> OrderedEdges:
        """Edges with one interval: for some times inside it, or for all."""
        first, last = (edges.hi, edges.lo) if certain else (edges.lo, edges.hi)
        return OrderedEdges(edges.source, edges.target, first, last)

    def reversed(self) -> OrderedEdges:
        """The same edges, walked from their ends and back in time."""
        return OrderedEdges(self.target, self.source, -self.last, -self.first)

    def joined(self, other: OrderedEdges) -> OrderedEdges:
        """These edges, then the others."""
        return OrderedEdges(
            np.concatenate((self.source, other.source)),
            np.concatenate((self.target, other.target)),
            np.concatenate((self.first, other.first)),
            np.concatenate((self.last, other.last)),
        )


@dataclass(frozen=True, slots=True)
class Reach:
    """What a walk found, by node number.

    Attributes
    ----------
    depth : (nodes,) int64
        Fewest edges on a path in order of time; -1 where there is none.
    since : (nodes,) int64
        Earliest arrival over all paths (walking back: minus the latest departure).
    is_cut : bool
        True where the walk stopped at its longest path and more may lie beyond.
    """

    depth: Ints
    since: Ints
    is_cut: bool
    _first: Ints
    _parent: Ints
    _edge: Ints

    def reached(self) -> Ints:
        """Node numbers, ascending."""
        return np.flatnonzero(self.depth >= 0)

    def merged(self, own: Ints, nodes: int) -> Reach:
        """The same for the first nodes only, with what was found for those that stand for them.

        Parameters
        ----------
        own : (all nodes,) int64
            The node that each stands for; -1 where for none.
        nodes : int
            How many remain.
        """
        depth, since, first = (
            each[:nodes].copy() for each in (self.depth, self.since, self._first)
        )
        for twin in range(nodes, len(own)):
            node = own[twin]
            if node < 0 or self.depth[twin] < 0:
                continue
            since[node] = min(since[node], self.since[twin])
            if depth[node] < 0 or self.depth[twin] < depth[node]:
                depth[node], first[node] = self.depth[twin], self._first[twin]
        return Reach(depth, since, self.is_cut, first, self._parent, self._edge)

    def path(self, node: int) -> tuple[int, ...]:
        """Edge numbers of one path with the fewest edges, from a seed to the node.

        Raises
        ------
        ValueError
            If the node was not reached.
        """
        label = int(self._first[node])
        if label < 0:
            raise ValueError(f"node {node} was not reached")
        edges: list[int] = []
        while self._parent[label] >= 0:
            edges.append(int(self._edge[label]))
            label = int(self._parent[label])
        return tuple(reversed(edges))

    def steps(self) -> set[tuple[int, int]]:
        """(edge, next edge) on all paths that `path` gives; each label is visited once."""
        found: set[tuple[int, int]] = set()
        seen: set[int] = set()
        parents, edges = self._parent.tolist(), self._edge.tolist()
        for label in self._first[self._first >= 0].tolist():
            while label not in seen and parents[label] >= 0:
                seen.add(label)
                parent = parents[label]
                if parents[parent] >= 0:
                    found.add((edges[parent], edges[label]))
                label = parent
        return found


def walk(
    edges: TimedEdges | OrderedEdges,
    *,
    nodes: int,
    seeds: Ints,
    timeless: NDArray[np.bool_] | None = None,
    certain: bool = False,
    longest: int | None = None,
) -> Reach:
    """Which nodes can be reached from the seeds in order of time, in how few steps, and when?

    Parameters
    ----------
    edges : TimedEdges or OrderedEdges
        Walked from source to target; give ``edges.reversed()`` to walk back.
    nodes : int, >= 0
        How many nodes there are.
    seeds : (seeds,) int64
        Nodes to start from; whatever leaves them counts, whenever it left.
    timeless : (nodes,) bool, optional
        Nodes whose out-edges always count once the node is reached: the holders of a lot that is
        suspect itself, not by what reached it.
    certain : bool
        Ask for paths whose edges are in order for all times inside their intervals, instead of
        for some. Ordered edges have it settled.
    longest : int, >= 0, optional
        Edges on a path at most.

    Returns
    -------
    Reach
        Depths and earliest arrivals are exact; ties between paths go to the edge with the lower
        number, so the answer does not depend on the order of work.

    Raises
    ------
    ValueError
        If a node number lies outside its range.

    Notes
    -----
    Possible: an edge counts if it may end after the arrival at its source, ``since <= hi``, and
    arrives at ``max(since, lo)``. Certain: it must start after it, ``since <= lo``, and arrives at
    ``hi``. Arriving earlier never hurts, so rounds over the nodes that improved (Bellman-Ford by
    number of edges) are exact: round k holds the best arrival over paths of at most k edges.
    A node may improve after it was first reached; each improvement is a label of its own, so that
    paths stay in order of time. Cycles end by themselves: a second visit is never earlier.

    References
    ----------
    Wu, H. et al. (2014). Path problems in temporal graphs. PVLDB 7(9), 721-732 (earliest arrival).
    """
    seeds = np.unique(np.asarray(seeds, dtype=np.int64))
    if len(seeds) and (seeds[0] < 0 or seeds[-1] >= nodes):
        raise ValueError(f"a seed lies outside 0..{nodes - 1}")
    if len(edges.source) and (
        min(edges.source.min(), edges.target.min()) < 0
        or max(edges.source.max(), edges.target.max()) >= nodes
    ):
        raise ValueError(f"an edge leaves the nodes 0..{nodes - 1}")
    if isinstance(edges, TimedEdges):
        edges = OrderedEdges.of(edges, certain=certain)
    outward = _Outward.of(edges, nodes)
    since = np.full(nodes, _NEVER, dtype=np.int64)
    depth = np.full(nodes, -1, dtype=np.int64)
    first = np.full(nodes, -1, dtype=np.int64)
    since[seeds], depth[seeds], first[seeds] = EARLIEST, 0, np.arange(len(seeds))
    parents, steps = [np.full(len(seeds), -1)], [np.full(len(seeds), -1)]
    at, labels, made, rounds = seeds, np.arange(len(seeds)), len(seeds), 0
    while len(at):
        owner, edge, arrival = outward.improving(at, since, timeless)
        if longest is not None and rounds >= longest:
            return Reach(depth, since, len(edge) > 0, first, *map(np.concatenate, (parents, steps)))
        rounds += 1
        at = edges.target[edge]
        parents.append(labels[owner])
        steps.append(edge)
        labels = np.arange(made, made + len(at))
        made += len(at)
        since[at] = arrival
        new = depth[at] < 0
        depth[at[new]], first[at[new]] = rounds, labels[new]
    return Reach(depth, since, False, first, *map(np.concatenate, (parents, steps)))


@dataclass(frozen=True, slots=True)
class _Outward:
    """Edges in compressed adjacency: those of node n are ``order[starts[n]:starts[n + 1]]``."""

    starts: Ints
    order: Ints
    target: Ints
    leave_by: Ints
    arrive: Ints

    @staticmethod
    def of(edges: OrderedEdges, nodes: int) -> _Outward:
        order = np.argsort(edges.source, kind="stable")
        starts = np.searchsorted(edges.source[order], np.arange(nodes + 1))
        return _Outward(starts, order, edges.target, edges.last, edges.first)

    def improving(
        self, at: Ints, since: Ints, timeless: NDArray[np.bool_] | None
    ) -> tuple[Ints, Ints, Ints]:
        """For each node that can be reached earlier from ``at``: owner in ``at``, edge, arrival."""
        counts = self.starts[at + 1] - self.starts[at]
        owner = np.repeat(np.arange(len(at)), counts)
        offset = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        edge = self.order[self.starts[at][owner] + offset]
        left = since[at][owner]
        target = self.target[edge]
        arrival = np.maximum(left, self.arrive[edge])
        if timeless is not None:
            arrival = np.where(timeless[target], EARLIEST, arrival)
        better = (left <= self.leave_by[edge]) & (arrival < since[target])
        owner, edge, arrival, target = owner[better], edge[better], arrival[better], target[better]
        best = np.lexsort((edge, arrival, target))
        if len(best):
            best = best[np.r_[True, np.diff(target[best]) != 0]]
        return owner[best], edge[best], arrival[best]
