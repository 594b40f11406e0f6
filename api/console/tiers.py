"""A trace arranged for drawing: enterprises as cards in tiers, lots as rows, links between rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from traceability.maths.answer import Edge, Holding, LotView, PartyView, Side, Trace
from traceability.maths.ledger import STRENGTH, LinkState, weakest

# Lots drawn open; above, enterprises are cards with counts (docs: console, budget of the trace).
MOST_ROWS = 150
MOST_CARDS = 24  # in one tier; the rest share a card that says how many they are

Place = tuple[int, int]  # lot, party
Words = Callable[[str], str]


@dataclass(slots=True)
class Row:
    """A lot at an enterprise."""

    lot: LotView
    holding: Holding | None  # None: drawn for company, not reached
    documents: tuple[str, ...] = ()


@dataclass(slots=True)
class Card:
    """An enterprise; ``folded`` are lots that are not drawn one by one."""

    key: int
    party: PartyView | None  # None: the card of those that found no room
    rows: list[Row] = field(default_factory=list)
    folded: frozenset[int] = frozenset()
    enterprises: int = 1

    @property
    def reached(self) -> frozenset[int]:
        """Lots of the trace at this card, drawn or folded."""
        return self.folded | {row.lot.lot_id for row in self.rows if row.holding}


@dataclass(slots=True)
class Tier:
    """A column of cards; ``lots`` were reached there, the same lot at two firms counted once."""

    level: int
    title: str
    cards: list[Card]
    lots: int


@dataclass(frozen=True, slots=True)
class Line:
    """A link to draw; an end's place is a row, or a whole card where ``lot`` is 0.

    Where one line stands for several, it is as certain and as well known as the best of them, and
    contact only where all are; ``lit``: the way that was asked to be shown runs along it.
    """

    source: Place
    target: Place
    side: Side
    certain: bool
    count: int = 1
    state: LinkState = LinkState.DECLARED
    contact: bool = False
    lit: bool = False

    def beside(self, other: Line) -> Line:
        """This line, standing for another between the same ends too."""
        return replace(
            self,
            certain=self.certain or other.certain,
            count=self.count + other.count,
            state=min(self.state, other.state, key=STRENGTH.__getitem__),
            contact=self.contact and other.contact,
            lit=self.lit or other.lit,
        )


def mark(side: Side, depth: int) -> str:
    """The class a side is drawn in: the seed where it comes from, its own way on as downstream."""
    if side is Side.UPSTREAM:
        return "up"
    return "seed" if side is Side.SEED and depth == 0 else "down"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Tiers from the origin to the consumer, and the lines between them."""

    tiers: tuple[Tier, ...]
    lines: tuple[Line, ...]
    folded: bool


@dataclass(frozen=True, slots=True)
class Company:
    """A lot that was not reached, drawn grey beside those that were."""

    party_id: int
    lot: LotView


def arrange(
    trace: Trace,
    *,
    company: Sequence[Company] = (),
    path: Sequence[str] = (),
    gettext: Words = str,
) -> Arrangement:
    """Put a trace into tiers.

    A lot that came to a maker and went into another there is not drawn at the maker: its line
    runs from the supplier's lot to the maker's, as people speak of it. ``path`` are the keys of
    edges whose lines are lit.
    """
    shown, lines = _collapsed(trace, frozenset(path))
    levels = _levels(trace, shown, lines)
    cards = _cards(trace, shown, company)
    rows = sum(len(card.rows) for card in cards.values())
    folded = rows > MOST_ROWS
    if folded:
        for card in cards.values():
            card.folded = card.reached
            card.rows = []
        lines = _between_cards(lines)
    tiers = _tiers(cards, levels, shown, lines, gettext)
    hidden = _crowded(tiers)
    if hidden:
        lines = _redirected(lines, hidden)
    _untangle(tiers, lines)
    return Arrangement(tuple(tiers), tuple(lines), folded or bool(hidden))


