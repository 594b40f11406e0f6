"""What happened since a graph was built: edges added, edges taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from traceability.maths.adjacency import Adjacency, TraceGraph
from traceability.maths.kernels_shape import Way
from traceability.maths.ledger import EARLIEST, LATEST

Ints = NDArray[np.int64]

_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Overlay:
    """A graph as it is now: one built before, and what came since.

    Attributes
    ----------
    graph : TraceGraph
    forward, backward : Way
        What the kernels walk.
    added, taken : int
        Edges more, and edges of the graph that do not count any more.
    times : (inexact,) int64
        Times of added edges that the graph has no code for, ascending.
    codes : (inexact,) int64
        Their codes of eight bytes, ascending.
    """

    graph: TraceGraph
    forward: Way
    backward: Way
    added: int
    taken: int
    times: Ints
    codes: Ints

    @property
    def nodes(self) -> int:
        """How many nodes there are, with those that came since."""
        return max(self.graph.nodes, len(self.forward.added_starts) - 1)

    @staticmethod
    def of(
        graph: TraceGraph,
        *,
        source: Ints = _NONE,
        target: Ints = _NONE,
        lo: Ints = _NONE,
        hi: Ints = _NONE,
        number: Ints = _NONE,
        nodes: int = 0,
        retracted_source: Ints = _NONE,
        retracted_number: Ints = _NONE,
        fast: bool | None = None,
    ) -> Overlay:
        """A graph with some edges more and some less.

        Parameters
        ----------
        graph : TraceGraph
        source, target, lo, hi, number : (added,) int64
            Edges that came since, as for `TraceGraph.of`.
        nodes : int, >= 0
            How many nodes there are now; nodes of the graph never go.
        retracted_source, retracted_number : (retracted,) int64
            Where the edges that do not count any more leave from, and their row numbers. Those the
            graph does not hold are passed over.
        fast : bool, optional
            Compiled kernels or numpy; default: compiled where numba is there.

        Returns
        -------
        Overlay

        Raises
        ------
        ValueError
            As for `TraceGraph.of`.

        Notes
        -----
        An added edge that is taken back again is left out of the columns by the caller. Building
        costs time for what was added and 8 bytes per node; the graph itself is not touched.
        """
        *retracted, taken = _bits(graph, retracted_source, retracted_number)
        if not len(source):
            size = nodes if nodes > graph.nodes else 0
            starts = np.zeros(size + 1, dtype=np.int32)
            ways = [
                _way(
                    graph,
                    retracted[back],
                    starts,
                    _NONE.astype(np.int32),
                    _NONE,
                    _NONE,
                    _NONE,
                    back,
                )
                for back in (False, True)
            ]
            return Overlay(graph, ways[0], ways[1], 0, taken, _NONE, _NONE)
        extra = TraceGraph.of(
            source, target, lo, hi, number, nodes=max(nodes, graph.nodes), fast=fast
        )
        ends = np.concatenate((np.asarray(lo), np.asarray(hi)))
        times, codes = _inexact(graph, ends)
        ways = []
        for back in (False, True):
            side = extra.backward if back else extra.forward
            low, high = _ends(extra, side.record[:, 1])
            neighbour = np.ascontiguousarray(side.record[:, 0])
            numbers = extra.names.numbers(side.record[:, 2])
            ways.append(
                _way(
                    graph, retracted[back], side.starts, neighbour,
                    _encoded(graph, low, times, codes), _encoded(graph, high, times, codes),
                    numbers, back,
                )
            )  # fmt: skip
        return Overlay(graph, ways[0], ways[1], extra.edges, taken, times, codes)

    def instants(self, codes: Ints) -> Ints:
        """The times of codes of eight bytes, in microseconds UTC."""
        found = self.graph.codes.times(codes >> 32)
        between = (codes & 0xFFFFFFFF) != 0
        if between.any():
            found[between] = self.times[np.searchsorted(self.codes, codes[between])]
        return found


def _way(
    graph: TraceGraph,
    retracted: NDArray[np.uint8],
    starts: NDArray[Any],
    neighbour: NDArray[np.int32],
    lo: Ints,
    hi: Ints,
    number: Ints,
    is_backward: bool,
) -> Way:
    side = graph.backward if is_backward else graph.forward
    for array in (retracted, starts, neighbour, lo, hi, number):
        array.setflags(write=False)
    return Way(
        side.starts, side.record, graph.names.first, graph.names.table, graph.wide,
        retracted, starts, neighbour, lo, hi, number, is_backward,
    )  # fmt: skip


def _ends(graph: TraceGraph, when: NDArray[np.int32]) -> tuple[Ints, Ints]:
    """Times of edges, in microseconds UTC."""
    is_wide = when < 0
    low, high = when.copy(), when.copy()
    low[is_wide], high[is_wide] = graph.wide[~when[is_wide]].T
    return graph.codes.times(low), graph.codes.times(high)


def _inexact(graph: TraceGraph, times: Ints) -> tuple[Ints, Ints]:
    """Distinct times that are none of the graph's, and a code between its codes for each."""
    distinct = np.unique(times)
    distinct = distinct[(distinct > EARLIEST) & (distinct < LATEST)]
    floor, is_exact = graph.codes.floor(distinct)
    distinct, floor = distinct[~is_exact], floor[~is_exact]
    if not len(distinct):
        return _NONE, _NONE
    is_first = np.r_[True, np.diff(floor) != 0]
    begin = np.maximum.accumulate(np.where(is_first, np.arange(len(floor)), 0))
    order = np.arange(len(floor)) - begin + 1
    return distinct, (floor << 32) + order


def _encoded(graph: TraceGraph, times: Ints, inexact: Ints, codes: Ints) -> Ints:
    floor, is_exact = graph.codes.floor(times)
    found = floor << 32
    if not is_exact.all():
        found[~is_exact] = codes[np.searchsorted(inexact, times[~is_exact])]
    return found


def _bits(
    graph: TraceGraph, source: Ints, number: Ints
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], int]:
    """One bit per edge each way, set where it does not count any more; empty if none is."""
    places, targets, numbers = [_NONE], [_NONE], [_NONE]
    for node, each in zip(source.tolist(), number.tolist(), strict=True):
        if 0 <= node < graph.nodes:
            found, listed = _listed(graph, graph.forward, node, each)
            places.append(found)
            targets.append(listed.astype(np.int64))
            numbers.append(np.full(len(found), each))
    forward = np.unique(np.concatenate(places))
    ends = zip(np.concatenate(targets).tolist(), np.concatenate(numbers).tolist(), strict=True)
    backward = [_NONE, *(_listed(graph, graph.backward, *end)[0] for end in ends)]
    return (
        _set(forward, graph.edges),
        _set(np.unique(np.concatenate(backward)), graph.edges),
        len(forward),
    )


def _listed(
    graph: TraceGraph, side: Adjacency, node: int, number: int
) -> tuple[Ints, NDArray[np.int32]]:
    """Places of the edges of a node with a row number, and the nodes at their other ends."""
    begin, end = int(side.starts[node]), int(side.starts[node + 1])
    place = begin + np.flatnonzero(graph.names.numbers(side.record[begin:end, 2]) == number)
    return place, side.record[place, 0]


def _set(places: Ints, edges: int) -> NDArray[np.uint8]:
    bits = np.zeros((edges + 7) // 8 if len(places) else 0, dtype=np.uint8)
    np.bitwise_or.at(bits, places >> 3, (1 << (places & 7)).astype(np.uint8))
    return bits
