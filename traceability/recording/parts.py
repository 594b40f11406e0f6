"""What an event consists of, as rows beside it: items, parties, papers, its document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain

from sqlalchemy.orm import Session

from traceability.maths.epcis.event import CapturedEvent, Identifier
from traceability.recording.copying import cell, copy_lines, instant, number, octets
from traceability.recording.documents import deflate

Numbered = Sequence[tuple[int, CapturedEvent]]


def event_id_of(event: CapturedEvent) -> str:
    """The eventID as given; without one, the hash as an ni: URI (CBV 2.0, section 8.9)."""
    return event.event_id or f"ni:///sha-256;{event.hash.hex()}?ver=CBV2.0"


def named_by(event: CapturedEvent) -> Iterator[Identifier]:
    """Every thing, place and party an event speaks of."""
    for item in event.items:
        yield item.identifier
    for _, party in chain(event.sources, event.destinations):
        yield party
    for place in (event.read_point, event.biz_location):
        if place is not None:
            yield place


def copy_parts(session: Session, numbered: Numbered, ids: dict[str, int]) -> None:
    """Add the parts of new events."""
    copy_lines(
        session,
        "epcis_document",
        ("event_id", "content"),
        [f"{identity}\t{octets(deflate(event.document))}" for identity, event in numbered],
    )
    copy_lines(
        session,
        "epcis_item",
        ("event_id", "position", "role", "identifier_id", "quantity", "unit"),
        [
            f"{identity}\t{place}\t{item.role}\t{ids[item.identifier.key]}"
            f"\t{number(item.quantity)}\t{cell(item.unit)}"
            for identity, event in numbered
            for place, item in enumerate(event.items)
        ],
    )
    copy_lines(
        session,
        "epcis_party",
        ("event_id", "position", "role", "type", "identifier_id"),
        [
            f"{identity}\t{place}\t{role}\t{cell(kind)}\t{ids[party.key]}"
            for identity, event in numbered
            for place, (role, kind, party) in enumerate(_parties(event))
        ],
    )
    copy_lines(
        session,
        "epcis_transaction",
        ("event_id", "position", "type", "identifier"),
        [
            f"{identity}\t{place}\t{cell(kind)}\t{cell(name)}"
            for identity, event in numbered
            for place, (kind, name) in enumerate(event.transactions)
        ],
    )


def _parties(event: CapturedEvent) -> Iterator[tuple[str, str, Identifier]]:
    for kind, party in event.sources:
        yield "source", kind, party
    for kind, party in event.destinations:
        yield "destination", kind, party


def copy_declarations(session: Session, numbered: Numbered, *, at: datetime) -> None:
    """Add the error declarations among new events."""
    copy_lines(
        session,
        "epcis_declaration",
        (
            *("event_id", "given_id", "hash", "declared_at", "reason"),
            *("corrective_ids", "recorded_at"),
        ),
        [
            "\t".join(
                (
                    str(identity),
                    cell(event_id_of(event)),
                    octets(event.hash),
                    instant(event.declaration.declared_at),
                    cell(event.declaration.reason),
                    cell(json.dumps(event.declaration.corrective_ids)),
                    at.isoformat(),
                )
            )
            for identity, event in numbered
            if event.declaration is not None
        ],
    )
