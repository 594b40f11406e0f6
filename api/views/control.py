"""Steps that end contamination, for staff and for enterprises their own; scores for staff."""

from __future__ import annotations

from typing import Any

from flask import url_for

from api import etags
from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.paging import page
from api.schemas.control import (
    KillStepArgs,
    KillStepIn,
    KillStepOut,
    KillStepPage,
    ScoreArgs,
    ScoreTableOut,
    WithdrawalIn,
)
from api.views.traceability import STAFF
from core.actors import Role
from core.unit_of_work import read_only, unit_of_work
from traceability.maths.finding_scores import WeightedFinding
from traceability.queries import control as queries
from traceability.service import control as service
from traceability.service import scoring

blueprint = Blueprint(
    "control",
    __name__,
    url_prefix="/api/v1/trace",
    description="Cleaning and other steps that end contamination; scores of findings",
)


@blueprint.route("/kill-steps", methods=["GET"])
@require(Role.ENTERPRISE, *STAFF)
@blueprint.arguments(KillStepArgs, location="query")
@blueprint.response(200, KillStepPage)
def list_steps(arguments: dict[str, Any]) -> dict[str, Any]:
    """Steps, newest first; an enterprise sees its own."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = queries.kill_steps(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        return page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )


@blueprint.route("/kill-steps", methods=["POST"])
@require(Role.ENTERPRISE, *STAFF)
@blueprint.arguments(KillStepIn)
@blueprint.response(201, KillStepOut)
def record_step(body: dict[str, Any]) -> Any:
    """Record a step; an enterprise records its own, which count once staff confirm them."""
    with unit_of_work(current_access()) as session:
        row = service.record_kill_step(session, current_actor(), **body)
        etags.set(row.version)
        return row, 201, {"Location": url_for("control.show_step", step_id=row.id)}


@blueprint.route("/kill-steps/<int:step_id>", methods=["GET"])
@require(Role.ENTERPRISE, *STAFF)
@blueprint.response(200, KillStepOut)
def show_step(step_id: int) -> Any:
    """One step."""
    with read_only(current_access()) as session:
        row = queries.kill_step(session, step_id)
        etags.set(row.version)
        return row


@blueprint.route("/kill-steps/<int:step_id>/confirm", methods=["POST"])
@require(*STAFF)
@blueprint.response(200, KillStepOut)
def confirm_step(step_id: int) -> Any:
    """Let a step that an enterprise recorded count in traces."""
    with unit_of_work(current_access()) as session:
        version = queries.kill_step(session, step_id).version
        etags.check(version)
        row = service.confirm_kill_step(session, current_actor(), step_id, version=version)
        etags.set(row.version)
        return row


@blueprint.route("/kill-steps/<int:step_id>/withdraw", methods=["POST"])
@require(Role.ENTERPRISE, *STAFF)
@blueprint.arguments(WithdrawalIn)
@blueprint.response(200, KillStepOut)
def withdraw_step(body: dict[str, Any], step_id: int) -> Any:
    """Take a step back, with the reason."""
    with unit_of_work(current_access()) as session:
        version = queries.kill_step(session, step_id).version
        etags.check(version)
        row = service.withdraw_kill_step(
            session, current_actor(), step_id, body["reason"], version=version
        )
        etags.set(row.version)
        return row


@blueprint.route("/scores", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(ScoreArgs, location="query")
@blueprint.response(200, ScoreTableOut)
def show_scores(arguments: dict[str, Any]) -> Any:
    """What share of several findings lies ahead of each lot and holder, as FoodChain-Lab has it."""
    lot_ids = arguments.pop("lot_id")
    party_ids = arguments.pop("party_id") or [0] * len(lot_ids)
    weights = arguments.pop("weight") or [1.0] * len(lot_ids)
    findings = [
        WeightedFinding(lot_id, party_id or None, weight)
        for lot_id, party_id, weight in zip(lot_ids, party_ids, weights, strict=True)
    ]
    with read_only(current_access()) as session:
        return scoring.score(session, findings, **arguments)
