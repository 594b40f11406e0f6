"""Hashes of very many messages of one shape, as a table of bytes: compiled, or by `hashlib`.

A message is written as fields one after another: bytes that all share, or a table with a row for
each message. Both ways give the same bytes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.chain import hash_all, hasher

Table = npt.NDArray[np.uint8]
Field = bytes | Table

MANY: Final = 2**17  # units from which it is worth to load the compiler
_CHUNK: Final = 2**12  # messages that fit a processor's own memory
_BLOCK: Final = 64  # bytes that SHA-256 takes at once
_LANES: Final = "sampling.maths.lanes"


@cache
def has_numba() -> bool:
    """Whether there is a compiler, and nobody forbade it by ``ZHIHENG_NUMBA=0``."""
    if os.environ.get("ZHIHENG_NUMBA", "1").strip() == "0":
        return False
    return find_spec("numba") is not None


def is_compiled(units: int, algorithm: str = "sha256") -> bool:
    """Shall so many units be hashed by compiled code? Loading it takes most of a second."""
    if algorithm != "sha256" or sys.byteorder != "little" or not has_numba():
        return False
    return units >= MANY or (units >= MANY // 16 and _LANES in sys.modules)


def digests(
    count: int, fields: Sequence[Field], algorithm: str = "sha256", *, compiled: bool
) -> Table:
    """The hash of each of many messages.

    Parameters
    ----------
    count : int
        How many messages.
    fields : sequence of bytes or of arrays of shape (count, width), dtype uint8
        The message, in this order.
    algorithm : str
        "sha256" or "sm3".
    compiled : bool
        By compiled code: SHA-256 only.

    Returns
    -------
    array of shape (count, 32), dtype uint8
    """
    shared = b""
    rest = list(fields)
    while rest and isinstance(first := rest[0], bytes):
        shared += first
        del rest[0]
    if compiled:
        return _side_by_side(count, shared, rest)
    width = sum(len(field) if isinstance(field, bytes) else field.shape[1] for field in rest)
    table = np.empty((count, width), dtype=np.uint8)
    _write(table, rest, slice(None))
    start = hasher(algorithm)
    start.update(shared)
    raw = table.tobytes()
    found = hash_all(start, [raw[width * n : width * (n + 1)] for n in range(count)])
    return np.frombuffer(bytearray().join(found), dtype=np.uint8).reshape(count, 32)


def midstate(shared: bytes) -> npt.NDArray[np.uint32]:
    """What SHA-256 has become after whole blocks that all messages share; shape (8,)."""
    from sampling.maths import lanes

    out: npt.NDArray[np.uint32] = np.empty((1, 8), dtype=np.uint32)
    if not shared:
        return lanes.START
    message = np.frombuffer(bytearray(shared), dtype=np.uint32).reshape(1, -1)
    lanes.compress(lanes.START, message, out)
    return out.reshape(8)


def _side_by_side(count: int, shared: bytes, rest: list[Field]) -> Table:
    from sampling.maths import lanes

    taken = len(shared) // _BLOCK * _BLOCK
    start = midstate(shared[:taken])
    fields: list[Field] = [shared[taken:], *rest]
    width = sum(len(field) if isinstance(field, bytes) else field.shape[1] for field in fields)
    blocks = (width + 9 + _BLOCK - 1) // _BLOCK
    message = np.zeros((min(count, _CHUNK), blocks * _BLOCK), dtype=np.uint8)
    message[:, width] = 0x80
    message[:, -8:] = np.frombuffer((8 * (taken + width)).to_bytes(8, "big"), dtype=np.uint8)
    out = np.empty((count, 8), dtype=np.uint32)
    for first in range(0, count, _CHUNK):
        rows = slice(first, min(first + _CHUNK, count))
        part = message[: rows.stop - first]
        _write(part, fields, rows, constant=first == 0)
        lanes.compress(start, part.view(np.uint32), out[rows])
    return out.byteswap().view(np.uint8)


def _write(table: Table, fields: Sequence[Field], rows: slice, *, constant: bool = True) -> None:
    at = 0
    for field in fields:
        if isinstance(field, bytes):
            if constant:
                table[:, at : at + len(field)] = np.frombuffer(field, dtype=np.uint8)
            at += len(field)
        else:
            table[:, at : at + field.shape[1]] = field[rows]
            at += field.shape[1]


def tree_root(nodes: Table) -> bytes:
    """The root over hashes that stand for full subtrees of one size: `core.chain.grown`, compiled.

    Parameters
    ----------
    nodes : array of shape (nodes, 32), dtype uint8
        At least one.
    """
    level: Any = nodes
    while len(level) > 1:
        half = len(level) // 2
        pairs = np.ascontiguousarray(level[: 2 * half]).reshape(half, 64)
        above = digests(half, [b"\x01", pairs], compiled=True)
        level = np.concatenate([above, level[-1:]]) if len(level) & 1 else above
    return bytes(level[0])
