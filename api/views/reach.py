"""How far lots reach, for answers of any size: totals first, then pages, or all rows as lines."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from flask import Response
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from api.auth import current_access, require
from api.blueprints import Blueprint
from api.errors import InputRefused
from api.paging import link_next
from api.reachlines import lines
from api.schemas.reach import ReachArgs, ReachOut, ReachWholeWish, ReachWish
from api.views.traceability import STAFF
from core.errors import FieldProblem
from core.unit_of_work import read_only
from traceability.errors import ReachMoved
from traceability.queries.ledger import lot_by_number
from traceability.service import reaching as service
from traceability.service.reaching import Found, Seed, Wish

blueprint = Blueprint(
    "reach", __name__, url_prefix="/api/v1", description="How far lots reach, at any size"
)

NDJSON = "application/x-ndjson"


@blueprint.route("/trace/reach", methods=["POST"])
@require(*STAFF)
@blueprint.arguments(ReachWish)
@blueprint.response(200, ReachOut)
def ask_reach(arguments: dict[str, Any]) -> dict[str, Any]:
    """Lots and holders up and down from some lots: totals, and the first page."""
    limit = arguments.pop("limit")
    with read_only(current_access()) as session:
        found = service.find_reach(session, _wish(session, arguments))
        return _page(session, found, 0, limit)


@blueprint.route("/trace/reach", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(ReachArgs, location="query")
@blueprint.response(200, ReachOut)
def show_reach(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same about one lot, or a following page of any answer by its cursor."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    with read_only(current_access()) as session:
        if cursor is None:
            names = ("lot_id", "lot", "gtin", "maker", "party_id")
            arguments["seeds"] = [{name: arguments.pop(name) for name in names}]
            found, start = service.find_reach(session, _wish(session, arguments)), 0
        else:
            wish, serial, digest, start = _decoded(cursor)
            found = service.find_reach(session, wish, pinned=serial)
            if found.digest != digest:
                raise ReachMoved
        return _page(session, found, start, limit)


@blueprint.route("/trace/reach.ndjson", methods=["POST"])
@require(*STAFF)
@blueprint.arguments(ReachWholeWish)
@blueprint.response(200, content_type=NDJSON)
def stream_reach(arguments: dict[str, Any]) -> Response:
    """The whole answer, a JSON object a line: the totals, each lot at a holder, and the end."""
    access = current_access()
    with read_only(access) as session:
        found = service.find_reach(session, _wish(session, arguments))

    def content() -> Iterator[str]:
        with read_only(access) as session:
            yield from lines(session, found)

    return Response(content(), content_type=NDJSON)


def _wish(session: Session, arguments: dict[str, Any]) -> Wish:
    seeds = []
    for number, seed in enumerate(arguments.pop("seeds")):
        lot_id = seed["lot_id"]
        if bool(seed["lot"]) == (lot_id is not None):
            field = "lot" if number == 0 else f"seeds.{number}.lot"
            words = "Give the lot's number as lot, or its lot_id."
            raise InputRefused([FieldProblem(field, words)])
        if lot_id is None:
            found = lot_by_number(session, seed["lot"], gtin=seed["gtin"], maker_code=seed["maker"])
            lot_id = found.lot_id
        seeds.append(Seed(lot_id, seed["party_id"]))
    return Wish(seeds=tuple(sorted(set(seeds), key=_place)), **arguments)


def _place(seed: Seed) -> tuple[int, int]:
    return seed.lot_id, seed.party_id or 0


def _page(session: Session, found: Found, start: int, limit: int) -> dict[str, Any]:
    stop = min(start + limit, len(found.node))
    following = _encoded(found, stop) if stop < len(found.node) else None
    if following:
        link_next({"cursor": [following], "limit": [str(limit)]}, path="/api/v1/trace/reach")
    return {
        "direction": found.wish.direction,
        "dates": found.wish.dates,
        "certainty": found.wish.certainty,
        "as_of": found.as_of,
        "engines": found.engines,
        "digest": found.digest,
        "truncated": found.truncated_because is not None,
        "truncated_because": found.truncated_because,
        "total": len(found.node),
        "totals": [
            {"side": side, "depth": depth, "count": count} for side, depth, count in found.totals
        ],
        "items": list(service.named(session, found, start, stop)),
        "next": following,
    }


def _encoded(found: Found, start: int) -> str:
    """A cursor holds the question, the moment it was asked, and what its answer was."""
    wish = found.wish
    plain = {
        "seeds": [[seed.lot_id, seed.party_id] for seed in wish.seeds],
        "how": [wish.direction, wish.dates, wish.certainty, wish.max_depth, wish.max_nodes],
        "at": [found.as_of.isoformat(), found.serial, found.digest, start],
    }
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _decoded(cursor: str) -> tuple[Wish, int, str, int]:
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        as_of, serial, digest, start = plain["at"]
        names = ("direction", "dates", "certainty", "max_depth", "max_nodes")
        how = dict(zip(names, plain["how"], strict=True))
        seeds = [{"lot_id": lot, "party_id": party} for lot, party in plain["seeds"]]
        given = ReachWholeWish().load({**how, "seeds": seeds, "as_of": as_of})
        place = int(start)
        if place < 0:
            raise ValueError(cursor)
        given["seeds"] = tuple(Seed(each["lot_id"], each["party_id"]) for each in given["seeds"])
        return Wish(**given), int(serial), str(digest), place
    except (ValueError, TypeError, KeyError, binascii.Error, ValidationError) as error:
        words = "Not a cursor of this list; begin without one."
        raise InputRefused([FieldProblem("cursor", words)], status=400) from error
