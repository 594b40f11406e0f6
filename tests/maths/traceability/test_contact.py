"""Contact at stations and lines, and the steps that end it."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.maths.traceability.test_tracing import (
    LOTS,
    NOBODY,
    PARTIES,
    event,
    ledgers,
    nodes,
)
from traceability.maths.answer import Level, Side
from traceability.maths.contact import Kill
from traceability.maths.ledger import (
    EARLIEST,
    LATEST,
    Event,
    EventKind,
    Inputs,
    LinkState,
    Use,
    hops,
)
from traceability.maths.tracing import Seed, trace_lots

Ledger = tuple[list[Event], list[Use]]
Node = tuple[int, int]
Row = tuple[Node, int, int, bool]  # node, lo, hi, the lot leaves

KINDS = {EventKind.SALE, EventKind.DESTRUCTION}
HOPS = {EventKind.SHIPMENT, EventKind.RECEIPT, EventKind.RETURN}


@st.composite
def steps(draw: st.DrawFn, *, carry: bool = True) -> list[Kill]:
    found = []
    for number in range(draw(st.integers(0, 3))):
        since = draw(st.integers(0, 7))
        until = draw(st.one_of(st.integers(since, 8), st.just(LATEST)))
        over = draw(st.integers(0, 2)) if carry else 0
        found.append(Kill(number + 1, draw(st.integers(1, PARTIES)), None, since, until, over))
    return found


@st.composite
def busy_ledgers(draw: st.DrawFn) -> Ledger:
    """Ledgers with sales and counts too, so that lots leave or are seen."""
    events, uses = draw(ledgers())
    for number in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from([EventKind.SALE, EventKind.STOCK]))
        lo = draw(st.integers(0, 7))
        span = {"lo": lo, "hi": draw(st.integers(lo, 7))}
        lot, party = draw(st.integers(1, LOTS)), draw(st.integers(1, PARTIES))
        events.append(event(300 + number, kind, lot, party, **span))
    return events, uses


def seen_rows(events: list[Event], uses: list[Use], *, certain: bool) -> list[Row]:
    """Each row that tells of a lot at a holder."""
    rows: list[Row] = []
    for each in events:
        if each.kind not in HOPS:
            rows.append(((each.lot, each.source), each.lo, each.hi, each.kind in KINDS))
    for hop in hops(events):
        sides = [each for each in (hop.sent, hop.received) if each]
        spans = [(hop.lo, hop.hi)] if certain else [(each.lo, each.hi) for each in sides]
        for lo, hi in spans:
            rows.append(((hop.first.lot, hop.first.source), lo, hi, True))
            rows.append(((hop.first.lot, hop.first.target), lo, hi, False))
    for each in uses:
        rows.append(((each.input, each.party), each.lo, each.hi, each.input != each.output))
        rows.append(((each.output, each.party), each.lo, each.hi, False))
    return rows


def ended(kill: Kill, touch: Row, exposure: Row, *, certain: bool) -> bool:
    """Whether a step stands between two rows: surely, or (for certain contact) perhaps."""
    if kill.party != touch[0][1]:
        return False
    if certain:
        return touch[1] <= kill.since <= exposure[2] and exposure[1] <= kill.until
    return touch[2] <= kill.since <= exposure[1] and exposure[2] <= kill.until


def carried(kill: Kill, exposure: Row, rows: list[Row]) -> bool:
    """Whether fewer other lots than may carry over surely went through before the row."""
    through = {
        row[0]
        for row in rows
        if row[0][1] == kill.party
        and row[0] != exposure[0]
        and row[1] >= kill.since
        and row[2] <= exposure[1]
    }
    return len(through) < kill.carry_over


def naive(
    events: list[Event], uses: list[Use], lot: int, kills: list[Kill], *, certain: bool = False
) -> set[Node]:
    """All nodes reached forward, lot by lot and pair by pair, until nothing changes.

    What took something on by carry-over only (True beside the node) does not touch the station.
    """
    rows = seen_rows(events, uses, certain=certain)
    here = {row[0] for row in rows}
    spans = []
    for hop in hops(events):
        source, target = (hop.first.lot, hop.first.source), (hop.first.lot, hop.first.target)
        sides = [each for each in (hop.sent, hop.received) if each]
        for lo, hi in [(hop.lo, hop.hi)] if certain else [(e.lo, e.hi) for e in sides]:
            spans.append((source, target, lo, hi))
    spans += [((u.input, u.party), (u.output, u.party), u.lo, u.hi) for u in uses]
    left = {row[0] for row in rows if row[3]}
    exposures = list(rows)
    if not certain:
        for node in here - left:
            exposures.append((node, min(r[1] for r in rows if r[0] == node), LATEST, False))
    since: dict[tuple[Node, bool], int] = {(n, False): EARLIEST for n in here if n[0] == lot}

    def arrive(node: Node, at: int, carry: bool = False) -> None:
        at = EARLIEST if node[0] == lot else at
        since[node, carry] = min(at, since.get((node, carry), LATEST + 1))

    while True:
        before = dict(since)
        for (source, target, lo, hi), carry in product(spans, (False, True)):
            at = since.get((source, carry), LATEST + 1)
            if at <= (lo if certain else hi):
                arrive(target, max(at, hi if certain else lo))
        for touch, exposure in product(rows, exposures):
            at = since.get((touch[0], False), LATEST + 1)
            dirty = max(at, touch[2] if certain else touch[1])
            if (
                at > touch[2]
                or exposure[0][1] != touch[0][1]
                or dirty > (exposure[1] if certain else exposure[2])
            ):
                continue
            between = [k for k in kills if ended(k, touch, exposure, certain=certain)]
            if not between:
                arrive(exposure[0], dirty)
            elif not certain and all(carried(k, exposure, rows) for k in between):
                arrive(exposure[0], dirty, carry=True)
        if since == before:
            return {node for node, _ in since}


@settings(max_examples=200, deadline=None)
@given(busy_ledgers(), st.integers(1, LOTS), steps())
def test_possible_contact_is_what_pair_by_pair_gives(
    ledger: Ledger, lot: int, kills: list[Kill]
) -> None:
    events, uses = ledger

    reached = trace_lots(events, uses, lot=lot, direction="forward", contact="station", kills=kills)

    assert nodes(reached, *Side) == naive(events, uses, lot, kills)


@settings(max_examples=200, deadline=None)
@given(busy_ledgers(), st.integers(1, LOTS), steps())
def test_certain_contact_is_what_pair_by_pair_gives(
    ledger: Ledger, lot: int, kills: list[Kill]
) -> None:
    events, uses = ledger

    reached = trace_lots(events, uses, lot=lot, direction="forward", contact="station", kills=kills)

    sure = {(h.lot_id, h.party_id) for h in reached.holdings if h.certain}
    assert sure == naive(events, uses, lot, kills, certain=True)


@settings(max_examples=200, deadline=None)
@given(busy_ledgers(), steps(carry=False), st.data())
def test_possible_lies_over_every_true_course_and_certain_under_it(
    ledger: Ledger, kills: list[Kill], data: st.DataObject
) -> None:
    # One course of events: each row happened at one moment inside what it leaves open.
    events = [each for each in ledger[0] if each.kind is not EventKind.RECEIPT]
    uses = ledger[1]

    def moment(row: Any) -> Any:
        at = data.draw(st.integers(max(row.lo, -2), min(row.hi, 10)))
        return replace(row, lo=at, hi=at)

    lot = data.draw(st.integers(1, LOTS))
    facts: dict[str, Any] = {"lot": lot, "direction": "forward", "contact": "station"}

    open_ = trace_lots(events, uses, kills=kills, **facts)
    true = trace_lots([*map(moment, events)], [*map(moment, uses)], kills=kills, **facts)

    reached = nodes(true, *Side)
    assert reached <= nodes(open_, *Side)
    assert {(h.lot_id, h.party_id) for h in open_.holdings if h.certain} <= reached


@settings(max_examples=150, deadline=None)
@given(busy_ledgers(), steps(), st.sampled_from(["station", "line"]))
def test_b_is_ahead_of_a_exactly_when_a_is_behind_b(
    ledger: Ledger, kills: list[Kill], scope: str
) -> None:
    events, uses = ledger
    events = [replace(each, place=str(each.id % 2)) for each in events]
    facts: dict[str, Any] = {"contact": scope, "kills": kills}
    made = {e.lot for e in events if e.kind is EventKind.PRODUCTION}
    fed = {(u.output, u.party) for u in uses}
    lots = range(1, LOTS + 1)
    events += [
        event(100 + n, EventKind.PRODUCTION, lot, party, lo=EARLIEST, hi=LATEST)
        for n, (lot, party) in enumerate(
            sorted(fed | {(lot, 1) for lot in lots if lot not in made})
        )
    ]

    def pairs(direction: str, *, certain: bool) -> set[tuple[int, int]]:
        return {
            (lot, other.lot_id)
            for lot in lots
            for other in trace_lots(events, uses, lot=lot, direction=direction, **facts).lots  # type: ignore[arg-type]
            if other.certain or not certain
        }

    for certain in (False, True):
        ahead = pairs("forward", certain=certain)
        assert {(b, a) for a, b in pairs("backward", certain=certain)} == ahead


@settings(max_examples=200, deadline=None)
@given(busy_ledgers(), st.integers(1, LOTS), steps(), steps())
def test_steps_only_take_away(
    ledger: Ledger, lot: int, kills: list[Kill], more: list[Kill]
) -> None:
    events, uses = ledger
    facts: dict[str, Any] = {"lot": lot, "contact": "station"}
    added = [replace(each, id=each.id + 10) for each in more]

    none = trace_lots(events, uses, lot=lot)
    some = trace_lots(events, uses, kills=kills, **facts)
    all_ = trace_lots(events, uses, kills=[*kills, *added], **facts)

    assert nodes(none, *Side) <= nodes(all_, *Side) <= nodes(some, *Side)
    sure = [{(h.lot_id, h.party_id) for h in each.holdings if h.certain} for each in (all_, some)]
    assert sure[0] <= sure[1]


@settings(max_examples=120, deadline=None)
@given(busy_ledgers(), busy_ledgers(), st.integers(1, LOTS), steps(carry=False))
def test_one_more_row_takes_away_only_the_doubt_whether_a_lot_is_still_there(
    ledger: Ledger, more: Ledger, lot: int, kills: list[Kill]
) -> None:
    events, uses = ledger
    facts: dict[str, Any] = {
        "lot": lot,
        "direction": "forward",
        "contact": "station",
        "kills": kills,
    }
    added = [replace(each, id=each.id + 500) for each in more[0][:2]]
    linked = [replace(each, id=each.id + 500, event=each.event + 500) for each in more[1][:1]]

    before = trace_lots(events, uses, **facts)
    after = trace_lots([*events, *added], [*uses, *linked], **facts)

    left = {(each.lot, each.source) for each in added if each.kind in KINDS | HOPS} | {
        (each.input, each.party) for each in linked
    }
    assert nodes(before, *Side) - left <= nodes(after, *Side)


@settings(max_examples=150, deadline=None)
@given(busy_ledgers(), st.integers(1, LOTS), steps())
def test_paths_are_real_and_contact_is_never_more_than_possible(
    ledger: Ledger, lot: int, kills: list[Kill]
) -> None:
    events, uses = ledger

    reached = trace_lots(events, uses, lot=lot, contact="station", kills=kills)

    by_key = {edge.key: edge for edge in reached.edges}
    assert len(by_key) == len(reached.edges)
    for holding in reached.holdings:
        path = [by_key[key] for key in holding.path]
        assert len(path) == holding.depth
        for one, other in pairwise(path):
            assert (one.to_lot_id, one.to_party_id) == (other.from_lot_id, other.from_party_id)
        if any(edge.kind == "contact" for edge in path):
            assert holding.weakest in (LinkState.INFERRED, LinkState.UNKNOWN)
    for edge in reached.edges:
        if edge.kind == "contact":
            assert edge.from_party_id == edge.to_party_id
            assert (edge.state, edge.reason) == (LinkState.INFERRED, "same-station")
    plain = trace_lots(events, uses, lot=lot)
    told = {(h.lot_id, h.party_id): h.level for h in plain.holdings}
    for holding in reached.holdings:
        if holding.side is Side.DOWNSTREAM and (holding.lot_id, holding.party_id) not in told:
            assert holding.level is Level.POSSIBLE


# By hand: lot 1 comes to station 9 on day 2 and goes on day 3; lot 2 leaves it on day 6.
MET = [
    event(1, EventKind.SHIPMENT, 1, 1, target=9, day=2),
    event(2, EventKind.SHIPMENT, 1, 9, target=3, day=3),
    event(3, EventKind.SHIPMENT, 2, 4, target=9, day=1),
    event(4, EventKind.SHIPMENT, 2, 9, target=5, day=6),
]


def reaches(rows: list[Event], *kills: Kill, **facts: Any) -> bool:
    facts = {"lot": 1, "direction": "forward", "contact": "station", **facts}
    return (2, 5) in nodes(trace_lots(rows, [], kills=kills, **facts), *Side)


def test_contact_is_never_on_by_default() -> None:
    assert nodes(trace_lots(MET, [], lot=1), *Side) == {(1, 1), (1, 9), (1, 3)}


def test_contact_by_hand() -> None:
    reached = trace_lots(MET, [], lot=1, direction="forward", contact="station")

    at = {(h.lot_id, h.party_id): h for h in reached.holdings}
    assert set(at) == {(1, 1), (1, 9), (1, 3), (2, 9), (2, 5)}
    assert at[2, 5].path == ("M1", "C9-1-2", "M4")
    assert (at[2, 5].weakest, at[2, 5].level) == (LinkState.INFERRED, Level.POSSIBLE)
    assert at[2, 5].certain
    (edge,) = [each for each in reached.edges if each.kind == "contact"]
    assert (edge.from_lot_id, edge.to_lot_id, edge.event_ids) == (1, 2, (1, 4))
    assert edge.reason == "same-station"


@pytest.mark.parametrize(
    ("kill", "is_reached"),
    [
        (Kill(1, 9, None, 4), False),  # between the two
        (Kill(1, 9, None, 2), True),  # lot 1 left on day 3: it was still there
        (Kill(1, 9, None, 3), False),  # done when it had left
        (Kill(1, 9, None, 7), True),  # after lot 2 had gone
        (Kill(1, 9, None, 4, 5), True),  # held for a day only
        (Kill(1, 9, None, 4, 6), False),
        (Kill(1, 8, None, 4), True),  # another station
        (Kill(1, 9, "line 1", 4), True),  # one line is not the station
        (Kill(1, 9, None, 4, LATEST, 1), True),  # the first lot after may carry over
    ],
)
def test_what_ends_contact(kill: Kill, is_reached: bool) -> None:
    assert reaches(MET, kill) is is_reached


def test_carry_over_is_used_up_by_other_lots() -> None:
    other = event(9, EventKind.SALE, 7, 9, day=5)

    assert not reaches([*MET, other], Kill(1, 9, None, 4, LATEST, 1))
    assert reaches([*MET, other], Kill(1, 9, None, 4, LATEST, 2))


def test_a_day_that_may_be_before_the_cleaning_is_not_cut() -> None:
    vague = [replace(each, hi=8) if each.id == 2 else each for each in MET]

    assert reaches(vague, Kill(1, 9, None, 4))


def test_what_left_before_has_not_met() -> None:
    assert not reaches([replace(each, lo=1, hi=1) if each.id == 4 else each for each in MET])


def test_what_nobody_says_has_left_may_still_be_there() -> None:
    reached = trace_lots(MET[:3], [], lot=1, direction="forward", contact="station")

    assert (2, 9) in nodes(reached, Side.DOWNSTREAM)


def test_a_line_counts_where_both_name_it() -> None:
    def at(one: str | None, other: str | None) -> bool:
        rows = [
            event(1, EventKind.PRODUCTION, 1, 9, day=1, place=one),
            event(2, EventKind.PRODUCTION, 2, 9, day=2, place=other, inputs=Inputs.NONE),
            event(3, EventKind.SHIPMENT, 2, 9, target=5, day=3),
        ]
        return reaches(rows, contact="line")

    assert at("L1", "L1")
    assert not at("L1", "L2")
    assert not at("L1", None)
    assert not at(None, None)


def test_a_line_is_cleaned_alone_or_with_its_station() -> None:
    rows = [
        event(1, EventKind.PRODUCTION, 1, 9, day=1, place="L1"),
        event(2, EventKind.PRODUCTION, 2, 9, day=3, place="L1"),
        event(3, EventKind.SHIPMENT, 2, 9, target=5, day=4),
    ]
    assert not reaches(rows, Kill(1, 9, "L1", 2), contact="line")
    assert not reaches(rows, Kill(1, 9, None, 2), contact="line")
    assert reaches(rows, Kill(1, 9, "L2", 2), contact="line")


def test_who_was_not_written_down_is_no_station() -> None:
    rows = [
        event(1, EventKind.SHIPMENT, 1, 1, target=NOBODY, day=2),
        event(2, EventKind.SHIPMENT, 2, 1, target=NOBODY, day=2),
    ]
    facts: dict[str, Any] = {"seeds": [Seed(1, NOBODY)], "contact": "station"}
    met = trace_lots(rows, [], unlisted=frozenset({NOBODY}), direction="forward", **facts)

    assert nodes(met, *Side) == {(1, NOBODY)}


@pytest.mark.parametrize("facts", [{"until": 1}, {"carry_over": -1}])
def test_a_step_that_cannot_be(facts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must"):
        Kill(1, 9, None, 2, **facts)


def test_a_hub_grows_with_rows_not_with_pairs() -> None:
    # 4,000 lots through one station would be 8 million pairs.
    rows = []
    for lot in range(1, 4001):
        rows.append(event(2 * lot, EventKind.SHIPMENT, lot, 10**6 + lot, target=9, day=lot))
        rows.append(event(2 * lot + 1, EventKind.SHIPMENT, lot, 9, target=10**7 + lot, day=lot + 3))
    kills = [Kill(day, 9, None, 100 * day + 50) for day in range(1, 40)]

    started = time.perf_counter()
    open_ = trace_lots(rows, [], lot=1000, direction="forward", contact="station")
    cut = trace_lots(rows, [], lot=1000, direction="forward", contact="station", kills=kills)
    elapsed = time.perf_counter() - started

    # Lots that left on day 1000 or later: 997 on.
    assert len({h.lot_id for h in open_.holdings}) == 4000 - 996
    # Each lot carries on to those it met, and some stay over every cleaning.
    assert len({h.lot_id for h in cut.holdings}) == 4000 - 996
    assert elapsed < 30  # seconds, on any machine
