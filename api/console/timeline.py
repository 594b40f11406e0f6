"""When the lots of a trace were where: one band for each tier, one bar for each lot at a firm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup, escape

from api.console.tiers import Arrangement, Place, Tier, Words, mark
from core.clock import civil_day
from traceability.maths.answer import Trace

WIDTH = 620
LEFT = 96
TOP = 26
LANE = 8
BAND = 34
MOST_LANES = 3
LEAST_BAR = 4
MONTH_ROOM = 60


@dataclass(frozen=True, slots=True)
class _Bar:
    """From the first to the last row that speaks of a lot at a firm."""

    place: Place
    mark: str
    first: date
    last: date


def draw_timeline(
    trace: Trace, arrangement: Arrangement, *, gettext: Words = str, today: date | None = None
) -> Markup:
    """Draw the days of a trace; empty where no row of it has a date."""
    bars = _bars(trace)
    if not bars:
        return Markup("")
    first = min(bar.first for bar in bars.values())
    last = max([bar.last for bar in bars.values()] + ([today] if today else []))
    days = max((last - first).days, 1)

    def x(day: date) -> float:
        return LEFT + (WIDTH - LEFT - 12) * (day - first).days / days

    height = TOP + BAND * len(arrangement.tiers) + 24
    parts = [
        f'<svg class="trace-timeline" xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
        f'height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(_reading(trace, first, last, gettext))}">'
    ]
    for month in _months(first, last):
        parts.append(f'<path class="tl-rule" d="M{x(month):.1f} {TOP - 6}V{height - 20}"/>')
        if x(month) < WIDTH - MONTH_ROOM:
            parts.append(
                f'<text class="tl-month" x="{x(month) + 3:.1f}" y="16">{month:%Y-%m}</text>'
            )
    for number, tier in enumerate(arrangement.tiers):
        y = TOP + number * BAND
        parts.append(
            f'<text class="tl-tier" x="0" y="{y + BAND / 2 + 4:g}">{escape(tier.title)}</text>'
            f'<path class="tl-rule" d="M{LEFT} {y + BAND}H{WIDTH - 12}"/>'
        )
        for bar, lane in _lanes(_of_tier(tier, bars)):
            left = x(bar.first)
            width = max(x(bar.last) - left, LEAST_BAR)
            parts.append(
                f'<rect class="tl-bar tl-{bar.mark}" x="{left:.1f}" '
                f'y="{y + 5 + lane * LANE}" width="{width:.1f}" height="4" rx="2"/>'
            )
    if today is not None:
        parts.append(
            f'<path class="tl-today" d="M{x(today):.1f} {TOP - 6}V{height - 20}"/>'
            f'<text class="tl-now" x="{x(today):.1f}" y="{height - 6}" text-anchor="end">'
            f"{escape(gettext('Today'))}</text>"
        )
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704 - every text in it was escaped where it was put in


def _reading(trace: Trace, first: date, last: date, gettext: Words) -> str:
    return gettext("Lot {lot} and what belongs to it, from {first} to {last}").format(
        lot=trace.seed.number, first=first, last=last
    )


def _bars(trace: Trace) -> dict[Place, _Bar]:
    days: dict[Place, list[date]] = {}

    def note(place: Place, at: datetime | None) -> None:
        if at is not None:
            days.setdefault(place, []).append(civil_day(at))

    for edge in trace.edges:
        for place in ((edge.from_lot_id, edge.from_party_id), (edge.to_lot_id, edge.to_party_id)):
            note(place, edge.earliest_at)
    sides = {(each.lot_id, each.party_id): each for each in trace.holdings}
    for place, holding in sides.items():
        note(place, holding.earliest_at)
    return {
        place: _Bar(place, mark(sides[place].side, sides[place].depth), min(told), max(told))
        for place, told in days.items()
        if place in sides
    }


def _of_tier(tier: Tier, bars: dict[Place, _Bar]) -> list[_Bar]:
    found = [
        bars[row.lot.lot_id, card.key]
        for card in tier.cards
        for row in card.rows
        if row.holding is not None and (row.lot.lot_id, card.key) in bars
    ]
    if not found:  # folded: the tier's enterprises stand for their lots
        keys = {card.key for card in tier.cards}
        found = [bar for place, bar in bars.items() if place[1] in keys]
    return sorted(found, key=lambda bar: (bar.first, bar.last, bar.place))


def _lanes(bars: Iterable[_Bar]) -> list[tuple[_Bar, int]]:
    """Each bar with a lane where it covers no other, as far as there are lanes."""
    ends: list[date] = []
    placed = []
    for bar in bars:
        free = [lane for lane, end in enumerate(ends) if end < bar.first]
        if free:
            lane = free[0]
            ends[lane] = bar.last
        elif len(ends) < MOST_LANES:
            lane = len(ends)
            ends.append(bar.last)
        else:
            lane = min(range(MOST_LANES), key=ends.__getitem__)
            ends[lane] = max(ends[lane], bar.last)
        placed.append((bar, lane))
    return placed


def _months(first: date, last: date) -> list[date]:
    """First days of months inside a span; every second or third where there are many."""
    found = []
    day = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    while day <= last:
        found.append(day)
        day = (day + timedelta(days=32)).replace(day=1)
    step = max(1, -(-len(found) // 8))
    return found[::step]
