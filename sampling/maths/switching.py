"""The switching rules of ISO 2859-1 (GB/T 2828.1) as a state machine over the history of lots.

Each lot takes the series from one standing to the next, and each step says which clause decided.
The history is replayed from its first lot: a standing is never stored without what led to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sampling.maths.acceptance import LotPlan, plan_for_lot
from sampling.maths.acceptance_tables import AQLS, State, aql_index, cell
from sampling.maths.oc import SinglePlan
from sampling.maths.ranges import OutOfRange, whole

REDUCED_FROM: Final = 30  # switching score, cl. 9.3.3.1
WINDOW, REJECTED_IN_WINDOW = 5, 2  # cl. 9.3.1
ACCEPTED_TO_NORMAL: Final = 5  # cl. 9.3.2
REJECTED_TO_STOP: Final = 5  # cl. 9.4
MOST_FINDINGS: Final = 100_000_000


class Rule(StrEnum):
    """The clause of the standard that decided a step."""

    START = "9.1"  # normal inspection at the start
    STAYS = "9.2"  # goes on unchanged
    TO_TIGHTENED = "9.3.1"
    TO_NORMAL = "9.3.2"
    TO_REDUCED = "9.3.3.1"
    LEAVES_REDUCED = "9.3.4"
    STOPPED = "9.4"
    RESUMED = "9.4 resumed"  # tightened again, after the supplier has improved
    RESUBMITTED = "9.3 note"  # not an original inspection: counts for nothing


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot as it was inspected.

    Parameters
    ----------
    size : int, >= 2
        Items in the lot.
    found : int, >= 0
        Failing items (findings) in the sample.
    original : bool
        False for a lot submitted again after rejection; it does not count for switching.
    steady : bool
        Production is steady; otherwise reduced inspection ends.
    reduced_allowed : bool, optional
        The responsible authority allows reduced inspection; None: as the scheme says. Without
        permission reduced inspection ends.
    improved : bool
        The responsible authority is satisfied that the supplier has improved; it opens a stopped
        series again, under tightened inspection, from this lot on.
    """

    size: int
    found: int
    original: bool = True
    steady: bool = True
    reduced_allowed: bool | None = None
    improved: bool = False

    def __post_init__(self) -> None:
        whole("size", self.size, 2, 1_000_000_000, "give the number of items in the lot")
        whole("found", self.found, 0, MOST_FINDINGS, "give the findings in the sample")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a series stands before its next lot.

    ``recent`` holds the verdicts under the present severity that still count, oldest first
    (True: accepted): the last four in normal inspection. ``run`` counts accepted lots in a row in
    tightened inspection, ``rejected`` its rejected lots in all.
    """

    state: State = State.NORMAL
    stopped: bool = False
    score: int = 0
    recent: tuple[bool, ...] = ()
    run: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a series is inspected by."""

    aql: float
    level: str = "II"
    reduced_allowed: bool = False  # the responsible authority considers it desirable

    def __post_init__(self) -> None:
        aql_index(self.aql)
        plan_for_lot(2, self.aql, level=self.level)


@dataclass(frozen=True, slots=True)
class Step:
    """One lot: plan, verdict, and what it did to the series."""

    lot: Lot
    before: Standing
    plan: LotPlan
    accepted: bool
    rule: Rule
    after: Standing


def _single(plan: LotPlan) -> SinglePlan:
    assert isinstance(plan.plan, SinglePlan)
    return plan.plan


def tighter_acceptance(plan: LotPlan) -> int | None:
    """The acceptance number of the plan one AQL step tighter, if it has the same sample size.

    Returns
    -------
    int or None
        None if there is no tighter AQL, or its plan has another sample size.
    """
    column = aql_index(plan.aql)
    if column == 0:
        return None
    tighter = cell(State.NORMAL, plan.letter, AQLS[column - 1])
    return tighter.acceptance if tighter.size == _single(plan).size else None


def score_after(plan: LotPlan, score: int, found: int) -> int:
    """The switching score after one lot in normal inspection.

    Notes
    -----
    Acceptance number 2 or more: 3 more if the lot would have been accepted one AQL step tighter,
    else 0. Acceptance number 0 or 1: 2 more if accepted, else 0.

    References
    ----------
    ISO 2859-1:1999, cl. 9.3.3.2 a).
    """
    allowed = _single(plan).acceptance
    if allowed <= 1:
        return score + 2 if found <= allowed else 0
    tighter = tighter_acceptance(plan)
    return score + 3 if tighter is not None and found <= tighter else 0


def _allows_reduced(scheme: Scheme, lot: Lot) -> bool:
    return scheme.reduced_allowed if lot.reduced_allowed is None else lot.reduced_allowed


