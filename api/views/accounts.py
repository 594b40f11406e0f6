"""Tokens: sign in, ask who I am, sign out."""

from __future__ import annotations

from typing import Any

from flask import request

from api.auth import current_actor, public, require, sign_in
from api.blueprints import Blueprint
from api.schemas.accounts import ActorOut, TokenIn, TokenOut
from core.unit_of_work import unit_of_work
from registry import service

blueprint = Blueprint("accounts", __name__, url_prefix="/api/v1", description="Signing in")


@blueprint.route("/tokens", methods=["POST"])
@public
@blueprint.arguments(TokenIn)
@blueprint.response(201, TokenOut)
def create_token(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in: a bearer token for 90 days."""
    actor, secret = sign_in(body["login"], body["password"], kind="token")
    return {"token": secret, "role": actor.role.value, "name": actor.name}


@blueprint.route("/me", methods=["GET"])
@require()
@blueprint.response(200, ActorOut)
def me() -> Any:
    """Who the token belongs to."""
    actor = current_actor()
    return {
        "account_id": actor.account_id,
        "name": actor.name,
        "role": actor.role.value,
        "enterprise_id": actor.enterprise_id,
        "person_id": actor.person_id,
    }


@blueprint.route("/tokens/current", methods=["DELETE"])
@require()
@blueprint.response(204)
def revoke_token() -> None:
    """Sign out: the token ends now."""
    secret = request.headers["Authorization"].partition(" ")[2].strip()
    with unit_of_work() as session:
        service.revoke_token(session, secret)
