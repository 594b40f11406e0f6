"""Rule packs and holiday tables refuse what could not be defended."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.calendar import DayKind
from core.clocks import OnExpiry, PeriodKind
from registry.maths.holidays import fixed_holidays, read_holidays
from registry.maths.packs import (
    Mark,
    check_bases,
    read_pack,
    read_rule,
    resolve,
    rule_document,
)

CLOCK: dict[str, Any] = {
    "id": "recall.plan",
    "title": {"zh": "报告召回计划", "en": "Recall plan filed"},
    "clock": {"kind": "working_days", "count": 10},
    "trigger": "defect.found",
    "responsible": "producer",
    "on_expiry": "overdue",
    "valid_from": "2020-01-01",
    "valid_to": None,
    "citation": {"source": "Order 19", "article": "art. 18", "mark": "memory"},
}
SHARE: dict[str, Any] = {
    "id": "draw.share",
    "title": {"zh": "比例", "en": "Share"},
    "value": "0.03",
    "unit": "share",
    "valid_from": "2025-03-18",
    "citation": {"source": "Order 101", "article": "art. 4", "mark": "text"},
}


def pack(*rules: dict[str, Any], code: str = "CN-TEST", **extra: Any) -> dict[str, Any]:
    return {
        "code": code,
        "title": {"zh": "测试", "en": "Test"},
        "scope": "Tests.",
        "rules": list(rules),
        **extra,
    }


def changed(rule: dict[str, Any], **parts: Any) -> dict[str, Any]:
    made = copy.deepcopy(rule)
    made.update(parts)
    return made


def without(rule: dict[str, Any], part: str) -> dict[str, Any]:
    made = copy.deepcopy(rule)
    del made[part]
    return made


def cited(**parts: Any) -> dict[str, Any]:
    return changed(CLOCK, citation={**CLOCK["citation"], **parts})


def test_a_clock_and_a_value_are_read() -> None:
    found = read_pack(pack(CLOCK, SHARE))

    plan = found.rule_on("recall.plan", date(2026, 1, 5))
    share = found.rule_on("draw.share", date(2026, 1, 5))
    assert plan is not None
    assert plan.clock is not None
    assert (plan.clock.kind, plan.clock.count) == (PeriodKind.WORKING_DAYS, 10)
    assert plan.on_expiry is OnExpiry.OVERDUE
    assert plan.citation.mark is Mark.MEMORY
    assert share is not None
    assert share.value == Decimal("0.03")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (without(CLOCK, "valid_from"), "valid_from"),
        (without(CLOCK, "citation"), "citation"),
        (cited(article=" "), "article"),
        (cited(mark="rumour"), "rumour"),
        (cited(article="unconfirmed", mark="text"), "unconfirmed"),
        (cited(mark="own"), "not statutory"),
        (changed(CLOCK, value=10, unit="days"), "either a clock or a value"),
        (without(CLOCK, "clock"), "either a clock or a value"),
        (without(CLOCK, "responsible"), "responsible"),
        (without(SHARE, "unit"), "unit"),
        (changed(SHARE, value=0.03), "integer or a string"),
        (changed(CLOCK, valid_to="2019-01-01"), "ends before it begins"),
        (changed(CLOCK, colour="red"), "colour"),
        (changed(CLOCK, clock={"kind": "fortnights", "count": 1}), "fortnights"),
    ],
)
def test_a_rule_that_could_not_be_defended_is_refused(rule: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_pack(pack(rule))


def test_two_rules_of_one_name_on_one_day_are_refused() -> None:
    later = changed(CLOCK, valid_from="2024-01-01")

    with pytest.raises(ValueError, match="in force twice"):
        read_pack(pack(CLOCK, later))
    with pytest.raises(ValueError, match="in force twice"):
        read_pack(pack(changed(CLOCK, valid_to="2024-01-01"), later))


def test_the_day_of_the_event_picks_the_rule() -> None:
    old = changed(CLOCK, valid_to="2023-12-31")
    new = changed(CLOCK, valid_from="2024-01-01", clock={"kind": "working_days", "count": 7})
    found = read_pack(pack(new, old))

    counts = [
        rule.clock.count
        for day in (date(2023, 12, 31), date(2024, 1, 1))
        if (rule := found.rule_on("recall.plan", day)) and rule.clock
    ]

    assert counts == [10, 7]
    assert found.rule_on("recall.plan", date(2019, 12, 31)) is None


def test_an_overlay_beats_its_base_and_is_silent_elsewhere() -> None:
    base = read_pack(pack(CLOCK, SHARE))
    overlay = read_pack(
        pack(
            changed(CLOCK, clock={"kind": "working_days", "count": 5}),
            code="XX-TEST",
            base="CN-TEST",
        )
    )
    on = date(2026, 1, 5)

    plan = resolve([base, overlay], "XX-TEST", "recall.plan", on)
    share = resolve([base, overlay], "XX-TEST", "draw.share", on)

    assert plan is not None
    assert plan.clock is not None
    assert (plan.pack, plan.clock.count) == ("XX-TEST", 5)
    assert share is not None
    assert share.pack == "CN-TEST"
    assert resolve([base], "CN-TEST", "nothing", on) is None


def test_a_base_that_is_missing_or_circular_is_refused() -> None:
    orphan = read_pack(pack(CLOCK, base="CN-NOWHERE"))
    ring = [
        read_pack(pack(code="A", base="B")),
        read_pack(pack(code="B", base="A")),
    ]

    with pytest.raises(ValueError, match="CN-NOWHERE"):
        check_bases([orphan])
    with pytest.raises(ValueError, match="its own base"):
        check_bases(ring)


@pytest.mark.parametrize("rule", [CLOCK, SHARE])
def test_a_rule_is_read_back_from_the_document_it_writes(rule: dict[str, Any]) -> None:
    read = read_rule("CN-TEST", rule)

    assert read_rule("CN-TEST", rule_document(read)) == read


YEAR: dict[str, Any] = {
    "year": 2023,
    "notices": [{"number": "notice 1"}],
    "holidays": [
        {"name": "元旦", "from": "2022-12-31", "to": "2023-01-02", "makeup": ["2023-01-07"]}
    ],
}


def table(*years: dict[str, Any]) -> dict[str, Any]:
    return {"version": "test", "years": list(years)}


def holiday(**parts: Any) -> dict[str, Any]:
    return {**YEAR, "holidays": [{**YEAR["holidays"][0], **parts}]}


def test_a_span_becomes_its_days_and_may_begin_in_the_december_before() -> None:
    found = read_holidays(table(YEAR))

    assert [(day.on, day.kind) for day in found.days] == [
        (date(2022, 12, 31), DayKind.OFF),
        (date(2023, 1, 1), DayKind.OFF),
        (date(2023, 1, 2), DayKind.OFF),
        (date(2023, 1, 7), DayKind.MAKEUP),
    ]
    # The day in 2022 does not make 2022 a loaded year.
    assert found.years == (2023,)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (table(YEAR, YEAR), "comes twice"),
        (table({**YEAR, "notices": []}), "needs a notice"),
        (table(holiday(to="2022-12-30")), "before it begins"),
        (table(holiday(makeup=["2024-01-06"])), "outside the year"),
        (table(holiday(makeup=["2023-01-01"])), "comes twice"),
    ],
)
def test_a_holiday_table_with_a_slip_is_refused(document: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_holidays(document)


def test_holidays_fixed_by_law_come_from_rules_with_a_month_and_a_day() -> None:
    rule = read_rule("CN-CALENDAR", changed(SHARE, value="05-01", unit="month-day"))

    (found,) = fixed_holidays([rule, read_rule("CN-TEST", CLOCK)])

    assert (found.month, found.day, found.since) == (5, 1, date(2025, 3, 18))
