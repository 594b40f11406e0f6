"""The first page of staff: what waits for me, and how the city stands."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext as _

from api.auth import current_access, current_actor, require
from api.console.charts.control import control_option
from api.console.figures import heat_step, spark, split
from api.console.pages.warnings import READERS, words_of
from api.console.waiting import waiting_for
from core.actors import STAFF, Role
from core.clock import today
from core.unit_of_work import read_only
from recall.queries.files import open_recalls
from registry.queries import register_size
from risk.queries.overview import incident_overview
from risk.queries.signals import SignalView, open_signals, signal_counts, signal_detail
from sampling.queries.plans import plan_views, plans_matching
from sampling.queries.procedure import overdue_counts
from sampling.queries.work import tasks_of
from traceability.queries.ledger import ledger_size

blueprint = Blueprint("home", __name__)

LEVELS = ("red", "orange", "yellow", "blue")
SHOWN = 8


@blueprint.route("/console/")
@require(*STAFF)
def overview() -> str:
    """Warnings, incidents by region and week, plans, recalls and ledgers at a glance."""
    actor = current_actor()
    with read_only(current_access()) as session:
        counts = signal_counts(session)
        worst = sorted(open_signals(session, limit=200), key=_urgency)[:SHOWN]
        incidents = incident_overview(session, today())
        plans = plan_views(session, list(session.execute(plans_matching().limit(50)).scalars()))
        running = open_recalls(session, limit=200)
        facts = {
            "signals": worst,
            "recalls": running,
            "late_cases": overdue_counts(
                session, person_id=actor.person_id if actor.role is Role.INSPECTOR else None
            ),
            "ledger": ledger_size(session),
            "register": register_size(session),
            "tasks": tasks_of(session, actor.person_id)
            if actor.role is Role.INSPECTOR and actor.person_id
            else [],
        }
        waiting = waiting_for(session, actor)
        top = signal_detail(session, worst[0].number) if worst else None
    open_count = sum(counts.open_by_level.values())
    return render_template(
        "pages/home.html",
        title=_("Overview"),
        counts=counts,
        open_count=open_count,
        levels=split([(level, counts.open_by_level.get(level, 0)) for level in LEVELS]),
        incidents=incidents,
        trend=spark(incidents.weekly),
        heat=heat_step,
        plans=sorted(plans, key=lambda plan: plan.created_at, reverse=True)[:SHOWN],
        overdue=sum(1 for line in running if line.overdue),
        waiting=waiting,
        may_judge=actor.role in READERS,
        top=top,
        option=control_option(top.series, words_of(top.signal)) if top else None,
        reading=words_of(top.signal).description if top else "",
        **facts,
    )


def _urgency(signal: SignalView) -> tuple[int, int]:
    """Red before blue, then the newest."""
    return LEVELS.index(signal.level), -signal.week_on.toordinal()
