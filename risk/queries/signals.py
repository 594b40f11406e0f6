"""Signals: lists, one whole, counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from risk.errors import SignalUnknown
from risk.maths.levels import Level
from risk.maths.weekly import week_label
from risk.models import Signal, SignalDecision
from risk.queries.evidence import Evidence, evidence_of
from risk.queries.names import category_names, region_names

SIGNAL_KEY = (Signal.week, Signal.id)


@dataclass(frozen=True, slots=True)
class SignalView:
    """A signal in a list."""

    id: int
    number: str
    source: str
    region_code: str
    region_name: str
    category_code: str
    category_name: str
    week: str
    week_on: date
    observed: int
    population: int | None
    expected: float
    upper: float
    p_value: float
    exceedance: float
    level: str
    state: str
    outcome: str | None
    owner: str | None
    data_through: date
    algorithm_version: str
    raised_at: datetime
    version: int
    recent: list[int | None]  # the last 12 weeks, for a small line


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One decision in a signal's history."""

    action: str
    reason: str
    by: str
    owner: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class SignalDetail:
    """Everything the page of one signal shows."""

    signal: SignalView
    counts: dict[str, Any]
    reason: dict[str, Any]
    series: dict[str, Any]
    level_table: str
    run_id: int
    evidence: Evidence
    decisions: tuple[DecisionView, ...]
    similar: tuple[SignalView, ...]  # earlier signals of the same series, newest first


@dataclass(frozen=True, slots=True)
class SignalCounts:
    """How much waits: by state, and by level for those not closed."""

    new: int
    assigned: int
    closed: int
    open_by_level: dict[str, int]


def signals_statement(
    *,
    level: str | None = None,
    region: str | None = None,
    category: str | None = None,
    state: str | None = None,
    source: str | None = None,
    open_only: bool = False,
) -> Select[Signal]:
    """Signals by filter, unordered; list them by ``(Signal.week, Signal.id)``, newest first."""
    statement = select(Signal)
    for column, value in (
        (Signal.level, level),
        (Signal.region_code, region),
        (Signal.category_code, category),
        (Signal.state, state),
        (Signal.source, source),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if open_only:
        statement = statement.where(Signal.state != "closed")
    return statement


def open_signals(session: Session, *, limit: int = 50, **filters: str | None) -> list[SignalView]:
    """The newest signals nobody has closed yet."""
    rows = session.execute(
        signals_statement(open_only=True, **filters)
        .order_by(Signal.week.desc(), Signal.id.desc())
        .limit(limit)
    ).scalars()
    return signal_views(session, list(rows))


def signal_views(session: Session, signals: Sequence[Signal]) -> list[SignalView]:
    """Signals as people see them, with the names that the register knows."""
    regions = region_names(session, {signal.region_code for signal in signals})
    categories = category_names(session, {signal.category_code for signal in signals})
    return [
        SignalView(
            id=signal.id,
            number=signal.number,
            source=signal.source,
            region_code=signal.region_code,
            region_name=regions.get(signal.region_code, signal.region_code),
            category_code=signal.category_code,
            category_name=categories.get(signal.category_code, signal.category_code),
            week=week_label(signal.week),
            week_on=signal.week,
            observed=signal.observed,
            population=signal.population,
            expected=signal.expected,
            upper=signal.upper,
            p_value=signal.p_value,
            exceedance=signal.exceedance,
            level=signal.level,
            state=signal.state,
            outcome=signal.outcome,
            owner=signal.owner_name,
            data_through=signal.data_through,
            algorithm_version=signal.algorithm_version,
            raised_at=signal.raised_at,
            version=signal.version,
            recent=signal.series["observed"][-12:],
        )
        for signal in signals
    ]


def signal_row(session: Session, number: str) -> Signal:
    """The signal with this number.

    Raises
    ------
    SignalUnknown
        There is none.
    """
    signal = session.execute(select(Signal).where(Signal.number == number)).scalar_one_or_none()
    if signal is None:
        raise SignalUnknown(number=number)
    return signal


def signal_detail(session: Session, number: str) -> SignalDetail:
    """A signal with its series, the counts behind it, the evidence and the decisions.

    Raises
    ------
    SignalUnknown
        There is none.
    """
    signal = signal_row(session, number)
    earlier = session.execute(
        signals_statement(
            source=signal.source, region=signal.region_code, category=signal.category_code
        )
        .where(Signal.id != signal.id, Signal.week <= signal.week)
        .order_by(Signal.week.desc(), Signal.id.desc())
        .limit(10)
    ).scalars()
    views = signal_views(session, [signal, *earlier])
    return SignalDetail(
        signal=views[0],
        counts=signal.counts,
        reason=signal.reason,
        series=signal.series,
        level_table=signal.level_table,
        run_id=signal.run_id,
        evidence=evidence_of(session, signal),
        decisions=_decisions(session, signal.id),
        similar=tuple(views[1:]),
    )


def _decisions(session: Session, signal_id: int) -> tuple[DecisionView, ...]:
    rows = session.execute(
        select(SignalDecision)
        .where(SignalDecision.signal_id == signal_id)
        .order_by(SignalDecision.id)
    ).scalars()
    return tuple(
        DecisionView(row.action, row.reason, row.account_name, row.owner_name, row.decided_at)
        for row in rows
    )


def counts_by_level(session: Session, **filters: Any) -> dict[str, int]:
    """How many signals of each level fit a filter; every level is named."""
    found = dict(
        session.execute(
            signals_statement(**filters)
            .with_only_columns(Signal.level, func.count())
            .group_by(Signal.level)
        ).all()
    )
    return {level.value: found.get(level.value, 0) for level in Level}


def signal_counts(session: Session) -> SignalCounts:
    """How much waits."""
    by_state = dict(
        session.execute(select(Signal.state, func.count()).group_by(Signal.state)).all()
    )
    by_level = dict(
        session.execute(
            select(Signal.level, func.count())
            .where(Signal.state != "closed")
            .group_by(Signal.level)
        ).all()
    )
    return SignalCounts(
        new=by_state.get("new", 0),
        assigned=by_state.get("assigned", 0),
        closed=by_state.get("closed", 0),
        open_by_level={level.value: by_level.get(level.value, 0) for level in Level},
    )
