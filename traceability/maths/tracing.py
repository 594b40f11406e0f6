"""One trace over a network: what is reached, how it is known, how much there is, who to ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from traceability.maths.amounts import told
from traceability.maths.answer import Edge, Finding, Gap, Holding, Side, instant
from traceability.maths.balance import (
    INFLOW,
    Balance,
    LotBalance,
    lot_balance,
)
from traceability.maths.doubts import findings_of, gaps_of
from traceability.maths.graph import Ints, Reach
from traceability.maths.ledger import EARLIEST, Event, EventKind, Use, weakest
from traceability.maths.network import Dates, Link, Network
from traceability.maths.weighing import balances_of

Direction = Literal["forward", "backward", "both"]


@dataclass(frozen=True, slots=True)
class LotReach:
    """A lot that was reached."""

    lot_id: int
    side: Side
    depth: int
    earliest_at: datetime | None
    certain: bool
    balance: LotBalance


@dataclass(frozen=True, slots=True)
class Reached:
    """The answer in numbers; names are put to it by whoever keeps them."""

    lots: tuple[LotReach, ...]
    holdings: tuple[Holding, ...]
    edges: tuple[Edge, ...]
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]
    roles: dict[int, tuple[str, ...]]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class _Walks:
    """Possible and certain reach in one direction, and the link of each edge walked."""

    possible: Reach
    certain: Reach
    link_of: Ints
    certain_link_of: Ints


def trace_lots(
    events: Sequence[Event],
    uses: Sequence[Use],
    *,
    lot: int,
    party: int | None = None,
    direction: Direction = "both",
    dates: Dates = "respected",
    longest: int | None = None,
    unlisted: frozenset[int] = frozenset(),
    unregistered: frozenset[int] = frozenset(),
    unread: frozenset[int] = frozenset(),
) -> Reached:
    """Where does a lot come from, and where did it and what was made of it go?

    Parameters
    ----------
    events, uses : sequences
        All rows of the lots concerned, as they stood at the time asked for. Rows of other lots do
        no harm.
    lot : int
        The lot asked about.
    party : int, optional
        Ask about the lot at this holder only (where the failing sample was taken); without it the
        lot is suspect wherever it is.
    direction : {"forward", "backward", "both"}
    dates : {"respected", "ignored"}
        Whether the order of time cuts paths.
    longest : int, optional
        Steps at most.
    unlisted, unregistered : frozenset of int
        Parties that were not written down, and those not on the register.
    unread : frozenset of int
        Lots that uses name and whose own rows are not given; they are not followed.

    Returns
    -------
    Reached
        Ordered by side, depth, lot and party. The seed is always in it, even without any row.

    Notes
    -----
    A lot that is suspect itself is so from its making, so its own hops are never cut by time; a
    lot that something went into is suspect from then on, and what left before did not carry it.
    Contents are followed, not shares: a drop of a suspect lot makes the whole lot suspect.
    """
    network = Network.of(events, uses, stand_ins=unlisted, unread=unread)
    seeds = [network.number[lot, party]] if (lot, party) in network.number and party else []
    if party is None:
        seeds = network.origins(lot)
    walks: dict[Side, _Walks] = {}
    for side, wanted in ((Side.DOWNSTREAM, "forward"), (Side.UPSTREAM, "backward")):
        if direction in (wanted, "both"):
            walks[side] = _walk(network, seeds, lot, side, dates, longest)
    sides = _sides(network, walks, lot, party)
    balances = balances_of(network, {network.nodes[node][0] for node in sides}, unlisted)
    holdings = _holdings(network, walks, sides, balances, seeds)
    edges = _edges(network, walks, sides)
    lots = _lots(network, holdings, balances, lot)
    return Reached(
        lots=lots,
        holdings=holdings,
        edges=edges,
        gaps=gaps_of(network, holdings, unlisted=unlisted, unregistered=unregistered),
        findings=findings_of(network, holdings, edges, _excluded(network, walks, sides), lot),
        roles=_roles(network, holdings, events),
        is_cut=any(each.possible.is_cut for each in walks.values()),
    )


def _walk(
    network: Network,
    seeds: Sequence[int],
    lot: int,
    side: Side,
    dates: Dates,
    longest: int | None,
) -> _Walks:
    found = [
        network.walked(
            seeds,
            timeless_lot=lot,
            backward=side is Side.UPSTREAM,
            certain=certain,
            dates=dates,
            longest=longest,
        )
        for certain in (False, True)
    ]
    return _Walks(found[0][0], found[1][0], found[0][1], found[1][1])


def _sides(
    network: Network, walks: dict[Side, _Walks], lot: int, party: int | None
) -> dict[int, Side]:
    """Side of each node reached; what lies on both sides counts as downstream, to be safe."""
    sides: dict[int, Side] = {}
    for side in (Side.UPSTREAM, Side.DOWNSTREAM):
        if side in walks:
            for node in walks[side].possible.reached():
                own = network.nodes[node][0] == lot and party in (None, network.nodes[node][1])
                sides[int(node)] = Side.SEED if own else side
    return sides


def _came(network: Network, node: int) -> int:
    """When goods first came to a node, at the earliest."""
    entries = network.entries.get(network.nodes[node], [])
    return min((e.lo for e in entries if e.part in INFLOW), default=EARLIEST)


def _holdings(
    network: Network,
    walks: dict[Side, _Walks],
    sides: dict[int, Side],
    balances: dict[int, tuple[LotBalance, dict[int, Balance]]],
    seeds: Iterable[int],
) -> tuple[Holding, ...]:
    found = []
    starts = set(seeds)
    for node, side in sides.items():
        way = _way(walks, side, node)
        chosen = walks[way]
        path = [int(chosen.link_of[edge]) for edge in chosen.possible.path(node)]
        if way is Side.UPSTREAM:
            path.reverse()
        links = [network.links[number] for number in path]
        since = int(chosen.possible.since[node])
        if way is Side.UPSTREAM or since == EARLIEST:
            since = _came(network, node)
        lot, party = network.nodes[node]
        found.append(
            Holding(
                lot_id=lot,
                party_id=party,
                side=side,
                depth=int(chosen.possible.depth[node]),
                earliest_at=instant(since),
                certain=node in starts or bool(chosen.certain.depth[node] >= 0),
                path=tuple(link.key for link in links),
                weakest=weakest(link.state for link in links),
                balance=balances[lot][1][node],
            )
        )
    order = {side: rank for rank, side in enumerate(Side)}
    return tuple(sorted(found, key=lambda h: (order[h.side], h.depth, h.lot_id, h.party_id)))


def _way(walks: dict[Side, _Walks], side: Side, node: int) -> Side:
    """The walk that explains a node: its side's; for the seed the way forward, if it was gone."""
    if side is not Side.SEED:
        return side
    for way in (Side.DOWNSTREAM, Side.UPSTREAM):
        if way in walks and walks[way].possible.depth[node] >= 0:
            return way
    raise ValueError(f"node {node} was not reached")


