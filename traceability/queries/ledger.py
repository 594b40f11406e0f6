"""Questions to the ledgers; nothing here changes anything."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select, text
from sqlalchemy.orm import Session

from core.imports import ImportRecord
from registry.maths.codes import check_gtin
from registry.models import Enterprise, Product
from traceability.errors import LotAmbiguous, LotUnknown, UploadUnknown
from traceability.maths.answer import LotView, PartyView, Trace
from traceability.models.ledger import LedgerFinding, LedgerUpload, Lot, Party, TraceEvent


def lot_key(number: str) -> str:
    """A lot number as it is compared: half-width, upper case, blanks closed up.

    GS1 lets lot numbers differ in case alone. Ledgers are typed by people, and two lots made one
    is a wider recall, one lot made two is a broken trail.
    """
    return " ".join(unicodedata.normalize("NFKC", number).split()).upper()


def parties(session: Session, party_ids: Iterable[int]) -> dict[int, PartyView]:
    """Parties by number; an enterprise with its name of today."""
    rows = session.execute(
        select(
            Party.id,
            Party.kind,
            Party.enterprise_id,
            func.coalesce(Enterprise.code, Party.code),
            func.coalesce(Enterprise.name, Party.name),
            Enterprise.region_id,
        )
        .outerjoin(Enterprise, Enterprise.id == Party.enterprise_id)
        .where(Party.id == func.any(list(party_ids)))
    ).all()
    return {row[0]: PartyView(*row) for row in rows}


Rows = Select[*tuple[Any, ...]]


def _lot_views() -> Rows:
    return select(
        Lot.id,
        Lot.number,
        Product.id,
        Product.name,
        Product.gtin,
        Product.category_id,
        Product.enterprise_id,
    ).join(Product, Product.id == Lot.product_id)


def lots(session: Session, lot_ids: Iterable[int]) -> dict[int, LotView]:
    """Lots by number of their row."""
    rows = session.execute(_lot_views().where(Lot.id == func.any(list(lot_ids)))).all()
    return {row[0]: LotView(*row) for row in rows}


def lot_view(session: Session, lot_id: int) -> LotView:
    """One lot.

    Raises
    ------
    LotUnknown
        There is none.
    """
    found = lots(session, [lot_id])
    if lot_id not in found:
        raise LotUnknown(lot=lot_id)
    return found[lot_id]


def _pattern(given: str) -> str:
    return given.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def lots_matching(given: str) -> Select[Lot]:
    """Lots by part of their number or product name, or by GTIN; to be paged by key and id."""
    statement = select(Lot).join(Product, Product.id == Lot.product_id)
    key = lot_key(given)
    if not key:
        return statement
    conditions: list[ColumnElement[bool]] = [
        Lot.key.like(f"%{_pattern(key)}%"),
        Product.name.ilike(f"%{_pattern(given.strip())}%"),
    ]
    gtin = check_gtin(given)
    if gtin.valid:
        conditions.append(Product.gtin == gtin.normalised)
    return statement.where(or_(*conditions))


def find_lots(session: Session, given: str, limit: int = 20) -> list[LotView]:
    """The lots most like some words: exact number first, then its beginning, then its parts."""
    key = lot_key(given)
    rank = case((Lot.key == key, 0), (Lot.key.like(f"{_pattern(key)}%"), 1), else_=2)
    found = session.execute(
        lots_matching(given).with_only_columns(Lot.id).order_by(rank, Lot.key, Lot.id).limit(limit)
    ).scalars()
    ordered = list(found)
    views = lots(session, ordered)
    return [views[lot_id] for lot_id in ordered]


def lot_by_number(
    session: Session, number: str, *, gtin: str | None = None, maker_code: str | None = None
) -> LotView:
    """The lot with this number; GTIN or maker tell apart what several products share.

    Raises
    ------
    LotUnknown, LotAmbiguous
    """
    statement = _lot_views().where(Lot.key == lot_key(number))
    if gtin is not None:
        statement = statement.where(Product.gtin == check_gtin(gtin).normalised)
    if maker_code is not None:
        statement = statement.join(Enterprise, Enterprise.id == Product.enterprise_id).where(
            Enterprise.code == maker_code.upper()
        )
    rows = session.execute(statement.order_by(Lot.id).limit(100)).all()
    if not rows:
        raise LotUnknown(lot=number)
    if len(rows) > 1:
        raise LotAmbiguous(number=number, count=len(rows))
    return LotView(*rows[0])


def movements(
    *, lot_id: int | None = None, enterprise_id: int | None = None, kind: str | None = None
) -> Select[TraceEvent]:
    """Ledger rows; to be paged by ``TraceEvent.id``."""
    statement = select(TraceEvent)
    if lot_id is not None:
        statement = statement.where(TraceEvent.lot_id == lot_id)
    if enterprise_id is not None:
        statement = statement.where(TraceEvent.enterprise_id == enterprise_id)
    if kind is not None:
        statement = statement.where(TraceEvent.kind == kind)
    return statement


@dataclass(frozen=True, slots=True)
class MovementView:
    """A ledger row with the names a person needs."""

    id: int
    enterprise_id: int
    kind: str
    lot: LotView
    from_party: PartyView | None
    to_party: PartyView | None
    quantity: Decimal | None
    unit: str
    earliest_at: datetime | None
    latest_at: datetime | None
    document_no: str | None
    inputs: str | None
    corrects_id: int | None
    file_sha256: str
    file_row: int
    recorded_at: datetime


def movement_views(session: Session, events: Sequence[TraceEvent]) -> list[MovementView]:
    """Ledger rows with their names, in the order given."""
    named = lots(session, {event.lot_id for event in events})
    known = parties(
        session, {p for e in events for p in (e.from_party_id, e.to_party_id) if p is not None}
    )
    return [
        MovementView(
            id=event.id,
            enterprise_id=event.enterprise_id,
            kind=event.kind,
            lot=named[event.lot_id],
            from_party=known.get(event.from_party_id or 0),
            to_party=known.get(event.to_party_id or 0),
            quantity=event.quantity,
            unit=event.unit,
            earliest_at=event.earliest_at,
            latest_at=event.latest_at,
            document_no=event.document_no,
            inputs=event.inputs,
            corrects_id=event.corrects_id,
            file_sha256=event.file_sha256,
            file_row=event.file_row,
            recorded_at=event.recorded_at,
        )
        for event in events
    ]


def open_findings(*, lot_id: int | None = None, kind: str | None = None) -> Select[LedgerFinding]:
    """Findings that still stand; to be paged by ``LedgerFinding.id``."""
    statement = select(LedgerFinding).where(LedgerFinding.closed_at.is_(None))
    if lot_id is not None:
        statement = statement.where(LedgerFinding.lot_id == lot_id)
    if kind is not None:
        statement = statement.where(LedgerFinding.kind == kind)
    return statement


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding with its lot and party."""

    id: int
    kind: str
    lot: LotView
    party: PartyView | None
    event_ids: list[int]
    facts: dict[str, Any]
    found_at: datetime


