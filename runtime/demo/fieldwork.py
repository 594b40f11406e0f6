"""Sampling records (抽样单) of the supervision plan: one signed and sealed, one still a draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core import meta
from core.actors import Actor, Role
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

SIGNED, DRAFT = "demo.story.signed-record", "demo.story.draft-record"  # in core.meta
SAMPLED_BACK = days.DRAWN_BACK - 6  # days since the visit of the signed record


@dataclass(frozen=True, slots=True)
class Goods:
    """What is sampled at a unit, and who made it."""

    product: ProductRecord
    maker: EnterpriseRecord
    lot_no: str


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


def records_of_samples(session: Session, city: City, progress: Progress) -> None:
    """A record signed by two samplers and the unit; a notice and a draft for the next visit."""
    plan_no = told(session, supervision.PLAN)
    with days.on(city, SAMPLED_BACK, 10):
        meta.put(session, SIGNED, _signed(session, city, plan_no, visited(session)[0]))
    unit = fresh(session)
    lead = actor(session, Role.LEAD_INSPECTOR)
    notice = agencies.issue_notice(
        session,
        lead,
        plan_no,
        unit.code,
        token=invented(city, "notice").hex(),
        authority=AUTHORITY,
        basis="《产品质量监督抽查管理暂行办法》第十六条",
        visit_on=city.as_of,
        valid_until=days.day(city, -14),
    )
    goods = goods_at(city, unit.code)
    draft = records.start(
        session,
        _first_of(session, unit),
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


def _signed(session: Session, city: City, plan_no: str, unit: DrawnUnitView) -> str:
    first, second = (
        Actor(None, seat.name, Role.INSPECTOR, person_id=seat.person_id) for seat in unit.team
    )
    goods = goods_at(city, unit.code)
    record = records.start(
        session, first, channel=channel_of(goods, unit.code), plan_no=plan_no, code=unit.code
    )
    samples = [
        {"kind": "test", "quantity": "3", "seal_no": "F-0711-01"},
        {"kind": "test", "quantity": "3", "seal_no": "F-0711-02"},
        {
            "kind": "retained",
            "quantity": "3",
            "seal_no": "F-0711-03",
            "place": f"{city.laboratories[0].name}备样室",
            "storage": "常温干燥",
        },
    ]
    values = _values(city, goods, unit.code)
    records.save(session, first, record.no, values=values, samples=samples)
    for kind, name in (("place", "经营场所"), ("label", "标签"), ("seal", "封样")):
        record_files.attach(
            session,
            first,
            record.no,
            kind=kind,
            content=exhibits.picture(city, kind),
            name=f"{name}（演示图）.png",
        )
    for sampler in (first, second):
        record_signing.sign(session, sampler, record.no)
    record_signing.sign_for_unit(session, first, record.no, name="现场负责人（演示）")
    record_signing.seal(session, first, record.no)
    return record.no


def _values(city: City, goods: Goods, code: str) -> dict[str, Any]:
    is_own = goods.maker.code == code
    return {
        "task_source": "省级监督抽查（演示）",
        "level": "province",
        "notice_no": "TZ-演示-01",
        "sampled_on": days.day(city, SAMPLED_BACK).isoformat(),
        "method": "从待销产品中随机抽取",
        "contact_name": "现场联系人（演示）",
        "contact_phone": "0990-555-0107",
        "producer_name": goods.maker.name,
        "producer_address": goods.maker.address,
        "producer_relation": "own" if is_own else "bought",
        "product_name": goods.product.name,
        "brand": goods.product.brand,
        "model": goods.product.model,
        "lot_no": goods.lot_no,
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
        "send_by": days.day(city, SAMPLED_BACK - 5).isoformat(),
        "remarks": "演示数据，均为虚构",
    }


def _first_of(session: Session, unit: DrawnUnitView) -> Actor:
    """Who writes the draft: the demo's inspector if he goes there, else the lead inspector."""
    inspector = actor(session, Role.INSPECTOR)
    if inspector.person_id in {seat.person_id for seat in unit.team}:
        return inspector
    return actor(session, Role.LEAD_INSPECTOR)
