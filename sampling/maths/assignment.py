"""Who visits whom: inspectors drawn for each unit by the same seed, in one fixed order.

Byte rules and the exact wording of the rule: docs/protocol/draw-v1.md, section 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sampling.maths.commitment import in_frame_order
from sampling.maths.draw import ticket_prefix, tickets
from sampling.maths.eligibility import Eligibility
from sampling.maths.hashing import is_compiled
from sampling.maths.rounds import Rounds
from sampling.maths.teams import (
    SMALLEST_TEAM,
    Assignment,
    Blocked,
    DepartmentRule,
    Inspector,
    Pool,
    Qualification,
    Reason,
    SeatKind,
    Task,
    Team,
    TeamRule,
    static_reason,
)

EXPLAINED: Final = 20  # units whose inspectors' reasons are told one by one

__all__ = [
    "EXPLAINED",
    "SMALLEST_TEAM",
    "Assignment",
    "Blocked",
    "DepartmentRule",
    "Inspector",
    "Pool",
    "Qualification",
    "Reason",
    "SeatKind",
    "Task",
    "Team",
    "TeamRule",
    "assign",
    "static_reason",
    "units_without_team",
]


def assign(
    *,
    seed: bytes,
    tasks: Sequence[Task],
    inspectors: Sequence[Inspector],
    rule: TeamRule,
    algorithm: str = "sha256",
) -> Assignment:
    """Which inspectors visit each unit?

    Parameters
    ----------
    seed : bytes, shape (32,)
        The seed of the draw.
    tasks, inspectors : sequences
        In any order, without repeats.

    Returns
    -------
    Assignment
        Complete, or empty with the units that block it: those whose own list of eligible
        inspectors is too short, if there are any; otherwise a deficient set in Hall's sense.

    Raises
    ------
    ValueError
        If a task or an inspector occurs twice.

    Notes
    -----
    Tasks in the order of T("dispatch", task). Seats one by one: of the eligible inspectors with
    room, ordered by load, then by T("pair", task, inspector), the first with whom all seats still
    open can be filled. That look-ahead is a question of existence (bipartite flow), so every
    implementation answers it alike. If plain "first in order" never gets stuck, each of its
    choices could be completed, hence it is the answer; the flow is only built when it does.
    """
    people = sorted(inspectors, key=lambda inspector: in_frame_order(inspector.id))
    if len({one.id for one in people}) != len(people) or len({t.code for t in tasks}) != len(tasks):
        raise ValueError("a task or an inspector is listed twice")
    drawn = tickets(seed, "dispatch", algorithm).of_codes([t.code for t in tasks])
    turns = zip(drawn, (in_frame_order(t.code) for t in tasks), range(len(tasks)), strict=True)
    ordered = [tasks[place] for _, _, place in sorted(turns)]
    lists = list(Eligibility(people, rule).seat_lists(ordered))

    alone = {one.owner for one in lists if one.size < one.seats}
    if alone:
        blocked = _blocked([ordered[owner] for owner in alone], people, rule)
        return Assignment(teams=(), blocking=blocked)

    pairs = sum(one.people.size for one in lists)
    rounds = Rounds(
        lists=lists,
        ids=[one.id for one in people],
        loads=[one.load for one in people],
        caps=[one.cap for one in people],
        pair=tickets(seed, "pair", algorithm),
        prefix=ticket_prefix(seed, "pair") if is_compiled(pairs, algorithm) else None,
    )
    chosen, is_stuck = rounds.without_look_ahead()
    if is_stuck:
        completion = rounds.completion(chosen)
        deficient = completion.fill()
        if deficient:
            together = [ordered[owner] for owner in {lists[d].owner for d in deficient}]
            blocked = _blocked(together, people, rule, is_contest=True)
            return Assignment(teams=(), blocking=blocked)
        chosen = rounds.with_look_ahead(completion)

    members: list[list[str]] = [[] for _ in ordered]
    for one, places in zip(lists, chosen, strict=True):
        members[one.owner].extend(people[place].id for place in places)
    teams = (Team(t.code, tuple(ids)) for t, ids in zip(ordered, members, strict=True))
    return Assignment(teams=tuple(teams), blocking=())


def units_without_team(
    tasks: Iterable[Task], inspectors: Sequence[Inspector], rule: TeamRule
) -> tuple[Blocked, ...]:
    """Which units of a roster could never get a team, even as the only task of the day?

    Asked before a roster is committed, when something can still be done about it.
    """
    people = sorted(inspectors, key=lambda inspector: in_frame_order(inspector.id))
    asked = list(tasks)
    lists = Eligibility(people, rule).seat_lists(asked)
    short = {one.owner for one in lists if one.size < one.seats}
    return _blocked([asked[owner] for owner in short], people, rule)


def _blocked(
    tasks: Sequence[Task],
    inspectors: Sequence[Inspector],
    rule: TeamRule,
    *,
    is_contest: bool = False,
) -> tuple[Blocked, ...]:
    """Each unit with the inspectors that cannot help; in a contest, room is short for all.

    Reasons are told of the first units only: of ten thousand they would fill gigabytes.
    """
    blocked = []
    for number, task in enumerate(sorted(tasks, key=lambda task: in_frame_order(task.code))):
        reasons: list[tuple[str, Reason]] = []
        if number >= EXPLAINED:
            blocked.append(Blocked(task.code, ()))
            continue
        for inspector in sorted(inspectors, key=lambda inspector: in_frame_order(inspector.id)):
            reason = static_reason(task, inspector, rule)
            if reason is None and (is_contest or inspector.load >= inspector.cap):
                reason = Reason.LOAD
            if reason is not None:
                reasons.append((inspector.id, reason))
        blocked.append(Blocked(task.code, tuple(reasons)))
    return tuple(blocked)
