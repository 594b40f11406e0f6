"""A recusal (回避) declared after the draw: who takes the seat that becomes free.

Byte rules: docs/protocol/draw-v1.md, section 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sampling.maths.commitment import in_frame_order
from sampling.maths.draw import tickets
from sampling.maths.eligibility import Eligibility
from sampling.maths.teams import (
    Blocked,
    Inspector,
    Reason,
    SeatKind,
    Task,
    TeamRule,
    static_reason,
)


class RecusalKind(StrEnum):
    """What ties an inspector to an enterprise."""

    KINSHIP = "kinship"
    FORMER_EMPLOYMENT = "former_employment"
    SHAREHOLDING = "shareholding"
    RECENT_VISIT = "recent_visit"
    ROTATION = "rotation"  # found when the roster was frozen: was there in one of the last rounds
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class StandIn:
    """Who takes the seat; or nobody, and why each inspector cannot."""

    inspector: str | None
    blocked: Blocked | None


def seat_kind(rule: TeamRule, position: int) -> SeatKind:
    """The seat list that a place of the team belongs to.

    Raises
    ------
    ValueError
        If a team has no such place.
    """
    last = 0
    for kind in rule.seat_kinds:
        last += kind.seats
        if 0 <= position < last:
            return kind
    raise ValueError(f"a team has the places 0 to {last - 1}, got {position}")


def stand_in(
    *,
    seed: bytes,
    task: Task,
    team: Sequence[str],
    position: int,
    inspectors: Sequence[Inspector],
    rule: TeamRule,
    algorithm: str = "sha256",
) -> StandIn:
    """Who takes the seat of an inspector who must not go after all?

    Parameters
    ----------
    task : Task
        The unit; ``recused`` holds all who must not go, the one who leaves among them.
    team : sequence of str
        The team as it stands, the one who leaves included.
    position : int
        The seat, from 0.
    inspectors : sequence of Inspector
        All of the frozen pool, with their loads as they stand.

    Returns
    -------
    StandIn
        The first in the order of T("pair", unit, id) of those who may take this seat, have room
        and are not in the team.

    Raises
    ------
    ValueError
        If the team has no such place.

    Notes
    -----
    By ticket alone, not by load: loads move with every result that comes in, so the moment at
    which somebody declares a tie would choose the successor. No look-ahead: no other seat is open.
    """
    people = sorted(inspectors, key=lambda one: in_frame_order(one.id))
    seat_kind(rule, position)
    owned = [n for n, kind in enumerate(rule.seat_kinds) for _ in range(kind.seats)]
    lists = list(Eligibility(people, rule).seat_lists([task]))
    able = lists[owned[position]].able()
    free = [people[place].id for place in able if people[place].id not in team]
    if not free:
        return StandIn(None, _blocked(task, team, position, people, rule))
    pair = tickets(seed, "pair", algorithm)
    return StandIn(min(free, key=lambda i: (pair.of(task.code, i), in_frame_order(i))), None)


def _blocked(
    task: Task,
    team: Sequence[str],
    position: int,
    people: Sequence[Inspector],
    rule: TeamRule,
) -> Blocked:
    kind = seat_kind(rule, position)
    reasons = []
    for one in people:
        reason = static_reason(task, one, rule)
        if reason is None and kind.department not in (None, one.department):
            reason = Reason.DEPARTMENT
        if reason is None and kind.is_senior not in (None, one.is_senior):
            reason = Reason.SENIORITY
        if reason is None and one.id in team:
            reason = Reason.TEAM
        if reason is None:
            reason = Reason.LOAD
        reasons.append((one.id, reason))
    return Blocked(task.code, tuple(reasons))
