"""Questions about steps that end contamination; nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from traceability.errors import KillStepUnknown, NoLineKnown
from traceability.maths.answer import microseconds
from traceability.maths.contact import Kill, Scope
from traceability.maths.ledger import LATEST
from traceability.models.control import KillStep
from traceability.models.ledger import Party
from traceability.queries.neighbourhood import Neighbourhood

Counted = Literal["confirmed", "recorded", "none"]


def kill_steps(*, enterprise_id: int | None = None, standing: bool = False) -> Select[KillStep]:
    """Steps that may be seen; to be paged by ``KillStep.id``.

    ``standing`` leaves out what was withdrawn.
    """
    statement = select(KillStep)
    if enterprise_id is not None:
        statement = statement.where(KillStep.enterprise_id == enterprise_id)
    if standing:
        statement = statement.where(KillStep.withdrawn_at.is_(None))
    return statement


def kill_step(session: Session, step_id: int, *, lock: bool = False) -> KillStep:
    """One step.

    Raises
    ------
    KillStepUnknown
        There is none, or none that may be seen.
    """
    statement = select(KillStep).where(KillStep.id == step_id)
    if lock:
        statement = statement.with_for_update()
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise KillStepUnknown(step_id=step_id)
    return row


def check_lines(contact: Scope, rows: Neighbourhood) -> None:
    """Refuse to look for contact on lines where no row names one: nothing found would be no answer.

    Raises
    ------
    NoLineKnown
    """
    places = {each.place for each in rows.events} | {each.place for each in rows.uses}
    if contact == "line" and not places - {None}:
        raise NoLineKnown


def kills_at(
    session: Session, party_ids: Iterable[int], as_of: datetime, counted: Counted = "confirmed"
) -> tuple[Kill, ...]:
    """Steps at the stations of some parties, as they stood at a record time.

    ``counted``: those confirmed by staff, all that were recorded, or none.
    """
    if counted == "none":
        return ()
    statement = (
        select(KillStep, Party.id)
        .join(Party, Party.enterprise_id == KillStep.enterprise_id)
        .where(
            Party.id == func.any(list(party_ids)),
            KillStep.recorded_at <= as_of,
            or_(KillStep.withdrawn_at.is_(None), KillStep.withdrawn_at > as_of),
        )
        .order_by(KillStep.id)
    )
    if counted == "confirmed":
        statement = statement.where(KillStep.confirmed_at <= as_of)
    return tuple(
        Kill(
            step.id,
            party_id,
            step.place,
            microseconds(step.from_at),
            LATEST if step.until_at is None else microseconds(step.until_at),
            step.carry_over_lots,
        )
        for step, party_id in session.execute(statement).all()
    )
