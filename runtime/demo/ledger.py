"""The flow ledger of the demo city: lots on their way from raw material to the shop.

Five tiers of enterprises and the consumer make six. Whatever leaves a firm came in before: inputs
are taken first in, first out from what had arrived the day before. Then, as in real ledgers, some
of it is forgotten: receivers, quantities, inputs, a few pieces.

Quantities are whole thousandths inside (``milli``), decimals outside: no floats.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

import numpy as np

from runtime.demo.catalogue import GOOD, GOODS, MATERIAL, PART, supply_code
from runtime.demo.records import EnterpriseRecord, LotUse, MovementRecord, ProductRecord

T = TypeVar("T")

DAYS = 440
NO_RECEIVER = 0.012  # shipments whose receiver was not written down
NO_QUANTITY = 0.008
NO_INPUTS = 0.010  # productions that do not say what went in
MISCOUNT = 0.004  # productions written down 5 % too low
SOLD_RECORDED = 0.15  # of the shops' holdings
_START = {0: 0, 1: 30, 2: 70}
_BUYERS = {0: 6, 1: 9, 2: 3}  # customers one lot goes to, at most
_INTERVAL = {0: (14, 26), 1: (12, 20), 2: (24, 38)}
_MEAN_LOT = 1500  # pieces in a lot of finished goods
_SLACK = 1.3  # suppliers make this much more than is used


@dataclass(slots=True)
class Holding:
    """What a firm received of one lot; ``left`` is what it still has, in thousandths."""

    day: int
    gtin: str
    lot_no: str
    left: int


def exact(milli: int) -> Decimal:
    """Thousandths as a decimal without idle zeros."""
    whole, rest = divmod(milli, 1000)
    return Decimal(whole) if rest == 0 else Decimal(milli) / 1000


class Chance:
    """Uniform numbers from one generator, drawn in blocks."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._numbers: Iterator[float] = iter(())

    def share(self) -> float:
        """A number in [0, 1)."""
        for number in self._numbers:
            return number
        self._numbers = iter(self._rng.random(1 << 14).tolist())
        return next(self._numbers)

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.share() * (high - low + 1))

    def pick(self, pool: list[T], count: int) -> list[T]:
        """Different members of a pool, in random order; all of them where it is small."""
        pool = list(pool)
        found = []
        for _ in range(min(count, len(pool))):
            found.append(pool.pop(int(self.share() * len(pool))))
        return found


def daily_demand() -> dict[str, float]:
    """Units a day of each part and material that all assemblers together use."""
    lots_a_day = 2 / sum(_INTERVAL[2])
    need: dict[str, float] = {}
    for goods in GOODS:
        for mark, pieces in goods.parts:
            need[mark] = need.get(mark, 0.0) + goods.makers * lots_a_day * _MEAN_LOT * pieces
    for mark, part in PART.items():
        for material, amount in part.uses:
            need[material] = need.get(material, 0.0) + _SLACK * need[mark] * float(amount)
    return need


