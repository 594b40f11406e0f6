"""What ledgers say, and the hops that can be read from it.

A hop is goods of one lot going from one holder to another. Its sender may have written it down,
its receiver too: two sightings of one flow are reconciled, not added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

# Microseconds since 1970 in UTC; the two ends stand for "no bound".
EARLIEST = -(2**62)
LATEST = 2**62

# A receipt without a common document belongs to a shipment of at most this much earlier. Own
# choice: road transport takes days; a month covers month-end bookkeeping.
PAIRING_WINDOW = 31 * 86_400 * 1_000_000


class EventKind(StrEnum):
    """What a ledger row tells."""

    PRODUCTION = "production"
    SHIPMENT = "shipment"
    RECEIPT = "receipt"
    SALE = "sale"
    RETURN = "return"
    DESTRUCTION = "destruction"
    STOCK = "stock"
    VOID = "void"


class Inputs(StrEnum):
    """What a production row says about its inputs."""

    TOLD = "told"
    NONE = "none"  # nothing went in: a raw material
    UNTOLD = "untold"


class LinkState(StrEnum):
    """How a link is known, the strongest first. A path is as strong as its weakest link."""

    DECLARED = "declared"
    PAIRED = "paired"  # two rows taken for one flow by time, not by a common document
    INFERRED = "inferred"  # no row tells of it: goods that met, or stock taken in its order
    UNKNOWN = "unknown"  # one end is not written down


STRENGTH = {state: rank for rank, state in enumerate(LinkState)}


def weakest(states: Iterable[LinkState]) -> LinkState:
    """The state of a path; an empty path is declared."""
    return max(states, key=STRENGTH.__getitem__, default=LinkState.DECLARED)


@dataclass(frozen=True, slots=True)
class Event:
    """One ledger row in numbers.

    Attributes
    ----------
    source, target : int
        Parties: who made, sent, sold, destroyed or counted; who received. 0 where there is none.
    lo, hi : int
        When, in microseconds UTC; `EARLIEST` and `LATEST` where no bound is known.
    place : str | None
        The line or part of the site where the firm that tells the row says it was.
    """

    id: int
    kind: EventKind
    lot: int
    source: int
    target: int
    quantity: Decimal | None
    unit: str
    lo: int
    hi: int
    document: str | None
    inputs: Inputs | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """A lot that went into another at one holder."""

    id: int
    event: int
    party: int
    input: int
    output: int
    quantity: Decimal | None
    unit: str
    lo: int
    hi: int
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Hop:
    """Goods of one lot on their way, with one or both sightings.

    Attributes
    ----------
    sent, received : Event | None
        The sender's row (shipment or return) and the receiver's; one of them at least.
    """

    sent: Event | None
    received: Event | None
    state: LinkState

    def __post_init__(self) -> None:
        if self.sent is None and self.received is None:
            raise ValueError("a hop needs a row that tells of it")

    @property
    def first(self) -> Event:
        """The row that stands for the hop: the sender's where there is one."""
        event = self.sent or self.received
        assert event is not None
        return event

    @property
    def lo(self) -> int:
        """Earliest time of either row."""
        return min(self.first.lo, (self.received or self.first).lo)

    @property
    def hi(self) -> int:
        """Latest time of either row."""
        return max(self.first.hi, (self.received or self.first).hi)


def hops(events: Iterable[Event], *, stand_ins: frozenset[int] = frozenset()) -> tuple[Hop, ...]:
    """Which shipments, returns and receipts tell of the same hop?

    Parameters
    ----------
    events : iterable of Event
        Other kinds are passed over.
    stand_ins : frozenset of int
        Parties that nobody wrote down; hops to and from them are of state ``unknown``.

    Returns
    -------
    tuple of Hop
        Each shipment, return and receipt in exactly one hop; by time, then by row number.

    Notes
    -----
    Only rows of one lot, sender and receiver can be one hop. First those with the same document
    number, in order of time; what is left is paired by time: each receipt with the latest
    shipment that may have left before it, within `PAIRING_WINDOW`. A receipt without a shipment
    and a shipment without a receipt are hops of their own, declared by one side. Quantities take
    no part in pairing: the difference of two sightings is what people look for.
    """
    groups: dict[tuple[int, int, int], list[Event]] = defaultdict(list)
    for event in events:
        if event.kind in (EventKind.SHIPMENT, EventKind.RETURN, EventKind.RECEIPT):
            groups[event.lot, event.source, event.target].append(event)
    found: list[Hop] = []
    for (_, source, target), group in groups.items():
        unknown = source in stand_ins or target in stand_ins
        for hop in _paired(sorted(group, key=_order)):
            state = LinkState.UNKNOWN if unknown else hop.state
            found.append(Hop(hop.sent, hop.received, state))
    return tuple(sorted(found, key=lambda hop: _order(hop.first)))


def _order(event: Event) -> tuple[int, int, str, int]:
    return event.lo, event.hi, event.document or "", event.id


def _paired(group: Sequence[Event]) -> list[Hop]:
    sent = [event for event in group if event.kind is not EventKind.RECEIPT]
    received = [event for event in group if event.kind is EventKind.RECEIPT]
    if not received:
        return [Hop(event, None, LinkState.DECLARED) for event in sent]
    found: list[Hop] = []
    by_document: dict[str, list[Event]] = defaultdict(list)
    for event in sent:
        if event.document:
            by_document[event.document].append(event)
    taken: set[int] = set()
    rest: list[Event] = []
    for event in received:
        waiting = by_document.get(event.document or "")
        if waiting:
            partner = waiting.pop(0)
            taken.add(partner.id)
            found.append(Hop(partner, event, LinkState.DECLARED))
        else:
            rest.append(event)
    open_ = [event for event in sent if event.id not in taken]
    for event in rest:
        fitting = [
            each for each in open_ if each.lo <= event.hi and event.lo - each.hi <= PAIRING_WINDOW
        ]
        if fitting:
            partner = fitting[-1]
            open_.remove(partner)
            found.append(Hop(partner, event, LinkState.PAIRED))
        else:
            found.append(Hop(None, event, LinkState.DECLARED))
    found += [Hop(event, None, LinkState.DECLARED) for event in open_]
    return found
