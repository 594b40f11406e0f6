"""Cases of samples (监督抽查), each at another point of its way, and the rapid tests before some.

Passed and closed; failed with the correction running; an objection open; failed and overdue; a
failure that the demo's enterprise may still object to; one of risk monitoring; one just drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core import files, meta
from core.actors import SYSTEM, Actor, Role
from core.progress import Progress
from registry.queries import inspectors
from runtime.demo import days, exhibits, fieldwork, supervision
from runtime.demo.accounts import actor
from runtime.demo.acts import told
from runtime.demo.city import City
from runtime.demo.fieldwork import Goods, Visit, channel_of, goods_at, signed_record, team_of
from sampling.maths.procedure_words import Act, Domain, Purpose
from sampling.service import results
from sampling.service.procedure.moves import carry_out
from sampling.service.procedure.opening import (
    Product,
    open_cases,
    record_rapid_test,
    sample_because,
)
from sampling.service.procedure.settling import settle_cases
from sampling.views import DrawnUnitView

KINDS = ("passed", "correcting", "objected", "overdue", "notified", "monitored", "drawn")
CASE = {kind: f"demo.story.case-{kind}" for kind in KINDS}  # in core.meta
FAILED: list[dict[str, Any]] = [
    {
        "part": "physical",
        "item": "过充电保护",
        "measured": "充电至 1.3 倍电压未切断",
        "standard": "应切断充电回路",
        "is_serious": True,
    }
]
_LABEL: list[dict[str, Any]] = [
    {"part": "label", "item": "标识", "measured": "未标注输出参数", "standard": "应标注输出参数"}
]


@dataclass
class Way:
    """A case on its way, with the lead inspector who writes it down."""

    session: Session
    city: City
    lead: Actor
    case: Any  # a row of the service
    visit: Visit

    def do(self, back: int, act: Act, on: str = "", **facts: Any) -> None:
        """One act on a day; ``on`` names the fact that is the day."""
        told_on = {on: days.day(self.city, back).isoformat()} if on else {}
        with days.on(self.city, back, 11):
            carry_out(self.session, self.lead, self.case.no, act, {**told_on, **facts})

    def sampled(self) -> None:
        """Notice, visit, signed record and sealed samples, on one day."""
        back, record_no = self.visit.back, signed_record(self.session, self.city, self.visit)
        number = record_no.rpartition("-")[2]
        notice, people = f"TZ-演示-{number}", list(self.visit.samplers)
        self.do(back, Act.GIVE_NOTICE, "noticed_on", notice_no=notice, samplers=people)
        self.do(back, Act.ARRIVE, "arrived_on")
        made = {}
        if self.visit.goods.maker.code != self.visit.code:
            made = {"producer_code": self.visit.goods.maker.code}
        self.do(
            back,
            Act.SAMPLE,
            "sampled_on",
            record_no=record_no,
            test_samples=6,
            retained_samples=3,
            seal_no=f"F-{number}-01 至 03",
            **made,
        )

    def tested(self, back: int) -> None:
        """Sent, received, and the test begun by others than the samplers."""
        self.do(back, Act.SEND, "sent_on", laboratory=self.city.laboratories[0].name)
        self.do(back - 1, Act.RECEIVE, "received_on", seals_intact=True)
        self.do(back - 1, Act.BEGIN_TEST, "began_on", testers=["L01", "L02"], licence_checked=True)

    def report(self, back: int) -> dict[str, Any]:
        """The laboratory's report of a day: its number and its file."""
        number = f"JY-演示-{self.case.no.rpartition('-')[2]}"
        content = exhibits.page(self.city, f"检验报告 {number}", f"案件：{self.case.no}")
        with days.on(self.city, back, 10):
            name = f"检验报告 {number}.txt"
            file = files.store(self.session, content, name=name, media_type="text/plain")
        return {"report_no": number, "report": [file.sha256]}

    def reported(self, back: int, failed: list[dict[str, Any]] | None = None) -> None:
        """The verdicts of a report."""
        parts = {one["part"] for one in failed or ()}
        self.do(
            back,
            Act.REPORT,
            "reported_on",
            physical="fail" if "physical" in parts else "pass",
            label="fail" if "label" in parts else "pass",
            overall="fail" if parts else "pass",
            tested_items=14,
            failed_items=failed or [],
            **self.report(back),
        )

    def notified(self, back: int, *, failed: bool) -> None:
        """Letters to everybody whom the law wants told."""
        roles = ["sampled_unit"]
        if self.case.producer_name is not None:
            roles.append("producer")
            if failed:
                roles.append("authority")
        sent = days.day(self.city, back).isoformat()
        names = {"authority": "标称生产者所在地市场监督管理局（虚构）"}
        self.do(
            back,
            Act.NOTIFY,
            parties=[
                {"role": role, "channel": "post", "sent_on": sent, "name": names.get(role, "")}
                for role in roles
            ],
        )

    def received(self, back: int) -> None:
        """Those who may object have the letter."""
        for role in ("sampled_unit", *(("producer",) if self.case.producer_name else ())):
            self.do(back, Act.RECORD_RECEIPT, "received_on", party=role, manner="signed")

    def night(self, back: int) -> None:
        """The daily job of a day."""
        with days.on(self.city, back, 3):
            settle_cases(self.session, SYSTEM)


