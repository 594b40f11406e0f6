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
_DIGIT = 11  # bits sorted at a time


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
    key, place = np.empty(size, dtype=np.uint64), np.empty(size, dtype=np.int64)
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
def outward(
    source: Ints, target: Ints, when: Codes, name: Codes, starts: NDArray[Any]
) -> NDArray[np.int32]:
    """Records of edges (neighbour, time, name) by source; fills ``starts``."""
    edges, nodes = len(source), len(starts) - 1
    for edge in range(edges):
        starts[source[edge] + 1] += 1
    for node in range(nodes):
        starts[node + 1] += starts[node]
    free = starts[:nodes].copy()
    record = np.empty((edges, 3), dtype=np.int32)
    for edge in range(edges):
        place = free[source[edge]]
        free[source[edge]] = place + 1
        record[place, 0], record[place, 1], record[place, 2] = target[edge], when[edge], name[edge]
    return record


@compiled
def inward(
    starts: NDArray[Any], record: NDArray[np.int32], back: NDArray[Any]
) -> NDArray[np.int32]:
    """The same edges by target; fills ``back``."""
    edges, nodes = len(record), len(starts) - 1
    for place in range(edges):
        back[record[place, 0] + 1] += 1
    for node in range(nodes):
        back[node + 1] += back[node]
    free = back[:nodes].copy()
    found = np.empty((edges, 3), dtype=np.int32)
    for node in range(nodes):
        for place in range(starts[node], starts[node + 1]):
            target = record[place, 0]
            there = free[target]
            free[target] = there + 1
            found[there, 0] = node
            found[there, 1], found[there, 2] = record[place, 1], record[place, 2]
    return found
