"""Signatures under a sampling record, its seal, and its correction by a new edition."""

from __future__ import annotations

import hashlib
import json
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import audit, journal, outbox
from core.actors import Actor
from core.clock import civil_day, now, today
from core.clocks import add_months
from registry.maths.packs import Rule
from registry.queries import rule_on
from sampling.errors import (
    CorrectionOpen,
    NotASampler,
    ReasonNeeded,
    RecordFinal,
    RecordIncomplete,
    SignatureMissing,
    SignedAlready,
    TooFewSamplers,
    UnitSignatureMissing,
    WitnessNeeded,
)
from sampling.events import RecordSigned
from sampling.maths.record_cells import RecordProblem, SampleFacts
from sampling.maths.record_document import Signed, hidden, signed_document
from sampling.maths.record_fields import Channel, Purpose, SampleKind
from sampling.maths.records import RecordFacts, problems_of
from sampling.models.plans import Plan
from sampling.models.records import (
    RecordAttachment,
    RecordSample,
    RecordSampler,
    RecordSeal,
    RecordSignature,
    RecordState,
    SamplingRecord,
    SignatureRole,
)
from sampling.queries.record_parts import RecordView, record_views, said_by
from sampling.queries.records import record_row, same_product_before
from sampling.service.records import field_problems, open_draft, refuse_strangers

PACK = "CN-IND"
STREAM = "records"


def open_problems(session: Session, view: RecordView) -> list[RecordProblem]:
    """What keeps a record from being signed, as it stands now."""
    drawn_at = None
    if view.plan_no is not None:
        drawn_at = session.execute(
            select(Plan.drawn_at).where(Plan.no == view.plan_no)
        ).scalar_one()
    kinds = rule_on(session, PACK, "sampling.photo-kinds", today()).value
    facts = RecordFacts(
        purpose=Purpose(view.purpose),
        channel=Channel(view.channel),
        values=view.values,
        samples=[
            SampleFacts(
                kind=SampleKind(each.kind),
                quantity=each.quantity,
                seal_no=each.seal_no,
                place=each.place,
                storage=each.storage,
            )
            for each in view.samples
        ],
        shown={each.kind for each in view.attachments},
        drawn_on=civil_day(drawn_at) if drawn_at else None,
        standalone_reason=view.standalone_reason or "",
        photo_kinds=[kind.strip() for kind in str(kinds).split(",") if kind.strip()],
    )
    return problems_of(facts, today=today())


def repeats(session: Session, view: RecordView) -> list[str]:
    """Records that sampled the same product within the months in which it is not sampled again.

    A warning and no refusal: a follow-up, an emergency and a first sampling judged to have failed
    are exempt, and only people know that. Monitoring is no supervision and repeats nothing.
    """
    if view.purpose in (Purpose.MONITORING, Purpose.FOLLOW_UP):
        return []
    day = date.fromisoformat(view.values["sampled_on"]) if "sampled_on" in view.values else today()
    rule = rule_on(session, PACK, "sampling.same-product", day)
    since = add_months(day, -int(str(rule.value)))
    return same_product_before(session, view, since=since)


def sign(session: Session, actor: Actor, no: str) -> RecordSignature:
    """A sampler signs what the record says now; a later change leaves this signature behind.

    Raises
    ------
    NotASampler
        The one who acts is no sampler of the record.
    RecordIncomplete
        The record is not fit to be signed; the fields say why.
    SignedAlready
        This sampler signed these words already.
    RecordFinal, RecordUnknown, NotYourRecord
        The rest.
    """
    record = open_draft(session, actor, no)
    (view,) = record_views(session, [record])
    if actor.person_id not in {each.person_id for each in view.samplers}:
        raise NotASampler(record_no=no, samplers="、".join(each.name for each in view.samplers))
    _refuse_incomplete(session, view)
    if any(one.person_id == actor.person_id and one.is_current for one in view.signatures):
        raise SignedAlready(record_no=no)
    return _add(session, actor, record, view, SignatureRole.SAMPLER, person_id=actor.person_id)


