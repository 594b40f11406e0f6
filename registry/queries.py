"""Questions to the registry; nothing here changes anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from core.calendar import CalendarDay, DayKind, WorkingCalendar
from core.clock import today
from core.meta import get
from registry.errors import CategoryUnknown, EnterpriseUnknown, RuleNotInForce
from registry.maths.holidays import fixed_holidays
from registry.maths.packs import Rule as RuleView
from registry.maths.packs import read_rule
from registry.models import (
    Account,
    Category,
    Department,
    Enterprise,
    Establishment,
    GradeChange,
    Holiday,
    Laboratory,
    Person,
    PersonQualification,
    Product,
    Recusal,
    Regime,
    Region,
    Rule,
)

HOLIDAY_VERSION = "holidays.version"
STREAMED = 5000  # rows of a long answer that are in memory at a time


@dataclass(frozen=True, slots=True)
class RosterUnit:
    """An enterprise as a sampling frame sees it."""

    enterprise_id: int
    code_scheme: str
    code: str
    name: str
    region_code: str | None
    category_code: str | None
    grade: str | None
    risk_tier: str | None
    status: str


@dataclass(frozen=True, slots=True)
class InspectorView:
    """An inspector as an assignment sees him; no qualification listed means all categories."""

    person_id: int
    number: str
    name: str
    department_code: str | None
    region_code: str | None
    senior: bool
    qualifications: frozenset[str]
    certificate_until: date | None
    is_active: bool
    pool: str = "officer"
    agency: str | None = None  # name of the testing body, or of the department, that employs them


@dataclass(frozen=True, slots=True)
class RecusalView:
    """A tie between an inspector and an enterprise."""

    person_id: int
    person_number: str
    enterprise_id: int
    enterprise_code: str
    kind: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Node:
    """A region or a category in its tree."""

    id: int
    code: str
    name: str
    parent_id: int | None


def rule_on(session: Session, pack: str, rule_id: str, on: date) -> RuleView:
    """The rule that governs an event of a day: the overlay's, else its base's.

    Raises
    ------
    RuleNotInForce
        Neither has one for that day.
    """
    wanted: str | None = pack
    while wanted is not None:
        regime = session.execute(
            select(Regime.id, Regime.base).where(Regime.code == wanted)
        ).one_or_none()
        if regime is None:
            break
        document = session.execute(
            select(Rule.document).where(
                Rule.regime_id == regime.id,
                Rule.rule_id == rule_id,
                Rule.valid_from <= on,
                or_(Rule.valid_to.is_(None), Rule.valid_to >= on),
            )
        ).scalar_one_or_none()
        if document is not None:
            return read_rule(wanted, document)
        wanted = regime.base
    raise RuleNotInForce(pack=pack, rule_id=rule_id, on=on.isoformat())


def rules(session: Session, pack: str) -> list[RuleView]:
    """Every rule of a pack, in and out of force."""
    documents = session.execute(
        select(Rule.document)
        .join(Regime, Regime.id == Rule.regime_id)
        .where(Regime.code == pack)
        .order_by(Rule.rule_id, Rule.valid_from)
    ).scalars()
    return [read_rule(pack, document) for document in documents]


def calendar(session: Session) -> WorkingCalendar:
    """Working days in China, as far as notices are loaded."""
    days = [
        CalendarDay(row.on, DayKind(row.kind), row.name, row.source, row.year)
        for row in session.execute(select(Holiday).order_by(Holiday.on)).scalars()
    ]
    return WorkingCalendar.build(
        days,
        fixed=fixed_holidays(rules(session, "CN-CALENDAR")),
        version=get(session, HOLIDAY_VERSION) or "",
    )


def regions(session: Session, on: date | None = None) -> list[Node]:
    """The regions in force on a day (today), by code."""
    day = on or today()
    rows = session.execute(
        select(Region)
        .where(Region.valid_from <= day, or_(Region.valid_to.is_(None), Region.valid_to >= day))
        .order_by(Region.code)
    ).scalars()
    return [Node(row.id, row.code, row.name, row.parent_id) for row in rows]


def categories(session: Session) -> list[Node]:
    """The product categories, by code."""
    rows = session.execute(select(Category).order_by(Category.code)).scalars()
    return [Node(row.id, row.code, row.name, row.parent_id) for row in rows]


def category_subtree(session: Session, code: str) -> list[Node]:
    """A category and everything under it.

    Raises
    ------
    CategoryUnknown
        There is none with this code.
    """
    nodes = categories(session)
    root = next((node for node in nodes if node.code == code), None)
    if root is None:
        raise CategoryUnknown(code=code)
    children: dict[int | None, list[Node]] = defaultdict(list)
    for node in nodes:
        children[node.parent_id].append(node)
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(children[node.id])
    return found


def enterprise_by_code(session: Session, code: str) -> Enterprise:
    """The enterprise with this code, whatever register it is from.

    Raises
    ------
    EnterpriseUnknown
        There is none.
    """
    row = session.execute(
        select(Enterprise).where(Enterprise.code == code.upper()).order_by(Enterprise.id).limit(1)
    ).scalar_one_or_none()
    if row is None:
        raise EnterpriseUnknown(code=code)
    return row


def enterprise_by_id(session: Session, enterprise_id: int) -> Enterprise:
    """The enterprise with this number.

    Raises
    ------
    EnterpriseUnknown
        There is none.
    """
    row = session.get(Enterprise, enterprise_id)
    if row is None:
        raise EnterpriseUnknown(code=str(enterprise_id))
    return row


def enterprises_by_ids(session: Session, ids: Iterable[int]) -> dict[int, Enterprise]:
    """Enterprises by number; those there are."""
    rows = session.execute(select(Enterprise).where(Enterprise.id == func.any(list(ids)))).scalars()
    return {row.id: row for row in rows}


def enterprise_ids(session: Session, codes: Sequence[str]) -> dict[str, int]:
    """Code → id, for the codes that are on the register."""
    rows = session.execute(
        select(Enterprise.code, Enterprise.id).where(Enterprise.code.in_(set(codes)))
    )
    return {row.code: row.id for row in rows}


def enterprises_matching(
    *,
    text: str | None = None,
    region: str | None = None,
    category: str | None = None,
    grade: str | None = None,
) -> Select[Enterprise]:
    """Enterprises by part of the name or code, region, category, grade; to be paged."""
    statement = select(Enterprise)
    if text:
        statement = statement.where(
            or_(
                Enterprise.name.icontains(text, autoescape=True),
                Enterprise.code.icontains(text, autoescape=True),
            )
        )
    if region:
        statement = statement.where(
            Enterprise.region_id.in_(select(Region.id).where(Region.code == region))
        )
    if category:
        statement = statement.where(
            Enterprise.category_id.in_(select(Category.id).where(Category.code == category))
        )
    if grade:
        statement = statement.where(Enterprise.grade == grade)
    return statement


def establishments_of(session: Session, enterprise_id: int) -> list[Establishment]:
    """Places and online shops of an enterprise."""
    return list(
        session.execute(
            select(Establishment)
            .where(Establishment.enterprise_id == enterprise_id)
            .order_by(Establishment.number)
        ).scalars()
    )


def products_of(session: Session, enterprise_id: int) -> list[Product]:
    """Products of an enterprise."""
    return list(
        session.execute(
            select(Product).where(Product.enterprise_id == enterprise_id).order_by(Product.number)
        ).scalars()
    )


def grades_of(session: Session, enterprise_id: int) -> list[GradeChange]:
    """The history of an enterprise's grade, newest first."""
    return list(
        session.execute(
            select(GradeChange)
            .where(GradeChange.enterprise_id == enterprise_id)
            .order_by(GradeChange.valid_from.desc(), GradeChange.id.desc())
        ).scalars()
    )


