"""Which upstream lot, firm or process explains several bad findings best?

A node upstream of every finding is not yet a suspect: a hub is upstream of everything. What counts
is how many of the *tested* lots behind a node failed, against the rate among all tested lots, so
compliant results are evidence too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Points of the quadrature over a rate: exact for polynomials of degree 255, far above what the
# tests of one investigation make.
_POINTS = 128
# Sets tried in the search for the fewest sources before the answer is called a good one only.
_TRIED = 200_000
LARGEST_EXACT = 5


@dataclass(frozen=True, slots=True)
class ResultModel:
    """What a test result says, and what is believed beforehand.

    Attributes
    ----------
    sensitivity, specificity : float in (0, 1]
        Of the test: share of bad lots that fail, of good lots that pass.
    source_prior : (float, float)
        Beta parameters of the share of bad lots behind a true source. (1, 1): nothing is known.
    background_prior : (float, float)
        Beta parameters of the share of bad lots elsewhere. (1, 9): one in ten, about.
    none_prior : float in [0, 1)
        Belief that the findings have no source in common; the rest is spread evenly over the
        distinguishable candidates.
    """

    sensitivity: float = 0.95
    specificity: float = 0.99
    source_prior: tuple[float, float] = (1.0, 1.0)
    background_prior: tuple[float, float] = (1.0, 9.0)
    none_prior: float = 0.5

    def __post_init__(self) -> None:
        for name in ("sensitivity", "specificity"):
            value = getattr(self, name)
            if not 0 < value <= 1:
                raise ValueError(f"{name} must lie in (0, 1], got {value}")
        if self.sensitivity + self.specificity <= 1:
            raise ValueError(
                "a test with sensitivity + specificity <= 1 tells nothing, got "
                f"{self.sensitivity} + {self.specificity}"
            )
        for name in ("source_prior", "background_prior"):
            if min(getattr(self, name)) <= 0:
                raise ValueError(f"{name} needs two numbers above 0, got {getattr(self, name)}")
        if not 0 <= self.none_prior < 1:
            raise ValueError(f"none_prior must lie in [0, 1), got {self.none_prior}")


@dataclass(frozen=True, slots=True)
class SourceClass:
    """Candidates that no test result so far can tell apart.

    Attributes
    ----------
    members : tuple of int
        Rows of the candidates, ascending: a tie, shown as a tie.
    hits, tested : int
        Failed and all tested lots behind them.
    p, q : float
        Hypergeometric tail, and its Benjamini-Hochberg value over all classes.
    lift : float
        Failure rate behind them over the rate among all tested.
    posterior : float
        Probability that the source is one of them, given that there is one source or none.
    findings : tuple of int
        Columns of the findings they explain.
    """

    members: tuple[int, ...]
    hits: int
    tested: int
    p: float
    q: float
    lift: float
    posterior: float
    findings: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SourceRanking:
    """All classes, the likeliest first, and the belief in no common source.

    A class behind which *all* tested lots lie cannot be told from a failure rate that is high
    everywhere: its posterior against "none" rests on the background prior alone (see `is_hub`).
    """

    classes: tuple[SourceClass, ...]
    none_posterior: float
    findings: int
    tested: int
    family: int

    def is_hub(self, one: SourceClass) -> bool:
        """True where everything that was tested lies behind a class."""
        return one.tested == self.tested and self.tested > self.findings

    def of(self, candidate: int) -> SourceClass:
        """The class of a candidate.

        Raises
        ------
        ValueError
            It explains no finding, so it is in no class.
        """
        for each in self.classes:
            if candidate in each.members:
                return each
        raise ValueError(f"candidate {candidate} explains no finding")


def rank_sources(
    covered: Bools, exposed: Bools, *, model: ResultModel | None = None
) -> SourceRanking:
    """Rank candidates by what failed and what passed behind them.

    Parameters
    ----------
    covered : (candidates, findings) bool
        True where a failed lot lies behind a candidate. Candidates that explain no finding belong
        here too: they are part of what was looked at, though none of the answer.
    exposed : (candidates, compliant) bool
        True where a lot that passed lies behind a candidate. May have no columns: then nothing
        tells a hub from a source, and every ``lift`` is 1.
    model : ResultModel, optional
    Returns
    -------
    SourceRanking
        By posterior, then p, then the fewest tested behind, then the first member.

    Raises
    ------
    ValueError
        If the two arrays do not speak of the same candidates, or no finding is given.

    Notes
    -----
    Failed lots among those behind a candidate are hypergeometric where the candidate has nothing
    to do with it: ``P(X >= hits)`` with ``tested`` drawn from all tested lots. Candidates with the
    same tested lots behind them are one hypothesis. Posterior: under "class c is the source" the
    lots behind it fail at a rate of their own, all others at the background rate; under "none" all
    fail at the background rate. Rates are integrated over their priors (Gauss-Jacobi).

    References
    ----------
    Benjamini, Y. & Hochberg, Y. (1995). J. R. Stat. Soc. B 57, 289-300.
    Rogan, W. & Gladen, B. (1978). Am. J. Epidemiol. 107, 71-76 (rate seen through a test).
    """
    model = model or ResultModel()
    covered = np.asarray(covered, dtype=np.bool_)
    exposed = np.asarray(exposed, dtype=np.bool_)
    if covered.ndim != 2 or exposed.ndim != 2 or len(covered) != len(exposed):
        raise ValueError(
            "covered and exposed need one row for each candidate, got shapes "
            f"{covered.shape} and {exposed.shape}"
        )
    findings, compliant = covered.shape[1], exposed.shape[1]
    if not findings:
        raise ValueError("a common source needs at least one finding")
    alike = _alike(covered, exposed)
    groups = [members for members in alike if covered[members[0]].any()]
    first = np.array([members[0] for members in groups], dtype=np.int64)
    size = len(alike)
    if not len(first):
        return SourceRanking((), 1.0, findings, findings + compliant, size)
    hits = covered[first].sum(axis=1).astype(np.int64)
    tested = hits + exposed[first].sum(axis=1)
    total = findings + compliant
    p = stats.hypergeom.sf(hits - 1, total, findings, tested)
    q = _false_discovery(p, size)
    posterior, none = _posterior(hits, tested, findings, total, model)
    found = [
        SourceClass(
            members=members,
            hits=int(hits[i]),
            tested=int(tested[i]),
            p=float(p[i]),
            q=float(q[i]),
            lift=float(hits[i] / tested[i] / (findings / total)),
            posterior=float(posterior[i]),
            findings=tuple(int(each) for each in np.flatnonzero(covered[members[0]])),
        )
        for i, members in enumerate(groups)
    ]
    found.sort(key=lambda each: (-each.posterior, each.p, each.tested, each.members))
    return SourceRanking(tuple(found), none, findings, total, size)


def _alike(covered: Bools, exposed: Bools) -> list[tuple[int, ...]]:
    """Candidates in groups with the same tested lots behind them; those with none are no group."""
    rows = np.packbits(np.hstack([covered, exposed]), axis=1)
    groups: dict[bytes, list[int]] = defaultdict(list)
    for candidate in np.flatnonzero(covered.any(axis=1) | exposed.any(axis=1)):
        groups[rows[candidate].tobytes()].append(int(candidate))
    return [tuple(members) for members in groups.values()]


def _false_discovery(p: Floats, family: int) -> Floats:
    """Benjamini-Hochberg values in a family whose other members have p = 1."""
    order = np.argsort(p, kind="stable")
    raw = p[order] * family / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return q


@dataclass(frozen=True, slots=True)
class _Rate:
    """A failure rate with its prior: points and log weights of its quadrature."""

    rate: Floats
    log_weight: Floats

    @staticmethod
    def of(prior: tuple[float, float], model: ResultModel) -> _Rate:
        alpha, beta = prior
        x, weight = special.roots_jacobi(_POINTS, beta - 1, alpha - 1)
        share = (x + 1) / 2
        rate = share * model.sensitivity + (1 - share) * (1 - model.specificity)
        positive = weight > 0
        rate = np.clip(rate[positive], 1e-300, 1 - 1e-16)
        return _Rate(rate, np.log(weight[positive] / weight.sum()))

    def log_marginal(self, failed: Ints, tested: Ints) -> Floats:
        """Log probability of the results, without the number of their orders."""
        likely = np.outer(failed, np.log(self.rate)) + np.outer(
            tested - failed, np.log1p(-self.rate)
        )
        return np.asarray(special.logsumexp(likely + self.log_weight, axis=1))


def _posterior(
    hits: Ints, tested: Ints, findings: int, total: int, model: ResultModel
) -> tuple[Floats, float]:
    behind = _Rate.of(model.source_prior, model)
    elsewhere = _Rate.of(model.background_prior, model)
    of_class = behind.log_marginal(hits, tested) + elsewhere.log_marginal(
        findings - hits, total - tested
    )
    of_none = elsewhere.log_marginal(np.array([findings]), np.array([total]))[0]
    log = of_class + np.log((1 - model.none_prior) / len(hits))
    if model.none_prior > 0:
        log = np.append(log, of_none + np.log(model.none_prior))
    else:
        log = np.append(log, -np.inf)
    share = np.exp(log - special.logsumexp(log))
    return share[:-1], float(share[-1])


@dataclass(frozen=True, slots=True)
class Explanation:
    """The fewest classes that explain all findings together.

    Attributes
    ----------
    sets : tuple of tuple of int
        Places in ``SourceRanking.classes``; several sets are a tie. Those with the fewest
        compliant lots behind them come first.
    is_exact : bool
        False where the search stopped: a good set, perhaps not the smallest.
    unexplained : tuple of int
        Findings behind no candidate.
    """

    sets: tuple[tuple[int, ...], ...]
    is_exact: bool
    unexplained: tuple[int, ...]


def explain(ranking: SourceRanking, *, most: int = 20) -> Explanation:
    """How few sources explain all findings?

    Parameters
    ----------
    ranking : SourceRanking
    most : int
        Sets given at most.

    Notes
    -----
    Exact by trying all sets of one class, of two … among the classes that no other dominates
    (explains more and has no more compliant lots behind it); beyond `LARGEST_EXACT` classes or
    `_TRIED` sets the greedy cover stands (Chvátal 1979), and says so.

    References
    ----------
    Chvátal, V. (1979). A greedy heuristic for the set-covering problem. Math. Oper. Res. 4, 233.
    """
    classes = ranking.classes
    explained = {each for one in classes for each in one.findings}
    unexplained = tuple(sorted(set(range(ranking.findings)) - explained))
    if not explained:
        return Explanation((), True, unexplained)
    masks = [sum(1 << each for each in one.findings) for one in classes]
    costs = [one.tested - one.hits for one in classes]
    wanted = sum(1 << each for each in explained)
    useful = _undominated(masks, costs)
    tried = 0
    for size in range(1, LARGEST_EXACT + 1):
        found = []
        for chosen in combinations(useful, size):
            tried += 1
            if tried > _TRIED:
                return Explanation((_greedy(masks, costs, useful, wanted),), False, unexplained)
            covered = 0
            for each in chosen:
                covered |= masks[each]
            if covered == wanted:
                found.append(chosen)
        if found:
            found.sort(key=lambda chosen: (sum(costs[each] for each in chosen), chosen))
            return Explanation(tuple(found[:most]), True, unexplained)
    return Explanation((_greedy(masks, costs, useful, wanted),), False, unexplained)


def _undominated(masks: Sequence[int], costs: Sequence[int]) -> list[int]:
    best: dict[int, int] = {}
    for mask, cost in zip(masks, costs, strict=True):
        best[mask] = min(cost, best.get(mask, cost))
    return [
        i
        for i, (mask, cost) in enumerate(zip(masks, costs, strict=True))
        if cost == best[mask]
        and not any(
            other != mask and mask | other == other and least <= cost
            for other, least in best.items()
        )
    ]


def _greedy(
    masks: Sequence[int], costs: Sequence[int], useful: Sequence[int], wanted: int
) -> tuple[int, ...]:
    left, chosen = wanted, []
    while left:
        best = max(useful, key=lambda each: ((masks[each] & left).bit_count(), -costs[each], -each))
        chosen.append(best)
        left &= ~masks[best]
    return tuple(sorted(chosen))


@dataclass(frozen=True, slots=True)
class NextSample:
    """A lot not tested yet, and what its test would tell.

    ``gain`` in bits: expected drop of the uncertainty about the source. ``fails`` is the
    probability that it fails, as things stand.
    """

    lot: int
    gain: float
    fails: float


def next_samples(
    ranking: SourceRanking, behind: Bools, *, model: ResultModel | None = None, most: int = 10
) -> tuple[NextSample, ...]:
    """Which lot should be tested next to tell the candidates apart?

    Parameters
    ----------
    ranking : SourceRanking
    behind : (candidates, lots) bool
        True where a lot not tested yet lies behind a candidate. Members of one class may differ
        here: then a test can break their tie.
    most : int
        Lots given at most.

    Returns
    -------
    tuple of NextSample
        By gain, greatest first, then by column; none with a gain of zero.

    Notes
    -----
    Expected information gain (Lindley 1956) over candidates, each with an even share of its
    class's posterior, and "none"; a lot fails with the predictive rate of the lots behind the
    source or of the others.

    References
    ----------
    Lindley, D. V. (1956). Ann. Math. Stat. 27, 986-1005.
    """
    model = model or ResultModel()
    if not ranking.classes or not behind.shape[1]:
        return ()
    source, others = _Rate.of(model.source_prior, model), _Rate.of(model.background_prior, model)
    failed = np.array([[c.hits, ranking.findings - c.hits] for c in ranking.classes])
    tested = np.array([[c.tested, ranking.tested - c.tested] for c in ranking.classes])
    inside = _predictive(source, failed[:, 0], tested[:, 0])
    outside = _predictive(others, failed[:, 1], tested[:, 1])
    none = _predictive(others, np.array([ranking.findings]), np.array([ranking.tested]))[0]
    rows = [member for each in ranking.classes for member in each.members]
    share = np.array([c.posterior / len(c.members) for c in ranking.classes for _ in c.members])
    class_of = np.repeat(np.arange(len(ranking.classes)), [len(c.members) for c in ranking.classes])
    fails = np.where(behind[rows], inside[class_of, None], outside[class_of, None])
    fails = np.vstack([fails, np.full(behind.shape[1], none)])
    weight = np.append(share, ranking.none_posterior)
    mean = weight @ fails
    gain = np.asarray(_entropy(mean) - weight @ _entropy(fails))
    order = np.lexsort((np.arange(len(gain)), -np.round(gain, 12)))
    return tuple(
        NextSample(int(each), float(gain[each]), float(mean[each]))
        for each in order[:most]
        if gain[each] > 1e-9
    )


def _predictive(rate: _Rate, failed: Ints, tested: Ints) -> Floats:
    """Probability that one more lot fails."""
    return np.asarray(
        np.exp(rate.log_marginal(failed + 1, tested + 1) - rate.log_marginal(failed, tested))
    )


def _entropy(p: Floats) -> Floats:
    return np.asarray((special.entr(p) + special.entr(1 - p)) / np.log(2))
