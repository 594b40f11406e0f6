"""Collects every message a person may read, and brings the Chinese catalogue up to date.

``python -m api.console.messages`` rewrites ``translations/zh/LC_MESSAGES/messages.po``, keeping
what is translated, compiles it, and names what is still to be translated. Beside the words of
pages and templates it finds the words that domains form in English: refusals, problems of fields,
problems of import rows. A house test compares the catalogue with what is found.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from werkzeug.exceptions import default_exceptions

from core.errors import Refusal

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = Path(__file__).parent / "translations" / "zh" / "LC_MESSAGES" / "messages.po"
DOMAINS = ("core", "registry", "sampling", "traceability", "risk", "recall")
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
METHODS = [("**.py", "python"), ("console/templates/**.html", "jinja2.ext:babel_extract")]

# What the extractor makes of a choice of two words inside gettext(): not messages.
_NOT_MESSAGES = frozenset({"{problem}", "{words}", "yesno", "yespossible"})

Found = dict[str | tuple[str, str], list[str]]

# Which argument of a call is a message for people; calls of other names are not looked at.
_MESSAGE_ARGUMENT = {
    "FieldProblem": 1,
    "NotCalibrated": 0,
    "NoticeProblem": 2,
    "Problem": 3,
    "Finding": 1,
    "problem": 2,
    "_problem": 2,
    "wrong": 1,
    "CannotRead": 0,
    "CodeProblem": 0,
    "_Unreadable": 0,
}
# Modules whose ValueError reaches a person: parsers of cells, and checks of what was typed.
_PARSERS = (
    "core/chain.py",
    "core/cells.py",
    "core/imports.py",
    "registry/catalogues.py",
    "registry/imports.py",
    "sampling/imports.py",
    "sampling/maths/teams.py",
    "sampling/maths/commitment.py",
    "sampling/maths/entropy.py",
    "sampling/maths/verdicts.py",
    "risk/imports.py",
    "traceability/maths/units.py",
    "traceability/recording/cells.py",
)


def found() -> Found:
    """Every message id, with the places it comes from."""
    messages: Found = {}
    for name, _line, message, _comments, _context in extract_from_dir(
        str(ROOT / "api"), METHODS, keywords=KEYWORDS, comment_tags=()
    ):
        if message:
            _note(messages, message if isinstance(message, str) else tuple(message), f"api/{name}")
    for origin, message in (*_refusals(), *_formed(), *_vocabulary()):
        _note(messages, message, origin)
    return messages


def _note(messages: Found, message: str | tuple[str, ...], origin: str) -> None:
    key = message if isinstance(message, str) else (message[0], message[1])
    if key and key not in _NOT_MESSAGES:
        origins = messages.setdefault(key, [])
        if origin not in origins:
            origins.append(origin)


def _refusals() -> Iterator[tuple[str, str]]:
    for package in (*DOMAINS, "api", "worker"):
        root = import_module(package)
        for info in walk_packages(root.__path__, f"{package}."):
            if "verifier" not in info.name:
                import_module(info.name)
    waiting = [Refusal]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if kind.__module__.split(".")[0] in (*DOMAINS, "api", "worker"):
            yield kind.__module__.replace(".", "/") + ".py", kind.message


def _formed() -> Iterator[tuple[str, str]]:
    """Messages that domains form, f-strings as templates with numbered places."""
    for package in DOMAINS:
        for path in sorted((ROOT / package).rglob("*.py")):
            origin = path.relative_to(ROOT).as_posix()
            if "verifier" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield from ((origin, words) for words in _said_by_call(node, origin))
                elif isinstance(node, ast.FunctionDef) and node.name.endswith("words"):
                    yield from ((origin, words) for words in _said_by_return(node))


def _said_by_call(call: ast.Call, origin: str) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    place = _MESSAGE_ARGUMENT.get(name)
    if name == "ValueError" and origin in _PARSERS:
        place = 0
    if place is None or place >= len(call.args):
        return
    for words in _templates_in(call.args[place]):
        if " " in words:
            yield words


def _said_by_return(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield from (words for words in _templates_in(node.value) if " " in words)


def _templates_in(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _templates_in(node.body)
        yield from _templates_in(node.orelse)
    elif (words := _template(node)) is not None:
        yield words


def _template(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    words, place = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            words += str(part.value)
        else:
            words += f"{{{place}}}"
            place += 1
    return words


def _vocabulary() -> Iterator[tuple[str, str]]:
    """Words that reach gettext by a variable: the menu, sheet headers, tiers, codes."""
    from api import tracesheets
    from api.console import shell
    from risk.service.judging import REASONS
    from traceability.maths import answer
    from traceability.maths.ledger import LinkState

    yield from (("risk/service/judging.py", words) for words in REASONS.values())
    for title, lines in shell._MENU:
        yield "api/console/shell.py", title
        yield from (("api/console/shell.py", line[0]) for line in lines)
    yield from (("api/console/shell.py", line[0]) for line in shell._PUBLIC_MENU)
    for words in (tracesheets._HOLDINGS, tracesheets._EDGES, _SHEET_WORDS):
        yield from (("api/tracesheets.py", word) for word in words)
    for kind in (answer.Side, answer.GapReason, answer.FindingKind, LinkState, answer.Level):
        yield from (("traceability/maths/answer.py", each.value) for each in kind)
    yield from (("api/console/tiers.py", word) for word in _DIAGRAM_WORDS)
    for status in (400, 404, 405, 413, 415):
        yield "api/errors.py", str(default_exceptions[status].description)
    yield from (("sampling/service/framing.py", words) for words in _LEFT_OUT)
    yield "core/calendar.py", _PROVISIONAL
    yield from (("sampling/queries/plans.py", words) for words in ("{0} dice", "seed of {0}"))
    yield "registry/packs", "SAMR notice 2025 No. 21 and guide of December 2025"
    yield "sampling/maths/entropy.py", "invented value for a demonstration, not a public source"


# Why an enterprise is not on the roster of a plan.
_LEFT_OUT = ("status {0}", "no grade", "no risk tier", "inspected on {0}")
_PROVISIONAL = (
    "The holiday notice for {0} is not loaded: only weekends and holidays fixed by law are known."
)
_SHEET_WORDS = (
    "Reason", "Ask", "Figures", "Finding", "What", "Value", "yes", "possible", "no", "both",
    "forward", "backward", "respected", "ignored", "shipment", "receipt", "return", "use",
    "contact", "none", "station", "line",
)  # fmt: skip
_DIAGRAM_WORDS = (
    "Production", "Held by", "Raw materials", "Parts", "Further production", "Wholesale",
    "Retail and platforms", "Today",
)  # fmt: skip


def read() -> Catalog:
    """The catalogue as it is stored."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh")


