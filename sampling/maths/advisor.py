"""Which design, before anything is committed: precision, failing firms met, visits, money."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt
from scipy import stats

from sampling.maths.designs import Advice, Candidate, Concern, DesignStratum
from sampling.maths.sizes import inclusion_by_size
from sampling.maths.strata import StratumSpread
from sampling.maths.whole_units import apportioned, integer_optimum, whole_units_for_budget

Floats = npt.NDArray[np.float64]

FLOOR = 0.2  # least share of the average probability that a unit should keep; our own choice
POOR = 1.25  # a design whose error is so many times the proportional one's is called poor
SPREAD = 1.0  # cv of 1/pi from which on weights alone double a variance (Kish: 1 + cv**2)


def advise(
    strata: Sequence[DesignStratum],
    visits: int,
    *,
    planned: Mapping[str, int] | None = None,
    chances: Mapping[str, Sequence[float]] | None = None,
    budget: Decimal | None = None,
    least_share: Decimal | None = None,
    confidence: float = 0.95,
) -> Advice:
    """What each usual design may be expected to give, for the same number of visits.

    Parameters
    ----------
    strata : sequence of DesignStratum
        The roster by strata; distinct keys, at least one unit in all.
    visits : int, 1 <= visits <= units of the roster
        Units to draw.
    planned : mapping of str to int, optional
        Quotas as they stand; shown beside the others.
    chances : mapping of str to sequence of float, optional
        Probability of every unit as planned, by stratum, where they are not equal inside a
        stratum; units with probability 0 leave their part of the roster unknown.
    budget : Decimal, optional
        Money for the cost-optimal design; without it, what the proportional design costs.
    least_share : Decimal, optional
        Share of the roster that must be drawn; a design below it gets a concern.
    confidence : float
        For the half-width.

    Returns
    -------
    Advice
        Designs by strata first. Designs by size only where every unit has a measure, the
        cost-optimal one only where visits have different prices.

    Raises
    ------
    ValueError
        If the number of visits does not fit the roster.

    Notes
    -----
    Anticipated figures: each unit fails independently with the rate of its stratum. Designs by
    strata have the exact stratified variance; designs by size that of Hájek, expected under this
    model. Prices are expected prices.

    References
    ----------
    Isaki, C. T., & Fuller, W. A. (1982). JASA 77, 89-96 (anticipated variance).
    Kish, L. (1965). Survey Sampling, section 11.7 (weights).
    """
    keys = [one.key for one in strata]
    size = sum(one.size for one in strata)
    if len(set(keys)) != len(keys):
        raise ValueError("every stratum must have a name of its own")
    if not 1 <= visits <= size:
        raise ValueError(f"the visits must lie between 1 and the roster's {size}, got {visits}")
    z = float(stats.norm.isf((1 - confidence) / 2))
    quotas = _designs_by_strata(strata, visits, budget)
    if planned is not None and chances is None:
        quotas = {"planned": dict(planned), **quotas}
    found = [] if chances is None else [_by_chances(strata, chances, z)]
    found += [_by_strata(strata, name, each, z) for name, each in quotas.items()]
    by_unit = _designs_by_unit(strata, visits)
    found += [_by_unit(strata, name, *each, z) for name, each in by_unit.items()]
    base = next(c for c in found if c.design == "proportional")
    common = [Concern("stratum-empty", {"stratum": s.key}) for s in strata if not s.size]
    judged = [
        _with_concerns(one, strata, base=base, size=size, least_share=least_share) for one in found
    ]
    return Advice(tuple(strata), visits, confidence, tuple(judged), tuple(common))


def _designs_by_strata(
    strata: Sequence[DesignStratum], visits: int, budget: Decimal | None
) -> dict[str, dict[str, int]]:
    caps = {one.key: one.size for one in strata}
    present = {one.key: float(one.size) for one in strata}
    tiers = {one.key: one.size * one.tier for one in strata}
    whole = sum(tiers.values())
    half = {one.key: one.size / sum(caps.values()) + tiers[one.key] / whole for one in strata}
    least = 2 if 2 * len(strata) <= visits else 0  # two answers give a stratum its spread
    spreads = [
        StratumSpread(
            one.key, one.size, one.spread, one.cost or Decimal(1), lower=min(least, one.size)
        )
        for one in strata
    ]
    found = {
        "proportional": apportioned(present, caps, visits),
        "neyman": {k: int(v) for k, v in integer_optimum(spreads, visits).units.items()},
    }
    if len({one.tier for one in strata}) > 1:
        found["tiers"] = apportioned(tiers, caps, visits)
        found["half-tiers"] = apportioned(half, caps, visits)
    prices = {one.cost for one in strata}
    if None not in prices and (len(prices) > 1 or budget is not None):
        money = budget or sum(
            ((one.cost or Decimal(0)) * found["proportional"][one.key] for one in strata),
            Decimal(0),
        )
        found["cost"] = {k: int(v) for k, v in whole_units_for_budget(spreads, money).units.items()}
    return found


def _designs_by_unit(
    strata: Sequence[DesignStratum], visits: int
) -> dict[str, tuple[list[Floats], Floats]]:
    """By design: probabilities stratum after stratum, and how many units each of them is for."""
    sizes = np.array([one.size for one in strata], dtype=float)
    size = int(sizes.sum())
    equal = [np.full(1 if one.size else 0, visits / size) for one in strata]
    found = {"equal": (equal, sizes[sizes > 0])}
    if all(len(one.measures) == one.size for one in strata):
        measure = np.concatenate([np.asarray(one.measures, float) for one in strata])
        tier = np.repeat([one.tier for one in strata], sizes.astype(int))
        mixed = 0.5 / size + 0.5 * tier * measure / float((tier * measure).sum())
        ends = np.cumsum(sizes.astype(int))[:-1]
        for name, wanted in (("size", measure), ("root-size", measure**0.5), ("half-size", mixed)):
            pi = inclusion_by_size(wanted, visits)
            found[name] = (np.split(pi, ends), np.ones(size))
    return found


def _by_strata(
    strata: Sequence[DesignStratum], design: str, quotas: Mapping[str, int], z: float
) -> Candidate:
    for one in strata:
        if not 0 <= quotas.get(one.key, 0) <= one.size:
            raise ValueError(
                f"stratum {one.key} has {one.size} units, its quota is {quotas.get(one.key, 0)}"
            )
    size = sum(one.size for one in strata)
    counted = [(one, quotas.get(one.key, 0)) for one in strata if one.size]
    left_out = any(not quota for _, quota in counted)
    variance = math.fsum(
        (one.size / size) ** 2 * (1 - quota / one.size) * one.spread**2 / quota
        for one, quota in counted
        if quota
    )
    visits = sum(quota for _, quota in counted)
    inverse = math.fsum(one.size**2 / quota for one, quota in counted if quota)
    return _candidate(
        strata,
        design,
        by_strata=True,
        quotas={one.key: quotas.get(one.key, 0) for one in strata},
        standard_error=None if left_out else math.sqrt(variance),
        z=z,
        smallest=min((quota / one.size for one, quota in counted), default=0.0),
        weight_cv=None if left_out else _weight_cv(visits, inverse, size),
    )


def _by_chances(
    strata: Sequence[DesignStratum], chances: Mapping[str, Sequence[float]], z: float
) -> Candidate:
    """A design drawn by strata with unequal probabilities inside them, scaled to each size."""
    parts = [np.asarray(chances.get(one.key, ()), dtype=float) for one in strata]
    for one, part in zip(strata, parts, strict=True):
        if len(part) != one.size or not ((part >= 0) & (part <= 1)).all():
            raise ValueError(f"stratum {one.key} needs {one.size} chances between 0 and 1")
    pi = np.concatenate(parts)
    size = len(pi)
    noise = np.repeat([one.rate * (1 - one.rate) for one in strata], [len(p) for p in parts])
    known = bool((pi > 0).all())
    # Residuals about the stratum's own rate have mean 0 under the model.
    variance = float((noise * (1 / pi - 1)).sum()) / size**2 if known else 0.0
    return _candidate(
        strata,
        "planned",
        by_strata=True,
        quotas={one.key: float(part.sum()) for one, part in zip(strata, parts, strict=True)},
        standard_error=math.sqrt(variance) if known else None,
        z=z,
        smallest=float(pi.min()),
        weight_cv=_weight_cv(float(pi.sum()), float((1 / pi).sum()), size) if known else None,
    )


def _by_unit(
    strata: Sequence[DesignStratum], design: str, parts: Sequence[Floats], times: Floats, z: float
) -> Candidate:
    pi = np.concatenate(parts)
    size, rate = sum(one.size for one in strata), _overall(strata)
    lengths = [len(part) for part in parts]
    means = np.repeat([one.rate - rate for one in strata], lengths)
    noise = np.repeat([one.rate * (1 - one.rate) for one in strata], lengths)
    spread = float((times * pi * (1 - pi)).sum())
    centre = float((times * (1 - pi) * means).sum()) / spread if spread else 0.0
    terms = times * pi * (1 - pi) * (noise / pi**2 + (means / pi - centre) ** 2)
    counts = np.split(times * pi, np.cumsum(lengths)[:-1])
    return _candidate(
        strata,
        design,
        by_strata=False,
        quotas={one.key: float(count.sum()) for one, count in zip(strata, counts, strict=True)},
        standard_error=math.sqrt(float(terms.sum())) / size,
        z=z,
        smallest=float(pi.min()),
        weight_cv=_weight_cv(float((times * pi).sum()), float((times / pi).sum()), size),
    )


def _candidate(
    strata: Sequence[DesignStratum],
    design: str,
    *,
    by_strata: bool,
    quotas: Mapping[str, float],
    standard_error: float | None,
    z: float,
    smallest: float,
    weight_cv: float | None,
) -> Candidate:
    cost = None
    if all(one.cost is not None for one in strata):
        cost = sum(
            ((one.cost or Decimal(0)) * Decimal(quotas[one.key]) for one in strata), Decimal(0)
        ).quantize(Decimal("0.01"))
    return Candidate(
        design=design,
        by_strata=by_strata,
        quotas=quotas,
        visits=sum(quotas.values()),
        cost=cost,
        rate=_overall(strata),
        standard_error=standard_error,
        half_width=None if standard_error is None else z * standard_error,
        expected_failing=math.fsum(one.rate * quotas[one.key] for one in strata),
        smallest=smallest,
        weight_cv=weight_cv,
        concerns=(),
    )


def _with_concerns(
    one: Candidate,
    strata: Sequence[DesignStratum],
    *,
    base: Candidate,
    size: int,
    least_share: Decimal | None,
) -> Candidate:
    found = []
    if one.by_strata:
        for stratum in strata:
            quota = one.quotas[stratum.key]
            if stratum.size and not quota:
                found.append(Concern("left-out", {"stratum": stratum.key, "size": stratum.size}))
            elif quota == 1 < stratum.size:
                found.append(Concern("single-visit", {"stratum": stratum.key}))
    if one.standard_error is not None and base.standard_error:
        times = one.standard_error / base.standard_error
        if times >= POOR:
            code = "poor-by-size" if "size" in one.design else "poor"
            found.append(Concern(code, {"times": times}))
    if one.weight_cv is not None and one.weight_cv >= SPREAD:
        found.append(Concern("uneven-weights", {"cv": one.weight_cv}))
    if one.smallest == 0 and not any(each.code == "left-out" for each in found):
        found.append(Concern("no-chance"))
    floor = FLOOR * one.visits / size
    if 0 < one.smallest < floor:
        found.append(Concern("floor", {"smallest": one.smallest, "average": one.visits / size}))
    if least_share is not None and Decimal(round(one.visits)) < least_share * size:
        needed = math.ceil(least_share * size)
        facts = {"visits": round(one.visits), "share": float(least_share), "needed": needed}
        found.append(Concern("below-share", facts))
    return Candidate(
        **{name: getattr(one, name) for name in one.__slots__ if name != "concerns"},
        concerns=tuple(found),
    )


def _weight_cv(visits: float, inverse: float, size: int) -> float:
    """The cv of 1/pi over the drawn units: ``n sum(1/pi) / N**2 - 1``, its root."""
    return math.sqrt(max(0.0, visits * inverse / size**2 - 1))


def _overall(strata: Sequence[DesignStratum]) -> float:
    size = sum(one.size for one in strata)
    return math.fsum(one.size * one.rate for one in strata) / size
