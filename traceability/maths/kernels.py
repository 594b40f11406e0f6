"""Walks over compressed adjacency, compiled; twins with equal results: `kernels_numpy`.

A walk keeps a list of labels: a node, the label it was got to from, by which edge, and when. A node
gets a new label when it is reached earlier than before; labels of one round lie together, so the
list is also the queue and its length is that of the answer. What a walk knows of a node stands in
four numbers side by side, valid where the first equals the mark of this walk; nothing of the size
of the graph is made or cleared for a question.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from traceability.maths.compiled import compiled
from traceability.maths.kernels_shape import (
    FIRST,
    LAST,
    MARK,
    TIMELESS,
    Found,
    Labels,
    Way,
)

Array = NDArray[Any]

_BEGIN = 256  # labels there is room for at first


@compiled
def _room(array: Array, size: int) -> Array:
    """The array, or a longer copy."""
    if len(array) >= size:
        return array
    longer = np.empty(max(size, 2 * len(array)), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


@compiled
def _number(way: Way, index: int) -> int:
    """Row number of an edge."""
    name = way.record[index, 2]
    return way.names[name] if len(way.names) else way.first_name + name


@compiled
def _put(
    target: int,
    at: int,
    edge: int,
    label: int,
    end: int,
    made: int,
    mark: int,
    state: Array,
    node: Array,
    parent: Array,
    number: Array,
    arrival: Array,
) -> int:
    """Note an arrival if it is the best of its node so far; returns how many labels there are."""
    if state[target, MARK] == mark:
        last = state[target, LAST]
        if at > arrival[last] or (at == arrival[last] and (last < end or edge >= number[last])):
            return made
        if last >= end:  # made in this round: the better edge takes its place
            parent[last], number[last], arrival[last] = label, edge, at
            return made
    else:
        state[target, MARK] = mark
        state[target, FIRST] = made
    state[target, LAST] = made
    node[made], parent[made], number[made], arrival[made] = target, label, edge, at
    return made + 1


@compiled
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
) -> Labels:
    """Reach in order of time; ``longest`` and ``most`` of -1 are no bound."""
    base, added = len(way.starts) - 1, len(way.added_starts) - 1
    has_retracted = len(way.retracted) > 0
    node, parent = np.empty(_BEGIN, np.int32), np.empty(_BEGIN, np.int32)
    edge, arrival = np.empty(_BEGIN, np.int64), np.empty(_BEGIN, np.int64)
    node, parent = _room(node, len(seeds)), _room(parent, len(seeds))
    edge, arrival = _room(edge, len(seeds)), _room(arrival, len(seeds))
    ends, rounds = np.empty(16, np.int64), 0
    for each in timeless:
        state[each, TIMELESS] = mark
    made = 0
    for each in seeds:
        made = _put(each, start, -1, -1, 0, made, mark, state, node, parent, edge, arrival)
    begin, end, reached, cut = 0, made, made, 0
    if most >= 0 and reached > most:
        made, end, cut = 0, 0, 2
    while begin < end:
        is_last = longest >= 0 and rounds >= longest
        for label in range(begin, end):
            here, left = node[label], arrival[label]
            first, last = 0, 0
            if here < base:
                first, last = way.starts[here], way.starts[here + 1]
            more, bound = 0, 0
            if here < added:
                more, bound = way.added_starts[here], way.added_starts[here + 1]
            size = made + (last - first) + (bound - more)
            if size > len(node):
                node, parent = _room(node, size), _room(parent, size)
                edge, arrival = _room(edge, size), _room(arrival, size)
            for index in range(first, last):
                if has_retracted and way.retracted[index >> 3] >> (index & 7) & 1:
                    continue
                span = way.record[index, 1]
                if span >= 0:
                    lo, hi = np.int64(span) << 32, np.int64(span) << 32
                else:
                    lo = np.int64(way.wide[~span, 0]) << 32
                    hi = np.int64(way.wide[~span, 1]) << 32
                if way.is_backward:
                    lo, hi = -hi, -lo
                if certain:
                    lo, hi = hi, lo
                if left > hi:
                    continue
                target, at = way.record[index, 0], max(left, lo)
                if state[target, TIMELESS] == mark:
                    at = start
                if is_last:
                    if state[target, MARK] != mark or at < arrival[state[target, LAST]]:
                        cut = 1
                    continue
                made = _put(
                    target, at, _number(way, index), label, end, made,
                    mark, state, node, parent, edge, arrival,
                )  # fmt: skip
            for index in range(more, bound):
                lo, hi = way.added_lo[index], way.added_hi[index]
                if way.is_backward:
                    lo, hi = -hi, -lo
                if certain:
                    lo, hi = hi, lo
                if left > hi:
                    continue
                target, at = way.added_neighbour[index], max(left, lo)
                if state[target, TIMELESS] == mark:
                    at = start
                if is_last:
                    if state[target, MARK] != mark or at < arrival[state[target, LAST]]:
                        cut = 1
                    continue
                made = _put(
                    target, at, way.added_number[index], label, end, made,
                    mark, state, node, parent, edge, arrival,
                )  # fmt: skip
        ends = _room(ends, rounds + 1)
        ends[rounds] = end
        rounds += 1
        if is_last:
            break
        for label in range(end, made):
            reached += state[node[label], FIRST] == label
        if most >= 0 and reached > most:
            made, cut = end, 2
            for label in range(made):  # take back what the round left out had improved
                state[node[label], LAST] = label
            break
        begin, end = end, made
    return Labels(
        node[:made].copy(), parent[:made].copy(), edge[:made].copy(), arrival[:made].copy(),
        ends[:rounds].copy(), cut,
    )  # fmt: skip


@compiled
def plain(
    way: Way, state: Array, mark: int, seeds: Array, start: int, longest: int, most: int
) -> Labels:
    """Reach along all edges, whenever they happened."""
    base, added = len(way.starts) - 1, len(way.added_starts) - 1
    has_retracted = len(way.retracted) > 0
    node, parent = np.empty(_BEGIN, np.int32), np.empty(_BEGIN, np.int32)
    edge = np.empty(_BEGIN, np.int64)
    node, parent, edge = (
        _room(node, len(seeds)), _room(parent, len(seeds)), _room(edge, len(seeds)),
    )  # fmt: skip
    ends, rounds = np.empty(16, np.int64), 0
    made = 0
    for each in seeds:
        state[each, MARK], state[each, FIRST], state[each, LAST] = mark, made, made
        node[made], parent[made], edge[made] = each, -1, -1
        made += 1
    begin, end, cut = 0, made, 0
    if most >= 0 and made > most:
        made, end, cut = 0, 0, 2
    while begin < end:
        is_last = longest >= 0 and rounds >= longest
        for label in range(begin, end):
            here = node[label]
            first, last = 0, 0
            if here < base:
                first, last = way.starts[here], way.starts[here + 1]
            more, bound = 0, 0
            if here < added:
                more, bound = way.added_starts[here], way.added_starts[here + 1]
            size = made + (last - first) + (bound - more)
            if size > len(node):
                node, parent, edge = _room(node, size), _room(parent, size), _room(edge, size)
            for index in range(first, last + bound - more):
                if index < last:
                    target = way.record[index, 0]
                    if state[target, MARK] == mark and (is_last or state[target, FIRST] < end):
                        continue
                    if has_retracted and way.retracted[index >> 3] >> (index & 7) & 1:
                        continue
                    name = _number(way, index)
                else:
                    target = way.added_neighbour[index - last + more]
                    if state[target, MARK] == mark and (is_last or state[target, FIRST] < end):
                        continue
                    name = way.added_number[index - last + more]
                if is_last:
                    cut = 1
                elif state[target, MARK] != mark:
                    state[target, MARK], state[target, FIRST] = mark, made
                    state[target, LAST] = made
                    node[made], parent[made], edge[made] = target, label, name
                    made += 1
                elif name < edge[state[target, FIRST]]:
                    same = state[target, FIRST]
                    parent[same], edge[same] = label, name
        ends = _room(ends, rounds + 1)
        ends[rounds] = end
        rounds += 1
        if is_last:
            break
        if most >= 0 and made > most:
            made, cut = end, 2
            break
        begin, end = end, made
    arrival = np.full(made, start, np.int64)
    return Labels(
        node[:made].copy(), parent[:made].copy(), edge[:made].copy(), arrival, ends[:rounds].copy(),
        cut,
    )  # fmt: skip


@compiled
def found(labels: Labels, state: Array) -> Found:
    """What a walk found, by depth and node."""
    size = 0
    for label in range(len(labels.node)):
        size += state[labels.node[label], FIRST] == label
    order = np.empty(size, np.int32)
    node, depth = np.empty(size, np.int64), np.empty(size, np.int64)
    made, label = 0, 0
    for turn in range(len(labels.ends)):
        begin = made
        while label < labels.ends[turn]:
            if state[labels.node[label], FIRST] == label:
                order[made] = label
                made += 1
            label += 1
        _sort(order[begin:made], labels.node)
        depth[begin:made] = turn
    arrival, edge = np.empty(size, np.int64), np.empty(size, np.int64)
    before = np.empty(size, np.int64)
    for index in range(size):
        label = order[index]
        node[index] = labels.node[label]
        arrival[index] = labels.arrival[state[labels.node[label], LAST]]
        edge[index] = labels.edge[label]
        parent = labels.parent[label]
        before[index] = labels.node[parent] if parent >= 0 else -1
    return Found(node, depth, arrival, edge, before)


@compiled
def _sort(order: Array, node: Array) -> None:
    """Labels by node, in place."""
    if len(order) < 64:
        for index in range(1, len(order)):
            label, back = order[index], index
            while back > 0 and node[order[back - 1]] > node[label]:
                order[back] = order[back - 1]
                back -= 1
            order[back] = label
        return
    bits = 8 if len(order) < 4096 else 11
    other = np.empty_like(order)
    most, shift = 0, 0
    for label in order:
        most = max(most, node[label])
    here, there = order, other
    while most >> shift > 0:
        counts = np.zeros((1 << bits) + 1, np.int64)
        for label in here:
            counts[((node[label] >> shift) & ((1 << bits) - 1)) + 1] += 1
        for digit in range(1 << bits):
            counts[digit + 1] += counts[digit]
        for label in here:
            digit = (node[label] >> shift) & ((1 << bits) - 1)
            there[counts[digit]] = label
            counts[digit] += 1
        here, there = there, here
        shift += bits
    order[:] = here
