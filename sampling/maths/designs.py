"""Designs of a draw as they are compared: strata, candidates, and what to mind about them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class DesignStratum:
    """A stratum of the roster, with what is expected of it.

    Parameters
    ----------
    key : str
        Its name.
    size : int, >= 0
        Units of the roster.
    rate : float, 0 <= rate <= 1
        Failing share expected, such as `shrunken_rates` gives.
    cost : Decimal or None
        Money for one visit.
    measures : tuple of float, length `size` or empty
        A size of each unit, such as its turnover; empty where none is known.
    tier : float, > 0
        How many times as often a unit of this stratum is drawn under risk tiers.
    """

    key: str
    size: int
    rate: float
    cost: Decimal | None = None
    measures: tuple[float, ...] = ()
    tier: float = 1.0

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError(f"stratum {self.key}: size must be at least 0, got {self.size}")
        if not 0 <= self.rate <= 1:
            raise ValueError(f"stratum {self.key}: rate must lie in 0 to 1, got {self.rate}")
        if not (math.isfinite(self.tier) and self.tier > 0):
            raise ValueError(f"stratum {self.key}: tier must be above 0, got {self.tier}")
        if self.cost is not None and not (self.cost.is_finite() and self.cost > 0):
            raise ValueError(f"stratum {self.key}: cost must be above 0, got {self.cost}")
        if self.measures and len(self.measures) != self.size:
            raise ValueError(
                f"stratum {self.key}: {len(self.measures)} measures for {self.size} units"
            )
        if not all(math.isfinite(each) and each > 0 for each in self.measures):
            raise ValueError(f"stratum {self.key}: every measure must be above 0")

    @property
    def spread(self) -> float:
        """Standard deviation of pass and fail over the units."""
        if self.size < 2:
            return 0.0
        return math.sqrt(self.rate * (1 - self.rate) * self.size / (self.size - 1))


@dataclass(frozen=True, slots=True)
class Concern:
    """Something a person should know of a design before choosing it."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A design and what may be expected of it.

    ``standard_error`` is None where a stratum with units is left out: then no estimate covers the
    roster. ``quotas`` are whole where the design is drawn by strata (``by_strata``), else the
    expected counts. ``weight_cv`` is the cv of 1/pi over the drawn units.
    """

    design: str
    by_strata: bool
    quotas: Mapping[str, float]
    visits: float
    cost: Decimal | None
    rate: float
    standard_error: float | None
    half_width: float | None
    expected_failing: float
    smallest: float
    weight_cv: float | None
    concerns: tuple[Concern, ...]

    @property
    def cv(self) -> float | None:
        """Standard error in parts of the rate."""
        return self.standard_error / self.rate if self.standard_error is not None else None


@dataclass(frozen=True, slots=True)
class Advice:
    """Candidates side by side; ``sharpest`` and ``richest`` name two of them."""

    strata: tuple[DesignStratum, ...]
    visits: int
    confidence: float
    candidates: tuple[Candidate, ...]
    concerns: tuple[Concern, ...]

    @property
    def sharpest(self) -> str | None:
        """The design drawn by strata with the smallest error of the rate."""
        known = [c for c in self.candidates if c.by_strata and c.standard_error is not None]
        return min(known, key=lambda c: c.standard_error or 0.0).design if known else None

    @property
    def richest(self) -> str | None:
        """The design drawn by strata, leaving nobody out, that meets most failing units."""
        known = [c for c in self.candidates if c.by_strata and c.standard_error is not None]
        return max(known, key=lambda c: c.expected_failing).design if known else None
