"""Notes about nodes that walks make, kept between questions instead of cleared."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from traceability.maths.kernels_shape import Room

_LAST_MARK = 2**31 - 2
_FEW, _MANY = 2**10, 2**22  # labels there is room for at first, and after a walk at most


class Workspace:
    """Notes about nodes, for one walk at a time.

    Attributes
    ----------
    state : (nodes, 4) int32
        Valid where the first column equals the mark of the walk. Pages of it take memory when a
        walk comes to one of their nodes for the first time, not before.
    """

    def __init__(self) -> None:
        self.state: NDArray[np.int32] = np.zeros((0, 4), dtype=np.int32)
        self._masks: NDArray[np.uint64] = np.zeros((0, 2), dtype=np.uint64)
        self.room = _room()
        self._mark = 0

    def keep(self, room: Room) -> None:
        """Take back the columns a walk was lent, which may have grown; huge ones are let go."""
        self.room = room if len(room.node) <= _MANY else _room()

    def mark(self, nodes: int) -> int:
        """A mark no note bears yet, with room for so many nodes."""
        if len(self.state) < nodes or self._mark >= _LAST_MARK:
            self.state = np.zeros((nodes + nodes // 8, 4), dtype=np.int32)
            self._mark = 0
        self._mark += 1
        return self._mark

    def masks(self, nodes: int) -> NDArray[np.uint64]:
        """Two sets of 64 bits for so many nodes, all empty; to be left empty."""
        if len(self._masks) < nodes:
            self._masks = np.zeros((nodes + nodes // 8, 2), dtype=np.uint64)
        return self._masks


def _room() -> Room:
    return Room(
        np.empty(_FEW, np.int32), np.empty(_FEW, np.int32),
        np.empty(_FEW, np.int64), np.empty(_FEW, np.int64),
    )  # fmt: skip


class Workspaces:
    """Workspaces not in use; as many come to be as walks run at the same time."""

    def __init__(self) -> None:
        self._idle: deque[Workspace] = deque()

    @contextmanager
    def one(self) -> Iterator[Workspace]:
        """A workspace nobody else has; thrown away where the work in it failed."""
        try:
            workspace = self._idle.pop()
        except IndexError:
            workspace = Workspace()
        yield workspace
        self._idle.append(workspace)


SHARED = Workspaces()  # by all engines of a process: a newer snapshot takes over the room
