"""The ledger template of one enterprise: its own codes in drop-downs, and how to fill it in."""

from __future__ import annotations

from collections.abc import Callable

from core.workbooks import Choices, write_xlsx
from traceability.imports import LEDGER
from traceability.maths.units import UNITS
from traceability.queries.own_goods import OwnGoods

Words = Callable[[str], str]

# Rows that the drop-downs reach; a ledger that is longer is written by a program.
ROWS = 5000
EVENTS = ("生产", "发货", "收货", "销售", "退货", "销毁", "盘点", "作废")
# A field and an example of it, as the template explains them; titles come from the format.
_EXAMPLES = {
    "kind": "发货",
    "lot_no": "C-0711",
    "gtin": "06901234567892",
    "quantity": "5200",
    "unit": "件",
    "from_code": "91330000000000000X",
    "to_code": "91330000000000001X",
    "on": "2026-08-20",
    "document_no": "TZ-3302",
    "inputs": "06901234567892/C-0711×10400；无",
    "corrects": "TZ-3301",
}


def ledger_template(code: str, name: str, goods: OwnGoods, gettext: Words = str) -> bytes:
    """A workbook of four sheets: the ledger to fill in, and what may stand in it.

    The importer reads the first sheet. It holds no rows, so that nothing is told that nobody
    wrote; the other sheets are for looking up and for the drop-downs.
    """
    header = [field.title for field in LEDGER.fields if field.name != "unknown_partners"]
    units = sorted({unit.title for unit in UNITS.values()})
    partners = [[code, name], *([each[0], each[1] or ""] for each in goods.partners)]
    lots = [
        [lot, gtin or "", product, UNITS[unit].title] for lot, gtin, product, unit in goods.lots
    ]
    products = [[gtin or "", number, product] for gtin, number, product in goods.products]
    sheets = [
        ("流向台账", header, []),
        (gettext("My lots"), ["批号", "商品条码", "产品名称", "单位"], lots),
        (gettext("Partners"), ["单位代码", "单位名称"], partners),
        (gettext("My products"), ["商品条码", "产品编号", "产品名称"], products),
        (gettext("How to fill in"), ["栏目", "示例"], _help()),
    ]
    titles = {field.name: field.title for field in LEDGER.fields}
    choices = [
        Choices(titles["kind"], EVENTS),
        Choices(titles["unit"], units),
        Choices(titles["lot_no"], [row[0] for row in lots], strict=False),
        Choices(titles["gtin"], [row[0] for row in products if row[0]], strict=False),
        Choices(titles["from_code"], [row[0] for row in partners], strict=False),
        Choices(titles["to_code"], [row[0] for row in partners], strict=False),
    ]
    return write_xlsx(sheets, choices=choices, choice_rows=ROWS)


def _help() -> list[list[str]]:
    return [
        [field.title + ("（必填）" if field.required else ""), _EXAMPLES.get(field.name, "")]
        for field in LEDGER.fields
        if field.name != "unknown_partners"
    ]
