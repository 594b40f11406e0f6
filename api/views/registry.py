"""Enterprises, inspectors, categories, regions and rule packs."""

from __future__ import annotations

from typing import Any

from api import etags
from api.auth import current_access, current_actor, public, require
from api.blueprints import Blueprint
from api.paging import page
from api.schemas.registry import (
    EnterpriseArgs,
    EnterpriseOut,
    EnterprisePage,
    GradeIn,
    InspectorOut,
    NodeOut,
    RuleArgs,
)
from core.actors import Role
from core.clock import today
from core.unit_of_work import read_only, unit_of_work
from registry import queries, service
from registry.maths.packs import rule_document

blueprint = Blueprint("registry", __name__, url_prefix="/api/v1", description="Shared nouns")

STAFF = (Role.INSPECTOR, Role.LEAD_INSPECTOR, Role.RISK_ANALYST, Role.ADMINISTRATOR)


@blueprint.route("/enterprises", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(EnterpriseArgs, location="query")
@blueprint.response(200, EnterprisePage)
def list_enterprises(arguments: dict[str, Any]) -> dict[str, Any]:
    """Enterprises by code, one page."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = queries.enterprises_matching(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        return page(session, statement, key=(entity.id,), limit=limit, cursor=cursor)


@blueprint.route("/enterprises/<code>", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, EnterpriseOut)
def show_enterprise(code: str) -> Any:
    """One enterprise by its code."""
    with read_only(current_access()) as session:
        enterprise = queries.enterprise_by_code(session, code)
        etags.set(enterprise.version)
        return enterprise


@blueprint.route("/enterprises/<code>/grade", methods=["PUT"])
@require(Role.RISK_ANALYST, Role.ADMINISTRATOR)
@blueprint.arguments(GradeIn)
@blueprint.response(200, EnterpriseOut)
def set_grade(body: dict[str, Any], code: str) -> Any:
    """Give an enterprise a credit-risk class; needs If-Match."""
    with unit_of_work(current_access()) as session:
        enterprise = queries.enterprise_by_code(session, code)
        etags.check(enterprise.version)
        service.set_grade(session, current_actor(), enterprise, **body)
        etags.set(enterprise.version)
        return enterprise


@blueprint.route("/inspectors", methods=["GET"])
@require(Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
@blueprint.response(200, InspectorOut(many=True))
def list_inspectors() -> Any:
    """Every inspector with qualifications and certificate."""
    with read_only(current_access()) as session:
        return queries.inspectors(session)


@blueprint.route("/categories", methods=["GET"])
@public
@blueprint.response(200, NodeOut(many=True))
def list_categories() -> Any:
    """The tree of product categories."""
    with read_only(current_access()) as session:
        return queries.categories(session)


@blueprint.route("/regions", methods=["GET"])
@public
@blueprint.response(200, NodeOut(many=True))
def list_regions() -> Any:
    """The tree of regions in force today."""
    with read_only(current_access()) as session:
        return queries.regions(session)


@blueprint.route("/regimes/<pack>/rules/<rule_id>", methods=["GET"])
@public
@blueprint.arguments(RuleArgs, location="query")
@blueprint.response(200)
def show_rule(arguments: dict[str, Any], pack: str, rule_id: str) -> Any:
    """The rule that governs an event of a day, with its article."""
    with read_only(current_access()) as session:
        rule = queries.rule_on(session, pack, rule_id, arguments["on"] or today())
        return {"pack": rule.pack, **rule_document(rule)}
