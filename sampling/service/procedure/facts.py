"""Facts of an act: from JSON or a form to typed values, each problem named with its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from core.clock import today
from core.errors import FieldProblem
from sampling.errors import CaseEvidenceInvalid
from sampling.maths.procedure import Move
from sampling.maths.procedure_words import Evidence, Kind
from sampling.maths.verdicts import MAY_OBJECT, Part

LONGEST_LINE = 200
LONGEST_WORDS = 4000
MOST_ROWS = 200
CHANNELS = ("hand", "post", "electronic", "public_notice")
ROLES = ("sampled_unit", "producer", "platform", "authority")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class CannotRead(Exception):
    """What is wrong with one fact; becomes a `FieldProblem`."""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.problem = (message, facts)


def read_facts(move: Move, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Typed facts of an act; what is empty is left out.

    Raises
    ------
    CaseEvidenceInvalid
        A fact is unknown, missing, or of another kind; the fields say which.
    """
    problems = [
        FieldProblem(name, "“{act}” has no field of this name.", {"act": move.act.value})
        for name in sorted(set(raw) - {each.name for each in move.evidence})
    ]
    facts: dict[str, Any] = {}
    for each in move.evidence:
        value = raw.get(each.name)
        if isinstance(value, str):
            value = value.strip()
        if value is None or value is False or value in ("", []):
            if each.is_required:
                problems.append(FieldProblem(each.name, "This field is needed."))
            continue
        try:
            facts[each.name] = _READERS[each.kind](each, value)
        except CannotRead as unread:
            message, details = unread.problem
            problems.append(FieldProblem(each.name, message, details))
    if problems:
        raise CaseEvidenceInvalid(act=move.act.value, fields=problems)
    return facts


def problem(move: Move, field: str, message: str, **facts: Any) -> CaseEvidenceInvalid:
    """The refusal of one fact that makes no sense beside others."""
    return CaseEvidenceInvalid(act=move.act.value, fields=[FieldProblem(field, message, facts)])


def _day(each: Evidence, value: Any) -> date:
    try:
        found = value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError as error:
        raise CannotRead("Write a day like 2026-11-18.") from error
    if each.is_ahead and found <= today():
        raise CannotRead("The day must lie after {today}.", today=today().isoformat())
    if not each.is_ahead and found > today():
        raise CannotRead("The day lies in the future; today is {today}.", today=today().isoformat())
    return found


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str):
        raise CannotRead("Write text.")
    if len(value) > most:
        raise CannotRead("At most {most} characters, got {given}.", most=most, given=len(value))
    return value


def _line(_each: Evidence, value: Any) -> str:
    return _text(value, LONGEST_LINE)


def _words(_each: Evidence, value: Any) -> str:
    return _text(value, LONGEST_WORDS)


