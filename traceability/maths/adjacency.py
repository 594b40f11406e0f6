"""A graph of edges in time as a few flat arrays, both ways, in memory or mapped from files.

Memory, E edges and V nodes, of the two directions together: the neighbour and the time of each edge
4 + 4 bytes per direction, its place in the forward order 4 (backward), its row number 8 (shared),
so 14 bytes per edge and direction, and 4 bytes per node and direction for the starts (8 from 2**31
edges). Shared tables come on top: 8 bytes per distinct time where times are not in even steps, and
8 per interval that is no instant and was not met lately.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from traceability.maths.ledger import EARLIEST, LATEST
from traceability.maths.timecodes import TimeCodes, builders

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

FORMAT = 1
MANIFEST = "manifest.json"
_MOST_NODES = 2**31 - 1


class UnreadableGraph(ValueError):
    """Files of a graph that are missing, cut, changed or of another format."""


@dataclass(frozen=True, slots=True)
class Adjacency:
    """Edges of one direction; those of node n lie at ``starts[n]:starts[n + 1]``.

    Attributes
    ----------
    starts : (nodes + 1,) int32, or int64 from 2**31 edges
    neighbour : (edges,) int32
        The node at the other end.
    when : (edges,) int32
        An instant's time code; negative: the complement of a row of `TraceGraph.wide`.
    place : (edges,) as starts
        Where the edge lies in the forward order; empty in the forward direction itself.
    """

    starts: NDArray[Any]
    neighbour: Codes
    when: Codes
    place: NDArray[Any]


@dataclass(frozen=True, slots=True)
class TraceGraph:
    """Edges in time, forward and backward.

    Attributes
    ----------
    forward, backward : Adjacency
    number : (edges,) int64
        Row number of each edge, in the forward order.
    wide : (intervals, 2) int32
        Time codes of intervals that are no instants.
    codes : TimeCodes
        What the codes mean.
    """

    forward: Adjacency
    backward: Adjacency
    number: Ints
    wide: Codes
    codes: TimeCodes

    @property
    def nodes(self) -> int:
        """How many nodes there are, numbered from 0."""
        return len(self.forward.starts) - 1

    @property
    def edges(self) -> int:
        """How many edges there are."""
        return len(self.number)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, both directions and shared tables."""
        return sum(array.nbytes for array in self._arrays().values())

    @staticmethod
    def of(
        source: Ints,
        target: Ints,
        lo: Ints,
        hi: Ints,
        number: Ints,
        *,
        nodes: int,
        fast: bool | None = None,
    ) -> TraceGraph:
        """The graph of some edges.

        Parameters
        ----------
        source, target : (edges,) int64
            Node numbers, ``0 <= n < nodes``: row numbers may serve as they are, if not too sparse.
        lo, hi : (edges,) int64
            Microseconds UTC, ``lo <= hi``; `EARLIEST` and `LATEST` where no bound is known.
        number : (edges,) int64
            Row numbers, told as witnesses and deciding ties.
        nodes : int, 0 <= nodes < 2**31
        fast : bool, optional
            Compiled kernels or numpy; default: compiled where numba is there.

        Returns
        -------
        TraceGraph
            Read-only; edges of a node keep the order given.

        Raises
        ------
        ValueError
            If columns differ in length, or a node or a time lies outside its range.
        """
        columns = [
            np.ascontiguousarray(each, dtype=np.int64) for each in (source, target, lo, hi, number)
        ]
        source, target, lo, hi, number = columns
        _check(columns, nodes)
        kernels = builders(fast)
        codes, low, high = TimeCodes.of(lo, hi, fast=fast)
        when, wide = kernels.spans(low, high)
        del low, high
        kind = np.int32 if len(number) < 2**31 else np.int64
        starts, back = np.zeros(nodes + 1, dtype=kind), np.zeros(nodes + 1, dtype=kind)
        neighbour, times, numbers = kernels.outward(source, target, when, number, starts)
        sources, back_times, places = kernels.inward(starts, neighbour, times, back)
        return TraceGraph(
            Adjacency(starts, neighbour, times, np.empty(0, dtype=kind)),
            Adjacency(back, sources, back_times, places),
            numbers,
            wide,
            codes,
        )._locked()

    def write(self, directory: Path) -> None:
        """Put the arrays into an existing, empty directory: .npy files, the manifest last.

        A directory without a manifest is unfinished; one with it is whole.
        """
        manifest: dict[str, Any] = {"format": FORMAT, "nodes": self.nodes, "edges": self.edges}
        codes = self.codes
        manifest["codes"] = {"origin": codes.origin, "unit": codes.unit, "last": codes.last}
        manifest["files"] = {}
        for name, array in self._arrays().items():
            path = directory / f"{name}.npy"
            with path.open("wb") as file:
                np.save(file, array, allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
            manifest["files"][path.name] = {"bytes": path.stat().st_size, "sha256": _sha256(path)}
        partial = directory / f"{MANIFEST}.part"
        with partial.open("w", encoding="utf-8") as text:
            json.dump(manifest, text, indent=1, sort_keys=True)
            text.flush()
            os.fsync(text.fileno())
        partial.replace(directory / MANIFEST)

    @staticmethod
    def open(directory: Path, *, thorough: bool = False) -> TraceGraph:
        """A graph mapped from its files; pages come when they are read, shared by processes.

        Parameters
        ----------
        directory : Path
            Where `write` put it.
        thorough : bool
            Also read every file and compare its SHA-256; without it sizes are compared.

        Raises
        ------
        UnreadableGraph
            If a file is missing, cut, changed, or of another format.
        """
        try:
            manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
            if manifest["format"] != FORMAT:
                raise UnreadableGraph(
                    f"{directory} has format {manifest['format']!r}, this release reads {FORMAT}; "
                    "build it anew"
                )
            arrays = {
                name.removesuffix(".npy"): _mapped(directory / name, facts, thorough=thorough)
                for name, facts in manifest["files"].items()
            }
            codes = TimeCodes(**manifest["codes"], table=arrays["times"])
            forward, backward = (
                Adjacency(*(arrays[f"{way}_{each.name}"] for each in fields(Adjacency)))
                for way in ("forward", "backward")
            )
            graph = TraceGraph(forward, backward, arrays["number"], arrays["wide"], codes)
        except (OSError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise UnreadableGraph(f"{directory} holds no whole graph ({error})") from error
        if (graph.nodes, graph.edges) != (manifest["nodes"], manifest["edges"]):
            raise UnreadableGraph(f"{directory} holds other sizes than its manifest tells")
        return graph

    def _arrays(self) -> dict[str, NDArray[Any]]:
        found: dict[str, NDArray[Any]] = {
            "number": self.number,
            "wide": self.wide,
            "times": self.codes.table,
        }
        for way, adjacency in (("forward", self.forward), ("backward", self.backward)):
            for each in fields(Adjacency):
                found[f"{way}_{each.name}"] = getattr(adjacency, each.name)
        return found

    def _locked(self) -> TraceGraph:
        """Read-only, as mapped files are: the kernels are then compiled for one kind of array."""
        for array in self._arrays().values():
            array.setflags(write=False)
        return self


def _check(columns: list[Ints], nodes: int) -> None:
    source, target, lo, hi, _ = columns
    if len({len(each) for each in columns}) != 1:
        sizes = [len(each) for each in columns]
        raise ValueError(f"the columns of edges must be of one length, got {sizes}")
    if not 0 <= nodes <= _MOST_NODES:
        raise ValueError(f"nodes must be 0..{_MOST_NODES}, got {nodes}; number them from 0")
    if not len(source):
        return
    if min(source.min(), target.min()) < 0 or max(source.max(), target.max()) >= nodes:
        raise ValueError(f"an edge leaves the nodes 0..{nodes - 1}")
    if np.any(lo > hi):
        raise ValueError("an edge's interval needs lo <= hi")
    if lo.min() < EARLIEST or hi.max() > LATEST:
        raise ValueError("times must lie between EARLIEST and LATEST")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mapped(path: Path, facts: dict[str, Any], *, thorough: bool) -> NDArray[Any]:
    size = path.stat().st_size
    if size != facts["bytes"]:
        raise UnreadableGraph(f"{path} has {size} bytes instead of {facts['bytes']}")
    if thorough and _sha256(path) != facts["sha256"]:
        raise UnreadableGraph(f"{path} was changed after it was written")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:  # an empty array cannot be mapped; so says a header that is none
        array = np.load(path, allow_pickle=False)
        if array.size:
            raise UnreadableGraph(f"{path} cannot be mapped ({error})") from error
    found = np.asarray(array)
    found.setflags(write=False)
    return found
