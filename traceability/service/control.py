"""Use cases of steps that end contamination: record, confirm, withdraw."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core import audit, files
from core.actors import Actor
from core.clock import now
from core.errors import FieldProblem, Stale
from registry.models import Enterprise
from traceability.errors import (
    KillStepConfirmed,
    KillStepInvalid,
    KillStepNotYours,
    KillStepWithdrawn,
)
from traceability.models.control import KillStep
from traceability.queries.control import kill_step

LONGEST = 500


def record_kill_step(
    session: Session,
    actor: Actor,
    *,
    enterprise_id: int | None,
    kind: str,
    from_at: datetime,
    until_at: datetime | None = None,
    place: str | None = None,
    carry_over_lots: int = 0,
    document_no: str | None = None,
    file_sha256: str | None = None,
) -> KillStep:
    """Keep a cleaning or other step, so that traces may take contact to end there.

    Parameters
    ----------
    enterprise_id : int, optional
        Whose station; an enterprise may leave it out for its own.
    from_at, until_at : datetime
        From when the step counts, and how long it holds.
    place : str, optional
        One line; without it the whole station was treated.
    carry_over_lots : int, 0 to 1000
        Lots after the step that may still carry something over.
    document_no, file_sha256 : str, optional
        What proves it: the number of a record, a stored file. One of them is needed.

    Raises
    ------
    KillStepNotYours
        An enterprise speaks for another.
    KillStepInvalid
        A field cannot be meant like this.
    FileUnknown
        No file is stored under the hash.

    Notes
    -----
    What staff record is confirmed with it; what an enterprise records waits for staff.
    """
    owner = enterprise_id if enterprise_id is not None else actor.enterprise_id
    if not actor.is_staff and owner != actor.enterprise_id:
        raise KillStepNotYours
    at = now()
    proof = (document_no or "").strip() or None
    problems = [
        *_owner_problems(session, owner),
        *_time_problems(from_at, until_at, at),
        *_long_problems(place=place, document_no=document_no),
    ]
    if proof is None and file_sha256 is None:
        problems.append(
            FieldProblem("document_no", "Give the number of the record, or a stored file.")
        )
    if problems or owner is None:
        raise KillStepInvalid(fields=problems)
    if file_sha256 is not None:
        files.load(session, file_sha256)
    row = KillStep(
        enterprise_id=owner,
        place=(place or "").strip() or None,
        kind=kind,
        from_at=from_at,
        until_at=until_at,
        carry_over_lots=carry_over_lots,
        document_no=proof,
        file_sha256=file_sha256,
        recorded_at=at,
        recorded_by=actor.account_id,
        confirmed_at=at if actor.is_staff else None,
        confirmed_by=actor.account_id if actor.is_staff else None,
    )
    session.add(row)
    session.flush()  # the caller wants its number
    audit.record(
        session, actor, "kill-step.recorded", str(row.id), {"enterprise_id": owner, "kind": kind}
    )
    return row


def _owner_problems(session: Session, owner: int | None) -> list[FieldProblem]:
    if owner is None:
        return [FieldProblem("enterprise_id", "Say whose station it was.")]
    if session.get(Enterprise, owner) is None:
        return [FieldProblem("enterprise_id", "No enterprise {id}.", {"id": owner})]
    return []


def _time_problems(
    from_at: datetime, until_at: datetime | None, at: datetime
) -> list[FieldProblem]:
    if from_at > at:
        return [FieldProblem("from_at", "The step lies in the future; record it when it is done.")]
    if until_at is not None and until_at < from_at:
        return [FieldProblem("until_at", "A step cannot end before it begins.")]
    return []


def _long_problems(**texts: str | None) -> list[FieldProblem]:
    return [
        FieldProblem(
            name,
            "Write at most {most} characters, got {length}.",
            {"most": LONGEST, "length": len(text)},
        )
        for name, text in texts.items()
        if text is not None and len(text) > LONGEST
    ]


def confirm_kill_step(session: Session, actor: Actor, step_id: int, *, version: int) -> KillStep:
    """Let a step that an enterprise recorded count in traces: staff have seen the proof.

    Raises
    ------
    KillStepUnknown, KillStepWithdrawn, KillStepConfirmed, Stale
    """
    row = _standing(session, step_id, version)
    if row.confirmed_at is not None:
        raise KillStepConfirmed(step_id=step_id)
    row.confirmed_at = now()
    row.confirmed_by = actor.account_id
    audit.record(session, actor, "kill-step.confirmed", str(step_id))
    session.flush()  # the caller answers with the new version
    return row


def withdraw_kill_step(
    session: Session, actor: Actor, step_id: int, reason: str, *, version: int
) -> KillStep:
    """Take a step back, with the reason; traces asked as of before keep it.

    Raises
    ------
    KillStepUnknown, KillStepWithdrawn, KillStepInvalid, Stale
    """
    words = reason.strip()
    if not 1 <= len(words) <= LONGEST:
        problem = FieldProblem(
            "reason",
            "Write 1 to {most} characters, got {length}.",
            {"most": LONGEST, "length": len(words)},
        )
        raise KillStepInvalid(fields=[problem])
    row = _standing(session, step_id, version)
    row.withdrawn_at = now()
    row.withdrawn_by = actor.account_id
    row.withdrawn_reason = words
    audit.record(session, actor, "kill-step.withdrawn", str(step_id), {"reason": words})
    session.flush()  # the caller answers with the new version
    return row


def _standing(session: Session, step_id: int, version: int) -> KillStep:
    row = kill_step(session, step_id, lock=True)
    if row.version != version:
        raise Stale
    if row.withdrawn_at is not None:
        raise KillStepWithdrawn(step_id=step_id, on=row.withdrawn_at.date().isoformat())
    return row
