"""Keeps the Chinese catalogue whole: ``python -m api.console.catalogue [--check]``.

Without an option the messages are collected again, translations that are known are kept, what is
gone is dropped, and ``messages.mo`` is compiled. With ``--check`` nothing is written: the answer is
a list of what is untranslated, differs in its places or is out of step, and the exit status is 1.
English is the language of the message ids and needs no catalogue.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import sys
from collections.abc import Iterator, Sequence

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo

from api.console import messages
from api.console.messages import Found

_PLACE = re.compile(r"%\(\w+\)[a-z]|\{\w*(?:![rsa])?(?::[^{}]*)?\}")
_JINJA_CALL = re.compile(r"""(?<![\w.])n?(?:gettext|_)\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
# What may stand in Chinese as it does in English: names of things that have no other name.
_SAME_IN_CHINESE = re.compile(r"(?:%\(\w+\)s|[A-Z0-9/ .,:·>-])+")


def found() -> Found:
    """Every message that a person may read, with the places it comes from.

    Notes
    -----
    Where ``gettext`` is given a choice of two literals, the extractor glues them into one word
    that nobody ever asks for; such words are left out and each literal is taken by itself.
    """
    messages_ = messages.found()
    literals, choices = _python_literals()
    for key in [each for each in messages_ if isinstance(each, str)]:
        origins = messages_[key]
        glued = all(each.startswith("api/") and each.endswith(".py") for each in origins)
        if glued and key not in literals:
            del messages_[key]
    for words, origin in choices:
        messages_.setdefault(words, [origin])
    return messages_


def _python_literals() -> tuple[set[str], list[tuple[str, str]]]:
    """All texts of the entrance's modules, and those that ``gettext`` chooses between."""
    literals: set[str] = set()
    choices: list[tuple[str, str]] = []
    for path in sorted((messages.ROOT / "api").rglob("*.py")):
        origin = path.relative_to(messages.ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
            elif isinstance(node, ast.Call) and node.args and _is_gettext(node.func):
                given = node.args[0]
                if isinstance(given, ast.IfExp):
                    choices += [(words, origin) for words in messages._templates_in(given)]
    return literals, choices


def _is_gettext(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id in messages.KEYWORDS


def template_words() -> Iterator[tuple[str, str]]:
    """The first literal of every gettext call in a template, found without the extractor."""
    folder = messages.ROOT / "api" / "console" / "templates"
    for path in sorted(folder.rglob("*.html")):
        for match in _JINJA_CALL.finditer(path.read_text(encoding="utf-8")):
            yield str(ast.literal_eval(match.group(1))), path.relative_to(folder).as_posix()


def places(words: str) -> list[str]:
    """The places of a template that facts fill, in the order of their names."""
    return sorted(_PLACE.findall(words))


def faults(catalogue: Catalog, wanted: Found) -> list[str]:
    """What is wrong with a catalogue, one line each."""
    lines: list[str] = []
    known = {each.id if isinstance(each.id, str) else each.id[0]: each for each in catalogue}
    for key in wanted:
        ids = (key,) if isinstance(key, str) else key
        entry = known.pop(ids[0], None)
        if entry is None:
            lines.append(f"not in the catalogue: {ids[0]!r}")
            continue
        forms = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ("",))
        if not messages.is_translated(entry.string):
            lines.append(f"untranslated: {ids[0]!r}")
        elif any(places(form) != places(ids[-1]) for form in forms):
            lines.append(f"places differ: {ids[-1]!r} → {forms!r}")
        elif forms[0] == ids[0] and not _SAME_IN_CHINESE.fullmatch(ids[0]):
            lines.append(f"still English: {ids[0]!r}")
    known.pop("", None)
    lines.extend(f"no longer used: {key!r}" for key in known)
    extracted = {each if isinstance(each, str) else each[0] for each in wanted}
    lines.extend(
        f"not extracted: {words!r} of {origin}"
        for words, origin in template_words()
        if words not in extracted
    )
    return lines


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue for the running house; the same words give the same bytes on every day."""
    plain = _Undated(locale="zh", charset="utf-8", fuzzy=False)
    for each in catalogue:
        if each.id:
            plain.add(each.id, each.string)
    target = io.BytesIO()
    write_mo(target, plain)
    return target.getvalue()


class _Undated(Catalog):
    """A catalogue whose header says only what a reader of the words needs."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", "zh"),
            ("Plural-Forms", "nplurals=1; plural=0;"),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]


def is_compiled(catalogue: Catalog) -> bool:
    """True where ``messages.mo`` says what the catalogue says, whatever its header."""
    file = messages.CATALOGUE.with_suffix(".mo")
    if not file.exists():
        return False
    stored = read_mo(io.BytesIO(file.read_bytes()))
    fresh = read_mo(io.BytesIO(compiled(catalogue)))
    return _words_of(stored) == _words_of(fresh)


def _words_of(catalogue: Catalog) -> dict[str, object]:
    return {str(each.id): each.string for each in catalogue if each.id}


def check() -> list[str]:
    """What is wrong with the stored catalogue."""
    catalogue = messages.read()
    lines = faults(catalogue, found())
    if not is_compiled(catalogue):
        lines.append("messages.mo is out of step with messages.po")
    return lines


def update() -> list[str]:
    """Bring the stored catalogue up to date; answers with what is still wrong."""
    known = messages.read() if messages.CATALOGUE.exists() else None
    wanted = found()
    catalogue = messages.merged(known, wanted)
    text, _dated = messages.written(catalogue)
    messages.CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    messages.CATALOGUE.write_bytes(text)
    messages.CATALOGUE.with_suffix(".mo").write_bytes(compiled(catalogue))
    return faults(catalogue, wanted)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the catalogue, or bring it up to date and name what is left to do."""
    parser = argparse.ArgumentParser(prog="python -m api.console.catalogue", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on a fault")
    only_check = parser.parse_args(arguments).check
    lines = check() if only_check else update()
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.write(f"{len(lines)} faults\n")
    return 1 if lines and only_check else 0


if __name__ == "__main__":
    sys.exit(main())
