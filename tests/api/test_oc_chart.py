"""The chart of operating characteristics says what the numbers say."""

from __future__ import annotations

import json

from api.console.charts.oc import Line, Mark, oc_option

LINES = [
    Line("正常检验", [(0.0, 100.0), (2.5, 61.2), (5.0, 9.8)], is_main=True),
    Line("加严检验", [(0.0, 100.0), (5.0, 2.1)]),
    Line("放宽检验", [(0.0, 100.0), (5.0, 40.0)]),
]


def test_the_option_holds_the_numbers_and_computes_none() -> None:
    option = oc_option(LINES, quality="不合格品率", description="…")

    assert [each["data"] for each in option["series"]] == [
        [list(point) for point in line.points] for line in LINES
    ]
    assert option["xAxis"]["max"] == 5.0
    assert (option["yAxis"]["min"], option["yAxis"]["max"]) == (0, 100)


def test_lines_differ_by_dash_and_width_not_by_colour_alone() -> None:
    option = oc_option(LINES, quality="", description="")

    styles = [(each["lineStyle"]["type"], each["lineStyle"]["width"]) for each in option["series"]]
    assert len(set(map(str, styles))) == 3
    assert styles[0] == ("solid", 3)


def test_marks_stand_at_their_qualities_on_the_main_line_only() -> None:
    option = oc_option(LINES, marks=[Mark("AQL", 1.5)], quality="", description="")

    marks = [each["markLine"]["data"] for each in option["series"]]
    assert marks == [[{"name": "AQL", "xAxis": 1.5}], [], []]


def test_the_option_is_plain_json_with_a_description() -> None:
    option = oc_option(LINES, quality="", description="接收概率")

    assert json.loads(json.dumps(option)) == option
    assert option["aria"]["label"]["description"] == "接收概率"
    assert option["tooltip"]["renderMode"] == "richText"
