"""One invented supply network for all engines: nine tiers, few large facilities, dates in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SEED = 20260301
WEEK, YEAR = 7 * 86_400, 365 * 86_400  # seconds
MICROSECONDS = 1_000_000
TIERS = (2, 3, 5, 7, 9, 12, 15, 20, 27)  # share of the lots by tier, from raw materials to shops
LOTS_PER_FACILITY = 200
STEEPNESS = 0.8  # Zipf exponent of who is bought from


@dataclass(frozen=True)
class Network:
    """Lots and what went into what: edges by time of the goods made."""

    nodes: int
    source: Array
    target: Array
    at: Array  # microseconds

    @property
    def number(self) -> Array:
        """Row numbers as a table would give them."""
        return np.arange(1, len(self.source) + 1)


def _facilities(lots: int) -> Array:
    """Lots of each facility of a tier: Zipf, at least one each."""
    count = max(lots // LOTS_PER_FACILITY, 1)
    weight = 1 / np.arange(1, count + 1) ** 0.5
    sizes = np.maximum((lots * weight / weight.sum()).astype(np.int64), 1)
    sizes[0] += lots - sizes.sum()
    return sizes


def network(nodes: int, edges: int) -> Network:
    """A network of about so many edges; the same for the same numbers, on any machine.

    A lot takes its inputs from lots of the tier before, each the newest of a facility some days
    ago, so every path is in order of time. A few facilities serve most: their lots go into
    thousands.
    """
    random = np.random.default_rng(SEED)
    sizes = (nodes * np.array(TIERS) / sum(TIERS)).astype(np.int64)
    sizes[-1] += nodes - sizes.sum()
    per_lot = edges / sizes[1:].sum()
    sources, targets, times = [], [], []
    begin, before = 0, None
    for tier, size in enumerate(sizes):
        facilities = _facilities(int(size))
        first = begin + np.concatenate(([0], np.cumsum(facilities)[:-1]))
        within = np.arange(size) - np.repeat(first - begin, facilities)
        spread = within + random.random(size)
        made = tier * WEEK + (spread / np.repeat(facilities, facilities) * YEAR).astype(np.int64)
        if before is not None:
            their_first, their_size, their_made, their_begin = before
            target = np.repeat(np.arange(size), random.poisson(per_lot - 1, size) + 1)
            weight = np.cumsum(1 / np.arange(1, len(their_size) + 1) ** STEEPNESS)
            chosen = np.searchsorted(weight, random.random(len(target)) * weight[-1])
            until = made[target] - (tier - 1) * WEEK - random.exponential(4 * 86_400, len(target))
            newest = np.clip((until / YEAR * their_size[chosen]).astype(np.int64) - 1, 0, None)
            source = their_first[chosen] + np.minimum(newest, their_size[chosen] - 1)
            in_order = their_made[source - their_begin] < made[target]
            sources.append(source[in_order])
            targets.append(begin + target[in_order])
            times.append(made[target[in_order]])
        before = (first, facilities, made, begin)
        begin += int(size)
    source, target, at = (np.concatenate(each) for each in (sources, targets, times))
    order = np.argsort(at, kind="stable")
    return Network(nodes, source[order], target[order], at[order] * MICROSECONDS)
