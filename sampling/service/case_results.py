"""What of a sampling case may be made public, and when: nothing of it is typed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import today
from core.errors import FieldProblem
from registry.models import Enterprise
from registry.queries import categories, regions
from sampling.errors import NeverPublished, NotConfirmed, PublishedRecordInvalid, RecordUnknown
from sampling.maths.notices import FailedItem, PublishableResult
from sampling.maths.procedure_words import Act
from sampling.maths.publication import Purpose, Stage
from sampling.models.plans import Plan, PlanPart
from sampling.models.procedure import SamplingCase
from sampling.models.publication import ResultPublication
from sampling.queries.procedure import case_history, publication_rows, publishable_cases
from sampling.queries.records import record_by_no
from sampling.service.entropy import refuse_void


def refuse_unpublishable(session: Session, case: SamplingCase) -> None:
    """Only the standing result of a supervision sample is ever made public.

    Raises
    ------
    NeverPublished
        The sample was taken for risk monitoring.
    NotConfirmed
        There is no result yet, it can still change, or the case is void.
    """
    if case.purpose != Purpose.SUPERVISION:
        raise NeverPublished(subject=case.no, purpose=case.purpose)
    stands = session.execute(
        publishable_cases().where(SamplingCase.id == case.id)
    ).scalar_one_or_none()
    if stands is None:
        raise NotConfirmed(subject=case.no, stage=case.state)


def result_of_case(session: Session, case: SamplingCase) -> PublishableResult:
    """The result of a case that stands, in the columns of the notice.

    Raises
    ------
    NeverPublished, NotConfirmed
        See `refuse_unpublishable`.
    PublishedRecordInvalid
        The register does not say in which province the unit is.
    """
    refuse_unpublishable(session, case)
    (row,) = publication_rows(session, [case])
    values = _record_values(session, case)
    sampled_on = _sampled_on(session, case, values)
    names = {node.code: node.name for node in categories(session)}
    return PublishableResult(
        sample_no=row.record_no or row.case_no,
        case_no=row.case_no,
        purpose=Purpose(case.purpose),
        stage=Stage.FINAL if row.is_retested else Stage.CONFIRMED,
        outcome=row.verdict,
        sampled_on=sampled_on,
        unit_name=row.unit_name,
        unit_code=row.unit_code,
        unit_address=row.unit_address or "",
        unit_province=_province(session, case, sampled_on),
        product=row.product,
        producer_name=row.producer_name,
        producer_address=row.producer_address or "",
        specification=row.model or "",
        brand=row.brand or "",
        produced=row.lot_no or "",
        failed_items=tuple(FailedItem(*one) for one in row.failed_items),
        category=names.get(row.category_code, row.category_code),
        task_source=values.get("task_source", ""),
        laboratory=row.laboratory or "",
    )


def list_opens(session: Session, row: ResultPublication) -> tuple[date | None, str]:
    """From which day everybody may know of the draw behind a record, and the number of its plan.

    None where nothing was drawn; the last of all days where the list was never opened.

    Raises
    ------
    NeverPublished, NotConfirmed
        The case behind a sample does not stand any more.
    PlanVoid
    """
    plan_id = row.plan_id
    case = case_of_subject(session, row.subject) if row.kind == "sample" else None
    if case is not None:
        refuse_unpublishable(session, case)
        plan_id = case.plan_id
    if plan_id is None:
        return None, ""
    plan = session.get_one(Plan, plan_id)
    refuse_void(plan)
    part = session.get(PlanPart, (plan.id, "draw.json"))
    return (part.public_on if part is not None else date.max), plan.no


def case_of_subject(session: Session, subject: str) -> SamplingCase | None:
    """The case behind "sample:NUMBER"; None where the register of cases has none."""
    number = subject.removeprefix("sample:")
    return session.execute(
        select(SamplingCase).where(func.coalesce(SamplingCase.record_no, SamplingCase.no) == number)
    ).scalar_one_or_none()


def _record_values(session: Session, case: SamplingCase) -> Mapping[str, str]:
    if case.record_no is None:
        return {}
    try:
        return record_by_no(session, case.record_no).values
    except RecordUnknown:  # a case from before records were kept here
        return {}


def _sampled_on(session: Session, case: SamplingCase, values: Mapping[str, str]) -> date:
    """The day on the sampling record, else the day of the last sampling in the case's history."""
    if values.get("sampled_on"):
        return date.fromisoformat(values["sampled_on"])
    entries: list[Any] = [
        one for one in case_history(session, case.no) if one.kind == Act.SAMPLE.value
    ]
    if not entries:
        raise ValueError(f"the history of case {case.no} has no sampling")
    return date.fromisoformat(entries[-1].body["facts"]["sampled_on"])


def _province(session: Session, case: SamplingCase, on: date) -> str:
    """The name of the topmost region above the unit, as it stands or stood when sampled."""
    unit = session.get_one(Enterprise, case.enterprise_id)
    for day in dict.fromkeys((today(), on)):
        nodes = {node.id: node for node in regions(session, day)}
        node = nodes.get(unit.region_id or 0)
        while node is not None and node.parent_id in nodes:
            node = nodes[node.parent_id]
        if node is not None:
            return node.name
    problem = FieldProblem(
        "case_no",
        "The register names no region of {unit}, so the notice cannot name its province; "
        "import the enterprise with its region first.",
        {"unit": unit.name},
    )
    raise PublishedRecordInvalid(fields=[problem])
