"""Papers before the draws: the list of matters, the year's plan, the contract with a laboratory."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core import meta
from core.actors import Actor, Role
from core.progress import Progress
from runtime.demo import days, exhibits
from runtime.demo.accounts import actor
from runtime.demo.city import City
from sampling.service import agencies, annual

AUTHORITY = "东岚省市场监督管理局（虚构）"
ANNUAL = "demo.story.annual-plan"  # in core.meta: number of the year's plan
CHARGERS, CHILDREN, BATTERIES, JOINT = "01", "02", "03", "04"
_LEAD = "产品质量监督科"
_BASIS = "《中华人民共和国产品质量法》第十五条"

# number, matter, target, weight, way, share, quantity, first and last month, purpose
_ROWS = (
    (CHARGERS, "电动自行车充电器质量安全", "充电器生产、销售企业", "key", "on_site", "0.2", 40,
     "03", "11", "防止不合格充电器流入市场"),
    (CHILDREN, "儿童用品质量安全", "儿童用品生产、销售企业", "key", "on_site", "0.08", 26,
     "05", "12", "保护儿童人身安全"),
    (BATTERIES, "锂电池与移动电源监督抽查", "电池与移动电源生产、销售企业", "key", "sampling",
     "0.1", 18, "01", "12", "发现过充电保护、短路保护不合格的产品"),
    (JOINT, "燃气器具跨部门联合检查", "燃气灶、燃气软管生产企业", "general", "on_site",
     "0.1", 4, "06", "12", "一次上门，分项检查"),
)  # fmt: skip


def annual_plan(session: Session, city: City, progress: Progress) -> None:
    """The list of matters and the year's plan: drafted, approved by another person, published."""
    lead, admin = actor(session, Role.LEAD_INSPECTOR), actor(session, Role.ADMINISTRATOR)
    back = days.last_december(city)
    year = city.as_of.year
    with days.on(city, back, 9):
        body = {"valid_from": f"{year}-01-01", "rows": [_item(row) for row in _ROWS]}
        items = _published(
            session, lead, admin, "item_list", year, "随机抽查事项清单（演示）", body
        )
    with days.on(city, back, 15):
        body = {"item_list": items, "rows": [_task(row, year) for row in _ROWS]}
        title = f"{year} 年度产品质量抽查计划（演示）"
        no = _published(session, lead, admin, "annual_plan", year, title, body)
        meta.put(session, ANNUAL, no)
        agencies.record_contract(
            session,
            lead,
            role="laboratory",
            agency_code=city.laboratories[0].code,
            agency_name=city.laboratories[0].name,
            scope="电气电子产品监督抽查检验（演示）",
            valid_from=days.day(city, back),
            valid_until=days.day(city, -365),
            forbids_subcontracting=True,
            content=exhibits.page(city, "委托协议", "未经书面同意，不得转包、分包检验任务。"),
            file_name="委托协议（演示）.txt",
            media_type="text/plain",
        )
    progress("papers", 1, 1)


def name_row(session: Session, actor: Actor, plan_no: str, row: str) -> None:
    """Say which row of the year's plan a plan carries out."""
    paper_no = meta.get(session, ANNUAL)
    if paper_no is None:
        raise LookupError("the demo has no annual plan yet")
    annual.link_plan(session, actor, plan_no, paper_no=paper_no, row_key=row)


def _published(
    session: Session,
    lead: Actor,
    admin: Actor,
    kind: str,
    year: int,
    title: str,
    body: dict[str, Any],
) -> str:
    paper = annual.draft_paper(
        session, lead, kind=kind, year=year, title=title, authority=AUTHORITY, body=body
    )
    annual.approve_paper(session, admin, paper.no)
    annual.publish_paper(session, lead, paper.no)
    return paper.no


def _item(row: tuple[Any, ...]) -> dict[str, Any]:
    key, matter, target, weight, method, share, *_ = row
    return {
        "key": key,
        "category": "产品质量监督检查",
        "matter": matter,
        "target": target,
        "weight": weight,
        "method": method,
        "level": "province",
        "basis": _BASIS,
        "lead": _LEAD,
        "cooperating": "综合执法一科、消费品安全科",
        "share": share,
        "frequency": 1,
    }


def _task(row: tuple[Any, ...], year: int) -> dict[str, Any]:
    key, matter, target, _, _, share, quantity, first, last, purpose = row
    return {
        "key": key,
        "item": key,
        "matter": matter,
        "target": target,
        "share": share,
        "frequency": 1,
        "quantity": quantity,
        "begins_on": f"{year}-{first}-01",
        "ends_on": f"{year}-{last}-30",
        "lead": _LEAD,
        "cooperating": ["综合执法一科"] if key in (CHARGERS, JOINT) else [],
        "purpose": purpose,
    }
