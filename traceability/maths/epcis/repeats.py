"""Names given twice in one JSON object: two readers could take two different events from it."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

_SPACED = re.compile(rb'"[ \t\r\n]+:').findall
_BLANKS = (b'" ', b'"\t', b'"\r', b'"\n')
_HIDDEN = (b"\\u0022", b"\\u003")  # quotes and colons written so that counting misses them


class _Twice(Exception):
    pass


def repeated_name(content: bytes, parsed: Any) -> str | None:
    """A name that stands twice in one object of a JSON text; None where there is none.

    Counting is enough in almost every case: written out again, the text has as many names as
    before, unless some were given twice and dropped. Only where the counts differ, or cannot be
    trusted, is it read once more, slowly.
    """
    if not (b"\\" in content and any(each in content for each in _HIDDEN)):
        try:
            if _names(content) == _names(orjson.dumps(parsed)):
                return None
        except orjson.JSONEncodeError:
            pass  # nested too deep to be written; the limit on depth tells it, if nothing else does
    try:
        json.loads(content, object_pairs_hook=_once)
    except _Twice as twice:
        return str(twice)
    except (ValueError, RecursionError):
        return None  # orjson read it; what it is too deep for is told by the limit on depth
    return None


def _names(content: bytes) -> int:
    """Quotes before colons, in names and in texts."""
    count = content.count(b'":')
    if any(each[1:] in content and each in content for each in _BLANKS):
        count += len(_SPACED(content))
    return count


def _once(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise _Twice(next(name for name in names if names.count(name) > 1))
