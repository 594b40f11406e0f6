"""Files for inspectors: roster and results to take out, and prefilled tables to send back."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Blueprint, render_template, request, send_file, url_for
from flask_babel import gettext as _

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from api.console.listing import EXTENSIONS, XLSX, Column, Listing
from api.console.pages.imports import kind_words
from api.imports import kind_named
from core import imports
from core.actors import STAFF, Role
from core.errors import Invalid, Refusal
from core.imports import ImportKind, Outcome
from core.unit_of_work import read_only, unit_of_work
from core.workbooks import read_table, write_xlsx
from sampling.maths.record_fields import BY_NAME, CHANNEL_WORDS, PERSONAL, PURPOSE_WORDS
from sampling.queries import exports, plans, records, units
from sampling.queries.record_parts import RecordView, record_views
from sampling.views import DrawnUnitView

blueprint = Blueprint("exchange", __name__)

BASE = "/console/plans/<no>"
KINDS = ("sampling_records", "plan_results")
WRITERS = (Role.INSPECTOR, Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
MOST = 200
MOST_ROWS = 100  # 27 ms a row on two shared cores: above, somebody would wait too long


class TooManyRows(Invalid):
    """A file too long to be checked within a request."""

    code = "imports/too-many-rows"
    message = (
        "The file has {rows} rows; here at most {most} are taken. Ask a lead inspector to upload "
        "it under Imports."
    )


@blueprint.route(f"{BASE}/frame.{EXTENSIONS}")
@require(*STAFF)
def frame(no: str, extension: str) -> Any:
    """The frozen roster."""
    columns = [
        Column("code", _("Credit code"), lambda row: row.code),
        Column("name", _("Enterprise"), lambda row: row.name),
        Column("stratum", _("Stratum"), lambda row: row.stratum),
        Column("category", _("Product category"), lambda row: row.category_code),
        Column("region", _("Region"), lambda row: row.region_code),
        Column("grade", _("Grade"), lambda row: row.grade),
        Column("risk_tier", _("Risk tier"), lambda row: row.risk_tier),
    ]
    with read_only(current_access()) as session:
        rows = exports.frame_rows(session, no)
    return Listing(columns, sort="code", name=f"{no}-frame").fill(rows).file(extension)


@blueprint.route(f"{BASE}/results.{EXTENSIONS}")
@require(*STAFF)
def results(no: str, extension: str) -> Any:
    """What was found at the units of a plan."""
    columns = [
        Column("code", _("Credit code"), lambda row: row.code),
        Column("name", _("Enterprise"), lambda row: row.name),
        Column("stratum", _("Stratum"), lambda row: row.stratum),
        Column("inspected_on", _("Day of the visit"), lambda row: row.inspected_on, "day"),
        Column("outcome", _("Result"), lambda row: row.outcome, "label:outcome"),
        Column("inspected", _("Items inspected"), lambda row: row.inspected, "number"),
        Column("failing", _("Items failing"), lambda row: row.failing, "number"),
        Column("critical", _("Critical findings"), lambda row: row.critical, "number"),
        Column("serious", _("Serious findings"), lambda row: row.serious, "number"),
        Column("minor", _("Minor findings"), lambda row: row.minor, "number"),
        Column("note", _("Note"), lambda row: row.note),
        Column("recorded_at", _("Recorded"), lambda row: row.recorded_at, "moment"),
    ]
    with read_only(current_access()) as session:
        rows = exports.result_rows(session, no)
    return Listing(columns, sort="code", name=f"{no}-results").fill(rows).file(extension)


@blueprint.route(f"{BASE}/records-template.xlsx")
@require(*STAFF)
def records_template(no: str) -> Any:
    """A table of the drawn units, with what is known of them, to be filled in and sent back."""
    kind = kind_named("sampling_records")
    with read_only(current_access()) as session:
        plans.plan_by_no(session, no)
        open_units = _open_units(session, no)
        statement = records.records_matching(plan_no=no, state="draft")
        drafts = record_views(session, list(session.execute(statement).scalars()))
    begun = {view.code for view in drafts}
    rows = [_draft_row(view) for view in drafts]
    rows += [_unit_row(unit) for unit in open_units if unit.code not in begun]
    names = {unit.code: unit for unit in open_units}
    return _workbook(kind, rows, f"{no}-抽样单", [names.get(row["code"]) for row in rows])


@blueprint.route(f"{BASE}/results-template.xlsx")
@require(*STAFF)
def results_template(no: str) -> Any:
    """A table of the units still to be visited, for their results."""
    kind = kind_named("plan_results")
    with read_only(current_access()) as session:
        plans.plan_by_no(session, no)
        open_units = _open_units(session, no)
    rows = [{"plan_no": no, "code": unit.code} for unit in open_units]
    return _workbook(kind, rows, f"{no}-抽查结果", open_units)


@blueprint.route("/console/records/files", methods=["GET", "POST"])
@require(*WRITERS)
def send_back() -> Any:
    """Take a filled-in table of records or results: checked at once, all rows or none."""
    form = Form(values=request.form if request.method == "POST" else request.args)
    outcome = None
    if request.method == "POST":
        name = form.choice("kind", _("Kind"), KINDS)
        file = request.files.get("file")
        if file is None or not file.filename:
            form.wrong("file", _("Choose a file."))
        elif form.is_good:
            try:
                outcome = _taken(name, file.read(), file.filename)
                form.status = 422 if outcome.problems else 200
            except Refusal as refusal:
                form.refused(refusal)
    with read_only(current_access()) as session:
        drawn = list(session.execute(plans.plans_matching(state="drawn").limit(MOST)).scalars())
    page = render_template(
        "pages/send_back.html",
        title=_("Send a file back"),
        crumbs=[(_("Sampling records"), url_for("records.listing"))],
        form=form,
        outcome=outcome,
        titles={each.name: each.title for name in KINDS for each in kind_named(name).fields},
        kinds=[(name, kind_words(name)) for name in KINDS],
        plans=[(plan.no, plan.title) for plan in reversed(drawn)],
    )
    return page, form.status


def _taken(name: str, content: bytes, file_name: str) -> Outcome:
    """Check a file and store it, in the name of who sent it.

    Raises
    ------
    TooManyRows
        It is too long to be checked while somebody waits.
    """
    rows = len(read_table(content, file_name).rows)
    if rows > MOST_ROWS:
        raise TooManyRows(rows=rows, most=MOST_ROWS)
    with unit_of_work(current_access()) as session:
        return imports.run(session, current_actor(), kind_named(name), content, file_name)


def _open_units(session: Any, no: str) -> list[DrawnUnitView]:
    statement = units.drawn_statement(no)
    entity = statement.column_descriptions[0]["entity"]
    rows = session.execute(statement.order_by(entity.stratum, entity.rank)).scalars()
    views = units.drawn_views(session, list(rows))
    return [view for view in views if view.result is None and view.role != "replaced"]


def _unit_row(unit: DrawnUnitView) -> dict[str, Any]:
    return {
        "plan_no": unit.plan_no,
        "code": unit.code,
        "purpose": PURPOSE_WORDS["supervision"][0],
        "unit_name": unit.name,
    }


def _draft_row(view: RecordView) -> dict[str, Any]:
    """A draft as a row; personal data do not travel, and what is left empty stays as it is."""
    written = {
        name: _chosen(name, text) for name, text in view.values.items() if name not in PERSONAL
    }
    seals = {f"{each.kind}_seal": each.seal_no for each in view.samples}
    return {
        **written,
        **(seals if len(view.samples) == len(seals) else {}),
        "record_no": view.no,
        "version": view.version,
        "plan_no": view.plan_no,
        "code": view.code,
        "purpose": PURPOSE_WORDS[view.purpose][0],
        "channel": CHANNEL_WORDS[view.channel][0],
    }


def _chosen(name: str, text: str) -> str:
    return next((zh for code, zh, _en in BY_NAME[name].choices if code == text), text)


def _workbook(
    kind: ImportKind,
    rows: Sequence[dict[str, Any]],
    name: str,
    beside: Iterable[DrawnUnitView | None],
) -> Any:
    """The table with two columns more, for people: the import passes over them."""
    header = ["单位（供核对）", "抽样人员（供核对）", *(each.title for each in kind.fields)]
    body = [
        [
            unit.name if unit else "",
            "、".join(seat.name for seat in unit.team) if unit else "",
            *(row.get(each.name, "") for each in kind.fields),
        ]
        for row, unit in zip(rows, beside, strict=True)
    ]
    about = [
        [each.title, _("yes") if each.required else "", ", ".join((each.name, *each.aliases))]
        for each in kind.fields
    ]
    titles = [_("Column"), _("Required"), _("Also understood as")]
    content = write_xlsx([(kind.title, header, body), (_("About"), titles, about)])
    return send_file(
        io.BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=f"{name}.xlsx"
    )
