"""Frozen traces, their differences, and watches; for staff."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from api import etags
from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.paging import page
from api.schemas.watches import (
    AlertArgs,
    AlertNoteIn,
    DisarmIn,
    FreezeArgs,
    FreezeIn,
    FreezeOut,
    FreezePage,
    TraceDifferenceOut,
    WatchAlertOut,
    WatchAlertPage,
)
from core.actors import STAFF, Role
from core.unit_of_work import read_only, unit_of_work
from traceability.queries import watches as queries
from traceability.queries.ledger import lot_by_number, lot_view
from traceability.service import watching

blueprint = Blueprint(
    "watches", __name__, url_prefix="/api/v1/trace", description="Frozen traces and watches"
)

KEEPERS = (Role.LEAD_INSPECTOR, Role.RISK_ANALYST, Role.ADMINISTRATOR)


def _view(session: Session, no: str) -> queries.FreezeView:
    (found,) = queries.freeze_views(session, [queries.freeze_by_no(session, no)])
    if found.watch_version is not None:
        etags.set(found.watch_version)
    return found


@blueprint.route("/freezes", methods=["POST"])
@require(*KEEPERS)
@blueprint.arguments(FreezeIn)
@blueprint.response(201, FreezeOut)
def freeze(body: dict[str, Any]) -> Any:
    """Keep the answer to a trace as it stands now, under a number."""
    number, lot_id, gtin = body.pop("lot"), body.pop("lot_id"), body.pop("gtin")
    with unit_of_work(current_access()) as session:
        lot = (
            lot_view(session, lot_id)
            if number is None
            else lot_by_number(session, number, gtin=gtin)
        )
        row = watching.freeze_trace(session, current_actor(), lot.lot_id, **body)
        return _view(session, row.no)


@blueprint.route("/freezes", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(FreezeArgs, location="query")
@blueprint.response(200, FreezePage)
def list_freezes(arguments: dict[str, Any]) -> dict[str, Any]:
    """Frozen traces, newest first."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = queries.freezes(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )
        return {**found, "items": queries.freeze_views(session, found["items"])}


@blueprint.route("/freezes/<no>", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, FreezeOut)
def show(no: str) -> Any:
    """One frozen trace; the ETag is that of its watch."""
    with read_only(current_access()) as session:
        return _view(session, no)


@blueprint.route("/freezes/<no>/difference", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, TraceDifferenceOut)
def difference(no: str) -> Any:
    """What the same question answers now, against what was frozen."""
    with read_only(current_access()) as session:
        row, now, what = watching.changes_since(session, no)
        return {
            "no": row.no,
            "frozen_as_of": row.as_of,
            "as_of": now.as_of,
            "digest_then": row.digest,
            "digest_now": now.digest(),
            "added": what.added,
            "gone": what.gone,
            "changed": what.changed,
        }


@blueprint.route("/freezes/<no>/watch", methods=["POST"])
@require(*KEEPERS)
@blueprint.response(201, FreezeOut)
def arm(no: str) -> Any:
    """Watch a frozen trace; what came since the freeze is told at once."""
    with unit_of_work(current_access()) as session:
        watching.arm(session, current_actor(), no)
        return _view(session, no)


@blueprint.route("/freezes/<no>/watch", methods=["DELETE"])
@require(*KEEPERS)
@blueprint.arguments(DisarmIn)
@blueprint.response(200, FreezeOut)
def disarm(body: dict[str, Any], no: str) -> Any:
    """Stop watching, with the reason; needs If-Match."""
    with unit_of_work(current_access()) as session:
        found = _view(session, no)
        version = found.watch_version or 0
        if version:
            etags.check(version)
        watching.disarm(session, current_actor(), no, version=version, reason=body["reason"])
        return _view(session, no)


@blueprint.route("/alerts", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(AlertArgs, location="query")
@blueprint.response(200, WatchAlertPage)
def list_alerts(arguments: dict[str, Any]) -> dict[str, Any]:
    """What watches told, newest first."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = queries.alerts(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )
        return {**found, "items": queries.alert_views(session, found["items"])}


@blueprint.route("/alerts/<int:alert_id>/note", methods=["POST"])
@require(*KEEPERS)
@blueprint.arguments(AlertNoteIn)
@blueprint.response(200, WatchAlertOut)
def note(body: dict[str, Any], alert_id: int) -> Any:
    """Say what is done about an alert; needs If-Match with its version."""
    with unit_of_work(current_access()) as session:
        version = queries.alert_by_id(session, alert_id).version
        etags.check(version)
        row = watching.note_alert(
            session, current_actor(), alert_id, version=version, note=body["note"]
        )
        (view,) = queries.alert_views(session, [row])
        etags.set(view.version)
        return view
