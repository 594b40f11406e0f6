"""Papers that come before a draw: what each must say, checked field by field.

The list of inspection matters (随机抽查事项清单), the annual plan (年度抽查计划), the scheme
(抽查方案) and the detailed rules (实施细则). A paper is a plain JSON document without floats, so
that its canonical bytes, and with them its hash, are the same in every language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

Body = dict[str, Any]


class Kind(StrEnum):
    """Which paper."""

    ITEM_LIST = "item_list"
    ANNUAL_PLAN = "annual_plan"
    SCHEME = "scheme"
    RULES = "rules"


PREFIXES: Mapping[Kind, str] = {
    Kind.ITEM_LIST: "QD",  # 清单
    Kind.ANNUAL_PLAN: "ND",  # 年度
    Kind.SCHEME: "FA",  # 方案
    Kind.RULES: "XZ",  # 细则
}


class PaperState(StrEnum):
    """Where an edition of a paper stands."""

    DRAFT = "draft"
    APPROVED = "approved"
    PUBLISHED = "published"


METHODS = ("on_site", "written", "online", "sampling")
WEIGHTS = ("general", "key")  # 一般检查事项, 重点检查事项
LEVELS = ("national", "province", "city", "county")

# Order in which the basis of a verdict is taken (山东省实施《产品质量法》办法 art. 12).
BASIS_ORDER = ("mandatory", "declared", "province")

LONGEST_TEXT = 4000
MOST_ROWS = 500
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,12})?)\s*([%％])?")
_KEY = re.compile(r"[0-9A-Za-z._-]{1,20}")


@dataclass(frozen=True, slots=True)
class PaperProblem:
    """What is wrong with one field of a paper; ``facts`` fill the template."""

    field: str
    message: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a paper or of its rows: how it is read and whether it may be missing."""

    name: str
    kind: str = "text"  # text, lines, share, count, day, choice
    needed: bool = True
    choices: tuple[str, ...] = ()


HEADS: Mapping[Kind, tuple[Field, ...]] = {
    Kind.ITEM_LIST: (Field("valid_from", "day"), Field("note", needed=False)),
    Kind.ANNUAL_PLAN: (Field("item_list", needed=False), Field("note", needed=False)),
    Kind.SCHEME: (
        Field("annual_plan", needed=False),
        Field("scope"),
        Field("division"),
        Field("timetable"),
        Field("products", needed=False),
    ),
    Kind.RULES: (
        Field("scheme", needed=False),
        Field("product"),
        Field("sampling_method"),
        Field("verdict_rule"),
        Field("note", needed=False),
    ),
}
ROWS: Mapping[Kind, tuple[Field, ...]] = {
    Kind.ITEM_LIST: (
        Field("key"),
        Field("category"),
        Field("matter"),
        Field("target"),
        Field("weight", "choice", choices=WEIGHTS),
        Field("method", "choice", choices=METHODS),
        Field("level", "choice", choices=LEVELS),
        Field("basis"),
        Field("lead"),
        Field("cooperating", "lines", needed=False),
        Field("share", "share", needed=False),
        Field("frequency", "count", needed=False),
    ),
    Kind.ANNUAL_PLAN: (
        Field("key"),
        Field("item", needed=False),
        Field("matter"),
        Field("target"),
        Field("share", "share", needed=False),
        Field("frequency", "count"),
        Field("quantity", "count"),
        Field("begins_on", "day"),
        Field("ends_on", "day"),
        Field("lead"),
        Field("cooperating", "lines", needed=False),
        Field("purpose"),
    ),
    Kind.RULES: (
        Field("key"),
        Field("item"),
        Field("method"),
        Field("basis", "choice", choices=BASIS_ORDER),
        Field("standard"),
    ),
    Kind.SCHEME: (),
}


