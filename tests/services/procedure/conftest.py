"""A drawn plan with its unit, its team, and the people around a sampling case."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.actors import SYSTEM, Actor, Role
from core.clock import frozen, now
from core.files import store
from registry.models import Enterprise, Person
from sampling.maths.procedure_words import Act, Domain, Purpose
from sampling.models.plans import (
    Assignment,
    Draw,
    DrawnUnit,
    FrameUnit,
    Plan,
    PlanInspector,
    PlanPart,
    Stratum,
)
from sampling.models.procedure import SamplingCase
from sampling.models.records import SamplingRecord
from sampling.queries import procedure as queries
from sampling.service.procedure import grave
from sampling.service.procedure.moves import carry_out
from sampling.service.procedure.opening import Product, open_cases
from sampling.service.procedure.settling import settle_cases
from tests import factories

_numbers = itertools.count(1)


def at(day: str, hour: int = 9) -> AbstractContextManager[None]:
    """The clock stands in the morning of a day in China."""
    moment = datetime.fromisoformat(f"{day}T{hour:02d}:00:00+08:00").astimezone(UTC)
    return frozen(moment)


@dataclass
class Cast:
    """Who acts, and a case to act in."""

    session: Session
    plan: Plan
    unit: Enterprise
    team: list[Person]
    sampler: Actor
    inspector: Actor
    leader: Actor
    second: Actor
    owner: Actor
    stranger: Actor
    report: str

    def open(self, **facts: Any) -> SamplingCase:
        """Open the unit's case."""
        facts.setdefault("product", Product("充电器", "云汐", "YX-65", "C-0711"))
        (case,) = open_cases(self.session, self.leader, self.plan.no, **facts)
        return case

    def do(self, case: SamplingCase, act: Act, actor: Actor | None = None, **raw: Any) -> None:
        """One act, by the leader where nobody is named."""
        carry_out(self.session, actor or self.leader, case.no, act, raw)

    def signed(self, case: SamplingCase, no: str, **facts: Any) -> SamplingRecord:
        """The signed record of the case's sample; made where there is none yet."""
        known = self.session.execute(
            select(SamplingRecord).where(SamplingRecord.no == no)
        ).scalar_one_or_none()
        values = {
            "enterprise_id": case.enterprise_id, "purpose": case.purpose, "plan_id": case.plan_id,
            "unit_code": case.unit_code, "no": no,
        }  # fmt: skip
        return known or factories.signed_record(self.session, **{**values, **facts})

    def two(self, case: SamplingCase, act: Act, **raw: Any) -> None:
        """One grave act by two people."""
        grave.propose(self.session, self.leader, case.no, act, raw)
        grave.approve(self.session, self.second, case.no)

    def night(self) -> None:
        """The daily job runs."""
        settle_cases(self.session, SYSTEM)

    def due(self, case: SamplingCase) -> dict[str, str]:
        """Running clocks and their last days; those of a party with its role."""
        return {
            f"{one.rule_id}/{one.party}" if one.party else one.rule_id: one.due_on.isoformat()
            for one in queries.case_dossier(self.session, case.no).clocks
            if one.is_running
        }


def actor_of(session: Session, role: Role, **facts: Any) -> Actor:
    """Somebody with an account."""
    row = factories.account(session, role=role, **facts)
    return Actor(row.id, row.display_name, role, row.enterprise_id, row.person_id)


def drawn_plan(session: Session, unit: Enterprise, team: list[Person]) -> Plan:
    """A plan whose one unit is drawn, as rows: how it was drawn is tested elsewhere."""
    moment = now()
    plan = Plan(
        no=f"CC-2026-9{next(_numbers):03d}",
        title="充电器监督抽查",
        state="drawn",
        strata_by="grade",
        visit_on=date(2026, 4, 1),
        disclose_on=None,
        team={},
        sources=[],
        filters={},
        created_by=None,
        created_at=moment,
        committed_at=moment,
        frame_root=bytes(32),
        plan_hash=bytes(32),
        commitment=bytes(32),
        drawn_at=moment,
        void_reason=None,
        voided_at=None,
    )
    session.add(plan)
    session.flush()
    session.add(Stratum(plan_id=plan.id, key="B", quota=1, reserve=0, size=1))
    session.add(
        FrameUnit(
            plan_id=plan.id, code=unit.code, enterprise_id=unit.id, name=unit.name, stratum="B",
            category_code="C1", region_code="", grade="B", risk_tier=None, recused=bytes(32),
        )
    )  # fmt: skip
    session.add(
        Draw(
            plan_id=plan.id, seed=bytes(32), journal_sequence=1, software="test", drawn_by=None,
            drawn_at=moment, blocking=[],
        )
    )  # fmt: skip
    session.flush()
    session.add(
        DrawnUnit(
            plan_id=plan.id, code=unit.code, stratum="B", rank=1, ticket=bytes(32), is_selected=True
        )
    )
    session.add(
        PlanPart(
            plan_id=plan.id, name="draw.json", content=b"{}", sha256="0" * 64,
            public_on=date(2026, 3, 2),
        )
    )  # fmt: skip
    for person in team:
        session.add(
            PlanInspector(
                plan_id=plan.id, person_id=person.id, inspector_id=f"S{person.number}", record={}
            )
        )
    session.flush()
    for position, person in enumerate(team):
        session.add(
            Assignment(
                plan_id=plan.id, code=unit.code, person_id=person.id, position=position, dispatch=1
            )
        )
    session.flush()
    return plan


