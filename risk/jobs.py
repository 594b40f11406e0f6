"""Background work of risk."""

from __future__ import annotations

from typing import Any

from core.actors import SYSTEM
from core.outbox import Run, effect
from core.unit_of_work import read_only
from risk.service import detecting, observing
from risk.service.judging import judge
from risk.service.series import chosen_week, load_series


def observe(run: Run, *, results: list[dict[str, Any]]) -> None:
    """Keep results that sampling has announced."""
    with effect(run) as session:
        observing.observe(session, SYSTEM, results=results)


def detect(run: Run, *, through_week: str | None = None, account_id: int | None = None) -> None:
    """Judge a week: read, compute with progress and a way out, then store all at once."""
    run.progress("load", 0, 1)
    with read_only() as session:
        loaded = load_series(session, chosen_week(through_week))
    judged = judge(loaded, progress=run.progress)
    run.progress("store", 0, 1)
    with effect(run) as session:
        detecting.store_detection(session, SYSTEM, judged)
