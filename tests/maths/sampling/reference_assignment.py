"""The assignment as a plain program: lists of people, one ticket for each near one.

The first implementation of draw-v1, kept as what the arrays are held against.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from sampling.maths.commitment import in_frame_order, length_prefixed
from sampling.maths.draw import Tickets, tickets
from tests.maths.sampling.reference_completion import Completion, Demand

SMALLEST_TEAM: Final = 2


class Qualification(StrEnum):
    """Who in a team must be qualified for the unit's category."""

    NONE = "none"
    LEAD = "lead"  # the senior of a mixed team
    ALL = "all"


class Reason(StrEnum):
    """Why an inspector cannot visit a unit; the first that applies, in this order."""

    CERTIFICATE = "certificate"  # none, or no longer valid on the day of the visit
    REGION = "region"
    QUALIFICATION = "qualification"
    RECUSED = "recused"
    LOAD = "load"  # eligible, but without room left, or wanted by more units than there is room


@dataclass(frozen=True, slots=True)
class TeamRule:
    """What the plan asks of each team.

    ``is_mixed``: one senior leads, the others are not senior. With ``needs_certificate`` and
    ``needs_region`` false these two do not matter.
    """

    visit_on: date
    size: int = SMALLEST_TEAM
    is_mixed: bool = False
    qualification: Qualification = Qualification.ALL
    needs_certificate: bool = True
    needs_region: bool = True

    def __post_init__(self) -> None:
        if not SMALLEST_TEAM <= self.size <= 9:
            raise ValueError(f"a team has {SMALLEST_TEAM} to 9 inspectors, got {self.size}")
        if self.qualification is Qualification.LEAD and not self.is_mixed:
            raise ValueError("qualification 'lead' needs a mixed team: it names the senior")


@dataclass(frozen=True, slots=True)
class Inspector:
    """What is committed about an inspector. ``categories`` or ``regions`` None means all."""

    id: str
    is_senior: bool
    categories: frozenset[str] | None
    regions: frozenset[str] | None
    certificate_until: date | None
    load: int
    cap: int

    def __post_init__(self) -> None:
        if self.load < 0 or self.cap < 0:
            raise ValueError(f"inspector {self.id}: load and cap must be at least 0")


