"""A tiny job that shows the way from outbox to effect works: for operators and for crash tests."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from core import audit
from core.actors import SYSTEM
from core.outbox import Run, effect

ACTION = "probe.answered"


@dataclass(frozen=True, slots=True)
class ProbeSent:
    """Somebody wants to know whether jobs are done.

    Attributes
    ----------
    work_s, linger_s : float
        How long to work before the effect and to stay after it, in s.
    """

    topic: ClassVar[str] = "worker.probe-sent"

    name: str
    work_s: float = 0.0
    linger_s: float = 0.0


def answer(run: Run, *, name: str, work_s: float = 0.0, linger_s: float = 0.0) -> None:
    """Work for a while, tell progress, leave one line in the audit log, linger."""
    steps = max(1, int(work_s * 10))
    for step in range(steps):
        run.progress("probe", step, steps)
        time.sleep(work_s / steps)
    with effect(run) as session:
        audit.record(session, SYSTEM, ACTION, name)
    time.sleep(linger_s)
