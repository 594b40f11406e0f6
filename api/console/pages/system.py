"""Background jobs: how far each is, and asking one to stop."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from api.auth import current_access, current_actor, require
from core import audit, outbox
from core.actors import STAFF, Role
from core.unit_of_work import read_only, unit_of_work

blueprint = Blueprint("system", __name__, url_prefix="/console/jobs")

MAY_CANCEL = (Role.RISK_ANALYST, Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)


@blueprint.route("")
@require(*STAFF)
def jobs() -> str:
    """The latest jobs; the table refreshes itself while one is at work."""
    with read_only(current_access()) as session:
        runs = outbox.runs_of(session, limit=60)
    fragment = request.headers.get("HX-Request") == "true"
    return render_template(
        "pages/_jobs.html" if fragment else "pages/jobs.html",
        title=_("Jobs"),
        runs=runs,
        at_work=any(run.state not in outbox.FINISHED for run in runs),
        may_cancel=current_actor().role in MAY_CANCEL,
    )


@blueprint.route("/<int:run_id>/cancel", methods=["POST"])
@require(*MAY_CANCEL)
def cancel(run_id: int) -> Any:
    """Ask a job to stop; one that has just ended stays as it is."""
    with unit_of_work(current_access()) as session:
        if outbox.request_cancel(session, run_id):
            audit.record(session, current_actor(), "job.cancelled", str(run_id))
    return redirect(url_for("system.jobs"), 303)
