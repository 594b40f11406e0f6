"""Questions to sampling cases; nothing here changes anything. The database says who sees what.

Row-level security shows an enterprise its own cases once it was told, and a result once it was
sent to it, so the same questions serve staff and enterprises.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from core.clock import now
from core.clocks import Due, Standing, standing
from core.files import StoredFile
from core.journal import JournalEntry
from registry.maths.packs import Citation, read_rule
from registry.models import Enterprise
from sampling.errors import CaseUnknown, RapidTestUnknown
from sampling.maths.procedure import STANDING_STATES, TERMINAL
from sampling.models.plans import Assignment, Plan
from sampling.models.procedure import (
    CaseClock,
    CaseFileLink,
    CaseObjection,
    CaseParty,
    CaseProposal,
    CaseTest,
    RapidTest,
    SamplingCase,
)

# A right that was not used, or a duty that fell away: neither is overdue.
LAPSED = "lapsed"
NO_LONGER_RUNS = "cancelled"
_DUTIES = ("overdue", "escalate")
_AUTHORITY = "authority"


@dataclass(frozen=True, slots=True)
class ClockView:
    """A legal clock as people see it: the day, how it stands, and the article behind it."""

    case_no: str
    rule_id: str
    title_zh: str
    title_en: str
    party: str | None  # role of the party whose clock it is
    responsible: str
    on_expiry: str
    statutory: bool
    citation: Citation
    started_on: date
    opens_on: date | None
    due_on: date
    expires_at: datetime
    is_provisional: bool
    provisional_reason: str | None
    met_at: datetime | None
    ended_at: datetime | None
    breached_at: datetime | None
    standing: str

    @property
    def is_running(self) -> bool:
        """Neither met nor fallen away."""
        return self.met_at is None and self.ended_at is None


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case in a list."""

    id: int
    no: str
    purpose: str
    domain: str
    source: str
    plan_no: str | None
    unit_code: str | None
    enterprise_id: int
    enterprise: str
    product: str
    state: str
    verdict: str | None
    opened_at: datetime
    acted_on: date
    overdue: tuple[ClockView, ...]
    next_due: ClockView | None
    version: int


@dataclass(frozen=True, slots=True)
class CaseFileView:
    """A file that is evidence of an act."""

    act: str
    name: str
    sha256: str
    file_name: str
    size: int
    added_at: datetime


@dataclass(frozen=True, slots=True)
class CaseDossier:
    """Everything about one case that the caller may see."""

    case: SamplingCase
    line: CaseLine
    enterprise_code: str
    parties: tuple[CaseParty, ...]
    objections: tuple[CaseObjection, ...]
    tests: tuple[CaseTest, ...]
    clocks: tuple[ClockView, ...]
    proposal: CaseProposal | None
    files: tuple[CaseFileView, ...]
    rapid_test: RapidTest | None


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """One entry of a case's chained history."""

    sequence: int
    kind: str
    body: dict[str, Any]
    recorded_at: datetime
    hash: str


@dataclass(frozen=True, slots=True)
class PublicationRow:
    """The columns of a public notice (公示) for one standing result.

    ``failed_items``: one (item, measured value, standard value) each.
    """

    case_no: str
    record_no: str | None
    plan_no: str | None
    verdict: str
    producer_name: str
    producer_address: str | None
    unit_code: str
    unit_name: str
    unit_address: str | None
    product: str
    model: str | None
    brand: str | None
    lot_no: str | None
    failed_items: tuple[tuple[str, str, str], ...]
    category_code: str
    laboratory: str | None
    is_retested: bool
    confirmed_at: datetime


def stream_of(number: str) -> str:
    """Name of a case's journal."""
    return f"sampling-case/{number}"


def running() -> ColumnElement[bool]:
    """Condition of a clock that is neither met nor fell away."""
    return and_(CaseClock.met_at.is_(None), CaseClock.ended_at.is_(None))


def overdue_clock() -> ColumnElement[bool]:
    """Condition of a duty that has run out; a right that lapsed is none."""
    return and_(running(), CaseClock.on_expiry.in_(_DUTIES), CaseClock.expires_at <= now())


