"""The table of lawful moves."""

from __future__ import annotations

import pytest

from recall.maths.lifecycle import (
    CLOSED_STATES,
    MOVES,
    PUBLIC_STATES,
    Action,
    Objection,
    Party,
    State,
    judge,
    lawful_actions,
)


def test_every_action_has_a_row_with_evidence_and_parties() -> None:
    assert set(MOVES) == set(Action)
    assert [move.action for move in MOVES.values() if not (move.evidence and move.parties)] == []


def test_every_state_can_be_reached_from_a_first_report() -> None:
    reached: set[State] = set()
    step = {MOVES[Action.REPORT].target}
    while step - reached:
        reached |= step
        step = {move.target for move in MOVES.values() if move.sources & reached}

    assert reached == set(State)


def test_a_closed_recall_moves_no_more() -> None:
    assert [move.action for move in MOVES.values() if move.sources & CLOSED_STATES] == []


def test_a_clock_is_met_or_stopped_only_after_something_has_started_it() -> None:
    started = {rule for move in MOVES.values() for rule in move.starts}

    assert {rule for move in MOVES.values() for rule in (*move.meets, *move.stops)} <= started


def test_only_a_leader_makes_a_recall_public_or_void() -> None:
    public = [
        move
        for move in MOVES.values()
        if move.target in PUBLIC_STATES and not move.sources <= PUBLIC_STATES
    ]

    assert [(move.action, move.parties) for move in public] == [
        (Action.ANNOUNCE, frozenset({Party.LEADER}))
    ]
    assert MOVES[Action.VOID].parties == frozenset({Party.LEADER})


def test_a_lawful_move_with_its_evidence_is_allowed() -> None:
    ruling = judge(
        Action.BEGIN, state=State.ANNOUNCED, party=Party.PRODUCER, evidence={"sellers_told_on"}
    )

    assert ruling.allowed
    assert ruling.move.target is State.EXECUTING


@pytest.mark.parametrize(
    ("state", "party", "evidence", "objection"),
    [
        (State.PLAN_FILED, Party.PRODUCER, {"notice"}, Objection.PARTY),
        (State.PLAN_DUE, Party.LEADER, {"notice"}, Objection.STATE),
        (None, Party.LEADER, {"notice"}, Objection.STATE),
        (State.PLAN_FILED, Party.LEADER, set(), Objection.EVIDENCE),
    ],
)
def test_an_unlawful_move_is_refused_with_its_reason(
    state: State | None, party: Party, evidence: set[str], objection: Objection
) -> None:
    ruling = judge(Action.ANNOUNCE, state=state, party=party, evidence=evidence)

    assert ruling.objection is objection


def test_missing_evidence_is_named() -> None:
    ruling = judge(
        Action.SUMMARISE,
        state=State.ACTIVE_ENDED,
        party=Party.PRODUCER,
        evidence={"summary"},
    )

    assert ruling.missing == ("units_recovered", "units_disposed")


def test_a_report_is_made_once() -> None:
    evidence = set(MOVES[Action.REPORT].evidence)

    assert judge(Action.REPORT, state=None, party=Party.PRODUCER, evidence=evidence).allowed
    again = judge(Action.REPORT, state=State.PLAN_DUE, party=Party.PRODUCER, evidence=evidence)
    assert again.objection is Objection.STATE


def test_what_a_party_may_do_next_follows_from_the_table() -> None:
    assert lawful_actions(State.PLAN_FILED, Party.LEADER) == (
        Action.RETURN_PLAN,
        Action.ANNOUNCE,
        Action.VOID,
    )
    assert lawful_actions(State.PLAN_FILED, Party.PRODUCER) == ()
    assert lawful_actions(State.VOIDED, Party.LEADER) == ()
