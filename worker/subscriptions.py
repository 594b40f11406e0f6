"""Topic → jobs: the one table where domains meet."""

from __future__ import annotations

from dataclasses import dataclass

from core.queue import LONG, QUICK


@dataclass(frozen=True, slots=True)
class Job:
    """One job that follows a message.

    Attributes
    ----------
    target : str
        "module:function"; called as ``function(run, **fields of the message)``.
    timeout_s : int
        The worker kills it after that many seconds.
    """

    name: str
    target: str
    queue: str = QUICK
    timeout_s: int = 120


SUBSCRIPTIONS: dict[str, tuple[Job, ...]] = {
    "imports.requested": (
        Job("imports.carry-out", "worker.imports:carry_out", LONG, timeout_s=1800),
    ),
    "sampling.freeze-requested": (
        Job("sampling.freeze", "sampling.jobs:freeze", LONG, timeout_s=3600),
    ),
    "sampling.draw-requested": (Job("sampling.draw", "sampling.jobs:draw", LONG, timeout_s=3600),),
    "sampling.results-recorded": (Job("risk.observe", "risk.jobs:observe"),),
    "sampling.log-extended": (Job("sampling.sign-log", "sampling.jobs:sign_log"),),
    "sampling.log-due": (Job("sampling.sign-log-daily", "sampling.jobs:sign_log_daily"),),
    "sampling.settling-due": (
        Job("sampling.settle-cases", "sampling.jobs:settle_sampling_cases", timeout_s=600),
    ),
    "risk.detection-requested": (Job("risk.detect", "risk.jobs:detect", LONG, timeout_s=3600),),
    "traceability.ledger-uploaded": (
        Job("traceability.load-ledger", "traceability.jobs:load_ledger", LONG, timeout_s=3600),
    ),
    "traceability.ledger-stored": (
        Job("traceability.weigh-ledger", "traceability.jobs:weigh_ledger", LONG, timeout_s=600),
        Job("traceability.check-watches", "traceability.jobs:check_ledger_watches", timeout_s=600),
        Job("traceability.refresh-edges", "traceability.jobs:refresh_edges", LONG, timeout_s=3600),
    ),
    "traceability.graph-due": (
        Job("traceability.keep-graph", "traceability.jobs:keep_graph", LONG, timeout_s=3600),
    ),
    "traceability.graph-rebuild-requested": (
        Job("traceability.rebuild-graph", "traceability.jobs:rebuild_graph", LONG, timeout_s=7200),
    ),
    "recall.reported": (Job("recall.draw-scope", "recall.jobs:draw_scope"),),
    "recall.settling-due": (Job("recall.settle-clocks", "recall.jobs:settle_clocks"),),
    "worker.probe-sent": (Job("worker.probe", "worker.probe:answer"),),
    # EPCIS repository
    "traceability.capture-requested": (
        Job("traceability.capture", "traceability.jobs:capture_document", LONG, timeout_s=3600),
    ),
    # Statements of events
    "traceability.epcis-stored": (
        Job("traceability.derive", "traceability.jobs:derive_statements", LONG, timeout_s=3600),
    ),
}


def jobs_for(topic: str) -> tuple[Job, ...]:
    """The jobs that follow a message; none for a topic nobody waits for."""
    return SUBSCRIPTIONS.get(topic, ())


def job_named(name: str) -> Job | None:
    """The job with this name."""
    for jobs in SUBSCRIPTIONS.values():
        for job in jobs:
            if job.name == name:
                return job
    return None
