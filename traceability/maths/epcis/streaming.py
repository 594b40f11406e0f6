"""Files too large to hold: events read in portions, memory bounded by one portion.

Three forms are known: an EPCIS document whose events stand in one list, a bare list of events, and
one event to a line (NDJSON). The places where events end are found by looking at brackets and
quotes only; each portion is then read like a small document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import orjson

from traceability.maths.epcis.envelope import Envelope, Wrapping, open_envelope
from traceability.maths.epcis.event import EventType, Fault
from traceability.maths.epcis.limits import DEFAULT, Limits
from traceability.maths.epcis.reading import BOM, Reading, read_events, read_list, refused
from traceability.maths.epcis.repeats import repeated_name
from traceability.maths.epcis.rounding import unrounded

PORTION = 1 << 20  # bytes: some 1,500 events, some 10 MB while they are read

_BLANK = b" \t\r\n"
_LIST = re.compile(rb'"eventList"\s*:\s*\[')
_TYPES = frozenset(str(each) for each in EventType)
_QUOTE, _ESCAPE = 34, 92
_STEPS = np.zeros(256, dtype=np.int8)
_STEPS[[91, 123]] = 1  # [ {
_STEPS[[93, 125]] = -1  # ] }
_MARKS = _STEPS != 0
_MARKS[[_QUOTE, _ESCAPE]] = True


def iter_events(
    stream: BinaryIO, limits: Limits = DEFAULT, *, portion: int = PORTION
) -> Iterator[Reading]:
    """Read the events of a file in portions.

    Parameters
    ----------
    stream : BinaryIO
        The file. It need not be seekable, unless its ``@context`` stands behind its events.
    limits : Limits
        Bounds of one capture; ``size`` and ``events`` do not apply.
    portion : int
        Bytes looked at together.

    Yields
    ------
    Reading
        Events and faults of one portion; positions count through the whole file. A file that turns
        out damaged ends with a reading whose fault has no position; what came before it stands.
    """
    source = _Source(stream, portion)
    source.more()
    source.skip_start()
    source.first_line(limits.event_size)
    if source.ended:
        yield _whole(source.buffer, limits)
    elif source.buffer[:1] == b"[":
        source.take(1)
        yield from _listed(source, Envelope(Wrapping.LIST), limits)
    elif _is_line(source.buffer):
        yield from _lines(source, limits)
    else:
        yield from _document(source, limits)


class _Source:
    """Bytes of a stream, as many as are needed at a time."""

    def __init__(self, stream: BinaryIO, portion: int) -> None:
        self.stream, self.portion = stream, portion
        self.buffer, self.ended = b"", False

    def more(self) -> None:
        """Read on; ``ended`` is set where there is nothing more."""
        piece = self.stream.read(self.portion)
        if not piece:
            self.ended = True
            return
        self.buffer += piece
        self.ended = len(piece) < self.portion and not self._waits()

    def _waits(self) -> bool:
        """A short piece may be a slow pipe: only an empty one is the end."""
        piece = self.stream.read(1)
        self.buffer += piece
        return bool(piece)

    def take(self, count: int) -> bytes:
        """Bytes from the front."""
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def first_line(self, longest: int) -> None:
        """Read until a line or the list of events has begun: then the form can be told."""
        while not (self.ended or len(self.buffer) > longest or self.buffer[:1] == b"["):
            if b"\n" in self.buffer or _LIST.search(self.buffer):
                return
            self.more()

    def skip_start(self) -> None:
        """Leave out a byte order mark and blanks."""
        self.buffer = self.buffer.removeprefix(BOM).lstrip(_BLANK)


def _whole(content: bytes, limits: Limits) -> Reading:
    """A file of one portion: one document, or a few lines."""
    if content[:1] == b"{" and _is_line(content) and content.rstrip().count(b"\n"):
        return _line_batch(content, 0, Envelope(Wrapping.LIST), limits)
    return read_events(content, limits)


def _is_line(buffer: bytes) -> bool:
    """Whether a file begins with one whole event on one line."""
    line, newline, _ = buffer.partition(b"\n")
    if not newline:
        return False
    try:
        parsed = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(parsed, dict) and parsed.get("type") in _TYPES


# --- one event to a line --------------------------------------------------------------------------


def _lines(source: _Source, limits: Limits) -> Iterator[Reading]:
    envelope, position = Envelope(Wrapping.LIST), 0
    while source.buffer:
        cut = source.buffer.rfind(b"\n") + 1
        if not cut and not source.ended:
            if len(source.buffer) > limits.event_size:
                yield _too_large(position, limits)
                return
            source.more()
            continue
        piece = source.take(cut or len(source.buffer))
        reading = _line_batch(piece, position, envelope, limits)
        position += reading.total
        yield reading
        if not source.ended:
            source.more()


def _line_batch(piece: bytes, first: int, envelope: Envelope, limits: Limits) -> Reading:
    events: list[Any] = []
    broken: list[Fault] = []
    for line in piece.split(b"\n"):
        if not line.strip(_BLANK):
            continue
        place = first + len(events) + len(broken)
        try:
            parsed = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            broken.append(Fault(place, None, "", "json", f"the line is not JSON: {error}"))
            continue
        twice = repeated_name(line, parsed)
        if twice is not None:
            words = f"{twice!r} is given twice in one object: give it once"
            broken.append(Fault(place, None, "", "json", words))
            continue
        events.append((place, unrounded(line, parsed)))
    return _placed(events, broken, envelope, limits)


def _placed(
    events: list[tuple[int, Any]], broken: list[Fault], envelope: Envelope, limits: Limits
) -> Reading:
    """Read events that know their places."""
    places = [place for place, _ in events]
    reading = read_list([event for _, event in events], envelope, places, limits)
    faults = tuple(
        sorted((*reading.faults, *broken), key=lambda each: (each.position is None, each.position))
    )
    return Reading(envelope, reading.events, faults, reading.doubts, reading.total + len(broken))


# --- a document -----------------------------------------------------------------------------------


def _document(source: _Source, limits: Limits) -> Iterator[Reading]:
    """A document whose events stand in one list."""
    found = _LIST.search(source.buffer)
    while found is None:
        if source.ended:
            yield read_events(source.buffer, limits)
            return
        if len(source.buffer) > limits.event_size:
            words = (
                f"no eventList within the first {limits.event_size} bytes: put what stands before "
                "it behind it, or shorten it"
            )
            yield refused("", "limit", words)
            return
        source.more()
        found = _LIST.search(source.buffer)
    head = source.take(found.end())
    opened = open_envelope(_closed(head))
    if isinstance(opened, Fault):
        opened = _look_ahead(source, head, limits)
        if isinstance(opened, Fault):
            yield Reading(None, (), (opened,))
            return
    yield from _listed(source, opened[0], limits, head)


def _closed(head: bytes) -> Any:
    """The beginning of a document as if its list were empty and nothing came behind."""
    _, steps = _structure(head)
    closing: list[bytes] = []
    for byte in steps:
        if byte in b"[{":
            closing.append(b"]" if byte == 91 else b"}")
        elif closing:
            closing.pop()
    try:
        return orjson.loads(head + b"".join(reversed(closing)))
    except orjson.JSONDecodeError:
        return None


def _look_ahead(source: _Source, head: bytes, limits: Limits) -> tuple[Envelope, list[Any]] | Fault:
    """The envelope of a document that tells of itself only behind its events."""
    if not source.stream.seekable():
        words = (
            "the document names its @context behind its events and cannot be read twice: put it "
            "first, or import it as a file"
        )
        return Fault(None, None, "", "order", words)
    kept, ended, here = source.buffer, source.ended, source.stream.tell()
    tail = b""
    for _, is_last in _portions(source, limits):
        if is_last:
            tail = _remainder(source, limits)
            break
    source.stream.seek(here)
    source.buffer, source.ended = kept, ended
    try:
        return open_envelope(orjson.loads(head + b"]" + tail))
    except orjson.JSONDecodeError as error:
        return Fault(None, None, "", "json", f"this is not JSON: {error}")


def _remainder(source: _Source, limits: Limits) -> bytes:
    """What stands behind the list of events."""
    while not source.ended and len(source.buffer) <= limits.event_size:
        source.more()
    return source.buffer


def _listed(
    source: _Source, envelope: Envelope, limits: Limits, head: bytes = b"["
) -> Iterator[Reading]:
    """Events of one list, and what stands behind it."""
    position, complete = 0, False
    for piece, is_last in _portions(source, limits):
        complete = is_last
        if position:
            piece = piece.lstrip(_BLANK).removeprefix(b",") if piece.strip(_BLANK) else b""
        text = b"[" + piece + b"]"
        try:
            parsed = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            yield _damaged(position, str(error))
            return
        twice = repeated_name(text, parsed)
        if twice is not None:
            words = f"{twice!r} is given twice in one object between events {position} and "
            words += f"{position + len(parsed) - 1}: give it once"
            yield refused("", "json", words)
            return
        if parsed:
            yield read_list(unrounded(text, parsed), envelope, position, limits)
        position += len(parsed)
    if not complete:
        if len(source.buffer) > limits.event_size:
            yield _too_large(position, limits)
        else:
            yield _damaged(position, "the list of events does not end")
        return
    yield from _behind(head, _remainder(source, limits))


def _behind(head: bytes, tail: bytes) -> Iterator[Reading]:
    """Whether the document ends well."""
    try:
        parsed = orjson.loads(head + b"]" + tail)
    except orjson.JSONDecodeError as error:
        yield refused("", "json", f"the events are followed by what is not JSON: {error}")
        return
    opened = open_envelope(parsed)
    if isinstance(opened, Fault):
        yield Reading(None, (), (opened,))


def _damaged(position: int, words: str) -> Reading:
    return refused("", "json", f"the file is damaged after {position} events: {words}")


def _too_large(position: int, limits: Limits) -> Reading:
    words = f"event {position} has more than {limits.event_size} bytes: split it into several"
    return Reading(None, (), (Fault(position, None, "", "limit", words),), (), 0)


def _portions(source: _Source, limits: Limits) -> Iterator[tuple[bytes, bool]]:
    """Whole events as bytes, and whether they are the last ones of the list.

    After the last ones, what stands behind the closing bracket is left in the source.
    """
    while True:
        cut, is_last = _cut(source.buffer)
        if is_last:
            piece = source.take(cut)
            source.take(1)
            yield piece, True
            return
        if cut:
            yield source.take(cut), False
        elif source.ended or len(source.buffer) > limits.event_size:
            return
        if source.ended:
            return
        source.more()


def _cut(buffer: bytes) -> tuple[int, bool]:
    """Where the last whole event ends, or where the list does (and that it does)."""
    places, kinds = _structure(buffer)
    depth = np.cumsum(_STEPS[kinds], dtype=np.int64)
    out = np.flatnonzero(depth < 0)
    if len(out):
        return int(places[out[0]]), True
    ends = np.flatnonzero(depth == 0)
    return (int(places[ends[-1]]) + 1, False) if len(ends) else (0, False)


def _structure(buffer: bytes) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Places and kinds of the brackets that stand outside of texts."""
    every = np.frombuffer(buffer, dtype=np.uint8)
    places = np.flatnonzero(_MARKS[every])
    kinds = every[places]
    escapes = places[kinds == _ESCAPE]
    if len(escapes):
        # A run of backslashes of odd length takes its meaning from the character behind it.
        first = np.flatnonzero(np.diff(escapes, prepend=-2) != 1)
        lengths = np.diff(first, append=len(escapes))
        escaped = (escapes[first] + lengths)[lengths % 2 == 1]
        kept = (kinds != _ESCAPE) & ~np.isin(places, escaped, assume_unique=True)
        places, kinds = places[kept], kinds[kept]
    quotes = kinds == _QUOTE
    outside = (np.cumsum(quotes) % 2 == 0) & ~quotes
    return places[outside], kinds[outside]
