"""One lawful move of a recall: judged by the table, stored, put on the record, announced."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from core import audit, journal, outbox
from core.actors import Actor, Role
from core.clock import today
from core.errors import FieldProblem, Stale
from recall.errors import EvidenceMissing, NotThisParty, NotThisState, RecallUnknown
from recall.events import RecallMoved
from recall.maths import lifecycle
from recall.maths.lifecycle import Action, Move, Objection, Party, State
from recall.models import Recall
from recall.queries import files
from recall.service.clocks import meet_clocks, start_clock, stop_clocks

PARTY_OF = {
    Role.ENTERPRISE: Party.PRODUCER,
    Role.INSPECTOR: Party.OFFICER,
    Role.LEAD_INSPECTOR: Party.LEADER,
    Role.ADMINISTRATOR: Party.LEADER,
}

# May name a person, so it must stay erasable; the plan itself keeps it.
OFF_THE_CHAIN = frozenset({"contact"})


def possible_actions(actor: Actor, recall: Recall) -> tuple[Action, ...]:
    """What the actor may do with a recall as it now stands: the buttons of its page."""
    party = PARTY_OF.get(actor.role)
    if party is None or (party is Party.PRODUCER and actor.enterprise_id != recall.enterprise_id):
        return ()
    return lifecycle.lawful_actions(State(recall.state), party)


def locked(session: Session, actor: Actor, number: str, expected_version: int | None) -> Recall:
    """Take the row of a recall for a change.

    Raises
    ------
    RecallUnknown, Stale
    """
    recall = files.recall_row(session, number, for_update=True)
    if actor.role is Role.ENTERPRISE and actor.enterprise_id != recall.enterprise_id:
        raise RecallUnknown(number=number)  # as if it were not there
    if expected_version is not None and recall.version != expected_version:
        raise Stale
    return recall


def judge_move(
    actor: Actor, recall: Recall | None, action: Action, facts: Mapping[str, Any]
) -> Move:
    """Ask the table whether the actor may do this now with these facts.

    Raises
    ------
    NotThisParty, NotThisState, EvidenceMissing
    """
    move = lifecycle.MOVES[action]
    parties = ", ".join(sorted(one.value for one in move.parties))
    party = PARTY_OF.get(actor.role)
    if party is None:
        raise NotThisParty(action=action.value, parties=parties)
    ruling = lifecycle.judge(
        action,
        state=None if recall is None else State(recall.state),
        party=party,
        evidence=[name for name, value in facts.items() if _is_given(value)],
    )
    if ruling.objection is Objection.PARTY:
        raise NotThisParty(action=action.value, parties=parties)
    if ruling.objection is Objection.STATE:
        number, state = ("", "") if recall is None else (recall.number, recall.state)
        raise NotThisState(number=number, state=state, action=action.value)
    if ruling.objection is Objection.EVIDENCE:
        raise EvidenceMissing(
            action=action.value,
            missing=", ".join(ruling.missing),
            fields=[FieldProblem(name, "This field is needed.") for name in ruling.missing],
        )
    return move


def make_move(
    session: Session, actor: Actor, recall: Recall, action: Action, facts: Mapping[str, Any]
) -> None:
    """Change the state, meet, stop and start the clocks, and put it on the record.

    Raises
    ------
    NotThisParty, NotThisState, EvidenceMissing, RuleNotInForce
    """
    move = judge_move(actor, recall, action, facts)
    before = recall.state
    recall.state = move.target.value
    meet_clocks(session, recall, move.meets)
    stop_clocks(session, recall, move.stops)
    for rule_id in move.starts:
        start_clock(session, recall, rule_id, today())
    record(session, actor, recall, move, before, facts)


def record(
    session: Session,
    actor: Actor,
    recall: Recall,
    move: Move,
    before: str | None,
    facts: Mapping[str, Any],
) -> None:
    """Put a move on the recall's chained history and on the audit log, and announce the state."""
    body = {
        "from": before,
        "to": recall.state,
        "role": actor.role.value,
        "account_id": actor.account_id,
        "facts": {
            name: _plain(value) for name, value in facts.items() if name not in OFF_THE_CHAIN
        },
    }
    journal.append(session, files.stream_of(recall.number), move.action.value, body)
    audit.record(session, actor, f"recall.{move.action.value}", recall.number)
    if before != recall.state:
        outbox.add(
            session, RecallMoved(recall_id=recall.id, number=recall.number, state=recall.state)
        )


def _is_given(value: object) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and (not isinstance(value, Collection) or len(value) > 0)


def _plain(value: Any) -> Any:
    """Write a fact as JSON without floats, so that its bytes are the same in every language."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
