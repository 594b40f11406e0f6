"""Sampling records as they are shown: an edition with everything that belongs to it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.models import Enterprise, Person
from sampling.maths.record_cells import SampleFacts
from sampling.maths.record_document import (
    SHORT,
    AttachedFile,
    NumberedSample,
    Said,
    content_of,
    digest_of,
    hidden,
)
from sampling.maths.record_fields import SampleKind
from sampling.models.plans import Plan
from sampling.models.records import (
    RecordAttachment,
    RecordSample,
    RecordSampler,
    RecordSeal,
    RecordSignature,
    RecordState,
    SamplingRecord,
)

REPLACED = "replaced"
VERSIONS = 1_000_000  # more than one edition ever has


@dataclass(frozen=True, slots=True)
class SamplerView:
    """A sampler; the first leads."""

    person_id: int
    number: str
    name: str
    certificate_no: str | None


@dataclass(frozen=True, slots=True)
class SampleView:
    """A sealed sample."""

    no: str
    kind: str
    quantity: Decimal
    seal_no: str
    place: str
    storage: str


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A photo or file."""

    kind: str
    sha256: str
    name: str
    media_type: str
    size: int
    note: str | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class SignatureView:
    """A signature; ``is_current`` where it stands under what the record says now."""

    role: str
    person_id: int | None
    name: str
    statement: str | None
    signed_at: datetime
    is_current: bool


@dataclass(frozen=True, slots=True)
class RecordView:
    """One edition of a record.

    ``state``: draft, signed, discarded, or replaced (signed, and a later edition is signed too).
    ``values``: every field, the personal ones included; the entrance masks them where it must.
    """

    no: str
    edition: int
    state: str
    purpose: str
    channel: str
    plan_no: str | None
    code: str | None
    standalone_reason: str | None
    enterprise_id: int | None
    enterprise_code: str | None
    values: Mapping[str, str]
    samplers: tuple[SamplerView, ...]
    samples: tuple[SampleView, ...]
    attachments: tuple[AttachmentView, ...]
    signatures: tuple[SignatureView, ...]
    content_sha256: str
    sha256: str | None
    journal_sequence: int | None
    correction_reason: str | None
    discard_reason: str | None
    created_at: datetime
    updated_at: datetime
    signed_at: datetime | None
    version: int

    @property
    def short(self) -> str | None:
        """The part of the hash that stands in the link of the QR code."""
        return None if self.sha256 is None else self.sha256[:SHORT]


def version_of(row: SamplingRecord) -> int:
    """The version a change must name: those of a later edition lie above all of an earlier one.

    A form of the first edition, left open in another window, can so never change the second.
    """
    return (row.edition - 1) * VERSIONS + row.version


