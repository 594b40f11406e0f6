"""The demo city as the files an office would upload: one CSV for each kind of import."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from runtime.demo.records import (
    CategoryRecord,
    EnterpriseRecord,
    IncidentRecord,
    InspectionRecord,
    LaboratoryRecord,
    LotUse,
    MovementRecord,
    PersonRecord,
    PlaceRecord,
    ProductRecord,
    RecusalRecord,
)

ROSTER_HEADER = (
    "统一社会信用代码",
    "名称",
    "行政区划代码",
    "行政区划",
    "产品类别代码",
    "产品类别",
    "地址",
    "登记状态",
    "信用风险等级",
    "评级模型",
)
INSPECTORS_HEADER = (
    "工号",
    "姓名",
    "部门",
    "管辖区划代码",
    "资深",
    "资质类别",
    "执法证号",
    "执法证有效期",
    "在岗",
)
LEDGER_HEADER = (
    "事件",
    "批号",
    "商品条码",
    "数量",
    "单位",
    "发出单位代码",
    "去向单位代码",
    "日期",
    "单据号",
    "投入批次",
)
INCIDENTS_HEADER = (
    "编号",
    "受理日期",
    "发生日期",
    "种类",
    "来源",
    "行政区划代码",
    "产品类别代码",
    "统一社会信用代码",
    "批号",
    "问题",
    "严重程度",
    "受伤人数",
    "内容",
)
_EVENTS = {"production": "生产", "shipment": "发货", "sale": "销售", "stock": "盘点"}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV file in UTF-8 with a byte-order mark, as spreadsheet programs here expect it."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8-sig")


def roster_csv(
    firms: Iterable[EnterpriseRecord],
    places: Iterable[PlaceRecord],
    categories: Iterable[CategoryRecord],
    *,
    graded: bool = True,
) -> bytes:
    """The roster of enterprises (企业名录); ungraded, with risk tiers, where grades follow."""
    place_names = {place.code: place.name for place in places}
    category_names = {category.code: category.name for category in categories}
    header = ROSTER_HEADER if graded else (*ROSTER_HEADER[:-2], "风险等级")
    return table(
        header,
        (
            (
                firm.code,
                firm.name,
                firm.region_code,
                place_names[firm.region_code],
                firm.category_code,
                category_names[firm.category_code],
                firm.address,
                firm.status,
                *((firm.grade, firm.grades[-1].model) if graded else (firm.risk_tier,)),
            )
            for firm in firms
        ),
    )


def grades_csv(firms: Iterable[EnterpriseRecord]) -> bytes:
    """Credit-risk grades with their history (信用风险等级)."""
    return table(
        ("统一社会信用代码", "信用风险等级", "生效日期", "评级模型", "原因"),
        (
            (firm.code, step.grade, step.since.isoformat(), step.model, "演示评级")
            for firm in firms
            for step in firm.grades
        ),
    )


def establishments_csv(firms: Iterable[EnterpriseRecord]) -> bytes:
    """Shops and online shops (经营场所与网店); the site itself comes with the roster."""
    return table(
        ("统一社会信用代码", "序号", "类型", "名称", "地址", "行政区划代码"),
        (
            (firm.code, str(number), shop.kind, shop.name, shop.address, shop.region_code)
            for firm in firms
            for number, shop in enumerate(firm.shops, start=1)
            if shop.kind != "site"
        ),
    )


def products_csv(products: Iterable[ProductRecord]) -> bytes:
    """Articles with their numbers (产品目录)."""
    return table(
        (
            "统一社会信用代码",
            "产品名称",
            "商品条码",
            "商标",
            "规格型号",
            "执行标准",
            "产品类别代码",
        ),
        (
            (p.enterprise_code, p.name, p.gtin, p.brand, p.model, p.standard, p.category_code)
            for p in products
        ),
    )


def inspectors_csv(people: Iterable[PersonRecord]) -> bytes:
    """The roster of inspectors (检查人员名录)."""
    return table(
        INSPECTORS_HEADER,
        (
            (
                person.number,
                person.name,
                person.department,
                person.region_code or "",
                "是" if person.senior else "否",
                "、".join(person.category_codes),
                person.certificate_no,
                person.certificate_until.isoformat(),
                "是",
            )
            for person in people
        ),
    )


def recusals_csv(ties: Iterable[RecusalRecord]) -> bytes:
    """Ties between inspectors and enterprises (回避关系)."""
    return table(
        ("工号", "统一社会信用代码", "回避事由", "起始日期"),
        ((t.person_number, t.enterprise_code, t.kind, t.since.isoformat()) for t in ties),
    )


def laboratories_csv(laboratories: Iterable[LaboratoryRecord]) -> bytes:
    """Testing bodies (检验机构)."""
    return table(
        ("机构编号", "机构名称", "资质认定证书编号", "资质有效期"),
        (
            (each.code, each.name, each.accreditation_no, each.accreditation_until.isoformat())
            for each in laboratories
        ),
    )


def inspections_csv(rows: Iterable[InspectionRecord]) -> bytes:
    """Past inspections (历史检查记录), one row for each product tested."""
    return table(
        (
            "检查编号",
            "统一社会信用代码",
            "检查日期",
            "检查类型",
            "检查结果",
            "较重不合格项",
            "检查人员工号",
        ),
        (
            (
                row.number,
                row.enterprise_code,
                row.on.isoformat(),
                "监督抽查",
                "pass" if row.is_pass else "fail",
                str(len(row.failing_items)),
                row.inspector_numbers[0],
            )
            for row in rows
        ),
    )


def incidents_csv(rows: Iterable[IncidentRecord]) -> bytes:
    """Complaints, leads, accidents and injuries (投诉举报与事故)."""
    severity = {"none": "", "minor": "1"}
    return table(
        INCIDENTS_HEADER,
        (
            (
                row.number,
                row.received_on.isoformat(),
                row.occurred_on.isoformat(),
                row.kind,
                row.source,
                row.region_code,
                row.category_code,
                row.enterprise_code or "",
                row.lot_no or "",
                row.hazard,
                severity[row.harm],
                str(row.injured),
                row.text,
            )
            for row in rows
        ),
    )


def ledger_csv(rows: Iterable[MovementRecord], *, raw_makers: frozenset[str]) -> bytes:
    """The flow ledger (流向台账).

    Parameters
    ----------
    raw_makers : frozenset of str
        Codes of makers of raw material: nothing goes into what they make (无), while another
        maker without inputs simply does not say.
    """
    return table(
        LEDGER_HEADER,
        (
            (
                _EVENTS[row.kind],
                row.lot_no,
                row.gtin,
                _number(row.quantity),
                row.unit,
                row.from_code,
                row.to_code,
                row.on.isoformat(),
                row.document_no,
                _inputs(row, raw_makers),
            )
            for row in rows
        ),
    )


def _number(quantity: Decimal | None) -> str:
    return "" if quantity is None else format(quantity, "f")


def _inputs(row: MovementRecord, raw_makers: frozenset[str]) -> str:
    if row.kind == "production" and row.from_code in raw_makers:
        return "无"
    return ";".join(_use(each) for each in row.inputs)


def _use(each: LotUse) -> str:
    amount = "" if each.quantity is None else f"×{format(each.quantity, 'f')}"
    return f"{each.gtin}/{each.lot_no}{amount}"
