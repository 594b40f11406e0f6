"""What time itself does to cases: rights lapse, results stand, duties run out. Once a day."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.actors import Actor
from sampling.maths.procedure import MOVES
from sampling.maths.procedure_words import CLOCK_FORMALITIES, Act, State
from sampling.models.procedure import SamplingCase
from sampling.queries.procedure import objections_of
from sampling.service.procedure import clocks
from sampling.service.procedure.effects_result import why_open
from sampling.service.procedure.moves import make_move


@dataclass(frozen=True, slots=True)
class Settled:
    """What a day changed."""

    confirmed: int
    waived: int
    clocks: int


def settle_cases(session: Session, actor: Actor) -> Settled:
    """Confirm results to which nobody objected in time, and re-tests that were given up.

    Parameters
    ----------
    actor : Actor
        The system: time needs no signature.
    """
    changed = clocks.settle_clocks(session, actor)
    waived = confirmed = 0
    for case in _standing_in(session, State.RETEST_ORDERED):
        due = clocks.open_clocks(session, case, [CLOCK_FORMALITIES])
        if due and all(clocks.is_over(one) for one in due):
            make_move(session, actor, case, MOVES[Act.DEEM_WAIVED], {})
            waived += 1
    for case in _standing_in(session, State.NOTIFIED, State.HANDLED):
        upheld = any(one.outcome == "upheld" for one in objections_of(session, case))
        if not upheld and why_open(session, case) is None:
            make_move(session, actor, case, MOVES[Act.CONFIRM], {})
            confirmed += 1
    return Settled(confirmed, waived, changed)


def _standing_in(session: Session, *states: State) -> list[SamplingCase]:
    """Cases in some states, locked; one that somebody works on just now waits for tomorrow."""
    return list(
        session.execute(
            select(SamplingCase)
            .where(SamplingCase.state.in_([one.value for one in states]))
            .order_by(SamplingCase.id)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).scalars()
    )