def cases(session: Session, city: City, progress: Progress) -> None:
    """All of them, and what the visits of the plan found."""
    plan_no = told(session, supervision.PLAN)
    units = fieldwork.visited(session)
    ways = {
        "overdue": _overdue(session, city, units[3]),
        "passed": _passed(session, city, units[0]),
        "correcting": _correcting(session, city, units[1]),
        "objected": _objected(session, city, units[2]),
    }
    for kind, way in ways.items():
        meta.put(session, CASE[kind], way.case.no)
    _record_results(session, city, plan_no, units)
    rapid_tests(session, city)
    with days.on(city, 1, 9):
        way = _begun(session, city, fieldwork.fresh(session), 0)
        meta.put(session, CASE["drawn"], way.case.no)
    settle_cases(session, SYSTEM)
    progress("cases", 1, 1)


def _begun(session: Session, city: City, unit: DrawnUnitView, back: int) -> Way:
    lead, plan_no = actor(session, Role.LEAD_INSPECTOR), told(session, supervision.PLAN)
    goods = goods_at(city, unit.code)
    channel = channel_of(goods, unit.code)
    (case,) = open_cases(
        session,
        lead,
        plan_no,
        codes=[unit.code],
        product=Product(goods.product.name, goods.product.brand, goods.product.model, goods.lot_no),
        domain=Domain(channel),
    )
    visit = Visit(unit.code, goods, team_of(unit), back, plan_no=plan_no, channel=channel)
    return Way(session, city, lead, case, visit)


def _started(session: Session, city: City, unit: DrawnUnitView, back: int) -> Way:
    with days.on(city, back + 1, 9):
        way = _begun(session, city, unit, back)
    way.sampled()
    way.tested(back - 1)
    return way


def _passed(session: Session, city: City, unit: DrawnUnitView) -> Way:
    """Nobody objected to a pass; the samples went back."""
    way = _started(session, city, unit, 124)
    way.reported(105)
    way.notified(104, failed=False)
    way.received(101)
    way.night(70)
    way.do(69, Act.SETTLE_PASS)
    way.do(66, Act.CLOSE_PASS, "returned_on", samples="returned")
    return way


def _correcting(session: Session, city: City, unit: DrawnUnitView) -> Way:
    """A failure that stands; 60 days to correct it are running."""
    way = _started(session, city, unit, 110)
    way.reported(90, FAILED)
    way.notified(88, failed=True)
    way.received(85)
    way.night(40)
    way.do(39, Act.STOP_SALE, "told_on", order_no="TS-演示-02")
    way.do(38, Act.ORDER_CORRECTION, "ordered_on", order_no="ZG-演示-02")
    return way


def _objected(session: Session, city: City, unit: DrawnUnitView) -> Way:
    """The unit objected on paper in time; the decision is due."""
    way = _started(session, city, unit, 45)
    way.reported(20, FAILED)
    way.notified(18, failed=True)
    way.received(12)
    way.do(
        3,
        Act.RECORD_OBJECTION,
        "objected_on",
        objector="sampled_unit",
        kind="conclusion",
        statement="对过充电保护项目的检验结论有异议，申请复检（演示）",
        disputed_items=["过充电保护"],
    )
    return way


def _overdue(session: Session, city: City, unit: DrawnUnitView) -> Way:
    """Correction was ordered; the 60 days and the days of the re-check have passed."""
    way = _started(session, city, unit, 125)
    way.reported(120, FAILED)
    way.notified(119, failed=True)
    way.received(118)
    way.night(88)
    way.do(87, Act.STOP_SALE, "told_on", order_no="TS-演示-04")
    way.do(86, Act.ORDER_CORRECTION, "ordered_on", order_no="ZG-演示-04")
    return way


