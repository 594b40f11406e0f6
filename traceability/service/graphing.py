"""Keeping the edges between holdings in step with what is stated about lots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.db import copy_rows
from core.progress import Progress, silent
from traceability.maths.edges import EdgeFact, history
from traceability.maths.network import Node
from traceability.models.graph import TraceEdge, TraceNode
from traceability.models.ledger import Lot, Party, TraceEvent
from traceability.queries.ever import events_ever, uses_into

# Lots worked out together: bounds memory, and is enough for COPY to pay.
LOTS_AT_ONCE = 5000

# Held to the end of the transaction by whoever changes edges, so that their numbers ascend in the
# order of commits: a snapshot that holds number n holds everything before it.
_LOCK = 0x67726170

_COLUMNS = (
    "source_id", "target_id", "link_key", "purpose", "kind", "lo", "hi", "quantity", "unit",
    "state", "event_ids", "recorded_at", "retracted_at", "closed_serial",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many edges were added and closed."""

    added: int = 0
    closed: int = 0

    def __add__(self, other: Refreshed) -> Refreshed:
        return Refreshed(self.added + other.added, self.closed + other.closed)


def refresh(session: Session, lot_ids: Iterable[int], *, progress: Progress = silent) -> Refreshed:
    """Bring the edges of some lots to what is stated about them, for every record time.

    Edges belong to the lot they lead to. All that was ever stated about a lot is worked out again
    and compared with the rows there are, so it may run late, twice or in any order: the edges in
    force at a record time come out the same. Whatever adds statements calls it with their lots.
    """
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    return _refresh(session, lot_ids, progress)


def refresh_if_free(session: Session, lot_ids: Iterable[int]) -> Refreshed | None:
    """The same, unless another transaction is at it: None, and a job must follow.

    For a person's request, which should not wait for the end of a large import.
    """
    is_free = session.execute(select(func.pg_try_advisory_xact_lock(_LOCK))).scalar_one()
    return _refresh(session, lot_ids, silent) if is_free else None


def _refresh(session: Session, lot_ids: Iterable[int], progress: Progress) -> Refreshed:
    wanted = sorted(set(lot_ids))
    done = Refreshed()
    for start in range(0, len(wanted), LOTS_AT_ONCE):
        progress("edges", start, len(wanted))
        done += _refresh_batch(session, wanted[start : start + LOTS_AT_ONCE])
    progress("edges", len(wanted), len(wanted))
    return done


def refresh_file(session: Session, file_sha256: str, *, progress: Progress = silent) -> Refreshed:
    """Bring the edges of every lot that a stored ledger file speaks of up to date."""
    lot_ids = session.execute(
        select(TraceEvent.lot_id).where(TraceEvent.file_sha256 == file_sha256).distinct()
    ).scalars()
    return refresh(session, lot_ids, progress=progress)


def rebuild(session: Session, *, progress: Progress = silent) -> Refreshed:
    """Bring the edges of all lots to what is stated; adds and closes nothing where they are."""
    return refresh(session, session.execute(select(Lot.id)).scalars(), progress=progress)


def _refresh_batch(session: Session, lot_ids: Sequence[int]) -> Refreshed:
    events, uses = list(events_ever(session, lot_ids)), list(uses_into(session, lot_ids))
    places = {(k.said.lot, k.said.source) for k in events if k.said.source}
    places |= {(k.said.lot, k.said.target) for k in events if k.said.target}
    places |= {(lot, k.said.party) for k in uses for lot in (k.said.input, k.said.output)}
    numbers = _nodes(session, places)
    parties = {party for _, party in places}
    stand_ins = frozenset(
        session.execute(
            select(Party.id).where(Party.kind == "unlisted", Party.id == func.any(list(parties)))
        ).scalars()
    )
    wanted = {
        _identity(edge.fact, edge.recorded_at, numbers): edge.retracted_at
        for edge in history(events, uses, stand_ins=stand_ins)
    }
    closings: list[tuple[int, datetime]] = []
    for identity, (edge_id, retracted_at) in _stored(session, lot_ids):
        if identity not in wanted:
            # Never in force, as is known now: what was recorded in between came late.
            closings.append((edge_id, identity[-1]))
        elif retracted_at == wanted[identity]:
            del wanted[identity]
        elif retracted_at is None and (ends_at := wanted[identity]) is not None:
            closings.append((edge_id, ends_at))
            del wanted[identity]
        else:
            closings.append((edge_id, identity[-1]))
    _close(session, closings)
    added = _add(session, wanted)
    return Refreshed(added, len(closings))