def _normal(scheme: Scheme, now: Standing, lot: Lot, plan: LotPlan) -> tuple[Rule, Standing]:
    accepted = lot.found <= _single(plan).acceptance
    verdicts = (*now.recent, accepted)
    if verdicts.count(False) >= REJECTED_IN_WINDOW:
        return Rule.TO_TIGHTENED, Standing(State.TIGHTENED)
    score = score_after(plan, now.score, lot.found)
    if _allows_reduced(scheme, lot) and lot.steady and score >= REDUCED_FROM:
        return Rule.TO_REDUCED, Standing(State.REDUCED)
    recent = verdicts[-(WINDOW - 1) :]
    return Rule.STAYS, replace(now, score=score, recent=recent)


def _tightened(now: Standing, accepted: bool) -> tuple[Rule, Standing]:
    if accepted:
        if now.run + 1 >= ACCEPTED_TO_NORMAL:
            return Rule.TO_NORMAL, Standing()
        return Rule.STAYS, replace(now, run=now.run + 1)
    after = replace(now, run=0, rejected=now.rejected + 1)
    if after.rejected >= REJECTED_TO_STOP:
        return Rule.STOPPED, replace(after, stopped=True)
    return Rule.STAYS, after


def next_step(scheme: Scheme, now: Standing, lot: Lot) -> Step:
    """What does one lot do to its series?

    Parameters
    ----------
    scheme : Scheme
        AQL, level and whether reduced inspection is allowed.
    now : Standing
        Where the series stands before the lot.
    lot : Lot
        The lot as inspected.

    Returns
    -------
    Step
        Plan, verdict, the clause that decided, and the standing for the next lot.

    Raises
    ------
    OutOfRange
        If the series is stopped and no improvement is stated, or more is found than inspected.

    Notes
    -----
    Normal to tightened: two of five or fewer consecutive lots rejected. Tightened to normal:
    five accepted in a row. Stopped: five lots rejected in one stay in tightened inspection; it
    goes on, tightened, once improvement is stated. Normal to reduced: score 30, steady
    production and permission. Reduced to normal: a rejected lot, unsteady production or
    permission withdrawn. The history is empty and the score 0 whenever normal inspection
    begins. Lots submitted again count for nothing; a stopped series refuses them like others.

    References
    ----------
    ISO 2859-1:1999, cl. 9.1 to 9.4; GB/T 2828.1-2012.
    """
    if now.stopped and not lot.improved:
        raise OutOfRange(
            "improved",
            "stated, since inspection of the series is stopped (cl. 9.4)",
            lot.improved,
            "let the supplier improve first, then go on under tightened inspection",
        )
    standing = Standing(State.TIGHTENED) if now.stopped else now
    plan = plan_for_lot(lot.size, scheme.aql, level=scheme.level, state=standing.state)
    if plan.is_percent and lot.found > plan.items:
        raise OutOfRange(
            "found", f"at most the {plan.items} items of the sample", lot.found, "count items once"
        )
    accepted = lot.found <= _single(plan).acceptance
    if not lot.original:
        return Step(lot, now, plan, accepted, Rule.RESUBMITTED, standing)
    if standing.state == State.NORMAL:
        rule, after = _normal(scheme, standing, lot, plan)
    elif standing.state == State.TIGHTENED:
        rule, after = _tightened(standing, accepted)
        if now.stopped and rule == Rule.STAYS:
            rule = Rule.RESUMED
    elif accepted and lot.steady and _allows_reduced(scheme, lot):
        rule, after = Rule.STAYS, standing
    else:
        rule, after = Rule.LEAVES_REDUCED, Standing()
    return Step(lot, now, plan, accepted, rule, after)


def history(scheme: Scheme, lots: Iterable[Lot]) -> tuple[Step, ...]:
    """Replay a series from its first lot.

    Parameters
    ----------
    lots : iterable of Lot
        In the order of inspection.

    Returns
    -------
    tuple of Step
        One per lot; the last one's ``after`` is where the series stands.

    Raises
    ------
    OutOfRange
        As `next_step`.

    Examples
    --------
    Two of five rejected lead to tightened inspection:

    >>> steps = history(Scheme(1.0), [Lot(2000, 4), Lot(2000, 0), Lot(2000, 4)])
    >>> [step.rule.value for step in steps], steps[-1].after.state.value
    (['9.2', '9.2', '9.3.1'], 'tightened')
    """
    now, steps = Standing(), []
    for lot in lots:
        step = next_step(scheme, now, lot)
        steps.append(step)
        now = step.after
    return tuple(steps)
