"""Life of a recall: its states and the lawful moves, who may make them and with what evidence.

One table, `MOVES`. The service asks `judge` before every change and draws the clocks to meet and
to start from the same row, so that the law of the procedure stands in one place.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a recall stands."""

    PLAN_DUE = "plan_due"
    PLAN_FILED = "plan_filed"
    PLAN_RETURNED = "plan_returned"
    ANNOUNCED = "announced"
    EXECUTING = "executing"
    ACTIVE_ENDED = "active_ended"
    SUMMARY_FILED = "summary_filed"
    VOIDED = "voided"


class Party(StrEnum):
    """Who acts."""

    PRODUCER = "producer"
    OFFICER = "officer"
    LEADER = "leader"


class Action(StrEnum):
    """What is done."""

    REPORT = "report"
    FILE_PLAN = "file-plan"
    RETURN_PLAN = "return-plan"
    ANNOUNCE = "announce"
    BEGIN = "begin"
    REPORT_STAGE = "report-stage"
    END = "end"
    SUMMARISE = "summarise"
    VOID = "void"


# Rules of the recall pack that are clocks of a single recall.
CLOCK_REPORT = "recall.serious-report"
CLOCK_PLAN = "recall.plan"
CLOCK_PUBLISH = "recall.publish"
CLOCK_STAGE = "recall.stage-report"
CLOCK_SUMMARY = "recall.summary"

# Before these states the public sees nothing; an announced recall stays public for good.
PUBLIC_STATES = frozenset(
    {State.ANNOUNCED, State.EXECUTING, State.ACTIVE_ENDED, State.SUMMARY_FILED}
)
# No duty runs any more. The remedy never ends: an unrepaired unit may come back in ten years.
CLOSED_STATES = frozenset({State.SUMMARY_FILED, State.VOIDED})


@dataclass(frozen=True, slots=True)
class Move:
    """One lawful move.

    Parameters
    ----------
    action : Action
        What is done.
    sources : frozenset of State
        States it starts from; empty for the first move.
    target : State
        State it leads to; the same state for an act that changes none.
    parties : frozenset of Party
        Who may do it.
    evidence : tuple of str
        Names of the facts that must come with it, none of them empty.
    meets : tuple of str
        Clocks (rule ids) whose duty the move fulfils.
    stops : tuple of str
        Clocks (rule ids) whose duty falls away; one that was overdue stays so.
    starts : tuple of str
        Clocks (rule ids) that the move starts.
    """

    action: Action
    sources: frozenset[State]
    target: State
    parties: frozenset[Party]
    evidence: tuple[str, ...]
    meets: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()


class Objection(StrEnum):
    """Why a move is refused."""

    STATE = "state"
    PARTY = "party"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Ruling:
    """Answer to "may this be done now, by this party, with this evidence?".

    Parameters
    ----------
    move : Move
        The row of the table.
    objection : Objection or None
        Why not; ``None`` if it may be done.
    missing : tuple of str
        Evidence that is absent or empty.
    """

    move: Move
    objection: Objection | None = None
    missing: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """True if the move may be made."""
        return self.objection is None


_PRODUCER = frozenset({Party.PRODUCER})
_OFFICERS = frozenset({Party.OFFICER, Party.LEADER})
_LEADER = frozenset({Party.LEADER})
_PLAN_FACTS = ("instruction", "remedies", "measures", "contact", "starts_on")

MOVES: dict[Action, Move] = {
    move.action: move
    for move in (
        # The producer's own finding opens the case; the filing is at once the report of it.
        Move(
            Action.REPORT,
            frozenset(),
            State.PLAN_DUE,
            _PRODUCER,
            ("found_on", "defect", "hazard", "consequence", "scope"),
            meets=(CLOCK_REPORT,),
            starts=(CLOCK_REPORT, CLOCK_PLAN),
        ),
        Move(
            Action.FILE_PLAN,
            frozenset({State.PLAN_DUE, State.PLAN_RETURNED}),
            State.PLAN_FILED,
            _PRODUCER,
            _PLAN_FACTS,
            meets=(CLOCK_PLAN,),
            starts=(CLOCK_PUBLISH,),
        ),
        # A returned plan leaves the first plan clock as it ended; the new day is the officer's.
        Move(
            Action.RETURN_PLAN,
            frozenset({State.PLAN_FILED}),
            State.PLAN_RETURNED,
            _OFFICERS,
            ("deficiencies", "due_on"),
            stops=(CLOCK_PUBLISH,),
        ),
        # A leader approves, because the public text binds the authority as well.
        Move(
            Action.ANNOUNCE,
            frozenset({State.PLAN_FILED}),
            State.ANNOUNCED,
            _LEADER,
            ("notice",),
            meets=(CLOCK_PUBLISH,),
            starts=(CLOCK_STAGE,),
        ),
        Move(
            Action.BEGIN,
            frozenset({State.ANNOUNCED}),
            State.EXECUTING,
            _PRODUCER,
            ("sellers_told_on",),
        ),
        Move(
            Action.REPORT_STAGE,
            frozenset({State.EXECUTING}),
            State.EXECUTING,
            _PRODUCER,
            ("units_recovered", "narrative"),
            meets=(CLOCK_STAGE,),
            starts=(CLOCK_STAGE,),
        ),
        Move(
            Action.END,
            frozenset({State.EXECUTING}),
            State.ACTIVE_ENDED,
            _PRODUCER,
            ("reason", "units_recovered"),
            stops=(CLOCK_STAGE,),
            starts=(CLOCK_SUMMARY,),
        ),
        Move(
            Action.SUMMARISE,
            frozenset({State.ACTIVE_ENDED}),
            State.SUMMARY_FILED,
            _PRODUCER,
            ("summary", "units_recovered", "units_disposed"),
            meets=(CLOCK_SUMMARY,),
        ),
        # Issued in error: nothing is deleted, the reason stays readable.
        Move(
            Action.VOID,
            frozenset(State) - CLOSED_STATES,
            State.VOIDED,
            _LEADER,
            ("reason",),
            stops=(CLOCK_REPORT, CLOCK_PLAN, CLOCK_PUBLISH, CLOCK_STAGE, CLOCK_SUMMARY),
        ),
    )
}


def judge(
    action: Action, *, state: State | None, party: Party, evidence: Collection[str]
) -> Ruling:
    """May this move be made now?

    Parameters
    ----------
    action : Action
        What is to be done.
    state : State or None
        Where the recall stands; ``None`` before it exists.
    party : Party
        Who wants to do it.
    evidence : collection of str
        Names of the facts at hand, none of them empty.

    Returns
    -------
    Ruling
        Allowed, or the first objection: party, then state, then evidence with what is missing.

    Notes
    -----
    It knows who may act, not whose recall it is: that a producer acts on a recall of its own is
    for the caller.
    """
    move = MOVES[action]
    if party not in move.parties:
        return Ruling(move, Objection.PARTY)
    if (state in move.sources) if move.sources else (state is None):
        missing = tuple(name for name in move.evidence if name not in evidence)
        return Ruling(move, Objection.EVIDENCE if missing else None, missing)
    return Ruling(move, Objection.STATE)


def lawful_actions(state: State, party: Party) -> tuple[Action, ...]:
    """Actions that `party` may take in `state`, in the order of the procedure."""
    return tuple(
        move.action for move in MOVES.values() if state in move.sources and party in move.parties
    )
