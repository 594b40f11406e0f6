"""Background entries of sampling."""

from __future__ import annotations

from core.actors import SYSTEM
from core.outbox import Run, effect
from sampling.service.procedure.settling import settle_cases


def settle_sampling_cases(run: Run) -> None:
    """Let rights lapse, results stand and due days move, as the day wants."""
    with effect(run) as session:
        settle_cases(session, SYSTEM)
