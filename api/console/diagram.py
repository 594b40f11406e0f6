"""The picture of a trace, drawn on the server: tiers of cards and the lines between their lots.

Colour is by class, length by attribute: no inline style, readable without JavaScript. Every lot
is a link, so that the keyboard walks through the picture and Enter makes it the new seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup, escape

from api.console.tiers import (
    Arrangement,
    Card,
    Company,
    Line,
    Place,
    Row,
    Tier,
    Words,
    arrange,
    mark,
)
from api.console.timeline import draw_timeline
from traceability.maths.amounts import Amount
from traceability.maths.answer import Holding, Level, Side, Trace

HEADER = 40
CARD_WIDTH = 152
ROW = 21
CARD_HEAD = 30
CARD_FOOT = 6
CARD_GAP = 20
MARGIN = 14
PITCH = 198  # from one tier to the next, at least
NARROWEST = 1160
LAST = 34  # room beyond the last card, for its heading

LEGAL_FORMS = ("股份有限公司", "有限责任公司", "有限公司")

# The words of a state, as beside the tables.
STATES = {
    "declared": "declared",
    "paired": "told by both",
    "inferred": "inferred",
    "unknown": "not written down",
}

Link = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Diagram:
    """The picture and the counts beneath it.

    Attributes
    ----------
    svg, timeline : Markup
        Ready to print.
    lots, parties, edges : int
        Of the whole answer, drawn or folded.
    folded : bool
        True where enterprises stand for their lots.
    """

    svg: Markup
    timeline: Markup
    lots: int
    parties: int
    edges: int
    folded: bool
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class _Box:
    """Where something stands."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def draw(
    trace: Trace,
    *,
    link: Link,
    company: Sequence[Company] = (),
    path: Sequence[str] = (),
    gettext: Words = str,
    today: date | None = None,
) -> Diagram:
    """Draw a trace.

    Parameters
    ----------
    trace : Trace
    link : callable
        Lot number (id) → the address of its own trace.
    company : sequence of Company
        Lots not reached, to be shown grey beside those that were.
    path : sequence of str
        Keys of the edges of one way; it stands out, and the rest steps back.
    gettext : callable
        English words → the reader's.
    today : date, optional
        Marked in the timeline.
    """
    arrangement = arrange(trace, company=company, path=path, gettext=gettext)
    boxes, width, height = _placed(arrangement)
    folded = " is-folded" if arrangement.folded else ""
    if path:
        folded += " has-path"
    lit = _on_path(trace, frozenset(path))
    parts = [
        f'<svg class="trace-diagram{folded}" xmlns="http://www.w3.org/2000/svg" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}" role="group" '
        f'aria-label="{escape(_summary(trace, gettext))}">'
    ]
    parts += [_heading(tier, boxes, gettext) for tier in arrangement.tiers]
    parts.append(f'<path class="tg-rule" d="M0 {HEADER}H{width}"/>')
    lines = sorted(
        arrangement.lines,
        key=lambda line: (line.lit, line.side is not Side.UPSTREAM, line.certain),
    )
    parts.append('<g class="tg-lines" aria-hidden="true">')
    parts += [_line(line, boxes, gettext) for line in lines]
    parts.append("</g>")
    for tier in arrangement.tiers:
        parts += [_card(card, boxes, link, lit, gettext) for card in tier.cards]
    parts.append("</svg>")
    return Diagram(
        svg=Markup("".join(parts)),  # noqa: S704 - every text in it was escaped where it was put in
        timeline=draw_timeline(trace, arrangement, gettext=gettext, today=today),
        lots=len(trace.lots),
        parties=len(trace.parties),
        edges=len(trace.edges),
        folded=arrangement.folded,
        width=width,
        height=height,
    )


def _summary(trace: Trace, gettext: Words) -> str:
    return gettext(
        "Trace of lot {lot}: {lots} lots at {parties} enterprises, {edges} links"
    ).format(
        lot=", ".join(each.lot.number for each in trace.seeds) or trace.seed.number,
        lots=len(trace.lots),
        parties=len(trace.parties),
        edges=len(trace.edges),
    )


def _on_path(trace: Trace, path: frozenset[str]) -> frozenset[Place]:
    """The lots at firms that a way runs through."""
    ends: set[Place] = set()
    for edge in trace.edges:
        if edge.key in path:
            ends |= {
                (edge.from_lot_id, edge.from_party_id),
                (edge.to_lot_id, edge.to_party_id),
            }
    return frozenset(ends)


def _card_height(card: Card) -> float:
    rows = len(card.rows) + (1 if card.folded else 0)
    return CARD_HEAD + rows * ROW + CARD_FOOT


