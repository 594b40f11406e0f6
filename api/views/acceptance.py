"""Acceptance sampling: plans, curves, searches, audits, and series of lots."""

from __future__ import annotations

from typing import Any

from api import etags
from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.paging import page
from api.schemas.acceptance import (
    AcceptanceAuditArgs,
    AcceptanceAuditOut,
    AcceptanceCurveArgs,
    AcceptanceCurveOut,
    AcceptanceFoundPlanOut,
    AcceptanceHistoryIn,
    AcceptanceHistoryOut,
    AcceptanceLotPlanArgs,
    AcceptanceLotPlanOut,
    AcceptanceNextPlanArgs,
    AcceptanceSchemeArgs,
    AcceptanceSchemeOut,
    AcceptanceSeriesArgs,
    AcceptanceSeriesDetailOut,
    AcceptanceSeriesIn,
    AcceptanceSeriesLotIn,
    AcceptanceSeriesPage,
    AttributesSearchArgs,
    VariablesArgs,
    VariablesCurveArgs,
    VariablesOut,
    VariablesPointOut,
)
from api.schemas.sampling import ReasonIn
from api.views.sampling import LEADS, STAFF
from core.actors import Role
from core.unit_of_work import read_only, unit_of_work
from sampling.maths.oc import Model
from sampling.queries import acceptance as stored
from sampling.service import acceptance, lot_series

blueprint = Blueprint(
    "acceptance",
    __name__,
    url_prefix="/api/v1/sampling/acceptance",
    description="Acceptance sampling (GB/T 2828.1, ISO 2859-1)",
)


@blueprint.route("/plan", methods=["GET"])
@require()
@blueprint.arguments(AcceptanceLotPlanArgs, location="query")
@blueprint.response(200, AcceptanceLotPlanOut)
def show_plan(arguments: dict[str, Any]) -> Any:
    """The plan for a lot: letter, sample size, acceptance and rejection numbers."""
    return acceptance.lot_plan(**arguments)


@blueprint.route("/curve", methods=["GET"])
@require()
@blueprint.arguments(AcceptanceCurveArgs, location="query")
@blueprint.response(200, AcceptanceCurveOut)
def show_curve(arguments: dict[str, Any]) -> Any:
    """Operating characteristic of a single or double plan, with sample number and AOQ."""
    plan = acceptance.plan_of_numbers(
        **{name: arguments[name] for name in acceptance.NUMBERS if arguments[name] is not None}
    )
    return acceptance.curve(
        plan,
        model=Model(arguments["model"]),
        lot_size=arguments["lot_size"],
        points=arguments["points"],
    )


@blueprint.route("/search", methods=["GET"])
@require()
@blueprint.arguments(AttributesSearchArgs, location="query")
@blueprint.response(200, AcceptanceFoundPlanOut)
def search_plan(arguments: dict[str, Any]) -> Any:
    """The smallest single plan that keeps both risks, with the proof that none is smaller."""
    return acceptance.searched_plan(**arguments)


@blueprint.route("/audit", methods=["GET"])
@require()
@blueprint.arguments(AcceptanceAuditArgs, location="query")
@blueprint.response(200, AcceptanceAuditOut)
def search_audit(arguments: dict[str, Any]) -> Any:
    """A plan to check a declared quality level, with exact risks."""
    return acceptance.audit_of(**arguments)


@blueprint.route("/variables", methods=["GET"])
@require()
@blueprint.arguments(VariablesArgs, location="query")
@blueprint.response(200, VariablesOut)
def search_variables(arguments: dict[str, Any]) -> Any:
    """The smallest variables plan (k-method) that keeps both risks."""
    return acceptance.searched_variables(**arguments)


@blueprint.route("/variables/curve", methods=["GET"])
@require()
@blueprint.arguments(VariablesCurveArgs, location="query")
@blueprint.response(200, VariablesPointOut(many=True))
def show_variables_curve(arguments: dict[str, Any]) -> Any:
    """Acceptance of a variables plan at the shares asked for."""
    shares = arguments.pop("quality")
    found = acceptance.variables_curve(shares, **arguments)
    return [
        {"quality": share, "acceptance": chance}
        for share, chance in zip(shares, found, strict=True)
    ]


