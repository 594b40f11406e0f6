"""Rates with their limits, one line each: numbers in, an ECharts option out.

Nothing is computed here. A bar from limit to limit stands on an invisible one; the rate is a
diamond, so that form tells what colour does. The option is plain JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.console.theme import TOKENS

POINT = TOKENS["red"][0]
BAND = TOKENS["field-line"][0]


@dataclass(frozen=True, slots=True)
class Interval:
    """A line of the chart, in percent; ``rate`` is None where nothing is known."""

    name: str
    rate: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class IntervalWords:
    """The words of the chart, in the reader's language."""

    rate: str
    band: str
    axis: str
    description: str


def interval_option(lines: Sequence[Interval], words: IntervalWords) -> dict[str, Any]:
    """The chart of several rates, the first line on top.

    Parameters
    ----------
    lines : sequence of Interval
        In the order of reading.
    words : IntervalWords
        Names of what is drawn.

    Returns
    -------
    dict
        An ECharts option; a line without limits has no bar.
    """
    names = [line.name for line in lines]
    known = [line for line in lines if line.lower is not None and line.upper is not None]
    widths = {line.name: round((line.upper or 0) - (line.lower or 0), 3) for line in known}
    return {
        "aria": {"enabled": True, "label": {"description": words.description}},
        "animation": False,
        "grid": {"left": 8, "right": 24, "top": 36, "bottom": 24, "containLabel": True},
        "legend": {
            "data": [{"name": words.rate, "icon": "diamond"}, {"name": words.band}],
            "top": 0,
            "left": 0,
            "itemWidth": 16,
            "itemHeight": 10,
            "itemGap": 18,
        },
        "tooltip": {"trigger": "item", "renderMode": "richText"},
        "xAxis": {
            "type": "value",
            "min": 0,
            "name": words.axis,
            "nameLocation": "middle",
            "nameGap": 24,
            "axisLabel": {"formatter": "{value} %"},
        },
        "yAxis": {"type": "category", "data": names, "inverse": True},
        "series": [
            {
                "name": "",
                "type": "bar",
                "stack": "limits",
                "silent": True,
                "itemStyle": {"color": "transparent"},
                "tooltip": {"show": False},
                "data": [None if line.lower is None else line.lower for line in lines],
            },
            {
                "name": words.band,
                "type": "bar",
                "stack": "limits",
                "barMaxWidth": 14,
                "itemStyle": {"color": BAND, "borderRadius": 3},
                "data": [widths.get(name) for name in names],
                "tooltip": {"show": False},  # its length is no number worth reading
            },
            {
                "name": words.rate,
                "type": "scatter",
                "symbol": "diamond",
                "symbolSize": 13,
                "itemStyle": {"color": POINT},
                "data": [[line.rate, line.name] for line in lines if line.rate is not None],
                "z": 5,
            },
        ],
    }
