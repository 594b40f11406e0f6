"""Do draws take everybody as often as they say? Many seeds, counted against stated chances.

References
----------
Hájek, J. (1964). Asymptotic theory of rejective sampling with varying probabilities from a finite
    population. Annals of Mathematical Statistics 35, 1491-1523: the covariance of inclusions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from sampling.maths.commitment import WHOLE, length_prefixed
from sampling.maths.draw import StratumRule, draw_stratified
from sampling.maths.pareto import chances, with_odds

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Design:
    """A way of drawing, with what it states: the hook by which other designs are audited.

    Attributes
    ----------
    name : str
        Enters the seeds, so that two designs do not share their luck.
    strata : sequence of str, shape (units,)
        Within each the number drawn is fixed.
    probabilities : array, shape (units,)
        Stated chance of each unit.
    draw : callable
        Seed (32 bytes) → places of the units drawn, in the order of ``strata``.
    """

    name: str
    strata: Sequence[str]
    probabilities: Floats
    draw: Callable[[bytes], Indices]

    def __post_init__(self) -> None:
        if len(self.strata) != len(self.probabilities):
            raise ValueError(
                f"{len(self.strata)} strata but {len(self.probabilities)} probabilities"
            )
        if not np.all((self.probabilities >= 0) & (self.probabilities <= 1)):
            raise ValueError("a probability must lie in [0, 1]")


def equal_design(sizes: Mapping[str, tuple[int, int]], algorithm: str = "sha256") -> Design:
    """The product's own draw with equal chances within strata.

    Parameters
    ----------
    sizes : mapping
        Stratum → (units, quota).

    Notes
    -----
    Calls `draw_stratified` for every seed, the function that plans are drawn with: what is
    audited is the product, not a model of it.
    """
    strata = [key for key, (size, _) in sizes.items() for _ in range(size)]
    codes = [f"9137{place:014}" for place in range(len(strata))]
    place_of = {code: place for place, code in enumerate(codes)}
    rules = [StratumRule(key, quota) for key, (_, quota) in sizes.items()]
    stated = [sizes[key][1] / sizes[key][0] for key in strata]

    def draw(seed: bytes) -> Indices:
        found = draw_stratified(
            seed=seed, codes=codes, strata=strata, rules=rules, algorithm=algorithm
        )
        return np.array([place_of[unit.code] for unit in found.units], dtype=np.intp)

    told = ", ".join(f"{quota} of {size}" for size, quota in sizes.values())
    return Design(f"equal, {algorithm}: {told}", strata, np.array(stated), draw)


def pareto_design(sizes: Sequence[int], count: int, algorithm: str = "sha256") -> Design:
    """The product's own draw with chances in proportion to sizes, calibrated where it calibrates.

    Parameters
    ----------
    sizes : sequence of int, shape (units,)
        One stratum.
    count : int
        Units drawn; those too large for their share are certain.
    """
    codes = [f"9137{place:014}" for place in range(len(sizes))]
    place_of = {code: place for place, code in enumerate(codes)}
    found = with_odds(chances(sizes, count), count)
    strata = ["S"] * len(codes)

    def draw(seed: bytes) -> Indices:
        drawn = draw_stratified(
            seed=seed,
            codes=codes,
            strata=strata,
            rules=[StratumRule("S", count)],
            algorithm=algorithm,
            odds=found.odds,
        )
        return np.array([place_of[unit.code] for unit in drawn.units], dtype=np.intp)

    kind = "calibrated" if found.is_calibrated else "raw odds"
    stated = np.array(found.chance) / WHOLE
    return Design(f"by size, {kind}: {count} of {len(codes)}", strata, stated, draw)


def seeds(name: str, draws: int) -> Iterator[bytes]:
    """One seed for each draw: H(LP("audit", name, number)); the same for everybody who asks."""
    for number in range(draws):
        yield hashlib.sha256(length_prefixed("audit", name, str(number))).digest()


@dataclass(frozen=True, slots=True)
class FrequencyTest:
    """How far counted inclusions lie from stated chances.

    Attributes
    ----------
    chi2, df : float, int
        Their ratio is near 1 for a right design.
    p : float
        Chance of a ratio at least this large.
    largest_z : float
        Largest deviation of one unit, in standard errors.
    wrong_sizes : int
        Draws whose number of units in a stratum was not the one it is built to take.
    impossible : int
        Units never to be drawn that were, or always to be drawn that were not.
    """

    name: str
    units: int
    draws: int
    chi2: float
    df: int
    p: float
    largest_z: float
    wrong_sizes: int
    impossible: int

    @property
    def ratio(self) -> float:
        """χ²/df."""
        return self.chi2 / self.df if self.df else 0.0


def frequency_test(
    *, name: str, counts: Indices, draws: int, design: Design, wrong_sizes: int = 0
) -> FrequencyTest:
    """Are inclusion counts what the stated probabilities make them?

    Parameters
    ----------
    counts : array of int, shape (units,)
        How often each unit was drawn.
    draws : int, >= 1

    Raises
    ------
    ValueError
        If shapes differ or there is no draw.

    Notes
    -----
    z = (count − draws·π) / √(draws·π(1−π)). In a stratum with a fixed number drawn the z are
    negatively dependent; with m units of 0 < π < 1, Σz²·(m−1)/m is χ² with m − 1 degrees of
    freedom: exactly (as draws grow) for equal chances, whose correlation is −1/(m−1), and to the
    order 1/Σπ(1−π) for Pareto and other designs of high entropy (Hájek 1964). Strata add up.
    """
    stated = design.probabilities
    if counts.shape != stated.shape or draws < 1:
        raise ValueError("counts need the shape of the design, and at least one draw")
    expected, spread = draws * stated, np.sqrt(draws * stated * (1 - stated))
    random = (stated > 0) & (stated < 1)
    impossible = int(np.count_nonzero(counts[~random] != np.rint(expected[~random])))
    z = np.zeros(len(stated))
    z[random] = (counts[random] - expected[random]) / spread[random]
    _, stratum = np.unique(np.asarray(design.strata), return_inverse=True)
    chi2, df = 0.0, 0
    for key in range(int(stratum.max()) + 1):
        members = random & (stratum == key)
        count = int(np.count_nonzero(members))
        if count > 1:
            chi2 += float(np.sum(z[members] ** 2)) * (count - 1) / count
            df += count - 1
    return FrequencyTest(
        name=name,
        units=len(stated),
        draws=draws,
        chi2=chi2,
        df=df,
        p=float(stats.chi2.sf(chi2, df)) if df else 1.0,
        largest_z=float(np.max(np.abs(z))),
        wrong_sizes=wrong_sizes,
        impossible=impossible,
    )


def simulated(
    design: Design, *, draws: int, progress: Callable[[int], None] | None = None
) -> FrequencyTest:
    """What do many draws of a design give, counted?

    Parameters
    ----------
    draws : int, >= 1
        Seeds 0 to ``draws`` − 1 of `seeds`.
    progress : callable, optional
        Called with the number of draws done, now and then.
    """
    counts = np.zeros(len(design.probabilities), dtype=np.intp)
    _, stratum = np.unique(np.asarray(design.strata), return_inverse=True)
    fixed = np.rint(np.bincount(stratum, weights=design.probabilities)).astype(np.intp)
    wrong_sizes = 0
    for number, seed in enumerate(seeds(design.name, draws), start=1):
        places = design.draw(seed)
        counts[places] += 1  # places of one draw are distinct
        taken = np.bincount(stratum[places], minlength=len(fixed))
        wrong_sizes += not np.array_equal(taken, fixed)
        if progress is not None and number % 1000 == 0:
            progress(number)
    return frequency_test(
        name=design.name, counts=counts, draws=draws, design=design, wrong_sizes=wrong_sizes
    )
