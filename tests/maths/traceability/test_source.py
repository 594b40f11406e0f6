"""Common sources: what counts is how much of what was tested failed."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, stats

from traceability.maths.source import (
    ResultModel,
    SourceRanking,
    explain,
    next_samples,
    rank_sources,
)

Bools = NDArray[np.bool_]


def _matrix(rows: list[str]) -> Bools:
    return np.array([[letter == "x" for letter in row] for row in rows], dtype=np.bool_)


def test_a_hub_ranks_below_the_lot_whose_descendants_all_failed() -> None:
    covered = _matrix(["xxxxxx", "xxxxxx", "xxx..."])
    exposed = _matrix(["x" * 40, "." * 39 + "x", "." * 40])
    ranking = rank_sources(covered, exposed)
    assert [each.members for each in ranking.classes] == [(1,), (2,), (0,)]
    hub = ranking.of(0)
    assert hub.p == 1.0
    assert hub.lift == 1.0
    assert ranking.of(1).q < 1e-4
    assert ranking.of(1).posterior > 0.9


def test_the_tail_is_that_of_an_urn() -> None:
    ranking = rank_sources(_matrix(["xx."]), _matrix(["x...."]))
    # All 8 tested, 3 failed, 3 behind the candidate, at least 2 of them failed.
    by_hand = (comb(3, 2) * comb(5, 1) + comb(3, 3)) / comb(8, 3)
    assert ranking.classes[0].p == pytest.approx(by_hand, rel=1e-12)


def test_candidates_with_the_same_tested_lots_behind_them_are_one_hypothesis() -> None:
    ranking = rank_sources(_matrix(["xx", "xx", "x.", ".."]), _matrix([".", ".", "x", "x"]))
    assert ranking.classes[0].members == (0, 1)
    assert ranking.family == 3  # two classes, and one that explains nothing
    with pytest.raises(ValueError, match="explains no finding"):
        ranking.of(3)


def test_the_posterior_agrees_with_adaptive_quadrature() -> None:
    model = ResultModel(sensitivity=0.9, specificity=0.95, source_prior=(2, 3))
    covered, exposed = _matrix(["xxx.", ".xxx"]), _matrix(["x.....", "xxx..."])
    ranking = rank_sources(covered, exposed, model=model)

    def marginal(failed: int, tested: int, prior: tuple[float, float]) -> float:
        def density(share: float) -> float:
            rate = share * 0.9 + (1 - share) * 0.05
            likelihood = rate**failed * (1 - rate) ** (tested - failed)
            return float(likelihood * stats.beta.pdf(share, *prior))

        return float(integrate.quad(density, 0, 1, epsabs=0, epsrel=1e-11)[0])

    weights = {
        0: 0.25 * marginal(3, 4, (2, 3)) * marginal(1, 6, (1, 9)),
        1: 0.25 * marginal(3, 6, (2, 3)) * marginal(1, 4, (1, 9)),
        None: 0.5 * marginal(4, 10, (1, 9)),
    }
    total = sum(weights.values())
    assert ranking.of(0).posterior == pytest.approx(weights[0] / total, rel=1e-9)
    assert ranking.of(1).posterior == pytest.approx(weights[1] / total, rel=1e-9)
    assert ranking.none_posterior == pytest.approx(weights[None] / total, rel=1e-9)


def test_one_finding_without_compliant_lots_tells_nothing() -> None:
    ranking = rank_sources(_matrix(["x", "x"]), np.zeros((2, 0), dtype=np.bool_))
    (only,) = ranking.classes
    assert only.members == (0, 1)
    assert only.p == 1.0
    assert only.lift == 1.0


matrices = st.integers(1, 6).flatmap(
    lambda findings: st.tuples(
        st.lists(
            st.lists(st.booleans(), min_size=findings, max_size=findings), min_size=1, max_size=7
        ),
        st.integers(0, 4),
        st.randoms(use_true_random=False),
    )
)


@given(matrices)
def test_the_fewest_sources_are_the_fewest_of_all_sets(given_: tuple) -> None:  # type: ignore[type-arg]
    rows, compliant, random = given_
    covered = np.array(rows, dtype=np.bool_)
    exposed = np.array(
        [[random.random() < 0.5 for _ in range(compliant)] for _ in rows], dtype=np.bool_
    ).reshape(len(rows), compliant)
    ranking = rank_sources(covered, exposed)
    told = explain(ranking)
    sets = [set(each.findings) for each in ranking.classes]
    wanted = set().union(*sets)
    assert set(told.unexplained) == set(range(covered.shape[1])) - wanted
    fewest = next(
        (
            size
            for size in range(1, len(sets) + 1)
            if any(set().union(*chosen) == wanted for chosen in combinations(sets, size))
        ),
        0,
    )
    if told.is_exact and wanted:
        assert {len(each) for each in told.sets} == {fewest}
    for chosen in told.sets:
        assert set().union(*(sets[each] for each in chosen)) == wanted


@given(matrices)
def test_beliefs_add_up_and_do_not_depend_on_the_order_of_candidates(given_: tuple) -> None:  # type: ignore[type-arg]
    rows, _, random = given_
    covered = np.array(rows, dtype=np.bool_)
    exposed = np.array([[random.random() < 0.5] for _ in rows], dtype=np.bool_)
    ranking = rank_sources(covered, exposed)
    beliefs = sum(each.posterior for each in ranking.classes) + ranking.none_posterior
    assert beliefs == pytest.approx(1.0)
    order = list(range(len(rows)))
    random.shuffle(order)
    other = rank_sources(covered[order], exposed[order])

    def seen(one: SourceRanking, names: list[int]) -> set[tuple[tuple[int, ...], float]]:
        return {
            (tuple(sorted(names[each] for each in c.members)), round(c.posterior, 12))
            for c in one.classes
        }

    assert seen(ranking, list(range(len(rows)))) == seen(other, order)


def test_the_next_sample_is_one_that_only_one_of_two_suspects_stands_behind() -> None:
    ranking = rank_sources(_matrix(["xxx", "xxx"]), _matrix(["....", "...."]))
    assert ranking.classes[0].members == (0, 1)
    behind = _matrix(["xx.", "x.."])  # lot 0 behind both, lot 1 behind the first, lot 2 behind none
    best = next_samples(ranking, behind)
    assert best[0].lot == 1
    assert all(0 < each.fails < 1 and each.gain > 0 for each in best)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sensitivity": 0}, "sensitivity must lie"),
        ({"sensitivity": 0.4, "specificity": 0.6}, "tells nothing"),
        ({"source_prior": (0, 1)}, "source_prior needs"),
        ({"none_prior": 1.0}, "none_prior must lie"),
    ],
)
def test_a_model_that_cannot_be_is_refused(values: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ResultModel(**values)  # type: ignore[arg-type]


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="one row for each candidate"):
        rank_sources(_matrix(["x"]), _matrix(["x", "x"]))
    with pytest.raises(ValueError, match="at least one finding"):
        rank_sources(np.zeros((2, 0), dtype=np.bool_), _matrix(["x", "x"]))
