"""From the JSON of one event, already found sound, to the event as this house reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any

from traceability.maths.epcis.canonical import pre_hash
from traceability.maths.epcis.contexts import Names
from traceability.maths.epcis.event import (
    CapturedEvent,
    Declaration,
    EventType,
    Identifier,
    IdentifierKind,
    Item,
    Role,
)
from traceability.maths.epcis.hashing import declaration_hash
from traceability.maths.epcis.rules import kept, lacking
from traceability.maths.epcis.times import instant
from traceability.maths.epcis.values import bare_term
from traceability.maths.epcis.vocabulary import Term

Json = Mapping[str, Any]


class Unsound(Exception):
    """The event breaks a rule beyond its form."""


TYPES = {str(each): each for each in EventType}
_ONE = Decimal(1)
_CLASSES = frozenset({IdentifierKind.LOT, IdentifierKind.CLASS})

# Where each type of event names things: the field, the role, and whether it holds amounts.
_FIELDS: dict[EventType, tuple[tuple[str, Role, bool], ...]] = {
    EventType.OBJECT: (("epcList", Role.EPC, False), ("quantityList", Role.EPC, True)),
    EventType.TRANSACTION: (("epcList", Role.EPC, False), ("quantityList", Role.EPC, True)),
    EventType.AGGREGATION: (
        ("childEPCs", Role.CHILD, False),
        ("childQuantityList", Role.CHILD, True),
    ),
    EventType.ASSOCIATION: (
        ("childEPCs", Role.CHILD, False),
        ("childQuantityList", Role.CHILD, True),
    ),
    EventType.TRANSFORMATION: (
        ("inputEPCList", Role.INPUT, False),
        ("inputQuantityList", Role.INPUT, True),
        ("outputEPCList", Role.OUTPUT, False),
        ("outputQuantityList", Role.OUTPUT, True),
    ),
}


def capture(event: Json, names: Names, position: int, document: bytes) -> CapturedEvent:
    """Read one event.

    Parameters
    ----------
    event : Json
        Found sound by ``schema.check_event``.
    names : Names
        Prefixes of its context.
    position : int
        Place in its document, from 0.
    document : bytes
        The event alone, complete with its context.

    Raises
    ------
    Unsound
        If it is not sound beyond its form; ``rules`` tells why.
    NoInstant
        If a time is none.
    """
    if lacking(event):
        raise Unsound
    get = event.get
    if "recordTime" in event:
        instant(event["recordTime"])
    moment = instant(event["eventTime"])
    declared = get("errorDeclaration")
    kind = TYPES[event["type"]]
    sources, destinations = get("sourceList"), get("destinationList")
    papers, process = get("bizTransactionList"), get("transformationID")
    step, disposition = get("bizStep"), get("disposition")
    read_point, location = get("readPoint"), get("bizLocation")
    return CapturedEvent(
        position,
        kind,
        get("eventID"),
        sha256(pre_hash(event, names, moment.text).encode()).digest(),
        declaration_hash(declared, names) if declared is not None else b"",
        moment.micros,
        event["eventTimeZoneOffset"],
        get("action"),
        _word(Term.STEP, step, names) if step else None,
        _word(Term.DISPOSITION, disposition, names) if disposition else None,
        _identifier(read_point["id"], names) if read_point else None,
        _identifier(location["id"], names) if location else None,
        _identifier(process, names).key if process else None,
        tuple(_items(event, kind, names)),
        _parties(sources, "source", names) if sources else (),
        _parties(destinations, "destination", names) if destinations else (),
        _transactions(papers, names) if papers else (),
        _declaration(declared, names) if declared is not None else None,
        document,
    )


def _word(term: Term, given: str, names: Names) -> str:
    return bare_term(term, names.expanded(given))


def _identifier(text: str, names: Names) -> Identifier:
    known = names.known(text)
    if known.flaw is not None:
        raise Unsound
    return known.identifier


def _items(event: Json, kind: EventType, names: Names) -> list[Item]:
    items: list[Item] = []
    parent = event.get("parentID")
    if parent:
        items.append(Item(Role.PARENT, _identifier(parent, names), _ONE, None))
    for field, role, of_amounts in _FIELDS[kind]:
        given = event.get(field)
        if given:
            (_amounts if of_amounts else _things)(items, given, role, names)
    return items


def _things(items: list[Item], given: Sequence[str], role: Role, names: Names) -> None:
    """Things named one by one; a thing named in two writings is one."""
    seen = set[str]()
    for text in given:
        identifier = _identifier(text, names)
        if identifier.key not in seen:
            seen.add(identifier.key)
            quantity = None if identifier.kind in _CLASSES else _ONE
            items.append(Item(role, identifier, quantity, None))


def _amounts(items: list[Item], given: Sequence[Json], role: Role, names: Names) -> None:
    for each in given:
        quantity = each.get("quantity")
        if quantity is not None:
            quantity = kept(quantity)
            if quantity is None:
                raise Unsound
        items.append(Item(role, _identifier(each["epcClass"], names), quantity, each.get("uom")))


def _parties(given: Sequence[Json], field: str, names: Names) -> tuple[tuple[str, Identifier], ...]:
    return tuple(
        [
            (_word(Term.PARTY, each["type"], names), _identifier(each[field], names))
            for each in given
        ]
    )


def _transactions(given: Sequence[Json], names: Names) -> tuple[tuple[str | None, str], ...]:
    return tuple(
        [
            (
                _word(Term.TRANSACTION, each["type"], names) if each.get("type") else None,
                _identifier(each["bizTransaction"], names).given,
            )
            for each in given
        ]
    )


def _declaration(given: Json, names: Names) -> Declaration:
    return Declaration(
        declared_at=instant(given["declarationTime"]).micros,
        reason=_word(Term.REASON, given["reason"], names) if given.get("reason") else None,
        corrective_ids=tuple(given.get("correctiveEventIDs") or ()),
    )