def case_by_no(session: Session, number: str, *, lock: bool = False) -> SamplingCase:
    """The case with this number; with its row locked, if it is to be changed.

    Raises
    ------
    CaseUnknown
        There is none, or none that the caller may see.
    """
    statement = select(SamplingCase).where(SamplingCase.no == number)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = session.execute(statement).scalar_one_or_none()
    if found is None:
        raise CaseUnknown(number=number)
    return found


def cases_matching(
    *,
    state: str | None = None,
    purpose: str | None = None,
    plan_no: str | None = None,
    text: str | None = None,
    overdue: bool = False,
    due_by: date | None = None,
    open_only: bool = False,
    person_id: int | None = None,
) -> Select[SamplingCase]:
    """Cases, newest first; to be paged.

    Parameters
    ----------
    overdue : bool
        Only with a duty that has run out.
    due_by : date, optional
        Only with a duty that ends on or before this day, or has run out.
    person_id : int, optional
        Only of units for which this inspector was drawn.
    """
    statement = select(SamplingCase).order_by(SamplingCase.id.desc())
    if state is not None:
        statement = statement.where(SamplingCase.state == state)
    if purpose is not None:
        statement = statement.where(SamplingCase.purpose == purpose)
    if open_only:
        statement = statement.where(SamplingCase.state.not_in([one.value for one in TERMINAL]))
    if plan_no is not None:
        statement = statement.where(
            SamplingCase.plan_id.in_(select(Plan.id).where(Plan.no == plan_no))
        )
    if text:
        named = select(Enterprise.id).where(
            or_(
                Enterprise.name.icontains(text, autoescape=True),
                Enterprise.code.icontains(text, autoescape=True),
            )
        )
        statement = statement.where(
            or_(
                SamplingCase.no.icontains(text, autoescape=True),
                SamplingCase.product.icontains(text, autoescape=True),
                SamplingCase.enterprise_id.in_(named),
            )
        )
    if overdue:
        statement = statement.where(
            exists().where(CaseClock.case_id == SamplingCase.id, overdue_clock())
        )
    if due_by is not None:
        statement = statement.where(
            exists().where(
                CaseClock.case_id == SamplingCase.id,
                running(),
                CaseClock.on_expiry.in_(_DUTIES),
                CaseClock.due_on <= due_by,
            )
        )
    if person_id is not None:
        statement = statement.where(_drawn_for(person_id))
    return statement


def _drawn_for(person_id: int) -> ColumnElement[bool]:
    return exists().where(
        Assignment.plan_id == SamplingCase.plan_id,
        Assignment.code == SamplingCase.unit_code,
        Assignment.person_id == person_id,
    )


def case_lines(session: Session, rows: Sequence[SamplingCase]) -> list[CaseLine]:
    """Views of a page of cases, each with its overdue clocks and the next one due."""
    clocks = _clocks(session, rows)
    names = _names(session, {row.enterprise_id for row in rows})
    plans = {
        row.id: row.no
        for row in session.execute(
            select(Plan.id, Plan.no).where(Plan.id.in_({row.plan_id for row in rows}))
        )
    }
    lines = []
    for row in rows:
        alive = [one for one in clocks.get(row.id, []) if one.is_running]
        lines.append(
            CaseLine(
                id=row.id,
                no=row.no,
                purpose=row.purpose,
                domain=row.domain,
                source=row.source,
                plan_no=plans.get(row.plan_id) if row.plan_id is not None else None,
                unit_code=row.unit_code,
                enterprise_id=row.enterprise_id,
                enterprise=names.get(row.enterprise_id, ""),
                product=row.product,
                state=row.state,
                verdict=row.verdict,
                opened_at=row.opened_at,
                acted_on=row.acted_on,
                overdue=tuple(one for one in alive if one.standing == Standing.OVERDUE),
                next_due=min(
                    (one for one in alive if one.standing != LAPSED),
                    key=lambda one: one.expires_at,
                    default=None,
                ),
                version=row.version,
            )
        )
    return lines