def _edges(network: Network, walks: dict[Side, _Walks], sides: dict[int, Side]) -> tuple[Edge, ...]:
    used: dict[int, bool] = {}
    for side, each in walks.items():
        for link_of, reach, certain in (
            (each.link_of, each.possible, False),
            (each.certain_link_of, each.certain, True),
        ):
            for number in _usable(network, reach, link_of, side, certain=certain):
                used[number] = used.get(number, False) or certain
    return tuple(
        _edge(network.links[number], sides[network.number[network.links[number].target]],
              sides[network.number[network.links[number].source]], certain)
        for number, certain in sorted(used.items())
    )  # fmt: skip


def _usable(
    network: Network, reach: Reach, link_of: Ints, side: Side, *, certain: bool
) -> list[int]:
    """Numbers of the links that a walk may use from the nodes it reached."""
    found = set()
    for number in map(int, np.unique(link_of)):
        link = network.links[number]
        start = network.number[link.target if side is Side.UPSTREAM else link.source]
        if reach.depth[start] < 0:
            continue
        end = network.number[link.source if side is Side.UPSTREAM else link.target]
        if reach.depth[end] < 0:
            continue
        if _may_leave(link, int(reach.since[start]), side, certain=certain):
            found.add(number)
    return sorted(found)


def _may_leave(link: Link, since: int, side: Side, *, certain: bool) -> bool:
    lo, hi = (-link.hi, -link.lo) if side is Side.UPSTREAM else (link.lo, link.hi)
    return since <= (lo if certain else hi)


