"""Uploads of rosters, inspectors, past inspections and complaints."""

from __future__ import annotations

import io
from typing import Any

from flask import Response, send_file, url_for

from api.auth import current_access, current_actor, require
from api.blueprints import Blueprint
from api.imports import UnknownUpload, kind_named, mapping_named
from api.schemas.imports import UploadArgs, UploadFile, UploadOut
from core import files, imports
from core.actors import Role
from core.unit_of_work import read_only, unit_of_work

blueprint = Blueprint("imports", __name__, url_prefix="/api/v1", description="Uploads")

ALLOWED = (Role.LEAD_INSPECTOR, Role.RISK_ANALYST, Role.ADMINISTRATOR)


@blueprint.route("/imports/<kind>", methods=["POST"])
@require(*ALLOWED)
@blueprint.arguments(UploadArgs, location="query")
@blueprint.arguments(UploadFile, location="files")
@blueprint.response(202, UploadOut)
def upload(arguments: dict[str, Any], parts: dict[str, Any], kind: str) -> Any:
    """Upload a file to be checked (the default) or stored, by a job."""
    chosen = kind_named(kind)
    file = parts["file"]
    with unit_of_work(current_access()) as session:
        record = imports.request(
            session,
            current_actor(),
            chosen,
            file.read(),
            file.filename or f"{kind}.csv",
            mapping=mapping_named(arguments["mapping"]),
            dry_run=arguments["dry_run"],
            good_rows_only=arguments["good_rows_only"],
        )
    return record, 202, {"Location": url_for("imports.show", import_id=record.id)}


@blueprint.route("/imports", methods=["GET"])
@require(*ALLOWED)
@blueprint.response(200, UploadOut(many=True))
def list_uploads() -> Any:
    """The latest uploads, newest first."""
    with read_only(current_access()) as session:
        return imports.records(session)


@blueprint.route("/imports/<int:import_id>", methods=["GET"])
@require(*ALLOWED)
@blueprint.response(200, UploadOut)
def show(import_id: int) -> Any:
    """One upload: its state, counts and problems, grouped."""
    with read_only(current_access()) as session:
        return _record(session, import_id)


@blueprint.route("/imports/<int:import_id>/marked", methods=["GET"])
@require(*ALLOWED)
def marked(import_id: int) -> Response:
    """The same file with a 问题 column."""
    with read_only(current_access()) as session:
        record = _record(session, import_id)
        if record.marked_sha256 is None:
            raise UnknownUpload(import_id=import_id)
        file = files.load(session, record.marked_sha256)
        return send_file(
            io.BytesIO(file.content),
            mimetype=file.media_type,
            as_attachment=True,
            download_name=file.name,
        )


def _record(session: Any, import_id: int) -> imports.ImportRecord:
    record = session.get(imports.ImportRecord, import_id)
    if record is None:
        raise UnknownUpload(import_id=import_id)
    found: imports.ImportRecord = record
    return found
