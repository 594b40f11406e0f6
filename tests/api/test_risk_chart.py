"""The chart of a warning says what the numbers say."""

from __future__ import annotations

import json
from dataclasses import replace

from api.console.charts.control import ControlWords, control_option

SERIES = {
    "weeks": ["2026-W43", "2026-W44", "2026-W45", "2026-W46"],
    "observed": [3, None, 4, 20],
    "expected": [None, None, 4.1, 4.2],
    "upper": [None, None, 10.0, 11.0],
    "alarm": [False, False, False, True],
    "judged": [False, False, True, True],
}
WORDS = ControlWords("投诉", "预期", "上限", "越界", "不判断", "第 46 周 20 件，上限 11")


def test_the_option_holds_the_numbers_and_computes_none() -> None:
    option = control_option(SERIES, WORDS)

    by_name = {each["name"]: each["data"] for each in option["series"]}
    assert by_name["投诉"] == SERIES["observed"]
    assert by_name["预期"] == SERIES["expected"]
    assert by_name["上限"] == SERIES["upper"]
    assert by_name["越界"] == [["2026-W46", 20]]
    assert option["xAxis"]["data"] == SERIES["weeks"]


def test_weeks_that_were_not_judged_are_a_band() -> None:
    option = control_option({**SERIES, "judged": [False, True, False, False]}, WORDS)

    area = option["xAxis"]["splitArea"]
    grey = [colour != "transparent" for colour in area["areaStyle"]["color"]]
    assert (area["show"], area["interval"]) == (True, 0)
    assert grey == [True, False, True, True]


def test_the_last_alarm_is_named_in_the_picture() -> None:
    option = control_option(SERIES, replace(WORDS, mark="20 > 11"))
    calm = control_option({**SERIES, "alarm": [False] * 4}, replace(WORDS, mark="20 > 11"))

    named = option["series"][3]["markPoint"]["data"]
    assert named == [{"name": "20 > 11", "coord": ["2026-W46", 20]}]
    assert calm["series"][3]["markPoint"]["data"] == []


def test_the_option_is_plain_json_with_a_description() -> None:
    option = control_option(SERIES, WORDS)

    assert json.loads(json.dumps(option)) == option
    assert option["aria"]["label"]["description"] == WORDS.description
    assert option["tooltip"]["renderMode"] == "richText"
