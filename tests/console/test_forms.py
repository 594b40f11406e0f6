"""Forms and the words of refusals."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from api.auth import RoleNeeded
from api.console.forms import Form
from api.console.languages import refusal_words, said
from core.errors import Conflict, FieldProblem, Invalid
from recall.errors import NotThisState


@pytest.fixture
def english(app: Any) -> Iterator[None]:
    with app.test_request_context("/?lang=en"):
        yield


@pytest.fixture
def chinese(app: Any) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


def test_good_values_are_read_exactly(english: None) -> None:
    form = Form({"n": " 12 ", "x": "12.50", "d": "2026-11-18", "t": "  a  "})

    assert form.number("n", "N") == 12
    assert form.amount("x", "X") == Decimal("12.50")
    assert str(form.day("d", "D")) == "2026-11-18"
    assert form.text("t", "T") == "a"
    assert form.is_good


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("number", "1.5"),
        ("number", "-1"),
        ("number", "１２"),
        ("number", "9" * 40),
        ("amount", "NaN"),
        ("amount", "-1"),
        ("amount", "1e999999999"),
        ("day", "18.11.2026"),
        ("day", "2026-02-30"),
        ("text", "   "),
    ],
)
def test_bad_values_are_told_beside_the_field(english: None, method: str, value: str) -> None:
    form = Form({"f": value})

    getattr(form, method)("f", "Amount made")

    assert form.status == 422
    assert "Amount made" in (form.fault("f") or "")


def test_what_may_be_empty_may_be_empty(english: None) -> None:
    form = Form({})

    assert form.number("n", "N", required=False) is None
    assert form.day("d", "D", required=False) is None
    assert form.is_good


def test_a_refusal_with_fields_stands_at_its_fields(english: None) -> None:
    form = Form({})

    form.refused(Invalid(fields=[FieldProblem("lot", "Stratum {key} is named twice.", {"key": 1})]))

    assert form.fault("lot") == "Stratum 1 is named twice."
    assert form.status == 422


def test_a_refusal_without_fields_stands_above(english: None) -> None:
    form = Form({})

    form.refused(Conflict())

    assert [fault.field for fault in form.faults] == [""]
    assert form.status == 409


def test_words_formed_below_are_recognised_and_said_in_chinese(chinese: None) -> None:
    assert (
        said("'x' is not a date; write it like 2026-11-18.") == "'x' 不是日期，请写成 2026-11-18。"
    )
    assert said("no rule knows these words") == "no rule knows these words"
    assert said("") == ""


def test_words_formed_below_stay_as_they_are_in_english(english: None) -> None:
    words = "'x' is not a date; write it like 2026-11-18."

    assert said(words) == words


def test_codes_in_refusals_are_words(chinese: None) -> None:
    state = NotThisState(number="RC-2026-0001", state="plan_due", action="announce")
    role = RoleNeeded(roles="inspector, administrator", role="enterprise")

    assert "plan_due" not in refusal_words(state)
    assert "检查员、系统管理员" in refusal_words(role)
    assert "企业" in refusal_words(role)