def record_views(session: Session, rows: Sequence[SamplingRecord]) -> list[RecordView]:
    """Editions with all that belongs to them, in the order given."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    samplers, samples, files, signatures = _parts(session, ids)
    plans = _names(session, Plan.id, Plan.no, {row.plan_id for row in rows})
    codes = _names(session, Enterprise.id, Enterprise.code, {row.enterprise_id for row in rows})
    seals = {
        (seal.record_no, seal.edition): seal
        for seal in session.execute(
            select(RecordSeal).where(RecordSeal.record_no.in_({row.no for row in rows}))
        ).scalars()
    }
    newest: dict[str, int] = {}
    for no, edition in seals:
        newest[no] = max(edition, newest.get(no, 0))
    views = []
    for row in rows:
        secret = json.loads(row.personal)
        said = _said(row, secret, plans, seals, samplers[row.id], samples[row.id], files[row.id])
        content_sha256 = digest_of(content_of(said))
        seal = seals.get((row.no, row.edition))
        is_replaced = row.state == RecordState.SIGNED and newest.get(row.no, 0) > row.edition
        views.append(
            RecordView(
                no=row.no,
                edition=row.edition,
                state=REPLACED if is_replaced else row.state,
                purpose=row.purpose,
                channel=row.channel,
                plan_no=said.plan_no,
                code=row.unit_code,
                standalone_reason=row.standalone_reason,
                enterprise_id=row.enterprise_id,
                enterprise_code=codes.get(row.enterprise_id or 0),
                values={**row.content, **secret["values"]},
                samplers=tuple(samplers[row.id]),
                samples=tuple(samples[row.id]),
                attachments=tuple(files[row.id]),
                signatures=tuple(
                    _signature(one, samplers[row.id], content_sha256) for one in signatures[row.id]
                ),
                content_sha256=content_sha256,
                sha256=row.sha256,
                journal_sequence=seal.journal_sequence if seal else None,
                correction_reason=row.correction_reason,
                discard_reason=row.discard_reason,
                created_at=row.created_at,
                updated_at=row.updated_at,
                signed_at=row.signed_at,
                version=version_of(row),
            )
        )
    return views


def said_by(session: Session, row: SamplingRecord) -> Said:
    """What one edition says, ready to be hashed."""
    samplers, samples, files, _ = _parts(session, [row.id])
    plans = _names(session, Plan.id, Plan.no, {row.plan_id})
    seals = {
        (seal.record_no, seal.edition): seal
        for seal in session.execute(
            select(RecordSeal).where(RecordSeal.record_no == row.no)
        ).scalars()
    }
    secret = json.loads(row.personal)
    return _said(row, secret, plans, seals, samplers[row.id], samples[row.id], files[row.id])


def _said(
    row: SamplingRecord,
    secret: Mapping[str, Mapping[str, str]],
    plans: Mapping[int, str],
    seals: Mapping[tuple[str, int], RecordSeal],
    samplers: Sequence[SamplerView],
    samples: Sequence[SampleView],
    files: Sequence[AttachmentView],
) -> Said:
    earlier = [edition for no, edition in seals if no == row.no and edition < row.edition]
    replaces = (max(earlier), seals[(row.no, max(earlier))].sha256) if earlier else None
    return Said(
        no=row.no,
        edition=row.edition,
        purpose=row.purpose,
        channel=row.channel,
        plan_no=plans.get(row.plan_id or 0),
        unit_code=row.unit_code,
        standalone_reason=row.standalone_reason,
        replaces=replaces,
        correction_reason=row.correction_reason,
        values=row.content,
        personal_sha256=hidden(bytes.fromhex(str(secret["salt"])), dict(secret["values"])),
        samplers=[each.number for each in samplers],
        samples=[
            NumberedSample(
                each.no,
                SampleFacts(
                    kind=SampleKind(each.kind),
                    quantity=each.quantity,
                    seal_no=each.seal_no,
                    place=each.place,
                    storage=each.storage,
                ),
            )
            for each in samples
        ],
        attachments=[AttachedFile(each.kind, each.sha256, each.size) for each in files],
    )


def _signature(
    row: RecordSignature, samplers: Sequence[SamplerView], content_sha256: str
) -> SignatureView:
    names = {each.person_id: each.name for each in samplers}
    return SignatureView(
        role=row.role,
        person_id=row.person_id,
        name=row.name or names.get(row.person_id or 0, ""),
        statement=row.statement,
        signed_at=row.signed_at,
        is_current=row.content_sha256 == content_sha256,
    )


def _names(session: Session, key: object, name: object, ids: set[int | None]) -> dict[int, str]:
    wanted = {each for each in ids if each is not None}
    if not wanted:
        return {}
    statement = select(key, name).where(key.in_(wanted))  # type: ignore[call-overload,attr-defined]
    return dict(session.execute(statement).all())


def _parts(
    session: Session, ids: Sequence[int]
) -> tuple[
    dict[int, list[SamplerView]],
    dict[int, list[SampleView]],
    dict[int, list[AttachmentView]],
    dict[int, list[RecordSignature]],
]:
    samplers: dict[int, list[SamplerView]] = defaultdict(list)
    for record_id, person_id, number, name, certificate_no in session.execute(
        select(
            RecordSampler.record_id, Person.id, Person.number, Person.name, Person.certificate_no
        )
        .join(Person, Person.id == RecordSampler.person_id)
        .where(RecordSampler.record_id.in_(ids))
        .order_by(RecordSampler.record_id, RecordSampler.position)
    ):
        samplers[record_id].append(SamplerView(person_id, number, name, certificate_no))
    samples: dict[int, list[SampleView]] = defaultdict(list)
    for sample in session.execute(
        select(RecordSample).where(RecordSample.record_id.in_(ids)).order_by(RecordSample.id)
    ).scalars():
        samples[sample.record_id].append(
            SampleView(
                no=sample.no,
                kind=sample.kind,
                quantity=sample.quantity,
                seal_no=sample.seal_no,
                place=sample.place,
                storage=sample.storage,
            )
        )
    files: dict[int, list[AttachmentView]] = defaultdict(list)
    for file in session.execute(
        select(RecordAttachment)
        .where(RecordAttachment.record_id.in_(ids))
        .order_by(RecordAttachment.id)
    ).scalars():
        files[file.record_id].append(
            AttachmentView(
                kind=file.kind,
                sha256=file.sha256,
                name=file.name,
                media_type=file.media_type,
                size=file.size,
                note=file.note,
                added_at=file.added_at,
            )
        )
    signatures: dict[int, list[RecordSignature]] = defaultdict(list)
    for signature in session.execute(
        select(RecordSignature)
        .where(RecordSignature.record_id.in_(ids))
        .order_by(RecordSignature.id)
    ).scalars():
        signatures[signature.record_id].append(signature)
    return samplers, samples, files, signatures
