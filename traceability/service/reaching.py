"""How far lots reach, in numbers first: answers of any size, from the engine that fits."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Literal

import numpy as np
from sqlalchemy.orm import Session

from core.clock import now
from traceability.errors import (
    FutureRecordTime,
    HolderUnknown,
    LotUnknown,
    NotATraceSize,
    NotThatManySeeds,
)
from traceability.maths.answer import Side
from traceability.maths.network import Network
from traceability.maths.reach import Answer, Direction, Ints, Question
from traceability.queries.graph import graph_state
from traceability.queries.ledger import lots
from traceability.queries.neighbourhood import rows_of_lots
from traceability.queries.reached import ReachedNode, names_of, nodes_of_lots, nodes_with_edges
from traceability.queries.sql_engine import SqlEngine
from traceability.service.snapshots import load_current

MOST_SEEDS = 200
MOST_DEPTH = 1000
MOST_NODES = 2_000_000

SIDES = (Side.SEED, Side.UPSTREAM, Side.DOWNSTREAM)


@dataclass(frozen=True, slots=True)
class Seed:
    """A lot that is asked about; at one holder only, where one is named."""

    lot_id: int
    party_id: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked.

    ``dates`` "ignored" takes every edge whenever it happened; ``certainty`` "certain" takes paths
    that are in order whatever the exact times were.
    """

    seeds: tuple[Seed, ...]
    direction: Literal["forward", "backward", "both"] = "both"
    dates: Literal["respected", "ignored"] = "respected"
    certainty: Literal["possible", "certain"] = "possible"
    as_of: datetime | None = None
    max_depth: int | None = None
    max_nodes: int = 200_000


