"""Common sources by one sweep, edges of an answer, and expected exposure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceability.maths.adjacency import TraceGraph
from traceability.maths.ancestors import common_nodes
from traceability.maths.compiled import has_numba
from traceability.maths.csr import CsrEngine
from traceability.maths.exposure import expected_exposure
from traceability.maths.overlay import Overlay
from traceability.maths.reach import Direction, Question

NODES = 9
SPEEDS = [False, True] if has_numba() else [False]
Row = tuple[int, int, int]


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def engine_of(edges: list[Row], *, fast: bool, added: int = 0) -> CsrEngine:
    """An engine in which the last edges came after the graph was built."""
    source, target, at = np.array(edges, dtype=np.int64).reshape(-1, 3).T
    number = np.arange(len(edges))
    old, new = slice(0, len(edges) - added), slice(len(edges) - added, None)
    graph = TraceGraph.of(
        source[old], target[old], at[old], at[old], number[old], nodes=NODES, fast=fast
    )
    overlay = Overlay.of(
        graph, source=source[new], target=target[new], lo=at[new], hi=at[new], number=number[new],
        fast=fast,
    )  # fmt: skip
    return CsrEngine(overlay, fast=fast)


node = st.integers(0, NODES - 1)
edge_lists = st.lists(st.tuples(node, node, st.integers(0, 5)), max_size=20)


@settings(max_examples=60, deadline=None)
@given(
    edge_lists,
    st.one_of(st.lists(node, min_size=1, max_size=5), st.lists(node, min_size=64, max_size=70)),
    st.booleans(),
    st.sampled_from(["forward", "backward"]),
    st.data(),
)
def test_a_sweep_finds_what_a_walk_from_each_finding_finds(
    edges: list[Row],
    findings: list[int],
    respects: bool,
    direction: Direction,
    data: st.DataObject,
) -> None:
    added = data.draw(st.integers(0, len(edges)))
    at_least = data.draw(st.integers(1, 3))
    for fast in SPEEDS:
        engine = engine_of(edges, fast=fast, added=added)
        behind = [
            set(
                engine.reach(
                    Question(ints(f), ints(), direction=direction, respects_dates=respects)
                ).node.tolist()
            )
            for f in findings
        ]

        common = common_nodes(
            engine, ints(*findings), at_least=at_least, direction=direction, respects_dates=respects
        )

        expected = {n: sum(n in each for each in behind) for n in range(NODES)}
        assert dict(zip(common.node.tolist(), common.count.tolist(), strict=True)) == {
            n: count for n, count in expected.items() if count >= at_least
        }
        for place, each in enumerate(behind):
            explained = common.node[common.explains(place)].tolist()
            assert explained == [n for n in common.node.tolist() if n in each]


def test_common_sources_without_findings_or_out_of_range_are_refused() -> None:
    engine = engine_of([(0, 1, 1)], fast=False)

    with pytest.raises(ValueError, match="at least one finding"):
        common_nodes(engine, ints())
    with pytest.raises(ValueError, match="a finding lies outside"):
        common_nodes(engine, ints(NODES))
    with pytest.raises(ValueError, match="at_least must be"):
        common_nodes(engine, ints(0), at_least=0)
    with pytest.raises(ValueError, match="certain needs dates"):
        common_nodes(engine, ints(0), certain=True)


@settings(max_examples=80, deadline=None)
@given(edge_lists, node, st.booleans(), st.sampled_from(["forward", "backward"]), st.data())
def test_edges_of_an_answer_are_those_that_lead_in_time_from_one_reached_to_another(
    edges: list[Row], seed: int, respects: bool, direction: Direction, data: st.DataObject
) -> None:
    added = data.draw(st.integers(0, len(edges)))
    question = Question(ints(seed), ints(), direction=direction, respects_dates=respects)

    both = [engine_of(edges, fast=fast, added=added).edges(question) for fast in SPEEDS]

    answer, found = both[0]
    for name in ("source", "target", "number"):
        assert getattr(found, name).tolist() == getattr(both[-1][1], name).tolist()
    since = dict(zip(answer.node.tolist(), answer.since.tolist(), strict=True))
    expected = []
    for number, (source, target, at) in enumerate(edges):
        if source in since and target in since:
            in_order = since[source] <= at if direction == "forward" else since[target] <= -at
            if in_order or not respects:
                expected.append(number)
    assert found.number.tolist() == expected
    for source, target, number in zip(found.source, found.target, found.number, strict=True):
        assert edges[number][:2] == (source, target)


def test_edges_to_a_generation_left_out_are_left_out() -> None:
    # 0 → 1 → 2 and 1 → 3: three lots at most, so the generation of 2 and 3 is left out.
    for fast in SPEEDS:
        engine = engine_of([(0, 1, 1), (1, 2, 2), (1, 3, 2)], fast=fast)

        answer, found = engine.edges(Question(ints(0), ints(), most=3))

        assert answer.node.tolist() == [0, 1]
        assert answer.cut_because == "most"
        assert found.number.tolist() == [0]


def test_mass_is_split_by_quantity_and_adds_up() -> None:
    # 100 kg: 30 to lot 1 and 70 to lot 2 of 300 shipped; lot 1 goes whole into lot 3, lot 2 in two
    # parts of which one is not known: half each.
    found = expected_exposure(
        seeds=ints(0), seed_mass=np.array([100.0]),
        source=ints(0, 0, 1, 2, 2), target=ints(1, 2, 3, 3, 4),
        quantity=np.array([90.0, 210.0, 7.0, 5.0, np.nan]),
    )  # fmt: skip

    assert found.node.tolist() == [0, 1, 2, 3, 4]
    assert found.mass.tolist() == [100.0, 30.0, 70.0, 65.0, 35.0]
    assert found.unsettled == 0


def test_mass_going_round_settles() -> None:
    # Half of lot 1 is reworked into lot 0: 100, 50, 25, … come to it again, 200 in all.
    found = expected_exposure(
        seeds=ints(0), seed_mass=np.array([100.0]),
        source=ints(0, 1, 1), target=ints(1, 0, 2), quantity=np.array([4.0, 1.0, 1.0]),
    )  # fmt: skip

    assert found.mass == pytest.approx([200, 200, 100], rel=1e-6)
    assert 0 < found.unsettled <= 1e-7


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(node, node, st.floats(0.1, 9)), max_size=15), node)
def test_what_ends_nowhere_is_the_mass_of_the_seed(
    rows: list[tuple[int, int, float]], seed: int
) -> None:
    edges = [(a, b, q) for a, b, q in rows if a < b]  # no cycles
    source, target = (ints(*(row[i] for row in edges)) for i in (0, 1))

    found = expected_exposure(
        seeds=ints(seed), seed_mass=np.array([1.0]), source=source, target=target,
        quantity=np.array([row[2] for row in edges]),
    )  # fmt: skip

    last = ~np.isin(found.node, source)
    assert found.mass[last].sum() == pytest.approx(1, rel=1e-9)


def test_mass_and_quantities_out_of_range_are_refused() -> None:
    good = {"seeds": ints(0), "seed_mass": np.array([1.0]), "source": ints(0), "target": ints(1)}

    with pytest.raises(ValueError, match="above 0"):
        expected_exposure(**good, quantity=np.array([0.0]))
    with pytest.raises(ValueError, match="not below 0"):
        expected_exposure(**{**good, "seed_mass": np.array([-1.0])}, quantity=np.array([1.0]))
    with pytest.raises(ValueError, match="of one length"):
        expected_exposure(**good, quantity=np.array([1.0, 1.0]))
