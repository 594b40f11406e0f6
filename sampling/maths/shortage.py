"""Why there is no assignment, in the fewest words: a set of seats that its people cannot fill.

By Hall's theorem, seats that cannot all be filled contain some that want more people than those
who may take them have room. The bundle names the largest natural such set (draw-v1, section 8);
people want the smallest that still proves the point.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Final

from sampling.maths.commitment import in_frame_order
from sampling.maths.completion import Completion, Demand
from sampling.maths.eligibility import Eligibility
from sampling.maths.rounds import SeatList
from sampling.maths.teams import Inspector, Reason, Task, TeamRule, static_reason

_EFFORT: Final = 100_000  # lists put into flows while dropping; some seconds
_TRIED: Final = 5000  # sets looked at in search of a smaller one; some milliseconds each hundred


@dataclass(frozen=True, slots=True)
class Shortage:
    """Seats that cannot all be filled, and who there is for them.

    ``seats`` > ``room``: so many seats of ``units`` are wanted, so many visits the ``people`` have
    room for there. ``others``: how many inspectors cannot help, by the reason that holds for all of
    these units (``mixed`` where it differs between them).
    """

    units: tuple[str, ...]
    lists: tuple[tuple[str, int], ...]  # (unit, which of its seat lists, from 0)
    seats: int
    people: tuple[str, ...]
    room: int
    others: tuple[tuple[str, int], ...]
    is_minimal: bool  # no list can be spared; False only where looking further took too long
    is_smallest: bool  # no other such set has fewer lists


def shortage(
    *, tasks: Sequence[Task], inspectors: Sequence[Inspector], rule: TeamRule
) -> Shortage | None:
    """Which few visits already cannot all get their teams?

    Parameters
    ----------
    tasks, inspectors : sequences
        In any order.

    Returns
    -------
    Shortage or None
        None if every seat can be filled.

    Notes
    -----
    A deficient set with the fewest seat lists is hard to find in general (it contains the search
    for small dense parts of a graph). Here: the deficient set of the maximum flow, from which lists
    are dropped as long as the rest still cannot be filled; so no list of the answer can be spared.
    Lists with many eligible people are dropped first. Then all smaller sets are looked at, if they
    are not too many. Only subsets of the flow's set matter: lack of seats is supermodular, so any
    deficient set shares a deficient part with the one that lacks most.

    References
    ----------
    Hall, P. (1935). On representatives of subsets. J. London Math. Soc. 10, 26-30.
    """
    people = sorted(inspectors, key=lambda one: in_frame_order(one.id))
    ordered = sorted(tasks, key=lambda task: in_frame_order(task.code))
    lists = list(Eligibility(people, rule).seat_lists(ordered))
    room = {one.id: max(0, one.cap - one.load) for one in people}
    demands = [Demand(one.seats, tuple(people[place].id for place in one.able())) for one in lists]
    # A list that is short by itself is the smallest set there can be.
    alone = [n for n, one in enumerate(demands) if len(one.eligible) < one.seats]
    deficient = alone[:1] or _deficient(demands, range(len(demands)), room)
    if not deficient:
        return None
    reduced, is_minimal = _reduced(deficient, demands, room)
    found, is_smallest = _smallest(deficient, reduced, demands, room)
    return _told(
        found,
        lists,
        demands,
        ordered,
        people,
        rule,
        room,
        is_minimal=is_minimal,
        is_smallest=is_smallest,
    )


def lack_of(
    tasks: Sequence[Task],
    named: Sequence[tuple[str, int]],
    inspectors: Sequence[Inspector],
    rule: TeamRule,
) -> tuple[int, int]:
    """Seats that some seat lists want, and the room that those who may take them have there.

    Parameters
    ----------
    tasks : sequence of Task
        The units of the lists.
    named : sequence of (code, number)
        Each list by its unit and its number there, from 0.

    Raises
    ------
    ValueError
        If a unit has no such list.
    """
    people = sorted(inspectors, key=lambda one: in_frame_order(one.id))
    lists: dict[tuple[str, int], SeatList] = {}
    for task in tasks:
        for number, one in enumerate(Eligibility(people, rule).seat_lists([task])):
            lists[task.code, number] = one
    if not set(named) <= set(lists):
        raise ValueError("a unit has no such seat list")
    wanted = Counter(place for key in named for place in lists[key].able())
    room = sum(min(people[n].cap - people[n].load, count) for n, count in wanted.items())
    return sum(lists[key].seats for key in named), room


def _deficient(demands: Sequence[Demand], of: Sequence[int], room: dict[str, int]) -> list[int]:
    """A deficient set among some demands; empty if all of them can be filled."""
    completion = Completion([demands[n] for n in of], room)
    return sorted(of[place] for place in completion.fill())


def _reduced(
    found: list[int], demands: Sequence[Demand], room: dict[str, int]
) -> tuple[list[int], bool]:
    """Drop demands, many at a time and then one by one, while the rest stays deficient."""
    found = sorted(found, key=lambda n: (-len(demands[n].eligible), -n))
    size, effort = max(1, len(found) // 2), 0
    while size:
        start = 0
        while start < len(found) > 1:
            rest = found[:start] + found[start + size :]
            effort += len(rest)
            if effort > _EFFORT:
                return sorted(found), False
            smaller = _deficient(demands, rest, room) if rest else []
            if smaller:
                kept = set(smaller)
                # What was kept before this place was tried already and stays needed.
                start = sum(n in kept for n in found[:start])
                found = [n for n in found if n in kept]
            else:
                start += size
        size = min(size // 2, max(1, len(found) // 2)) if size > 1 else 0
    return sorted(found), True


def _smallest(
    within: Sequence[int], known: list[int], demands: Sequence[Demand], room: dict[str, int]
) -> tuple[list[int], bool]:
    """A deficient set smaller than the known one, or that; and whether none is smaller."""
    tried = 0
    for size in range(1, len(known)):
        tried += comb(len(within), size)
        if tried > _TRIED:
            return known, False
        for some in combinations(within, size):
            if _lack(some, demands, room) > 0:
                return list(some), True
    return known, True


def _lack(some: Sequence[int], demands: Sequence[Demand], room: dict[str, int]) -> int:
    """Seats wanted beyond what the people of these lists can serve of them."""
    wanted = Counter(person for n in some for person in demands[n].eligible)
    served = sum(min(room[person], lists) for person, lists in wanted.items())
    return sum(demands[n].seats for n in some) - served


def _told(
    found: Sequence[int],
    lists: Sequence[SeatList],
    demands: Sequence[Demand],
    ordered: Sequence[Task],
    people: Sequence[Inspector],
    rule: TeamRule,
    room: dict[str, int],
    *,
    is_minimal: bool,
    is_smallest: bool,
) -> Shortage:
    kinds = len(rule.seat_kinds)
    able = {person for n in found for person in demands[n].eligible}
    seats = sum(demands[n].seats for n in found)
    tasks = [ordered[owner] for owner in dict.fromkeys(lists[n].owner for n in found)]
    reasons: Counter[str] = Counter()
    for one in people:
        if one.id not in able:
            # Eligible but in none of these lists: without room, or of the other seniority.
            full = Reason.LOAD if one.load >= one.cap else Reason.SENIORITY
            told = {static_reason(task, one, rule) or full for task in tasks}
            reasons[told.pop().value if len(told) == 1 else "mixed"] += 1
    return Shortage(
        units=tuple(task.code for task in tasks),
        lists=tuple((lists[n].code, n % kinds) for n in found),
        seats=seats,
        people=tuple(sorted(able, key=in_frame_order)),
        room=seats - _lack(found, demands, room),
        others=tuple(sorted(reasons.items())),
        is_minimal=is_minimal or is_smallest,
        is_smallest=is_smallest,
    )
