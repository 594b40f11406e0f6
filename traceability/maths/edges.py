"""From statements about lots to edges between holdings, with the record times they hold for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Generic, Literal, TypeVar

from traceability.maths.ledger import Event, EventKind, Hop, LinkState, Use, hops
from traceability.maths.network import Node

Purpose = Literal["possible", "certain", "both"]
Statement = TypeVar("Statement", Event, Use)

_MOVING = (EventKind.SHIPMENT, EventKind.RETURN, EventKind.RECEIPT)


@dataclass(frozen=True, slots=True)
class EdgeFact:
    """What an edge says, without when it was known.

    A walk in possible order of time takes the edges for ``possible`` and ``both``, one in certain
    order those for ``certain`` and ``both``.
    """

    source: Node
    target: Node
    key: str
    purpose: Purpose
    kind: str
    lo: int
    hi: int
    quantity: Decimal | None
    unit: str
    state: LinkState
    event_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Known(Generic[Statement]):
    """A statement with the record times at which it is in force: from one, before the other."""

    said: Statement
    recorded_at: datetime
    ended_at: datetime | None = None

    def is_known(self, at: datetime) -> bool:
        """Whether it is in force at a record time."""
        return self.recorded_at <= at and (self.ended_at is None or at < self.ended_at)


@dataclass(frozen=True, slots=True)
class KnownEdge:
    """An edge with the record times at which it is in force."""

    fact: EdgeFact
    recorded_at: datetime
    retracted_at: datetime | None


def edges_of(
    events: Iterable[Event], uses: Iterable[Use], *, stand_ins: frozenset[int] = frozenset()
) -> Iterator[EdgeFact]:
    """The edges that some statements in force make: those of `Network`, timed as it walks them."""
    for hop in hops(events, stand_ins=stand_ins):
        yield from hop_edges(hop)
    for use in uses:
        yield from use_edges(use)


def hop_edges(hop: Hop) -> Iterator[EdgeFact]:
    """The edges of one hop: each sighting's own time if possible, the whole hop's if certain."""
    first = hop.first
    whole = (hop.lo, hop.hi)
    spans: dict[tuple[int, int], Purpose] = {
        (each.lo, each.hi): "possible" for each in (hop.sent, hop.received) if each is not None
    }
    spans[whole] = "both" if whole in spans else "certain"
    for (lo, hi), purpose in spans.items():
        yield EdgeFact(
            source=(first.lot, first.source),
            target=(first.lot, first.target),
            key=f"M{first.id}",
            purpose=purpose,
            kind="hop",
            lo=lo,
            hi=hi,
            quantity=first.quantity,
            unit=first.unit,
            state=hop.state,
            event_ids=tuple(each.id for each in (hop.sent, hop.received) if each is not None),
        )


def use_edges(use: Use) -> Iterator[EdgeFact]:
    """The edge of a use; none for rework of a lot into itself, which nothing new can reach."""
    if use.input != use.output:
        yield EdgeFact(
            source=(use.input, use.party),
            target=(use.output, use.party),
            key=f"U{use.id}",
            purpose="both",
            kind="use",
            lo=use.lo,
            hi=use.hi,
            quantity=use.quantity,
            unit=use.unit,
            state=LinkState.DECLARED,
            event_ids=(use.event,),
        )


def history(
    events: Iterable[Known[Event]],
    uses: Iterable[Known[Use]],
    *,
    stand_ins: frozenset[int] = frozenset(),
) -> Iterator[KnownEdge]:
    """All edges that some statements ever made, with the record times at which each was in force.

    Parameters
    ----------
    events, uses : iterables
        Every statement ever recorded about the lots concerned, the corrected ones too.

    Notes
    -----
    Pairing looks at one lot, sender and receiver at a time, so each such group is worked out anew
    at the record times at which it changed, and only then. The answer depends on what was recorded
    when, never on when it was worked out, nor on the order of the statements.
    """
    groups: dict[tuple[int, int, int], list[Known[Event]]] = defaultdict(list)
    for known in events:
        said = known.said
        if said.kind in _MOVING:
            groups[said.lot, said.source, said.target].append(known)
    for group in groups.values():
        yield from _group_history(group, stand_ins)
    for use in uses:
        if use.ended_at is None or use.recorded_at < use.ended_at:
            for fact in use_edges(use.said):
                yield KnownEdge(fact, use.recorded_at, use.ended_at)


def _group_history(group: Sequence[Known[Event]], stand_ins: frozenset[int]) -> Iterator[KnownEdge]:
    changes = {known.recorded_at for known in group}
    changes |= {known.ended_at for known in group if known.ended_at is not None}
    standing: dict[EdgeFact, datetime] = {}
    for at in sorted(changes):
        now = dict.fromkeys(
            edges_of((k.said for k in group if k.is_known(at)), (), stand_ins=stand_ins)
        )
        for fact in [each for each in standing if each not in now]:
            yield KnownEdge(fact, standing.pop(fact), at)
        for fact in now:
            standing.setdefault(fact, at)
    for fact, since in standing.items():
        yield KnownEdge(fact, since, None)
