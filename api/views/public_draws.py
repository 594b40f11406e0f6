"""Draws for everybody: the commitment at once, the proof after the draw."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response, after_this_request, request
from werkzeug.wrappers import Response as BaseResponse

from api.auth import current_access, current_actor, public, require
from api.blueprints import Blueprint
from api.paging import PageArgs, page
from api.schemas.log import UnitInclusionArgs, UnitInclusionOut, UnitTokenArgs, UnitTokenOut
from api.schemas.sampling import PublicBundleOut, PublicDrawPage
from api.views.sampling import zip_response
from core.chain import canonical_json
from core.unit_of_work import read_only
from sampling.queries import disclosed
from sampling.service import embargo, inclusion, parts

blueprint = Blueprint(
    "public_draws", __name__, url_prefix="/api/v1/public/draws", description="Draws for everybody"
)


@blueprint.route("", methods=["GET"])
@public
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, PublicDrawPage)
def list_draws(arguments: dict[str, Any]) -> dict[str, Any]:
    """Published plans, newest first; void ones stay, with their reason."""
    statement = disclosed.published_plans()
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(session, statement, key=(entity.id,), descending=True, **arguments)
        return {**found, "items": disclosed.public_views(session, found["items"])}


@blueprint.route("/<plan_no>", methods=["GET"])
@public
@blueprint.response(200, PublicBundleOut)
def show_draw(plan_no: str) -> Any:
    """A published plan with the public parts of its proof, for the verifier in the browser."""
    with read_only(current_access()) as session:
        plan = disclosed.public_plan(session, plan_no)
        (view,) = disclosed.public_views(session, [plan])
        found = parts.parts_of(session, plan, only_public=True)
    whole = parts.sealed(found) if "draw.json" in found else found
    after_this_request(_conditional)
    return {
        **asdict(view),
        "is_complete": whole is not found,
        "parts": {name: content.decode() for name, content in whole.items()},
    }


@blueprint.route("/<plan_no>/bundle.zip", methods=["GET"])
@public
@blueprint.response(200, content_type="application/zip")
def bundle_of(plan_no: str) -> Any:
    """The proof bundle, once the drawn list is public."""
    with read_only(current_access()) as session:
        plan = disclosed.public_plan(session, plan_no)
        whole = parts.sealed_bundle(session, plan, only_public=True)
    return _conditional(zip_response(whole, plan_no))


@blueprint.route("/<plan_no>/embargoed.json", methods=["GET"])
@public
@blueprint.response(200, content_type="application/json")
def embargoed_form(plan_no: str) -> Any:
    """What is fixed of a drawn list that is still closed, without telling who is on it."""
    with read_only() as session:  # hashes only leave the service
        form = embargo.public_form(session, plan_no)
    return _conditional(Response(canonical_json(form), content_type="application/json"))


@blueprint.route("/<plan_no>/inclusion", methods=["GET"])
@public
@blueprint.arguments(UnitInclusionArgs, location="query")
@blueprint.response(200, UnitInclusionOut)
def inclusion_of(arguments: dict[str, Any], plan_no: str) -> Any:
    """Was this enterprise in the roster, and with what chance? A proof to verify offline.

    Until the roster is public: for the enterprise itself, signed in, or with the token that it
    was given.
    """
    with read_only() as session:  # the service says who may know
        return inclusion.inclusion_proof(session, current_actor(), plan_no, **arguments)


@blueprint.route("/<plan_no>/inclusion-token", methods=["GET"])
@require()
@blueprint.arguments(UnitTokenArgs, location="query")
@blueprint.response(200, UnitTokenOut)
def token_of(arguments: dict[str, Any], plan_no: str) -> Any:
    """The token that an enterprise shows to read its entry without an account."""
    with read_only() as session:
        return inclusion.token_for(session, current_actor(), plan_no, **arguments)


def _conditional(response: Response) -> BaseResponse:
    """Answer 304 to who has it already."""
    response.add_etag()
    return response.make_conditional(request)
