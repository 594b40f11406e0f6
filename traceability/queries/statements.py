"""The evidence behind a trace: ledger rows and statements of events, by one number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from traceability.maths.answer import LotView, PartyView
from traceability.models.statements import StatementMovement
from traceability.queries.ledger import lots, parties

_ROWS = text(
    """
    SELECT e.id, 'ledger' AS source, e.kind, e.lot_id, e.from_party_id, e.to_party_id,
           NULL::bigint AS owner_party_id, NULL AS place, e.quantity, e.unit, e.earliest_at,
           e.latest_at, e.document_no, e.inputs, NULL AS process, e.file_sha256, e.file_row,
           NULL::bigint AS epcis_event_id, NULL AS event_name, NULL::bytea AS event_hash,
           e.recorded_at, (SELECT min(c.recorded_at) FROM trace_event c WHERE c.corrects_id = e.id)
           AS valid_until
    FROM trace_event e WHERE e.id = ANY(CAST(:ids AS bigint[]))
    UNION ALL
    SELECT m.id, 'event', m.kind, m.lot_id, m.from_party_id, m.to_party_id, m.owner_party_id,
           m.place, m.quantity, m.unit, m.earliest_at, m.latest_at, m.document_no, m.inputs,
           m.process, NULL, NULL, m.epcis_event_id, e.event_id, e.hash, m.recorded_at,
           m.retracted_at
    FROM statement_movement m LEFT JOIN epcis_event e ON e.id = m.epcis_event_id
    WHERE m.id = ANY(CAST(:ids AS bigint[]))
    ORDER BY 1
    """
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one row says, and where it is written.

    Attributes
    ----------
    id : int
        As traces, gaps and findings name it.
    source : {"ledger", "event"}
        A row of a ledger file, or a statement of a captured event.
    owner : PartyView | None
        Who owned the goods, where that is not who had them.
    file_sha256, file_row
        Of a ledger row.
    epcis_event_id, event_name, event_hash
        Of an event: its number in the journal, its eventID and its hash.
    valid_from, valid_until : datetime
        When it was known, and since when it is corrected or taken back.
    """

    id: int
    source: Literal["ledger", "event"]
    kind: str
    lot: LotView
    from_party: PartyView | None
    to_party: PartyView | None
    owner: PartyView | None
    place: str | None
    quantity: Decimal | None
    unit: str
    earliest_at: datetime | None
    latest_at: datetime | None
    document_no: str | None
    inputs: str | None
    process: str | None
    file_sha256: str | None
    file_row: int | None
    epcis_event_id: int | None
    event_name: str | None
    event_hash: str | None
    valid_from: datetime
    valid_until: datetime | None


def evidence(session: Session, ids: Iterable[int]) -> list[Evidence]:
    """What these rows say, by number; numbers that are none are left out."""
    rows = session.execute(_ROWS, {"ids": sorted(set(ids))}).all()
    named = lots(session, {row.lot_id for row in rows})
    known = parties(
        session,
        {
            each
            for row in rows
            for each in (row.from_party_id, row.to_party_id, row.owner_party_id)
            if each is not None
        },
    )
    return [_view(row, named, known) for row in rows]


def _view(row: Any, named: dict[int, LotView], known: dict[int, PartyView]) -> Evidence:
    return Evidence(
        id=row.id,
        source=row.source,
        kind=row.kind,
        lot=named[row.lot_id],
        from_party=known.get(row.from_party_id),
        to_party=known.get(row.to_party_id),
        owner=known.get(row.owner_party_id),
        place=row.place,
        quantity=row.quantity,
        unit=row.unit,
        earliest_at=row.earliest_at,
        latest_at=row.latest_at,
        document_no=row.document_no,
        inputs=row.inputs,
        process=row.process,
        file_sha256=row.file_sha256,
        file_row=row.file_row,
        epcis_event_id=row.epcis_event_id,
        event_name=row.event_name,
        event_hash=None if row.event_hash is None else bytes(row.event_hash).hex(),
        valid_from=row.recorded_at,
        valid_until=row.valid_until,
    )


def statements(
    *, lot_id: int | None = None, epcis_event_id: int | None = None, kind: str | None = None
) -> Select[StatementMovement]:
    """Statements of events that are valid now; to be paged by ``StatementMovement.id``."""
    statement = select(StatementMovement).where(StatementMovement.retracted_at.is_(None))
    if lot_id is not None:
        statement = statement.where(StatementMovement.lot_id == lot_id)
    if epcis_event_id is not None:
        statement = statement.where(StatementMovement.epcis_event_id == epcis_event_id)
    if kind is not None:
        statement = statement.where(StatementMovement.kind == kind)
    return statement


def events_behind(session: Session, ids: Iterable[int]) -> list[int]:
    """Numbers of the captured events behind some rows and behind what went into them: exactly the
    evidence to be handed over with a trace."""
    wanted = sorted(set(ids))
    rows = session.execute(
        text(
            "SELECT epcis_event_id FROM statement_movement"
            " WHERE id = ANY(CAST(:ids AS bigint[]))"
            " UNION SELECT input_event_id FROM statement_use"
            " WHERE movement_id = ANY(CAST(:ids AS bigint[])) ORDER BY 1"
        ),
        {"ids": wanted},
    ).scalars()
    return list(rows)


def owners_of(session: Session, ids: Iterable[int]) -> dict[int, PartyView]:
    """Row → who owned the goods, for rows that tell of an owner who did not have them."""
    rows = session.execute(
        select(StatementMovement.id, StatementMovement.owner_party_id).where(
            StatementMovement.id == func.any(sorted(set(ids))),
            StatementMovement.owner_party_id.is_not(None),
        )
    ).all()
    known = parties(session, {owner for _, owner in rows if owner is not None})
    return {number: known[owner] for number, owner in rows if owner is not None}


@dataclass(frozen=True, slots=True)
class ContentView:
    """Something inside a container for a time; NULL bounds are not known."""

    child: str
    lot: LotView | None
    quantity: Decimal | None
    unit: str
    from_at: datetime | None
    until_at: datetime | None
    is_asset: bool
    epcis_event_id: int


_CONTENTS = text(
    """
    SELECT c.key, s.lot_id, s.quantity, s.unit, s.from_at, s.until_at, s.is_asset,
           s.epcis_event_id
    FROM statement_containment s
    JOIN epcis_identifier p ON p.id = s.parent_id
    JOIN epcis_identifier c ON c.id = s.child_id
    WHERE p.key = :parent AND s.recorded_at <= :as_of
      AND (s.retracted_at IS NULL OR s.retracted_at > :as_of)
      AND (CAST(:at AS timestamptz) IS NULL
           OR (s.from_at IS NULL OR s.from_at <= :at) AND (s.until_at IS NULL OR :at < s.until_at))
    ORDER BY c.key, s.from_at NULLS FIRST, s.unit
    """
)


def contents(
    session: Session, parent: str, *, as_of: datetime, at: datetime | None = None
) -> list[ContentView]:
    """What lay in a container directly, ever or at an instant, as it was known at a record time."""
    rows = session.execute(_CONTENTS, {"parent": parent, "as_of": as_of, "at": at}).all()
    named = lots(session, {row.lot_id for row in rows if row.lot_id is not None})
    return [ContentView(row[0], named.get(row[1]), *row[2:]) for row in rows]
