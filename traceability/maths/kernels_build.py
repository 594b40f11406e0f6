"""Building compressed adjacency by counting sort, compiled; twin: `kernels_build_numpy`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from traceability.maths.compiled import compiled
from traceability.maths.ledger import EARLIEST, LATEST

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

_SLOT_BITS = 15  # intervals remembered while numbering them: 128 kB stay in a near cache
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio (Knuth 6.4)
_DIGIT = 8  # bits sorted at a time: as many places are written to as the near cache holds
_GROUPS = 512  # of neighbouring nodes, for the same reason


@compiled
def survey(lo: Ints, hi: Ints) -> tuple[int, int, int]:
    """Least and greatest bounded time, and which of the units all their distances share."""
    least, most, step = LATEST, EARLIEST, 0
    first, has_first = 0, False
    for edge in range(len(lo)):
        for end in range(2):
            time = lo[edge] if end == 0 else hi[edge]
            if time <= EARLIEST or time >= LATEST:
                continue
            if not has_first:
                first, has_first = time, True
            least, most = min(least, time), max(most, time)
            # Dividing by constants is several times faster than by a variable.
            if step == 0 and (time - first) % 1_000_000 != 0:
                step = 1
            if step == 1 and (time - first) % 1_000 != 0:
                step = 2
    return least, most, step


@compiled
def even_codes(times: Ints, origin: int, unit: int, last: int) -> Codes:
    """Codes in even steps from an origin."""
    codes = np.empty(len(times), dtype=np.int32)
    for edge in range(len(times)):
        time = times[edge]
        if time == EARLIEST:
            codes[edge] = 0
        elif time == LATEST:
            codes[edge] = last
        elif unit == 1_000_000:
            codes[edge] = (time - origin) // 1_000_000 + 1
        else:
            codes[edge] = (time - origin) // unit + 1
    return codes


@compiled
def _by_time(key: NDArray[Any], place: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Keys ascending with their places: a radix sort over as many bits as the keys have."""
    other_key, other_place = np.empty_like(key), np.empty_like(place)
    most, bits = key.max() if len(key) else np.uint64(0), 0
    while bits < 64 and (most >> np.uint64(bits)) > 0:
        bits += 1
    rounds = (bits + _DIGIT - 1) // _DIGIT
    for turn in range(rounds):
        width = (bits + rounds - 1) // rounds
        shift, mask = np.uint64(turn * width), np.uint64((1 << width) - 1)
        counts = np.zeros((1 << width) + 1, dtype=np.int64)
        for index in range(len(key)):
            counts[np.int64((key[index] >> shift) & mask) + 1] += 1
        for digit in range(1 << width):
            counts[digit + 1] += counts[digit]
        for index in range(len(key)):
            value = np.int64((key[index] >> shift) & mask)
            there = counts[value]
            counts[value] = there + 1
            other_key[there], other_place[there] = key[index], place[index]
        key, other_key = other_key, key
        place, other_place = other_place, place
    return key, place


@compiled
def ranked(lo: Ints, hi: Ints) -> tuple[Ints, Codes, Codes]:
    """The distinct bounded times, ascending, and the place of each time among them from 1."""
    size, edges = 0, len(lo)
    least = np.int64(LATEST)
    for edge in range(edges):
        if lo[edge] > EARLIEST and lo[edge] < LATEST:
            size += 1
            least = min(least, lo[edge])
        if hi[edge] != lo[edge] and hi[edge] > EARLIEST and hi[edge] < LATEST:
            size += 1
            least = min(least, hi[edge])
    key, place = np.empty(size, dtype=np.uint64), np.empty(size, dtype=np.uint32)
    low, high = np.zeros(edges, dtype=np.int32), np.zeros(edges, dtype=np.int32)
    size = 0
    for edge in range(edges):
        if lo[edge] > EARLIEST and lo[edge] < LATEST:
            key[size], place[size] = np.uint64(lo[edge] - least), 2 * edge
            size += 1
        if hi[edge] != lo[edge] and hi[edge] > EARLIEST and hi[edge] < LATEST:
            key[size], place[size] = np.uint64(hi[edge] - least), 2 * edge + 1
            size += 1
    key, place = _by_time(key, place)
    table = np.empty(size, dtype=np.int64)
    rank = 0
    for index in range(size):
        if index == 0 or key[index] != key[index - 1]:
            table[rank] = np.int64(key[index]) + least
            rank += 1
        if place[index] & 1:
            high[place[index] >> 1] = rank
        else:
            low[place[index] >> 1] = rank
    for edge in range(edges):
        if lo[edge] == LATEST:
            low[edge] = rank + 1
        if hi[edge] == LATEST:
            high[edge] = rank + 1
        elif hi[edge] == lo[edge]:
            high[edge] = low[edge]
    return table[:rank].copy(), low, high


