"""Uploads of staff: a file is checked first, then stored whole or not at all."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from api.console.labels import LABELS, label
from api.console.listing import EXTENSIONS, XLSX, Column, Filter, Listing
from api.console.previews import bad_cells, preview
from api.imports import KINDS, NotChecked, UnknownUpload, kind_named, mapping_named, mappings
from core import files, imports, outbox
from core.actors import Role
from core.errors import Refusal
from core.imports import ImportRecord
from core.unit_of_work import read_only, unit_of_work
from core.workbooks import write_xlsx

blueprint = Blueprint("imports_pages", __name__)

BASE = "/console/imports"

ALLOWED = (Role.LEAD_INSPECTOR, Role.RISK_ANALYST, Role.ADMINISTRATOR)
UNDER_WAY = ("to-check", "to-store")

# Kinds carry the title that stands on the forms of the trade; these are for readers of English.
KIND_WORDS = {
    "roster": lazy_gettext("roster of enterprises"),
    "inspectors": lazy_gettext("roster of inspectors"),
    "products": lazy_gettext("list of products"),
    "establishments": lazy_gettext("premises and online shops"),
    "grades": lazy_gettext("credit-risk grades"),
    "recusals": lazy_gettext("ties that bar a visit"),
    "laboratories": lazy_gettext("list of laboratories"),
    "inspections": lazy_gettext("past inspections"),
    "sampling_records": lazy_gettext("sampling records"),
    "plan_results": lazy_gettext("results of a plan"),
    "complaints": lazy_gettext("complaints and accidents"),
    "ledger": lazy_gettext("flow ledger"),
}


def kind_words(name: str) -> str:
    """What a kind of import is called."""
    return str(KIND_WORDS.get(name, KINDS[name].title if name in KINDS else name))


def _columns() -> list[Column]:
    return [
        Column(
            "file",
            _("File"),
            lambda row: row.file_name,
            order="file_name",
            link=lambda row: url_for("imports_pages.show", import_id=row.id),
        ),
        Column("kind", _("Kind"), lambda row: kind_words(row.kind), order="kind"),
        Column("rows", _("Rows"), lambda row: row.row_count, "number", order="row_count"),
        Column(
            "problems",
            _("With problems"),
            lambda row: row.problem_count,
            "number",
            order="problem_count",
        ),
        Column(
            "uploaded_at", _("Uploaded"), lambda row: row.created_at, "moment", order="created_at"
        ),
        Column("state", _("State"), lambda row: row.state, "state:import", order="state"),
        Column(
            "sha256", _("SHA-256"), lambda row: row.file_sha256, "code", sortable=False, shown=False
        ),
    ]


def _filters() -> list[Filter]:
    return [
        Filter("kind", _("Kind"), [(name, kind_words(name)) for name in KIND_WORDS]),
        Filter("state", _("State"), [(code, label("import", code)) for code in LABELS["import"]]),
    ]


def _listed(session: Session) -> Listing:
    found = Listing(_columns(), _filters(), sort="-uploaded_at", name="imports")
    statement = select(ImportRecord)
    for name in ("kind", "state"):
        if found.chosen(name):
            statement = statement.where(getattr(ImportRecord, name) == found.chosen(name))
    return found.fill_select(session, statement)


@blueprint.route(BASE, defaults={"extension": None})
@blueprint.route(f"{BASE}.{EXTENSIONS}")
@require(*ALLOWED)
def listing(extension: str | None) -> Any:
    """Upload a file, and what was uploaded before."""
    if extension:
        with read_only(current_access()) as session:
            return _listed(session).file(extension)
    return _page(Form())


def _page(form: Form) -> Any:
    with read_only(current_access()) as session:
        found = _listed(session)
    page = render_template(
        "pages/imports.html",
        title=_("Imports"),
        form=form,
        listing=found,
        kinds=[(name, kind_words(name)) for name in KINDS],
        mappings=[(name, name) for name in mappings()],
    )
    return page, form.status


@blueprint.route(BASE, methods=["POST"])
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


@blueprint.route(BASE + "/templates/<kind>.xlsx")
@require(*ALLOWED)
def template(kind: str) -> Any:
    """An empty table with the titles that are understood, and a sheet that explains them."""
    chosen = kind_named(kind)
    about = [
        [each.title, _("yes") if each.required else "", ", ".join((each.name, *each.aliases))]
        for each in chosen.fields
    ]
    content = write_xlsx(
        [
            (chosen.title, [each.title for each in chosen.fields], []),
            (_("About"), [_("Column"), _("Required"), _("Also understood as")], about),
        ]
    )
    return send_file(
        io.BytesIO(content),
        mimetype=XLSX,
        as_attachment=True,
        download_name=f"{chosen.title}.xlsx",
    )


@blueprint.route(BASE + "/<int:import_id>")
@require(*ALLOWED)
def show(import_id: int) -> Any:
    """What the check found, told in groups; then store, or mend the file."""
    return _found(import_id, Form())


def _record(session: Session, import_id: int) -> ImportRecord:
    record = session.get(ImportRecord, import_id)
    if record is None:
        raise UnknownUpload(import_id=import_id)
    return record


def _found(import_id: int, form: Form) -> Any:
    fragment = request.headers.get("HX-Request") == "true"
    with read_only(current_access()) as session:
        record = _record(session, import_id)
        runs = outbox.runs_of(session, message_id=record.message_id) if record.message_id else []
        run = runs[0] if runs else None
        running = record.state in UNDER_WAY and not (run and run.state in outbox.FINISHED)
        kind = KINDS.get(record.kind)
        readable = kind if not running else None
        page = render_template(
            "pages/_import.html" if fragment else "pages/import.html",
            title=record.file_name,
            crumbs=[(_("Imports"), url_for("imports_pages.listing"))],
            form=form,
            record=record,
            run=run,
            running=running,
            kind=kind_words(record.kind),
            titles={each.name: each.title for each in kind.fields} if kind else {},
            preview=preview(session, record, readable) if readable else None,
            bad_cells=bad_cells(session, record, readable) if readable else [],
        )
    return page, form.status


@blueprint.route(BASE + "/<int:import_id>/store", methods=["POST"])
@require(*ALLOWED)
def store(import_id: int) -> Any:
    """Store the file that was checked: all rows, or, as a recorded choice, the good ones."""
    form = Form(values=request.form)
    try:
        with unit_of_work(current_access()) as session:
            checked = _record(session, import_id)
            if checked.state != "checked":
                raise NotChecked(file=checked.file_name)
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
    except NotChecked as refusal:
        form.refused(refusal)
        return _found(import_id, form)
    return redirect(url_for("imports_pages.show", import_id=record.id), 303)


@blueprint.route(BASE + "/<int:import_id>/marked")
@require(*ALLOWED)
def marked(import_id: int) -> Any:
    """The same file with a 问题 column."""
    with read_only(current_access()) as session:
        record = _record(session, import_id)
        if record.marked_sha256 is None:
            abort(404)
        file = files.load(session, record.marked_sha256)
        return send_file(
            io.BytesIO(file.content),
            mimetype=file.media_type,
            as_attachment=True,
            download_name=file.name,
        )
