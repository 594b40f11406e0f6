"""Passes of detection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from risk.maths.weekly import week_label
from risk.models import ModelRun

RUN_KEY = (ModelRun.id,)


@dataclass(frozen=True, slots=True)
class RunView:
    """One pass of detection."""

    id: int
    week: str
    series_total: int
    evaluated: int
    not_judged: dict[str, int]
    alarms: int
    signals_raised: int
    data_through: date | None
    algorithm_version: str
    level_table: str
    settings: dict[str, Any]
    inputs_sha256: str
    finished_at: datetime


def run_view(run: ModelRun) -> RunView:
    """A pass as people see it."""
    return RunView(
        id=run.id,
        week=week_label(run.week),
        series_total=run.series_total,
        evaluated=run.evaluated,
        not_judged=run.not_judged,
        alarms=run.alarms,
        signals_raised=run.signals_raised,
        data_through=run.data_through,
        algorithm_version=run.algorithm_version,
        level_table=run.level_table,
        settings=run.settings,
        inputs_sha256=run.inputs_sha256,
        finished_at=run.finished_at,
    )


def runs_statement() -> Select[ModelRun]:
    """All passes, unordered; list them by ``RUN_KEY``."""
    return select(ModelRun)


def latest_run(session: Session) -> RunView | None:
    """The last pass, or None before the first."""
    run = session.execute(
        select(ModelRun).order_by(ModelRun.id.desc()).limit(1)
    ).scalar_one_or_none()
    return None if run is None else run_view(run)
