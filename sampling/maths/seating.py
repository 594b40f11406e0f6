"""Seat lists filled by compiled code: the same people as `rounds` finds, ten times as fast.

Of a million pairs half are level with the least load when their turn comes, and each of those needs
a ticket: here sixteen are hashed at once, where they are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sampling.maths.hashing import digests, has_numba, midstate
from sampling.maths.lanes import WIDTH, compiled, take

if TYPE_CHECKING:
    from sampling.maths.rounds import SeatList

_NOBODY: Final = -1


def seated(
    *,
    lists: Sequence[SeatList],
    named: Sequence[bytes],
    coded: Sequence[bytes],
    loads: Sequence[int],
    caps: Sequence[int],
    prefix: bytes,
) -> tuple[list[list[int]], bool]:
    """The first in order for each list; and whether a seat stayed empty.

    Parameters
    ----------
    named, coded : sequences of bytes
        Ids of the people and codes of the lists, each with its length before it.
    prefix : bytes, shape (64,)
        `draw.ticket_prefix` of "pair".
    """
    kinds = {id(one.people): one.people for one in lists}
    number = {key: place for place, key in enumerate(kinds)}
    out = [len(one.out) for one in lists]
    ends = np.cumsum([0, *out])
    seats = np.fromiter((one.seats for one in lists), np.int64, len(lists))
    table = np.column_stack(
        [
            len(named) + np.arange(len(lists)),
            [number[id(one.people)] for one in lists],
            seats,
            ends[:-1],
            ends[1:],
        ]
    )
    texts = [*named, *coded]
    given = (
        np.frombuffer(b"".join(texts), dtype=np.uint8),
        np.cumsum([0, *map(len, texts)]),
        np.concatenate([np.empty(0, dtype=np.int64), *kinds.values()]),
        np.cumsum([0, *(people.size for people in kinds.values())]),
        np.array([person for one in lists for person in one.out], dtype=np.int64),
    )
    load, room = np.array(loads, dtype=np.int64), np.array(caps, dtype=np.int64)
    chosen = np.empty(int(seats.sum()), dtype=np.int64)
    is_stuck = bool(seat(midstate(prefix), given, table, room, load, chosen))
    found = chosen.tolist()
    begins = np.cumsum(seats) - seats
    taken = [
        found[begin : begin + one.seats] for begin, one in zip(begins.tolist(), lists, strict=True)
    ]
    if is_stuck:
        taken = [[person for person in each if person != _NOBODY] for each in taken]
    return taken, is_stuck


def warm_up() -> None:
    """Load what is compiled, or compile it where it never ran: for a process that starts others."""
    from sampling.maths.rounds import SeatList

    if has_numba():
        digests(1, [bytes(64)], compiled=True)
        lists = [SeatList(0, "1", 1, np.zeros(1, dtype=np.intp))]
        one = [b"1"]
        seated(lists=lists, named=one, coded=one, loads=[0], caps=[1], prefix=bytes(64))


@compiled
def seat(start: Any, given: Any, lists: Any, caps: Any, load: Any, chosen: Any) -> bool:
    """Fill seat lists in their order (draw-v1, section 8, rule 4) without looking ahead.

    Parameters
    ----------
    start : shape (8,), uint32
        SHA-256 after the 64 bytes before each "pair" ticket.
    given : (texts, text ends, kinds, kind ends, outs)
        Bytes of all ids and then codes, each with its length before it, one after another, and
        where each begins and the last ends; places of the people of each kind of list, likewise;
        places of the recused.
    lists : shape (lists, 5), int64
        Number of the code's text, kind, seats, and where its recused begin and end in ``outs``.
    caps, load : shape (people,), int64
        ``load`` is changed: what they carry in the end.
    chosen : shape (seats of all lists,), int64
        Written: places of people; -1 where a seat stays empty.

    Returns
    -------
    bool
        Whether a seat stayed empty.
    """
    texts, ends, kinds, kind_ends, outs = given
    most, widest = 1, 1
    for number in range(len(kind_ends) - 1):
        most = max(most, kind_ends[number + 1] - kind_ends[number])
    for number in range(len(lists)):
        widest = max(widest, lists[number, 2])
    is_out = np.zeros(len(caps), dtype=np.bool_)
    near = np.empty(most, dtype=np.int64)
    tickets = np.empty((most, 8), dtype=np.uint32)
    least = np.empty(widest, dtype=np.int64)
    is_stuck, filled = False, 0
    for number in range(len(lists)):
        for row in range(lists[number, 3], lists[number, 4]):
            is_out[outs[row]] = True
        first, last = kind_ends[lists[number, 1]], kind_ends[lists[number, 1] + 1]
        seats = lists[number, 2]
        count = _near(load, caps, is_out, kinds, first, last, least, seats, near)
        if count:
            _pair_tickets(start, texts, ends, lists[number, 0], near, count, tickets)
        for row in range(seats):
            if row < count:
                chosen[filled] = _take_first(load, near, tickets, count - row)
            else:
                chosen[filled] = _NOBODY
                is_stuck = True
            filled += 1
        for row in range(filled - seats, filled):
            if chosen[row] != _NOBODY:
                load[chosen[row]] += 1
        for row in range(lists[number, 3], lists[number, 4]):
            is_out[outs[row]] = False
    return is_stuck


@compiled
def _near(
    load: Any,
    caps: Any,
    is_out: Any,
    kinds: Any,
    first: Any,
    last: Any,
    least: Any,
    seats: Any,
    near: Any,
) -> Any:
    """How many may come to sit, written to ``near``: those up to the load of the last to sit."""
    found = 0  # loads in ``least``, the smallest first, no more than there are seats
    for row in range(first, last):
        person = kinds[row]
        level = load[person]
        if level >= caps[person] or is_out[person]:
            continue
        if found < seats:
            place = found
            found += 1
        elif level < least[seats - 1]:
            place = seats - 1
        else:
            continue
        while place > 0 and least[place - 1] > level:
            least[place] = least[place - 1]
            place -= 1
        least[place] = level
    count = 0
    for row in range(first, last):
        person = kinds[row]
        level = load[person]
        if found and level <= least[found - 1] and level < caps[person] and not is_out[person]:
            near[count] = person
            count += 1
    return count


@compiled
def _take_first(load: Any, near: Any, tickets: Any, count: Any) -> Any:
    """The first by (load, ticket, place) of some people; the last of them gets its place."""
    best = 0
    for place in range(1, count):
        if _is_before(load, near, tickets, place, best):
            best = place
    person = near[best]
    near[best] = near[count - 1]
    for i in range(8):
        tickets[best, i] = tickets[count - 1, i]
    return person


@compiled
def _is_before(load: Any, near: Any, tickets: Any, one: Any, other: Any) -> Any:
    if load[near[one]] != load[near[other]]:
        return load[near[one]] < load[near[other]]
    for i in range(8):
        if tickets[one, i] != tickets[other, i]:
            return tickets[one, i] < tickets[other, i]
    return near[one] < near[other]


@compiled
def _pair_tickets(
    start: Any, texts: Any, ends: Any, code: Any, near: Any, count: Any, out: Any
) -> None:
    """The tickets of one unit with the first ``count`` of some people, as words."""
    begin, size = ends[code], ends[code + 1] - ends[code]
    longest = 0
    for place in range(count):
        text = near[place]
        longest = max(longest, ends[text + 1] - ends[text])
    blocks = (size + longest + 9 + 63) // 64
    message = np.zeros((WIDTH, 64 * blocks), dtype=np.uint8)
    words = message.view(np.uint32)
    for n in range(WIDTH):
        for place in range(size):
            message[n, place] = texts[begin + place]
    last = np.zeros(WIDTH, dtype=np.int64)
    w = np.empty((16, WIDTH), dtype=np.uint32)
    s = np.empty((8, WIDTH), dtype=np.uint32)
    for first in range(0, count, WIDTH):
        lanes = min(WIDTH, count - first)
        for n in range(lanes):
            text = near[first + n]
            whole = size
            for place in range(ends[text], ends[text + 1]):
                message[n, whole] = texts[place]
                whole += 1
            message[n, whole] = 0x80
            for place in range(whole + 1, 64 * blocks):
                message[n, place] = 0
            last[n] = (whole + 9 + 63) // 64 - 1
            bits = 8 * (64 + whole)
            for place in range(4):
                message[n, 64 * last[n] + 63 - place] = bits >> (8 * place) & 0xFF
        for i in range(8):
            for n in range(WIDTH):
                s[i, n] = start[i]
        for b in range(blocks):
            for n in range(WIDTH):
                for t in range(16):
                    w[t, n] = words[n, 16 * b + t]
            take(w.ctypes.data, s.ctypes.data)
            for n in range(lanes):
                if last[n] == b:
                    for i in range(8):
                        out[first + n, i] = s[i, n]
