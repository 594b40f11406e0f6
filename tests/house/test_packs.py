"""House law: every legal number is dated and cited, and none is in force twice."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.calendar import WorkingCalendar
from core.clocks import due
from recall.maths import lifecycle
from registry.maths.holidays import fixed_holidays, read_holidays
from registry.maths.packs import UNCONFIRMED, Mark, Pack, check_bases, read_pack

PACKS_DIR = Path(__file__).resolve().parents[2] / "registry" / "packs"
PACK_FILES = sorted(
    path for path in PACKS_DIR.glob("*.json") if not path.name.startswith("holidays-")
)


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def packs() -> list[Pack]:
    return [read_pack(load(path)) for path in PACK_FILES]


@pytest.mark.parametrize("path", PACK_FILES, ids=lambda path: path.stem)
def test_each_rule_has_dates_and_an_article_and_no_two_overlap(path: Path) -> None:
    # read_pack refuses a rule without dates or article, and an overlap.
    pack = read_pack(load(path))

    assert pack.rules
    assert pack.code.lower() == path.stem
    assert pack.scope


def test_every_base_exists_and_none_is_circular() -> None:
    check_bases(packs())


def test_what_is_not_read_in_the_law_itself_says_what_is_to_be_confirmed() -> None:
    silent = [
        f"{rule.pack} {rule.rule_id}"
        for pack in packs()
        for rule in pack.rules
        if rule.citation.mark in (Mark.MEMORY, Mark.DIGEST) or rule.citation.article == UNCONFIRMED
        if not rule.citation.note
    ]

    assert silent == []


def test_every_clock_of_a_recall_stands_in_the_base_pack() -> None:
    (base,) = [pack for pack in packs() if pack.code == "CN-CONSUMER-RECALL"]
    named = {
        rule_id for move in lifecycle.MOVES.values() for rule_id in (*move.meets, *move.starts)
    }

    assert named <= {rule.rule_id for rule in base.rules if rule.clock}


def test_no_year_of_the_holiday_table_is_left_out_between_the_first_and_the_last() -> None:
    years = read_holidays(load(PACKS_DIR / "holidays-cn.json")).years

    assert years == tuple(range(years[0], years[-1] + 1))
    assert years[0] <= 2020


def test_every_make_up_day_of_the_table_falls_on_a_weekend() -> None:
    days = read_holidays(load(PACKS_DIR / "holidays-cn.json")).days

    assert [day.on for day in days if day.kind == "makeup" and day.on.weekday() < 5] == []


def test_holidays_fixed_by_law_are_days_off_in_every_notice() -> None:
    table = read_holidays(load(PACKS_DIR / "holidays-cn.json"))
    calendar = WorkingCalendar.build(table.days)
    fixed = fixed_holidays(rule for pack in packs() for rule in pack.rules)
    first = date(table.years[0], 1, 1)
    span = (date(table.years[-1], 12, 31) - first).days

    worked = [
        day
        for day in (first + timedelta(days=i) for i in range(span + 1))
        if any(holiday.falls_on(day) for holiday in fixed) and calendar.is_working_day(day)
    ]

    assert len(fixed) == 6
    assert worked == []


def test_every_clock_of_every_pack_can_be_computed() -> None:
    calendar = WorkingCalendar.build(read_holidays(load(PACKS_DIR / "holidays-cn.json")).days)
    start = datetime(2026, 1, 5, 1, tzinfo=UTC)

    for pack in packs():
        for rule in pack.rules:
            if rule.clock is not None:
                assert due(rule.clock, start, calendar).due_on > date(2026, 1, 5)
