"""The fields of a sampling record (抽样单): one list for form, print, file and check.

References
----------
SAMR Order 18 (2019), arts 16-28, names what is written down; the columns follow the forms in use.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """Why a sample is taken; monitoring samples never become supervision samples."""

    SUPERVISION = "supervision"
    SPECIAL = "special"
    FOLLOW_UP = "follow_up"
    JOINT = "joint"
    MONITORING = "monitoring"


# Purpose of a case → purposes of the records on which it may stand.
PURPOSES_OF_CASE: dict[str, tuple[Purpose, ...]] = {
    "supervision": (Purpose.SUPERVISION, Purpose.SPECIAL, Purpose.FOLLOW_UP, Purpose.JOINT),
    "monitoring": (Purpose.MONITORING,),
}


class Channel(StrEnum):
    """Where a sample is taken (抽样领域)."""

    PRODUCTION = "production"
    SHOP = "shop"
    ONLINE = "online"


# Code → its name on the form and in English.
PURPOSE_WORDS: dict[str, tuple[str, str]] = {
    "supervision": ("监督抽查", "supervision sampling"),
    "special": ("专项抽查", "special sampling"),
    "follow_up": ("跟踪抽查", "follow-up sampling"),
    "joint": ("联合抽查", "joint sampling"),
    "monitoring": ("风险监测", "risk monitoring"),
}
CHANNEL_WORDS: dict[str, tuple[str, str]] = {
    "production": ("生产领域", "production"),
    "shop": ("流通领域", "trade"),
    "online": ("网络销售", "online"),
}


class SampleKind(StrEnum):
    """What a sealed sample is for."""

    TEST = "test"  # 检样
    RETAINED = "retained"  # 备样


class Evidence(StrEnum):
    """What a photo or file shows."""

    PLACE = "place"
    STORAGE = "storage"
    LABEL = "label"
    STOCK = "stock"
    PROCESS = "process"
    SEAL = "seal"
    SCREENSHOT = "screenshot"
    VIDEO = "video"
    SIGNATURE = "signature"
    OTHER = "other"


class Kind(StrEnum):
    """How a field is written."""

    TEXT = "text"
    LONG = "long"
    DAY = "day"
    COUNT = "count"
    AMOUNT = "amount"
    MONEY = "money"
    CHOICE = "choice"
    URL = "url"


@dataclass(frozen=True, slots=True)
class RecordField:
    """One field.

    Attributes
    ----------
    zh, en : str
        Its name on the form.
    needed : tuple of Channel
        Channels in which a record is not complete without it.
    is_personal : bool
        Names, telephone numbers, private accounts: stored sealed, never hashed bare.
    choices : tuple of (code, zh, en)
        For a choice.
    """

    name: str
    group: str
    zh: str
    en: str
    kind: Kind = Kind.TEXT
    needed: tuple[Channel, ...] = ()
    is_personal: bool = False
    choices: tuple[tuple[str, str, str], ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes that may be chosen."""
        return tuple(code for code, _zh, _en in self.choices)


EVERYWHERE = tuple(Channel)
ON_SITE = (Channel.PRODUCTION, Channel.SHOP)
ONLINE = (Channel.ONLINE,)

GROUPS: tuple[tuple[str, str, str], ...] = (
    ("task", "任务", "Task"),
    ("unit", "被抽样单位", "Sampled unit"),
    ("producer", "标称生产者", "Nominal producer"),
    ("product", "样品信息", "Product"),
    ("quantity", "数量与费用", "Quantity and price"),
    ("seal", "封样与运输", "Seal and transport"),
    ("online", "网络抽样", "Online purchase"),
)

LEVELS = (
    ("national", "国家", "national"),
    ("province", "省级", "province"),
    ("city", "市级", "city"),
    ("county", "县级", "county"),
)
RELATIONS = (
    ("own", "自产", "own production"),
    ("bought", "外购", "bought in"),
    ("commissioned", "委托加工", "commissioned"),
)
SCALES = (
    ("large", "大型", "large"),
    ("medium", "中型", "medium"),
    ("small", "小型", "small"),
    ("micro", "微型", "micro"),
)
SEAL_STATES = (
    ("sound", "完好", "sound"),
    ("broken", "破损", "broken"),
)