def finding_views(session: Session, findings: Sequence[LedgerFinding]) -> list[FindingView]:
    """Findings with their names, in the order given."""
    named = lots(session, {each.lot_id for each in findings})
    known = parties(session, {each.party_id for each in findings if each.party_id is not None})
    return [
        FindingView(
            each.id,
            each.kind,
            named[each.lot_id],
            known.get(each.party_id or 0),
            each.event_ids,
            each.facts,
            each.found_at,
        )
        for each in findings
    ]


@dataclass(frozen=True, slots=True)
class UploadView:
    """A ledger file somebody sent, and what became of it."""

    id: int
    enterprise_id: int | None
    file_name: str
    file_sha256: str
    state: str
    row_count: int
    problem_count: int
    counts: dict[str, Any]
    problems: list[Any]
    marked_sha256: str | None
    message_id: int | None
    uploaded_at: datetime
    finished_at: datetime | None


def uploads() -> Select[LedgerUpload]:
    """Ledger uploads that may be seen; to be paged by ``LedgerUpload.id``, newest first."""
    return select(LedgerUpload)


def upload(session: Session, upload_id: int) -> UploadView:
    """One upload.

    Raises
    ------
    UploadUnknown
        There is none, or none that may be seen.
    """
    row = session.get(LedgerUpload, upload_id)
    if row is None:
        raise UploadUnknown(upload_id=upload_id)
    return upload_view(session, row)


