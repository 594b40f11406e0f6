"""How much of a document is taken: bounds that keep one sender from filling the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one capture. What exceeds one is refused by its name, never cut short.

    Attributes
    ----------
    size : int
        Bytes of a document read as a whole. A stream has no such bound.
    events : int
        Events of a document read as a whole.
    event_size : int
        Bytes of one event in a stream.
    depth : int
        Levels of lists and objects in one event, itself included.
    context : int
        Bytes of an ``@context``; it is kept with every event.
    items : int
        Things, amounts, documents and parties named by one event.
    faults : int
        Faults told of one document; the last one says how many more there are.
    """

    size: int = 64 * 2**20
    events: int = 100_000
    event_size: int = 16 * 2**20
    depth: int = 64
    context: int = 16 * 2**10
    items: int = 200_000
    faults: int = 1_000


DEFAULT = Limits()


def deeper(value: Any, levels: int) -> bool:
    """Whether a list or object has more than so many levels, itself included. No recursion."""
    level: list[Any] = [value]
    for _ in range(levels):
        inner: list[Any] = []
        for each in level:
            for child in each.values() if type(each) is dict else each:
                kind = type(child)
                if kind is dict or kind is list:
                    inner.append(child)
        if not inner:
            return False
        level = inner
    return True
