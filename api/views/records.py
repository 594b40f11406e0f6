"""Sampling records (抽样单): written by samplers, checked by everybody."""

from __future__ import annotations

import io
from typing import Any

from flask import Response, send_file

from api import etags
from api.auth import current_access, current_actor, public, require
from api.blueprints import Blueprint
from api.console.sheets import pdf_answer
from api.errors import field_words
from api.paging import page
from api.schemas.records import (
    AttachmentArgs,
    AttachmentFile,
    AttachmentOut,
    EditionArgs,
    ProblemOut,
    RecordArgs,
    RecordChange,
    RecordIn,
    RecordOut,
    RecordPage,
    RecordReason,
    UnitSignatureIn,
    VerdictOut,
)
from core.actors import STAFF, Role
from core.unit_of_work import PUBLIC_ACCESS, read_only, unit_of_work
from sampling.errors import RecordFinal
from sampling.queries import records as queries
from sampling.queries.record_parts import record_views, version_of
from sampling.service import record_files, record_signing, records

blueprint = Blueprint("records_api", __name__, url_prefix="/api/v1", description="Sampling records")

BASE = "/sampling/records"
WRITERS = (Role.INSPECTOR, Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)


def _answer(session: Any, no: str) -> Any:
    view = queries.record_edition(session, no)
    etags.set(view.version)
    return view


def _check(session: Any, no: str) -> None:
    etags.check(version_of(queries.record_row(session, no, lock=True)))


@blueprint.route(BASE, methods=["GET"])
@require(*STAFF)
@blueprint.arguments(RecordArgs, location="query")
@blueprint.response(200, RecordPage)
def list_records(arguments: dict[str, Any]) -> Any:
    """The newest edition of each record, newest first."""
    limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
    statement = queries.records_matching(**arguments)
    entity = statement.column_descriptions[0]["entity"]
    with read_only(current_access()) as session:
        found = page(
            session, statement, key=(entity.id,), limit=limit, cursor=cursor, descending=True
        )
        return {**found, "items": record_views(session, found["items"])}


@blueprint.route(BASE, methods=["POST"])
@require(*WRITERS)
@blueprint.arguments(RecordIn)
@blueprint.response(201, RecordOut)
def start_record(body: dict[str, Any]) -> Any:
    """Begin a record, prefilled from the register."""
    with unit_of_work(current_access()) as session:
        record = records.start(session, current_actor(), **body)
        return _answer(session, record.no), 201, {"Location": f"/api/v1{BASE}/{record.no}"}


