"""What runs when, as data. A slot is announced once, however many schedulers look at the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.clock import CIVIL_ZONE, now
from core.outbox import Message


@dataclass(frozen=True, slots=True)
class Entry:
    """One recurring announcement.

    Attributes
    ----------
    slot : callable
        Civil time → the name of the slot that is due by then, or None before its hour.
    payload : callable
        Civil time → the fields of the message.
    """

    name: str
    topic: str
    slot: Callable[[datetime], str | None]
    payload: Callable[[datetime], dict[str, Any]]


def _weekly_monday_six(civil: datetime) -> str | None:
    """From Monday 06:00 on, when the past week's reports are in."""
    if civil.weekday() == 0 and civil.hour < 6:
        return None
    year, week, _ = civil.isocalendar()
    return f"{year}-W{week:02d}"


def _daily_five(civil: datetime) -> str | None:
    """From 05:00 on, each day."""
    return civil.date().isoformat() if civil.hour >= 5 else None


def _hourly(civil: datetime) -> str | None:
    """Each hour."""
    return f"{civil:%Y-%m-%dT%H}"


SCHEDULE: tuple[Entry, ...] = (
    Entry(
        name="risk.weekly",
        topic="risk.detection-requested",
        slot=_weekly_monday_six,
        payload=lambda _civil: {"through_week": None, "account_id": None},
    ),
    Entry(
        name="recall.settle-clocks",
        topic="recall.settling-due",
        slot=_daily_five,
        payload=lambda _civil: {},
    ),
    Entry("sampling.sign-log", "sampling.log-due", _daily_five, lambda _civil: {}),
    Entry(
        name="sampling.settle-cases",
        topic="sampling.settling-due",
        slot=_daily_five,
        payload=lambda _civil: {},
    ),
    Entry("traceability.keep-graph", "traceability.graph-due", _hourly, lambda _civil: {}),
)


def announce_due(session: Session, moment: datetime | None = None) -> list[str]:
    """Announce every slot that is due and not yet announced; returns their keys."""
    at = moment or now()
    civil = at.astimezone(CIVIL_ZONE)
    announced = []
    for entry in SCHEDULE:
        slot = entry.slot(civil)
        if slot is None:
            continue
        key = f"{entry.name}/{slot}"
        known = session.execute(select(Message.id).where(Message.once_key == key)).one_or_none()
        if known is not None:
            continue
        added = session.execute(
            insert(Message)
            .values(topic=entry.topic, payload=entry.payload(civil), once_key=key, created_at=at)
            .on_conflict_do_nothing()
            .returning(Message.id)
        ).one_or_none()
        if added is not None:
            announced.append(key)
    return announced
