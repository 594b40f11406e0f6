"""Questions to the ledgers; nothing here changes anything."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from core.imports import ImportRecord
from registry.maths.codes import check_gtin
from registry.models import Enterprise, Product
from traceability.errors import LotAmbiguous, LotUnknown, UploadUnknown
from traceability.maths.answer import LotView, PartyView
from traceability.maths.ledger import EARLIEST, LATEST, Event, EventKind, Inputs, Use
from traceability.models import LedgerFinding, LedgerUpload, Lot, Party, TraceEvent


def lot_key(number: str) -> str:
    """A lot number as it is compared: half-width, upper case, blanks closed up.

    GS1 lets lot numbers differ in case alone. Ledgers are typed by people, and two lots made one
    is a wider recall, one lot made two is a broken trail.
    """
    return " ".join(unicodedata.normalize("NFKC", number).split()).upper()


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """All rows a trace needs, as they stood at a record time.

    ``unread`` are lots that the uses name and whose own rows were not asked for: siblings, and
    whatever lies beyond a bound.
    """

    events: tuple[Event, ...]
    uses: tuple[Use, ...]
    unread: frozenset[int]
    last_event_id: int
    truncated_because: str | None


_SPAN = f"""
    COALESCE((extract(epoch FROM {{0}}.earliest_at) * 1000000)::bigint, {EARLIEST}),
    COALESCE((extract(epoch FROM {{0}}.latest_at) * 1000000)::bigint, {LATEST})
