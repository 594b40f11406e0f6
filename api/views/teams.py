"""Teams after the draw: recusals declared late, and the departments of joint visits."""

from __future__ import annotations

from typing import Any

from api import etags
from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.schemas.sampling import DepartmentOut, DepartmentResultIn, RecusalIn, UnitOut
from core.actors import Role
from core.unit_of_work import read_only, unit_of_work
from sampling.errors import UnitUnknown
from sampling.queries import joint as joint_queries
from sampling.queries import plans, units
from sampling.service import joint, recusing

blueprint = Blueprint("teams", __name__, url_prefix="/api/v1/sampling", description="Sampling")

STAFF = (Role.INSPECTOR, Role.LEAD_INSPECTOR, Role.RISK_ANALYST, Role.ADMINISTRATOR)
VISITORS = (Role.INSPECTOR, Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)


@blueprint.route("/plans/<plan_no>/recusals", methods=["POST"])
@require(*VISITORS)
@blueprint.arguments(RecusalIn)
@blueprint.response(201, UnitOut)
def recuse(body: dict[str, Any], plan_no: str) -> Any:
    """Declare a recusal after the draw; the next by ticket takes the seat. Needs If-Match."""
    with unit_of_work(current_access()) as session:
        etags.check(plans.plan_by_no(session, plan_no).version)
        recusing.recuse(session, current_actor(), plan_no, **body)
        return _unit(session, plan_no, body["code"])


@blueprint.route("/plans/<plan_no>/units/<code>/departments", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, DepartmentOut(many=True))
def list_departments(plan_no: str, code: str) -> Any:
    """The departments of a joint visit with what they found; empty where the visit is not joint."""
    with read_only(current_access()) as session:
        plan = plans.plan_by_no(session, plan_no)
        _unit(session, plan_no, code)
        return joint_queries.department_views(session, plan, code)


@blueprint.route("/plans/<plan_no>/units/<code>/departments/<department>", methods=["POST"])
@require(*VISITORS)
@blueprint.arguments(DepartmentResultIn)
@blueprint.response(201, DepartmentOut(many=True))
def record(body: dict[str, Any], plan_no: str, code: str, department: str) -> Any:
    """Record what a department found, once; the last department completes the visit."""
    with unit_of_work(current_access()) as session:
        joint.record_department_result(
            session, current_actor(), plan_no, code=code, department=department, **body
        )
        plan = plans.plan_by_no(session, plan_no)
        return joint_queries.department_views(session, plan, code)


@blueprint.route("/plans/<plan_no>/units/<code>/departments/<department>/publish", methods=["POST"])
@require(*VISITORS)
@blueprint.response(200, DepartmentOut(many=True))
def publish(plan_no: str, code: str, department: str) -> Any:
    """Publish a department's own result, once."""
    with unit_of_work(current_access()) as session:
        joint.publish_department_result(
            session, current_actor(), plan_no, code=code, department=department
        )
        plan = plans.plan_by_no(session, plan_no)
        return joint_queries.department_views(session, plan, code)


def _unit(session: Any, plan_no: str, code: str) -> Any:
    statement = units.drawn_statement(plan_no)
    entity = statement.column_descriptions[0]["entity"]
    row = session.execute(statement.where(entity.code == code)).scalar_one_or_none()
    if row is None:
        raise UnitUnknown(unit_code=code, plan_no=plan_no)
    return units.drawn_views(session, [row])[0]