@dataclass(frozen=True, slots=True)
class Found:
    """What was reached, by side, depth and node.

    Attributes
    ----------
    side : (reached,) int64
        Place in `SIDES`.
    node, depth, since, edge, before : (reached,) int64
        As in `Answer`.
    as_of : datetime
        The record time the answer is for: the moment it was asked, where none was given.
    serial : int
        How far the graph was.
    digest : str
        Of nodes, sides and depths; the same answer has the same.
    """

    wish: Wish
    side: Ints
    node: Ints
    depth: Ints
    since: Ints
    edge: Ints
    before: Ints
    truncated_because: str | None
    engines: tuple[str, ...]
    as_of: datetime
    serial: int
    digest: str

    @property
    def totals(self) -> list[tuple[Side, int, int]]:
        """Side, depth, and how many nodes are there."""
        if not len(self.node):
            return []
        key, count = np.unique(self.side * (MOST_NODES + 1) + self.depth, return_counts=True)
        return [
            (SIDES[place // (MOST_NODES + 1)], place % (MOST_NODES + 1), each)
            for place, each in zip(key.tolist(), count.tolist(), strict=True)
        ]


def reach(session: Session, question: Question, *, serial: int | None = None) -> Answer:
    """Answer a question by the engine that is right for it; the answer tells which.

    A snapshot, with what came since, where there is one young enough and nothing it holds was
    recorded after the time asked for. Else the database, which knows every record time.

    Parameters
    ----------
    serial : int, optional
        How far the graph was when ``as_of`` was taken from the clock: if it has not gone on, the
        question is one about now.
    """
    snapshot = load_current(session)
    if snapshot is None:
        return SqlEngine(session).reach(question)
    at = question.as_of
    is_now = at is None or snapshot.recorded_at is None or snapshot.recorded_at <= at
    if is_now or snapshot.state.serial == serial:
        return snapshot.reach(replace(question, as_of=None))
    return SqlEngine(session).reach(question)


def find_reach(session: Session, wish: Wish, *, pinned: int | None = None) -> Found:
    """Show which lots at which holders some lots reach, or come from, without naming them yet.

    Parameters
    ----------
    pinned : int, optional
        How far the graph was when the first page of this answer was made; ``wish.as_of`` is then
        the moment of that page.

    Raises
    ------
    LotUnknown, HolderUnknown, NotATraceSize, NotThatManySeeds, FutureRecordTime
    """
    _check(wish)
    serial = graph_state(session).serial
    key = (wish, serial)
    with _lock:
        known = _recent.get(key) if wish.as_of is not None else None
    if known is not None:
        return known
    seeds, own, timeless = _start(session, wish, is_now=wish.as_of is None or pinned is not None)
    sides: tuple[tuple[Direction, Side], ...] = (
        ("backward", Side.UPSTREAM), ("forward", Side.DOWNSTREAM)
    )  # fmt: skip
    at = wish.as_of or now()
    answers = {
        side: reach(
            session,
            Question(
                seeds=seeds,
                timeless=timeless,
                direction=direction,
                respects_dates=wish.dates == "respected" or wish.certainty == "certain",
                certain=wish.certainty == "certain",
                as_of=wish.as_of,
                longest=wish.max_depth,
                most=wish.max_nodes,
            ),
            serial=pinned,
        )
        for direction, side in sides
        if wish.direction in (direction, "both")
    }
    found = _joined(replace(wish, as_of=at), answers, own, serial)
    with _lock:
        _recent[(found.wish, serial)] = found
        while len(_recent) > _KEPT:
            _recent.popitem(last=False)
    return found


# Answers that pages are still asked of; an answer of 200,000 takes 10 MB.
_KEPT = 4
_recent: OrderedDict[tuple[Wish, int], Found] = OrderedDict()
_lock = Lock()


def _check(wish: Wish) -> None:
    if not 1 <= len(wish.seeds) <= MOST_SEEDS:
        raise NotThatManySeeds(count=len(wish.seeds), most=MOST_SEEDS)
    for name, value, most in (
        ("max_depth", wish.max_depth, MOST_DEPTH),
        ("max_nodes", wish.max_nodes, MOST_NODES),
    ):
        if value is not None and not 1 <= value <= most:
            raise NotATraceSize(name=name, least=1, most=most, value=value)
    if wish.as_of is not None and wish.as_of > now():
        raise FutureRecordTime(as_of=wish.as_of.isoformat())


def _start(session: Session, wish: Wish, *, is_now: bool) -> tuple[Ints, Ints, Ints]:
    """Where a trace of these lots begins, what is asked about, and all nodes of the lots.

    As in the trace of one lot: it begins where the lot was made or first seen, and the lot is
    suspect at all its holders whatever the time. A lot of which there are edges now and no rows
    begins at all nodes that have edges.
    """
    lot_ids = sorted({seed.lot_id for seed in wish.seeds})
    views = lots(session, lot_ids)
    for lot_id in lot_ids:
        if lot_id not in views:
            raise LotUnknown(lot=lot_id)
    numbers = nodes_of_lots(session, lot_ids)
    rows = rows_of_lots(session, lot_ids, wish.as_of or now())
    network = Network.of(rows.events, rows.uses, unread=rows.unread)
    moved = nodes_with_edges(session, numbers.values()) if is_now else set()
    seeds: set[int] = set()
    own: set[int] = set()
    for seed in wish.seeds:
        mine = {node: number for node, number in numbers.items() if node[0] == seed.lot_id}
        if seed.party_id is not None:
            node = (seed.lot_id, seed.party_id)
            if node not in network.number and mine.get(node) not in moved:
                raise HolderUnknown(lot=views[seed.lot_id].number, party_id=seed.party_id)
            if node in mine:  # else the graph has not come so far yet
                seeds.add(mine[node])
                own.add(mine[node])
            continue
        told = [network.nodes[each] for each in network.origins(seed.lot_id)]
        begin = {mine[node] for node in told if node in mine}
        seeds |= begin or (set(mine.values()) & moved)
        own |= set(mine.values())
    return _ints(seeds), _ints(own), _ints(numbers.values())


def _ints(numbers: Iterable[int]) -> Ints:
    return np.array(sorted(numbers), dtype=np.int64)


def _joined(wish: Wish, answers: dict[Side, Answer], own: Ints, serial: int) -> Found:
    """One list by side, depth and node; what lies on both sides counts as downstream."""
    parts: list[tuple[Ints, ...]] = []
    downstream = answers.get(Side.DOWNSTREAM)
    for side, answer in answers.items():
        kept = np.ones(len(answer.node), dtype=np.bool_)
        if side is Side.UPSTREAM and downstream is not None:
            kept = ~np.isin(answer.node, downstream.node)
        place = np.where(np.isin(answer.node, own), SIDES.index(Side.SEED), SIDES.index(side))
        columns = (place, answer.node, answer.depth, answer.since, answer.edge, answer.before)
        parts.append(tuple(each[kept] for each in columns))
    side_, node, depth, since, edge, before = (
        np.concatenate(each).astype(np.int64) for each in zip(*parts, strict=True)
    )
    order = np.lexsort((node, depth, side_))
    because = [answer.cut_because for answer in answers.values() if answer.cut_because]
    content = hashlib.sha256()
    for column in (side_, depth, node):
        content.update(column[order].tobytes())
    return Found(
        wish=wish,
        side=side_[order],
        node=node[order],
        depth=depth[order],
        since=since[order],
        edge=edge[order],
        before=before[order],
        truncated_because=_BOUNDS[because[0]] if because else None,
        engines=tuple(answer.engine for answer in answers.values()),
        as_of=wish.as_of or now(),
        serial=serial,
        digest=content.hexdigest()[:16],
    )


_BOUNDS = {"longest": "max_depth", "most": "max_nodes"}


def named(session: Session, found: Found, start: int, stop: int) -> Iterator[ReachedNode]:
    """Rows of an answer with the names of lots and parties, and the edge each was reached by."""
    part = slice(start, stop)
    names = names_of(session, found.node[part], found.edge[part])
    for side, node, depth, since, edge, before in zip(
        *(
            column[part].tolist()
            for column in (
                found.side, found.node, found.depth, found.since, found.edge, found.before
            )
        ),
        strict=True,
    ):  # fmt: skip
        yield names.row(SIDES[side], node, depth, since, edge, before)


def reaches_beyond(session: Session, wish: Wish, most: int) -> bool:
    """Whether an answer would hold more than so many nodes, without working all of it out.

    Asks the database even where there is a snapshot: a small answer then costs a few queries, in a
    process that has not read the snapshot yet too.

    Raises
    ------
    LotUnknown, HolderUnknown, NotATraceSize, NotThatManySeeds, FutureRecordTime
    """
    _check(wish)
    seeds, own, timeless = _start(session, wish, is_now=wish.as_of is None)
    engine, nodes = SqlEngine(session), set(own.tolist())
    for direction in ("backward", "forward"):
        if wish.direction not in (direction, "both"):
            continue
        answer = engine.reach(
            Question(
                seeds=seeds,
                timeless=timeless,
                direction=direction,
                respects_dates=wish.dates == "respected" or wish.certainty == "certain",
                certain=wish.certainty == "certain",
                as_of=wish.as_of,
                longest=wish.max_depth,
                most=most + 1,
            )
        )
        nodes |= set(answer.node.tolist())
        if answer.cut_because == "most" or len(nodes) > most:
            return True
    return False
