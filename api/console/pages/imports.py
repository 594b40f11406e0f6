"""Uploads of staff: a file is checked first, then stored whole or not at all."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from api.imports import KINDS, kind_named, mapping_named, mappings
from core import files, imports, outbox
from core.actors import Role
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from traceability.imports import LEDGER

blueprint = Blueprint("imports_pages", __name__, url_prefix="/console/imports")

ALLOWED = (Role.LEAD_INSPECTOR, Role.RISK_ANALYST, Role.ADMINISTRATOR)


@blueprint.route("")
@require(*ALLOWED)
def listing() -> Any:
    """Upload a file, and what was uploaded before."""
    return _page(Form())


def _page(form: Form) -> Any:
    with read_only(current_access()) as session:
        records = imports.records(session, limit=30)
    page = render_template(
        "pages/imports.html",
        title=_("Imports"),
        form=form,
        records=records,
        kinds=[(name, kind.title) for name, kind in KINDS.items()],
        mappings=[(name, name) for name in mappings()],
        titles={name: kind.title for name, kind in {**KINDS, LEDGER.name: LEDGER}.items()},
    )
    return page, form.status


@blueprint.route("", methods=["POST"])
@require(*ALLOWED)
def upload() -> Any:
    """Take a file and have it checked; nothing is stored yet."""
    form = Form(values=request.form)
    kind = form.choice("kind", _("Kind"), KINDS)
    file = request.files.get("file")
    if file is None or not file.filename:
        form.wrong("file", _("Choose a file."))
    if form.is_good and file is not None:
        try:
            with unit_of_work(current_access()) as session:
                record = imports.request(
                    session,
                    current_actor(),
                    kind_named(kind),
                    file.read(),
                    file.filename or kind,
                    mapping=mapping_named(request.form.get("mapping") or None),
                )
            return redirect(url_for("imports_pages.show", import_id=record.id), 303)
        except Refusal as refusal:
            form.refused(refusal)
    return _page(form)


@blueprint.route("/<int:import_id>")
@require(*ALLOWED)
def show(import_id: int) -> str:
    """What the check found, told in groups; then store, or mend the file."""
    with read_only(current_access()) as session:
        record = session.get(imports.ImportRecord, import_id)
        if record is None:
            abort(404)
        runs = outbox.runs_of(session, message_id=record.message_id) if record.message_id else []
    running = record.state in ("to-check", "to-store") and not (
        runs and runs[0].state in outbox.FINISHED
    )
    fragment = request.headers.get("HX-Request") == "true"
    return render_template(
        "pages/_import.html" if fragment else "pages/import.html",
        title=record.file_name,
        crumbs=[(_("Imports"), url_for("imports_pages.listing"))],
        record=record,
        run=runs[0] if runs else None,
        running=running,
        kind=KINDS.get(record.kind),
    )


@blueprint.route("/<int:import_id>/store", methods=["POST"])
@require(*ALLOWED)
def store(import_id: int) -> Any:
    """Store the file that was checked: all rows, or, as a recorded choice, the good ones."""
    with unit_of_work(current_access()) as session:
        checked = session.get(imports.ImportRecord, import_id)
        if checked is None:
            abort(404)
        record = imports.request(
            session,
            current_actor(),
            kind_named(checked.kind),
            files.load(session, checked.file_sha256).content,
            checked.file_name,
            mapping=checked.mapping,
            dry_run=False,
            good_rows_only=request.form.get("good_rows_only") == "yes",
        )
    return redirect(url_for("imports_pages.show", import_id=record.id), 303)


@blueprint.route("/<int:import_id>/marked")
@require(*ALLOWED)
def marked(import_id: int) -> Any:
    """The same file with a 问题 column."""
    with read_only(current_access()) as session:
        record = session.get(imports.ImportRecord, import_id)
        if record is None or record.marked_sha256 is None:
            abort(404)
        file = files.load(session, record.marked_sha256)
        return send_file(
            io.BytesIO(file.content),
            mimetype=file.media_type,
            as_attachment=True,
            download_name=file.name,
        )
