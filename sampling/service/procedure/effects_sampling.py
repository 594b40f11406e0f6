"""From the notice to the laboratory's report: who samples, what was taken, what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import FieldProblem
from registry.models import Enterprise, Laboratory, Person, Region
from registry.queries import rule_on
from sampling.errors import (
    CaseExists,
    LaboratoryNotAccredited,
    ProductNeeded,
    RecordNotForCase,
    RecordUnknown,
    SamplerNotDrawn,
    SamplersWouldTest,
    SamplerUnknown,
    TooFewOnSite,
)
from sampling.maths.procedure_words import CITATIONS, RULE_SAMPLERS, Act
from sampling.maths.record_fields import PURPOSES_OF_CASE
from sampling.maths.verdicts import FailedItem, Judgement, Part, Verdict, barred_testers
from sampling.models.plans import Plan
from sampling.models.procedure import CaseTest, SamplingCase
from sampling.models.records import RecordState
from sampling.queries.records import record_by_no
from sampling.queries.seats import current_seats
from sampling.service.procedure.entrusted import (
    refuse_uncovered_laboratory,
    refuse_uncovered_samplers,
)
from sampling.service.procedure.facts import problem
from sampling.service.procedure.step import Step


def _give_notice(step: Step) -> None:
    _name_samplers(step)
    step.case.told_at = now()


def _open_parcel(step: Step) -> None:
    # The seller learns of the purchase only now, with the notice.
    step.case.told_at = now()


def _name_samplers(step: Step) -> None:
    """Keep the samplers: enough of them, known people, the drawn team or a stated stand-in."""
    given: list[str] = step.facts["samplers"]
    rule = rule_on(step.session, step.case.pack, RULE_SAMPLERS, step.day)
    if len(given) < int(rule.value or 0):
        raise TooFewOnSite(
            given=len(given),
            needed=rule.value,
            source=rule.citation.source,
            article=rule.citation.article,
        )
    known = set(
        step.session.execute(
            select(Person.number).where(Person.number.in_(given), Person.is_active)
        ).scalars()
    )
    if strangers := [number for number in given if number not in known]:
        raise SamplerUnknown(numbers=", ".join(strangers))
    team = drawn_team(step.session, step.case)
    others = [number for number in given if number not in team]
    if team and others and not step.facts.get("stand_in_reason"):
        raise SamplerNotDrawn(numbers=", ".join(others), team=", ".join(team))
    step.case.samplers = given


def drawn_team(session: Session, case: SamplingCase) -> list[str]:
    """Work numbers of the people who were drawn for the unit, the leading one first."""
    if case.plan_id is None:
        return []
    seat = current_seats(plan_id=case.plan_id)
    return list(
        session.execute(
            select(Person.number)
            .join(seat, seat.c.person_id == Person.id)
            .where(seat.c.code == case.unit_code)
            .order_by(seat.c.position)
        ).scalars()
    )


def _not_sample(step: Step) -> None:
    step.case.not_sampled_reason = step.facts["reason"]


def _give_up(step: Step) -> None:
    step.case.not_sampled_reason = "cannot"


def _sample(step: Step) -> None:
    case, facts = step.case, step.facts
    refuse_uncovered_samplers(step)
    case.record_no = _checked_record(step)
    signed = record_by_no(step.session, case.record_no).values
    product = facts.get("product") or case.product or signed.get("product_name")
    if not product:
        raise ProductNeeded(number=case.no)
    refuse_twin(step.session, case, product)
    case.product = product
    for name in ("brand", "model", "lot_no"):
        setattr(case, name, facts.get(name) or getattr(case, name) or signed.get(name))
    if facts.get("producer") or facts.get("producer_code"):
        _name_producer(step)
    else:
        _take_producer(step, signed)
    if facts["test_samples"] < 1:
        raise problem(step.move, "test_samples", "At least one sample is tested.")
    case.retained_samples = facts["retained_samples"]


def _checked_record(step: Step) -> str:
    """The number of the signed sampling record (抽样单) of this unit, for this purpose."""
    number = str(step.facts["record_no"])
    misfit = _misfit(step.session, step.case, number)
    if misfit is not None:
        raise RecordNotForCase(number=step.case.no, fields=[misfit])
    return number


def _misfit(session: Session, case: SamplingCase, number: str) -> FieldProblem | None:
    """Why a record cannot be that of a case, and what to do; None where it can."""
    field, told = "record_no", {"record_no": number}
    try:
        view = record_by_no(session, number)
    except RecordUnknown:
        return FieldProblem(
            field,
            "There is no sampling record {record_no}; write and sign it at /console/records.",
            told,
        )
    if view.state == RecordState.DRAFT:
        return FieldProblem(
            field,
            "Sampling record {record_no} is still a draft; sign it at "
            "/console/records/{record_no} first.",
            told,
        )
    if view.state != RecordState.SIGNED:
        return FieldProblem(
            field,
            "Sampling record {record_no} was given up; write and sign another at /console/records.",
            told,
        )
    if view.enterprise_id != case.enterprise_id:
        other = view.values.get("unit_name") or view.enterprise_code or "—"
        unit = session.get_one(Enterprise, case.enterprise_id).name
        return FieldProblem(
            field,
            "Sampling record {record_no} is of {other}, the case is of {unit}; name a signed "
            "record of this unit (/console/records).",
            {**told, "other": other, "unit": unit},
        )
    if view.purpose not in PURPOSES_OF_CASE[case.purpose]:
        return FieldProblem(
            field,
            "Sampling record {record_no} was written for “{other}”, the case is for “{purpose}”; "
            "write and sign one for this purpose at /console/records.",
            {**told, "other": view.purpose, "purpose": case.purpose},
        )
    if case.plan_id is not None:
        plan_no = session.get_one(Plan, case.plan_id).no
        if (view.plan_no, view.code) != (plan_no, case.unit_code):
            return FieldProblem(
                field,
                "Sampling record {record_no} was not written for unit {unit} of plan {plan_no}; "
                "name the signed record of this drawn unit (/console/records).",
                {**told, "plan_no": plan_no, "unit": case.unit_code},
            )
    used = session.execute(
        select(SamplingCase.no).where(SamplingCase.record_no == number, SamplingCase.id != case.id)
    ).scalar()
    if used is None:
        return None
    return FieldProblem(
        field,
        "Sampling record {record_no} is that of case {other}; each case has a record of its own: "
        "write and sign it at /console/records.",
        {**told, "other": used},
    )


def refuse_twin(session: Session, case: SamplingCase, product: str) -> None:
    """One case for a unit and a product of a plan."""
    if case.plan_id is None:
        return
    other = session.execute(
        select(SamplingCase.no).where(
            SamplingCase.plan_id == case.plan_id,
            SamplingCase.unit_code == case.unit_code,
            SamplingCase.product == product,
            SamplingCase.id != case.id,
        )
    ).scalar_one_or_none()
    if other is not None:
        raise CaseExists(unit_code=case.unit_code, number=other)


def _name_producer(step: Step) -> None:
    """The stated producer, by its code where it is on the register."""
    code, name = step.facts.get("producer_code"), step.facts.get("producer")
    found = None
    if code:
        found = step.session.execute(
            select(Enterprise).where(Enterprise.code == code.upper()).limit(1)
        ).scalar_one_or_none()
        if found is None and not name:
            raise problem(
                step.move, "producer", "{code} is not on the register; write its name.", code=code
            )
    if found is not None and found.id == step.case.enterprise_id:
        return  # the unit makes it itself
    case = step.case
    case.producer_id = None if found is None else found.id
    case.producer_name = name or (found.name if found else None)
    case.producer_address = found.address if found else None
    case.producer_region = step.facts.get("producer_region") or _region_code(
        step.session, found.region_id if found else None
    )


def _take_producer(step: Step, signed: Mapping[str, str]) -> None:
    """The producer whom the signed record states: the notice must not name the seller as maker."""
    name = signed.get("producer_name")
    unit = step.session.get_one(Enterprise, step.case.enterprise_id)
    if not name or name == unit.name or signed.get("producer_relation") == "own":
        return
    step.case.producer_name = name
    step.case.producer_address = signed.get("producer_address")
    step.case.producer_region = step.facts.get("producer_region")


def _region_code(session: Session, region_id: int | None) -> str | None:
    return None if region_id is None else session.get_one(Region, region_id).code


def _send(step: Step) -> None:
    step.case.laboratory = accredited(step.session, step.facts["laboratory"], step.day)


def accredited(session: Session, given: str, on: date) -> str:
    """The laboratory's name; of one on the register, the accreditation must hold on the day."""
    row = session.execute(
        select(Laboratory).where(or_(Laboratory.code == given, Laboratory.name == given)).limit(1)
    ).scalar_one_or_none()
    if row is None:
        return given
    if row.accreditation_until is not None and row.accreditation_until < on:
        raise LaboratoryNotAccredited(
            laboratory=row.name, until=row.accreditation_until.isoformat()
        )
    return row.name


