"""Scores as FoodChain-Lab computes them, for comparison with networks traced there.

Stations send deliveries to each other; a relation says that one delivery went into another. All
deliveries that came in at a station of cross contamination before another left it count as gone
into it. This is the model of that program, with its rules and its oddities; traces of ours follow
goods in exact time and with all intervals (see `tracing`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TypeVar

from traceability.maths.foodchain_dates import Day, Limits, inferred_limits, may_precede


class DateMode(StrEnum):
    """What dates decide where all that comes in may have gone into all that leaves."""

    EXPLICIT = "explicit"  # as written, compared as precisely as both are
    INFERRED = "inferred"  # as limits, narrowed along relations
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Station:
    """A holder.

    Attributes
    ----------
    contact : bool
        Cross contamination: everything in before something out may have gone into it.
    kill : bool
        Nothing passes this station.
    weight : float
        How much it counts as a finding; negative for evidence against.
    """

    id: str
    contact: bool = False
    kill: bool = False
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """Goods that went from a station to another.

    Attributes
    ----------
    departure, arrival : Day | None
        As precisely as they are known.
    contact : bool
        Deliveries of one recipient that are marked so share what they went into.
    kill : bool
        What was in it goes no further.
    weight : float
        How much it counts as a finding.
    """

    id: str
    source: str
    target: str
    departure: Day | None = None
    arrival: Day | None = None
    contact: bool = False
    kill: bool = False
    weight: float = 0.0


Ids = frozenset[str]


@dataclass(frozen=True)
class FoodChain:
    """A network with all its links between deliveries.

    Attributes
    ----------
    stations, deliveries : dict
        By id.
    following : dict
        Delivery: the deliveries it went into, sorted.
    preceding : dict
        The same the other way.
    """

    stations: Mapping[str, Station]
    deliveries: Mapping[str, Delivery]
    following: Mapping[str, tuple[str, ...]]
    preceding: Mapping[str, tuple[str, ...]]

    @staticmethod
    def of(
        stations: Iterable[Station],
        deliveries: Iterable[Delivery],
        relations: Iterable[tuple[str, str]],
        *,
        dates: DateMode = DateMode.EXPLICIT,
    ) -> FoodChain:
        """The network of stations, deliveries and relations.

        Parameters
        ----------
        relations : iterable of (delivery in, delivery out)
            Both at one station. What somebody found out is not doubted by dates.
        dates : DateMode
            Decides contact only.

        Raises
        ------
        ValueError
            If an id comes twice, an end is unknown, or a relation does not meet at a station.
        """
        known = _by_id(stations)
        sent = _by_id(deliveries)
        for each in sent.values():
            for end in (each.source, each.target):
                if end not in known:
                    raise ValueError(f"delivery {each.id}: station {end!r} is not given")
        links = set(relations)
        for one, other in links:
            if one not in sent or other not in sent:
                raise ValueError(f"relation {one!r} to {other!r}: not both are deliveries")
            if sent[one].target != sent[other].source:
                raise ValueError(f"relation {one!r} to {other!r}: they do not meet at a station")
        links |= _contact(known, sent, links, dates)
        links = {
            (one, other)
            for one, other in links
            if not sent[one].kill and not known[sent[one].target].kill
        }
        following: dict[str, list[str]] = {each: [] for each in sent}
        preceding: dict[str, list[str]] = {each: [] for each in sent}
        for one, other in sorted(links):
            following[one].append(other)
            preceding[other].append(one)
        return FoodChain(
            known,
            sent,
            {each: tuple(ids) for each, ids in following.items()},
            {each: tuple(ids) for each, ids in preceding.items()},
        )

    @cached_property
    def incoming(self) -> Mapping[str, tuple[str, ...]]:
        """Station: deliveries to it."""
        return self._at(lambda each: each.target)

    @cached_property
    def outgoing(self) -> Mapping[str, tuple[str, ...]]:
        """Station: deliveries from it."""
        return self._at(lambda each: each.source)

    def _at(self, end: Callable[[Delivery], str]) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {each: [] for each in self.stations}
        for each in sorted(self.deliveries):
            found[end(self.deliveries[each])].append(each)
        return {station: tuple(ids) for station, ids in found.items()}

    def forward(self, delivery: str) -> Ids:
        """Deliveries that a delivery went into, over any number of steps."""
        return _closure(self.following, [delivery]) - {delivery}

    def backward(self, delivery: str) -> Ids:
        """Deliveries that went into a delivery, over any number of steps."""
        return _closure(self.preceding, [delivery]) - {delivery}

    def forward_of_station(self, station: str) -> tuple[Ids, Ids]:
        """(stations, deliveries) ahead of a station; of one with a kill, none."""
        if self.stations[station].kill:
            return frozenset(), frozenset()
        found = _closure(self.following, self.outgoing[station])
        return frozenset(self.deliveries[each].target for each in found) - {station}, found

    def backward_of_station(self, station: str) -> tuple[Ids, Ids]:
        """(stations, deliveries) behind a station.

        A station with a kill is not behind those it sent to directly, and is behind those further
        on: so the reference network has it.
        """
        found = _closure(self.preceding, self.incoming[station])
        behind = {self.deliveries[each].source for each in found - set(self.incoming[station])}
        direct = {self.deliveries[each].source for each in self.incoming[station]}
        behind |= {each for each in direct if not self.stations[each].kill}
        return frozenset(behind) - {station}, found

    def forward_of_delivery(self, delivery: str) -> tuple[Ids, Ids]:
        """(stations, deliveries) ahead of a delivery."""
        found = self.forward(delivery)
        targets = {self.deliveries[each].target for each in found | {delivery}}
        return frozenset(targets), found

    def backward_of_delivery(self, delivery: str) -> tuple[Ids, Ids]:
        """(stations, deliveries) behind a delivery."""
        found = self.backward(delivery)
        sources = {self.deliveries[each].source for each in found | {delivery}}
        return frozenset(sources), found


_Part = TypeVar("_Part", Station, Delivery)


def _by_id(given: Iterable[_Part]) -> dict[str, _Part]:
    found: dict[str, _Part] = {}
    for each in given:
        if each.id in found:
            raise ValueError(f"the id {each.id!r} comes twice")
        found[each.id] = each
    return found


def _closure(links: Mapping[str, Sequence[str]], starts: Iterable[str]) -> Ids:
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting.extend(links[each])
    return frozenset(found)


def _contact(
    stations: Mapping[str, Station],
    deliveries: Mapping[str, Delivery],
    relations: set[tuple[str, str]],
    dates: DateMode,
) -> set[tuple[str, str]]:
    """Links that cross contamination adds."""
    limits = inferred_limits(deliveries, relations) if dates is DateMode.INFERRED else {}
    came: dict[str, list[Delivery]] = defaultdict(list)
    left: dict[str, list[Delivery]] = defaultdict(list)
    for each in deliveries.values():
        came[each.target].append(each)
        left[each.source].append(each)
    used: dict[str, set[str]] = defaultdict(set)
    for one, other in relations:
        used[one].add(other)
    found = set()
    for station, ins in came.items():
        outs = {each.id for each in left[station]} if stations[station].contact else set()
        marked = [each for each in ins if each.contact]
        shared = set().union(*(used[each.id] for each in marked))
        for each in ins:
            for other in outs | (shared if each.contact else set()):
                if other != each.id and _in_order(each, deliveries[other], dates, limits):
                    found.add((each.id, other))
    return found


def _in_order(
    one: Delivery, other: Delivery, dates: DateMode, limits: Mapping[str, Limits]
) -> bool:
    if dates is DateMode.IGNORED:
        return True
    if dates is DateMode.INFERRED:
        return limits[one.id].arrival[0] <= limits[other.id].departure[1]
    return may_precede(one.arrival or one.departure, other.departure or other.arrival)


@dataclass(frozen=True, slots=True)
class Scores:
    """Share of the findings ahead of each station and delivery, between -1 and 1."""

    stations: dict[str, float]
    deliveries: dict[str, float]

    @property
    def common_links(self) -> tuple[str, ...]:
        """Stations that every finding is ahead of."""
        return tuple(sorted(each for each, score in self.stations.items() if score == 1))


def weight_scores(chain: FoodChain) -> Scores:
    """How much of the weight of findings lies ahead of each station and delivery?

    Parameters
    ----------
    chain : FoodChain
        Weights are those of its stations and deliveries; a finding counts for itself too.

    Returns
    -------
    Scores
        Weight ahead ÷ max(sum of positive weights, absolute sum of negative ones); zero without
        any weight.

    References
    ----------
    The desktop version of FoodChain-Lab (BfR).
    """
    weights = [each.weight for each in _everything(chain)]
    whole = max(sum(w for w in weights if w > 0), -sum(w for w in weights if w < 0))
    return _scores(chain, whole, lambda each: each.weight)


def count_scores(chain: FoodChain) -> Scores:
    """What share of the findings lies ahead of each station and delivery?

    A finding is a station or delivery with a weight, whatever it is; a score of 1 makes a station
    a common link.

    References
    ----------
    The web version of FoodChain-Lab (BfR).
    """
    findings = sum(each.weight != 0 for each in _everything(chain))
    return _scores(chain, float(findings), lambda each: each.weight != 0)


def _everything(chain: FoodChain) -> list[Station | Delivery]:
    return [*chain.stations.values(), *chain.deliveries.values()]


def _scores(chain: FoodChain, whole: float, weigh: Callable[[Station | Delivery], float]) -> Scores:
    """Add each finding to all that it is ahead of, by one walk back for each."""
    stations = dict.fromkeys(sorted(chain.stations), 0.0)
    deliveries = dict.fromkeys(sorted(chain.deliveries), 0.0)
    for station in chain.stations.values():
        weight = weigh(station)
        if weight:
            _add(chain, stations, deliveries, weight, chain.incoming[station.id], station.id)
    for delivery in chain.deliveries.values():
        weight = weigh(delivery)
        if weight:
            _add(chain, stations, deliveries, weight, [delivery.id], None)
    if not whole:
        return Scores(stations, deliveries)
    return Scores(
        {each: total / whole for each, total in stations.items()},
        {each: total / whole for each, total in deliveries.items()},
    )


def _add(
    chain: FoodChain,
    stations: dict[str, float],
    deliveries: dict[str, float],
    weight: float,
    starts: Iterable[str],
    own: str | None,
) -> None:
    behind = _closure(chain.preceding, starts)
    for each in behind:
        deliveries[each] += weight
    sources = {chain.deliveries[each].source for each in behind}
    for each in {station for station in sources if not chain.stations[station].kill} | (
        {own} if own else set()
    ):
        stations[each] += weight


class Observed(StrEnum):
    """Which way somebody looks from a station or delivery."""

    NONE = "none"
    FULL = "full"
    FORWARD = "forward"
    BACKWARD = "backward"


@dataclass(frozen=True, slots=True)
class Seen:
    """What lies ahead of and behind all that is observed."""

    forward_stations: Ids
    forward_deliveries: Ids
    backward_stations: Ids
    backward_deliveries: Ids


def seen_from(chain: FoodChain, observed: Mapping[str, Observed]) -> Seen:
    """What lies ahead of and behind some stations and deliveries?

    Parameters
    ----------
    observed : dict
        Station or delivery id: which way to look.

    Raises
    ------
    ValueError
        If an id is neither a station nor a delivery.
    """
    ahead: list[tuple[Ids, Ids]] = []
    behind: list[tuple[Ids, Ids]] = []
    for each, way in observed.items():
        if each not in chain.stations and each not in chain.deliveries:
            raise ValueError(f"{each!r} is neither a station nor a delivery")
        is_station = each in chain.stations
        if way in (Observed.FULL, Observed.FORWARD):
            look = chain.forward_of_station if is_station else chain.forward_of_delivery
            ahead.append(look(each))
        if way in (Observed.FULL, Observed.BACKWARD):
            look = chain.backward_of_station if is_station else chain.backward_of_delivery
            behind.append(look(each))
    nothing: Ids = frozenset()
    return Seen(
        nothing.union(*(stations for stations, _ in ahead)),
        nothing.union(*(deliveries for _, deliveries in ahead)),
        nothing.union(*(stations for stations, _ in behind)),
        nothing.union(*(deliveries for _, deliveries in behind)),
    )
