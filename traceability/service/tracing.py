"""Use cases of traceability: trace a lot, account for it, weigh what was stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from core.clock import now
from traceability.errors import (
    FutureRecordTime,
    HolderUnknown,
    NotATraceSize,
    SeedsDoNotFit,
    TooManySeeds,
)
from traceability.maths.answer import (
    ALGORITHM,
    Finding,
    LotView,
    PartyView,
    SeedView,
    Side,
    Trace,
    TracedLot,
)
from traceability.maths.balance import Balance, LotBalance
from traceability.maths.contact import Kill, Scope
from traceability.maths.network import Dates
from traceability.maths.tracing import Direction, Reached, Seed, trace_lots
from traceability.maths.weighing import weigh_lots
from traceability.models.ledger import LedgerFinding, TraceEvent
from traceability.queries.control import Counted, check_lines, kills_at
from traceability.queries.ledger import lot_view, lots, parties
from traceability.queries.neighbourhood import neighbourhood, rows_of_lots

MOST_DEPTH = 1000
MOST_NODES = 200_000
MOST_SEEDS = 1000
WEIGH_BATCH = 2000


def trace(
    session: Session,
    lot_id: int | Sequence[int],
    *,
    direction: Direction = "both",
    party_id: int | Sequence[int | None] | None = None,
    as_of: datetime | None = None,
    dates: Dates = "respected",
    max_depth: int = 50,
    max_nodes: int = 20_000,
    contact: Scope = "none",
    kill_steps: Counted = "confirmed",
) -> Trace:
    """Show where lots came from and where they went, with quantities and what is not known.

    Parameters
    ----------
    lot_id : int or sequence of int
        One lot, or several that are suspect together.
    party_id : int or sequence of (int or None), optional
        Only what this holder has of the lot is suspect (where the failing sample was taken); with
        several lots, one for each, None where the whole lot is.
    as_of : datetime, optional
        Read the ledgers as they stood at this record time; without it as they stand.
    dates : {"respected", "ignored"}
        Whether the order of time cuts paths.
    max_depth, max_nodes : int
        Bounds; an answer cut by one says so.
    contact : {"none", "station", "line"}
        Whether a lot passes something on to others that were at the same station or line after it.
    kill_steps : {"confirmed", "recorded", "none"}
        Which cleanings and other steps end contact.

    Raises
    ------
    LotUnknown, HolderUnknown, NotATraceSize, FutureRecordTime, SeedsDoNotFit, TooManySeeds
    NoLineKnown
    """
    asked = _seeds(lot_id, party_id)
    for name, value, most in (
        ("max_depth", max_depth, MOST_DEPTH),
        ("max_nodes", max_nodes, MOST_NODES),
    ):
        if not 1 <= value <= most:
            raise NotATraceSize(name=name, least=1, most=most, value=value)
    at = as_of or now()
    if at > now():
        raise FutureRecordTime(as_of=at.isoformat())
    seeds = tuple(SeedView(lot_view(session, each.lot), each.party) for each in asked)
    rows = neighbourhood(
        session,
        [each.lot for each in asked],
        forward=direction != "backward",
        backward=direction != "forward",
        as_of=at,
        max_depth=max_depth,
        max_nodes=max_nodes,
        beside=contact != "none",
        timeless=dates == "ignored",
    )
    check_lines(contact, rows)
    known = parties(session, {p for e in rows.events for p in (e.source, e.target) if p})
    kills = kills_at(session, known, at, kill_steps) if contact != "none" else ()
    reached = trace_lots(
        rows.events,
        rows.uses,
        seeds=asked,
        direction=direction,
        dates=dates,
        longest=max_depth,
        unlisted=_of_kind(known, "unlisted"),
        unregistered=_of_kind(known, "code", "name"),
        unread=rows.unread,
        contact=contact,
        kills=kills,
    )
    held = {(each.lot_id, each.party_id) for each in reached.holdings}
    for seed in seeds:
        if seed.party_id is not None and (seed.lot.lot_id, seed.party_id) not in held:
            raise HolderUnknown(lot=seed.lot.number, party_id=seed.party_id)
    because = rows.truncated_because or ("max_depth" if reached.is_cut else None)
    return _named(
        session, reached, known, seeds,
        direction=direction, dates=dates, as_of=at, contact=contact, kills=kills,
        last_event_id=rows.last_event_id, because=because,
    )  # fmt: skip


def _seeds(
    lot_id: int | Sequence[int], party_id: int | Sequence[int | None] | None
) -> tuple[Seed, ...]:
    """Lots with their holders, each once, in the order given."""
    lot_ids = [lot_id] if isinstance(lot_id, int) else list(lot_id)
    party_ids = (
        [party_id] if party_id is None or isinstance(party_id, int) else list(party_id)
    ) or [None]
    if party_ids == [None]:
        party_ids = [None] * len(lot_ids)
    if not lot_ids or len(party_ids) != len(lot_ids):
        raise SeedsDoNotFit(lots=len(lot_ids), parties=len(party_ids))
    if len(lot_ids) > MOST_SEEDS:
        raise TooManySeeds(most=MOST_SEEDS, value=len(lot_ids))
    return tuple(dict.fromkeys(map(Seed, lot_ids, party_ids)))


def _of_kind(known: dict[int, PartyView], *kinds: str) -> frozenset[int]:
    return frozenset(party_id for party_id, view in known.items() if view.kind in kinds)


def _named(
    session: Session,
    reached: Reached,
    known: dict[int, PartyView],
    seeds: tuple[SeedView, ...],
    *,
    direction: str,
    dates: str,
    as_of: datetime,
    contact: str,
    kills: tuple[Kill, ...],
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
        seed=seeds[0].lot,
        seed_party_id=seeds[0].party_id,
        seeds=seeds,
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
                        each.level,
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
        contact=contact,
        kill_step_ids=tuple(each.id for each in kills),
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