def _nodes(session: Session, places: set[Node]) -> dict[Node, int]:
    """Numbers of nodes; those not yet there are made, in order, without gaps in the numbers."""
    ordered = sorted(places)
    arguments = {"lots": [lot for lot, _ in ordered], "parties": [party for _, party in ordered]}
    wanted = "unnest(CAST(:lots AS bigint[]), CAST(:parties AS bigint[])) AS w (lot_id, party_id)"
    session.execute(
        text(
            f"INSERT INTO trace_node (lot_id, party_id) SELECT w.lot_id, w.party_id FROM {wanted}"  # noqa: S608
            " WHERE NOT EXISTS (SELECT 1 FROM trace_node n"
            " WHERE n.lot_id = w.lot_id AND n.party_id = w.party_id)"
            " ORDER BY w.lot_id, w.party_id"
        ),
        arguments,
    )
    rows = session.execute(
        text(
            f"SELECT n.lot_id, n.party_id, n.id FROM {wanted} JOIN trace_node n"  # noqa: S608
            " ON n.lot_id = w.lot_id AND n.party_id = w.party_id"
        ),
        arguments,
    ).all()
    return {(lot, party): number for lot, party, number in rows}


def _identity(fact: EdgeFact, recorded_at: datetime, numbers: dict[Node, int]) -> tuple[Any, ...]:
    return (
        numbers[fact.source],
        numbers[fact.target],
        fact.key,
        fact.purpose,
        fact.kind,
        fact.lo,
        fact.hi,
        fact.quantity,
        fact.unit,
        fact.state.value,
        fact.event_ids,
        recorded_at,
    )


def _stored(
    session: Session, lot_ids: Sequence[int]
) -> Iterator[tuple[tuple[Any, ...], tuple[int, datetime | None]]]:
    """Edges that lead to some lots, but for those never in force: what they say → which, until."""
    into = select(TraceNode.id).where(TraceNode.lot_id == func.any(list(lot_ids)))
    columns = [getattr(TraceEdge, name) for name in _COLUMNS[:13]]
    for condition in (
        TraceEdge.retracted_at.is_(None),
        TraceEdge.retracted_at > TraceEdge.recorded_at,
    ):
        statement = select(TraceEdge.id, *columns).where(TraceEdge.target_id.in_(into), condition)
        for row in session.execute(statement).all():
            identity = (*row[1:11], tuple(row[11]), row[12])
            yield identity, (row[0], row[13])


def _close(session: Session, closings: Sequence[tuple[int, datetime]]) -> None:
    if closings:
        session.execute(
            text(
                "UPDATE trace_edge e SET retracted_at = w.ended_at, closed_serial ="
                " nextval(pg_get_serial_sequence('trace_edge', 'id'))"
                " FROM unnest(CAST(:ids AS bigint[]), CAST(:ends AS timestamptz[]))"
                " AS w (id, ended_at) WHERE e.id = w.id"
            ),
            {"ids": [each for each, _ in closings], "ends": [at for _, at in closings]},
        )


def _add(session: Session, wanted: dict[tuple[Any, ...], datetime | None]) -> int:
    if not wanted:
        return 0
    ended = [identity for identity, ends_at in wanted.items() if ends_at is not None]
    serials = iter(
        session.execute(
            text(
                "SELECT nextval(pg_get_serial_sequence('trace_edge', 'id'))"
                " FROM generate_series(1, :count)"
            ),
            {"count": len(ended)},
        ).scalars()
    )
    rows = (
        (
            *identity[:10],
            list(identity[10]),
            identity[11],
            ends_at,
            None if ends_at is None else next(serials),
        )
        for identity, ends_at in sorted(wanted.items(), key=_place)
    )
    return copy_rows(session, TraceEdge, _COLUMNS, rows)


def _place(item: tuple[tuple[Any, ...], datetime | None]) -> tuple[Any, ...]:
    """Order in which edges are added: by record time, then by key."""
    identity, _ = item
    return identity[11].astimezone(UTC), identity[2], identity[3], identity[5:7]
