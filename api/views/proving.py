"""What proves a trace, and who answers for it; for staff."""

from __future__ import annotations

import io
from typing import Any

from flask import Response, send_file

from api.asked_traces import asked_trace
from api.auth import current_access, require
from api.blueprints import Blueprint
from api.schemas.proving import AnswerableOut
from api.schemas.traceability import TraceArgs
from core.actors import STAFF
from core.unit_of_work import read_only
from traceability.service.proving import evidence_document, who_answers

blueprint = Blueprint(
    "proving", __name__, url_prefix="/api/v1/trace", description="Evidence and responsibility"
)

JSON_LD = "application/ld+json"


@blueprint.route("/responsibility", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(TraceArgs, location="query")
@blueprint.response(200, AnswerableOut)
def responsibility(arguments: dict[str, Any]) -> Any:
    """Who made, had, has, sold and used the lots of a trace, with the rows that say so."""
    with read_only(current_access()) as session:
        return who_answers(session, asked_trace(session, arguments))


@blueprint.route("/evidence.jsonld", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(TraceArgs, location="query")
@blueprint.response(200, content_type=JSON_LD)
def evidence(arguments: dict[str, Any]) -> Response:
    """Every row and event behind the lots of a trace, as one EPCIS 2.0 document."""
    with read_only(current_access()) as session:
        found = asked_trace(session, arguments)
        content = evidence_document(session, found)
    return send_file(
        io.BytesIO(content),
        mimetype=JSON_LD,
        as_attachment=True,
        download_name=f"evidence-{found.seed.number}.jsonld",
    )
