"""The picture of a trace: what is drawn is what was found, in words and links too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest

from api.console.diagram import draw, fitted, short_name
from api.console.tiers import MOST_CARDS, MOST_ROWS, Company, arrange
from traceability.maths.answer import (
    ALGORITHM,
    LotView,
    PartyView,
    Trace,
    TracedLot,
    microseconds,
)
from traceability.maths.ledger import Event, EventKind, Inputs, Use
from traceability.maths.tracing import trace_lots

START = datetime(2026, 8, 1, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def event(id: int, kind: EventKind, lot: int, source: int, day: int, **facts: Any) -> Event:
    at = microseconds(START + timedelta(days=day))
    values: dict[str, Any] = {
        "target": 0,
        "quantity": Decimal(10),
        "unit": "C62",
        "document": None,
        "inputs": Inputs.TOLD if kind is EventKind.PRODUCTION else None,
    }
    return Event(id=id, kind=kind, lot=lot, source=source, lo=at, hi=at, **{**values, **facts})


def use(id: int, party: int, of: int, into: int, event: int, day: int) -> Use:
    at = microseconds(START + timedelta(days=day))
    return Use(id, event, party, of, into, Decimal(5), "C62", at, at)


def named(
    events: Sequence[Event],
    uses: Sequence[Use],
    lot: int,
    *,
    names: dict[int, str] | None = None,
    unlisted: frozenset[int] = frozenset(),
    **facts: Any,
) -> Trace:
    """A trace with plain names put to its numbers."""
    reached = trace_lots(events, uses, lot=lot, unlisted=unlisted, **facts)
    makers = {e.lot: e.source for e in events if e.kind is EventKind.PRODUCTION}

    def view(lot_id: int) -> LotView:
        return LotView(lot_id, f"LOT-{lot_id}", lot_id, "充电器", None, None, makers.get(lot_id, 0))

    parties = {h.party_id for h in reached.holdings} | {g.ask_party_id for g in reached.gaps}
    return Trace(
        seed=view(lot),
        seed_party_id=None,
        direction="both",
        dates="respected",
        as_of=START,
        algorithm=ALGORITHM,
        last_event_id=max((e.id for e in events), default=0),
        parties=tuple(
            PartyView(
                party_id=p,
                kind="unlisted" if p in unlisted else "enterprise",
                enterprise_id=None if p in unlisted else p,
                code=None if p in unlisted else f"C{p}",
                name=None if p in unlisted else (names or {}).get(p, f"企业{p}有限公司"),
                region_id=None,
                roles=reached.roles.get(p, ()),
            )
            for p in sorted(parties)
        ),
        lots=tuple(
            TracedLot(view(e.lot_id), e.side, e.depth, e.earliest_at, e.certain, e.balance)
            for e in reached.lots
        ),
        holdings=reached.holdings,
        edges=reached.edges,
        gaps=reached.gaps,
        findings=reached.findings,
        truncated=False,
        truncated_because=None,
    )


# Lot 2 of party 5 goes into lot 1 of party 1, which goes to dealer 2 and shop 3.
NOBODY = 9
EVENTS = [
    event(1, EventKind.PRODUCTION, 2, 5, 1, inputs=Inputs.NONE),
    event(2, EventKind.SHIPMENT, 2, 5, 2, target=1),
    event(3, EventKind.PRODUCTION, 1, 1, 5),
    event(4, EventKind.SHIPMENT, 1, 1, 8, target=2, document="TZ-1"),
    event(5, EventKind.SHIPMENT, 1, 2, 12, target=3, document="HQ-1"),
    event(6, EventKind.SHIPMENT, 1, 2, 13, target=NOBODY),
    event(7, EventKind.SALE, 1, 3, 20),
]
USES = [use(1, 1, 2, 1, 3, 5)]


@pytest.fixture
def story() -> Trace:
    return named(EVENTS, USES, 1, unlisted=frozenset({NOBODY}))


def link(lot_id: int) -> str:
    return f"/console/trace?lot_id={lot_id}&dir=both"


def parsed(trace: Trace, **facts: Any) -> ElementTree.Element:
    return ElementTree.fromstring(str(draw(trace, link=link, **facts).svg))


def rows(picture: ElementTree.Element) -> dict[str, ElementTree.Element]:
    return {a.attrib["data-node"]: a for a in picture.iter(f"{SVG}a")}


def test_enterprises_stand_in_tiers_from_the_origin_to_the_consumer(story: Trace) -> None:
    tiers = arrange(story).tiers

    assert [(tier.title, sorted(card.key for card in tier.cards)) for tier in tiers] == [
        ("Raw materials", [5]),
        ("Production", [1]),
        ("Wholesale", [2]),
        ("Retail and platforms", [3, 9]),
    ]


def test_a_lot_used_up_at_the_maker_is_a_line_and_not_a_row(story: Trace) -> None:
    found = arrange(story)

    drawn = {
        (row.lot.lot_id, card.key) for t in found.tiers for card in t.cards for row in card.rows
    }
    assert drawn == {(2, 5), (1, 1), (1, 2), (1, 3), (1, 9)}
    assert ((2, 5), (1, 1)) in {(line.source, line.target) for line in found.lines}


def test_every_lot_of_the_trace_is_drawn_and_marked_with_its_side(story: Trace) -> None:
    drawn = rows(parsed(story))

    assert {node.split("-")[0] for node in drawn} == {str(each.lot.lot_id) for each in story.lots}
    assert drawn["1-1"].attrib["class"] == "tg-row tg-seed"
    assert "tg-up" in drawn["2-5"].attrib["class"]
    assert "tg-down" in drawn["1-3"].attrib["class"]


def test_every_row_is_a_link_with_a_title_that_says_it_all(story: Trace) -> None:
    shop = rows(parsed(story))["1-3"]

    assert shop.attrib["href"] == link(1)
    title = shop.findtext(f"{SVG}title") or ""
    assert "LOT-1" in title
    assert "企业3有限公司 C3" in title
    assert "received 10 C62" in title


def test_every_line_ends_at_a_row_that_is_drawn(story: Trace) -> None:
    picture = parsed(story)
    nodes = set(rows(picture))

    lines = [path for path in picture.iter(f"{SVG}path") if "data-from" in path.attrib]

    assert lines
    assert {line.attrib["data-from"] for line in lines} <= nodes
    assert {line.attrib["data-to"] for line in lines} <= nodes


def test_a_receiver_nobody_wrote_down_is_drawn_as_a_gap(story: Trace) -> None:
    svg = str(draw(story, link=link).svg)

    assert "Not written down" in svg
    assert "tg-unknown" in svg


def test_company_is_grey_and_says_that_it_is_not_in_the_trace(story: Trace) -> None:
    beside = Company(1, LotView(77, "LOT-77", 1, "充电器", None, None, 1))

    drawn = rows(parsed(story, company=[beside]))

    assert drawn["77-1"].attrib["class"] == "tg-row"
    assert "not in this trace" in (drawn["77-1"].findtext(f"{SVG}title") or "")


def test_no_inline_style_no_script_and_every_text_escaped() -> None:
    nasty = {1: '<script>alert("1")</script>', 2: "A & B \"C\" 'D'"}

    trace = named(EVENTS, USES, 1, names=nasty, unlisted=frozenset({NOBODY}))
    found = draw(trace, link=lambda lot_id: f'/x?"><script>{lot_id}', today=date(2026, 11, 1))

    for svg in (str(found.svg), str(found.timeline)):
        ElementTree.fromstring(svg)
        assert "<script" not in svg
        assert "style=" not in svg
        assert not re.search(r"\son\w+=", svg)


def _wide(receivers: int) -> Trace:
    events = [event(1, EventKind.PRODUCTION, 1, 1, 1, inputs=Inputs.NONE)]
    events += [event(10 + n, EventKind.SHIPMENT, 1, 1, 2, target=100 + n) for n in range(receivers)]
    return named(events, [], 1)


def test_up_to_the_budget_lots_are_drawn_open() -> None:
    found = arrange(_wide(MOST_CARDS))

    assert not found.folded
    assert sum(len(card.rows) for tier in found.tiers for card in tier.cards) == MOST_CARDS + 1


def test_a_crowded_tier_shows_the_rest_in_one_card_that_counts_them() -> None:
    found = arrange(_wide(MOST_CARDS + 10))
    svg = str(draw(_wide(MOST_CARDS + 10), link=link).svg)

    assert found.folded
    crowded = found.tiers[-1]
    assert len(crowded.cards) == MOST_CARDS
    assert sum(card.enterprises for card in crowded.cards) == MOST_CARDS + 10
    assert "11 others" in svg


def test_above_the_budget_enterprises_stand_for_their_lots_and_nothing_is_lost() -> None:
    events = [event(1, EventKind.PRODUCTION, 1, 1, 1, inputs=Inputs.NONE)]
    uses = []
    for n in range(MOST_ROWS + 5):
        lot = 1000 + n
        events.append(event(lot, EventKind.PRODUCTION, lot, 1, 3))
        uses.append(use(lot, 1, 1, lot, lot, 3))
        events.append(event(5000 + n, EventKind.SHIPMENT, lot, 1, 4, target=2 + n % 3))
    trace = named(events, uses, 1)

    found = draw(trace, link=link)
    arrangement = arrange(trace)

    assert found.folded
    assert found.lots == MOST_ROWS + 6
    assert sum(tier.lots for tier in arrangement.tiers if tier.level == 1) == MOST_ROWS + 5
    assert f"{MOST_ROWS + 6} lots" in str(found.svg)


def test_a_return_does_not_break_the_tiers() -> None:
    back = event(8, EventKind.RETURN, 1, 3, 25, target=2)

    found = arrange(named([*EVENTS, back], USES, 1, unlisted=frozenset({NOBODY})))

    assert [tier.level for tier in found.tiers] == [-1, 0, 1, 2]
    assert ((1, 3), (1, 2)) in {(line.source, line.target) for line in found.lines}


def test_the_same_trace_gives_the_same_picture(story: Trace) -> None:
    assert draw(story, link=link) == draw(story, link=link)


def test_words_can_be_said_in_another_language(story: Trace) -> None:
    words = {"Production": "生产", "{count} lots": "{count} 批", "Today": "今天"}

    found = draw(story, link=link, gettext=lambda w: words.get(w, w), today=date(2026, 9, 1))

    assert "生产" in found.svg
    assert "1 批" in found.svg
    assert "今天" in found.timeline


def test_the_timeline_has_a_band_for_each_tier_and_ends_today(story: Trace) -> None:
    found = draw(story, link=link, today=date(2026, 9, 1))
    picture = ElementTree.fromstring(str(found.timeline))

    bands = [each.text for each in picture.iter(f"{SVG}text") if each.get("class") == "tl-tier"]
    bars = list(picture.iter(f"{SVG}rect"))
    assert bands == ["Raw materials", "Production", "Wholesale", "Retail and platforms"]
    assert len(bars) == 5
    assert all(float(bar.attrib["width"]) > 0 for bar in bars)


def test_a_trace_without_any_row_is_drawn_too() -> None:
    found = draw(named([], [], 1), link=link)

    ElementTree.fromstring(str(found.svg))
    assert found.timeline == ""


def test_names_are_fitted_to_their_room() -> None:
    assert fitted("充电器 C-1", 200, 12) == "充电器 C-1"
    assert fitted("电动自行车充电器", 60, 12).endswith("…")
    assert short_name("云杉电器有限公司") == "云杉电器"
    assert short_name("有限公司") == "有限公司"
