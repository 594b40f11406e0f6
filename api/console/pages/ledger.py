"""Flow ledgers (流向台账): upload, what was found, and what is stored."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from core import outbox
from core.actors import STAFF, Role
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from core.workbooks import write_csv
from traceability import imports, queries

blueprint = Blueprint("ledger", __name__, url_prefix="/console/ledger")

EVERYBODY = (Role.ENTERPRISE, *sorted(STAFF))
KEEPERS = (Role.ENTERPRISE, Role.LEAD_INSPECTOR, Role.RISK_ANALYST, Role.ADMINISTRATOR)
SHOWN = 50


@blueprint.route("")
@require(*EVERYBODY)
def listing() -> Any:
    """Uploads and the latest rows; an enterprise sees its own."""
    return _page(Form())


def _page(form: Form) -> Any:
    with read_only(current_access()) as session:
        statement = queries.uploads()
        entity = statement.column_descriptions[0]["entity"]
        uploads = [
            queries.upload_view(session, row)
            for row in session.execute(statement.order_by(entity.id.desc()).limit(20)).scalars()
        ]
        moved = queries.movements()
        entity = moved.column_descriptions[0]["entity"]
        rows = session.execute(moved.order_by(entity.id.desc()).limit(SHOWN)).scalars()
        movements = queries.movement_views(session, list(rows))
    page = render_template(
        "pages/ledger.html",
        title=_("Flow ledger"),
        form=form,
        uploads=uploads,
        movements=movements,
        may_upload=current_actor().role in KEEPERS,
    )
    return page, form.status


@blueprint.route("", methods=["POST"])
@require(*KEEPERS)
def upload() -> Any:
    """Check a ledger file; the good file is stored on a second press."""
    form = Form(values=request.form)
    file = request.files.get("file")
    if file is None or not file.filename:
        form.wrong("file", _("Choose a file."))
    if form.is_good and file is not None:
        try:
            with unit_of_work(current_access()) as session:
                row = imports.take_upload(
                    session,
                    current_actor(),
                    file.read(),
                    file.filename or "ledger.csv",
                    dry_run=request.form.get("step") != "store",
                    placeholders=request.form.get("placeholders") == "yes",
                )
                number = row.id
            return redirect(url_for("ledger.show", upload_id=number), 303)
        except Refusal as refusal:
            form.refused(refusal)
    return _page(form)


@blueprint.route("/imports/<int:upload_id>")
@require(*EVERYBODY)
def show(upload_id: int) -> str:
    """What was found in one file."""
    with read_only(current_access()) as session:
        found = queries.upload(session, upload_id)
        runs = outbox.runs_of(session, message_id=found.message_id) if found.message_id else []
    return render_template(
        "pages/ledger_upload.html",
        title=found.file_name,
        crumbs=[(_("Flow ledger"), url_for("ledger.listing"))],
        upload=found,
        run=runs[0] if runs else None,
    )


@blueprint.route("/imports/<int:upload_id>/marked")
@require(*EVERYBODY)
def marked(upload_id: int) -> Any:
    """The same file with a 问题 column."""
    with read_only(current_access()) as session:
        found = queries.upload(session, upload_id)
        if found.marked_sha256 is None:
            abort(404)
        file = imports.marked_file(session, found.marked_sha256)
        return send_file(
            io.BytesIO(file.content),
            mimetype=file.media_type,
            as_attachment=True,
            download_name=file.name,
        )


@blueprint.route("/template.csv")
@require(*EVERYBODY)
def template() -> Any:
    """An empty ledger with the titles that are understood."""
    header = [each.title for each in imports.LEDGER.fields]
    return send_file(
        io.BytesIO(write_csv(header, [])),
        mimetype="text/csv",
        as_attachment=True,
        download_name="流向台账.csv",
    )
