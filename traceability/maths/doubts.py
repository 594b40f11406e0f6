"""What a trace must not hide: where the trail ends, and what cannot be right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from traceability.maths.amounts import UNKNOWN, Amount, plain, told
from traceability.maths.answer import Edge, Finding, FindingKind, Gap, GapReason, Holding, Side
from traceability.maths.balance import (
    INFLOW,
    NEGATIVE_STOCK,
    OUTFLOW,
    Balance,
    weight_yield,
)
from traceability.maths.ledger import EARLIEST, Event, Hop, Inputs, Use
from traceability.maths.network import Link, Network, Node
from traceability.maths.units import common_unit, converted

_GRAIN = Decimal("1e-9")


def gaps_of(
    network: Network,
    holdings: Sequence[Holding],
    *,
    unlisted: frozenset[int],
    unregistered: frozenset[int],
) -> tuple[Gap, ...]:
    """Where does the trail end, and who can be asked to go on?

    Parameters
    ----------
    network : Network
    holdings : sequence of Holding
        What was reached.
    unlisted, unregistered : frozenset of int
        Parties not written down, and parties not on the register.

    Returns
    -------
    tuple of Gap
        By reason, then by lot and party.

    Notes
    -----
    Downstream: a receiver that nobody wrote down (ask the sender), one not on the register (ask
    the sender who it is), goods that remain at a firm which never counted them (ask the firm).
    Upstream: a production that does not say what went in, a lot that came from nowhere.
    """
    incoming: dict[Node, list[Link]] = {}
    for link in network.links:
        if link.hop is not None:
            incoming.setdefault(link.target, []).append(link)
    found: list[Gap] = []
    for holding in holdings:
        node = (holding.lot_id, holding.party_id)
        came = incoming.get(node, [])
        if holding.side is not Side.UPSTREAM:
            found += _ahead(holding, came, unlisted, unregistered)
        if holding.side is not Side.DOWNSTREAM:
            found += _behind(network, holding, came, unlisted)
    return tuple(
        sorted(set(found), key=lambda g: (g.reason, g.lot_id, g.party_id, g.event_id or 0))
    )


def _ahead(
    holding: Holding, came: list[Link], unlisted: frozenset[int], unregistered: frozenset[int]
) -> list[Gap]:
    lot, party = holding.lot_id, holding.party_id
    if party in unlisted or party in unregistered:
        reason = (
            GapReason.RECEIVER_NOT_WRITTEN
            if party in unlisted
            else GapReason.PARTNER_NOT_REGISTERED
        )
        return [
            Gap(reason, link.source[1], lot, party, _told_of(link), link.hop.first.unit,
                link.hop.first.id)
            for link in came
            if link.hop is not None
        ]  # fmt: skip
    rest = holding.balance.unaccounted
    if holding.balance.counted or (rest.hi is not None and rest.hi <= 0):
        return []
    return [Gap(GapReason.STOCK_NOT_COUNTED, party, lot, party, rest, holding.balance.unit, None)]


def _behind(
    network: Network, holding: Holding, came: list[Link], unlisted: frozenset[int]
) -> list[Gap]:
    lot, party = holding.lot_id, holding.party_id
    if party in unlisted:
        return []
    made = network.productions.get((lot, party), [])
    found = [
        Gap(GapReason.INPUTS_NOT_TOLD, party, lot, party, told(event.quantity), event.unit,
            event.id)
        for event in made
        if event.inputs is Inputs.UNTOLD
    ]  # fmt: skip
    for link in came:
        if link.source[1] in unlisted and link.hop is not None:
            event = link.hop.first
            found.append(
                Gap(GapReason.SUPPLIER_NOT_TOLD, party, lot, party, told(event.quantity),
                    event.unit, event.id)
            )  # fmt: skip
    if not made and not came:
        out = holding.balance
        found.append(Gap(GapReason.SUPPLIER_NOT_TOLD, party, lot, party, UNKNOWN, out.unit, None))
    return found


def _told_of(link: Link) -> Amount:
    assert link.hop is not None
    return told(link.hop.first.quantity)


def findings_of(
    network: Network,
    holdings: Sequence[Holding],
    edges: Sequence[Edge],
    excluded: Sequence[Link],
    seed: int,
) -> tuple[Finding, ...]:
    """What do the ledgers of the lots reached say that cannot be right?

    Parameters
    ----------
    network : Network
    holdings, edges : sequences
        What was reached.
    excluded : sequence of Link
        Links that the order of time took out of the answer.
    seed : int
        The lot asked about.

    Returns
    -------
    tuple of Finding
        By kind, lot, party and row.
    """
    lots = {holding.lot_id for holding in holdings}
    found: list[Finding] = []
    for holding in holdings:
        found += balance_findings(holding.lot_id, holding.party_id, holding.balance)
    found += ledger_findings(network, lots)
    found += [
        Finding(
            FindingKind.TIME_EXCLUDED,
            link.source[0],
            link.source[1],
            link.event_ids,
            {"link": link.key, "to_lot": str(link.target[0]), "to_party": str(link.target[1])},
        )
        for link in excluded
    ]
    found += _circular(edges, seed)
    return tuple(sorted(found, key=lambda f: (f.kind, f.lot_id, f.party_id or 0, f.event_ids)))


def balance_findings(lot: int, party: int, of: Balance) -> list[Finding]:
    """What a balance says that cannot be right, with its figures."""
    found = []
    for kind in of.findings:
        facts = {"unit": of.unit}
        if kind == NEGATIVE_STOCK:
            facts |= {
                str(part): str(getattr(of, part))
                for part in (*INFLOW, *OUTFLOW, "on_hand", "unaccounted")
            }
        found.append(Finding(FindingKind(kind), lot, party, (), facts))
    return found


def ledger_findings(network: Network, lots: Iterable[int]) -> list[Finding]:
    """Rows of some lots that contradict each other: two sightings, yields, order of events."""
    wanted = set(lots)
    found: list[Finding] = []
    made: dict[int, int] = {}
    for (lot, _), events in network.productions.items():
        made[lot] = min([made.get(lot, events[0].lo), *(event.lo for event in events)])
    for link in network.links:
        if link.hop is not None and link.source[0] in wanted:
            found += _differing(link, link.hop)
            found += _before_made(link, link.hop, made.get(link.source[0], EARLIEST))
    for node, events in network.productions.items():
        for event in events:
            if node[0] in wanted:
                found += _yield_above_one(event, network.inputs.get(event.id, []))
    return found


def _differing(link: Link, hop: Hop) -> list[Finding]:
    if hop.sent is None or hop.received is None:
        return []
    sent, received = hop.sent, hop.received
    if sent.quantity is None or received.quantity is None:
        return []
    unit = common_unit(frozenset((sent.unit, received.unit)))
    if unit is not None:
        out = converted(sent.quantity, sent.unit, unit)
        into = converted(received.quantity, received.unit, unit)
        if out == into:
            return []
    kind = FindingKind.SHIPPED_RECEIVED_DIFFER if unit else FindingKind.UNITS_DIFFER
    facts = {
        "shipped": plain(sent.quantity),
        "shipped_unit": sent.unit,
        "received": plain(received.quantity),
        "received_unit": received.unit,
    }
    return [Finding(kind, link.source[0], link.target[1], (sent.id, received.id), facts)]


def _before_made(link: Link, hop: Hop, made: int) -> list[Finding]:
    rows = [each for each in (hop.sent, hop.received) if each is not None and each.hi < made]
    if not rows:
        return []
    return [
        Finding(
            FindingKind.BEFORE_MADE,
            link.source[0],
            link.source[1],
            tuple(each.id for each in rows),
            {"link": link.key},
        )
    ]


def _yield_above_one(event: Event, uses: Sequence[Use]) -> list[Finding]:
    if event.inputs is not Inputs.TOLD:
        return []
    weights = weight_yield((event.quantity, event.unit), [(use.quantity, use.unit) for use in uses])
    # Shares of an input in several outputs are cut at the ninth digit: each may lack that much.
    if weights is None or weights[0] - weights[1] <= len(uses) * _GRAIN:
        return []
    return [
        Finding(
            FindingKind.YIELD_ABOVE_ONE,
            event.lot,
            event.source,
            (event.id,),
            {"out_kg": plain(weights[0]), "in_kg": plain(weights[1])},
        )
    ]


def _circular(edges: Sequence[Edge], seed: int) -> list[Finding]:
    """Lots that went, through others, into themselves."""
    into: dict[int, set[int]] = {}
    for edge in edges:
        if edge.kind == "use":
            into.setdefault(edge.from_lot_id, set()).add(edge.to_lot_id)
    found = []
    for lot in sorted(into):
        seen: set[int] = set()
        waiting = list(into[lot])
        while waiting:
            each = waiting.pop()
            if each not in seen:
                seen.add(each)
                waiting.extend(into.get(each, ()))
        if lot in seen:
            found.append(Finding(FindingKind.CIRCULAR, lot, None, (), {"seed": str(seed)}))
    return found
