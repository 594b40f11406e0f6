"""Reach as it is served: the database engine, the first page and the lines of a large answer.

    python benchmarks/bench_reach.py [--database URL] [--nodes 1000000] [--edges 5000000]

The network of bench_trace in the tables of a migrated database of its own, which is made on the
server named, or on a private one, and dropped in the end. PostgreSQL's recursive queries run over
the same rows and index in the same run: one that tells the nodes alone, and one with the time of
arrival in its rows. Times are the best of some on the clock; in brackets the processor's, of
PostgreSQL and of this process, which other work on the machine lengthens less.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

import psycopg
from _database import database
from _trace_graph import network
from bench_trace import lots_to_trace, machine, question
from sqlalchemy import text
from sqlalchemy.orm import Session
from trace_tables import fill

from api.reachlines import lines
from core.unit_of_work import read_only, unit_of_work
from traceability.queries.sql_engine import SqlEngine
from traceability.service.reaching import Seed, Wish, find_reach, named
from traceability.service.snapshots import build, forget, load_current

REPEATS = 5
TARGET_SQL_MS, TARGET_PAGE_MS = 250, 300

NODES_ONLY = """
    WITH RECURSIVE r AS (
        SELECT CAST(:seed AS bigint) AS node
        UNION SELECT e.target_id FROM r JOIN trace_edge e ON e.source_id = r.node
        WHERE e.retracted_at IS NULL AND e.purpose <> 'certain'
    ) SELECT count(*) FROM r
"""
WITH_TIMES = """
    WITH RECURSIVE r AS (
        SELECT CAST(:seed AS bigint) AS node, -4611686018427387904 AS since
        UNION SELECT e.target_id, greatest(r.since, e.lo)
        FROM r JOIN trace_edge e ON e.source_id = r.node
        WHERE e.retracted_at IS NULL AND e.purpose <> 'certain' AND r.since <= e.hi
    ) SELECT count(DISTINCT node) FROM r
"""


def busy_s(backend: int) -> float:
    """Seconds of a processor that PostgreSQL took for a connection; 0 where it cannot be seen."""
    try:
        words = Path(f"/proc/{backend}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:  # another machine, or another system
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def timed(session: Session, name: str, run: Callable[[], Any]) -> float:
    """Print how long something takes; milliseconds."""
    backend = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    run()
    theirs, own, clock = busy_s(backend), time.process_time(), []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        result = run()
        clock.append(time.perf_counter() - begun)
    theirs, own = (busy_s(backend) - theirs) / REPEATS, (time.process_time() - own) / REPEATS
    best = min(clock) * 1e3
    print(f"  {name:44}{best:9.1f} ms  ({theirs * 1e3:.0f} + {own * 1e3:.0f})  {result:,}")
    return best


def measure(session: Session, lot: int) -> None:
    """One lot of the network; rows are numbered from 1."""
    node = lot + 1
    engine = SqlEngine(session)
    plain = question(node, respects_dates=False)
    timed(session, "recursive query, nodes alone",
          lambda: session.execute(text(NODES_ONLY), {"seed": node}).scalar_one())  # fmt: skip
    timed(session, "recursive query, with times",
          lambda: session.execute(text(WITH_TIMES), {"seed": node}).scalar_one())  # fmt: skip
    timed(session, "database engine, plain", lambda: len(engine.reach(plain).node))
    timed(session, "database engine, in order of time",
          lambda: len(engine.reach(question(node)).node))  # fmt: skip
    wish = Wish(seeds=(Seed(node),), direction="forward")

    def first_page() -> int:
        found = find_reach(session, wish)
        list(named(session, found, 0, 50))
        return len(found.node)

    timed(session, "first page by snapshot: totals and 50 rows", first_page)


def main() -> None:
    """Fill, then measure."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--database", help="a PostgreSQL server; default: a private one")
    options.add_argument("--nodes", type=int, default=1_000_000)
    options.add_argument("--edges", type=int, default=5_000_000)
    given = options.parse_args()
    print(machine())
    net = network(given.nodes, given.edges)
    with database(given.database) as url:
        begun = time.perf_counter()
        with unit_of_work() as session:
            fill(session, net.source, net.target, net.at, net.at, nodes=net.nodes)
        plain = url.replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE trace_edge")
            connection.execute("VACUUM ANALYZE trace_node")
        print(f"{len(net.source):,} edges filled in {time.perf_counter() - begun:.0f} s")
        begun = time.perf_counter()
        with unit_of_work() as session:
            build(session)
        print(f"snapshot read and written in {time.perf_counter() - begun:.1f} s")
        with read_only() as session:
            snapshot = load_current(session)
            assert snapshot is not None
            lots = lots_to_trace(snapshot.possible, net.nodes)
            for wanted, some in lots.items():
                print(f"about {wanted:,} descendants")
                measure(session, some[0] - 1)
            lot = max(lots.items())[1][0]
            found = find_reach(session, Wish(seeds=(Seed(lot),), direction="forward"))
            begun, own = time.perf_counter(), time.process_time()
            size = sum(len(part) for part in lines(session, found))
            print(
                f"{len(found.node):,} rows as lines: {time.perf_counter() - begun:.1f} s"
                f" ({time.process_time() - own:.1f} of a processor), {size / 1e6:.0f} MB"
            )
        forget()
    print(f"targets: database engine {TARGET_SQL_MS} ms, first page {TARGET_PAGE_MS} ms at 100,000")


if __name__ == "__main__":
    main()