def roster(
    session: Session,
    *,
    category_codes: Sequence[str] | None = None,
    region_codes: Sequence[str] | None = None,
) -> list[RosterUnit]:
    """Every enterprise a frame may hold, whatever its status; ordered by code.

    Parameters
    ----------
    category_codes, region_codes : sequence of str, optional
        Only enterprises of these; None means all.
    """
    return list(roster_stream(session, category_codes=category_codes, region_codes=region_codes))


def roster_stream(
    session: Session,
    *,
    category_codes: Sequence[str] | None = None,
    region_codes: Sequence[str] | None = None,
) -> Iterator[RosterUnit]:
    """The same one by one, however many: only some thousands are in memory at a time."""
    regions_by_id = {row.id: row.code for row in session.execute(select(Region.id, Region.code))}
    categories_by_id = {
        row.id: row.code for row in session.execute(select(Category.id, Category.code))
    }
    statement = _roster_statement(
        categories_by_id, regions_by_id, category_codes, region_codes
    ).order_by(Enterprise.code_scheme, Enterprise.code.collate("C"))
    # Past the mapper, which costs as much as the rest for a million plain rows.
    rows = session.connection().execute(statement, execution_options={"yield_per": STREAMED})
    region_of, category_of = regions_by_id.get, categories_by_id.get
    for part in rows.partitions():
        for each in part:
            number, scheme, code, name, region_id, category_id, grade, tier, status = each
            yield RosterUnit(
                number,
                scheme,
                code,
                name,
                region_of(region_id),
                category_of(category_id),
                grade,
                tier,
                status,
            )