@dataclass(frozen=True, slots=True)
class Task:
    """A drawn unit to visit; ``recused`` are the ids of inspectors who must not."""

    code: str
    category: str
    region: str
    recused: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Team:
    """The inspectors of one task, in the order in which they were drawn; the lead is first."""

    code: str
    inspectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """A unit that cannot get its team, and why not, for each inspector that cannot help."""

    code: str
    reasons: tuple[tuple[str, Reason], ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Teams in the order of dispatch; or no team at all and the units that stand in the way."""

    teams: tuple[Team, ...]
    blocking: tuple[Blocked, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every task has its team."""
        return not self.blocking


def static_reason(task: Task, inspector: Inspector, rule: TeamRule) -> Reason | None:
    """Why this inspector can never visit this unit, whatever the load; None if eligible.

    Qualification for a category that only the lead needs is judged when seats are filled.
    """
    until = inspector.certificate_until
    if rule.needs_certificate and (until is None or until < rule.visit_on):
        return Reason.CERTIFICATE
    if rule.needs_region and inspector.regions is not None and task.region not in inspector.regions:
        return Reason.REGION
    must = rule.qualification is Qualification.ALL or (
        rule.qualification is Qualification.LEAD and inspector.is_senior
    )
    if must and inspector.categories is not None and task.category not in inspector.categories:
        return Reason.QUALIFICATION
    if inspector.id in task.recused:
        return Reason.RECUSED
    return None


def demands_of(
    task: Task, candidates: Sequence[Inspector], rule: TeamRule
) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """A task's seats: (how many, who may take them). A mixed team has two lists, disjoint."""
    fit = [i for i in candidates if i.id not in task.recused]
    if not rule.is_mixed:
        return ((rule.size, tuple(i.id for i in fit)),)
    return (
        (1, tuple(i.id for i in fit if i.is_senior)),
        (rule.size - 1, tuple(i.id for i in fit if not i.is_senior)),
    )


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
    by_id = {inspector.id: inspector for inspector in inspectors}
    if len(by_id) != len(inspectors) or len({task.code for task in tasks}) != len(tasks):
        raise ValueError("a task or an inspector is listed twice")
    dispatch = tickets(seed, "dispatch", algorithm)
    ordered = sorted(tasks, key=lambda t: (dispatch.of(t.code), in_frame_order(t.code)))
    owners, demands = _all_demands(ordered, inspectors, rule)

    alone = {
        owner
        for owner, demand in zip(owners, demands, strict=True)
        if sum(by_id[i].load < by_id[i].cap for i in demand.eligible) < demand.seats
    }
    if alone:
        blocked = _blocked([ordered[owner] for owner in alone], inspectors, rule)
        return Assignment(teams=(), blocking=blocked)

    rounds = _Rounds(
        codes=[ordered[owner].code for owner in owners],
        demands=demands,
        inspectors=by_id,
        pair=tickets(seed, "pair", algorithm),
    )
    chosen, is_stuck = rounds.without_look_ahead()
    if is_stuck:
        completion = Completion(demands, {i.id: max(0, i.cap - i.load) for i in inspectors})
        for demand, people in enumerate(chosen):
            for person in people:
                completion.seat(demand, person)
        deficient = completion.fill()
        if deficient:
            together = [ordered[owner] for owner in {owners[d] for d in deficient}]
            blocked = _blocked(together, inspectors, rule, is_contest=True)
            return Assignment(teams=(), blocking=blocked)
        chosen = rounds.with_look_ahead(completion)

    members: list[list[str]] = [[] for _ in ordered]
    for owner, people in zip(owners, chosen, strict=True):
        members[owner].extend(people)
    teams = (Team(t.code, tuple(people)) for t, people in zip(ordered, members, strict=True))
    return Assignment(teams=tuple(teams), blocking=())


def units_without_team(
    tasks: Iterable[Task], inspectors: Sequence[Inspector], rule: TeamRule
) -> tuple[Blocked, ...]:
    """Which units of a roster could never get a team, even as the only task of the day?

    Asked before a roster is committed, when something can still be done about it.
    """
    able = [inspector for inspector in inspectors if inspector.load < inspector.cap]
    classes = _Classes(able, rule)
    found = []
    for task in tasks:
        demands = demands_of(task, classes.candidates(task), rule)
        if any(len(eligible) < seats for seats, eligible in demands):
            found.append(task)
    return _blocked(found, inspectors, rule)


class _Rounds:
    """The seats in order, and two ways of going through them."""

    def __init__(
        self,
        *,
        codes: Sequence[str],
        demands: Sequence[Demand],
        inspectors: dict[str, Inspector],
        pair: Tickets,
    ) -> None:
        self.codes = codes
        self.demands = demands
        self.cap = {i.id: i.cap for i in inspectors.values()}
        self.start = {i.id: i.load for i in inspectors.values()}
        self.pair = pair
        self.named = {i.id: length_prefixed(i.id) for i in inspectors.values()}

    def without_look_ahead(self) -> tuple[list[list[str]], bool]:
        """The first in order for each seat; and whether a seat stayed empty."""
        load, cap = dict(self.start), self.cap
        chosen: list[list[str]] = []
        is_stuck = False
        for code, demand in zip(self.codes, self.demands, strict=True):
            with_room = [i for i in demand.eligible if load[i] < cap[i]]
            people = with_room
            if len(with_room) >= demand.seats:
                # Only those level with the last one taken can matter: tickets for them alone.
                last = sorted(load[i] for i in with_room)[demand.seats - 1]
                near = [i for i in with_room if load[i] <= last]
                people = self._in_order(code, near, load)[: demand.seats]
            is_stuck = is_stuck or len(people) < demand.seats
            for person in people:
                load[person] += 1
            chosen.append(people)
        return chosen, is_stuck

    def with_look_ahead(self, completion: Completion) -> list[list[str]]:
        """The first in order with whom all seats still open can be filled."""
        load, cap = dict(self.start), self.cap
        chosen = []
        for index, (code, demand) in enumerate(zip(self.codes, self.demands, strict=True)):
            people: list[str] = []
            for person in self._in_order(code, demand.eligible, load):
                if len(people) == demand.seats:
                    break
                if load[person] < cap[person] and completion.fix(index, person):
                    people.append(person)
            for person in people:
                load[person] += 1
            chosen.append(people)
        return chosen

    def _in_order(self, code: str, people: Iterable[str], load: dict[str, int]) -> list[str]:
        of, named = self.pair.under(code).of_prefixed, self.named
        # Equal tickets are never seen; the id, in its prefixed form, would settle them.
        keys = [(load[person], of(named[person]), named[person], person) for person in people]
        return [key[-1] for key in sorted(keys)]


class _Classes:
    """Eligible inspectors by (category, region): recusals aside, these two decide."""

    def __init__(self, inspectors: Sequence[Inspector], rule: TeamRule) -> None:
        self.inspectors = inspectors
        self.rule = rule
        self.found: dict[tuple[str, str], list[Inspector]] = {}

    def candidates(self, task: Task) -> list[Inspector]:
        key = (task.category, task.region)
        if key not in self.found:
            anyone = Task("", *key)
            self.found[key] = [
                i for i in self.inspectors if static_reason(anyone, i, self.rule) is None
            ]
        return self.found[key]


def _all_demands(
    ordered: Sequence[Task], inspectors: Sequence[Inspector], rule: TeamRule
) -> tuple[list[int], list[Demand]]:
    classes = _Classes(inspectors, rule)
    owners, demands = [], []
    for owner, task in enumerate(ordered):
        for seats, eligible in demands_of(task, classes.candidates(task), rule):
            owners.append(owner)
            demands.append(Demand(seats, eligible))
    return owners, demands


def _blocked(
    tasks: Sequence[Task],
    inspectors: Sequence[Inspector],
    rule: TeamRule,
    *,
    is_contest: bool = False,
) -> tuple[Blocked, ...]:
    """Each unit with the inspectors that cannot help; in a contest, room is short for all."""
    blocked = []
    for task in sorted(tasks, key=lambda task: in_frame_order(task.code)):
        reasons = []
        for inspector in sorted(inspectors, key=lambda inspector: in_frame_order(inspector.id)):
            reason = static_reason(task, inspector, rule)
            if reason is None and (is_contest or inspector.load >= inspector.cap):
                reason = Reason.LOAD
            if reason is not None:
                reasons.append((inspector.id, reason))
        blocked.append(Blocked(task.code, tuple(reasons)))
    return tuple(blocked)
