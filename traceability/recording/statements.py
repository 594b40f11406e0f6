"""Writing what was derived: what is said anew is added, what is no longer said is retracted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString

from psycopg import sql
from sqlalchemy import text
from sqlalchemy.orm import Session

from traceability.maths.amounts import plain
from traceability.maths.epcis.statements import (
    UNTOLD,
    Consumption,
    Goods,
    Inside,
    Movement,
)
from traceability.recording.naming import Parties

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MOVEMENT_COLUMNS = (
    "id", "epcis_event_id", "kind", "lot_id", "from_party_id", "to_party_id", "owner_party_id",
    "place", "quantity", "unit", "earliest_at", "latest_at", "document_no", "inputs", "process",
    "digest", "recorded_at",
)  # fmt: skip
_USE_COLUMNS = (
    "id", "movement_id", "epcis_event_id", "input_event_id", "party_id", "input_lot_id",
    "output_lot_id", "quantity", "unit", "earliest_at", "latest_at", "digest", "recorded_at",
)  # fmt: skip
_INSIDE_COLUMNS = (
    "parent_id", "child_id", "lot_id", "quantity", "unit", "from_at", "until_at", "is_asset",
    "epcis_event_id", "digest", "recorded_at",
)  # fmt: skip

_SAID = (
    "SELECT id, {of}, digest, {lots} FROM {table}"
    " WHERE {of} = ANY(CAST(:of AS bigint[])) AND retracted_at IS NULL"
)
_RETRACT = "UPDATE {table} SET retracted_at = :at WHERE id = ANY(CAST(:ids AS bigint[]))"
_NUMBERS = text("SELECT nextval(CAST(:sequence AS regclass)) FROM generate_series(1, :count)")


@dataclass(slots=True)
class Change:
    """How much was said anew and how much taken back.

    Attributes
    ----------
    lots : set of int
        Lots of which anything else is said now.
    """

    added: int = 0
    retracted: int = 0
    lots: set[int] = field(default_factory=set)
    first_movement_id: int | None = None
    last_movement_id: int | None = None


def instant(microseconds: int | None) -> datetime | None:
    """A time of the mathematics as the database keeps it."""
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


@dataclass(slots=True)
class Writer:
    """Writes the statements of some events, at one record time."""

    session: Session
    at: datetime
    lots: dict[Goods, int]
    parties: Parties
    change: Change = field(default_factory=Change)

    def movements(
        self, events: set[int], movements: Iterable[Movement]
    ) -> dict[tuple[int, str, str, str], int]:
        """Movements of these events; returns the number of each."""
        rows: dict[tuple[int, str, str, str], tuple[Any, ...]] = {}
        for m in movements:
            lot = self.lots[m.goods]
            row = (
                m.event,
                m.kind.value,
                lot,
                self._party(m.source, lot),
                self._party(m.target, lot),
                self._party(m.owner, lot),
                m.place,
                m.quantity,
                m.unit,
                instant(m.lo),
                instant(m.hi),
                m.document,
                m.inputs.value if m.inputs else None,
                m.process,
            )
            rows[m.key] = (*row, _digest(m.goods.key, *row))
        said = self._said("statement_movement", "epcis_event_id", ("lot_id",), events)
        numbers: dict[tuple[int, str, str, str], int] = {}
        fresh = []
        for key, said_now in rows.items():
            number = said.pop((said_now[0], said_now[-1]), (None,))[0]
            if number is None:
                fresh.append((key, said_now))
            else:
                numbers[key] = number
        self._retract("statement_movement", said.values())
        ids = self._numbers("trace_event_id_seq", len(fresh))
        for number, (key, row) in zip(ids, fresh, strict=True):
            numbers[key] = number
            self.change.lots.add(row[2])
        self._add(
            "statement_movement",
            _MOVEMENT_COLUMNS,
            ((numbers[key], *row, self.at) for key, row in fresh),
        )
        if ids:
            self.change.first_movement_id, self.change.last_movement_id = ids[0], ids[-1]
        self.change.added += len(fresh)
        return numbers

    def uses(
        self,
        events: set[int],
        uses: Iterable[Consumption],
        numbers: dict[tuple[int, str, str, str], int],
    ) -> None:
        """What went into the productions of these events."""
        rows: dict[tuple[int, bytes], tuple[Any, ...]] = {}
        for use in uses:
            into, out_of = self.lots[use.output], self.lots[use.input]
            row = (
                numbers[use.production],
                use.event,
                use.input_event,
                self._party(use.holder, into),
                out_of,
                into,
                use.quantity,
                use.unit,
                instant(use.lo),
                instant(use.hi),
            )
            digest = _digest(use.input.key, use.output.key, *row)
            rows[use.event, digest] = (*row, digest)
        said = self._said(
            "statement_use", "epcis_event_id", ("input_lot_id", "output_lot_id"), events
        )
        fresh = [row for key, row in rows.items() if said.pop(key, None) is None]
        self._retract("statement_use", said.values())
        ids = self._numbers("lot_link_id_seq", len(fresh))
        self._add(
            "statement_use",
            _USE_COLUMNS,
            ((number, *row, self.at) for number, row in zip(ids, fresh, strict=True)),
        )
        self.change.lots |= {lot for row in fresh for lot in row[4:6]}
        self.change.added += len(fresh)

    def inside(
        self, parents: set[int], intervals: Iterable[Inside], number_of: dict[str, int]
    ) -> None:
        """What lay inside these containers."""
        rows: dict[tuple[int, bytes], tuple[Any, ...]] = {}
        for each in intervals:
            row = (
                number_of[each.parent],
                number_of[each.child],
                None if each.goods is None else self.lots[each.goods],
                each.quantity,
                each.unit,
                instant(each.lo),
                instant(each.hi),
                each.is_asset,
                each.event,
            )
            rows[row[0], _digest(*row)] = (*row, _digest(*row))
        said = self._said("statement_containment", "parent_id", ("lot_id",), parents)
        fresh = [row for key, row in rows.items() if said.pop(key, None) is None]
        self._retract("statement_containment", said.values())
        self._add("statement_containment", _INSIDE_COLUMNS, ((*row, self.at) for row in fresh))
        self.change.added += len(fresh)

    def _party(self, holder: str | None, lot: int) -> int | None:
        if holder is None:
            return None
        return self.parties.untold[lot] if holder == UNTOLD else self.parties.named[holder]

    def _said(
        self, table: str, of: str, lots: Sequence[str], wanted: set[int]
    ) -> dict[tuple[int, bytes], tuple[Any, ...]]:
        """What is said now: (owner, digest) → number and lots."""
        rows = self.session.execute(
            text(_SAID.format(table=table, of=of, lots=", ".join(lots))), {"of": sorted(wanted)}
        ).all()
        return {(row[1], bytes(row[2])): (row[0], *row[3:]) for row in rows}

    def _retract(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        gone = list(rows)
        if gone:
            ids = sorted(row[0] for row in gone)
            self.session.execute(text(_RETRACT.format(table=table)), {"ids": ids, "at": self.at})
        self.change.retracted += len(gone)
        self.change.lots |= {lot for row in gone for lot in row[1:] if lot is not None}

    def _numbers(self, sequence: str, count: int) -> list[int]:
        if not count:
            return []
        given = {"sequence": sequence, "count": count}
        return sorted(self.session.execute(_NUMBERS, given).scalars())

    def _add(
        self, table: LiteralString, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]
    ) -> None:
        """Copy rows in; only the owner of the tables may."""
        driver = self.session.connection().connection.driver_connection
        assert driver is not None
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join([sql.Identifier(each) for each in columns])
        )
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)


def _digest(*said: Any) -> bytes:
    """SHA-256 of what a row says; numbers alike whatever their idle zeros."""
    parts = [plain(each) if isinstance(each, Decimal) else each for each in said]
    return hashlib.sha256(repr(parts).encode()).digest()
