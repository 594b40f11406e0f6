"""Announce the results of supervision sampling: from the case, whose word nobody retypes."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from core.actors import Actor
from sampling.models.plans import Plan
from sampling.models.publication import ResultPublication
from sampling.queries.procedure import case_by_no
from sampling.service.case_results import result_of_case
from sampling.service.entropy import refuse_void
from sampling.service.publishing import record_sample


def record_case(
    session: Session,
    actor: Actor,
    case_no: str,
    *,
    serial: int,
    announcement_no: str,
    announced_on: date,
    corrects: str | None = None,
    reason: str | None = None,
) -> ResultPublication:
    """Enter the standing result of a sampling case, in the columns of the notice.

    Verdict, failed items, unit, product and stage are those of the case; only what the
    announcement itself adds is given.

    Raises
    ------
    NeverPublished
        The sample was taken for risk monitoring.
    NotConfirmed
        The result can still be objected to or tested again, or the case is void.
    PublishedRecordInvalid
        The number or day of the announcement cannot be meant, or the province is not known.
    CaseUnknown, PlanVoid, RecordStands, PublishedRecordUnknown
    """
    case = case_by_no(session, case_no, lock=True)
    result = result_of_case(session, case)
    if case.plan_id is not None:
        refuse_void(session.get_one(Plan, case.plan_id))
    return record_sample(
        session,
        actor,
        result,
        serial=serial,
        announcement_no=announcement_no,
        announced_on=announced_on,
        corrects=corrects,
        reason=reason,
    )
