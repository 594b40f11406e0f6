"""Weekly series out of incidents and observations."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from sqlalchemy import Date, cast, func, literal, select
from sqlalchemy.orm import Session

from core.clock import today
from risk.errors import NoData, NotAWeek, WeekNotOver
from risk.maths.quasi_poisson import Floats
from risk.maths.reference import WeekAxis
from risk.maths.sources import Source
from risk.maths.weekly import (
    count_weekly,
    last_whole_week,
    monday_of,
    read_week_label,
    week_label,
)
from risk.models import Incident, Observation

# Five years of 53 weeks, a window, and the 52 weeks of history that a warning shows.
_LONGEST_WEEKS = 5 * 53 + 3 + 52

SeriesKey = tuple[str, ...]  # (region code, category code)


@dataclass(frozen=True, slots=True)
class LoadedSource:
    """All series of one source up to the judged week.

    ``counts`` (series, weeks) is nan in weeks the source's data do not reach; ``population``
    (series, weeks), units inspected, is None for sources that only count. ``starts_on`` is the
    first Monday, ``data_through`` the last day with an entry.
    """

    source: Source
    keys: tuple[SeriesKey, ...]
    starts_on: date
    counts: Floats
    population: Floats | None
    data_through: date

    @property
    def axis(self) -> WeekAxis:
        """Its weeks."""
        return WeekAxis(length=self.counts.shape[1], first=self.starts_on)

    def labels(self, weeks: Sequence[int]) -> list[str]:
        """Names of some of its weeks."""
        return [week_label(self.starts_on + timedelta(days=7 * week)) for week in weeks]


@dataclass(frozen=True, slots=True)
class LoadedSeries:
    """Everything a detection looks at."""

    week: date  # Monday of the judged week
    sources: tuple[LoadedSource, ...]

    @property
    def total(self) -> int:
        """Number of series."""
        return sum(len(source.keys) for source in self.sources)

    @property
    def data_through(self) -> date | None:
        """Last day any source reaches."""
        return max((source.data_through for source in self.sources), default=None)

    def sha256(self) -> str:
        """Hash of keys, weeks and counts: what the result depends on."""
        digest = hashlib.sha256(self.week.isoformat().encode())
        for source in self.sources:
            digest.update(f"|{source.source}|{source.starts_on}|{source.data_through}|".encode())
            digest.update("\n".join("\t".join(key) for key in source.keys).encode())
            digest.update(np.ascontiguousarray(source.counts).tobytes())
            if source.population is not None:
                digest.update(np.ascontiguousarray(source.population).tobytes())
        return digest.hexdigest()


def named_week(label: str) -> date:
    """Monday of a named week.

    Raises
    ------
    NotAWeek
    """
    try:
        return read_week_label(label)
    except ValueError as error:
        raise NotAWeek(given=label) from error


def chosen_week(label: str | None) -> date:
    """Monday of the named week, or of the last whole week.

    Raises
    ------
    NotAWeek, WeekNotOver
    """
    latest = last_whole_week(today())
    if label is None:
        return latest
    monday = named_week(label)
    if monday > latest:
        raise WeekNotOver(week=label, ends_on=(monday + timedelta(days=6)).isoformat())
    return monday


def load_series(session: Session, week: date) -> LoadedSeries:
    """Read what happened, by area, category and week, up to the end of a week.

    Raises
    ------
    NoData
        Nothing was recorded up to then.
    """
    found = [
        loaded
        for loaded in (
            _inspections(session, week),
            _incidents(session, week, Source.COMPLAINT),
            _incidents(session, week, Source.INCIDENT),
        )
        if loaded is not None
    ]
    if not found:
        raise NoData
    return LoadedSeries(week, tuple(found))


def _bounds(first: date | None, last: date | None, week: date) -> tuple[date, date] | None:
    """First Monday of the axis and last day of the data; None without a whole week."""
    if first is None or last is None:
        return None
    # A history that begins in the middle of a week begins, for counting, on the next Monday.
    start = monday_of(first) if first.weekday() == 0 else monday_of(first) + timedelta(days=7)
    start = max(start, week - timedelta(days=7 * (_LONGEST_WEEKS - 1)))
    return (start, last) if start <= week else None


def _loaded(
    source: Source,
    rows: Sequence[tuple[str, str, date, int, int]],
    bounds: tuple[date, date],
    week: date,
) -> LoadedSource:
    """Arrays out of (region, category, Monday, cases, inspected)."""
    start, data_through = bounds
    counted = count_weekly(
        [(region, category) for region, category, *_ in rows],
        [monday for _, _, monday, _, _ in rows],
        [(cases, inspected) for *_, cases, inspected in rows],
        first=start,
        last=week,
    )
    counts = counted.values[:, :, 0].astype(np.float64)
    beyond = (monday_of(data_through) - start).days // 7 + 1
    counts[:, beyond:] = np.nan
    population = None
    if source is Source.INSPECTION:
        population = counted.values[:, :, 1].astype(np.float64)
    return LoadedSource(source, counted.keys, start, counts, population, data_through)


def _inspections(session: Session, week: date) -> LoadedSource | None:
    end = week + timedelta(days=6)
    first, last = session.execute(
        select(func.min(Observation.on), func.max(Observation.on)).where(Observation.on <= end)
    ).one()
    bounds = _bounds(first, last, week)
    if bounds is None:
        return None
    monday = cast(func.date_trunc("week", Observation.on), Date)
    rows = session.execute(
        select(
            Observation.region_code,
            Observation.category_code,
            monday,
            func.sum(Observation.failing),
            func.sum(Observation.inspected),
        )
        .where(Observation.on.between(bounds[0], end))
        .group_by(Observation.region_code, Observation.category_code, monday)
    ).all()
    return _loaded(Source.INSPECTION, [_whole(row) for row in rows], bounds, week)


def _incidents(session: Session, week: date, source: Source) -> LoadedSource | None:
    end = week + timedelta(days=6)
    of_source = Incident.kind.in_(source.incident_kinds)
    first, last = session.execute(
        select(func.min(Incident.on), func.max(Incident.on)).where(of_source, Incident.on <= end)
    ).one()
    bounds = _bounds(first, last, week)
    if bounds is None:
        return None
    monday = cast(func.date_trunc("week", Incident.on), Date)
    rows = session.execute(
        select(
            Incident.region_code,
            Incident.category_code,
            monday,
            func.count(),
            literal(0),
        )
        .where(of_source, Incident.on.between(bounds[0], end))
        .group_by(Incident.region_code, Incident.category_code, monday)
    ).all()
    return _loaded(source, [_whole(row) for row in rows], bounds, week)


def _whole(row: Sequence[object]) -> tuple[str, str, date, int, int]:
    """A row with sums as int: PostgreSQL gives them as numeric."""
    region, category, monday, cases, inspected = row
    assert isinstance(monday, date)
    return str(region), str(category), monday, int(str(cases)), int(str(inspected))
