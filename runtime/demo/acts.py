"""The acts of the story, each through the use case that people have for it.

Warning → plan, commitment, dice, draw, teams → results, one of them the failing lot → the maker's
recall with its notice. A second plan stops at its commitment: whoever visits may go on from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from core import meta
from core.actors import SYSTEM, Role
from core.clock import today
from core.progress import Progress
from recall.maths.notice import Remedy
from recall.service.filing import PlanContent, file_recall
from recall.service.notices import publish_notice
from registry import queries as registry
from risk.maths.weekly import last_whole_week, week_label
from risk.queries.signals import open_signals
from risk.service import deciding, detecting
from runtime.demo import papers, story
from runtime.demo.accounts import actor, add_account
from runtime.demo.catalogue import CHARGER
from runtime.demo.chance import DICE, invented, invented_dice
from runtime.demo.city import City
from runtime.release import release
from sampling.queries.units import drawn_statement, drawn_views
from sampling.service import drawing, entropy, freezing, planning, results
from sampling.views import DrawnUnitView

WEEKS_JUDGED = 4
# Marks in core.meta, for pages and tests that lead a visitor along the story.
PLAN, OPEN_PLAN, SIGNAL, RECALL = (
    f"demo.story.{name}" for name in ("plan", "open-plan", "signal", "recall")
)
_QUOTAS = {"A": 4, "B": 5, "C": 6}
SOURCES = ({"kind": "dice", "count": DICE}, {"kind": "demo"})


def warnings(session: Session, city: City, progress: Progress) -> None:
    """Judge the last weeks, oldest first; the analyst takes and confirms the red warning."""
    last = last_whole_week(city.as_of)
    for back in reversed(range(WEEKS_JUDGED)):
        week = week_label(last - timedelta(days=7 * back))
        detecting.detect(session, SYSTEM, week, progress=progress)
    analyst = actor(session, Role.RISK_ANALYST)
    found = next(
        signal
        for signal in open_signals(session, category=CHARGER, region=story.REGION)
        if signal.week_on == last
    )
    for action, reason in (
        ("assign", "两周内六起过热事故，优先核实（演示）"),
        ("confirm", "投诉与事故均指向充电器过热，已安排专项抽查（演示）"),
    ):
        deciding.decide(session, analyst, found.number, action=action, reason=reason)
    meta.put(session, SIGNAL, found.number)


def plan(session: Session, city: City, progress: Progress) -> None:
    """A plan for chargers, strata by grade with every D in it, frozen and committed to."""
    no = _committed_plan(
        session,
        city,
        title=f"{city.as_of.year} 年电动自行车充电器专项抽查（演示）",
        category_codes=[CHARGER],
        quotas=_QUOTAS,
        visit_on=today(),
        annual_row=papers.CHARGERS,
    )
    meta.put(session, PLAN, no)
    progress("plan", 1, 1)


def draw(session: Session, city: City, progress: Progress) -> None:
    """Dice by two people, the invented second source, the draw; somebody drawn can sign in."""
    no = told(session, PLAN)
    dice = invented_dice(city)
    lead = actor(session, Role.LEAD_INSPECTOR)
    entropy.enter_dice(session, lead, no, dice=dice)
    entropy.enter_dice(session, actor(session, Role.RISK_ANALYST), no, dice=dice)
    value = invented(city, "second source").hex()
    entropy.enter_public_value(session, lead, no, value=value)
    drawing.draw(session, lead, no)
    visits = Counter(seat.person_id for unit in drawn_units(session, no) for seat in unit.team)
    add_account(
        session,
        Role.INSPECTOR,
        person_id=max(visits, key=lambda person: (visits[person], -person)),
    )
    progress("draw", 1, 1)


def visits(session: Session, city: City, progress: Progress) -> None:
    """Results of about half of the visits: the failing lot, one other failure, and passes.

    What the demo's inspector has to do stays open, except at the maker of the story.
    """
    no = told(session, PLAN)
    inspector = actor(session, Role.INSPECTOR)
    maker = city.story.firms["maker"].code
    found: list[dict[str, Any]] = []
    for place, unit in enumerate(drawn_units(session, no)):
        is_own = any(seat.person_id == inspector.person_id for seat in unit.team)
        if unit.code == maker:
            found.append(_failing(unit.code))
        elif not is_own and place % 2 == 0:
            found.append(_ordinary(unit.code, place))
    results.record_results(session, actor(session, Role.LEAD_INSPECTOR), no, found)
    progress("results", 1, 1)


def recall(session: Session, city: City, progress: Progress) -> None:
    """The maker files a recall of the lot with its plan."""
    product = city.story.products["maker"]
    items = "、".join(item for item, _, _ in story.FAILING.items)
    filed = file_recall(
        session,
        actor(session, Role.ENTERPRISE),
        lot_no=story.CHARGER_LOT,
        gtin=product.gtin,
        found_on=today(),
        defect=f"电容批次{story.SOURCE_LOT}耐压不足，{items}不合格",
        hazard="充电时充电器过热、冒烟，严重时起火",
        consequence="可能引燃周围物品，造成人员烫伤或财产损失",
        is_serious=True,
        origin=f"元件批次{story.SOURCE_LOT}（演示）",
        plan=PlanContent(
            instruction="请立即停止使用并断开电源，不要自行拆修，联系本公司退换",
            remedies=(Remedy.REPLACE, Remedy.REFUND),
            measures="免费更换同型号合格产品，或凭产品全额退款，运费由本公司承担",
            contact="0990-555-0100（虚构号码），岚州云杉电器客服（演示）",
            starts_on=today(),
        ),
    )
    meta.put(session, RECALL, filed.number)
    progress("recall", 1, 1)


def notice(session: Session, city: City, progress: Progress) -> None:
    """A leader publishes the notice, once the scope is traced."""
    publish_notice(session, actor(session, Role.LEAD_INSPECTOR), told(session, RECALL))
    progress("notice", 1, 1)


def open_plan(session: Session, city: City, progress: Progress) -> None:
    """A second plan, committed and published, that waits for its dice."""
    no = _committed_plan(
        session,
        city,
        title=f"{city.as_of.year} 年儿童用品抽查（演示，待掷骰）",
        category_codes=["E"],
        quotas={"A": 5, "B": 7, "C": 8, "D": 6},
        visit_on=today() + timedelta(days=14),
        annual_row=papers.CHILDREN,
    )
    meta.put(session, OPEN_PLAN, no)
    progress("open plan", 1, 1)


def told(session: Session, key: str) -> str:
    """A number that an earlier act left behind.

    Raises
    ------
    LookupError
        The act has not been played.
    """
    value = meta.get(session, key)
    if value is None:
        raise LookupError(f"the demo has not come to {key} yet")
    return value


def _committed_plan(
    session: Session,
    city: City,
    *,
    title: str,
    category_codes: Sequence[str],
    quotas: dict[str, int],
    visit_on: date,
    annual_row: str,
) -> str:
    """Create and freeze a plan; a grade without a quota is visited in full."""
    lead = actor(session, Role.LEAD_INSPECTOR)
    codes = [n.code for c in category_codes for n in registry.category_subtree(session, c)]
    units = registry.roster(session, category_codes=codes)
    sizes = Counter(str(unit.grade) for unit in units if unit.status == "active")
    made = planning.create_plan(
        session,
        lead,
        title=title,
        strata_by="grade",
        strata=[
            {
                "key": grade,
                "quota": min(quotas.get(grade, size), size),
                "reserve": 3 if grade in quotas else 0,
            }
            for grade, size in sorted(sizes.items())
        ],
        visit_on=visit_on,
        sources=SOURCES,
        category_codes=category_codes,
    )
    papers.name_row(session, lead, made.no, annual_row)
    freezing.freeze(
        session, lead, made.no, secret=invented(city, f"secret/{title}"), software=release()
    )
    return made.no


def drawn_units(session: Session, no: str) -> list[DrawnUnitView]:
    """Units to visit, in the order of dispatch."""
    units = list(session.execute(drawn_statement(no)).scalars())
    return sorted(drawn_views(session, units), key=lambda unit: unit.dispatch or 0)


def _failing(code: str) -> dict[str, Any]:
    note = "；".join(f"{item}：要求{asked}，实测{got}" for item, asked, got in story.FAILING.items)
    return {
        "code": code,
        "inspected_on": today(),
        "outcome": "fail",
        "inspected": 1,
        "failing": 1,
        "critical": len(story.FAILING.items),
        "note": f"批号{story.FAILING.lot_no}。{note}。（演示）",
    }


def _ordinary(code: str, place: int) -> dict[str, Any]:
    one = {"code": code, "inspected_on": today(), "outcome": "pass", "inspected": 1}
    if place % 14 == 6:
        return one | {"outcome": "conditions", "minor": 1, "note": "标识不完整，已责令改正（演示）"}
    if place % 14 == 12:
        return one | {"outcome": "fail", "failing": 1, "serious": 1, "note": "爬电距离不足（演示）"}
    return one
