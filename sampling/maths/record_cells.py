"""What was typed into a sampling record, read in one way of writing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sampling.maths.record_fields import BY_NAME, Kind, RecordField, SampleKind

LONGEST = {Kind.TEXT: 300, Kind.LONG: 2000, Kind.URL: 1000}
PLACES = {Kind.AMOUNT: 4, Kind.MONEY: 2}
LARGEST = Decimal(10**12)
MOST_SAMPLES = 40
# 2026-11-18, 2026/3/2, 2026.3.2, 2026年3月2日, 20261118
_DAY = re.compile(
    r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d\d)(\d\d))", re.ASCII
)
NONE_TO_TELL = "/"  # how a form says that there is nothing to write


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """What is wrong with a field; ``message`` is a template that ``facts`` fill."""

    field: str
    message: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """One sealed sample.

    Attributes
    ----------
    quantity : Decimal, > 0
        In the unit of the record.
    place : str
        Where it is kept; needed for a retained one.
    """

    kind: SampleKind
    quantity: Decimal
    seal_no: str
    place: str = ""
    storage: str = ""

    def __post_init__(self) -> None:
        if self.quantity <= 0:
            raise ValueError(f"quantity must be above 0, got {self.quantity}")


class Problems(list[RecordProblem]):
    """Problems, in the order in which they are found."""

    def wrong(self, field: str, message: str, **facts: Any) -> None:
        """Note one more."""
        self.append(RecordProblem(field, message, facts))


def cleaned(values: Mapping[str, Any]) -> tuple[dict[str, str], list[RecordProblem]]:
    """What was typed, in one way of writing, and what cannot be read.

    Parameters
    ----------
    values : mapping
        Field name → what was typed: text, or a number or day that is written as text.

    Returns
    -------
    (dict, list of RecordProblem)
        Days as ISO 8601, amounts without superfluous zeros; empty fields are left out. A value
        with a problem is left out too.

    Notes
    -----
    A field that is not filled in is no problem here: a draft may be incomplete. See `problems_of`.

    Examples
    --------
    >>> cleaned({"base_quantity": " 1,200.50 ", "brand": ""})
    ({'base_quantity': '1200.5'}, [])
    >>> cleaned({"base_quantity": "many"})[1][0].field
    'base_quantity'
    """
    kept: dict[str, str] = {}
    found = Problems()
    for name, value in values.items():
        field = BY_NAME.get(name)
        if field is None:
            found.wrong(name, "A sampling record has no field {name}.", name=name)
            continue
        text = "" if value is None else unicodedata.normalize("NFC", str(value)).strip()
        if not text:
            continue
        written = _written(field, text, found)
        if written is not None:
            kept[name] = written
    return kept, found


def _written(field: RecordField, text: str, found: Problems) -> str | None:
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text if sign not in "\n\r\t"):
        found.wrong(field.name, "There are signs in it that cannot be printed; type it again.")
        return None
    if field.kind in LONGEST:
        return _text(field, text, found)
    if text == NONE_TO_TELL and not field.needed:
        return text
    if field.kind is Kind.CHOICE:
        named = {word: code for code, zh, en in field.choices for word in (code, zh, en)}
        if text not in named:
            allowed = "、".join(zh for _code, zh, _en in field.choices)
            found.wrong(
                field.name, "“{value}” is not known; use {allowed}.", value=text, allowed=allowed
            )
            return None
        return named[text]
    if field.kind is Kind.DAY:
        return _day(field, text, found)
    return _amount(field, text, found)


def _text(field: RecordField, text: str, found: Problems) -> str | None:
    most = LONGEST[field.kind]
    if len(text) > most:
        found.wrong(
            field.name,
            "Write at most {most} characters; this has {length}.",
            most=most,
            length=len(text),
        )
        return None
    if field.kind is Kind.URL and not re.fullmatch(r"https?://[^\s/]+\S*", text):
        found.wrong(field.name, "“{value}” is no web address; it begins with https://.", value=text)
        return None
    return text if field.kind is Kind.LONG else " ".join(text.split())


def _day(field: RecordField, text: str, found: Problems) -> str | None:
    parts = _DAY.fullmatch(text)
    try:
        if parts is None:
            raise ValueError(text)
        return date(*(int(part) for part in parts.groups() if part)).isoformat()
    except ValueError:
        found.wrong(field.name, "“{value}” is not a date; write it like 2026-11-18.", value=text)
        return None


def _amount(field: RecordField, text: str, found: Problems) -> str | None:
    try:
        value = Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        found.wrong(field.name, "“{value}” is not a number; write it like 12.5.", value=text)
        return None
    places = PLACES.get(field.kind, 0)
    if not 0 <= value < LARGEST:
        found.wrong(field.name, "{value} is out of bounds; write 0 to 999,999,999,999.", value=text)
        return None
    if value != round(value, places):
        found.wrong(
            field.name,
            "{value} has too many decimals; write at most {places}.",
            value=text,
            places=places,
        )
        return None
    return plain(value)


def plain(value: Decimal) -> str:
    """A number without exponent and superfluous zeros.

    Examples
    --------
    >>> plain(Decimal("1200.50")), plain(Decimal("1E+3"))
    ('1200.5', '1000')
    """
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def cleaned_samples(
    rows: Sequence[Mapping[str, Any]],
) -> tuple[list[SampleFacts], list[RecordProblem]]:
    """Sealed samples as typed, and what is wrong with them.

    Parameters
    ----------
    rows : sequence of mappings
        ``kind``, ``quantity``, ``seal_no``; optional ``place``, ``storage``. A row without
        quantity and seal number counts as not typed.
    """
    found = Problems()
    kept = []
    if len(rows) > MOST_SAMPLES:
        found.wrong("samples", "A record has at most {most} samples.", most=MOST_SAMPLES)
        return [], found
    for place, row in enumerate(rows):
        told = {
            name: str(row.get(name) or "").strip()
            for name in ("kind", "quantity", "seal_no", "place", "storage")
        }
        if not told["quantity"] and not told["seal_no"]:
            continue
        at = f"samples.{place}"
        if told["kind"] not in list(SampleKind):
            found.wrong(f"{at}.kind", "A sample is either a test or a retained one.")
            continue
        too_long = next((name for name in told if len(told[name]) > LONGEST[Kind.TEXT]), None)
        if too_long is not None:
            found.wrong(
                f"{at}.{too_long}",
                "Write at most {most} characters; this has {length}.",
                most=LONGEST[Kind.TEXT],
                length=len(told[too_long]),
            )
            continue
        amounts = Problems()
        text = _amount(BY_NAME["taken_quantity"], told["quantity"] or "0", amounts)
        found.extend(RecordProblem(f"{at}.quantity", p.message, p.facts) for p in amounts)
        if text is None:
            continue
        if Decimal(text) <= 0:
            found.wrong(f"{at}.quantity", "A sealed sample has a quantity above 0.")
            continue
        kept.append(
            SampleFacts(
                kind=SampleKind(told["kind"]),
                quantity=Decimal(text),
                seal_no=told["seal_no"],
                place=told["place"],
                storage=told["storage"],
            )
        )
    return kept, found


def masked(text: str) -> str:
    """Personal data as it may be shown: the first sign, and of long numbers the last two.

    Examples
    --------
    >>> masked("张三丰"), masked("0990-555-0101"), masked("/")
    ('张**', '0**********01', '/')
    """
    if len(text) < 2:
        return text
    tail = text[-2:] if len(text) >= 7 else ""
    return text[0] + "*" * (len(text) - 1 - len(tail)) + tail
