"""``zhiheng import``: one file, one mapping, one command."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import runtime
from core import imports
from core.actors import SYSTEM
from core.unit_of_work import unit_of_work
from runtime import import_events
from runtime.bar import ProgressBar
from worker.imports import KINDS

DOMAINS = ("registry", "sampling", "traceability", "risk", "recall")
SHOWN_PROBLEMS = 20

FAILED = 1
REFUSED = 2


def mappings() -> dict[str, Path]:
    """The mapping files that come with Zhiheng, by name."""
    root = Path(next(iter(runtime.__path__))).parent
    return {
        path.stem: path
        for domain in DOMAINS
        for path in sorted((root / domain / "mappings").glob("*.json"))
    }


def list_kinds() -> int:
    """Print what can be imported."""
    print("kinds:")
    for name, kind in sorted(KINDS.items()):
        print(f"  {name:<24} {kind.title}")
        needed = [each.name for each in kind.fields if each.required]
        others = [each.name for each in kind.fields if not each.required]
        print(f"  {'':<24} needs {', '.join(needed) or 'nothing'}")
        if others:
            print(f"  {'':<24} takes {', '.join(others)}")
    print(f"  {import_events.KIND:<24} {import_events.TITLE}")
    print("mappings that come with Zhiheng:")
    for name, path in mappings().items():
        print(f"  {name:<24} for {json.loads(path.read_text(encoding='utf-8')).get('kind', '?')}")
    return 0


def load_file(
    kind_name: str,
    file: Path,
    *,
    mapping: str | None,
    dry_run: bool,
    good_rows_only: bool,
) -> int:
    """Import a file with a progress bar; returns the exit code.

    Rows with problems are told in short, and the same file is written again with a 问题 column.
    """
    kind = KINDS.get(kind_name)
    if kind is None:
        known = ", ".join(sorted(KINDS))
        print(f"There is no import {kind_name!r}; the kinds are {known}.", file=sys.stderr)
        return REFUSED
    try:
        document = _mapping(mapping)
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return REFUSED
    with ProgressBar() as progress, unit_of_work() as session:
        outcome = imports.run(
            session,
            SYSTEM,
            kind,
            file.read_bytes(),
            file.name,
            mapping=document,
            dry_run=dry_run,
            good_rows_only=good_rows_only,
            progress=progress,
        )
    return _tell(outcome, file)


def _mapping(given: str | None) -> dict[str, Any] | None:
    """The mapping file of that path, or of that name among ours.

    Raises
    ------
    ValueError
        There is none, or it is not JSON.
    """
    if given is None:
        return None
    path = Path(given)
    if not path.is_file():
        path = mappings().get(path.name.removesuffix(".json"), path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(mappings()) or "none"
        raise ValueError(f"There is no mapping {given}; those that come along: {known}.") from None
    except ValueError as error:
        raise ValueError(f"{path} is not a JSON document: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not a mapping: it holds no JSON object.")
    return content


def _tell(outcome: imports.Outcome, file: Path) -> int:
    """Say what happened, or would happen."""
    if outcome.known_since is not None:
        when = outcome.known_since.isoformat(timespec="seconds")
        print(f"{file.name} was already imported at {when}; nothing to do.")
        return 0
    for name, count in sorted(outcome.counts.items()):
        print(f"  {name:<28} {count:>9,}")
    faulty = len({each.row for each in outcome.problems})
    if outcome.problems:
        print(f"{faulty:,} of {outcome.rows:,} rows have problems:")
        for field, message, count in outcome.grouped[:SHOWN_PROBLEMS]:
            print(f"  {count:>7,} x  {field or 'row'}: {message}")
        if len(outcome.grouped) > SHOWN_PROBLEMS:
            print(f"  … and {len(outcome.grouped) - SHOWN_PROBLEMS} more kinds of problems")
        if outcome.marked_file is not None:
            print(f"every problem stands in its row: {_write(outcome, file)}")
    if outcome.stored:
        # Storing the good rows is what was asked for, so the faulty ones are no failure.
        print(f"stored {outcome.rows - faulty:,} of {outcome.rows:,} rows")
        return 0
    if outcome.dry_run:
        print(f"dry run: {outcome.rows:,} rows read, nothing stored")
    else:
        print("nothing was stored")
    return FAILED if outcome.problems else 0


def _write(outcome: imports.Outcome, file: Path) -> Path:
    """Write the marked file beside the given one, or here where that folder is not ours."""
    marked = file.with_name(outcome.marked_name or f"{file.name}-problems")
    try:
        marked.write_bytes(outcome.marked_file or b"")
    except OSError:
        marked = Path(marked.name)
        marked.write_bytes(outcome.marked_file or b"")
    return marked
