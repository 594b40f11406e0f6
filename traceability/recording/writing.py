"""Adding facts to the journal, many at a time and each once."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core import journal
from core.chain import merkle_root
from core.clock import now
from core.imports import Report
from traceability.maths.amounts import plain
from traceability.models.ledger import TraceEvent
from traceability.recording.drafts import Draft

STREAM = "ledger"


@dataclass(frozen=True, slots=True)
class Written:
    """What was added."""

    events: int
    links: int
    first_event_id: int
    last_event_id: int


def digests(drafts: Sequence[Draft]) -> list[bytes]:
    """SHA-256 of what each draft says.

    Two equal rows in one file are two facts (a second pallet with the same papers), so each
    carries its count; the same rows in the next file have the same counts, and are known.
    """
    seen: Counter[bytes] = Counter()
    found = []
    for draft in drafts:
        text = json.dumps(_said(draft), ensure_ascii=False, separators=(",", ":"))
        said = hashlib.sha256(text.encode()).digest()
        seen[said] += 1
        found.append(hashlib.sha256(said + seen[said].to_bytes(4, "big")).digest())
    return found


def _said(draft: Draft) -> list[Any]:
    return [
        draft.teller.code,
        draft.kind.value,
        draft.product_id,
        draft.key,
        draft.source.key,
        draft.target.key if draft.target else None,
        None if draft.quantity is None else plain(draft.quantity),
        draft.unit,
        draft.span.earliest_at.isoformat() if draft.span.earliest_at else None,
        draft.span.latest_at.isoformat() if draft.span.latest_at else None,
        draft.document_no,
        draft.inputs.value if draft.inputs else None,
        [
            [use.product_id, use.key, _plain(use.quantity), use.unit]
            for use in sorted(draft.uses, key=lambda use: (use.product_id, use.key))
        ],
        draft.corrects,
    ]


def _plain(quantity: Decimal | None) -> str | None:
    return None if quantity is None else plain(quantity)


def known_digests(session: Session, given: Sequence[bytes]) -> set[bytes]:
    """Which of these facts are in the journal already?"""
    rows = session.execute(
        select(TraceEvent.digest).where(TraceEvent.digest == func.any(list(given)))
    ).scalars()
    return {bytes(each) for each in rows}


def write(
    session: Session,
    facts: Sequence[tuple[Draft, bytes]],
    *,
    lots: dict[tuple[int, str], int],
    parties: dict[str, int],
    report: Report,
) -> Written:
    """Add facts to the journal, with the root of their hashes on the chain of ledgers.

    Copied into a temporary table first: the journal takes tens of thousands of rows a second that
    way, and a row that came twice at the same moment is added once.
    """
    if not facts:
        return Written(0, 0, 0, 0)
    at = now()
    _copy(
        session,
        "new_event",
        _EVENT_COLUMNS,
        (_event_row(draft, digest, lots, parties, report, at) for draft, digest in facts),
        like="trace_event",
    )
    columns = ", ".join(_EVENT_COLUMNS)
    events = {
        bytes(digest): event_id
        for event_id, digest in session.execute(
            text(
                f"INSERT INTO trace_event ({columns}) SELECT {columns} FROM new_event"  # noqa: S608
                " ORDER BY file_row ON CONFLICT (digest) DO NOTHING RETURNING id, digest"
            )
        ).all()
    }
    links = [
        (
            events[digest],
            draft.teller.id,
            parties[draft.source.key],
            lots[use.product_id, use.key],
            lots[draft.product_id, draft.key],
            use.quantity,
            use.unit,
            draft.span.earliest_at,
            draft.span.latest_at,
            at,
        )
        for draft, digest in facts
        if digest in events
        for use in draft.uses
    ]
    _copy(session, "new_link", _LINK_COLUMNS, links, like="lot_link")
    columns = ", ".join(_LINK_COLUMNS)
    session.execute(
        text(f"INSERT INTO lot_link ({columns}) SELECT {columns} FROM new_link")  # noqa: S608
    )
    session.execute(text("DROP TABLE new_event, new_link"))
    written = Written(len(events), len(links), min(events.values()), max(events.values()))
    journal.append(
        session,
        STREAM,
        "rows-added",
        {
            "file": report.file_sha256,
            "events": written.events,
            "links": written.links,
            "first": written.first_event_id,
            "last": written.last_event_id,
            "root": merkle_root(sorted(events)).hex(),
        },
    )
    return written


_EVENT_COLUMNS = (
    "enterprise_id",
    "kind",
    "lot_id",
    "from_party_id",
    "to_party_id",
    "quantity",
    "unit",
    "earliest_at",
    "latest_at",
    "document_no",
    "inputs",
    "corrects_id",
    "digest",
    "file_sha256",
    "file_row",
    "recorded_at",
)
_LINK_COLUMNS = (
    "event_id",
    "enterprise_id",
    "party_id",
    "input_lot_id",
    "output_lot_id",
    "quantity",
    "unit",
    "earliest_at",
    "latest_at",
    "recorded_at",
)


def _event_row(
    draft: Draft,
    digest: bytes,
    lots: dict[tuple[int, str], int],
    parties: dict[str, int],
    report: Report,
    at: datetime,
) -> tuple[Any, ...]:
    return (
        draft.teller.id,
        draft.kind.value,
        lots[draft.product_id, draft.key],
        parties[draft.source.key],
        parties[draft.target.key] if draft.target else None,
        draft.quantity,
        draft.unit,
        draft.span.earliest_at,
        draft.span.latest_at,
        draft.document_no,
        draft.inputs.value if draft.inputs else None,
        draft.corrects_id,
        digest,
        report.file_sha256,
        draft.row.number,
        at,
    )


def _copy(
    session: Session,
    table: str,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    *,
    like: str,
) -> None:
    """Fill a temporary table with the columns of a real one."""
    names = ", ".join(columns)
    session.execute(
        text(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS SELECT {names} FROM {like} LIMIT 0")  # noqa: S608
    )
    driver = session.connection().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
