"""Which lot, which holder: what the identifiers of events stand for in a trace."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from traceability.maths.epcis.event import (
    CapturedEvent,
    EventType,
    Identifier,
    IdentifierKind,
    Item,
    Role,
)
from traceability.maths.epcis.statements import UNTOLD, Goods, GoodsKind, Recorded

_GLN = re.compile(r"/41[0-9]/(\d{13})(?:/|$)")
_SIDES = ("possessing_party", "owning_party", "location")

# What is told of something taken from nature, or of an animal: nothing went into it (CBV 2.0, 9).
_RAW = frozenset(
    (
        "harvestStartDate",
        "harvestEndDate",
        "vesselCatchInformationList",
        "animalIdentityId",
        "firstFreezeDate",
    )
)


def holder_key(identifier: Identifier) -> str:
    """Who stands behind a place or party: its location number, whatever it is used for.

    A facility and the firm that runs it often bear one GLN, and docks and rooms are extensions of
    it: for whereabouts they are one holder.
    """
    return _holder_of(identifier.key)


@lru_cache(maxsize=1 << 16)
def _holder_of(key: str) -> str:
    found = _GLN.search(key)
    return found[1] if found else key


def party_of(sides: Iterable[tuple[str, Identifier]]) -> str | None:
    """The holder that a source or destination list names: possessing before owning party."""
    named = _named(sides)
    for kind in _SIDES[:2]:
        if kind in named:
            return named[kind]
    return None


def location_of(sides: Iterable[tuple[str, Identifier]]) -> str | None:
    """The location that a source or destination list names."""
    return _named(sides).get("location")


def owner_of(sides: Iterable[tuple[str, Identifier]]) -> str | None:
    """The owner that a source or destination list names."""
    return _named(sides).get("owning_party")


def _named(sides: Iterable[tuple[str, Identifier]]) -> dict[str, str]:
    """Type → holder; of several of one type the least key, so that no order decides."""
    found: dict[str, str] = {}
    for kind, identifier in sides:
        key = holder_key(identifier)
        found[kind] = min(found.get(kind, key), key)
    return found


def place_of(event: CapturedEvent, *, is_leaving: bool) -> Identifier | None:
    """Where an event happened: for what leaves the read point, else where things are after it."""
    first, second = event.read_point, event.biz_location
    return (first or second) if is_leaving else (second or first)


def instance_data(document: bytes) -> dict[str, Any]:
    """The instance and lot master data (ILMD) in an event by bare name; empty where none are."""
    if b'"ilmd"' not in document:
        return {}
    given = json.loads(document).get("ilmd")
    if not isinstance(given, dict):
        return {}
    return {re.split(r"[:/#]", name)[-1]: value for name, value in given.items()}


def lot_in(document: bytes) -> str | None:
    """The lot number among the master data in an event."""
    lot = instance_data(document).get("lotNumber")
    return lot.strip() if isinstance(lot, str) and lot.strip() else None


def is_raw(data: Mapping[str, Any]) -> bool:
    """Do the master data tell of a harvest, a catch or an animal?"""
    return not _RAW.isdisjoint(data)


@dataclass(frozen=True, slots=True)
class Names:
    """What is known of identifiers beyond their own text.

    Attributes
    ----------
    lots : dict
        Key of an instance → lot number, as the event that made it tells.
    holders : dict
        Key of a place → the party that holds what is there.
    """

    lots: Mapping[str, str]
    holders: Mapping[str, str]

    @staticmethod
    def of(events: Iterable[Recorded]) -> Names:
        """What standing events tell, given by time: the first to tell it is believed."""
        lots: dict[str, str] = {}
        holders: dict[str, str] = {}
        for each in events:
            for key, lot in lots_told(each.event):
                lots.setdefault(key, lot)
            for place, party in sorted(set(holders_told(each.event))):
                holders.setdefault(place, party)
        return Names(lots, holders)

    def holder(self, place: str | None) -> str | None:
        """Who holds what is at a place: the party named for it, else the place itself."""
        return None if place is None else self.holders.get(place, place)

    def goods(self, item: Item, place: str | None) -> Goods | None:
        """What an item is to a trace; None for containers, assets and places.

        A class without lot is told apart by facility, since nobody says that two facilities have
        the same.
        """
        it = item.identifier
        if it.kind in (IdentifierKind.LOT, IdentifierKind.INSTANCE, IdentifierKind.CLASS):
            lot = it.lot or self.lots.get(it.key)
            if it.gtin is None:
                return Goods(it.key, GoodsKind.OPAQUE, None, it.key)
            if lot is not None:
                return Goods(f"{it.gtin}/{lot}", GoodsKind.LOT, it.gtin, lot)
            if it.kind is IdentifierKind.INSTANCE:
                return Goods(
                    f"{it.gtin}/(21){it.serial}", GoodsKind.INSTANCE, it.gtin, f"(21){it.serial}"
                )
            number = f"(414){place or '?'}"
            return Goods(f"{it.gtin}/{number}", GoodsKind.BUCKET, it.gtin, number)
        if it.kind is IdentifierKind.OPAQUE:
            return Goods(it.key, GoodsKind.OPAQUE, None, it.key)
        return None


def lots_told(event: CapturedEvent) -> Iterator[tuple[str, str]]:
    """(instance or class, lot) for whatever an event makes and gives a lot number."""
    is_birth = event.type is EventType.TRANSFORMATION or event.action == "ADD"
    lot = lot_in(event.document) if is_birth else None
    if lot is None:
        return
    for item in event.items:
        if item.role in (Role.EPC, Role.OUTPUT) and item.identifier.kind is IdentifierKind.INSTANCE:
            yield item.identifier.key, lot


def holders_told(event: CapturedEvent) -> Iterator[tuple[str, str]]:
    """(place, party) for each side of an event that names both."""
    sides = (
        (event.sources, location_of(event.sources), event.biz_step in LEAVING),
        (event.destinations, location_of(event.destinations), event.biz_step in ARRIVING),
    )
    for listed, location, is_here in sides:
        party = party_of(listed)
        if party is None:
            continue
        here = place_of(event, is_leaving=event.biz_step in LEAVING) if is_here else None
        for place in {location, holder_key(here) if here else None} - {None, UNTOLD, party}:
            assert place is not None
            yield place, party


def places_in(event: CapturedEvent) -> set[str]:
    """Every place that an event names, by its holder key."""
    named = {location_of(event.sources), location_of(event.destinations)}
    named |= {holder_key(each) for each in (event.read_point, event.biz_location) if each}
    return {each for each in named if each}


LEAVING = frozenset(("shipping", "departing", "returning"))
ARRIVING = frozenset(("receiving", "arriving"))
