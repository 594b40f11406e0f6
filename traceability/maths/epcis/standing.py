"""Which captured events stand: all but those declared wrong by then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from traceability.maths.epcis.statements import Recorded


@dataclass(frozen=True, slots=True)
class Standing:
    """Events in force, by time and then by hash: never by arrival."""

    events: tuple[Recorded, ...]
    wrong: frozenset[int]
    pending: tuple[str, ...]
    awaited: tuple[str, ...]
    conflicts: tuple[str, ...]


def name_of(hash_: bytes) -> str:
    """The name of an event that was given none (CBV 2.0, 8.9.2)."""
    return f"ni:///sha-256;{hash_.hex()}?ver=CBV2.0"


def standing(events: Iterable[Recorded], *, as_of: int | None = None) -> Standing:
    """Which events are in force at a record time?

    Parameters
    ----------
    events : iterable of Recorded
        In any order; the same content twice counts once.
    as_of : int, optional
        Only what was recorded by then counts, declarations as well as events.

    Returns
    -------
    Standing

    Notes
    -----
    A declaration repeats the event it calls wrong, with the same eventID. Different events may
    bear one eventID by mistake; so it means the one that it repeats word for word (the hash leaves
    the declaration out), and all of that eventID only where it repeats none. A declaration of
    an event never seen waits for it, and whatever order they come in, the end is the same.
    Corrective events are events like others; those announced and not yet there are told.

    References
    ----------
    GS1 EPCIS 2.0, 7.4.1.4 (error declaration); CBV 2.0, 8.9 (event hash).
    """
    known = [each for each in events if as_of is None or each.recorded_at <= as_of]
    kept: dict[tuple[bytes, bytes], Recorded] = {}
    names: dict[bytes, set[str]] = defaultdict(set)
    for each in sorted(known, key=lambda r: r.number):
        kept.setdefault((each.event.hash, each.event.declaration_hash), each)
        if each.event.declaration is None:
            names[each.event.hash] |= {_name(each), name_of(each.event.hash), *each.names}
    told = [each for each in kept.values() if each.event.declaration is None]
    bearing: dict[str, list[Recorded]] = defaultdict(list)
    for each in told:
        for name in names[each.event.hash]:
            bearing[name].append(each)
    wrong: set[int] = set()
    pending: set[str] = set()
    awaited: set[str] = set()
    for each in kept.values():
        declaration = each.event.declaration
        if declaration is None:
            continue
        repeated = kept.get((each.event.hash, b""))
        meant = [repeated] if repeated else bearing.get(_name(each), [])
        wrong |= {other.number for other in meant}
        if not meant:
            pending.add(_name(each))
        awaited |= {name for name in declaration.corrective_ids if name not in bearing}
    wrong |= {each.number for each in known if each.event.declaration is not None}
    clashing = {
        name
        for name, group in bearing.items()
        if len([each for each in group if each.number not in wrong]) > 1
    }
    return Standing(
        events=tuple(
            sorted(
                (each for each in told if each.number not in wrong),
                key=lambda r: (r.event.event_time, r.event.hash),
            )
        ),
        wrong=frozenset(wrong),
        pending=tuple(sorted(pending)),
        awaited=tuple(sorted(awaited)),
        conflicts=tuple(sorted(clashing)),
    )


def _name(each: Recorded) -> str:
    return each.event.event_id or name_of(each.event.hash)
