"""How much of what was suspect may have come where: shares along edges, for ranking only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Suspect mass that came to each node, as expected.

    Attributes
    ----------
    node : (nodes,) int64
        Ascending.
    mass : (nodes,) float64
        In the unit of what the seeds were given; what came twice round a cycle counts twice.
    unsettled : float
        Mass still moving when it stopped: 0 without cycles.
    """

    node: Ints
    mass: Floats
    unsettled: float


def expected_exposure(
    *,
    seeds: Ints,
    seed_mass: Floats,
    source: Ints,
    target: Ints,
    quantity: Floats,
    rounds: int = 200,
    negligible: float = 1e-9,
) -> Exposure:
    """How much suspect mass comes to each lot if what leaves a lot is a fair share of it?

    Parameters
    ----------
    seeds : (seeds,) int64
        Nodes.
    seed_mass : (seeds,) float64, >= 0
        What is suspect there.
    source, target : (edges,) int64
        Edges that suspect goods may have taken: `CsrEngine.edges`.
    quantity : (edges,) float64, > 0 or nan
        What went along each edge, in one unit for all edges of a source; nan: nobody knows.
    rounds : int, >= 1
        Edges on a path at most.
    negligible : float, >= 0
        Share of the mass at which what still moves (round cycles) is left.

    Returns
    -------
    Exposure

    Raises
    ------
    ValueError
        If columns differ in length or a figure lies outside its range.

    Notes
    -----
    Everything in a lot is taken to leave it along its edges, in proportion to their quantities;
    where one of a lot's quantities is not known, in equal parts (unknown is not nothing). Floats,
    for ranking: the scope of a recall is reach, never a share, and the ledger keeps decimals.
    """
    _check(seeds, seed_mass, source, target, quantity)
    node = np.unique(np.concatenate((seeds, source, target)))
    begin, end = np.searchsorted(node, source), np.searchsorted(node, target)
    size = len(node)
    edges = np.bincount(begin, minlength=size)
    known = np.bincount(begin, weights=np.isfinite(quantity), minlength=size)
    total = np.bincount(begin, weights=np.nan_to_num(quantity), minlength=size)
    whole = (known == edges)[begin]
    share = np.where(whole, quantity / np.where(whole, total[begin], 1), 1 / edges[begin])
    moving = np.zeros(size)
    np.add.at(moving, np.searchsorted(node, seeds), seed_mass)
    mass, given = moving.copy(), float(seed_mass.sum())
    unsettled = 0.0
    for _ in range(rounds):
        moved = np.bincount(end, weights=moving[begin] * share, minlength=size)
        moving = np.asarray(moved, dtype=np.float64)
        unsettled = float(moving.sum())
        if unsettled <= negligible * given:
            break
        mass += moving
    return Exposure(node, mass, 0.0 if unsettled == 0 else unsettled)


def _check(seeds: Ints, seed_mass: Floats, source: Ints, target: Ints, quantity: Floats) -> None:
    if len(seeds) != len(seed_mass) or len({len(source), len(target), len(quantity)}) != 1:
        raise ValueError("seeds and their mass, and the columns of edges, must be of one length")
    if len(seed_mass) and not np.all(np.isfinite(seed_mass) & (seed_mass >= 0)):
        raise ValueError("the mass of a seed must be a number not below 0")
    if np.any(quantity <= 0) or np.any(np.isinf(quantity)):
        raise ValueError("a quantity must be above 0, or nan where it is not known")
