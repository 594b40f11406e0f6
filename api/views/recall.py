"""Recalls, for the enterprise that files them and for staff."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from api import etags
from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.paging import page
from api.schemas.recall import (
    RecallArgs,
    RecallBeginIn,
    RecallEndIn,
    RecallHistoryEntryOut,
    RecallIn,
    RecallNoticePreviewOut,
    RecallOut,
    RecallPage,
    RecallPlanIn,
    RecallPlanReturnIn,
    RecallStageReportIn,
    RecallSummaryIn,
    RecallVoidIn,
)
from core.actors import Role
from core.unit_of_work import read_only, unit_of_work
from recall.maths.lifecycle import Action
from recall.queries import files
from recall.service.execution import carry_on
from recall.service.filing import PlanContent, file_plan, file_recall, return_plan
from recall.service.moves import possible_actions
from recall.service.notices import preview_notice, publish_notice

blueprint = Blueprint("recall", __name__, url_prefix="/api/v1", description="Recalls")

OFFICERS = (Role.INSPECTOR, Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
LEADERS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
READERS = (Role.ENTERPRISE, *OFFICERS, Role.RISK_ANALYST)


@blueprint.route("/recalls", methods=["POST"])
@require(Role.ENTERPRISE)
@blueprint.arguments(RecallIn)
@blueprint.response(201, RecallOut)
def file(body: dict[str, Any]) -> Any:
    """File a recall for a lot: the clocks start, the trace is asked for the scope."""
    plan = body.pop("plan")
    with unit_of_work(current_access()) as session:
        recall = file_recall(
            session, current_actor(), plan=None if plan is None else _plan(plan), **body
        )
        return _whole(session, recall.number)


@blueprint.route("/recalls", methods=["GET"])
@require(*READERS)
@blueprint.arguments(RecallArgs, location="query")
@blueprint.response(200, RecallPage)
def list_recalls(arguments: dict[str, Any]) -> dict[str, Any]:
    """Recalls that the caller may see, newest first, with their overdue clocks."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = files.recalls(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )
        return {**found, "items": files.lines_of(session, found["items"])}


@blueprint.route("/recalls/<number>", methods=["GET"])
@require(*READERS)
@blueprint.response(200, RecallOut)
def show(number: str) -> Any:
    """One recall: case, plan, scope, clocks, and what the caller may do next."""
    with read_only(current_access()) as session:
        return _whole(session, number)


@blueprint.route("/recalls/<number>/history", methods=["GET"])
@require(*READERS)
@blueprint.response(200, RecallHistoryEntryOut(many=True))
def show_history(number: str) -> Any:
    """What happened, each entry linked to the one before by its hash."""
    with read_only(current_access()) as session:
        return files.history(session, number)


@blueprint.route("/recalls/<number>/plan", methods=["POST"])
@require(Role.ENTERPRISE)
@blueprint.arguments(RecallPlanIn)
@blueprint.response(200, RecallOut)
def file_its_plan(body: dict[str, Any], number: str) -> Any:
    """File the plan, or the next edition of a returned one; needs If-Match."""
    with unit_of_work(current_access()) as session:
        version = _checked_version(session, number)
        file_plan(session, current_actor(), number, _plan(body), expected_version=version)
        return _whole(session, number)


@blueprint.route("/recalls/<number>/plan/return", methods=["POST"])
@require(*OFFICERS)
@blueprint.arguments(RecallPlanReturnIn)
@blueprint.response(200, RecallOut)
def return_its_plan(body: dict[str, Any], number: str) -> Any:
    """Send the plan back with its deficiencies and a new day; needs If-Match."""
    with unit_of_work(current_access()) as session:
        version = _checked_version(session, number)
        return_plan(session, current_actor(), number, expected_version=version, **body)
        return _whole(session, number)


@blueprint.route("/recalls/<number>/notice", methods=["GET"])
@require(*READERS)
@blueprint.response(200, RecallNoticePreviewOut)
def preview(number: str) -> Any:
    """The notice as it would be published now, and what would keep it back."""
    with read_only(current_access()) as session:
        text, problems = preview_notice(session, number)
    return {"text": text, "sha256": text.sha256(), "problems": problems}


@blueprint.route("/recalls/<number>/notice", methods=["POST"])
@require(*LEADERS)
@blueprint.response(201, RecallOut)
def publish(number: str) -> Any:
    """Approve the notice and publish it; needs If-Match."""
    with unit_of_work(current_access()) as session:
        version = _checked_version(session, number)
        publish_notice(session, current_actor(), number, expected_version=version)
        return _whole(session, number)


@blueprint.route("/recalls/<number>/begin", methods=["POST"])
@require(Role.ENTERPRISE)
@blueprint.arguments(RecallBeginIn)
@blueprint.response(200, RecallOut)
def begin(body: dict[str, Any], number: str) -> Any:
    """Sellers are told and the remedy is offered; needs If-Match."""
    return _carried_on(number, Action.BEGIN, body)


@blueprint.route("/recalls/<number>/stage-reports", methods=["POST"])
@require(Role.ENTERPRISE)
@blueprint.arguments(RecallStageReportIn)
@blueprint.response(201, RecallOut)
def report_stage(body: dict[str, Any], number: str) -> Any:
    """Report how far the recall is; needs If-Match."""
    return _carried_on(number, Action.REPORT_STAGE, body)


@blueprint.route("/recalls/<number>/end", methods=["POST"])
@require(Role.ENTERPRISE)
@blueprint.arguments(RecallEndIn)
@blueprint.response(200, RecallOut)
def end(body: dict[str, Any], number: str) -> Any:
    """End the active phase (停止积极召回); needs If-Match."""
    return _carried_on(number, Action.END, body)


@blueprint.route("/recalls/<number>/summary", methods=["POST"])
@require(Role.ENTERPRISE)
@blueprint.arguments(RecallSummaryIn)
@blueprint.response(201, RecallOut)
def summarise(body: dict[str, Any], number: str) -> Any:
    """Sum the recall up; needs If-Match."""
    return _carried_on(number, Action.SUMMARISE, body)


@blueprint.route("/recalls/<number>/void", methods=["POST"])
@require(*LEADERS)
@blueprint.arguments(RecallVoidIn)
@blueprint.response(200, RecallOut)
def void(body: dict[str, Any], number: str) -> Any:
    """Declare a recall issued in error; it stays readable with the reason; needs If-Match."""
    return _carried_on(number, Action.VOID, body)


def _carried_on(number: str, action: Action, facts: dict[str, Any]) -> Any:
    with unit_of_work(current_access()) as session:
        version = _checked_version(session, number)
        carry_on(session, current_actor(), number, action, facts, expected_version=version)
        return _whole(session, number)


def _checked_version(session: Session, number: str) -> int:
    """The version that the caller saw; the service compares it again under the row's lock."""
    version = files.recall_row(session, number).version
    etags.check(version)
    return version


def _plan(body: dict[str, Any]) -> PlanContent:
    return PlanContent(**{**body, "remedies": tuple(body["remedies"])})


def _whole(session: Session, number: str) -> dict[str, Any]:
    found = files.recall_file(session, number)
    etags.set(found.recall.version)
    return {
        "recall": found.recall,
        "enterprise": found.enterprise,
        "case": found.case,
        "plan": found.plan,
        "whole": found,
        "deadlines": found.deadlines,
        "notice": found.notice,
        "actions": [one.value for one in possible_actions(current_actor(), found.recall)],
    }
