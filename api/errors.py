"""Refusals as answers: one table from kind to status, problem+json (RFC 9457) or a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from flask_babel import gettext
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from api.console.languages import problem_words, refusal_words
from core import errors, outbox
from core.log import logger

KINDS: tuple[tuple[type[errors.Refusal], int], ...] = (
    (errors.Invalid, 422),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Stale, 412),
)


class InputRefused(errors.Invalid):
    """The shape of the input is wrong; unknown query parameters are malformed HTTP (400)."""

    code = "http/invalid-input"
    message = "The input has problems; see the fields."

    def __init__(self, fields: list[errors.FieldProblem], *, status: int = 422) -> None:
        super().__init__(fields=fields)
        self.status = status

    @classmethod
    def of(cls, error: ValidationError) -> InputRefused:
        """From the messages of a schema, which webargs groups by location."""
        messages: dict[str, Any] = (
            error.messages if isinstance(error.messages, dict) else {"": error.messages}
        )
        malformed = "query" in messages or messages.get("json") == ["Invalid JSON body."]
        fields = [
            errors.FieldProblem(name, words)
            for part in messages.values()
            for name, words in _flat("", part)
        ]
        return cls(fields, status=400 if malformed else 422)


def _flat(prefix: str, messages: Any) -> Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            yield from _flat(f"{prefix}.{name}" if prefix else str(name), inner)
    elif isinstance(messages, list):
        for words in messages:
            yield from _flat(prefix, words)
    else:
        # Braces in a library's words must not be taken for facts to fill in.
        yield prefix, str(messages).replace("{", "{{").replace("}", "}}")


class PreconditionMissing(errors.Invalid):
    """A change came without If-Match."""

    code = "http/precondition-required"
    message = "Send If-Match with the ETag of the record you read, so that no change is lost."


def status_of(refusal: errors.Refusal) -> int:
    """The HTTP status of a refusal."""
    if isinstance(refusal, InputRefused):
        return refusal.status
    if isinstance(refusal, PreconditionMissing):
        return 428
    for kind, status in KINDS:
        if isinstance(refusal, kind):
            return status
    return 400


def words_of(refusal: errors.Refusal) -> str:
    """The refusal in the reader's language; the template is translated, then filled."""
    return refusal_words(refusal)


def field_words(problem: errors.FieldProblem) -> str:
    """A field's problem in the reader's language."""
    return problem_words(problem)


def wants_json() -> bool:
    """True for the API and for whoever asks a page for JSON."""
    return request.path.startswith("/api/v1/") or request.path.endswith(".json")


def problem(
    status: int, code: str, title: str, fields: list[dict[str, str]] | None = None, **facts: Any
) -> Response:
    """An RFC 9457 answer."""
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "instance": request.path,
        "request": outbox.request_number.get(),
    }
    if fields:
        body["fields"] = fields
    if facts:
        body["facts"] = {name: _jsonable(value) for name, value in facts.items()}
    response = jsonify(body)
    response.status_code = status
    response.mimetype = "application/problem+json"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _jsonable(value: Any) -> Any:
    return value if isinstance(value, str | int | bool | list | dict | None) else str(value)


def refusal_answer(refusal: errors.Refusal) -> Response | tuple[str, int]:
    """A refusal as a problem, or as a page for a person."""
    status = status_of(refusal)
    fields = [{"field": each.field, "problem": field_words(each)} for each in refusal.fields]
    if wants_json():
        return problem(status, refusal.code, words_of(refusal), fields, **refusal.facts)
    return (
        render_template(
            "error.html", status=status, title=words_of(refusal), fields=fields, code=refusal.code
        ),
        status,
    )


def _http(error: HTTPException) -> Any:
    status = error.code or 500
    if error.response is not None:
        return error.response
    if 300 <= status < 400:
        return error
    title = str(error.description or error.name)
    code = f"http/{error.name.lower().replace(' ', '-')}"
    if wants_json():
        answer = problem(status, code, title)
        if status == 405 and hasattr(error, "valid_methods"):
            answer.headers["Allow"] = ", ".join(error.valid_methods or ())
        return answer
    return render_template("error.html", status=status, title=title, fields=[], code=code), status


def _bug(error: Exception) -> Any:
    logger(__name__).exception("unhandled", path=request.path)
    words = gettext("Something went wrong on our side. Please report the request number.")
    if wants_json():
        return problem(500, "internal", words)
    return render_template("error.html", status=500, title=words, fields=[], code="internal"), 500


def install(app: Flask) -> None:
    """Put the table to work."""
    app.register_error_handler(errors.Refusal, refusal_answer)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)
