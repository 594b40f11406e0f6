"""The register of the demo city: about 1,300 invented enterprises and what they make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from runtime.demo.cast import CAST, Role
from runtime.demo.catalogue import CHARGER, FOUNDED, GOOD, GOODS, MATERIAL, PART, supply_code
from runtime.demo.names import (
    CITIES,
    CITY_WEIGHTS,
    PROVINCE,
    credit_code,
    gtin13,
    gtin14,
    mark_of,
    unused_words,
)
from runtime.demo.records import (
    EnterpriseRecord,
    GradeStep,
    PlaceRecord,
    ProductRecord,
    ShopRecord,
)

ENTERPRISES = 1300
GRADE_SHARES = (("A", 0.40), ("B", 0.33), ("C", 0.20), ("D", 0.07))
GRADE_MODEL = "demo-credit/1"
_MATERIAL_MAKERS = 4
_PART_MAKERS = 6
_WHOLESALERS = 170
_PLATFORMS = 6
_CITY_NAME = dict(CITIES)


def places() -> tuple[PlaceRecord, ...]:
    """The dated tree: a province, twelve cities, and a county that was merged into one of them."""
    since = date(2000, 1, 1)
    merged = date(2022, 1, 1)
    rows = [PlaceRecord(PROVINCE[0], PROVINCE[1], None, since)]
    rows += [PlaceRecord(code, name, PROVINCE[0], since) for code, name in CITIES]
    rows.append(PlaceRecord("990121", "岚东县", "990100", since, merged))
    rows.append(PlaceRecord("990104", "岚东区", "990100", merged))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the register before it has a name."""

    tier: int
    category_code: str
    trade: str
    is_platform: bool = False


def slots(rng: np.random.Generator) -> list[Slot]:
    """Tiers and trades of all enterprises but the story's, in a fixed order."""
    from_cast = len(CAST)
    found: list[Slot] = []
    for mark, material in MATERIAL.items():
        found += [Slot(0, supply_code(mark), material.trade)] * _MATERIAL_MAKERS
    for mark, part in PART.items():
        found += [Slot(1, supply_code(mark), part.trade)] * _PART_MAKERS
    for goods in GOODS:
        found += [Slot(2, goods.code, goods.trade)] * goods.makers
    codes = [goods.code for goods in GOODS]
    makers = np.array([goods.makers for goods in GOODS], dtype=float)
    weights = makers * makers / (makers * makers).sum()

    def traders(tier: int, count: int, floor: int, trades: tuple[str, ...]) -> list[Slot]:
        fixed = [place % len(codes) for place in range(floor * len(codes))]
        drawn = rng.choice(len(codes), size=count - len(fixed), p=weights).tolist()
        return [
            Slot(tier, codes[place], trades[turn % len(trades)])
            for turn, place in enumerate(fixed + drawn)
        ]

    found += traders(3, _WHOLESALERS, 4, ("商贸", "供应链", "批发"))
    found += [Slot(4, codes[i], "网络", is_platform=True) for i in range(_PLATFORMS)]
    rest = ENTERPRISES - from_cast - len(found)
    return found + traders(4, rest, 12, ("百货", "超市", "商行", "贸易行"))


def _steps(grade: str, as_of: date, history: np.ndarray, founded_on: date) -> tuple[GradeStep, ...]:
    """Up to three grades before today's, one notch at a time, none before the founding."""
    letters = "ABCD"
    steps = [(as_of - timedelta(days=int(40 + history[0] * 300)), grade)]
    for change in history[1:]:
        if change > 0.45:  # about half of the firms changed class at each look
            continue
        place = letters.index(steps[-1][1]) + (1 if change < 0.2 else -1)
        since = steps[-1][0] - timedelta(days=int(360 + change * 500))
        if 0 <= place < 4 and since > founded_on:
            steps.append((since, letters[place]))
    return tuple(GradeStep(since, letter, GRADE_MODEL) for since, letter in reversed(steps))


def _shops(role: Role, slot: Slot, numbers: np.ndarray) -> tuple[ShopRecord, ...]:
    city, short = role.city_code, role.short_name
    name = _CITY_NAME[city]
    rows = [ShopRecord(f"{short}（住所）", "site", f"{name}演示路{int(numbers[0])}号", city)]
    if slot.is_platform:
        rows.append(ShopRecord(role.shop or f"{short}自营店", "online", "", city))
    elif slot.tier == 4:
        address = f"{name}虚构街{int(numbers[1])}号"
        rows.append(ShopRecord(role.shop or f"{short}一店", "shop", address, city))
        if numbers[2] < 260:  # about a quarter of the shops also sell online
            rows.append(ShopRecord(f"{short}网店", "online", "", city))
    elif slot.tier == 2 and numbers[2] < 300:
        rows.append(ShopRecord(f"{short}官方网店", "online", "", city))
    return tuple(rows)


