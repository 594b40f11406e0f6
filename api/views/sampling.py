"""Plans, draws, tasks and results, for staff."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import Any

from flask import Response, jsonify, request
from sqlalchemy.orm import Session

from api import etags
from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.paging import page
from api.reference import VERSION
from api.schemas.sampling import (
    DiceIn,
    PlanArgs,
    PlanDetailOut,
    PlanIn,
    PlanPage,
    PreviewOut,
    ReasonIn,
    ReplacementIn,
    ReplacementOut,
    ResultsIn,
    ResultsOut,
    StepAskedOut,
    TaskOut,
    UnitArgs,
    UnitPage,
    ValueIn,
    WaitingOut,
)
from core.actors import Role
from core.unit_of_work import read_only, unit_of_work
from sampling.maths.bundle import packed
from sampling.queries import plans, units, work
from sampling.service import (
    changing,
    drawing,
    entropy,
    framing,
    freezing,
    parts,
    planning,
    results,
    steps,
)

blueprint = Blueprint("sampling", __name__, url_prefix="/api/v1/sampling", description="Sampling")

STAFF = (Role.INSPECTOR, Role.LEAD_INSPECTOR, Role.RISK_ANALYST, Role.ADMINISTRATOR)
LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)


@blueprint.route("/plans", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(PlanArgs, location="query")
@blueprint.response(200, PlanPage)
def list_plans(arguments: dict[str, Any]) -> dict[str, Any]:
    """Plans, newest first."""
    statement = plans.plans_matching(state=arguments["state"], text=arguments["text"])
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(
            session,
            statement,
            key=(entity.id,),
            limit=arguments["limit"],
            cursor=arguments["cursor"],
            descending=True,
        )
        return {**found, "items": plans.plan_views(session, found["items"])}


@blueprint.route("/plans", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(PlanIn)
@blueprint.response(201, PlanDetailOut)
def create_plan(body: dict[str, Any]) -> Any:
    """Make a plan; it is a draft until it is frozen."""
    with unit_of_work(current_access()) as session:
        plan = planning.create_plan(session, current_actor(), **body)
        etags.set(plan.version)
        detail = plans.plan_detail(session, plan.no)
    return detail, 201, {"Location": f"/api/v1/sampling/plans/{plan.no}"}


@blueprint.route("/plans/<plan_no>", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, PlanDetailOut)
def show_plan(plan_no: str) -> Any:
    """A plan with its strata, sources, commitment and seed."""
    with read_only(current_access()) as session:
        detail = plans.plan_detail(session, plan_no)
        etags.set(detail.summary.version)
        return detail


@blueprint.route("/plans/<plan_no>/preview", methods=["GET"])
@require(*LEADS)
@blueprint.response(200, PreviewOut)
def preview_plan(plan_no: str) -> Any:
    """The roster as it would be frozen now: sizes of strata, and why others are left out."""
    with read_only(current_access()) as session:
        frame = framing.frame_of(session, plans.plan_by_no(session, plan_no))
        reasons = Counter(reason for _, reason in frame.exclusions)
        return {"sizes": dict(sorted(frame.sizes.items())), "excluded": dict(reasons)}


def _is_for_a_worker(session: Session, plan: Any) -> bool:
    """A large roster, or a caller who does not want to wait (RFC 7240: respond-async)."""
    wishes = [wish.strip().lower() for wish in request.headers.get("Prefer", "").split(",")]
    return "respond-async" in wishes or steps.takes_long(session, plan)


def _asked(plan_no: str, message_id: int) -> Response:
    response = jsonify({"plan_no": plan_no, "message_id": message_id})
    response.status_code = 202
    response.headers["Location"] = f"/api/v1/jobs?message_id={message_id}"
    return response


@blueprint.route("/plans/<plan_no>/freeze", methods=["POST"])
@require(*LEADS)
@blueprint.response(200, PlanDetailOut)
@blueprint.alt_response(202, schema=StepAskedOut)
def freeze_plan(plan_no: str) -> Any:
    """Freeze roster and plan, and publish the commitment; needs If-Match.

    A large roster is frozen in the background (202): follow it under ``/api/v1/jobs``.
    """
    with unit_of_work(current_access()) as session:
        plan = plans.plan_by_no(session, plan_no)
        etags.check(plan.version)
        if _is_for_a_worker(session, plan):
            return _asked(
                plan_no,
                steps.request_freeze(session, current_actor(), plan_no, software=VERSION),
            )
        plan = freezing.freeze(
            session, current_actor(), plan_no, secret=secrets.token_bytes(32), software=VERSION
        )
        session.flush()  # the version of the answer is the one after the change
        etags.set(plan.version)
        return plans.plan_detail(session, plan_no)


@blueprint.route("/plans/<plan_no>/dice", methods=["POST"])
@require(*STAFF)
@blueprint.arguments(DiceIn)
@blueprint.response(200, PlanDetailOut)
def enter_dice(body: dict[str, Any], plan_no: str) -> Any:
    """Type the dice; they stand once a second person has typed the same."""
    with unit_of_work(current_access()) as session:
        entropy.enter_dice(session, current_actor(), plan_no, dice=body["dice"])
        return plans.plan_detail(session, plan_no)


@blueprint.route("/plans/<plan_no>/entropy", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(ValueIn)
@blueprint.response(200, PlanDetailOut)
def enter_value(body: dict[str, Any], plan_no: str) -> Any:
    """Enter the value of a public source, a beacon's with its signature."""
    with unit_of_work(current_access()) as session:
        entropy.enter_public_value(session, current_actor(), plan_no, **body)
        return plans.plan_detail(session, plan_no)


