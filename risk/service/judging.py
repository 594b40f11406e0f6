"""Judging loaded series: from counts to alarms with level, words and history.

No database is touched here; what comes out is ready to be stored.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from core.progress import Progress, silent
from risk.maths.detection import Detection
from risk.maths.detection import detect as detect_weeks
from risk.maths.levels import Level, LevelTable, assign_level
from risk.maths.settings import FarringtonSettings, Judgement
from risk.maths.sources import Source
from risk.service.levels import level_table_on
from risk.service.series import LoadedSeries, LoadedSource

# Changes with every change of the numbers; a signal is unique per series, week and version.
ALGORITHM = "farrington-flexible/1"
SHOWN_WEEKS = 52  # history stored with a signal, the judged week included

_BATCH = 1000  # series between two reports of progress, 0.1 s
_HISTORY_BATCH = 50  # series; 52 weeks each

# English templates with facts, translated whole where they are shown.
REASONS = {
    Source.INSPECTION: (
        "{observed} of {population} units inspected failed in week {week}; {expected} were "
        "expected, and more than {upper} happens by chance in 1 of {odds} weeks."
    ),
    Source.COMPLAINT: (
        "{observed} complaints in week {week}; {expected} were expected, and more than {upper} "
        "happens by chance in 1 of {odds} weeks."
    ),
    Source.INCIDENT: (
        "{observed} accidents, injuries and leads in week {week}; {expected} were expected, and "
        "more than {upper} happens by chance in 1 of {odds} weeks."
    ),
}


@dataclass(frozen=True, slots=True)
class RaisedSeries:
    """One alarm with everything its signal keeps."""

    source: Source
    region_code: str
    category_code: str
    figures: dict[str, Any]
    level: Level
    counts: dict[str, Any]
    reason: dict[str, Any]
    history: dict[str, Any]
    data_through: date


@dataclass(frozen=True, slots=True)
class JudgedSeries:
    """The result of a detection before it is stored."""

    week: date
    inputs_sha256: str
    settings: FarringtonSettings
    level_table: LevelTable
    series_total: int
    evaluated: int
    not_judged: dict[str, int]
    raised: tuple[RaisedSeries, ...]
    data_through: date | None


def judge(
    loaded: LoadedSeries,
    *,
    settings: FarringtonSettings | None = None,
    progress: Progress = silent,
) -> JudgedSeries:
    """Judge every series in the loaded week; no database is touched."""
    settings = settings or FarringtonSettings()
    table = level_table_on(loaded.week)
    tally: Counter[str] = Counter()
    raised: list[RaisedSeries] = []
    alarms: list[tuple[LoadedSource, np.ndarray[Any, np.dtype[np.int64]]]] = []
    done = 0
    progress("fit", 0, loaded.total)
    for source in loaded.sources:
        for start in range(0, len(source.keys), _BATCH):
            rows = np.arange(start, min(start + _BATCH, len(source.keys)))
            found = _detect(source, rows, [source.axis.length - 1], settings)
            for reason, count in Counter(found.judgement[:, 0].tolist()).items():
                tally[Judgement(reason).name.lower().replace("_", "-")] += count
            if found.alarm.any():
                alarms.append((source, rows[found.alarm[:, 0]]))
            done += rows.size
            progress("fit", done, loaded.total)
    total_alarms = sum(rows.size for _, rows in alarms)
    progress("history", 0, total_alarms)
    for source, rows in alarms:
        for start in range(0, rows.size, _HISTORY_BATCH):
            part = rows[start : start + _HISTORY_BATCH]
            raised += _with_history(source, part, settings, table)
            progress("history", len(raised), total_alarms)
    evaluated = tally.pop("judged", 0)
    return JudgedSeries(
        week=loaded.week,
        inputs_sha256=_inputs_sha256(loaded, settings, table),
        settings=settings,
        level_table=table,
        series_total=loaded.total,
        evaluated=evaluated,
        not_judged=dict(sorted(tally.items())),
        raised=tuple(raised),
        data_through=loaded.data_through,
    )


def _inputs_sha256(loaded: LoadedSeries, settings: FarringtonSettings, table: LevelTable) -> str:
    """Hash of data, settings and level table together."""
    rest = json.dumps([asdict(settings), table.version], sort_keys=True)
    return hashlib.sha256((loaded.sha256() + rest).encode()).hexdigest()


def _detect(
    source: LoadedSource, rows: Any, weeks: list[int], settings: FarringtonSettings
) -> Detection:
    """Some series of a source in some weeks."""
    population = None if source.population is None else source.population[rows]
    return detect_weeks(source.counts[rows], source.axis, weeks, settings, population=population)


def _with_history(
    source: LoadedSource, rows: Any, settings: FarringtonSettings, table: LevelTable
) -> Iterator[RaisedSeries]:
    """Alarms with the bounds of their last weeks."""
    last = source.axis.length - 1
    weeks = list(range(max(last - SHOWN_WEEKS + 1, 0), last + 1))
    found = _detect(source, rows, weeks, settings)
    labels = source.labels(weeks)
    for place, row in enumerate(rows.tolist()):
        yield _raised(source, row, found, place, labels, table)


def _raised(
    source: LoadedSource,
    row: int,
    found: Detection,
    place: int,
    labels: list[str],
    table: LevelTable,
) -> RaisedSeries:
    """One alarm: figures, level, words, history."""
    region_code, category_code = source.keys[row]
    figures: dict[str, Any] = {
        "observed": int(found.observed[place, -1]),
        "population": (None if source.population is None else int(found.population[place, -1])),
        "expected": float(found.expected[place, -1]),
        "upper": float(found.upper[place, -1]),
        "p_value": float(found.p_value[place, -1]),
        "exceedance": float(found.exceedance[place, -1]),
    }
    assigned = assign_level(
        table,
        p_value=figures["p_value"],
        exceedance=figures["exceedance"],
        excess=figures["observed"] - figures["expected"],
    )
    reference = found.references[-1]
    assert reference is not None  # an alarm has a baseline
    counts = {
        "years": int(found.years_used[-1]),
        "reference_weeks": int(found.reference_weeks[place, -1]),
        "reference_cases": int(found.reference_cases[place, -1]),
        "first_reference_week": source.labels([int(reference.week.min())])[0],
        "last_reference_week": source.labels([int(reference.week.max())])[0],
        "down_weighted_weeks": int(found.down_weighted[place, -1]),
        "recent_cases": int(found.recent_cases[place, -1]),
        "recent_weeks": found.settings.recent_weeks,
        "dispersion": float(found.dispersion[place, -1]),
        "trend_per_year": float(np.expm1(52 * found.slope[place, -1])),
        "trend_used": bool(found.trend[place, -1]),
        "same_weeks": _same_weeks(source, row, found, place),
    }
    reason = {
        "template": REASONS[source.source],
        "facts": {
            "observed": figures["observed"],
            "population": figures["population"],
            "expected": _shown(figures["expected"]),
            "upper": f"{figures['upper']:.0f}",
            "odds": round(1 / found.settings.alpha),
            "week": labels[-1],
        },
        "level_rule": asdict(assigned.rule) | {"level": assigned.level.value},
    }
    return RaisedSeries(
        source=source.source,
        region_code=region_code,
        category_code=category_code,
        figures=figures,
        level=assigned.level,
        counts=counts,
        reason=reason,
        history=_history(found, place, labels),
        data_through=source.data_through,
    )


def _shown(mean: float) -> str:
    """An expected count as a person reads it: one digit after the point, two below one."""
    return f"{mean:.1f}" if mean >= 1 else f"{mean:.2g}"


def _same_weeks(
    source: LoadedSource, row: int, found: Detection, place: int
) -> list[dict[str, Any]]:
    """The counts of the windows around this time of earlier years: what sets the level."""
    reference = found.references[-1]
    assert reference is not None
    window = np.sort(reference.week[reference.season == reference.seasons - 1])
    counts = source.counts[row, window]
    return [
        {"week": label, "observed": None if np.isnan(count) else int(count)}
        for label, count in zip(source.labels(window.tolist()), counts, strict=True)
    ]


def _history(found: Detection, place: int, labels: list[str]) -> dict[str, Any]:
    """The weeks a chart shows; null where there is no number."""

    def numbers(values: Any) -> list[float | None]:
        return [round(value, 4) if np.isfinite(value) else None for value in values.tolist()]

    uncounted = found.judgement[place] == Judgement.NO_COUNT
    observed = [
        None if missing else count
        for count, missing in zip(found.observed[place].tolist(), uncounted.tolist(), strict=True)
    ]
    return {
        "weeks": labels,
        "observed": observed,
        "expected": numbers(found.expected[place]),
        "upper": numbers(found.upper[place]),
        "alarm": found.alarm[place].tolist(),
        "judged": found.evaluated[place].tolist(),
        "judgement": [
            Judgement(value).name.lower().replace("_", "-")
            for value in found.judgement[place].tolist()
        ],
    }
