"""The enterprises of the planted story: their names, tiers and marks never change."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.demo.catalogue import CHARGER, supply_code


@dataclass(frozen=True, slots=True)
class Role:
    """One enterprise of the story.

    ``key`` is how the story speaks of it; ``grade`` its grade today.
    """

    key: str
    city_code: str
    name: str
    short_name: str
    mark: str
    tier: int
    category_code: str
    grade: str
    shop: str | None = None


CAST = (
    Role("copper", "990800", "澄湾铜业有限公司", "澄湾铜业", "CWT", 0, supply_code("CU"), "B"),
    Role("plastic", "991000", "宁浦塑胶有限公司", "宁浦塑胶", "NPS", 0, supply_code("PC"), "A"),
    Role("electrolyte", "991100", "松湾电子材料有限公司", "松湾电子材料", "SWD", 0,
         supply_code("EL"), "C"),
    Role("board", "991200", "金渡基板有限公司", "金渡基板", "JDB", 0, supply_code("PB"), "A"),
    Role("steel", "990500", "望川金属材料有限公司", "望川金属", "WCJ", 0, supply_code("ST"), "B"),
    Role("harness", "990600", "石汀线缆有限公司", "石汀线缆", "STX", 1, supply_code("W"), "A"),
    Role("capacitor", "990900", "白鹭电容器有限公司", "白鹭电容", "BLC", 1, supply_code("C"), "C"),
    Role("transformer", "990800", "澄湾变压器有限公司", "澄湾变压器", "CWB", 1,
         supply_code("T"), "B"),
    Role("shell", "991000", "宁浦注塑有限公司", "宁浦注塑", "NPZ", 1, supply_code("H"), "A"),
    Role("mainboard", "991200", "金渡电路有限公司", "金渡电路", "JDD", 1, supply_code("M"), "B"),
    Role("maker", "990100", "岚州云杉电器有限公司", "岚州云杉电器", "YS", 2, CHARGER, "D"),
    Role("second", "990400", "临汐启程新能源有限公司", "临汐启程新能源", "QC", 2, CHARGER, "D"),
    Role("third", "990200", "青澜宏光电子科技有限公司", "青澜宏光电子", "HG", 2, CHARGER, "C"),
    Role("dealer", "990100", "岚州同舟商贸有限公司", "岚州同舟商贸", "TZ", 3, CHARGER, "B"),
    Role("dealer_south", "990700", "南屏聚力批发有限公司", "南屏聚力批发", "JL", 3, CHARGER, "B"),
    Role("dealer_river", "990500", "望川万里供应链有限公司", "望川万里供应链", "WL", 3,
         CHARGER, "A"),
    Role("dealer_cloud", "990300", "云岫优耐商贸有限公司", "云岫优耐商贸", "YN", 3, CHARGER, "B"),
    Role("shop_rider", "990100", "岚州好骑车行有限公司", "好骑车行·岚州", "HQ", 4, CHARGER, "B",
         "好骑车行门店"),
    Role("shop_repair", "990700", "南屏迅骑维修有限公司", "迅骑维修·南屏", "XQ", 4, CHARGER, "C",
         "迅骑维修门店"),
    Role("shop_corner", "990500", "望川邻里超市有限公司", "邻里超市·望川", "LL", 4, CHARGER, "A",
         "邻里超市"),
    Role("shop_hardware", "990300", "云岫百汇五金有限公司", "百汇五金·云岫", "BH", 4, CHARGER, "B",
         "百汇五金门店"),
    Role("platform", "990200", "青澜优选商城网络有限公司", "优选商城（平台）", "YX", 4, CHARGER,
         "B", "优选商城旗舰店"),
    Role("platform_group", "990100", "岚州速达团购网络有限公司", "速达团购（平台）", "SD", 4,
         CHARGER, "C", "速达团购自营店"),
)  # fmt: skip
