"""What people decide about warnings."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.actors import Actor, Role
from core.clock import now
from core.errors import FieldProblem, Invalid, Stale
from registry.models import Account
from risk.errors import AlreadyConfirmed, OwnerUnknown, SignalClosed, SignalUnknown
from risk.models import Signal, SignalDecision


@dataclass(frozen=True, slots=True)
class Owner:
    """Whoever takes a warning."""

    account_id: int
    name: str


def decide(
    session: Session,
    actor: Actor,
    number: str,
    *,
    action: str,
    reason: str,
    version: int | None = None,
    owner: Owner | None = None,
) -> Signal:
    """Assign a warning, confirm it, or close it; the reason stays on record.

    Parameters
    ----------
    action : {"assign", "confirm", "close"}
        "assign" gives it to ``owner``, or to the actor; "confirm" says that something is
        wrong in the world; "close" ends the work, and dismisses what was not confirmed.
    version : int, optional
        The version the decision was made from.

    Raises
    ------
    SignalUnknown, SignalClosed, AlreadyConfirmed, OwnerUnknown, Stale
    Invalid
        The reason is empty.
    """
    signal = session.execute(
        select(Signal).where(Signal.number == number).with_for_update()
    ).scalar_one_or_none()
    if signal is None:
        raise SignalUnknown(number=number)
    if version is not None and signal.version != version:
        raise Stale
    if not reason.strip():
        raise Invalid(fields=[FieldProblem("reason", "Write why; it stays on record.")])
    if signal.state == "closed":
        raise SignalClosed(number=number)
    if action == "assign":
        _give(signal, owner or _self(actor))
    elif action == "confirm":
        if signal.outcome == "confirmed":
            raise AlreadyConfirmed(number=number)
        signal.outcome = "confirmed"
        if signal.owner_id is None:
            _give(signal, owner or _self(actor))
    elif action == "close":
        signal.outcome = signal.outcome or "dismissed"
        signal.state = "closed"
    else:
        raise Invalid(fields=[FieldProblem("action", "One of assign, confirm, close.")])
    session.add(
        SignalDecision(
            signal_id=signal.id,
            action=action,
            reason=reason.strip(),
            owner_id=signal.owner_id if action == "assign" else None,
            owner_name=signal.owner_name if action == "assign" else None,
            account_id=actor.account_id,
            account_name=actor.name,
            decided_at=now(),
        )
    )
    audit.record(session, actor, f"signal.{action}", number)
    session.flush()  # the caller answers with the new version
    return signal


def _self(actor: Actor) -> Owner:
    """The actor as owner.

    Raises
    ------
    OwnerUnknown
        It is a machine.
    """
    if actor.account_id is None:
        raise OwnerUnknown(login=actor.name)
    return Owner(actor.account_id, actor.name)


def _give(signal: Signal, owner: Owner) -> None:
    signal.owner_id = owner.account_id
    signal.owner_name = owner.name
    signal.state = "assigned"


def staff_owner(session: Session, login: str) -> Owner:
    """The staff account with this login. Ask as the system: requests may not read accounts.

    Raises
    ------
    OwnerUnknown
        There is none, it is closed, or it is an enterprise's.
    """
    account = session.execute(
        select(Account).where(
            Account.login == login, Account.is_active, Account.role != Role.ENTERPRISE
        )
    ).scalar_one_or_none()
    if account is None:
        raise OwnerUnknown(login=login)
    return Owner(account.id, account.display_name)
