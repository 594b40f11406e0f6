"""The common source of several findings, for staff."""

from __future__ import annotations

from typing import Any

from api.auth import current_access, require
from api.blueprints import Blueprint
from api.schemas.sources import CommonSourcesIn, CommonSourcesOut
from core.actors import STAFF
from core.unit_of_work import read_only
from traceability.maths.source import ResultModel
from traceability.service.reaching import Seed
from traceability.service.sources import common_sources

blueprint = Blueprint(
    "sources", __name__, url_prefix="/api/v1/trace", description="Common sources of findings"
)


@blueprint.route("/sources", methods=["POST"])
@require(*STAFF)
@blueprint.arguments(CommonSourcesIn)
@blueprint.response(200, CommonSourcesOut)
def find(body: dict[str, Any]) -> Any:
    """Which lots or firms do failed lots have in common, and what to test next? Stores nothing."""
    model = ResultModel(sensitivity=body["sensitivity"], specificity=body["specificity"])
    with read_only(current_access()) as session:
        return common_sources(
            session,
            [Seed(each["lot_id"], each["party_id"]) for each in body["failing"]],
            body["compliant"],
            by=body["by"],
            model=model,
            as_of=body["as_of"],
        )
