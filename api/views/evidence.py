"""The rows behind traces, and what lay in containers; for staff."""

from __future__ import annotations

from typing import Any

from api.auth import current_access, require
from api.blueprints import Blueprint
from api.schemas.evidence import ContainerContentsOut, ContentsArgs, EvidenceArgs, StatedRowsOut
from core.actors import STAFF
from core.clock import now
from core.unit_of_work import read_only
from traceability.maths.epcis.identifiers import identify
from traceability.queries.statements import contents, evidence

blueprint = Blueprint("evidence", __name__, url_prefix="/api/v1", description="Rows behind traces")


@blueprint.route("/evidence", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(EvidenceArgs, location="query")
@blueprint.response(200, StatedRowsOut)
def list_evidence(arguments: dict[str, Any]) -> dict[str, Any]:
    """Rows by the numbers that traces name: what each says, and its file and row or its event."""
    with read_only(current_access()) as session:
        return {"items": evidence(session, arguments["id"])}


@blueprint.route("/contents", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(ContentsArgs, location="query")
@blueprint.response(200, ContainerContentsOut)
def list_contents(arguments: dict[str, Any]) -> dict[str, Any]:
    """What lay in a container, in any writing of its number: ever, or at an instant."""
    with read_only(current_access()) as session:
        found = contents(
            session,
            identify(arguments["container"]).key,
            as_of=arguments["as_of"] or now(),
            at=arguments["at"],
        )
        return {"items": found}
