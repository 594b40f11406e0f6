"""The log of draws for everybody: checkpoints to keep, entries, proofs, keys."""

from __future__ import annotations

from importlib import resources
from typing import Any

from flask import Response

from api.auth import public
from api.blueprints import Blueprint
from api.schemas.log import (
    CheckpointArgs,
    CheckpointsOut,
    ConsistencyArgs,
    ConsistencyOut,
    EntryArgs,
    InclusionArgs,
    InclusionOut,
    LogEntriesOut,
    LogKeysOut,
    OtherLogIn,
    OtherLogOut,
)
from core.unit_of_work import PUBLIC_ACCESS, read_only
from sampling.queries import log
from sampling.service import others

blueprint = Blueprint(
    "public_log",
    __name__,
    url_prefix="/api/v1/public/draws/log",
    description="The transparency log of draws",
)

PAGE = 100


@blueprint.route("/checkpoint", methods=["GET"])
@public
@blueprint.response(200, content_type="text/plain")
def checkpoint() -> Any:
    """The latest signed checkpoint, as text (C2SP tlog-checkpoint): keep it."""
    with read_only(PUBLIC_ACCESS) as session:
        found = log.latest_checkpoint(session)
    return Response(found.note, content_type="text/plain; charset=utf-8")


@blueprint.route("/checkpoints", methods=["GET"])
@public
@blueprint.arguments(CheckpointArgs, location="query")
@blueprint.response(200, CheckpointsOut)
def checkpoints(arguments: dict[str, Any]) -> dict[str, Any]:
    """Signed checkpoints, newest first."""
    with read_only(PUBLIC_ACCESS) as session:
        return {"items": log.checkpoints(session, **arguments)}


@blueprint.route("/entries", methods=["GET"])
@public
@blueprint.arguments(EntryArgs, location="query")
@blueprint.response(200, LogEntriesOut)
def entries(arguments: dict[str, Any]) -> dict[str, Any]:
    """Entries by number; what would tell of a list that is still closed is withheld."""
    first = arguments["first"]
    last = arguments["last"] or first + PAGE - 1
    with read_only(PUBLIC_ACCESS) as session:
        size = log.latest_checkpoint(session).size
        return {"size": size, "items": log.log_entries(session, first=first, last=last)}


@blueprint.route("/proof/inclusion", methods=["GET"])
@public
@blueprint.arguments(InclusionArgs, location="query")
@blueprint.response(200, InclusionOut)
def inclusion(arguments: dict[str, Any]) -> Any:
    """Proof that an entry is in the log of a size (RFC 9162, 2.1.3)."""
    with read_only(PUBLIC_ACCESS) as session:
        return log.inclusion(session, **arguments)


@blueprint.route("/proof/consistency", methods=["GET"])
@public
@blueprint.arguments(ConsistencyArgs, location="query")
@blueprint.response(200, ConsistencyOut)
def consistency(arguments: dict[str, Any]) -> Any:
    """Proof that the log of a size is the beginning of a larger one (RFC 9162, 2.1.4)."""
    with read_only(PUBLIC_ACCESS) as session:
        return log.consistency(session, **arguments)


@blueprint.route("/key", methods=["GET"])
@public
@blueprint.response(200, LogKeysOut)
def key() -> dict[str, Any]:
    """The public keys: the one that signs, and earlier ones with the reason of the change."""
    with read_only(PUBLIC_ACCESS) as session:
        return {"items": log.log_keys(session)}


@blueprint.route("/verify-other", methods=["POST"])
@public
@blueprint.arguments(OtherLogIn)
@blueprint.response(200, OtherLogOut)
def verify_other(body: dict[str, Any]) -> Any:
    """Recompute a draw of somebody else: RFC 3797 or consistent_sampler. Nothing is kept."""
    return others.verify_other(body["method"], body["log"])


@blueprint.route("/verify_log.py", methods=["GET"])
@public
@blueprint.response(200, content_type="text/x-python")
def verifier() -> Any:
    """The standalone verifier of this log: Python's standard library only."""
    text = resources.files("sampling.verifier").joinpath("verify_log.py").read_bytes()
    return Response(text, content_type="text/x-python; charset=utf-8")
