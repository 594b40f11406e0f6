"""An EPCIS event as this house reads it: identifiers normalised, times in UTC, amounts exact."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class EventType(StrEnum):
    """The five kinds of event of EPCIS 2.0, section 7.4."""

    OBJECT = "ObjectEvent"
    AGGREGATION = "AggregationEvent"
    TRANSACTION = "TransactionEvent"
    TRANSFORMATION = "TransformationEvent"
    ASSOCIATION = "AssociationEvent"


class IdentifierKind(StrEnum):
    """What an identifier names."""

    LOT = "lot"  # GTIN and lot: LGTIN, or any class-level identifier with a lot
    INSTANCE = "instance"  # GTIN and serial number
    CLASS = "class"  # GTIN without lot
    CONTAINER = "container"  # SSCC
    ASSET = "asset"  # GRAI, GIAI
    PLACE = "place"  # GLN, with or without extension
    PARTY = "party"  # party GLN
    DOCUMENT = "document"  # GDTI, business transaction
    OPAQUE = "opaque"  # Ecode, OID, UUID, web addresses of others: compared as written


class Role(StrEnum):
    """What a thing is in an event."""

    EPC = "epc"
    PARENT = "parent"
    CHILD = "child"
    INPUT = "input"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Identifier:
    """One thing, place or party, whatever the writing.

    Attributes
    ----------
    key : str
        GS1 Digital Link form with id.gs1.org where it is a GS1 identifier, else as given. Two
        writings of one thing have one key.
    gtin, lot, serial : str | None
        Parts of a GS1 trade item; GTIN with 14 digits.
    given : str
        As first written.
    """

    key: str
    kind: IdentifierKind
    given: str
    gtin: str | None = None
    lot: str | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A thing or an amount of a class in an event.

    Attributes
    ----------
    quantity : Decimal | None
        None where the event does not say: unknown is not zero. 1 for an instance.
    unit : str | None
        UN/ECE Recommendation 20 code; None is a count of things.
    """

    role: Role
    identifier: Identifier
    quantity: Decimal | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Declaration:
    """An error declaration: the event that carries it was wrong from the start.

    ``declared_at`` in microseconds UTC; ``corrective_ids`` as given.
    """

    declared_at: int
    reason: str | None
    corrective_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CapturedEvent:
    """One event, read.

    Attributes
    ----------
    position : int
        Place in its document, from 0.
    event_id : str | None
        As given; None where the document has none.
    hash : bytes
        32 bytes, CBV 2.0 section 8.9.
    declaration_hash : bytes
        32 bytes, of the canonical error declaration; empty where there is none.
    event_time : int
        Microseconds since 1970 UTC.
    offset : str
        Time zone offset as given, for display only.
    biz_step, disposition : str | None
        Bare words where the CBV has them ("shipping"), else the URI.
    sources, destinations : tuple of (type, Identifier)
        Types as bare words: owning_party, possessing_party, location.
    transactions : tuple of (type | None, identifier)
        Business transactions as given.
    document : bytes
        The event alone as JSON, UTF-8, complete with its ``@context``.
    """

    position: int
    type: EventType
    event_id: str | None
    hash: bytes
    declaration_hash: bytes
    event_time: int
    offset: str
    action: str | None
    biz_step: str | None
    disposition: str | None
    read_point: Identifier | None
    biz_location: Identifier | None
    transformation_id: str | None
    items: tuple[Item, ...]
    sources: tuple[tuple[str, Identifier], ...]
    destinations: tuple[tuple[str, Identifier], ...]
    transactions: tuple[tuple[str | None, str], ...]
    declaration: Declaration | None
    document: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a document or one of its events cannot be taken.

    Attributes
    ----------
    position : int | None
        Of the event in its document; None where the document itself is at fault.
    path : str
        JSON pointer inside the event (or document).
    rule : str
        Which rule: "required", "enum", "format", "hash", "limit" …
    message : str
        What is wrong and what would be right.
    """

    position: int | None
    event_id: str | None
    path: str
    rule: str
    message: str
