"""One trace over a network: what is reached, how it is known, how much there is, who to ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from traceability.maths.answer import (
    RANK,
    Edge,
    Finding,
    Gap,
    Holding,
    Level,
    Side,
    instant,
)
from traceability.maths.balance import (
    INFLOW,
    Balance,
    LotBalance,
    lot_balance,
)
from traceability.maths.contact import Kill, Scope
from traceability.maths.doubts import findings_of, gaps_of
from traceability.maths.graph import Ints, Reach
from traceability.maths.ledger import EARLIEST, Event, EventKind, Use, weakest
from traceability.maths.network import Dates, Link, Network
from traceability.maths.telling import edge_of
from traceability.maths.walking import Asked, Walks, walk_from
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
    level: Level


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
class Seed:
    """A lot asked about; ``party`` where only what this holder has of it is suspect."""

    lot: int
    party: int | None = None


def trace_lots(
    events: Sequence[Event],
    uses: Sequence[Use],
    *,
    lot: int | None = None,
    party: int | None = None,
    seeds: Sequence[Seed] = (),
    direction: Direction = "both",
    dates: Dates = "respected",
    longest: int | None = None,
    unlisted: frozenset[int] = frozenset(),
    unregistered: frozenset[int] = frozenset(),
    unread: frozenset[int] = frozenset(),
    contact: Scope = "none",
    kills: Sequence[Kill] = (),
) -> Reached:
    """Where do lots come from, and where did they and what was made of them go?

    Parameters
    ----------
    events, uses : sequences
        All rows of the lots concerned, as they stood at the time asked for. Rows of other lots do
        no harm.
    lot : int, optional
        The lot asked about, where there is one only.
    party : int, optional
        Ask about the lot at this holder only (where the failing sample was taken); without it the
        lot is suspect wherever it is.
    seeds : sequence of Seed, optional
        The lots asked about, instead of ``lot``.
    direction : {"forward", "backward", "both"}
    dates : {"respected", "ignored"}
        Whether the order of time cuts paths. Ignored, no step ends contact either.
    longest : int, optional
        Steps at most; contact counts as two, onto the station and off it.
    unlisted, unregistered : frozenset of int
        Parties that were not written down, and those not on the register.
    unread : frozenset of int
        Lots that uses name and whose own rows are not given; they are not followed.
    contact : {"none", "station", "line"}
        Whether a lot passes something on to others that were at the same station or line after it.
    kills : sequence of Kill
        Cleaning and other steps that end contact.

    Returns
    -------
    Reached
        Ordered by side, depth, lot and party. Seeds are always in it, even without any row.

    Raises
    ------
    ValueError
        Without a lot, or with both ``lot`` and ``seeds``.

    Notes
    -----
    A lot that is suspect itself is so from its making, so its own hops are never cut by time; a
    lot that something went into is suspect from then on, and what left before did not carry it.
    Contents are followed, not shares: a drop of a suspect lot makes the whole lot suspect.

    With contact, a lot asked about is traced back from wherever it was, not only from its making:
    something may have come to it anywhere. One more row never takes a lot or holder away, but for
    contact in two cases: a row that a lot left a station ends the doubt whether it was still there,
    and rows of other lots use up the carry-over of a cleaning.
    """
    if (lot is None) == (not seeds):
        raise ValueError("trace_lots needs either lot or seeds")
    asked_for = tuple(seeds) or (Seed(lot or 0, party),)
    network = Network.of(events, uses, stand_ins=unlisted, unread=unread)
    asked = Asked(
        frozenset(seed.lot for seed in asked_for), dates, longest, contact, tuple(kills), unlisted
    )
    walks: dict[Side, Walks] = {}
    for side, wanted in ((Side.DOWNSTREAM, "forward"), (Side.UPSTREAM, "backward")):
        if direction in (wanted, "both"):
            backward = side is Side.UPSTREAM
            starts = _starts(network, asked_for, everywhere=backward and contact != "none")
            walks[side] = walk_from(network, starts, asked, backward=backward)
    sides = _sides(network, walks, asked_for)
    balances = balances_of(network, {network.nodes[node][0] for node in sides}, unlisted)
    held = _holdings(network, walks, sides, balances)
    holdings = tuple(holding for holding, _ in held)
    edges = _edges(network, walks, sides, held)
    excluded = _excluded(network, walks, sides)
    return Reached(
        lots=_lots(holdings, balances, asked_for),
        holdings=holdings,
        edges=edges,
        gaps=gaps_of(network, holdings, unlisted=unlisted, unregistered=unregistered),
        findings=findings_of(network, holdings, edges, excluded, asked_for[0].lot),
        roles=_roles(network, holdings, events),
        is_cut=any(each.possible.reach.is_cut for each in walks.values()),
    )


def _starts(network: Network, seeds: Sequence[Seed], *, everywhere: bool) -> list[int]:
    """Nodes to walk from."""
    found: set[int] = set()
    for seed in seeds:
        if seed.party is None:
            found |= set(network.of_lot(seed.lot) if everywhere else network.origins(seed.lot))
        elif (seed.lot, seed.party) in network.number:
            found.add(network.number[seed.lot, seed.party])
    return sorted(found)


def _sides(network: Network, walks: dict[Side, Walks], seeds: Sequence[Seed]) -> dict[int, Side]:
    """Side of each node reached; what lies on both sides counts as downstream, to be safe."""
    whole = {seed.lot for seed in seeds if seed.party is None}
    parts = {(seed.lot, seed.party) for seed in seeds}
    sides: dict[int, Side] = {}
    for side in (Side.UPSTREAM, Side.DOWNSTREAM):
        if side in walks:
            for node in map(int, walks[side].possible.reach.reached()):
                lot, party = network.nodes[node]
                own = lot in whole or (lot, party) in parts
                sides[node] = Side.SEED if own else side
    return sides


def _came(network: Network, node: int) -> int:
    """When goods first came to a node, at the earliest."""
    entries = network.entries.get(network.nodes[node], [])
    return min((e.lo for e in entries if e.part in INFLOW), default=EARLIEST)


_Held = tuple[Holding, tuple[Link, ...]]


def _holdings(
    network: Network,
    walks: dict[Side, Walks],
    sides: dict[int, Side],
    balances: dict[int, tuple[LotBalance, dict[int, Balance]]],
) -> tuple[_Held, ...]:
    """Holdings, each with the links of its path."""
    found = []
    for node, side in sides.items():
        way = _way(walks, side, node)
        chosen = walks[way]
        links = chosen.possible.path(network, node, backward=way is Side.UPSTREAM)
        since = int(chosen.possible.reach.since[node])
        came = _came(network, node)
        if way is Side.UPSTREAM or since == EARLIEST:
            since = came
        elif links and links[-1].meeting is not None:
            since = max(since, came)  # a station may be dirty before the lot comes to it
        lot, party = network.nodes[node]
        holding = Holding(
            lot_id=lot,
            party_id=party,
            side=side,
            depth=len(links),
            earliest_at=instant(since),
            certain=bool(chosen.certain.reach.depth[node] >= 0),
            path=tuple(link.key for link in links),
            weakest=weakest(link.state for link in links),
            balance=balances[lot][1][node],
            level=chosen.level(node),
        )
        found.append((holding, tuple(links)))
    order = {side: rank for rank, side in enumerate(Side)}
    return tuple(
        sorted(found, key=lambda h: (order[h[0].side], h[0].depth, h[0].lot_id, h[0].party_id))
    )


def _way(walks: dict[Side, Walks], side: Side, node: int) -> Side:
    """The walk that explains a node: its side's; for the seed the way forward, if it was gone."""
    if side is not Side.SEED:
        return side
    for way in (Side.DOWNSTREAM, Side.UPSTREAM):
        if way in walks and walks[way].possible.reach.depth[node] >= 0:
            return way
    raise ValueError(f"node {node} was not reached")


