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
from core.errors import FieldProblem, Invalid
from core.unit_of_work import read_only, unit_of_work
from sampling.maths.advisor import DesignStratum, shrunken_rates
from sampling.queries import estimates, plans
from sampling.service import advising, quotas

blueprint = Blueprint(
    "estimates", __name__, url_prefix="/api/v1/sampling", description="Designs and estimates"
)

LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
MOST_MEASURES = 200_000  # of all strata together


@blueprint.route("/advice", methods=["POST"])
@require(*STAFF)
@blueprint.arguments(AdviceIn)
@blueprint.response(200, AdviceOut)
def advise(body: dict[str, Any]) -> Any:
    """Compare designs for a roster that is described here; nothing is stored."""
    strata = body["strata"]
    problems = list(_problems(strata))
    if problems:
        raise Invalid(fields=problems)
    rates = shrunken_rates({one["key"]: (one["inspected"], one["failing"]) for one in strata})
    planned = {one["key"]: one["quota"] for one in strata if one["quota"] is not None}
    return advising.compared(
        [
            DesignStratum(
                one["key"],
                one["size"],
                rates[one["key"]] if one["rate"] is None else one["rate"],
                one["cost"],
                tuple(one["measures"]),
                one["tier"],
            )
            for one in strata
        ],
        body["visits"],
        planned=planned or None,
        budget=body["budget"],
        share=body["least_share"],
        confidence=body["confidence"],
    )


def _problems(strata: list[dict[str, Any]]) -> Any:
    keys = [one["key"] for one in strata]
    if sum(len(one["measures"]) for one in strata) > MOST_MEASURES:
        words = "All strata together may have {most} measures."
        yield FieldProblem("strata", words, {"most": MOST_MEASURES})
    for place, one in enumerate(strata):
        field = f"strata.{place}"
        if keys.index(one["key"]) != place:
            words = "Stratum {key} is named twice."
            yield FieldProblem(f"{field}.key", words, {"key": one["key"]})
        if one["failing"] > one["inspected"]:
            yield FieldProblem(f"{field}.failing", "More failed than were inspected.")
        if one["quota"] is not None and one["quota"] > one["size"]:
            words = "The quota is above the size {size} of the stratum."
            yield FieldProblem(f"{field}.quota", words, {"size": one["size"]})
        if one["measures"] and len(one["measures"]) != one["size"]:
            words = "There are {count} measures for {size} units; give one for each, or none."
            facts = {"count": len(one["measures"]), "size": one["size"]}
            yield FieldProblem(f"{field}.measures", words, facts)


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
