"""What the demo city makes: 18 consumer categories, the parts in them, the materials in those."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from runtime.demo.records import CategoryRecord

MATERIAL_GROUP = ("Y", "原材料")
PART_GROUP = ("L", "零部件")
GROUPS = (
    ("D", "电气电子产品"),
    ("E", "儿童用品"),
    ("R", "燃气器具"),
    ("F", "纺织服装"),
    ("C", "出行用品"),
    PART_GROUP,
    MATERIAL_GROUP,
)


@dataclass(frozen=True, slots=True)
class Material:
    """A raw material: a short mark for lots, a name, a maker's trade and a unit."""

    mark: str
    name: str
    trade: str
    unit: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part, and how much of which material one piece takes."""

    mark: str
    name: str
    trade: str
    uses: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Goods:
    """A consumer category.

    Attributes
    ----------
    parts : tuple of (part mark, pieces per unit)
    makers : int
        Enterprises that assemble it.
    weekly : float
        Incidents a week in the whole province, in mid-history.
    trend : float
        Growth of that mean per year, as a share.
    peak_month : int | None
        Month where reports peak; None: no season.
    swing : float
        Height of the season on the log scale.
    """

    code: str
    name: str
    trade: str
    parts: tuple[tuple[str, int], ...]
    makers: int
    weekly: float
    trend: float
    peak_month: int | None
    swing: float
    hazards: tuple[str, ...]
    items: tuple[str, ...]
    models: tuple[str, ...]


def _uses(*pairs: tuple[str, str]) -> tuple[tuple[str, Decimal], ...]:
    return tuple((mark, Decimal(amount)) for mark, amount in pairs)


MATERIALS = (
    Material("CU", "铜线", "铜业", "kg"),
    Material("PC", "阻燃PC", "塑胶", "kg"),
    Material("EL", "电解液", "电子材料", "kg"),
    Material("PB", "FR4板", "基板", "张"),
    Material("ST", "冷轧钢板", "金属材料", "kg"),
    Material("AL", "铝材", "铝业", "kg"),
    Material("CM", "锂电正极材料", "新材料", "kg"),
    Material("AB", "ABS粒子", "高分子材料", "kg"),
    Material("RB", "橡胶料", "橡胶", "kg"),
    Material("FA", "涤纶面料", "纺织", "m"),
    Material("DN", "羽绒原料", "羽绒制品", "kg"),
    Material("WB", "织带料", "织造", "m"),
)

PARTS = (
    Part("W", "线束", "线缆", _uses(("CU", "0.12"), ("PC", "0.05"))),
    Part("C", "电容", "电容器", _uses(("EL", "0.004"), ("AL", "0.006"))),
    Part("T", "变压器", "变压器", _uses(("CU", "0.18"), ("ST", "0.30"))),
    Part("H", "外壳", "注塑", _uses(("PC", "0.21"), ("AB", "0.08"))),
    Part("M", "主板", "电路", _uses(("PB", "0.02"), ("CU", "0.01"))),
    Part("B", "电芯", "电源材料", _uses(("CM", "0.045"), ("EL", "0.012"))),
    Part("HE", "加热盘", "电热元件", _uses(("AL", "0.25"), ("CU", "0.03"))),
    Part("TC", "温控器", "温控器件", _uses(("CU", "0.01"), ("ST", "0.02"))),
    Part("SK", "插套组件", "接插件", _uses(("CU", "0.04"), ("PC", "0.06"))),
    Part("V", "阀体", "阀门", _uses(("AL", "0.35"), ("ST", "0.15"))),
    Part("HS", "软管坯", "管业", _uses(("RB", "0.60"), ("ST", "0.20"))),
    Part("SN", "传感器", "传感器件", _uses(("PB", "0.01"), ("EL", "0.002"))),
    Part("LK", "锁扣", "五金配件", _uses(("AB", "0.05"), ("ST", "0.08"))),
    Part("PJ", "注塑件", "塑料制品", _uses(("AB", "0.30"))),
    Part("WA", "织带总成", "织带", _uses(("WB", "2.40"))),
    Part("CT", "裁片", "制衣配料", _uses(("FA", "1.60"))),
    Part("DF", "羽绒内胆", "羽绒加工", _uses(("DN", "0.22"), ("FA", "1.20"))),
    Part("FR", "车架", "金属制品", _uses(("ST", "4.50"), ("AL", "1.20"))),
)

CHARGER = "D01"

GOODS = (
    Goods(CHARGER, "电动自行车充电器", "电器",
          (("W", 1), ("C", 2), ("T", 1), ("H", 1), ("M", 1)), 28,
          5.6, 0.05, 8, 0.30, ("过热起火", "冒烟", "触电"),
          ("过热保护", "异常工作", "爬电距离", "输入电流"), ("48V2A", "60V3A", "72V3A")),
    Goods("D02", "锂电池组", "新能源", (("B", 20), ("M", 1), ("H", 1), ("W", 1)), 20,
          5.0, 0.08, 7, 0.25, ("鼓包漏液", "起火", "续航骤降"),
          ("过充电保护", "短路保护", "标识"), ("48V12Ah", "60V20Ah")),
    Goods("D03", "电热水壶", "电子科技", (("HE", 1), ("TC", 1), ("H", 1), ("W", 1)), 20,
          5.2, 0.0, 1, 0.35, ("温控失效", "漏电", "壶身开裂"),
          ("发热", "接地措施", "防干烧"), ("1.5L", "1.7L", "2.0L")),
    Goods("D04", "延长线插座", "电气", (("SK", 4), ("W", 1), ("H", 1)), 20,
          4.2, 0.0, 7, 0.20, ("阻燃性能", "插套松动", "过热"),
          ("耐燃", "分断容量", "导线截面积"), ("3位", "5位", "8位")),
    Goods("D05", "移动电源", "数码", (("B", 2), ("M", 1), ("H", 1)), 18,
          5.8, 0.06, 8, 0.20, ("鼓包", "起火", "容量虚标"),
          ("过充电保护", "有效输出容量", "跌落"), ("10000mAh", "20000mAh")),
    Goods("D06", "LED灯具", "灯饰", (("M", 1), ("H", 1), ("W", 1)), 20,
          3.6, -0.02, None, 0.0, ("频闪", "漏电", "灯罩脱落"),
          ("防触电保护", "骚扰电压", "标记"), ("9W", "18W", "36W")),
    Goods("D07", "电热毯", "电热用品", (("CT", 1), ("W", 1), ("TC", 1)), 16,
          3.0, 0.0, 12, 1.10, ("烫伤", "起火", "漏电"),
          ("发热", "结构", "非正常工作"), ("单人", "双人")),
    Goods("D08", "电暖器", "暖通电器", (("HE", 2), ("TC", 1), ("H", 1)), 16,
          3.2, 0.02, 12, 1.00, ("过热", "外壳变形", "倾倒不断电"),
          ("发热", "稳定性", "输入功率"), ("1500W", "2000W")),
    Goods("E01", "儿童安全座椅", "童车", (("LK", 2), ("PJ", 1), ("WA", 1)), 16,
          3.4, 0.03, 5, 0.15, ("锁扣脱开", "织带断裂", "阻燃不足"),
          ("动态试验", "锁扣开启力", "织带强度"), ("0-4岁", "3-12岁")),
    Goods("E02", "儿童玩具", "玩具", (("PJ", 3),), 22,
          6.4, 0.01, 6, 0.25, ("小零件脱落", "尖锐边缘", "增塑剂超标"),
          ("小零件", "增塑剂", "机械物理性能"), ("3+", "6+")),
    Goods("E03", "童车", "婴童用品", (("FR", 1), ("WA", 1), ("PJ", 2)), 14,
          3.0, 0.0, 4, 0.20, ("车架断裂", "制动失效", "夹伤"),
          ("静态强度", "制动", "绳圈"), ("推车", "滑步车")),
    Goods("E04", "儿童服装", "服饰", (("CT", 2),), 20,
          4.4, 0.0, 9, 0.25, ("绳带勾挂", "甲醛超标", "色牢度"),
          ("绳带", "甲醛含量", "pH值"), ("110", "130", "150")),
    Goods("R01", "燃气灶", "燃具", (("V", 2), ("PJ", 1)), 16,
          3.8, 0.0, 1, 0.30, ("熄火保护失效", "漏气", "面板爆裂"),
          ("熄火保护装置", "气密性", "热负荷"), ("单灶", "双灶")),
    Goods("R02", "燃气软管", "管材", (("HS", 1), ("V", 1)), 14,
          2.4, 0.04, 12, 0.20, ("漏气", "老化开裂", "接头脱落"),
          ("气密性", "耐燃气性", "脱开力"), ("1.0m", "1.5m")),
    Goods("R03", "家用燃气报警器", "安防电子", (("SN", 1), ("M", 1), ("H", 1)), 14,
          2.6, 0.10, 12, 0.20, ("不报警", "误报", "电源故障"),
          ("报警动作值", "响应时间", "绝缘电阻"), ("独立式", "联网式")),
    Goods("F01", "羽绒服", "日用品", (("CT", 1), ("DF", 1)), 18,
          3.6, 0.0, 12, 1.20, ("含绒量不足", "钻绒", "甲醛超标"),
          ("绒子含量", "充绒量", "纤维含量"), ("短款", "长款")),
    Goods("C01", "电动自行车", "车业", (("FR", 1), ("W", 1), ("M", 1)), 18,
          6.0, 0.06, 6, 0.20, ("刹车失灵", "车速超标", "短路起火"),
          ("最高车速", "整车质量", "短路保护"), ("14寸", "16寸")),
    Goods("C02", "电动自行车头盔", "防护用品", (("PJ", 1), ("WA", 1)), 14,
          2.2, 0.0, 6, 0.15, ("佩戴装置断裂", "壳体开裂", "固定不牢"),
          ("碰撞能量吸收", "佩戴装置强度", "视野"), ("半盔", "全盔")),
)  # fmt: skip

MATERIAL = {item.mark: item for item in MATERIALS}
PART = {item.mark: item for item in PARTS}
GOOD = {item.code: item for item in GOODS}


def supply_code(mark: str) -> str:
    """Category code of a material or a part."""
    if mark in MATERIAL:
        return f"{MATERIAL_GROUP[0]}{list(MATERIAL).index(mark) + 1:02d}"
    return f"{PART_GROUP[0]}{list(PART).index(mark) + 1:02d}"


def categories() -> tuple[CategoryRecord, ...]:
    """The tree: seven groups, 18 consumer categories, 18 parts, 12 materials."""
    rows = [CategoryRecord(code, name, None) for code, name in GROUPS]
    rows += [CategoryRecord(goods.code, goods.name, goods.code[0]) for goods in GOODS]
    rows += [CategoryRecord(supply_code(p.mark), p.name, PART_GROUP[0]) for p in PARTS]
    rows += [CategoryRecord(supply_code(m.mark), m.name, MATERIAL_GROUP[0]) for m in MATERIALS]
    return tuple(rows)


FOUNDED = date(2003, 1, 1)