def read_paper(
    kind: Kind, body: Mapping[str, Any], *, year: int
) -> tuple[Body, list[PaperProblem]]:
    """Which document do these fields make, and what is wrong with them?

    Parameters
    ----------
    kind : Kind
        Decides which fields there are.
    body : mapping
        Fields of the head, and ``rows``: text as typed or JSON values.
    year : int
        Year of the paper; the time windows of an annual plan must lie in it.

    Returns
    -------
    tuple of (dict, list of PaperProblem)
        The document in its normal form (shares as decimal strings, days as ISO strings, empty
        fields as null), and the problems; with problems the document must not be stored.

    Notes
    -----
    A share is a number above 0 and at most 1. Rows keep the order they come in.
    """
    problems: list[PaperProblem] = []

    def wrong(field: str, message: str, **facts: Any) -> None:
        problems.append(PaperProblem(field, message, facts))

    document = _read_fields(HEADS[kind], body, "", wrong)
    known = {field.name for field in HEADS[kind]} | {"rows"}
    for name in sorted(set(body) - known):
        wrong(name, "A paper of this kind has no such field; leave it out.")
    rows = body.get("rows") or []
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        wrong("rows", "Give the rows as a list.")
        rows = []
    if ROWS[kind] and not rows:
        wrong("rows", "Write at least one row.")
    if rows and not ROWS[kind]:
        wrong("rows", "A paper of this kind has no rows; leave them out.")
        rows = []
    if len(rows) > MOST_ROWS:
        wrong(
            "rows", "{count} rows; at most {most} fit one paper.", count=len(rows), most=MOST_ROWS
        )
        rows = rows[:MOST_ROWS]
    document["rows"] = []
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            wrong(f"rows.{place}", "Give each row as an object.")
            continue
        for name in sorted(set(row) - {field.name for field in ROWS[kind]}):
            wrong(f"rows.{place}.{name}", "A row of this paper has no such field; leave it out.")
        document["rows"].append(_read_fields(ROWS[kind], row, f"rows.{place}.", wrong))
    _check_rows(kind, document["rows"], year, wrong)
    return document, problems


def _read_fields(
    fields: Sequence[Field], given: Mapping[str, Any], where: str, wrong: Any
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields:
        value = given.get(field.name)
        if isinstance(value, str):
            value = value.strip()
        if value in (None, "", []):
            found[field.name] = [] if field.kind == "lines" else None
            if field.needed:
                wrong(where + field.name, "This field must be filled in.")
            continue
        try:
            found[field.name] = _READERS[field.kind](value, field)
        except _Unreadable as error:
            found[field.name] = None
            wrong(where + field.name, error.template, **error.facts)
    return found


class _Unreadable(ValueError):
    def __init__(self, template: str, **facts: Any) -> None:
        super().__init__(template)
        self.template, self.facts = template, facts


def _text(value: Any, field: Field) -> str:
    if not isinstance(value, str):
        raise _Unreadable("Write text here.")
    if len(value) > LONGEST_TEXT:
        raise _Unreadable(
            "At most {most} characters, got {got}.", most=LONGEST_TEXT, got=len(value)
        )
    if field.name == "key" and not _KEY.fullmatch(value):
        raise _Unreadable(
            "A row's number has 1 to 20 letters, digits, dots or dashes, got {got}.", got=value
        )
    return value


def _lines(value: Any, field: Field) -> list[str]:
    parts = re.split(r"[、,，;；\n]", value) if isinstance(value, str) else value
    if not isinstance(parts, Sequence) or not all(isinstance(part, str) for part in parts):
        raise _Unreadable("Write names with 、 between them.")
    return [part.strip() for part in parts if part.strip()]


def _share(value: Any, field: Field) -> str:
    typed = str(value)
    # No exponent: 1e-400000 would be a share of half a megabyte.
    match = None if isinstance(value, float) else _SHARE.fullmatch(typed)
    share = Decimal(match.group(1)) if match else Decimal(0)
    if match and match.group(2):
        share /= 100
    if not 0 < share <= 1:
        raise _Unreadable(
            "A share lies above 0 and is at most 1, such as 0.05, got {got}.", got=typed
        )
    return format(share.normalize(), "f")


def _count(value: Any, field: Field) -> int:
    typed = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,7}", typed) or int(typed) < 1:
        raise _Unreadable("Write a whole number from 1 to 9999999, got {got}.", got=typed)
    return int(typed)


