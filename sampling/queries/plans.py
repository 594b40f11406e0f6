"""Plans: one, many, and how far each is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from sampling.errors import PlanUnknown
from sampling.maths.entropy import SourceKind
from sampling.models.plans import (
    Draw,
    DrawnUnit,
    EntropyEntry,
    InspectionResult,
    Plan,
    PlanInspector,
    PlanState,
    Replacement,
    Stratum,
)
from sampling.views import (
    PlanDetail,
    PlanView,
    SourceView,
    StratumView,
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
        statement = statement.where(
            or_(
                Plan.no.icontains(text, autoescape=True),
                Plan.title.icontains(text, autoescape=True),
            )
        )
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
    for plan in plans:
        if plan.state == PlanState.COMMITTED and _first_is_drawn(session, plan):
            settled[plan.id].add(0)
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


def _first_is_drawn(session: Session, plan: Plan) -> bool:
    """Whether the seed of the plan that this one is coordinated with is known."""
    (source, *_) = plan.sources
    if source["kind"] != SourceKind.PLAN:
        return False
    statement = select(Plan.drawn_at).where(Plan.no == source["plan_no"])
    return session.execute(statement).scalar_one_or_none() is not None


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
    if source["kind"] == SourceKind.PLAN:
        return f"seed of {source['plan_no']}"
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
        purpose=plan.purpose,
        method=plan.method,
        coordination=plan.coordination,
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
        shortage=drawn.shortage if drawn else None,
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
