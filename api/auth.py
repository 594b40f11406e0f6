"""Who is asking, and what a route allows.

Bearer tokens for ``/api``, a session cookie for pages; both are random secrets whose SHA-256 is
stored. Every route carries a guard; the application refuses to start with one that does not.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, g, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.actors import PUBLIC, Actor, Role
from core.config import secret_key, settings
from core.errors import Forbidden, Unauthenticated
from core.unit_of_work import Access, access_of, read_only, unit_of_work
from registry import service

COOKIE = "zhiheng_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

P = ParamSpec("P")
R = TypeVar("R")


class TokenUnknown(Unauthenticated):
    """The bearer token is unknown, expired or revoked."""

    code = "accounts/token-unknown"
    message = "This token is unknown, expired or revoked; sign in again for a new one."


class RoleNeeded(Forbidden):
    """The account's role is not enough."""

    code = "accounts/role-needed"
    message = "This needs one of the roles {roles}; this account has {role}."


class CrossSite(Forbidden):
    """A form came from another site, or from a page of an ended session."""

    code = "http/cross-site"
    message = "This form does not belong to your session any more; open the page again and repeat."


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Declare a route open to everybody."""
    view.__guard__ = "public"  # type: ignore[attr-defined]
    return view


def require(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only some roles in; without arguments, anybody who is signed in."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            actor = current_actor()
            if actor.role is Role.PUBLIC:
                raise Unauthenticated
            if roles and actor.role not in roles:
                raise RoleNeeded(
                    roles=", ".join(role.value for role in roles), role=actor.role.value
                )
            return view(*args, **kwargs)

        guarded.__guard__ = ",".join(roles) or "any"  # type: ignore[attr-defined]
        return guarded

    return guard


def unguarded(app: Flask) -> list[str]:
    """Routes that neither require a role nor are declared public."""
    return sorted(
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if not hasattr(app.view_functions[rule.endpoint], "__guard__")
    )


def current_actor() -> Actor:
    """Who is asking; the public where nobody signed in."""
    if "actor" not in g:
        g.actor = _identify()
    actor: Actor = g.actor
    return actor


def current_access() -> Access:
    """What rows the one who asks may see."""
    return access_of(current_actor())


def _identify() -> Actor:
    if is_api():
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        if not kind:
            return PUBLIC
        actor = None
        if kind.casefold() == "bearer" and secret:
            with read_only() as session:
                actor = service.actor_of(session, secret.strip(), kind="token")
        if actor is None:
            raise TokenUnknown
        return actor
    secret = request.cookies.get(COOKIE, "")
    if not secret:
        return PUBLIC
    with read_only() as session:
        return service.actor_of(session, secret, kind="session") or PUBLIC


def is_api() -> bool:
    """True for requests that carry tokens, not cookies."""
    return request.path.startswith("/api/v1/")


def client_address() -> str:
    """Where the request comes from, as far as it can be known."""
    return request.remote_addr or "unknown"


def sign_in(login: str, password: str, *, kind: str) -> tuple[Actor, str]:
    """Check a password and give a new secret.

    Raises
    ------
    TooManyAttempts
        Too many failures for this login or from this address.
    WrongPassword
        Login and password do not fit.
    """
    from registry.errors import WrongPassword

    address = client_address()
    with read_only() as session:
        service.check_attempts(session, login, address)
    try:
        with unit_of_work() as session:
            account = service.account_for(session, login, password)
            secret = service.issue_token(session, account.id, kind=kind)
    except WrongPassword:
        with unit_of_work() as session:
            service.record_failure(session, login, address)
        raise
    actor = Actor(
        account.id,
        account.display_name,
        Role(account.role),
        account.enterprise_id,
        account.person_id,
    )
    return actor, secret


def remember_session(response: BaseResponse, secret: str) -> None:
    """Give the browser its session cookie."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(service.SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=settings().secure_cookies,
    )


def forget_session(response: BaseResponse) -> None:
    """End the browser's session, here and in the database."""
    secret = request.cookies.get(COOKIE, "")
    if secret:
        with unit_of_work() as session:
            service.revoke_token(session, secret)
    response.delete_cookie(COOKIE)


def csrf_token() -> str:
    """The token that forms of this session carry."""
    secret = request.cookies.get(COOKIE, "")
    return hmac.new(secret_key(), b"csrf/" + secret.encode(), hashlib.sha256).hexdigest()


def _check_form() -> None:
    """Refuse a change that another site caused."""
    if request.method in SAFE_METHODS or is_api():
        return
    origin = request.headers.get("Origin")
    if origin not in (None, "null") and urlsplit(origin).netloc != request.host:
        raise CrossSite
    if request.cookies.get(COOKIE):
        given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
        if not hmac.compare_digest(given, csrf_token()):
            raise CrossSite


def _to_sign_in(refusal: Unauthenticated) -> Any:
    """Send a person to the sign-in page; a program gets its 401."""
    from api.errors import refusal_answer, wants_json

    if wants_json() or request.method not in SAFE_METHODS:
        return refusal_answer(refusal)
    return redirect(url_for("session.login", next=request.full_path.rstrip("?")))


def install(app: Flask) -> None:
    """Check forms before any view, and send strangers to the sign-in page."""
    app.before_request(_check_form)
    app.register_error_handler(Unauthenticated, _to_sign_in)
    app.jinja_env.globals.update(csrf_token=csrf_token, current_actor=current_actor)
