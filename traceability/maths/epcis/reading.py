"""From bytes to events: each one read, or refused with its reasons; one bad never stops the others.

Nothing is taken by halves and nothing is silent. The bytes are refused before they are parsed if
they are too many; names given twice in one object, characters no database keeps, and nesting
without end are refused with their place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from traceability.maths.epcis.capturing import Unsound, capture
from traceability.maths.epcis.contexts import EPCIS_CONTEXT, Names, joined, names_of
from traceability.maths.epcis.doubts import doubts_of
from traceability.maths.epcis.envelope import Envelope, open_envelope
from traceability.maths.epcis.event import CapturedEvent, Fault
from traceability.maths.epcis.limits import DEFAULT, Limits
from traceability.maths.epcis.repeats import repeated_name
from traceability.maths.epcis.rounding import rounded_amounts, unrounded
from traceability.maths.epcis.rules import AMOUNTS
from traceability.maths.epcis.schema import check_event, well_formed
from traceability.maths.epcis.times import NoInstant

_SPREAD = 4  # how many times its size a document may take with its context told for every event
BOM = b"\xef\xbb\xbf"
_TOO_MUCH = (
    "the document has {} {}; at most {} are taken at once: send it in parts, or import it as a file"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read.

    Attributes
    ----------
    envelope : Envelope | None
        What the document says of itself; None where it could not be opened.
    events : tuple of CapturedEvent
        The sound ones, in order.
    faults : tuple of Fault
        Why others are not among them, or why the document is none.
    doubts : tuple of Fault
        What is odd about events that were taken: wrong check digits, units not known here.
    total : int
        Events in the document, sound or not.
    """

    envelope: Envelope | None
    events: tuple[CapturedEvent, ...]
    faults: tuple[Fault, ...]
    doubts: tuple[Fault, ...] = ()
    total: int = 0


def refused(path: str, rule: str, message: str) -> Reading:
    """A document that cannot be read at all."""
    return Reading(None, (), (Fault(None, None, path, rule, message),))


def read_events(content: bytes, limits: Limits = DEFAULT) -> Reading:
    """Read an EPCIS document, a query document, a single event, or a list of events.

    Parameters
    ----------
    content : bytes
        JSON, UTF-8.
    limits : Limits
        Bounds of one capture.

    Returns
    -------
    Reading
        Never raises for what is in the bytes.
    """
    if len(content) > limits.size:
        return refused("", "limit", _TOO_MUCH.format(len(content), "bytes", limits.size))
    content = content.removeprefix(BOM)
    try:
        parsed = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        return refused("", "json", f"this is not JSON: {error}")
    twice = repeated_name(content, parsed)
    if twice is not None:
        return refused("", "json", f"{twice!r} is given twice in one object: give it once")
    opened = open_envelope(unrounded(content, parsed))
    if isinstance(opened, Fault):
        return Reading(None, (), (opened,))
    envelope, events = opened
    if len(events) > limits.events:
        return refused("", "limit", _TOO_MUCH.format(len(events), "events", limits.events))
    return read_list(events, envelope, 0, limits)


def read_list(
    events: list[Any],
    envelope: Envelope,
    places: int | Sequence[int] = 0,
    limits: Limits = DEFAULT,
) -> Reading:
    """Read events already parsed.

    ``places`` are theirs in the document, or that of the first where they follow each other.
    """
    scope = _Scope(envelope.context)
    kept = len(scope.start) * len(events)
    if len(scope.start) > limits.context or kept > _SPREAD * limits.size:
        words = (
            f"the @context has {len(scope.start)} bytes and is kept with every event; at most "
            f"{limits.context} are taken, fewer where there are many events: shorten it"
        )
        return refused("/@context", "limit", words)
    taken: list[CapturedEvent] = []
    faults: list[Fault] = []
    doubts: list[Fault] = []
    unheard = 0
    if isinstance(places, int):
        places = range(places, places + len(events))
    for position, event in zip(places, events, strict=True):
        found = _read_one(event, scope, position, limits)
        if isinstance(found, CapturedEvent):
            taken.append(found)
            doubts += doubts_of(found)
        elif len(faults) < limits.faults:
            faults += found
        else:
            unheard += 1
    if unheard:
        words = f"{unheard} more events have faults that are not told here"
        faults.append(Fault(None, None, "", "limit", words))
    return Reading(envelope, tuple(taken), tuple(faults), tuple(doubts), len(events))


class _Scope:
    """The context of a document, worked out once for all its events."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._names = names_of(context)
        self.start = _opening(EPCIS_CONTEXT if context is None else context)

    def of(self, event: Mapping[str, Any]) -> tuple[Names, bytes]:
        """Prefixes of an event, and the beginning of it as JSON with its context."""
        own = event.get("@context")
        if own is None:
            return self._names, self.start
        context = joined(self._context, own)
        return names_of(context), _opening(context)


def _opening(context: Any) -> bytes:
    return b'{"@context":' + orjson.dumps(context) + b","


def _read_one(
    event: Any, scope: _Scope, position: int, limits: Limits
) -> CapturedEvent | tuple[Fault, ...]:
    if not isinstance(event, dict) or not well_formed(event, limits):
        rounded = rounded_amounts(event, AMOUNTS, position) if isinstance(event, dict) else ()
        return tuple(rounded) or check_event(event, limits, position=position)
    names, opening = scope.of(event)
    if len(opening) > limits.context:
        words = f"the @context has {len(opening)} bytes; at most {limits.context} are taken"
        return (Fault(position, event.get("eventID"), "/@context", "limit", words),)
    if "@context" in event:
        event = {key: value for key, value in event.items() if key != "@context"}
    try:
        body = orjson.dumps(event)
    except orjson.JSONEncodeError:
        words = "an extension holds an amount with more digits than a number keeps: round it"
        return (Fault(position, event.get("eventID"), "", "quantity", words),)
    if b"\\u0000" in body and any(_nul(event)):
        words = "a text holds the character U+0000, which cannot be kept: leave it out"
        return (Fault(position, event.get("eventID"), "", "character", words),)
    try:
        return capture(event, names, position, opening + body[1:])
    except (Unsound, NoInstant):
        return check_event(event, limits, position=position) or (_unexplained(event, position),)


def _unexplained(event: Mapping[str, Any], position: int) -> Fault:
    """Where only an identifier written with a prefix is damaged: rules see it as written."""
    words = "an identifier written with a prefix of @context is not well formed"
    return Fault(position, event.get("eventID"), "", "identifier", words)


def _nul(value: Any) -> Iterator[bool]:
    """Whether a text anywhere inside holds the character NUL; the depth has been checked."""
    if isinstance(value, str):
        yield "\0" in value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield "\0" in name
            yield from _nul(each)
    elif isinstance(value, list):
        for each in value:
            yield from _nul(each)
