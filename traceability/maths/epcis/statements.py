"""What EPCIS events say, in the words of ledgers: movements, uses, and what lay inside what."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from traceability.maths.epcis.event import CapturedEvent
from traceability.maths.ledger import EventKind, Inputs

COUNT = "C62"  # UN/ECE Recommendation 20: one

# Whoever had goods and was not told. One for each lot, so that a lot sent to nobody named and
# received from nobody named is followed, and nothing but that lot is joined.
UNTOLD = ""


class GoodsKind(StrEnum):
    """What a node of a trace stands for."""

    LOT = "lot"
    INSTANCE = "instance"  # one thing whose lot nobody told
    BUCKET = "bucket"  # a class without lot, at one facility
    OPAQUE = "opaque"  # something of another scheme, compared as written
    OUTPUT = "output"  # whatever was made of inputs whose output nobody told


@dataclass(frozen=True, slots=True, order=True)
class Goods:
    """A lot, or what stands for one.

    Attributes
    ----------
    key : str
        The same for every writing of the same goods, and for nothing else.
    gtin : str | None
        14 digits; None where the goods have no GTIN.
    number : str
        Lot number as written, or a stand-in with its GS1 application identifier: ``(21)`` serial
        number, ``(414)`` facility of a class without lot.
    """

    key: str
    kind: GoodsKind
    gtin: str | None
    number: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A captured event in the journal.

    Attributes
    ----------
    number : int
        Of its row; tells events apart, and orders nothing.
    recorded_at : int
        Microseconds since 1970 UTC.
    names : tuple of str
        Further eventIDs under which the same content came.
    """

    number: int
    recorded_at: int
    event: CapturedEvent
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Movement:
    """One lot in one event, as a ledger row would tell it.

    Attributes
    ----------
    event : int
        The event that tells it.
    source, target : str | None
        Holders: who made, sent, sold, destroyed or counted, and who received. `UNTOLD` where
        there is one that nobody named, None where there is none.
    owner : str | None
        Who owned the goods, where the event names an owner other than the holder.
    place : str | None
        Where it happened, as the event says.
    lo, hi : int
        When, in microseconds UTC.
    process : str | None
        Of a production by transformation: productions of one process share their inputs.
    """

    event: int
    kind: EventKind
    goods: Goods
    source: str | None
    target: str | None
    owner: str | None
    place: str | None
    quantity: Decimal | None
    unit: str
    lo: int
    hi: int
    document: str | None
    inputs: Inputs | None = None
    process: str | None = None

    @property
    def key(self) -> tuple[int, str, str, str]:
        """What tells movements apart."""
        return self.event, self.kind.value, self.goods.key, self.unit


@dataclass(frozen=True, slots=True)
class Consumption:
    """A lot that went into another; between the two events that tell of its ends.

    Attributes
    ----------
    production : tuple
        `Movement.key` of the output.
    input_event, event : int
        The event that tells the input, and the one that tells the output.
    quantity : Decimal | None
        The share of this output in what went in: an input's shares add up to it exactly.
    """

    production: tuple[int, str, str, str]
    event: int
    input_event: int
    holder: str
    input: Goods
    output: Goods
    quantity: Decimal | None
    unit: str
    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class Inside:
    """Something that lay inside something else for a time: [lo, hi), None where not bounded.

    Attributes
    ----------
    parent, child : str
        Identifier keys.
    goods : Goods | None
        What the child is to a trace; None for a container.
    quantity : Decimal | None
        How much of a class; 1 for a thing; None where not told.
    is_asset : bool
        True where an association tells it (bin, trailer, sensor): no packing.
    event : int
        The event that tells when it began, or when it ended where nobody told the beginning.
    """

    parent: str
    child: str
    goods: Goods | None
    quantity: Decimal | None
    unit: str
    lo: int | None
    hi: int | None
    is_asset: bool
    event: int

    def holds_at(self, instant: int) -> bool:
        """Was the child inside at that instant?"""
        return (self.lo is None or self.lo <= instant) and (self.hi is None or instant < self.hi)


@dataclass(frozen=True, slots=True)
class Statements:
    """All that some events say, in an order that does not depend on theirs.

    Attributes
    ----------
    wrong : frozenset of int
        Events that a declaration known by then called wrong, and the declarations themselves.
    pending : tuple of str
        eventIDs that were declared wrong and never seen.
    awaited : tuple of str
        Corrective events that were announced and have not come.
    conflicts : tuple of str
        eventIDs that stand for different contents.
    """

    movements: tuple[Movement, ...]
    consumptions: tuple[Consumption, ...]
    inside: tuple[Inside, ...]
    wrong: frozenset[int] = frozenset()
    pending: tuple[str, ...] = ()
    awaited: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
