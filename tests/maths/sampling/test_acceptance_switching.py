"""Switching between normal, tightened and reduced inspection, lot by lot and in the long run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling.maths.acceptance_tables import AQLS, LETTERS, State, cell
from sampling.maths.oc import Model
from sampling.maths.ranges import OutOfRange
from sampling.maths.scheme import scheme_characteristic
from sampling.maths.switching import Lot, Rule, Scheme, Standing, history, next_step
from tests.maths.sampling.acceptance_vectors import VECTORS

# Lots of 2 000 at level II, AQL 1.0: letter K, 125 items, accepted with 3 (tightened 2, reduced 50
# with 2); one AQL step tighter 2.
K = Scheme(1.0, reduced_allowed=True)
GOOD, FAIR, BAD = 0, 3, 4  # findings: would pass tighter too; passes; rejected


def lots(findings: Iterable[int], **facts: Any) -> list[Lot]:
    return [Lot(2000, found, **facts) for found in findings]


def rules(findings: Iterable[int], scheme: Scheme = K) -> list[str]:
    return [step.rule.value for step in history(scheme, lots(findings))]


def test_two_rejected_of_five_tighten() -> None:
    assert rules([BAD, GOOD, GOOD, GOOD, BAD]) == ["9.2"] * 4 + ["9.3.1"]


def test_two_rejected_of_six_do_not() -> None:
    assert rules([BAD, GOOD, GOOD, GOOD, GOOD, BAD]) == ["9.2"] * 6


def test_two_rejected_at_the_start_tighten_at_once() -> None:
    assert rules([BAD, BAD]) == ["9.2", "9.3.1"]


def test_five_accepted_in_a_row_lead_back_to_normal() -> None:
    assert rules([BAD, BAD, *[GOOD] * 4, 3, *[GOOD] * 5])[2:] == ["9.2"] * 9 + ["9.3.2"]


def test_five_rejected_in_tightened_inspection_stop_the_series() -> None:
    # Tightened accepts with 2: five rejections, with acceptances between that are too few.
    found = rules([BAD, BAD, 3, 0, 3, 0, 0, 3, 3, 0, 0, 0, 0, 3])

    assert found[-1] == "9.4"
    assert found.count("9.4") == 1


def test_a_stopped_series_goes_on_tightened_after_improvement() -> None:
    before = history(K, lots([BAD, BAD, *[3] * 5]))[-1].after
    assert before.stopped

    with pytest.raises(OutOfRange, match="let the supplier improve"):
        next_step(K, before, Lot(2000, 0))
    step = next_step(K, before, Lot(2000, 0, improved=True))

    assert (step.rule, step.after) == (Rule.RESUMED, Standing(State.TIGHTENED, run=1))
    assert step.plan.state == State.TIGHTENED


def test_ten_good_lots_reduce_when_the_acceptance_number_is_two_or_more() -> None:
    steps = history(K, lots([GOOD] * 10))

    assert [step.after.score for step in steps] == [3, 6, 9, 12, 15, 18, 21, 24, 27, 0]
    assert (steps[-1].rule, steps[-1].after.state) == (Rule.TO_REDUCED, State.REDUCED)


def test_fifteen_accepted_lots_reduce_when_it_is_zero_or_one() -> None:
    scheme = Scheme(0.25, reduced_allowed=True)  # K: 125 items, Ac 1

    steps = history(scheme, lots([1] * 15))

    assert steps[13].after.score == 28
    assert steps[14].after.state == State.REDUCED


def test_a_lot_that_would_fail_one_step_tighter_ends_the_score_but_is_accepted() -> None:
    steps = history(K, lots([GOOD] * 5 + [FAIR]))

    assert steps[-1].accepted
    assert steps[-1].after.score == 0
    assert steps[-1].after.state == State.NORMAL


@pytest.mark.parametrize(
    "facts", [{"steady": False}, {"reduced_allowed": False}], ids=["unsteady", "not allowed"]
)
def test_reduced_inspection_needs_steady_production_and_permission(facts: dict[str, Any]) -> None:
    steps = history(K, [*lots([GOOD] * 9), *lots([GOOD], **facts)])

    assert steps[-1].after.state == State.NORMAL
    assert steps[-1].after.score == 30


@pytest.mark.parametrize(
    "lot",
    [Lot(2000, 3), Lot(2000, 0, steady=False), Lot(2000, 0, reduced_allowed=False)],
    ids=["rejected", "unsteady", "not allowed any more"],
)
def test_reduced_inspection_ends(lot: Lot) -> None:
    before = history(K, lots([GOOD] * 10))[-1].after

    step = next_step(K, before, lot)

    assert step.plan.plan.most == 50
    assert (step.rule, step.after) == (Rule.LEAVES_REDUCED, Standing())


def test_a_lot_submitted_again_counts_for_nothing() -> None:
    steps = history(K, [*lots([GOOD] * 3 + [BAD]), *lots([BAD, GOOD], original=False)])

    assert [step.rule.value for step in steps[-2:]] == ["9.3 note"] * 2
    assert steps[-1].after == steps[-3].after


def test_a_change_of_severity_forgets_the_history() -> None:
    back = history(K, lots([BAD, BAD, *[GOOD] * 5]))[-1].after

    assert back == Standing()


def test_more_failing_items_than_were_looked_at_are_refused() -> None:
    with pytest.raises(OutOfRange, match="at most the 125 items"):
        history(K, lots([126]))
    history(Scheme(15.0), lots([126]))  # findings per 100 items may be more than items


@given(st.lists(st.integers(0, 6), max_size=60), st.sampled_from([0.4, 1.0, 2.5]))
def test_every_step_follows_from_the_one_before(findings: list[int], aql: float) -> None:
    steps, now = [], Standing()
    for found in findings:
        step = next_step(Scheme(aql, reduced_allowed=True), now, Lot(2000, found))
        steps.append(step)
        now = step.after
        if now.stopped:
            break

    assert history(Scheme(aql, reduced_allowed=True), lots(findings[: len(steps)])) == tuple(steps)
    for step in steps:
        assert step.plan.state == step.before.state
        assert step.after.recent.count(False) <= 1
        if step.before.state != step.after.state or step.after.stopped:
            assert step.rule not in (Rule.STAYS, Rule.RESUBMITTED)


@pytest.mark.parametrize(
    "case", VECTORS["schemes"], ids=lambda c: f"{c['letter']}-{c['p']:g}-{c['reduced']}"
)
def test_the_long_run_agrees_with_an_independent_chain(case: dict[str, Any]) -> None:
    found = scheme_characteristic(
        case["letter"], case["aql"], case["p"], with_reduced=case["reduced"]
    )

    names = {"N": State.NORMAL, "T": State.TIGHTENED, "R": State.REDUCED}
    assert found.places == case["states"]
    assert found.acceptance == pytest.approx(case["scheme_pa"], rel=1e-12)
    assert found.sample_number == pytest.approx(case["asn"], rel=1e-12)
    for short, state in names.items():
        # The reference solves by subtraction: its small shares hold to 1e-15, not to a ratio.
        assert found.shares[state] == pytest.approx(case["frac"][short], rel=1e-12, abs=1e-14)
        stated = case[f"pa_{state.value}"]
        assert found.acceptance_by_state[state] == pytest.approx(stated, rel=1e-12)


@pytest.mark.parametrize("case", VECTORS["simulated"], ids=lambda c: c["letter"])
def test_the_long_run_agrees_with_a_simulation_of_six_million_lots(case: dict[str, Any]) -> None:
    """``within``: three standard errors of that simulation."""
    found = scheme_characteristic(case["letter"], case["aql"], case["p"])

    assert found.acceptance == pytest.approx(case["acceptance"], abs=case["within"])


def test_the_chain_does_what_the_state_machine_does() -> None:
    """60 000 lots through the machine itself; a stopped series begins tightened again."""
    quality, count = 0.02, 60_000
    found = np.random.default_rng(7).random((count, 125)) < quality
    before = found.cumsum(axis=1)
    now, accepted, items = Standing(), 0, 0
    for place in range(count):
        size = {State.REDUCED: 50}.get(now.state, 125)
        lot = Lot(2000, int(before[place, size - 1]), improved=now.stopped)
        step = next_step(K, now, lot)
        accepted, items, now = accepted + step.accepted, items + size, step.after

    chain = scheme_characteristic("K", 1.0, quality)

    # Lots of one severity come in runs, so errors are some times those of single lots.
    assert accepted / count == pytest.approx(chain.acceptance, abs=0.015)
    assert items / count == pytest.approx(chain.sample_number, abs=1.5)


@given(
    letter=st.sampled_from(LETTERS),
    aql=st.sampled_from([aql for aql in AQLS if aql <= 10]),
    quality=st.floats(1e-6, 0.999),
    reduced=st.booleans(),
)
def test_shares_are_shares_and_lie_between_the_severities(
    letter: str, aql: float, quality: float, reduced: bool
) -> None:
    found = scheme_characteristic(letter, aql, quality, with_reduced=reduced)

    assert sum(found.shares.values()) == pytest.approx(1, abs=1e-12)
    assert all(share >= 0 for share in found.shares.values())
    assert reduced or found.shares[State.REDUCED] == 0
    chances = found.acceptance_by_state.values()
    assert min(chances) - 1e-12 <= found.acceptance <= max(chances) + 1e-12
    assert min(found.sizes.values()) - 1e-9 <= found.sample_number
    assert found.sample_number <= max(found.sizes.values()) + 1e-9


def test_counts_per_hundred_items_use_poisson() -> None:
    found = scheme_characteristic("F", 25.0, 0.3)

    assert found == scheme_characteristic("F", 25.0, 0.3, model=Model.POISSON)
    assert cell(State.NORMAL, "F", 25.0).acceptance == 10


@pytest.mark.parametrize("quality", [0.0, 1.0, -0.1, float("nan")])
def test_qualities_that_need_no_chain_are_refused(quality: float) -> None:
    with pytest.raises(OutOfRange, match="quality"):
        scheme_characteristic("K", 1.0, quality)
