"""Values of the sources: dice typed by two people, public values typed or pasted by one."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.actors import Actor
from core.clock import now
from core.errors import Unauthenticated
from registry.models import Account
from sampling.errors import (
    AlreadyDrawn,
    DiceDiffer,
    EntropyInvalid,
    EntropySettled,
    NoSuchSource,
    PlanVoid,
    SecondPersonNeeded,
    StateForbids,
    TooEarly,
    TooLate,
)
from sampling.maths.entropy import (
    SourceKind,
    canonical_dice,
    canonical_text,
    checked_beacon,
    differing_dice,
    due_at,
    entropy_bytes,
)
from sampling.models.plans import EntropyEntry, Plan, PlanState
from sampling.queries.plans import plan_by_no, source_name
from sampling.service import log

# A public value may be typed a moment before our own clock says it is out.
CLOCK_TOLERANCE = timedelta(seconds=5)


def enter_dice(session: Session, actor: Actor, plan_no: str, *, dice: str) -> EntropyEntry:
    """Type the thrown dice; they stand once a second person has typed the same.

    The first person may correct the own entry until then.

    Returns
    -------
    EntropyEntry
        Of this person; `settled_at` tells whether the dice stand now.

    Raises
    ------
    EntropyInvalid
        A face is not 1 to 6, or the number is wrong.
    DiceDiffer
        The first person typed others; the places are named. Nothing is stored.
    SecondPersonNeeded
        The same person typed the same dice again.
    TooLate
        The public source is known by now.
    EntropySettled, StateForbids, AlreadyDrawn, PlanVoid, NoSuchSource
        The plan does not wait for dice.
    """
    plan = _awaiting(session, plan_no)
    place = _place_of(plan, SourceKind.DICE)
    source = plan.sources[place]
    try:
        value = canonical_dice(dice, source["count"])
    except ValueError as error:
        raise EntropyInvalid(source=source_name(source), reason=str(error)) from None
    _refuse_after_public_source(plan)
    account_id = _account(actor)
    entries = _entries(session, plan, place)
    _refuse_settled(plan, place, entries)
    own = next((entry for entry in entries if entry.account_id == account_id), None)
    other = next((entry for entry in entries if entry.account_id != account_id), None)
    if other is not None:
        places = differing_dice(other.value, value)
        if places:
            told = ", ".join(str(one) for one in places)
            raise DiceDiffer(first_person=_name(session, other.account_id), places=told)
    elif own is not None and own.value == value:
        raise SecondPersonNeeded(first_person=_name(session, account_id))
    if own is None:
        own = EntropyEntry(plan_id=plan.id, source=place, account_id=account_id)
        session.add(own)
    own.value, own.signature, own.entered_at, own.settled_at = value, None, now(), None
    if other is not None:
        own.settled_at = other.settled_at = own.entered_at
        _settle(session, plan, place, own)
    audit.record(session, actor, "plan.dice-typed", plan.no, {"settled": other is not None})
    session.flush()
    return own


def enter_public_value(
    session: Session,
    actor: Actor,
    plan_no: str,
    *,
    value: str,
    signature: str | None = None,
    place: int | None = None,
) -> EntropyEntry:
    """Enter the value of a public source: a beacon round, a published text, or a demo value.

    One person is enough: anybody can look the value up.

    Parameters
    ----------
    signature : str, optional
        Of a beacon round; the value must be its SHA-256. Kept as evidence.
    place : int, optional
        Which source of the plan, from 0; by default the first that is not dice and has no value.

    Raises
    ------
    EntropyInvalid
        The value cannot be the source's.
    TooEarly
        The source is not known yet.
    EntropySettled, StateForbids, AlreadyDrawn, PlanVoid, NoSuchSource
        The plan does not wait for this value.
    """
    plan = _awaiting(session, plan_no)
    place = _open_public_place(session, plan) if place is None else place
    if not 0 <= place < len(plan.sources) or plan.sources[place]["kind"] in (
        SourceKind.DICE,
        SourceKind.PLAN,
    ):
        raise NoSuchSource(plan_no=plan.no, kind=f"public source number {place}")
    source = plan.sources[place]
    entries = _entries(session, plan, place)
    _refuse_settled(plan, place, entries)
    due = due_at(source)
    if due is not None and now() + CLOCK_TOLERANCE < due:
        raise TooEarly(source=source_name(source), due_at=due.isoformat())
    try:
        kept = None
        if source["kind"] == SourceKind.BEACON:
            value, kept = checked_beacon(value, signature)
        elif source["kind"] == SourceKind.TEXT:
            value = canonical_text(value)
        else:
            value = value.strip().lower()
        entropy_bytes(source, entry_value(source, value, kept))
    except ValueError as error:
        raise EntropyInvalid(source=source_name(source), reason=str(error)) from None
    moment = now()
    entry = EntropyEntry(
        plan_id=plan.id,
        source=place,
        account_id=_account(actor),
        value=value,
        signature=kept,
        entered_at=moment,
        settled_at=moment,
    )
    session.add(entry)
    _settle(session, plan, place, entry)
    audit.record(session, actor, "plan.source-entered", plan.no, {"source": place})
    session.flush()
    return entry


def entry_value(source: dict[str, object], value: str, signature: str | None) -> dict[str, object]:
    """An entry in the form in which the bundle publishes it."""
    told: dict[str, object] = {"kind": source["kind"], "value": value}
    if source["kind"] == SourceKind.BEACON:
        told.update(round=source["round"], signature=signature)
    return told


def _awaiting(session: Session, plan_no: str) -> Plan:
    plan = plan_by_no(session, plan_no, lock=True)
    refuse_unless_committed(plan)
    return plan


def refuse_unless_committed(plan: Plan) -> None:
    """Refuse anything but a plan that is frozen and not yet drawn.

    Raises
    ------
    AlreadyDrawn, PlanVoid, StateForbids
        By what the plan is instead.
    """
    if plan.state == PlanState.DRAWN:
        raise AlreadyDrawn(plan_no=plan.no)
    refuse_void(plan)
    if plan.state != PlanState.COMMITTED:
        raise StateForbids(plan_no=plan.no, state=plan.state, needed=PlanState.COMMITTED.value)


def refuse_void(plan: Plan) -> None:
    """Refuse a void plan.

    Raises
    ------
    PlanVoid
        It is void.
    """
    if plan.state == PlanState.VOID and plan.voided_at is not None:
        voided_on = plan.voided_at.date().isoformat()
        raise PlanVoid(plan_no=plan.no, voided_on=voided_on, reason=plan.void_reason)


def _place_of(plan: Plan, kind: SourceKind) -> int:
    for place, source in enumerate(plan.sources):
        if source["kind"] == kind:
            return place
    raise NoSuchSource(plan_no=plan.no, kind=kind.value)


def _open_public_place(session: Session, plan: Plan) -> int:
    settled = set(
        session.execute(
            select(EntropyEntry.source).where(
                EntropyEntry.plan_id == plan.id, EntropyEntry.settled_at.is_not(None)
            )
        ).scalars()
    )
    public = [p for p, s in enumerate(plan.sources) if s["kind"] != SourceKind.DICE]
    return next((place for place in public if place not in settled), public[0])


def _entries(session: Session, plan: Plan, place: int) -> list[EntropyEntry]:
    return list(
        session.execute(
            select(EntropyEntry)
            .where(EntropyEntry.plan_id == plan.id, EntropyEntry.source == place)
            .order_by(EntropyEntry.entered_at, EntropyEntry.id)
        ).scalars()
    )


def _refuse_settled(plan: Plan, place: int, entries: list[EntropyEntry]) -> None:
    for entry in entries:
        if entry.settled_at is not None:
            raise EntropySettled(
                source=source_name(plan.sources[place]), settled_at=entry.settled_at.isoformat()
            )


def _refuse_after_public_source(plan: Plan) -> None:
    for source in plan.sources:
        due = due_at(source)
        if due is not None and due <= now():
            raise TooLate(source=source_name(source), due_at=due.isoformat(), plan_no=plan.no)


def _account(actor: Actor) -> int:
    if actor.account_id is None:
        raise Unauthenticated
    return actor.account_id


def _name(session: Session, account_id: int) -> str:
    return session.execute(
        select(Account.display_name).where(Account.id == account_id)
    ).scalar_one()


def _settle(session: Session, plan: Plan, place: int, entry: EntropyEntry) -> None:
    told = entry_value(plan.sources[place], entry.value, entry.signature)
    log.record(session, "plan.entropy", {"no": plan.no, "source": place, **told})
