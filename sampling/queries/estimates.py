"""What a drawn plan says of its roster, from the results recorded so far."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from registry import queries as registry
from sampling.errors import CalibrationImpossible, PlanVoid, StateForbids
from sampling.maths.estimation import Answer
from sampling.maths.inference import (
    CalibratedRate,
    Inference,
    StratumAnswers,
    calibrated_rate,
    infer,
)
from sampling.maths.weights import NotCalibrated, Response, joined_classes
from sampling.models.plans import (
    DrawnUnit,
    FrameUnit,
    InspectionResult,
    Outcome,
    PastInspection,
    Plan,
    PlanState,
    Replacement,
    Stratum,
)
from sampling.queries.plans import plan_by_no
from sampling.queries.rosters import roster_blocks

GROUPINGS = {"category": "category_code", "region": "region_code"}  # known for every unit


@dataclass(frozen=True, slots=True)
class PlanEstimates:
    """The estimates of a plan; ``waiting`` visits have no result yet, so they are provisional."""

    plan_no: str
    title: str
    strata_by: str
    inference: Inference
    quotas: dict[str, int]
    waiting: int
    calibrate_to: str | None
    calibrated: CalibratedRate | None

    @property
    def roster(self) -> int:
        """Enterprises of the frozen roster."""
        return sum(one.size for one in self.inference.strata)

    @property
    def answers(self) -> int:
        """Enterprises that were inspected."""
        return sum(one.response.answers for one in self.inference.strata)

    @property
    def missing(self) -> int:
        """Enterprises that were to be inspected and were not."""
        return sum(one.response.missing for one in self.inference.strata)

    @property
    def failing(self) -> int:
        """Enterprises that failed."""
        return sum(one.failing for one in self.inference.strata)


@dataclass(frozen=True, slots=True)
class _Visit:
    """A unit of the draw that was gone to, or given up."""

    stratum: str
    inclusion: float | None
    outcome: str | None
    is_given_up: bool
    group: str | None


def plan_estimates(
    session: Session,
    plan_no: str,
    *,
    confidence: float = 0.95,
    calibrate_to: str | None = None,
) -> PlanEstimates:
    """The failing rate over the roster of a drawn plan, with honest limits.

    Parameters
    ----------
    confidence : float, 0 < confidence < 1
        For all limits.
    calibrate_to : {"category", "region"}, optional
        Also by weights that meet the roster's counts of this grouping.

    Raises
    ------
    PlanUnknown, PlanVoid
        There is no such plan, or its draw does not stand.
    StateForbids
        Nothing is drawn yet.
    CalibrationImpossible
        No weights meet the counts.

    Notes
    -----
    An enterprise fails if its outcome is "fail"; "conditions" is a pass with something to mend.
    """
    plan = plan_by_no(session, plan_no)
    if plan.state == PlanState.VOID and plan.voided_at is not None:
        voided_on = plan.voided_at.date().isoformat()
        raise PlanVoid(plan_no=plan.no, voided_on=voided_on, reason=plan.void_reason)
    if plan.state != PlanState.DRAWN:
        raise StateForbids(plan_no=plan.no, state=plan.state, needed=PlanState.DRAWN.value)
    rows = session.execute(select(Stratum).where(Stratum.plan_id == plan.id)).scalars()
    strata = {row.key: row for row in sorted(rows, key=lambda row: row.key.encode())}
    column = GROUPINGS[calibrate_to] if calibrate_to else None
    visits: dict[str, list[_Visit]] = defaultdict(list)
    for visit in _visits(session, plan, column):
        visits[visit.stratum].append(visit)
    answered = [_answers(row, visits[key]) for key, row in strata.items()]
    found = None
    if column is not None:
        found = _calibrated(session, plan, column, answered, visits)
    return PlanEstimates(
        plan_no=plan.no,
        title=plan.title,
        strata_by=plan.strata_by,
        inference=infer(answered, confidence=confidence),
        quotas={key: row.quota for key, row in strata.items()},
        waiting=sum(one.response.waiting for one in answered),
        calibrate_to=calibrate_to,
        calibrated=found,
    )


def outcome_counts(session: Session) -> dict[int, tuple[int, int]]:
    """Inspections of each enterprise so far, and how many of them it failed."""
    found: Counter[int] = Counter()
    failed: Counter[int] = Counter()
    for model in (InspectionResult, PastInspection):
        for enterprise_id, outcome, times in session.execute(
            select(model.enterprise_id, model.outcome, func.count())
            .where(model.outcome != Outcome.NOT_DONE)
            .group_by(model.enterprise_id, model.outcome)
        ):
            found[enterprise_id] += times
            if outcome == Outcome.FAIL:
                failed[enterprise_id] += times
    return {enterprise_id: (seen, failed[enterprise_id]) for enterprise_id, seen in found.items()}


def _visits(session: Session, plan: Plan, column: str | None) -> list[_Visit]:
    """Selected units and reserves called up, whether or not they were given up later."""
    called_up = exists().where(
        Replacement.plan_id == DrawnUnit.plan_id, Replacement.code == DrawnUnit.code
    )
    given_up = exists().where(
        Replacement.plan_id == DrawnUnit.plan_id, Replacement.replaces == DrawnUnit.code
    )
    statement = (
        select(DrawnUnit.stratum, InspectionResult.outcome, given_up, FrameUnit)
        .join(
            FrameUnit,
            and_(FrameUnit.plan_id == DrawnUnit.plan_id, FrameUnit.code == DrawnUnit.code),
        )
        .outerjoin(
            InspectionResult,
            and_(
                InspectionResult.plan_id == DrawnUnit.plan_id,
                InspectionResult.code == DrawnUnit.code,
            ),
        )
        .where(DrawnUnit.plan_id == plan.id, or_(DrawnUnit.is_selected, called_up))
        .order_by(DrawnUnit.stratum, DrawnUnit.rank)
    )
    return [
        _Visit(
            stratum,
            unit.inclusion,
            outcome,
            is_gone,
            getattr(unit, column) if column else None,
        )
        for stratum, outcome, is_gone, unit in session.execute(statement)
    ]


def _has_answer(visit: _Visit) -> bool:
    return visit.outcome is not None and visit.outcome != Outcome.NOT_DONE


def _answers(row: Stratum, visits: list[_Visit]) -> StratumAnswers:
    size = row.size or 0
    # Equal chances within a stratum: the stored probability is quota over size.
    equal = row.quota / size if size else 0.0
    answers, missing = [], []
    given_up = not_done = waiting = 0
    for visit in visits:
        inclusion = equal if visit.inclusion is None else visit.inclusion
        if _has_answer(visit):
            answers.append(Answer(row.key, inclusion, float(visit.outcome == Outcome.FAIL)))
        elif visit.is_given_up:
            given_up += 1
            missing.append(inclusion)
        elif visit.outcome == Outcome.NOT_DONE:
            not_done += 1
            missing.append(inclusion)
        else:
            waiting += 1
    response = Response(row.key, len(answers), given_up, not_done, waiting)
    return StratumAnswers(row.key, size, response, tuple(answers), tuple(missing))


def _calibrated(
    session: Session,
    plan: Plan,
    column: str,
    answered: list[StratumAnswers],
    visits: dict[str, list[_Visit]],
) -> CalibratedRate | None:
    if not any(one.answers for one in answered):
        return None
    # Only strata with an answer take part, so only their units are counted.
    keys = [one.key for one in answered if one.answers]
    totals: Counter[str] = Counter()
    for block, _ in roster_blocks(session, plan.id):
        occurring = np.bincount(block.kind, minlength=len(block.kinds)).tolist()
        for kind, count in zip(block.kinds, occurring, strict=True):
            if kind.stratum in keys:
                totals[kind.category if column == "category_code" else kind.region] += count
    labels = [visit.group or "" for key in keys for visit in visits[key] if _has_answer(visit)]
    if column == "category_code":
        nodes = registry.categories(session)
    else:
        nodes = registry.regions(session, plan.visit_on)
    above = {node.id: node.code for node in nodes}
    parents = {node.code: above.get(node.parent_id or 0) for node in nodes}
    names = {node.code: node.name for node in nodes}
    try:
        joined = joined_classes(sorted(totals), labels, parents)
        counts: Counter[str] = Counter()
        for code, total in totals.items():
            counts[names.get(joined[code], joined[code])] += total
        classes = [names.get(joined[code], joined[code]) for code in labels]
        return calibrated_rate(answered, classes, counts)
    except NotCalibrated as error:
        raise CalibrationImpossible(plan_no=plan.no, reason=str(error)) from error
