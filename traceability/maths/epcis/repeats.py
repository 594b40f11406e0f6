"""Names given twice in one JSON object: two readers could take two different events from it."""

from __future__ import annotations

import json
from typing import Any

import orjson


class _Twice(Exception):
    pass


def repeated_name(content: bytes, parsed: Any) -> str | None:
    """A name that stands twice in one object of a JSON text; None where there is none.

    Counting is enough in almost every case: written out again, the text has as many names as
    before, unless some were given twice and dropped. Only where the counts differ (or the text was
    written with blanks before its colons) is it read once more, slowly.
    """
    try:
        if content.count(b'":') == orjson.dumps(parsed).count(b'":'):
            return None
    except orjson.JSONEncodeError:
        pass  # nested too deep to be written; the limit on depth tells it, if nothing else does
    try:
        json.loads(content, object_pairs_hook=_names)
    except _Twice as twice:
        return str(twice)
    except (ValueError, RecursionError):
        return None  # orjson read it; what it is too deep for is told by the limit on depth
    return None


def _names(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise _Twice(next(name for name in names if names.count(name) > 1))
