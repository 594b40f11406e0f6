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
from traceability.maths.kernels_found import found as found
from traceability.maths.kernels_found import lengthened, sort_labels
from traceability.maths.kernels_shape import (
    FIRST,
    LAST,
    MARK,
    TIMELESS,
    Labels,
    Room,
    Way,
)

Array = NDArray[Any]


@compiled
def _timed_round(
    way: Way,
    state: Array,
    mark: int,
    node: Array,
    parent: Array,
    edge: Array,
    arrival: Array,
    begin: int,
    end: int,
    made: int,
    certain: bool,
    start: int,
    is_last: bool,
) -> tuple[int, int, int]:
    """Walk on from labels, until there may be no room for more of them.

    Returns where it stopped, how many labels there are, and (in the last round, which makes none)
    whether there would be more.
    """
    starts, record, wide, retracted = way.starts, way.record, way.wide, way.retracted
    names, first_name, is_backward = way.names, way.first_name, way.is_backward
    added_starts, added_neighbour = way.added_starts, way.added_neighbour
    added_lo, added_hi, added_number = way.added_lo, way.added_hi, way.added_number
    base, added = len(starts) - 1, len(added_starts) - 1
    has_retracted, has_names = len(retracted) > 0, len(names) > 0
    cut = 0
    for label in range(begin, end):
        here, left = node[label], arrival[label]
        first, last, more, bound = 0, 0, 0, 0
        if here < base:
            first, last = starts[here], starts[here + 1]
        if here < added:
            more, bound = added_starts[here], added_starts[here + 1]
        if made + last - first + bound - more > len(node):
            return label, made, cut
        for index in range(first, last + bound - more):
            if index < last:
                if has_retracted and retracted[index >> 3] >> (index & 7) & 1:
                    continue
                target, span = record[index, 0], record[index, 1]
                if span >= 0:
                    lo, hi = np.int64(span) << 32, np.int64(span) << 32
                else:
                    lo, hi = np.int64(wide[~span, 0]) << 32, np.int64(wide[~span, 1]) << 32
                name: Any = np.int64(record[index, 2])
                name = names[name] if has_names else first_name + name
            else:
                extra = index - last + more
                target, name = added_neighbour[extra], added_number[extra]
                lo, hi = added_lo[extra], added_hi[extra]
            if is_backward:
                lo, hi = -hi, -lo
            if certain:
                lo, hi = hi, lo
            if left > hi:
                continue
            at = max(left, lo)
            if state[target, TIMELESS] == mark:
                at = start
            is_new = state[target, MARK] != mark
            before = state[target, LAST]
            if is_last:
                if is_new or at < arrival[before]:
                    cut = 1
            elif is_new or (at < arrival[before] and before < end):
                if is_new:
                    state[target, MARK], state[target, FIRST] = mark, made
                state[target, LAST] = made
                node[made], parent[made], edge[made], arrival[made] = target, label, name, at
                made += 1
            elif before >= end and (
                at < arrival[before] or (at == arrival[before] and name < edge[before])
            ):  # made in this round: the better edge takes its place
                parent[before], edge[before], arrival[before] = label, name, at
    return end, made, cut


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
    room: Room,
) -> Labels:
    """Reach in order of time; ``longest`` and ``most`` of -1 are no bound."""
    size = max(len(seeds), len(room.node))  # a plain walk lengthens all columns but the last
    node, parent = lengthened(room.node, size), lengthened(room.parent, size)
    edge, arrival = lengthened(room.edge, size), lengthened(room.arrival, size)
    for each in timeless:
        state[each, TIMELESS] = mark
    made = 0
    for each in seeds:
        state[each, MARK], state[each, FIRST], state[each, LAST] = mark, made, made
        node[made], parent[made], edge[made], arrival[made] = each, -1, -1, start
        made += 1
    ends, rounds = np.empty(16, np.int64), 0
    begin, end, reached, cut = 0, made, made, 0
    if most >= 0 and reached > most:
        made, end, reached, cut = 0, 0, 0, 2
    while begin < end:
        is_last = longest >= 0 and rounds >= longest
        while begin < end:
            begin, made, more = _timed_round(
                way, state, mark, node, parent, edge, arrival, begin, end, made, certain, start,
                is_last,
            )  # fmt: skip
            cut = max(cut, more)
            if begin < end:
                size = made + _degree(way, node[begin])
                node, parent = lengthened(node, size), lengthened(parent, size)
                edge, arrival = lengthened(edge, size), lengthened(arrival, size)
        ends = lengthened(ends, rounds + 1)
        ends[rounds] = end
        rounds += 1
        known = reached
        for label in range(end, made):
            reached += state[node[label], FIRST] == label
        if most >= 0 and reached > most:
            made, reached, cut = end, known, 2
            for label in range(made):  # take back what the round left out had improved
                state[node[label], LAST] = label
            break
        end = made
    return Labels(Room(node, parent, edge, arrival), made, reached, ends[:rounds].copy(), cut)


