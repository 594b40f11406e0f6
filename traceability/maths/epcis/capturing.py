"""From the JSON of one event, already found sound, to the event as this house reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from traceability.maths.epcis.rules import exact, inexact, lacking
from traceability.maths.epcis.times import instant
from traceability.maths.epcis.vocabulary import Term, bare

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
    get = event.get
    if lacking(event):
        raise Unsound
    if "recordTime" in event:
        instant(event["recordTime"])
    moment = instant(event["eventTime"])
    declared = get("errorDeclaration")
    kind = TYPES[event["type"]]
    return CapturedEvent(
        position=position,
        type=kind,
        event_id=get("eventID"),
        hash=sha256(pre_hash(event, names, moment.text).encode()).digest(),
        declaration_hash=declaration_hash(declared, names),
        event_time=moment.micros,
        offset=event["eventTimeZoneOffset"],
        action=get("action"),
        biz_step=_word(Term.STEP, get("bizStep"), names),
        disposition=_word(Term.DISPOSITION, get("disposition"), names),
        read_point=_place(get("readPoint"), names),
        biz_location=_place(get("bizLocation"), names),
        transformation_id=_key(get("transformationID"), names),
        items=tuple(_items(event, kind, names)),
        sources=_parties(get("sourceList"), "source", names),
        destinations=_parties(get("destinationList"), "destination", names),
        transactions=_transactions(get("bizTransactionList"), names),
        declaration=None if declared is None else _declaration(declared, names),
        document=document,
    )


def _word(term: Term, given: str | None, names: Names) -> str | None:
    return bare(term, names.term(term, given)) if given else None


def _identifier(text: str, names: Names) -> Identifier:
    known = names.known(text)
    if known.flaw is not None:
        raise Unsound
    return known.identifier


def _place(given: Json | None, names: Names) -> Identifier | None:
    return _identifier(given["id"], names) if given else None


def _key(given: str | None, names: Names) -> str | None:
    return _identifier(given, names).key if given else None


def _items(event: Json, kind: EventType, names: Names) -> Iterator[Item]:
    if kind is not EventType.OBJECT and kind is not EventType.TRANSFORMATION:
        parent = event.get("parentID")
        if parent:
            yield Item(Role.PARENT, _identifier(parent, names), _ONE, None)
    for field, role, of_amounts in _FIELDS[kind]:
        given = event.get(field)
        if not given:
            continue
        yield from _amounts(given, role, names) if of_amounts else _things(given, role, names)


def _things(given: Sequence[str], role: Role, names: Names) -> Iterator[Item]:
    """Things named one by one; a thing named in two writings is one."""
    seen = set[str]()
    for text in given:
        identifier = _identifier(text, names)
        if identifier.key not in seen:
            seen.add(identifier.key)
            yield Item(role, identifier, None if identifier.kind in _CLASSES else _ONE, None)


def _amounts(given: Sequence[Json], role: Role, names: Names) -> Iterator[Item]:
    for each in given:
        quantity = each.get("quantity")
        if quantity is not None:
            quantity = exact(quantity)
            if inexact(quantity):
                raise Unsound
        yield Item(role, _identifier(each["epcClass"], names), quantity, each.get("uom"))


def _parties(
    given: Sequence[Json] | None, field: str, names: Names
) -> tuple[tuple[str, Identifier], ...]:
    return tuple(
        (
            bare(Term.PARTY, names.term(Term.PARTY, each["type"])),
            _identifier(each[field], names),
        )
        for each in given or ()
    )


def _transactions(given: Sequence[Json] | None, names: Names) -> tuple[tuple[str | None, str], ...]:
    return tuple(
        (
            _word(Term.TRANSACTION, each.get("type"), names),
            _identifier(each["bizTransaction"], names).given,
        )
        for each in given or ()
    )


def _declaration(given: Json, names: Names) -> Declaration:
    return Declaration(
        declared_at=instant(given["declarationTime"]).micros,
        reason=_word(Term.REASON, given.get("reason"), names),
        corrective_ids=tuple(given.get("correctiveEventIDs") or ()),
    )
