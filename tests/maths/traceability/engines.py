"""A reach by plain iteration, to hold trace engines against; questions to ask them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from traceability.maths.ledger import EARLIEST, LATEST
from traceability.maths.reach import Answer, Ints, Question
from traceability.maths.rounds import Candidates

# number, source, target, lo, hi
Rows = list[tuple[int, int, int, int, int]]
# node, depth, since, edge, before
Reached = list[tuple[int, int, int, int, int]]


@st.composite
def questions(draw: st.DrawFn, nodes: int, *, most: bool = True) -> Question:
    """Any question about nodes 0, 1, … as of now."""
    some = st.lists(st.integers(0, nodes - 1), max_size=3, unique=True)
    respects_dates = draw(st.booleans())
    return Question(
        seeds=np.array(draw(some), dtype=np.int64),
        timeless=np.array(draw(some), dtype=np.int64),
        direction=draw(st.sampled_from(["forward", "backward"])),
        respects_dates=respects_dates,
        certain=respects_dates and draw(st.booleans()),
        longest=draw(st.one_of(st.none(), st.integers(0, 4))),
        most=draw(st.one_of(st.none(), st.integers(0, nodes))) if most else None,
    )


def in_memory(rows: Rows, question: Question) -> Callable[[Ints], Candidates]:
    """Edges of a list, as rounds ask for them."""

    def leaving(nodes: Ints) -> Candidates:
        asked = {int(node): place for place, node in enumerate(nodes)}
        found = []
        for number, source, target, lo, hi in rows:
            if question.direction == "backward":
                source, target, lo, hi = target, source, -hi, -lo
            if source in asked:
                found.append((asked[source], number, target, lo, hi))
        columns = np.array(found, dtype=np.int64).reshape(-1, 5).T
        return Candidates(*columns)

    return leaving


def answers_of(answer: Answer) -> tuple[Reached, str | None]:
    """An answer as plain rows."""
    columns = (answer.node, answer.depth, answer.since, answer.edge, answer.before)
    rows = list(zip(*(each.tolist() for each in columns), strict=True))
    return rows, answer.cut_because


def plain(rows: Rows, question: Question) -> tuple[Reached, str | None]:
    """Best arrivals over paths of at most 0, 1, 2 … edges, each from all edges anew."""
    edges = []
    for number, source, target, lo, hi in rows:
        if not question.respects_dates:
            lo, hi = EARLIEST, LATEST
        if question.direction == "backward":
            source, target, lo, hi = target, source, -hi, -lo
        leave_by, arrive = (lo, hi) if question.certain else (hi, lo)
        edges.append((number, source, target, leave_by, arrive))
    timeless = set(question.timeless.tolist())
    best: dict[int, int] = dict.fromkeys(question.seeds.tolist(), EARLIEST)
    told = dict.fromkeys(best, (0, -1, -1))
    if question.most is not None and len(best) > question.most:
        return [], "most"
    steps, because = 0, None
    while True:
        following, first = dict(best), {}
        for number, source, target, leave_by, arrive in edges:
            if source in best and best[source] <= leave_by:
                at = EARLIEST if target in timeless else max(best[source], arrive)
                following[target] = min(at, following.get(target, LATEST + 1))
                candidate = (at, number, source)
                first[target] = min(candidate, first.get(target, candidate))
        if following == best:
            break
        if question.longest is not None and steps >= question.longest:
            because = "longest"
            break
        if question.most is not None and len(following) > question.most:
            because = "most"
            break
        steps += 1
        for node in following.keys() - best.keys():
            told[node] = (steps, first[node][1], first[node][2])
        best = following
    found = [(node, told[node][0], best[node], *told[node][1:]) for node in best]
    return sorted(found, key=lambda row: (row[1], row[0])), because