@compiled
def _degree(way: Way, node: int) -> int:
    """How many edges leave a node, those added and those taken back included."""
    found = 0
    if node < len(way.starts) - 1:
        found += way.starts[node + 1] - way.starts[node]
    if node < len(way.added_starts) - 1:
        found += way.added_starts[node + 1] - way.added_starts[node]
    return found


@compiled
def _plain_round(
    way: Way,
    state: Array,
    mark: int,
    node: Array,
    parent: Array,
    edge: Array,
    begin: int,
    end: int,
    made: int,
    is_last: bool,
) -> tuple[int, int, int]:
    """As `_timed_round`, whenever edges happened."""
    starts, record, retracted = way.starts, way.record, way.retracted
    names, first_name = way.names, way.first_name
    added_starts, added_neighbour = way.added_starts, way.added_neighbour
    added_number = way.added_number
    base, added = len(starts) - 1, len(added_starts) - 1
    has_retracted, has_names = len(retracted) > 0, len(names) > 0
    cut = 0
    for label in range(begin, end):
        here = node[label]
        first, last, more, bound = 0, 0, 0, 0
        if here < base:
            first, last = starts[here], starts[here + 1]
        if here < added:
            more, bound = added_starts[here], added_starts[here + 1]
        if made + last - first + bound - more > len(node):
            return label, made, cut
        for index in range(first, last + bound - more):
            if index < last:
                if has_retracted and retracted[index >> 3] >> (index & 7) & 1:
                    continue
                target = record[index, 0]
                name: Any = np.int64(record[index, 2])
                name = names[name] if has_names else first_name + name
            else:
                extra = index - last + more
                target, name = added_neighbour[extra], added_number[extra]
            if state[target, MARK] != mark:
                if is_last:
                    cut = 1
                    continue
                state[target, MARK], state[target, FIRST], state[target, LAST] = mark, made, made
                node[made], parent[made], edge[made] = target, label, name
                made += 1
            else:
                before = state[target, FIRST]
                if before >= end and name < edge[before]:
                    parent[before], edge[before] = label, name
    return end, made, cut


@compiled
def plain(
    way: Way, state: Array, mark: int, seeds: Array, longest: int, most: int, room: Room
) -> Labels:
    """Reach along all edges, whenever they happened."""
    node, parent = lengthened(room.node, len(seeds)), lengthened(room.parent, len(seeds))
    edge = lengthened(room.edge, len(seeds))
    made = 0
    for each in seeds:
        state[each, MARK], state[each, FIRST], state[each, LAST] = mark, made, made
        node[made], parent[made], edge[made] = each, -1, -1
        made += 1
    ends, rounds = np.empty(16, np.int64), 0
    begin, end, cut = 0, made, 0
    if most >= 0 and made > most:
        made, end, cut = 0, 0, 2
    while begin < end:
        is_last = longest >= 0 and rounds >= longest
        while begin < end:
            begin, made, more = _plain_round(
                way, state, mark, node, parent, edge, begin, end, made, is_last
            )
            cut = max(cut, more)
            if begin < end:
                size = made + _degree(way, node[begin])
                node, parent, edge = (
                    lengthened(node, size),
                    lengthened(parent, size),
                    lengthened(edge, size),
                )
        ends = lengthened(ends, rounds + 1)
        ends[rounds] = end
        rounds += 1
        if most >= 0 and made > most:
            made, cut = end, 2
            break
        end = made
    return Labels(Room(node, parent, edge, room.arrival), made, made, ends[:rounds].copy(), cut)


