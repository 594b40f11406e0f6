"""Who acts: a person signed in, a machine, the public, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an account may do; one role each."""

    PUBLIC = "public"
    ENTERPRISE = "enterprise"
    INSPECTOR = "inspector"
    LEAD_INSPECTOR = "lead_inspector"
    RISK_ANALYST = "risk_analyst"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"


STAFF = frozenset({Role.INSPECTOR, Role.LEAD_INSPECTOR, Role.RISK_ANALYST, Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Actor:
    """The one on whose behalf a service works.

    Attributes
    ----------
    account_id : int | None
        None for the public and for the system.
    name : str
        What the audit log shows.
    enterprise_id : int | None
        The enterprise an enterprise account speaks for.
    person_id : int | None
        The inspector an inspector's account belongs to.
    """

    account_id: int | None
    name: str
    role: Role
    enterprise_id: int | None = None
    person_id: int | None = None

    @property
    def is_staff(self) -> bool:
        """True for the regulator's own people."""
        return self.role in STAFF


SYSTEM = Actor(None, "system", Role.SYSTEM)
PUBLIC = Actor(None, "public", Role.PUBLIC)
