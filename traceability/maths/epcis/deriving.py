"""From EPCIS events to the statements that traces are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from urllib.parse import unquote

from traceability.maths.amounts import EXACT
from traceability.maths.epcis.event import CapturedEvent, EventType, IdentifierKind, Item, Role
from traceability.maths.epcis.from_ledger import NAMES
from traceability.maths.epcis.naming import (
    Names,
    holder_key,
    instance_data,
    is_raw,
    location_of,
    lot_in,
    owner_of,
    party_of,
    place_of,
)
from traceability.maths.epcis.packing import Packing, is_class, packing
from traceability.maths.epcis.processes import End, Process, made
from traceability.maths.epcis.standing import name_of, standing
from traceability.maths.epcis.statements import (
    COUNT,
    UNTOLD,
    Consumption,
    Goods,
    GoodsKind,
    Movement,
    Recorded,
    Statements,
)
from traceability.maths.ledger import EventKind, Inputs
from traceability.maths.units import UNITS

_OF_STEP = {
    "shipping": EventKind.SHIPMENT,
    "departing": EventKind.SHIPMENT,
    "returning": EventKind.RETURN,
    "receiving": EventKind.RECEIPT,
    "arriving": EventKind.RECEIPT,
    "retail_selling": EventKind.SALE,
    "dispensing": EventKind.SALE,
    "destroying": EventKind.DESTRUCTION,
    "decommissioning": EventKind.DESTRUCTION,
    "cycle_counting": EventKind.STOCK,
    "stock_taking": EventKind.STOCK,
    "inventory_check": EventKind.STOCK,
}
_HOPS = (EventKind.SHIPMENT, EventKind.RETURN, EventKind.RECEIPT)

# Papers by which sender and receiver can mean one flow, the best first (CBV 2.0, 7.3).
_PAPERS = ("desadv", "po", "bol", "inv", "rma")
_CBV_PAPER = "urn:epcglobal:cbv:bt:"
_OUR_PAPER = f"{NAMES}document/"

Amounts = dict[tuple[Goods, str], Decimal | None]


def derive(
    events: Iterable[Recorded],
    *,
    as_of: int | None = None,
    assets: bool = False,
    names: Names | None = None,
) -> Statements:
    """What do captured events say about where lots were made, went, and what became of them?

    Parameters
    ----------
    events : iterable of Recorded
        In any order; what came twice counts once.
    as_of : int, optional
        Microseconds UTC: only what was recorded by then.
    assets : bool
        Whether goods move with the asset they are associated with (bin, trailer).
    names : Names, optional
        What is known of lots and holders, where it does not follow from these events alone.

    Returns
    -------
    Statements
        Ordered by time and content, whatever the order of the events.

    Notes
    -----
    Transformations: see `made`. Packing: see `packing`; what is inside a container moves with it
    at that instant. An object event with ADD is a making, with DELETE an end; shipping, receiving,
    selling, destroying, returning and counting are what they say; any other is a sighting, and
    makes no edge. Transactions are papers and move nothing.

    A holder is the possessing party that the event names, else the owning party, else the one who
    holds that place by other events, else the place itself. An owner who is not the holder is
    kept beside it. A side that an event leaves open goes to a stand-in for that lot alone.

    The time of a statement is the instant of its event. Things count 1 each, by lot. An amount in
    a unit outside `UNITS` is an amount not known.

    References
    ----------
    GS1 EPCIS 2.0, 7.4; GS1 CBV 2.0, 7.1 (business steps).
    """
    in_force = standing(events, as_of=as_of)
    names = names or Names.of(in_force.events)
    reader = _Reader(names, packing(in_force.events, names), assets)
    movements: list[Movement] = []
    consumptions: list[Consumption] = []
    processes: dict[str, list[Recorded]] = defaultdict(list)
    for each in in_force.events:
        if each.event.type is EventType.TRANSFORMATION:
            key = each.event.transformation_id or name_of(each.event.hash)
            processes[key].append(each)
        else:
            movements += reader.movements(each)
    for key, group in processes.items():
        productions, used = made(reader.process(key, group))
        movements += productions
        consumptions += used
    hash_of = {each.number: each.event.hash for each in in_force.events}
    return Statements(
        movements=tuple(
            sorted(
                movements,
                key=lambda m: (m.lo, hash_of[m.event], m.kind.value, m.goods.key, m.unit),
            )
        ),
        consumptions=tuple(
            sorted(
                consumptions,
                key=lambda c: (
                    c.hi,
                    c.lo,
                    hash_of[c.event],
                    hash_of[c.input_event],
                    c.input.key,
                    c.output.key,
                    c.unit,
                ),
            )
        ),
        inside=reader.packing.intervals,
        wrong=in_force.wrong,
        pending=in_force.pending,
        awaited=in_force.awaited,
        conflicts=in_force.conflicts,
    )


class _Reader:
    """Reads single events, with what all of them say about names and packing."""

    def __init__(self, names: Names, packed: Packing, assets: bool) -> None:
        self.names = names
        self.packing = packed
        self.assets = assets

    def movements(self, recorded: Recorded) -> list[Movement]:
        """What an event that transforms nothing tells of each lot in it."""
        event = recorded.event
        kind = _kind(event)
        if kind is None:
            return []
        source, target = self._ends(event, kind)
        if source == target:
            return []  # inside one holder, or between two that nobody named
        owner, holder = _owner(event, kind), target if kind is EventKind.RECEIPT else source
        place = place_of(event, is_leaving=kind in (EventKind.SHIPMENT, EventKind.RETURN))
        inputs = None
        if kind is EventKind.PRODUCTION:
            inputs = Inputs.NONE if is_raw(instance_data(event.document)) else Inputs.UNTOLD
        return [
            Movement(
                event=recorded.number,
                kind=kind,
                goods=goods,
                source=source,
                target=target,
                owner=owner if owner != holder else None,
                place=place.key if place else None,
                quantity=quantity,
                unit=unit,
                lo=event.event_time,
                hi=event.event_time,
                document=_paper(event),
                inputs=inputs,
            )
            for (goods, unit), quantity in self._amounts(event, _moved(event)).items()
            # Nothing is counted by a count that does not say how much.
            if quantity is not None or kind is not EventKind.STOCK
        ]

    def process(self, key: str, group: Sequence[Recorded]) -> Process:
        """The making that some transformation events tell."""
        inputs: list[End] = []
        outputs: list[End] = []
        owners, places, papers = {}, {}, {}
        holder = UNTOLD
        for recorded in group:
            event, number = recorded.event, recorded.number
            holder = holder or self._holder(event)
            owners[number] = owner_of(event.sources) or owner_of(event.destinations)
            place = place_of(event, is_leaving=False)
            places[number], papers[number] = place.key if place else None, _paper(event)
            for role, ends in ((Role.INPUT, inputs), (Role.OUTPUT, outputs)):
                items = [item for item in event.items if item.role is role]
                for (goods, unit), quantity in self._amounts(event, items).items():
                    ends.append(End(number, event.event_time, goods, quantity, unit))
        return Process(key, holder, tuple(inputs), tuple(outputs), owners, places, papers)

    def _amounts(self, event: CapturedEvent, items: Iterable[Item]) -> Amounts:
        """How much of each lot some items are, with what is inside them; each thing once."""
        here = place_of(event, is_leaving=_kind(event) in (EventKind.SHIPMENT, EventKind.RETURN))
        place = holder_key(here) if here else None
        instant = event.event_time - _is_unpacking_all(event)
        found: Amounts = {}
        things: set[str] = set()
        opened: set[str] = set()
        for item in items:
            key = item.identifier.key
            if is_class(item):
                _add(found, self._goods(event, item, place), item.quantity, item.unit or COUNT)
                continue
            if key not in things:
                things.add(key)
                _add(found, self._goods(event, item, place), Decimal(1), COUNT)
            if not _takes_contents(event, item):
                continue
            for content in self.packing.contents(key, instant, opened, assets=self.assets):
                if content.is_thing and content.child in things:
                    continue
                things |= {content.child} if content.is_thing else set()
                _add(found, content.goods, content.quantity, content.unit)
        return found

    def _goods(self, event: CapturedEvent, item: Item, place: str | None) -> Goods | None:
        """An item's lot; a class made here has the lot that its master data name."""
        identifier = item.identifier
        if identifier.kind is IdentifierKind.CLASS and item.role in (Role.EPC, Role.OUTPUT):
            is_birth = event.type is EventType.TRANSFORMATION or event.action == "ADD"
            number = lot_in(event.document) if is_birth else None
            if number is not None and identifier.gtin:
                return Goods(f"{identifier.gtin}/{number}", GoodsKind.LOT, identifier.gtin, number)
        return self.names.goods(item, place)

    def _ends(self, event: CapturedEvent, kind: EventKind) -> tuple[str | None, str | None]:
        """Sender and receiver, or the holder and nobody."""
        if kind not in _HOPS:
            return self._holder(event), None
        sent = party_of(event.sources) or self.names.holder(location_of(event.sources))
        got = party_of(event.destinations) or self.names.holder(location_of(event.destinations))
        here = place_of(event, is_leaving=kind is not EventKind.RECEIPT)
        holder = self.names.holder(holder_key(here)) if here else None
        if kind is EventKind.RECEIPT:
            return sent or UNTOLD, got or holder or UNTOLD
        return sent or holder or UNTOLD, got or UNTOLD

    def _holder(self, event: CapturedEvent) -> str:
        """Who had the goods where an event happened to them."""
        here = place_of(event, is_leaving=False)
        return (
            party_of(event.sources)
            or (self.names.holder(holder_key(here)) if here else None)
            or party_of(event.destinations)
            or UNTOLD
        )