@compiled
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
    arrivals, made = labels.room.arrival, labels.made
    base, added = len(way.starts) - 1, len(way.added_starts) - 1
    here, there = np.empty(1024, np.int64), np.empty(1024, np.int64)
    number, size = np.empty(1024, np.int64), 0
    for node in nodes:
        left = arrivals[state[node, LAST]] if with_times else np.int64(0)
        first, last, more, bound = 0, 0, 0, 0
        if node < base:
            first, last = way.starts[node], way.starts[node + 1]
        if node < added:
            more, bound = way.added_starts[node], way.added_starts[node + 1]
        longest = size + last - first + bound - more
        if longest > len(here):
            here, there = lengthened(here, longest), lengthened(there, longest)
            number = lengthened(number, longest)
        for index in range(first, last + bound - more):
            extra = index - last + more
            if index < last:
                if len(way.retracted) and way.retracted[index >> 3] >> (index & 7) & 1:
                    continue
                target, span = way.record[index, 0], np.int64(way.record[index, 1])
                lo = (span if span >= 0 else np.int64(way.wide[~span, 0])) << 32
                hi = (span if span >= 0 else np.int64(way.wide[~span, 1])) << 32
                name: Any = np.int64(way.record[index, 2])
                name = way.names[name] if len(way.names) else way.first_name + name
            else:
                target, name = way.added_neighbour[extra], way.added_number[extra]
                lo, hi = way.added_lo[extra], way.added_hi[extra]
            leave_by = lo if certain != way.is_backward else hi
            leave_by = -leave_by if way.is_backward else leave_by
            if state[target, MARK] != mark or state[target, FIRST] >= made:
                continue
            if with_times and left > leave_by:
                continue
            here[size], there[size], number[size] = node, target, name
            size += 1
    return here[:size].copy(), there[:size].copy(), number[:size].copy()


@compiled
def sweep(way: Way, masks: Array, seeds: Array) -> tuple[Array, Array]:
    """Which nodes are got to, ascending, and from which of up to 64 seeds, as bits.

    The first column of ``masks`` holds the bits of a node, the second those it has not passed on
    yet; all are 0 before and after.
    """
    starts, record, retracted = way.starts, way.record, way.retracted
    added_starts, added_neighbour = way.added_starts, way.added_neighbour
    base, added = len(starts) - 1, len(added_starts) - 1
    has_retracted = len(retracted) > 0
    seen, waiting = np.empty(1024, np.int32), np.empty(1024, np.int32)
    later = np.empty(1024, np.int32)
    size, count, none = 0, 0, np.uint64(0)  # comparing with a plain 0 goes by way of floats
    for place in range(len(seeds)):
        here, bit = seeds[place], np.uint64(1) << np.uint64(place)
        if masks[here, 0] == none:
            seen[size], waiting[count] = here, here
            size, count = size + 1, count + 1
        masks[here, 0] |= bit
        masks[here, 1] |= bit
    while count > 0:
        coming = 0
        for turn in range(count):
            here = waiting[turn]
            bits = masks[here, 1]
            masks[here, 1] = none
            first, last, more, bound = 0, 0, 0, 0
            if here < base:
                first, last = starts[here], starts[here + 1]
            if here < added:
                more, bound = added_starts[here], added_starts[here + 1]
            degree = last - first + bound - more
            if size + degree > len(seen):
                seen = lengthened(seen, size + degree)
            if coming + degree > len(later):
                later = lengthened(later, coming + degree)
            for index in range(first, last + bound - more):
                if index < last:
                    if has_retracted and retracted[index >> 3] >> (index & 7) & 1:
                        continue
                    target = record[index, 0]
                else:
                    target = added_neighbour[index - last + more]
                known = masks[target, 0]
                new = bits & ~known
                if new == none:
                    continue
                if known == none:
                    seen[size] = target
                    size += 1
                masks[target, 0] = known | new
                if masks[target, 1] == none:
                    later[coming] = target
                    coming += 1
                masks[target, 1] |= new
        waiting, later, count = later, waiting, coming
    order = np.arange(size).astype(np.int32)
    sort_labels(order, seen)
    node, found = np.empty(size, np.int64), np.empty(size, np.uint64)
    for index in range(size):
        node[index] = seen[order[index]]
        found[index] = masks[node[index], 0]
        masks[node[index], 0] = none
    return node, found
