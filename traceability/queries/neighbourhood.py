"""The rows that a trace needs, gathered lot by lot as they stood at a record time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from traceability.maths.ledger import EARLIEST, LATEST, Event, EventKind, Use
from traceability.queries.stated import STATED_EVENTS, STATED_USES, event_of, span


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """All rows a trace needs, as they stood at a record time.

    ``unread`` are lots that the uses name and whose own rows were not asked for: siblings, and
    whatever lies beyond a bound.
    """

    events: tuple[Event, ...]
    uses: tuple[Use, ...]
    unread: frozenset[int]
    last_event_id: int
    truncated_because: str | None


# A ledger row is in force when it was recorded by then and no correction of it was; a statement
# of events when it was said by then and not taken back. Their numbers come from one sequence.
_EVENTS = text(
    f"""
    SELECT e.id, e.kind, e.lot_id, COALESCE(e.from_party_id, 0), COALESCE(e.to_party_id, 0),
           e.quantity, e.unit, {span("e")}, e.document_no, e.inputs, e.place
    FROM {STATED_EVENTS} e
    WHERE e.lot_id = ANY(CAST(:lots AS bigint[]))
    ORDER BY 1
    """  # noqa: S608 - the parts put in are constants of this module
)


def _uses(end: str) -> Any:
    return text(
        f"""
        SELECT u.id, u.event_id, u.party_id, u.input_lot_id, u.output_lot_id, u.quantity, u.unit,
               {span("u")}, u.place
        FROM {STATED_USES} u
        WHERE u.{end}_lot_id = ANY(CAST(:lots AS bigint[]))
        ORDER BY 1
        """  # noqa: S608 - the parts put in are constants of this module
    )


_USES_OF_INPUT = _uses("input")
_USES_OF_OUTPUT = _uses("output")


# Lots with a row at a station not surely before a time, or still there for all that rows tell.
_BESIDE = text(
    f"""
    WITH met AS (
        SELECT m.party, m.lo, m.hi, p.enterprise_id
        FROM unnest(CAST(:parties AS bigint[]), CAST(:los AS bigint[]), CAST(:his AS bigint[]))
            AS m (party, lo, hi)
        JOIN party p ON p.id = m.party AND p.kind <> 'unlisted'
    ), seen (lot_id, party, leaves, lo, hi) AS (
        SELECT e.lot_id, met.party, e.kind NOT IN ('production', 'stock'), {span("e")}
        FROM {STATED_EVENTS} e JOIN met ON met.party = e.from_party_id
        WHERE e.kind <> 'void'
        UNION ALL
        SELECT e.lot_id, met.party, false, {span("e")}
        FROM {STATED_EVENTS} e JOIN met ON met.party = e.to_party_id
        WHERE e.kind <> 'void'
        UNION ALL
        SELECT u.input_lot_id, met.party, u.input_lot_id <> u.output_lot_id, {span("u")}
        FROM lot_link u JOIN met ON met.enterprise_id = u.enterprise_id AND met.party = u.party_id
        WHERE u.recorded_at <= :as_of
          AND NOT EXISTS (SELECT 1 FROM trace_event c
                          WHERE c.corrects_id = u.event_id AND c.recorded_at <= :as_of)
        UNION ALL
        SELECT u.input_lot_id, met.party, u.input_lot_id <> u.output_lot_id, {span("u")}
        FROM statement_movement m JOIN met ON met.party = m.from_party_id
        JOIN statement_use u ON u.movement_id = m.id AND u.party_id = met.party
        WHERE u.recorded_at <= :as_of AND (u.retracted_at IS NULL OR u.retracted_at > :as_of)
    )
    SELECT DISTINCT lot_id FROM (
        SELECT seen.lot_id FROM seen JOIN met ON met.party = seen.party
        GROUP BY seen.lot_id, seen.party, met.lo, met.hi
        HAVING (max(seen.hi) >= met.lo OR NOT bool_or(seen.leaves)) AND min(seen.lo) <= met.hi
    ) beside
    ORDER BY lot_id LIMIT :most
    """  # noqa: S608 - the parts put in are constants of this module
)


class _Loader:
    """Gathers rows of lots, each once."""

    def __init__(self, session: Session, as_of: datetime) -> None:
        self.session = session
        self.as_of = as_of
        self.events: dict[int, Event] = {}
        self.uses: dict[int, Use] = {}
        self.lots: set[int] = set()
        self.nodes: set[tuple[int, int]] = set()

    def load_events(self, lots: Iterable[int]) -> None:
        """Rows of some lots."""
        wanted = sorted(set(lots) - self.lots)
        if not wanted:
            return
        self.lots |= set(wanted)
        for row in self._run(_EVENTS, wanted):
            event = event_of(row)
            self.events[event.id] = event
            self.nodes |= {(event.lot, event.source), (event.lot, event.target)}

    def load_uses(self, lots: Iterable[int], *, end: str) -> list[Use]:
        """Uses with some lots at one end ("input" or "output")."""
        wanted = sorted(set(lots))
        if not wanted:
            return []
        found = []
        for row in self._run(_USES_OF_INPUT if end == "input" else _USES_OF_OUTPUT, wanted):
            use = Use(*row)
            self.uses[use.id] = use
            found.append(use)
        return found

    def lots_beside(
        self, lots: set[int], *, after: bool, most: int, timeless: bool = False
    ) -> set[int]:
        """Lots that were at a holder of some lots after these came (or before they left).

        All that may count and some that do not: the walk decides. One more than ``most`` at most.
        """
        met: dict[int, tuple[int, int]] = {}
        for party, lo, hi in self._stays(lots):
            if timeless:
                lo, hi = EARLIEST, LATEST
            held = met.get(party, (lo, hi))
            met[party] = (min(held[0], lo), max(held[1], hi))
        if not met:
            return set()
        rows = self.session.execute(
            _BESIDE,
            {
                "parties": list(met),
                "los": [lo if after else EARLIEST for lo, _ in met.values()],
                "his": [LATEST if after else hi for _, hi in met.values()],
                "as_of": self.as_of,
                "most": most + 1,
            },
        )
        return set(rows.scalars())

    def _stays(self, lots: set[int]) -> Iterator[tuple[int, int, int]]:
        """(party, from, to) of some lots; to the end of time where no row says that they left."""
        left: set[tuple[int, int]] = set()
        stays: list[tuple[int, int, int, int]] = []
        for event in self.events.values():
            if event.lot not in lots or event.kind is EventKind.VOID:
                continue
            stays += [(event.lot, p, event.lo, event.hi) for p in (event.source, event.target) if p]
            if event.kind not in (EventKind.PRODUCTION, EventKind.STOCK):
                left.add((event.lot, event.source))
        for use in self.uses.values():
            for lot in {use.input, use.output} & lots:
                stays.append((lot, use.party, use.lo, use.hi))
                if lot != use.output:
                    left.add((lot, use.party))
        for lot, party, lo, hi in stays:
            yield party, lo, hi if (lot, party) in left else LATEST

    def neighbourhood(self, truncated_because: str | None) -> Neighbourhood:
        """What was gathered."""
        named = {lot for use in self.uses.values() for lot in (use.input, use.output)}
        return Neighbourhood(
            events=tuple(self.events[key] for key in sorted(self.events)),
            uses=tuple(self.uses[key] for key in sorted(self.uses)),
            unread=frozenset(named - self.lots),
            last_event_id=max(self.events, default=0),
            truncated_because=truncated_because,
        )

    def _run(self, statement: Any, lots: list[int]) -> Sequence[Any]:
        return self.session.execute(statement, {"lots": lots, "as_of": self.as_of}).all()


def neighbourhood(
    session: Session,
    lot_id: int | Sequence[int],
    *,
    forward: bool,
    backward: bool,
    as_of: datetime,
    max_depth: int,
    max_nodes: int,
    beside: bool = False,
    timeless: bool = False,
) -> Neighbourhood:
    """All rows of the lots that may lie up or down from one or several, whatever their times.

    Lots are followed generation by generation, two statements each; the walk then decides in
    exact time. A trace of depth d needs d + 1 generations, the last to see that more follows.
    ``beside`` also follows to the lots that were at the same holders, for contact; ``timeless``
    whenever they were there.
    """
    loader = _Loader(session, as_of)
    seeds = {lot_id} if isinstance(lot_id, int) else set(lot_id)
    loader.load_events(seeds)
    truncated: str | None = None
    reached: dict[str, set[int]] = {}
    for is_wanted, end in ((forward, "input"), (backward, "output")):
        if not is_wanted:
            continue
        seen, generation = set(seeds), set(seeds)
        for _ in range(max_depth + 1):
            uses = loader.load_uses(generation, end=end)
            others = {use.output if end == "input" else use.input for use in uses}
            if beside:
                met = loader.lots_beside(
                    generation, after=end == "input", most=max_nodes, timeless=timeless
                )
                truncated = "max_nodes" if len(met) > max_nodes else truncated
                others |= met
            generation = others - seen
            if not generation:
                break
            if len(loader.nodes) > max_nodes:
                truncated = "max_nodes"
                break
            seen |= generation
            loader.load_events(generation)
        reached[end] = seen
    # The other uses of what went in are part of its balance, the other inputs of what came out
    # part of its yield.
    loader.load_uses(reached.get("output", set()) - seeds, end="input")
    loader.load_uses(reached.get("input", set()), end="output")
    if backward and not forward:
        loader.load_uses(seeds, end="input")
    return loader.neighbourhood(truncated)


def rows_of_lots(session: Session, lot_ids: Iterable[int], as_of: datetime) -> Neighbourhood:
    """All rows of some lots, and the uses on both sides of them."""
    loader = _Loader(session, as_of)
    wanted = list(lot_ids)
    loader.load_events(wanted)
    loader.load_uses(wanted, end="input")
    loader.load_uses(wanted, end="output")
    return loader.neighbourhood(None)
