"""What everybody may see of the draws."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.clock import today
from sampling.errors import PlanUnknown
from sampling.maths.entropy import SourceKind
from sampling.models.plans import (
    Plan,
    PlanPart,
    Stratum,
)
from sampling.queries.plans import plan_by_no
from sampling.views import (
    PublicDrawView,
)


def published_plans() -> Select[Plan]:
    """Plans whose commitment is public, void ones included; to be paged."""
    return select(Plan).where(Plan.committed_at.is_not(None))


def public_views(session: Session, plans: Sequence[Plan]) -> list[PublicDrawView]:
    """Published plans as everybody sees them, in the order given."""
    sizes = {
        row.plan_id: (int(row.size or 0), int(row.quota))
        for row in session.execute(
            select(
                Stratum.plan_id,
                func.sum(Stratum.size).label("size"),
                func.sum(Stratum.quota).label("quota"),
            )
            .where(Stratum.plan_id.in_([plan.id for plan in plans]))
            .group_by(Stratum.plan_id)
        )
    }
    return [
        PublicDrawView(
            no=plan.no,
            title=plan.title,
            state=plan.state,
            committed_at=plan.committed_at,
            commitment=bytes(plan.commitment).hex(),
            frame_size=sizes[plan.id][0],
            quota=sizes[plan.id][1],
            visit_on=plan.visit_on,
            drawn_at=plan.drawn_at,
            disclose_on=plan.disclose_on,
            voided_at=plan.voided_at,
            void_reason=plan.void_reason,
            is_demo=any(source["kind"] == SourceKind.DEMO for source in plan.sources),
        )
        for plan in plans
        if plan.committed_at is not None and plan.commitment is not None
    ]


def public_plan(session: Session, plan_no: str) -> Plan:
    """A plan whose commitment is public.

    Raises
    ------
    PlanUnknown
        There is none.
    """
    plan = plan_by_no(session, plan_no)
    if plan.committed_at is None:
        raise PlanUnknown(plan_no=plan_no)
    return plan


def is_disclosed(session: Session, plan_no: str) -> bool:
    """True once everybody may read the drawn list: the same day decides for page, data and zip."""
    statement = (
        select(PlanPart.name)
        .join(Plan, Plan.id == PlanPart.plan_id)
        .where(Plan.no == plan_no, PlanPart.name == "draw.json", PlanPart.public_on <= today())
    )
    return session.execute(statement).one_or_none() is not None