def _record_results(session: Session, city: City, plan_no: str, units: list[DrawnUnitView]) -> None:
    """What the visits of the plan found, where no dispute is open; the last ones lately."""
    lead = actor(session, Role.LEAD_INSPECTOR)
    early = ((units[3], 125, True), (units[0], 124, False), (units[1], 110, True))
    with days.on(city, 35, 16):
        found = [_found(city, unit, back, failed) for unit, back, failed in early]
        results.record_results(session, lead, plan_no, found)
    with days.on(city, 10, 16):
        found = [_found(city, unit, 12, False) for unit in units[4:]]
        results.record_results(session, lead, plan_no, found)


def _found(city: City, unit: DrawnUnitView, back: int, failed: bool) -> dict[str, Any]:
    found = {
        "code": unit.code,
        "inspected_on": days.day(city, back),
        "outcome": "fail" if failed else "pass",
        "inspected": 1,
    }
    if failed:
        found |= {"failing": 1, "critical": 1, "note": "过充电保护不合格（演示）"}
    return found


def rapid_tests(session: Session, city: City) -> None:
    """Three readings: one led to a supervision sample, one to a monitoring sample, one to none."""
    lead, firms = actor(session, Role.LEAD_INSPECTOR), city.story.firms

    def reading(back: int, firm: str, product: str, lot_no: str | None, found: str) -> str:
        with days.on(city, back, 9):
            return record_rapid_test(
                session,
                lead,
                enterprise_code=firms[firm].code,
                product=product,
                lot_no=lot_no,
                item="外壳温升",
                method="红外测温快检（演示）",
                reading=found,
                measured={"positive": "72 K", "unclear": "58 K"}.get(found, "41 K"),
                tested_on=days.day(city, back),
                place=f"{firms[firm].short_name}（演示）",
            ).no

    charger = city.story.products["maker"]
    reading(33, "shop_corner", charger.name, None, "negative")
    positive = reading(26, "maker", charger.name, "YS2409-01", "positive")
    unclear = reading(24, "platform_group", "移动电源", None, "unclear")
    meta.put(session, CASE["notified"], _notified(session, city, positive).case.no)
    meta.put(session, CASE["monitored"], _monitored(session, city, unclear).case.no)


def _because(
    session: Session, city: City, rapid: str, firm: str, back: int, purpose: Purpose
) -> Way:
    """A case that a rapid test led to; two people who sample in turn."""
    lead, firms = actor(session, Role.LEAD_INSPECTOR), city.story.firms
    channel = "production" if firm == "maker" else "shop"
    with days.on(city, back + 1, 14):
        case = sample_because(session, lead, rapid, purpose=purpose, domain=Domain(channel))
    chosen = {person.number for person in city.people[4:6]}
    people = {
        each.number: Actor(None, each.name, Role.INSPECTOR, person_id=each.person_id)
        for each in inspectors(session)
        if each.number in chosen
    }
    own = goods_at(city, firms[firm].code)
    goods = Goods(own.product, firms[firm], case.lot_no or "")
    visit = Visit(
        firms[firm].code,
        goods,
        people,
        back,
        why=f"快检 {rapid} 读数异常（演示）",
        purpose=purpose.value,
        channel=channel,
    )
    return Way(session, city, lead, case, visit)


def _notified(session: Session, city: City, rapid: str) -> Way:
    """The label fails at the demo's enterprise: it has a letter to receive, and may object."""
    way = _because(session, city, rapid, "maker", 25, Purpose.SUPERVISION)
    way.sampled()
    way.tested(24)
    way.reported(8, _LABEL)
    way.notified(2, failed=True)
    return way


def _monitored(session: Session, city: City, rapid: str) -> Way:
    """Risk monitoring (风险监测): findings and an assessment, never a verdict."""
    way = _because(session, city, rapid, "platform_group", 23, Purpose.MONITORING)
    way.sampled()
    way.tested(22)
    way.do(
        9,
        Act.REPORT_FINDINGS,
        "reported_on",
        findings="高温下外壳温升接近上限，标准未作要求（演示）",
        **way.report(9),
    )
    way.do(
        5,
        Act.ASSESS_RISK,
        "assessed_on",
        level="medium",
        assessment="存在烫伤可能，建议关注同类产品（演示）",
    )
    return way
