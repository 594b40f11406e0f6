"""A series with what was expected and its bound: numbers in, an ECharts option out.

Nothing is computed here. The option is plain JSON (no functions), tooltips are drawn as SVG
text because the content policy forbids inline styles, and decal patterns carry what colour does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.console.theme import TOKENS

ALARM = TOKENS["red"][0]  # the same by day and by night: it carries meaning


@dataclass(frozen=True, slots=True)
class ControlWords:
    """The words of the chart, in the reader's language."""

    observed: str
    expected: str
    upper: str
    alarm: str
    not_judged: str
    description: str


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
    names = [words.observed, words.expected, words.upper, words.alarm]
    return {
        "aria": {"enabled": True, "label": {"description": words.description}},
        "animation": False,
        "grid": {"left": 8, "right": 16, "top": 40, "bottom": 8, "containLabel": True},
        "legend": {"data": names, "top": 0, "left": 0},
        "tooltip": {"trigger": "axis", "renderMode": "richText"},
        "xAxis": {"type": "category", "data": weeks, "axisTick": {"alignWithLabel": True}},
        "yAxis": {"type": "value", "min": 0, "minInterval": 1},
        "series": [
            {
                "name": words.observed,
                "type": "bar",
                "data": list(series["observed"]),
                "barMaxWidth": 14,
                "markArea": _bands(weeks, series["judged"], words.not_judged),
            },
            _line(words.expected, series["expected"], line="dashed"),
            _line(words.upper, series["upper"], line="solid"),
            {
                "name": words.alarm,
                "type": "scatter",
                "data": alarms,
                "symbol": "triangle",
                "symbolSize": 13,
                "itemStyle": {"color": ALARM},
                "z": 5,
            },
        ],
    }


def _line(name: str, values: Sequence[Any], *, line: str) -> dict[str, Any]:
    """A stepped line with gaps where there is no number."""
    return {
        "name": name,
        "type": "line",
        "data": list(values),
        "step": "middle",
        "connectNulls": False,
        "showSymbol": False,
        "lineStyle": {"type": line, "width": 2},
    }


def _bands(weeks: Sequence[str], judged: Sequence[bool], name: str) -> dict[str, Any]:
    """Grey bands over runs of weeks that were not judged."""
    runs: list[list[int]] = []
    for place, known in enumerate(judged):
        if known:
            continue
        if runs and runs[-1][1] == place - 1:
            runs[-1][1] = place
        else:
            runs.append([place, place])
    return {
        "silent": True,
        "itemStyle": {"color": "rgba(128, 138, 158, 0.16)"},
        "label": {"show": False},
        "data": [
            [{"name": name, "xAxis": weeks[first]}, {"xAxis": weeks[last]}] for first, last in runs
        ],
    }
