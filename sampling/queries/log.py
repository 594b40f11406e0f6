"""What everybody may read of the transparency log, and the proofs it gives.

The tree is kept as the hashes of its complete subtrees, each written once; a proof reads about
(log₂ n)² / 2 of them by primary key, whatever the size of the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from core.clock import today
from core.journal import JournalEntry
from sampling.errors import LogEmpty, LogRange
from sampling.maths import log_tree
from sampling.maths.log_tree import Node
from sampling.maths.notes import PublicKey
from sampling.models.log import LogCheckpoint, LogKey, LogNode
from sampling.models.plans import Plan, PlanPart

STREAM: Final = "draw"
MOST_ENTRIES: Final = 1000  # in one answer

# Kinds whose whole body is public at once. Of any other kind only the fields below are shown until
# the drawn list is public: a seed, or the code of a replaced unit, would tell who is to be visited.
OPEN_KINDS: Final = frozenset({"plan.committed", "draw.closed", "plan.void", "log.key"})
OPEN_FIELDS: Final = {"draw.made": ("no", "parts"), "plan.entropy": ("no", "source")}


@dataclass(frozen=True, slots=True)
class LogEntryView:
    """An entry of the log; ``body`` holds what may be shown, all of it if ``is_whole``.

    ``recorded_at`` is withheld with the body: the exact instant would be one guess less.
    """

    sequence: int
    kind: str
    previous_hash: str
    hash: str
    recorded_at: datetime | None
    body: dict[str, Any]
    is_whole: bool
    opens_on: date | None
    stream: str = STREAM

    @property
    def recorded(self) -> str | None:
        """The instant exactly as it was hashed."""
        at = self.recorded_at
        return None if at is None else at.isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class CheckpointView:
    """A signed checkpoint."""

    size: int
    root: str
    note: str
    key: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class LogKeyView:
    """A public key of the log."""

    key: str
    created_at: datetime
    is_current: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class ProofView:
    """A proof: hashes from the leaf upwards, in hexadecimal."""

    size: int
    root: str
    proof: list[str]
    leaf_hash: str | None = None
    first_root: str | None = None


def fetch_nodes(session: Session) -> log_tree.Fetch:
    """Reads subtree hashes, many at once."""

    def fetch(nodes: Sequence[Node]) -> dict[Node, bytes]:
        wanted = tuple_(LogNode.level, LogNode.index).in_([(n.level, n.index) for n in nodes])
        rows = session.execute(select(LogNode.level, LogNode.index, LogNode.hash).where(wanted))
        return {Node(level, index): bytes(value) for level, index, value in rows}

    return fetch


def tree_size(session: Session) -> int:
    """Entries that the tree covers."""
    found = select(func.coalesce(func.max(LogNode.index) + 1, 0)).where(LogNode.level == 0)
    return int(session.execute(found).scalar_one())


def log_keys(session: Session) -> list[LogKeyView]:
    """All keys, the present one first."""
    rows = list(session.execute(select(LogKey).order_by(LogKey.id.desc())).scalars())
    return [
        LogKeyView(verifier_key(row).text, row.created_at, row is rows[0], row.reason)
        for row in rows
    ]


def verifier_key(row: LogKey) -> PublicKey:
    """The public key of a row."""
    return PublicKey(row.origin, bytes(row.key))


def checkpoints(session: Session, *, limit: int, below: int | None = None) -> list[CheckpointView]:
    """Signed checkpoints, newest first, of sizes below ``below``."""
    statement = select(LogCheckpoint, LogKey).join(LogKey, LogKey.id == LogCheckpoint.key_id)
    if below is not None:
        statement = statement.where(LogCheckpoint.size < below)
    rows = session.execute(statement.order_by(LogCheckpoint.id.desc()).limit(limit))
    return [
        CheckpointView(
            size=one.size,
            root=bytes(one.root).hex(),
            note=one.note,
            key=verifier_key(key).text,
            signed_at=one.signed_at,
        )
        for one, key in rows
    ]


def latest_checkpoint(session: Session) -> CheckpointView:
    """The newest checkpoint.

    Raises
    ------
    LogEmpty
        None was signed yet.
    """
    found = checkpoints(session, limit=1)
    if not found:
        raise LogEmpty
    return found[0]


def log_entries(session: Session, *, first: int, last: int) -> list[LogEntryView]:
    """The entries ``first`` to ``last`` that the latest checkpoint covers, by number from 1.

    Raises
    ------
    LogRange
        More are asked for than one answer holds, or the numbers make no sense.
    """
    size = latest_checkpoint(session).size
    _within("from", first, 1, max(size, 1), size)
    _within("to", last, first, first + MOST_ENTRIES - 1, size)
    rows = list(
        session.execute(
            select(JournalEntry)
            .where(
                JournalEntry.stream == STREAM,
                JournalEntry.sequence.between(first, min(last, size)),
            )
            .order_by(JournalEntry.sequence)
        ).scalars()
    )
    opening = _opening_days(session, {str(row.body.get("no")) for row in rows})
    return [_entry_view(row, opening) for row in rows]


def _opening_days(session: Session, numbers: set[str]) -> dict[str, date | None]:
    """From which day the drawn list of each plan is public; None: not decided."""
    rows = session.execute(
        select(Plan.no, func.coalesce(PlanPart.public_on, Plan.disclose_on))
        .outerjoin(PlanPart, (PlanPart.plan_id == Plan.id) & (PlanPart.name == "draw.json"))
        .where(Plan.no.in_(numbers))
    )
    return {no: day for no, day in rows}  # noqa: C416 - mypy wants a dict of two types


def _entry_view(row: JournalEntry, opening: dict[str, date | None]) -> LogEntryView:
    opens_on = opening.get(str(row.body.get("no")))
    is_open = opens_on is not None and opens_on <= today()
    is_whole = row.kind in OPEN_KINDS or is_open
    shown = OPEN_FIELDS.get(row.kind, ("no",))
    return LogEntryView(
        sequence=row.sequence,
        kind=row.kind,
        previous_hash=bytes(row.previous_hash).hex(),
        hash=bytes(row.hash).hex(),
        recorded_at=row.recorded_at if is_whole else None,
        body=row.body if is_whole else {k: row.body[k] for k in shown if k in row.body},
        is_whole=is_whole,
        opens_on=None if is_whole else opens_on,
    )


def inclusion(session: Session, *, sequence: int, size: int | None) -> ProofView:
    """Proof that an entry is in the log of ``size`` entries (default: the latest signed).

    Raises
    ------
    LogEmpty, LogRange
        There is no such entry, or no such size.
    """
    whole = latest_checkpoint(session).size
    at = whole if size is None else size
    _within("size", at, 1, whole, whole)
    _within("sequence", sequence, 1, at, whole)
    fetch = fetch_nodes(session)
    leaf = Node(0, sequence - 1)
    return ProofView(
        size=at,
        root=log_tree.root_of(at, fetch).hex(),
        proof=[one.hex() for one in log_tree.inclusion_proof(sequence - 1, at, fetch)],
        leaf_hash=fetch([leaf])[leaf].hex(),
    )


def consistency(session: Session, *, first: int, second: int | None) -> ProofView:
    """Proof that the log of ``first`` entries is the beginning of that of ``second``.

    Raises
    ------
    LogEmpty, LogRange
        There is no such size.
    """
    whole = latest_checkpoint(session).size
    at = whole if second is None else second
    _within("to", at, 1, whole, whole)
    _within("from", first, 1, at, whole)
    fetch = fetch_nodes(session)
    return ProofView(
        size=at,
        root=log_tree.root_of(at, fetch).hex(),
        first_root=log_tree.root_of(first, fetch).hex(),
        proof=[one.hex() for one in log_tree.consistency_proof(first, at, fetch)],
    )


def _within(field: str, value: int, least: int, most: int, size: int) -> None:
    if not least <= value <= most:
        raise LogRange(field=field, value=value, least=least, most=most, size=size)