_F = RecordField
FIELDS: tuple[RecordField, ...] = (
    _F("task_source", "task", "任务来源", "Task from", needed=EVERYWHERE),
    _F("level", "task", "抽查级别", "Level", Kind.CHOICE, EVERYWHERE, choices=LEVELS),
    _F("notice_no", "task", "抽查通知书编号", "Notice number", needed=ON_SITE),
    _F("sampled_on", "task", "抽样日期", "Sampled on", Kind.DAY, EVERYWHERE),
    _F("method", "task", "抽样方式", "Manner of sampling", needed=EVERYWHERE),
    _F("unit_name", "unit", "被抽样单位名称", "Name of the sampled unit", needed=EVERYWHERE),
    _F("unit_uscc", "unit", "统一社会信用代码", "Unified social credit code"),
    _F("legal_person", "unit", "法定代表人", "Legal representative", is_personal=True),
    _F("unit_address", "unit", "被抽样单位地址", "Address", needed=ON_SITE),
    _F("unit_region", "unit", "行政区划", "Region"),
    _F("contact_name", "unit", "联系人", "Contact person", is_personal=True, needed=ON_SITE),
    _F("contact_phone", "unit", "联系电话", "Telephone", is_personal=True, needed=ON_SITE),
    _F("unit_scale", "unit", "企业规模", "Size", Kind.CHOICE, choices=SCALES),
    _F("economic_type", "unit", "经济类型", "Kind of enterprise"),
    _F("licence_no", "unit", "营业执照号", "Business licence number"),
    _F("permit_no", "unit", "生产许可证号", "Production permit number"),
    _F("ccc_no", "unit", "CCC证书编号", "CCC certificate number"),
    _F("annual_sales", "unit", "年销售额（万元）", "Sales a year, 10,000 yuan", Kind.MONEY),
    _F("annual_output", "unit", "年产值（万元）", "Output a year, 10,000 yuan", Kind.MONEY),
    _F("employees", "unit", "从业人数", "People employed", Kind.COUNT),
    _F("producer_name", "producer", "标称生产者名称", "Nominal producer", needed=EVERYWHERE),
    _F("producer_address", "producer", "标称生产者地址", "Producer's address", needed=EVERYWHERE),
    _F("producer_phone", "producer", "标称生产者电话", "Producer's telephone", is_personal=True),
    _F(
        "producer_relation",
        "producer",
        "与被抽样单位关系",
        "Relation to the sampled unit",
        Kind.CHOICE,
        EVERYWHERE,
        choices=RELATIONS,
    ),
    _F("product_name", "product", "产品名称", "Product", needed=EVERYWHERE),
    _F("brand", "product", "商标", "Brand", needed=EVERYWHERE),
    _F("model", "product", "规格型号", "Model", needed=EVERYWHERE),
    _F("product_grade", "product", "产品等级", "Grade of the product"),
    _F("made_on", "product", "生产日期", "Made on", Kind.DAY),
    _F("lot_no", "product", "批号", "Lot number"),
    _F("shelf_life", "product", "保质期", "Shelf life"),
    _F("standard_no", "product", "执行标准编号", "Standard, number", needed=EVERYWHERE),
    _F("standard_name", "product", "执行标准名称", "Standard, title"),
    _F("category_code", "product", "产品分类代码", "Product category code"),
    _F("unit_price", "product", "单价（元）", "Unit price, yuan", Kind.MONEY),
    _F("claimed_quality", "product", "明示质量要求", "Claimed quality", Kind.LONG),
    _F("base_quantity", "quantity", "抽样基数", "Sampling base", Kind.AMOUNT, ON_SITE),
    _F("stock_quantity", "quantity", "库存量", "Stock", Kind.AMOUNT),
    _F("taken_quantity", "quantity", "抽样数量", "Quantity taken", Kind.AMOUNT, EVERYWHERE),
    _F("test_quantity", "quantity", "检样数量", "Quantity to test", Kind.AMOUNT, EVERYWHERE),
    _F("retained_quantity", "quantity", "备样数量", "Quantity retained", Kind.AMOUNT, EVERYWHERE),
    _F("quantity_unit", "quantity", "计量单位", "Unit of quantity", needed=EVERYWHERE),
    _F("no_retained_reason", "quantity", "不留备样原因", "Why nothing is retained"),
    _F("purchase_amount", "quantity", "购样金额（元）", "Paid for the samples, yuan", Kind.MONEY),
    _F(
        "seal_state",
        "seal",
        "封样状态",
        "State of the seals",
        Kind.CHOICE,
        EVERYWHERE,
        choices=SEAL_STATES,
    ),
    _F("retained_place", "seal", "备样封存地点", "Where the retained sample is kept"),
    _F("storage", "seal", "储存条件", "Storage conditions", needed=EVERYWHERE),
    _F("packaging", "seal", "包装", "Packaging"),
    _F("send_to", "seal", "寄（送）样地址", "Samples are sent to", needed=EVERYWHERE),
    _F("send_by", "seal", "寄（送）样截止日期", "To be sent by", Kind.DAY),
    _F("platform_name", "online", "平台名称", "Platform", needed=ONLINE),
    _F("shop_name", "online", "网店名称", "Online shop", needed=ONLINE),
    _F("shop_url", "online", "网址", "Address on the web", Kind.URL, ONLINE),
    _F("order_no", "online", "订单号", "Order number", needed=ONLINE),
    _F("ordered_on", "online", "下单日期", "Ordered on", Kind.DAY, ONLINE),
    _F("payment_account", "online", "支付账户", "Paying account", is_personal=True, needed=ONLINE),
    _F("buyer_account", "online", "注册账号", "Buyer's account", is_personal=True, needed=ONLINE),
    _F("delivery_address", "online", "收货地址", "Delivered to", is_personal=True, needed=ONLINE),
    _F("parcel_no", "online", "物流单号", "Parcel number", needed=ONLINE),
    _F("opened_on", "online", "拆包日期", "Parcel opened on", Kind.DAY, ONLINE),
    _F("remarks", "seal", "备注", "Remarks", Kind.LONG),
)

BY_NAME: dict[str, RecordField] = {field.name: field for field in FIELDS}
PERSONAL: frozenset[str] = frozenset(field.name for field in FIELDS if field.is_personal)


def fields_of(group: str, channel: Channel) -> tuple[RecordField, ...]:
    """The fields of a group that a record of a channel has."""
    if group == "online" and channel is not Channel.ONLINE:
        return ()
    return tuple(field for field in FIELDS if field.group == group)
