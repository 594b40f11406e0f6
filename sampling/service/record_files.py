"""Photos and files of a sampling record, by their hash."""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit, files
from core.actors import Actor
from core.clock import now
from core.errors import FieldProblem
from sampling.errors import AttachmentChanged, AttachmentRefused, AttachmentUnknown, RecordInvalid
from sampling.maths.record_fields import Evidence
from sampling.models.records import RecordAttachment, SamplingRecord
from sampling.queries.records import record_row
from sampling.service.records import open_draft

MEGABYTE: Final = 1024 * 1024
# A phone's photo has up to 12 MB, two minutes of its video up to 150.
LARGEST: Final = {"image": 20 * MEGABYTE, "application": 20 * MEGABYTE, "video": 150 * MEGABYTE}
MOST: Final = 60

# First bytes → media type: what a file is, not what its name or its sender says.
_BEGINNINGS: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (8, b"WEBP", "image/webp"),
    (0, b"%PDF-", "application/pdf"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
)


def media_type_of(content: bytes) -> str | None:
    """What a file is, by its first bytes; None where it is nothing that serves as evidence."""
    for place, beginning, media_type in _BEGINNINGS:
        if content[place : place + len(beginning)] == beginning:
            if media_type == "image/webp" and content[:4] != b"RIFF":
                continue
            return media_type
    return None


def refusing_words(content: bytes) -> str:
    """Why some bytes are no evidence; empty where they are."""
    media_type = media_type_of(content)
    if not content:
        return "it is empty; take the photo again."
    if media_type is None:
        return "it is neither a photo (JPEG, PNG, WebP, HEIC), a video (MP4, MOV, WebM) nor a PDF."
    most = LARGEST[media_type.partition("/")[0]]
    if len(content) > most:
        size = f"{len(content) / MEGABYTE:.1f}"
        return f"it has {size} MB, at most {most // MEGABYTE} MB are taken; make it smaller."
    return ""


def attach(
    session: Session,
    actor: Actor,
    no: str,
    *,
    kind: str,
    content: bytes,
    name: str,
    note: str | None = None,
) -> RecordAttachment:
    """Add a photo or a file to a draft; the same file under the same kind is kept once.

    Raises
    ------
    AttachmentRefused
        It is empty, too large, of another type, or one too many.
    RecordInvalid
        There is no such kind.
    RecordFinal, NotYourRecord, RecordUnknown
        The rest.

    Notes
    -----
    The place and time that a photo carries in itself are not read: anybody can write them. What
    counts is its hash and the moment at which it came in.
    """
    record = open_draft(session, actor, no)
    if kind not in list(Evidence):
        facts = {"allowed": ", ".join(Evidence)}
        raise RecordInvalid(fields=[FieldProblem("kind", "Write one of {allowed}.", facts)])
    shown = " ".join(name.split())[:200] or kind
    reason = refusing_words(content)
    if reason:
        raise AttachmentRefused(name=shown, reason=reason)
    media_type = media_type_of(content) or ""
    file = files.store(session, content, name=shown, media_type=media_type)
    there = list(
        session.execute(
            select(RecordAttachment).where(RecordAttachment.record_id == record.id)
        ).scalars()
    )
    known = next((one for one in there if (one.sha256, one.kind) == (file.sha256, kind)), None)
    if known is not None:
        return known
    if len(there) >= MOST:
        raise AttachmentRefused(name=shown, reason=_full_words())
    row = RecordAttachment(
        record_id=record.id,
        kind=kind,
        sha256=file.sha256,
        name=shown,
        media_type=media_type,
        size=len(content),
        note=(note or "").strip() or None,
        added_by=actor.account_id,
        added_at=now(),
    )
    session.add(row)
    record.updated_at = now()
    told = {"kind": kind, "sha256": file.sha256, "size": len(content)}
    audit.record(session, actor, "record.attached", no, told)
    session.flush()
    return row


def _full_words() -> str:
    return f"the record has {MOST} files already."


def detach(session: Session, actor: Actor, no: str, *, sha256: str, kind: str) -> None:
    """Take a file off a draft; its bytes stay, and the audit log says who took it off.

    Raises
    ------
    AttachmentUnknown, RecordFinal, NotYourRecord, RecordUnknown
        As they say.
    """
    record = open_draft(session, actor, no)
    removed = session.execute(
        delete(RecordAttachment)
        .where(
            RecordAttachment.record_id == record.id,
            RecordAttachment.sha256 == sha256,
            RecordAttachment.kind == kind,
        )
        .returning(RecordAttachment.id)
    ).one_or_none()
    if removed is None:
        raise AttachmentUnknown(record_no=no, sha256=sha256)
    record.updated_at = now()
    audit.record(session, actor, "record.detached", no, {"kind": kind, "sha256": sha256})
    session.flush()


def original(session: Session, no: str, sha256: str) -> files.StoredFile:
    """The bytes of an attached file, of whatever edition.

    Raises
    ------
    AttachmentUnknown
        No edition of the record has it.
    AttachmentChanged
        What is stored has another hash.
    """
    record_row(session, no)
    found = session.execute(
        select(RecordAttachment.id)
        .join(SamplingRecord, SamplingRecord.id == RecordAttachment.record_id)
        .where(SamplingRecord.no == no, RecordAttachment.sha256 == sha256)
        .limit(1)
    ).one_or_none()
    if found is None:
        raise AttachmentUnknown(record_no=no, sha256=sha256)
    file = files.load(session, sha256)
    if hashlib.sha256(file.content).hexdigest() != sha256:
        raise AttachmentChanged(record_no=no, sha256=sha256)
    return file
