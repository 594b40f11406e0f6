"""One enterprise accounted for: its lots, its productions, and how much of its ledger is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from traceability.maths.amounts import EXACT, Amount, total
from traceability.maths.answer import Finding
from traceability.maths.balance import (
    INFLOW,
    OUTFLOW,
    Balance,
    balance,
    weight_yield,
)
from traceability.maths.doubts import balance_findings, ledger_findings
from traceability.maths.ledger import Event, Inputs, Use
from traceability.maths.network import Link, Network
from traceability.maths.units import UNITS, common_unit, converted

# Modified z-score beyond which a yield is an outlier, and the fewest yields it may be computed
# from: Iglewicz, B. & Hoaglin, D. (1993). How to Detect and Handle Outliers. ASQC, section 3.
OUTLYING = 3.5
FEWEST_YIELDS = 8
_NORMAL = 0.6745


@dataclass(frozen=True, slots=True)
class Told:
    """How much of a quantity has a known neighbour; exact, in the unit of its lot.

    ``whole`` is None where the ledger does not say how much there was: nothing is known then.
    """

    known: Decimal
    whole: Decimal | None

    @property
    def share(self) -> float:
        """Between 0 and 1; 0 where the whole is not told."""
        return 0.0 if not self.whole else float(self.known / self.whole)


@dataclass(frozen=True, slots=True)
class FirmLot:
    """A lot at the enterprise.

    Attributes
    ----------
    origin : Told
        Of what came in or was made: that whose supplier, or inputs, are told.
    destination : Told
        Of what came in or was made: that whose receiver, end or place is told.
    """

    lot_id: int
    balance: Balance
    origin: Told
    destination: Told


@dataclass(frozen=True, slots=True)
class Process:
    """One production of the enterprise.

    Attributes
    ----------
    out_kg, in_kg : Decimal | None
        Weights, where all of them are told.
    is_low : bool
        True where its yield lies far under that of its product's other productions: perhaps an
        output that nobody wrote down.
    """

    event_id: int
    lot_id: int
    product_id: int
    out_kg: Decimal | None
    in_kg: Decimal | None
    inputs: Inputs | None
    is_low: bool = False

    @property
    def is_above_one(self) -> bool:
        """More came out than went in: an input that nobody wrote down."""
        return self.out_kg is not None and self.in_kg is not None and self.out_kg > self.in_kg

    @property
    def ratio(self) -> float | None:
        """Weight out over weight in."""
        return float(self.out_kg / self.in_kg) if self.out_kg is not None and self.in_kg else None


@dataclass(frozen=True, slots=True)
class ProductBalance:
    """All lots of one product at the enterprise, in one unit; None where units differ."""

    product_id: int
    lots: int
    unit: str | None
    came: Amount
    went: Amount
    on_hand: Amount
    unaccounted: Amount


@dataclass(frozen=True, slots=True)
class FirmBalance:
    """The answer.

    Attributes
    ----------
    lots : tuple of FirmLot
        Most unaccounted first (unbounded before all), then by lot.
    origin_share, destination_share : float | None
        Completeness: mean over lots, a lot without told quantities counting as nothing known;
        None without any lot.
    """

    lots: tuple[FirmLot, ...]
    products: tuple[ProductBalance, ...]
    processes: tuple[Process, ...]
    findings: tuple[Finding, ...]
    origin_share: float | None
    destination_share: float | None


def firm_balance(
    events: Sequence[Event],
    uses: Sequence[Use],
    *,
    party: int,
    product_of: dict[int, int],
    lots: Iterable[int] | None = None,
    unlisted: frozenset[int] = frozenset(),
    nameless: frozenset[int] = frozenset(),
) -> FirmBalance:
    """Account for the lots of one enterprise, by lot, product and production.

    Parameters
    ----------
    events, uses : sequences
        All rows in which the enterprise takes part.
    party : int
        The enterprise.
    product_of : dict
        Lot → product.
    lots : iterable of int, optional
        Account for these only; default all it ever had.
    unlisted : frozenset of int
        Parties not written down at all.
    nameless : frozenset of int
        Parties that cannot be found by what was written (no code, or nothing): they are no known
        neighbour.

    Returns
    -------
    FirmBalance

    Notes
    -----
    ``came = went + on hand + unaccounted`` for every lot, exactly; see `balance`. Sums over lots
    add the bounds. Negative figures stay: they are findings.
    """
    network = Network.of(events, uses, stand_ins=unlisted)
    wanted = None if lots is None else set(lots)
    into: dict[int, list[Link]] = defaultdict(list)
    out: dict[int, list[Link]] = defaultdict(list)
    for link in network.links:
        if link.hop is not None and link.target[1] == party:
            into[link.target[0]].append(link)
        if link.hop is not None and link.source[1] == party:
            out[link.source[0]].append(link)
    found: list[FirmLot] = []
    findings: list[Finding] = []
    for lot, holder in network.nodes:
        if holder != party or (wanted is not None and lot not in wanted):
            continue
        of = balance(network.entries.get((lot, holder), []))
        made = network.productions.get((lot, holder), [])
        found.append(
            FirmLot(
                lot,
                of,
                _origin(of, into[lot], made, nameless),
                _destination(of, out[lot], nameless),
            )
        )
        findings += balance_findings(lot, party, of)
    mine = {each.lot_id for each in found}
    sent = {event_id for links in out.values() for link in links for event_id in link.event_ids}
    findings += [
        each
        for each in ledger_findings(network, mine)
        if each.party_id in (party, None) or sent & set(each.event_ids)
    ]
    processes = _processes(network, party, mine, product_of)
    return FirmBalance(
        lots=tuple(sorted(found, key=_worst)),
        products=_products(found, product_of),
        processes=processes,
        findings=tuple(
            sorted(findings, key=lambda f: (f.kind, f.lot_id, f.party_id or 0, f.event_ids))
        ),
        origin_share=_mean([each.origin.share for each in found]),
        destination_share=_mean([each.destination.share for each in found]),
    )


def _origin(
    of: Balance, links: Sequence[Link], made: Sequence[Event], nameless: frozenset[int]
) -> Told:
    whole = _exact(of, INFLOW)
    if whole is None:
        return Told(Decimal(0), None)
    known = Decimal(0)
    for link in links:
        row = link.hop.received or link.hop.first if link.hop else None
        if row is not None and link.source[1] not in nameless:
            known = _plus(known, row.quantity, row.unit, of.unit)
    for event in made:
        if event.inputs is not Inputs.UNTOLD:
            known = _plus(known, event.quantity, event.unit, of.unit)
    return Told(known, whole)


def _destination(of: Balance, links: Sequence[Link], nameless: frozenset[int]) -> Told:
    whole = _exact(of, INFLOW)
    if whole is None or of.unaccounted.hi is None:
        return Told(Decimal(0), whole)
    lost = max(of.unaccounted.hi, Decimal(0))
    for link in links:
        if link.hop is not None and link.target[1] in nameless:
            row = link.hop.first
            lost = _plus(lost, row.quantity, row.unit, of.unit)
    return Told(max(EXACT.subtract(whole, lost), Decimal(0)), whole)


def _exact(of: Balance, parts: Iterable[object]) -> Decimal | None:
    amount = total(getattr(of, str(part)) for part in parts)
    return amount.value if amount.is_exact else None


def _plus(known: Decimal, quantity: Decimal | None, unit: str, into: str) -> Decimal:
    if quantity is None or UNITS[unit].dimension != UNITS[into].dimension:
        return known
    return EXACT.add(known, converted(quantity, unit, into))


def _worst(each: FirmLot) -> tuple[bool, Decimal, int]:
    hi = each.balance.unaccounted.hi
    return hi is not None, -abs(hi or Decimal(0)), each.lot_id


def _mean(shares: Sequence[float]) -> float | None:
    return sum(shares) / len(shares) if shares else None


def _products(lots: Sequence[FirmLot], product_of: dict[int, int]) -> tuple[ProductBalance, ...]:
    groups: dict[int, list[FirmLot]] = defaultdict(list)
    for each in lots:
        groups[product_of[each.lot_id]].append(each)
    found = []
    for product, group in sorted(groups.items()):
        unit = common_unit(frozenset(each.balance.unit for each in group))
        found.append(
            ProductBalance(
                product_id=product,
                lots=len(group),
                unit=unit,
                came=_sum(group, unit, *INFLOW),
                went=_sum(group, unit, *OUTFLOW),
                on_hand=_sum(group, unit, "on_hand"),
                unaccounted=_sum(group, unit, "unaccounted"),
            )
        )
    return tuple(found)


def _sum(group: Sequence[FirmLot], unit: str | None, *parts: object) -> Amount:
    if unit is None:
        return Amount(None, None)
    return total(
        _in_unit(getattr(each.balance, str(part)), each.balance.unit, unit)
        for each in group
        for part in parts
    )


def _in_unit(amount: Amount, unit: str, into: str) -> Amount:
    return Amount(
        None if amount.lo is None else converted(amount.lo, unit, into),
        None if amount.hi is None else converted(amount.hi, unit, into),
    )


def _processes(
    network: Network, party: int, lots: set[int], product_of: dict[int, int]
) -> tuple[Process, ...]:
    found = []
    for (lot, holder), events in network.productions.items():
        if holder != party or lot not in lots:
            continue
        for event in events:
            uses = network.inputs.get(event.id, [])
            weights = weight_yield(
                (event.quantity, event.unit), [(use.quantity, use.unit) for use in uses]
            )
            out_kg, in_kg = weights or (None, None)
            found.append(Process(event.id, lot, product_of[lot], out_kg, in_kg, event.inputs))
    low = _low_yields(found)
    return tuple(
        Process(
            each.event_id, each.lot_id, each.product_id, each.out_kg, each.in_kg, each.inputs,
            each.event_id in low,
        )
        for each in sorted(found, key=lambda each: each.event_id)
    )  # fmt: skip


def _low_yields(processes: Sequence[Process]) -> set[int]:
    """Productions whose yield is an outlier below the others of their product."""
    groups: dict[int, list[Process]] = defaultdict(list)
    for each in processes:
        if each.ratio is not None:
            groups[each.product_id].append(each)
    low: set[int] = set()
    for group in groups.values():
        if len(group) < FEWEST_YIELDS:
            continue
        ratios = [each.ratio or 0.0 for each in group]
        middle = median(ratios)
        spread = median(abs(each - middle) for each in ratios)
        if spread == 0:
            continue
        low |= {
            each.event_id
            for each, ratio in zip(group, ratios, strict=True)
            if _NORMAL * (ratio - middle) / spread < -OUTLYING
        }
    return low
