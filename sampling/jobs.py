"""Background entries of sampling."""

from __future__ import annotations

from core.actors import SYSTEM
from core.outbox import Run, effect
from sampling.service.log import sign_log as sign
from sampling.service.procedure.settling import settle_cases


def sign_log(run: Run, *, sequence: int) -> None:
    """Cover a new entry of the log of draws, and all before it, with a signed checkpoint."""
    run.progress("sign", 0, sequence)
    with effect(run) as session:
        sign(session)


def sign_log_daily(run: Run) -> None:
    """Cover what was not covered; no new entry, no new checkpoint."""
    with effect(run) as session:
        sign(session)


def settle_sampling_cases(run: Run) -> None:
    """Let rights lapse, results stand and due days move, as the day wants."""
    with effect(run) as session:
        settle_cases(session, SYSTEM)
