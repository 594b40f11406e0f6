"""A recall is carried on: begun, reported on, ended, summed up, or voided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from core.actors import Actor
from recall.maths.lifecycle import Action
from recall.models import Recall
from recall.service.moves import judge_move, locked, make_move

PLAIN_ACTIONS = frozenset(
    {Action.BEGIN, Action.REPORT_STAGE, Action.END, Action.SUMMARISE, Action.VOID}
)


def carry_on(
    session: Session,
    actor: Actor,
    number: str,
    action: Action,
    facts: Mapping[str, Any],
    *,
    expected_version: int | None = None,
) -> Recall:
    """Take one step that needs no more than its evidence.

    Parameters
    ----------
    action : Action
        One of `PLAIN_ACTIONS`.
    facts : mapping
        The evidence that the step asks for (`recall.maths.lifecycle.MOVES`).

    Raises
    ------
    RecallUnknown, NotThisParty, NotThisState, EvidenceMissing, Stale
    """
    if action not in PLAIN_ACTIONS:
        raise ValueError(f"{action.value} has a use case of its own")
    recall = locked(session, actor, number, expected_version)
    judge_move(actor, recall, action, facts)
    if action is Action.VOID:
        recall.void_reason = str(facts["reason"]).strip()
    make_move(session, actor, recall, action, facts)
    return recall