def _day(value: Any, field: Field) -> str:
    try:
        return date.fromisoformat(
            value if isinstance(value, str) else value.isoformat()
        ).isoformat()
    except (ValueError, AttributeError):
        raise _Unreadable(
            "Not a day; write it like 2026-11-18, got {got}.", got=str(value)
        ) from None


def _choice(value: Any, field: Field) -> str:
    if value not in field.choices:
        raise _Unreadable(
            "Write one of {allowed}, got {got}.", allowed=", ".join(field.choices), got=str(value)
        )
    return str(value)


_READERS = {
    "text": _text,
    "lines": _lines,
    "share": _share,
    "count": _count,
    "day": _day,
    "choice": _choice,
}


def _check_rows(kind: Kind, rows: Sequence[Body], year: int, wrong: Any) -> None:
    keys = [row["key"] for row in rows if row.get("key")]
    for place, row in enumerate(rows):
        if row.get("key") and keys.count(row["key"]) > 1:
            wrong(f"rows.{place}.key", "Number {key} stands in two rows; give each its own.",
                  key=row["key"])  # fmt: skip
        if kind is Kind.ANNUAL_PLAN:
            _check_window(place, row, year, wrong)
    if kind is Kind.RULES:
        _check_basis(rows, wrong)


def _check_window(place: int, row: Body, year: int, wrong: Any) -> None:
    begins, ends = row["begins_on"], row["ends_on"]
    if begins is None or ends is None:
        return
    if ends < begins:
        wrong(f"rows.{place}.ends_on", "The window ends on {ends}, before it begins on {begins}.",
              ends=ends, begins=begins)  # fmt: skip
    for name, day in (("begins_on", begins), ("ends_on", ends)):
        if day[:4] != f"{year:04d}":
            wrong(f"rows.{place}.{name}", "{day} lies outside the year {year} of the plan.",
                  day=day, year=year)  # fmt: skip


def _check_basis(rows: Sequence[Body], wrong: Any) -> None:
    """Of one test item, a weaker basis may only follow a stronger one."""
    reached: dict[str, int] = {}
    for place, row in enumerate(rows):
        if row["item"] is None or row["basis"] is None:
            continue
        rank = BASIS_ORDER.index(row["basis"])
        if rank < reached.get(row["item"], 0):
            wrong(
                f"rows.{place}.basis",
                "The basis of a verdict is taken in the order mandatory standard, declared "
                "standard, basis of the province; put this row of {item} first.",
                item=row["item"],
            )
        reached[row["item"]] = max(rank, reached.get(row["item"], 0))


@dataclass(frozen=True, slots=True)
class RowChange:
    """What an amendment did to one row."""

    key: str
    change: str  # "added", "removed", "changed"
    fields: tuple[str, ...]


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[RowChange, ...]:
    """Which rows does an amendment add, remove or change, and in which fields?

    Returns
    -------
    tuple of RowChange
        In order of the row's number; the head stands as a row with an empty number.
    """
    old = {row["key"]: row for row in before["rows"]} | {"": _head(before)}
    new = {row["key"]: row for row in after["rows"]} | {"": _head(after)}
    found = []
    for key in sorted({*old, *new}):
        if key not in old or key not in new:
            found.append(RowChange(key, "added" if key in new else "removed", ()))
        elif old[key] != new[key]:
            names = sorted({*old[key], *new[key]})
            differ = tuple(name for name in names if old[key].get(name) != new[key].get(name))
            found.append(RowChange(key, "changed", differ))
    return tuple(found)


def _head(body: Mapping[str, Any]) -> Body:
    return {name: value for name, value in body.items() if name != "rows"}
