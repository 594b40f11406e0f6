"""Two answers to one question: what came to a trace, what left it, what is known better now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from traceability.maths.amounts import plain
from traceability.maths.answer import Trace


@dataclass(frozen=True, slots=True)
class Standing:
    """A lot at a holder as a trace left it.

    ``on_hand`` are the bounds as exact text, None where no bound is known.
    """

    lot_id: int
    party_id: int
    side: str
    depth: int
    certain: bool
    on_hand: tuple[str | None, str | None]
    unit: str

    @property
    def place(self) -> tuple[str, int, int]:
        """What makes it the same standing in another answer."""
        return self.side, self.lot_id, self.party_id


@dataclass(frozen=True, slots=True)
class Change:
    """The same lot at the same holder, before and after."""

    before: Standing
    after: Standing


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed, each part ordered by side, lot and holder."""

    added: tuple[Standing, ...]
    gone: tuple[Standing, ...]
    changed: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        """True where both answers say the same."""
        return not (self.added or self.gone or self.changed)


def standings_of(trace: Trace) -> tuple[Standing, ...]:
    """The holdings of a trace in the form that is kept."""
    return tuple(
        Standing(
            lot_id=each.lot_id,
            party_id=each.party_id,
            side=each.side.value,
            depth=each.depth,
            certain=each.certain,
            on_hand=(_text(each.balance.on_hand.lo), _text(each.balance.on_hand.hi)),
            unit=each.balance.unit,
        )
        for each in trace.holdings
    )


def _text(bound: Decimal | None) -> str | None:
    return None if bound is None else plain(bound)


def compare(before: Iterable[Standing], after: Iterable[Standing]) -> Difference:
    """What came, what left, and what stands otherwise?

    Parameters
    ----------
    before, after : iterables of Standing
        Two answers to the same question, in any order.

    Returns
    -------
    Difference
        ``compare(a, a)`` is empty; ``compare(a, b)`` with parts exchanged is ``compare(b, a)``.

    Notes
    -----
    Corrections may take a holding away: that is told, so that a notice sent to a shop that never
    had the goods can be taken back.
    """
    then = {each.place: each for each in before}
    now = {each.place: each for each in after}
    return Difference(
        added=tuple(now[place] for place in sorted(now.keys() - then.keys())),
        gone=tuple(then[place] for place in sorted(then.keys() - now.keys())),
        changed=tuple(
            Change(then[place], now[place])
            for place in sorted(then.keys() & now.keys())
            if then[place] != now[place]
        ),
    )