def grades_of(risk: np.ndarray) -> list[str]:
    """Grades by rank of a hidden risk, in the shares of ``GRADE_SHARES`` exactly."""
    bounds = np.cumsum([share for _, share in GRADE_SHARES])
    rank = np.argsort(np.argsort(risk, kind="stable"), kind="stable")
    place = np.searchsorted(bounds, (rank + 0.5) / len(risk))
    return [GRADE_SHARES[int(each)][0] for each in place]


def enterprises(
    rng: np.random.Generator, as_of: date, risk: np.ndarray
) -> tuple[EnterpriseRecord, ...]:
    """All enterprises, the story's first.

    Parameters
    ----------
    rng : Generator
        The only source of chance.
    as_of : date
        Today of the demo.
    risk : (ENTERPRISES,) array
        Hidden risk by position; the story's enterprises keep the grades it gives them.
    """
    free = slots(rng)
    total = len(CAST) + len(free)
    cities = [code for code, _ in CITIES]
    homes = rng.choice(len(cities), size=total, p=np.array(CITY_WEIGHTS))
    history = rng.random((total, 4))
    numbers = rng.integers(1, 1000, size=(total, 3))
    founded = rng.integers(0, 5600, size=total)
    serials = rng.choice(31**4, size=total, replace=False) + 31**5
    words = unused_words(rng, {("", role.name[2:4]) for role in CAST})
    letters = grades_of(risk)
    rows: list[EnterpriseRecord] = []
    for i in range(total):
        if i < len(CAST):
            role = CAST[i]
            slot = Slot(role.tier, role.category_code, "", "平台" in role.short_name)
        else:
            slot = free[i - len(CAST)]
            city = cities[int(homes[i])]
            short = f"{_CITY_NAME[city][:2]}{next(words)}{slot.trade}"
            role = Role(
                "", city, f"{short}有限公司", short, mark_of(1000 + i), slot.tier,
                slot.category_code, letters[i],
            )  # fmt: skip
        founded_on = FOUNDED + timedelta(days=int(founded[i]))
        is_closed = i >= len(CAST) and history[i, 3] > 0.975
        rows.append(
            EnterpriseRecord(
                code=credit_code(role.city_code, int(serials[i])),
                name=role.name,
                short_name=role.short_name,
                mark=role.mark,
                tier=role.tier,
                region_code=role.city_code,
                category_code=role.category_code,
                address=f"{_CITY_NAME[role.city_code]}演示路{int(numbers[i, 0])}号（虚构地址）",
                founded_on=founded_on,
                status="closed" if is_closed else "active",
                grades=_steps(role.grade, as_of, history[i], founded_on),
                shops=_shops(role, slot, numbers[i]),
            )
        )
    return tuple(rows)


_SUPPLY_NAME = {supply_code(m): item.name for m, item in MATERIAL.items()} | {
    supply_code(m): item.name for m, item in PART.items()
}
_SUPPLY_UNIT = {supply_code(m): item.unit for m, item in MATERIAL.items()}


def products(
    rng: np.random.Generator, firms: tuple[EnterpriseRecord, ...]
) -> tuple[ProductRecord, ...]:
    """Articles of every maker: one per supplier, one to four per assembler.

    Traders make nothing; what they sell carries its maker's number.
    """
    rows: list[ProductRecord] = []
    counts = rng.integers(1, 4, size=len(firms))
    for firm, count in zip(firms, counts, strict=True):
        if firm.tier >= 3:
            continue
        word = firm.short_name[2:4]
        if firm.tier < 2:
            rows.append(
                ProductRecord(
                    gtin=gtin14(len(rows) + 1),
                    enterprise_code=firm.code,
                    name=_SUPPLY_NAME[firm.category_code],
                    brand=word,
                    model=f"{firm.mark}-1",
                    standard="企业标准（演示）",
                    category_code=firm.category_code,
                    unit=_SUPPLY_UNIT.get(firm.category_code, "件"),
                )
            )
            continue
        goods = GOOD[firm.category_code]
        for model in goods.models[: int(count)]:
            rows.append(
                ProductRecord(
                    gtin=gtin13(len(rows) + 1),
                    enterprise_code=firm.code,
                    name=goods.name,
                    brand=word,
                    model=f"{firm.mark}-{model}",
                    standard="产品标准（演示）",
                    category_code=goods.code,
                    unit="件",
                )
            )
    return tuple(rows)


def charger_makers(firms: tuple[EnterpriseRecord, ...]) -> tuple[EnterpriseRecord, ...]:
    """Assemblers of electric-bicycle chargers."""
    return tuple(firm for firm in firms if firm.tier == 2 and firm.category_code == CHARGER)
