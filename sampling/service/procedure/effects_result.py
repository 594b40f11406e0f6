"""From the report to the result that stands: who is told, who objects, what a re-test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import outbox
from core.actors import Role
from core.clock import civil_day, now, today
from registry.maths.packs import read_rule
from registry.models import Enterprise, Region
from sampling.errors import (
    AlreadyReceived,
    FormalitiesLate,
    FormalitiesStillRun,
    NotDisputed,
    NothingUpheld,
    NotTheApplicant,
    ObjectionKindForbids,
    ObjectionLate,
    ObjectionUnknown,
    ObjectionUpheld,
    PartiesMissing,
    PartyUnknown,
    RetainedSampleGone,
    SameLaboratory,
    StillOpen,
)
from sampling.events import FailureConfirmed
from sampling.maths.procedure_words import (
    CLOCK_FORMALITIES,
    CLOCK_OBJECT,
    Act,
    Domain,
)
from sampling.maths.verdicts import (
    Judgement,
    Verdict,
    after_retest,
    parties_to_tell,
    retest_at_cost_of,
)
from sampling.models.procedure import CaseClock, CaseObjection, CaseParty, CaseTest, SamplingCase
from sampling.queries.procedure import objections_of, parties_of
from sampling.service.procedure import clocks
from sampling.service.procedure.effects_sampling import (
    accredited,
    begin_test,
    failed_of,
    judgement_of,
    store_test,
)
from sampling.service.procedure.facts import plain, problem
from sampling.service.procedure.step import Step

# Administrative divisions: the first four digits are the prefecture, the area of an authority.
AREA_DIGITS = 4


def required_parties(session: Session, case: SamplingCase) -> tuple[str, ...]:
    """Roles of those whom the law wants told of the result of this case."""
    first = _test(session, case, "first")
    return parties_to_tell(
        domain=Domain(case.domain),
        has_other_producer=case.producer_name is not None,
        is_producer_elsewhere=_is_elsewhere(session, case),
        failed=first is not None and first.overall == Verdict.FAIL,
    )


def _is_elsewhere(session: Session, case: SamplingCase) -> bool:
    unit = session.execute(
        select(Region.code)
        .join(Enterprise, Enterprise.region_id == Region.id)
        .where(Enterprise.id == case.enterprise_id)
    ).scalar_one_or_none()
    made_in = case.producer_region
    if not unit or not made_in:
        return False
    return unit[:AREA_DIGITS] != made_in[:AREA_DIGITS]


def _notify(step: Step) -> None:
    case = step.case
    given: list[dict[str, Any]] = step.facts["parties"]
    missing = set(required_parties(step.session, case)) - {one["role"] for one in given}
    if missing:
        raise PartiesMissing(missing=", ".join(sorted(missing)))
    for one in given:
        if one["sent_on"] < case.acted_on:
            raise problem(
                step.move,
                "parties",
                "The letter cannot be older than the report of {reported_on}.",
                reported_on=case.acted_on.isoformat(),
            )
        enterprise_id, name = _who(step.session, case, one["role"])
        name = one["name"] or name
        if not name:
            raise problem(step.move, "parties", "Write the name of the {role}.", role=one["role"])
        step.session.add(
            CaseParty(
                case_id=case.id,
                role=one["role"],
                enterprise_id=enterprise_id,
                name=name,
                may_object=one["may_object"],
                channel=one["channel"],
                sent_on=one["sent_on"],
                sent_at=now(),
                received_on=None,
                received_at=None,
                manner=None,
            )
        )
    step.day = max(one["sent_on"] for one in given)
    # The duty to tell is met on the day the last letter went out.
    step.told = {"parties": [one["role"] for one in given]}


def _who(session: Session, case: SamplingCase, role: str) -> tuple[int | None, str]:
    if role == "sampled_unit":
        return case.enterprise_id, session.get_one(Enterprise, case.enterprise_id).name
    if role == "producer":
        return case.producer_id, case.producer_name or ""
    if role == "platform":
        return case.platform_id, case.platform_name or ""
    return None, ""


def _record_receipt(step: Step) -> None:
    party = _party(step, step.facts["party"])
    _received(step, party, step.facts["manner"])


def _acknowledge(step: Step) -> None:
    step.facts["received_on"] = today()
    _received(step, _own_party(step), "electronic")


def _received(step: Step, party: CaseParty, manner: str) -> None:
    if party.received_on is not None:
        raise AlreadyReceived(role=party.role, received_on=party.received_on.isoformat())
    if step.facts["received_on"] < party.sent_on:
        raise problem(
            step.move,
            "received_on",
            "It was sent on {sent_on}; nobody received it before.",
            sent_on=party.sent_on.isoformat(),
        )
    party.received_on = step.facts["received_on"]
    party.received_at = now()
    party.manner = manner
    step.party_id = party.id
    if not party.may_object:
        step.move = _without_starts(step)


def _without_starts(step: Step) -> Any:
    """A party that is told and may not object has no time to object."""
    return replace(step.move, starts=())


def _party(step: Step, role: str) -> CaseParty:
    found = next((one for one in parties_of(step.session, step.case) if one.role == role), None)
    if found is None:
        raise PartyUnknown(role=role, number=step.case.no)
    return found


def _own_party(step: Step) -> CaseParty:
    mine = [
        one
        for one in parties_of(step.session, step.case)
        if one.enterprise_id == step.actor.enterprise_id
    ]
    if not mine:
        raise PartyUnknown(role="sampled_unit", number=step.case.no)
    return mine[0]


def _object(step: Step) -> None:
    step.facts["objected_on"] = today()
    _objected(step, _own_party(step))


def _record_objection(step: Step) -> None:
    _objected(step, _party(step, step.facts["objector"]))


def _objected(step: Step, party: CaseParty) -> None:
    facts, on = step.facts, step.facts["objected_on"]
    if not party.may_object:
        raise PartyUnknown(role=party.role, number=step.case.no)
    window = step.session.execute(
        select(CaseClock)
        .where(
            CaseClock.case_id == step.case.id,
            CaseClock.party_id == party.id,
            CaseClock.rule_id == CLOCK_OBJECT,
        )
        .order_by(CaseClock.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    if window is not None and on > window.due_on:
        cited = read_rule(window.pack, window.rule).citation
        raise ObjectionLate(
            due_on=window.due_on.isoformat(), source=cited.source, article=cited.article
        )
    if party.received_on is None:
        # Who answers a letter has it.
        party.received_on, party.received_at, party.manner = on, now(), "electronic"
    step.case.objection_count += 1
    step.session.add(
        CaseObjection(
            case_id=step.case.id,
            party_id=party.id,
            number=step.case.objection_count,
            kind=facts["kind"],
            statement=facts["statement"],
            disputed_items=facts.get("disputed_items", []),
            objected_on=on,
            outcome=None,
            decided_on=None,
            grounds=None,
        )
    )
    step.party_id = party.id
    step.day = on


def _open_objection(step: Step) -> CaseObjection:
    number = step.facts["objection"]
    found = next(
        (
            one
            for one in objections_of(step.session, step.case)
            if one.number == number and one.outcome is None
        ),
        None,
    )
    if found is None:
        raise ObjectionUnknown(number=step.case.no, objection=number)
    step.party_id = found.party_id
    return found


def _handle_objection(step: Step) -> None:
    objection = _open_objection(step)
    if objection.kind == "conclusion" and step.facts["finding"] == "upheld":
        # A conclusion falls by a re-test, not by a stroke of the pen.
        raise ObjectionKindForbids(objection=objection.number, kind=objection.kind)
    objection.outcome = step.facts["finding"]
    objection.decided_on = step.day
    objection.grounds = step.facts["grounds"]


def _uphold(step: Step) -> None:
    upheld = [one for one in objections_of(step.session, step.case) if one.outcome == "upheld"]
    if not upheld:
        raise NothingUpheld(number=step.case.no)
    step.case.void_reason = step.facts["reason"]


def _order_retest(step: Step) -> None:
    objection = _open_objection(step)
    case = step.case
    _refuse_upheld(step)
    if objection.kind != "conclusion":
        raise ObjectionKindForbids(objection=objection.number, kind=objection.kind)
    if not case.retained_samples:
        raise RetainedSampleGone(number=case.no)
    first = _test(step.session, case, "first")
    failed = {one["item"] for one in first.failed_items} if first else set()
    if failed and (strange := [one for one in step.facts["items"] if one not in failed]):
        raise NotDisputed(items=", ".join(strange))
    # A re-test ends all: whoever may still object, and every other objection, comes before it.
    reason = why_open(step.session, case, besides=objection.number)
    if reason is not None:
        raise StillOpen(number=case.no, reason=reason)
    objection.outcome = "retest"
    objection.decided_on = step.day
    objection.disputed_items = step.facts["items"]


def _refuse_upheld(step: Step) -> None:
    for one in objections_of(step.session, step.case):
        if one.outcome == "upheld":
            raise ObjectionUpheld(objection=one.number, number=step.case.no)


def _applicant(session: Session, case: SamplingCase) -> CaseObjection:
    return [one for one in objections_of(session, case) if one.outcome == "retest"][-1]


def _complete_formalities(step: Step) -> None:
    objection = _applicant(step.session, step.case)
    if step.actor.role is Role.ENTERPRISE and _own_party(step).id != objection.party_id:
        raise NotTheApplicant(number=step.case.no)
    step.party_id = objection.party_id
    for clock in clocks.open_clocks(
        step.session, step.case, [CLOCK_FORMALITIES], party_id=objection.party_id
    ):
        if clocks.is_over(clock, step.day):
            raise FormalitiesLate(due_on=clock.due_on.isoformat())


def deem_waived(step: Step) -> None:
    """Formalities not done in time: the wish for a re-test is taken as given up."""
    objection = _applicant(step.session, step.case)
    step.party_id = None
    for clock in clocks.open_clocks(step.session, step.case, [CLOCK_FORMALITIES]):
        if not clocks.is_over(clock):
            raise FormalitiesStillRun(number=step.case.no, due_on=clock.due_on.isoformat())
    objection.outcome = "waived"
    _refuse_open(step)
    _let_stand(step, _first_judgement(step))


def _name_laboratory(step: Step) -> None:
    objection = _applicant(step.session, step.case)
    step.party_id = objection.party_id
    name = accredited(step.session, step.facts["laboratory"], step.day)
    if name == step.case.laboratory and not step.facts.get("only_qualified_reason"):
        raise SameLaboratory(laboratory=name)
    step.case.second_laboratory = name


def _report_retest(step: Step) -> None:
    objection = _applicant(step.session, step.case)
    first = _first_judgement(step)
    again = judgement_of(step)
    try:
        stands = after_retest(first, again, disputed=objection.disputed_items)
    except ValueError as error:
        raise problem(
            step.move, "failed_items", "This cannot stand: {reason}", reason=str(error)
        ) from error
    store_test(step, "retest", step.case.second_laboratory or "", again)
    step.facts["cost_borne_by"] = retest_at_cost_of(first, stands)
    _let_stand(step, stands)


def _end_retest(step: Step) -> None:
    for one in objections_of(step.session, step.case):
        if one.outcome in (None, "retest"):
            one.outcome, one.decided_on = "ended", step.day
    _refuse_upheld(step)
    _let_stand(step, _first_judgement(step))


def confirm(step: Step) -> None:
    """Nobody may object any more: the first result stands."""
    _refuse_upheld(step)
    _refuse_open(step)
    _let_stand(step, _first_judgement(step))


def _refuse_open(step: Step) -> None:
    reason = why_open(step.session, step.case)
    if reason is not None:
        raise StillOpen(number=step.case.no, reason=reason)


def why_open(session: Session, case: SamplingCase, *, besides: int = 0) -> str | None:
    """What still keeps a result from standing, besides one objection; None where nothing does."""
    for objection in objections_of(session, case):
        if objection.outcome is None and objection.number != besides:
            return f"objection {objection.number} is not decided."
    for party in parties_of(session, case):
        if party.may_object and party.received_on is None:
            return f"the receipt of the {party.role} is not on record."
    for clock in clocks.open_clocks(session, case, [CLOCK_OBJECT]):
        if not clocks.is_over(clock):
            return f"a party may object until {clock.due_on.isoformat()}."
    return None


def _first_judgement(step: Step) -> Judgement:
    row = _test(step.session, step.case, "first")
    if row is None:
        raise ValueError(f"case {step.case.no} has no report")
    return Judgement(
        Verdict(str(row.physical)),
        Verdict(str(row.label)),
        Verdict(str(row.overall)),
        failed_of(row.failed_items),
    )


def _test(session: Session, case: SamplingCase, name: str) -> CaseTest | None:
    return session.execute(
        select(CaseTest).where(CaseTest.case_id == case.id, CaseTest.round == name)
    ).scalar_one_or_none()


def _let_stand(step: Step, stands: Judgement) -> None:
    case = step.case
    case.verdict = stands.overall.value
    case.confirmed_at = now()
    case.standing_items = [
        {
            "part": one.part.value,
            "item": one.item,
            "measured": one.measured,
            "standard": one.standard,
            "is_serious": one.is_serious,
        }
        for one in stands.failed
    ]
    # The windows have done their work: nothing of them runs on.
    clocks.end_clocks(clocks.open_clocks(step.session, case, [CLOCK_OBJECT]))
    step.told = {"verdict": case.verdict}
    if stands.overall is Verdict.FAIL:
        outbox.add(
            step.session,
            FailureConfirmed(
                case_no=case.no,
                enterprise_id=case.enterprise_id,
                producer_id=case.producer_id,
                producer_name=case.producer_name,
                product=case.product,
                brand=case.brand,
                model=case.model,
                lot_no=case.lot_no,
                category_code=case.category_code,
                confirmed_on=civil_day(case.confirmed_at).isoformat(),
                failed_items=plain(case.standing_items),
            ),
        )


EFFECTS: dict[Act, Callable[[Step], None]] = {
    Act.NOTIFY: _notify,
    Act.RECORD_RECEIPT: _record_receipt,
    Act.ACKNOWLEDGE: _acknowledge,
    Act.OBJECT: _object,
    Act.RECORD_OBJECTION: _record_objection,
    Act.HANDLE_OBJECTION: _handle_objection,
    Act.UPHOLD: _uphold,
    Act.CONFIRM: confirm,
    Act.ORDER_RETEST: _order_retest,
    Act.COMPLETE_FORMALITIES: _complete_formalities,
    Act.DEEM_WAIVED: deem_waived,
    Act.NAME_LABORATORY: _name_laboratory,
    Act.BEGIN_RETEST: begin_test,
    Act.REPORT_RETEST: _report_retest,
    Act.END_RETEST: _end_retest,
}
