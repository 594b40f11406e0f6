"""Typed reference values of farringtonFlexible: read, and run."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from risk.maths.detection import Detection, detect
from risk.maths.reference import WeekAxis
from risk.maths.settings import FarringtonSettings

FOLDER = Path(__file__).resolve().parents[2] / "vectors" / "farrington"


def runs() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(name, file, run) of every typed run."""
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        for number, run in enumerate(document["runs"]):
            control = run["control"]
            name = f"{path.stem}-{number}-{control['thresholdMethod']}-{control['noPeriods']}"
            found.append((name, document, run))
    return found


def settings_of(control: dict[str, Any]) -> FarringtonSettings:
    """The tool's settings in our words."""
    return FarringtonSettings(
        years_back=control["b"],
        fewest_years=control["b"],
        half_window=control["w"],
        seasons=control["noPeriods"],
        weeks_excluded=control["pastWeeksNotIncluded"],
        reweight=control["reweight"],
        weights_threshold=control["weightsThreshold"],
        trend=control["trend"],
        trend_p_below=control["pThresholdTrend"],
        method=control["thresholdMethod"],
        alpha=control["alpha"],
        power=control["powertrans"],
        recent_cases=control["limit54"][0],
        recent_weeks=control["limit54"][1],
        empty_window="as-fitted",
        error_from="working",
    )


def axis_of(document: dict[str, Any]) -> WeekAxis:
    """Its weeks."""
    start = document["first_week"]
    first = None
    if start["epoch_as_date"]:
        first = date(1970, 1, 1) + timedelta(days=start["first_epoch"])
    return WeekAxis(length=len(document["counts"]), first=first)


def run_typed(document: dict[str, Any], run: dict[str, Any]) -> Detection:
    """Judge the weeks of a typed run."""
    population = None
    if run["control"]["populationOffset"]:
        population = np.array([document["population"]], dtype=float)
    return detect(
        np.array([document["counts"]], dtype=float),
        axis_of(document),
        [row["week"] - 1 for row in run["rows"]],
        settings_of(run["control"]),
        population=population,
    )
