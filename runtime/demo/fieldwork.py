"""Sampling records (抽样单): signed and sealed ones that cases stand on, and one still a draft."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from core import meta
from core.actors import Actor, Role
from core.clock import today
from core.progress import Progress
from runtime.demo import days, exhibits, supervision
from runtime.demo.accounts import actor
from runtime.demo.acts import drawn_units, told
from runtime.demo.chance import invented
from runtime.demo.city import City
from runtime.demo.papers import AUTHORITY
from runtime.demo.records import EnterpriseRecord, ProductRecord
from sampling.service import agencies, record_files, record_signing, records
from sampling.views import DrawnUnitView

DRAFT = "demo.story.draft-record"  # in core.meta: its number


@dataclass(frozen=True, slots=True)
class Goods:
    """What is sampled at a unit, and who made it."""

    product: ProductRecord
    maker: EnterpriseRecord
    lot_no: str


@dataclass(frozen=True, slots=True)
class Visit:
    """A sampling as it is written down.

    ``plan_no`` is None where the sample is taken outside a draw; then ``why`` says why.
    """

    code: str
    goods: Goods
    samplers: dict[str, Actor]  # by work number
    back: int
    plan_no: str | None = None
    why: str | None = None
    purpose: str = "supervision"
    channel: str = "production"


def visited(session: Session) -> list[DrawnUnitView]:
    """Units of the supervision plan whose samples were taken, in the order of dispatch."""
    own = fresh(session).code
    units = drawn_units(session, told(session, supervision.PLAN))
    return [unit for unit in units if unit.code != own]


def fresh(session: Session) -> DrawnUnitView:
    """The unit that is still to be visited: by the demo's inspector, where he was drawn."""
    units = drawn_units(session, told(session, supervision.PLAN))
    person = actor(session, Role.INSPECTOR).person_id
    mine = [unit for unit in units if person in {seat.person_id for seat in unit.team}]
    return (mine or units)[0]


def goods_at(city: City, code: str) -> Goods:
    """A product found at an enterprise: its own, or one that it sells."""
    firms = {firm.code: firm for firm in city.enterprises}
    own = [one for one in city.products if one.enterprise_code == code]
    sold = [one for one in city.products if one.category_code == firms[code].category_code]
    place = invented(city, f"goods/{code}")[0]
    product = own[0] if own else sold[place % len(sold)]
    maker = firms[product.enterprise_code]
    return Goods(product, maker, f"{maker.mark}{city.as_of.year % 100}{place % 12 + 1:02d}-{place}")


def next_visit(session: Session, city: City, progress: Progress) -> None:
    """The notice and the draft of a record for the visit of today."""
    plan_no = told(session, supervision.PLAN)
    unit = fresh(session)
    notice = agencies.issue_notice(
        session,
        actor(session, Role.LEAD_INSPECTOR),
        plan_no,
        unit.code,
        token=invented(city, "notice").hex(),
        authority=AUTHORITY,
        basis="《产品质量监督抽查管理暂行办法》第十六条",
        visit_on=today(),
        valid_until=today() + timedelta(days=14),
    )
    goods = goods_at(city, unit.code)
    draft = records.start(
        session,
        _writer(session, unit),
        channel=channel_of(goods, unit.code),
        plan_no=plan_no,
        code=unit.code,
        values={
            "task_source": "省级监督抽查（演示）",
            "level": "province",
            "notice_no": notice.no,
            "product_name": goods.product.name,
            "brand": goods.product.brand,
            "model": goods.product.model,
        },
    )
    meta.put(session, DRAFT, draft.no)
    progress("records", 1, 1)


def channel_of(goods: Goods, code: str) -> str:
    """Where the sample is taken: at its maker or in a shop."""
    return "production" if goods.maker.code == code else "shop"


def team_of(unit: DrawnUnitView) -> dict[str, Actor]:
    """The people who sample at a drawn unit, by work number."""
    return {
        seat.number: Actor(None, seat.name, Role.INSPECTOR, person_id=seat.person_id)
        for seat in unit.team
    }


def signed_record(session: Session, city: City, visit: Visit) -> str:
    """A record filled in, signed by both samplers and the unit, and sealed; its number."""
    first = next(iter(visit.samplers.values()))
    with days.on(city, visit.back, 10):
        outside = visit.plan_no is None
        record = records.start(
            session,
            first,
            channel=visit.channel,
            purpose=visit.purpose,
            plan_no=visit.plan_no,
            code=None if outside else visit.code,
            standalone_reason=visit.why,
            enterprise_code=visit.code if outside else None,
            samplers=list(visit.samplers) if outside else (),
        )
        values = _values(city, visit, record.no)
        records.save(session, first, record.no, values=values, samples=_samples(city, record.no))
        for kind, name in (("place", "经营场所"), ("label", "标签"), ("seal", "封样")):
            record_files.attach(
                session,
                first,
                record.no,
                kind=kind,
                content=exhibits.picture(city, f"{kind}/{record.no}"),
                name=f"{name}（演示图）.png",
            )
        for sampler in visit.samplers.values():
            record_signing.sign(session, sampler, record.no)
        record_signing.sign_for_unit(session, first, record.no, name="现场负责人（演示）")
        record_signing.seal(session, first, record.no)
    return record.no


def _samples(city: City, number: str) -> list[dict[str, str]]:
    mark = f"F-{number.rpartition('-')[2]}"
    place = f"{city.laboratories[0].name}备样室"
    test = [{"kind": "test", "quantity": "3", "seal_no": f"{mark}-0{place}"} for place in (1, 2)]
    kept = {"kind": "retained", "quantity": "3", "seal_no": f"{mark}-03"}
    return [*test, {**kept, "place": place, "storage": "常温干燥"}]


def _values(city: City, visit: Visit, number: str) -> dict[str, Any]:
    goods = visit.goods
    is_own = goods.maker.code == visit.code
    return {
        "task_source": "省级监督抽查（演示）",
        "level": "province",
        "notice_no": f"TZ-演示-{number.rpartition('-')[2]}",
        "sampled_on": days.day(city, visit.back).isoformat(),
        "method": "从待销产品中随机抽取",
        "contact_name": "现场联系人（演示）",
        "contact_phone": "0990-555-0107",
        "producer_name": goods.maker.name,
        "producer_address": goods.maker.address,
        "producer_relation": "own" if is_own else "bought",
        "product_name": goods.product.name,
        "brand": goods.product.brand,
        "model": goods.product.model,
        "lot_no": goods.lot_no or "/",
        "standard_no": goods.product.standard,
        "category_code": goods.product.category_code,
        "base_quantity": "180",
        "stock_quantity": "420",
        "taken_quantity": "9",
        "test_quantity": "6",
        "retained_quantity": "3",
        "quantity_unit": "个",
        "purchase_amount": "1074",
        "seal_state": "sound",
        "retained_place": f"{city.laboratories[0].name}备样室",
        "storage": "常温干燥",
        "send_to": city.laboratories[0].name,
        "send_by": days.day(city, visit.back - 5).isoformat(),
        "remarks": "演示数据，均为虚构",
    }


def _writer(session: Session, unit: DrawnUnitView) -> Actor:
    """Who writes the draft: the demo's inspector if he goes there, else the lead inspector."""
    inspector = actor(session, Role.INSPECTOR)
    if inspector.person_id in {seat.person_id for seat in unit.team}:
        return inspector
    return actor(session, Role.LEAD_INSPECTOR)
