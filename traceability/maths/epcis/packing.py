"""What lay inside what, and when: packing and unpacking as intervals of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from traceability.maths.amounts import EXACT
from traceability.maths.epcis.event import EventType, IdentifierKind, Item, Role
from traceability.maths.epcis.naming import Names, holder_key, place_of
from traceability.maths.epcis.statements import COUNT, Goods, Inside, Recorded

_PACKING = (EventType.AGGREGATION, EventType.ASSOCIATION)
_CLASSES = (IdentifierKind.LOT, IdentifierKind.CLASS)
_EVERYTHING = None  # as a quantity to take out


def is_class(item: Item) -> bool:
    """Does an item stand for an amount of a class, not for one thing?"""
    kind = item.identifier.kind
    is_amount = item.quantity != 1 or item.unit is not None
    return kind in _CLASSES or (kind is IdentifierKind.OPAQUE and is_amount)


@dataclass(frozen=True, slots=True)
class Content:
    """Something inside a container at an instant, with what it is to a trace."""

    child: str
    goods: Goods | None
    quantity: Decimal | None
    unit: str
    is_thing: bool  # one physical thing, so that two sightings of it are one


class Packing:
    """The intervals of all packing events, to be asked what was inside at an instant."""

    def __init__(self, intervals: Iterable[Inside], things: frozenset[str]) -> None:
        self.intervals = tuple(intervals)
        self._things = things
        self._of: dict[str, list[Inside]] = defaultdict(list)
        for each in self.intervals:
            self._of[each.parent].append(each)

    def parents(self) -> frozenset[str]:
        """Everything that ever held something."""
        return frozenset(self._of)

    def contents(
        self, parent: str, instant: int, opened: set[str], *, assets: bool = False
    ) -> Iterator[Content]:
        """What was inside at an instant, through all containers inside it.

        Parameters
        ----------
        opened : set of str
            Containers that were looked into before, to be looked into once only; added to.

        Notes
        -----
        A container that is said to be inside itself is opened once.
        """
        waiting = [parent]
        while waiting:
            container = waiting.pop()
            if container in opened:
                continue
            opened.add(container)
            for each in self._of.get(container, ()):
                if (each.is_asset and not assets) or not each.holds_at(instant):
                    continue
                yield Content(
                    each.child, each.goods, each.quantity, each.unit, each.child in self._things
                )
                waiting.append(each.child)


@dataclass(slots=True)
class _Open:
    """A class or thing now inside a parent."""

    since: int | None
    event: int
    item: Item
    quantity: Decimal | None


@dataclass(slots=True)
class _Book:
    """What is open, by parent and child, while events are read in order of time."""

    names: Names
    is_asset: bool
    closed: list[Inside] = field(default_factory=list)
    inside: dict[str, dict[tuple[str, str], _Open]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    parent_of: dict[str, str] = field(default_factory=dict)
    goods_of: dict[tuple[int, str], Goods | None] = field(default_factory=dict)

    def goods(self, each: _Open, place: str | None) -> Goods | None:
        """What an open child is to a trace, fixed at the place where it was packed."""
        key = (each.event, each.item.identifier.key)
        if key not in self.goods_of:
            self.goods_of[key] = self.names.goods(each.item, place)
        return self.goods_of[key]

    def begin(self, parent: str, item: Item, at: int | None, event: int, place: str | None) -> None:
        """Something is inside from now on."""
        child = item.identifier.key
        opened = self.inside[parent].get((child, _unit(item)))
        if is_class(item):
            quantity = item.quantity
            if opened is not None:
                quantity = _sum(opened.quantity, item.quantity)
                self._close(parent, opened, at, None)
            fresh = _Open(at, event, item, quantity)
            self.inside[parent][child, _unit(item)] = fresh
            self.goods(fresh, place)
            return
        if opened is not None:
            return
        other = self.parent_of.get(child)
        if other is not None:
            self.end(other, item, at, event, place)
        fresh = _Open(at, event, item, Decimal(1))
        self.inside[parent][child, _unit(item)] = fresh
        self.parent_of[child] = parent
        self.goods(fresh, place)

    def end(self, parent: str, item: Item, at: int | None, event: int, place: str | None) -> None:
        """Something is no longer inside; where nobody told that it was, its beginning is open."""
        child, unit = item.identifier.key, _unit(item)
        opened = self.inside[parent].pop((child, unit), None)
        is_amount = is_class(item)
        if opened is None:
            since = None
            if not is_amount and (other := self.parent_of.get(child)) is not None:
                # It is in one parent at a time: it left the other untold, some time before.
                since = self.inside[other][child, unit].since
                self.end(other, item, at, event, place)
            opened = _Open(since, event, item, item.quantity if is_amount else Decimal(1))
            self._close(parent, opened, at, place)
            return
        self._close(parent, opened, at, place)
        if not is_amount:
            del self.parent_of[child]
        elif item.quantity is not _EVERYTHING and opened.quantity != item.quantity:
            rest = _less(opened.quantity, item.quantity)
            if rest is not None and rest < 0:
                return
            left = _Open(at, event, opened.item, rest)
            self.inside[parent][child, unit] = left
            self.goods_of[event, child] = self.goods(opened, place)

    def end_all(self, parent: str, at: int, event: int, place: str | None) -> None:
        """Everything is taken out."""
        for opened in list(self.inside[parent].values()):
            item = opened.item
            whole = Item(item.role, item.identifier, _EVERYTHING, item.unit)
            self.end(parent, whole if is_class(item) else item, at, event, place)

    def _close(self, parent: str, each: _Open, at: int | None, place: str | None) -> None:
        if each.since is None or at is None or each.since < at:
            self.closed.append(self._interval(parent, each, at, place))

    def _interval(self, parent: str, each: _Open, until: int | None, place: str | None) -> Inside:
        return Inside(
            parent=parent,
            child=each.item.identifier.key,
            goods=self.goods(each, place),
            quantity=each.quantity,
            unit=_unit(each.item),
            lo=each.since,
            hi=until,
            is_asset=self.is_asset,
            event=each.event,
        )

    def all(self) -> Iterator[Inside]:
        """Every interval, the open ones last."""
        yield from self.closed
        for parent, children in self.inside.items():
            for each in children.values():
                yield self._interval(parent, each, None, None)


def packing(events: Iterable[Recorded], names: Names) -> Packing:
    """What lay inside what, as standing events tell it?

    Parameters
    ----------
    events : iterable of Recorded
        In force, by time (see `standing`); other kinds than packing are passed over.
    names : Names

    Returns
    -------
    Packing

    Notes
    -----
    ADD opens an interval, DELETE closes it at that instant: [added, deleted). DELETE without
    children takes out everything, DELETE without an ADD leaves the beginning open, and a thing
    added elsewhere has left where it was. OBSERVE tells that something is inside and not since
    when: it opens an interval there. At one instant taking out comes before putting in. Amounts of
    a class add up; an amount not told stays unknown until all is taken out. Of two lots with the
    same number in one parent, amounts in different units are kept apart.

    References
    ----------
    GS1 EPCIS 2.0, 7.4.3 (aggregation), 7.4.6 (association).
    """
    books = {True: _Book(names, is_asset=True), False: _Book(names, is_asset=False)}
    things: set[str] = set()
    for each in sorted(
        (each for each in events if each.event.type in _PACKING),
        key=lambda r: (r.event.event_time, r.event.action != "DELETE", r.event.hash),
    ):
        event = each.event
        book = books[event.type is EventType.ASSOCIATION]
        parents = [item.identifier for item in event.items if item.role is Role.PARENT]
        if not parents:
            continue
        parent, at = parents[0].key, event.event_time
        here = place_of(event, is_leaving=False)
        place = holder_key(here) if here else None
        children = _once(item for item in event.items if item.role is Role.CHILD)
        things |= {item.identifier.key for item in children if not is_class(item)}
        if event.action == "DELETE":
            if not children:
                book.end_all(parent, at, each.number, place)
            for item in children:
                book.end(parent, item, at, each.number, place)
            continue
        for item in children:
            is_told = (item.identifier.key, _unit(item)) in book.inside[parent]
            if event.action == "ADD" or not is_told:
                book.begin(parent, item, at, each.number, place)
    found = [interval for book in books.values() for interval in book.all()]
    found.sort(key=_order)
    return Packing(found, frozenset(things))


def _once(items: Iterable[Item]) -> list[Item]:
    """Each thing once, and amounts of a class added up, as an event lists them."""
    found: dict[tuple[str, str], Item] = {}
    for item in items:
        key = item.identifier.key, _unit(item)
        if key in found and is_class(item):
            quantity = _sum(found[key].quantity, item.quantity)
            found[key] = Item(item.role, item.identifier, quantity, item.unit)
        else:
            found.setdefault(key, item)
    return list(found.values())


def _order(each: Inside) -> tuple[str, str, str, bool, int, int]:
    return (
        each.parent,
        each.child,
        each.unit,
        each.lo is not None,
        each.lo or 0,
        -1 if each.hi is None else each.hi,
    )


def _unit(item: Item) -> str:
    return (item.unit or COUNT) if is_class(item) else COUNT


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else EXACT.add(one, other)


def _less(whole: Decimal | None, part: Decimal) -> Decimal | None:
    return None if whole is None else EXACT.subtract(whole, part)
