"""What waits for the one who is signed in, and how fresh the data are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.actors import Actor, Role
from recall.queries.files import my_recalls, open_recalls
from risk.queries.runs import latest_run
from risk.queries.signals import signal_counts
from sampling.queries.papers import waiting_papers
from sampling.queries.procedure import duties_of_enterprise, overdue_counts, proposals_waiting
from sampling.queries.publication import waiting_for_review
from sampling.queries.work import waiting
from traceability.queries.watches import count_unseen

LEADS = frozenset({Role.LEAD_INSPECTOR, Role.ADMINISTRATOR})
ANALYSTS = frozenset({Role.RISK_ANALYST, Role.ADMINISTRATOR})


def waiting_for(session: Session, actor: Actor) -> dict[str, int]:
    """Counts by the endpoint where the work is done; nothing for what waits for others."""
    counts: dict[str, int] = {}
    if actor.role in ANALYSTS:
        counts["warnings.listing"] = signal_counts(session).new
    if actor.role in LEADS | ANALYSTS:
        counts["watches_pages.listing"] = count_unseen(session)
    if actor.role in LEADS:
        sampling = waiting(session, None)
        counts["annual.listing"] = waiting_papers(session, actor.account_id)
        counts["results.listing"] = waiting_for_review(session, actor.account_id)
        counts["plans.listing"] = sampling.awaiting_dice + sampling.ready_to_draw
        counts["recalls.listing"] = sum(
            1 for line in open_recalls(session, limit=200) if line.state == "plan_filed"
        )
        counts["cases.listing"] = overdue_counts(session) + proposals_waiting(
            session, actor.account_id
        )
    if actor.role is Role.INSPECTOR:
        counts["tasks.listing"] = waiting(session, actor.person_id).open_tasks
        if actor.person_id is not None:
            counts["cases.listing"] = overdue_counts(session, person_id=actor.person_id)
    if actor.role is Role.ENTERPRISE and actor.enterprise_id is not None:
        counts["my.todo"] = sum(
            len(line.overdue) for line in my_recalls(session, actor.enterprise_id)
        )
        counts["cases.listing"] = duties_of_enterprise(session)
    return {endpoint: count for endpoint, count in counts.items() if count}


def data_through(session: Session) -> datetime | None:
    """When the series were last judged; None where the reader may not know."""
    run = latest_run(session)
    return run.finished_at if run else None
