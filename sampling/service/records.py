"""Drafts of sampling records: begun from a drawn unit or standing alone, filled in, given up."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit
from core.actors import Actor, Role
from core.clock import now, today
from core.config import secret_key
from core.errors import FieldProblem
from core.numbers import next_number
from registry.models import Category, Enterprise, Person, Product, Region
from registry.queries import enterprise_by_code, products_of
from sampling.errors import NotYourRecord, ReasonNeeded, RecordFinal, RecordInvalid, StateForbids
from sampling.maths.record_cells import RecordProblem, cleaned, cleaned_samples
from sampling.maths.record_document import sample_numbers
from sampling.maths.record_fields import PERSONAL, Channel, Purpose
from sampling.models.plans import FrameUnit, Plan, PlanState
from sampling.models.records import (
    RecordSample,
    RecordSampler,
    RecordState,
    SamplingRecord,
)
from sampling.queries.plans import plan_by_no
from sampling.queries.records import record_row, team_of
from sampling.service.changing import unit_to_visit
from sampling.service.entropy import refuse_void

PREFIX = "CY"


def start(
    session: Session,
    actor: Actor,
    *,
    channel: str,
    purpose: str = Purpose.SUPERVISION,
    plan_no: str | None = None,
    code: str | None = None,
    standalone_reason: str | None = None,
    enterprise_code: str | None = None,
    samplers: Sequence[str] = (),
    product_no: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> SamplingRecord:
    """Begin a record, prefilled from the register as it stands at this moment.

    Parameters
    ----------
    plan_no, code : str, optional
        The drawn unit it is for; its team are the samplers.
    standalone_reason : str, optional
        Why a sample is taken outside a draw; then ``enterprise_code`` and ``samplers`` (work
        numbers) say where and by whom.
    product_no : str, optional
        A product of the enterprise, to be copied too.

    Raises
    ------
    RecordInvalid
        The fields say what cannot be meant.
    UnitUnknown, ResultKnown, PlanVoid, StateForbids
        The unit is not to be visited.
    EnterpriseUnknown
        No enterprise has this code.
    NotYourRecord
        An inspector began a record for the unit of others.
    """
    problems = [
        *_choice("channel", channel, list(Channel)),
        *_choice("purpose", purpose, list(Purpose)),
    ]
    drawn = plan_no is not None and code is not None
    if (plan_no is None) != (code is None):
        problems.append(FieldProblem("code", "Name the plan and the unit, or neither."))
    if not drawn and not (standalone_reason or "").strip():
        problems.append(
            FieldProblem("standalone_reason", "Say why the sample is taken outside a draw.")
        )
    kept, unread = cleaned(values or {})
    problems.extend(field_problems(unread))
    if problems:
        raise RecordInvalid(fields=problems)
    plan, enterprise = None, None
    if plan_no is not None and code is not None:
        plan = _drawn_plan(session, plan_no, code)
        frame = session.get_one(FrameUnit, (plan.id, code))
        enterprise = session.get_one(Enterprise, frame.enterprise_id)
        people = team_of(session, plan.id, code)
    else:
        if enterprise_code:
            enterprise = enterprise_by_code(session, enterprise_code)
        people = _people(session, actor, samplers)
    no = next_number(session, PREFIX, today().year)
    if actor.role is Role.INSPECTOR and actor.person_id not in people:
        raise NotYourRecord(record_no=no)
    found = {**copied(session, enterprise, product_no), **kept}
    record = SamplingRecord(
        no=no,
        edition=1,
        state=RecordState.DRAFT,
        purpose=purpose,
        channel=channel,
        plan_id=plan.id if plan else None,
        unit_code=code if plan else None,
        standalone_reason=None if drawn else (standalone_reason or "").strip(),
        enterprise_id=enterprise.id if enterprise else None,
        content={name: text for name, text in found.items() if name not in PERSONAL},
        personal=sealed_values(no, {n: text for n, text in found.items() if n in PERSONAL}),
        created_by=actor.account_id,
        created_at=now(),
        updated_at=now(),
    )
    session.add(record)
    session.flush()  # its parts need its id
    for position, person_id in enumerate(people):
        session.add(RecordSampler(record_id=record.id, person_id=person_id, position=position))
    told = {"plan_no": plan_no, "code": code, "purpose": purpose, "channel": channel}
    audit.record(session, actor, "record.started", no, told)
    session.flush()
    return record


def save(
    session: Session,
    actor: Actor,
    no: str,
    *,
    values: Mapping[str, Any] | None = None,
    samples: Sequence[Mapping[str, Any]] | None = None,
    samplers: Sequence[str] | None = None,
) -> SamplingRecord:
    """Keep what was written so far; what is not named stays as it is, an empty value is removed.

    Raises
    ------
    RecordInvalid
        A value cannot be read; nothing was kept.
    RecordFinal, NotYourRecord, RecordUnknown
        The rest.

    Notes
    -----
    A draft may be incomplete and may contradict itself: the line may break before the next field.
    """
    record = open_draft(session, actor, no)
    kept, problems = cleaned(values or {})
    numbered = None
    if samples is not None:
        facts, unread = cleaned_samples(samples)
        problems = [*problems, *unread]
        numbered = sample_numbers(record.no, facts)
    if samplers is not None and record.plan_id is not None:
        problem = FieldProblem(
            "samplers", "The samplers of a drawn unit are those whom the draw named."
        )
        raise RecordInvalid(fields=[problem])
    if problems:
        raise RecordInvalid(fields=field_problems(problems))
    personal = json.loads(record.personal)["values"]
    merged = {**record.content, **personal, **kept}
    for name in values or {}:
        if name not in kept:
            merged.pop(name, None)
    record.content = {name: text for name, text in merged.items() if name not in PERSONAL}
    hidden_now = {name: text for name, text in merged.items() if name in PERSONAL}
    if hidden_now != personal:
        record.personal = sealed_values(record.no, hidden_now)
    if numbered is not None:
        session.execute(delete(RecordSample).where(RecordSample.record_id == record.id))
        for each in numbered:
            session.add(
                RecordSample(
                    record_id=record.id,
                    no=each.no,
                    kind=each.facts.kind.value,
                    quantity=each.facts.quantity,
                    seal_no=each.facts.seal_no,
                    place=each.facts.place,
                    storage=each.facts.storage,
                )
            )
    if samplers is not None:
        people = _people(session, actor, samplers)
        session.execute(delete(RecordSampler).where(RecordSampler.record_id == record.id))
        for position, person_id in enumerate(people):
            session.add(RecordSampler(record_id=record.id, person_id=person_id, position=position))
    record.updated_at = now()
    session.flush()  # raises the version, which the answer carries
    return record


def discard(session: Session, actor: Actor, no: str, *, reason: str) -> SamplingRecord:
    """Give up a draft, with a reason; its number stays used, so that none is missing.

    Raises
    ------
    ReasonNeeded, RecordFinal, NotYourRecord, RecordUnknown
        As they say.
    """
    record = open_draft(session, actor, no)
    if not reason.strip():
        raise ReasonNeeded
    record.state = RecordState.DISCARDED
    record.discard_reason = reason.strip()
    record.updated_at = now()
    audit.record(session, actor, "record.discarded", no, {"edition": record.edition})
    session.flush()
    return record


def open_draft(session: Session, actor: Actor, no: str) -> SamplingRecord:
    """The draft with this number, locked, for somebody who may write in it.

    Raises
    ------
    RecordUnknown, RecordFinal, NotYourRecord
        As they say.
    """
    record = record_row(session, no, lock=True)
    if record.state != RecordState.DRAFT:
        raise RecordFinal(record_no=no, state=record.state)
    refuse_strangers(session, actor, record)
    return record


def refuse_strangers(session: Session, actor: Actor, record: SamplingRecord) -> None:
    """Let only the samplers and lead inspectors write in a record.

    Raises
    ------
    NotYourRecord
        For everybody else.
    """
    if actor.role in (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR, Role.SYSTEM):
        return
    mine = session.execute(
        select(RecordSampler.person_id).where(
            RecordSampler.record_id == record.id, RecordSampler.person_id == actor.person_id
        )
    ).one_or_none()
    if actor.role is not Role.INSPECTOR or mine is None:
        raise NotYourRecord(record_no=record.no)


def copied(
    session: Session, enterprise: Enterprise | None, product_no: str | None
) -> dict[str, str]:
    """What the register says of an enterprise and a product of it, as fields of a record.

    Raises
    ------
    RecordInvalid
        The enterprise has no such product.
    """
    if enterprise is None:
        return {}
    region = session.get(Region, enterprise.region_id) if enterprise.region_id else None
    told: dict[str, str | None] = {
        "unit_name": enterprise.name,
        "unit_uscc": enterprise.code if enterprise.code_scheme == "uscc" else None,
        "licence_no": enterprise.code if enterprise.code_scheme != "uscc" else None,
        "unit_address": enterprise.address,
        "unit_region": region.name if region else None,
        "contact_phone": enterprise.contact,
    }
    if product_no:
        product = next(
            (one for one in products_of(session, enterprise.id) if one.number == product_no), None
        )
        if product is None:
            problem = FieldProblem(
                "product_no",
                "{enterprise} has no product {product} on the register.",
                {"product": product_no, "enterprise": enterprise.name},
            )
            raise RecordInvalid(fields=[problem])
        told |= _product(session, product)
    return cleaned({name: text for name, text in told.items() if text})[0]


def sealed_values(no: str, values: Mapping[str, str]) -> str:
    """Personal values with the salt of their hash, as they are stored (sealed by the column)."""
    # From the installation's secret, not from chance: the same record always has the same salt.
    salt = hmac.new(secret_key(), b"sampling-record/" + no.encode(), hashlib.sha256).hexdigest()
    return json.dumps({"salt": salt, "values": dict(values)}, ensure_ascii=False, sort_keys=True)


def field_problems(problems: Sequence[RecordProblem]) -> list[FieldProblem]:
    """Problems of the maths as those of an answer."""
    return [FieldProblem(each.field, each.message, dict(each.facts)) for each in problems]


def _product(session: Session, product: Product) -> dict[str, str | None]:
    category = session.get(Category, product.category_id) if product.category_id else None
    return {
        "product_name": product.name,
        "brand": product.brand,
        "model": product.model,
        "standard_no": product.standard,
        "category_code": category.code if category else None,
    }


def _drawn_plan(session: Session, plan_no: str, code: str) -> Plan:
    plan = plan_by_no(session, plan_no)
    refuse_void(plan)
    if plan.state != PlanState.DRAWN:
        raise StateForbids(plan_no=plan.no, state=plan.state, needed=PlanState.DRAWN.value)
    unit_to_visit(session, plan, code)
    return plan


def _people(session: Session, actor: Actor, numbers: Sequence[str]) -> list[int]:
    """Samplers by work number; the one who writes leads where nobody is named."""
    wanted = list(dict.fromkeys(number.strip() for number in numbers if number.strip()))
    known = {
        person.number: person
        for person in session.execute(select(Person).where(Person.number.in_(wanted))).scalars()
    }
    problems = []
    for number in wanted:
        if number not in known:
            problems.append(
                FieldProblem("samplers", "There is no inspector {number}.", {"number": number})
            )
        elif not known[number].is_active:
            problems.append(
                FieldProblem(
                    "samplers", "Inspector {number} is no longer in service.", {"number": number}
                )
            )
    if problems:
        raise RecordInvalid(fields=problems)
    if not wanted:
        return [actor.person_id] if actor.person_id is not None else []
    return [known[number].id for number in wanted]


def _choice(name: str, value: str, allowed: Sequence[str]) -> list[FieldProblem]:
    if value in allowed:
        return []
    return [FieldProblem(name, "Write one of {allowed}.", {"allowed": ", ".join(allowed)})]
