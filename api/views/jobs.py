"""Long jobs: how far they are, and asking one to stop."""

from __future__ import annotations

from typing import Any

from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.schemas.jobs import JobArgs, JobOut
from api.views.registry import STAFF
from core import audit, outbox
from core.actors import Role
from core.errors import Conflict
from core.unit_of_work import read_only, unit_of_work

blueprint = Blueprint("jobs", __name__, url_prefix="/api/v1", description="Background jobs")


class JobFinished(Conflict):
    """The job is not running any more, or there is none."""

    code = "jobs/finished"
    message = "Job {run_id} has finished or does not exist; there is nothing to stop."


@blueprint.route("/jobs", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(JobArgs, location="query")
@blueprint.response(200, JobOut(many=True))
def list_jobs(arguments: dict[str, Any]) -> Any:
    """The latest jobs, newest first."""
    with read_only(current_access()) as session:
        return outbox.runs_of(session, **arguments)


@blueprint.route("/jobs/<int:run_id>/cancel", methods=["POST"])
@require(Role.RISK_ANALYST, Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
@blueprint.response(204)
def cancel_job(run_id: int) -> None:
    """Ask a job to stop; nothing of it is stored."""
    with unit_of_work(current_access()) as session:
        if not outbox.request_cancel(session, run_id):
            raise JobFinished(run_id=run_id)
        audit.record(session, current_actor(), "job.cancelled", str(run_id))
