"""Contracts with sampling agencies and laboratories, and notices shown at the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from core.clock import today
from registry.models import Person
from sampling.errors import ContractUnknown, NoticeUnknown
from sampling.models.plans import Assignment, Plan
from sampling.models.publication import AgencyContract, CheckNotice


@dataclass(frozen=True, slots=True)
class ContractView:
    """A contract, and whether it can be relied on today."""

    no: str
    role: str
    agency_code: str
    agency_name: str
    scope: str
    category_codes: tuple[str, ...]
    valid_from: date
    valid_until: date
    file_sha256: str
    recorded_at: datetime
    ended_on: date | None
    end_reason: str | None
    state: str  # "coming", "valid", "expired", "ended"
    version: int


@dataclass(frozen=True, slots=True)
class SamplerView:
    """Somebody who comes to the door."""

    number: str
    name: str
    certificate_no: str


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice as its paper shows it."""

    no: str
    plan_no: str
    code: str
    unit_name: str
    authority: str
    basis: str
    samplers: tuple[SamplerView, ...]
    contract_no: str | None
    visit_on: date
    valid_until: date
    check_token: str
    issued_at: datetime
    withdrawn_at: datetime | None
    withdraw_reason: str | None
    state: str  # "coming", "valid", "expired", "withdrawn"
    version: int


def contracts_matching(*, text: str | None = None) -> Select[AgencyContract]:
    """Contracts by words; to be paged."""
    statement = select(AgencyContract)
    for word in (text or "").split():
        statement = statement.where(
            func.concat_ws(
                " ", AgencyContract.no, AgencyContract.agency_code, AgencyContract.agency_name
            ).icontains(word, autoescape=True)
        )
    return statement


def contract_views(rows: Sequence[AgencyContract]) -> list[ContractView]:
    """Contracts as they are shown, in the order given."""
    return [
        ContractView(
            no=row.no,
            role=row.role,
            agency_code=row.agency_code,
            agency_name=row.agency_name,
            scope=row.scope,
            category_codes=tuple(row.category_codes),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            file_sha256=row.file_sha256,
            recorded_at=row.recorded_at,
            ended_on=row.ended_on,
            end_reason=row.end_reason,
            state=_contract_state(row, today()),
            version=row.version,
        )
        for row in rows
    ]


def _contract_state(row: AgencyContract, on: date) -> str:
    if row.ended_on is not None and row.ended_on <= on:
        return "ended"
    if on < row.valid_from:
        return "coming"
    return "valid" if on <= row.valid_until else "expired"


def contract_by_no(session: Session, no: str, *, lock: bool = False) -> AgencyContract:
    """The contract with this number.

    Raises
    ------
    ContractUnknown
        There is none.
    """
    statement = select(AgencyContract).where(AgencyContract.no == no)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise ContractUnknown(no=no)
    return row


def contract_on(
    session: Session,
    *,
    agency_code: str,
    role: str,
    on: date,
    category_code: str | None = None,
    agency_name: str | None = None,
) -> AgencyContract | None:
    """The contract that covers a body on a day; None where none does.

    Parameters
    ----------
    agency_name : str, optional
        Its full name: the register may number a body otherwise than its contract does.
    role : {"agency", "laboratory"}
    category_code : str, optional
        Product to be sampled or tested; a contract without categories covers all.
    """
    rows = session.execute(
        select(AgencyContract)
        .where(
            _is_of(agency_code, agency_name),
            AgencyContract.role == role,
            AgencyContract.valid_from <= on,
            AgencyContract.valid_until >= on,
        )
        .order_by(AgencyContract.id.desc())
    ).scalars()
    for row in rows:
        if row.ended_on is not None and row.ended_on <= on:
            continue
        if not row.category_codes or category_code is None or category_code in row.category_codes:
            return row
    return None


def has_contracts(session: Session, *, agency_code: str, agency_name: str, role: str) -> bool:
    """True where a body was ever entrusted, whether or not the contract is in force."""
    statement = select(AgencyContract.id).where(
        _is_of(agency_code, agency_name), AgencyContract.role == role
    )
    return session.execute(statement.limit(1)).first() is not None


def _is_of(agency_code: str, agency_name: str | None) -> ColumnElement[bool]:
    return or_(AgencyContract.agency_code == agency_code, AgencyContract.agency_name == agency_name)


def notices_matching(*, plan_no: str | None = None) -> Select[CheckNotice]:
    """Notices, of one plan if asked; to be paged."""
    statement = select(CheckNotice)
    if plan_no:
        statement = statement.join(Plan, Plan.id == CheckNotice.plan_id).where(Plan.no == plan_no)
    return statement


def notice_views(rows: Sequence[tuple[CheckNotice, str]]) -> list[NoticeView]:
    """Notices with the number of their plan, in the order given."""
    return [
        NoticeView(
            no=row.no,
            plan_no=plan_no,
            code=row.code,
            unit_name=row.unit_name,
            authority=row.authority,
            basis=row.basis,
            samplers=tuple(SamplerView(**each) for each in row.samplers),
            contract_no=row.contract_no,
            visit_on=row.visit_on,
            valid_until=row.valid_until,
            check_token=row.check_token,
            issued_at=row.issued_at,
            withdrawn_at=row.withdrawn_at,
            withdraw_reason=row.withdraw_reason,
            state=_notice_state(row, today()),
            version=row.version,
        )
        for row, plan_no in rows
    ]


def _notice_state(row: CheckNotice, on: date) -> str:
    if row.withdrawn_at is not None:
        return "withdrawn"
    if on < row.visit_on:
        return "coming"
    return "valid" if on <= row.valid_until else "expired"


def with_plan_numbers(
    session: Session, rows: Sequence[CheckNotice]
) -> list[tuple[CheckNotice, str]]:
    """Notices, each with the number of its plan."""
    numbers = dict(
        session.execute(
            select(Plan.id, Plan.no).where(Plan.id.in_({row.plan_id for row in rows}))
        ).all()
    )
    return [(row, numbers[row.plan_id]) for row in rows]


def notice_by_no(session: Session, no: str, *, lock: bool = False) -> CheckNotice:
    """The notice with this number.

    Raises
    ------
    NoticeUnknown
        There is none.
    """
    statement = select(CheckNotice).where(CheckNotice.no == no)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NoticeUnknown(no=no)
    return row


def notice_by_token(session: Session, token: str) -> NoticeView:
    """The notice whose paper carries this secret; the database opens that row and no other.

    Raises
    ------
    NoticeUnknown
        No notice carries it.
    """
    session.execute(select(func.set_config("zhiheng.check_token", token, True)))
    row = session.execute(
        select(CheckNotice, Plan.no)
        .join(Plan, Plan.id == CheckNotice.plan_id)
        .where(CheckNotice.check_token == token)
    ).one_or_none()
    if row is None:
        raise NoticeUnknown(no="")
    return notice_views([(row[0], row[1])])[0]


def team_for_notice(session: Session, plan_id: int, code: str) -> list[SamplerView]:
    """Those assigned to a unit, the leader first, as a notice names them."""
    rows = session.execute(
        select(Person.number, Person.name, Person.certificate_no)
        .join(Assignment, Assignment.person_id == Person.id)
        .where(Assignment.plan_id == plan_id, Assignment.code == code)
        .order_by(Assignment.position)
    ).all()
    return [SamplerView(row.number, row.name, row.certificate_no or "") for row in rows]