def _collapsed(trace: Trace, path: frozenset[str]) -> tuple[dict[Place, Holding], list[Line]]:
    holdings = {(h.lot_id, h.party_id): h for h in trace.holdings}
    into: dict[Place, list[Edge]] = defaultdict(list)
    out: dict[Place, list[Edge]] = defaultdict(list)
    for edge in trace.edges:
        into[edge.to_lot_id, edge.to_party_id].append(edge)
        out[edge.from_lot_id, edge.from_party_id].append(edge)
    passing = {
        place
        for place in holdings
        if out[place]
        and all(edge.kind == "use" for edge in out[place])
        and into[place]
        and all(edge.kind != "use" for edge in into[place])
        and not (holdings[place].side is Side.SEED and holdings[place].depth == 0)
    }
    found: dict[tuple[Place, Place], Line] = {}

    def add(source: Place, target: Place, side: Side, *ways: Edge) -> None:
        line = Line(
            source,
            target,
            side,
            certain=all(each.certain for each in ways),
            state=weakest(each.state for each in ways),
            contact=any(each.kind == "contact" for each in ways),
            lit=all(each.key in path for each in ways),
        )
        known = found.get((source, target))
        found[source, target] = known.beside(line) if known else line

    for edge in trace.edges:
        source, target = _ends(edge)
        if target in passing:
            for use in out[target]:
                add(source, _ends(use)[1], edge.side, edge, use)
        elif source not in passing:
            add(source, target, edge.side, edge)
    return {place: h for place, h in holdings.items() if place not in passing}, list(found.values())


def _ends(edge: Edge) -> tuple[Place, Place]:
    return (edge.from_lot_id, edge.from_party_id), (edge.to_lot_id, edge.to_party_id)


def _levels(trace: Trace, shown: dict[Place, Holding], lines: Iterable[Line]) -> dict[int, int]:
    """Level of each party: 0 where the seed comes from, below what went in, above where it went."""
    after: dict[int, set[int]] = defaultdict(set)
    for line in lines:
        if line.source[1] != line.target[1]:
            after[line.source[1]].add(line.target[1])
    origins = {
        party for (lot, party), h in shown.items() if h.side is Side.SEED and h.depth == 0
    } or {party for _, party in shown}
    before: dict[int, set[int]] = defaultdict(set)
    for source, targets in after.items():
        for target in targets:
            before[target].add(source)
    up = {p for (_, p), h in shown.items() if h.side is Side.UPSTREAM} - origins
    level = dict.fromkeys(origins, 0)
    ahead = _longest(origins, after, barred=up)
    behind = _longest(origins, before, barred={p for _, p in shown} - up - origins)
    for party in {p for _, p in shown}:
        if party in level:
            continue
        if party in behind:
            level[party] = -behind[party]
        else:
            level[party] = ahead.get(party, 1)
    return level


def _longest(starts: set[int], after: dict[int, set[int]], barred: set[int]) -> dict[int, int]:
    """Longest way from any start to each node; ways back into a loop are left out."""
    order: list[int] = []
    state: dict[int, int] = {}
    kept: dict[int, list[int]] = defaultdict(list)
    for start in sorted(starts):
        stack: list[tuple[int, list[int]]] = [(start, sorted(after[start], reverse=True))]
        if start in state:
            continue
        state[start] = 1
        while stack:
            node, waiting = stack[-1]
            if not waiting:
                state[node] = 2
                order.append(node)
                stack.pop()
                continue
            other = waiting.pop()
            if other in barred or state.get(other) == 1:
                continue
            kept[node].append(other)
            if other not in state:
                state[other] = 1
                stack.append((other, sorted(after[other], reverse=True)))
    length = dict.fromkeys(starts, 0)
    for node in reversed(order):
        for other in kept[node]:
            if other not in starts:
                length[other] = max(length.get(other, 0), length.get(node, 0) + 1)
    return length


def _cards(
    trace: Trace, shown: dict[Place, Holding], company: Sequence[Company]
) -> dict[int, Card]:
    parties = {view.party_id: view for view in trace.parties}
    lots = {each.lot.lot_id: each.lot for each in trace.lots}
    papers: dict[Place, list[str]] = defaultdict(list)
    for edge in trace.edges:
        if edge.kind != "use" and edge.document_no:
            papers[edge.to_lot_id, edge.to_party_id].append(edge.document_no)
    cards: dict[int, Card] = {}
    for place, holding in shown.items():
        card = cards.setdefault(place[1], Card(place[1], parties[place[1]]))
        documents = tuple(sorted(set(papers[place])))
        card.rows.append(Row(lots[place[0]], holding, documents))
    for each in company:
        if each.party_id in cards and (each.lot.lot_id, each.party_id) not in shown:
            cards[each.party_id].rows.append(Row(each.lot, None))
    for card in cards.values():
        card.rows.sort(key=lambda row: (row.lot.product_name, row.lot.number, row.lot.lot_id))
    return cards


