"""A drawn unit with its sampling record, for tests of the service, the pages and the API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from registry.models import Person
from sampling.models.records import SamplingRecord
from sampling.service import drawing, entropy, record_files, record_signing, records
from tests import factories
from tests.services.sampling.conftest import AFTER, SIGNATURE, VALUE, City

JPEG = b"\xff\xd8\xff\xe0" + b"photo" * 20
MP4 = b"\x00\x00\x00\x18ftypmp42" + b"film" * 20

FILLED = {
    "task_source": "2023年市级监督抽查",
    "level": "city",
    "notice_no": "TZ-2023-18",
    "sampled_on": "2023-09-15",
    "method": "随机抽样",
    "unit_address": "岚州市工业路1号",
    "contact_name": "某联系人",
    "contact_phone": "0990-555-0101",
    "producer_name": "岚州云杉电器有限公司",
    "producer_address": "岚州市工业路2号",
    "producer_relation": "bought",
    "product_name": "USB充电器",
    "brand": "云杉",
    "model": "YS-65W",
    "lot_no": "L2023-09",
    "standard_no": "GB 4943.1-2022",
    "base_quantity": "120",
    "stock_quantity": "300",
    "taken_quantity": "6",
    "test_quantity": "4",
    "retained_quantity": "2",
    "quantity_unit": "个",
    "seal_state": "sound",
    "storage": "常温干燥",
    "send_to": "市质检院",
}
SAMPLES = [
    {"kind": "test", "quantity": "4", "seal_no": "F-0001"},
    {"kind": "retained", "quantity": "2", "seal_no": "F-0002", "place": "市质检院样品室"},
]


@dataclass
class Field:
    """A drawn unit with its record and the two samplers."""

    session: Session
    plan_no: str
    code: str
    no: str
    first: Actor
    second: Actor
    stranger: Actor
    lead: Actor

    def fill(self, **changes: Any) -> None:
        values = {**FILLED, **changes}
        records.save(self.session, self.first, self.no, values=values, samples=SAMPLES)
        for kind in ("place", "label", "seal"):
            content = JPEG + kind.encode()
            record_files.attach(
                self.session, self.first, self.no, kind=kind, content=content, name=f"{kind}.jpg"
            )

    def sign_all(self) -> None:
        for actor in (self.first, self.second):
            record_signing.sign(self.session, actor, self.no)
        record_signing.sign_for_unit(self.session, self.first, self.no, name="某负责人")

    def sealed(self) -> SamplingRecord:
        self.fill()
        self.sign_all()
        return record_signing.seal(self.session, self.first, self.no)


def inspector(session: Session, person: Person) -> Actor:
    account = factories.account(session, role=Role.INSPECTOR, person_id=person.id)
    return Actor(account.id, person.name, Role.INSPECTOR, person_id=person.id)


@pytest.fixture
def out(city: City, at: Callable[[str], Any], packs: None) -> Field:
    """A drawn plan and a record begun for its first unit, on the day of the draw."""
    session = city.session
    plan = city.committed()
    city.throw_dice(plan)
    at(AFTER)
    entropy.enter_public_value(session, city.lead, plan.no, value=VALUE, signature=SIGNATURE)
    drawing.draw(session, city.lead, plan.no)
    code, first, second = session.execute(
        text(
            "SELECT a.code, a.person_id, b.person_id FROM assignment a JOIN assignment b"
            " ON b.plan_id = a.plan_id AND b.code = a.code AND b.position = 1"
            " WHERE a.plan_id = :plan AND a.position = 0 ORDER BY a.code LIMIT 1"
        ),
        {"plan": plan.id},
    ).one()
    stranger = next(one for one in city.inspectors if one.id not in (first, second))
    lead = inspector(session, session.get_one(Person, first))
    record = records.start(session, lead, channel="shop", plan_no=plan.no, code=code)
    return Field(
        session=session,
        plan_no=plan.no,
        code=code,
        no=record.no,
        first=lead,
        second=inspector(session, session.get_one(Person, second)),
        stranger=inspector(session, stranger),
        lead=city.lead,
    )
