"""Designs compared before a draw, and estimates after it, for staff."""

from __future__ import annotations

from typing import Any

from api import etags
from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.schemas.estimates import (
    AdviceIn,
    AdviceOut,
    EstimateArgs,
    EstimatesOut,
    PlanAdviceArgs,
    PlanAdviceOut,
    QuotasIn,
)
from api.schemas.sampling import PlanDetailOut
from core.actors import STAFF, Role
from core.unit_of_work import read_only, unit_of_work
from sampling.queries import estimates, plans
from sampling.service import advising, quotas

blueprint = Blueprint(
    "estimates", __name__, url_prefix="/api/v1/sampling", description="Designs and estimates"
)

LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)


@blueprint.route("/advice", methods=["POST"])
@require(*STAFF)
@blueprint.arguments(AdviceIn)
@blueprint.response(200, AdviceOut)
def advise(body: dict[str, Any]) -> Any:
    """Compare designs for a roster that is described here; nothing is stored."""
    return advising.advice_described(**body)


@blueprint.route("/plans/<plan_no>/advice", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(PlanAdviceArgs, location="query")
@blueprint.response(200, PlanAdviceOut)
def advise_plan(arguments: dict[str, Any], plan_no: str) -> Any:
    """Compare designs for the roster of a draft as it stands now."""
    with read_only(current_access()) as session:
        plan = plans.plan_detail(session, plan_no)
        cost = arguments["cost"]
        return advising.advice_for(
            session,
            plan_no,
            visits=arguments["visits"],
            costs=None if cost is None else {one.key: cost for one in plan.strata},
            budget=arguments["budget"],
        )


@blueprint.route("/plans/<plan_no>/quotas", methods=["PUT"])
@require(*LEADS)
@blueprint.arguments(QuotasIn)
@blueprint.response(200, PlanDetailOut)
def set_quotas(body: dict[str, Any], plan_no: str) -> Any:
    """Set the quotas of a draft; needs If-Match."""
    with unit_of_work(current_access()) as session:
        etags.check(plans.plan_by_no(session, plan_no).version)
        plan = quotas.set_quotas(session, current_actor(), plan_no, **body)
        etags.set(plan.version)
        return plans.plan_detail(session, plan_no)


@blueprint.route("/plans/<plan_no>/estimates", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(EstimateArgs, location="query")
@blueprint.response(200, EstimatesOut)
def show_estimates(arguments: dict[str, Any], plan_no: str) -> Any:
    """What the results so far say of the roster, with limits and missing answers."""
    with read_only(current_access()) as session:
        return estimates.plan_estimates(session, plan_no, **arguments)
