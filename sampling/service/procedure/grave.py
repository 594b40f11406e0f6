"""Grave steps (escalate, announce, suspend, revoke): one person proposes, another decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from core import audit, journal
from core.actors import Actor, Role
from core.clock import now
from sampling.errors import (
    NoProposal,
    NotThisCaseParty,
    OwnProposal,
    ProposalOpen,
    ReasonNeeded,
)
from sampling.maths.procedure import MOVES
from sampling.maths.procedure_words import Act, Party
from sampling.models.procedure import CaseProposal, SamplingCase
from sampling.queries.procedure import open_proposal, stream_of
from sampling.service.procedure.effects import EFFECTS
from sampling.service.procedure.facts import plain
from sampling.service.procedure.moves import judged, locked, make_move, parties_of_actor
from sampling.service.procedure.step import Step


def propose(
    session: Session,
    actor: Actor,
    number: str,
    act: Act,
    raw: Mapping[str, Any],
    *,
    expected_version: int | None = None,
) -> CaseProposal:
    """Propose a grave step with its evidence; nothing changes until somebody else approves.

    Raises
    ------
    ProposalOpen
        One waits already.
    ValueError
        The step is not a grave one.
    CaseUnknown, Stale, NotThisCaseParty, CaseStateForbids, VerdictForbids, CaseEvidenceInvalid,
    and what the step itself would be refused for
    """
    if not MOVES[act].is_grave:
        raise ValueError(f"{act} needs no second person")
    case = locked(session, actor, number, expected_version)
    move, facts = judged(session, actor, case, act, raw)
    waiting = open_proposal(session, case)
    if waiting is not None:
        raise ProposalOpen(act=waiting.act, number=case.no)
    if actor.account_id is None:
        raise NotThisCaseParty(act=act.value, parties=", ".join(sorted(move.parties)))
    _try_out(session, actor, case, act, facts)
    proposal = CaseProposal(
        case_id=case.id,
        act=act.value,
        facts=plain(facts),
        proposed_by=actor.account_id,
        proposed_at=now(),
        outcome=None,
        decided_by=None,
        decided_at=None,
        reason=None,
    )
    session.add(proposal)
    case.proposals += 1
    session.flush()  # its number is needed by the answer
    _record(session, actor, case, f"{act.value}-proposed", {"facts": proposal.facts})
    return proposal


def approve(
    session: Session, actor: Actor, number: str, *, expected_version: int | None = None
) -> SamplingCase:
    """Approve the proposed step, which is then done; never by the one who proposed it.

    Raises
    ------
    NoProposal, OwnProposal, NotThisCaseParty, CaseUnknown, Stale, and what the step itself would
    be refused for
    """
    case, proposal = _waiting(session, actor, number, expected_version)
    act = Act(proposal.act)
    if proposal.proposed_by == actor.account_id:
        raise OwnProposal(act=act.value)
    move, facts = judged(session, actor, case, act, proposal.facts)
    proposal.outcome, proposal.decided_by, proposal.decided_at = "approved", actor.account_id, now()
    session.flush()  # it is decided before the step lets open proposals lapse
    facts["proposal"] = proposal.id
    return make_move(session, actor, case, move, facts)


def decline(
    session: Session,
    actor: Actor,
    number: str,
    *,
    reason: str,
    expected_version: int | None = None,
) -> SamplingCase:
    """Decline the proposed step, with a reason; who proposed it may take it back like this.

    Raises
    ------
    NoProposal, ReasonNeeded, NotThisCaseParty, CaseUnknown, Stale
    """
    case, proposal = _waiting(session, actor, number, expected_version)
    if not reason.strip():
        raise ReasonNeeded
    proposal.outcome, proposal.decided_by, proposal.decided_at = "declined", actor.account_id, now()
    proposal.reason = reason.strip()
    case.proposals += 1
    session.flush()  # the version of the answer is the one after the change
    _record(session, actor, case, f"{proposal.act}-declined", {"reason": proposal.reason})
    return case


def may_decide(actor: Actor, case: SamplingCase, proposal: CaseProposal) -> bool:
    """True where this person may approve what another proposed."""
    return (
        Party.LEADER in parties_of_actor(actor, case) and proposal.proposed_by != actor.account_id
    )


def _waiting(
    session: Session, actor: Actor, number: str, expected_version: int | None
) -> tuple[SamplingCase, CaseProposal]:
    case = locked(session, actor, number, expected_version)
    proposal = open_proposal(session, case)
    if proposal is None:
        raise NoProposal(number=case.no)
    mine = parties_of_actor(actor, case)
    is_own = proposal.proposed_by == actor.account_id and actor.role is not Role.ENTERPRISE
    if Party.LEADER not in mine and not is_own:
        raise NotThisCaseParty(act=proposal.act, parties=Party.LEADER.value)
    return case, proposal


def _try_out(
    session: Session, actor: Actor, case: SamplingCase, act: Act, facts: dict[str, Any]
) -> None:
    """Refuse now what would be refused at approval; nothing of it stays."""
    effect = EFFECTS.get(act)
    if effect is None:
        return
    move = MOVES[act]
    with session.begin_nested() as attempt:
        day = facts.get(move.on) or case.acted_on
        effect(Step(session, actor, case, move, dict(facts), day))
        attempt.rollback()
    session.refresh(case)


def _record(
    session: Session, actor: Actor, case: SamplingCase, kind: str, body: dict[str, Any]
) -> None:
    told = {"from": case.state, "to": case.state, "account_id": actor.account_id, **body}
    journal.append(session, stream_of(case.no), kind, told)
    audit.record(session, actor, f"sampling-case.{kind}", case.no)
