"""Make results public: one person enters, another reviews; what stands is only ever struck."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import audit, journal, outbox
from core.actors import Actor
from core.chain import canonical_json
from core.clock import now, today
from core.errors import FieldProblem, Unauthenticated
from core.numbers import next_number
from registry.errors import EnterpriseUnknown
from registry.queries import enterprise_by_code
from sampling.errors import (
    AnotherPersonNeeded,
    NeverPublished,
    NotConfirmed,
    PublishedRecordInvalid,
    RecordStands,
    RecordStateForbids,
    ResultMissing,
    StillKeptBack,
)
from sampling.events import RecordPublished, RecordWithdrawn
from sampling.maths.notices import PublishableResult, notice_row
from sampling.maths.publication import (
    OF_ANOTHER_PERSON,
    TO_BE_HANDLED,
    Act,
    Hindrance,
    Purpose,
    RecordState,
    Stage,
    code_problem,
    hindrance,
    next_state,
)
from sampling.models.plans import FrameUnit, InspectionResult
from sampling.models.publication import ResultPublication
from sampling.queries.plans import plan_by_no
from sampling.queries.publication import code_table, deadlines, record_by_no, state_of
from sampling.service.annual import STREAM
from sampling.service.case_results import list_opens
from sampling.service.entropy import refuse_void

PREFIX = "GS"  # 公示
LONGEST_STATEMENT = 2000


def record_inspection(
    session: Session,
    actor: Actor,
    plan_no: str,
    code: str,
    *,
    codes: Sequence[str],
    statement: str | None = None,
    corrects: str | None = None,
    reason: str | None = None,
) -> ResultPublication:
    """Enter what is to be published of a drawn unit; a returned record is entered anew.

    Parameters
    ----------
    codes : sequence of str
        Result codes, chosen by a person.
    statement : str, optional
        A few words beside the codes; public.
    corrects : str, optional
        Number of the published record that this one replaces once it is published itself.
    reason : str, optional
        Why it is corrected; needed with ``corrects``, and public.

    Raises
    ------
    ResultMissing
        Nothing was found yet.
    PublishedRecordInvalid
        The codes contradict each other or what was found; the fields say how.
    RecordStands
        The result has a record that waits or stands.
    PlanUnknown, PlanVoid, PublishedRecordUnknown
    """
    plan = plan_by_no(session, plan_no, lock=True)
    refuse_void(plan)
    result = session.execute(
        select(InspectionResult).where(
            InspectionResult.plan_id == plan.id, InspectionResult.code == code
        )
    ).scalar_one_or_none()
    if result is None:
        raise ResultMissing(unit_code=code, plan_no=plan_no)
    words = (statement or "").strip() or None
    _refuse_codes(codes, words, result)
    subject = f"inspection:{plan_no}/{code}"
    unit = session.get_one(FrameUnit, (plan.id, code))
    row = _open_row(session, subject, corrects, reason)
    row.kind, row.purpose, row.stage = "inspection", Purpose.INSPECTION.value, Stage.FINAL.value
    row.plan_id, row.code, row.plan_no = plan.id, code, plan_no
    row.enterprise_id = result.enterprise_id
    row.enterprise_code, row.enterprise_name = code.rpartition(":")[2], unit.name
    row.product = None
    row.outcome, row.found_on = result.outcome, result.inspected_on
    row.codes, row.statement, row.columns = list(codes), words, {}
    national = code_table().national(codes, result.inspected_on)
    row.follow_up = "open" if TO_BE_HANDLED in national else None
    until = deadlines(session)(result.inspected_on)
    row.due_on = until.due.due_on if until else None
    return _entered(session, actor, row, plan.no)


def record_sample(
    session: Session,
    actor: Actor,
    result: PublishableResult,
    *,
    serial: int,
    announcement_no: str,
    announced_on: date,
    corrects: str | None = None,
    reason: str | None = None,
) -> ResultPublication:
    """Enter the result of a supervision sample, in the columns of the notice.

    Raises
    ------
    NeverPublished
        The sample was taken for risk monitoring.
    NotConfirmed
        The result can still be objected to or tested again.
    PublishedRecordInvalid, RecordStands, PublishedRecordUnknown
    """
    _refuse_hindrance(result.sample_no, result.purpose, result.stage, disclosed_on=None, plan_no="")
    problems = []
    if not announcement_no.strip():
        problems.append(FieldProblem("announcement_no", "Give the number of the announcement."))
    if serial < 1:
        problems.append(
            FieldProblem("serial", "The serial number is at least 1, got {got}.", {"got": serial})
        )
    if announced_on < result.sampled_on:
        facts = {"announced_on": str(announced_on), "sampled_on": str(result.sampled_on)}
        problems.append(
            FieldProblem(
                "announced_on",
                "Announced on {announced_on}, before the sampling on {sampled_on}.",
                facts,
            )
        )
    if problems:
        raise PublishedRecordInvalid(fields=problems)
    row = _open_row(session, f"sample:{result.sample_no}", corrects, reason)
    row.kind, row.purpose, row.stage = "sample", result.purpose.value, result.stage.value
    row.enterprise_id = _known_enterprise(session, result.unit_code)
    row.enterprise_code, row.enterprise_name = result.unit_code, result.unit_name
    row.product, row.outcome, row.found_on = result.product, result.outcome, result.sampled_on
    row.codes, row.statement = [], None
    row.columns = notice_row(
        result,
        serial=serial,
        announcement_no=announcement_no.strip(),
        announced_on=announced_on,
    )
    return _entered(session, actor, row, result.case_no)


def return_record(session: Session, actor: Actor, no: str, *, reason: str) -> ResultPublication:
    """Send a record back to whoever entered it, with the reason.

    Raises
    ------
    AnotherPersonNeeded, RecordStateForbids, PublishedRecordInvalid, PublishedRecordUnknown
    """
    row = _to_change(session, actor, no, Act.RETURN)
    row.return_reason = _reason(reason)
    row.state = RecordState.RETURNED.value
    row.reviewed_by, row.reviewed_at = actor.account_id, now()
    session.flush()
    audit.record(session, actor, "record.returned", no)
    return row


def publish_record(session: Session, actor: Actor, no: str) -> ResultPublication:
    """Let everybody read a record that somebody else entered; what it corrects is struck.

    Raises
    ------
    AnotherPersonNeeded
        The record is the actor's own.
    StillKeptBack
        The drawn list is not public yet.
    NotConfirmed
        The case behind a sample has become void.
    RecordStateForbids, PlanVoid, PublishedRecordUnknown
    """
    row = _to_change(session, actor, no, Act.PUBLISH)
    disclosed_on, plan_no = list_opens(session, row)
    _refuse_hindrance(
        row.subject,
        Purpose(row.purpose),
        Stage(row.stage),
        disclosed_on=disclosed_on,
        plan_no=plan_no,
    )
    moment = now()
    if row.corrects is not None:
        before = record_by_no(session, row.corrects, lock=True)
        if before.withdrawn_at is None:
            _strike(session, actor, before, row.correction_reason or row.no, moment)
    row.sha256 = hashlib.sha256(canonical_json(public_facts(row))).hexdigest()
    told = {"no": no, "sha256": row.sha256, "corrects": row.corrects}
    # The journal before the row: from the moment it is published the row refuses every change.
    row.journal_sequence = journal.append(session, STREAM, "record-published", told).sequence
    row.state, row.published_at = RecordState.PUBLISHED.value, moment
    row.reviewed_by, row.reviewed_at = actor.account_id, moment
    session.flush()
    audit.record(session, actor, "record.published", no, told)
    outbox.add(session, RecordPublished(no=no, sha256=row.sha256))
    return row


def withdraw_record(session: Session, actor: Actor, no: str, *, reason: str) -> ResultPublication:
    """Take a published record back; it stays to be read, struck through, with day and reason.

    Raises
    ------
    RecordStateForbids, PublishedRecordInvalid, PublishedRecordUnknown
    """
    row = _to_change(session, actor, no, Act.WITHDRAW)
    _strike(session, actor, row, _reason(reason), now())
    return row


def close_follow_up(session: Session, actor: Actor, no: str) -> ResultPublication:
    """Say of a record with code 8 that the problem has been handled.

    Raises
    ------
    RecordStateForbids
        The record is not public, was withdrawn, or has no open follow-up.
    """
    row = record_by_no(session, no, lock=True)
    if state_of(row) is not RecordState.PUBLISHED or row.follow_up != "open":
        raise RecordStateForbids(no=no, state=state_of(row).value, act="follow-up")
    row.follow_up = "done"
    told = {"no": no, "follow_up": "done"}
    journal.append(session, STREAM, "record-followed-up", told)
    session.flush()
    audit.record(session, actor, "record.followed-up", no)
    return row


def public_facts(row: ResultPublication) -> dict[str, Any]:
    """What a record says to everybody: the document whose canonical bytes are hashed."""
    return {
        "no": row.no,
        "kind": row.kind,
        "plan_no": row.plan_no,
        "enterprise_code": row.enterprise_code,
        "enterprise_name": row.enterprise_name,
        "product": row.product,
        "outcome": row.outcome,
        "found_on": row.found_on.isoformat(),
        "codes": row.codes,
        "statement": row.statement,
        "columns": row.columns,
        "corrects": row.corrects,
        "correction_reason": row.correction_reason,
    }


def _open_row(
    session: Session, subject: str, corrects: str | None, reason: str | None
) -> ResultPublication:
    """The row to fill: a returned one, or a new one where nothing waits or stands."""
    # Two people entering the same result at once: the second must see the first one's row.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(subject, 0))))
    rows = session.execute(
        select(ResultPublication)
        .where(ResultPublication.subject == subject)
        .order_by(ResultPublication.id)
        .with_for_update()
    ).scalars()
    live = [row for row in rows if row.withdrawn_at is None]
    returned = next((row for row in live if row.state == RecordState.RETURNED), None)
    if returned is not None:
        return returned
    standing = next((row for row in live if row.state == RecordState.PUBLISHED), None)
    waiting = next((row for row in live if row.state == RecordState.PENDING), None)
    if waiting is not None or (standing is not None and standing.no != corrects):
        known = waiting or standing
        raise RecordStands(subject=subject, no=known.no if known else "")
    if corrects is not None and standing is None:
        before = record_by_no(session, corrects)
        if before.subject != subject:
            facts = {"no": corrects}
            raise PublishedRecordInvalid(
                fields=[FieldProblem("corrects", "{no} is the record of another result.", facts)]
            )
        raise RecordStateForbids(no=corrects, state=state_of(before).value, act="correct")
    return ResultPublication(
        no=next_number(session, PREFIX, today().year),
        subject=subject,
        corrects=corrects,
        correction_reason=_reason(reason or "") if corrects is not None else None,
    )


def _entered(
    session: Session, actor: Actor, row: ResultPublication, where: str
) -> ResultPublication:
    if actor.account_id is None:
        raise Unauthenticated
    row.state, row.return_reason = RecordState.PENDING.value, None
    row.recorded_by, row.recorded_at = actor.account_id, now()
    row.reviewed_by, row.reviewed_at = None, None
    words = (row.no, row.plan_no, row.enterprise_code, row.enterprise_name, row.product,
             *row.columns.values())  # fmt: skip
    row.search_text = " ".join(word for word in words if word and word != "/").casefold()
    session.add(row)
    session.flush()  # the caller wants its version
    audit.record(session, actor, "record.entered", row.no, {"of": where})
    return row


def _refuse_codes(codes: Sequence[str], statement: str | None, result: InspectionResult) -> None:
    problems = []
    found = code_problem(code_table(), codes, on=result.inspected_on, outcome=result.outcome)
    if found is not None:
        problems.append(FieldProblem("codes", found.message, dict(found.facts)))
    if statement is not None and len(statement) > LONGEST_STATEMENT:
        facts = {"most": LONGEST_STATEMENT, "got": len(statement)}
        problems.append(FieldProblem("statement", "At most {most} characters, got {got}.", facts))
    if problems:
        raise PublishedRecordInvalid(fields=problems)


def _refuse_hindrance(
    subject: str, purpose: Purpose, stage: Stage, *, disclosed_on: date | None, plan_no: str
) -> None:
    found = hindrance(purpose=purpose, stage=stage, disclosed_on=disclosed_on, today=today())
    if found is Hindrance.MONITORING:
        raise NeverPublished(subject=subject, purpose=purpose.value)
    if found is Hindrance.NOT_CONFIRMED:
        raise NotConfirmed(subject=subject, stage=stage.value)
    if found is Hindrance.NOT_DISCLOSED:
        raise StillKeptBack(plan_no=plan_no, disclose_on=str(disclosed_on))


def _to_change(session: Session, actor: Actor, no: str, act: Act) -> ResultPublication:
    row = record_by_no(session, no, lock=True)
    state = state_of(row)
    if next_state(state, act) is None:
        raise RecordStateForbids(no=no, state=state.value, act=act.value)
    if act in OF_ANOTHER_PERSON and row.recorded_by == actor.account_id:
        raise AnotherPersonNeeded(no=no)
    return row


def _strike(
    session: Session, actor: Actor, row: ResultPublication, reason: str, moment: datetime
) -> None:
    row.withdrawn_at, row.withdrawn_by, row.withdraw_reason = moment, actor.account_id, reason
    told = {"no": row.no, "reason": reason}
    journal.append(session, STREAM, "record-withdrawn", told)
    session.flush()  # a correction may stand only once this one does not
    audit.record(session, actor, "record.withdrawn", row.no, told)
    outbox.add(session, RecordWithdrawn(no=row.no, reason=reason))


def _reason(reason: str) -> str:
    if not reason.strip():
        raise PublishedRecordInvalid(
            fields=[FieldProblem("reason", "Say why; the reason is kept.")]
        )
    return reason.strip()


def _known_enterprise(session: Session, code: str | None) -> int | None:
    if not code:
        return None
    try:
        return enterprise_by_code(session, code).id
    except EnterpriseUnknown:
        return None
