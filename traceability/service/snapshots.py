"""The graph as files, mapped by every process: written aside, whole before anybody hears of it.

A snapshot is a directory under ``ZHIHENG_HOME/graph``. It gets its name by a rename once all of it
is on disk, and becomes current when its row is committed. So whoever dies on the way leaves the one
before in use, and a row never names files that are not whole. Files that a process has mapped live
on until it lets go, whoever removes their names.
"""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Lock

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.clock import now
from core.config import settings
from core.progress import Progress, silent
from traceability.maths.adjacency import TraceGraph, UnreadableGraph
from traceability.maths.csr import CsrEngine, warm
from traceability.maths.overlay import Overlay
from traceability.maths.reach import Answer, Question
from traceability.models.graph import GraphSnapshot
from traceability.queries import graph as queries
from traceability.queries.graph import CERTAIN, POSSIBLE, Change, GraphState, SnapshotView

# Below so many edges the database answers at once, and files are not worth their keeping.
FEWEST_EDGES = 20_000
# A new snapshot is due when so much of the graph has changed …
DUE_SHARE = 0.02
# … and one is too old to be used when reading the change would take longer than a trace in SQL.
OLD_SHARE, OLD_LEAST = 0.05, 50_000

# Directories that no row names are somebody's unfinished or rolled-back work; left alone for a day.
_ABANDONED_S = 86_400.0
_PURPOSES = {"possible": POSSIBLE, "certain": CERTAIN}


def place() -> Path:
    """Where the snapshots of this installation lie."""
    return settings().home / "graph"


def is_due(session: Session) -> bool:
    """Whether enough has changed since the newest snapshot, or there is none and should be."""
    state = queries.graph_state(session)
    files = _open(queries.snapshots(session))
    if files is None:  # none yet, lost, or written by another release
        return state.serial >= FEWEST_EDGES and queries.edge_count(session) >= FEWEST_EDGES
    changed = state.serial - files.view.last_serial
    return changed > DUE_SHARE * max(files.view.edge_count, FEWEST_EDGES)


def build(session: Session, *, progress: Progress = silent) -> SnapshotView:
    """Write a snapshot of the graph as it is; it is current when the session commits."""
    state = queries.graph_state(session)
    recorded_at = queries.last_recorded(session)
    progress("read edges", 0, 1)
    edges = queries.open_edges(session, after=0, last=state.serial)
    name = f"{state.serial}-{secrets.token_hex(6)}"
    aside = place() / f".{name}"
    aside.mkdir(parents=True)
    for done, (purpose, bit) in enumerate(_PURPOSES.items()):
        progress("write snapshot", done, len(_PURPOSES))
        wanted = edges.of_purpose(bit)
        if purpose == "certain" and wanted is edges:
            continue  # no edge is for one purpose only: one graph serves both
        graph = TraceGraph.of(*wanted.all()[:5], nodes=state.last_node + 1)
        directory = aside / purpose
        directory.mkdir()
        graph.write(directory)
        _to_disk(directory)
    _to_disk(aside)
    aside.rename(place() / name)
    _to_disk(place())
    row = GraphSnapshot(
        directory=name,
        last_serial=state.serial,
        recorded_at=recorded_at,
        node_count=state.last_node,
        edge_count=len(edges.number),
        built_at=now(),
    )
    session.add(row)
    session.flush()
    _remove_old(session)
    # Compiled here once and kept on disk, so that no web process has to do it within a question.
    warm()
    progress("write snapshot", len(_PURPOSES), len(_PURPOSES))
    return SnapshotView(row.id, name, state.serial, recorded_at, row.edge_count)


def _to_disk(directory: Path) -> None:
    """Names in a directory outlive a power cut only when the directory itself is written."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_old(session: Session) -> None:
    """Keep the newest snapshot and the one before, which is current until this one commits."""
    kept = queries.snapshots(session)
    session.execute(
        delete(GraphSnapshot).where(GraphSnapshot.id.not_in([each.snapshot_id for each in kept]))
    )
    names = {each.directory for each in kept}
    oldest = min((each.last_serial for each in kept), default=0)
    for directory in place().iterdir():
        if directory.name in names:
            continue
        serial = directory.name.partition("-")[0]
        is_past = serial.isdecimal() and int(serial) < oldest
        if is_past or now().timestamp() - directory.stat().st_mtime > _ABANDONED_S:
            shutil.rmtree(directory, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot with what came since: a `GraphBackend` for the graph as it is now."""

    view: SnapshotView
    state: GraphState
    possible: CsrEngine
    certain: CsrEngine
    recorded_at: datetime | None

    def reach(self, question: Question) -> Answer:
        """Everything that can be got to from the seeds; node numbers nobody has are passed over."""
        limit = self.possible.overlay.nodes
        question = replace(
            question,
            seeds=question.seeds[(question.seeds >= 0) & (question.seeds < limit)],
            timeless=question.timeless[(question.timeless >= 0) & (question.timeless < limit)],
        )
        return (self.certain if question.certain else self.possible).reach(question)


@dataclass(frozen=True, slots=True)
class _Files:
    """A snapshot's graphs, mapped."""

    view: SnapshotView
    possible: TraceGraph
    certain: TraceGraph


_lock = Lock()
_files: _Files | None = None
_current: Snapshot | None = None


def load_current(session: Session) -> Snapshot | None:
    """The newest snapshot with what came since; None where there is none, or none young enough.

    Mapped once per process, and again when there is a newer one. What came since is read when it is
    first asked for after a change.
    """
    global _files, _current
    state = queries.graph_state(session)
    with _lock:
        known = _current
    newest = queries.snapshots(session)
    if known and newest and (known.view, known.state) == (newest[0], state):
        return known
    files = _open(newest)
    if files is None or _is_too_old(files.view, state):
        return None
    change = queries.change_since(session, files.view.last_serial, state=state)
    found = _overlaid(files, change, state)
    with _lock:
        _files, _current = files, found
    return found


def _is_too_old(view: SnapshotView, state: GraphState) -> bool:
    behind = state.serial - view.last_serial
    return behind < 0 or behind > max(OLD_SHARE * view.edge_count, OLD_LEAST)


def _open(newest: list[SnapshotView]) -> _Files | None:
    """The newest snapshot whose files are here and whole."""
    for view in newest:
        if _files is not None and _files.view == view:
            return _files
        directory = place() / view.directory
        try:
            possible = TraceGraph.open(directory / "possible")
            certain = directory / "certain"
            return _Files(
                view, possible, TraceGraph.open(certain) if certain.is_dir() else possible
            )
        except UnreadableGraph:
            continue
    return None


def _overlaid(files: _Files, change: Change, state: GraphState) -> Snapshot:

    def engine(bit: int, graph: TraceGraph) -> CsrEngine:
        source, target, lo, hi, number, _ = change.added.of_purpose(bit).all()
        overlay = Overlay.of(
            graph,
            source=source,
            target=target,
            lo=lo,
            hi=hi,
            number=number,
            nodes=state.last_node + 1,
            retracted_source=change.ended_source,
            retracted_number=change.ended,
        )
        return CsrEngine(overlay, f"{files.view.last_serial}+{len(number)}")

    times = [each for each in (files.view.recorded_at, change.recorded_at) if each is not None]
    return Snapshot(
        view=files.view,
        state=state,
        possible=engine(POSSIBLE, files.possible),
        certain=engine(CERTAIN, files.certain),
        recorded_at=max(times, default=None),
    )


def forget() -> None:
    """Let go of what is mapped; the next question maps it again."""
    global _files, _current
    with _lock:
        _files = _current = None
