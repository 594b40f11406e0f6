"""The EPCIS 2.0 interface: capture, events, top-level resources, named queries."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, request, url_for
from werkzeug.exceptions import (
    BadRequest,
    NotAcceptable,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.errors import field_words, problem, words_of
from api.schemas.epcis import (
    CaptureOut,
    EventQueryArgs,
    NamedQueryIn,
    ResourceArgs,
    capture_dict,
    collection,
    iso,
    query_document,
)
from core.actors import Role
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from traceability.errors import (
    DocumentRefused,
    DocumentTooLarge,
    EventKnown,
    QueryRefused,
    QueryTooLarge,
)
from traceability.maths.epcis.event import EventType
from traceability.maths.epcis.limits import DEFAULT
from traceability.queries import epcis as queries
from traceability.service import capturing, named_queries

blueprint = Blueprint("epcis", __name__, url_prefix="/api/v1/epcis", description="EPCIS 2.0 events")

READERS = (
    Role.ENTERPRISE,
    Role.INSPECTOR,
    Role.LEAD_INSPECTOR,
    Role.RISK_ANALYST,
    Role.ADMINISTRATOR,
)
WRITERS = (Role.ENTERPRISE, Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)

LD_JSON = "application/ld+json"
ACCEPTED = (LD_JSON, "application/json")

# Resource → the parameter that its values are of.
RESOURCES = {
    "eventTypes": "eventType",
    "epcs": "MATCH_anyEPC",
    "bizLocations": "EQ_bizLocation",
    "bizSteps": "EQ_bizStep",
    "readPoints": "EQ_readPoint",
    "dispositions": "EQ_disposition",
}
ANY_RESOURCE = f"any({', '.join(RESOURCES)})"

HEADERS = {
    "GS1-EPCIS-Version": "2.0.0",
    "GS1-EPCIS-Min": "2.0.0",
    "GS1-EPCIS-Max": "2.0.0",
    "GS1-CBV-Version": "2.0.0",
    "GS1-CBV-Min": "2.0.0",
    "GS1-CBV-Max": "2.0.0",
    "GS1-EPC-Format": "Never_Translates",
    "GS1-EPCIS-Capture-Limit": str(DEFAULT.events),
    "GS1-EPCIS-Capture-File-Size-Limit": str(DEFAULT.size),
    "GS1-Capture-Error-Behaviour": capturing.ROLLBACK,
}


@blueprint.url_value_preprocessor
def _bound_the_body(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Refuse a larger body (413) before anything reads it."""
    request.max_content_length = DEFAULT.size


@blueprint.before_request
def _negotiate() -> None:
    """Versions and formats this interface does not speak are refused before any work."""
    version = request.headers.get("GS1-EPCIS-Version", "2.0.0")
    if version.split(".")[0] != "2":
        raise NotAcceptable(f"GS1-EPCIS-Version {version} is not spoken here; 2.0.0 is.")
    wish = request.headers.get("GS1-EPC-Format", "No_Preference")
    if wish not in ("No_Preference", "Never_Translates"):
        raise NotAcceptable("Identifiers are given as they were captured (Never_Translates).")
    if "\0" in request.path:
        raise BadRequest("An address has no character U+0000.")
    if _answer_kind() is None:
        raise NotAcceptable(f"Answers come as {LD_JSON} or application/json.")


