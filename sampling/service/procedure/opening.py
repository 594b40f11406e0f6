"""Cases begin: from the drawn units of a plan, or because of a rapid test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, journal
from core.actors import Actor, Role
from core.clock import now, today
from core.errors import FieldProblem
from core.numbers import next_number
from registry.models import Category, Enterprise, Region
from registry.queries import enterprise_by_code
from sampling.errors import (
    CaseEvidenceInvalid,
    CaseExists,
    NotThisCaseParty,
    RapidTestUsed,
    StateForbids,
)
from sampling.maths.procedure import MOVES
from sampling.maths.procedure_words import Act, Domain, Purpose, Source, State
from sampling.models.plans import DrawnUnit, FrameUnit, Plan, PlanState
from sampling.models.procedure import RapidTest, SamplingCase
from sampling.queries.plans import plan_by_no
from sampling.queries.procedure import rapid_test_by_no, stream_of
from sampling.queries.units import drawn_statement, replacements_of
from sampling.service.changing import unit_to_visit
from sampling.service.entropy import refuse_void

SERIES = "JC"
RAPID_SERIES = "KJ"
BASE_PACK = "CN-IND"
# Provinces whose overlay is among the packs, by the first two digits of the region.
OVERLAYS = {"37": "SD-IND"}


@dataclass(frozen=True, slots=True)
class Product:
    """What is to be sampled, as far as it is known before somebody stands before it."""

    name: str = ""
    brand: str | None = None
    model: str | None = None
    lot_no: str | None = None


def open_cases(
    session: Session,
    actor: Actor,
    plan_no: str,
    *,
    codes: Sequence[str] | None = None,
    product: Product | None = None,
    purpose: Purpose = Purpose.SUPERVISION,
    domain: Domain = Domain.PRODUCTION,
    platform: str | None = None,
) -> list[SamplingCase]:
    """Open a case for drawn units of a plan: all still without one, or those that are named.

    Parameters
    ----------
    codes : sequence of str, optional
        Units; None means every drawn unit and called-up reserve that has no case for this
        product yet.
    product : Product, optional
        What is sampled; may be left for the visit.
    platform : str, optional
        Name of the platform, for online sampling.

    Raises
    ------
    NotThisCaseParty, PlanUnknown, PlanVoid, StateForbids
    UnitUnknown, ResultKnown
        A unit is not to be visited, or was.
    CaseExists
        A named unit has its case for this product already.
    """
    _refuse_strangers(actor)
    plan = plan_by_no(session, plan_no, lock=True)
    refuse_void(plan)
    if plan.state != PlanState.DRAWN:
        raise StateForbids(plan_no=plan.no, state=plan.state, needed=PlanState.DRAWN.value)
    what = product or Product()
    if domain is Domain.ONLINE and not (platform or "").strip():
        raise CaseEvidenceInvalid(
            act=Act.OPEN.value, fields=[FieldProblem("platform", "Name the platform.")]
        )
    known = dict(
        session.execute(
            select(SamplingCase.unit_code, SamplingCase.no).where(
                SamplingCase.plan_id == plan.id, SamplingCase.product == what.name.strip()
            )
        ).all()
    )
    if codes is None:
        codes = [code for code in _to_visit(session, plan) if code not in known]
    else:
        for code in dict.fromkeys(codes):
            unit_to_visit(session, plan, code)
            if code in known:
                raise CaseExists(unit_code=code, number=known[code])
    opened = []
    for code in dict.fromkeys(codes):
        unit = session.get_one(FrameUnit, (plan.id, code))
        case = _case(
            session, actor, unit.enterprise_id, what, unit.category_code, purpose, domain, platform
        )
        case.plan_id, case.unit_code, case.source = plan.id, code, Source.DRAW.value
        opened.append(_opened(session, actor, case, {"plan": plan.no, "unit": code}))
    return opened


def _to_visit(session: Session, plan: Plan) -> list[str]:
    gone = {step.replaces for step in replacements_of(session, plan.id)}
    units = session.execute(drawn_statement(plan.no).order_by(DrawnUnit.ticket)).scalars()
    return [unit.code for unit in units if unit.code not in gone]


def record_rapid_test(
    session: Session,
    actor: Actor,
    *,
    enterprise_code: str,
    product: str,
    item: str,
    method: str,
    reading: str,
    tested_on: date,
    lot_no: str | None = None,
    measured: str | None = None,
    place: str | None = None,
) -> RapidTest:
    """Keep the reading of a rapid test (快检): it may lead to a sampling, and is never a verdict.

    Raises
    ------
    NotThisCaseParty, EnterpriseUnknown, CaseEvidenceInvalid
    """
    _refuse_strangers(actor, Role.INSPECTOR)
    enterprise = enterprise_by_code(session, enterprise_code.strip())
    given = {"product": product, "item": item, "method": method}
    wrong = [
        FieldProblem(name, "This field is needed.")
        for name, value in given.items()
        if not value.strip()
    ]
    if reading not in ("positive", "negative", "unclear"):
        wrong.append(
            FieldProblem(
                "reading", "Write one of {allowed}.", {"allowed": "positive, negative, unclear"}
            )
        )
    if tested_on > today():
        wrong.append(
            FieldProblem(
                "tested_on",
                "The day lies in the future; today is {today}.",
                {"today": today().isoformat()},
            )
        )
    if wrong:
        raise CaseEvidenceInvalid(act="rapid-test", fields=wrong)
    row = RapidTest(
        no=next_number(session, RAPID_SERIES, today().year),
        enterprise_id=enterprise.id,
        product=product.strip(),
        lot_no=(lot_no or "").strip() or None,
        item=item.strip(),
        method=method.strip(),
        reading=reading,
        measured=(measured or "").strip() or None,
        tested_on=tested_on,
        place=(place or "").strip() or None,
        recorded_by=actor.account_id,
        recorded_at=now(),
    )
    session.add(row)
    session.flush()  # the case that may follow needs its number
    audit.record(session, actor, "rapid-test.recorded", row.no, {"reading": reading})
    return row


def sample_because(
    session: Session,
    actor: Actor,
    rapid_no: str,
    *,
    purpose: Purpose = Purpose.SUPERVISION,
    domain: Domain = Domain.SHOP,
) -> SamplingCase:
    """Take a sample because of a rapid test: opens a case that begins like any other.

    Raises
    ------
    NotThisCaseParty, RapidTestUnknown
    RapidTestUsed
        It led to a case already.
    """
    _refuse_strangers(actor)
    rapid = rapid_test_by_no(session, rapid_no, lock=True)
    used = session.execute(
        select(SamplingCase.no).where(SamplingCase.rapid_test_id == rapid.id)
    ).scalar_one_or_none()
    if used is not None:
        raise RapidTestUsed(number=rapid.no, case_no=used)
    enterprise = session.get_one(Enterprise, rapid.enterprise_id)
    category = (
        session.get_one(Category, enterprise.category_id).code if enterprise.category_id else ""
    )
    what = Product(name=rapid.product, lot_no=rapid.lot_no)
    platform = enterprise.name if domain is Domain.ONLINE else None
    case = _case(session, actor, enterprise.id, what, category, purpose, domain, platform)
    case.source, case.rapid_test_id = Source.RAPID_TEST.value, rapid.id
    return _opened(session, actor, case, {"rapid_test": rapid.no})


def pack_for(region_code: str | None) -> str:
    """The rules that govern a place: the overlay of its province, else the base."""
    return OVERLAYS.get((region_code or "")[:2], BASE_PACK)


def _refuse_strangers(actor: Actor, *also: Role) -> None:
    """Cases are opened by those who lead."""
    if actor.role not in (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR, *also):
        parties = ", ".join(sorted(MOVES[Act.OPEN].parties))
        raise NotThisCaseParty(act=Act.OPEN.value, parties=parties)


def _case(
    session: Session,
    actor: Actor,
    enterprise_id: int,
    what: Product,
    category_code: str,
    purpose: Purpose,
    domain: Domain,
    platform: str | None,
) -> SamplingCase:
    region = session.execute(
        select(Region.code)
        .join(Enterprise, Enterprise.region_id == Region.id)
        .where(Enterprise.id == enterprise_id)
    ).scalar_one_or_none()
    return SamplingCase(
        no=next_number(session, SERIES, today().year),
        purpose=purpose.value,
        domain=domain.value,
        enterprise_id=enterprise_id,
        pack=pack_for(region),
        state=State.DRAWN.value,
        acted_on=today(),
        category_code=category_code,
        product=what.name.strip(),
        brand=what.brand,
        model=what.model,
        lot_no=what.lot_no,
        platform_name=(platform or "").strip() or None,
        samplers=[],
        testers=[],
        opened_by=actor.account_id,
        opened_at=now(),
    )


def _opened(
    session: Session, actor: Actor, case: SamplingCase, facts: dict[str, str]
) -> SamplingCase:
    session.add(case)
    session.flush()  # the number is needed by its history
    body = {
        "from": None,
        "to": case.state,
        "role": actor.role.value,
        "account_id": actor.account_id,
        "cites": MOVES[Act.OPEN].cites,
        "facts": {**facts, "purpose": case.purpose, "domain": case.domain, "pack": case.pack},
    }
    journal.append(session, stream_of(case.no), Act.OPEN.value, body)
    audit.record(session, actor, f"sampling-case.{Act.OPEN.value}", case.no, dict(facts))
    return case
