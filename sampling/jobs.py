"""Background entries of sampling."""

from __future__ import annotations

from core.outbox import Run, effect
from sampling.service.log import sign_log as sign


def sign_log(run: Run, *, sequence: int) -> None:
    """Cover a new entry of the log of draws, and all before it, with a signed checkpoint."""
    run.progress("sign", 0, sequence)
    with effect(run) as session:
        sign(session)


def sign_log_daily(run: Run) -> None:
    """Cover what was not covered; no new entry, no new checkpoint."""
    with effect(run) as session:
        sign(session)
