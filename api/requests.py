"""What every request gets: a number, a log line, strict headers, and answers given once."""

from __future__ import annotations

import json
import re
import secrets
import time
from typing import Any

from flask import Flask, Response, g, request
from prometheus_client import Counter

from api import auth
from api.errors import InputRefused
from core import idempotency, outbox
from core.actors import Role
from core.config import settings
from core.errors import FieldProblem
from core.log import logger
from core.unit_of_work import first_act, read_only, unit_of_work

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}
KEPT_HEADERS = ("Content-Type", "Location", "ETag")
GIVEN_NUMBER = re.compile(r"[A-Za-z0-9._-]{4,64}\Z")

ANSWERS = Counter("zhiheng_http_requests_total", "Answered requests", ("method", "status"))


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.begun = time.perf_counter()
    g.request_number = given if GIVEN_NUMBER.match(given) else secrets.token_hex(6).upper()
    outbox.request_number.set(g.request_number)
    first_act.set(None)


def _refuse_stray_query() -> None:
    """An API route that takes no query parameters refuses any: a silent wrong answer is worse."""
    if not auth.is_api() or not request.args or request.url_rule is None:
        return
    view = _app_view()
    parameters = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    if not any(each.get("in") == "query" for each in parameters if isinstance(each, dict)):
        raise InputRefused(
            [FieldProblem(name, "Unknown query parameter.") for name in request.args], status=400
        )


def _app_view() -> Any:
    from flask import current_app

    return current_app.view_functions.get(request.endpoint or "")


def _answer_once() -> Response | None:
    """Give the remembered answer to a repeated POST, or tie the key to the act that follows."""
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST" or not auth.is_api():
        return None
    actor = auth.current_actor()
    if actor.role is Role.PUBLIC or actor.account_id is None:
        return None
    if not 8 <= len(key) <= 200:
        raise InputRefused(
            [FieldProblem("Idempotency-Key", "Use 8 to 200 characters.")], status=400
        )
    account_id = actor.account_id
    fingerprint = idempotency.request_hash(
        request.method, request.full_path, request.get_data(cache=True)
    )
    with read_only() as session:
        given = idempotency.answer_given(session, account_id, key, fingerprint)
        if given is not None:
            response = Response(bytes(given.body or b""), status=given.status)
            response.headers.update(json.loads(given.headers or "{}"))
            response.headers["Idempotent-Replay"] = "true"
            return response
    g.idempotency = (account_id, key)
    first_act.set(lambda session: idempotency.claim(session, account_id, key, fingerprint))
    return None


def _remember_answer(response: Response) -> None:
    taken: tuple[int, str] | None = g.pop("idempotency", None)
    # Still pending: the view never opened a unit of work, so there is nothing to remember.
    if taken is None or first_act.get() is not None or response.status_code >= 400:
        return
    kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    with unit_of_work() as session:
        idempotency.remember(
            session,
            *taken,
            status=response.status_code,
            body=response.get_data(),
            headers=json.dumps(kept),
        )


def _finish(response: Response) -> Response:
    _remember_answer(response)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if settings().secure_cookies:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if "Cache-Control" not in response.headers and request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store" if auth_given() else "no-cache"
    response.headers["X-Request-Id"] = g.get("request_number", "")
    ANSWERS.labels(request.method, response.status_code).inc()
    if request.endpoint not in ("static", "health.healthz", "health.readyz"):
        logger(__name__).info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            ms=round((time.perf_counter() - g.begun) * 1000, 1) if "begun" in g else None,
        )
    return response


def auth_given() -> bool:
    """True where the answer may hold what only the one who asked may see."""
    return "Authorization" in request.headers or auth.COOKIE in request.cookies


def _end(_error: BaseException | None) -> None:
    first_act.set(None)
    outbox.request_number.set(None)


def install(app: Flask) -> None:
    """Hook in around every request; before the guards and the forms' check."""
    app.before_request(_begin)
    app.before_request(_refuse_stray_query)
    app.before_request(_answer_once)
    app.after_request(_finish)
    app.teardown_request(_end)
