"""Freeze a trace, see what has changed since, and be told when something extends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, outbox
from core.actors import Actor
from core.clock import now, today
from core.errors import Stale
from core.numbers import next_number
from traceability.errors import (
    AlertSeen,
    NotWatched,
    TraceCut,
    WatchArmed,
    WatchReasonMissing,
)
from traceability.events import WatchAlarmed
from traceability.maths.answer import Trace
from traceability.maths.comparing import Difference, compare, standings_of
from traceability.maths.network import Dates
from traceability.maths.tracing import Direction
from traceability.models.ledger import LotLink, TraceEvent
from traceability.models.watch import TraceFreeze, TraceWatch, WatchAlert
from traceability.queries.watches import (
    alert_by_id,
    freeze_by_no,
    from_rows,
    to_rows,
    watch_of,
)
from traceability.service.tracing import trace

PREFIX = "ZS"  # 追溯
MOST_STEPS = 50


def freeze_trace(
    session: Session,
    actor: Actor,
    lot_id: int,
    *,
    reason: str,
    direction: Direction = "forward",
    party_id: int | None = None,
    dates: Dates = "respected",
) -> TraceFreeze:
    """Keep the answer to a trace as it stands now, under a number.

    Raises
    ------
    WatchReasonMissing
    LotUnknown, HolderUnknown
    TraceCut
        The answer is cut by a bound: half an answer is no ground for a decision.
    """
    said = _reason(reason)
    found = trace(session, lot_id, direction=direction, party_id=party_id, dates=dates)
    if found.truncated:
        raise TraceCut(lot=found.seed.number, because=found.truncated_because or "")
    standings = standings_of(found)
    row = TraceFreeze(
        no=next_number(session, PREFIX, today().year),
        lot_id=lot_id,
        party_id=party_id,
        direction=direction,
        dates=dates,
        as_of=found.as_of,
        algorithm=found.algorithm,
        last_event_id=found.last_event_id,
        digest=found.digest(),
        standings=to_rows(standings),
        lots=len({each.lot_id for each in standings}),
        parties=len({each.party_id for each in standings}),
        reason=said,
        frozen_by=actor.account_id or None,
        frozen_at=now(),
    )
    session.add(row)
    session.flush()  # the caller wants its number and id
    audit.record(
        session, actor, "trace.frozen", row.no, {"digest": row.digest, "holdings": len(standings)}
    )
    return row


def changes_since(
    session: Session, no: str, *, max_depth: int = MOST_STEPS
) -> tuple[TraceFreeze, Trace, Difference]:
    """What the same question answers now, against what was frozen.

    Raises
    ------
    FreezeUnknown
    """
    row = freeze_by_no(session, no)
    found = _again(session, row, max_depth)
    return row, found, _since(row.standings, found)


def arm(session: Session, actor: Actor, no: str) -> TraceWatch:
    """Watch a frozen trace: from now on whatever extends it raises an alert.

    What came between the freeze and now is told at once, as the first alert.

    Raises
    ------
    FreezeUnknown, WatchArmed
    """
    row = freeze_by_no(session, no)
    if watch_of(session, row.id, lock=True) is not None:
        raise WatchArmed(no=no)
    watch = TraceWatch(
        freeze_id=row.id,
        standings=row.standings,
        checked_until=row.as_of,
        armed_by=actor.account_id or None,
        armed_at=now(),
    )
    session.add(watch)
    session.flush()  # alerts name it
    audit.record(session, actor, "trace.watch-armed", no)
    _look(session, row, watch, MOST_STEPS)
    return watch


def disarm(session: Session, actor: Actor, no: str, *, version: int, reason: str) -> TraceWatch:
    """Stop watching, with the reason.

    Raises
    ------
    FreezeUnknown, NotWatched, WatchReasonMissing
    Stale
        It raised an alert or was changed since ``version``.
    """
    said = _reason(reason)
    watch = watch_of(session, freeze_by_no(session, no).id, lock=True)
    if watch is None:
        raise NotWatched(no=no)
    _same(watch.version, version)
    watch.disarmed_at = now()
    watch.disarmed_by = actor.account_id or None
    watch.disarm_reason = said
    audit.record(session, actor, "trace.watch-disarmed", no, {"reason": said})
    session.flush()  # the caller answers with the new version
    return watch


def note_alert(
    session: Session, actor: Actor, alert_id: int, *, version: int, note: str
) -> WatchAlert:
    """Say what is done about an alert.

    Raises
    ------
    AlertUnknown, AlertSeen, WatchReasonMissing, Stale
    """
    said = _reason(note)
    row = alert_by_id(session, alert_id, lock=True)
    if row.seen_at is not None:
        raise AlertSeen(alert_id=alert_id)
    _same(row.version, version)
    row.seen_at, row.seen_by, row.note = now(), actor.account_id or None, said
    audit.record(session, actor, "trace.alert-noted", str(alert_id), {"note": said})
    session.flush()  # the caller answers with the new version
    return row


def check_watches(session: Session, lot_ids: Iterable[int], *, max_depth: int = MOST_STEPS) -> int:
    """Look again at the watches whose lots have new rows; returns how many told something.

    A watch is touched by a row of a lot it knows: a new movement, a correction, or a use of a
    known lot in another. Lots further down have no way in but through one of these.
    """
    touched = set(lot_ids)
    told = 0
    watches = session.execute(
        select(TraceWatch).where(TraceWatch.disarmed_at.is_(None)).order_by(TraceWatch.id)
    ).scalars()
    for watch in list(watches):
        if touched & {row[0] for row in watch.standings}:
            session.refresh(watch, with_for_update=True)
            if watch.disarmed_at is None:
                freeze = session.get_one(TraceFreeze, watch.freeze_id)
                told += _look(session, freeze, watch, max_depth)
    return told


def lots_of_rows(session: Session, first_event_id: int, last_event_id: int) -> set[int]:
    """The lots that some ledger rows speak of, corrected rows and inputs included."""
    rows = select(TraceEvent).where(TraceEvent.id.between(first_event_id, last_event_id)).subquery()
    own = session.execute(select(rows.c.lot_id).distinct()).scalars()
    inputs = session.execute(
        select(LotLink.input_lot_id)
        .where(LotLink.event_id.between(first_event_id, last_event_id))
        .distinct()
    ).scalars()
    corrected = session.execute(
        select(TraceEvent.lot_id).where(
            TraceEvent.id.in_(select(rows.c.corrects_id).where(rows.c.corrects_id.is_not(None)))
        )
    ).scalars()
    taken_back = session.execute(
        select(LotLink.input_lot_id).where(
            LotLink.event_id.in_(select(rows.c.corrects_id).where(rows.c.corrects_id.is_not(None)))
        )
    ).scalars()
    return {*own, *inputs, *corrected, *taken_back}


def _look(session: Session, freeze: TraceFreeze, watch: TraceWatch, max_depth: int) -> bool:
    found = _again(session, freeze, max_depth)
    what = _since(watch.standings, found)
    watch.checked_until = found.as_of
    if what.is_empty:
        return False
    alert = WatchAlert(
        watch_id=watch.id,
        raised_at=now(),
        added=to_rows(what.added),
        gone=to_rows(what.gone),
        changed=[to_rows([each.before, each.after]) for each in what.changed],
    )
    watch.standings = _known_now(watch.standings, found)
    session.add(alert)
    session.flush()  # the message names it
    outbox.add(
        session,
        WatchAlarmed(
            alert_id=alert.id,
            freeze_no=freeze.no,
            added=len(what.added),
            gone=len(what.gone),
            changed=len(what.changed),
        ),
    )
    return True


def _since(standings: list[Any], found: Trace) -> Difference:
    """What has changed; of a trace that a bound cuts by now, nothing is told to be gone."""
    what = compare(from_rows(standings), standings_of(found))
    return replace(what, gone=()) if found.truncated else what


def _known_now(standings: list[Any], found: Trace) -> list[Any]:
    """What a watch knows after a look: the answer, and what a cut answer left out."""
    latest = {each.place: each for each in standings_of(found)}
    if found.truncated:
        latest = {each.place: each for each in from_rows(standings)} | latest
    return to_rows(latest[place] for place in sorted(latest))


def _again(session: Session, row: TraceFreeze, max_depth: int) -> Trace:
    direction: Direction = row.direction  # type: ignore[assignment]
    dates: Dates = row.dates  # type: ignore[assignment]
    return trace(
        session,
        row.lot_id,
        direction=direction,
        party_id=row.party_id,
        dates=dates,
        max_depth=max_depth,
    )


def _reason(given: str) -> str:
    said = given.strip()
    if not said:
        raise WatchReasonMissing
    return said


def _same(version: int, seen: int) -> None:
    if version != seen:
        raise Stale