@blueprint.route(f"{BASE}/<no>", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(EditionArgs, location="query")
@blueprint.response(200, RecordOut)
def show_record(arguments: dict[str, Any], no: str) -> Any:
    """A record: the edition that is worked on, else the newest, or the one asked for."""
    with read_only(current_access()) as session:
        view = queries.record_edition(session, no, arguments["edition"])
        etags.set(view.version)
        return view


@blueprint.route(f"{BASE}/<no>", methods=["PATCH"])
@require(*WRITERS)
@blueprint.arguments(RecordChange)
@blueprint.response(200, RecordOut)
def save_record(body: dict[str, Any], no: str) -> Any:
    """Keep what was written; needs If-Match."""
    with unit_of_work(current_access()) as session:
        _check(session, no)
        records.save(session, current_actor(), no, **body)
        return _answer(session, no)


@blueprint.route(f"{BASE}/<no>/problems", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, ProblemOut(many=True))
def list_problems(no: str) -> Any:
    """What keeps a draft from being signed."""
    with read_only(current_access()) as session:
        found = record_signing.open_problems(session, queries.record_edition(session, no))
        return [
            {"field": each.field, "problem": field_words(each)}
            for each in records.field_problems(found)
        ]


@blueprint.route(f"{BASE}/<no>/attachments", methods=["POST"])
@require(*WRITERS)
@blueprint.arguments(AttachmentArgs, location="query")
@blueprint.arguments(AttachmentFile, location="files")
@blueprint.response(201, AttachmentOut)
def attach_file(arguments: dict[str, Any], parts: dict[str, Any], no: str) -> Any:
    """Add a photo or a file; the same file twice is one."""
    file = parts["file"]
    with unit_of_work(current_access()) as session:
        return record_files.attach(
            session,
            current_actor(),
            no,
            content=file.read(),
            name=file.filename or "",
            **arguments,
        )


@blueprint.route(f"{BASE}/<no>/attachments/<sha256>", methods=["GET"])
@require(*STAFF)
@blueprint.response(200, content_type="application/octet-stream")
def download_file(no: str, sha256: str) -> Response:
    """The original bytes of a photo or file."""
    with read_only(current_access()) as session:
        return original_answer(record_files.original(session, no, sha256))


@blueprint.route(f"{BASE}/<no>/attachments/<kind>/<sha256>", methods=["DELETE"])
@require(*WRITERS)
@blueprint.response(204)
def detach_file(no: str, kind: str, sha256: str) -> None:
    """Take a file off a draft; needs If-Match."""
    with unit_of_work(current_access()) as session:
        _check(session, no)
        record_files.detach(session, current_actor(), no, sha256=sha256, kind=kind)


@blueprint.route(f"{BASE}/<no>/signatures", methods=["POST"])
@require(*WRITERS)
@blueprint.response(201, RecordOut)
def sign_record(no: str) -> Any:
    """Sign what the record says now, as one of its samplers; needs If-Match."""
    with unit_of_work(current_access()) as session:
        _check(session, no)
        record_signing.sign(session, current_actor(), no)
        return _answer(session, no)


@blueprint.route(f"{BASE}/<no>/unit-signature", methods=["POST"])
@require(*WRITERS)
@blueprint.arguments(UnitSignatureIn)
@blueprint.response(201, RecordOut)
def sign_for_unit(body: dict[str, Any], no: str) -> Any:
    """Take down the unit's signature, or its refusal with a witness; needs If-Match."""
    with unit_of_work(current_access()) as session:
        _check(session, no)
        record_signing.sign_for_unit(session, current_actor(), no, **body)
        return _answer(session, no)


@blueprint.route(f"{BASE}/<no>/seal", methods=["POST"])
@require(*WRITERS)
@blueprint.response(200, RecordOut)
def seal_record(no: str) -> Any:
    """Close a record that all have signed, for good; needs If-Match."""
    with unit_of_work(current_access()) as session:
        _check(session, no)
        record_signing.seal(session, current_actor(), no)
        return _answer(session, no)


@blueprint.route(f"{BASE}/<no>/corrections", methods=["POST"])
@require(*WRITERS)
@blueprint.arguments(RecordReason)
@blueprint.response(201, RecordOut)
def correct_record(body: dict[str, Any], no: str) -> Any:
    """Open a new edition of a signed record, with a reason; needs If-Match."""
    with unit_of_work(current_access()) as session:
        _check(session, no)
        record_signing.correct(session, current_actor(), no, **body)
        return _answer(session, no)


@blueprint.route(f"{BASE}/<no>/discard", methods=["POST"])
@require(*WRITERS)
@blueprint.arguments(RecordReason)
@blueprint.response(200, RecordOut)
def discard_record(body: dict[str, Any], no: str) -> Any:
    """Give up a draft, with a reason; needs If-Match."""
    with unit_of_work(current_access()) as session:
        _check(session, no)
        records.discard(session, current_actor(), no, **body)
        return _answer(session, no)


@blueprint.route(f"{BASE}/<no>/document.json", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(EditionArgs, location="query")
@blueprint.response(200, content_type="application/json")
def show_document(arguments: dict[str, Any], no: str) -> Any:
    """The canonical bytes of a signed edition; their SHA-256 is the record's hash."""
    with read_only(current_access()) as session:
        row = queries.record_row(session, no, edition=arguments["edition"])
        if row.document is None:
            raise RecordFinal(record_no=no, state=row.state)
        return Response(bytes(row.document), mimetype="application/json")


@blueprint.route(f"{BASE}/<no>/sheet.pdf", methods=["GET"])
@require(*STAFF)
@blueprint.arguments(EditionArgs, location="query")
@blueprint.response(200, content_type="application/pdf")
def show_pdf(arguments: dict[str, Any], no: str) -> Any:
    """The record on A4."""
    with read_only(current_access()) as session:
        return pdf_answer(queries.record_edition(session, no, arguments["edition"]))


@blueprint.route("/public/records/<no>/<short>", methods=["GET"])
@public
@blueprint.response(200, VerdictOut)
def check_record(no: str, short: str) -> Any:
    """Whether a printed record is genuine: its number and the short hash from its QR code."""
    with read_only(PUBLIC_ACCESS) as session:
        return {"verdict": queries.verdict_of(session, no, short)}


def original_answer(file: Any) -> Response:
    """A stored file to be saved, never to be run by a browser."""
    return send_file(
        io.BytesIO(file.content),
        mimetype=file.media_type,
        as_attachment=True,
        download_name=file.name,
    )