@pytest.fixture
def cast(session: Session, packs: None) -> Cast:
    """A drawn unit outside Shandong; its case is opened by each test on its own day."""
    with at("2026-03-02"):
        province = factories.region(session, code="990000", name="云汐省")
        region = factories.region(session, code="990101", name="云汐区", parent_id=province.id)
        unit = factories.enterprise(
            session, name="云汐市充电器商行", region_id=region.id, address="云汐路1号"
        )
        team = [factories.person(session), factories.person(session)]
        plan = drawn_plan(session, unit, team)
        report = store(session, b"report", name="report.pdf", media_type="application/pdf")
        return Cast(
            session=session,
            plan=plan,
            unit=unit,
            team=team,
            sampler=actor_of(session, Role.INSPECTOR, person_id=team[0].id),
            inspector=actor_of(session, Role.INSPECTOR, person_id=factories.person(session).id),
            leader=actor_of(session, Role.LEAD_INSPECTOR),
            second=actor_of(session, Role.LEAD_INSPECTOR),
            owner=actor_of(session, Role.ENTERPRISE, enterprise_id=unit.id),
            stranger=actor_of(session, Role.ENTERPRISE),
            report=report.sha256,
        )


FAILED = [{"part": "physical", "item": "耐压", "measured": "击穿", "standard": "不击穿"}]
FAIL: dict[str, Any] = {
    "report_no": "JY-1",
    "physical": "fail",
    "label": "pass",
    "overall": "fail",
    "tested_items": 12,
    "failed_items": FAILED,
}
PASS: dict[str, Any] = {
    "report_no": "JY-1",
    "physical": "pass",
    "label": "pass",
    "overall": "pass",
    "tested_items": 12,
}


def sampled(cast: Cast, case: SamplingCase, day: str, **changes: Any) -> None:
    """Notice, visit, sealed samples, all on one day."""
    people = [person.number for person in cast.team]
    with at(day):
        cast.do(
            case, Act.GIVE_NOTICE, cast.sampler, noticed_on=day, notice_no="TZ-1", samplers=people
        )
        cast.do(case, Act.ARRIVE, cast.sampler, arrived_on=day)
        facts: dict[str, Any] = {
            "sampled_on": day, "record_no": "CY-1", "test_samples": 3, "retained_samples": 2,
            "seal_no": "F-1",
        }  # fmt: skip
        cast.signed(case, changes.get("record_no", "CY-1"))
        cast.do(case, Act.SAMPLE, cast.sampler, **{**facts, **changes})


def testing(cast: Cast, case: SamplingCase, day: str) -> None:
    """Sent, received and being tested, all on one day."""
    with at(day):
        cast.do(case, Act.SEND, cast.sampler, sent_on=day, laboratory="甲检验院")
        cast.do(case, Act.RECEIVE, received_on=day, seals_intact=True)
        cast.do(case, Act.BEGIN_TEST, began_on=day, testers=["L1", "L2"], licence_checked=True)


testing.__test__ = False  # type: ignore[attr-defined]


def told(cast: Cast, case: SamplingCase, day: str, *roles: str, **names: str) -> None:
    """The letter goes to those named, or to the unit alone."""
    parties = [
        {"role": role, "channel": "post", "sent_on": day, "name": names.get(role, "")}
        for role in roles or ("sampled_unit",)
    ]
    with at(day):
        cast.do(case, Act.NOTIFY, parties=parties)


def notified(
    cast: Cast, case: SamplingCase, result: dict[str, Any], *, on: str = "2026-04-20", **sample: Any
) -> None:
    """From the draw to a result that the unit has received."""
    sampled(cast, case, "2026-04-01", **sample)
    testing(cast, case, "2026-04-02")
    with at(on):
        cast.do(case, Act.REPORT, reported_on=on, report=[cast.report], **result)
    told(cast, case, on)
    with at(on):
        cast.do(case, Act.RECORD_RECEIPT, party="sampled_unit", received_on=on, manner="signed")


def confirmed(
    cast: Cast, result: dict[str, Any], product: str = "充电器", **sample: Any
) -> SamplingCase:
    """A case of the unit whose result stands since 7 May: nobody objected."""
    with at("2026-03-02"):
        case = cast.open(product=Product(product, "云汐", "YX-65", "C-0711"))
    notified(cast, case, result, **sample)
    with at("2026-05-07"):
        cast.night()
    return case


@pytest.fixture
def case(cast: Cast) -> SamplingCase:
    """The unit's case, opened in March."""
    with at("2026-03-02"):
        return cast.open()


Opened = Callable[..., SamplingCase]
__all__ = ["Domain", "Purpose"]
