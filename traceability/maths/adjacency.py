"""A graph of edges in time as a few flat arrays, both ways, in memory or mapped from files.

Memory: 12 bytes per edge and direction for neighbour, time and name, side by side because a walk
reads them together, and 4 bytes per node and direction for the starts of the lists. Tables shared
by both directions come on top where they are needed: 8 bytes per distinct time where times are not
in even steps, 8 per interval that is no instant and was not met lately, 8 per edge where row
numbers spread over more than 2**31.
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
_MOST = 2**31 - 1  # nodes, and edges


class UnreadableGraph(ValueError):
    """Files of a graph that are missing, cut, changed or of another format."""


@dataclass(frozen=True, slots=True)
class Adjacency:
    """Edges of one direction; those of node n lie at ``starts[n]:starts[n + 1]``.

    Attributes
    ----------
    starts : (nodes + 1,) int32
    record : (edges, 3) int32
        The node at the other end. The time: an instant's code, or if negative the complement of a
        row of `TraceGraph.wide`. The name: what `TraceGraph.names` makes a row number.
    """

    starts: Codes
    record: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Names:
    """Row numbers in four bytes, in the same order.

    Attributes
    ----------
    first : int
        The row number of name 0, where no table is needed.
    table : (distinct,) int64
        Ascending row numbers by name; empty where ``first + name`` does.
    """

    first: int
    table: Ints

    @staticmethod
    def of(number: Ints) -> tuple[Names, Codes]:
        """Names for some row numbers."""
        none = np.empty(0, dtype=np.int64)
        if not len(number):
            return Names(0, none), none.astype(np.int32)
        first = int(number.min())
        if int(number.max()) - first < 2**31:
            return Names(first, none), (number - first).astype(np.int32)
        table, name = np.unique(number, return_inverse=True)
        return Names(0, table), name.astype(np.int32)

    def numbers(self, name: NDArray[Any]) -> Ints:
        """The row numbers of some names."""
        return self.table[name] if len(self.table) else self.first + name.astype(np.int64)


@dataclass(frozen=True, slots=True)
class TraceGraph:
    """Edges in time, forward and backward.

    Attributes
    ----------
    forward, backward : Adjacency
    names : Names
        Row numbers of edges.
    wide : (intervals, 2) int32
        Time codes of intervals that are no instants.
    codes : TimeCodes
        What the codes mean.
    """

    forward: Adjacency
    backward: Adjacency
    names: Names
    wide: Codes
    codes: TimeCodes

    @property
    def nodes(self) -> int:
        """How many nodes there are, numbered from 0."""
        return len(self.forward.starts) - 1

    @property
    def edges(self) -> int:
        """How many edges there are."""
        return len(self.forward.record)

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
            As many edges at most.
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
        starts, back = np.zeros(nodes + 1, dtype=np.int32), np.zeros(nodes + 1, dtype=np.int32)
        names, name = Names.of(number)
        record = kernels.outward(source, target, when, name, starts)
        del when, name
        backward = kernels.inward(starts, record, back)
        return TraceGraph(
            Adjacency(starts, record), Adjacency(back, backward), names, wide, codes
        )._locked()

    def write(self, directory: Path) -> None:
        """Put the arrays into an existing, empty directory: .npy files, the manifest last.

        A directory without a manifest is unfinished; one with it is whole.
        """
        manifest: dict[str, Any] = {"format": FORMAT, "nodes": self.nodes, "edges": self.edges}
        codes = self.codes
        manifest["codes"] = {"origin": codes.origin, "unit": codes.unit, "last": codes.last}
        manifest["names"] = {"first": self.names.first}
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
            names = Names(**manifest["names"], table=arrays["names"])
            graph = TraceGraph(forward, backward, names, arrays["wide"], codes)
        except (OSError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise UnreadableGraph(f"{directory} holds no whole graph ({error})") from error
        if (graph.nodes, graph.edges) != (manifest["nodes"], manifest["edges"]):
            raise UnreadableGraph(f"{directory} holds other sizes than its manifest tells")
        return graph

    def _arrays(self) -> dict[str, NDArray[Any]]:
        found: dict[str, NDArray[Any]] = {
            "names": self.names.table,
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
    if not 0 <= nodes <= _MOST:
        raise ValueError(f"nodes must be 0..{_MOST}, got {nodes}; number them from 0")
    if len(source) > _MOST:
        raise ValueError(
            f"{len(source)} edges are more than {_MOST}; split the graph (docs/scale.md)"
        )
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
