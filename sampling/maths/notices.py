"""The columns of a public notice on supervision sampling, and one result as a row of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date

from sampling.maths.publication import Purpose, Stage

EMPTY = "/"  # how a notice writes that there is nothing to say

# Column → its name in notices; the order is that of the notice.
COLUMNS: Mapping[str, str] = {
    "sample_no": "抽样编号",
    "serial": "序号",
    "producer_name": "标称生产企业名称",
    "producer_address": "标称生产企业地址",
    "unit_name": "被抽样单位名称",
    "unit_address": "被抽样单位地址",
    "product": "产品名称",
    "specification": "规格型号",
    "brand": "商标",
    "produced": "生产日期/批号",
    "failed_items": "不合格项目║检验结果║标准值",
    "category": "分类",
    "announcement_no": "公告号",
    "announced_on": "公告日期",
    "task_source": "任务来源",
    "laboratory": "检验机构",
    "remark": "备注",
}

# Names that provinces use for the same columns; a reader of their notices needs them.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "unit_name": ("经营者名称", "销售单位名称", "网店名称", "被抽样单位"),
    "unit_address": ("经营者地址", "销售单位地址", "网店网址"),
    "producer_name": ("标称生产单位名称", "生产企业名称", "标称生产者名称"),
    "producer_address": ("标称生产单位地址", "生产企业地址", "标称生产者地址"),
    "product": ("样品名称", "抽样产品名称"),
    "specification": ("规格", "型号规格", "规格型号/等级"),
    "produced": ("生产日期（批号）", "生产日期或批号", "批号"),
    "failed_items": ("不合格项目", "主要不合格项目"),
    "laboratory": ("承检机构", "检验单位"),
    "category": ("产品分类", "产品种类"),
}

# Which name each style of notice writes; columns it does not name keep the first name.
STYLES: Mapping[str, Mapping[str, str]] = {
    "standard": {},
    "operator": {"unit_name": "经营者名称", "unit_address": "经营者地址"},
    "seller": {"unit_name": "销售单位名称", "unit_address": "销售单位地址"},
    "online": {"unit_name": "网店名称", "unit_address": "网店网址"},
}


@dataclass(frozen=True, slots=True)
class FailedItem:
    """One item that failed: what was measured against what the standard asks."""

    item: str
    result: str
    standard: str

    def __post_init__(self) -> None:
        if not self.item.strip():
            raise ValueError("a failed item needs its name")


@dataclass(frozen=True, slots=True)
class PublishableResult:
    """The result of one supervision sample, as whoever keeps the case hands it over.

    Parameters
    ----------
    sample_no : str
        抽样编号; one row of the notice.
    purpose : Purpose
        Anything but ``supervision`` is refused later, never silently left out.
    stage : Stage
        How far the case is; only a confirmed or final result may be published.
    outcome : {"pass", "fail"}
        The overall verdict.
    unit_province : str
        Printed in place of the address where the product passed.
    failed_items : tuple of FailedItem
        At least one for a failure, none for a pass.

    Raises
    ------
    ValueError
        A part that the notice cannot do without is missing, or verdict and items disagree.
    """

    sample_no: str
    case_no: str
    purpose: Purpose
    stage: Stage
    outcome: str
    sampled_on: date
    unit_name: str
    unit_code: str | None
    unit_address: str
    unit_province: str
    product: str
    producer_name: str = ""
    producer_address: str = ""
    specification: str = ""
    brand: str = ""
    produced: str = ""
    failed_items: tuple[FailedItem, ...] = ()
    category: str = ""
    task_source: str = ""
    laboratory: str = ""
    remark: str = ""

    def __post_init__(self) -> None:
        for name in ("sample_no", "case_no", "unit_name", "unit_province", "product"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} of a result to publish must not be empty")
        if self.outcome not in ("pass", "fail"):
            raise ValueError(f"outcome is pass or fail, got {self.outcome!r}")
        if (self.outcome == "fail") != bool(self.failed_items):
            raise ValueError("a failure names its failed items, a pass has none")


def notice_row(
    result: PublishableResult, *, serial: int, announcement_no: str, announced_on: date
) -> dict[str, str]:
    """What does the notice print of one result?

    Parameters
    ----------
    serial : int, >= 1
        Place in the announcement.

    Returns
    -------
    dict
        Text by column of `COLUMNS`; ``/`` where there is nothing to say.

    Notes
    -----
    The address of a unit whose product passed is printed as its province only.

    Examples
    --------
    >>> result = PublishableResult(
    ...     "S1", "C1", Purpose.SUPERVISION, Stage.FINAL, "pass", date(2026, 3, 2),
    ...     "甲店", None, "兰州路 1 号", "甲省", "充电器")
    >>> row = notice_row(result, serial=1, announcement_no="2026-1", announced_on=date(2026, 5, 1))
    >>> row["unit_address"], row["brand"], row["failed_items"]
    ('甲省', '/', '/')
    """
    if serial < 1:
        raise ValueError(f"serial is at least 1, got {serial}")
    given = {each.name: getattr(result, each.name) for each in fields(result)}
    row = {
        **{name: str(given.get(name) or "") for name in COLUMNS},
        "serial": str(serial),
        "announcement_no": announcement_no,
        "announced_on": announced_on.isoformat(),
        "unit_address": result.unit_address if result.outcome == "fail" else result.unit_province,
        "failed_items": "、".join(
            "║".join(part.strip() or EMPTY for part in (one.item, one.result, one.standard))
            for one in result.failed_items
        ),
    }
    return {name: text.strip() or EMPTY for name, text in row.items()}


def header(style: str) -> list[str]:
    """The names of the columns as a style of notice writes them."""
    names = STYLES[style]
    return [names.get(column, name) for column, name in COLUMNS.items()]


def column_of(name: str) -> str | None:
    """Which column does a province's name mean? None where it is not known."""
    wanted = name.strip()
    for column, first in COLUMNS.items():
        if wanted == first or wanted in ALIASES.get(column, ()):
            return column
    return None


def columns_of(names: Sequence[str]) -> dict[str, int]:
    """Where does each known column stand in a header?

    Raises
    ------
    ValueError
        Two names mean the same column.
    """
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        column = column_of(name)
        if column is None:
            continue
        if column in found:
            raise ValueError(f"{names[found[column]]!r} and {name!r} mean the same column")
        found[column] = place
    return found
