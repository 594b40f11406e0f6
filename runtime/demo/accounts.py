"""Sign-ins of the demo: one for each role, with passwords of this installation's own.

Nobody chooses or ships a password. Each is computed from the installation's secret, so it can be
printed again at every start and is worth nothing on any other machine.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.actors import SYSTEM, Actor, Role
from core.config import secret_key
from registry import service


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Someone who can sign in to the demo."""

    login: str
    title: str
    role: Role

    @property
    def password(self) -> str:
        """The password on this installation, such as "k3jd-9x2a-mq7t-b4cz"."""
        digest = hmac.new(secret_key(), f"demo-account/{self.login}".encode(), hashlib.sha256)
        letters = base64.b32encode(digest.digest()[:10]).decode().lower()
        return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


DemoAccounts = tuple[DemoAccount, ...]

ACCOUNTS: DemoAccounts = (
    DemoAccount("inspector", "检查员", Role.INSPECTOR),
    DemoAccount("lead", "检查组长", Role.LEAD_INSPECTOR),
    DemoAccount("enterprise", "岚州云杉电器", Role.ENTERPRISE),
    DemoAccount("analyst", "风险监测员", Role.RISK_ANALYST),
    DemoAccount("admin", "系统管理员", Role.ADMINISTRATOR),
)
BY_ROLE = {account.role: account for account in ACCOUNTS}


def add_account(
    session: Session,
    role: Role,
    *,
    enterprise_id: int | None = None,
    person_id: int | None = None,
) -> None:
    """Let the demo's account with a role sign in.

    Parameters
    ----------
    enterprise_id : int, optional
        The firm the enterprise's account speaks for.
    person_id : int, optional
        The inspector an inspector's account belongs to.
    """
    account = BY_ROLE[role]
    service.add_account(
        session,
        SYSTEM,
        login=account.login,
        display_name=account.title,
        password=account.password,
        role=role.value,
        enterprise_id=enterprise_id,
        person_id=person_id,
    )


def actor(session: Session, role: Role) -> Actor:
    """The demo's account with a role, as an actor."""
    account = BY_ROLE[role]
    row = service.account_for(session, account.login, account.password)
    return Actor(row.id, row.display_name, role, row.enterprise_id, row.person_id)