def _count(_each: Evidence, value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**9:
        raise CannotRead("Write a whole number of at least 0.")
    return value


def _flag(_each: Evidence, value: Any) -> bool:
    if value not in (True, "yes"):
        raise CannotRead("Write true or false.")
    return True


def _choice(each: Evidence, value: Any) -> str:
    if value not in each.choices:
        raise CannotRead("Write one of {allowed}.", allowed=", ".join(each.choices))
    return str(value)


def _rows(value: Any) -> list[str]:
    if isinstance(value, str):
        value = [part.strip() for part in re.split(r"[\n,，、;；]", value)]
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise CannotRead("Write a list of short texts.")
    if len(value) > MOST_ROWS:
        raise CannotRead("At most {most} entries, got {given}.", most=MOST_ROWS, given=len(value))
    rows = [_text(one.strip(), LONGEST_LINE) for one in value if one.strip()]
    if len(set(rows)) != len(rows):
        raise CannotRead("An entry is here twice.")
    if not rows:
        raise CannotRead("This field is needed.")
    return rows


def _list(_each: Evidence, value: Any) -> list[str]:
    return _rows(value)


def _files(_each: Evidence, value: Any) -> list[str]:
    rows = _rows(value)
    if wrong := [one for one in rows if not _SHA256.fullmatch(one)]:
        raise CannotRead("{given} is not a SHA-256 of 64 hexadecimal digits.", given=wrong[0])
    return rows


def _items(_each: Evidence, value: Any) -> list[dict[str, Any]]:
    if isinstance(value, str):
        value = [_item_of_line(line) for line in value.splitlines() if line.strip()]
    if not isinstance(value, list) or len(value) > MOST_ROWS:
        raise CannotRead("Write a list of failed items, at most {most}.", most=MOST_ROWS)
    found = []
    for one in value:
        if not isinstance(one, Mapping) or set(one) - {
            "part", "item", "measured", "standard", "is_serious",
        }:  # fmt: skip
            raise CannotRead("A failed item has part, item, measured, standard and is_serious.")
        part = one.get("part", Part.PHYSICAL.value)
        if part not in (Part.PHYSICAL.value, Part.LABEL.value):
            raise CannotRead(
                "The part of an item is physical or label, got {given}.", given=str(part)
            )
        words = {name: one.get(name) for name in ("item", "measured", "standard")}
        if not all(isinstance(each, str) and each.strip() for each in words.values()):
            raise CannotRead("Each failed item needs item, measured and standard.")
        texts = {name: _text(str(text).strip(), LONGEST_LINE) for name, text in words.items()}
        found.append({"part": part, **texts, "is_serious": one.get("is_serious") is True})
    names = [(one["part"], one["item"]) for one in found]
    if len(set(names)) != len(names):
        raise CannotRead("An item is here twice.")
    return found


def _item_of_line(line: str) -> dict[str, Any]:
    """One line of a form: item | measured | standard, and "label" or 标签 in front of a label's."""
    cells = [cell.strip() for cell in re.split(r"[|｜║\t]", line)]
    part = Part.PHYSICAL.value
    if len(cells) == 4:
        names = {"实物": "physical", "标签": "label"}
        part, cells = names.get(cells[0], cells[0]), cells[1:]
    if len(cells) != 3:
        raise CannotRead("Write each failed item on a line: item | measured | standard.")
    return {"part": part, **dict(zip(("item", "measured", "standard"), cells, strict=True))}


def _parties(_each: Evidence, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value or len(value) > len(ROLES):
        raise CannotRead("Write a list of the parties that are told.")
    found = []
    for one in value:
        if not isinstance(one, Mapping) or set(one) - {"role", "name", "channel", "sent_on"}:
            raise CannotRead("A party has role, name, channel and sent_on.")
        if one.get("role") not in ROLES or one.get("channel") not in CHANNELS:
            raise CannotRead(
                "The role is one of {roles}, the channel one of {channels}.",
                roles=", ".join(ROLES),
                channels=", ".join(CHANNELS),
            )
        name = one.get("name") or ""
        found.append(
            {
                "role": one["role"],
                "name": _text(name, LONGEST_LINE).strip(),
                "channel": one["channel"],
                "sent_on": _day(_SENT_ON, one.get("sent_on") or ""),
                "may_object": one["role"] in MAY_OBJECT,
            }
        )
    if len({one["role"] for one in found}) != len(found):
        raise CannotRead("A role is here twice.")
    return found


_SENT_ON = Evidence("sent_on", Kind.DAY)

_READERS: dict[Kind, Callable[[Evidence, Any], Any]] = {
    Kind.DAY: _day,
    Kind.LINE: _line,
    Kind.WORDS: _words,
    Kind.COUNT: _count,
    Kind.FLAG: _flag,
    Kind.CHOICE: _choice,
    Kind.PEOPLE: _list,
    Kind.LINES: _list,
    Kind.ITEMS: _items,
    Kind.FILES: _files,
    Kind.PARTIES: _parties,
}


def plain(value: Any) -> Any:
    """A fact as JSON without floats, so that its bytes are the same in every language."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value
