"""Legal clocks of a recall: start, meet, stop, and settle when a year's holidays become known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import audit, journal
from core.actors import Actor
from core.clock import now
from core.clocks import due
from recall.models import Recall, RecallDeadline
from recall.queries import files
from registry.maths.packs import read_rule, rule_document
from registry.queries import calendar, rule_on


def start_clock(session: Session, recall: Recall, rule_id: str, started_on: date) -> None:
    """Start a clock, or the next occurrence of one that returns (counted from its first start).

    Raises
    ------
    RuleNotInForce
        The rule packs say nothing for that day.
    """
    rule = rule_on(session, recall.pack, rule_id, started_on)
    if rule.clock is None:
        raise ValueError(f"rule {rule_id} of {recall.pack} is not a clock")
    occurrence = 1
    if rule.clock.repeats and (before := _latest(session, recall, rule_id)) is not None:
        occurrence, started_on = before.occurrence + 1, before.started_on
    days = calendar(session)
    found = due(rule.clock, started_on, days, occurrence=occurrence)
    session.add(
        RecallDeadline(
            recall_id=recall.id,
            enterprise_id=recall.enterprise_id,
            rule_id=rule_id,
            pack=rule.pack,
            rule=rule_document(rule),
            occurrence=occurrence,
            started_on=started_on,
            due_on=found.due_on,
            expires_at=found.expires_at,
            is_provisional=found.provisional,
            provisional_reason=found.reason,
            calendar_version=days.version,
            met_at=None,
            cancelled_at=None,
        )
    )
    session.flush()  # the next clock of this rule must see it


def meet_clocks(session: Session, recall: Recall, rule_ids: Sequence[str]) -> None:
    """Mark the duty as done now; how late it is, the clock itself tells."""
    _close(session, recall, rule_ids, "met_at")


def stop_clocks(session: Session, recall: Recall, rule_ids: Sequence[str]) -> None:
    """Let the duty fall away; a clock that was already overdue stays overdue in the record."""
    _close(session, recall, rule_ids, "cancelled_at")


def recalculate_clocks(session: Session, actor: Actor) -> int:
    """Settle provisional due days once the year's holiday notice is loaded; tells how many.

    A clock that is met, fell away or has run out is never recomputed.
    """
    rows = session.execute(
        select(RecallDeadline, Recall.number)
        .join(Recall, Recall.id == RecallDeadline.recall_id)
        .where(
            RecallDeadline.is_provisional,
            files.is_running(),
            RecallDeadline.expires_at > now(),
        )
        .with_for_update(of=RecallDeadline)
    ).all()
    days, settled = calendar(session), 0
    for row, number in rows:
        rule = read_rule(row.pack, row.rule)
        if rule.clock is None:
            continue
        found = due(rule.clock, row.started_on, days, occurrence=row.occurrence)
        if found.provisional:
            continue
        body = {"rule": row.rule_id, "from": row.due_on.isoformat(), "to": found.due_on.isoformat()}
        row.due_on, row.expires_at = found.due_on, found.expires_at
        row.is_provisional, row.provisional_reason = False, None
        row.calendar_version = days.version
        journal.append(session, files.stream_of(number), "clock-recalculated", body)
        audit.record(session, actor, "recall.clock-recalculated", number, body)
        settled += 1
    return settled


def _latest(session: Session, recall: Recall, rule_id: str) -> RecallDeadline | None:
    return session.execute(
        select(RecallDeadline)
        .where(RecallDeadline.recall_id == recall.id, RecallDeadline.rule_id == rule_id)
        .order_by(RecallDeadline.occurrence.desc(), RecallDeadline.id.desc())
        .limit(1)
    ).scalar_one_or_none()


def _close(session: Session, recall: Recall, rule_ids: Sequence[str], column: str) -> None:
    if rule_ids:
        session.execute(
            update(RecallDeadline)
            .where(
                RecallDeadline.recall_id == recall.id,
                RecallDeadline.rule_id.in_(rule_ids),
                files.is_running(),
            )
            .values({column: now()})
        )