def case_dossier(session: Session, number: str) -> CaseDossier:
    """Everything about one case.

    Raises
    ------
    CaseUnknown
        There is none, or none that the caller may see.
    """
    case = case_by_no(session, number)
    code = session.execute(
        select(Enterprise.code).where(Enterprise.id == case.enterprise_id)
    ).scalar_one_or_none()
    return CaseDossier(
        case=case,
        line=case_lines(session, [case])[0],
        enterprise_code=code or "",
        parties=tuple(parties_of(session, case)),
        objections=tuple(objections_of(session, case)),
        tests=tuple(tests_of(session, case)),
        clocks=tuple(_clocks(session, [case]).get(case.id, ())),
        proposal=open_proposal(session, case),
        files=tuple(_files(session, case)),
        rapid_test=None
        if case.rapid_test_id is None
        else session.get(RapidTest, case.rapid_test_id),
    )


def parties_of(session: Session, case: SamplingCase) -> list[CaseParty]:
    """Who was told of the result, in the order in which it was told."""
    return list(
        session.execute(
            select(CaseParty).where(CaseParty.case_id == case.id).order_by(CaseParty.id)
        ).scalars()
    )


def objections_of(session: Session, case: SamplingCase) -> list[CaseObjection]:
    """Objections to the result, oldest first."""
    return list(
        session.execute(
            select(CaseObjection)
            .where(CaseObjection.case_id == case.id)
            .order_by(CaseObjection.number)
        ).scalars()
    )


def tests_of(session: Session, case: SamplingCase) -> list[CaseTest]:
    """Reports of laboratories, oldest first."""
    return list(
        session.execute(
            select(CaseTest).where(CaseTest.case_id == case.id).order_by(CaseTest.id)
        ).scalars()
    )


def open_proposal(session: Session, case: SamplingCase) -> CaseProposal | None:
    """The grave step that waits for a second person."""
    return session.execute(
        select(CaseProposal).where(CaseProposal.case_id == case.id, CaseProposal.outcome.is_(None))
    ).scalar_one_or_none()


def case_history(session: Session, number: str, *, whole: bool = True) -> list[CaseEntry]:
    """What happened to a case, oldest first, each entry with its place in the chain.

    Parameters
    ----------
    whole : bool
        With the facts of each step; else only from which state to which.

    Raises
    ------
    CaseUnknown
        There is none, or none that the caller may see.
    """
    case_by_no(session, number)  # the journal itself knows no owners
    entries = session.execute(
        select(JournalEntry)
        .where(JournalEntry.stream == stream_of(number))
        .order_by(JournalEntry.sequence)
    ).scalars()
    return [
        CaseEntry(
            one.sequence,
            one.kind,
            one.body if whole else {key: one.body.get(key) for key in ("from", "to")},
            one.recorded_at,
            bytes(one.hash).hex(),
        )
        for one in entries
    ]


def overdue_counts(session: Session, *, person_id: int | None = None) -> int:
    """How many cases have a duty of the authority that has run out; of one inspector's units."""
    statement = (
        select(func.count(func.distinct(SamplingCase.id)))
        .join(CaseClock, CaseClock.case_id == SamplingCase.id)
        .where(overdue_clock(), CaseClock.responsible == _AUTHORITY)
    )
    if person_id is not None:
        statement = statement.where(_drawn_for(person_id))
    return session.execute(statement).scalar_one()


def duties_of_enterprise(session: Session) -> int:
    """How many clocks run against the enterprise signed in; asked under its own rights."""
    return session.execute(
        select(func.count(CaseClock.id)).where(
            running(), CaseClock.responsible != _AUTHORITY, CaseClock.expires_at > now()
        )
    ).scalar_one()


def drawn_plans(session: Session) -> list[tuple[str, str]]:
    """Number and title of plans that are drawn, newest first."""
    rows = session.execute(
        select(Plan.no, Plan.title).where(Plan.state == "drawn").order_by(Plan.id.desc()).limit(200)
    )
    return [(row.no, row.title) for row in rows]