def _tiers(
    cards: dict[int, Card],
    levels: dict[int, int],
    shown: Iterable[Place],
    lines: Sequence[Line],
    gettext: Words,
) -> list[Tier]:
    by_level: dict[int, list[Card]] = defaultdict(list)
    for party, card in cards.items():
        by_level[levels[party]].append(card)
    lots: dict[int, set[int]] = defaultdict(set)
    for lot, party in shown:
        lots[levels[party]].add(lot)
    sends = {line.source[1] for line in lines}
    first = min(by_level, default=0)
    tiers = []
    for level in sorted(by_level):
        column = sorted(
            by_level[level],
            key=lambda card: ((card.party.code or "") if card.party else "", card.key),
        )
        title = _title(level, column, first=level == first, sends=sends)
        tiers.append(Tier(level, gettext(title), column, len(lots[level])))
    return tiers


def _title(level: int, column: list[Card], *, first: bool, sends: set[int]) -> str:
    roles = [set(card.party.roles) for card in column if card.party is not None]
    if level == 0:
        return (
            "Production"
            if any("maker" in each or "primary" in each for each in roles)
            else ("Held by")
        )
    if level < 0:
        primary = sum("primary" in each for each in roles) * 2 >= len(column)
        return "Raw materials" if primary or (first and level < -1) else "Parts"
    if sum("maker" in each for each in roles) * 2 > len(column):
        return "Further production"
    selling = sum("seller" in each for each in roles)
    silent = sum(card.key not in sends for card in column)
    return "Retail and platforms" if (selling + silent) > len(column) / 2 else "Wholesale"


def _between_cards(lines: Iterable[Line]) -> list[Line]:
    """Lines between enterprises, each once."""
    found: dict[tuple[Place, Place, Side], Line] = {}
    for line in lines:
        source, target = (0, line.source[1]), (0, line.target[1])
        if source == target:
            continue
        key = (source, target, line.side)
        moved = replace(line, source=source, target=target)
        found[key] = found[key].beside(moved) if key in found else moved
    return list(found.values())


def _crowded(tiers: Sequence[Tier]) -> dict[int, int]:
    """Gather the smallest cards of a crowded tier in one; returns party → key of that card."""
    hidden: dict[int, int] = {}
    for tier in tiers:
        if len(tier.cards) <= MOST_CARDS:
            continue
        ranked = sorted(tier.cards, key=lambda card: (-len(card.reached), card.key))
        kept, rest = ranked[: MOST_CARDS - 1], ranked[MOST_CARDS - 1 :]
        key = -1 - len(hidden)
        lots: frozenset[int] = frozenset().union(*(card.reached for card in rest))
        tier.cards = [card for card in tier.cards if card in kept]
        tier.cards.append(Card(key, None, [], lots, len(rest)))
        hidden |= {card.key: key for card in rest}
    return hidden


def _redirected(lines: Iterable[Line], hidden: dict[int, int]) -> list[Line]:
    def at(place: Place) -> Place:
        return (0, hidden[place[1]]) if place[1] in hidden else place

    found: dict[tuple[Place, Place, Side], Line] = {}
    for line in lines:
        source, target = at(line.source), at(line.target)
        if source == target:
            continue
        key = (source, target, line.side)
        moved = replace(line, source=source, target=target)
        found[key] = found[key].beside(moved) if key in found else moved
    return list(found.values())


def _untangle(tiers: Sequence[Tier], lines: Iterable[Line]) -> None:
    """Order the cards of each tier by the mean place of what they are linked to (barycentre)."""
    linked: dict[int, list[int]] = defaultdict(list)
    for line in lines:
        linked[line.source[1]].append(line.target[1])
        linked[line.target[1]].append(line.source[1])
    place: dict[int, float] = {}

    def number(tier: Tier) -> None:
        for index, card in enumerate(tier.cards):
            place[card.key] = (index + 0.5) / len(tier.cards)

    for tier in tiers:
        number(tier)
    for sweep in range(6):
        for tier in tiers if sweep % 2 == 0 else reversed(tiers):
            own = {card.key for card in tier.cards}
            wish = {}
            for card in tier.cards:
                others = [place[key] for key in linked[card.key] if key not in own]
                wish[card.key] = sum(others) / len(others) if others else place[card.key]
            ranked = sorted(  # those that found no room stand last
                (card.party is None, wish[card.key], place[card.key], card.key)
                for card in tier.cards
            )
            cards = {card.key: card for card in tier.cards}
            tier.cards = [cards[key] for *_, key in ranked]
            number(tier)
