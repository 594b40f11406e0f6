"""From an alarm to a level: 红 red, 橙 orange, 黄 yellow, 蓝 blue.

The cut points are data (``risk/packs/levels.json``), dated and marked with their source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """Levels of a warning, most urgent first."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class LevelRule:
    """An alarm has this level if it is improbable enough and high enough.

    Parameters
    ----------
    level : Level
        What the rule gives.
    p_below : float, 0 < p <= 1
        The tail probability must lie strictly below it.
    exceedance_from : float, >= 1
        (observed - expected) / (bound - expected) must reach it. A guard: tail probabilities
        computed from estimated parameters are too small far out in the tail.
    excess_from : int, >= 0
        Observed cases above expectation must reach it.
    source : str
        Where the cut points come from.
    """

    level: Level
    p_below: float
    exceedance_from: float
    excess_from: int
    source: str

    def __post_init__(self) -> None:
        if not 0 < self.p_below <= 1:
            raise ValueError(f"p_below must lie in (0, 1], got {self.p_below}")
        if self.exceedance_from < 1:
            raise ValueError(f"exceedance_from must be at least 1, got {self.exceedance_from}")
        if self.excess_from < 0:
            raise ValueError(f"excess_from must be at least 0, got {self.excess_from}")
        if not self.source:
            raise ValueError("source must say where the cut points come from")


@dataclass(frozen=True, slots=True)
class LevelTable:
    """Rules in force from a day on, most urgent first; the last one takes every alarm."""

    version: str
    valid_from: date
    rules: tuple[LevelRule, ...]

    def __post_init__(self) -> None:
        order = list(Level)
        places = [order.index(rule.level) for rule in self.rules]
        if not places or places != sorted(set(places)):
            raise ValueError("rules must run from the most urgent level down, each level once")
        last = self.rules[-1]
        if (last.p_below, last.exceedance_from, last.excess_from) != (1.0, 1.0, 0):
            raise ValueError("the last rule must take every alarm: p_below 1, exceedance_from 1")


@dataclass(frozen=True, slots=True)
class AssignedLevel:
    """A level and the rule that gave it."""

    level: Level
    rule: LevelRule
    table_version: str


def assign_level(
    table: LevelTable, *, p_value: float, exceedance: float, excess: float
) -> AssignedLevel:
    """Which level does an alarm have?

    Parameters
    ----------
    table : LevelTable
        The rules.
    p_value : float, 0 <= p_value <= 1
        Tail probability of the observed count.
    exceedance : float
        (observed - expected) / (bound - expected).
    excess : float
        observed - expected, in cases.

    Returns
    -------
    AssignedLevel
        By the first rule whose three conditions hold.

    Notes
    -----
    Ask only for alarms: every one gets a level, the last rule takes the rest.
    """
    for rule in table.rules[:-1]:
        if (
            p_value < rule.p_below
            and exceedance >= rule.exceedance_from
            and excess >= rule.excess_from
        ):
            return AssignedLevel(rule.level, rule, table.version)
    return AssignedLevel(table.rules[-1].level, table.rules[-1], table.version)


def read_level_tables(document: Mapping[str, Any]) -> tuple[LevelTable, ...]:
    """Read the tables of a data file, oldest first.

    Raises
    ------
    ValueError
        If there is none, two begin on one day, or a rule makes no sense.
    """
    tables = sorted(
        (
            LevelTable(
                version=str(entry["version"]),
                valid_from=date.fromisoformat(entry["valid_from"]),
                rules=tuple(
                    LevelRule(
                        level=Level(rule["level"]),
                        p_below=float(rule["p_below"]),
                        exceedance_from=float(rule["exceedance_from"]),
                        excess_from=int(rule["excess_from"]),
                        source=str(rule["source"]),
                    )
                    for rule in entry["rules"]
                ),
            )
            for entry in document["tables"]
        ),
        key=lambda table: table.valid_from,
    )
    if not tables:
        raise ValueError("the data file holds no level table")
    if len({table.valid_from for table in tables}) < len(tables):
        raise ValueError("two level tables begin on the same day")
    return tuple(tables)


def table_on(tables: Sequence[LevelTable], day: date) -> LevelTable:
    """The table in force on a day; the oldest for days before it."""
    return next((table for table in reversed(tables) if table.valid_from <= day), tables[0])
