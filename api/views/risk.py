"""Warnings, passes of detection, incidents."""

from __future__ import annotations

from typing import Any

from flask import after_this_request
from werkzeug.wrappers import Response

from api import etags
from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.paging import PageArgs, page
from api.schemas.risk import (
    DecisionIn,
    DetectionIn,
    DetectionOut,
    IncidentArgs,
    IncidentIn,
    IncidentOut,
    IncidentPage,
    RunPage,
    SignalArgs,
    SignalDetailOut,
    SignalPage,
)
from core.actors import Role
from core.unit_of_work import read_only, unit_of_work
from risk.maths.weekly import week_label
from risk.queries import incidents, runs, signals
from risk.service.deciding import decide, staff_owner
from risk.service.detecting import request_detection
from risk.service.observing import report_incident
from risk.service.series import chosen_week, named_week

blueprint = Blueprint("risk", __name__, url_prefix="/api/v1/risk", description="Risk warnings")

ANALYSTS = (Role.RISK_ANALYST, Role.ADMINISTRATOR)
READERS = (*ANALYSTS, Role.LEAD_INSPECTOR)


@blueprint.route("/signals", methods=["GET"])
@require(*READERS)
@blueprint.arguments(SignalArgs, location="query")
@blueprint.response(200, SignalPage)
def list_signals(arguments: dict[str, Any]) -> dict[str, Any]:
    """Warnings, newest first."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    with read_only(current_access()) as session:
        found = page(
            session,
            signals.signals_statement(**arguments),
            key=signals.SIGNAL_KEY,
            limit=limit,
            cursor=cursor,
            descending=True,
        )
        return {**found, "items": signals.signal_views(session, found["items"])}


@blueprint.route("/signals/<number>", methods=["GET"])
@require(*READERS)
@blueprint.response(200, SignalDetailOut)
def show_signal(number: str) -> Any:
    """A warning: why it fired, its series with the bound of each week, evidence, decisions."""
    with read_only(current_access()) as session:
        return _whole(session, number)


@blueprint.route("/signals/<number>/decisions", methods=["POST"])
@require(*ANALYSTS)
@blueprint.arguments(DecisionIn)
@blueprint.response(201, SignalDetailOut)
def decide_signal(body: dict[str, Any], number: str) -> Any:
    """Assign a warning, confirm it or close it; needs If-Match."""
    owner = None
    if body["owner"] is not None:
        with read_only() as session:  # accounts are read as owner; requests have no right to them
            owner = staff_owner(session, body["owner"])
    with unit_of_work(current_access()) as session:
        version = signals.signal_row(session, number).version
        etags.check(version)
        decide(
            session,
            current_actor(),
            number,
            action=body["action"],
            reason=body["reason"],
            version=version,
            owner=owner,
        )
        return _whole(session, number)


@blueprint.route("/detections", methods=["POST"])
@require(*ANALYSTS)
@blueprint.arguments(DetectionIn)
@blueprint.response(202, DetectionOut)
def ask_for_detection(body: dict[str, Any]) -> dict[str, Any]:
    """Judge a week in the background; follow it under ``/api/v1/jobs``."""
    with unit_of_work(current_access()) as session:
        message_id = request_detection(session, current_actor(), body["through_week"])

    def add(response: Response) -> Response:
        response.headers["Location"] = f"/api/v1/jobs?message_id={message_id}"
        return response

    after_this_request(add)
    return {
        "message_id": message_id,
        "through_week": week_label(chosen_week(body["through_week"])),
    }


@blueprint.route("/runs", methods=["GET"])
@require(*READERS)
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, RunPage)
def list_runs(arguments: dict[str, Any]) -> dict[str, Any]:
    """Passes of detection, newest first: what was judged, what was not and why."""
    with read_only(current_access()) as session:
        return page(
            session,
            runs.runs_statement(),
            key=runs.RUN_KEY,
            descending=True,
            view=runs.run_view,
            **arguments,
        )


@blueprint.route("/incidents", methods=["GET"])
@require(*READERS)
@blueprint.arguments(IncidentArgs, location="query")
@blueprint.response(200, IncidentPage)
def list_incidents(arguments: dict[str, Any]) -> dict[str, Any]:
    """Incidents, newest first."""
    limit, cursor, week = (arguments.pop(name) for name in ("limit", "cursor", "week"))
    monday = None if week is None else named_week(week)
    with read_only(current_access()) as session:
        return page(
            session,
            incidents.incidents_statement(**arguments, monday=monday),
            key=incidents.INCIDENT_KEY,
            limit=limit,
            cursor=cursor,
            descending=True,
        )


@blueprint.route("/incidents", methods=["POST"])
@require(*ANALYSTS)
@blueprint.arguments(IncidentIn)
@blueprint.response(201, IncidentOut)
def record_incident(body: dict[str, Any]) -> Any:
    """Put an accident, an injury, a complaint or a lead on record."""
    with unit_of_work(current_access()) as session:
        return report_incident(session, current_actor(), **body)


def _whole(session: Any, number: str) -> Any:
    detail = signals.signal_detail(session, number)
    etags.set(detail.signal.version)
    return detail
