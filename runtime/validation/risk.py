"""Reference values of risk: weekly detection as R surveillance computes it.

Three of R's outputs are known to be wrong, and the product does not compute them. They are
recomputed here, by the wrong formula, only so that a changed digit in a file is noticed:
the score of nbPlugin and muan, and ``mu0Vector`` of delta.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import ndtri

from risk.maths.detection import Detection, detect
from risk.maths.reference import WEEKS_A_YEAR, WeekAxis
from risk.maths.settings import FarringtonSettings, Judgement
from runtime.validation.tally import Tally, Unsupported

Document = Mapping[str, Any]

FLEXIBLE = "R surveillance::farringtonFlexible"

# R's glm stops on the deviance; the product follows the same rule and agrees to 1e-11. The
# tolerances are those of the published comparison.
_EXPECTED = 1e-6
_DISPERSION = 2e-5
_P_VALUE = 1e-5
_BOUND = 1e-5

# The file's control → settings; range and glmWarnings do not change a number.
_CONTROL = {
    "b": "years_back",
    "w": "half_window",
    "reweight": "reweight",
    "weightsThreshold": "weights_threshold",
    "trend": "trend",
    "pThresholdTrend": "trend_p_below",
    "powertrans": "power",
    "noPeriods": "seasons",
    "pastWeeksNotIncluded": "weeks_excluded",
    "thresholdMethod": "method",
    "alpha": "alpha",
}
_OTHER_CONTROL = {"limit54", "populationOffset", "range", "glmWarnings"}


def is_flexible(document: Any) -> bool:
    """Tell whether a file holds results of farringtonFlexible."""
    return isinstance(document, Mapping) and document.get("tool") == FLEXIBLE


def flexible(document: Document, tally: Tally) -> None:
    """Recompute a file of farringtonFlexible, week by week."""
    control, given, output = document["control"], document["input"], document["output"]
    with tally.case("header"):
        _check_header(document, tally)
    settings = _settings(control)
    axis = _axis(given, tally)
    counts = np.array([given["observed"]], dtype=np.float64)
    population = None
    if control["populationOffset"]:
        population = np.array([given["population"]], dtype=np.float64)
    first, last = output["range_first"], output["range_last"]
    weeks = list(range(first - document["index_base"], last))
    found = detect(counts, axis, weeks, settings, population=population)
    bounds = found
    if not found.evaluated.all():  # R gives scores for weeks it does not judge: the bound behind
        lax = replace(settings, recent_cases=0)
        bounds = detect(counts, axis, weeks, lax, population=population)
    _check_lengths(output, len(weeks))
    for place, week in enumerate(weeks):
        with tally.case(f"week {week + document['index_base']}"):
            _check_week(found, place, output, tally)
            _check_known_defects(bounds, place, output, tally)


def _settings(control: Document) -> FarringtonSettings:
    unknown = set(control) - set(_CONTROL) - _OTHER_CONTROL
    if unknown:
        raise Unsupported(f"control {', '.join(sorted(unknown))} is not known here")
    facts = {ours: control[theirs] for theirs, ours in _CONTROL.items()}
    return FarringtonSettings(
        **facts,
        fewest_years=control["b"],
        recent_cases=control["limit54"][0],
        recent_weeks=control["limit54"][1],
        empty_window="as-fitted",
        error_from="working",
    )


def _axis(given: Document, tally: Tally) -> WeekAxis:
    """The weeks; they must be unbroken."""
    epochs = given["epoch"]
    step = 7 if given["epochAsDate"] else 1
    with tally.case("weeks"):
        tally.same("number of counts", len(given["observed"]), len(epochs))
        tally.same("frequency", WEEKS_A_YEAR, given["frequency"])
        steps = {later - earlier for earlier, later in pairwise(epochs)}
        tally.same("days or weeks between epochs", [step], sorted(steps))
    first = date(1970, 1, 1) + timedelta(days=epochs[0]) if given["epochAsDate"] else None
    return WeekAxis(length=len(epochs), first=first)


def _r_text(value: Any) -> str:
    """A value as R writes it in a call."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, list):
        return f"c({', '.join(_r_text(each) for each in value)})"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def _check_header(document: Document, tally: Tally) -> None:
    """The settings must be those of the call, and the range that of the results."""
    control, output, call = document["control"], document["output"], document["call"]
    for name, value in control.items():
        if name == "range":
            tally.same("range", [output["range_first"], output["range_last"]], value)
            tally.same("range in call", True, f"range={value[0]}:{value[1]}" in call)
        else:
            tally.same(f"{name} in call", True, f"{name} = {_r_text(value)}" in call)
    observed = document["input"]["observed"]
    part = observed[output["range_first"] - 1 : output["range_last"]]
    tally.same("observed counts of the range", part, output["observed"])


def _check_lengths(output: Document, weeks: int) -> None:
    for name, values in output.items():
        if isinstance(values, list) and len(values) != weeks:
            raise ValueError(f"output.{name} has {len(values)} values for {weeks} weeks")


def _check_week(found: Detection, place: int, output: Document, tally: Tally) -> None:
    """Everything the product computes itself."""
    judged = bool(found.judgement[0, place] == Judgement.JUDGED)
    bound, expected = output["upperbound"][place], output["expected"][place]
    tally.same("judged", judged, bound is not None)
    tally.same("expected given", judged, expected is not None)
    tally.same("alarm", int(found.alarm[0, place]), output["alarm"][place])
    if judged:
        upper = float(found.upper[0, place])
        if found.settings.method == "delta":
            tally.close("upperbound", upper, bound, rel=_BOUND)
        else:
            tally.same("upperbound", int(upper), bound)
        tally.close("expected", float(found.expected[0, place]), expected, rel=_EXPECTED)
    dispersion = float(found.dispersion[0, place])
    tally.close("phiVector", dispersion, output["phiVector"][place], rel=_DISPERSION)
    tally.close("pvalue", float(found.p_value[0, place]), output["pvalue"][place], rel=_P_VALUE)
    kept = bool(found.trend[0, place])
    tally.same("trend", int(kept), output["trend"][place])
    slope = output["trendVector"][place]
    tally.same("slope given", kept, slope is not None)
    if kept:
        tally.close("trendVector", float(found.slope[0, place]), slope, rel=_EXPECTED)
    if found.settings.method != "delta":
        raised = float(found.bound_mean[0, place])
        tally.close("mu0Vector", raised, output["mu0Vector"][place], rel=_BOUND)


def _check_known_defects(bounds: Detection, place: int, output: Document, tally: Tally) -> None:
    """What R computes wrongly, by R's formula (see the head of this module)."""
    observed = float(bounds.observed[0, place])
    expected, upper = float(bounds.expected[0, place]), float(bounds.upper[0, place])
    centre = expected
    if bounds.settings.method == "delta":
        # The interval of a mean, exponentiated as if it were that of a logarithm.
        error = expected * math.sqrt(float(bounds.log_variance[0, place]))
        raised = math.exp(expected + float(ndtri(1 - bounds.settings.alpha)) * error)
        tally.close("mu0Vector", raised, output["mu0Vector"][place], rel=_BOUND)
    else:
        centre = math.log(expected)  # a logarithm among counts
    score = (observed - centre) / (upper - centre)
    tally.close("score", score, output["score"][place], rel=_BOUND)