def upload_view(session: Session, row: LedgerUpload) -> UploadView:
    """An upload with the record of its import."""
    record = session.get_one(ImportRecord, row.import_id)
    return UploadView(
        id=row.id,
        enterprise_id=row.enterprise_id,
        file_name=record.file_name,
        file_sha256=record.file_sha256,
        state=record.state,
        row_count=record.row_count,
        problem_count=record.problem_count,
        counts=record.counts,
        problems=record.grouped_problems or [],
        marked_sha256=record.marked_sha256,
        message_id=record.message_id,
        uploaded_at=row.uploaded_at,
        finished_at=record.finished_at,
    )


_BESIDE = text(
    """
    SELECT given.party, beside.lot_id
    FROM unnest(CAST(:parties AS bigint[]), CAST(:anchors AS bigint[]), CAST(:makers AS boolean[]))
        AS given (party, anchor, is_maker)
    CROSS JOIN LATERAL (
        SELECT recent.lot_id, max(recent.id) AS newest
        FROM (
            SELECT e.lot_id, e.id FROM trace_event e
            WHERE given.is_maker AND e.from_party_id = given.party AND e.kind = 'production'
              AND e.id < given.anchor
            UNION ALL
            SELECT e.lot_id, e.id FROM trace_event e
            WHERE NOT given.is_maker AND e.to_party_id = given.party AND e.id < given.anchor
            UNION ALL
            SELECT m.lot_id, m.id FROM statement_movement m
            WHERE m.retracted_at IS NULL AND m.id < given.anchor
              AND CASE WHEN given.is_maker
                  THEN m.from_party_id = given.party AND m.kind = 'production'
                  ELSE m.to_party_id = given.party END
            ORDER BY id DESC LIMIT 20
        ) recent
        WHERE recent.lot_id <> ALL(CAST(:lots AS bigint[]))
        GROUP BY recent.lot_id ORDER BY newest DESC LIMIT :most
    ) beside
    ORDER BY given.party, beside.newest
    """
)


def lots_beside(session: Session, trace: Trace, most: int = 2) -> list[tuple[int, LotView]]:
    """(party, lot): the lots that came to the firms of a trace, or were made there, just before.

    They are in no way suspect; they show what else went through the same hands.
    """
    anchors: dict[int, int] = {}
    for edge in trace.edges:
        for party_id in (edge.from_party_id, edge.to_party_id):
            anchors[party_id] = max(anchors.get(party_id, 0), *edge.event_ids)
    shown = {each.party_id: each for each in trace.parties if each.kind == "enterprise"}
    wanted = sorted(set(anchors) & set(shown))
    if not wanted:
        return []
    rows = session.execute(
        _BESIDE,
        {
            "parties": wanted,
            "anchors": [anchors[each] for each in wanted],
            "makers": [bool({"maker", "primary"} & set(shown[each].roles)) for each in wanted],
            "lots": [each.lot.lot_id for each in trace.lots],
            "most": most,
        },
    ).all()
    views = lots(session, {row.lot_id for row in rows})
    return [(row.party, views[row.lot_id]) for row in rows]


@dataclass(frozen=True, slots=True)
class LedgerSize:
    """How much the ledgers hold."""

    events: int
    links: int
    lots: int
    open_findings: int
    last_recorded_at: datetime | None


def ledger_size(session: Session) -> LedgerSize:
    """Counts for the health page."""
    row = session.execute(
        text(
            "SELECT (SELECT count(*) FROM trace_event), (SELECT count(*) FROM lot_link),"
            " (SELECT count(*) FROM lot),"
            " (SELECT count(*) FROM ledger_finding WHERE closed_at IS NULL),"
            " (SELECT max(recorded_at) FROM trace_event)"
        )
    ).one()
    return LedgerSize(*row)
