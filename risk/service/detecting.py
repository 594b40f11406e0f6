"""Detection: from series to warnings, in three steps a long job can show and cancel.

``load_series`` reads, ``judge`` computes without a database, ``store_detection`` writes all at
once. ``detect`` does the three in a row.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import audit, outbox
from core.actors import Actor
from core.clock import now
from core.numbers import next_number
from core.progress import Progress, silent
from risk.events import DetectionRequested, SignalsRaised
from risk.maths.levels import Level
from risk.maths.weekly import week_label
from risk.models import ModelRun, Signal
from risk.service.judging import ALGORITHM, JudgedSeries, RaisedSeries, judge
from risk.service.series import chosen_week, load_series


def request_detection(session: Session, actor: Actor, week: str | None = None) -> int:
    """Ask for a week to be judged in the background; returns the number of the message.

    Raises
    ------
    NotAWeek, WeekNotOver
    """
    monday = chosen_week(week)
    label = week_label(monday)
    message_id = outbox.add(session, DetectionRequested(label, actor.account_id))
    audit.record(session, actor, "detection.requested", label)
    return message_id


def store_detection(session: Session, actor: Actor, judged: JudgedSeries) -> ModelRun:
    """Keep the pass, raise its new signals, announce them.

    Idempotent: a pass over the same data is the same pass, and a series has one signal per week
    and version of the algorithm, whatever arrives later.
    """
    # Two passes of one week at once would both miss the other's signals; the later one waits.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("risk.store_detection"))))
    known = session.execute(
        select(ModelRun).where(
            ModelRun.week == judged.week,
            ModelRun.inputs_sha256 == judged.inputs_sha256,
            ModelRun.algorithm_version == ALGORITHM,
        )
    ).scalar_one_or_none()
    if known is not None:
        return known
    raised_before = {
        tuple(row)
        for row in session.execute(
            select(Signal.source, Signal.region_code, Signal.category_code).where(
                Signal.week == judged.week, Signal.algorithm_version == ALGORITHM
            )
        ).all()
    }
    fresh = [
        each
        for each in judged.raised
        if (each.source.value, each.region_code, each.category_code) not in raised_before
    ]
    # The most urgent first, so that numbers run in the order of work.
    order = list(Level)
    fresh.sort(key=lambda each: (order.index(each.level), each.figures["p_value"]))
    run = ModelRun(
        week=judged.week,
        inputs_sha256=judged.inputs_sha256,
        algorithm_version=ALGORITHM,
        settings=asdict(judged.settings),
        level_table=judged.level_table.version,
        data_through=judged.data_through,
        series_total=judged.series_total,
        evaluated=judged.evaluated,
        not_judged=judged.not_judged,
        alarms=len(judged.raised),
        signals_raised=len(fresh),
        account_id=actor.account_id,
        finished_at=now(),
    )
    session.add(run)
    session.flush()  # signals name their run
    numbers = _insert_signals(session, run, judged, fresh)
    label = week_label(judged.week)
    audit.record(
        session,
        actor,
        "detection.stored",
        label,
        {"series": judged.series_total, "evaluated": judged.evaluated, "raised": len(fresh)},
    )
    if fresh:
        levels = Counter(each.level.value for each in fresh)
        outbox.add(session, SignalsRaised(run.id, label, tuple(numbers), dict(levels)))
    return run


def _insert_signals(
    session: Session, run: ModelRun, judged: JudgedSeries, fresh: list[RaisedSeries]
) -> list[str]:
    """One row per new signal; returns their numbers."""
    moment = now()
    year = judged.week.isocalendar().year
    values = [
        {
            "number": next_number(session, "WS", year),
            "run_id": run.id,
            "source": each.source.value,
            "region_code": each.region_code,
            "category_code": each.category_code,
            "week": judged.week,
            **each.figures,
            "level": each.level.value,
            "level_table": judged.level_table.version,
            "counts": each.counts,
            "reason": each.reason,
            "series": each.history,
            "data_through": each.data_through,
            "algorithm_version": ALGORITHM,
            "state": "new",
            "version": 1,
            "raised_at": moment,
        }
        for each in fresh
    ]
    if values:
        session.execute(insert(Signal), values)
    return [str(each["number"]) for each in values]


def detect(
    session: Session, actor: Actor, week: str | None = None, *, progress: Progress = silent
) -> ModelRun:
    """Judge all series of a week and raise warnings, in one transaction.

    Parameters
    ----------
    week : str, optional
        Such as "2026-W47"; default the last whole week.

    Raises
    ------
    NotAWeek, WeekNotOver, NoData
    """
    progress("load", 0, 1)
    loaded = load_series(session, chosen_week(week))
    return store_detection(session, actor, judge(loaded, progress=progress))