def proposals_waiting(session: Session, account_id: int | None) -> int:
    """How many grave steps wait for a second person other than this one."""
    statement = select(func.count(CaseProposal.id)).where(CaseProposal.outcome.is_(None))
    if account_id is not None:
        statement = statement.where(CaseProposal.proposed_by != account_id)
    return session.execute(statement).scalar_one()


def cases_of_enterprise(session: Session, *, limit: int = 50) -> list[CaseLine]:
    """Cases that the enterprise signed in may see, newest first."""
    rows = session.execute(cases_matching().limit(limit)).scalars().all()
    return case_lines(session, rows)


def rapid_test_by_no(session: Session, number: str, *, lock: bool = False) -> RapidTest:
    """The rapid test with this number.

    Raises
    ------
    RapidTestUnknown
        There is none.
    """
    statement = select(RapidTest).where(RapidTest.no == number)
    if lock:
        statement = statement.with_for_update()
    found = session.execute(statement).scalar_one_or_none()
    if found is None:
        raise RapidTestUnknown(number=number)
    return found


def rapid_tests() -> Select[RapidTest]:
    """Rapid tests, newest first; to be paged."""
    return select(RapidTest).order_by(RapidTest.id.desc())


@dataclass(frozen=True, slots=True)
class RapidLine:
    """One rapid test in a list, with the case it led to."""

    no: str
    enterprise: str
    product: str
    lot_no: str | None
    item: str
    method: str
    reading: str
    measured: str | None
    tested_on: date
    case_no: str | None


def rapid_lines(session: Session, rows: Sequence[RapidTest]) -> list[RapidLine]:
    """Views of a page of rapid tests."""
    names = _names(session, {row.enterprise_id for row in rows})
    led_to = dict(
        session.execute(
            select(SamplingCase.rapid_test_id, SamplingCase.no).where(
                SamplingCase.rapid_test_id.in_([row.id for row in rows])
            )
        ).all()
    )
    return [
        RapidLine(
            row.no,
            names.get(row.enterprise_id, ""),
            row.product,
            row.lot_no,
            row.item,
            row.method,
            row.reading,
            row.measured,
            row.tested_on,
            led_to.get(row.id),
        )
        for row in rows
    ]


def publishable_cases() -> Select[SamplingCase]:
    """Supervision cases whose result stands: the only ones that may ever be published."""
    return (
        select(SamplingCase)
        .where(SamplingCase.purpose == "supervision")
        .where(SamplingCase.verdict.is_not(None), SamplingCase.confirmed_at.is_not(None))
        .where(SamplingCase.state.in_([one.value for one in STANDING_STATES]))
        .order_by(SamplingCase.id)
    )


def publication_rows(session: Session, cases: Sequence[SamplingCase]) -> list[PublicationRow]:
    """Cases of `publishable_cases` with the columns of a public notice, in the order given."""
    units = {
        row.id: row
        for row in session.execute(
            select(Enterprise).where(Enterprise.id.in_({one.enterprise_id for one in cases}))
        ).scalars()
    }
    plans = dict(
        session.execute(
            select(Plan.id, Plan.no).where(Plan.id.in_({one.plan_id for one in cases}))
        ).all()
    )
    tests: dict[int, list[CaseTest]] = defaultdict(list)
    for test in session.execute(
        select(CaseTest)
        .where(CaseTest.case_id.in_([one.id for one in cases]))
        .where(CaseTest.round.in_(["first", "retest"]))
        .order_by(CaseTest.id)
    ).scalars():
        tests[test.case_id].append(test)
    rows = []
    for case in cases:
        if case.verdict is None or case.confirmed_at is None:
            raise ValueError(f"the result of {case.no} does not stand yet")
        unit, mine = units[case.enterprise_id], tests[case.id]
        own = case.producer_name is None
        rows.append(
            PublicationRow(
                case_no=case.no,
                record_no=case.record_no,
                plan_no=None if case.plan_id is None else plans.get(case.plan_id),
                verdict=case.verdict,
                producer_name=unit.name if own else str(case.producer_name),
                producer_address=unit.address if own else case.producer_address,
                unit_code=unit.code,
                unit_name=unit.name,
                unit_address=unit.address,
                product=case.product,
                model=case.model,
                brand=case.brand,
                lot_no=case.lot_no,
                failed_items=tuple(
                    (one["item"], one["measured"], one["standard"])
                    for one in (case.standing_items or [])
                ),
                category_code=case.category_code,
                laboratory=mine[-1].laboratory if mine else None,
                is_retested=any(one.round == "retest" for one in mine),
                confirmed_at=case.confirmed_at,
            )
        )
    return rows


