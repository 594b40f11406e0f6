"""Building compressed adjacency in numpy: the twin of `kernels_build`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from traceability.maths.ledger import EARLIEST, LATEST

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

_UNITS = (1_000_000, 1_000, 1)


def survey(lo: Ints, hi: Ints) -> tuple[int, int, int]:
    """Least and greatest bounded time, and which of the units all their distances share."""
    least, most, step = LATEST, EARLIEST, 0
    first = None
    for times in (lo, hi):
        bounded = times[(times > EARLIEST) & (times < LATEST)]
        if not len(bounded):
            continue
        first = int(bounded[0]) if first is None else first
        least, most = min(least, int(bounded.min())), max(most, int(bounded.max()))
        while step < 2 and np.any((bounded - first) % _UNITS[step]):
            step += 1
    return least, most, step


def even_codes(times: Ints, origin: int, unit: int, last: int) -> Codes:
    """Codes in even steps from an origin."""
    codes = np.where(times == LATEST, last, (times - origin) // unit + 1)
    return np.where(times == EARLIEST, 0, codes).astype(np.int32)


def ranked(lo: Ints, hi: Ints) -> tuple[Ints, Codes, Codes]:
    """The distinct bounded times, ascending, and the place of each time among them from 1."""
    table = np.unique(np.concatenate((lo, hi)))
    table = table[(table > EARLIEST) & (table < LATEST)]
    found = []
    for times in (lo, hi):
        codes = np.searchsorted(table, times) + 1
        found.append(np.where(times == EARLIEST, 0, codes).astype(np.int32))
    return table, found[0], found[1]


def spans(low: Codes, high: Codes) -> tuple[Codes, Codes]:
    """One number for each interval: an instant's code, or the complement of a row of the table."""
    is_wide = low != high
    when = low.copy()
    pairs = (low[is_wide].astype(np.int64) << 32) | high[is_wide].astype(np.int64)
    distinct, row = np.unique(pairs, return_inverse=True)
    when[is_wide] = ~row.astype(np.int32)
    wide = np.empty((len(distinct), 2), dtype=np.int32)
    wide[:, 0], wide[:, 1] = distinct >> 32, distinct & 0xFFFFFFFF
    return when, wide


def outward(
    source: Ints, target: Ints, when: Codes, name: Codes, starts: NDArray[Any]
) -> NDArray[np.int32]:
    """Records of edges (neighbour, time, name) by source; fills ``starts``."""
    order = np.argsort(source, kind="stable")
    np.cumsum(np.bincount(source, minlength=len(starts) - 1), out=starts[1:])
    return np.stack((target[order].astype(np.int32), when[order], name[order]), axis=1)


def inward(
    starts: NDArray[Any], record: NDArray[np.int32], back: NDArray[Any]
) -> NDArray[np.int32]:
    """The same edges by target; fills ``back``."""
    order = np.argsort(record[:, 0], kind="stable")
    np.cumsum(np.bincount(record[:, 0], minlength=len(back) - 1), out=back[1:])
    counts = np.diff(starts)
    source = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    return np.stack((source[order], record[order, 1], record[order, 2]), axis=1)
