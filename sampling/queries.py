"""Questions to sampling; nothing here changes anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.clock import today
from registry.models import Person
from sampling.errors import PlanUnknown
from sampling.maths.entropy import SourceKind
from sampling.models import (
    Assignment,
    Draw,
    DrawnUnit,
    EntropyEntry,
    FrameUnit,
    InspectionResult,
    PastInspection,
    Plan,
    PlanInspector,
    PlanPart,
    PlanState,
    Replacement,
    Stratum,
)
from sampling.views import (
    DrawnUnitView,
    PlanDetail,
    PlanView,
    PublicDrawView,
    ResultView,
    SeatView,
    SourceView,
    StratumView,
    TaskView,
    Waiting,
)


def plan_by_no(session: Session, plan_no: str, *, lock: bool = False) -> Plan:
    """The plan with this number; with its row locked, if it is to be changed.

    Raises
    ------
    PlanUnknown
        There is none.
    """
    statement = select(Plan).where(Plan.no == plan_no)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    plan = session.execute(statement).scalar_one_or_none()
    if plan is None:
        raise PlanUnknown(plan_no=plan_no)
    return plan


def plans_matching(*, state: str | None = None, text: str | None = None) -> Select[Plan]:
    """Plans by state and part of number or title; to be paged."""
    statement = select(Plan)
    if state:
        statement = statement.where(Plan.state == state)
    if text:
        pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        statement = statement.where(or_(Plan.no.ilike(pattern), Plan.title.ilike(pattern)))
    return statement


def state_counts(session: Session) -> dict[str, int]:
    """How many plans are in each state; every state is named."""
    counted = dict(session.execute(select(Plan.state, func.count()).group_by(Plan.state)).all())
    return {state.value: counted.get(state.value, 0) for state in PlanState}


def plan_views(session: Session, plans: Sequence[Plan]) -> list[PlanView]:
    """Plans with their counts, in the order given."""
    ids = [plan.id for plan in plans]
    sizes = {
        row.plan_id: (row.size, row.quota)
        for row in session.execute(
            select(
                Stratum.plan_id,
                func.sum(Stratum.size).label("size"),
                func.sum(Stratum.quota).label("quota"),
            )
            .where(Stratum.plan_id.in_(ids))
            .group_by(Stratum.plan_id)
        )
    }
    done = dict(
        session.execute(
            select(InspectionResult.plan_id, func.count())
            .where(InspectionResult.plan_id.in_(ids))
            .group_by(InspectionResult.plan_id)
        ).all()
    )
    settled = defaultdict(set)
    for plan_id, source in session.execute(
        select(EntropyEntry.plan_id, EntropyEntry.source).where(
            EntropyEntry.plan_id.in_(ids), EntropyEntry.settled_at.is_not(None)
        )
    ):
        settled[plan_id].add(source)
    views = []
    for plan in plans:
        size, quota = sizes.get(plan.id, (None, 0))
        views.append(
            PlanView(
                id=plan.id,
                no=plan.no,
                title=plan.title,
                state=plan.state,
                strata_by=plan.strata_by,
                visit_on=plan.visit_on,
                created_at=plan.created_at,
                committed_at=plan.committed_at,
                drawn_at=plan.drawn_at,
                void_reason=plan.void_reason,
                frame_size=None if size is None else int(size),
                quota=int(quota or 0),
                done=done.get(plan.id, 0),
                waits_for=_waits_for(plan, settled[plan.id], done.get(plan.id, 0), int(quota or 0)),
                version=plan.version,
            )
        )
    return views


def _waits_for(plan: Plan, settled: set[int], done: int, quota: int) -> str | None:
    if plan.state == PlanState.DRAFT:
        return "freeze"
    if plan.state == PlanState.COMMITTED:
        open_sources = [s for place, s in enumerate(plan.sources) if place not in settled]
        return str(open_sources[0]["kind"]) if open_sources else "draw"
    if plan.state == PlanState.DRAWN and done < quota:
        return "results"
    return None


def source_name(source: Mapping[str, Any]) -> str:
    """A source in a few words, such as "drand-quicknet 12345"."""
    if source["kind"] == SourceKind.DICE:
        return f"{source['count']} dice"
    if source["kind"] == SourceKind.BEACON:
        return f"{source['network']} {source['round']}"
    return str(source["name"])


def entries_of(session: Session, plan: Plan) -> dict[int, list[EntropyEntry]]:
    """What was typed for each source, by its place, oldest first."""
    found: dict[int, list[EntropyEntry]] = defaultdict(list)
    for entry in session.execute(
        select(EntropyEntry)
        .where(EntropyEntry.plan_id == plan.id)
        .order_by(EntropyEntry.entered_at, EntropyEntry.id)
    ).scalars():
        found[entry.source].append(entry)
    return found


def plan_detail(session: Session, plan_no: str) -> PlanDetail:
    """Everything about a plan but its units.

    Raises
    ------
    PlanUnknown
        There is none.
    """
    plan = plan_by_no(session, plan_no)
    drawn = session.get(Draw, plan.id)
    inspectors = session.execute(
        select(func.count()).where(PlanInspector.plan_id == plan.id)
    ).scalar_one()

    def shown(value: bytes | None) -> str | None:
        return None if value is None else bytes(value).hex()

    return PlanDetail(
        summary=plan_views(session, [plan])[0],
        digest=plan.digest,
        identity=plan.identity,
        disclose_on=plan.disclose_on,
        team=plan.team,
        filters=plan.filters,
        strata=_strata(session, plan),
        sources=_sources(session, plan),
        inspectors=inspectors,
        frame_root=shown(plan.frame_root),
        plan_hash=shown(plan.plan_hash),
        commitment=shown(plan.commitment),
        seed=shown(drawn.seed if drawn else None),
        software=drawn.software if drawn else None,
        voided_at=plan.voided_at,
        blocking=tuple(drawn.blocking) if drawn else (),
        is_demo=any(source["kind"] == SourceKind.DEMO for source in plan.sources),
    )


def _strata(session: Session, plan: Plan) -> tuple[StratumView, ...]:
    results = {
        row.stratum: (row.done, row.failing)
        for row in session.execute(
            select(
                DrawnUnit.stratum,
                func.count().label("done"),
                func.count().filter(InspectionResult.outcome == "fail").label("failing"),
            )
            .join(
                InspectionResult,
                and_(
                    InspectionResult.plan_id == DrawnUnit.plan_id,
                    InspectionResult.code == DrawnUnit.code,
                ),
            )
            .where(DrawnUnit.plan_id == plan.id)
            .group_by(DrawnUnit.stratum)
        )
    }
    replaced = dict(
        session.execute(
            select(DrawnUnit.stratum, func.count())
            .join(
                Replacement,
                and_(
                    Replacement.plan_id == DrawnUnit.plan_id,
                    Replacement.replaces == DrawnUnit.code,
                ),
            )
            .where(DrawnUnit.plan_id == plan.id)
            .group_by(DrawnUnit.stratum)
        ).all()
    )
    rows = session.execute(select(Stratum).where(Stratum.plan_id == plan.id)).scalars()
    return tuple(
        StratumView(
            row.key,
            row.size,
            row.quota,
            row.reserve,
            *results.get(row.key, (0, 0)),
            replaced=replaced.get(row.key, 0),
        )
        for row in sorted(rows, key=lambda row: row.key.encode())
    )


def _sources(session: Session, plan: Plan) -> tuple[SourceView, ...]:
    entries = entries_of(session, plan)
    views = []
    for place, source in enumerate(plan.sources):
        typed = entries.get(place, [])
        standing = next((entry for entry in typed if entry.settled_at is not None), None)
        views.append(
            SourceView(
                place=place,
                kind=source["kind"],
                name=source_name(source),
                due_at=datetime.fromisoformat(source["due_at"]) if "due_at" in source else None,
                typed_by=tuple(entry.account_id for entry in typed),
                value=standing.value if standing else None,
                signature=standing.signature if standing else None,
                settled_at=standing.settled_at if standing else None,
            )
        )
    return tuple(views)


def drawn_statement(
    plan_no: str, *, stratum: str | None = None, reserves: bool = False
) -> Select[DrawnUnit]:
    """The drawn units of a plan, or its reserves; to be paged by (stratum, rank)."""
    called_up = exists().where(
        Replacement.plan_id == DrawnUnit.plan_id, Replacement.code == DrawnUnit.code
    )
    statement = (
        select(DrawnUnit)
        .join(Plan, Plan.id == DrawnUnit.plan_id)
        .where(Plan.no == plan_no)
        .where(
            and_(~DrawnUnit.is_selected, ~called_up)
            if reserves
            else or_(DrawnUnit.is_selected, called_up)
        )
    )
    if stratum is not None:
        statement = statement.where(DrawnUnit.stratum == stratum)
    return statement


def drawn_views(session: Session, units: Sequence[DrawnUnit]) -> list[DrawnUnitView]:
    """Drawn units with enterprise, team, result and replacement, in the order given."""
    if not units:
        return []
    plan = session.get_one(Plan, units[0].plan_id)
    codes = [unit.code for unit in units]
    frame = {
        row.code: row
        for row in session.execute(
            select(FrameUnit).where(FrameUnit.plan_id == plan.id, FrameUnit.code.in_(codes))
        ).scalars()
    }
    results = {
        row.code: row
        for row in session.execute(
            select(InspectionResult).where(
                InspectionResult.plan_id == plan.id, InspectionResult.code.in_(codes)
            )
        ).scalars()
    }
    seats, dispatch = _teams(session, plan.id, codes)
    gone, called = {}, {}
    for change in replacements_of(session, plan.id):
        gone[change.replaces] = change
        called[change.code] = change
    views = []
    for unit in units:
        row, step = frame[unit.code], gone.get(unit.code) or called.get(unit.code)
        views.append(
            DrawnUnitView(
                plan_no=plan.no,
                code=unit.code,
                enterprise_id=row.enterprise_id,
                name=row.name,
                stratum=unit.stratum,
                category_code=row.category_code,
                region_code=row.region_code,
                grade=row.grade,
                risk_tier=row.risk_tier,
                rank=unit.rank,
                ticket=bytes(unit.ticket).hex(),
                role=_role(unit, gone, called),
                dispatch=dispatch.get(unit.code),
                team=tuple(seats.get(unit.code, ())),
                result=_result(results.get(unit.code)),
                replaced_by=gone[unit.code].code if unit.code in gone else None,
                replaces=called[unit.code].replaces if unit.code in called else None,
                reason=step.reason if step else None,
            )
        )
    return views


def _role(unit: DrawnUnit, gone: Container[str], called: Container[str]) -> str:
    if unit.code in gone:
        return "replaced"
    if unit.code in called:
        return "replacement"
    return "selected" if unit.is_selected else "reserve"


def _result(row: InspectionResult | None) -> ResultView | None:
    if row is None:
        return None
    return ResultView(
        inspected_on=row.inspected_on,
        outcome=row.outcome,
        inspected=row.inspected,
        failing=row.failing,
        critical=row.critical,
        serious=row.serious,
        minor=row.minor,
        note=row.note,
        recorded_at=row.recorded_at,
    )


def _teams(
    session: Session, plan_id: int, codes: Iterable[str]
) -> tuple[dict[str, list[SeatView]], dict[str, int]]:
    seats: dict[str, list[SeatView]] = defaultdict(list)
    dispatch: dict[str, int] = {}
    for row in session.execute(
        select(
            Assignment.code,
            Assignment.dispatch,
            Assignment.person_id,
            PlanInspector.inspector_id,
            Person.number,
            Person.name,
        )
        .join(
            PlanInspector,
            and_(
                PlanInspector.plan_id == Assignment.plan_id,
                PlanInspector.person_id == Assignment.person_id,
            ),
        )
        .join(Person, Person.id == Assignment.person_id)
        .where(Assignment.plan_id == plan_id, Assignment.code.in_(list(codes)))
        .order_by(Assignment.code, Assignment.position)
    ):
        seats[row.code].append(SeatView(row.person_id, row.inspector_id, row.number, row.name))
        dispatch[row.code] = row.dispatch
    return seats, dispatch


def replacements_of(session: Session, plan_id: int) -> list[Replacement]:
    """Replacements of a plan, oldest first."""
    return list(
        session.execute(
            select(Replacement).where(Replacement.plan_id == plan_id).order_by(Replacement.id)
        ).scalars()
    )


def _open_visits() -> Select[Any]:
    """Seats in plans that stand, of units not given up and without result."""
    gone = aliased(Replacement)
    return (
        select(Assignment)
        .join(Plan, Plan.id == Assignment.plan_id)
        .where(Plan.state == PlanState.DRAWN)
        .where(
            ~exists().where(
                InspectionResult.plan_id == Assignment.plan_id,
                InspectionResult.code == Assignment.code,
            )
        )
        .where(
            ~exists().where(gone.plan_id == Assignment.plan_id, gone.replaces == Assignment.code)
        )
    )


def open_loads(session: Session) -> dict[int, int]:
    """Open visits of each inspector, over all plans; who has none is absent."""
    statement = _open_visits().with_only_columns(Assignment.person_id, func.count())
    return dict(session.execute(statement.group_by(Assignment.person_id)).all())


def tasks_of(session: Session, person_id: int) -> list[TaskView]:
    """The open visits of one inspector, earliest first."""
    statement = (
        _open_visits()
        .join(
            FrameUnit,
            and_(FrameUnit.plan_id == Assignment.plan_id, FrameUnit.code == Assignment.code),
        )
        .where(Assignment.person_id == person_id)
        .with_only_columns(
            Plan.no, Plan.title, Assignment.code, FrameUnit.name, Plan.visit_on, Assignment.position
        )
        .order_by(Plan.visit_on, Plan.no, Assignment.dispatch)
    )
    return [TaskView(*row[:5], is_lead=row[5] == 0) for row in session.execute(statement)]


def waiting(session: Session, person_id: int | None) -> Waiting:
    """What waits: an inspector's visits, and plans by what they wait for."""
    open_plans = session.execute(
        select(Plan).where(Plan.state.in_([PlanState.DRAFT, PlanState.COMMITTED]))
    ).scalars()
    waits = [view.waits_for for view in plan_views(session, list(open_plans))]
    tasks = len(tasks_of(session, person_id)) if person_id is not None else 0
    sources = (SourceKind.BEACON, SourceKind.TEXT, SourceKind.DEMO)
    return Waiting(
        open_tasks=tasks,
        drafts=waits.count("freeze"),
        awaiting_dice=waits.count(SourceKind.DICE),
        awaiting_source=sum(wait in sources for wait in waits),
        ready_to_draw=waits.count("draw"),
    )


