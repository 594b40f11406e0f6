"""Published recalls: for everybody, without an account."""

from __future__ import annotations

from typing import Any

from api import etags
from api.auth import public
from api.blueprints import Blueprint
from api.paging import page
from api.schemas.recall import (
    PublicRecallArgs,
    PublicRecallOut,
    PublicRecallPage,
    RecallCheckIn,
    RecallCheckOut,
)
from core.unit_of_work import PUBLIC_ACCESS, read_only
from recall.maths.affected import Item
from recall.queries import publications

blueprint = Blueprint(
    "public_recalls", __name__, url_prefix="/api/v1/public", description="Published recalls"
)


@blueprint.route("/recalls", methods=["GET"])
@public
@blueprint.arguments(PublicRecallArgs, location="query")
@blueprint.response(200, PublicRecallPage)
def search(arguments: dict[str, Any]) -> dict[str, Any]:
    """Search published recalls by words, GTIN, lot, brand, model; newest first."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = publications.published(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(PUBLIC_ACCESS) as session:
        found = page(
            session,
            statement,
            key=(entity.announced_at, entity.id),
            limit=limit,
            cursor=cursor,
            descending=True,
        )
        return {**found, "items": publications.public_views(session, found["items"])}


@blueprint.route("/recalls/<number>", methods=["GET"])
@public
@blueprint.response(200, PublicRecallOut)
def show(number: str) -> Any:
    """One published recall with the approved words of its notice."""
    with read_only(PUBLIC_ACCESS) as session:
        found = publications.public_recall(session, number)
    etags.set(found.version)
    return found


@blueprint.route("/check", methods=["POST"])
@public
@blueprint.arguments(RecallCheckIn)
@blueprint.response(200, RecallCheckOut)
def check(body: dict[str, Any]) -> dict[str, Any]:
    """Is it affected? For up to 1,000 items: affected, not_affected, cannot_tell, no_match."""
    items = [Item(**item) for item in body["items"]]
    with read_only(PUBLIC_ACCESS) as session:
        return {"answers": publications.check_items(session, items)}