def _kind(event: CapturedEvent) -> EventKind | None:
    """What an event is in the words of a ledger; None for a sighting."""
    if event.type is EventType.OBJECT:
        kind = _OF_STEP.get(event.biz_step or "")
        if kind is None and event.action in ("ADD", "DELETE"):
            return EventKind.PRODUCTION if event.action == "ADD" else EventKind.DESTRUCTION
    elif event.type is EventType.AGGREGATION:
        kind = _OF_STEP.get(event.biz_step or "")
        kind = kind if kind in _HOPS else None
    else:
        return None
    if kind is EventKind.SHIPMENT and event.disposition == "returned":
        return EventKind.RETURN
    return kind


def _moved(event: CapturedEvent) -> list[Item]:
    """What an event moves: its objects; of packing the children it lists, else the parent."""
    if event.type is EventType.OBJECT:
        return [item for item in event.items if item.role is Role.EPC]
    children = [item for item in event.items if item.role is Role.CHILD]
    return children or [item for item in event.items if item.role is Role.PARENT]


def _takes_contents(event: CapturedEvent, item: Item) -> bool:
    """Does what happens to a container happen to what is inside?

    Not where a container is commissioned or its number given up: that makes and ends a label.
    """
    if event.type is EventType.TRANSFORMATION:
        return item.role is Role.INPUT
    kind = _kind(event)
    return kind in (*_HOPS, EventKind.SALE, EventKind.STOCK) or event.biz_step == "destroying"


