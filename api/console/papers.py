"""A paper as a page shows it and as a form gives it back; shared by staff and public pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from api.console.forms import Fault, Form
from api.console.labels import label
from api.console.published_words import CHOICES, FIELDS, LONG
from api.console.shell import number
from sampling.maths.documents import HEADS, ROWS, Field, Kind

BLANK_ROWS = 2


@dataclass(frozen=True, slots=True)
class ShownPaper:
    """Head and rows of a paper in words."""

    head: list[tuple[str, str]]
    titles: list[str]
    rows: list[tuple[str, list[tuple[str, str, str]]]]  # number; title, text, class of each field


def shown(kind: str, body: Mapping[str, Any]) -> ShownPaper:
    """A paper in words."""
    which = Kind(kind)
    fields = ROWS[which]
    return ShownPaper(
        head=[(title_of(field), text_of(field, body.get(field.name))) for field in HEADS[which]],
        titles=[title_of(field) for field in fields],
        rows=[
            (
                row["key"],
                [_cell(field, row.get(field.name)) for field in fields],
            )
            for row in body["rows"]
        ],
    )


def _cell(field: Field, value: Any) -> tuple[str, str, str]:
    css = {"day": "nowrap", "count": "num", "share": "num"}.get(field.kind, "")
    return title_of(field), text_of(field, value), css


def title_of(field: Field) -> str:
    """What a field is called."""
    return str(FIELDS[field.name])


def text_of(field: Field, value: Any) -> str:
    """A field's value in words."""
    if value in (None, "", []):
        return "—"
    if field.kind == "lines":
        return "、".join(value)
    if field.kind == "choice":
        return label(CHOICES[field.name], value)
    if field.kind == "share":
        return f"{number(100 * Decimal(str(value)))}%"
    return str(value)


def names_of(fields: tuple[str, ...]) -> str:
    """Names of fields that an amendment changed."""
    return "、".join(str(FIELDS.get(name, name)) for name in fields)


@dataclass(frozen=True, slots=True)
class Input:
    """One field of the editor."""

    name: str  # as it is posted: "scope" or "rows.0.share"
    title: str
    kind: str  # "text", "day", "choice", "area"
    needed: bool
    default: str
    choices: list[tuple[str, str]]


def inputs(
    kind: Kind, body: Mapping[str, Any], *, rows: int
) -> tuple[list[Input], list[list[Input]]]:
    """The fields of the editor: of the head, and of each row with a few blank ones."""
    head = [_input(field, field.name, body.get(field.name)) for field in HEADS[kind]]
    known = body.get("rows", [])
    if not ROWS[kind]:
        return head, []
    lines = [
        [
            _input(
                field,
                f"rows.{place}.{field.name}",
                (known[place] if place < len(known) else {}).get(field.name),
            )
            for field in ROWS[kind]
        ]
        for place in range(max(rows, len(known) + BLANK_ROWS))
    ]
    return head, lines


def _input(field: Field, name: str, value: Any) -> Input:
    kind = {"day": "day", "choice": "choice"}.get(field.kind, "text")
    if field.name in LONG and "rows." not in name:
        kind = "area"
    text = "、".join(value) if isinstance(value, list) else str(value if value is not None else "")
    choices = [(code, label(CHOICES[field.name], code)) for code in field.choices]
    return Input(name, title_of(field), kind, field.needed, text, choices)


def typed(kind: Kind, values: Mapping[str, str]) -> tuple[dict[str, Any], list[int]]:
    """What a form says, and from which row of the form each row of the paper comes."""
    body: dict[str, Any] = {field.name: values.get(field.name, "") for field in HEADS[kind]}
    places = sorted(
        {
            int(name.split(".")[1])
            for name in values
            if name.startswith("rows.")
            and name.count(".") == 2
            and name.split(".")[1].isdecimal()
            and len(name.split(".")[1]) <= 4
        }
    )
    rows, origins = [], []
    for place in places:
        row = {
            field.name: values.get(f"rows.{place}.{field.name}", "").strip() for field in ROWS[kind]
        }
        if any(row.values()):
            rows.append(row)
            origins.append(place)
    body["rows"] = rows
    return body, origins


def put_back(form: Form, origins: list[int]) -> None:
    """Let the faults name their fields and the rows of the form, where blank rows were left out."""
    for index, fault in enumerate(form.faults):
        parts, field = fault.field.split("."), fault.field
        if len(parts) == 3 and parts[0] == "rows" and int(parts[1]) < len(origins):
            field = f"rows.{origins[int(parts[1])]}.{parts[2]}"
        title = FIELDS.get(parts[-1])
        form.faults[index] = Fault(field, f"{title}：{fault.words}" if title else fault.words)
