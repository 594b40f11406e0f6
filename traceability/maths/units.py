"""Units of quantity by their UN/ECE Recommendation 20 codes, and exact conversion between them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Dimension(StrEnum):
    """What a unit measures. Quantities of two dimensions are never added."""

    COUNT = "count"
    PAIR = "pair"
    SET = "set"
    MASS = "mass"
    VOLUME = "volume"
    LENGTH = "length"
    AREA = "area"
    CARTON = "carton"
    BOX = "box"
    BOTTLE = "bottle"
    BAG = "bag"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit; ``factor`` turns it into the base unit of its dimension, exactly."""

    code: str
    dimension: Dimension
    factor: Decimal
    title: str


_ONE = Decimal(1)

# UN/ECE Recommendation 20, revision 17, Annex I: common codes and conversion factors. C62, EA and
# H87 (one, each, piece) all count things; a pair, a set and each kind of package count what holds
# others, how many nobody knows, so they are dimensions of their own.
UNITS: dict[str, Unit] = {
    unit.code: unit
    for unit in (
        Unit("C62", Dimension.COUNT, _ONE, "件"),
        Unit("EA", Dimension.COUNT, _ONE, "件"),
        Unit("H87", Dimension.COUNT, _ONE, "个"),
        Unit("PR", Dimension.PAIR, _ONE, "双"),
        Unit("SET", Dimension.SET, _ONE, "套"),
        Unit("KGM", Dimension.MASS, _ONE, "千克"),
        Unit("GRM", Dimension.MASS, Decimal("0.001"), "克"),
        Unit("MGM", Dimension.MASS, Decimal("0.000001"), "毫克"),
        Unit("TNE", Dimension.MASS, Decimal(1000), "吨"),
        Unit("LTR", Dimension.VOLUME, _ONE, "升"),
        Unit("MLT", Dimension.VOLUME, Decimal("0.001"), "毫升"),
        Unit("MTQ", Dimension.VOLUME, Decimal(1000), "立方米"),
        Unit("MTR", Dimension.LENGTH, _ONE, "米"),
        Unit("CMT", Dimension.LENGTH, Decimal("0.01"), "厘米"),
        Unit("MMT", Dimension.LENGTH, Decimal("0.001"), "毫米"),
        Unit("MTK", Dimension.AREA, _ONE, "平方米"),
        Unit("XCT", Dimension.CARTON, _ONE, "箱"),
        Unit("XBX", Dimension.BOX, _ONE, "盒"),
        Unit("XBO", Dimension.BOTTLE, _ONE, "瓶"),
        Unit("XBG", Dimension.BAG, _ONE, "袋"),
    )
}

BASE: dict[Dimension, str] = {
    Dimension.COUNT: "C62",
    Dimension.PAIR: "PR",
    Dimension.SET: "SET",
    Dimension.MASS: "KGM",
    Dimension.VOLUME: "LTR",
    Dimension.LENGTH: "MTR",
    Dimension.AREA: "MTK",
    Dimension.CARTON: "XCT",
    Dimension.BOX: "XBX",
    Dimension.BOTTLE: "XBO",
    Dimension.BAG: "XBG",
}

_WORDS: dict[str, str] = {
    "件": "C62",
    "个": "H87",
    "只": "H87",
    "台": "C62",
    "支": "H87",
    "片": "H87",
    "辆": "C62",
    "张": "H87",
    "块": "H87",
    "条": "H87",
    "根": "H87",
    "把": "H87",
    "箱": "XCT",
    "盒": "XBX",
    "瓶": "XBO",
    "袋": "XBG",
    "pcs": "H87",
    "pc": "H87",
    "piece": "H87",
    "each": "EA",
    "双": "PR",
    "对": "PR",
    "套": "SET",
    "千克": "KGM",
    "公斤": "KGM",
    "kg": "KGM",
    "克": "GRM",
    "g": "GRM",
    "毫克": "MGM",
    "mg": "MGM",
    "吨": "TNE",
    "t": "TNE",
    "升": "LTR",
    "l": "LTR",
    "毫升": "MLT",
    "ml": "MLT",
    "立方米": "MTQ",
    "米": "MTR",
    "m": "MTR",
    "厘米": "CMT",
    "cm": "CMT",
    "毫米": "MMT",
    "mm": "MMT",
    "平方米": "MTK",
}


def unit_code(text: str) -> str:
    """Which unit is meant by a code or a usual word?

    Parameters
    ----------
    text : str
        A Recommendation 20 code in any case, or a Chinese or English word such as 件 or kg.

    Returns
    -------
    str
        A key of `UNITS`.

    Raises
    ------
    ValueError
        If the unit is not one of those this house can add up.

    Examples
    --------
    >>> unit_code("公斤"), unit_code("kgm")
    ('KGM', 'KGM')
    """
    given = text.strip()
    if given.upper() in UNITS:
        return given.upper()
    found = _WORDS.get(given.casefold())
    if found is None:
        raise ValueError(
            f"{text!r} is not a unit known here; write a UN/ECE Rec 20 code such as "
            f"{', '.join(UNITS)}, or 件, 千克, 升, 米."
        )
    return found


def common_unit(codes: frozenset[str]) -> str | None:
    """The unit in which quantities of several units add up exactly.

    Parameters
    ----------
    codes : frozenset of str
        Keys of `UNITS`.

    Returns
    -------
    str | None
        The unit itself where there is one only, else the base unit of their dimension; None where
        they measure different things (count against mass is never converted silently).

    Raises
    ------
    ValueError
        If no code is given.
    """
    if not codes:
        raise ValueError("a common unit needs at least one unit")
    if len(codes) == 1:
        return next(iter(codes))
    dimensions = {UNITS[code].dimension for code in codes}
    return BASE[dimensions.pop()] if len(dimensions) == 1 else None


def converted(quantity: Decimal, unit: str, into: str) -> Decimal:
    """A quantity in another unit of the same dimension, exactly.

    Raises
    ------
    ValueError
        If the units measure different things, or ``into`` is neither the unit itself nor a base
        unit (division could leave the decimals).

    Examples
    --------
    >>> converted(Decimal(250), "GRM", "KGM")
    Decimal('0.250')
    """
    if unit == into:
        return quantity
    if UNITS[unit].dimension != UNITS[into].dimension or UNITS[into].factor != 1:
        raise ValueError(f"{unit} cannot be converted into {into} exactly")
    return quantity * UNITS[unit].factor