def _placed(arrangement: Arrangement) -> tuple[dict[Place, _Box], int, int]:
    """A box for each card (lot 0) and for each row; the size of the whole."""
    tiers = arrangement.tiers
    heights = [
        sum(_card_height(card) + CARD_GAP for card in tier.cards) - CARD_GAP for tier in tiers
    ]
    tallest = max(heights, default=0)
    room = NARROWEST - 2 * MARGIN - CARD_WIDTH - LAST
    pitch = max(PITCH, room / (len(tiers) - 1)) if len(tiers) > 1 else PITCH
    boxes: dict[Place, _Box] = {}
    for index, (tier, height) in enumerate(zip(tiers, heights, strict=True)):
        # Few cards spread over the height of the tallest tier, as far as looks related.
        slack = (tallest - height) / (len(tier.cards) + 1)
        gap = min(slack, 3 * CARD_GAP)
        x = MARGIN + index * pitch
        y = HEADER + MARGIN + (tallest - height - gap * (len(tier.cards) - 1)) / 2
        for card in tier.cards:
            boxes[0, card.key] = _Box(x, y, CARD_WIDTH, _card_height(card))
            for number, row in enumerate(card.rows):
                boxes[row.lot.lot_id, card.key] = _Box(
                    x + 4, y + CARD_HEAD + number * ROW, CARD_WIDTH - 8, ROW - 3
                )
            y += _card_height(card) + CARD_GAP + gap
    width = max(NARROWEST, round(2 * MARGIN + CARD_WIDTH + LAST + pitch * (len(tiers) - 1)))
    return boxes, width, round(HEADER + 2 * MARGIN + max(tallest, 60))


def _heading(tier: Tier, boxes: dict[Place, _Box], gettext: Words) -> str:
    x = boxes[0, tier.cards[0].key].x
    count = gettext("{count} lots").format(count=tier.lots)
    return (
        f'<text class="tg-tier" x="{x:g}" y="26">{escape(tier.title)}'
        f'<tspan class="tg-count" dx="8">{escape(count)}</tspan></text>'
    )


def _line(line: Line, boxes: dict[Place, _Box], gettext: Words) -> str:
    one, other = boxes[line.source], boxes[line.target]
    start, end = (
        (one.x + one.width + (4 if line.source[0] else 0), one.middle),
        (
            other.x - (4 if line.target[0] else 0),
            other.middle,
        ),
    )
    marks = f"tg-line tg-{mark(line.side, 1)} tg-{line.state}"
    if not line.certain:
        marks += " tg-unsure"
    if line.contact:
        marks += " tg-contact"
    if line.lit:
        marks += " tg-lit"
    if end[0] > start[0]:
        bend = (end[0] - start[0]) * 0.5
        path = (
            f"M{start[0]:.1f} {start[1]:.1f}C{start[0] + bend:.1f} {start[1]:.1f} "
            f"{end[0] - bend:.1f} {end[1]:.1f} {end[0]:.1f} {end[1]:.1f}"
        )
    else:  # a return, or a move inside a tier: out to the right and back in from the right
        back = other.x + other.width + 4
        reach = max(start[0], back) + 34
        marks += " tg-back"
        path = (
            f"M{start[0]:.1f} {start[1]:.1f}C{reach:.1f} {start[1]:.1f} "
            f"{reach:.1f} {end[1]:.1f} {back:.1f} {end[1]:.1f}"
        )
    return (
        f'<path class="{marks}" d="{path}" data-from="{line.source[0]}-{line.source[1]}" '
        f'data-to="{line.target[0]}-{line.target[1]}">'
        f"<title>{escape(_line_title(line, gettext))}</title></path>"
    )


def _line_title(line: Line, gettext: Words) -> str:
    """How a link is known, for pointers; the tables say the same of each row."""
    words = [gettext("contact")] if line.contact else []
    words.append(gettext(STATES[line.state]))
    if not line.certain:
        words.append(gettext("possible by date"))
    if line.count > 1:
        words.append(gettext("{count} movements").format(count=line.count))
    return " · ".join(words)


def _card(
    card: Card,
    boxes: dict[Place, _Box],
    link: Link,
    lit: frozenset[Place],
    gettext: Words,
) -> str:
    box = boxes[0, card.key]
    party = card.party
    marks = "tg-card"
    if party is None:
        marks += " tg-more"
    elif party.kind == "unlisted":
        marks += " tg-unknown"
    elif party.kind != "enterprise":
        marks += " tg-unregistered"
    if any(key == card.key for _, key in lit):
        marks += " tg-lit"
    parts = [
        f'<g class="{marks}"><rect x="{box.x:g}" y="{box.y:.1f}" width="{box.width:g}" '
        f'height="{box.height:g}" rx="5"/>'
        f'<text class="tg-name" x="{box.x + 9:g}" y="{box.y + 20:.1f}">'
        f"{escape(fitted(short_name(_name(card, gettext)), CARD_WIDTH - 16, 13))}"
        f"<title>{escape(_full_name(card, gettext))}</title></text>"
    ]
    parts += [
        _row(row, boxes[row.lot.lot_id, card.key], card, link, lit, gettext) for row in card.rows
    ]
    if card.folded:
        words = gettext("{count} lots").format(count=len(card.folded))
        parts.append(
            f'<text class="tg-folded" x="{box.x + 9:g}" y="{box.y + CARD_HEAD + 14:.1f}">'
            f"{escape(words)}</text>"
        )
    return "".join(parts) + "</g>"


