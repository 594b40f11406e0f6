"""The planted story: capacitor lot C-0711 goes into chargers of two makers, and some overheat.

From an alert (complaints about chargers in 岚州 rise, six accidents in fourteen days) to the
evidence (a failing test of lot YS2408-17), the trace (back to C-0711, which a second maker used
too) and the recall. Lot numbers never change; days count back from the end of the last whole week.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from runtime.demo.cast import CAST
from runtime.demo.catalogue import CHARGER
from runtime.demo.incidents import Swell
from runtime.demo.records import (
    EnterpriseRecord,
    IncidentRecord,
    LotUse,
    MovementRecord,
    ProductRecord,
)

SOURCE_LOT = "C-0711"
CHARGER_LOT = "YS2408-17"
SECOND_LOT = "QC-7B"
HAZARD = "过热起火"
REGION = "990100"

# lot, maker, days before the end, amount, what went in
LOTS: tuple[tuple[str, str, int, int, tuple[tuple[str, int], ...]], ...] = (
    ("CU-0603", "copper", 150, 2400, ()),
    ("CU-0619", "copper", 136, 2000, ()),
    ("PC-2211", "plastic", 148, 3000, ()),
    ("PC-2230", "plastic", 139, 2600, ()),
    ("EL-071", "electrolyte", 147, 260, ()),
    ("EL-074", "electrolyte", 134, 260, ()),
    ("PB-331", "board", 146, 400, ()),
    ("PB-340", "board", 133, 400, ()),
    ("ST-0510", "steel", 149, 6000, ()),
    ("W-118", "harness", 132, 5600, (("CU-0603", 672), ("PC-2211", 280))),
    ("W-121", "harness", 122, 6500, (("CU-0619", 780), ("PC-2230", 325))),
    (SOURCE_LOT, "capacitor", 125, 20000, (("EL-071", 80), ("CU-0603", 55))),
    ("C-0718", "capacitor", 119, 18000, (("EL-074", 72),)),
    ("C-0725", "capacitor", 113, 18000, (("EL-074", 70),)),
    ("T-77", "transformer", 128, 5500, (("CU-0603", 990), ("ST-0510", 1650))),
    ("T-81", "transformer", 121, 5000, (("CU-0619", 900), ("ST-0510", 1500))),
    ("H-502", "shell", 130, 5500, (("PC-2211", 1155),)),
    ("H-507", "shell", 120, 6000, (("PC-2230", 1260),)),
    ("M-904", "mainboard", 129, 5400, (("PB-331", 108),)),
    ("M-911", "mainboard", 118, 7000, (("PB-340", 140),)),
    ("YS2408-15", "maker", 99, 4000, (("C-0718", 8000),)),
    ("YS2408-16", "maker", 95, 500, (("C-0718", 1000),)),
    (CHARGER_LOT, "maker", 89, 5200,
     ((SOURCE_LOT, 10400), ("W-118", 5200), ("T-77", 5200), ("H-502", 5200), ("M-904", 5200))),
    ("YS2409-01", "maker", 80, 2000, (("C-0725", 4000),)),
    ("QC-7A", "second", 92, 2200, (("C-0725", 4400),)),
    (SECOND_LOT, "second", 88, 3600,
     ((SOURCE_LOT, 7200), ("W-121", 3600), ("T-81", 3600), ("H-507", 3600), ("M-911", 3600))),
    ("QC-8A", "second", 78, 2200, (("C-0725", 4400),)),
    ("HG-551", "third", 90, 2000, (("C-0718", 4000),)),
    ("HG-560", "third", 84, 1900, (("C-0718", 3800),)),
    ("HG-552", "third", 82, 2200, (("C-0725", 4400),)),
)  # fmt: skip

# lot, from, to, days before the end, amount, document
SHIPMENTS: tuple[tuple[str, str, str, int, int, str], ...] = (
    ("CU-0603", "copper", "harness", 146, 700, "CU-0603-1"),
    ("CU-0603", "copper", "transformer", 145, 1100, "CU-0603-2"),
    ("CU-0603", "copper", "capacitor", 144, 60, "CU-0603-3"),
    ("CU-0619", "copper", "harness", 131, 800, "CU-0619-1"),
    ("CU-0619", "copper", "transformer", 130, 900, "CU-0619-2"),
    ("PC-2211", "plastic", "harness", 144, 300, "PC-2211-1"),
    ("PC-2211", "plastic", "shell", 142, 1200, "PC-2211-2"),
    ("PC-2230", "plastic", "shell", 134, 1300, "PC-2230-1"),
    ("PC-2230", "plastic", "harness", 133, 460, "PC-2230-2"),
    ("EL-071", "electrolyte", "capacitor", 143, 120, "EL-071-1"),
    ("EL-074", "electrolyte", "capacitor", 129, 150, "EL-074-1"),
    ("PB-331", "board", "mainboard", 141, 150, "PB-331-1"),
    ("PB-340", "board", "mainboard", 128, 160, "PB-340-1"),
    ("ST-0510", "steel", "transformer", 144, 4000, "ST-0510-1"),
    ("W-118", "harness", "maker", 112, 5400, "W-118-1"),
    ("W-121", "harness", "second", 108, 3700, "W-121-1"),
    ("W-121", "harness", "third", 106, 2600, "W-121-2"),
    (SOURCE_LOT, "capacitor", "maker", 104, 10500, "C-0711-1"),
    (SOURCE_LOT, "capacitor", "second", 101, 7300, "C-0711-2"),
    ("C-0718", "capacitor", "maker", 110, 9000, "C-0718-1"),
    ("C-0718", "capacitor", "third", 98, 8000, "C-0718-2"),
    ("C-0725", "capacitor", "second", 97, 9000, "C-0725-1"),
    ("C-0725", "capacitor", "third", 95, 4500, "C-0725-2"),
    ("C-0725", "capacitor", "maker", 94, 4000, "C-0725-3"),
    ("T-77", "transformer", "maker", 106, 5300, "T-77-1"),
    ("T-81", "transformer", "second", 100, 3700, "T-81-1"),
    ("H-502", "shell", "maker", 107, 5300, "H-502-1"),
    ("H-507", "shell", "second", 100, 3700, "H-507-1"),
    ("H-507", "shell", "third", 99, 2000, "H-507-2"),
    ("M-904", "mainboard", "maker", 105, 5300, "M-904-1"),
    ("M-911", "mainboard", "second", 99, 3700, "M-911-1"),
    ("M-911", "mainboard", "third", 97, 3000, "M-911-2"),
    ("YS2408-15", "maker", "dealer", 85, 3800, "TZ-3301"),
    ("YS2408-16", "maker", "dealer_river", 84, 480, "WL-88"),
    (CHARGER_LOT, "maker", "dealer", 68, 1800, "TZ-3302"),
    (CHARGER_LOT, "maker", "dealer", 64, 1400, "TZ-3317"),
    (CHARGER_LOT, "maker", "dealer_south", 62, 1200, "JL-1204"),
    ("YS2409-01", "maker", "dealer_south", 60, 1900, "JL-1211"),
    ("QC-7A", "second", "dealer_river", 76, 2000, "WL-85"),
    (SECOND_LOT, "second", "dealer_river", 66, 1900, "WL-93"),
    (SECOND_LOT, "second", "dealer_cloud", 63, 1300, "YN-45"),
    ("QC-8A", "second", "dealer_cloud", 58, 2000, "YN-52"),
    ("HG-551", "third", "dealer_cloud", 75, 1800, "YN-41"),
    ("HG-560", "third", "dealer", 70, 1700, "TZ-3299"),
    ("HG-552", "third", "dealer_river", 65, 2000, "WL-90"),
    ("YS2408-15", "dealer", "shop_rider", 60, 1500, "HQ-01"),
    ("YS2408-16", "dealer_river", "shop_corner", 55, 400, "LL-32"),
    (CHARGER_LOT, "dealer", "shop_rider", 45, 900, "HQ-02"),
    (CHARGER_LOT, "dealer", "platform", 40, 1100, "YX-8A"),
    (CHARGER_LOT, "dealer", "platform_group", 36, 700, "SD-77"),
    (CHARGER_LOT, "dealer_south", "shop_repair", 42, 800, "XQ-5"),
    ("QC-7A", "dealer_river", "platform", 50, 1200, "YX-8B"),
    (SECOND_LOT, "dealer_river", "shop_corner", 43, 1000, "LL-31"),
    (SECOND_LOT, "dealer_cloud", "shop_hardware", 38, 900, "BH-12"),
    ("QC-8A", "dealer_cloud", "shop_hardware", 35, 1000, "BH-14"),
    ("HG-551", "dealer_cloud", "platform", 48, 1000, "YX-9A"),
)

# lot, who counted, pieces sold to consumers, pieces on hand (None: not a seller to consumers)
COUNTS: tuple[tuple[str, str, int | None, int], ...] = (
    (SOURCE_LOT, "capacitor", None, 2000),
    (CHARGER_LOT, "maker", None, 700),
    (CHARGER_LOT, "dealer", None, 340),
    (CHARGER_LOT, "dealer_south", None, 328),
    (CHARGER_LOT, "shop_rider", 780, 120),
    (CHARGER_LOT, "platform", 936, 140),
    (CHARGER_LOT, "platform_group", 660, 40),
    (CHARGER_LOT, "shop_repair", 640, 100),
    (SECOND_LOT, "second", None, 400),
    (SECOND_LOT, "dealer_river", None, 800),
    (SECOND_LOT, "dealer_cloud", None, 400),
    (SECOND_LOT, "shop_corner", 850, 150),
    (SECOND_LOT, "shop_hardware", 700, 180),
)

# days before the end, city, lot, hazard, injured, bought at
ACCIDENTS = (
    (13, "990100", CHARGER_LOT, "过热起火", 0, "shop_rider"),
    (10, "990500", SECOND_LOT, "过热起火", 1, "shop_corner"),
    (8, "990100", CHARGER_LOT, "冒烟", 0, "platform"),
    (5, "990700", CHARGER_LOT, "过热起火", 0, "shop_repair"),
    (2, "990300", SECOND_LOT, "冒烟", 0, "shop_hardware"),
    (0, "990100", CHARGER_LOT, "过热起火", 0, "platform_group"),
)

SWELLS = (
    Swell(CHARGER, REGION, (3, 5, 8, 12, 17, 22), HAZARD),
    Swell("E01", "990500", (0, 2, 5, 7), "锁扣脱开"),
    Swell("D02", "990400", (1, 3, 4, 6), "鼓包漏液"),
    Swell("D03", "990200", (0, 1, 3, 5), "温控失效"),
    Swell("R01", "990700", (0, 0, 2, 4), "熄火保护失效"),
    Swell("D04", "990600", (0, 0, 1, 4), "阻燃性能"),
)


@dataclass(frozen=True, slots=True)
class FailingTest:
    """What the laboratory found in the charger lot."""

    lot_no: str
    items: tuple[tuple[str, str, str], ...]  # item, requirement, found


FAILING = FailingTest(
    CHARGER_LOT,
    (
        ("过热保护", "外壳温升不大于 60 K，不起火", "外壳温升 118 K，冒烟"),
        ("异常工作", "电容短路后无火焰蔓延", "电容爆裂，出现明火"),
    ),
)


@dataclass(frozen=True, slots=True)
class Story:
    """The story in records: firms and products by key, movements, incidents."""

    firms: dict[str, EnterpriseRecord]
    products: dict[str, ProductRecord]
    movements: tuple[MovementRecord, ...]
    accidents: tuple[IncidentRecord, ...]


def told(
    end: date, firms: tuple[EnterpriseRecord, ...], products: tuple[ProductRecord, ...]
) -> Story:
    """The story, ending with a given Sunday."""
    by_key = {role.key: firm for role, firm in zip(CAST, firms, strict=False)}
    first: dict[str, ProductRecord] = {}
    for product in products:
        first.setdefault(product.enterprise_code, product)
    makes = {key: first[f.code] for key, f in by_key.items() if f.code in first}
    of_lot = {lot: makes[maker] for lot, maker, *_ in LOTS}
    return Story(by_key, makes, _movements(end, by_key, of_lot), _accidents(end, by_key, of_lot))


def _movements(
    end: date, firms: dict[str, EnterpriseRecord], of_lot: dict[str, ProductRecord]
) -> tuple[MovementRecord, ...]:
    def row(
        kind: str, back: int, lot: str, amount: int, sender: str, to: str, document: str,
        inputs: tuple[LotUse, ...] = (),
    ) -> MovementRecord:  # fmt: skip
        return MovementRecord(
            kind=kind,
            on=end - timedelta(days=back),
            gtin=of_lot[lot].gtin,
            lot_no=lot,
            quantity=Decimal(amount),
            unit=of_lot[lot].unit,
            from_code=firms[sender].code,
            to_code=firms[to].code if to else "",
            document_no=document,
            inputs=inputs,
        )

    rows = [
        row(
            "production", back, lot, amount, maker, "", f"{lot}-SC",
            tuple(LotUse(of_lot[each].gtin, each, Decimal(used)) for each, used in inputs),
        )
        for lot, maker, back, amount, inputs in LOTS
    ]  # fmt: skip
    rows += [
        row("shipment", back, lot, amount, sender, to, document)
        for lot, sender, to, back, amount, document in SHIPMENTS
    ]
    for lot, holder, sold, on_hand in COUNTS:
        if sold is not None:
            rows.append(row("sale", 3, lot, sold, holder, "", f"{lot}-XS-{firms[holder].mark}"))
        rows.append(row("stock", 1, lot, on_hand, holder, "", f"{lot}-PD-{firms[holder].mark}"))
    return tuple(rows)


def _accidents(
    end: date, firms: dict[str, EnterpriseRecord], of_lot: dict[str, ProductRecord]
) -> tuple[IncidentRecord, ...]:
    rows = []
    for back, city, lot, hazard, injured, seller in ACCIDENTS:
        product, on = of_lot[lot], end - timedelta(days=back)
        rows.append(
            IncidentRecord(
                number="",
                kind="accident",
                occurred_on=on,
                received_on=on,
                region_code=city,
                category_code=CHARGER,
                enterprise_code=product.enterprise_code,
                gtin=product.gtin,
                lot_no=lot,
                hazard=hazard,
                harm="minor" if injured else "none",
                injured=injured,
                source="hospital" if injured else "portal",
                text=f"充电中{hazard}，购自{firms[seller].short_name}，批号{lot}（演示）",
            )
        )
    return tuple(rows)
