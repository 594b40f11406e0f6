"""What a plan remembers about the units of its roster beside what it committed to: as bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

_BETWEEN: Final = "\0"  # the one character that no stored text holds


@dataclass(frozen=True, slots=True)
class Detail:
    """One enterprise as it was when the roster was frozen."""

    enterprise_id: int
    name: str
    grade: str | None
    risk_tier: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Details:
    """The same for many, as columns, in frame order.

    Attributes
    ----------
    enterprise_ids : shape (units,), dtype int64
    names : sequence of str, shape (units,)
    group : shape (units,), dtype uint32
        Place in ``groups``.
    groups : tuple of (grade, risk tier)
    """

    enterprise_ids: npt.NDArray[np.int64]
    names: Sequence[str]
    group: npt.NDArray[np.uint32]
    groups: tuple[tuple[str | None, str | None], ...]

    def __len__(self) -> int:
        return len(self.names)

    def at(self, row: int) -> Detail:
        """One of them."""
        grade, tier = self.groups[self.group[row]]
        return Detail(int(self.enterprise_ids[row]), self.names[row], grade, tier)

    def part(self, start: int, end: int) -> Details:
        """Some of them, one after another."""
        part = slice(start, end)
        return Details(self.enterprise_ids[part], self.names[part], self.group[part], self.groups)

    def encoded(self) -> bytes:
        """All of them as bytes, plain: compressing takes longer than writing them."""
        columns = [
            self.enterprise_ids.astype("<i8").tobytes(),
            self.group.astype("<u4").tobytes(),
            _BETWEEN.join(self.names).encode(),
        ]
        head = json.dumps([len(self), self.groups, [len(column) for column in columns]]).encode()
        return b"".join([len(head).to_bytes(4, "big"), head, *columns])


def decoded(content: bytes) -> Details:
    """What `Details.encoded` made bytes of."""
    end = 4 + int.from_bytes(content[:4], "big")
    size, groups, lengths = json.loads(content[4:end])
    columns = []
    for length in lengths:
        columns.append(content[end : end + length])
        end += length
    names = columns[2].decode().split(_BETWEEN)
    if len(names) != size:
        raise ValueError(f"{size} units but {len(names)} names")
    return Details(
        enterprise_ids=np.frombuffer(columns[0], dtype="<i8").astype(np.int64),
        names=names,
        group=np.frombuffer(columns[1], dtype="<u4").astype(np.uint32),
        groups=tuple((grade, tier) for grade, tier in groups),
    )
