"""Instants as numbers of four bytes in the same order, so that comparing them stays exact.

Code 0 is "no bound before" (`EARLIEST`), the last code "no bound after" (`LATEST`). Between them
codes count even steps where the times allow it (whole seconds for sixty-eight years), and else the
places in a table of the distinct times.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from traceability.maths.compiled import has_numba
from traceability.maths.ledger import EARLIEST, LATEST

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

_ROOM = 2**31 - 3  # codes between the two that mean no bound
_UNITS = (1_000_000, 1_000, 1)  # microseconds: as kernels_build.survey tries them


def builders(fast: bool | None = None) -> ModuleType:
    """The compiled kernels that build a graph, or their twins in numpy."""
    if has_numba() if fast is None else fast:
        from traceability.maths import kernels_build  # loads numba: only when it is used

        return kernels_build
    from traceability.maths import kernels_build_numpy

    return kernels_build_numpy


@dataclass(frozen=True, slots=True)
class TimeCodes:
    """What each code means.

    Attributes
    ----------
    origin : int
        Time of code 1 in microseconds UTC, where the steps are even.
    unit : int, >= 0
        Microseconds between neighbouring codes; 0 where a table tells the times.
    last : int
        The code of `LATEST`.
    table : (last - 1,) int64
        Ascending times of the codes 1, 2, …; empty where the steps are even.
    """

    origin: int
    unit: int
    last: int
    table: Ints

    @staticmethod
    def of(lo: Ints, hi: Ints, *, fast: bool | None = None) -> tuple[TimeCodes, Codes, Codes]:
        """Codes for the ends of intervals.

        Parameters
        ----------
        lo, hi : (edges,) int64
            Microseconds UTC, ``EARLIEST <= lo <= hi <= LATEST``.
        fast : bool, optional
            Whether to use compiled kernels; default: where there are any.

        Returns
        -------
        TimeCodes, (edges,) int32, (edges,) int32

        Raises
        ------
        ValueError
            If there are more distinct times than codes.
        """
        kernels = builders(fast)
        least, most, step = kernels.survey(lo, hi)
        if least > most:
            none = TimeCodes(0, 1, 1, np.empty(0, dtype=np.int64))
            return none, *(kernels.even_codes(each, 0, 1, 1) for each in (lo, hi))
        for unit in _UNITS[step:]:
            if (most - least) // unit < _ROOM:
                last = (most - least) // unit + 2
                even = TimeCodes(least, unit, last, np.empty(0, dtype=np.int64))
                return even, *(kernels.even_codes(each, least, unit, last) for each in (lo, hi))
        table, low, high = kernels.ranked(lo, hi)
        if len(table) > _ROOM:
            raise ValueError(f"{len(table)} distinct times are more than {_ROOM}; split the graph")
        return TimeCodes(0, 0, len(table) + 1, table), low, high

    def floor(self, times: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """The latest code not after each time, and whether it is that very time."""
        if self.unit:
            steps = np.where(times < self.origin, -1, (times - self.origin) // self.unit)
            codes = np.clip(steps + 1, 0, self.last - 1)
        else:
            codes = np.searchsorted(self.table, times, side="right")
        codes = np.where(times >= LATEST, self.last, codes).astype(np.int64)
        return codes, self.times(codes) == times

    def times(self, codes: NDArray[Any]) -> Ints:
        """The time of each code, in microseconds UTC."""
        codes = np.asarray(codes, dtype=np.int64)
        if self.unit:
            found = self.origin + (codes - 1) * self.unit
        elif len(self.table):
            found = self.table[np.clip(codes - 1, 0, len(self.table) - 1)]
        else:
            found = np.zeros(len(codes), dtype=np.int64)
        found = np.where(codes <= 0, EARLIEST, found)
        return np.where(codes >= self.last, LATEST, found)
