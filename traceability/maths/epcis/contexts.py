"""What the prefixes in a document stand for: the part of JSON-LD contexts that events need.

Nothing is fetched: the standard's own context is known here, and a context of others adds prefixes
only where it stands in the document itself.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson

from traceability.maths.epcis.identifiers import TEXTS, Known
from traceability.maths.epcis.values import canonical_term, canonical_value
from traceability.maths.epcis.vocabulary import CBV, VOC, Term

EPCIS_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

_MASTER_DATA = "urn:epcglobal:cbv:mda"
_STANDARD = {
    "cbv": CBV,
    "gs1": VOC,
    "epcis": "https://ref.gs1.org/epcis/",
    "cbvmda": f"{_MASTER_DATA}:",
}
_SCHEMES = frozenset({"urn", "http", "https"})  # never prefixes, whatever a context says
_PLAIN = ("urn:", "https:", "http:")


class Names:
    """Prefixes and what they stand for."""

    __slots__ = ("_spaces",)

    def __init__(self, spaces: dict[str, str]) -> None:
        self._spaces = spaces

    def key(self, name: str) -> str:
        """The name of a field: ``{space}local`` where its prefix is declared, else as it is.

        The space of CBV master data is written as in XML, without the colon at its end, so that
        both syntaxes of EPCIS hash alike.
        """
        prefix, colon, local = name.partition(":")
        space = self._spaces.get(prefix) if colon else None
        if space is None:
            return name
        if space.startswith(_MASTER_DATA):
            space = _MASTER_DATA
        return f"{{{space}}}{local}"

    def expanded(self, text: str) -> str:
        """A text with its prefix replaced, where it has a declared one."""
        prefix, colon, local = text.partition(":")
        space = self._spaces.get(prefix) if colon else None
        return text if space is None or local.startswith("//") else space + local

    def known(self, text: str) -> Known:
        """All that is known of an identifier."""
        return TEXTS[text if text.startswith(_PLAIN) else self.expanded(text)]

    def value(self, text: str) -> str:
        """The canonical writing of a text value."""
        return canonical_value(self.expanded(text))

    def term(self, term: Term, text: str) -> str:
        """The canonical writing of a word of a vocabulary."""
        return canonical_term(term, self.expanded(text))


def names_of(context: Any) -> Names:
    """The prefixes a context declares, beside those of the standard.

    Parameters
    ----------
    context : Any
        The value of ``@context``: an address, a mapping, or a list of both; or nothing.
    """
    text = orjson.dumps(context)
    return _names(text) if len(text) <= _REMEMBERED else _read(text)


_REMEMBERED = 1 << 14  # bytes of a context


@lru_cache(maxsize=256)
def _names(context: bytes) -> Names:
    return _read(context)


def _read(context: bytes) -> Names:
    spaces = dict(_STANDARD)
    given = orjson.loads(context)
    for part in given if isinstance(given, list) else [given]:
        if not isinstance(part, dict):
            continue
        for name, meaning in part.items():
            space = meaning.get("@id") if isinstance(meaning, dict) else meaning
            if isinstance(space, str) and name not in _SCHEMES and not name.startswith("@"):
                spaces[name] = space
    return Names(spaces)


def joined(outer: Any, inner: Any) -> Any:
    """The context of an event that has its own beside that of its document."""
    if inner is None or inner == outer:
        return outer
    if outer is None:
        return inner
    before = outer if isinstance(outer, list) else [outer]
    own = inner if isinstance(inner, list) else [inner]
    return own if own[: len(before)] == before else [*before, *own]
