"""Lots accounted for, apart from any trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from traceability.maths.answer import Finding
from traceability.maths.balance import Balance, LotBalance, balance, ledger_unit, lot_balance
from traceability.maths.doubts import balance_findings, ledger_findings
from traceability.maths.ledger import Event, Use
from traceability.maths.network import Network


def balances_of(
    network: Network, lots: Iterable[int], unlisted: frozenset[int]
) -> dict[int, tuple[LotBalance, dict[int, Balance]]]:
    """Balance of each lot that has rows, over all its holders, and of each of these by node."""
    members: dict[int, list[int]] = defaultdict(list)
    wanted = set(lots)
    for index, (lot, _) in enumerate(network.nodes):
        if lot in wanted:
            members[lot].append(index)
    found = {}
    for lot, nodes in members.items():
        entries = {node: network.entries.get(network.nodes[node], []) for node in nodes}
        unit, _ = ledger_unit(
            [e.unit for group in entries.values() for e in group if e.quantity is not None]
        )
        at = {node: balance(group, unit=unit) for node, group in entries.items()}
        whole = lot_balance(
            [at[node] for node in nodes],
            unit=unit,
            is_made=any(network.nodes[node] in network.productions for node in nodes),
            unlisted=[network.nodes[node][1] in unlisted for node in nodes],
        )
        found[lot] = (whole, at)
    return found


@dataclass(frozen=True, slots=True)
class Weighed:
    """Lots accounted for.

    Attributes
    ----------
    balances : dict
        Lot → (over all holders, party → at that holder).
    findings : tuple of Finding
        What their ledgers say that cannot be right.
    """

    balances: dict[int, tuple[LotBalance, dict[int, Balance]]]
    findings: tuple[Finding, ...]


def weigh_lots(
    events: Sequence[Event],
    uses: Sequence[Use],
    lots: Sequence[int],
    *,
    unlisted: frozenset[int] = frozenset(),
    unread: frozenset[int] = frozenset(),
) -> Weighed:
    """Where is what was made of some lots, and what in their ledgers cannot be right?

    Parameters
    ----------
    events, uses : sequences
        All rows of these lots, and the uses they are in.
    lots : sequence of int
        Lots asked about.
    unlisted, unread : frozenset of int
        As for `trace_lots`.

    Returns
    -------
    Weighed
        Each lot asked about, also one without any row.
    """
    network = Network.of(events, uses, stand_ins=unlisted, unread=unread)
    wanted = set(lots)
    found: dict[int, tuple[LotBalance, dict[int, Balance]]] = {
        lot: (lot_balance([], unit="C62", is_made=False), {}) for lot in wanted
    }
    findings: list[Finding] = ledger_findings(network, wanted)
    for lot, (whole, at) in balances_of(network, wanted, unlisted).items():
        found[lot] = (whole, {network.nodes[node][1]: each for node, each in at.items()})
        for node, each in at.items():
            findings += balance_findings(lot, network.nodes[node][1], each)
    findings.sort(key=lambda f: (f.kind, f.lot_id, f.party_id or 0, f.event_ids))
    return Weighed(found, tuple(findings))
