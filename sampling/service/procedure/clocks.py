"""Legal clocks of a sampling case: each from the rule pack that was valid on its day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, journal
from core.actors import Actor
from core.clock import civil_day, now, today
from core.clocks import Due, OnExpiry, Pause, Period, PeriodKind, due
from registry.errors import RuleNotInForce
from registry.maths.packs import Citation, Mark, Rule, read_rule, rule_document
from registry.queries import calendar, rule_on
from sampling.maths.procedure_words import CLOCK_SUSPENSION, Start
from sampling.models.procedure import CaseClock, SamplingCase
from sampling.queries.procedure import running, stream_of


def start_clock(
    session: Session, case: SamplingCase, start: Start, day: date, party_id: int | None
) -> CaseClock | None:
    """Start a clock, if the pack of that day counts it from this event.

    Raises
    ------
    RuleNotInForce
        The packs say nothing for that day about a duty that every pack has.
    """
    try:
        rule = rule_on(session, case.pack, start.rule_id, day)
    except RuleNotInForce:
        if start.is_needed:
            raise
        return None
    if rule.clock is None:
        raise ValueError(f"rule {start.rule_id} of {case.pack} is not a clock")
    if rule.trigger != start.trigger:
        return None
    return add_clock(session, case, rule, day, party_id)


def add_clock(
    session: Session, case: SamplingCase, rule: Rule, day: date, party_id: int | None = None
) -> CaseClock | None:
    """Let a rule run from a day; None where it runs already."""
    if rule.clock is None:
        raise ValueError(f"rule {rule.rule_id} is not a clock")
    if open_clocks(session, case, [rule.rule_id], party_id=party_id, exactly=True):
        return None
    days = calendar(session)
    found = due(rule.clock, day, days)
    clock = CaseClock(
        case_id=case.id,
        party_id=party_id,
        rule_id=rule.rule_id,
        pack=rule.pack,
        rule=rule_document(rule),
        responsible=rule.responsible or "authority",
        on_expiry=(rule.on_expiry or OnExpiry.OVERDUE).value,
        started_on=day,
        opens_on=found.opens_on,
        due_on=found.due_on,
        expires_at=found.expires_at,
        pauses=[],
        is_provisional=found.provisional,
        provisional_reason=found.reason,
        calendar_version=days.version,
        met_at=None,
        met_on=None,
        ended_at=None,
        breached_at=None,
    )
    session.add(clock)
    session.flush()  # the next clock of this rule must see it
    return clock


def suspension_rule(case: SamplingCase, since: date, until: date) -> Rule:
    """The term that an order of suspension sets, as a rule of its own."""
    return Rule(
        pack=case.pack,
        rule_id=CLOCK_SUSPENSION,
        title_zh="停业整顿期限",
        title_en="Suspension for rectification",
        valid_from=since,
        valid_to=None,
        citation=Citation("Set by the order of suspension", "order", Mark.OWN),
        clock=Period(PeriodKind.CALENDAR_DAYS, max((until - since).days, 1), rolls=False),
        trigger="business.suspended",
        responsible="enterprise",
        on_expiry=OnExpiry.ESCALATE,
        statutory=False,
    )


def open_clocks(
    session: Session,
    case: SamplingCase,
    rule_ids: Sequence[str] | None = None,
    *,
    party_id: int | None = None,
    exactly: bool = False,
) -> list[CaseClock]:
    """Running clocks of a case.

    Parameters
    ----------
    rule_ids : sequence of str, optional
        Of these rules; None means all.
    party_id : int, optional
        This party's, and those that belong to nobody; None means everybody's.
    exactly : bool
        Only those of this very party, or of nobody.
    """
    statement = select(CaseClock).where(CaseClock.case_id == case.id, running())
    if rule_ids is not None:
        statement = statement.where(CaseClock.rule_id.in_(list(rule_ids)))
    found = session.execute(statement.order_by(CaseClock.id)).scalars().all()
    if exactly:
        return [each for each in found if each.party_id == party_id]
    if party_id is not None:
        return [each for each in found if each.party_id in (party_id, None)]
    return list(found)


def meet_clocks(clocks: Iterable[CaseClock], on: date) -> None:
    """Mark a duty as done by an act of this day; how late it is, the clock itself tells."""
    for clock in clocks:
        clock.met_at, clock.met_on = now(), on
        if on > clock.due_on and clock.breached_at is None:
            clock.breached_at = clock.expires_at


def end_clocks(clocks: Iterable[CaseClock]) -> None:
    """Let a duty fall away; a clock that had run out before stays so in the record."""
    for clock in clocks:
        clock.ended_at = now()
        if clock.expires_at <= now() and clock.breached_at is None and is_duty(clock):
            clock.breached_at = clock.expires_at


def is_duty(clock: CaseClock) -> bool:
    """True where running out is a breach, not the lapse of a right."""
    return clock.on_expiry in (OnExpiry.OVERDUE.value, OnExpiry.ESCALATE.value)


def pause_clocks(session: Session, clocks: Iterable[CaseClock], since: date) -> None:
    """Let clocks stand still from a day on."""
    for clock in clocks:
        if not any(span["until"] is None for span in clock.pauses):
            since = max(since, clock.started_on)
            clock.pauses = [*clock.pauses, {"since": since.isoformat(), "until": None}]
            _recompute(session, clock)


def resume_clocks(session: Session, clocks: Iterable[CaseClock], until: date) -> None:
    """Let paused clocks run on after a day."""
    for clock in clocks:
        if any(span["until"] is None for span in clock.pauses):
            clock.pauses = [
                span | {"until": max(until.isoformat(), span["since"])}
                if span["until"] is None
                else span
                for span in clock.pauses
            ]
            _recompute(session, clock)


def pauses_of(clock: CaseClock) -> tuple[Pause, ...]:
    """The spans in which a clock stood."""
    return tuple(
        Pause(
            date.fromisoformat(span["since"]),
            None if span["until"] is None else date.fromisoformat(span["until"]),
        )
        for span in clock.pauses
    )


def _recompute(session: Session, clock: CaseClock) -> Due | None:
    rule = read_rule(clock.pack, clock.rule)
    if rule.clock is None:
        return None
    days = calendar(session)
    found = due(rule.clock, clock.started_on, days, pauses=pauses_of(clock), as_of=today())
    clock.opens_on, clock.due_on, clock.expires_at = found.opens_on, found.due_on, found.expires_at
    clock.is_provisional, clock.provisional_reason = found.provisional, found.reason
    clock.calendar_version = days.version
    return found


def settle_clocks(session: Session, actor: Actor) -> int:
    """Recompute days that can still move, and mark duties that have run out; tells how many.

    A clock that is met, fell away or has run out is never recomputed.
    """
    rows = session.execute(
        select(CaseClock, SamplingCase.no)
        .join(SamplingCase, SamplingCase.id == CaseClock.case_id)
        .where(running())
        .where(CaseClock.is_provisional | (CaseClock.expires_at <= now()))
        .order_by(CaseClock.id)
        .with_for_update(of=CaseClock)
    ).all()
    changed = 0
    for clock, number in rows:
        before = clock.due_on
        if clock.is_provisional and (clock.expires_at > now() or clock.pauses):
            _recompute(session, clock)
        body = {"rule": clock.rule_id, "from": before.isoformat(), "to": clock.due_on.isoformat()}
        if clock.due_on != before:
            journal.append(session, stream_of(number), "clock-recalculated", body)
            changed += 1
        late = clock.expires_at <= now() and not _stands_still(clock)
        if late and is_duty(clock) and clock.breached_at is None:
            clock.breached_at = clock.expires_at
            told = {"rule": clock.rule_id, "due_on": clock.due_on.isoformat()}
            journal.append(session, stream_of(number), "clock-breached", told)
            audit.record(session, actor, "sampling-case.clock-breached", number, told)
            changed += 1
    return changed


def _stands_still(clock: CaseClock) -> bool:
    return any(span["until"] is None for span in clock.pauses)


def is_over(clock: CaseClock, on: date | None = None) -> bool:
    """True where an act of this day (now) comes too late."""
    return on > clock.due_on if on is not None else clock.expires_at <= now()


def day_of(case: SamplingCase) -> date:
    """The day the case was opened: no step lies before it."""
    return civil_day(case.opened_at)