def _order_again(step: Step) -> None:
    _name_samplers(step)
    _taken_back(step)


def _taken_back(step: Step) -> None:
    """The rejected sample does not count; another is taken."""
    step.case.record_no = None
    step.case.retained_samples = None
    step.case.laboratory = None


def begin_test(step: Step) -> None:
    """Who tests is not who sampled (抽检分离)."""
    testers: list[str] = step.facts["testers"]
    barred = barred_testers(
        samplers=step.case.samplers,
        testers=testers,
        is_test_on_site=step.facts.get("is_test_on_site", False),
    )
    if barred:
        cited = CITATIONS["licence-check"]
        raise SamplersWouldTest(
            numbers=", ".join(barred), source=cited.source, article=cited.article
        )
    step.case.testers = testers


def _report(step: Step) -> None:
    store_test(step, "first", step.case.laboratory or "", judgement_of(step))


def _report_findings(step: Step) -> None:
    store_test(step, "first", step.case.laboratory or "", None)


def judgement_of(step: Step) -> Judgement:
    """The three verdicts that an act states, if they agree with each other."""
    facts = step.facts
    if facts["tested_items"] < len(facts.get("failed_items", ())):
        raise problem(step.move, "tested_items", "More items failed than were tested.")
    try:
        return Judgement(
            Verdict(facts["physical"]),
            Verdict(facts["label"]),
            Verdict(facts["overall"]),
            failed_of(facts.get("failed_items", ())),
        )
    except ValueError as error:
        raise problem(
            step.move, "overall", "The verdicts contradict each other: {reason}", reason=str(error)
        ) from error


