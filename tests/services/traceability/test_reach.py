"""Reach over real ledgers: the holdings of the trace, whichever engine answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api import reachlines
from core import imports
from core.actors import Actor, Role
from core.clock import now
from core.outbox import JobRun, Message, Run, RunState
from core.unit_of_work import unit_of_work
from tests import factories
from tests.services.traceability.conftest import CHARGER, Town, row
from tests.services.traceability.ledgers import STEPS, Row, ledgers, moment, stock, write
from traceability import jobs
from traceability.errors import (
    FutureRecordTime,
    HolderUnknown,
    LotUnknown,
    NotATraceSize,
    NotThatManySeeds,
)
from traceability.maths.answer import Side
from traceability.models.graph import TraceEdge, TraceNode
from traceability.models.ledger import TraceEvent
from traceability.queries.graph import snapshots as snapshots_of
from traceability.queries.ledger import lot_by_number
from traceability.service import snapshots
from traceability.service.graphing import (
    Refreshed,
    rebuild,
    refresh,
    refresh_file,
    refresh_if_free,
)
from traceability.service.reaching import SIDES, Found, Seed, Wish, find_reach, named
from traceability.service.snapshots import build
from traceability.service.tracing import trace
from worker.subscriptions import jobs_for

Load = Callable[..., imports.Outcome]
Holding = tuple[Side, int, int, int]

MIXED = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def holdings(session: Session, found: Found) -> set[Holding]:
    rows = named(session, found, 0, len(found.node))
    return {(each.side, each.depth, each.lot.lot_id, each.party.party_id) for each in rows}


@MIXED
@given(
    ledgers(14),
    st.sampled_from(["forward", "backward", "both"]),
    st.sampled_from(["respected", "ignored"]),
    st.sampled_from([None, 0, 2, STEPS]),
    st.booleans(),
    st.integers(1, 5),
    st.booleans(),
)
def test_reach_finds_the_holdings_of_the_trace(
    session: Session,
    given_rows: list[Row],
    direction: Literal["forward", "backward", "both"],
    dates: Literal["respected", "ignored"],
    step: int | None,
    at_holder: bool,
    longest: int,
    from_files: bool,
) -> None:
    goods = stock(session)
    write(session, given_rows, goods)
    refresh(session, goods.lots)
    if from_files:
        build(session)
    lot_id, party_id = goods.lots[0], goods.parties[0] if at_holder else None
    facts: dict[str, Any] = {
        "direction": direction,
        "dates": dates,
        "as_of": None if step is None else moment(step),
        "max_depth": longest,
    }
    wish = Wish(seeds=(Seed(lot_id, party_id),), **facts)
    try:
        told = trace(session, lot_id, party_id=party_id, **facts)
    except HolderUnknown:
        with pytest.raises(HolderUnknown):
            find_reach(session, wish)
        return

    found = find_reach(session, wish)

    assert holdings(session, found) == {
        (each.side, each.depth, each.lot_id, each.party_id) for each in told.holdings
    }
    assert (found.truncated_because == "max_depth") == told.truncated
    assert sum(count for _, _, count in found.totals) == len(found.node)
    if from_files and step is None:
        assert all(each.startswith("csr-") for each in found.engines)


def test_the_same_answer_has_the_same_digest_from_either_engine(
    session: Session, load: Load, story: list[Any]
) -> None:
    load(story)
    wish = Wish(seeds=(Seed(lot_by_number(session, "YS-17").lot_id),))
    by_sql = find_reach(session, wish)
    build(session)

    by_files = find_reach(session, wish)

    assert by_sql.engines != by_files.engines
    assert by_sql.digest == by_files.digest
    assert [side for side, _, _ in by_files.totals] == [Side.SEED] * 3 + [Side.UPSTREAM] * 2


def test_an_answer_about_the_past_stays_as_it_was(
    session: Session, load: Load, story: list[Any], town: Town
) -> None:
    load(story)
    build(session)
    wish = Wish(seeds=(Seed(lot_by_number(session, "YS-17").lot_id),), direction="forward")
    before = find_reach(session, wish)
    load([
        row(事件="发货", 批号="YS-17", 商品条码=CHARGER, 数量=100, 发出单位代码=town.shop.code,
            去向单位代码=town.parts.code, 日期="2026-11-20", 单据号="TH-9"),
    ], name="later.csv")  # fmt: skip

    after = find_reach(session, wish)
    again = find_reach(session, Wish(seeds=wish.seeds, direction="forward", as_of=before.as_of))

    assert len(after.node) == len(before.node) + 1
    assert after.engines[0].startswith("csr-")
    assert again.engines[0].startswith("sql")
    assert again.digest == before.digest


def test_several_lots_are_asked_about_at_once(
    session: Session, load: Load, story: list[Any]
) -> None:
    load(story)
    lots = [lot_by_number(session, number).lot_id for number in ("C-0711", "YS-17")]

    found = find_reach(session, Wish(seeds=tuple(map(Seed, lots)), direction="forward"))

    assert {SIDES[place] for place in found.side.tolist()} == {Side.SEED}
    assert len(found.node) == 5


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"max_depth": 0}, NotATraceSize),
        ({"max_nodes": 10**9}, NotATraceSize),
        ({"seeds": ()}, NotThatManySeeds),
        ({"seeds": (Seed(10**12),)}, LotUnknown),
        ({"as_of": now() + timedelta(days=2)}, FutureRecordTime),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(
    session: Session, load: Load, story: list[Any], facts: dict[str, Any], refusal: type[Exception]
) -> None:
    load(story)
    seeds = (Seed(lot_by_number(session, "YS-17").lot_id),)

    with pytest.raises(refusal):
        find_reach(session, Wish(**{"seeds": seeds, **facts}))


def test_a_ledger_of_staff_makes_its_edges_at_once_and_one_of_a_firm_by_a_job(
    session: Session, load: Load, story: list[Any], town: Town
) -> None:
    account = factories.account(session, role=Role.ENTERPRISE, enterprise_id=town.maker.id)
    firm = Actor(account.id, "maker", Role.ENTERPRISE, town.maker.id)
    own = [each for each in story if each.get("发出单位代码") == town.maker.code and
           each["事件"] == "发货"]  # fmt: skip
    load(story[:3])
    count = select(func.count()).select_from(TraceEdge)
    by_staff = session.execute(count).scalar_one()

    load(own, actor=firm, name="own.csv")

    assert by_staff == 2
    assert session.execute(count).scalar_one() == 2
    digest = session.execute(
        select(TraceEvent.file_sha256).order_by(TraceEvent.id.desc())
    ).scalars()
    assert refresh_file(session, next(iter(digest))).added == 1


def test_a_rebuild_makes_the_rows_that_were_there(
    session: Session, load: Load, story: list[Any], town: Town
) -> None:
    load(story[:4])
    load(story[4:], name="second.csv")
    names = ("link_key", "purpose", "lo", "hi", "state", "event_ids", "recorded_at", "retracted_at")
    columns = [getattr(TraceEdge, name) for name in names]
    statement = select(TraceEdge.source_id, TraceEdge.target_id, *columns)
    before = {(*row[:7], tuple(row[7]), *row[8:]) for row in session.execute(statement)}
    assert len(before) == 7

    session.execute(TraceEdge.__table__.delete())
    rebuild(session)

    after = {(*row[:7], tuple(row[7]), *row[8:]) for row in session.execute(statement)}
    assert after == before
    assert rebuild(session).added == 0


def job_of(session: Session, topic: str) -> Run:
    """A run of the one job that follows a topic, as a worker takes it."""
    (job,) = jobs_for(topic)
    message = Message(topic=topic, payload={}, created_at=now())
    session.add(message)
    session.flush()
    row = JobRun(
        message_id=message.id, job=job.name, queue=job.queue, state=RunState.RUNNING,
        attempt=1, created_at=now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return Run(row.id, message.id, job.name, 1)


def test_ledgers_older_than_the_graph_get_their_edges_by_a_job(
    session: Session, load: Load, story: list[Any]
) -> None:
    load(story)
    session.execute(TraceEdge.__table__.delete())
    session.execute(TraceNode.__table__.delete())

    jobs.rebuild_graph(job_of(session, "traceability.graph-rebuild-requested"))

    assert session.execute(select(func.count()).select_from(TraceEdge)).scalar_one() == 6


def test_a_snapshot_is_written_when_enough_has_changed_and_not_before(
    session: Session, load: Load, story: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(story)
    monkeypatch.setattr(snapshots, "FEWEST_EDGES", 3)

    jobs.keep_graph(job_of(session, "traceability.graph-due"))
    jobs.keep_graph(job_of(session, "traceability.graph-due"))

    (written,) = snapshots_of(session)
    assert written.edge_count == 6


def test_a_row_that_was_changed_by_hand_is_mended(
    session: Session, load: Load, story: list[Any]
) -> None:
    load(story)
    session.execute(update(TraceEdge).values(hi=TraceEdge.hi + 1))

    done = rebuild(session)

    assert done.added == done.closed == 6


def test_a_request_does_not_wait_for_an_import_that_is_making_edges(committed: str) -> None:
    with unit_of_work() as first, unit_of_work() as second:
        refresh(first, [])

        assert refresh_if_free(second, []) is None

    with unit_of_work() as third:
        assert refresh_if_free(third, []) == Refreshed()


def test_lines_are_made_as_they_are_read(
    session: Session, load: Load, story: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(story)
    monkeypatch.setattr(reachlines, "ROWS_AT_ONCE", 2)
    found = find_reach(session, Wish(seeds=(Seed(lot_by_number(session, "YS-17").lot_id),)))
    asked: list[int] = []
    monkeypatch.setattr(reachlines, "named", lambda *given: asked.append(given[2]) or named(*given))

    parts = reachlines.lines(session, found)

    assert [(next(parts).count("\n"), list(asked)) for _ in range(3)] == [
        (1, []),
        (2, [0]),
        (2, [0, 2]),
    ]
    assert len(list(parts)) == 2