@blueprint.after_request
def _tell_versions(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@blueprint.errorhandler(QueryRefused)
def _query_refused(refusal: QueryRefused) -> Response:
    return _problem(400, refusal)


@blueprint.errorhandler(DocumentRefused)
def _document_refused(refusal: DocumentRefused) -> Response:
    return _problem(413 if isinstance(refusal, DocumentTooLarge) else 400, refusal)


@blueprint.errorhandler(QueryTooLarge)
def _query_too_large(refusal: QueryTooLarge) -> Response:
    return _problem(413, refusal)


@blueprint.errorhandler(RequestEntityTooLarge)
def _body_too_large(error: RequestEntityTooLarge) -> Response:
    return _problem(
        413,
        DocumentTooLarge(
            reason=f"a body has at most {DEFAULT.size} bytes: send it in parts, or import it as a "
            "file."
        ),
    )


def _problem(status: int, refusal: Refusal) -> Response:
    shown = [{"field": each.field, "problem": field_words(each)} for each in refusal.fields]
    return problem(status, refusal.code, words_of(refusal), shown, **refusal.facts)


def _body() -> bytes:
    """The body, where it is JSON."""
    if request.mimetype not in ACCEPTED:
        raise UnsupportedMediaType(
            f"Send {LD_JSON} or application/json, not {request.mimetype or 'nothing'}; "
            "EPCIS 1.2 and the XML binding are not read here."
        )
    content = request.get_data(cache=True)
    if request.content_length is None and len(content) >= DEFAULT.size:
        # A body of unsaid length is cut off at the limit: what was read is not all of it.
        raise RequestEntityTooLarge
    return content


def _json(value: Any, status: int = 200, **headers: str) -> Response:
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return Response(body, status=status, content_type=_answer_kind(), headers=headers)


def _answer_kind() -> str | None:
    """The media type of the answer that the one who asks likes best."""
    if not request.accept_mimetypes:
        return LD_JSON
    return request.accept_mimetypes.best_match(ACCEPTED)


# Capture


@blueprint.route("", methods=["GET"])
@require(*READERS)
def root() -> Response:
    """The top-level resources."""
    return _json(collection("resources", ["capture", "events", "queries", *RESOURCES]))


@blueprint.route("/capture", methods=["POST"])
@require(*WRITERS)
@blueprint.alt_response(202, schema=CaptureOut, success=True)
def post_capture() -> Response:
    """Capture a document: always a job, which a small document ends before the answer."""
    behaviour = request.headers.get("GS1-Capture-Error-Behaviour", capturing.ROLLBACK)
    if behaviour not in (capturing.ROLLBACK, capturing.PROCEED):
        raise BadRequest(
            f"GS1-Capture-Error-Behaviour is rollback or proceed, not {behaviour[:50]}."
        )
    content = _body()
    # As owner: one journal is written for all, and who captured what stands in it.
    with unit_of_work() as session:
        capture = capturing.take_document(session, current_actor(), content, behaviour=behaviour)
        shown = capture_dict(queries.capture_view(session, capture))
    location = url_for("epcis.show_capture", capture_id=capture.capture_id)
    return _json(shown, 202, Location=location, **{"GS1-Capture-Error-Behaviour": behaviour})


@blueprint.route("/capture", methods=["GET"])
@require(*WRITERS)
@blueprint.arguments(ResourceArgs, location="query")
def list_captures(arguments: dict[str, Any]) -> Response:
    """Capture jobs, newest first; an enterprise sees its own."""
    with read_only(current_access()) as session:
        found = queries.captures(session, limit=arguments["per_page"], before=arguments["token"])
    return _linked([capture_dict(each) for each in found.captures], found.next_token)


@blueprint.route("/capture/<capture_id>", methods=["GET"])
@require(*WRITERS)
def show_capture(capture_id: str) -> Response:
    """One capture job: how far it is, what it stored, and what is wrong with the rest."""
    with read_only(current_access()) as session:
        return _json(capture_dict(queries.capture(session, capture_id)))


@blueprint.route("/events", methods=["POST"])
@require(*WRITERS)
def post_event() -> Response:
    """Capture one event: 201, or 409 where the same one is here already."""
    content = _body()
    with unit_of_work() as session:
        captured = capturing.capture_event(session, current_actor(), content)
    # Only now: another eventID under which it came is kept.
    if not captured.is_new:
        raise EventKnown(event_id=captured.event_id)
    location = f"{url_for('epcis.list_events')}/{quote(captured.event_id, safe='')}"
    return _json({"eventID": captured.event_id}, 201, Location=location)


# Events


def _asked() -> dict[str, list[str]]:
    """Query parameters; several values are repeated or separated by a vertical bar."""
    return {
        name: [part for value in values for part in value.split("|")]
        for name, values in request.args.to_dict(flat=False).items()
    }


def _answer(
    parameters: Mapping[str, Sequence[str]],
    *,
    extra: Mapping[str, Sequence[str]] | None = None,
    name: str = "SimpleEventQuery",
) -> Response:
    with read_only(current_access()) as session:
        page = queries.event_query(
            session, parameters, extra=extra, enterprise_id=current_actor().enterprise_id
        )
        body = query_document(page.events, query_name=name)
    return _linked(body, page.next_token)


def _linked(body: Any, token: str | None) -> Response:
    answer = _json(body)
    if token is not None:
        again = request.args.to_dict(flat=False) | {"nextPageToken": [token]}
        path = quote(request.path, safe="/:;=@,~!$&'()*+")
        answer.headers["Link"] = f'<{path}?{urlencode(again, doseq=True)}>; rel="next"'
    return answer


@blueprint.route("/events", methods=["GET"])
@require(*READERS)
@blueprint.arguments(EventQueryArgs, location="query", unknown=None)
def list_events(arguments: dict[str, Any]) -> Response:
    """Events that meet every parameter of the SimpleEventQuery; an enterprise sees its own."""
    return _answer(_asked())


@blueprint.route("/events/<path:event_id>", methods=["GET"], merge_slashes=False)
@require(*READERS)
def show_event(event_id: str) -> Response:
    """An event by its eventID, with its error declarations and whatever else bears the name."""
    with read_only(current_access()) as session:
        found = queries.events_named(session, event_id)
    return _json(query_document(found))


# Top-level resources


@blueprint.route(f"/<{ANY_RESOURCE}:resource>", methods=["GET"])
@require(*READERS)
@blueprint.arguments(ResourceArgs, location="query")
def list_resource(arguments: dict[str, Any], resource: str) -> Response:
    """Values of a resource that occur in events, in order."""
    limit, after = arguments["per_page"], arguments["token"]
    if resource == "eventTypes":
        return _json(collection(resource, [each.value for each in EventType]))
    with read_only(current_access()) as session:
        values = queries.known_values(
            session,
            resource,
            after=after,
            limit=limit + 1,
            enterprise_id=current_actor().enterprise_id,
        )
    token = values[limit - 1] if len(values) > limit else None
    return _linked(collection(resource, values[:limit]), token)


@blueprint.route(f"/<{ANY_RESOURCE}:resource>/<path:value>", methods=["GET"], merge_slashes=False)
@require(*READERS)
def show_resource(resource: str, value: str) -> Response:
    """What can be asked about one value of a resource."""
    return _json(collection(resource, ["events"]))


@blueprint.route(
    f"/<{ANY_RESOURCE}:resource>/<path:value>/events", methods=["GET"], merge_slashes=False
)
@require(*READERS)
@blueprint.arguments(EventQueryArgs, location="query", unknown=None)
def list_events_of(arguments: dict[str, Any], resource: str, value: str) -> Response:
    """Events of one value of a resource, narrowed by parameters of the SimpleEventQuery."""
    return _answer(_asked(), extra={RESOURCES[resource]: [value]})


# Named queries


@blueprint.route("/queries", methods=["GET"])
@require(*READERS)
def list_queries() -> Response:
    """The named queries of staff together, or of the enterprise that asks."""
    with read_only(current_access()) as session:
        found = queries.named_queries(session, enterprise_id=current_actor().enterprise_id)
        return _json(collection("queries", [_query(each) for each in found]))


def _query(row: Any) -> dict[str, Any]:
    return {"name": row.name, "createdAt": iso(row.created_at), "query": row.query}


@blueprint.route("/queries", methods=["POST"])
@require(*READERS)
@blueprint.arguments(NamedQueryIn)
def create_query(arguments: dict[str, Any]) -> Response:
    """Keep a query under a name."""
    with unit_of_work(current_access()) as session:
        row = named_queries.create(session, current_actor(), **arguments)
        shown = _query(row)
    return _json(shown, 201, Location=url_for("epcis.show_query", name=row.name))


@blueprint.route("/queries/<name>", methods=["GET"])
@require(*READERS)
def show_query(name: str) -> Response:
    """A named query."""
    with read_only(current_access()) as session:
        found = queries.named_query(session, name, enterprise_id=current_actor().enterprise_id)
        return _json(_query(found))


@blueprint.route("/queries/<name>", methods=["DELETE"])
@require(*READERS)
def delete_query(name: str) -> Response:
    """Forget a named query. It has one version only, so there is nothing to match."""
    with unit_of_work(current_access()) as session:
        named_queries.delete(session, current_actor(), name)
    return Response(status=204)


@blueprint.route("/queries/<name>/events", methods=["GET"])
@require(*READERS)
@blueprint.arguments(ResourceArgs, location="query")
def run_query(arguments: dict[str, Any], name: str) -> Response:
    """Events that meet a named query now."""
    with read_only(current_access()) as session:
        row = queries.named_query(session, name, enterprise_id=current_actor().enterprise_id)
        query = dict(row.query)
    place = {each: values for each, values in _asked().items() if each in ResourceArgs.PLACES}
    return _answer({**query, **place}, name=name)
