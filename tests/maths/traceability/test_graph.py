"""Reach in time, against the enumeration of all paths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceability.maths.graph import TimedEdges, walk
from traceability.maths.ledger import EARLIEST, LATEST

NODES = 6


def edges_of(rows: list[tuple[int, int, int, int]]) -> TimedEdges:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return TimedEdges(*columns)


@st.composite
def networks(draw: st.DrawFn) -> list[tuple[int, int, int, int]]:
    rows = []
    for _ in range(draw(st.integers(0, 11))):
        source = draw(st.integers(0, NODES - 1))
        target = draw(st.integers(0, NODES - 1).filter(lambda n, s=source: n != s))
        lo = draw(st.one_of(st.integers(0, 8), st.just(EARLIEST)))
        hi = draw(st.one_of(st.integers(max(lo, 0), 9), st.just(LATEST)))
        rows.append((source, target, lo, hi))
    return rows


def all_paths(rows: list[tuple[int, int, int, int]], seed: int) -> list[list[int]]:
    """Edge numbers of every path without a repeated node."""
    found: list[list[int]] = [[]]

    def extend(node: int, seen: set[int], path: list[int]) -> None:
        for number, (source, target, _, _) in enumerate(rows):
            if source == node and target not in seen:
                found.append([*path, number])
                extend(target, seen | {target}, [*path, number])

    extend(seed, {seed}, [])
    return found


def arrival(rows: list[tuple[int, int, int, int]], path: list[int], *, certain: bool) -> int | None:
    """When the end of a path is reached at the earliest; None where its edges are out of order."""
    now = EARLIEST
    for number in path:
        _, _, lo, hi = rows[number]
        if now > (lo if certain else hi):
            return None
        now = max(now, hi if certain else lo)
    return now


@settings(max_examples=300, deadline=None)
@given(networks(), st.integers(0, NODES - 1), st.booleans())
def test_reach_depth_and_arrival_equal_the_enumeration_of_all_paths(
    rows: list[tuple[int, int, int, int]], seed: int, certain: bool
) -> None:
    best: dict[int, tuple[int, int]] = {}
    for path in all_paths(rows, seed):
        at = arrival(rows, path, certain=certain)
        if at is not None:
            node = rows[path[-1]][1] if path else seed
            steps, since = best.get(node, (len(path), at))
            best[node] = (min(steps, len(path)), min(since, at))

    reach = walk(edges_of(rows), nodes=NODES, seeds=np.array([seed]), certain=certain)

    assert {int(n): (int(reach.depth[n]), int(reach.since[n])) for n in reach.reached()} == best
    assert not reach.is_cut
    for node in best:
        path = list(reach.path(node))
        assert arrival(rows, path, certain=certain) is not None
        assert len(path) == best[node][0]
        assert (rows[path[-1]][1] if path else seed) == node


@settings(max_examples=200, deadline=None)
@given(networks(), st.booleans())
def test_b_lies_ahead_of_a_exactly_when_a_lies_behind_b(
    rows: list[tuple[int, int, int, int]], certain: bool
) -> None:
    edges = edges_of(rows)

    ahead = {
        (a, int(b))
        for a in range(NODES)
        for b in walk(edges, nodes=NODES, seeds=np.array([a]), certain=certain).reached()
    }
    behind = {
        (int(a), b)
        for b in range(NODES)
        for a in walk(edges.reversed(), nodes=NODES, seeds=np.array([b]), certain=certain).reached()
    }

    assert ahead == behind


@settings(max_examples=150, deadline=None)
@given(networks(), st.integers(0, NODES - 1), st.integers(0, 4))
def test_a_bound_on_steps_keeps_exactly_what_lies_within_it_and_says_when_it_cut(
    rows: list[tuple[int, int, int, int]], seed: int, longest: int
) -> None:
    edges, seeds = edges_of(rows), np.array([seed])
    whole = walk(edges, nodes=NODES, seeds=seeds)

    part = walk(edges, nodes=NODES, seeds=seeds, longest=longest)

    within = {int(n) for n in whole.reached() if whole.depth[n] <= longest}
    assert {int(n) for n in part.reached()} == within
    if len(within) < len(whole.reached()):
        assert part.is_cut


@settings(max_examples=150, deadline=None)
@given(networks(), st.integers(0, NODES - 1), st.randoms(use_true_random=False))
def test_the_order_of_edges_does_not_matter(
    rows: list[tuple[int, int, int, int]], seed: int, random: object
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    one = walk(edges_of(rows), nodes=NODES, seeds=np.array([seed]))
    other = walk(edges_of(shuffled), nodes=NODES, seeds=np.array([seed]))

    assert one.depth.tolist() == other.depth.tolist()
    assert one.since.tolist() == other.since.tolist()


def test_an_edge_that_ended_before_the_arrival_is_not_used() -> None:
    # 0 → 1 on day 5; 1 → 2 on day 4 (too early) and 1 → 3 on day 6.
    edges = edges_of([(0, 1, 5, 5), (1, 2, 4, 4), (1, 3, 6, 6)])

    reach = walk(edges, nodes=4, seeds=np.array([0]))

    assert reach.reached().tolist() == [0, 1, 3]


def test_a_later_arrival_by_more_steps_can_be_the_earlier_one_and_opens_the_way() -> None:
    # Direct 0 → 2 on day 9; by way of 1 on days 1 and 2; 2 → 3 on day 5 only fits the detour.
    edges = edges_of([(0, 2, 9, 9), (0, 1, 1, 1), (1, 2, 2, 2), (2, 3, 5, 5)])

    reach = walk(edges, nodes=4, seeds=np.array([0]))

    assert reach.depth.tolist() == [0, 1, 1, 3]
    assert reach.since[2] == 2
    assert reach.path(3) == (1, 2, 3)
    assert reach.path(2) == (0,)


def test_the_same_day_is_possible_and_not_certain() -> None:
    edges = edges_of([(0, 1, 0, 9), (1, 2, 0, 9)])  # both some time in the same ten minutes

    possible = walk(edges, nodes=3, seeds=np.array([0]))
    certain = walk(edges, nodes=3, seeds=np.array([0]), certain=True)

    assert possible.reached().tolist() == [0, 1, 2]
    assert certain.reached().tolist() == [0, 1]


def test_missing_times_never_block() -> None:
    edges = edges_of([(0, 1, 5, 5), (1, 2, EARLIEST, LATEST), (2, 3, 1, LATEST)])

    assert walk(edges, nodes=4, seeds=np.array([0])).reached().tolist() == [0, 1, 2, 3]


def test_cycles_end() -> None:
    edges = edges_of([(0, 1, 1, 1), (1, 0, 2, 2), (1, 2, 3, 3)])

    assert walk(edges, nodes=3, seeds=np.array([0])).depth.tolist() == [0, 1, 2]


def test_timeless_nodes_pass_on_whatever_left_them() -> None:
    edges = edges_of([(0, 1, 5, 5), (1, 2, 4, 4)])
    timeless = np.array([True, True, False])

    assert walk(edges, nodes=3, seeds=np.array([0]), timeless=timeless).reached().tolist() == [
        0,
        1,
        2,
    ]


def test_numbers_outside_their_range_are_refused() -> None:
    with pytest.raises(ValueError, match="seed lies outside"):
        walk(edges_of([]), nodes=2, seeds=np.array([2]))
    with pytest.raises(ValueError, match="leaves the nodes"):
        walk(edges_of([(0, 5, 1, 1)]), nodes=2, seeds=np.array([0]))
    with pytest.raises(ValueError, match="lo <= hi"):
        edges_of([(0, 1, 2, 1)])
    with pytest.raises(ValueError, match="not reached"):
        walk(edges_of([]), nodes=2, seeds=np.array([0])).path(1)