"""

# A row is in force when it was recorded by then and no correction of it was.
_EVENTS = text(
    f"""
    SELECT e.id, e.kind, e.lot_id, COALESCE(e.from_party_id, 0), COALESCE(e.to_party_id, 0),
           e.quantity, e.unit, {_SPAN.format("e")}, e.document_no, e.inputs
    FROM trace_event e
    WHERE e.lot_id = ANY(CAST(:lots AS bigint[])) AND e.recorded_at <= :as_of
      AND NOT EXISTS (SELECT 1 FROM trace_event c
                      WHERE c.corrects_id = e.id AND c.recorded_at <= :as_of)
    ORDER BY e.id
    """  # noqa: S608 - the parts put in are constants of this module
)


def _uses(end: str) -> Any:
    return text(
        f"""
        SELECT u.id, u.event_id, u.party_id, u.input_lot_id, u.output_lot_id, u.quantity, u.unit,
               {_SPAN.format("u")}
        FROM lot_link u
        WHERE u.{end}_lot_id = ANY(CAST(:lots AS bigint[])) AND u.recorded_at <= :as_of
          AND NOT EXISTS (SELECT 1 FROM trace_event c
                          WHERE c.corrects_id = u.event_id AND c.recorded_at <= :as_of)
        ORDER BY u.id
        """  # noqa: S608 - the parts put in are constants of this module
    )


_USES_OF_INPUT = _uses("input")
_USES_OF_OUTPUT = _uses("output")


class _Loader:
    """Gathers rows of lots, each once."""

    def __init__(self, session: Session, as_of: datetime) -> None:
        self.session = session
        self.as_of = as_of
        self.events: dict[int, Event] = {}
        self.uses: dict[int, Use] = {}
        self.lots: set[int] = set()
        self.nodes: set[tuple[int, int]] = set()

    def load_events(self, lots: Iterable[int]) -> None:
        """Rows of some lots."""
        wanted = sorted(set(lots) - self.lots)
        if not wanted:
            return
        self.lots |= set(wanted)
        for row in self._run(_EVENTS, wanted):
            event = Event(
                id=row[0],
                kind=EventKind(row[1]),
                lot=row[2],
                source=row[3],
                target=row[4],
                quantity=row[5],
                unit=row[6],
                lo=row[7],
                hi=row[8],
                document=row[9],
                inputs=Inputs(row[10]) if row[10] else None,
            )
            self.events[event.id] = event
            self.nodes |= {(event.lot, event.source), (event.lot, event.target)}

    def load_uses(self, lots: Iterable[int], *, end: str) -> list[Use]:
        """Uses with some lots at one end ("input" or "output")."""
        wanted = sorted(set(lots))
        if not wanted:
            return []
        found = []
        for row in self._run(_USES_OF_INPUT if end == "input" else _USES_OF_OUTPUT, wanted):
            use = Use(*row)
            self.uses[use.id] = use
            found.append(use)
        return found

    def neighbourhood(self, truncated_because: str | None) -> Neighbourhood:
        """What was gathered."""
        named = {lot for use in self.uses.values() for lot in (use.input, use.output)}
        return Neighbourhood(
            events=tuple(self.events[key] for key in sorted(self.events)),
            uses=tuple(self.uses[key] for key in sorted(self.uses)),
            unread=frozenset(named - self.lots),
            last_event_id=max(self.events, default=0),
            truncated_because=truncated_because,
        )

    def _run(self, statement: Any, lots: list[int]) -> Sequence[Any]:
        return self.session.execute(statement, {"lots": lots, "as_of": self.as_of}).all()


def neighbourhood(
    session: Session,
    lot_id: int,
    *,
    forward: bool,
    backward: bool,
    as_of: datetime,
    max_depth: int,
    max_nodes: int,
) -> Neighbourhood:
    """All rows of the lots that may lie up or down from a lot, whatever their times.

    Lots are followed generation by generation, two statements each; the walk then decides in
    exact time. A trace of depth d needs d + 1 generations, the last to see that more follows.
    """
    loader = _Loader(session, as_of)
    loader.load_events([lot_id])
    truncated: str | None = None
    reached: dict[str, set[int]] = {}
    for is_wanted, end in ((forward, "input"), (backward, "output")):
        if not is_wanted:
            continue
        seen, generation = {lot_id}, {lot_id}
        for _ in range(max_depth + 1):
            uses = loader.load_uses(generation, end=end)
            others = {use.output if end == "input" else use.input for use in uses}
            generation = others - seen
            if not generation:
                break
            if len(loader.nodes) > max_nodes:
                truncated = "max_nodes"
                break
            seen |= generation
            loader.load_events(generation)
        reached[end] = seen
    # The other uses of what went in are part of its balance, the other inputs of what came out
    # part of its yield.
    loader.load_uses(reached.get("output", set()) - {lot_id}, end="input")
    loader.load_uses(reached.get("input", set()), end="output")
    if backward and not forward:
        loader.load_uses([lot_id], end="input")
    return loader.neighbourhood(truncated)


def rows_of_lots(session: Session, lot_ids: Iterable[int], as_of: datetime) -> Neighbourhood:
    """All rows of some lots, and the uses on both sides of them."""
    loader = _Loader(session, as_of)
    wanted = list(lot_ids)
    loader.load_events(wanted)
    loader.load_uses(wanted, end="input")
    loader.load_uses(wanted, end="output")
    return loader.neighbourhood(None)


def parties(session: Session, party_ids: Iterable[int]) -> dict[int, PartyView]:
    """Parties by number; an enterprise with its name of today."""
    rows = session.execute(
        select(Party, Enterprise.code, Enterprise.name, Enterprise.region_id)
        .outerjoin(Enterprise, Enterprise.id == Party.enterprise_id)
        .where(Party.id == func.any(list(party_ids)))
    ).all()
    return {
        party.id: PartyView(
            party_id=party.id,
            kind=party.kind,
            enterprise_id=party.enterprise_id,
            code=code or party.code,
            name=name or party.name,
            region_id=region_id,
        )
        for party, code, name, region_id in rows
    }


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


def lots_matching(given: str) -> Rows:
    """Lots by part of their number or product name, or by GTIN; to be paged."""
    statement = _lot_views()
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
    rows = session.execute(lots_matching(given).order_by(rank, Lot.key, Lot.id).limit(limit)).all()
    return [LotView(*row) for row in rows]


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
) -> Rows:
    """Ledger rows with the names a person needs; to be paged by ``TraceEvent.id``."""
    from_party, to_party = aliased(Party), aliased(Party)
    from_firm, to_firm = aliased(Enterprise), aliased(Enterprise)
    statement = (
        select(
            TraceEvent,
            Lot.number.label("lot_number"),
            Product.name.label("product_name"),
            Product.gtin,
            func.coalesce(from_firm.code, from_party.code).label("from_code"),
            func.coalesce(from_firm.name, from_party.name).label("from_name"),
            func.coalesce(to_firm.code, to_party.code).label("to_code"),
            func.coalesce(to_firm.name, to_party.name).label("to_name"),
        )
        .join(Lot, Lot.id == TraceEvent.lot_id)
        .join(Product, Product.id == Lot.product_id)
        .outerjoin(from_party, from_party.id == TraceEvent.from_party_id)
        .outerjoin(from_firm, from_firm.id == from_party.enterprise_id)
        .outerjoin(to_party, to_party.id == TraceEvent.to_party_id)
        .outerjoin(to_firm, to_firm.id == to_party.enterprise_id)
    )
    if lot_id is not None:
        statement = statement.where(TraceEvent.lot_id == lot_id)
    if enterprise_id is not None:
        statement = statement.where(TraceEvent.enterprise_id == enterprise_id)
    if kind is not None:
        statement = statement.where(TraceEvent.kind == kind)
    return statement


def open_findings(*, lot_id: int | None = None) -> Rows:
    """Findings that still stand, with lot and party; to be paged by ``LedgerFinding.id``."""
    statement = (
        select(
            LedgerFinding,
            Lot.number.label("lot_number"),
            Product.name.label("product_name"),
            func.coalesce(Enterprise.name, Party.name).label("party_name"),
        )
        .join(Lot, Lot.id == LedgerFinding.lot_id)
        .join(Product, Product.id == Lot.product_id)
        .outerjoin(Party, Party.id == LedgerFinding.party_id)
        .outerjoin(Enterprise, Enterprise.id == Party.enterprise_id)
        .where(LedgerFinding.closed_at.is_(None))
    )
    if lot_id is not None:
        statement = statement.where(LedgerFinding.lot_id == lot_id)
    return statement


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
