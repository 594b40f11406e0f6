"""What people decide about warnings."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import SYSTEM, Actor, Role
from core.errors import Invalid, Stale
from risk.errors import AlreadyConfirmed, OwnerUnknown, SignalClosed, SignalUnknown
from risk.queries.signals import signal_detail, signal_row
from risk.service.deciding import decide, staff_owner
from risk.service.detecting import detect
from risk.service.observing import store_incidents
from tests import factories
from tests.services.risk.histories import NOW, complaints


@pytest.fixture(autouse=True)
def _now(frozen_clock: Any) -> None:
    frozen_clock(NOW)


@pytest.fixture
def analyst(session: Session) -> Actor:
    account = factories.account(session, role=Role.RISK_ANALYST)
    return Actor(account.id, account.display_name, Role.RISK_ANALYST)


@pytest.fixture
def number(session: Session) -> str:
    store_incidents(session, complaints("990100", "C1", extra=25))
    detect(session, SYSTEM)
    return "WS-2026-0001"


def test_a_warning_is_taken_confirmed_and_closed(
    session: Session, analyst: Actor, number: str
) -> None:
    decide(session, analyst, number, action="assign", reason="my district")
    decide(session, analyst, number, action="confirm", reason="lot C-0711 heats up")
    signal = decide(session, analyst, number, action="close", reason="recall filed")

    assert (signal.state, signal.outcome) == ("closed", "confirmed")
    history = signal_detail(session, number).decisions
    assert [each.action for each in history] == ["assign", "confirm", "close"]
    assert {each.by for each in history} == {analyst.name}
    assert history[0].owner == analyst.name
    assert history[0].reason == "my district"


def test_what_was_not_confirmed_is_dismissed(session: Session, analyst: Actor, number: str) -> None:
    signal = decide(session, analyst, number, action="close", reason="a festival")

    assert (signal.state, signal.outcome) == ("closed", "dismissed")


def test_a_closed_warning_is_not_decided_again(
    session: Session, analyst: Actor, number: str
) -> None:
    decide(session, analyst, number, action="close", reason="a festival")

    with pytest.raises(SignalClosed):
        decide(session, analyst, number, action="assign", reason="after all")


def test_confirming_twice_is_refused(session: Session, analyst: Actor, number: str) -> None:
    decide(session, analyst, number, action="confirm", reason="seen")

    with pytest.raises(AlreadyConfirmed):
        decide(session, analyst, number, action="confirm", reason="seen")


def test_a_warning_can_be_given_to_a_colleague(
    session: Session, analyst: Actor, number: str
) -> None:
    colleague = factories.account(session, role=Role.LEAD_INSPECTOR)

    signal = decide(
        session,
        analyst,
        number,
        action="assign",
        reason="your market",
        owner=staff_owner(session, colleague.login),
    )

    assert (signal.owner_id, signal.owner_name) == (colleague.id, colleague.display_name)


def test_enterprises_and_strangers_own_no_warnings(session: Session) -> None:
    enterprise = factories.account(session, role=Role.ENTERPRISE)

    for login in (enterprise.login, "nobody"):
        with pytest.raises(OwnerUnknown):
            staff_owner(session, login)


def test_a_decision_needs_a_reason_and_the_version_it_was_made_from(
    session: Session, analyst: Actor, number: str
) -> None:
    version = signal_row(session, number).version

    with pytest.raises(Invalid):
        decide(session, analyst, number, action="close", reason="  ")
    decide(session, analyst, number, action="assign", reason="mine", version=version)
    with pytest.raises(Stale):
        decide(session, analyst, number, action="close", reason="old page", version=version)


def test_an_unknown_warning_or_action_is_refused(
    session: Session, analyst: Actor, number: str
) -> None:
    with pytest.raises(SignalUnknown):
        decide(session, analyst, "WS-2026-9999", action="close", reason="x")
    with pytest.raises(Invalid):
        decide(session, analyst, number, action="reopen", reason="x")
