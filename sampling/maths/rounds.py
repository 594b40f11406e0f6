"""Seat by seat: the first in order takes it, least load first, then by ticket.

Byte rules: docs/protocol/draw-v1.md, section 8. People are places in an array, in frame order of
their ids, so the smaller place settles what a ticket leaves equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sampling.maths.commitment import length_prefixed
from sampling.maths.completion import Completion, Demand
from sampling.maths.draw import Tickets

Places = npt.NDArray[np.intp]

_FULL: Final = np.iinfo(np.int64).max  # the level of somebody without room: behind everybody


@dataclass(slots=True)  # not frozen: setting each field through object costs more than the rest
class SeatList:
    """``seats`` of one unit, and the places of the people with room who may take them.

    ``people`` is shared by all units of a kind; ``out`` are those of them who are recused here.
    """

    owner: int  # place of the unit in the order of dispatch
    code: str
    seats: int
    people: Places
    out: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """How many may take a seat."""
        return self.people.size - len(self.out)

    def able(self) -> list[int]:
        """Who may take a seat, in frame order."""
        people: list[int] = self.people.tolist()
        return [place for place in people if place not in self.out] if self.out else people


class Rounds:
    """The seat lists in order, and two ways of going through them."""

    def __init__(
        self,
        *,
        lists: Sequence[SeatList],
        ids: Sequence[str],
        loads: Sequence[int],
        caps: Sequence[int],
        pair: Tickets,
        prefix: bytes | None = None,
    ) -> None:
        self.lists = lists
        self.ids = ids
        self.loads, self.caps = loads, caps
        self.pair = pair
        self.prefix = prefix  # before each of its tickets, where they may be hashed together
        self.named = [length_prefixed(name) for name in ids]

    def without_look_ahead(self) -> tuple[list[list[int]], bool]:
        """The first in order for each list; and whether a seat stayed empty."""
        if self.prefix is not None:
            return self._without_look_ahead_compiled(self.prefix)
        return self._without_look_ahead_plainly()

    def _without_look_ahead_compiled(self, prefix: bytes) -> tuple[list[list[int]], bool]:
        from sampling.maths.seating import seated  # loads the compiler

        return seated(
            lists=self.lists,
            named=self.named,
            coded=[length_prefixed(one.code) for one in self.lists],
            loads=self.loads,
            caps=self.caps,
            prefix=prefix,
        )

    def _without_look_ahead_plainly(self) -> tuple[list[list[int]], bool]:
        load, caps = list(self.loads), self.caps
        level = np.array(
            [now if now < cap else _FULL for now, cap in zip(load, caps, strict=True)],
            dtype=np.int64,
        )
        chosen: list[list[int]] = []
        is_stuck = False
        for one in self.lists:
            people, seats = one.people, one.seats
            for person in one.out:
                level[person] = _FULL
            at = level[people]
            least = at.min()
            near = people[at == least] if least != _FULL else people[:0]
            if near.size >= seats:  # nearly always: tickets for those of the least load alone
                taken = self._smallest(one.code, near.tolist(), seats)
            else:
                able = at < _FULL
                if np.count_nonzero(able) > seats:  # up to the load of the last one taken
                    able = at <= np.partition(at, seats - 1)[seats - 1]
                taken = self._ordered(one.code, people[able].tolist(), load)[:seats]
                is_stuck = is_stuck or len(taken) < seats
            for person in taken:
                load[person] += 1
            for person in (*taken, *one.out):
                level[person] = load[person] if load[person] < caps[person] else _FULL
            chosen.append(taken)
        return chosen, is_stuck

    def with_look_ahead(self, completion: Completion) -> list[list[int]]:
        """The first in order with whom all seats still open can be filled."""
        load, caps, ids = list(self.loads), self.caps, self.ids
        chosen = []
        for index, one in enumerate(self.lists):
            taken: list[int] = []
            for person in self._ordered(one.code, one.able(), load):
                if len(taken) == one.seats:
                    break
                if load[person] < caps[person] and completion.fix(index, ids[person]):
                    taken.append(person)
            for person in taken:
                load[person] += 1
            chosen.append(taken)
        return chosen

    def completion(self, chosen: Sequence[Sequence[int]]) -> Completion:
        """The flow in which these people sit, to be filled up."""
        ids = self.ids
        found = Completion(
            [Demand(one.seats, tuple(ids[place] for place in one.able())) for one in self.lists],
            {
                name: max(0, cap - load)
                for name, load, cap in zip(ids, self.loads, self.caps, strict=True)
            },
        )
        for demand, people in enumerate(chosen):
            for person in people:
                found.seat(demand, ids[person])
        return found

    def _tickets(self, code: str, people: Sequence[int]) -> list[bytes]:
        # Half a million in a large plan: the loop holds nothing but the three calls it needs.
        named, started = self.named, self.pair.started.copy()
        started.update(length_prefixed(code))
        start = started.copy
        found: list[bytes] = []
        keep = found.append
        for person in people:
            taken = start()
            taken.update(named[person])
            keep(taken.digest())
        return found

    def _ordered(self, code: str, people: Sequence[int], load: Sequence[int]) -> list[int]:
        keys = zip((load[p] for p in people), self._tickets(code, people), people, strict=True)
        return [key[-1] for key in sorted(keys)]

    def _smallest(self, code: str, people: list[int], seats: int) -> list[int]:
        """The first by ticket among people of one load; a few minima cost less than a sort."""
        if seats > 8:
            order = sorted(zip(self._tickets(code, people), people, strict=True))
            return [person for _, person in order[:seats]]
        drawn = self._tickets(code, people)
        taken = []
        for _ in range(min(seats, len(people))):
            place = drawn.index(min(drawn))  # of equal tickets the smaller place, as the rule says
            taken.append(people.pop(place))
            del drawn[place]
        return taken
