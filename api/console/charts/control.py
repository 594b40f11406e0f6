"""A series with what was expected and its bound: numbers in, an ECharts option out.

Nothing is computed here. The option is plain JSON (no functions), tooltips are drawn as SVG
text because the content policy forbids inline styles, and decal patterns carry what colour does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.console.theme import TOKENS

# The same by day and by night; each reads on both grounds.
ALARM = TOKENS["red"][0]
ON_ALARM = TOKENS["on-brand"][0]
QUIET = TOKENS["field-line"][0]
GREY = "rgba(128, 138, 158, 0.16)"
DOTS = "path://M0 4h3v2H0zM6 4h3v2H6zM12 4h3v2h-3z"
DASH = "path://M0 4h16v2H0z"


@dataclass(frozen=True, slots=True)
class ControlWords:
    """The words of the chart, in the reader's language; ``mark`` stands beside the last alarm."""

    observed: str
    expected: str
    upper: str
    alarm: str
    not_judged: str
    description: str
    mark: str = ""


def control_option(series: Mapping[str, Sequence[Any]], words: ControlWords) -> dict[str, Any]:
    """The chart of a warning.

    Parameters
    ----------
    series : mapping
        ``weeks``, ``observed``, ``expected``, ``upper``, ``alarm`` and ``judged``, of equal
        length, oldest week first; None where there is no number.
    words : ControlWords
        Names of the lines.

    Returns
    -------
    dict
        An ECharts option; alarms are points of their own, weeks that were not judged a grey band.
    """
    weeks = list(series["weeks"])
    alarms = [
        [week, count]
        for week, count, alarm in zip(weeks, series["observed"], series["alarm"], strict=True)
        if alarm
    ]
    icons = [
        (words.observed, "roundRect"),
        (words.expected, DOTS),
        (words.upper, DASH),
        (words.alarm, "triangle"),
    ]
    return {
        "aria": {"enabled": True, "label": {"description": words.description}},
        "animation": False,
        "grid": {"left": 8, "right": 16, "top": 40, "bottom": 8, "containLabel": True},
        "legend": {
            "data": [{"name": name, "icon": icon} for name, icon in icons],
            "top": 0,
            "left": 0,
            "itemWidth": 16,
            "itemHeight": 10,
            "itemGap": 18,
        },
        "tooltip": {"trigger": "axis", "renderMode": "richText"},
        "xAxis": {
            "type": "category",
            "data": weeks,
            "axisTick": {"alignWithLabel": True},
            "splitArea": _bands(series["judged"]),
        },
        "yAxis": {"type": "value", "min": 0, "minInterval": 1, "boundaryGap": [0, "18%"]},
        "series": [
            {
                "name": words.observed,
                "type": "bar",
                "data": list(series["observed"]),
                "barMaxWidth": 14,
            },
            _line(words.expected, series["expected"], QUIET, line="dotted"),
            # A week whose neighbours have no bound still shows its own: a short dash.
            _line(words.upper, series["upper"], ALARM, line="solid", symbol="rect"),
            {
                "name": words.alarm,
                "type": "scatter",
                "data": alarms,
                "symbol": "triangle",
                "symbolSize": 12,
                "symbolOffset": [0, -9],
                "itemStyle": {"color": ALARM},
                "z": 5,
                "markPoint": _mark(alarms, words.mark),
            },
        ],
    }


def _line(
    name: str, values: Sequence[Any], colour: str, *, line: str, symbol: str = "none"
) -> dict[str, Any]:
    """A stepped line with gaps where there is no number."""
    return {
        "name": name,
        "type": "line",
        "data": list(values),
        "step": "middle",
        "connectNulls": False,
        "symbol": symbol,
        "symbolSize": [11, 2],
        "showAllSymbol": True,
        "itemStyle": {"color": colour},
        "lineStyle": {"type": line, "width": 2, "color": colour},
        "z": 4,
    }


def _mark(alarms: Sequence[Sequence[Any]], words: str) -> dict[str, Any]:
    """A label to the left of the last alarm."""
    label = {
        "show": True,
        "formatter": "{b}",
        "position": "left",
        "distance": 8,
        "offset": [0, -20],
        "color": ON_ALARM,
        "backgroundColor": ALARM,
        "padding": [4, 8],
        "borderRadius": 4,
        "fontSize": 12,
    }
    return {
        "silent": True,
        "symbol": "circle",
        "symbolSize": 1,
        "itemStyle": {"color": ALARM},
        "label": label,
        "data": [{"name": words, "coord": list(alarms[-1])}] if words and alarms else [],
    }


def _bands(judged: Sequence[bool]) -> dict[str, Any]:
    """A grey band under each week that was not judged."""
    return {
        "show": not all(judged),
        "interval": 0,
        "areaStyle": {"color": ["transparent" if known else GREY for known in judged]},
    }
