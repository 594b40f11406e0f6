"""One act in a sampling case: judged by the table, stored, put on the record, announced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import audit, journal
from core.actors import Actor, Role
from core.clock import now, today
from core.errors import Stale
from core.files import FileUnknown, StoredFile, load, store
from sampling.errors import (
    CaseStateForbids,
    CaseUnknown,
    NotThisCaseParty,
    NotThisDomain,
    NotThisPurpose,
    NotYourTask,
    TwoPeopleNeeded,
    VerdictForbids,
)
from sampling.maths import procedure
from sampling.maths.procedure import MOVES, TERMINAL, Hindrance, Move
from sampling.maths.procedure_words import CLOCK_REPORT, Act, Domain, Kind, Party, Purpose, State
from sampling.models.procedure import CaseFileLink, CaseProposal, SamplingCase
from sampling.queries.procedure import case_by_no, file_of_case, stream_of
from sampling.queries.seats import current_seats
from sampling.service.procedure import clocks
from sampling.service.procedure.effects import EFFECTS
from sampling.service.procedure.facts import plain, problem, read_facts
from sampling.service.procedure.step import Step

_OFFICER = frozenset({Party.SAMPLER, Party.LABORATORY, Party.AUTHORITY})
PARTIES_OF: dict[Role, frozenset[Party]] = {
    # Laboratories and sampling agencies have no accounts of their own: officers write for them.
    Role.INSPECTOR: _OFFICER,
    Role.LEAD_INSPECTOR: _OFFICER | {Party.LEADER},
    Role.ADMINISTRATOR: _OFFICER | {Party.LEADER},
    Role.SYSTEM: frozenset({Party.CLOCK}),
}


def parties_of_actor(actor: Actor, case: SamplingCase) -> frozenset[Party]:
    """What an actor is in a case; nothing for strangers."""
    if actor.role is Role.ENTERPRISE and actor.enterprise_id is not None:
        mine = set()
        if actor.enterprise_id == case.enterprise_id:
            mine.add(Party.UNIT)
        if actor.enterprise_id == case.producer_id:
            mine.add(Party.PRODUCER)
        return frozenset(mine)
    return PARTIES_OF.get(actor.role, frozenset())


def possible_acts(session: Session, actor: Actor, case: SamplingCase) -> tuple[Act, ...]:
    """What the actor may do with a case as it now stands: the buttons of its page."""
    acts = procedure.lawful_acts(
        State(case.state),
        purpose=Purpose(case.purpose),
        domain=Domain(case.domain),
        verdict=case.verdict,
        parties=parties_of_actor(actor, case),
    )
    if actor.role is Role.INSPECTOR and not _is_of_team(session, actor, case):
        acts = tuple(act for act in acts if Party.SAMPLER not in MOVES[act].parties)
    return acts


def carry_out(
    session: Session,
    actor: Actor,
    number: str,
    act: Act,
    raw: Mapping[str, Any],
    *,
    expected_version: int | None = None,
) -> SamplingCase:
    """Do one act in a case; its clocks follow, and everybody can read why.

    Raises
    ------
    CaseUnknown, Stale, NotThisCaseParty, NotYourTask, NotThisPurpose, NotThisDomain,
    CaseStateForbids, VerdictForbids, CaseEvidenceInvalid
    TwoPeopleNeeded
        A grave step goes by `grave.propose` and `grave.approve`.
    RuleNotInForce
    """
    case = locked(session, actor, number, expected_version)
    move, facts = judged(session, actor, case, act, raw)
    if move.is_grave:
        raise TwoPeopleNeeded(act=act.value)
    return make_move(session, actor, case, move, facts)


def locked(
    session: Session, actor: Actor, number: str, expected_version: int | None
) -> SamplingCase:
    """Take the row of a case for a change.

    Raises
    ------
    CaseUnknown, Stale
    """
    case = case_by_no(session, number, lock=True)
    if actor.role is Role.ENTERPRISE and not parties_of_actor(actor, case):
        raise CaseUnknown(number=number)  # as if it were not there
    if expected_version is not None and case.version != expected_version:
        raise Stale
    return case


def judged(
    session: Session, actor: Actor, case: SamplingCase, act: Act, raw: Mapping[str, Any]
) -> tuple[Move, dict[str, Any]]:
    """Ask the table whether the actor may do this now; the typed facts, if so.

    Raises
    ------
    NotThisCaseParty, NotYourTask, NotThisPurpose, NotThisDomain, CaseStateForbids,
    VerdictForbids, CaseEvidenceInvalid
    """
    move = MOVES[act]
    mine = parties_of_actor(actor, case)
    ruling = procedure.judge(
        act,
        state=State(case.state),
        purpose=Purpose(case.purpose),
        domain=Domain(case.domain),
        verdict=case.verdict,
        parties=mine,
        evidence=[each.name for each in move.evidence],  # looked at one by one below
    )
    told: dict[str, Any] = {"number": case.no, "act": act.value}
    if ruling.hindrance is Hindrance.PARTY:
        raise NotThisCaseParty(
            act=act.value, parties=", ".join(sorted(one.value for one in move.parties))
        )
    if (
        actor.role is Role.INSPECTOR
        and move.parties == {Party.SAMPLER}
        and not _is_of_team(session, actor, case)
    ):
        raise NotYourTask(unit_code=case.unit_code)
    if ruling.hindrance is Hindrance.PURPOSE:
        raise NotThisPurpose(purpose=case.purpose, **told)
    if ruling.hindrance is Hindrance.DOMAIN:
        raise NotThisDomain(domain=case.domain, **told)
    if ruling.hindrance is Hindrance.STATE:
        raise CaseStateForbids(state=case.state, **told)
    if ruling.hindrance is Hindrance.VERDICT:
        raise VerdictForbids(verdict=case.verdict or "none", needed=move.verdict, **told)
    facts = read_facts(move, raw)
    _refuse_odd_day(case, move, facts)
    for sha256 in _hashes(move, facts):
        # An enterprise names files of its own only: a hash alone opens nobody's file.
        if actor.role is Role.ENTERPRISE and file_of_case(session, case.no, sha256) is None:
            raise FileUnknown(sha256=sha256)
        load(session, sha256)
    return move, facts


def add_file(
    session: Session, actor: Actor, number: str, content: bytes, *, name: str, media_type: str
) -> StoredFile:
    """Store a file for an act to come; the act names it by its SHA-256.

    Raises
    ------
    CaseUnknown
    """
    case = locked(session, actor, number, None)
    file = store(session, content, name=name, media_type=media_type)
    _link(session, actor, case, "upload", "upload", file.sha256)
    return file


def make_move(
    session: Session, actor: Actor, case: SamplingCase, move: Move, facts: dict[str, Any]
) -> SamplingCase:
    """Change the case, its clocks and its record, as the row of the table says."""
    step = Step(
        session=session,
        actor=actor,
        case=case,
        move=move,
        facts=facts,
        day=facts.get(move.on) or today(),
    )
    before, version = case.state, case.version
    effect = EFFECTS.get(move.act)
    if effect is not None:
        effect(step)
    if move.target is not None:
        case.state = move.target.value
        case.acted_on = max(step.day, case.acted_on)
    _turn_clocks(step)
    if before != case.state:
        _lapse_proposals(session, case)
    _keep_files(step)
    _record(step, before)
    session.flush()  # the version of the answer is the one after the change
    if (
        case.version == version
    ):  # an act that changes no column of the case is a change all the same
        session.execute(
            update(SamplingCase)
            .where(SamplingCase.id == case.id)
            .values(version=SamplingCase.version + 1)
        )
        session.refresh(case, ["version"])
    return case


def _turn_clocks(step: Step) -> None:
    move, case, session = step.move, step.case, step.session

    def named(rules: tuple[str, ...]) -> list[Any]:
        if not rules:
            return []
        return clocks.open_clocks(session, case, rules, party_id=step.party_id)

    clocks.meet_clocks(named(move.meets), step.day)
    clocks.end_clocks(named(move.stops))
    clocks.resume_clocks(session, named(move.resumes), step.day)
    if State(case.state) in TERMINAL and move.target is not None:
        left = [one for one in clocks.open_clocks(session, case) if one.rule_id != CLOCK_REPORT]
        clocks.end_clocks(left)
    for start in move.starts:
        if start.verdict is None or start.verdict == case.verdict:
            on = step.facts.get(start.on) or step.day
            clocks.start_clock(session, case, start, on, step.party_id)
    clocks.pause_clocks(session, named(move.pauses), step.day)


def _refuse_odd_day(case: SamplingCase, move: Move, facts: Mapping[str, Any]) -> None:
    """A step cannot lie before the case, nor before the step before it."""
    if not move.on or move.on not in facts:
        return
    least = case.acted_on if move.in_order else clocks.day_of(case)
    if facts[move.on] < least:
        raise problem(
            move, move.on, "The day lies before the step before it, {least}.", least=str(least)
        )


def _is_of_team(session: Session, actor: Actor, case: SamplingCase) -> bool:
    """True for the drawn team, and for everybody where none was drawn."""
    if case.plan_id is None:
        return True
    seat = current_seats(plan_id=case.plan_id)
    team = select(seat.c.person_id).where(seat.c.code == case.unit_code)
    people = set(session.execute(team).scalars())
    return not people or actor.person_id in people


def _hashes(move: Move, facts: Mapping[str, Any]) -> list[str]:
    return [
        sha256
        for each in move.evidence
        if each.kind is Kind.FILES
        for sha256 in facts.get(each.name, ())
    ]


def _keep_files(step: Step) -> None:
    for each in step.move.evidence:
        if each.kind is not Kind.FILES:
            continue
        for sha256 in step.facts.get(each.name, ()):
            _link(step.session, step.actor, step.case, step.move.act.value, each.name, sha256)


def _link(
    session: Session, actor: Actor, case: SamplingCase, act: str, name: str, sha256: str
) -> None:
    session.execute(
        insert(CaseFileLink)
        .values(
            case_id=case.id,
            act=act,
            name=name,
            sha256=sha256,
            enterprise_id=actor.enterprise_id,
            added_at=now(),
        )
        .on_conflict_do_nothing()
    )


def _lapse_proposals(session: Session, case: SamplingCase) -> None:
    session.execute(
        update(CaseProposal)
        .where(CaseProposal.case_id == case.id, CaseProposal.outcome.is_(None))
        .values(outcome="lapsed", decided_at=now())
    )


def _record(step: Step, before: str) -> None:
    body = {
        "from": before,
        "to": step.case.state,
        "role": step.actor.role.value,
        "account_id": step.actor.account_id,
        "cites": step.move.cites,
        "facts": plain(step.facts),
    }
    journal.append(step.session, stream_of(step.case.no), step.move.act.value, body)
    audit.record(
        step.session, step.actor, f"sampling-case.{step.move.act.value}", step.case.no, step.told
    )
