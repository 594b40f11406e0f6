"""Who answers for what (双向追查): maker of record, whoever made it, owned it, has it, sold it.

A list of duties with the rows that prove each, never a score: a person decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from traceability.maths.answer import Holding, PartyView, Trace, instant
from traceability.maths.ledger import EARLIEST, LATEST, Event, EventKind

Place = tuple[int, int]  # lot, party


class Duty(StrEnum):
    """How a party stands to a lot, in the order of the questions."""

    MAKER_OF_RECORD = "maker-of-record"  # the product is registered to it (标称生产者)
    MADE = "made"  # a ledger says that it was made there
    HAD = "had"  # it got the lot, or passed it on
    OWNED = "owned"  # the goods were its own while another had them
    HOLDS = "holds"  # it may have it still
    SOLD = "sold"  # it sold to end users
    USED = "used"  # it put the lot into others


@dataclass(frozen=True, slots=True)
class Responsible:
    """One party in one duty for one lot.

    Attributes
    ----------
    party_id : int | None
        None where no ledger ever speaks of the maker of record.
    enterprise_id : int | None
        On the register.
    since, until : datetime | None
        When it had the lot, by the ledgers; ``until`` is None where it may have it still.
    event_ids : tuple of int
        The rows that tell of it; none for the maker of record, which the register tells.
    certain : bool
        True where it holds for all times the ledgers leave open.
    contradicted : bool
        A maker of record whose lot was made elsewhere by the ledgers: commissioned work, or a
        counterfeit; has to be asked (是否本企业生产).
    """

    duty: Duty
    lot_id: int
    party_id: int | None
    enterprise_id: int | None
    since: datetime | None
    until: datetime | None
    event_ids: tuple[int, ...]
    certain: bool
    contradicted: bool = False


def responsible(
    trace: Trace,
    events: Iterable[Event],
    *,
    owners: Mapping[int, PartyView] = MappingProxyType({}),
) -> tuple[Responsible, ...]:
    """Who answers for the lots of a trace, and by which rows?

    Parameters
    ----------
    trace : Trace
        Both ways, for owners before and holders after.
    events : iterable of Event
        The rows of its lots as they stood at ``trace.as_of``.
    owners : mapping of int to PartyView
        Row → who owned the goods, where that is not who had them: whereabouts follow the holder,
        responsibility the owner as well.

    Returns
    -------
    tuple of Responsible
        Lots in the order of the trace; for each the maker of record, who made it, who had it in
        order of time, who may have it, who sold it, who put it into others.

    Notes
    -----
    The order is that of the questions: the seller is asked for its supplier, each supplier for
    the one before, up to the producer, who says whether the lot is its own (是否本企业生产).
    """
    firm_of = {party.party_id: party.enterprise_id for party in trace.parties}
    rows: dict[Place, list[Event]] = defaultdict(list)
    owned: dict[Place, list[Event]] = defaultdict(list)
    for event in events:
        if event.id in owners:
            owned[event.lot, owners[event.id].party_id].append(event)
        rows[event.lot, event.source].append(event)
        if event.target:
            rows[event.lot, event.target].append(event)
    used: dict[Place, set[int]] = defaultdict(set)
    for edge in trace.edges:
        if edge.kind == "use":
            used[edge.from_lot_id, edge.from_party_id] |= set(edge.event_ids)
    order = {traced.lot.lot_id: place for place, traced in enumerate(trace.lots)}
    made_by: dict[int, set[int | None]] = defaultdict(set)
    found: list[Responsible] = []
    for holding in trace.holdings:
        place = (holding.lot_id, holding.party_id)
        firm = firm_of.get(holding.party_id)
        own = _duties(holding, firm, rows[place], used[place])
        if any(each.duty is Duty.MADE for each in own):
            made_by[holding.lot_id].add(firm)
        found += own
    certain = {each.lot.lot_id: each.certain for each in trace.lots}
    firms = {each.party_id: each.enterprise_id for each in owners.values()}
    found += [
        Responsible(
            duty=Duty.OWNED,
            lot_id=lot_id,
            party_id=party_id,
            enterprise_id=firms[party_id],
            since=_earliest(told),
            until=_latest(told),
            event_ids=tuple(sorted(row.id for row in told)),
            certain=certain[lot_id],
        )
        for (lot_id, party_id), told in owned.items()
        if lot_id in certain
    ]
    for traced in trace.lots:
        lot = traced.lot
        if lot.maker_id is None:
            continue
        makers = made_by[lot.lot_id]
        found.append(
            Responsible(
                duty=Duty.MAKER_OF_RECORD,
                lot_id=lot.lot_id,
                party_id=next((p for p, firm in firm_of.items() if firm == lot.maker_id), None),
                enterprise_id=lot.maker_id,
                since=None,
                until=None,
                event_ids=(),
                certain=True,
                contradicted=bool(makers) and lot.maker_id not in makers,
            )
        )
    duties = {duty: rank for rank, duty in enumerate(Duty)}
    return tuple(
        sorted(
            found,
            key=lambda each: (
                order.get(each.lot_id, len(order)),
                duties[each.duty],
                each.since.isoformat() if each.since else "~",
                each.party_id or 0,
            ),
        )
    )


def _duties(
    holding: Holding, firm: int | None, rows: Sequence[Event], uses: set[int]
) -> list[Responsible]:
    party = holding.party_id
    by_kind: dict[EventKind, list[Event]] = defaultdict(list)
    for row in rows:
        by_kind[row.kind].append(row)
    came = [
        row
        for kind in (EventKind.SHIPMENT, EventKind.RECEIPT, EventKind.RETURN)
        for row in by_kind[kind]
        if row.target == party
    ]
    went = [
        row
        for kind in (EventKind.SHIPMENT, EventKind.RECEIPT, EventKind.RETURN)
        for row in by_kind[kind]
        if row.source == party
    ]
    made, sold = by_kind[EventKind.PRODUCTION], by_kind[EventKind.SALE]
    on_hand = holding.balance.on_hand
    may_have = on_hand.hi is None or on_hand.hi > 0
    since = _earliest([*made, *came])
    until = None if may_have else _latest([*went, *sold, *by_kind[EventKind.DESTRUCTION]])

    def one(duty: Duty, proof: Iterable[int], last: datetime | None) -> Responsible:
        numbers = tuple(sorted(set(proof)))
        return Responsible(duty, holding.lot_id, party, firm, since, last, numbers, holding.certain)

    found = []
    if made:
        found.append(one(Duty.MADE, (row.id for row in made), until))
    elif came or went or uses:
        found.append(one(Duty.HAD, (row.id for row in (*came, *went)), until))
    if may_have and (made or came):
        found.append(one(Duty.HOLDS, (row.id for row in (*made, *came, *went)), None))
    if sold:
        found.append(one(Duty.SOLD, (row.id for row in sold), until))
    if uses:
        found.append(one(Duty.USED, uses, until))
    return found


def _earliest(rows: Sequence[Event]) -> datetime | None:
    return instant(min((row.lo for row in rows), default=EARLIEST))


def _latest(rows: Sequence[Event]) -> datetime | None:
    return instant(max((row.hi for row in rows), default=LATEST))