def _name(card: Card, gettext: Words) -> str:
    if card.party is None:
        return gettext("{count} others").format(count=card.enterprises)
    return card.party.name or card.party.code or gettext("Not written down")


def short_name(name: str) -> str:
    """A firm's name without its legal form, as people call it."""
    for form in LEGAL_FORMS:
        if name.endswith(form) and len(name) > len(form) + 1:
            return name.removesuffix(form)
    return name


def _full_name(card: Card, gettext: Words) -> str:
    name = _name(card, gettext)
    code = card.party.code if card.party else None
    return f"{name} {code}" if code and code != name else name


def _row(row: Row, box: _Box, card: Card, link: Link, lit: frozenset[Place], gettext: Words) -> str:
    holding = row.holding
    marks = "tg-row"
    if holding is not None:
        marks += f" tg-{mark(holding.side, holding.depth)}"
        if holding.level is not Level.CERTAIN:
            marks += f" tg-{holding.level}"
        if not holding.certain:
            marks += " tg-unsure"
        if (row.lot.lot_id, card.key) in lit:
            marks += " tg-lit"
    room = box.width - 20
    label = fitted(row_label(row, card, gettext), room, 12)
    if label.endswith("…") and row_label(row, card, gettext).endswith(row.lot.number):
        # The lot number is what people look for: the product gives way.
        left = room - _width(f"… {row.lot.number}", 12)
        product = fitted(row.lot.product_name, left, 12) if left > 12 else ""
        label = f"{product} {row.lot.number}".strip()
    return (
        f'<a class="{marks}" href="{escape(link(row.lot.lot_id))}" '
        f'data-node="{row.lot.lot_id}-{card.key}">'
        f"<title>{escape(row_title(row, card, gettext))}</title>"
        f'<rect x="{box.x:g}" y="{box.y:.1f}" width="{box.width:g}" height="{box.height:g}" '
        f'rx="3"/><circle cx="{box.x + 8:g}" cy="{box.middle:.1f}" r="3"/>'
        f'<text x="{box.x + 16:g}" y="{box.middle + 4:.1f}">'
        f"{escape(label)}</text></a>"
    )


def row_label(row: Row, card: Card, gettext: Words) -> str:
    """Product and lot where it was made; the papers it came with elsewhere."""
    maker_id = row.lot.maker_id
    is_made_here = (
        maker_id is not None and card.party is not None and (maker_id == card.party.enterprise_id)
    )
    if is_made_here or not row.documents:
        return f"{row.lot.product_name} {row.lot.number}"
    if len(row.documents) == 1:
        return gettext("In {document}").format(document=row.documents[0])
    return gettext("In {document} +{more}").format(
        document=row.documents[0], more=len(row.documents) - 1
    )


def row_title(row: Row, card: Card, gettext: Words) -> str:
    """Everything about a row in words, for pointers and screen readers."""
    words = [f"{row.lot.product_name} {row.lot.number}", _full_name(card, gettext)]
    if row.documents:
        words.append(", ".join(row.documents))
    if row.holding is None:
        words.append(gettext("not in this trace"))
    else:
        words += [gettext(row.holding.level), *_figures(row.holding, gettext)]
    return " · ".join(words)


def _figures(holding: Holding, gettext: Words) -> list[str]:
    of = holding.balance
    told: list[tuple[str, Amount]] = [
        (gettext("made"), of.produced),
        (gettext("received"), of.received),
        (gettext("shipped"), of.shipped),
        (gettext("sold"), of.sold),
        (gettext("used"), of.consumed),
        (gettext("on hand"), of.on_hand),
        (gettext("unaccounted"), of.unaccounted),
    ]
    return [f"{name} {amount} {of.unit}" for name, amount in told if amount.hi != 0]


def fitted(words: str, room: float, size: float) -> str:
    """Words cut to a width in pixels; a Chinese character is as wide as it is high."""
    if _width(words, size) <= room:
        return words
    kept = words
    while kept and _width(kept + "…", size) > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _width(words: str, size: float) -> float:
    return sum(size if ord(character) > 0x2E7F else size * 0.56 for character in words)
