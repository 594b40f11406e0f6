"""The publication desk: enter, review, publish, withdraw, correct."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from api import etags
from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.paging import page
from api.schemas.annual import (
    WhyIn,
)
from api.schemas.publication import (
    DeskArgs,
    DeskRowOut,
    InspectionIn,
    ResultRecordArgs,
    ResultRecordOut,
    ResultRecordPage,
    ResultSampleIn,
)
from core.actors import STAFF, Actor, Role
from core.unit_of_work import read_only, unit_of_work
from sampling.queries import publication
from sampling.service import announcing, publishing

blueprint = Blueprint(
    "publication", __name__, url_prefix="/api/v1/sampling", description="Publication of results"
)

LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)


@blueprint.route("/publication/desk", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(DeskArgs, location="query")
@blueprint.response(200, DeskRowOut(many=True))
def show_desk(arguments: dict[str, Any]) -> Any:
    """Every result that was found, and how far its publication is; late ones say so."""
    with read_only(current_access()) as session:
        return publication.desk(session, plan_no=arguments["plan_no"])


@blueprint.route("/publication/records", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(ResultRecordArgs, location="query")
@blueprint.response(200, ResultRecordPage)
def list_records(arguments: dict[str, Any]) -> dict[str, Any]:
    """Records in every state, newest first."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = publication.records_matching(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )
        return {**found, "items": publication.record_views(found["items"])}


@blueprint.route("/publication/records/<no>", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, ResultRecordOut)
def show_record(no: str) -> Any:
    """One record."""
    with read_only(current_access()) as session:
        row = publication.record_by_no(session, no)
        etags.set(row.version)
        return publication.record_views([row])[0]


@blueprint.route("/publication/inspections", methods=["POST"])
@require(Role.INSPECTOR, *LEADS)
@blueprint.arguments(InspectionIn)
@blueprint.response(201, ResultRecordOut)
def record_inspection(body: dict[str, Any]) -> Any:
    """Enter what is to be published of a drawn unit; a returned record is entered anew."""
    with unit_of_work(current_access()) as session:
        row = publishing.record_inspection(
            session, current_actor(), body.pop("plan_no"), body.pop("code"), **body
        )
        etags.set(row.version)
        return publication.record_views([row])[0]


@blueprint.route("/publication/samples", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(ResultSampleIn)
@blueprint.response(201, ResultRecordOut)
def record_sample(body: dict[str, Any]) -> Any:
    """Enter the result of a sampling case that is confirmed or final."""
    with unit_of_work(current_access()) as session:
        row = announcing.record_case(session, current_actor(), body.pop("case_no"), **body)
        etags.set(row.version)
        return publication.record_views([row])[0]


@blueprint.route("/publication/records/<no>/return", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(WhyIn)
@blueprint.response(200, ResultRecordOut)
def return_record(body: dict[str, Any], no: str) -> Any:
    """Send a record back to whoever entered it; needs If-Match."""
    return _step(no, lambda session, who: publishing.return_record(session, who, no, **body))


@blueprint.route("/publication/records/<no>/publish", methods=["POST"])
@require(*LEADS)
@blueprint.response(200, ResultRecordOut)
def publish_record(no: str) -> Any:
    """Let everybody read a record that somebody else entered; needs If-Match."""
    return _step(no, lambda session, who: publishing.publish_record(session, who, no))


@blueprint.route("/publication/records/<no>/withdraw", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(WhyIn)
@blueprint.response(200, ResultRecordOut)
def withdraw_record(body: dict[str, Any], no: str) -> Any:
    """Take a published record back, for everybody to see; needs If-Match."""
    return _step(no, lambda session, who: publishing.withdraw_record(session, who, no, **body))


@blueprint.route("/publication/records/<no>/follow-up", methods=["POST"])
@require(*LEADS)
@blueprint.response(200, ResultRecordOut)
def close_follow_up(no: str) -> Any:
    """Say that the problem behind code 8 has been handled; needs If-Match."""
    return _step(no, lambda session, who: publishing.close_follow_up(session, who, no))


def _step(no: str, step: Callable[[Session, Actor], Any]) -> Any:
    with unit_of_work(current_access()) as session:
        etags.check(publication.record_by_no(session, no).version)
        row = step(session, current_actor())
        etags.set(row.version)
        return publication.record_views([row])[0]