@blueprint.route("/plans/<plan_no>/draw", methods=["POST"])
@require(*LEADS)
@blueprint.response(201, PlanDetailOut)
@blueprint.alt_response(202, schema=StepAskedOut)
def draw_plan(plan_no: str) -> Any:
    """Draw, once; needs If-Match. In the background (202) if the roster is large."""
    with unit_of_work(current_access()) as session:
        plan = plans.plan_by_no(session, plan_no)
        etags.check(plan.version)
        if _is_for_a_worker(session, plan):
            return _asked(plan_no, steps.request_draw(session, current_actor(), plan_no))
        drawing.draw(session, current_actor(), plan_no)
        session.flush()  # the version of the answer is the one after the change
        etags.set(plan.version)
        return plans.plan_detail(session, plan_no)


@blueprint.route("/plans/<plan_no>/void", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(ReasonIn)
@blueprint.response(200, PlanDetailOut)
def void_plan(body: dict[str, Any], plan_no: str) -> Any:
    """Make a plan void, with a reason, for good; needs If-Match."""
    with unit_of_work(current_access()) as session:
        etags.check(plans.plan_by_no(session, plan_no).version)
        plan = changing.void_plan(session, current_actor(), plan_no, **body)
        etags.set(plan.version)
        return plans.plan_detail(session, plan_no)


@blueprint.route("/plans/<plan_no>/units", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(UnitArgs, location="query")
@blueprint.response(200, UnitPage)
def list_units(arguments: dict[str, Any], plan_no: str) -> Any:
    """Drawn units by stratum and rank, with team and result; or the reserves."""
    statement = units.drawn_statement(
        plan_no, stratum=arguments["stratum"], reserves=arguments["reserves"]
    )
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        plans.plan_by_no(session, plan_no)  # an unknown plan is not an empty one
        found = page(
            session,
            statement,
            key=(entity.stratum, entity.rank),
            limit=arguments["limit"],
            cursor=arguments["cursor"],
        )
        return {**found, "items": units.drawn_views(session, found["items"])}


@blueprint.route("/plans/<plan_no>/replacements", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(ReplacementIn)
@blueprint.response(201, ReplacementOut)
def replace_unit(body: dict[str, Any], plan_no: str) -> Any:
    """Give up a drawn unit for the next reserve, with a reason."""
    with unit_of_work(current_access()) as session:
        return changing.replace_unit(session, current_actor(), plan_no, **body)


@blueprint.route("/plans/<plan_no>/results", methods=["POST"])
@require(Role.INSPECTOR, *LEADS)
@blueprint.arguments(ResultsIn)
@blueprint.response(201, ResultsOut)
def record_results(body: dict[str, Any], plan_no: str) -> Any:
    """Record what was found; all of it, or nothing."""
    with unit_of_work(current_access()) as session:
        rows = results.record_results(session, current_actor(), plan_no, body["results"])
        return {"recorded": len(rows)}


@blueprint.route("/plans/<plan_no>/bundle.zip", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, content_type="application/zip")
def bundle_of(plan_no: str) -> Any:
    """The proof bundle, also before the drawn list is public."""
    with read_only(current_access()) as session:
        plan = plans.plan_by_no(session, plan_no)
        whole = parts.sealed_bundle(session, plan, only_public=False)
    return zip_response(whole, plan_no)


@blueprint.route("/tasks", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, TaskOut(many=True))
def list_tasks() -> Any:
    """The open visits of the inspector who asks."""
    person_id = current_actor().person_id
    with read_only(current_access()) as session:
        return work.tasks_of(session, person_id) if person_id is not None else []


@blueprint.route("/waiting", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, WaitingOut)
def show_waiting() -> Any:
    """What waits: own visits, and plans by what they wait for."""
    with read_only(current_access()) as session:
        return work.waiting(session, current_actor().person_id)


def zip_response(whole: dict[str, bytes], plan_no: str) -> Response:
    """A bundle to download; its bytes are the same whenever it is asked for."""
    response = Response(packed(whole), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="draw-{plan_no}.zip"'
    return response
