"""Walks over a network from the lots asked about: possible, certain, and how well known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from traceability.maths.answer import Level
from traceability.maths.contact import Contacts, Kill, Scope
from traceability.maths.graph import Ints, OrderedEdges, Reach, walk
from traceability.maths.ledger import LinkState
from traceability.maths.network import Dates, Link, Network


@dataclass(frozen=True, slots=True)
class Asked:
    """How to walk, the same for all walks of a trace.

    Attributes
    ----------
    lots : frozenset of int
        Lots that are suspect themselves: once reached, their edges count whenever they happened.
    nowhere : frozenset of int
        Parties that are no stations.
    """

    lots: frozenset[int]
    dates: Dates = "respected"
    longest: int | None = None
    contact: Scope = "none"
    kills: tuple[Kill, ...] = ()
    nowhere: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Walked:
    """One walk: what it reached, and the link of each edge.

    Attributes
    ----------
    link_of : (edges,) int64
        Numbers of links; -1 for the edges of contact, which follow all others.
    """

    reach: Reach
    link_of: Ints
    contacts: Contacts | None
    _met: dict[tuple[int, int], Link] = field(default_factory=dict)

    def path(self, network: Network, node: int, *, backward: bool) -> list[Link]:
        """Links of the path to a node in order of time; contact of two lots is one link."""
        edges = list(self.reach.path(node))
        if backward:
            edges.reverse()
        found: list[Link] = []
        waiting = -1
        for edge in edges:
            if self.link_of[edge] >= 0:
                found.append(network.links[int(self.link_of[edge])])
            elif waiting < 0:
                waiting = edge
            else:
                if (waiting, edge) not in self._met:
                    self._met[waiting, edge] = self._meeting(network, waiting, edge)
                found.append(self._met[waiting, edge])
                waiting = -1
        return found

    def meetings(self, network: Network, *, backward: bool) -> set[str]:
        """Keys of contact on the paths of all nodes."""
        if self.contacts is None:
            return set()
        found = set()
        skipped = len(self.link_of) - len(self.contacts.edges.source)
        is_touch = self.contacts.edges.source < len(network.nodes)
        for pair in self.reach.steps():
            touch, exposure = pair[::-1] if backward else pair
            if min(pair) >= skipped and is_touch[touch - skipped]:
                found.add(self._meeting(network, touch, exposure).key)
        return found

    def _meeting(self, network: Network, touch: int, exposure: int) -> Link:
        assert self.contacts is not None
        edges = self.contacts.edges
        skipped = len(self.link_of) - len(edges.source)
        one, other = touch - skipped, exposure - skipped
        source, target = int(edges.source[one]), int(edges.target[other])
        if target >= len(network.nodes):
            target = self.contacts.twins[target - len(network.nodes) - self.contacts.stations]
        met = self.contacts.meeting(one, other, source, target)
        (lot, party), (second, _) = network.nodes[source], network.nodes[target]
        return Link(
            f"C{party}-{lot}-{second}",
            network.nodes[source],
            network.nodes[target],
            None,
            None,
            LinkState.INFERRED,
            met,
        )


@dataclass(frozen=True, slots=True)
class Walks:
    """All walks in one direction.

    Attributes
    ----------
    possible, certain : Walked
        By time, over links of any state.
    probable, proven : Reach
        Possible over links declared or paired; certain over declared ones.
    """

    possible: Walked
    certain: Walked
    probable: Reach
    proven: Reach

    def level(self, node: int) -> Level:
        """How far a node that was reached can be relied on."""
        if self.proven.depth[node] >= 0:
            return Level.CERTAIN
        return Level.PROBABLE if self.probable.depth[node] >= 0 else Level.POSSIBLE


def walk_from(network: Network, seeds: Sequence[int], asked: Asked, *, backward: bool) -> Walks:
    """Walk one way from some nodes, four times: see `Walks`.

    Walks that cannot differ are made once.
    """
    possible = _walked(network, seeds, asked, backward=backward)
    certain = _walked(network, seeds, asked, backward=backward, certain=True)
    worst = network.weakest_state() if asked.contact == "none" else LinkState.INFERRED
    probable, proven = possible.reach, certain.reach
    if worst not in (LinkState.DECLARED, LinkState.PAIRED):
        probable = _walked(
            network, seeds, asked, backward=backward, no_weaker=LinkState.PAIRED
        ).reach
    if worst is not LinkState.DECLARED:
        proven = _walked(
            network, seeds, asked, backward=backward, certain=True, no_weaker=LinkState.DECLARED
        ).reach
    return Walks(possible, certain, probable, proven)


def reached_from(network: Network, seeds: Sequence[int], asked: Asked, *, backward: bool) -> Reach:
    """What is possible one way from some nodes, and no more than that."""
    return _walked(network, seeds, asked, backward=backward).reach


def _walked(
    network: Network,
    seeds: Sequence[int],
    asked: Asked,
    *,
    backward: bool,
    certain: bool = False,
    no_weaker: LinkState = LinkState.UNKNOWN,
) -> Walked:
    edges, number = network.ordered(certain=certain, dates=asked.dates, no_weaker=no_weaker)
    contacts = None
    own = np.arange(len(network.nodes))
    if asked.contact != "none" and no_weaker is LinkState.UNKNOWN:
        contacts = _contacts(network, asked, certain=certain)
        own = np.concatenate(
            (own, np.full(contacts.stations, -1), np.array(contacts.twins, dtype=np.int64))
        )
        edges, number = _with_twins(edges, number, own, len(network.nodes))
        edges = edges.joined(contacts.edges)
        number = np.concatenate((number, np.full(len(contacts.edges.source), -1)))
    asked_for = np.array([node[0] in asked.lots for node in network.nodes], dtype=np.bool_)
    reach = walk(
        edges.reversed() if backward else edges,
        nodes=len(own),
        seeds=np.flatnonzero(np.isin(own, np.array(sorted(seeds), dtype=np.int64))),
        timeless=np.append(asked_for, False)[own],
        longest=asked.longest,
    )
    return Walked(reach.merged(own, len(network.nodes)), number, contacts)


def _with_twins(
    edges: OrderedEdges, number: Ints, own: Ints, nodes: int
) -> tuple[OrderedEdges, Ints]:
    """Add for each twin the edges that leave the node it stands for."""
    copies = [
        (np.full(len(leaving), twin), leaving)
        for twin in range(nodes, len(own))
        if own[twin] >= 0
        for leaving in [np.flatnonzero(edges.source == own[twin])]
    ]
    if not copies:
        return edges, number
    sources = np.concatenate([twins for twins, _ in copies])
    leaving = np.concatenate([each for _, each in copies])
    more = OrderedEdges(sources, edges.target[leaving], edges.first[leaving], edges.last[leaving])
    return edges.joined(more), np.concatenate((number, number[leaving]))


def _contacts(network: Network, asked: Asked, *, certain: bool) -> Contacts:
    seen = network.sightings(certain=certain, nowhere=asked.nowhere)
    if asked.dates == "ignored" and not certain:
        seen = ((party, each.timeless()) for party, each in seen)
    return Contacts.of(
        seen,
        nodes=len(network.nodes),
        kills=asked.kills,
        scope=asked.contact,
        certain=certain,
    )
