from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from api import auth
from api.app import LIBRARY_ROUTES
from core.actors import SYSTEM, Actor, Role
from registry import service
from tests import factories

SignIn = Callable[..., Actor]


def test_every_route_has_a_guard(app: Flask) -> None:
    assert set(auth.unguarded(app)) == LIBRARY_ROUTES


def test_an_application_with_an_unguarded_route_does_not_start(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flask

    from api import app as module
    from api.console import shell

    def plant(app: Flask) -> None:
        install(app)
        app.add_url_rule("/open-door", "open_door", lambda: "come in")

    install = shell.install
    monkeypatch.setattr(shell, "install", plant)

    with pytest.raises(module.UnguardedRoutes, match="open_door"):
        module.create_app()
    assert flask.__name__ == "flask"


def test_strict_headers_come_with_every_answer(client: Any) -> None:
    headers = client.get("/healthz").headers

    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Request-Id"]


def test_a_given_request_number_is_kept(client: Any) -> None:
    answer = client.get("/api/v1/me", headers={"X-Request-Id": "ABC-123"})

    assert answer.headers["X-Request-Id"] == "ABC-123"
    assert answer.json["request"] == "ABC-123"


def test_a_stranger_is_told_to_sign_in(client: Any) -> None:
    answer = client.get("/api/v1/me")

    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.json["type"] == "/problems/unauthenticated"


def test_an_unknown_token_is_refused(client: Any) -> None:
    answer = client.get("/api/v1/me", headers={"Authorization": "Bearer nonsense"})

    assert answer.status_code == 401
    assert answer.json["type"] == "/problems/accounts/token-unknown"


def test_signing_in_gives_a_token_that_works_until_signing_out(
    client: Any, session: Session
) -> None:
    service.add_account(
        session,
        SYSTEM,
        login="wang",
        display_name="王",
        password="a long enough one",
        role="inspector",
    )
    token = client.post(
        "/api/v1/tokens", json={"login": "wang", "password": "a long enough one"}
    ).json["token"]
    bearer = {"Authorization": f"Bearer {token}"}

    assert client.get("/api/v1/me", headers=bearer).json["role"] == "inspector"
    assert client.delete("/api/v1/tokens/current", headers=bearer).status_code == 204
    assert client.get("/api/v1/me", headers=bearer).status_code == 401


def test_the_sixth_wrong_password_is_not_even_tried(client: Any, session: Session) -> None:
    body = {"login": "wang", "password": "wrong"}
    answers = [client.post("/api/v1/tokens", json=body).status_code for _ in range(6)]

    assert answers == [401] * 5 + [403]


def test_a_role_that_is_not_enough_is_told_what_is(client: Any, sign_in: SignIn) -> None:
    sign_in(client, Role.ENTERPRISE)

    answer = client.get("/api/v1/enterprises")

    assert answer.status_code == 403
    assert "lead_inspector" in answer.json["facts"]["roles"]


@pytest.mark.parametrize("path", ["/api/v1/enterprises?colour=red", "/api/v1/categories?x=1"])
def test_an_unknown_query_parameter_is_an_error(client: Any, sign_in: SignIn, path: str) -> None:
    sign_in(client, Role.ADMINISTRATOR)

    answer = client.get(path)

    assert answer.status_code == 400
    assert answer.json["fields"]


def test_a_broken_body_is_malformed_http(client: Any) -> None:
    answer = client.post("/api/v1/tokens", data="{", content_type="application/json")

    assert answer.status_code == 400


def test_a_missing_field_is_named(client: Any) -> None:
    answer = client.post("/api/v1/tokens", json={"login": "wang"})

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json["fields"]] == ["password"]


def test_a_list_is_paged_with_an_exact_total(
    client: Any, session: Session, sign_in: SignIn
) -> None:
    sign_in(client, Role.ADMINISTRATOR)
    for n in range(5):
        factories.enterprise(session, name=f"翻页企业{n}")
    seen: list[str] = []
    path: str | None = "/api/v1/enterprises?text=翻页企业&limit=2"
    totals = set()
    while path:
        answer = client.get(path)
        seen += [each["name"] for each in answer.json["items"]]
        totals.add(answer.json["total"])
        path = answer.headers["Link"].split(">")[0][1:] if answer.json["next"] else None

    assert seen == [f"翻页企业{n}" for n in range(5)]
    assert totals == {5}


def test_a_foreign_cursor_is_refused(client: Any, sign_in: SignIn) -> None:
    sign_in(client, Role.ADMINISTRATOR)

    answer = client.get("/api/v1/enterprises?cursor=nonsense")

    assert answer.status_code == 400
    assert answer.json["fields"][0]["field"] == "cursor"


def test_a_change_needs_the_version_it_was_made_from(
    client: Any, session: Session, sign_in: SignIn
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    code = factories.enterprise(session).code
    path, body = f"/api/v1/enterprises/{code}/grade", {"grade": "D", "model": "m", "reason": "r"}
    etag = client.get(f"/api/v1/enterprises/{code}").headers["ETag"]

    assert client.put(path, json=body).status_code == 428
    changed = client.put(path, json=body, headers={"If-Match": etag})
    assert (changed.status_code, changed.json["grade"]) == (200, "D")
    assert client.put(path, json=body, headers={"If-Match": etag}).status_code == 412


def test_a_repeated_post_is_answered_and_not_done_again(
    client: Any, session: Session, sign_in: SignIn
) -> None:
    sign_in(client, Role.RISK_ANALYST)
    body = {
        "kind": "complaint",
        "received_on": "2026-11-01",
        "region_code": "990101",
        "category_code": "K1",
        "description": "过热",
    }
    headers = {"Idempotency-Key": "0123456789"}
    first = client.post("/api/v1/risk/incidents", json=body, headers=headers)
    again = client.post("/api/v1/risk/incidents", json=body, headers=headers)
    other = client.post(
        "/api/v1/risk/incidents", json={**body, "description": "起火"}, headers=headers
    )

    assert first.status_code == 201, first.json
    assert again.data == first.data
    assert again.headers["Idempotent-Replay"] == "true"
    assert other.status_code == 409


def test_the_openapi_document_is_served(client: Any) -> None:
    document = client.get("/api/v1/openapi.json").json

    assert document["openapi"] == "3.1.0"
    assert "/api/v1/tokens" in document["paths"]


def test_ready_means_database_and_schema(client: Any) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json["database"] == "ok"


def test_metrics_tell_how_much_waits(client: Any) -> None:
    assert b"zhiheng_outbox_unsent" in client.get("/metrics").data


def test_a_missing_page_is_a_page_and_a_missing_route_of_the_api_is_a_problem(client: Any) -> None:
    assert client.get("/api/v1/nowhere").mimetype == "application/problem+json"
    assert client.get("/nowhere").mimetype == "text/html"
    assert client.get("/nowhere").status_code == 404


def test_a_form_from_another_site_is_refused(client: Any) -> None:
    answer = client.post("/login", data={}, headers={"Origin": "https://elsewhere.example"})

    assert answer.status_code == 403