def sign_for_unit(
    session: Session,
    actor: Actor,
    no: str,
    *,
    name: str = "",
    refusal: str = "",
    witness: str = "",
) -> list[RecordSignature]:
    """Take down that the sampled unit signed, or that it refused and who witnessed it.

    Parameters
    ----------
    name : str
        Who signed for the unit; empty where it refused.
    refusal : str
        Why it would not sign; then ``witness`` names whoever was there.

    Raises
    ------
    WitnessNeeded
        A refusal without reason or witness, or neither signature nor refusal.
    SignedAlready
        The unit's word on these words is there already.
    RecordIncomplete, RecordFinal, RecordUnknown, NotYourRecord
        The rest.
    """
    record = open_draft(session, actor, no)
    (view,) = record_views(session, [record])
    _refuse_incomplete(session, view)
    if any(one.role in ("unit", "refusal") and one.is_current for one in view.signatures):
        raise SignedAlready(record_no=no)
    if name.strip() and not refusal.strip():
        made = [_add(session, actor, record, view, SignatureRole.UNIT, name=name.strip())]
        if witness.strip():
            made.append(
                _add(session, actor, record, view, SignatureRole.WITNESS, name=witness.strip())
            )
        return made
    if not refusal.strip() or not witness.strip():
        raise WitnessNeeded
    return [
        _add(
            session,
            actor,
            record,
            view,
            SignatureRole.REFUSAL,
            name=name.strip() or None,
            statement=refusal.strip(),
        ),
        _add(session, actor, record, view, SignatureRole.WITNESS, name=witness.strip()),
    ]


def seal(session: Session, actor: Actor, no: str) -> SamplingRecord:
    """Close a signed record for good: hash its words, and put the hash on the journal.

    Raises
    ------
    RecordIncomplete, TooFewSamplers, SignatureMissing, UnitSignatureMissing
        Something is not there yet; says what.
    RecordFinal, RecordUnknown, NotYourRecord
        The rest.
    """
    record = open_draft(session, actor, no)
    (view,) = record_views(session, [record])
    _refuse_incomplete(session, view)
    rule = rule_on(session, PACK, "sampling.samplers", today())
    _refuse_few(view, rule)
    _refuse_unsigned(view)
    at = now()
    salt = bytes.fromhex(json.loads(record.personal)["salt"])
    document = signed_document(said_by(session, record), _signed(view, salt), sealed_at=at)
    record.document = document
    record.sha256 = hashlib.sha256(document).hexdigest()
    record.signed_at = at
    record.updated_at = at
    record.state = RecordState.SIGNED
    session.flush()
    told = {
        "no": record.no,
        "edition": record.edition,
        "sha256": record.sha256,
        "plan_no": view.plan_no,
        "unit_code": record.unit_code,
    }
    entry = journal.append(session, STREAM, "record.signed", told)
    session.add(
        RecordSeal(
            record_no=record.no,
            edition=record.edition,
            sha256=record.sha256,
            journal_sequence=entry.sequence,
            sealed_at=at,
        )
    )
    outbox.add(
        session,
        RecordSigned(
            record_no=record.no,
            edition=record.edition,
            sha256=record.sha256,
            plan_no=view.plan_no,
            code=record.unit_code,
            purpose=record.purpose,
        ),
    )
    audit.record(session, actor, "record.signed", no, {"edition": record.edition})
    session.flush()
    return record