def roster_count(
    session: Session,
    *,
    category_codes: Sequence[str] | None = None,
    region_codes: Sequence[str] | None = None,
    most: int | None = None,
) -> int:
    """How many enterprises a frame may hold; counts no further than ``most``."""
    regions_by_id = {row.id: row.code for row in session.execute(select(Region.id, Region.code))}
    categories_by_id = {
        row.id: row.code for row in session.execute(select(Category.id, Category.code))
    }
    some = _roster_statement(categories_by_id, regions_by_id, category_codes, region_codes).limit(
        most
    )
    return session.execute(select(func.count()).select_from(some.subquery())).scalar_one()


def _roster_statement(
    categories_by_id: Mapping[int, str],
    regions_by_id: Mapping[int, str],
    category_codes: Sequence[str] | None,
    region_codes: Sequence[str] | None,
) -> Any:
    """The columns of a roster; trees are resolved here, once, and not in a join for each row."""
    table = Enterprise.__table__.c
    statement: Any = select(
        table.id,
        table.code_scheme,
        table.code,
        table.name,
        table.region_id,
        table.category_id,
        table.grade,
        table.risk_tier,
        table.status,
    )
    for column, codes, by_id in (
        (Enterprise.category_id, category_codes, categories_by_id),
        (Enterprise.region_id, region_codes, regions_by_id),
    ):
        if codes is not None:
            wanted = set(codes)
            statement = statement.where(
                column.in_([number for number, code in by_id.items() if code in wanted])
            )
    return statement


def inspectors(session: Session) -> list[InspectorView]:
    """Every inspector, active or not; ordered by number."""
    qualified: dict[int, set[str]] = defaultdict(set)
    for person_id, code in session.execute(
        select(PersonQualification.person_id, Category.code).join(
            Category, Category.id == PersonQualification.category_id
        )
    ).all():
        qualified[person_id].add(code)
    rows = session.execute(
        select(
            Person,
            Department.code.label("department"),
            Region.code.label("region"),
            func.coalesce(Laboratory.name, Department.name).label("agency"),
        )
        .outerjoin(Department, Department.id == Person.department_id)
        .outerjoin(Laboratory, Laboratory.id == Person.laboratory_id)
        .outerjoin(Region, Region.id == Person.region_id)
        .order_by(Person.number)
    ).all()
    return [
        InspectorView(
            person_id=person.id,
            number=person.number,
            name=person.name,
            department_code=department,
            region_code=region,
            senior=person.senior,
            qualifications=frozenset(qualified[person.id]),
            certificate_until=person.certificate_until,
            is_active=person.is_active,
            pool=person.pool,
            agency=agency if person.pool == "agency" else None,
        )
        for person, department, region, agency in rows
    ]


def departments(session: Session) -> dict[str, str]:
    """Names of departments by code."""
    return dict(session.execute(select(Department.code, Department.name)).all())


def recusals(session: Session) -> list[RecusalView]:
    """Every recusal tie, past and present; ordered by person and enterprise."""
    rows = session.execute(
        select(
            Person.id,
            Person.number,
            Enterprise.id,
            Enterprise.code,
            Recusal.kind,
            Recusal.since,
            Recusal.until,
        )
        .join(Person, Person.id == Recusal.person_id)
        .join(Enterprise, Enterprise.id == Recusal.enterprise_id)
        .order_by(Person.number, Enterprise.code, Recusal.kind)
    ).all()
    return [RecusalView(*row) for row in rows]


def account_names(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Names of accounts, by number. Ask as the system: requests may not read accounts."""
    return dict(
        session.execute(select(Account.id, Account.display_name).where(Account.id.in_(ids))).all()
    )


@dataclass(frozen=True, slots=True)
class RegisterSize:
    """How much the register holds."""

    enterprises: int
    establishments: int
    inspectors: int
    updated_at: datetime | None


def register_size(session: Session) -> RegisterSize:
    """Counts for the health page."""
    return RegisterSize(
        enterprises=session.execute(select(func.count()).select_from(Enterprise)).scalar_one(),
        establishments=session.execute(
            select(func.count()).select_from(Establishment)
        ).scalar_one(),
        inspectors=session.execute(select(func.count()).select_from(Person)).scalar_one(),
        updated_at=session.execute(select(func.max(Enterprise.updated_at))).scalar_one(),
    )
