"""What the tests of publication share: papers, a drawn plan with results, people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from sampling.maths.notices import FailedItem, PublishableResult
from sampling.maths.publication import Purpose, Stage
from sampling.models.plans import DrawnUnit, Plan
from sampling.models.publication import Paper
from sampling.service import annual, drawing, entropy, results
from tests import factories
from tests.services.sampling.conftest import AFTER, SIGNATURE, VALUE, City

AUTHORITY = "云汐市市场监督管理局"

ITEMS: dict[str, Any] = {
    "valid_from": "2023-01-01",
    "rows": [
        {
            "key": "01",
            "category": "产品质量监督检查",
            "matter": "充电器质量安全",
            "target": "充电器生产、销售企业",
            "weight": "key",
            "method": "on_site",
            "level": "county",
            "basis": "产品质量法第十五条",
            "lead": "质量监督科",
            "cooperating": "综合执法大队、网监科",
            "share": "5%",
            "frequency": "1",
        }
    ],
}


def annual_body(item_list: str | None = None, **changes: Any) -> dict[str, Any]:
    """The body of an annual plan with one row."""
    row = {
        "key": "01",
        "item": "01" if item_list else None,
        "matter": "充电器质量安全",
        "target": "充电器生产、销售企业",
        "share": "0.05",
        "frequency": 1,
        "quantity": 10,
        "begins_on": "2023-03-01",
        "ends_on": "2023-11-30",
        "lead": "质量监督科",
        "cooperating": ["综合执法大队"],
        "purpose": "防止不合格充电器流入市场",
    }
    return {"item_list": item_list, "rows": [{**row, **changes}]}


@dataclass
class Desk:
    """Two leads, and papers made by them."""

    session: Session
    first: Actor
    second: Actor

    def paper(self, kind: str = "annual_plan", body: Any = None, year: int = 2023) -> Paper:
        """A draft of the first person."""
        return annual.draft_paper(
            self.session,
            self.first,
            kind=kind,
            year=year,
            title="2023 年度产品质量抽查计划",
            authority=AUTHORITY,
            body=body if body is not None else annual_body(),
        )

    def publish(self, no: str) -> Paper:
        """Approved by the second person, published by the first."""
        annual.approve_paper(self.session, self.second, no)
        return annual.publish_paper(self.session, self.first, no)

    def published_plan(self) -> tuple[str, str]:
        """Numbers of a published item list and of an annual plan that names its item."""
        items = self.paper("item_list", ITEMS).no
        self.publish(items)
        plan = self.paper("annual_plan", annual_body(items)).no
        self.publish(plan)
        return items, plan


def desk_of(session: Session) -> Desk:
    """A desk with two leads."""

    def actor(role: Role) -> Actor:
        account = factories.account(session, role=role)
        return Actor(account.id, account.display_name, role)

    return Desk(session, actor(Role.LEAD_INSPECTOR), actor(Role.ADMINISTRATOR))


def drawn_plan(city: City, at: Any, **changes: Any) -> Plan:
    """A plan that is drawn, its units not visited yet."""
    plan = city.committed(**changes)
    city.throw_dice(plan)
    at(AFTER)
    entropy.enter_public_value(city.session, city.lead, plan.no, value=VALUE, signature=SIGNATURE)
    drawing.draw(city.session, city.lead, plan.no)
    return plan


def visited(city: City, plan: Plan, outcome: str, *, on: date, count: int = 1) -> list[str]:
    """Codes of units of a plan that now have this outcome."""
    known = select(results.InspectionResult.code).where(results.InspectionResult.plan_id == plan.id)
    codes = list(
        city.session.execute(
            select(DrawnUnit.code)
            .where(DrawnUnit.plan_id == plan.id, DrawnUnit.is_selected, ~DrawnUnit.code.in_(known))
            .order_by(DrawnUnit.code)
            .limit(count)
        ).scalars()
    )
    results.record_results(
        city.session,
        city.lead,
        plan.no,
        [
            {
                "code": code,
                "inspected_on": on,
                "outcome": outcome,
                "note": "已搬离" if outcome == "not_done" else None,
            }
            for code in codes
        ],
    )
    return codes


def sample(**changes: Any) -> PublishableResult:
    """A failed sample whose result is final."""
    facts: dict[str, Any] = {
        "sample_no": "S2023-0001",
        "case_no": "AJ-2023-0001",
        "purpose": Purpose.SUPERVISION,
        "stage": Stage.FINAL,
        "outcome": "fail",
        "sampled_on": date(2023, 9, 1),
        "unit_name": "云汐市灯塔电器店",
        "unit_code": None,
        "unit_address": "甲省云汐市灯塔路 1 号",
        "unit_province": "甲省",
        "product": "电源适配器",
        "producer_name": "远星电子厂",
        "producer_address": "乙省岚州市工业路 9 号",
        "specification": "YX-65",
        "produced": "2023-05-01/C-0711",
        "failed_items": (
            FailedItem("输出电压", "5.9 V", "≤5.5 V"),
            FailedItem("绝缘", "0", "≥2 MΩ"),
        ),
        "laboratory": "省质检院",
    }
    return PublishableResult(**{**facts, **changes})
