"""Traces and lots for staff; ledgers for staff and for the enterprises they belong to."""

from __future__ import annotations

import io
from typing import Any

from flask import Response, send_file, url_for
from flask_babel import gettext

from api.asked_traces import asked_trace
from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.paging import page
from api.schemas.traceability import (
    LedgerArgs,
    LedgerFile,
    LedgerFindingArgs,
    LedgerFindingPage,
    LedgerOut,
    LedgerPage,
    LotArgs,
    LotDetailOut,
    LotPage,
    MovementArgs,
    MovementPage,
    TraceArgs,
    TraceOut,
)
from api.tracesheets import XLSX, trace_csv, trace_xlsx
from core.actors import Role
from core.unit_of_work import read_only, unit_of_work
from traceability import imports
from traceability.errors import UploadUnknown
from traceability.queries import ledger as queries
from traceability.service import tracing as service

blueprint = Blueprint(
    "traceability", __name__, url_prefix="/api/v1", description="Lots and flow ledgers"
)

STAFF = (Role.INSPECTOR, Role.LEAD_INSPECTOR, Role.RISK_ANALYST, Role.ADMINISTRATOR)
LEDGER_KEEPERS = (Role.ENTERPRISE, Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)


@blueprint.route("/trace", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(TraceArgs, location="query")
@blueprint.response(200, TraceOut)
def trace(arguments: dict[str, Any]) -> Any:
    """Where a lot came from and where it went, with quantities, gaps and findings."""
    with read_only(current_access()) as session:
        return asked_trace(session, arguments)


@blueprint.route("/trace.csv", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(TraceArgs, location="query")
@blueprint.response(200, content_type="text/csv")
def trace_as_csv(arguments: dict[str, Any]) -> Response:
    """The same answer as CSV: one row for each lot at each holder."""
    with read_only(current_access()) as session:
        answer = asked_trace(session, arguments)
    return _download(trace_csv(answer, gettext), f"trace-{answer.seed.number}.csv", "text/csv")


@blueprint.route("/trace.xlsx", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(TraceArgs, location="query")
@blueprint.response(200, content_type=XLSX)
def trace_as_xlsx(arguments: dict[str, Any]) -> Response:
    """The same answer as a workbook: holdings, movements, whom to ask, findings, about."""
    with read_only(current_access()) as session:
        answer = asked_trace(session, arguments)
    return _download(trace_xlsx(answer, gettext), f"trace-{answer.seed.number}.xlsx", XLSX)


def _download(content: bytes, name: str, media_type: str) -> Response:
    # send_file writes a Chinese name as RFC 6266 asks; plain headers are Latin only.
    return send_file(
        io.BytesIO(content), mimetype=media_type, as_attachment=True, download_name=name
    )


@blueprint.route("/lots", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(LotArgs, location="query")
@blueprint.response(200, LotPage)
def list_lots(arguments: dict[str, Any]) -> dict[str, Any]:
    """Lots by part of their number, product name, or GTIN; ordered by number."""
    statement = queries.lots_matching(arguments["q"])
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(
            session,
            statement,
            key=(entity.key, entity.id),
            limit=arguments["limit"],
            cursor=arguments["cursor"],
        )
        views = queries.lots(session, [row.id for row in found["items"]])
        found["items"] = [views[row.id] for row in found["items"]]
        return found


@blueprint.route("/lots/<int:lot_id>", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, LotDetailOut)
def show_lot(lot_id: int) -> Any:
    """One lot: made, sold, held, consumed, and what nobody can account for."""
    with read_only(current_access()) as session:
        return service.lot_detail(session, lot_id)


@blueprint.route("/movements", methods=["GET"])
@require(Role.ENTERPRISE, *STAFF)
@blueprint.arguments(MovementArgs, location="query")
@blueprint.response(200, MovementPage)
def list_movements(arguments: dict[str, Any]) -> dict[str, Any]:
    """Ledger rows, newest first; an enterprise sees what it told itself."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = queries.movements(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )
        found["items"] = queries.movement_views(session, found["items"])
        return found


@blueprint.route("/ledger-findings", methods=["GET"])
@require(Role.ENTERPRISE, *STAFF)
@blueprint.arguments(LedgerFindingArgs, location="query")
@blueprint.response(200, LedgerFindingPage)
def list_findings(arguments: dict[str, Any]) -> dict[str, Any]:
    """What ledgers say that cannot be right, newest first; an enterprise sees its own."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = queries.open_findings(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )
        found["items"] = queries.finding_views(session, found["items"])
        return found


@blueprint.route("/ledgers", methods=["POST"])
@require(*LEDGER_KEEPERS)
@blueprint.arguments(LedgerArgs, location="query")
@blueprint.arguments(LedgerFile, location="files")
@blueprint.response(201, LedgerOut)
def upload_ledger(arguments: dict[str, Any], parts: dict[str, Any]) -> Any:
    """Upload a flow ledger: a small one is done at once (201), a large one by a job (202)."""
    file = parts["file"]
    content, name = file.read(), file.filename or "ledger.csv"
    with unit_of_work(current_access()) as session:
        row = imports.take_upload(session, current_actor(), content, name, **arguments)
        upload = queries.upload_view(session, row)
    status = 201 if upload.message_id is None else 202
    return upload, status, {"Location": url_for("traceability.show_ledger", upload_id=upload.id)}


@blueprint.route("/ledgers", methods=["GET"])
@require(*LEDGER_KEEPERS)
@blueprint.arguments(MovementArgs(only=("limit", "cursor")), location="query")
@blueprint.response(200, LedgerPage)
def list_ledgers(arguments: dict[str, Any]) -> dict[str, Any]:
    """Uploaded ledgers, newest first; an enterprise sees its own."""
    statement = queries.uploads()
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        return page(
            session,
            statement,
            key=(entity.id,),
            limit=arguments["limit"],
            cursor=arguments["cursor"],
            descending=True,
            view=lambda row: queries.upload_view(session, row),
        )


@blueprint.route("/ledgers/<int:upload_id>", methods=["GET"])
@require(*LEDGER_KEEPERS)
@blueprint.response(200, LedgerOut)
def show_ledger(upload_id: int) -> Any:
    """One uploaded ledger: its state, counts and problems."""
    with read_only(current_access()) as session:
        return queries.upload(session, upload_id)


@blueprint.route("/ledgers/<int:upload_id>/marked", methods=["GET"])
@require(*LEDGER_KEEPERS)
def marked_ledger(upload_id: int) -> Response:
    """The same file with a 问题 column."""
    with read_only(current_access()) as session:
        upload = queries.upload(session, upload_id)
        if upload.marked_sha256 is None:
            raise UploadUnknown(upload_id=upload_id)
        file = imports.marked_file(session, upload.marked_sha256)
        return _download(file.content, file.name, file.media_type)
