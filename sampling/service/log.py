"""Sign the log of draws: every entry becomes a leaf, every growth a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from core import journal, outbox
from core.chain import ChainEntry, chain_hash
from core.clock import now
from core.config import log_key
from core.journal import JournalEntry
from sampling.errors import LogBroken, LogKeyMissing, LogKeyRetired, ReasonNeeded
from sampling.events import LogExtended
from sampling.maths import log_tree
from sampling.maths.notes import Checkpoint, PublicKey, note
from sampling.models.log import LogCheckpoint, LogKey, LogNode, LogSecret
from sampling.queries.log import STREAM, fetch_nodes, tree_size, verifier_key

_LOCK = 0x5A48_4C4F_47  # one signer at a time; draws are not kept waiting
_CHUNK = 5000


def record(session: Session, kind: str, body: Mapping[str, Any]) -> JournalEntry:
    """Add an entry to the log of draws and have it signed, where nothing else announces it."""
    entry = journal.append(session, STREAM, kind, dict(body))
    outbox.add(session, LogExtended(sequence=entry.sequence))
    return entry


def sign_log(session: Session) -> LogCheckpoint | None:
    """Give everybody a signed statement that covers all entries so far.

    Running it again, or twice at once, changes nothing: one signer works at a time, and a size is
    signed once by each key.

    Returns
    -------
    LogCheckpoint or None
        The newest; None while the log is empty.

    Raises
    ------
    LogBroken
        Stored entries are not those signed before, or do not follow from each other.
    LogKeyMissing, LogKeyRetired
        There is no key to sign with.
    """
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    latest = _latest(session)
    if latest is None and session.get(journal.JournalHead, STREAM) is None:
        return None
    key, private = _signing_key(session)
    size = tree_size(session)
    fetch = fetch_nodes(session)
    if latest is not None and log_tree.root_of(latest.size, fetch) != bytes(latest.root):
        raise LogBroken(sequence=latest.size)
    size = _grow(session, size, fetch)
    if latest is not None and latest.size == size and latest.key_id == key.id:
        return latest
    root = log_tree.root_of(size, fetch)
    checkpoint = Checkpoint(key.origin, size, root)
    signatures = [(verifier_key(key), private.sign(checkpoint.text.encode()))]
    if latest is not None and latest.key_id != key.id:
        signatures += _handed_over(session, latest.key_id, checkpoint)
    row = LogCheckpoint(
        size=size,
        root=root,
        key_id=key.id,
        note=note(checkpoint, signatures),
        signed_at=now(),
    )
    session.add(row)
    session.flush()
    return row


def rotate_key(session: Session, *, reason: str) -> LogKey:
    """Sign with a new key from now on; the old one signs the handing over, both stay visible.

    Raises
    ------
    ReasonNeeded
        There is no reason.
    """
    if not reason.strip():
        raise ReasonNeeded
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    given = log_key()
    if given is not None:
        key, _ = _signing_key(session, reason.strip())
        return key
    return _new_key(session, Ed25519PrivateKey.generate(), is_given=False, reason=reason.strip())


def _latest(session: Session) -> LogCheckpoint | None:
    statement = select(LogCheckpoint).order_by(LogCheckpoint.id.desc()).limit(1)
    return session.execute(statement).scalar_one_or_none()


def _current(session: Session) -> LogKey | None:
    statement = select(LogKey).order_by(LogKey.id.desc()).limit(1)
    return session.execute(statement).scalar_one_or_none()


def _signing_key(session: Session, reason: str | None = None) -> tuple[LogKey, Ed25519PrivateKey]:
    """The present key with its secret; the first one is made here."""
    current, given = _current(session), log_key()
    if given is not None:
        private = Ed25519PrivateKey.from_private_bytes(given)
        public = private.public_key().public_bytes_raw()
        if current is not None and bytes(current.key) == public:
            return current, private
        known = select(LogKey).where(LogKey.key == public)
        if session.execute(known).scalar_one_or_none() is not None:
            raise LogKeyRetired(key=public.hex())
        why = reason or (None if current is None else "ZHIHENG_LOG_KEY")
        return _new_key(session, private, is_given=True, reason=why), private
    if current is None:
        private = Ed25519PrivateKey.generate()
        return _new_key(session, private, is_given=False, reason=None), private
    found = _private(session, current.id)
    if found is None:
        raise LogKeyMissing(key=verifier_key(current).text)
    return current, found


def _private(session: Session, key_id: int) -> Ed25519PrivateKey | None:
    secret = session.get(LogSecret, key_id)
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret.seed)) if secret else None


def _new_key(
    session: Session, private: Ed25519PrivateKey, *, is_given: bool, reason: str | None
) -> LogKey:
    public = private.public_key().public_bytes_raw()
    before = _current(session)
    # The first key names the log: the name says whose log it is, whatever the address is later.
    origin = before.origin if before else f"zhiheng-draw-log/{public.hex()[:16]}"
    row = LogKey(origin=origin, key=public, is_given=is_given, reason=reason, created_at=now())
    session.add(row)
    session.flush()
    if not is_given:
        session.add(LogSecret(key_id=row.id, seed=private.private_bytes_raw().hex()))
    told = {"key": verifier_key(row).text, "reason": reason}
    journal.append(session, STREAM, "log.key", told)
    return row


def _handed_over(
    session: Session, key_id: int, checkpoint: Checkpoint
) -> list[tuple[PublicKey, bytes]]:
    """The old key's signature under the first checkpoint of a new one, if its secret is here."""
    private = _private(session, key_id)
    if private is None:
        return []
    old = session.get_one(LogKey, key_id)
    return [(verifier_key(old), private.sign(checkpoint.text.encode()))]


def _grow(session: Session, size: int, fetch: log_tree.Fetch) -> int:
    """Make leaves of the entries after ``size``; returns the new size."""
    edge = dict(fetch(log_tree.peaks(0, size))) if size else {}
    for entries in _chunks(session, size):
        made = log_tree.grown(size, edge, [bytes(entry.hash) for entry in entries])
        session.execute(
            insert(LogNode),
            [{"level": n.level, "index": n.index, "hash": value} for n, value in made.items()],
        )
        size += len(entries)
        edge = {**edge, **made}
        edge = {node: edge[node] for node in log_tree.peaks(0, size)}
    return size


def _chunks(session: Session, size: int) -> Iterator[Sequence[JournalEntry]]:
    """The entries after ``size``, each checked to follow from the one before it."""
    previous = bytes(32)
    if size:
        statement = select(JournalEntry.hash).where(
            JournalEntry.stream == STREAM, JournalEntry.sequence == size
        )
        previous = bytes(session.execute(statement).scalar_one())
    while True:
        statement_of_more = (
            select(JournalEntry)
            .where(JournalEntry.stream == STREAM, JournalEntry.sequence > size)
            .order_by(JournalEntry.sequence)
            .limit(_CHUNK)
        )
        entries = session.execute(statement_of_more).scalars().all()
        for expected, entry in enumerate(entries, start=size + 1):
            link = as_link(entry)
            if entry.sequence != expected or link.hash != chain_hash(previous, link.body):
                raise LogBroken(sequence=expected)
            previous = link.hash
        if not entries:
            return
        yield entries
        size += len(entries)


def as_link(entry: JournalEntry) -> ChainEntry:
    """An entry as a link of its chain."""
    body = {
        "stream": entry.stream,
        "sequence": entry.sequence,
        "kind": entry.kind,
        "recorded_at": entry.recorded_at.isoformat(timespec="microseconds"),
        "body": entry.body,
    }
    return ChainEntry(sequence=entry.sequence, body=body, hash=bytes(entry.hash))