def correct(session: Session, actor: Actor, no: str, *, reason: str) -> SamplingRecord:
    """Open a new edition of a signed record, equal to it, to be changed and signed again by all.

    The earlier edition stays as it is; it counts as replaced once the new one is sealed. The
    unit's new signature is its countersignature of the correction.

    Raises
    ------
    ReasonNeeded
        There is no reason.
    CorrectionOpen
        A correction is open already.
    RecordFinal
        The record is not signed.
    NotYourRecord, RecordUnknown
        The rest.
    """
    newest = record_row(session, no, lock=True)
    if newest.state == RecordState.DRAFT and newest.edition > 1:
        raise CorrectionOpen(record_no=no, edition=newest.edition)
    signed = session.execute(
        select(SamplingRecord)
        .where(SamplingRecord.no == no, SamplingRecord.state == RecordState.SIGNED)
        .order_by(SamplingRecord.edition.desc())
        .limit(1)
        .with_for_update()
    ).scalar_one_or_none()
    if signed is None:
        raise RecordFinal(record_no=no, state=newest.state)
    refuse_strangers(session, actor, signed)
    if not reason.strip():
        raise ReasonNeeded
    last = session.execute(
        select(func.max(SamplingRecord.edition)).where(SamplingRecord.no == no)
    ).scalar_one()  # a correction that was given up keeps its number too
    edition = SamplingRecord(
        no=no,
        edition=last + 1,
        state=RecordState.DRAFT,
        correction_reason=reason.strip(),
        created_by=actor.account_id,
        created_at=now(),
        updated_at=now(),
        **{
            name: getattr(signed, name)
            for name in (
                "purpose",
                "channel",
                "plan_id",
                "unit_code",
                "standalone_reason",
                "enterprise_id",
                "content",
                "personal",
            )
        },
    )
    session.add(edition)
    session.flush()  # its parts need its id
    _copy_parts(session, signed.id, edition.id)
    told = {"edition": edition.edition, "corrects": signed.edition}
    audit.record(session, actor, "record.correction-opened", no, told)
    session.flush()
    return edition


def _copy_parts(session: Session, from_id: int, to_id: int) -> None:
    copied: list[tuple[type[RecordSampler | RecordSample | RecordAttachment], tuple[str, ...]]] = [
        (RecordSampler, ("person_id", "position")),
        (RecordSample, ("no", "kind", "quantity", "seal_no", "place", "storage")),
        (
            RecordAttachment,
            ("kind", "sha256", "name", "media_type", "size", "note", "added_by", "added_at"),
        ),
    ]
    for model, names in copied:
        rows = session.execute(select(model).where(model.record_id == from_id)).scalars()
        for row in list(rows):
            facts = {name: getattr(row, name) for name in names}
            session.add(model(record_id=to_id, **facts))


def _add(
    session: Session,
    actor: Actor,
    record: SamplingRecord,
    view: RecordView,
    role: SignatureRole,
    *,
    person_id: int | None = None,
    name: str | None = None,
    statement: str | None = None,
) -> RecordSignature:
    row = RecordSignature(
        record_id=record.id,
        role=role,
        person_id=person_id,
        name=name,
        statement=statement,
        content_sha256=view.content_sha256,
        account_id=actor.account_id,
        signed_at=now(),
    )
    session.add(row)
    # A signature is a change of the record: who looks at it without, looks at an old version.
    record.updated_at = now()
    told = {"role": role.value, "content_sha256": view.content_sha256}
    audit.record(session, actor, "record.signature", record.no, told)
    session.flush()
    return row


def _refuse_incomplete(session: Session, view: RecordView) -> None:
    problems = open_problems(session, view)
    if problems:
        raise RecordIncomplete(
            record_no=view.no, count=len(problems), fields=field_problems(problems)
        )


def _refuse_few(view: RecordView, rule: Rule) -> None:
    needed = int(str(rule.value))
    if len(view.samplers) < needed:
        raise TooFewSamplers(
            record_no=view.no,
            found=len(view.samplers),
            needed=needed,
            source=rule.citation.source,
            article=rule.citation.article,
        )


def _refuse_unsigned(view: RecordView) -> None:
    current = [each for each in view.signatures if each.is_current]
    signed = {each.person_id for each in current if each.role == SignatureRole.SAMPLER}
    for sampler in view.samplers:
        if sampler.person_id not in signed:
            raise SignatureMissing(record_no=view.no, sampler=sampler.number)
    roles = {each.role for each in current}
    # A parcel is opened without the seller: the form goes to him with the notice (art. 28).
    if view.channel != Channel.ONLINE and not roles & {SignatureRole.UNIT, SignatureRole.REFUSAL}:
        raise UnitSignatureMissing(record_no=view.no)


def _signed(view: RecordView, salt: bytes) -> list[Signed]:
    numbers = {each.person_id: each.number for each in view.samplers}
    return [
        Signed(
            role=each.role,
            who=(
                numbers[each.person_id] if each.person_id is not None else hidden(salt, each.name)
            ),
            statement=each.statement,
            signed_at=each.signed_at,
        )
        for each in view.signatures
        if each.is_current
    ]
