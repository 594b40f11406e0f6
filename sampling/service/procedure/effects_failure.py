"""After a confirmed failure: correction, re-checks, escalation."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from registry.maths.packs import read_rule
from sampling.errors import CorrectionReported, CorrectionStillRuns, WindowNotOpen
from sampling.maths.procedure_words import CLOCK_FIX, CLOCK_RECHECK2, Act
from sampling.maths.verdicts import Judgement, Part, Verdict
from sampling.models.procedure import CaseClock
from sampling.service.procedure import clocks
from sampling.service.procedure.effects_sampling import accredited, failed_of, store_test
from sampling.service.procedure.facts import problem
from sampling.service.procedure.step import Step


def _latest(step: Step, rule_id: str) -> CaseClock | None:
    return step.session.execute(
        select(CaseClock)
        .where(CaseClock.case_id == step.case.id, CaseClock.rule_id == rule_id)
        .order_by(CaseClock.id.desc())
        .limit(1)
    ).scalar_one_or_none()


def _close_pass(step: Step) -> None:
    if step.facts["samples"] == "returned" and "returned_on" not in step.facts:
        raise problem(step.move, "returned_on", "Write the day on which they were returned.")


def _begin_recheck(step: Step) -> None:
    clock = _latest(step, CLOCK_FIX)
    if clock is not None and clock.met_at is None and not clocks.is_over(clock, step.day):
        raise CorrectionStillRuns(due_on=clock.due_on.isoformat())


def _escalate_uncorrected(step: Step) -> None:
    clock = _latest(step, CLOCK_FIX)
    if clock is None or clock.met_at is not None:
        raise CorrectionReported(number=step.case.no)
    if not clocks.is_over(clock):
        raise CorrectionStillRuns(due_on=clock.due_on.isoformat())


def _begin_second_recheck(step: Step) -> None:
    clock = _latest(step, CLOCK_RECHECK2)
    if clock is not None and clock.opens_on is not None and step.day < clock.opens_on:
        cited = read_rule(clock.pack, clock.rule).citation
        raise WindowNotOpen(
            opens_on=clock.opens_on.isoformat(), source=cited.source, article=cited.article
        )


def _passed(name: str) -> Callable[[Step], None]:
    def effect(step: Step) -> None:
        laboratory = accredited(step.session, step.facts["laboratory"], step.day)
        judged = Judgement(Verdict.PASS, Verdict.NOT_JUDGED, Verdict.PASS)
        store_test(step, name, laboratory, judged)

    return effect


def _failed(name: str) -> Callable[[Step], None]:
    def effect(step: Step) -> None:
        laboratory = accredited(step.session, step.facts["laboratory"], step.day)
        failed = failed_of(step.facts["failed_items"])

        def side(part: Part) -> Verdict:
            return Verdict.FAIL if any(one.part is part for one in failed) else Verdict.NOT_JUDGED

        judged = Judgement(side(Part.PHYSICAL), side(Part.LABEL), Verdict.FAIL, failed)
        store_test(step, name, laboratory, judged)

    return effect


def _suspend(step: Step) -> None:
    _failed("recheck2")(step)
    rule = clocks.suspension_rule(step.case, step.day, step.facts["until_on"])
    clocks.add_clock(step.session, step.case, rule, step.day)


def _withdraw(step: Step) -> None:
    step.case.void_reason = step.facts["reason"]


EFFECTS: dict[Act, Callable[[Step], None]] = {
    Act.CLOSE_PASS: _close_pass,
    Act.BEGIN_RECHECK: _begin_recheck,
    Act.PASS_RECHECK: _passed("recheck"),
    Act.ESCALATE: _failed("recheck"),
    Act.ESCALATE_UNCORRECTED: _escalate_uncorrected,
    Act.BEGIN_RECHECK2: _begin_second_recheck,
    Act.PASS_RECHECK2: _passed("recheck2"),
    Act.SUSPEND: _suspend,
    Act.PASS_RECHECK3: _passed("recheck3"),
    Act.REVOKE: _failed("recheck3"),
    Act.WITHDRAW: _withdraw,
}
