"""How well recomputed values agree with those of a file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_TINY = 1e-12  # absolute; the files carry 12 significant digits


class Unsupported(Exception):
    """The file is of a known format, but asks for something not recomputed here."""


@dataclass(slots=True)
class Tally:
    """Cases compared, cases that differ, and the largest relative error met.

    A case is one unit of a file that a reader would call one: a week, a code, a deadline. It
    differs if any of its values does; ``differences`` says which, in words. ``stated`` counts
    cases where source and product are known to differ, by reason: no mismatch, and not silent.
    """

    cases: int = 0
    mismatches: int = 0
    max_rel_error: float = 0.0
    differences: list[str] = field(default_factory=list)
    stated: dict[str, int] = field(default_factory=dict)
    not_recomputed: list[str] = field(default_factory=list)  # parts of a known file, and why
    _name: str = ""
    _differs: bool = False

    @contextmanager
    def case(self, name: str) -> Iterator[None]:
        """Compare one case."""
        self._name, self._differs = name, False
        self.cases += 1
        yield
        self.mismatches += self._differs

    def differ(self, what: str, found: object, stated: object) -> None:
        """Note a difference."""
        self._differs = True
        self.differences.append(f"{self._name}: {what}: recomputed {found!r}, file {stated!r}")

    def expect(self, reason: str) -> None:
        """Count a case that is known to differ from the product, for a stated reason.

        The caller has checked that it differs in just the way stated.
        """
        self.stated[reason] = self.stated.get(reason, 0) + 1

    def same(self, what: str, found: object, stated: object) -> None:
        """The two must be equal, in type as well: 1 is not "1", and not true."""
        equal = found == stated and isinstance(found, bool) == isinstance(stated, bool)
        if isinstance(found, float | int) and isinstance(stated, float | int):
            self._measure(float(found), float(stated))
        if not equal:
            self.differ(what, found, stated)

    def close(self, what: str, found: float, stated: Any, *, rel: float) -> None:
        """The two must agree to a relative tolerance."""
        if isinstance(stated, bool) or not isinstance(stated, float | int):
            self.differ(what, found, stated)
            return
        self._measure(found, float(stated))
        if not math.isclose(found, stated, rel_tol=rel, abs_tol=_TINY):
            self.differ(what, found, stated)

    def _measure(self, found: float, stated: float) -> None:
        difference = abs(found - stated)
        if difference <= _TINY:
            return
        error = difference / abs(stated) if stated else math.inf
        self.max_rel_error = max(self.max_rel_error, error if error == error else math.inf)
