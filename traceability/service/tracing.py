"""Use cases of traceability: trace a lot, account for it, weigh what was stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from core.clock import now
from traceability.errors import FutureRecordTime, HolderUnknown, NotATraceSize
from traceability.maths.answer import (
    ALGORITHM,
    Finding,
    LotView,
    PartyView,
    Side,
    Trace,
    TracedLot,
)
from traceability.maths.balance import Balance, LotBalance
from traceability.maths.network import Dates
from traceability.maths.tracing import Direction, Reached, trace_lots
from traceability.maths.weighing import weigh_lots
from traceability.models.ledger import LedgerFinding, TraceEvent
from traceability.queries.ledger import lot_view, lots, parties
from traceability.queries.neighbourhood import neighbourhood, rows_of_lots

MOST_DEPTH = 1000
MOST_NODES = 200_000
WEIGH_BATCH = 2000


def trace(
    session: Session,
    lot_id: int,
    *,
    direction: Direction = "both",
    party_id: int | None = None,
    as_of: datetime | None = None,
    dates: Dates = "respected",
    max_depth: int = 50,
    max_nodes: int = 20_000,
) -> Trace:
    """Show where a lot came from and where it went, with quantities and what is not known.

    Parameters
    ----------
    party_id : int, optional
        Only what this holder has of the lot is suspect (where the failing sample was taken).
    as_of : datetime, optional
        Read the ledgers as they stood at this record time; without it as they stand.
    dates : {"respected", "ignored"}
        Whether the order of time cuts paths.
    max_depth, max_nodes : int
        Bounds; an answer cut by one says so.

    Raises
    ------
    LotUnknown, HolderUnknown, NotATraceSize, FutureRecordTime
    """
    for name, value, most in (
        ("max_depth", max_depth, MOST_DEPTH),
        ("max_nodes", max_nodes, MOST_NODES),
    ):
        if not 1 <= value <= most:
            raise NotATraceSize(name=name, least=1, most=most, value=value)
    at = as_of or now()
    if at > now():
        raise FutureRecordTime(as_of=at.isoformat())
    seed = lot_view(session, lot_id)
    rows = neighbourhood(
        session,
        lot_id,
        forward=direction != "backward",
        backward=direction != "forward",
        as_of=at,
        max_depth=max_depth,
        max_nodes=max_nodes,
    )
    known = parties(session, {p for e in rows.events for p in (e.source, e.target) if p})
    reached = trace_lots(
        rows.events,
        rows.uses,
        lot=lot_id,
        party=party_id,
        direction=direction,
        dates=dates,
        longest=max_depth,
        unlisted=_of_kind(known, "unlisted"),
        unregistered=_of_kind(known, "code", "name"),
        unread=rows.unread,
    )
    if party_id is not None and not reached.holdings:
        raise HolderUnknown(lot=seed.number, party_id=party_id)
    because = rows.truncated_because or ("max_depth" if reached.is_cut else None)
    return _named(
        session, reached, known, seed,
        party_id=party_id, direction=direction, dates=dates, as_of=at,
        last_event_id=rows.last_event_id, because=because,
    )  # fmt: skip


def _of_kind(known: dict[int, PartyView], *kinds: str) -> frozenset[int]:
    return frozenset(party_id for party_id, view in known.items() if view.kind in kinds)


def _named(
    session: Session,
    reached: Reached,
    known: dict[int, PartyView],
    seed: LotView,
    *,
    party_id: int | None,
    direction: str,
    dates: str,
    as_of: datetime,
    last_event_id: int,
    because: str | None,
) -> Trace:
    """Put names to numbers, and order by what people read: depth, lot number, party."""
    views = lots(session, {each.lot_id for each in reached.lots})
    wanted = {each.party_id for each in reached.holdings} | {
        gap.ask_party_id for gap in reached.gaps
    }
    known |= parties(session, wanted - set(known))
    order = {side: rank for rank, side in enumerate(Side)}

    def place(party_id: int) -> tuple[str, int]:
        return known[party_id].code or "", party_id

    return Trace(
        seed=seed,
        seed_party_id=party_id,
        direction=direction,
        dates=dates,
        as_of=as_of,
        algorithm=ALGORITHM,
        last_event_id=last_event_id,
        parties=tuple(
            replace(known[each], roles=reached.roles.get(each, ()))
            for each in sorted(wanted, key=place)
        ),
        lots=tuple(
            sorted(
                (
                    TracedLot(
                        views[each.lot_id],
                        each.side,
                        each.depth,
                        each.earliest_at,
                        each.certain,
                        each.balance,
                    )
                    for each in reached.lots
                ),
                key=lambda t: (order[t.side], t.depth, t.lot.number, t.lot.lot_id),
            )
        ),
        holdings=tuple(
            sorted(
                reached.holdings,
                key=lambda h: (
                    order[h.side],
                    h.depth,
                    views[h.lot_id].number,
                    h.lot_id,
                    place(h.party_id),
                ),
            )
        ),
        edges=reached.edges,
        gaps=reached.gaps,
        findings=reached.findings,
        truncated=because is not None,
        truncated_because=because,
    )


@dataclass(frozen=True, slots=True)
class HeldLot:
    """A lot at one holder, with its balance there."""

    party: PartyView
    balance: Balance


@dataclass(frozen=True, slots=True)
class LotDetail:
    """A lot, what became of it, and where it is."""

    lot: LotView
    balance: LotBalance
    holders: tuple[HeldLot, ...]
    findings: tuple[Finding, ...]
    events: int
    as_of: datetime


def lot_detail(session: Session, lot_id: int, *, as_of: datetime | None = None) -> LotDetail:
    """Account for one lot: made, shipped, sold, held, and what nobody can say.

    Raises
    ------
    LotUnknown
    """
    at = as_of or now()
    view = lot_view(session, lot_id)
    rows = rows_of_lots(session, [lot_id], at)
    known = parties(session, {p for e in rows.events for p in (e.source, e.target) if p}
                    | {use.party for use in rows.uses if use.input == lot_id})  # fmt: skip
    weighed = weigh_lots(
        rows.events, rows.uses, [lot_id], unlisted=_of_kind(known, "unlisted"), unread=rows.unread
    )
    whole, at_holders = weighed.balances[lot_id]
    holders = [HeldLot(known[party_id], each) for party_id, each in at_holders.items()]
    return LotDetail(
        lot=view,
        balance=whole,
        holders=tuple(sorted(holders, key=lambda h: (h.party.code or "", h.party.party_id))),
        findings=weighed.findings,
        events=len(rows.events),
        as_of=at,
    )


def weigh(session: Session, lot_ids: Iterable[int]) -> int:
    """Keep the findings on some lots as they now stand; returns how many stand.

    A finding that no longer holds is closed, not deleted: it was true of what was known then.
    """
    wanted = sorted(set(lot_ids))
    standing = 0
    for start in range(0, len(wanted), WEIGH_BATCH):
        standing += _weigh_batch(session, wanted[start : start + WEIGH_BATCH])
    return standing


def _weigh_batch(session: Session, lot_ids: list[int]) -> int:
    at = now()
    rows = rows_of_lots(session, lot_ids, at)
    known = parties(session, {p for e in rows.events for p in (e.source, e.target) if p})
    weighed = weigh_lots(
        rows.events, rows.uses, lot_ids, unlisted=_of_kind(known, "unlisted"), unread=rows.unread
    )
    standing = {
        (row.kind, row.lot_id, row.party_id, tuple(row.event_ids)): row
        for row in session.execute(
            select(LedgerFinding).where(
                LedgerFinding.lot_id == func.any(lot_ids), LedgerFinding.closed_at.is_(None)
            )
        ).scalars()
    }
    fresh = []
    for finding in weighed.findings:
        row = standing.pop(
            (finding.kind.value, finding.lot_id, finding.party_id, finding.event_ids), None
        )
        if row is not None and row.facts == finding.facts:
            continue
        if row is not None:
            row.closed_at = at
        fresh.append(
            {
                "kind": finding.kind.value,
                "lot_id": finding.lot_id,
                "party_id": finding.party_id,
                "enterprise_id": _firm(known, finding.party_id),
                "event_ids": list(finding.event_ids),
                "facts": finding.facts,
                "found_at": at,
            }
        )
    if standing:
        session.execute(
            update(LedgerFinding)
            .where(LedgerFinding.id == func.any([row.id for row in standing.values()]))
            .values(closed_at=at)
        )
    if fresh:
        session.execute(insert(LedgerFinding), fresh)
    session.flush()
    return len(weighed.findings)


def _firm(known: dict[int, PartyView], party_id: int | None) -> int | None:
    view = known.get(party_id or 0)
    return view.enterprise_id if view else None


def weigh_file(session: Session, file_sha256: str) -> int:
    """Weigh every lot that a stored ledger file speaks of."""
    lot_ids = session.execute(
        select(TraceEvent.lot_id).where(TraceEvent.file_sha256 == file_sha256).distinct()
    ).scalars()
    return weigh(session, lot_ids)
