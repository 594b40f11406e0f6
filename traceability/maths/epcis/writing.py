"""Stored events into one document again: the same events, the same bytes.

Each stored event is complete with its context. Where all have the same one it is told once, for
the document; an event with another keeps its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from traceability.maths.epcis.contexts import EPCIS_CONTEXT
from traceability.maths.epcis.times import told

_SCHEMA_VERSION = "2.0"


def write_document(events: Iterable[bytes], *, created_at: int) -> bytes:
    """One EPCIS document of stored events.

    Parameters
    ----------
    events : iterable of bytes
        ``CapturedEvent.document`` of each, in the order wanted.
    created_at : int
        Microseconds since 1970 UTC.
    """
    kept = list(events)
    context = common_context(kept)
    return b"".join(iter_document(kept, created_at=created_at, context=context))


def write_query_document(
    events: Iterable[bytes],
    *,
    created_at: int,
    query_name: str,
    subscription_id: str | None = None,
) -> bytes:
    """One EPCIS query document: the answer to a query."""
    kept = list(events)
    context = common_context(kept)
    results: dict[str, Any] = {"queryName": query_name}
    if subscription_id is not None:
        results["subscriptionID"] = subscription_id
    head = _head("EPCISQueryDocument", context, created_at)
    start = head + b',"epcisBody":{"queryResults":' + orjson.dumps(results)[:-1]
    start += b',"resultsBody":{"eventList":['
    return start + b",".join(_bare(kept, context)) + b"]}}}}"


def iter_document(
    events: Iterable[bytes], *, created_at: int, context: Any = EPCIS_CONTEXT
) -> Iterator[bytes]:
    """One EPCIS document in pieces, for as many events as there are.

    ``context`` is told for the document; events with another one keep their own.
    """
    yield _head("EPCISDocument", context, created_at) + b',"epcisBody":{"eventList":['
    separator = b""
    for event in _bare(events, context):
        yield separator + event
        separator = b","
    yield b"]}}"


def common_context(events: Iterable[bytes]) -> Any:
    """The context all events share; that of the standard alone where they differ."""
    shared: bytes | None = None
    for event in events:
        context = _context_of(event)
        if shared is None:
            shared = context
        elif context != shared:
            return EPCIS_CONTEXT
    return EPCIS_CONTEXT if shared is None else orjson.loads(shared)


def _head(kind: str, context: Any, created_at: int) -> bytes:
    document = {
        "@context": context,
        "type": kind,
        "schemaVersion": _SCHEMA_VERSION,
        "creationDate": told(created_at),
    }
    return orjson.dumps(document)[:-1]


def _context_of(event: bytes) -> bytes:
    return orjson.dumps(orjson.loads(event).get("@context", EPCIS_CONTEXT))


def _bare(events: Iterable[bytes], context: Any) -> Iterator[bytes]:
    """Events without the context of their document."""
    usual = b'{"@context":' + orjson.dumps(context) + b","
    for event in events:
        if event.startswith(usual):
            yield b"{" + event[len(usual) :]
            continue
        parsed = orjson.loads(event)
        if parsed.get("@context") == context:
            del parsed["@context"]
        yield orjson.dumps(parsed)
