"""Entrust a sampling agency or a laboratory, and issue the notice that is shown at the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, files
from core.actors import Actor
from core.clock import now, today
from core.errors import FieldProblem, Unauthenticated
from core.numbers import next_number
from registry.errors import RuleNotInForce
from registry.queries import rule_on
from sampling.errors import (
    ContractEnded,
    ContractInvalid,
    ContractNotValid,
    NoticeInvalid,
    NoticeStands,
    NoticeWithdrawn,
)
from sampling.models.plans import FrameUnit, PlanState
from sampling.models.publication import AgencyContract, CheckNotice
from sampling.queries.agencies import (
    contract_by_no,
    contract_on,
    notice_by_no,
    team_for_notice,
)
from sampling.queries.plans import plan_by_no
from sampling.service.changing import unit_to_visit
from sampling.service.entropy import refuse_void

CONTRACT_PREFIX = "WT"  # 委托
NOTICE_PREFIX = "TZ"  # 通知
ROLES = ("agency", "laboratory")
PACK = "CN-DRAW"
RULE_PEOPLE = "draw.inspectors"
FEWEST_PEOPLE = 2  # where no pack is loaded: never fewer


def record_contract(
    session: Session,
    actor: Actor,
    *,
    role: str,
    agency_code: str,
    agency_name: str,
    scope: str,
    valid_from: date,
    valid_until: date,
    forbids_subcontracting: bool,
    content: bytes,
    file_name: str,
    media_type: str,
    category_codes: Sequence[str] = (),
) -> AgencyContract:
    """Put a signed entrustment on record, with its file.

    Raises
    ------
    ContractInvalid
        A field is missing or reversed, or the contract does not forbid to subcontract.
    """
    problems = []
    if role not in ROLES:
        problems.append(
            FieldProblem("role", "Write one of {allowed}.", {"allowed": ", ".join(ROLES)})
        )
    for name, value in (
        ("agency_code", agency_code),
        ("agency_name", agency_name),
        ("scope", scope),
    ):
        if not value.strip():
            problems.append(FieldProblem(name, "This field must be filled in."))
    if valid_until < valid_from:
        facts = {"until": str(valid_until), "since": str(valid_from)}
        problems.append(
            FieldProblem(
                "valid_until", "The contract ends on {until}, before it begins on {since}.", facts
            )
        )
    if not forbids_subcontracting:
        problems.append(
            FieldProblem(
                "forbids_subcontracting",
                "The contract must forbid to pass the work on without consent (Order 18 art. 14).",
            )
        )
    if not content:
        problems.append(FieldProblem("file", "Add the signed contract as a file."))
    if problems:
        raise ContractInvalid(fields=problems)
    file = files.store(session, content, name=file_name, media_type=media_type)
    row = AgencyContract(
        no=next_number(session, CONTRACT_PREFIX, today().year),
        role=role,
        agency_code=agency_code.strip(),
        agency_name=agency_name.strip(),
        scope=scope.strip(),
        category_codes=list(category_codes),
        valid_from=valid_from,
        valid_until=valid_until,
        forbids_subcontracting=forbids_subcontracting,
        file_sha256=file.sha256,
        recorded_by=_person(actor),
        recorded_at=now(),
    )
    session.add(row)
    session.flush()  # the caller wants its version
    audit.record(session, actor, "contract.recorded", row.no, {"file": file.sha256})
    return row


def end_contract(
    session: Session, actor: Actor, no: str, *, on: date, reason: str
) -> AgencyContract:
    """End a contract before its time; work from that day on is not covered.

    Raises
    ------
    ContractEnded, ContractInvalid, ContractUnknown
    """
    row = contract_by_no(session, no, lock=True)
    if row.ended_on is not None:
        raise ContractEnded(no=no, on=str(row.ended_on))
    problems = []
    if not reason.strip():
        problems.append(FieldProblem("reason", "Say why; the reason is kept."))
    if not row.valid_from <= on <= row.valid_until:
        facts = {"since": str(row.valid_from), "until": str(row.valid_until), "got": str(on)}
        problems.append(FieldProblem("on", "A day from {since} to {until}, got {got}.", facts))
    if problems:
        raise ContractInvalid(fields=problems)
    row.ended_on, row.end_reason = on, reason.strip()
    session.flush()
    audit.record(session, actor, "contract.ended", no, {"on": str(on)})
    return row


def refuse_uncovered(
    session: Session,
    *,
    agency_code: str,
    agency_name: str,
    role: str,
    on: date,
    category_code: str | None = None,
) -> AgencyContract:
    """The contract under which a body may work on a day.

    Raises
    ------
    ContractNotValid
        There is none: not yet, no longer, ended, or for other products.
    """
    row = contract_on(
        session,
        agency_code=agency_code,
        agency_name=agency_name,
        role=role,
        on=on,
        category_code=category_code,
    )
    if row is None:
        raise ContractNotValid(agency=agency_name, on=str(on), scope=category_code or role)
    return row


def issue_notice(
    session: Session,
    actor: Actor,
    plan_no: str,
    code: str,
    *,
    token: str,
    authority: str,
    basis: str,
    visit_on: date,
    valid_until: date,
    agency_code: str | None = None,
) -> CheckNotice:
    """Issue the notice for a drawn unit, naming those who come, with a secret to check it by.

    Parameters
    ----------
    token : str
        Fresh randomness of at least 128 bits; whoever holds the paper can ask whether it is true.
    agency_code : str, optional
        Entrusted body that samples; its contract must be valid on the day of the visit.

    Raises
    ------
    NoticeInvalid
        Fewer people are assigned than the law asks, or a field cannot be meant.
    NoticeStands
        The unit has a notice that stands.
    ContractNotValid
        The agency is not covered on that day.
    PlanUnknown, PlanVoid, UnitUnknown, ResultKnown
    """
    plan = plan_by_no(session, plan_no, lock=True)
    refuse_void(plan)
    if plan.state != PlanState.DRAWN:
        raise NoticeInvalid(fields=[FieldProblem("plan_no", "Draw the plan first.")])
    unit_to_visit(session, plan, code)
    standing = session.execute(
        select(CheckNotice.no).where(
            CheckNotice.plan_id == plan.id,
            CheckNotice.code == code,
            CheckNotice.withdrawn_at.is_(None),
        )
    ).scalar_one_or_none()
    if standing is not None:
        raise NoticeStands(unit_code=code, no=standing)
    frame = session.get_one(FrameUnit, (plan.id, code))
    team = team_for_notice(session, plan.id, code)
    problems = [
        *_team_problems(session, len(team), visit_on),
        *_notice_problems(authority, basis, visit_on, valid_until),
    ]
    if problems:
        raise NoticeInvalid(fields=problems)
    contract = None
    if agency_code:
        contract = refuse_uncovered(
            session,
            agency_code=agency_code,
            agency_name=agency_code,
            role="agency",
            on=visit_on,
            category_code=frame.category_code or None,
        )
    row = CheckNotice(
        no=next_number(session, NOTICE_PREFIX, today().year),
        plan_id=plan.id,
        code=code,
        unit_name=frame.name,
        samplers=[asdict(each) for each in team],
        contract_no=contract.no if contract else None,
        authority=authority.strip(),
        basis=basis.strip(),
        visit_on=visit_on,
        valid_until=valid_until,
        check_token=token,
        issued_by=_person(actor),
        issued_at=now(),
    )
    session.add(row)
    session.flush()  # the caller wants its version
    audit.record(session, actor, "notice.issued", row.no, {"plan": plan_no, "unit": code})
    return row


def withdraw_notice(session: Session, actor: Actor, no: str, *, reason: str) -> CheckNotice:
    """Make a notice void; whoever scans it is told so, with the reason.

    Raises
    ------
    NoticeWithdrawn, NoticeInvalid, NoticeUnknown
    """
    row = notice_by_no(session, no, lock=True)
    if row.withdrawn_at is not None:
        raise NoticeWithdrawn(no=no)
    if not reason.strip():
        raise NoticeInvalid(fields=[FieldProblem("reason", "Say why; the reason is kept.")])
    row.withdrawn_at, row.withdraw_reason = now(), reason.strip()
    session.flush()
    audit.record(session, actor, "notice.withdrawn", no)
    return row


def _team_problems(session: Session, people: int, on: date) -> list[FieldProblem]:
    least = _people_needed(session, on)
    if people >= least:
        return []
    return [
        FieldProblem(
            "samplers",
            "At least {least} people come; {got} are assigned. Assign the team first.",
            {"least": least, "got": people},
        )
    ]


def _notice_problems(
    authority: str, basis: str, visit_on: date, valid_until: date
) -> list[FieldProblem]:
    problems = [
        FieldProblem(name, "This field must be filled in.")
        for name, value in (("authority", authority), ("basis", basis))
        if not value.strip()
    ]
    if visit_on < today():
        problems.append(FieldProblem("visit_on", "The visit lies in the past."))
    if valid_until < visit_on:
        facts = {"until": str(valid_until), "since": str(visit_on)}
        problems.append(
            FieldProblem(
                "valid_until", "The notice ends on {until}, before the visit on {since}.", facts
            )
        )
    return problems


def _people_needed(session: Session, on: date) -> int:
    try:
        value = rule_on(session, PACK, RULE_PEOPLE, on).value
    except RuleNotInForce:
        return FEWEST_PEOPLE
    return value if isinstance(value, int) else FEWEST_PEOPLE


def _person(actor: Actor) -> int:
    if actor.account_id is None:
        raise Unauthenticated
    return actor.account_id
