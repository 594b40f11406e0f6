"""The table of the procedure: whole, reachable, closed, and silent about monitoring."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.maths.packs import read_pack
from sampling.maths.procedure import (
    FAILURE,
    MONITORING_STATES,
    MOVES,
    STANDING_STATES,
    TERMINAL,
    Hindrance,
    judge,
    lawful_acts,
)
from sampling.maths.procedure_words import (
    CITATIONS,
    CLOCK_SUSPENSION,
    Act,
    Domain,
    Kind,
    Party,
    Purpose,
    State,
)
from sampling.maths.verdicts import (
    FailedItem,
    Judgement,
    Part,
    Verdict,
    after_retest,
    barred_testers,
    overall,
    parties_to_tell,
    retest_at_cost_of,
)

PACKS = Path(__file__).resolve().parents[3] / "registry" / "packs"
GRAVE = {
    Act.ESCALATE, Act.ESCALATE_UNCORRECTED, Act.ANNOUNCE, Act.SUSPEND, Act.REVOKE,
    Act.END_HANDLING, Act.WITHDRAW,
}  # fmt: skip


def reached(purpose: Purpose, domain: Domain) -> set[State]:
    """Every state that cases of a kind come to, walking the table from the draw."""
    found: set[State] = {State.DRAWN}
    while True:
        more = {
            move.target
            for move in MOVES.values()
            if move.target and move.sources & found
            and purpose in move.purposes and domain in move.domains
        } - found  # fmt: skip
        if not more:
            return found
        found |= more


def test_every_act_has_a_row_with_somebody_to_do_it_and_an_article() -> None:
    assert set(MOVES) == set(Act)
    assert [move.act for move in MOVES.values() if not move.parties] == []
    assert {move.cites for move in MOVES.values()} <= set(CITATIONS)
    assert set(CITATIONS) <= {move.cites for move in MOVES.values()}


def test_every_state_is_reached_by_some_kind_of_case() -> None:
    states = {state for kind in product(Purpose, Domain) for state in reached(*kind)}

    assert states == set(State)


@pytest.mark.parametrize("domain", Domain)
def test_a_supervision_case_reaches_all_but_the_states_of_others(domain: Domain) -> None:
    online = {State.ORDERED, State.PARCEL_OPENED}
    field = {State.NOTICED, State.ON_SITE}
    never = {State.RISK_ASSESSED, State.INFORMED}
    never |= field if domain is Domain.ONLINE else online

    assert reached(Purpose.SUPERVISION, domain) == set(State) - never


@pytest.mark.parametrize("domain", Domain)
def test_a_monitoring_case_never_leaves_its_own_states(domain: Domain) -> None:
    states = reached(Purpose.MONITORING, domain)

    assert states <= MONITORING_STATES
    assert not states & (STANDING_STATES | FAILURE)


@pytest.mark.parametrize("kind", list(product(Purpose, Domain)), ids=str)
def test_from_every_state_a_case_can_end(kind: tuple[Purpose, Domain]) -> None:
    purpose, domain = kind
    for state in reached(purpose, domain):
        ends, waiting = set[State](), {state}
        while waiting:
            ends |= waiting
            waiting = {
                move.target
                for move in MOVES.values()
                if move.target and move.sources & waiting
                and purpose in move.purposes and domain in move.domains
            } - ends  # fmt: skip
        assert ends & TERMINAL, state


def test_an_ended_case_moves_no_more() -> None:
    moving = {
        (move.act, state)
        for move in MOVES.values()
        for state in move.sources & TERMINAL
        if move.target is not None
    }

    # An assessed risk may still be told to those concerned; nothing else goes on.
    assert moving == {(Act.INFORM, State.RISK_ASSESSED)}


def test_grave_steps_and_no_others_need_two_people() -> None:
    assert {move.act for move in MOVES.values() if move.is_grave} == GRAVE


def test_only_time_and_the_authority_confirm_and_no_enterprise_changes_a_result() -> None:
    for move in MOVES.values():
        if move.target in STANDING_STATES:
            assert not move.parties & {Party.UNIT, Party.PRODUCER, Party.SAMPLER}
    by_time = {move.act for move in MOVES.values() if Party.CLOCK in move.parties}
    assert by_time == {Act.CONFIRM, Act.DEEM_WAIVED}


def test_a_clock_is_met_ended_or_paused_only_after_an_act_has_started_it() -> None:
    started = {start.rule_id for move in MOVES.values() for start in move.starts}
    used = {
        rule
        for move in MOVES.values()
        for rule in (*move.meets, *move.stops, *move.pauses, *move.resumes)
    }

    assert used - started == {CLOCK_SUSPENSION}  # started by the order that sets its length


def test_every_clock_is_a_rule_that_some_pack_starts_by_this_event() -> None:
    packs = [
        read_pack(json.loads((PACKS / name).read_text("utf-8")))
        for name in ("cn-ind.json", "sd-ind.json")
    ]
    rules = {(rule.rule_id, rule.trigger) for pack in packs for rule in pack.rules if rule.clock}
    base = {rule.rule_id for rule in packs[0].rules}

    for move in MOVES.values():
        for start in move.starts:
            assert (start.rule_id, start.trigger) in rules, (move.act, start)
            assert not start.is_needed or start.rule_id in base


def test_the_day_of_an_act_is_a_day_among_its_evidence() -> None:
    for move in MOVES.values():
        kinds = {each.name: each.kind for each in move.evidence}
        assert not move.on or kinds[move.on] is Kind.DAY
        assert len(kinds) == len(move.evidence)
        for each in move.evidence:
            assert bool(each.choices) == (each.kind is Kind.CHOICE)


KINDS = st.tuples(st.sampled_from(Purpose), st.sampled_from(Domain))


@settings(max_examples=300, deadline=None)
@given(
    act=st.sampled_from(Act),
    state=st.sampled_from(State),
    kind=KINDS,
    verdict=st.sampled_from([None, "pass", "fail"]),
    parties=st.sets(st.sampled_from(Party)),
    data=st.data(),
)
def test_an_act_outside_the_table_is_refused_and_one_inside_is_not(
    act: Act,
    state: State,
    kind: tuple[Purpose, Domain],
    verdict: str | None,
    parties: set[Party],
    data: st.DataObject,
) -> None:
    purpose, domain = kind
    move = MOVES[act]
    names = [each.name for each in move.evidence]
    evidence = data.draw(st.sets(st.sampled_from(names)) if names else st.just(set[str]()))

    ruling = judge(
        act, state=state, purpose=purpose, domain=domain, verdict=verdict, parties=parties,
        evidence=evidence,
    )  # fmt: skip

    missing = {each.name for each in move.evidence if each.is_required} - evidence
    inside = (
        state in move.sources
        and bool(move.parties & parties)
        and purpose in move.purposes
        and domain in move.domains
        and move.verdict in (None, verdict)
    )
    assert (ruling.hindrance is None) == (inside and not missing)
    assert (ruling.hindrance is Hindrance.EVIDENCE) == (inside and bool(missing))
    listed = lawful_acts(state, purpose=purpose, domain=domain, verdict=verdict, parties=parties)
    assert (act in listed) == inside


@settings(max_examples=200, deadline=None)
@given(kind=KINDS, choices=st.lists(st.integers(0, 50), min_size=40, max_size=40))
def test_any_walk_through_the_table_stays_in_the_states_of_its_purpose(
    kind: tuple[Purpose, Domain], choices: list[int]
) -> None:
    purpose, domain = kind
    state, verdict = State.DRAWN, None
    for pick in choices:
        acts = lawful_acts(
            state, purpose=purpose, domain=domain, verdict=verdict, parties=set(Party)
        )
        if not acts:
            assert state in TERMINAL
            break
        move = MOVES[acts[pick % len(acts)]]
        state = move.target or state
        if state in (State.CONFIRMED, State.FINAL):
            verdict = "fail" if pick % 2 else "pass"
        if purpose is Purpose.MONITORING:
            assert state in MONITORING_STATES
        if state in FAILURE:
            assert verdict == "fail"


# ---- verdicts ------------------------------------------------------------------------------------


def item(name: str, part: Part = Part.PHYSICAL) -> FailedItem:
    return FailedItem(part, name, "1", "2")


def test_the_whole_fails_where_a_side_fails() -> None:
    found = {(a, b): overall(a, b) for a, b in product(Verdict, Verdict)}

    assert {pair for pair, verdict in found.items() if verdict is Verdict.FAIL} == {
        pair for pair in found if Verdict.FAIL in pair
    }


@pytest.mark.parametrize(
    ("physical", "label", "whole", "failed"),
    [
        ("pass", "pass", "fail", ()),
        ("fail", "pass", "pass", (item("耐压"),)),
        ("fail", "pass", "fail", ()),
        ("pass", "fail", "fail", (item("耐压"),)),
        ("pass", "pass", "pass", (item("耐压"),)),
        ("not_judged", "not_judged", "pass", ()),
    ],
)
def test_verdicts_that_contradict_each_other_are_refused(
    physical: str, label: str, whole: str, failed: tuple[FailedItem, ...]
) -> None:
    with pytest.raises(ValueError, match=r"overall|side|neither"):
        Judgement(Verdict(physical), Verdict(label), Verdict(whole), failed)


def test_a_retest_replaces_the_disputed_items_and_leaves_the_others() -> None:
    first = Judgement(
        Verdict.FAIL, Verdict.FAIL, Verdict.FAIL,
        (item("耐压"), item("温升"), item("警示语", Part.LABEL)),
    )  # fmt: skip
    passed = Judgement(Verdict.PASS, Verdict.NOT_JUDGED, Verdict.PASS)

    stands = after_retest(first, passed, disputed=["耐压"])

    assert [one.item for one in stands.failed] == ["温升", "警示语"]
    assert (stands.physical, stands.label, stands.overall) == ("fail", "fail", "fail")
    assert retest_at_cost_of(first, stands) == "authority"
    assert retest_at_cost_of(first, first) == "applicant"


def test_a_retest_that_clears_everything_makes_a_pass() -> None:
    first = Judgement(Verdict.FAIL, Verdict.PASS, Verdict.FAIL, (item("耐压"),))
    passed = Judgement(Verdict.PASS, Verdict.NOT_JUDGED, Verdict.PASS)

    stands = after_retest(first, passed, disputed=["耐压"])

    assert (stands.physical, stands.label, stands.overall, stands.failed) == (
        "pass", "pass", "pass", (),
    )  # fmt: skip


def test_a_retest_of_other_items_than_the_disputed_is_refused() -> None:
    first = Judgement(Verdict.FAIL, Verdict.PASS, Verdict.FAIL, (item("耐压"),))

    with pytest.raises(ValueError, match="温升"):
        after_retest(
            first, Judgement(Verdict.FAIL, Verdict.PASS, Verdict.FAIL, (item("温升"),)),
            disputed=["耐压"],
        )  # fmt: skip


def test_whom_the_law_wants_told() -> None:
    def told(domain: Domain, other: bool, elsewhere: bool, failed: bool) -> tuple[str, ...]:
        return parties_to_tell(
            domain=domain, has_other_producer=other, is_producer_elsewhere=elsewhere, failed=failed
        )

    assert told(Domain.PRODUCTION, False, False, True) == ("sampled_unit",)
    assert told(Domain.SHOP, True, False, True) == ("sampled_unit", "producer")
    assert told(Domain.ONLINE, True, True, True) == (
        "sampled_unit", "producer", "platform", "authority",
    )  # fmt: skip
    assert told(Domain.SHOP, True, True, False) == ("sampled_unit", "producer")


def test_who_sampled_does_not_test_but_on_site() -> None:
    assert barred_testers(samplers=["a", "b"], testers=["b", "c"], is_test_on_site=False) == ("b",)
    assert barred_testers(samplers=["a", "b"], testers=["b"], is_test_on_site=True) == ()
