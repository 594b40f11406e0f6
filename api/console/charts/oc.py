"""Operating characteristics: probabilities over quality in, an ECharts option out.

Nothing is computed here. Lines differ by dash and width, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.console.theme import TOKENS

MAIN = TOKENS["blue"][0]
QUIET = TOKENS["field-line"][0]
LOW, TALL = 34, 62  # above the picture: room for a legend of one line, or two on a phone
DASHES = ("dashed", "dotted", [10, 3, 2, 3])


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: its name, its points (quality in percent, acceptance in percent)."""

    name: str
    points: Sequence[tuple[float, float]]
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A quality to show with a line from top to bottom."""

    name: str
    quality: float


def oc_option(
    lines: Sequence[Line],
    *,
    marks: Sequence[Mark] = (),
    quality: str,
    description: str,
) -> dict[str, Any]:
    """The chart of one or several operating characteristics.

    Parameters
    ----------
    lines : sequence of Line
        The main one is drawn bold and solid.
    marks : sequence of Mark
        Qualities worth a line, such as the AQL.
    quality : str
        Name of the lower axis; the upright one is the share of lots accepted.
    description : str
        What the chart says, for those who do not see it.

    Returns
    -------
    dict
        An ECharts option.
    """
    others = iter(DASHES * len(lines))
    return {
        "aria": {"enabled": True, "label": {"description": description}},
        "animation": False,
        "grid": {
            "left": 8,
            "right": 24,
            "top": TALL if len(lines) > 1 else LOW,
            "bottom": 26,
            "containLabel": True,
        },
        "legend": {"data": [line.name for line in lines], "top": 0, "left": 0, "itemWidth": 26},
        "tooltip": {"trigger": "axis", "renderMode": "richText"},
        "xAxis": {
            "type": "value",
            "name": quality,
            "nameLocation": "middle",
            "nameGap": 26,
            "max": max((line.points[-1][0] for line in lines), default=1),
            "axisLabel": {"showMaxLabel": False},
        },
        "yAxis": {"type": "value", "min": 0, "max": 100, "axisLabel": {"formatter": "{value}%"}},
        "series": [_series(line, others, marks if line.is_main else ()) for line in lines],
    }


def _series(line: Line, dashes: Any, marks: Sequence[Mark]) -> dict[str, Any]:
    style = (
        {"type": "solid", "width": 3, "color": MAIN}
        if line.is_main
        else {"type": next(dashes), "width": 2, "color": QUIET}
    )
    return {
        "name": line.name,
        "type": "line",
        "data": [list(point) for point in line.points],
        "symbol": "none",
        "itemStyle": {"color": style["color"]},
        "lineStyle": style,
        "z": 5 if line.is_main else 3,
        "markLine": {
            "silent": True,
            "symbol": "none",
            "lineStyle": {"type": "dotted", "color": QUIET},
            "label": {"formatter": "{b}", "position": "insideEndTop"},
            "data": [{"name": mark.name, "xAxis": mark.quality} for mark in marks],
        },
    }
