"""The trace engine over a graph in memory or mapped from files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from traceability.maths import workspace
from traceability.maths.adjacency import TraceGraph
from traceability.maths.compiled import has_numba
from traceability.maths.kernels_shape import FIRST, Labels, Way
from traceability.maths.ledger import EARLIEST
from traceability.maths.overlay import Overlay
from traceability.maths.reach import Answer, Question

Ints = NDArray[np.int64]

VERSION = 1
_CUTS = (None, "longest", "most")


def walks(fast: bool | None = None) -> ModuleType:
    """The compiled kernels that walk, or their twins in numpy."""
    if has_numba() if fast is None else fast:
        from traceability.maths import kernels  # loads numba: only when it is used

        return kernels
    from traceability.maths import kernels_numpy

    return kernels_numpy


def warm() -> None:
    """Compile the kernels, or load them from disk, so that no question has to wait for that."""
    none = np.empty(0, dtype=np.int64)
    ends, times = np.array([0, 1]), np.array([0, 2**40 + 1])
    for scale in (0, 1):  # whole seconds, and times that need a table
        graph = TraceGraph.of(ends, ends[::-1], times * scale, times * scale, ends, nodes=2)
        engine = CsrEngine.over(graph)
        for direction in ("forward", "backward"):
            for respects_dates in (True, False):
                engine.edges(Question(ends, none, direction, respects_dates))
    if has_numba():
        walks().sweep(engine.overlay.backward, workspace.Workspace().masks(2), ends)


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges between what was reached, in the direction the goods went."""

    source: Ints
    target: Ints
    number: Ints


@dataclass(frozen=True, slots=True)
class CsrEngine:
    """Answers questions from compressed adjacency; a `GraphBackend`.

    Attributes
    ----------
    overlay : Overlay
        The graph, and what came since it was built.
    snapshot : str
        What it holds, told in each answer: for instance the last record number.
    fast : bool, optional
        Compiled kernels or numpy; default: compiled where numba is there.
    """

    overlay: Overlay
    snapshot: str = ""
    fast: bool | None = None

    @staticmethod
    def over(graph: TraceGraph, snapshot: str = "", *, fast: bool | None = None) -> CsrEngine:
        """The engine for a graph to which nothing has come since."""
        return CsrEngine(Overlay.of(graph), snapshot, fast)

    @property
    def name(self) -> str:
        """Engine, version of its algorithm, and what it holds."""
        kind = "numba" if (has_numba() if self.fast is None else self.fast) else "numpy"
        return f"csr-{kind} {VERSION}" + (f" @ {self.snapshot}" if self.snapshot else "")

    def reach(self, question: Question) -> Answer:
        """Everything that can be got to from the seeds.

        Raises
        ------
        ValueError
            If a node number lies outside the graph, or the question is one for another engine
            (``as_of``) or none (certain without dates).

        Notes
        -----
        Thread-safe; other threads run while a compiled kernel does. Memory taken is that of the
        answer, plus once per thread up to 16 bytes for each node.
        """
        with self._walked(question) as (_, room, _, labels):
            return self._answer(labels, room.state, question)

    def paths(
        self, question: Question, nodes: Sequence[int]
    ) -> tuple[Answer, dict[int, tuple[int, ...]]]:
        """The same, with row numbers of the edges of a path in order of time to some nodes.

        Notes
        -----
        `Answer.before` leads to the seed by fewest edges, node by node; where a node was reached
        again, earlier and by more edges, that chain may be out of order, and only a path is not.
        Nodes that were not reached are left out.
        """
        with self._walked(question) as (_, room, _, labels):
            answer = self._answer(labels, room.state, question)
            reached = set(answer.node.tolist())
            return answer, {
                node: _path(labels, int(room.state[node, FIRST]))
                for node in nodes
                if node in reached
            }

    def edges(self, question: Question) -> tuple[Answer, Edges]:
        """The same, with every edge that paths in order of time may take between what was reached.

        Notes
        -----
        With a bound, an edge from a node at the bound counts if its end was reached all the same.
        """
        with self._walked(question) as (way, room, mark, labels):
            answer = self._answer(labels, room.state, question)
            here, there, number = walks(self.fast).between(
                way, room.state, mark, labels, answer.node, question.certain,
                question.respects_dates,
            )  # fmt: skip
        order = np.argsort(number, kind="stable")
        here, there, number = here[order], there[order], number[order]
        if question.direction == "backward":
            here, there = there, here
        return answer, Edges(here, there, number)

    @contextmanager
    def _walked(self, question: Question) -> Iterator[tuple[Way, workspace.Workspace, int, Labels]]:
        """A walk done, and the notes it left, which are good until the end of the block."""
        seeds, timeless = self._checked(question)
        kernels = walks(self.fast)
        overlay = self.overlay
        backward = question.direction == "backward"
        way = overlay.backward if backward else overlay.forward
        start = -(overlay.graph.codes.last << 32) if backward else 0
        bounds = [-1 if each is None else each for each in (question.longest, question.most)]
        with workspace.SHARED.one() as room:
            mark = room.mark(overlay.nodes)
            if question.respects_dates:
                labels = kernels.timed(
                    way, room.state, mark, seeds, timeless, question.certain, start, *bounds,
                    room.room,
                )  # fmt: skip
            else:
                labels = kernels.plain(way, room.state, mark, seeds, *bounds, room.room)
            yield way, room, mark, labels
            if kernels.__name__.endswith(".kernels"):
                room.keep(labels.room)

    def _checked(self, question: Question) -> tuple[Ints, Ints]:
        if question.as_of is not None:
            raise ValueError("a snapshot knows only now; ask the database for as_of")
        if question.certain and not question.respects_dates:
            raise ValueError("certain needs dates; only a possible reach may ignore them")
        if question.direction not in ("forward", "backward"):
            raise ValueError(f"direction must be forward or backward, got {question.direction!r}")
        found = []
        for name, given in (("seed", question.seeds), ("timeless node", question.timeless)):
            numbers = np.unique(np.asarray(given, dtype=np.int64))
            if len(numbers) and (numbers[0] < 0 or numbers[-1] >= self.overlay.nodes):
                raise ValueError(f"a {name} lies outside 0..{self.overlay.nodes - 1}")
            found.append(numbers)
        return found[0], found[1]

    def _answer(self, labels: Labels, state: NDArray[np.int32], question: Question) -> Answer:
        """By depth, then node; how a node was first reached, and when it was at the earliest."""
        found = walks(self.fast).found(labels, state, question.respects_dates)
        if not question.respects_dates:
            since = np.full(len(found.node), EARLIEST, dtype=np.int64)
        elif question.direction == "backward":
            since = -self.overlay.instants(-found.arrival)
        else:
            since = self.overlay.instants(found.arrival)
        return Answer(
            node=found.node,
            depth=found.depth,
            since=since,
            edge=found.edge,
            before=found.before,
            cut_because=_CUTS[labels.cut],
            engine=self.name,
        )


def _path(labels: Labels, label: int) -> tuple[int, ...]:
    found: list[int] = []
    while labels.room.parent[label] >= 0:
        found.append(int(labels.room.edge[label]))
        label = int(labels.room.parent[label])
    return tuple(reversed(found))
