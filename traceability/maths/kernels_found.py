"""What compiled walks found, in order; and what they share: longer arrays, a sort of labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from traceability.maths.compiled import compiled
from traceability.maths.kernels_shape import FIRST, LAST, Found, Labels

Array = NDArray[Any]


@compiled
def lengthened(array: Array, size: int) -> Array:
    """The array, or a longer copy."""
    if len(array) >= size:
        return array
    longer = np.empty(max(size, 2 * len(array)), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


@compiled
def sort_labels(order: Array, node: Array) -> None:
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


@compiled
def found(labels: Labels, state: Array, with_times: bool) -> Found:
    """What a walk found, by depth and node."""
    nodes, parents, edges = labels.room.node, labels.room.parent, labels.room.edge
    arrivals = labels.room.arrival
    size, once = labels.reached, labels.reached == labels.made
    order = np.empty(size, np.int32)
    node, depth = np.empty(size, np.int64), np.empty(size, np.int64)
    made, label = 0, 0
    for turn in range(len(labels.ends)):
        begin = made
        while label < labels.ends[turn]:
            if once or state[nodes[label], FIRST] == label:
                order[made] = label
                made += 1
            label += 1
        sort_labels(order[begin:made], nodes)
        depth[begin:made] = turn
    arrival = np.empty(size if with_times else 0, np.int64)
    edge, before = np.empty(size, np.int64), np.empty(size, np.int64)
    for index in range(size):
        label = order[index]
        node[index] = nodes[label]
        if with_times:
            arrival[index] = arrivals[label if once else state[nodes[label], LAST]]
        edge[index] = edges[label]
        parent = parents[label]
        before[index] = nodes[parent] if parent >= 0 else -1
    return Found(node, depth, arrival, edge, before)