def failed_of(rows: Sequence[dict[str, object]]) -> tuple[FailedItem, ...]:
    """Failed items from their stored form."""
    return tuple(
        FailedItem(
            Part(str(row["part"])),
            str(row["item"]),
            str(row["measured"]),
            str(row["standard"]),
            row.get("is_serious") is True,
        )
        for row in rows
    )


def store_test(step: Step, name: str, laboratory: str, judged: Judgement | None) -> CaseTest:
    """Keep a report; a later round supersedes, none overwrites."""
    facts = step.facts
    row = CaseTest(
        case_id=step.case.id,
        purpose=step.case.purpose,
        round=name,
        laboratory=laboratory,
        report_no=facts["report_no"],
        reported_on=step.day,
        testers=step.case.testers,
        physical=judged and judged.physical.value,
        label=judged and judged.label.value,
        overall=judged and judged.overall.value,
        tested_items=facts.get("tested_items"),
        failed_items=list(facts.get("failed_items", ())),
        findings=facts.get("findings"),
        recorded_at=now(),
    )
    step.session.add(row)
    step.session.flush()  # what follows reads the stored rounds
    step.told = {"report_no": row.report_no}
    return row


EFFECTS: dict[Act, Callable[[Step], None]] = {
    Act.GIVE_NOTICE: _give_notice,
    Act.PLACE_ORDER: _name_samplers,
    Act.OPEN_PARCEL: _open_parcel,
    Act.NOT_SAMPLE: _not_sample,
    Act.GIVE_UP: _give_up,
    Act.SAMPLE: _sample,
    Act.SAMPLE_AGAIN: _taken_back,
    Act.ORDER_AGAIN: _order_again,
    Act.SEND: _send,
    Act.RECEIVE: refuse_uncovered_laboratory,
    Act.BEGIN_TEST: begin_test,
    Act.REPORT: _report,
    Act.REPORT_FINDINGS: _report_findings,
}
