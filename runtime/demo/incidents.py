"""Weekly incidents of the demo city: season, trend, and more spread than chance.

Counts are negative binomial with variance ``DISPERSION`` times the mean (the usual form for
surveillance counts), around a mean that grows and swings through the year.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from runtime.demo.catalogue import GOODS, Goods
from runtime.demo.names import CITIES, CITY_WEIGHTS
from runtime.demo.records import IncidentRecord, ProductRecord

# (category, city, week) by position
_Hazards = dict[tuple[int, int, int], str]

WEEKS = 300
DISPERSION = 1.35
_KINDS = (("complaint", 0.86), ("lead", 0.075), ("accident", 0.035), ("injury", 0.03))
_SOURCES = ("12315", "platform", "portal", "hospital")
_WORDS = {
    "complaint": "消费者反映{product}{hazard}，要求处理",
    "lead": "线索：在售{product}疑似{hazard}",
    "accident": "{product}使用中发生{hazard}，无人受伤",
    "injury": "{product}{hazard}致人受伤，已就医",
}


def last_complete_week(as_of: date) -> date:
    """The Sunday that ends the last whole ISO week before a day."""
    return as_of - timedelta(days=as_of.isoweekday())


def first_monday(as_of: date) -> date:
    """The Monday on which the history begins."""
    return last_complete_week(as_of) - timedelta(days=7 * WEEKS - 1)


@dataclass(frozen=True, slots=True)
class Swell:
    """A planted rise: extra complaints in the last weeks of one series, oldest first."""

    category_code: str
    region_code: str
    extra: tuple[int, ...]
    hazard: str


def _means(goods: Goods, mondays: list[date]) -> np.ndarray:
    """Province-wide mean of each week."""
    place = np.arange(len(mondays))
    years = (place - len(mondays) / 2) / 52.18
    mean = goods.weekly * (1 + goods.trend) ** years
    if goods.peak_month is not None:
        # The middle of the peak month is the top of the wave.
        day = np.array([(m + timedelta(days=3)).timetuple().tm_yday for m in mondays])
        top = 30.4 * (goods.peak_month - 0.5)
        wave = np.cos(2 * np.pi * (day - top) / 365.25)
        # Divide by the wave's own average, so that `weekly` stays the yearly mean.
        mean = mean * np.exp(goods.swing * wave) / np.i0(goods.swing)
    return np.asarray(mean)


def counts(rng: np.random.Generator, as_of: date) -> np.ndarray:
    """Incidents without the planted ones: (categories, cities, WEEKS)."""
    start = first_monday(as_of)
    mondays = [start + timedelta(days=7 * week) for week in range(WEEKS)]
    weights = np.array(CITY_WEIGHTS)
    mean = np.stack([np.outer(weights, _means(goods, mondays)) for goods in GOODS])
    size = mean / (DISPERSION - 1)
    return rng.negative_binomial(size, 1 / DISPERSION)


def _planted(swells: tuple[Swell, ...], shape: tuple[int, ...]) -> tuple[np.ndarray, _Hazards]:
    """Extra counts of the swells, and the hazard of each series and week they touch."""
    cities = [code for code, _ in CITIES]
    codes = [goods.code for goods in GOODS]
    extra = np.zeros(shape, dtype=np.int64)
    hazards: _Hazards = {}
    for swell in swells:
        row, column = codes.index(swell.category_code), cities.index(swell.region_code)
        for back, count in enumerate(reversed(swell.extra)):
            extra[row, column, WEEKS - 1 - back] += count
            hazards[row, column, WEEKS - 1 - back] = swell.hazard
    return extra, hazards


def incidents(
    rng: np.random.Generator,
    as_of: date,
    products: tuple[ProductRecord, ...],
    swells: tuple[Swell, ...],
) -> tuple[IncidentRecord, ...]:
    """Background and planted swells, not yet numbered."""
    table = counts(rng, as_of)
    extra, hazards = _planted(swells, table.shape)
    total = (table + extra).ravel()
    where = np.repeat(np.arange(total.size), total)
    category, city, week = (axis.tolist() for axis in np.unravel_index(where, table.shape))
    # Within a cell the planted ones come last; they are complaints, all of one hazard.
    inside = np.arange(len(where)) - np.repeat(np.cumsum(total) - total, total)
    is_planted = (inside >= table.ravel()[where]).tolist()
    kinds = rng.choice(len(_KINDS), size=len(where), p=[share for _, share in _KINDS]).tolist()
    dice = rng.integers(0, 1 << 30, size=(len(where), 4)).tolist()
    start = first_monday(as_of)
    makers: dict[str, list[ProductRecord]] = {}
    for product in products:
        makers.setdefault(product.category_code, []).append(product)
    rows: list[IncidentRecord] = []
    for a, b, w, kind, is_extra, die in zip(
        category, city, week, kinds, is_planted, dice, strict=True
    ):
        pool = makers[GOODS[a].code]
        named = pool[die[2] % len(pool)] if die[3] % 10 < 6 else None
        received = start + timedelta(days=7 * w + die[1] % 7)
        rows.append(
            _report(
                GOODS[a],
                CITIES[b][0],
                "complaint" if is_extra else _KINDS[kind][0],
                hazards[a, b, w] if is_extra else GOODS[a].hazards[die[0] % 3],
                named,
                received,
                received - timedelta(days=0 if is_extra else die[1] // 8 % 4),
                die[3] // 16,
            )
        )
    return tuple(rows)


def _report(
    goods: Goods,
    region_code: str,
    kind: str,
    hazard: str,
    named: ProductRecord | None,
    received: date,
    occurred: date,
    die: int,
) -> IncidentRecord:
    injured = 1 + (die % 8 == 0) if kind == "injury" else 0
    return IncidentRecord(
        number="",
        kind=kind,
        occurred_on=occurred,
        received_on=received,
        region_code=region_code,
        category_code=goods.code,
        enterprise_code=named.enterprise_code if named else None,
        gtin=named.gtin if named else None,
        lot_no=None,
        hazard=hazard,
        harm="minor" if injured else "none",
        injured=injured,
        source=_SOURCES[die // 8 % len(_SOURCES)],
        text=_WORDS[kind].format(product=goods.name, hazard=hazard),
    )


def numbered(rows: list[IncidentRecord]) -> tuple[IncidentRecord, ...]:
    """Rows in order of receipt, each with the number its year gives it."""
    rows = sorted(rows, key=lambda row: (row.received_on, row.region_code, row.category_code))
    used: dict[int, int] = {}
    found = []
    for row in rows:
        year = row.received_on.year
        used[year] = used.get(year, 0) + 1
        found.append(replace(row, number=f"SB{year}-{used[year]:05d}"))
    return tuple(found)
