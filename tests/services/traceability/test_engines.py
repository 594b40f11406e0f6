"""Every trace engine gives the same answer, which is the one the ledgers ask for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from tests.maths.traceability.engines import Rows, answers_of, plain
from tests.services.traceability.ledgers import (
    LOTS,
    PARTIES,
    STEPS,
    Row,
    Stock,
    ledgers,
    moment,
    stock,
    write,
)
from traceability.maths.edges import edges_of
from traceability.maths.reach import Question
from traceability.models.graph import TraceEdge, TraceNode
from traceability.queries.neighbourhood import rows_of_lots
from traceability.queries.sql_engine import SqlEngine
from traceability.service.graphing import refresh
from traceability.service.snapshots import build, load_current

SLOW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def edges(session: Session, goods: Stock, at: datetime | None, purpose: str) -> Rows:
    """Edges of these lots in force at a record time."""
    into = select(TraceNode.id).where(TraceNode.lot_id == func.any(list(goods.lots)))
    statement = select(
        TraceEdge.id, TraceEdge.source_id, TraceEdge.target_id, TraceEdge.lo, TraceEdge.hi
    ).where(TraceEdge.target_id.in_(into), TraceEdge.purpose.in_([purpose, "both"]))
    if at is None:
        statement = statement.where(TraceEdge.retracted_at.is_(None))
    else:
        statement = statement.where(
            TraceEdge.recorded_at <= at,
            or_(TraceEdge.retracted_at.is_(None), TraceEdge.retracted_at > at),
        )
    return [tuple(row) for row in session.execute(statement.order_by(TraceEdge.id)).all()]


def nodes(session: Session, goods: Stock) -> dict[tuple[int, int], int]:
    rows = session.execute(
        select(TraceNode.lot_id, TraceNode.party_id, TraceNode.id).where(
            TraceNode.lot_id == func.any(list(goods.lots))
        )
    ).all()
    return {(lot, party): number for lot, party, number in rows}


def asked(data: st.DataObject, known: dict[Any, int], at: datetime | None) -> Question:
    """A question about some of these nodes, and one that there is not."""
    respects_dates = data.draw(st.booleans())
    some = st.lists(st.sampled_from([*known.values(), 10**12]), max_size=3, unique=True)
    return Question(
        seeds=np.array(data.draw(some), dtype=np.int64),
        timeless=np.array(data.draw(some), dtype=np.int64),
        direction=data.draw(st.sampled_from(["forward", "backward"])),
        respects_dates=respects_dates,
        certain=respects_dates and data.draw(st.booleans()),
        as_of=at,
        longest=data.draw(st.one_of(st.none(), st.integers(0, 4))),
        most=data.draw(st.one_of(st.none(), st.integers(0, LOTS * PARTIES))),
    )


@SLOW
@given(ledgers(), st.integers(-1, STEPS), st.randoms(use_true_random=False))
def test_edges_in_force_at_any_record_time_are_those_of_the_ledgers_then(
    session: Session, given_rows: list[Row], step: int, chance: Any
) -> None:
    goods = stock(session)
    # Recorded in any order, refreshed whenever: late, twice, or not for each row.
    chance.shuffle(given_rows)
    for row in given_rows:
        write(session, [row], goods)
        if chance.random() < 0.4:
            refresh(session, [chance.choice(goods.lots)])
    refresh(session, goods.lots)

    at = moment(step)
    said = rows_of_lots(session, goods.lots, at)
    number = nodes(session, goods)
    for purpose in ("possible", "certain"):
        assert sorted((s, t, lo, hi) for _, s, t, lo, hi in edges(session, goods, at, purpose)) == (
            sorted(
                (number[e.source], number[e.target], e.lo, e.hi)
                for e in edges_of(said.events, said.uses)
                if e.purpose in (purpose, "both")
            )
        )
    again = refresh(session, goods.lots)
    assert (again.added, again.closed) == (0, 0)


@SLOW
@given(ledgers(16), st.sampled_from([None, 0, 1, 2, 3, 4]), st.data())
def test_the_database_answers_like_plain_iteration(
    session: Session, given_rows: list[Row], step: int | None, data: st.DataObject
) -> None:
    goods = stock(session)
    write(session, given_rows, goods)
    refresh(session, goods.lots)
    at = None if step is None else moment(step)
    question = asked(data, nodes(session, goods), at)

    found = SqlEngine(session).reach(question)

    purpose = "certain" if question.certain else "possible"
    assert answers_of(found) == plain(edges(session, goods, at, purpose), question)


@SLOW
@given(ledgers(14), ledgers(5), st.data())
def test_a_snapshot_with_what_came_since_answers_like_the_database(
    session: Session, earlier: list[Row], later: list[Row], data: st.DataObject
) -> None:
    goods = stock(session)
    write(session, earlier, goods)
    refresh(session, goods.lots)
    build(session)
    write(session, later, goods)
    refresh(session, goods.lots)
    question = asked(data, nodes(session, goods), None)

    snapshot = load_current(session)

    assert snapshot is not None
    purpose = "certain" if question.certain else "possible"
    expected = plain(edges(session, goods, None, purpose), question)
    known = question.seeds[question.seeds < 10**12]
    if len(known) == len(question.seeds):
        assert answers_of(SqlEngine(session).reach(question)) == expected
        assert answers_of(snapshot.reach(question)) == expected
    for fast in (False, True):  # numpy, and compiled
        engine = replace(snapshot.certain if question.certain else snapshot.possible, fast=fast)
        assert answers_of(replace(snapshot, certain=engine, possible=engine).reach(question)) == (
            answers_of(snapshot.reach(question))
        )
