"""A producer tells of a dangerous lot and of what it will do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import outbox
from core.actors import Actor
from core.clock import now, today
from core.clocks import OnExpiry, Period, PeriodKind, end_of_day
from core.numbers import next_number
from recall.errors import (
    AlreadyRecalled,
    DayPassed,
    FoundInTheFuture,
    InvalidGtin,
    NegativeQuantity,
    NotThisParty,
    ProductUnknown,
    UnitUnknown,
)
from recall.events import RecallReported
from recall.maths import lifecycle
from recall.maths.labels import fold
from recall.maths.lifecycle import Action, Party, State
from recall.maths.notice import Remedy
from recall.models import DefectCase, Recall, RecallDeadline, RecallPlan
from recall.queries import files
from recall.service.clocks import meet_clocks, start_clock
from recall.service.moves import judge_move, locked, make_move, record
from recall.service.scoping import state_scope
from registry.maths.codes import check_gtin
from registry.maths.packs import Citation, Mark, Rule, rule_document
from registry.queries import products_of
from traceability.maths.units import unit_code

PACK = "CN-CONSUMER-RECALL"


@dataclass(frozen=True, slots=True)
class _Goods:
    product_id: int | None
    gtin: str | None
    product: str
    brand: str
    model: str


@dataclass(frozen=True, slots=True)
class PlanContent:
    """What a producer plans to do.

    Parameters
    ----------
    instruction : str
        What holders of the product do now.
    remedies : tuple of Remedy
        What they get.
    measures : str
        How the defect is removed, and at whose cost.
    contact : str
        Telephone first.
    starts_on : date
        Day the remedy begins.
    """

    instruction: str
    remedies: tuple[Remedy, ...]
    measures: str
    contact: str
    starts_on: date


def file_recall(
    session: Session,
    actor: Actor,
    *,
    lot_no: str,
    found_on: date,
    defect: str,
    hazard: str,
    consequence: str,
    gtin: str | None = None,
    product: str | None = None,
    brand: str | None = None,
    model: str | None = None,
    is_serious: bool = False,
    origin: str = "",
    quantity: Decimal | None = None,
    unit: str = "",
    plan: PlanContent | None = None,
) -> Recall:
    """An enterprise tells of a dangerous lot: the clocks start and the trace is asked for.

    Parameters
    ----------
    lot_no, gtin, product, brand, model : str
        The lot and its product. Names left out are taken from the register, found by GTIN.
    found_on : date
        Day the danger became known: the clocks count from it.
    quantity, unit : Decimal, str
        What was made of the lot, where the enterprise knows; a Rec 20 code or a usual word (个).
    plan : PlanContent, optional
        The plan, if it is filed at once.

    Raises
    ------
    NotThisParty, EvidenceMissing, FoundInTheFuture, InvalidGtin, ProductUnknown, UnitUnknown,
    NegativeQuantity, AlreadyRecalled, RuleNotInForce
    """
    facts = {
        "found_on": found_on,
        "defect": defect,
        "hazard": hazard,
        "consequence": consequence,
        "scope": lot_no,
    }
    move = judge_move(actor, None, Action.REPORT, facts)
    enterprise_id = actor.enterprise_id
    if enterprise_id is None:
        raise NotThisParty(action=Action.REPORT.value, parties=Party.PRODUCER.value)
    if found_on > today():
        raise FoundInTheFuture(found_on=found_on.isoformat(), today=today().isoformat())
    unit_given = _unit(quantity, unit)
    goods = _goods(session, enterprise_id, gtin=gtin, product=product, brand=brand, model=model)
    year = today().year
    # The number's lock keeps filings in one line, so the same lot cannot slip in twice.
    case = DefectCase(
        number=next_number(session, "DC", year),
        enterprise_id=enterprise_id,
        found_on=found_on,
        is_serious=is_serious,
        defect=defect.strip(),
        hazard=hazard.strip(),
        consequence=consequence.strip(),
        origin=origin.strip(),
        opened_at=now(),
    )
    _refuse_repeat(session, enterprise_id, goods, lot_no)
    session.add(case)
    session.flush()  # the recall needs its id
    recall = _opened(session, case, goods, lot_no.strip(), move.target)
    state_scope(session, recall, quantity=quantity, unit=unit_given)
    for rule_id in move.starts:
        if rule_id != lifecycle.CLOCK_REPORT or is_serious:
            start_clock(session, recall, rule_id, found_on)
    meet_clocks(session, recall, move.meets)
    record(session, actor, recall, move, None, {**facts, "case": case.number})
    outbox.add(session, RecallReported(recall_id=recall.id))
    if plan is not None:
        _file_plan(session, actor, recall, plan)
    return recall


def file_plan(
    session: Session,
    actor: Actor,
    number: str,
    plan: PlanContent,
    *,
    expected_version: int | None = None,
) -> Recall:
    """The producer files its plan, or the next edition of a returned one.

    Raises
    ------
    RecallUnknown, NotThisParty, NotThisState, EvidenceMissing, Stale
    """
    recall = locked(session, actor, number, expected_version)
    _file_plan(session, actor, recall, plan)
    return recall


def return_plan(
    session: Session,
    actor: Actor,
    number: str,
    *,
    deficiencies: str,
    due_on: date,
    expected_version: int | None = None,
) -> Recall:
    """An officer sends the plan back with what is missing and a new day.

    Raises
    ------
    RecallUnknown, NotThisParty, NotThisState, EvidenceMissing, DayPassed, Stale
    """
    recall = locked(session, actor, number, expected_version)
    if due_on <= today():
        raise DayPassed(due_on=due_on.isoformat())
    facts = {"deficiencies": deficiencies, "due_on": due_on}
    make_move(session, actor, recall, Action.RETURN_PLAN, facts)
    rule = Rule(
        pack=recall.pack,
        rule_id=lifecycle.CLOCK_PLAN,
        title_zh="补正召回计划",
        title_en="Plan filed again",
        valid_from=today(),
        valid_to=None,
        citation=Citation("Set by the authority when it returned the plan", "return", Mark.OWN),
        clock=Period(PeriodKind.CALENDAR_DAYS, (due_on - today()).days, rolls=False),
        trigger="plan.returned",
        responsible="producer",
        on_expiry=OnExpiry.OVERDUE,
        statutory=False,
    )
    session.add(
        RecallDeadline(
            recall_id=recall.id,
            enterprise_id=recall.enterprise_id,
            rule_id=rule.rule_id,
            pack=recall.pack,
            rule=rule_document(rule),
            occurrence=1,
            started_on=today(),
            due_on=due_on,
            expires_at=end_of_day(due_on),
            is_provisional=False,
            provisional_reason=None,
            calendar_version="",
            met_at=None,
            cancelled_at=None,
        )
    )
    return recall


def _file_plan(session: Session, actor: Actor, recall: Recall, plan: PlanContent) -> None:
    before = files.latest_plan(session, recall.id)
    remedies = [remedy.value for remedy in plan.remedies]
    facts = {
        "instruction": plan.instruction,
        "remedies": remedies,
        "measures": plan.measures,
        "contact": plan.contact,
        "starts_on": plan.starts_on,
    }
    make_move(session, actor, recall, Action.FILE_PLAN, facts)
    session.add(
        RecallPlan(
            recall_id=recall.id,
            enterprise_id=recall.enterprise_id,
            edition=1 if before is None else before.edition + 1,
            instruction=plan.instruction.strip(),
            remedies=remedies,
            measures=plan.measures.strip(),
            contact=plan.contact.strip(),
            starts_on=plan.starts_on,
            filed_at=now(),
        )
    )


def _opened(session: Session, case: DefectCase, goods: _Goods, lot_no: str, state: State) -> Recall:
    recall = Recall(
        number=next_number(session, "RC", today().year),
        case_id=case.id,
        enterprise_id=case.enterprise_id,
        pack=PACK,
        state=state.value,
        product_id=goods.product_id,
        gtin=goods.gtin,
        product=goods.product,
        brand=goods.brand,
        model=goods.model,
        lot_no=lot_no,
        reported_at=case.opened_at,
        announced_at=None,
        void_reason=None,
        scope_pending=True,
    )
    session.add(recall)
    session.flush()  # scope, clocks and message need its id
    return recall


def _unit(quantity: Decimal | None, unit: str) -> str:
    """Code of the unit; pieces where nothing is said and nothing is counted."""
    if quantity is not None and quantity < 0:
        raise NegativeQuantity(given=format(quantity, "f"))
    if quantity is None and not unit.strip():
        return "C62"
    try:
        return unit_code(unit)
    except ValueError as problem:
        raise UnitUnknown(given=unit, reason=str(problem)) from problem


def _goods(
    session: Session,
    enterprise_id: int,
    *,
    gtin: str | None,
    product: str | None,
    brand: str | None,
    model: str | None,
) -> _Goods:
    """The product as the producer names it, gaps filled from the register."""
    checked = None
    if gtin and gtin.strip():
        check = check_gtin(gtin)
        if not check.valid:
            raise InvalidGtin(given=gtin, reason=check.problems[0].message)
        checked = check.normalised
    known = next(
        (
            one
            for one in products_of(session, enterprise_id)
            if (checked and one.gtin == checked)
            or (not checked and product and fold(one.name) == fold(product))
        ),
        None,
    )
    name = (product or "").strip() or (known.name if known else "")
    if not name:
        raise ProductUnknown(given=checked or "")
    return _Goods(
        product_id=known.id if known else None,
        gtin=checked or (known.gtin if known else None),
        product=name,
        brand=(brand or (known.brand if known else None) or "").strip(),
        model=(model or (known.model if known else None) or "").strip(),
    )


def _refuse_repeat(session: Session, enterprise_id: int, goods: _Goods, lot_no: str) -> None:
    others = session.execute(
        select(Recall).where(
            Recall.enterprise_id == enterprise_id, Recall.state != State.VOIDED.value
        )
    ).scalars()
    for other in others:
        same_product = (
            other.gtin == goods.gtin
            if other.gtin and goods.gtin
            else fold(other.product) == fold(goods.product)
        )
        if same_product and fold(other.lot_no) == fold(lot_no):
            raise AlreadyRecalled(lot_no=lot_no, number=other.number)
