"""Rounds over edges kept elsewhere, against the walk in memory and against plain iteration."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.maths.traceability.engines import Rows, answers_of, in_memory, plain, questions
from traceability.maths.graph import TimedEdges, walk
from traceability.maths.ledger import EARLIEST
from traceability.maths.reach import Question
from traceability.maths.rounds import reach_by_rounds

NODES = 7


@st.composite
def networks(draw: st.DrawFn) -> Rows:
    rows = []
    for number in range(draw(st.integers(0, 14))):
        source = draw(st.integers(0, NODES - 1))
        target = draw(st.integers(0, NODES - 1).filter(lambda n, s=source: n != s))
        lo = draw(st.integers(0, 8))
        rows.append((number + 10, source, target, lo, lo + draw(st.integers(0, 4))))
    return rows


@settings(max_examples=400, deadline=None)
@given(networks(), questions(NODES))
def test_rounds_answer_like_plain_iteration(rows: Rows, question: Question) -> None:
    found = reach_by_rounds(question, in_memory(rows, question), engine="rounds")

    assert answers_of(found) == plain(rows, question)


@settings(max_examples=200, deadline=None)
@given(networks(), questions(NODES, most=False))
def test_rounds_answer_like_the_walk(rows: Rows, question: Question) -> None:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    edges = TimedEdges(*columns[1:])
    if not question.respects_dates:
        loose = np.zeros_like(edges.lo) + EARLIEST
        edges = TimedEdges(edges.source, edges.target, loose, -loose)
    timeless = np.zeros(NODES, dtype=np.bool_)
    timeless[question.timeless] = True
    reach = walk(
        edges if question.direction == "forward" else edges.reversed(),
        nodes=NODES,
        seeds=question.seeds,
        timeless=timeless,
        certain=question.certain,
        longest=question.longest,
    )

    found = reach_by_rounds(question, in_memory(rows, question), engine="rounds")

    assert sorted(found.node) == list(reach.reached())
    assert [int(reach.depth[n]) for n in found.node] == found.depth.tolist()
    assert [int(reach.since[n]) for n in found.node] == found.since.tolist()
    assert (found.cut_because == "longest") == reach.is_cut
    last = {n: reach.path(n)[-1] for n in map(int, found.node) if reach.depth[n] > 0}
    assert {n: int(columns[0][last[n]]) for n in last} == {
        int(n): int(e) for n, e in zip(found.node, found.edge, strict=True) if e >= 0
    }


@settings(max_examples=100, deadline=None)
@given(networks(), st.booleans())
def test_b_is_forward_of_a_where_a_is_backward_of_b(rows: Rows, certain: bool) -> None:
    def pairs(direction: str) -> set[tuple[int, int]]:
        found = set()
        for seed in range(NODES):
            question = Question(
                np.array([seed]),
                np.array([], dtype=np.int64),
                direction,
                certain=certain,  # type: ignore[arg-type]
            )
            answer = reach_by_rounds(question, in_memory(rows, question), engine="rounds")
            found |= {(seed, int(node)) for node in answer.node}
        return found

    assert pairs("forward") == {(a, b) for b, a in pairs("backward")}


def test_a_generation_too_many_is_left_out_whole() -> None:
    rows: Rows = [(1, 0, 1, 0, 0), (2, 0, 2, 0, 0), (3, 1, 3, 5, 5), (4, 1, 4, 5, 5)]
    none = np.array([], dtype=np.int64)

    for most, reached in ((5, [0, 1, 2, 3, 4]), (4, [0, 1, 2]), (2, [0]), (0, [])):
        question = Question(np.array([0]), none, most=most)
        found = reach_by_rounds(question, in_memory(rows, question), engine="rounds")

        assert found.node.tolist() == reached
        assert found.cut_because == (None if most == 5 else "most")