def merged(known: Catalog | None, messages: Found) -> Catalog:
    """What was found, with the translations that are known."""
    catalogue = Catalog(locale="zh", project="zhiheng", charset="utf-8", fuzzy=False)
    catalogue.header_comment = "# Chinese words of Zhiheng; message ids are English."
    for key in sorted(messages, key=lambda each: each if isinstance(each, str) else each[0]):
        first = key if isinstance(key, str) else key[0]
        old = known.get(first) if known is not None else None
        string = old.string if old is not None else ("" if isinstance(key, str) else ("",))
        catalogue.add(key, string, locations=[(origin, 0) for origin in sorted(messages[key])])
    return catalogue


def is_translated(string: object) -> bool:
    """True where every form of a message has words."""
    forms: Iterable[object] = string if isinstance(string, tuple | list) else (string,)
    return all(forms) and bool(string)


def written(catalogue: Catalog) -> tuple[bytes, bytes]:
    """The catalogue as text and compiled; the same catalogue gives the same bytes."""
    text, compiled = io.BytesIO(), io.BytesIO()
    write_po(text, catalogue, omit_header=False, include_lineno=False, width=100)
    kept = [
        line
        for line in text.getvalue().split(b"\n")
        if not line.startswith((b'"POT-Creation', b'"PO-Revision', b'"Generated-By', b'"Last-Tr'))
    ]
    body = b"\n".join(kept)
    write_mo(compiled, read_po(io.BytesIO(body), locale="zh"))
    return body, compiled.getvalue()


def main() -> None:
    """Bring the catalogue up to date and name what is missing."""
    known = read() if CATALOGUE.exists() else None
    catalogue = merged(known, found())
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    text, compiled = written(catalogue)
    CATALOGUE.write_bytes(text)
    CATALOGUE.with_suffix(".mo").write_bytes(compiled)
    missing = [each.id for each in catalogue if each.id and not is_translated(each.string)]
    for each in missing:
        sys.stdout.write(f"{each!r}\n")
    sys.stdout.write(f"{len(catalogue)} messages, {len(missing)} without Chinese\n")


if __name__ == "__main__":
    main()