@blueprint.route("/scheme", methods=["GET"])
@require()
@blueprint.arguments(AcceptanceSchemeArgs, location="query")
@blueprint.response(200, AcceptanceSchemeOut(many=True))
def show_scheme(arguments: dict[str, Any]) -> Any:
    """The long run of a switching scheme: shares of severities, acceptance, sample number."""
    return acceptance.long_run(
        letter=arguments["letter"],
        aql=arguments["aql"],
        qualities=arguments["quality"],
        with_reduced=arguments["with_reduced"],
    )


@blueprint.route("/switching", methods=["POST"])
@require()
@blueprint.arguments(AcceptanceHistoryIn)
@blueprint.response(200, AcceptanceHistoryOut)
def run_switching(body: dict[str, Any]) -> Any:
    """The switching rules over a history of lots; nothing is stored."""
    steps = acceptance.replayed(**body)
    return {"steps": steps, "standing": steps[-1].after}


@blueprint.route("/series", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(AcceptanceSeriesArgs, location="query")
@blueprint.response(200, AcceptanceSeriesPage)
def list_series(arguments: dict[str, Any]) -> dict[str, Any]:
    """Series of lots, newest first."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = stored.series_matching(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )
        return {**found, "items": stored.series_views(session, found["items"])}


@blueprint.route("/series", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(AcceptanceSeriesIn)
@blueprint.response(201, AcceptanceSeriesDetailOut)
def open_series(body: dict[str, Any]) -> Any:
    """Begin a series: one product of one enterprise, one characteristic."""
    with unit_of_work(current_access()) as session:
        series = lot_series.open_series(session, current_actor(), **body)
        etags.set(series.version)
        detail = stored.series_detail(session, series.no)
    return detail, 201, {"Location": f"/api/v1/sampling/acceptance/series/{detail.summary.no}"}


@blueprint.route("/series/<series_no>", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, AcceptanceSeriesDetailOut)
def show_series(series_no: str) -> Any:
    """A series with its lots and where it stands."""
    with read_only(current_access()) as session:
        detail = stored.series_detail(session, series_no)
        etags.set(detail.summary.version)
        return detail


@blueprint.route("/series/<series_no>/plan", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(AcceptanceNextPlanArgs, location="query")
@blueprint.response(200, AcceptanceLotPlanOut)
def show_next_plan(arguments: dict[str, Any], series_no: str) -> Any:
    """The plan for the next lot of a series."""
    with read_only(current_access()) as session:
        series = stored.series_by_no(session, series_no)
        etags.set(series.version)
        return lot_series.next_plan(series, arguments["lot_size"])


@blueprint.route("/series/<series_no>/lots", methods=["POST"])
@require(Role.INSPECTOR, *LEADS)
@blueprint.arguments(AcceptanceSeriesLotIn)
@blueprint.response(201, AcceptanceSeriesDetailOut)
def record_lot(body: dict[str, Any], series_no: str) -> Any:
    """Judge the next lot; the answer tells the state for the one after it. Needs If-Match."""
    with unit_of_work(current_access()) as session:
        series = stored.series_by_no(session, series_no)
        etags.check(series.version)
        lot_series.record_lot(session, current_actor(), series_no, version=series.version, **body)
        etags.set(series.version)
        return stored.series_detail(session, series_no)


@blueprint.route("/series/<series_no>/close", methods=["POST"])
@require(*LEADS)
@blueprint.arguments(ReasonIn)
@blueprint.response(200, AcceptanceSeriesDetailOut)
def close_series(body: dict[str, Any], series_no: str) -> Any:
    """End a series with a reason; its lots stay. Needs If-Match."""
    with unit_of_work(current_access()) as session:
        series = stored.series_by_no(session, series_no)
        etags.check(series.version)
        lot_series.close_series(session, current_actor(), series_no, version=series.version, **body)
        etags.set(series.version)
        return stored.series_detail(session, series_no)
