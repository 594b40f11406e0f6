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
