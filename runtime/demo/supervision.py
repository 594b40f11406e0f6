"""Supervision sampling by risk, drawn months ago; and a joint visit of two departments, today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from core import meta
from core.actors import Role
from core.clock import today
from core.progress import Progress
from registry import queries as registry
from runtime.demo import days, papers
from runtime.demo.accounts import actor
from runtime.demo.acts import SOURCES, drawn_units, told
from runtime.demo.chance import invented, invented_dice
from runtime.demo.city import City
from runtime.demo.records import EnterpriseRecord
from runtime.release import release
from sampling.service import annual, drawing, entropy, freezing, joint, log, planning, recusing

PLAN, JOINT_PLAN, DRAFT_PLAN = (
    f"demo.story.{name}-plan" for name in ("supervision", "joint", "draft")
)  # in core.meta
CATEGORIES = ("D02", "D05")
_QUOTAS = {"高": 6, "中": 8, "低": 4}
# A heavier grade is drawn with a greater chance; 20 in 100 of the chance is the same for all.
_WEIGHTS = {"A": 1, "B": 2, "C": 4, "D": 8}
_WITHIN = 200  # days in which the same product is not sampled again, and some more
_SUPERVISORS, _ENFORCERS = "产品质量监督科", "综合执法一科"
_JOINT = (
    {"key": _SUPERVISORS, "items": ["执行标准与标识", "出厂检验记录"], "qualification": "none"},
    {"key": _ENFORCERS, "items": ["登记事项", "强制性认证"], "qualification": "none"},
)


def draw(session: Session, city: City, progress: Progress) -> None:
    """A plan with unequal chances and one certain unit, drawn; one recusal declared afterwards."""
    lead = actor(session, Role.LEAD_INSPECTOR)
    with days.on(city, days.last_december(city), 16):
        made = planning.create_plan(
            session,
            lead,
            title=f"{city.as_of.year} 年锂电池与移动电源监督抽查（演示）",
            purpose="supervision",
            strata_by="risk_tier",
            strata=_strata(session, CATEGORIES, "risk_tier", _QUOTAS, reserve=2),
            method={
                "kind": "pareto",
                "by": "grade",
                "weights": _WEIGHTS,
                "equal_share_percent": 20,
            },
            certain=[
                {
                    "code": _certain(city).code,
                    "reason": "上一年度监督抽查不合格，本年度必抽（演示）",
                }
            ],
            visit_on=days.day(city, days.DRAWN_BACK - 5),
            sources=SOURCES,
            category_codes=list(CATEGORIES),
        )
        papers.name_row(session, lead, made.no, papers.BATTERIES)
    meta.put(session, PLAN, made.no)
    with days.on(city, days.DRAWN_BACK, 9):
        secret = invented(city, "secret/supervision")
        freezing.freeze(session, lead, made.no, secret=secret, software=release())
    with days.on(city, days.DRAWN_BACK, 10):
        _throw_and_draw(session, city, made.no, "supervision")
    with days.on(city, days.DRAWN_BACK - 1, 9):
        unit = drawn_units(session, made.no)[-1]
        recusing.recuse(
            session,
            lead,
            made.no,
            code=unit.code,
            inspector=unit.team[1].inspector_id,
            kind="kinship",
            reason="近亲属在该企业任职，本人抽取后申报（演示）",
        )
        log.sign_log(session)
    progress("supervision", 1, 1)


def joint_visit(session: Session, city: City, progress: Progress) -> None:
    """Two departments visit together: one has recorded and published, the other has not yet."""
    lead = actor(session, Role.LEAD_INSPECTOR)
    quotas = {"A": 1, "B": 1, "C": 1, "D": 1}
    made = planning.create_plan(
        session,
        lead,
        title=f"{city.as_of.year} 年燃气器具跨部门联合检查（演示）",
        strata_by="grade",
        strata=_strata(session, ["R"], "grade", quotas, reserve=1),
        visit_on=today() + timedelta(days=2),
        sources=SOURCES,
        category_codes=["R"],
        team={"departments": [dict(one) for one in _JOINT], "region": False},
    )
    annual.link_plan(
        session, lead, made.no, paper_no=told(session, papers.ANNUAL), row_key=papers.JOINT
    )
    secret = invented(city, "secret/joint")
    freezing.freeze(session, lead, made.no, secret=secret, software=release())
    _throw_and_draw(session, city, made.no, "joint")
    code = drawn_units(session, made.no)[0].code
    joint.record_department_result(
        session,
        lead,
        made.no,
        code=code,
        department=_SUPERVISORS,
        inspected_on=today(),
        items=[{"item": item, "finding": "pass"} for item in _JOINT[0]["items"]],
    )
    joint.publish_department_result(session, lead, made.no, code=code, department=_SUPERVISORS)
    meta.put(session, JOINT_PLAN, made.no)
    progress("joint", 1, 1)


def draft_plan(session: Session, city: City, progress: Progress) -> None:
    """A draft whose size and chances are still open: whoever visits may ask the advisor."""
    lead = actor(session, Role.LEAD_INSPECTOR)
    made = planning.create_plan(
        session,
        lead,
        title=f"{city.as_of.year} 年燃气报警器监督抽查（演示，草稿）",
        purpose="supervision",
        strata_by="grade",
        strata=_strata(session, ["R03"], "grade", {"A": 3, "B": 4, "C": 5, "D": 3}, reserve=2),
        method={"kind": "pareto", "by": "risk_tier", "weights": {"高": 4, "中": 2, "低": 1}},
        visit_on=today() + timedelta(days=21),
        sources=SOURCES,
        category_codes=["R03"],
    )
    meta.put(session, DRAFT_PLAN, made.no)
    progress("draft plan", 1, 1)


def _throw_and_draw(session: Session, city: City, no: str, what: str) -> None:
    lead, second = actor(session, Role.LEAD_INSPECTOR), actor(session, Role.RISK_ANALYST)
    dice = invented_dice(city, f"dice/{what}")
    entropy.enter_dice(session, lead, no, dice=dice)
    entropy.enter_dice(session, second, no, dice=dice)
    value = invented(city, f"second source/{what}").hex()
    entropy.enter_public_value(session, lead, no, value=value)
    drawing.draw(session, lead, no)


def _strata(
    session: Session,
    category_codes: Sequence[str],
    by: str,
    quotas: dict[str, int],
    *,
    reserve: int,
) -> list[dict[str, Any]]:
    codes = [n.code for c in category_codes for n in registry.category_subtree(session, c)]
    units = registry.roster(session, category_codes=codes)
    sizes = Counter(str(getattr(unit, by)) for unit in units if unit.status == "active")
    return [
        {"key": key, "quota": min(quota, sizes[key]), "reserve": reserve}
        for key, quota in quotas.items()
        if sizes[key]
    ]


def _certain(city: City) -> EnterpriseRecord:
    """A maker of the heaviest grade that may be sampled again on the day of the visit."""
    since = days.day(city, days.DRAWN_BACK + _WITHIN)
    lately = {row.enterprise_code for row in city.inspections if row.on >= since}
    return max(
        (
            firm
            for firm in city.enterprises
            if firm.category_code in CATEGORIES
            and firm.risk_tier == "高"
            and firm.status == "active"
            and firm.code not in lately
        ),
        key=lambda firm: (firm.grade, firm.tier == 2, firm.code),
    )
