"""Weights after the visits: who did not answer, and what is known of the roster beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_MOST_STEPS = 100
_REACHED = 1e-9  # relative to each total


class Distance(StrEnum):
    """How far a weight may be moved, and what it costs."""

    LINEAR = "linear"  # regression; weights may become negative
    RAKING = "raking"  # always positive
    LOGIT = "logit"  # positive and within bounds


class NotCalibrated(ValueError):
    """No weights of the kind asked for meet the totals."""


@dataclass(frozen=True, slots=True)
class Response:
    """Who of a stratum was gone to, and what became of it.

    ``given_up`` counts units replaced by a reserve, ``not_done`` visits without an inspection,
    ``waiting`` visits without a result so far.
    """

    key: str
    answers: int
    given_up: int
    not_done: int
    waiting: int

    @property
    def missing(self) -> int:
        """Units that ought to have answered and did not."""
        return self.given_up + self.not_done

    @property
    def rate(self) -> float | None:
        """Answers among the units whose fate is known; None before the first."""
        known = self.answers + self.missing
        return self.answers / known if known else None

    @property
    def factor(self) -> float | None:
        """By how much the weight of an answer grows for those that are missing."""
        return 1 / self.rate if self.rate else None


@dataclass(frozen=True, slots=True)
class CalibratedWeights:
    """Weights that meet known totals; ``smallest`` and ``largest`` are factors on the old ones."""

    weights: tuple[float, ...]
    factors: tuple[float, ...]
    distance: Distance
    steps: int
    worst: float  # largest relative miss of a total

    @property
    def smallest(self) -> float:
        """Smallest factor."""
        return min(self.factors)

    @property
    def largest(self) -> float:
        """Largest factor."""
        return max(self.factors)

    @property
    def design_effect(self) -> float:
        """``1 + cv**2`` of the weights: by how much they alone may widen a variance (Kish)."""
        w = np.asarray(self.weights)
        return float(len(w) * (w**2).sum() / w.sum() ** 2)


def indicators(
    labels: Sequence[Sequence[str]], totals: Sequence[Mapping[str, float]]
) -> tuple[Floats, Floats, tuple[tuple[int, str], ...]]:
    """Columns of 0 and 1 for the classes of several groupings, with their known totals.

    Parameters
    ----------
    labels : one sequence per grouping, each of shape (units,)
        The class of each unit.
    totals : one mapping per grouping
        Units of the roster in each class; classes of all groupings must add up to the same.

    Returns
    -------
    columns : ndarray, shape (units, classes)
    goals : ndarray, shape (classes,)
    names : tuple of (grouping, class)
        One class of every grouping but the first is left out: it follows from the rest.

    Raises
    ------
    NotCalibrated
        If a class of the roster has no unit in the sample, or a unit is of an unknown class.
    """
    columns, goals, names = [], [], []
    for place, (column, known) in enumerate(zip(labels, totals, strict=True)):
        unknown = sorted(set(column) - set(known))
        if unknown:
            raise NotCalibrated(f"class {unknown[0]} of the sample has no known total")
        empty = sorted(name for name, total in known.items() if total and name not in set(column))
        if empty:
            raise NotCalibrated(
                f"class {empty[0]} has {known[empty[0]]:g} units in the roster and none among the "
                "answers: join it with another class"
            )
        classes = sorted(name for name, total in known.items() if total)
        for name in classes if place == 0 else classes[1:]:
            columns.append([1.0 if each == name else 0.0 for each in column])
            goals.append(float(known[name]))
            names.append((place, name))
    return np.array(columns).T, np.array(goals), tuple(names)


def joined_classes(
    classes: Sequence[str], answered: Sequence[str], parents: Mapping[str, str | None]
) -> dict[str, str]:
    """Join classes without an answer with their neighbours in a tree, as little as need be.

    Parameters
    ----------
    classes : sequence of str
        Classes of the roster.
    answered : sequence of str
        Those with an answer.
    parents : mapping of str to (str or None)
        The class above each; None at a root.

    Returns
    -------
    dict of str to str
        What each class of the roster counts as: itself, or a class above it.

    Raises
    ------
    NotCalibrated
        If a root is left without an answer.

    Notes
    -----
    Where a class has no answer, everything below the class above it counts as one, and so on up.

    Examples
    --------
    >>> joined_classes(["a1", "a2", "b1"], ["a1", "b1"], {"a1": "a", "a2": "a", "b1": "b"})
    {'a1': 'a', 'a2': 'a', 'b1': 'b1'}
    """
    as_class = {each: each for each in classes}

    def is_below(each: str, above: str) -> bool:
        seen: set[str] = set()
        at: str | None = each
        while at is not None and at not in seen:
            if at == above:
                return True
            seen.add(at)
            at = parents.get(at)
        return False

    while True:
        met = {as_class[each] for each in answered if each in as_class}
        empty = sorted({each for each in as_class.values() if each not in met})
        if not empty:
            return as_class
        above = parents.get(empty[0])
        if above is None:
            raise NotCalibrated(f"nothing of class {empty[0]} was inspected: take strata only")
        as_class = {each: above if is_below(now, above) else now for each, now in as_class.items()}


def calibrated(
    weights: Sequence[float],
    columns: Floats,
    totals: Sequence[float] | Floats,
    *,
    distance: Distance = Distance.LINEAR,
    bounds: tuple[float, float] = (0.3, 3.0),
) -> CalibratedWeights:
    """Move weights as little as possible so that known totals are met exactly.

    Parameters
    ----------
    weights : shape (units,), > 0
        Weights so far, such as 1/pi.
    columns : ndarray, shape (units, totals)
        What is known of each unit.
    totals : shape (totals,)
        What each column adds up to over the roster.
    distance : Distance
        LINEAR in one step (regression estimator); RAKING keeps weights positive; LOGIT keeps
        each factor within `bounds`.
    bounds : (float, float), lower < 1 < upper
        Smallest and largest factor, for LOGIT only.

    Returns
    -------
    CalibratedWeights
        Every total met to one part in 10**9.

    Raises
    ------
    NotCalibrated
        If Newton's steps do not get there: the totals contradict each other, or the bounds.

    References
    ----------
    Deville, J.-C., & Särndal, C.-E. (1992). JASA 87, 376-382, sections 2 and 4.

    Examples
    --------
    >>> import numpy as np
    >>> calibrated([2.0, 2.0, 2.0], np.array([[1.0, 0], [1, 0], [0, 1]]), [6.0, 1.0]).weights
    (3.0, 3.0, 1.0)
    """
    d, x, goal = np.asarray(weights, float), np.asarray(columns, float), np.asarray(totals, float)
    if x.ndim != 2 or x.shape != (len(d), len(goal)) or not (d > 0).all():
        raise ValueError("weights must be above 0, with one row of columns each, one total each")
    lower, upper = bounds
    if distance is Distance.LOGIT and not 0 <= lower < 1 < upper:
        raise ValueError(f"bounds must lie around 1, got {lower} and {upper}")
    multipliers = np.zeros(len(goal))
    scale = np.maximum(np.abs(goal), 1e-300)
    for step in range(1, _MOST_STEPS + 1):
        factors, slopes = _factors(x @ multipliers, distance, lower, upper)
        miss = goal - x.T @ (d * factors)
        worst = float(np.max(np.abs(miss) / scale))
        if worst <= _REACHED:
            return CalibratedWeights(
                tuple((d * factors).tolist()), tuple(factors.tolist()), distance, step - 1, worst
            )
        matrix = x.T @ (x * (d * slopes)[:, None])
        change = np.linalg.lstsq(matrix, miss, rcond=1e-12)[0]
        multipliers = multipliers + change
        if not np.isfinite(multipliers).all() or np.max(np.abs(multipliers)) > 500:
            break
    missed = f"{100 * worst:.3g}"
    if distance is Distance.LOGIT:
        raise NotCalibrated(
            f"no weights meet the known totals within the factors {lower:g} to {upper:g}; the "
            f"nearest miss one of them by {missed} %: take fewer totals, or widen the bounds"
        )
    raise NotCalibrated(
        f"no weights meet the known totals; the nearest miss one of them by {missed} %: take "
        "fewer totals, or join classes"
    )


def _factors(
    score: Floats, distance: Distance, lower: float, upper: float
) -> tuple[Floats, Floats]:
    """Factors on the weights and their slopes."""
    if distance is Distance.LINEAR:
        return 1 + score, np.ones_like(score)
    if distance is Distance.RAKING:
        factors = np.exp(np.clip(score, -500, 500))
        return factors, factors
    a = (upper - lower) / ((1 - lower) * (upper - 1))
    e = np.exp(np.clip(a * score, -500, 500))
    bottom = (upper - 1) + (1 - lower) * e
    factors = (lower * (upper - 1) + upper * (1 - lower) * e) / bottom
    return factors, (factors - lower) * (upper - factors) * a / (upper - lower)
