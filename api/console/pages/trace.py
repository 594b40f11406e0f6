"""A trace as a picture, a timeline and two lists, from one lot both ways."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, require
from api.console.diagram import draw
from api.console.tiers import Company
from api.tracesheets import XLSX, trace_csv, trace_xlsx
from core.actors import STAFF
from core.clock import today
from core.errors import Refusal
from core.unit_of_work import read_only
from traceability import queries, service

blueprint = Blueprint("trace", __name__)

BASE = "/console/trace"

DIRECTIONS = ("both", "backward", "forward")
SHOWN = 200


def _lot_id(session: Session, given: str) -> int:
    """The lot of ``?lot_id=``, else the one with this number; a number may look like an id."""
    lot_id = request.args.get("lot_id", "")
    if lot_id.isascii() and lot_id.isdigit() and len(lot_id) < 19:
        return queries.lot_view(session, int(lot_id)).lot_id
    return queries.lot_by_number(session, given).lot_id


def _direction() -> Any:
    given = request.args.get("direction", "both")
    return given if given in DIRECTIONS else "both"


@blueprint.route(BASE)
@require(*STAFF)
def show() -> Any:
    """The trace of ``?lot=`` (a number) or ``?lot_id=``; without them, a search for lots."""
    given = (request.args.get("lot") or request.args.get("lot_id", "")).strip()
    words = request.args.get("q", "").strip()
    with read_only(current_access()) as session:
        if given:
            try:
                lot_id = _lot_id(session, given)
            except Refusal:
                words, given = given, ""
        if not given:
            found = queries.find_lots(session, words, 50) if words else []
            return render_template("pages/lots.html", title=_("Trace"), words=words, lots=found)
        trace = service.trace(session, lot_id, direction=_direction())
        detail = service.lot_detail(session, lot_id)
        beside = [Company(party, lot) for party, lot in queries.lots_beside(session, trace)]
    picture = draw(
        trace,
        link=lambda each: url_for("trace.show", lot_id=each, direction=trace.direction),
        company=beside,
        gettext=gettext,
        today=today(),
    )
    lots = {each.lot.lot_id: each for each in trace.lots}
    parties = {each.party_id: each for each in trace.parties}

    def side(*names: str) -> list[Any]:
        return [each for each in trace.holdings if str(each.side) in names]

    return render_template(
        "pages/trace.html",
        title=_("Trace"),
        trace=trace,
        detail=detail,
        picture=picture,
        lots=lots,
        parties=parties,
        upstream=side("upstream"),
        downstream=side("seed", "downstream"),
        direction=trace.direction,
        directions=DIRECTIONS,
        shown=SHOWN,
    )


@blueprint.route(f"{BASE}.<any(csv, xlsx):extension>")
@require(*STAFF)
def export(extension: str) -> Response:
    """The same answer as a sheet: ``.csv`` or ``.xlsx``."""
    with read_only(current_access()) as session:
        lot_id = _lot_id(session, request.args.get("lot", ""))
        trace = service.trace(session, lot_id, direction=_direction())
    whole = extension == "xlsx"
    content = trace_xlsx(trace, gettext) if whole else trace_csv(trace, gettext)
    response = Response(content, mimetype=XLSX if whole else "text/csv")
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"trace.{'xlsx' if whole else 'csv'}"
    )
    return response
