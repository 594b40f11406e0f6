"""Entrusted bodies (委托) in a case: whoever samples or tests has a contract on that day.

References
----------
SAMR Order 18 (2019), art. 13: sampling and testing bodies work under a written entrustment.
"""

from __future__ import annotations

from sqlalchemy import or_, select

from registry.models import Laboratory, Person
from sampling.maths.teams import Pool
from sampling.models.plans import Plan
from sampling.queries.agencies import has_contracts
from sampling.service.agencies import refuse_uncovered
from sampling.service.procedure.step import Step


def refuse_uncovered_samplers(step: Step) -> None:
    """Agency staff sample for a plan only under a contract of their body, valid on the day.

    Raises
    ------
    ContractNotValid
        The body of a sampler has none.

    Notes
    -----
    Only plans whose pool is the agency say that a body was entrusted; and only the register of
    people says which. Somebody without a body there is not judged.
    """
    case, session = step.case, step.session
    if case.plan_id is None:
        return
    team = session.get_one(Plan, case.plan_id).team
    if team.get("pool") != Pool.AGENCY:
        return
    bodies = session.execute(
        select(Laboratory.code, Laboratory.name)
        .join(Person, Person.laboratory_id == Laboratory.id)
        .where(Person.number.in_(case.samplers), Person.pool == "agency")
        .distinct()
        .order_by(Laboratory.code)
    ).all()
    for code, name in bodies:
        refuse_uncovered(
            session,
            agency_code=code,
            agency_name=name,
            role="agency",
            on=step.day,
            category_code=case.category_code or None,
        )


def refuse_uncovered_laboratory(step: Step) -> None:
    """A laboratory that was ever entrusted receives samples only while a contract covers it.

    Raises
    ------
    ContractNotValid
        Its contracts ended, have not begun, or are for other products.

    Notes
    -----
    A laboratory without any contract on record is not refused: nothing here says whether it is
    the authority's own, which needs none.
    """
    case, session = step.case, step.session
    given = case.laboratory or ""
    row = session.execute(
        select(Laboratory).where(or_(Laboratory.code == given, Laboratory.name == given)).limit(1)
    ).scalar_one_or_none()
    code, name = (row.code, row.name) if row is not None else (given, given)
    if has_contracts(session, agency_code=code, agency_name=name, role="laboratory"):
        refuse_uncovered(
            session,
            agency_code=code,
            agency_name=name,
            role="laboratory",
            on=step.day,
            category_code=case.category_code or None,
        )
