"""Inclusion probabilities in proportion to a size, and the order in which such a draw picks."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Order(StrEnum):
    """Families of order sampling: how a uniform number and a probability make a rank."""

    PARETO = "pareto"
    UNIFORM = "uniform"  # sequential Poisson
    EXPONENTIAL = "exponential"


def inclusion_by_size(sizes: Sequence[float] | Floats, total: int) -> Floats:
    """Probabilities in proportion to size that add up to the number drawn.

    Parameters
    ----------
    sizes : sequence of float, shape (units,), >= 0
        Size of each unit; a unit of size 0 is never drawn.
    total : int, 0 <= total <= number of units with a size
        Units to draw.

    Returns
    -------
    ndarray of float, shape (units,)
        Each between 0 and 1. A unit whose share would reach 1 is certain, and the rest share what
        is left, until none is above 1.

    Raises
    ------
    ValueError
        If a size is negative or not finite, or fewer units have a size than are to be drawn.

    Examples
    --------
    >>> inclusion_by_size([6, 1, 1], 2).tolist()
    [1.0, 0.5, 0.5]
    """
    size = np.asarray(sizes, dtype=np.float64)
    if not (np.isfinite(size).all() and (size >= 0).all()):
        raise ValueError("every size must be a finite number of at least 0")
    present = int(np.count_nonzero(size))
    if not 0 <= total <= present:
        raise ValueError(f"the total must lie between 0 and the {present} units with a size")
    found = np.zeros_like(size)
    free = size > 0
    left = total
    while left:
        share = left * size[free] / size[free].sum()
        over = share >= 1
        if not over.any():
            found[free] = share
            break
        certain = np.flatnonzero(free)[over]
        found[certain] = 1.0
        free[certain] = False
        left = total - int((found == 1).sum())
    return found


def order_sample(
    inclusion: Sequence[float] | Floats,
    uniforms: Sequence[float] | Floats,
    total: int,
    order: Order,
) -> tuple[int, ...]:
    """Places of the units that given uniform numbers draw: the smallest ranks.

    Parameters
    ----------
    inclusion, uniforms : shape (units,)
        Target probabilities, and one number strictly between 0 and 1 for each unit.
    total : int
        Units to draw.
    order : Order
        Which family.

    Returns
    -------
    tuple of int
        Places from 0, ascending. Certain units come first in any case.

    Notes
    -----
    Floating point, for checking and simulation. A draw of record compares whole numbers.

    References
    ----------
    Rosén, B. (1997). J. Statist. Plann. Inference 62, 135-158 and 159-191.
    """
    pi, u = np.asarray(inclusion, dtype=float), np.asarray(uniforms, dtype=float)
    if pi.shape != u.shape:
        raise ValueError("each unit needs one probability and one uniform number")
    if not ((u > 0) & (u < 1)).all() or not ((pi >= 0) & (pi <= 1)).all():
        raise ValueError("uniform numbers lie strictly within 0 and 1, probabilities in 0 to 1")
    with np.errstate(divide="ignore", invalid="ignore"):
        if order is Order.PARETO:
            rank = u * (1 - pi) / ((1 - u) * pi)
        elif order is Order.UNIFORM:
            rank = u / pi
        else:
            rank = np.log1p(-u) / np.log1p(-pi)
    rank = np.where(pi >= 1, -1.0, np.where(pi <= 0, np.inf, rank))
    places = np.argsort(rank, kind="stable")[:total]
    return tuple(sorted(int(place) for place in places))
