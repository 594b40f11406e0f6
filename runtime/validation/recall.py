"""Reference values of deadlines and codes: working days of the statutes, credit codes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from core.calendar import WorkingCalendar
from core.clocks import Period, PeriodKind, add_months, due
from registry.maths.codes import check_uscc
from registry.maths.holidays import read_holidays
from runtime.validation.tally import Tally, Unsupported

Document = Mapping[str, Any]

_UNITS = {"workday": PeriodKind.WORKING_DAYS, "month": PeriodKind.MONTHS}


@cache
def _calendar() -> WorkingCalendar:
    """The holiday table that comes with the product."""
    text = (files("registry") / "packs" / "holidays-cn.json").read_text(encoding="utf-8")
    table = read_holidays(json.loads(text))
    return WorkingCalendar.build(table.days, version=table.version)


def _cases(document: Any, keys: set[str]) -> bool:
    """Tell whether a file is a list of cases, each with these keys."""
    if not isinstance(document, Mapping) or "rule" not in document:
        return False
    cases = document.get("cases")
    return (
        isinstance(cases, list)
        and bool(cases)
        and isinstance(cases[0], Mapping)
        and keys <= set(cases[0])
    )


def is_deadlines(document: Any) -> bool:
    """Tell whether a file holds statutory deadlines."""
    return _cases(document, {"event", "unit", "n", "due"})


def deadlines(document: Document, tally: Tally) -> None:
    """Recompute each due day with the product's own holidays."""
    calendar = _calendar()
    for number, case in enumerate(document["cases"], start=1):
        unit, event = case["unit"], date.fromisoformat(case["event"])
        if unit not in _UNITS:
            raise Unsupported(f"unit {unit!r} is not known here")
        with tally.case(f"case {number} ({case['event']} + {case['n']} {unit})"):
            found = due(Period(_UNITS[unit], case["n"]), event, calendar)
            tally.same("due", found.due_on.isoformat(), case["due"])
            tally.same("provisional", found.provisional, False)
            if unit == "month":
                nominal = add_months(event, case["n"])
                tally.same("nominal", nominal.isoformat(), case["nominal"])


def is_credit_codes(document: Any) -> bool:
    """Tell whether a file holds unified social credit codes."""
    return _cases(document, {"code", "kind", "valid"}) and "GB 32100" in document["rule"]


# What a code's kind says about its validity.
_VALID_KINDS = {"valid", "valid_lower"}


def credit_codes(document: Document, tally: Tally) -> None:
    """Check each code."""
    for number, case in enumerate(document["cases"], start=1):
        with tally.case(f"case {number} ({case['code']})"):
            tally.same("valid", check_uscc(case["code"]).valid, case["valid"])
            tally.same("valid by its kind", case["kind"] in _VALID_KINDS, case["valid"])


def is_holidays(document: Any) -> bool:
    """Tell whether a file holds one year's holiday notice."""
    return isinstance(document, Mapping) and {"year", "papers", "days"} <= set(document)


def holidays(document: Document, tally: Tally) -> None:
    """Compare each day with the product's own calendar, and the other way round."""
    year = document["year"]
    calendar = _calendar()
    stated = {entry["date"]: entry["is_off"] for entry in document["days"]}
    with tally.case(f"year {year}"):
        tally.same("entries", len(document["days"]), len(stated))
        ours = {day.on.isoformat() for day in calendar.days if day.year == year}
        tally.same("days only in the product's table", sorted(ours - set(stated)), [])
    for entry in document["days"]:
        with tally.case(entry["date"]):
            day = date.fromisoformat(entry["date"])
            tally.same("is_off", not calendar.is_working_day(day), entry["is_off"])
            tally.same("year", year, entry["year"])