@compiled
def spans(low: Codes, high: Codes) -> tuple[Codes, Codes]:
    """One number for each interval: an instant's code, or the complement of a row of the table.

    Intervals met lately get the row they have; a hash table of all would cost more than rows that
    come twice.
    """
    when = np.empty(len(low), dtype=np.int32)
    size = 0
    for edge in range(len(low)):
        size += low[edge] != high[edge]
    wide = np.empty((size, 2), dtype=np.int32)
    remembered = np.full(1 << _SLOT_BITS, -1, dtype=np.int32)
    rows = 0
    for edge in range(len(low)):
        first, last = low[edge], high[edge]
        if first == last:
            when[edge] = first
            continue
        pair = (np.uint64(first) << np.uint64(32)) | np.uint64(last)
        pair = (pair ^ (pair >> np.uint64(29))) * _SPREAD
        slot = np.int64((pair ^ (pair >> np.uint64(32))) * _SPREAD >> np.uint64(64 - _SLOT_BITS))
        row = remembered[slot]
        if row < 0 or wide[row, 0] != first or wide[row, 1] != last:
            remembered[slot] = remembered[slot ^ 1]
            remembered[slot ^ 1] = row
            row = remembered[slot]
        if row < 0 or wide[row, 0] != first or wide[row, 1] != last:
            row = rows
            wide[row, 0], wide[row, 1] = first, last
            remembered[slot] = row
            rows += 1
        when[edge] = ~row
    return when, wide[:rows].copy()


@compiled
def _bounds(owners: NDArray[Any], shift: int, groups: int) -> Ints:
    """Where the edges of each group of neighbouring owners begin."""
    bounds = np.zeros(groups + 1, dtype=np.int64)
    for index in range(len(owners)):
        bounds[(owners[index] >> shift) + 1] += 1
    for group in range(groups):
        bounds[group + 1] += bounds[group]
    return bounds


@compiled
def _shift(nodes: int) -> int:
    """How many bits of a node number tell nodes of one group apart."""
    shift = 0
    while nodes >> shift > _GROUPS:
        shift += 1
    return shift


@compiled
def _settled(
    grouped: NDArray[np.int32], ends: Ints, shift: int, starts: NDArray[Any]
) -> NDArray[np.int32]:
    """Edges in groups of owners into the lists of their owners; fills ``starts``."""
    nodes = len(starts) - 1
    record = np.empty((len(grouped), 3), dtype=np.int32)
    free = np.empty((1 << shift) + 1, dtype=np.int64)
    begin = 0
    for group in range(len(ends)):
        first = group << shift
        last = min((group + 1) << shift, nodes)
        free[:] = 0
        for index in range(begin, ends[group]):
            free[grouped[index, 0] - first + 1] += 1
        free[0] = begin
        for node in range(first, last):
            free[node - first + 1] += free[node - first]
            starts[node] = free[node - first]
        for index in range(begin, ends[group]):
            owner = grouped[index, 0] - first
            place = free[owner]
            free[owner] = place + 1
            record[place, 0], record[place, 1] = grouped[index, 1], grouped[index, 2]
            record[place, 2] = grouped[index, 3]
        begin = ends[group]
    starts[nodes] = len(grouped)
    return record


@compiled
def outward(
    source: Ints, target: Ints, when: Codes, name: Codes, starts: NDArray[Any]
) -> NDArray[np.int32]:
    """Records of edges (neighbour, time, name) by source; fills ``starts``.

    First into groups of neighbouring sources, then each group in a near cache: writing to millions
    of lists at once costs a trip to memory for every edge.
    """
    shift = _shift(len(starts) - 1)
    free = _bounds(source, shift, ((len(starts) - 2) >> shift) + 1)
    grouped = np.empty((len(source), 4), dtype=np.int32)
    for edge in range(len(source)):
        group = source[edge] >> shift
        place = free[group]
        free[group] = place + 1
        grouped[place, 0], grouped[place, 1] = source[edge], target[edge]
        grouped[place, 2], grouped[place, 3] = when[edge], name[edge]
    return _settled(grouped, free[:-1], shift, starts)


@compiled
def inward(
    starts: NDArray[Any], record: NDArray[np.int32], back: NDArray[Any]
) -> NDArray[np.int32]:
    """The same edges by target; fills ``back``."""
    shift = _shift(len(back) - 1)
    free = _bounds(record[:, 0], shift, ((len(back) - 2) >> shift) + 1)
    grouped = np.empty((len(record), 4), dtype=np.int32)
    for node in range(len(starts) - 1):
        for index in range(starts[node], starts[node + 1]):
            group = record[index, 0] >> shift
            place = free[group]
            free[group] = place + 1
            grouped[place, 0], grouped[place, 1] = record[index, 0], node
            grouped[place, 2], grouped[place, 3] = record[index, 1], record[index, 2]
    return _settled(grouped, free[:-1], shift, back)