def _clocks(session: Session, rows: Sequence[SamplingCase]) -> dict[int, list[ClockView]]:
    numbers = {row.id: row.no for row in rows}
    found = session.execute(
        select(CaseClock, CaseParty.role)
        .outerjoin(CaseParty, CaseParty.id == CaseClock.party_id)
        .where(CaseClock.case_id.in_(numbers))
        .order_by(CaseClock.expires_at, CaseClock.id)
    ).all()
    views: dict[int, list[ClockView]] = {}
    for clock, role in found:
        views.setdefault(clock.case_id, []).append(_clock_view(clock, numbers[clock.case_id], role))
    return views


def _clock_view(row: CaseClock, number: str, role: str | None) -> ClockView:
    rule = read_rule(row.pack, row.rule)
    return ClockView(
        case_no=number,
        rule_id=row.rule_id,
        title_zh=rule.title_zh,
        title_en=rule.title_en,
        party=role,
        responsible=row.responsible,
        on_expiry=row.on_expiry,
        statutory=rule.statutory,
        citation=rule.citation,
        started_on=row.started_on,
        opens_on=row.opens_on,
        due_on=row.due_on,
        expires_at=row.expires_at,
        is_provisional=row.is_provisional,
        provisional_reason=row.provisional_reason,
        met_at=row.met_at,
        ended_at=row.ended_at,
        breached_at=row.breached_at,
        standing=_standing(row),
    )


def _standing(row: CaseClock) -> str:
    if row.met_on is not None:
        # By the day of the act: what is put on record later was not late for that.
        if row.opens_on is not None and row.met_on < row.opens_on:
            return Standing.MET_EARLY.value
        return (Standing.MET if row.met_on <= row.due_on else Standing.MET_LATE).value
    due = Due(
        row.due_on,
        row.expires_at,
        opens_on=row.opens_on,
        paused=any(span["until"] is None for span in row.pauses),
    )
    stands = standing(due, now=row.ended_at or now())
    if stands is Standing.OVERDUE and row.on_expiry not in _DUTIES:
        return LAPSED
    if row.ended_at is not None and stands is not Standing.OVERDUE:
        return NO_LONGER_RUNS
    return stands.value


def _files(session: Session, case: SamplingCase) -> list[CaseFileView]:
    rows = session.execute(
        select(CaseFileLink, StoredFile.name, StoredFile.size)
        .join(StoredFile, StoredFile.sha256 == CaseFileLink.sha256)
        .where(CaseFileLink.case_id == case.id)
        .order_by(CaseFileLink.id)
    ).all()
    return [
        CaseFileView(link.act, link.name, link.sha256, name, size, link.added_at)
        for link, name, size in rows
    ]


def file_of_case(session: Session, number: str, sha256: str) -> StoredFile | None:
    """A file of a case, if it is one that the caller may see."""
    case = case_by_no(session, number)
    linked = session.execute(
        select(CaseFileLink.id).where(
            CaseFileLink.case_id == case.id, CaseFileLink.sha256 == sha256
        )
    ).first()
    return session.get(StoredFile, sha256) if linked else None


def _names(session: Session, ids: set[int]) -> dict[int, str]:
    found = session.execute(select(Enterprise.id, Enterprise.name).where(Enterprise.id.in_(ids)))
    return {row.id: row.name for row in found}
