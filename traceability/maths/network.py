"""From ledger rows to a network: nodes are lots at holders, edges are hops and uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from traceability.maths.balance import Entry, Part
from traceability.maths.graph import Ints, Reach, TimedEdges, walk
from traceability.maths.ledger import EARLIEST, LATEST, Event, EventKind, Hop, LinkState, Use, hops

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
    """An edge of the network: a hop or a use."""

    key: str
    source: Node
    target: Node
    hop: Hop | None
    use: Use | None
    state: LinkState

    @property
    def event_ids(self) -> tuple[int, ...]:
        """The ledger rows that tell of it."""
        if self.use is not None:
            return (self.use.event,)
        assert self.hop is not None
        return tuple(each.id for each in (self.hop.sent, self.hop.received) if each is not None)

    @property
    def lo(self) -> int:
        """Earliest time."""
        return self.use.lo if self.use is not None else self._hop.lo

    @property
    def hi(self) -> int:
        """Latest time."""
        return self.use.hi if self.use is not None else self._hop.hi

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

    def walked(
        self,
        seeds: Iterable[int],
        *,
        timeless_lot: int,
        backward: bool,
        certain: bool,
        dates: Dates,
        longest: int | None,
    ) -> tuple[Reach, Ints]:
        """Reach from some nodes, and for each edge walked the number of its link.

        Possible paths may use each sighting of a hop at its own time, so that one more row never
        takes a path away. Certain paths need the whole hop in order: arrived when it has arrived.
        Ignoring dates makes everything possible, and nothing more certain.
        """
        number, lo, hi = self._timed(certain=certain)
        if dates == "ignored" and not certain:
            lo, hi = np.full_like(lo, EARLIEST), np.full_like(hi, LATEST)
        edges = TimedEdges(self.source[number], self.target[number], lo, hi)
        timeless: NDArray[np.bool_] = np.zeros(len(self.nodes), dtype=np.bool_)
        timeless[self.of_lot(timeless_lot)] = True
        reach = walk(
            edges.reversed() if backward else edges,
            nodes=len(self.nodes),
            seeds=np.array(sorted(seeds), dtype=np.int64),
            timeless=timeless,
            certain=certain,
            longest=longest,
        )
        return reach, number

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
