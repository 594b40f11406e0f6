"""Levels of warnings come from dated data."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files

import pytest

from risk.maths.levels import Level, assign_level, read_level_tables, table_on


def _shipped() -> dict[str, object]:
    text = (files("risk") / "packs" / "levels.json").read_text(encoding="utf-8")
    document: dict[str, object] = json.loads(text)
    return document


def test_the_shipped_table_is_read_and_marks_its_own_numbers() -> None:
    tables = read_level_tables(_shipped())

    assert [rule.level for rule in tables[0].rules] == list(Level)
    assert all(rule.source.startswith("[own]") for rule in tables[0].rules)


@pytest.mark.parametrize(
    ("p_value", "exceedance", "excess", "level"),
    [
        (1e-9, 4.0, 30.0, Level.RED),
        (1e-9, 4.0, 4.0, Level.YELLOW),  # improbable, but only four cases above expectation
        (1e-9, 1.3, 30.0, Level.YELLOW),  # improbable by estimate, but close to the bound
        (5e-5, 2.0, 8.0, Level.ORANGE),
        (5e-4, 1.4, 3.0, Level.YELLOW),
        (1e-3, 1.4, 3.0, Level.BLUE),  # the cut is strict
        (0.004, 1.0, 0.5, Level.BLUE),
    ],
)
def test_levels_by_hand(p_value: float, exceedance: float, excess: float, level: Level) -> None:
    table = read_level_tables(_shipped())[0]

    found = assign_level(table, p_value=p_value, exceedance=exceedance, excess=excess)

    assert found.level is level
    assert found.table_version == "levels-2026.1"


def test_a_later_table_replaces_the_earlier_from_its_day() -> None:
    document = _shipped()
    first = document["tables"][0]  # type: ignore[index]
    document["tables"] = [{**first, "valid_from": "2027-01-01", "version": "county"}, first]

    tables = read_level_tables(document)

    assert table_on(tables, date(2026, 12, 31)).version == "levels-2026.1"
    assert table_on(tables, date(2027, 1, 1)).version == "county"
    assert table_on(tables, date(2000, 1, 1)).version == "levels-2026.1"


def _rule(**facts: object) -> dict[str, object]:
    rule = {
        "level": "blue",
        "p_below": 1,
        "exceedance_from": 1,
        "excess_from": 0,
        "source": "[own]",
    }
    return {**rule, **facts}


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [_rule(), _rule(level="red", p_below=0.001)],  # wrong order
        [_rule(level="red"), _rule(level="red")],
        [_rule(p_below=0.5)],  # an alarm without a level
        [_rule(source="")],
        [_rule(p_below=0)],
        [_rule(exceedance_from=0.5)],
    ],
)
def test_tables_that_make_no_sense_are_refused(rules: list[dict[str, object]]) -> None:
    with pytest.raises(ValueError):
        read_level_tables(
            {"tables": [{"version": "x", "valid_from": "2026-01-01", "rules": rules}]}
        )
