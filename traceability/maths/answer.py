"""What a trace answers: frozen, exact, in a fixed order."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from traceability.maths.amounts import Amount, plain
from traceability.maths.balance import Balance, LotBalance
from traceability.maths.ledger import EARLIEST, LATEST, LinkState

# Raised whenever the same rows could give another answer.
ALGORITHM = "trace-2"


class Side(StrEnum):
    """Where a lot stands: the one asked about, what went into it, what it went into."""

    SEED = "seed"
    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


class Level(StrEnum):
    """How far a lot or holding can be relied on to be in the scope; each is part of the next.

    Certain: some path along declared links, in order for all times the ledgers leave open.
    Probable: some path along links declared or paired, in order for some of these times.
    Possible: some path along links of any state, contact included where it was asked for.
    """

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"


RANK = {level: rank for rank, level in enumerate(Level)}


class GapReason(StrEnum):
    """Why the trail ends, and so what to ask."""

    RECEIVER_NOT_WRITTEN = "receiver-not-written"
    PARTNER_NOT_REGISTERED = "partner-not-registered"
    SUPPLIER_NOT_TOLD = "supplier-not-told"
    INPUTS_NOT_TOLD = "inputs-not-told"
    STOCK_NOT_COUNTED = "stock-not-counted"


class FindingKind(StrEnum):
    """What cannot be right, or must be known to read the answer."""

    NEGATIVE_STOCK = "negative-stock"
    SHIPPED_RECEIVED_DIFFER = "shipped-received-differ"
    YIELD_ABOVE_ONE = "yield-above-one"
    UNITS_DIFFER = "units-differ"
    BEFORE_MADE = "before-made"
    CIRCULAR = "circular"
    TIME_EXCLUDED = "time-excluded"


@dataclass(frozen=True, slots=True)
class PartyView:
    """Who holds goods. ``roles`` tell what it did with the lots of this trace.

    ``kind``: enterprise (of the register), code or name (a partner not on the register), unlisted
    (not written down).
    """

    party_id: int
    kind: str
    enterprise_id: int | None
    code: str | None
    name: str | None
    region_id: int | None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LotView:
    """A lot and its product.

    ``maker_id`` is the enterprise that owns the product's number; None where events speak of a
    product that is not on the register.
    """

    lot_id: int
    number: str
    product_id: int
    product_name: str
    gtin: str | None
    category_id: int | None
    maker_id: int | None


@dataclass(frozen=True, slots=True)
class TracedLot:
    """A lot in the answer; depth in steps from the seed, balance over all its holders.

    ``level`` is the best of its holdings.
    """

    lot: LotView
    side: Side
    depth: int
    earliest_at: datetime | None
    certain: bool
    balance: LotBalance
    level: Level = Level.POSSIBLE


@dataclass(frozen=True, slots=True)
class Holding:
    """A lot at a holder.

    Attributes
    ----------
    path : tuple of str
        Keys of the edges of one path in order of time with the fewest steps: from the seed to
        here, or upstream from here to the seed.
    weakest : LinkState
        Of that path.
    earliest_at : datetime | None
        Downstream the earliest time at which it can have been affected; else when it came.
    certain : bool
        True where some path is in order for all times the ledgers leave open, whatever the state
        of its links.
    level : Level
        By time and by the state of links together.
    """

    lot_id: int
    party_id: int
    side: Side
    depth: int
    earliest_at: datetime | None
    certain: bool
    path: tuple[str, ...]
    weakest: LinkState
    balance: Balance
    level: Level = Level.POSSIBLE


@dataclass(frozen=True, slots=True)
class Edge:
    """A hop, the use of a lot in another, or contact of two lots.

    Keys are M and a row number, U and a link number, C and party, lot and lot. ``reason`` says why
    a link that no row tells of is there, ``place`` the line where it was.
    """

    key: str
    kind: str
    from_lot_id: int
    from_party_id: int
    to_lot_id: int
    to_party_id: int
    earliest_at: datetime | None
    latest_at: datetime | None
    quantity: Amount
    unit: str
    received: Amount | None
    received_unit: str | None
    document_no: str | None
    state: LinkState
    event_ids: tuple[int, ...]
    side: Side
    certain: bool
    reason: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Where the trail ends, and who can be asked to go on."""

    reason: GapReason
    ask_party_id: int
    lot_id: int
    party_id: int
    quantity: Amount
    unit: str
    event_id: int | None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the ledgers that cannot be right; figures stand as they are."""

    kind: FindingKind
    lot_id: int
    party_id: int | None
    event_ids: tuple[int, ...]
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class SeedView:
    """A lot asked about; ``party_id`` where only what this holder has of it is suspect."""

    lot: LotView
    party_id: int | None


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole answer. The same rows and question give the same bytes (``digest``).

    Attributes
    ----------
    as_of : datetime
        Record time: only rows recorded by then were read, so it can be asked again.
    last_event_id : int
        The newest row that was read.
    truncated : bool
        True where a bound on depth or size cut the answer; ``truncated_because`` says which.
    seed, seed_party_id
        The first of ``seeds``.
    contact : str
        Whether lots that met at a station or line count as linked: none, station or line.
    kill_step_ids : tuple of int
        Cleaning and other steps that were taken to end contact.
    """

    seed: LotView
    seed_party_id: int | None
    direction: str
    dates: str
    as_of: datetime
    algorithm: str
    last_event_id: int
    parties: tuple[PartyView, ...]
    lots: tuple[TracedLot, ...]
    holdings: tuple[Holding, ...]
    edges: tuple[Edge, ...]
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]
    truncated: bool
    truncated_because: str | None
    seeds: tuple[SeedView, ...] = ()
    contact: str = "none"
    kill_step_ids: tuple[int, ...] = ()

    def lot(self, lot_id: int) -> TracedLot:
        """A lot of the answer."""
        return next(each for each in self.lots if each.lot.lot_id == lot_id)

    def party(self, party_id: int) -> PartyView:
        """A party of the answer."""
        return next(each for each in self.parties if each.party_id == party_id)

    def holdings_of(self, lot_id: int) -> tuple[Holding, ...]:
        """Where a lot is or was."""
        return tuple(each for each in self.holdings if each.lot_id == lot_id)

    def movements(self) -> tuple[Edge, ...]:
        """The hops, without the uses of lots in others."""
        return tuple(each for each in self.edges if each.kind != "use")

    def digest(self) -> str:
        """SHA-256 of the answer, for whoever keeps it."""
        text = json.dumps(_members(self), default=_plain, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _members(value: Any) -> dict[str, Any]:
    return {each: getattr(value, each) for each in value.__slots__}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, Decimal):
        return plain(value)
    if is_dataclass(value):
        return _members(value)
    raise TypeError(f"{type(value).__name__} has no place in a trace")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(microseconds: int) -> datetime | None:
    """The instant a number stands for; None where it stands for "no bound"."""
    if microseconds <= EARLIEST or microseconds >= LATEST:
        return None
    return _EPOCH + timedelta(microseconds=microseconds)


def microseconds(at: datetime) -> int:
    """The number of an aware instant."""
    return (at - _EPOCH) // timedelta(microseconds=1)
