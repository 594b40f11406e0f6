"""Strata with their spread, an allocation over them, and the bounds it must keep."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal


class BoundsInfeasible(ValueError):
    """No allocation keeps the bounds; ``stratum`` is the one to look at first."""

    def __init__(self, words: str, stratum: str) -> None:
        super().__init__(words)
        self.stratum = stratum


@dataclass(frozen=True, slots=True)
class StratumSpread:
    """What an allocation knows of a stratum.

    Parameters
    ----------
    key : str
        Its name.
    size : int, >= 0
        N, units in the roster.
    spread : float, >= 0
        S, standard deviation of what is measured, over the units of the stratum.
    cost : Decimal, > 0
        Money for one visit. Exact: it is added up as it stands.
    lower, upper : int, 0 <= lower <= upper <= size
        Fewest and most units; without ``upper``, the size.
    """

    key: str
    size: int
    spread: float
    cost: Decimal = Decimal(1)
    lower: int = 0
    upper: int | None = None

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError(f"stratum {self.key}: size must be at least 0, got {self.size}")
        if not (math.isfinite(self.spread) and self.spread >= 0):
            raise ValueError(f"stratum {self.key}: spread must be at least 0, got {self.spread}")
        if not (self.cost.is_finite() and self.cost > 0):
            raise ValueError(f"stratum {self.key}: cost must be above 0, got {self.cost}")
        if not 0 <= self.lower <= self.most:
            raise BoundsInfeasible(
                f"stratum {self.key}: its lower bound {self.lower} must lie between 0 and its "
                f"upper bound {self.most}",
                self.key,
            )
        if self.most > self.size:
            raise BoundsInfeasible(
                f"stratum {self.key}: its upper bound {self.most} is above its size {self.size}",
                self.key,
            )

    @property
    def most(self) -> int:
        """The upper bound."""
        return self.size if self.upper is None else self.upper

    @property
    def weight(self) -> float:
        """A = N * S."""
        return self.size * self.spread


@dataclass(frozen=True, slots=True)
class Allocation:
    """Units by stratum, and what they give.

    ``variance`` is that of the estimated total, without replacement; infinite where a stratum
    with spread gets nothing. ``cost`` is exact for whole units, else rounded.
    """

    strata: tuple[StratumSpread, ...]
    units: Mapping[str, float]
    rule: str

    @property
    def total(self) -> float:
        """Units in all."""
        return math.fsum(self.units.values())

    @property
    def variance(self) -> float:
        """Variance of the estimated total."""
        return variance_of_total(self.strata, self.units)

    @property
    def cost(self) -> Decimal:
        """Money for all visits."""
        return sum((one.cost * Decimal(self.units[one.key]) for one in self.strata), Decimal(0))


def variance_of_total(strata: Sequence[StratumSpread], units: Mapping[str, float]) -> float:
    """Variance of the stratified estimate of a total, drawn without replacement.

    Parameters
    ----------
    strata : sequence of StratumSpread
        The strata.
    units : mapping of str to float
        Units drawn of each.

    Returns
    -------
    float
        ``sum A**2 / x - A * S``; infinite if a stratum with spread gets nothing.

    References
    ----------
    Cochran, W. G. (1977). Sampling Techniques, 3rd ed., eq. (5.6).

    Examples
    --------
    >>> variance_of_total([StratumSpread("A", 10, 2.0)], {"A": 5.0})
    40.0
    """
    parts = []
    for one in strata:
        if one.weight == 0:
            continue
        if units[one.key] <= 0:
            return math.inf
        parts.append(one.weight**2 / units[one.key] - one.weight * one.spread)
    return math.fsum(parts)


def refuse_twins(strata: Sequence[StratumSpread]) -> None:
    keys = [one.key for one in strata]
    twin = next((key for place, key in enumerate(keys) if keys.index(key) != place), None)
    if twin is not None:
        raise ValueError(f"stratum {twin} is named twice")


def check_bounds(strata: Sequence[StratumSpread], total: float) -> None:
    refuse_twins(strata)
    least, most = sum(one.lower for one in strata), sum(one.most for one in strata)
    if total < least:
        worst = max(strata, key=lambda one: (one.lower, one.key))
        raise BoundsInfeasible(
            f"the lower bounds need {least} units, {total} are to be drawn; stratum {worst.key} "
            f"alone asks for {worst.lower}: draw more or lower its bound",
            worst.key,
        )
    if total > most:
        capped = [one for one in strata if one.most < one.size] or list(strata)
        if not capped:
            raise ValueError("there is no stratum to draw from")
        worst = max(capped, key=lambda one: (one.size - one.most, one.key))
        raise BoundsInfeasible(
            f"the upper bounds allow {most} units, {total} are to be drawn; stratum {worst.key} "
            f"stops at {worst.most} of {worst.size}: draw fewer or raise its bound",
            worst.key,
        )