def published_plans() -> Select[Plan]:
    """Plans whose commitment is public, void ones included; to be paged."""
    return select(Plan).where(Plan.committed_at.is_not(None))


def public_views(session: Session, plans: Sequence[Plan]) -> list[PublicDrawView]:
    """Published plans as everybody sees them, in the order given."""
    sizes = {
        row.plan_id: (int(row.size or 0), int(row.quota))
        for row in session.execute(
            select(
                Stratum.plan_id,
                func.sum(Stratum.size).label("size"),
                func.sum(Stratum.quota).label("quota"),
            )
            .where(Stratum.plan_id.in_([plan.id for plan in plans]))
            .group_by(Stratum.plan_id)
        )
    }
    return [
        PublicDrawView(
            no=plan.no,
            title=plan.title,
            state=plan.state,
            committed_at=plan.committed_at,
            commitment=bytes(plan.commitment).hex(),
            frame_size=sizes[plan.id][0],
            quota=sizes[plan.id][1],
            visit_on=plan.visit_on,
            drawn_at=plan.drawn_at,
            disclose_on=plan.disclose_on,
            voided_at=plan.voided_at,
            void_reason=plan.void_reason,
            is_demo=any(source["kind"] == SourceKind.DEMO for source in plan.sources),
        )
        for plan in plans
        if plan.committed_at is not None and plan.commitment is not None
    ]


def public_plan(session: Session, plan_no: str) -> Plan:
    """A plan whose commitment is public.

    Raises
    ------
    PlanUnknown
        There is none.
    """
    plan = plan_by_no(session, plan_no)
    if plan.committed_at is None:
        raise PlanUnknown(plan_no=plan_no)
    return plan


def is_disclosed(session: Session, plan_no: str) -> bool:
    """True once everybody may read the drawn list: the same day decides for page, data and zip."""
    statement = (
        select(PlanPart.name)
        .join(Plan, Plan.id == PlanPart.plan_id)
        .where(Plan.no == plan_no, PlanPart.name == "draw.json", PlanPart.public_on <= today())
    )
    return session.execute(statement).one_or_none() is not None


def last_inspected(session: Session) -> dict[int, date]:
    """The last day on which each enterprise was inspected; who never was is absent."""
    found: dict[int, date] = {}
    for model in (InspectionResult, PastInspection):
        for enterprise_id, day in session.execute(
            select(model.enterprise_id, func.max(model.inspected_on))
            .where(model.outcome != "not_done")
            .group_by(model.enterprise_id)
        ):
            found[enterprise_id] = max(day, found.get(enterprise_id, day))
    return found
