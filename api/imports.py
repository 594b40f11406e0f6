"""The kinds of import that can be uploaded, and by whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core import imports
from core.errors import Conflict, NotFound
from registry.catalogues import KINDS as CATALOGUES
from registry.imports import KINDS as REGISTRY
from risk.imports import KINDS as RISK
from sampling.imports import KINDS as SAMPLING

# Flow ledgers are uploaded by enterprises and have a route of their own.
KINDS: dict[str, imports.ImportKind] = {**REGISTRY, **CATALOGUES, **SAMPLING, **RISK}

ROOT = Path(__file__).resolve().parent.parent


class UnknownKind(NotFound):
    """No such kind of import."""

    code = "imports/unknown-kind"
    message = "There is no import {kind}; the kinds are {kinds}."


class UnknownMapping(NotFound):
    """No such mapping file."""

    code = "imports/unknown-mapping"
    message = "There is no mapping {name}; those that come along are {names}."


class NotChecked(Conflict):
    """Only a file that was checked can be stored."""

    code = "imports/not-checked"
    message = (
        "{file} cannot be stored now: its check has not ended, or it was stored or refused already."
    )


class UnknownUpload(NotFound):
    """No such upload."""

    code = "imports/unknown-upload"
    message = "There is no upload {import_id}."


def kind_named(name: str) -> imports.ImportKind:
    """The kind of import with this name."""
    if name not in KINDS:
        raise UnknownKind(kind=name, kinds=", ".join(sorted(KINDS)))
    return KINDS[name]


def mappings() -> dict[str, dict[str, Any]]:
    """The mapping files that come with the house, by name."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for domain in ("registry", "sampling", "risk")
        for path in sorted((ROOT / domain / "mappings").glob("*.json"))
    }


def mapping_named(name: str | None) -> dict[str, Any] | None:
    """A mapping file by name; None where none is asked for."""
    if not name:
        return None
    known = mappings()
    if name not in known:
        raise UnknownMapping(name=name, names=", ".join(known))
    return known[name]
