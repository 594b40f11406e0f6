"""Frozen traces, the watches over them, and what they told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from traceability.errors import AlertUnknown, FreezeUnknown
from traceability.maths.answer import LotView, PartyView
from traceability.maths.comparing import Standing
from traceability.models.watch import TraceFreeze, TraceWatch, WatchAlert
from traceability.queries.ledger import lots, parties


def to_rows(standings: Iterable[Standing]) -> list[list[Any]]:
    """Standings as they are kept."""
    return [
        [s.lot_id, s.party_id, s.side, s.depth, s.certain, *s.on_hand, s.unit] for s in standings
    ]


def from_rows(rows: Iterable[Sequence[Any]]) -> tuple[Standing, ...]:
    """Standings as they were kept."""
    return tuple(
        Standing(row[0], row[1], row[2], row[3], row[4], (row[5], row[6]), row[7]) for row in rows
    )


def freeze_by_no(session: Session, no: str) -> TraceFreeze:
    """One frozen trace.

    Raises
    ------
    FreezeUnknown
        There is none, or none that may be seen.
    """
    row = session.execute(select(TraceFreeze).where(TraceFreeze.no == no)).scalar_one_or_none()
    if row is None:
        raise FreezeUnknown(no=no)
    return row


def freezes(*, lot_id: int | None = None, watched: bool | None = None) -> Select[TraceFreeze]:
    """Frozen traces; to be paged by ``TraceFreeze.id``."""
    statement = select(TraceFreeze)
    if lot_id is not None:
        statement = statement.where(TraceFreeze.lot_id == lot_id)
    armed = select(TraceWatch.freeze_id).where(TraceWatch.disarmed_at.is_(None))
    if watched is not None:
        is_armed = TraceFreeze.id.in_(armed)
        statement = statement.where(is_armed if watched else ~is_armed)
    return statement


def watch_of(session: Session, freeze_id: int, *, lock: bool = False) -> TraceWatch | None:
    """The armed watch over a frozen trace."""
    statement = select(TraceWatch).where(
        TraceWatch.freeze_id == freeze_id, TraceWatch.disarmed_at.is_(None)
    )
    return session.execute(statement.with_for_update() if lock else statement).scalar_one_or_none()


@dataclass(frozen=True, slots=True)
class FreezeView:
    """A frozen trace with its lot, and its watch where one is armed."""

    no: str
    lot: LotView
    direction: str
    dates: str
    as_of: datetime
    algorithm: str
    digest: str
    lots: int
    parties: int
    reason: str
    frozen_at: datetime
    watch_version: int | None
    armed_at: datetime | None
    open_alerts: int


def freeze_views(session: Session, rows: Sequence[TraceFreeze]) -> list[FreezeView]:
    """Frozen traces with what a person needs, in the order given."""
    named = lots(session, {row.lot_id for row in rows})
    ids = [row.id for row in rows]
    armed = {
        watch.freeze_id: watch
        for watch in session.execute(
            select(TraceWatch).where(
                TraceWatch.freeze_id == func.any(ids), TraceWatch.disarmed_at.is_(None)
            )
        ).scalars()
    }
    waiting = {
        row.freeze_id: row.alerts
        for row in session.execute(
            select(TraceWatch.freeze_id, func.count().label("alerts"))
            .join(WatchAlert, WatchAlert.watch_id == TraceWatch.id)
            .where(TraceWatch.freeze_id == func.any(ids), WatchAlert.seen_at.is_(None))
            .group_by(TraceWatch.freeze_id)
        )
    }
    return [
        FreezeView(
            no=row.no,
            lot=named[row.lot_id],
            direction=row.direction,
            dates=row.dates,
            as_of=row.as_of,
            algorithm=row.algorithm,
            digest=row.digest,
            lots=row.lots,
            parties=row.parties,
            reason=row.reason,
            frozen_at=row.frozen_at,
            watch_version=armed[row.id].version if row.id in armed else None,
            armed_at=armed[row.id].armed_at if row.id in armed else None,
            open_alerts=waiting.get(row.id, 0),
        )
        for row in rows
    ]


def alerts(*, unseen: bool = False, freeze_no: str | None = None) -> Select[WatchAlert]:
    """What watches told; to be paged by ``WatchAlert.id``."""
    statement = select(WatchAlert)
    if unseen:
        statement = statement.where(WatchAlert.seen_at.is_(None))
    if freeze_no is not None:
        statement = statement.where(
            WatchAlert.watch_id.in_(
                select(TraceWatch.id)
                .join(TraceFreeze, TraceFreeze.id == TraceWatch.freeze_id)
                .where(TraceFreeze.no == freeze_no)
            )
        )
    return statement


def alert_by_id(session: Session, alert_id: int, *, lock: bool = False) -> WatchAlert:
    """One alert.

    Raises
    ------
    AlertUnknown
    """
    row = session.get(WatchAlert, alert_id, with_for_update=lock)
    if row is None:
        raise AlertUnknown(alert_id=alert_id)
    return row


def count_unseen(session: Session) -> int:
    """How many alerts wait for somebody."""
    return session.execute(
        select(func.count()).select_from(WatchAlert).where(WatchAlert.seen_at.is_(None))
    ).scalar_one()


@dataclass(frozen=True, slots=True)
class AlertView:
    """What a watch told, with the frozen trace it is about."""

    id: int
    freeze_no: str
    lot: LotView
    raised_at: datetime
    added: tuple[Standing, ...]
    gone: tuple[Standing, ...]
    changed: tuple[tuple[Standing, Standing], ...]
    seen_at: datetime | None
    note: str | None
    version: int


def alert_views(session: Session, rows: Sequence[WatchAlert]) -> list[AlertView]:
    """Alerts with what a person needs, in the order given."""
    found = session.execute(
        select(TraceWatch.id, TraceFreeze.no, TraceFreeze.lot_id)
        .join(TraceFreeze, TraceFreeze.id == TraceWatch.freeze_id)
        .where(TraceWatch.id == func.any([row.watch_id for row in rows]))
    ).all()
    of = {row.id: (row.no, row.lot_id) for row in found}
    named = lots(session, {lot_id for _, lot_id in of.values()})
    return [
        AlertView(
            id=row.id,
            freeze_no=of[row.watch_id][0],
            lot=named[of[row.watch_id][1]],
            raised_at=row.raised_at,
            added=from_rows(row.added),
            gone=from_rows(row.gone),
            changed=tuple(
                (from_rows([before])[0], from_rows([after])[0]) for before, after in row.changed
            ),
            seen_at=row.seen_at,
            note=row.note,
            version=row.version,
        )
        for row in rows
    ]


def names_of(
    session: Session, standings: Iterable[Standing]
) -> tuple[dict[int, LotView], dict[int, PartyView]]:
    """The lots and parties that standings speak of."""
    given = list(standings)
    return (
        lots(session, {each.lot_id for each in given}),
        parties(session, {each.party_id for each in given}),
    )
