"""The long steps of a plan: which one a worker does now, or did last."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import outbox
from core.outbox import FINISHED, RunState, RunView
from sampling.models.frames import PlanStep


@dataclass(frozen=True, slots=True)
class StepView:
    """The last long step of a plan.

    ``run`` is None in the moment before the relay has taken the message.
    """

    step: str
    message_id: int
    run: RunView | None

    @property
    def is_under_way(self) -> bool:
        """Waiting for a worker, or at work."""
        return self.run is None or self.run.state not in FINISHED

    @property
    def error(self) -> str | None:
        """Why nothing came of it; None while it is under way, after success, or if stopped."""
        ended_badly = self.run is not None and self.run.state in (RunState.REFUSED, RunState.FAILED)
        return self.run.error if ended_badly and self.run is not None else None

    @property
    def is_stopped(self) -> bool:
        """Somebody stopped it; nothing of it is stored."""
        return self.run is not None and self.run.state == RunState.CANCELLED


def last_step(session: Session, plan_id: int) -> StepView | None:
    """The long step that was asked for last; None where none ever was."""
    row = session.execute(
        select(PlanStep)
        .where(PlanStep.plan_id == plan_id)
        .order_by(PlanStep.message_id.desc())
        .limit(1)
    ).scalar_one_or_none()
    if row is None:
        return None
    runs = outbox.runs_of(session, message_id=row.message_id, limit=1)
    return StepView(row.step, row.message_id, runs[0] if runs else None)
