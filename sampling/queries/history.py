"""Past draws, as an audit wants them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import civil_day
from sampling.maths.entropy import SourceKind
from sampling.maths.history_audit import PastDraw, PastStratum
from sampling.models.plans import (
    Assignment,
    Draw,
    DrawnUnit,
    EntropyEntry,
    FrameUnit,
    Plan,
    PlanPart,
    Replacement,
)
from sampling.queries.rosters import roster_blocks


@dataclass(frozen=True, slots=True)
class History:
    """Draws to be audited, and what is counted beside them.

    ``left_out``: plans drawn with unequal chances, whose stated probabilities are audited by
    simulation.
    """

    draws: tuple[PastDraw, ...]
    committed: int
    void: int
    void_when_decided: tuple[str, ...]
    left_out: tuple[str, ...]


def past_draws(
    session: Session, *, since: date | None = None, until: date | None = None
) -> History:
    """Plans committed from ``since`` to ``until`` (days in China), void ones included."""
    plans = [
        plan
        for plan in session.execute(
            select(Plan).where(Plan.committed_at.is_not(None)).order_by(Plan.id)
        ).scalars()
        if _within(plan.committed_at, since, until)
    ]
    settled = _settled(session)
    unequal = _unequal(session)
    drawn = [plan for plan in plans if plan.drawn_at is not None]
    return History(
        draws=tuple(
            _past_draw(session, plan, settled[plan.id]) for plan in drawn if plan.id not in unequal
        ),
        committed=len(plans),
        void=sum(plan.voided_at is not None for plan in plans),
        void_when_decided=tuple(
            plan.no
            for plan in plans
            if plan.voided_at is not None
            and plan.drawn_at is None
            and len(settled[plan.id]) == len(plan.sources)
        ),
        left_out=tuple(plan.no for plan in drawn if plan.id in unequal),
    )


def _within(at: datetime | None, since: date | None, until: date | None) -> bool:
    if at is None:
        return False
    day = civil_day(at)
    return (since is None or since <= day) and (until is None or day <= until)


def _settled(session: Session) -> dict[int, dict[int, datetime]]:
    """When each source of each plan became certain."""
    found: dict[int, dict[int, datetime]] = defaultdict(dict)
    statement = select(EntropyEntry.plan_id, EntropyEntry.source, EntropyEntry.settled_at)
    for plan_id, source, at in session.execute(
        statement.where(EntropyEntry.settled_at.is_not(None))
    ):
        if at is not None:
            found[plan_id][source] = at
    return found


def _unequal(session: Session) -> set[int]:
    """Plans whose method is not the one with equal chances."""
    content = func.convert_from(PlanPart.content, "UTF8")
    statement = select(PlanPart.plan_id).where(
        PlanPart.name == "plan.json", content.not_like('%"method":"equal"%')
    )
    return set(session.execute(statement).scalars())


def _past_draw(session: Session, plan: Plan, settled: dict[int, datetime]) -> PastDraw:
    units: dict[str, list[int]] = defaultdict(list)
    for block, who in roster_blocks(session, plan.id):
        where, keys = block.strata()
        for place, key in enumerate(keys):
            units[key] += who.enterprise_ids[where == place].tolist()
    chosen: dict[str, list[int]] = defaultdict(list)
    same = (FrameUnit.plan_id == DrawnUnit.plan_id) & (FrameUnit.code == DrawnUnit.code)
    for stratum, enterprise in session.execute(
        select(DrawnUnit.stratum, FrameUnit.enterprise_id)
        .join(FrameUnit, same)
        .where(DrawnUnit.plan_id == plan.id, DrawnUnit.is_selected)
    ):
        chosen[stratum].append(enterprise)
    replaced = select(func.count()).where(Replacement.plan_id == plan.id)
    dice = [
        settled[place]
        for place, source in enumerate(plan.sources)
        if source["kind"] == SourceKind.DICE and place in settled
    ]
    return PastDraw(
        no=plan.no,
        strata=tuple(
            PastStratum(np.array(members, np.int64), np.array(chosen[key], np.int64))
            for key, members in sorted(units.items())
        ),
        teams=_teams(session, plan),
        replaced=session.execute(replaced).scalar_one(),
        committed_at=plan.committed_at,
        dice_at=dice[0] if dice else None,
        drawn_at=session.get_one(Draw, plan.id).drawn_at,
    )


def _teams(session: Session, plan: Plan) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """The teams of the units first drawn; replacements have rules of their own."""
    same = (FrameUnit.plan_id == Assignment.plan_id) & (FrameUnit.code == Assignment.code)
    chosen = (DrawnUnit.plan_id == Assignment.plan_id) & (DrawnUnit.code == Assignment.code)
    teams: dict[int, list[int]] = defaultdict(list)
    for enterprise, person in session.execute(
        select(FrameUnit.enterprise_id, Assignment.person_id)
        .join(FrameUnit, same)
        .join(DrawnUnit, chosen)
        .where(Assignment.plan_id == plan.id, DrawnUnit.is_selected)
        .order_by(Assignment.dispatch, Assignment.position)
    ):
        teams[enterprise].append(person)
    return tuple((unit, tuple(team)) for unit, team in teams.items())