class Flow:
    """Builds the ledger tier by tier; ``rows`` grows as goods move."""

    def __init__(
        self,
        rng: np.random.Generator,
        as_of: date,
        firms: tuple[EnterpriseRecord, ...],
        products: tuple[ProductRecord, ...],
    ) -> None:
        self.chance = Chance(rng)
        self.start = as_of - timedelta(days=DAYS + 3)
        self.rows: list[MovementRecord] = []
        self.firms = [firm for firm in firms if firm.status == "active"]
        self.products: dict[str, list[ProductRecord]] = {}
        for product in products:
            self.products.setdefault(product.enterprise_code, []).append(product)
        self.units = {product.gtin: product.unit for product in products}
        self.need = daily_demand()
        # (firm, category code of the goods) -> what arrived, in order of arrival
        self.inbox: dict[tuple[str, str], list[Holding]] = {}
        self.customers: dict[str, list[EnterpriseRecord]] = {}
        self.documents: dict[str, int] = {}
        self.needs = {firm.code: _needs(firm) for firm in self.firms if firm.tier < 3}

    def of(self, tier: int, category_code: str) -> list[EnterpriseRecord]:
        """Active firms of one tier and trade."""
        return [f for f in self.firms if f.tier == tier and f.category_code == category_code]

    def link(self) -> None:
        """Who buys from whom: two suppliers for each input, a few buyers for each seller."""
        platforms = [firm for firm in self.firms if firm.tier == 4 and is_platform(firm)]
        for mark, part in PART.items():
            for buyer in self.of(1, supply_code(mark)):
                for material, _ in part.uses:
                    self._buy(buyer, self.of(0, supply_code(material)), 2)
        for goods in GOODS:
            makers, dealers = self.of(2, goods.code), self.of(3, goods.code)
            for buyer in makers:
                for mark, _ in goods.parts:
                    self._buy(buyer, self.of(1, supply_code(mark)), 2)
            for seller in makers:
                self.customers[seller.code] = self.chance.pick(dealers, 3)
                if self.chance.share() < 0.3:
                    self.customers[seller.code] += self.chance.pick(platforms, 1)
            for buyer in self.of(4, goods.code):
                self._buy(buyer, dealers, 2)
            for seller in dealers:
                buyers = self.customers.setdefault(seller.code, [])
                buyers += [p for p in self.chance.pick(platforms, 1) if p not in buyers]

    def appetite(self, seller: EnterpriseRecord, buyer: EnterpriseRecord) -> float:
        """How much of the seller's goods the buyer uses, against its other buyers."""
        if seller.tier >= 2:
            return 1.0
        milli = dict(self.needs[buyer.code])[seller.category_code]
        if buyer.tier == 2:
            return float(milli)
        mark = next(mark for mark in PART if supply_code(mark) == buyer.category_code)
        return milli * self.need[mark] / len(self.of(1, buyer.category_code))

    def _buy(self, buyer: EnterpriseRecord, sellers: list[EnterpriseRecord], count: int) -> None:
        for seller in self.chance.pick(sellers, count):
            buyers = self.customers.setdefault(seller.code, [])
            if buyer not in buyers:
                buyers.append(buyer)

    def _document(self, firm: EnterpriseRecord) -> str:
        count = self.documents.get(firm.code, 0) + 1
        self.documents[firm.code] = count
        return f"{firm.mark}-D{count:05d}"

    def make(self, firm: EnterpriseRecord, mark_size: float) -> None:
        """All lots of one maker, and their way to its customers."""
        chance, tier = self.chance, firm.tier
        needs = self.needs[firm.code]
        low, high = _INTERVAL[tier]
        day = _START[tier] + chance.between(0, high)
        count = 0
        while day < DAYS - 5:
            product = chance.pick(self.products[firm.code], 1)[0]
            pieces = max(10, int(mark_size * (0.6 + 0.8 * chance.share())))
            inputs: list[LotUse] = []
            for category, milli in needs:
                queue = self.inbox.get((firm.code, category), [])
                arrived = sum(each.left for each in queue if each.day < day)
                pieces = min(pieces, arrived // milli)
            if pieces >= 10 or not needs:
                for category, milli in needs:
                    inputs += _take(self.inbox[firm.code, category], pieces * milli, day)
                count += 1
                on = self.start + timedelta(days=day)
                lot_no = f"{firm.mark}{on:%y%m}-{count:03d}"
                told = pieces * 1000
                if chance.share() < MISCOUNT:
                    told = pieces * 950
                self.rows.append(
                    MovementRecord(
                        kind="production",
                        on=on,
                        gtin=product.gtin,
                        lot_no=lot_no,
                        quantity=exact(told),
                        unit=product.unit,
                        from_code=firm.code,
                        to_code="",
                        document_no=self._document(firm),
                        inputs=() if chance.share() < NO_INPUTS else tuple(inputs),
                    )
                )
                self._ship(firm, Holding(day, product.gtin, lot_no, pieces * 1000), _BUYERS[tier])
            day += chance.between(low, high)

    def _ship(self, firm: EnterpriseRecord, lot: Holding, most: int) -> None:
        """Send most of a lot to some customers, in whole units, over some weeks."""
        chance = self.chance
        waiting = self.customers.get(firm.code, [])
        count = min(len(waiting), chance.between(most // 2 + 1, most))
        if count == 0:
            return
        buyers = waiting[:count]
        # In turn: whoever was served goes to the end of the line.
        self.customers[firm.code] = waiting[count:] + buyers
        total = lot.left // 1000
        sent = int(total * (0.82 + 0.18 * chance.share()))
        shares = [(0.7 + 0.6 * chance.share()) * self.appetite(firm, each) for each in buyers]
        day = lot.day
        for buyer, share in zip(buyers, shares, strict=True):
            amount = int(sent * share / sum(shares))
            day += chance.between(1, 6 if firm.tier < 2 else 12)
            if amount == 0 or day >= DAYS:
                return
            fate = chance.share()
            self.rows.append(
                MovementRecord(
                    kind="shipment",
                    on=self.start + timedelta(days=day),
                    gtin=lot.gtin,
                    lot_no=lot.lot_no,
                    quantity=None
                    if NO_RECEIVER <= fate < NO_RECEIVER + NO_QUANTITY
                    else Decimal(amount),
                    unit=self.units[lot.gtin],
                    from_code=firm.code,
                    to_code="" if fate < NO_RECEIVER else buyer.code,
                    document_no=self._document(firm),
                )
            )
            self.inbox.setdefault((buyer.code, firm.category_code), []).append(
                Holding(day, lot.gtin, lot.lot_no, amount * 1000)
            )

    def holdings(self) -> dict[str, list[Holding]]:
        """What each firm received, whatever its trade."""
        found: dict[str, list[Holding]] = {}
        for (code, _), lots in self.inbox.items():
            found.setdefault(code, []).extend(lots)
        return found

    def trade(self, firm: EnterpriseRecord, lots: list[Holding]) -> None:
        """Pass on what a wholesaler received."""
        for lot in lots:
            self._ship(firm, lot, 3)

    def sell(self, firm: EnterpriseRecord, lots: list[Holding]) -> None:
        """Sales to consumers, and a count of what is left, for some of a shop's lots."""
        chance = self.chance
        for lot in lots:
            if chance.share() >= SOLD_RECORDED:
                continue
            sold = int(lot.left // 1000 * (0.4 + 0.6 * chance.share()))
            left = lot.left // 1000 - sold
            day = min(DAYS, lot.day + chance.between(10, 60))
            rows = [("sale", sold)]
            if chance.share() < 0.4:  # counted; one count in five misses some pieces
                rows.append(("stock", left - (left // 12 if chance.share() < 0.2 else 0)))
            self.rows += [
                MovementRecord(
                    kind=kind,
                    on=self.start + timedelta(days=day),
                    gtin=lot.gtin,
                    lot_no=lot.lot_no,
                    quantity=Decimal(amount),
                    unit=self.units[lot.gtin],
                    from_code=firm.code,
                    to_code="",
                    document_no=self._document(firm),
                )
                for kind, amount in rows
                if amount > 0
            ]


def is_platform(firm: EnterpriseRecord) -> bool:
    """A firm that sells online only."""
    return firm.tier == 4 and all(shop.kind != "shop" for shop in firm.shops)


def _needs(firm: EnterpriseRecord) -> list[tuple[str, int]]:
    """(category of the input, thousandths of its unit per piece) of what a maker makes."""
    if firm.tier == 0:
        return []
    if firm.tier == 2:
        return [(supply_code(mark), n * 1000) for mark, n in GOOD[firm.category_code].parts]
    mark = next(mark for mark in PART if supply_code(mark) == firm.category_code)
    return [(supply_code(m), int(amount * 1000)) for m, amount in PART[mark].uses]


def _take(queue: list[Holding], milli: int, day: int) -> list[LotUse]:
    """Take from what arrived before a day, the oldest first; used-up lots leave the queue."""
    found: dict[tuple[str, str], int] = {}
    queue.sort(key=lambda each: each.day)
    for each in queue:
        if milli == 0 or each.day >= day:
            break
        part = min(each.left, milli)
        if part:
            key = (each.gtin, each.lot_no)
            found[key] = found.get(key, 0) + part
            each.left -= part
            milli -= part
    while queue and queue[0].left == 0:
        queue.pop(0)
    return [LotUse(gtin, lot_no, exact(amount)) for (gtin, lot_no), amount in found.items()]


def movements(
    rng: np.random.Generator,
    as_of: date,
    firms: tuple[EnterpriseRecord, ...],
    products: tuple[ProductRecord, ...],
) -> list[MovementRecord]:
    """The background ledger of the last ``DAYS`` days, tier by tier."""
    flow = Flow(rng, as_of, firms, products)
    flow.link()
    for tier, marks in ((0, MATERIAL), (1, PART)):
        for mark in marks:
            makers = flow.of(tier, supply_code(mark))
            size = flow.need[mark] * _SLACK / len(makers) * sum(_INTERVAL[tier]) / 2
            for firm in makers:
                flow.make(firm, size)
    for goods in GOODS:
        for firm in flow.of(2, goods.code):
            flow.make(firm, _MEAN_LOT)
    received = flow.holdings()
    for firm in flow.firms:
        if firm.tier == 3:
            flow.trade(firm, received.get(firm.code, []))
    received = flow.holdings()
    for firm in flow.firms:
        if firm.tier == 4:
            flow.sell(firm, received.get(firm.code, []))
    return flow.rows