def _edges(
    network: Network,
    walks: dict[Side, Walks],
    sides: dict[int, Side],
    held: Sequence[_Held],
) -> tuple[Edge, ...]:
    """Links that a path may use; contact of two lots only where it is a witness."""
    used: dict[int, bool] = {}
    for side, each in walks.items():
        for walked, certain in ((each.possible, False), (each.certain, True)):
            for number in _usable(network, walked.reach, walked.link_of, side, certain=certain):
                used[number] = used.get(number, False) or certain
    links = [(network.links[number], certain) for number, certain in sorted(used.items())]
    met = {link.key: link for _, path in held for link in path if link.meeting is not None}
    surely: set[str] = set()
    for side, each in walks.items() if met else ():
        surely |= each.certain.meetings(network, backward=side is Side.UPSTREAM)
    links += [(met[key], key in surely) for key in sorted(met)]
    return tuple(
        edge_of(link, sides[network.number[link.target]], sides[network.number[link.source]],
                certain)
        for link, certain in links
    )  # fmt: skip


def _usable(
    network: Network, reach: Reach, link_of: Ints, side: Side, *, certain: bool
) -> list[int]:
    """Numbers of the links that a walk may use from the nodes it reached."""
    found = set()
    for number in map(int, np.unique(link_of[link_of >= 0])):
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


def _excluded(network: Network, walks: dict[Side, Walks], sides: dict[int, Side]) -> list[Link]:
    """Links from a reached node to one that only the order of time kept from being reached."""
    found = {}
    for side, each in walks.items():
        link_of, reach = each.possible.link_of, each.possible.reach
        for number in map(int, np.unique(link_of[link_of >= 0])):
            link = network.links[number]
            start, end = network.number[link.source], network.number[link.target]
            if side is Side.UPSTREAM:
                start, end = end, start
            depth = reach.depth
            since = int(reach.since[start])
            is_lost = depth[start] >= 0 and depth[end] < 0 and end not in sides
            if is_lost and not _may_leave(link, since, side, certain=False):
                found[number] = link
    return [found[number] for number in sorted(found)]


def _lots(
    holdings: Sequence[Holding],
    balances: dict[int, tuple[LotBalance, dict[int, Balance]]],
    seeds: Sequence[Seed],
) -> tuple[LotReach, ...]:
    grouped: dict[int, list[Holding]] = defaultdict(list)
    for holding in holdings:
        grouped[holding.lot_id].append(holding)
    asked = {seed.lot for seed in seeds}
    found = [
        LotReach(
            lot_id=lot,
            side=group[0].side if lot not in asked else Side.SEED,
            depth=min(each.depth for each in group),
            earliest_at=min((each.earliest_at for each in group if each.earliest_at), default=None),
            certain=any(each.certain for each in group),
            balance=balances[lot][0],
            level=min((each.level for each in group), key=RANK.__getitem__),
        )
        for lot, group in grouped.items()
    ]
    for lot in sorted(asked - set(grouped)):  # lots nobody ever moved
        nothing = lot_balance([], unit="C62", is_made=False)
        found.append(LotReach(lot, Side.SEED, 0, None, True, nothing, Level.CERTAIN))
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
