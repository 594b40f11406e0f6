"""Shapes of the EPCIS 2.0 interface: the standard's own names, JSON-LD in and out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import marshmallow
from marshmallow import fields

from api.schemas.fields import Schema, UtcTime
from core.clock import now
from traceability.maths.epcis.contexts import EPCIS_CONTEXT
from traceability.maths.epcis.writing import write_query_document
from traceability.queries.epcis import CaptureView, EventView
from traceability.queries.epcis_filters import CONTROLS, names


class _OpenSchema(marshmallow.Schema):
    """Some parameters carry a type or unit in their name, so no list of names is complete."""

    class Meta:
        """Openness; the query itself refuses what it does not know."""

        unknown = marshmallow.INCLUDE


EventQueryArgs = _OpenSchema.from_dict(
    {name: fields.List(fields.String()) for name in (*names(), *CONTROLS)},
    name="EventQueryArgs",
)


class ResourceArgs(Schema):
    """Paging of the top-level resources."""

    PLACES = ("perPage", "nextPageToken")

    per_page = fields.Integer(
        data_key="perPage", load_default=100, validate=marshmallow.validate.Range(1, 1000)
    )
    token = fields.String(data_key="nextPageToken", load_default="")


class NamedQueryIn(Schema):
    """A query and the name to keep it under."""

    name = fields.String(required=True)
    query = fields.Dict(keys=fields.String(), required=True)


class CaptureOut(Schema):
    """A capture job; what the standard does not name comes last."""

    capture_id = fields.String(data_key="captureID")
    created_at = UtcTime(data_key="createdAt")
    finished_at = UtcTime(data_key="finishedAt", allow_none=True)
    running = fields.Boolean()
    success = fields.Boolean()
    error_behaviour = fields.String(data_key="captureErrorBehaviour")
    errors = fields.Function(lambda capture: [_problem(each) for each in capture.errors])
    warnings = fields.Function(lambda capture: [_problem(each) for each in capture.warnings])
    position = fields.Integer(data_key="eventsRead")
    stored = fields.Integer(data_key="eventsStored")
    known = fields.Integer(data_key="eventsKnown")
    refused = fields.Integer(data_key="eventsRefused")
    aliases = fields.Integer(data_key="otherEventIDs")
    conflicts = fields.Integer(data_key="eventIDConflicts")
    pending = fields.Integer(data_key="declarationsPending")
    document_sha256 = fields.String(data_key="documentSHA256")
    document_size = fields.Integer(data_key="documentSize")


def _problem(fault: dict[str, Any]) -> dict[str, Any]:
    """A fault as an RFC 9457 problem with its place."""
    return {
        "type": f"/problems/traceability/epcis/{fault['rule']}",
        "title": fault["message"],
        "event": fault["position"],
        "eventID": fault["event_id"],
        "path": fault["path"],
    }


def capture_dict(capture: CaptureView) -> dict[str, Any]:
    """A capture job as JSON."""
    shown: dict[str, Any] = CaptureOut().dump(capture)
    if capture.finished_at is None:
        del shown["finishedAt"]
    return shown


def query_document(events: Sequence[EventView], *, query_name: str = "SimpleEventQuery") -> bytes:
    """Events as an EPCISQueryDocument: as they were captured, with eventID and recordTime."""
    return write_query_document(
        [_event(each) for each in events],
        created_at=round(now().timestamp() * 1_000_000),
        query_name=query_name,
    )


def _event(view: EventView) -> bytes:
    event: dict[str, Any] = json.loads(view.document)
    event["eventID"] = event.get("eventID", view.event_id)
    event["recordTime"] = iso(view.recorded_at)
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def iso(instant: datetime) -> str:
    """An instant as EPCIS writes it."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def collection(kind: str, members: Sequence[Any]) -> dict[str, Any]:
    """A list of a top-level resource, as the standard wraps it."""
    return {
        "@context": [EPCIS_CONTEXT],
        "type": "Collection",
        "resource": kind,
        "member": list(members),
    }
