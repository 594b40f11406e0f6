"""Flow ledgers (流向台账): upload, what was found, and what is stored."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from api.console.labels import LABELS, label
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from api.ledgersheets import ledger_template
from api.tracesheets import XLSX
from core import outbox
from core.actors import STAFF, Role
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from core.workbooks import write_csv
from registry.queries import enterprise_by_id
from traceability import imports
from traceability.maths.answer import PartyView
from traceability.queries import ledger as queries
from traceability.queries.own_goods import own_goods

blueprint = Blueprint("ledger", __name__)

BASE = "/console/ledger"

EVERYBODY = (Role.ENTERPRISE, *sorted(STAFF))
KEEPERS = (Role.ENTERPRISE, Role.LEAD_INSPECTOR, Role.RISK_ANALYST, Role.ADMINISTRATOR)


@blueprint.route(BASE, defaults={"extension": None})
@blueprint.route(f"{BASE}.{EXTENSIONS}")
@require(*EVERYBODY)
def listing(extension: str | None) -> Any:
    """Uploads and the latest rows; an enterprise sees its own."""
    if extension:
        with read_only(current_access()) as session:
            return _rows(session).file(extension)
    return _page(Form())


def _rows(session: Session) -> Listing:
    """Ledger rows, newest first."""
    is_staff = current_actor().is_staff
    columns = [
        Column("kind", _("Event"), lambda row: row.kind, "label:event", order="kind"),
        Column(
            "lot",
            _("Lot"),
            lambda row: row.lot.number,
            link=lambda row: url_for("trace.show", lot=row.lot.lot_id) if is_staff else None,
            under=lambda row: row.lot.product_name,
            sortable=False,
        ),
        Column("quantity", _("Quantity"), lambda row: row.quantity, "number", order="quantity"),
        Column("unit", _("Unit"), lambda row: row.unit, "label:unit", sortable=False),
        Column("from", _("From"), lambda row: _name(row.from_party), sortable=False),
        Column("to", _("To"), lambda row: _name(row.to_party), sortable=False),
        Column("on", _("Day"), lambda row: row.earliest_at, "day", order="earliest_at"),
        Column("document", _("Document"), lambda row: row.document_no, order="document_no"),
        Column(
            "recorded_at",
            _("Recorded"),
            lambda row: row.recorded_at,
            "moment",
            order="recorded_at",
            shown=False,
        ),
        Column("id", _("Row number"), lambda row: row.id, order="id", shown=False),
    ]
    kinds = [(code, label("event", code)) for code in LABELS["event"]]
    found = Listing(columns, [Filter("kind", _("Event"), kinds)], sort="-id", name="ledger")
    return found.fill_select(
        session, queries.movements(kind=found.chosen("kind") or None), queries.movement_views
    )


def _name(party: PartyView | None) -> str | None:
    return party.name or party.code if party else None


def _page(form: Form) -> Any:
    with read_only(current_access()) as session:
        statement = queries.uploads()
        entity = statement.column_descriptions[0]["entity"]
        uploads = [
            queries.upload_view(session, row)
            for row in session.execute(statement.order_by(entity.id.desc()).limit(20)).scalars()
        ]
        rows = _rows(session)
    page = render_template(
        "pages/ledger.html",
        title=_("Flow ledger"),
        form=form,
        uploads=uploads,
        listing=rows,
        may_upload=current_actor().role in KEEPERS,
    )
    return page, form.status


@blueprint.route(BASE, methods=["POST"])
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


@blueprint.route(BASE + "/imports/<int:upload_id>")
@require(*EVERYBODY)
def show(upload_id: int) -> str:
    """What was found in one file; the fragment asks again by itself while a job is at work."""
    with read_only(current_access()) as session:
        found = queries.upload(session, upload_id)
        runs = outbox.runs_of(session, message_id=found.message_id) if found.message_id else []
    at_work = found.state in ("to-check", "to-store") and not (
        runs and runs[0].state in outbox.FINISHED
    )
    fragment = request.headers.get("HX-Request") == "true"
    return render_template(
        "pages/_ledger_upload.html" if fragment else "pages/ledger_upload.html",
        at_work=at_work,
        title=found.file_name,
        crumbs=[(_("Flow ledger"), url_for("ledger.listing"))],
        upload=found,
        titles={each.name: each.title for each in imports.LEDGER.fields},
        run=runs[0] if runs else None,
    )


@blueprint.route(BASE + "/imports/<int:upload_id>/marked")
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


@blueprint.route(BASE + "/template.csv")
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


@blueprint.route(BASE + "/template.xlsx")
@require(Role.ENTERPRISE)
def own_template() -> Any:
    """A ledger to fill in, with the enterprise's own products, lots and partners to choose from."""
    enterprise_id = current_actor().enterprise_id
    if enterprise_id is None:
        abort(404)
    with read_only(current_access()) as session:
        row = enterprise_by_id(session, enterprise_id)
        content = ledger_template(row.code, row.name, own_goods(session, enterprise_id), gettext)
    return send_file(
        io.BytesIO(content),
        mimetype=XLSX,
        as_attachment=True,
        download_name=f"流向台账-{row.name}.xlsx",
    )