def _edge(link: Link, end: Side, start: Side, certain: bool) -> Edge:
    side = end if start is Side.SEED else start
    if Side.SEED in (start, end) and link.use is None and start is end:
        side = Side.SEED
    lo, hi = instant(link.lo), instant(link.hi)
    if link.use is not None:
        use = link.use
        return Edge(
            link.key, "use", *link.source, *link.target, lo, hi, told(use.quantity), use.unit,
            None, None, None, link.state, link.event_ids, side, certain,
        )  # fmt: skip
    assert link.hop is not None
    first, received = link.hop.first, link.hop.received
    both = link.hop.sent is not None and received is not None
    return Edge(
        key=link.key,
        kind=first.kind.value,
        from_lot_id=link.source[0],
        from_party_id=link.source[1],
        to_lot_id=link.target[0],
        to_party_id=link.target[1],
        earliest_at=lo,
        latest_at=hi,
        quantity=told(first.quantity),
        unit=first.unit,
        received=told(received.quantity) if both and received else None,
        received_unit=received.unit if both and received else None,
        document_no=first.document or (received.document if received else None),
        state=link.state,
        event_ids=link.event_ids,
        side=side,
        certain=certain,
    )


def _excluded(network: Network, walks: dict[Side, _Walks], sides: dict[int, Side]) -> list[Link]:
    """Links from a reached node to one that only the order of time kept from being reached."""
    found = {}
    for side, each in walks.items():
        for number in map(int, np.unique(each.link_of)):
            link = network.links[number]
            start, end = network.number[link.source], network.number[link.target]
            if side is Side.UPSTREAM:
                start, end = end, start
            depth = each.possible.depth
            since = int(each.possible.since[start])
            is_lost = depth[start] >= 0 and depth[end] < 0 and end not in sides
            if is_lost and not _may_leave(link, since, side, certain=False):
                found[number] = link
    return [found[number] for number in sorted(found)]


def _lots(
    network: Network,
    holdings: Sequence[Holding],
    balances: dict[int, tuple[LotBalance, dict[int, Balance]]],
    seed: int,
) -> tuple[LotReach, ...]:
    grouped: dict[int, list[Holding]] = defaultdict(list)
    for holding in holdings:
        grouped[holding.lot_id].append(holding)
    found = [
        LotReach(
            lot_id=lot,
            side=group[0].side if lot != seed else Side.SEED,
            depth=min(each.depth for each in group),
            earliest_at=min((each.earliest_at for each in group if each.earliest_at), default=None),
            certain=any(each.certain for each in group),
            balance=balances[lot][0],
        )
        for lot, group in grouped.items()
    ]
    if seed not in grouped:  # a lot nobody ever moved
        found.append(
            LotReach(seed, Side.SEED, 0, None, True, lot_balance([], unit="C62", is_made=False))
        )
    order = {side: rank for rank, side in enumerate(Side)}
    return tuple(sorted(found, key=lambda each: (order[each.side], each.depth, each.lot_id)))


def _roles(
    network: Network, holdings: Sequence[Holding], events: Sequence[Event]
) -> dict[int, tuple[str, ...]]:
    """What each party did with the lots reached: primary, maker, distributor, seller."""
    reached = {(each.lot_id, each.party_id) for each in holdings}
    found: dict[int, set[str]] = defaultdict(set)
    for _, party in reached:
        found[party] = set()
    for node in reached & set(network.productions):
        for event in network.productions[node]:
            found[node[1]].add("primary" if event.inputs == "none" else "maker")
    for event in events:
        if (event.lot, event.source) not in reached:
            continue
        if event.kind is EventKind.SALE:
            found[event.source].add("seller")
        if event.kind is EventKind.SHIPMENT and (event.lot, event.source) not in (
            network.productions
        ):
            found[event.source].add("distributor")
    return {party: tuple(sorted(roles)) for party, roles in found.items()}
