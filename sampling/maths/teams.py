"""What a plan asks of teams, what is known of inspectors, and why somebody may not go.

The wording of the rule: docs/protocol/draw-v1.md, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

SMALLEST_TEAM: Final = 2
LARGEST_TEAM: Final = 9


class Qualification(StrEnum):
    """Who in a team must be qualified for the unit's category."""

    NONE = "none"
    LEAD = "lead"  # the senior of a mixed team
    ALL = "all"


class Pool(StrEnum):
    """Two kinds of people for two kinds of acts."""

    OFFICERS = "officers"  # certified officers: every act, administrative inspection (行政检查) too
    AGENCY = "agency"  # staff of an entrusted body: supervision sampling (监督抽查) alone


class Reason(StrEnum):
    """Why an inspector cannot visit a unit; the first that applies, in this order."""

    POOL = "pool"  # belongs to the other pool
    DEPARTMENT = "department"  # of none that the joint visit names
    CERTIFICATE = "certificate"  # none, or no longer valid on the day of the visit
    REGION = "region"
    QUALIFICATION = "qualification"
    RECUSED = "recused"
    SENIORITY = "seniority"  # senior where the seat is for another, or the other way round
    TEAM = "team"  # has another seat of this team already
    LOAD = "load"  # eligible, but without room left, or wanted by more units than there is room


@dataclass(frozen=True, slots=True)
class DepartmentRule:
    """What a joint visit (跨部门联合检查) asks of one department; only its own officers sit."""

    key: str
    size: int = SMALLEST_TEAM
    is_mixed: bool = False
    qualification: Qualification = Qualification.ALL

    def __post_init__(self) -> None:
        if not SMALLEST_TEAM <= self.size <= LARGEST_TEAM:
            raise ValueError(
                f"department {self.key} sends {SMALLEST_TEAM} to {LARGEST_TEAM} inspectors, "
                f"got {self.size}"
            )
        if self.qualification is Qualification.LEAD and not self.is_mixed:
            raise ValueError("qualification 'lead' needs a mixed team: it names the senior")


@dataclass(frozen=True, slots=True)
class TeamRule:
    """What the plan asks of each team.

    ``is_mixed``: one senior leads, the others are not senior. With ``needs_certificate`` and
    ``needs_region`` false these two do not matter. ``pool`` None: nobody asks. With
    ``departments`` the visit is joint, and size, mix and qualification are theirs.
    """

    visit_on: date
    size: int = SMALLEST_TEAM
    is_mixed: bool = False
    qualification: Qualification = Qualification.ALL
    needs_certificate: bool = True
    needs_region: bool = True
    pool: Pool | None = None
    departments: tuple[DepartmentRule, ...] = ()

    def __post_init__(self) -> None:
        if not SMALLEST_TEAM <= self.size <= LARGEST_TEAM:
            raise ValueError(
                f"a team has {SMALLEST_TEAM} to {LARGEST_TEAM} inspectors, got {self.size}"
            )
        if self.qualification is Qualification.LEAD and not self.is_mixed:
            raise ValueError("qualification 'lead' needs a mixed team: it names the senior")
        keys = [one.key for one in self.departments]
        if len(set(keys)) != len(keys):
            raise ValueError(f"a department is named twice: {', '.join(keys)}")

    @property
    def seat_kinds(self) -> tuple[SeatKind, ...]:
        """The seat lists of each unit, in order: of a joint visit those of each department."""
        parts = self.departments or (
            DepartmentRule("", self.size, self.is_mixed, self.qualification),
        )
        kinds: list[SeatKind] = []
        for part in parts:
            key = part.key if self.departments else None
            if part.is_mixed:
                kinds.append(SeatKind(1, key, True, part.qualification))
                kinds.append(SeatKind(part.size - 1, key, False, part.qualification))
            else:
                kinds.append(SeatKind(part.size, key, None, part.qualification))
        return tuple(kinds)


@dataclass(frozen=True, slots=True)
class SeatKind:
    """One seat list: how many, of which department (None: any), senior or not (None: either)."""

    seats: int
    department: str | None
    is_senior: bool | None
    qualification: Qualification


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
    pool: Pool | None = None
    department: str | None = None

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
    """A unit that cannot get its team, and why not, for each inspector that cannot help.

    Where very many units are named, the later ones carry no reasons.
    """

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
    if rule.pool is not None and inspector.pool != rule.pool:
        return Reason.POOL
    wanted = rule.qualification
    if rule.departments:
        own = [one for one in rule.departments if one.key == inspector.department]
        if not own:
            return Reason.DEPARTMENT
        wanted = own[0].qualification
    until = inspector.certificate_until
    if rule.needs_certificate and (until is None or until < rule.visit_on):
        return Reason.CERTIFICATE
    if rule.needs_region and inspector.regions is not None and task.region not in inspector.regions:
        return Reason.REGION
    must = wanted is Qualification.ALL or (wanted is Qualification.LEAD and inspector.is_senior)
    if must and inspector.categories is not None and task.category not in inspector.categories:
        return Reason.QUALIFICATION
    if inspector.id in task.recused:
        return Reason.RECUSED
    return None
