"""Contact: lots that may have passed something on because they met at a station or on a line."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from traceability.maths.graph import OrderedEdges
from traceability.maths.ledger import EARLIEST, LATEST

Scope = Literal["none", "station", "line"]
Station = tuple[int, str | None]  # party, and its line or part of the site where that counts

_NO_STEP = EARLIEST - 1


@dataclass(frozen=True, slots=True)
class Kill:
    """A step that ends contamination at a station: cleaning, sterilisation.

    Attributes
    ----------
    party : int
        Whose station.
    place : str | None
        One line of it; None where the whole station was treated.
    since, until : int
        From when the step counts, and how long it holds; microseconds UTC, `LATEST` without end.
    carry_over : int, >= 0
        Lots that may still carry something over: the first that go through after the step.
    """

    id: int
    party: int
    place: str | None
    since: int
    until: int = LATEST
    carry_over: int = 0

    def __post_init__(self) -> None:
        if self.since > self.until:
            raise ValueError(f"a step must begin before it ends, got {self.since} > {self.until}")
        if self.carry_over < 0:
            raise ValueError(f"carry_over must be at least 0, got {self.carry_over}")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A row that tells that a lot was at a station.

    Attributes
    ----------
    node : int
        Number of the lot at its holder.
    lo, hi : int
        When.
    event : int
        The ledger row.
    is_rest : bool
        No row tells that the lot left: it may still be there, and take something on.
    """

    node: int
    place: str | None
    lo: int
    hi: int
    event: int
    is_rest: bool = False

    def timeless(self) -> Sighting:
        """The same without its time."""
        return replace(self, lo=EARLIEST, hi=LATEST)


@dataclass(frozen=True, slots=True)
class Meeting:
    """Contact of two lots as a witness: which row tells of either, and when.

    Attributes
    ----------
    lo : int
        When the first lot was there at the earliest.
    hi : int
        When the second was there at the latest.
    """

    source: int
    target: int
    station: Station
    lo: int
    hi: int
    events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Contacts:
    """Contact at stations as edges of a network with one more node for each station and treatment.

    Each lot has an edge to the station for each row that tells of it there, and one back: edges
    grow with rows, not with pairs of lots.

    Attributes
    ----------
    edges : OrderedEdges
        Between lots at holders and station nodes; a path crosses a station by two edges.
    stations : int
        Number of station nodes; they follow the ``nodes`` given.
    twins : tuple of int
        For each node after the stations, the lot at its holder that it stands for: one that took
        something on by carry-over, and so does not pass it on at the same station.
    """

    edges: OrderedEdges
    stations: int
    twins: tuple[int, ...]
    _sighting: tuple[Sighting, ...]  # beside edges
    _station: tuple[Station, ...]  # by station node
    _nodes: int

    @staticmethod
    def of(
        sightings: Iterable[tuple[int, Sighting]],
        *,
        nodes: int,
        kills: Sequence[Kill] = (),
        scope: Scope = "station",
        certain: bool = False,
    ) -> Contacts:
        """Which lots met, so that one may have passed something on to the other?

        Parameters
        ----------
        sightings : iterable of (party, Sighting)
            All rows that tell of a lot at a station.
        nodes : int
            Number of lots at holders.
        kills : sequence of Kill
            Steps that end contact.
        scope : {"station", "line"}
            A line counts where both rows name the same one.
        certain : bool
            Contact for all times inside the intervals, instead of for some.

        Notes
        -----
        A lot passes something on to another when a row tells that the first was at the station
        before a row tells that the other was: possible where ``lo <= hi``, certain where
        ``hi <= lo``. With the first arrival and the last departure this is the rule of station
        contamination of FoodChain-Lab: any delivery in before any delivery out.

        A step ends contact between what was there before it and what was there after it, while it
        holds; possible contact is taken away only where this is so for all times, certain contact
        where it is so for some. What is still there afterwards (sold, used or counted then) is no
        longer before it.

        Carry-over takes the protection of a step from the first lots after it. What they took on
        goes on with them, but not to later lots at the station: the limit is the point of it.
        """
        grouped: dict[Station, list[Sighting]] = defaultdict(list)
        for party, sighting in sightings:
            if scope == "line" and sighting.place is None:
                continue
            grouped[party, sighting.place if scope == "line" else None].append(sighting)
        builder = _Builder(nodes, certain=certain)
        for station in sorted(grouped, key=lambda each: (each[0], each[1] or "")):
            seen = sorted(
                grouped[station], key=lambda each: (each.node, each.lo, each.hi, each.event)
            )
            if len({each.node for each in seen}) > 1:
                steps = [each for each in kills if _treats(each, station)]
                builder.add(station, seen, steps)
        return builder.built()

    def meeting(self, touch: int, exposure: int, source: int, target: int) -> Meeting:
        """The contact that two edges in succession, given in order of time, stand for."""
        one, other = self._sighting[touch], self._sighting[exposure]
        return Meeting(
            source,
            target,
            self._station[int(self.edges.target[touch]) - self._nodes],
            one.lo,
            max(one.lo, other.hi),
            tuple(dict.fromkeys((one.event, other.event))),
        )


