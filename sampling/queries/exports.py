"""Rows that leave the house as files: the frozen roster and the results of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from sampling.models.plans import FrameUnit, InspectionResult
from sampling.queries.plans import plan_by_no
from sampling.queries.rosters import roster_blocks


@dataclass(frozen=True, slots=True)
class FrameRow:
    """An enterprise of the frozen roster."""

    code: str
    name: str
    stratum: str
    category_code: str
    region_code: str
    grade: str | None
    risk_tier: str | None


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A result with whom it is about."""

    code: str
    name: str
    stratum: str
    inspected_on: date
    outcome: str
    inspected: int
    failing: int
    critical: int
    serious: int
    minor: int
    note: str | None
    recorded_at: datetime


def frame_rows(session: Session, plan_no: str) -> list[FrameRow]:
    """The frozen roster of a plan, by code; empty before it is frozen.

    Raises
    ------
    PlanUnknown
        There is no such plan.
    """
    plan = plan_by_no(session, plan_no)
    found = []
    for block, who in roster_blocks(session, plan.id):
        for row, unit in enumerate(block.units()):
            one = who.at(row)
            found.append(
                FrameRow(
                    unit.code,
                    one.name,
                    unit.stratum,
                    unit.category,
                    unit.region,
                    one.grade,
                    one.risk_tier,
                )
            )
    return sorted(found, key=lambda one: one.code)


def result_rows(session: Session, plan_no: str) -> list[ResultRow]:
    """The results of a plan, by code.

    Raises
    ------
    PlanUnknown
        There is no such plan.
    """
    plan = plan_by_no(session, plan_no)
    rows = session.execute(
        select(
            InspectionResult.code,
            FrameUnit.name,
            FrameUnit.stratum,
            InspectionResult.inspected_on,
            InspectionResult.outcome,
            InspectionResult.inspected,
            InspectionResult.failing,
            InspectionResult.critical,
            InspectionResult.serious,
            InspectionResult.minor,
            InspectionResult.note,
            InspectionResult.recorded_at,
        )
        .join(
            FrameUnit,
            and_(
                FrameUnit.plan_id == InspectionResult.plan_id,
                FrameUnit.code == InspectionResult.code,
            ),
        )
        .where(InspectionResult.plan_id == plan.id)
        .order_by(InspectionResult.code)
    )
    return [ResultRow(**row._mapping) for row in rows]
