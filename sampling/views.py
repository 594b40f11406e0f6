"""What questions to sampling are answered with: frozen, without the database behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class StratumView:
    """A stratum with what became of it. ``size`` is None until the roster is frozen."""

    key: str
    size: int | None
    quota: int
    reserve: int
    done: int  # of the units to visit, those with a result
    failing: int
    replaced: int


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source of entropy and how far its value is; ``value`` only once it stands."""

    place: int
    kind: str
    name: str
    due_at: datetime | None
    typed_by: tuple[int, ...]  # accounts
    value: str | None
    signature: str | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan as lists show it."""

    id: int
    no: str
    title: str
    state: str
    strata_by: str
    visit_on: date
    created_at: datetime
    committed_at: datetime | None
    drawn_at: datetime | None
    void_reason: str | None
    frame_size: int | None
    quota: int
    done: int
    waits_for: str | None  # "freeze", "dice", "beacon", "text", "demo", "draw", "results", None
    version: int


@dataclass(frozen=True, slots=True)
class PlanDetail:
    """A plan with all that its page needs."""

    summary: PlanView
    digest: str
    identity: str
    disclose_on: date | None
    purpose: str
    method: Mapping[str, Any]
    coordination: Mapping[str, Any] | None
    team: Mapping[str, Any]
    filters: Mapping[str, Any]
    strata: tuple[StratumView, ...]
    sources: tuple[SourceView, ...]
    inspectors: int
    frame_root: str | None
    plan_hash: str | None
    commitment: str | None
    seed: str | None
    software: str | None
    voided_at: datetime | None
    blocking: tuple[Mapping[str, Any], ...]
    shortage: Mapping[str, Any] | None
    is_demo: bool


@dataclass(frozen=True, slots=True)
class SeatView:
    """An inspector in a team; the first leads."""

    person_id: int
    inspector_id: str
    number: str
    name: str
    department: str | None = None  # of a joint visit


@dataclass(frozen=True, slots=True)
class ResultView:
    """What was found."""

    inspected_on: date
    outcome: str
    inspected: int
    failing: int
    critical: int
    serious: int
    minor: int
    note: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class DrawnUnitView:
    """A drawn unit or a reserve."""

    plan_no: str
    code: str
    enterprise_id: int
    name: str
    stratum: str
    category_code: str
    region_code: str
    grade: str | None
    risk_tier: str | None
    rank: int
    ticket: str
    chance: float  # inclusion probability, as published
    role: str  # "selected", "reserve", "replacement" (a reserve called up), "replaced"
    dispatch: int | None  # order in the assignment
    team: tuple[SeatView, ...]
    result: ResultView | None
    replaced_by: str | None
    replaces: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class TaskView:
    """An open visit of an inspector."""

    plan_no: str
    plan_title: str
    code: str
    name: str
    visit_on: date
    is_lead: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for somebody."""

    open_tasks: int
    drafts: int
    awaiting_dice: int
    awaiting_source: int
    ready_to_draw: int


@dataclass(frozen=True, slots=True)
class PublicDrawView:
    """A plan as everybody sees it, from its commitment on."""

    no: str
    title: str
    state: str
    committed_at: datetime
    commitment: str
    frame_size: int
    quota: int
    visit_on: date
    drawn_at: datetime | None
    disclose_on: date | None
    voided_at: datetime | None
    void_reason: str | None
    is_demo: bool


@dataclass(frozen=True, slots=True)
class DepartmentView:
    """One department of a joint visit, with its own items and what it found."""

    key: str
    name: str
    items: tuple[str, ...]
    inspected_on: date | None
    outcome: str | None
    findings: tuple[Mapping[str, Any], ...]
    note: str | None
    recorded_at: datetime | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class SeriesView:
    """A series of lots as lists show it."""

    id: int
    no: str
    enterprise_code: str
    enterprise_name: str
    product: str
    characteristic: str
    aql: float
    level: str
    reduced_allowed: bool
    state: str
    is_stopped: bool
    score: int
    lots: int
    opened_at: datetime
    closed_at: datetime | None
    closed_reason: str | None
    version: int


@dataclass(frozen=True, slots=True)
class LotView:
    """A judged lot."""

    position: int
    lot_no: str
    inspected_on: date
    size: int
    found: int
    is_original: bool
    is_steady: bool
    reduced_allowed: bool
    is_improved: bool
    letter: str
    sample_size: int
    acceptance_number: int
    is_accepted: bool
    rule: str
    state_before: str
    state_after: str
    stopped_after: bool
    score_after: int
    note: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class SeriesDetail:
    """A series with its lots, oldest first."""

    summary: SeriesView
    lots: tuple[LotView, ...]


@dataclass(frozen=True, slots=True)
class SeatChangeView:
    """A recusal declared after the draw; the reason is for staff."""

    code: str
    unit_name: str
    position: int
    name_out: str
    name_in: str
    kind: str
    reason: str
    changed_at: datetime
