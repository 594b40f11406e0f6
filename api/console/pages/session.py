"""Signing in and out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _

from api.auth import forget_session, public, remember_session, require, sign_in
from api.console.forms import Form
from core.actors import Role
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from registry import service

blueprint = Blueprint("session", __name__)

DEMO_ROLES = (
    Role.LEAD_INSPECTOR,
    Role.INSPECTOR,
    Role.ENTERPRISE,
    Role.RISK_ANALYST,
    Role.ADMINISTRATOR,
)


def _after(role: Role) -> str:
    """Where to go: the page that was asked for, else the role's first page."""
    wanted = request.values.get("next", "")
    parts = urlsplit(wanted)
    # Only a path of ours: an address with a host would send people elsewhere. Browsers read a
    # backslash as a slash.
    is_path = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    if is_path and not parts.netloc:
        return wanted
    return url_for("my.todo" if role is Role.ENTERPRISE else "home.overview")


@blueprint.route("/login", methods=["GET", "POST"])
@public
def login() -> Any:
    """Sign in by name and password; in a demo, by role."""
    form = Form(values=request.form if request.method == "POST" else {})
    if request.method == "POST":
        name, password = form.text("login", _("Login")), form.text("password", _("Password"))
        if form.is_good:
            try:
                actor, secret = sign_in(name, password, kind="session")
            except Refusal as refusal:
                form.refused(refusal)
            else:
                response = redirect(_after(actor.role), 303)
                remember_session(response, secret)
                return response
    with read_only() as session:
        is_demo = service.is_demo(session)
    page = render_template(
        "pages/login.html",
        title=_("Sign in"),
        form=form,
        roles=DEMO_ROLES if is_demo else (),
        next=request.values.get("next", ""),
    )
    return page, form.status


@blueprint.route("/login/demo/<role>", methods=["POST"])
@public
def demo(role: str) -> Any:
    """Sign in as one of the invented people; only in a database born as a demo."""
    with unit_of_work() as session:
        if not service.is_demo(session) or role not in DEMO_ROLES:
            abort(404)
        account = service.demo_account(session, Role(role))
        if account is None:
            abort(404)
        secret = service.issue_token(session, account.id, kind="session")
    response = redirect(_after(Role(role)), 303)
    remember_session(response, secret)
    return response


@blueprint.route("/logout", methods=["POST"])
@require()
def logout() -> Any:
    """End the session."""
    response = redirect(url_for("session.login"), 303)
    forget_session(response)
    return response
