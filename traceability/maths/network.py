"""From ledger rows to a network: nodes are lots at holders, edges are hops and uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from traceability.maths.balance import Entry, Part
from traceability.maths.contact import Meeting, Sighting
from traceability.maths.graph import Ints, OrderedEdges, TimedEdges
from traceability.maths.ledger import (
    EARLIEST,
    LATEST,
    STRENGTH,
    Event,
    EventKind,
    Hop,
    LinkState,
    Use,
    hops,
    weakest,
)

Node = tuple[int, int]  # lot, party
Dates = Literal["respected", "ignored"]

_AT_SOURCE = {
    EventKind.PRODUCTION: Part.PRODUCED,
    EventKind.SALE: Part.SOLD,
    EventKind.DESTRUCTION: Part.DESTROYED,
    EventKind.STOCK: Part.COUNTED,
}


@dataclass(frozen=True, slots=True)
class Link:
    """An edge of the network: a hop, a use, or two lots that met."""

    key: str
    source: Node
    target: Node
    hop: Hop | None
    use: Use | None
    state: LinkState
    meeting: Meeting | None = None

    @property
    def event_ids(self) -> tuple[int, ...]:
        """The ledger rows that tell of it."""
        if self.meeting is not None:
            return self.meeting.events
        if self.use is not None:
            return (self.use.event,)
        assert self.hop is not None
        return tuple(each.id for each in (self.hop.sent, self.hop.received) if each is not None)

    @property
    def lo(self) -> int:
        """Earliest time."""
        return (self.meeting or self.use or self._hop).lo

    @property
    def hi(self) -> int:
        """Latest time."""
        return (self.meeting or self.use or self._hop).hi

    @property
    def _hop(self) -> Hop:
        assert self.hop is not None
        return self.hop


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes, links and balances of the rows that were read."""

    nodes: tuple[Node, ...]
    number: dict[Node, int]
    links: tuple[Link, ...]
    source: Ints
    target: Ints
    entries: dict[Node, list[Entry]]
    productions: dict[Node, list[Event]]
    inputs: dict[int, list[Use]]  # by production row
    places: tuple[Event, ...]  # rows that tell of a lot at one holder only

    @staticmethod
    def of(
        events: Sequence[Event],
        uses: Sequence[Use],
        *,
        stand_ins: frozenset[int] = frozenset(),
        unread: frozenset[int] = frozenset(),
    ) -> Network:
        """The network of some ledger rows; their order does not matter.

        Lots in ``unread`` are no nodes: what went into them counts as consumed, nothing more.
        """
        rows = [event for event in events if event.kind is not EventKind.VOID]
        entries: dict[Node, list[Entry]] = defaultdict(list)
        productions: dict[Node, list[Event]] = defaultdict(list)
        for event in rows:
            part = _AT_SOURCE.get(event.kind)
            if part is not None:
                node = (event.lot, event.source)
                entries[node].append(Entry(part, event.quantity, event.unit, event.lo, event.hi))
                if part is Part.PRODUCED:
                    productions[node].append(event)
        links = [_hop_link(hop) for hop in hops(rows, stand_ins=stand_ins)]
        for link in links:
            _enter_hop(link, entries)
        inputs: dict[int, list[Use]] = defaultdict(list)
        for use in sorted(uses, key=lambda each: (each.lo, each.hi, each.id)):
            inputs[use.event].append(use)
            source, target = (use.input, use.party), (use.output, use.party)
            if use.input not in unread:
                entry = Entry(Part.CONSUMED, use.quantity, use.unit, use.lo, use.hi)
                entries[source].append(entry)
            # Rework of a lot into itself is counted for mass and ignored for reach.
            if source != target and not {use.input, use.output} & unread:
                links.append(Link(f"U{use.id}", source, target, None, use, LinkState.DECLARED))
        nodes = set(entries)
        for link in links:
            nodes |= {link.source, link.target}
        ordered = tuple(sorted(nodes))
        number = {node: index for index, node in enumerate(ordered)}
        return Network(
            nodes=ordered,
            number=number,
            links=tuple(links),
            source=np.array([number[link.source] for link in links], dtype=np.int64),
            target=np.array([number[link.target] for link in links], dtype=np.int64),
            entries=entries,
            productions=productions,
            inputs=inputs,
            places=tuple(event for event in rows if event.kind in _AT_SOURCE),
        )

    def of_lot(self, lot: int) -> list[int]:
        """Numbers of a lot's nodes."""
        return [index for index, node in enumerate(self.nodes) if node[0] == lot]

    def origins(self, lot: int) -> list[int]:
        """Where a lot comes from: where it was made, or seen without having come from elsewhere.

        A round trip without a beginning starts at its first party.
        """
        inside: dict[int, list[int]] = defaultdict(list)
        has_source = set()
        for link in self.links:
            if link.hop is not None and link.source[0] == lot:
                inside[self.number[link.source]].append(self.number[link.target])
                has_source.add(self.number[link.target])
        members = self.of_lot(lot)
        found = [
            node
            for node in members
            if self.nodes[node] in self.productions or node not in has_source
        ]
        seen: set[int] = set()
        for start in [*found, *members]:
            if start in seen:
                continue
            if start not in found:
                found.append(start)
            waiting = [start]
            while waiting:
                node = waiting.pop()
                if node not in seen:
                    seen.add(node)
                    waiting.extend(inside[node])
        return sorted(found)

    def ordered(
        self, *, certain: bool, dates: Dates, no_weaker: LinkState = LinkState.UNKNOWN
    ) -> tuple[OrderedEdges, Ints]:
        """Edges as they are walked, and the number of the link each stands for.

        Possible paths may use each sighting of a hop at its own time, so that one more row never
        takes a path away. Certain paths need the whole hop in order: arrived when it has arrived.
        Ignoring dates makes everything possible, and nothing more certain.
        """
        number, lo, hi = self._timed(certain=certain)
        if dates == "ignored" and not certain:
            lo, hi = np.full_like(lo, EARLIEST), np.full_like(hi, LATEST)
        if no_weaker is not LinkState.UNKNOWN:
            strength = np.array([STRENGTH[link.state] for link in self.links], dtype=np.int64)
            fits = strength[number] <= STRENGTH[no_weaker]
            number, lo, hi = number[fits], lo[fits], hi[fits]
        edges = TimedEdges(self.source[number], self.target[number], lo, hi)
        return OrderedEdges.of(edges, certain=certain), number

    def weakest_state(self) -> LinkState:
        """Of all links."""
        return weakest(link.state for link in self.links)

    def _timed(self, *, certain: bool) -> tuple[Ints, Ints, Ints]:
        number: list[int] = []
        lo: list[int] = []
        hi: list[int] = []
        for index, link in enumerate(self.links):
            hop = link.hop
            both = hop is not None and hop.sent is not None and hop.received is not None
            if certain or not both or hop is None:
                spans = [(link.lo, link.hi)]
            else:
                spans = [(each.lo, each.hi) for each in (hop.sent, hop.received) if each]
            for span in spans:
                number.append(index)
                lo.append(span[0])
                hi.append(span[1])
        return (
            np.array(number, dtype=np.int64),
            np.array(lo, dtype=np.int64),
            np.array(hi, dtype=np.int64),
        )

    def sightings(
        self, *, certain: bool, nowhere: frozenset[int] = frozenset()
    ) -> Iterator[tuple[int, Sighting]]:
        """(party, sighting) for each row that tells of a lot at a station.

        Of a hop with two rows either may be right (possible), or only both together (certain).
        A lot at a holder that no row says left it may still be there. Parties in ``nowhere`` are
        no stations: nobody wrote down who they are.
        """
        left: set[int] = set()
        came: dict[int, Sighting] = {}
        for node, is_gone, sighting in self._seen(certain=certain):
            if self.nodes[node][1] in nowhere or not self.nodes[node][1]:
                continue
            if is_gone:
                left.add(node)
            elif node not in came or sighting.lo < came[node].lo:
                came[node] = sighting
            yield self.nodes[node][1], sighting
        for node in sorted(set(came) - left) if not certain else ():
            yield self.nodes[node][1], replace(came[node], hi=LATEST, is_rest=True)

    def _seen(self, *, certain: bool) -> Iterator[tuple[int, bool, Sighting]]:
        """Node, whether the lot leaves it, and the sighting."""
        for event in self.places:
            node = self.number[event.lot, event.source]
            gone = event.kind in (EventKind.SALE, EventKind.DESTRUCTION)
            yield node, gone, Sighting(node, event.place, event.lo, event.hi, event.id)
        for uses in self.inputs.values():
            for use in uses:
                reworked = use.input == use.output
                for lot, gone in ((use.input, not reworked), (use.output, False)):
                    if (lot, use.party) in self.number:
                        node = self.number[lot, use.party]
                        yield node, gone, Sighting(node, use.place, use.lo, use.hi, use.event)
        for link in self.links:
            hop = link.hop
            if hop is None:
                continue
            source, target = self.number[link.source], self.number[link.target]
            from_place = hop.sent.place if hop.sent else None
            to_place = hop.received.place if hop.received else None
            spans = [(each.lo, each.hi, each.id) for each in (hop.sent, hop.received) if each]
            if certain:
                spans = [(hop.lo, hop.hi, hop.first.id)]
            for lo, hi, row in spans:
                yield source, True, Sighting(source, from_place, lo, hi, row)
                yield target, False, Sighting(target, to_place, lo, hi, row)


def _hop_link(hop: Hop) -> Link:
    event = hop.first
    return Link(
        f"M{event.id}",
        (event.lot, event.source),
        (event.lot, event.target),
        hop,
        None,
        hop.state,
    )


def _enter_hop(link: Link, entries: dict[Node, list[Entry]]) -> None:
    """The sender's figure leaves the sender, the receiver's reaches the receiver."""
    hop = link.hop
    assert hop is not None
    sent, received = hop.sent or hop.first, hop.received or hop.first
    back = sent.kind is EventKind.RETURN
    entries[link.source].append(
        Entry(
            Part.RETURNED_OUT if back else Part.SHIPPED,
            sent.quantity,
            sent.unit,
            sent.lo,
            sent.hi,
        )
    )
    entries[link.target].append(
        Entry(
            Part.RETURNED_IN if back else Part.RECEIVED,
            received.quantity,
            received.unit,
            received.lo,
            received.hi,
        )
    )
