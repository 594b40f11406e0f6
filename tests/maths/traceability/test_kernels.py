"""Compiled walks, their numpy twins and the plain walk give one answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceability.maths.adjacency import TraceGraph, UnreadableGraph
from traceability.maths.ancestors import common_nodes
from traceability.maths.compiled import has_numba
from traceability.maths.csr import CsrEngine, warm
from traceability.maths.graph import TimedEdges, walk
from traceability.maths.ledger import EARLIEST, LATEST
from traceability.maths.overlay import Overlay
from traceability.maths.reach import Answer, Direction, Question
from traceability.maths.timecodes import TimeCodes

NODES = 7
Row = tuple[int, int, int, int]
SPEEDS = [False, True] if has_numba() else [False]
# Whole seconds, milliseconds and microseconds that fit even steps, and years of microseconds that
# need a table.
SCALES = (86_400_000_000, 1_000_000, 1_000, 1, 86_400_000_007 * 37)


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@st.composite
def rows(draw: st.DrawFn, most: int = 16) -> list[Row]:
    scale = draw(st.sampled_from(SCALES))
    times = st.one_of(
        st.integers(-5, 5).map(lambda n: n * scale),
        st.integers(0, 3).map(lambda n: n * scale + 1),
        st.sampled_from([EARLIEST, LATEST]),
    )
    found = []
    for _ in range(draw(st.integers(0, most))):
        lo, hi = sorted((draw(times), draw(times)))
        if draw(st.booleans()):
            hi = lo
        found.append((draw(st.integers(0, NODES - 1)), draw(st.integers(0, NODES - 1)), lo, hi))
    return found


def columns(edges: list[Row]) -> list[np.ndarray]:
    return list(np.array(edges, dtype=np.int64).reshape(-1, 4).T)


def graph_of(edges: list[Row], *, fast: bool, first: int = 0) -> TraceGraph:
    number = np.arange(first, first + len(edges))
    return TraceGraph.of(*columns(edges), number, nodes=NODES, fast=fast)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    nodes = st.lists(st.integers(0, NODES - 1), max_size=3)
    respects = draw(st.booleans())
    return Question(
        seeds=ints(*draw(nodes)),
        timeless=ints(*draw(nodes)),
        direction=draw(st.sampled_from(["forward", "backward"])),
        respects_dates=respects,
        certain=respects and draw(st.booleans()),
        longest=draw(st.one_of(st.none(), st.integers(0, 3))),
        most=draw(st.one_of(st.none(), st.integers(0, NODES))),
    )


def plain_answer(edges: list[Row], question: Question) -> dict[int, tuple[int, int, int]]:
    """Depth, arrival and edge by node, from the walk the trace of a ledger uses."""
    source, target, lo, hi = columns(edges)
    if not question.respects_dates:
        lo, hi = np.full_like(lo, EARLIEST), np.full_like(hi, LATEST)
    timed = TimedEdges(source, target, lo, hi)
    timeless = np.zeros(NODES, dtype=np.bool_)
    timeless[question.timeless] = True
    # What `most` leaves out is a whole generation: walk as far as the answer may go.
    for steps in range(NODES + 1):
        longest = question.longest if question.longest is not None else NODES + len(edges)
        wider = walk(
            timed if question.direction == "forward" else timed.reversed(),
            nodes=NODES,
            seeds=question.seeds,
            timeless=timeless,
            certain=question.certain,
            longest=min(steps, longest) if question.most is not None else longest,
        )
        if question.most is None:
            found = wider
            break
        if len(wider.reached()) > question.most:
            if steps == 0:
                return {}
            break
        found = wider
    return {
        int(n): (int(found.depth[n]), int(found.since[n]), (found.path(int(n)) or (-1,))[-1])
        for n in found.reached()
    }


def told(answer: Answer) -> dict[int, tuple[int, int, int]]:
    return {
        node: (depth, since, edge)
        for node, depth, since, edge in zip(
            answer.node.tolist(), answer.depth.tolist(), answer.since.tolist(),
            answer.edge.tolist(), strict=True,
        )
    }  # fmt: skip


def same(one: Answer, other: Answer) -> None:
    for name in ("node", "depth", "since", "edge", "before"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist(), name
        assert getattr(one, name).dtype == np.int64, name
    assert one.cut_because == other.cut_because


@settings(max_examples=150, deadline=None)
@given(rows(), questions())
def test_engines_answer_as_the_plain_walk_does(edges: list[Row], question: Question) -> None:
    expected = plain_answer(edges, question)

    for built in SPEEDS:
        graph = graph_of(edges, fast=built)
        answers = [CsrEngine.over(graph, fast=fast).reach(question) for fast in SPEEDS]

        for answer in answers:
            assert told(answer) == expected
            assert [(d, n) for n, (d, _, _) in told(answer).items()] == sorted(
                (d, n) for n, (d, _, _) in expected.items()
            )
        same(answers[0], answers[-1])


@settings(max_examples=100, deadline=None)
@given(rows(), questions(), st.data())
def test_edges_that_came_and_went_give_the_answer_of_a_graph_built_anew(
    edges: list[Row], question: Question, data: st.DataObject
) -> None:
    kept = data.draw(st.lists(st.sampled_from(["base", "added", "taken"]),
                              min_size=len(edges), max_size=len(edges)))  # fmt: skip
    base = [n for n, how in enumerate(kept) if how != "added"]
    added = [n for n, how in enumerate(kept) if how == "added"]
    taken = [n for n, how in enumerate(kept) if how == "taken"]
    now = [n for n, how in enumerate(kept) if how != "taken"]
    source, target, lo, hi = columns(edges)
    parts = {
        name: [column[rows] for column in (source, target, lo, hi, np.arange(len(edges)))]
        for name, rows in (("base", ints(*base)), ("added", ints(*added)), ("now", ints(*now)))
    }
    # Nodes that only added edges touch may be new.
    old_nodes = 1 + max([0, *parts["base"][0].tolist(), *parts["base"][1].tolist()])

    for fast in SPEEDS:
        graph = TraceGraph.of(*parts["base"], nodes=old_nodes, fast=fast)
        names = ("source", "target", "lo", "hi", "number")
        overlay = Overlay.of(
            graph, **dict(zip(names, parts["added"], strict=True)), nodes=NODES,
            retracted_source=source[ints(*taken)], retracted_number=ints(*taken), fast=fast,
        )  # fmt: skip
        rebuilt = TraceGraph.of(*parts["now"], nodes=NODES, fast=fast)

        same(
            CsrEngine(overlay, fast=fast).reach(question),
            CsrEngine.over(rebuilt, fast=fast).reach(question),
        )
        assert (overlay.added, overlay.taken) == (len(added), len(taken))


@settings(max_examples=40, deadline=None)
@given(rows(), st.booleans())
def test_b_lies_ahead_of_a_exactly_when_a_lies_behind_b(edges: list[Row], certain: bool) -> None:
    engine = CsrEngine.over(graph_of(edges, fast=SPEEDS[-1]), fast=SPEEDS[-1])

    def pairs(direction: Direction) -> set[tuple[int, int]]:
        return {
            (node, int(other))
            for node in range(NODES)
            for other in engine.reach(
                Question(ints(node), ints(), direction=direction, certain=certain)
            ).node
        }

    assert pairs("forward") == {(a, b) for b, a in pairs("backward")}


@settings(max_examples=100, deadline=None)
@given(rows(), questions())
def test_a_path_to_each_node_is_in_order_of_time(edges: list[Row], question: Question) -> None:
    timed = question.respects_dates
    back = question.direction == "backward"
    for fast in SPEEDS:
        engine = CsrEngine.over(graph_of(edges, fast=fast), fast=fast)

        answer, paths = engine.paths(question, range(NODES))

        assert set(paths) == set(answer.node.tolist())
        for node, depth in zip(answer.node.tolist(), answer.depth.tolist(), strict=True):
            path = paths[node]
            assert len(path) == depth
            at = None
            since = EARLIEST
            for number in path:
                begin, end, lo, hi = edges[number]
                if back:
                    begin, end, lo, hi = end, begin, -hi, -lo
                assert at in (None, begin)
                assert not timed or since <= (lo if question.certain else hi)
                since = max(since, hi if question.certain else lo)
                since = EARLIEST if end in question.timeless else since
                at = end
            assert at in (None, node)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(EARLIEST, LATEST), st.integers(EARLIEST, LATEST))))
def test_codes_keep_times_exactly_and_in_order(pairs: list[tuple[int, int]]) -> None:
    lo = ints(*(min(pair) for pair in pairs))
    hi = ints(*(max(pair) for pair in pairs))
    for fast in SPEEDS:
        codes, low, high = TimeCodes.of(lo, hi, fast=fast)

        assert codes.times(low).tolist() == lo.tolist()
        assert codes.times(high).tolist() == hi.tolist()
        floor, exact = codes.floor(np.concatenate((lo, hi)))
        assert floor.tolist() == np.concatenate((low, high)).tolist()
        assert exact.all()


def test_even_steps_need_no_table_and_uneven_ones_do() -> None:
    days = np.arange(1000) * 86_400_000_000
    even, _, _ = TimeCodes.of(days, days)
    uneven, _, _ = TimeCodes.of(days + np.arange(1000), days + 1000)

    assert (even.unit, len(even.table)) == (1_000_000, 0)
    assert uneven.unit == 0
    assert len(uneven.table) == len(np.unique(np.r_[days + np.arange(1000), days + 1000]))


def test_a_graph_comes_back_from_its_files_as_it_was(tmp_path: Path) -> None:
    edges = [(0, 1, 5, 5), (1, 2, EARLIEST, 7), (1, 1, 3, 4), (2, 0, 9, LATEST)]
    graph = graph_of(edges, fast=False, first=100)
    graph.write(tmp_path)

    again = TraceGraph.open(tmp_path, thorough=True)

    assert (again.nodes, again.edges, again.nbytes) == (graph.nodes, graph.edges, graph.nbytes)
    question = Question(ints(0), ints())
    for fast in SPEEDS:
        same(
            CsrEngine.over(again, fast=fast).reach(question),
            CsrEngine.over(graph, fast=fast).reach(question),
        )
    with pytest.raises(ValueError, match="read-only"):
        again.forward.record[0, 0] = 1


def test_files_that_are_cut_changed_or_strange_are_refused(tmp_path: Path) -> None:
    graph_of([(0, 1, 5, 5)], fast=False).write(tmp_path)
    record = tmp_path / "backward_record.npy"
    whole = record.read_bytes()

    record.write_bytes(whole[:-1])
    with pytest.raises(UnreadableGraph, match=r"backward_record\.npy has \d+ bytes instead of \d+"):
        TraceGraph.open(tmp_path)
    record.write_bytes(whole[:-1] + b"\x01")
    with pytest.raises(UnreadableGraph, match="was changed"):
        TraceGraph.open(tmp_path, thorough=True)
    record.unlink()
    with pytest.raises(UnreadableGraph, match="no whole graph"):
        TraceGraph.open(tmp_path)
    record.write_bytes(whole)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(UnreadableGraph, match="has format 99"):
        TraceGraph.open(tmp_path)
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(UnreadableGraph, match="no whole graph"):
        TraceGraph.open(tmp_path)


def test_questions_for_other_engines_and_nodes_out_of_range_are_refused() -> None:
    engine = CsrEngine.over(graph_of([(0, 1, 5, 5)], fast=False), fast=False)

    with pytest.raises(ValueError, match="ask the database"):
        engine.reach(Question(ints(0), ints(), as_of=datetime(2026, 1, 1, tzinfo=UTC)))
    with pytest.raises(ValueError, match="certain needs dates"):
        engine.reach(Question(ints(0), ints(), certain=True, respects_dates=False))
    with pytest.raises(ValueError, match=r"a seed lies outside 0\.\.6"):
        engine.reach(Question(ints(NODES), ints()))
    with pytest.raises(ValueError, match="a timeless node lies outside"):
        engine.reach(Question(ints(0), ints(-1)))
    with pytest.raises(ValueError, match="of one length"):
        TraceGraph.of(ints(0), ints(0), ints(0), ints(0), ints(), nodes=1)
    with pytest.raises(ValueError, match="leaves the nodes"):
        TraceGraph.of(ints(0), ints(1), ints(0), ints(0), ints(0), nodes=1)
    with pytest.raises(ValueError, match="lo <= hi"):
        TraceGraph.of(ints(0), ints(0), ints(1), ints(0), ints(0), nodes=1)


def test_edges_and_rows_number_ties_by_row_not_by_place() -> None:
    # Two edges from 0 to 1 on the same day, and one from 2: the lowest row number is the witness.
    source, target = ints(0, 0, 2), ints(1, 1, 1)
    graph = TraceGraph.of(source, target, ints(5, 5, 5), ints(5, 5, 5), ints(9, 8, 7), nodes=3)

    for fast in SPEEDS:
        answer = CsrEngine.over(graph, fast=fast).reach(Question(ints(0, 2), ints()))

        assert told(answer)[1] == (1, 5, 7)
        assert answer.before.tolist() == [-1, -1, 2]


def test_threads_do_not_disturb_each_other() -> None:
    random = np.random.default_rng(7)
    source, target = random.integers(0, 500, 3000), random.integers(0, 500, 3000)
    lo = random.integers(0, 1000, 3000)
    graph = TraceGraph.of(source, target, lo, lo + 5, np.arange(3000), nodes=500)
    engine = CsrEngine.over(graph)
    expected = [engine.reach(Question(ints(n), ints())) for n in range(50)]
    wrong: list[int] = []

    def ask() -> None:
        for n in range(50):
            answer = engine.reach(Question(ints(n), ints()))
            if answer.since.tolist() != expected[n].since.tolist():
                wrong.append(n)

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_long_answers_after_one_another_find_room() -> None:
    # A chain of 5000 lots, all of them sold on to the first: more labels than there is room for at
    # first, in turn with dates and without.
    lots = np.arange(5000)
    graph = TraceGraph.of(lots[:-1], lots[1:], lots[:-1], lots[:-1], lots[:-1], nodes=5000)
    star = TraceGraph.of(lots * 0, lots, lots, lots, lots, nodes=5000)
    for fast in SPEEDS:
        for each, seeds in ((graph, ints(0)), (star, ints(0)), (graph, lots)):
            engine = CsrEngine.over(each, fast=fast)
            for respects in (False, True, False):
                answer = engine.reach(Question(seeds, ints(), respects_dates=respects))

                assert answer.node.tolist() == lots.tolist()
                assert answer.since[0] == EARLIEST


@pytest.mark.skipif(not has_numba(), reason="NO NUMBA HERE: the compiled walks were NOT tried")
def test_after_warming_no_question_compiles_anything() -> None:
    from traceability.maths import kernels, kernels_build

    warm()
    functions = [
        each
        for module in (kernels, kernels_build)
        for each in vars(module).values()
        if hasattr(each, "signatures")
    ]
    before = [len(each.signatures) for each in functions]
    assert len(before) > 8

    edges = [(0, 1, 5, 5), (1, 2, EARLIEST, 7), (1, 1, 3, 4), (2, 0, 9, LATEST)]
    graph = graph_of(edges, fast=True)
    overlay = Overlay.of(
        graph, source=ints(2), target=ints(3), lo=ints(1), hi=ints(9), number=ints(9),
        retracted_source=ints(0), retracted_number=ints(0),
    )  # fmt: skip
    for engine in (CsrEngine.over(graph), CsrEngine(overlay)):
        for respects in (True, False):
            engine.reach(Question(ints(0), ints(1), respects_dates=respects, longest=2, most=5))
        common_nodes(engine, ints(0, 1))

    assert [len(each.signatures) for each in functions] == before


def test_bytes_per_edge_and_direction_are_those_promised() -> None:
    random = np.random.default_rng(7)
    source, target = random.integers(0, 1000, 5000), random.integers(0, 1000, 5000)
    day = random.integers(0, 1000, 5000) * 86_400_000_000
    instants = TraceGraph.of(source, target, day, day, np.arange(5000), nodes=1000)
    days = TraceGraph.of(source, target, day, day + 86_400_000_000, np.arange(5000), nodes=1000)

    # 12, and 4 bytes per node and direction at 5 edges per node; 1000 intervals of 8 bytes.
    assert instants.nbytes / 5000 / 2 == pytest.approx(12.8, abs=0.001)
    assert days.nbytes / 5000 / 2 == pytest.approx(13.6, abs=0.1)