def _is_unpacking_all(event: CapturedEvent) -> bool:
    """Does an event take out everything? What it moved was inside until that instant."""
    return (
        event.type is EventType.AGGREGATION
        and event.action == "DELETE"
        and not any(item.role is Role.CHILD for item in event.items)
    )


def _owner(event: CapturedEvent, kind: EventKind) -> str | None:
    """Who owned the goods at that end of the flow which the event tells."""
    sent, got = owner_of(event.sources), owner_of(event.destinations)
    if kind is EventKind.RECEIPT:
        return got
    return sent if kind in _HOPS else sent or got


def _paper(event: CapturedEvent) -> str | None:
    """The paper by which the other side can be found, as a ledger would write its number."""
    ranked = sorted(
        (_PAPERS.index(kind) if kind in _PAPERS else len(_PAPERS), kind or "", given)
        for kind, given in event.transactions
    )
    if not ranked:
        return None
    given = ranked[0][2]
    if given.startswith(_OUR_PAPER):  # a ledger's own number, out of evidence of this house
        return unquote(given.removeprefix(_OUR_PAPER))
    return given.rsplit(":", 1)[-1] if given.startswith(_CBV_PAPER) else given


def _add(found: Amounts, goods: Goods | None, quantity: Decimal | None, unit: str) -> None:
    if goods is None:
        return
    if unit not in UNITS:
        quantity, unit = None, COUNT  # something, in a unit that nobody here can add up
    if (goods, unit) in found:
        had = found[goods, unit]
        quantity = None if had is None or quantity is None else EXACT.add(had, quantity)
    found[goods, unit] = quantity
