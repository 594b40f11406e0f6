"""A small city to draw from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from registry.models import Enterprise, Person, Recusal
from sampling.models.plans import Plan
from sampling.service import entropy, freezing, planning
from tests import factories

DICE = "31625143625114632516434215632154326154321654321635"
# drand quicknet, round 657413, as published; its time is 2023-09-15T11:00:03Z.
ROUND = 657413
VALUE = "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587"
SIGNATURE = (
    "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be"
    "41076862b98fad56e91a6b85b89cd97b"
)
BEFORE = "2023-09-15T10:30:00+00:00"
AFTER = "2023-09-15T11:01:00+00:00"
SECRET = bytes(range(32))


@dataclass
class City:
    """Enterprises of two grades and two categories, inspectors, and two people with dice."""

    session: Session
    enterprises: list[Enterprise]
    inspectors: list[Person]
    lead: Actor
    second: Actor
    category_codes: list[str]
    region_code: str
    frozen: list[Plan] = field(default_factory=list)

    def plan(self, **changes: Any) -> Plan:
        """A draft with four of grade A and six of grade D."""
        facts: dict[str, Any] = {
            "title": "充电器专项",
            "strata_by": "grade",
            "strata": [
                {"key": "A", "quota": 4, "reserve": 3},
                {"key": "D", "quota": 6, "reserve": 2},
            ],
            "visit_on": date(2023, 9, 20),
            "sources": [
                {"kind": "dice", "count": 50},
                {"kind": "beacon", "network": "drand-quicknet", "round": ROUND},
            ],
        }
        return planning.create_plan(self.session, self.lead, **{**facts, **changes})

    def committed(self, **changes: Any) -> Plan:
        """A frozen plan."""
        plan = self.plan(**changes)
        return freezing.freeze(self.session, self.lead, plan.no, secret=SECRET, software="0.1.0")

    def recuse(self, person: Person, enterprise: Enterprise) -> None:
        """Tie an inspector to an enterprise."""
        self.session.add(
            Recusal(
                person_id=person.id,
                enterprise_id=enterprise.id,
                kind="kinship",
                since=date(2020, 1, 1),
            )
        )
        self.session.flush()

    def throw_dice(self, plan: Plan) -> None:
        """Both people type the same dice."""
        for actor in (self.lead, self.second):
            entropy.enter_dice(self.session, actor, plan.no, dice=DICE)


@pytest.fixture
def city(session: Session) -> City:
    """Thirty enterprises, eight inspectors."""
    region = factories.region(session)
    categories = [factories.category(session) for _ in range(2)]
    enterprises = [
        factories.enterprise(
            session,
            code_scheme="uscc" if n % 2 else "licence",
            code=f"9137{n:014}" if n % 2 else f"7{n:05}",
            grade="AD"[n % 2],
            region_id=region.id,
            category_id=categories[n % 2].id,
        )
        for n in range(30)
    ]
    inspectors = [factories.person(session, senior=n % 3 == 0) for n in range(8)]

    def actor(role: Role) -> Actor:
        account = factories.account(session, role=role)
        return Actor(account.id, account.display_name, role)

    return City(
        session=session,
        enterprises=enterprises,
        inspectors=inspectors,
        lead=actor(Role.LEAD_INSPECTOR),
        second=actor(Role.ADMINISTRATOR),
        category_codes=[category.code for category in categories],
        region_code=region.code,
    )


@pytest.fixture
def at(frozen_clock: Callable[[str], Any]) -> Callable[[str], Any]:
    """Let the clock stand at an instant; before the beacon's round to begin with."""
    frozen_clock(BEFORE)
    return frozen_clock
