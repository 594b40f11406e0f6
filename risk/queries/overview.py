"""Counts for the overview: incidents by region and week, and how they moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from risk.maths.weekly import monday_of, week_label
from risk.models import Incident
from risk.queries.names import region_names


@dataclass(frozen=True, slots=True)
class RegionWeeks:
    """Incidents of one region, one count a week, oldest first."""

    code: str
    name: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class IncidentOverview:
    """Incidents of the last weeks. ``weeks`` are ISO labels; the regions with most come first."""

    weeks: tuple[str, ...]
    regions: tuple[RegionWeeks, ...]
    highest: int
    last_30_days: int
    before_that: int
    injured: int
    weekly: tuple[int, ...]


def incident_overview(
    session: Session, today: date, *, weeks: int = 10, regions: int = 12
) -> IncidentOverview:
    """Complaints, accidents, injuries and leads by region in the last whole weeks."""
    first = monday_of(today) - timedelta(weeks=weeks)
    mondays = [first + timedelta(weeks=step) for step in range(weeks)]
    monday = func.date_trunc("week", Incident.on)
    rows = session.execute(
        select(Incident.region_code, monday, func.count())
        .where(Incident.on >= first, Incident.on < first + timedelta(weeks=weeks))
        .group_by(Incident.region_code, monday)
    ).all()
    counted: dict[str, dict[date, int]] = {}
    for code, begins, count in rows:
        counted.setdefault(code, {})[begins.date()] = count
    most = sorted(counted, key=lambda code: (-sum(counted[code].values()), code))[:regions]
    names = region_names(session, set(most))
    lines = tuple(
        RegionWeeks(code, names.get(code, code), tuple(counted[code].get(m, 0) for m in mondays))
        for code in most
    )
    month, before = today - timedelta(days=30), today - timedelta(days=60)
    recent, earlier, injured = session.execute(
        select(
            func.count().filter(Incident.on > month),
            func.count().filter(Incident.on <= month),
            func.coalesce(func.sum(Incident.injured).filter(Incident.on > month), 0),
        ).where(Incident.on > before, Incident.on <= today)
    ).one()
    return IncidentOverview(
        weeks=tuple(week_label(each) for each in mondays),
        regions=lines,
        highest=max((max(line.counts) for line in lines), default=0),
        last_30_days=recent,
        before_that=earlier,
        injured=int(injured),
        weekly=tuple(sum(counts.get(each, 0) for counts in counted.values()) for each in mondays),
    )