def _treats(kill: Kill, station: Station) -> bool:
    return kill.party == station[0] and kill.place in (None, station[1])


class _Builder:
    """Gathers edges, station by station."""

    def __init__(self, nodes: int, *, certain: bool) -> None:
        self.nodes = nodes
        self.certain = certain
        self.stations: list[Station] = []
        self.twins: dict[int, int] = {}  # node: its twin, counted down from -1
        self.rows: list[tuple[int, int, int, int]] = []
        self.seen: list[Sighting] = []

    def add(self, station: Station, seen: Sequence[Sighting], steps: Sequence[Kill]) -> None:
        """One station: rows after the same step read from the same node."""
        exposed = self._exposed(seen, _Treated(seen, steps, certain=self.certain))
        touches = [each for each in seen if not each.is_rest]  # what lies there passes nothing on
        lo = np.array([each.lo for each in touches], dtype=np.int64)
        hi = np.array([each.hi for each in touches], dtype=np.int64)
        first, when = (hi, lo) if self.certain else (lo, hi)
        for step in sorted(exposed):
            number = self.nodes + len(self.stations)
            self.stations.append(station)
            for target, each in exposed[step].items():
                self._edge(number, target, EARLIEST, self._until(each), each)
            last = max(self._until(each) for each in exposed[step].values())
            for index in np.flatnonzero((when > step) & (first <= last)):
                each = touches[index]
                self._edge(each.node, number, int(first[index]), each.hi, each)

    def _exposed(
        self, seen: Sequence[Sighting], treated: _Treated
    ) -> dict[int, dict[int, Sighting]]:
        """Step: lot at holder, or its twin: the row that leaves most time."""
        found: dict[int, dict[int, Sighting]] = defaultdict(dict)
        for each in seen:
            step = treated.governing(each)
            ends = [(step, each.node)]
            excused = treated.governing(each, excused=True)
            if excused != step:
                ends.append((excused, self.twins.setdefault(each.node, -1 - len(self.twins))))
            for group, target in ends:
                best = found[group].get(target)
                if best is None or self._until(each) > self._until(best):
                    found[group][target] = each
        return found

    def _until(self, sighting: Sighting) -> int:
        return sighting.lo if self.certain else sighting.hi

    def _edge(self, source: int, target: int, first: int, last: int, by: Sighting) -> None:
        self.rows.append((source, target, first, last))
        self.seen.append(by)

    def built(self) -> Contacts:
        """What was gathered."""
        columns = np.array(self.rows, dtype=np.int64).reshape(-1, 4).T
        beyond = self.nodes + len(self.stations) - 1
        target = np.where(columns[1] < 0, beyond - columns[1], columns[1])
        return Contacts(
            OrderedEdges(columns[0], target, columns[2], columns[3]),
            len(self.stations),
            tuple(self.twins),
            tuple(self.seen),
            tuple(self.stations),
            self.nodes,
        )


class _Treated:
    """Which step a row comes after."""

    def __init__(self, seen: Sequence[Sighting], steps: Sequence[Kill], *, certain: bool) -> None:
        self.certain = certain
        self.steps = sorted(steps, key=lambda each: (each.since, -each.id))
        self.begun = [each.since for each in self.steps]
        self.through = {each.id: _through(seen, each) for each in self.steps if each.carry_over}

    def governing(self, sighting: Sighting, *, excused: bool = False) -> int:
        """When the latest step was done that the row comes after; before all time without one.

        ``excused``: but for those that the row may still carry over.
        """
        begun_by, ends_by = (
            (sighting.hi, sighting.lo) if self.certain else (sighting.lo, sighting.hi)
        )
        for step in reversed(self.steps[: bisect_right(self.begun, begun_by)]):
            if ends_by <= step.until and not (excused and self._may_carry(step, sighting)):
                return step.since
        return _NO_STEP

    def _may_carry(self, step: Kill, sighting: Sighting) -> bool:
        """Whether too few other lots surely went through between the step and the row."""
        if self.certain or not step.carry_over:
            return False
        through = self.through[step.id]
        others = [hi for node, hi in through if node != sighting.node][: step.carry_over]
        return len(others) < step.carry_over or others[-1] > sighting.lo


def _through(seen: Sequence[Sighting], step: Kill) -> list[tuple[int, int]]:
    """(lot at holder, latest time) of the first lots surely seen after a step, one to spare."""
    first: dict[int, int] = {}
    for each in seen:
        if each.lo >= step.since and not each.is_rest:
            first[each.node] = min(each.hi, first.get(each.node, LATEST))
    wanted = heapq.nsmallest(
        step.carry_over + 1, first.items(), key=lambda each: (each[1], each[0])
    )
    return list(wanted)
