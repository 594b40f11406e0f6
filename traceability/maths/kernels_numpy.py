"""The walks of `kernels` in numpy: a round at a time, equal results."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from traceability.maths.kernels_shape import FIRST, LAST, MARK, TIMELESS, Found, Labels, Room, Way

Array = NDArray[Any]


def _lists(starts: Array, at: Array) -> tuple[Array, Array]:
    """For each edge of the nodes ``at``: which of them it belongs to, and where it lies."""
    known = np.minimum(at, len(starts) - 2) if len(starts) > 1 else np.zeros_like(at)
    begin = starts[known].astype(np.int64)
    counts = np.where(at < len(starts) - 1, starts[np.minimum(known + 1, len(starts) - 1)], 0)
    counts = np.where(at < len(starts) - 1, counts - begin, 0)
    owner = np.repeat(np.arange(len(at)), counts)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return owner, begin[owner] + offset


def outgoing(way: Way, at: Array, *, with_times: bool) -> tuple[Array, ...]:
    """Edges of some nodes that count: owner in ``at``, neighbour, row number, lo and hi."""
    owner, index = _lists(way.starts, at)
    if len(way.retracted):
        kept = (way.retracted[index >> 3] >> (index & 7).astype(np.uint8)) & 1 == 0
        owner, index = owner[kept], index[kept]
    neighbour, span, name = way.record[index].T
    number = way.names[name] if len(way.names) else way.first_name + name.astype(np.int64)
    more_owner, more = _lists(way.added_starts, at)
    columns = [
        np.concatenate((owner, more_owner)),
        np.concatenate((neighbour, way.added_neighbour[more])).astype(np.int64),
        np.concatenate((number, way.added_number[more])),
    ]
    if with_times:
        span = span.astype(np.int64)
        is_wide = span < 0
        lo, hi = span.copy(), span
        lo[is_wide] = way.wide[~span[is_wide], 0]
        hi = np.where(is_wide, 0, span)
        hi[is_wide] = way.wide[~span[is_wide], 1]
        lo = np.concatenate((lo << 32, way.added_lo[more]))
        hi = np.concatenate((hi << 32, way.added_hi[more]))
        columns += [-hi, -lo] if way.is_backward else [lo, hi]
    return tuple(columns)


def _best(target: Array, at: Array, edge: Array) -> Array:
    """Of the edges to one target, the one that arrives first; among equals the lower number."""
    order = np.lexsort((edge, at, target))
    if not len(order):
        return order
    return order[np.r_[True, np.diff(target[order]) != 0]]


def timed(
    way: Way,
    state: Array,
    mark: int,
    seeds: Array,
    timeless: Array,
    certain: bool,
    start: int,
    longest: int,
    most: int,
    room: Room,
) -> Labels:
    """Reach in order of time; ``longest`` and ``most`` of -1 are no bound."""
    state[timeless, TIMELESS] = mark
    return _walk(way, state, mark, seeds, start, longest, most, certain=certain, timed=True)


def plain(
    way: Way, state: Array, mark: int, seeds: Array, longest: int, most: int, room: Room
) -> Labels:
    """Reach along all edges, whenever they happened."""
    return _walk(way, state, mark, seeds, 0, longest, most, certain=False, timed=False)


def _walk(
    way: Way,
    state: Array,
    mark: int,
    seeds: Array,
    start: int,
    longest: int,
    most: int,
    *,
    certain: bool,
    timed: bool,
) -> Labels:
    nodes, parents = [seeds], [np.full(len(seeds), -1)]
    edges, arrivals = [np.full(len(seeds), -1)], [np.full(len(seeds), start)]
    state[seeds, MARK] = mark
    state[seeds, FIRST] = state[seeds, LAST] = np.arange(len(seeds))
    # The best arrival of a node stands with its last label; rounds are few, so look there.
    since = arrivals[0]
    ends: list[int] = []
    begin, end, reached = 0, len(seeds), len(seeds)
    if 0 <= most < reached:
        return _labels(nodes[:0], parents[:0], edges[:0], arrivals[:0], ends, 2)
    while begin < end:
        at, left = nodes[-1], arrivals[-1]
        columns = outgoing(way, at, with_times=timed)
        owner, target, edge = columns[:3]
        arrival = np.full(len(owner), start)
        if timed:
            arrive, leave_by = (columns[4], columns[3]) if certain else columns[3:]
            arrival = np.maximum(left[owner], arrive)
            arrival = np.where(state[target, TIMELESS] == mark, start, arrival)
        known = state[target, MARK] == mark
        better = ~known
        better[known] = arrival[known] < since[state[target[known], LAST]]
        if timed:
            better &= left[owner] <= leave_by
        ends.append(end)
        if 0 <= longest <= len(ends) - 1:
            return _labels(nodes, parents, edges, arrivals, ends, int(better.any()))
        chosen = np.flatnonzero(better)
        chosen = chosen[_best(target[chosen], arrival[chosen], edge[chosen])]
        target = target[chosen]
        is_new = state[target, MARK] != mark
        reached += int(is_new.sum())
        if 0 <= most < reached:
            return _labels(nodes, parents, edges, arrivals, ends, 2)
        labels = np.arange(end, end + len(target))
        state[target[is_new], MARK] = mark
        state[target[is_new], FIRST] = labels[is_new]
        state[target, LAST] = labels
        nodes.append(target)
        parents.append(begin + owner[chosen])
        edges.append(edge[chosen])
        arrivals.append(arrival[chosen])
        since = np.concatenate((since, arrival[chosen]))
        begin, end = end, end + len(target)
    return _labels(nodes, parents, edges, arrivals, ends, 0)


def _labels(
    nodes: list[Array],
    parents: list[Array],
    edges: list[Array],
    arrivals: list[Array],
    ends: list[int],
    cut: int,
) -> Labels:
    none = np.empty(0, dtype=np.int64)
    node, parent, edge, arrival = (
        np.concatenate((none, *each)) for each in (nodes, parents, edges, arrivals)
    )
    room = Room(node, parent, edge, arrival)
    reached = len(np.unique(node))
    return Labels(room, len(node), reached, np.array(ends, dtype=np.int64), cut)


def found(labels: Labels, state: Array, with_times: bool) -> Found:
    """What a walk found, by depth and node."""
    room = labels.room
    label = np.flatnonzero(state[room.node, FIRST] == np.arange(labels.made))
    depth = np.searchsorted(labels.ends, label, side="right")
    key = np.sort((depth << 32) | room.node[label])
    node, depth = key & 0xFFFFFFFF, key >> 32
    label = state[node, FIRST]
    parent = room.parent[label]
    before = np.where(parent >= 0, room.node[np.maximum(parent, 0)], -1)
    arrival = room.arrival[state[node, LAST]] if with_times else room.arrival[:0]
    return Found(node, depth, arrival, room.edge[label], before)


def between(
    way: Way,
    state: Array,
    mark: int,
    labels: Labels,
    nodes: Array,
    certain: bool,
    with_times: bool,
) -> tuple[Array, Array, Array]:
    """Edges that paths may take between the nodes a walk found: from, to, row number."""
    owner, target, number, lo, hi = outgoing(way, nodes, with_times=True)
    kept = (state[target, MARK] == mark) & (state[target, FIRST] < labels.made)
    if with_times:
        left = labels.room.arrival[state[nodes, LAST]]
        kept &= left[owner] <= (lo if certain else hi)
    return nodes[owner[kept]], target[kept], number[kept]


def sweep(way: Way, masks: Array, seeds: Array) -> tuple[Array, Array]:
    """Which nodes are got to, ascending, and from which of up to 64 seeds, as bits.

    The first column of ``masks`` holds the bits of a node, the second those it has not passed on
    yet; all are 0 before and after.
    """
    at, place = np.unique(seeds, return_inverse=True)
    known, pending = masks[:, 0], masks[:, 1]
    np.bitwise_or.at(known, at[place], np.uint64(1) << np.arange(len(seeds), dtype=np.uint64))
    pending[at] = known[at]
    seen = [at]
    while len(at):
        bits = pending[at]
        pending[at] = 0
        owner, target, _ = outgoing(way, at, with_times=False)
        seen.append(np.unique(target[known[target] == 0]))
        fresh = bits[owner] & ~known[target]
        target, fresh = target[fresh != 0], fresh[fresh != 0]
        np.bitwise_or.at(known, target, fresh)
        np.bitwise_or.at(pending, target, fresh)
        at = np.unique(target)
    node = np.sort(np.concatenate(seen))
    found = known[node]
    known[node] = 0
    return node, found
