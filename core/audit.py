"""Who did what to which record, on the journal."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core import journal
from core.actors import Actor
from core.outbox import request_number

STREAM = "audit"


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: str,
    details: dict[str, Any] | None = None,
) -> None:
    """Write one line of the audit log, in the transaction of what it tells of.

    Parameters
    ----------
    action : str
        Verb of the trade, such as "plan.frozen".
    subject : str
        Human number of the record, such as "CC-2026-0001".
    details : dict, optional
        JSON without floats and without personal data: numbers and hashes only.
    """
    journal.append(
        session,
        STREAM,
        action,
        {
            "account_id": actor.account_id,
            "role": actor.role.value,
            "subject": subject,
            "details": details or {},
            "request": request_number.get(),
        },
    )
