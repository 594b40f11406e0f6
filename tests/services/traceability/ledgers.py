"""Ledgers made by chance and written straight into the journal, at record times of their own."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests import factories
from traceability.models.ledger import Lot, LotLink, Party, TraceEvent

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
LOTS, PARTIES, STEPS = 4, 4, 4
UNLISTED = PARTIES - 1  # the last party is one that nobody wrote down

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Row:
    """A ledger row by places: lots and parties from 0, days and record steps from 0."""

    kind: str
    lot: int
    source: int
    target: int | None
    days: tuple[int | None, int | None]
    document: str | None
    step: int
    void_at: int | None
    inputs: tuple[int, ...] = ()


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """One row, and when it is recorded and taken back."""
    kind = draw(st.sampled_from(["shipment", "receipt", "return", "production", "production"]))
    source = draw(st.integers(0, UNLISTED - 1))
    target = draw(st.integers(0, UNLISTED).filter(lambda p: p != source))
    lot = draw(st.integers(0, LOTS - 1))
    day = draw(st.integers(0, 20))
    inputs = draw(st.lists(st.integers(0, LOTS - 1), max_size=2, unique=True))
    step = draw(st.integers(0, STEPS - 1))
    return Row(
        kind=kind,
        lot=lot,
        source=source,
        target=None if kind == "production" else target,
        days=draw(st.sampled_from([(day, day), (day, day + 4), (None, day), (day, None)])),
        document=draw(st.sampled_from([None, "A", "B"])),
        step=step,
        void_at=draw(st.one_of(st.none(), st.integers(step + 1, STEPS))),
        inputs=tuple(inputs) if kind == "production" else (),
    )


def ledgers(most: int = 12) -> st.SearchStrategy[list[Row]]:
    """Some rows."""
    return st.lists(rows(), max_size=most)


def moment(step: int) -> datetime:
    """Record time of a step."""
    return BEGIN + timedelta(days=200 + step)


def _day(day: int | None, *, end: bool = False) -> datetime | None:
    if day is None:
        return None
    return BEGIN + timedelta(days=day + end) - timedelta(microseconds=end)


@dataclass(frozen=True)
class Stock:
    """Lots and parties by place."""

    lots: tuple[int, ...]
    parties: tuple[int, ...]
    enterprise_id: int


def stock(session: Session) -> Stock:
    """New lots of one product, and new parties."""
    number = next(_numbers)
    product = factories.product(session)
    lots = [
        Lot(product_id=product.id, key=f"L{number}-{n}", number=f"L{number}-{n}", recorded_at=BEGIN)
        for n in range(LOTS)
    ]
    parties = [
        Party(
            kind="unlisted" if n == UNLISTED else "name", key=f"test-{number}-{n}", name=f"商行{n}"
        )
        for n in range(PARTIES)
    ]
    session.add_all([*lots, *parties])
    session.flush()
    ids = tuple(each.id for each in lots), tuple(each.id for each in parties)
    return Stock(*ids, product.enterprise_id)


def write(session: Session, given: Iterable[Row], goods: Stock) -> None:
    """Put rows into the journal, with the rows that take some of them back."""
    for row in given:
        event = _event(row, goods)
        session.add(event)
        session.flush()
        for place in row.inputs:
            session.add(
                LotLink(
                    event_id=event.id,
                    enterprise_id=goods.enterprise_id,
                    party_id=goods.parties[row.source],
                    input_lot_id=goods.lots[place],
                    output_lot_id=event.lot_id,
                    unit="C62",
                    earliest_at=event.earliest_at,
                    latest_at=event.latest_at,
                    recorded_at=event.recorded_at,
                )
            )
        if row.void_at is not None:
            session.add(_event(row, goods, corrects=event))
    session.flush()


def _event(row: Row, goods: Stock, corrects: TraceEvent | None = None) -> TraceEvent:
    number = next(_numbers)
    kind = "void" if corrects else row.kind
    return TraceEvent(
        enterprise_id=goods.enterprise_id,
        kind=kind,
        lot_id=goods.lots[row.lot],
        from_party_id=goods.parties[row.source],
        to_party_id=None if row.target is None else goods.parties[row.target],
        quantity=None,
        unit="C62",
        earliest_at=_day(row.days[0]),
        latest_at=_day(row.days[1], end=True),
        document_no=row.document,
        inputs=("told" if row.inputs else "none") if kind == "production" else None,
        corrects_id=corrects.id if corrects else None,
        digest=hashlib.sha256(f"test/{number}".encode()).digest(),
        file_sha256="test",
        file_row=number,
        recorded_at=moment(row.void_at if corrects and row.void_at is not None else row.step),
    )
