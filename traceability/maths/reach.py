"""The one question every trace engine answers, and the one form of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Direction = Literal["forward", "backward"]


@dataclass(frozen=True, slots=True)
class Question:
    """From which holdings, which way, how.

    Attributes
    ----------
    seeds : (seeds,) int64
        Numbers of `trace_node` rows (a lot at a party).
    timeless : (nodes,) int64
        Numbers of nodes whose edges count whenever they happened, once reached: all holders of the
        lots asked about, which are suspect themselves.
    direction : {"forward", "backward"}
    respects_dates : bool
        False makes every edge usable; only a possible reach may ignore dates.
    certain : bool
        Ask for paths in order for all times inside their intervals, instead of for some.
    as_of : datetime | None
        Record time; None is now.
    longest : int | None
        Edges on a path at most.
    most : int | None
        Nodes reached at most, counted generation by generation: the generation that passes it is
        left out whole.
    """

    seeds: Ints
    timeless: Ints
    direction: Direction = "forward"
    respects_dates: bool = True
    certain: bool = False
    as_of: datetime | None = None
    longest: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was reached, ordered by depth, then node: the same from every engine.

    Attributes
    ----------
    node : (reached,) int64
    depth : (reached,) int64
        Fewest edges on a path in order of time; 0 for seeds.
    since : (reached,) int64
        Earliest arrival in microseconds UTC (backward: minus the latest departure).
    edge : (reached,) int64
        Number of the `trace_edge` row that first reached the node in the fewest steps (among
        equals: earliest arrival, then the lower number); -1 for seeds.
    before : (reached,) int64
        The node that edge came from; -1 for seeds.
    cut_because : {"longest", "most"} or None
    engine : str
        Which engine, with its version and for a snapshot the last record it holds.
    """

    node: Ints
    depth: Ints
    since: Ints
    edge: Ints
    before: Ints
    cut_because: str | None
    engine: str


class GraphBackend(Protocol):
    """A trace engine."""

    def reach(self, question: Question) -> Answer:
        """Everything that can be got to from the seeds."""
        ...
