"""Every word the maths of acceptance sampling puts into a refusal is known to the catalogue."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from api.console import acceptance_words
from api.console.messages import ROOT, _template

MODULES = (
    *sorted((ROOT / "sampling" / "maths").glob("*.py")),
    ROOT / "sampling" / "service" / "acceptance.py",
)
# Call → places of field, bound, advice; None: the call forms the bound itself.
CALLS = {
    "OutOfRange": (0, 1, 3),
    "NoDoublePlan": (0, 1, 3),
    "whole": (0, None, 4),
    "share": (0, None, 2),
}


def formed() -> Iterator[tuple[str, str | None, str | None]]:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if name in CALLS:
                arguments = node.args  # type: ignore[attr-defined]
                texts = [
                    None if place is None or place >= len(arguments) else arguments[place]
                    for place in CALLS[name]
                ]
                field, bound, advice = (None if t is None else _template(t) for t in texts)
                yield field or "", bound, advice


def test_the_maths_forms_refusals_at_all() -> None:
    assert len(list(formed())) > 30


def test_no_word_is_missing() -> None:
    known = {*map(str, acceptance_words.BOUNDS), *map(str, acceptance_words.ADVICE)}
    variables = {"", None}  # names of arguments in ranges.py, and words kept in a constant

    missing = [
        words
        for field, bound, advice in formed()
        for words, allowed in (
            (field, set(acceptance_words.FIELDS)),
            (bound, known),
            (advice, known),
        )
        if words not in variables and words not in allowed
    ]

    assert missing == []
