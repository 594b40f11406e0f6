"""What the schema found, in words a sender can act on."""

from __future__ import annotations

from typing import Any

from traceability.maths.epcis.vocabulary import WORDS, Term

Reason = tuple[str, str, str]  # JSON pointer, rule, message

_UNIT_HINTS = {
    "KG": "KGM",
    "G": "GRM",
    "MG": "MGM",
    "T": "TNE",
    "TON": "TNE",
    "L": "LTR",
    "ML": "MLT",
    "M": "MTR",
    "PCS": "C62",
    "PC": "C62",
    "KGS": "KGM",
    "千克": "KGM",
    "公斤": "KGM",
    "克": "GRM",
    "吨": "TNE",
    "升": "LTR",
    "毫升": "MLT",
    "件": "C62",
    "个": "C62",
    "箱": "XCT",
    "瓶": "XBO",
    "袋": "XBG",
    "盒": "XBX",
}
_WANTED = {
    "time": "write 2026-01-31T08:30:00+08:00: date, T, time and offset",
    "offset": "write the offset as +08:00, between -14:00 and +14:00",
    "uri": "write a URI: a GS1 Digital Link, a URN, or another scheme and its part, without blanks",
    "measure": "write a word of the GS1 vocabulary as Temperature, or a URI of your own",
}
_TERMS = {
    "words-of-step": Term.STEP,
    "words-of-disposition": Term.DISPOSITION,
    "words-of-transaction": Term.TRANSACTION,
    "words-of-party": Term.PARTY,
    "words-of-reason": Term.REASON,
    "words-of-component": Term.COMPONENT,
}
_KINDS = {
    "array": "a list",
    "object": "an object",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}
_NAMES = {
    "epcClass": "the class of the things counted",
    "declarationTime": "when the error was declared",
    "bizTransactionList": "the documents the event links",
    "eventTime": "when it happened",
    "eventTimeZoneOffset": "the offset in force at the place",
    "action": "ADD, OBSERVE or DELETE",
}


def pointer(path: list[str | int]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def shown(value: object) -> str:
    """A value as a message shows it: cut where it is long, only named where it holds others."""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value)
    text = text if len(text) <= 60 else text[:57] + "…"
    return repr(text) if isinstance(value, str) else text


def explain(error: Any) -> Reason:
    """Where, which rule, and what would be right."""
    path, rule = list(error.instance_path), str(error.kind.name)
    place, value = _definition(list(error.schema_path)), error.instance
    field = path[-1] if path and isinstance(path[-1], str) else "the entry"
    if rule == "required":
        name = str(error.kind.property)
        meant = f" ({_NAMES[name]})" if name in _NAMES else ""
        return pointer(path), rule, f"{name}{meant} is missing"
    if rule == "additionalProperties":
        names = ", ".join(sorted(map(str, error.kind.unexpected)))
        return (
            pointer(path),
            rule,
            (
                f"{names} is no field of the standard here; a field of your own needs a prefix "
                "declared in @context"
            ),
        )
    if rule == "type":
        wanted = " or ".join(_KINDS.get(str(each), str(each)) for each in error.kind.types)
        return pointer(path), rule, f"{field} needs {wanted}, got {_kind(value)}{shown(value)}"
    return pointer(path), *_in_words(rule, place, str(field), value)


def _in_words(rule: str, place: str, field: str, value: object) -> tuple[str, str]:
    if place in _TERMS:
        words = ", ".join(sorted(WORDS[_TERMS[place]]))
        return "enum", f"{field} {shown(value)} is neither a URI nor one of: {words}"
    if place == "action":
        return rule, f"action needs ADD, OBSERVE or DELETE, got {shown(value)}"
    if place == "unit":
        hint = _UNIT_HINTS.get(str(value).strip().upper())
        right = f"; you may mean {hint}" if hint else ""
        return rule, (
            f"uom needs a code of UN/ECE Recommendation 20, such as KGM or LTR, got "
            f"{shown(value)}{right}"
        )
    if rule == "uniqueItems":
        return rule, f"{field} names something twice; name each thing once"
    if rule in {"minItems", "minProperties"}:
        return rule, f"{field} is empty; leave it out or fill it"
    if rule in {"maxLength", "minLength"}:
        return (
            rule,
            f"{field} has {len(str(value))} characters; {_WANTED.get(place, 'at most 4096')}",
        )
    if place in _WANTED:
        return ("format" if rule == "pattern" else rule), f"{shown(value)}: {_WANTED[place]}"
    return rule, f"{field} cannot be {shown(value)}"


def _definition(path: list[str | int]) -> str:
    """The last named part of the schema an error arose in."""
    for place in range(len(path) - 2, -1, -1):
        if path[place] == "$defs":
            return str(path[place + 1])
    return ""


def _kind(value: object) -> str:
    return "the text " if isinstance(value, str) else ""
