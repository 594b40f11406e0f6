"""Freezing and drawing in the background: asked for once, however often somebody asks."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import audit, outbox
from core.actors import Actor
from core.config import settings
from core.outbox import Event
from sampling.events import DrawRequested, FreezeRequested
from sampling.models.frames import PlanStep
from sampling.models.plans import Plan, Stratum
from sampling.queries.plans import plan_by_no
from sampling.queries.steps import last_step
from sampling.service.drawing import settled_values
from sampling.service.entropy import refuse_unless_committed
from sampling.service.framing import holds_more_than
from sampling.service.freezing import check_draft, check_sources_lie_ahead


def takes_long(session: Session, plan: Plan) -> bool:
    """Is the roster so large that the next step is a worker's, not a request's?"""
    most = settings().units_at_once
    size = session.execute(
        select(func.sum(Stratum.size)).where(Stratum.plan_id == plan.id)
    ).scalar_one()
    return holds_more_than(session, plan, most) if size is None else int(size) > most


def request_freeze(session: Session, actor: Actor, plan_no: str, *, software: str) -> int:
    """Let a worker freeze a plan; returns the number of the message. Asked twice, it is one job.

    Raises
    ------
    StateForbids, BeaconNotInFuture
        It would be refused anyway.
    """
    plan = plan_by_no(session, plan_no, lock=True)
    check_draft(plan)
    check_sources_lie_ahead(plan)
    return _request(
        session,
        actor,
        plan,
        "freeze",
        FreezeRequested(
            plan_no=plan.no,
            version=plan.version,
            account_id=actor.account_id,
            account_name=actor.name,
            role=actor.role.value,
            software=software,
        ),
    )


def request_draw(session: Session, actor: Actor, plan_no: str) -> int:
    """Let a worker draw; returns the number of the message. Asked twice, it is one job.

    Raises
    ------
    AlreadyDrawn, StateForbids, PlanVoid, EntropyMissing
        It would be refused anyway.
    """
    plan = plan_by_no(session, plan_no, lock=True)
    refuse_unless_committed(plan)
    settled_values(session, plan)
    return _request(
        session,
        actor,
        plan,
        "draw",
        DrawRequested(
            plan_no=plan.no,
            account_id=actor.account_id,
            account_name=actor.name,
            role=actor.role.value,
        ),
    )


def _request(session: Session, actor: Actor, plan: Plan, step: str, event: Event) -> int:
    # The plan's row is locked: of two people who ask at once, the second finds the first's job.
    known = last_step(session, plan.id)
    if known is not None and known.step == step and known.is_under_way:
        return known.message_id
    message_id = outbox.add(session, event)
    session.add(PlanStep(message_id=message_id, plan_id=plan.id, step=step))
    audit.record(session, actor, f"plan.{step}-requested", plan.no)
    return message_id
