"""The level table in force."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path

from risk.maths.levels import LevelTable, read_level_tables, table_on

PACK = Path(__file__).parent.parent / "packs" / "levels.json"


@cache
def level_tables() -> tuple[LevelTable, ...]:
    """The tables that come with the product."""
    return read_level_tables(json.loads(PACK.read_text(encoding="utf-8")))


def level_table_on(day: date) -> LevelTable:
    """The table in force on a day."""
    return table_on(level_tables(), day)
