"""Kill -9 while a snapshot is swapped: the one before stays in use, and the next one is made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.unit_of_work import read_only, unit_of_work
from tests.crash.house import ROOT
from tests.services.traceability.ledgers import Row, stock, write
from traceability.maths.reach import Question
from traceability.queries.reached import nodes_of_lots
from traceability.queries.sql_engine import SqlEngine
from traceability.service.graphing import refresh
from traceability.service.snapshots import build, forget, load_current, place

pytestmark = pytest.mark.crash

# A process that builds a snapshot and stops for ever at one place on the way.
BUILDER = """
import sys, time
from pathlib import Path
from core.unit_of_work import unit_of_work
from traceability.maths.adjacency import TraceGraph
from traceability.service import snapshots

def stop():
    print("here", flush=True)
    time.sleep(600)

point = sys.argv[1]
rename, write = Path.rename, TraceGraph.write
if point == "half written":
    def half(self, directory):
        write(self, directory)
        (directory / "manifest.json").unlink()
        stop()
    TraceGraph.write = half
if point == "before the rename":
    Path.rename = lambda self, target: stop()
if point == "after the rename":
    def renamed(self, target):
        rename(self, target)
        stop()
    Path.rename = renamed
with unit_of_work() as session:
    snapshots.build(session)
    if point == "before the commit":
        stop()
"""

MOVES = [
    Row("shipment", 0, 0, 1, (1, 1), None, 0, None),
    Row("shipment", 0, 1, 2, (3, 3), None, 0, None),
]
LATER = Row("shipment", 0, 2, 0, (5, 5), None, 1, None)


def killed_at(point: str) -> None:
    """Start the builder, and kill it where it stops."""
    builder = subprocess.Popen(
        [sys.executable, "-c", BUILDER, point],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert builder.stdout is not None
    assert builder.stdout.readline() == "here\n"
    builder.send_signal(signal.SIGKILL)
    assert builder.wait(30) == -signal.SIGKILL
    builder.stdout.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of the test's own; nothing stays mapped from the one before."""
    monkeypatch.setenv("ZHIHENG_HOME", str(tmp_path))
    forget()
    yield tmp_path
    forget()


@pytest.mark.parametrize(
    "point", ["half written", "before the rename", "after the rename", "before the commit"]
)
def test_a_builder_killed_on_the_way_leaves_the_snapshot_before_it_in_use(
    committed: str, home: Path, point: str
) -> None:
    with unit_of_work() as session:
        goods = stock(session)
        write(session, MOVES, goods)
        refresh(session, goods.lots)
        first = build(session)
    with unit_of_work() as session:
        write(session, [LATER], goods)
        refresh(session, goods.lots)
        seeds = np.array([nodes_of_lots(session, goods.lots)[goods.lots[0], goods.parties[1]]])
    question = Question(seeds, seeds[:0])

    killed_at(point)

    forget()
    with read_only() as session:
        snapshot = load_current(session)
        assert snapshot is not None
        assert snapshot.view == first
        found, expected = snapshot.reach(question), SqlEngine(session).reach(question)
        assert len(found.node) == 3
        assert found.node.tolist() == expected.node.tolist()
    with unit_of_work() as session:
        second = build(session)
    with read_only() as session:
        snapshot = load_current(session)
        assert snapshot is not None
        assert snapshot.view == second
        assert snapshot.reach(question).node.tolist() == found.node.tolist()
    assert {first.directory, second.directory} <= {each.name for each in place().iterdir()}


def test_files_that_were_cut_are_not_used_and_a_whole_snapshot_is(
    committed: str, home: Path
) -> None:
    with unit_of_work() as session:
        goods = stock(session)
        write(session, MOVES, goods)
        refresh(session, goods.lots)
        first = build(session)
    with unit_of_work() as session:
        second = build(session)
    for file in (place() / second.directory / "possible").glob("*.npy"):
        os.truncate(file, file.stat().st_size // 2)

    with read_only() as session:
        snapshot = load_current(session)

    assert snapshot is not None
    assert snapshot.view == first


def test_only_the_newest_two_are_kept(committed: str, home: Path) -> None:
    with unit_of_work() as session:
        goods = stock(session)
    for step in range(4):
        with unit_of_work() as session:
            write(session, [Row("shipment", step, 0, 1, (1, 1), None, 0, None)], goods)
            refresh(session, goods.lots)
        with unit_of_work() as session:
            build(session)

    assert len(list(place().iterdir())) == 2
