"""What holds events: EPCIS documents, query documents, lists, or nothing but the event itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from traceability.maths.epcis.event import EventType, Fault
from traceability.maths.epcis.limits import deeper
from traceability.maths.epcis.messages import shown
from traceability.maths.epcis.times import NoInstant, instant


class Wrapping(StrEnum):
    """What events came in."""

    DOCUMENT = "EPCISDocument"
    QUERY = "EPCISQueryDocument"
    EVENT = "event"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a document says of itself.

    Attributes
    ----------
    context : Any
        The value of ``@context`` as given; None for bare events without one.
    created_at : int | None
        Microseconds since 1970 UTC.
    """

    wrapping: Wrapping
    context: Any = None
    document_id: str | None = None
    created_at: int | None = None
    schema_version: str | None = None
    sender: str | None = None
    receiver: str | None = None
    instance_id: str | None = None
    query_name: str | None = None
    subscription_id: str | None = None


_CONTEXT_DEPTH = 16
_EVENTS = frozenset(str(each) for each in EventType)
_DOCUMENTS = frozenset({Wrapping.DOCUMENT, Wrapping.QUERY})
_TEXTS = ("id", "schemaVersion", "sender", "receiver", "instanceIdentifier")
_FIELDS = frozenset({"@context", "type", "creationDate", "epcisHeader", "epcisBody", *_TEXTS})


class _Refused(Exception):
    def __init__(self, path: str, rule: str, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(None, None, path, rule, message)


def open_envelope(parsed: Any) -> tuple[Envelope, list[Any]] | Fault:
    """The envelope and the events in it, or why it cannot be opened."""
    if isinstance(parsed, list):
        return Envelope(Wrapping.LIST), parsed
    if not isinstance(parsed, dict):
        words = f"needs a document, an event, or a list of events, got {shown(parsed)}"
        return Fault(None, None, "", "type", words)
    kind = parsed.get("type")
    try:
        if kind == Wrapping.DOCUMENT or kind == Wrapping.QUERY:
            return _document(parsed, Wrapping(kind))
        if "epcisBody" in parsed or not (isinstance(kind, str) and kind in _EVENTS):
            known = ", ".join(sorted(_DOCUMENTS | _EVENTS))
            raise _Refused("/type", "enum", f"type needs one of {known}; got {shown(kind)}")
        if "@context" not in parsed:
            raise _no_context()
        return Envelope(Wrapping.EVENT), [parsed]
    except _Refused as refusal:
        return refusal.fault


def _no_context() -> _Refused:
    return _Refused(
        "",
        "required",
        "@context is missing: give the address of the EPCIS 2.0 context, and your own prefixes",
    )


def _is_context(part: Any) -> bool:
    return isinstance(part, dict) or (isinstance(part, str) and ":" in part)


def _document(parsed: dict[str, Any], kind: Wrapping) -> tuple[Envelope, list[Any]]:
    if "@context" not in parsed:
        raise _no_context()
    context = parsed["@context"]
    parts = context if isinstance(context, list) else [context]
    if not parts or not all(_is_context(each) for each in parts):
        raise _Refused(
            "/@context", "type", "@context needs an address, an object, or a list of both"
        )
    if deeper(parts, _CONTEXT_DEPTH):
        words = f"@context is nested deeper than {_CONTEXT_DEPTH} levels: flatten it"
        raise _Refused("/@context", "limit", words)
    if kind is Wrapping.DOCUMENT:
        for name in ("schemaVersion", "creationDate", "epcisBody"):
            if name not in parsed:
                raise _Refused("", "required", f"{name} is missing")
    for name in parsed:
        if name not in _FIELDS and ":" not in name:
            raise _Refused(
                "",
                "additionalProperties",
                f"{shown(name)} is no field of a document; a field of your own needs a prefix",
            )
    for name in _TEXTS:
        if not isinstance(parsed.get(name, ""), str):
            raise _Refused(f"/{name}", "type", f"{name} needs text, got {shown(parsed[name])}")
    version = parsed.get("schemaVersion")
    if version is not None and version.split(".")[0] != "2":
        raise _Refused(
            "/schemaVersion", "version", f"this house reads EPCIS 2, got {shown(version)}"
        )
    created = _created(parsed["creationDate"]) if "creationDate" in parsed else None
    where, holder, events = _events(parsed, kind)
    if not isinstance(events, list):
        raise _Refused(where, "type", f"{where} needs a list of events")
    envelope = Envelope(
        wrapping=kind,
        context=context,
        document_id=parsed.get("id"),
        created_at=created,
        schema_version=version,
        sender=parsed.get("sender"),
        receiver=parsed.get("receiver"),
        instance_id=parsed.get("instanceIdentifier"),
        query_name=_text(holder.get("queryName")),
        subscription_id=_text(holder.get("subscriptionID")),
    )
    return envelope, events


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _created(given: Any) -> int:
    if not isinstance(given, str):
        raise _Refused("/creationDate", "type", f"creationDate needs a time, got {shown(given)}")
    try:
        return instant(given).micros
    except NoInstant as error:
        raise _Refused("/creationDate", "format", str(error)) from error


def _events(parsed: dict[str, Any], kind: Wrapping) -> tuple[str, dict[str, Any], Any]:
    """Where the list of events is, what is beside it, and the list."""
    body = parsed.get("epcisBody")
    path = "/epcisBody"
    if kind is Wrapping.DOCUMENT:
        steps = ["eventList"]
    else:
        steps = ["queryResults", "resultsBody", "eventList"]
    beside: dict[str, Any] = {}
    for step in steps:
        if not isinstance(body, dict):
            raise _Refused(path, "type", f"{path} needs an object, got {shown(body)}")
        if step not in body:
            raise _Refused(path, "required", f"{step} is missing")
        if kind is Wrapping.QUERY:
            _beside(body, path, step)
        if step == "resultsBody":
            beside = body
        body, path = body[step], f"{path}/{step}"
    return path, beside, body


# What may stand beside each step on the way to the events of a query document.
_BESIDE: dict[str, frozenset[str]] = {
    "queryResults": frozenset(),
    "resultsBody": frozenset({"queryName", "subscriptionID"}),
    "eventList": frozenset({"vocabularyList"}),
}


def _beside(body: dict[str, Any], path: str, step: str) -> None:
    for name, value in body.items():
        if name == step or ":" in name:
            continue
        if name not in _BESIDE[step]:
            words = f"{shown(name)} is no field of a query document here"
            raise _Refused(path, "additionalProperties", words)
        if step == "resultsBody" and not isinstance(value, str):
            raise _Refused(f"{path}/{name}", "type", f"{name} needs text, got {shown(value)}")
    if step == "resultsBody" and "queryName" not in body:
        raise _Refused(path, "required", "queryName is missing")
