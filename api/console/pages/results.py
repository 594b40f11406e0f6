"""The publication desk: what was found and is to be made public, by two people and in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from api.console.labels import LABELS, label
from api.console.languages import language
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from api.console.published_words import COLUMNS
from core.actors import STAFF, Actor, Role
from core.clock import today
from core.errors import Refusal, Stale
from core.unit_of_work import SYSTEM_ACCESS, read_only, unit_of_work
from registry.queries import account_names
from sampling.maths.publication import RecordState, suggested_codes
from sampling.queries import publication
from sampling.queries.procedure import PublicationRow
from sampling.queries.publication import DeskRow
from sampling.service import announcing, publishing

blueprint = Blueprint("results", __name__, url_prefix="/console/results")

LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
RECORDERS = (Role.INSPECTOR, *LEADS)
DESK_STATES = ("missing", "pending", "returned", "published", "withdrawn")


@blueprint.route("", defaults={"extension": None})
@blueprint.route(f"/list.{EXTENSIONS}")
@require(*STAFF)
def listing(extension: str | None) -> Any:
    """Every result that was found, and how far its publication is; the most urgent first."""
    with read_only(current_access()) as session:
        rows = publication.desk(session)
    counts = {state: sum(row.state == state for row in rows) for state in DESK_STATES}
    overdue = sum(row.is_overdue for row in rows)
    found = Listing(
        _columns(),
        [
            Filter(
                "state",
                _("State"),
                [("overdue", _("overdue")), *((one, label("record", one)) for one in DESK_STATES)],
                pills=True,
                counts={**counts, "overdue": overdue},
            ),
            Filter("q", _("Enterprise or plan")),
        ],
        sort="due_on",
        name="publication",
    )
    found.fill([row for row in rows if _fits(row, found.chosen("state"), found.chosen("q"))])
    if extension:
        return found.file(extension)
    return render_template(
        "pages/results_desk.html",
        title=_("Publication desk"),
        listing=found,
        counts=publication.desk_counts(rows),
        may_write=current_actor().role in LEADS,
    )


def _fits(row: DeskRow, state: str, words: str) -> bool:
    if state == "overdue" and not row.is_overdue:
        return False
    if state in DESK_STATES and row.state != state:
        return False
    told = f"{row.name} {row.code} {row.plan_no} {row.plan_title}".casefold()
    return all(word.casefold() in told for word in words.split())


def _columns() -> list[Column]:
    return [
        Column(
            "name",
            _("Enterprise"),
            lambda row: row.name,
            link=lambda row: url_for("results.inspection", plan_no=row.plan_no, code=row.code),
            under=lambda row: row.code,
        ),
        Column(
            "plan",
            _("Plan"),
            lambda row: row.plan_no,
            link=lambda row: url_for("plans.draw", no=row.plan_no),
            under=lambda row: row.plan_title,
        ),
        Column("inspected_on", _("Inspected"), lambda row: row.inspected_on, "day"),
        Column("outcome", _("Outcome"), lambda row: row.outcome, "state:outcome"),
        Column(
            "due_on",
            _("Public by"),
            lambda row: row.due_on,
            "day",
            under=lambda row: _("overdue") if row.is_overdue else None,
        ),
        Column("record", _("Record"), lambda row: row.record_no),
        Column(
            "state",
            _("State"),
            lambda row: row.state.value,
            "state:record",
            under=lambda row: row.return_reason,
        ),
    ]


@blueprint.route("/records", defaults={"extension": None})
@blueprint.route(f"/records.{EXTENSIONS}")
@require(*STAFF)
def records(extension: str | None) -> Any:
    """All records, of inspections and of samples."""
    columns = [
        Column(
            "no",
            _("Number"),
            lambda one: one.no,
            link=lambda one: url_for("results.record", no=one.no),
            order="no",
        ),
        Column("enterprise", _("Enterprise"), lambda one: one.enterprise_name),
        Column("product", _("Product"), lambda one: one.product),
        Column("kind", _("Kind"), lambda one: one.kind, "label:record_kind"),
        Column("found_on", _("Inspected"), lambda one: one.found_on, "day", order="found_on"),
        Column("outcome", _("Outcome"), lambda one: one.outcome, "state:outcome"),
        Column("state", _("State"), lambda one: one.state.value, "state:record"),
    ]
    states = [(one, label("record", one)) for one in DESK_STATES if one != "missing"]
    kinds = [(code, label("record_kind", code)) for code in LABELS["record_kind"]]
    found = Listing(
        columns,
        [
            Filter("state", _("State"), states, pills=True),
            Filter("kind", _("Kind"), kinds),
            Filter("q", _("Words")),
        ],
        sort="-no",
        name="records",
    )
    state, kind = found.chosen("state"), found.chosen("kind")
    statement = publication.records_matching(
        state=state if state in dict(states) else None,
        kind=kind if kind in dict(kinds) else None,
        text=found.chosen("q") or None,
    )
    with read_only(current_access()) as session:
        found.fill_select(session, statement, lambda _session, rows: publication.record_views(rows))
    if extension:
        return found.file(extension)
    return render_template(
        "pages/results_records.html",
        title=_("Public records"),
        crumbs=[(_("Publication desk"), url_for("results.listing"))],
        listing=found,
    )


@blueprint.route("/inspections/<plan_no>/<code>", methods=["GET", "POST"])
@require(*STAFF)
def inspection(plan_no: str, code: str) -> Any:
    """Enter what is to be published of one inspected unit."""
    if request.method == "POST" and current_actor().role not in RECORDERS:
        abort(403)
    form = Form(values=request.form if request.method == "POST" else {})
    if request.method == "POST":
        try:
            with unit_of_work(current_access()) as session:
                row = publishing.record_inspection(
                    session,
                    current_actor(),
                    plan_no,
                    code,
                    codes=request.form.getlist("codes"),
                    statement=request.form.get("statement"),
                    corrects=request.form.get("corrects") or None,
                    reason=request.form.get("reason"),
                )
            return redirect(url_for("results.record", no=row.no, done="entered"), 303)
        except Refusal as refusal:
            form.refused(refusal)
    with read_only(current_access()) as session:
        rows = publication.desk(session, plan_no=plan_no)
    found = next((row for row in rows if row.code == code), None)
    if found is None:
        abort(404)
    chosen = request.form.getlist("codes") if request.method == "POST" else []
    page = render_template(
        "pages/results_enter.html",
        title=found.name,
        sub=code,
        crumbs=[(_("Publication desk"), url_for("results.listing"))],
        crumb=code,
        row=found,
        form=form,
        codes=publication.code_table().on(found.inspected_on).values(),
        chosen=chosen or suggested_codes(found.outcome),
        zh=language() == "zh",
        is_correction=found.state is RecordState.PUBLISHED,
        may_enter=current_actor().role in RECORDERS and found.state is not RecordState.PENDING,
    )
    return page, form.status


@blueprint.route("/samples/new", methods=["GET", "POST"])
@require(*LEADS)
def sample() -> Any:
    """Enter the standing result of a sampling case for an announcement."""
    form = Form(values=request.form if request.method == "POST" else request.args)
    if request.method == "POST":
        case_no = form.text("case_no", _("Case"))
        serial = form.number("serial", _("No."), least=1)
        announcement_no = form.text("announcement_no", str(COLUMNS["announcement_no"]))
        announced_on = form.day("announced_on", _("Day of the announcement"))
        if form.is_good and serial is not None and announced_on is not None:
            try:
                with unit_of_work(current_access()) as session:
                    row = announcing.record_case(
                        session,
                        current_actor(),
                        case_no,
                        serial=serial,
                        announcement_no=announcement_no,
                        announced_on=announced_on,
                        corrects=form.value("corrects") or None,
                        reason=form.value("reason"),
                    )
                return redirect(url_for("results.record", no=row.no, done="entered"), 303)
            except Refusal as refusal:
                form.refused(refusal)
    with read_only(current_access()) as session:
        rows = publication.cases_to_announce(session, corrects=form.value("corrects") or None)
    page = render_template(
        "pages/results_sample.html",
        title=_("Result of a supervision sample"),
        crumbs=[(_("Publication desk"), url_for("results.listing"))],
        form=form,
        words=COLUMNS,
        cases=[(row.case_no, _told(row)) for row in rows],
        today=today().isoformat(),
    )
    return page, form.status


def _told(row: PublicationRow) -> str:
    """A case in one line: enough to choose the right one."""
    verdict = label("outcome", row.verdict)
    return f"{row.case_no} · {row.unit_name} · {row.product} · {verdict}"


@blueprint.route("/records/<no>")
@require(*STAFF)
def record(no: str) -> Any:
    """One record: what the public will read, and the step that comes next."""
    return _page(no, Form())


def _page(no: str, form: Form) -> Any:
    with read_only(current_access()) as session:
        (found,) = publication.record_views([publication.record_by_no(session, no)])
        case_no = publication.case_of_record(session, found.subject)
    ids = [one for one in (found.recorded_by, found.reviewed_by) if one is not None]
    with read_only(SYSTEM_ACCESS) as session:
        names = account_names(session, ids)
    actor = current_actor()
    page = render_template(
        "pages/results_record.html",
        title=found.enterprise_name,
        sub=no,
        crumbs=[
            (_("Publication desk"), url_for("results.listing")),
            (_("Public records"), url_for("results.records")),
        ],
        crumb=no,
        record=found,
        case_no=case_no,
        form=form,
        columns=COLUMNS,
        people=names,
        zh=language() == "zh",
        may_review=actor.role in LEADS,
        is_own=found.recorded_by == actor.account_id,
    )
    return page, form.status


def _reasoned(act: Callable[..., object]) -> Callable[[Session, Actor, str], object]:
    return lambda session, actor, no: act(session, actor, no, reason=request.form.get("reason", ""))


STEPS: dict[str, tuple[Callable[[Session, Actor, str], object], str]] = {
    "publish": (publishing.publish_record, "record-published"),
    "return": (_reasoned(publishing.return_record), "returned"),
    "withdraw": (_reasoned(publishing.withdraw_record), "record-withdrawn"),
    "follow-up": (publishing.close_follow_up, "followed-up"),
}


@blueprint.route("/records/<no>/<step>", methods=["POST"])
@require(*LEADS)
def move(no: str, step: str) -> Any:
    """Publish, return or withdraw a record, or close its follow-up."""
    if step not in STEPS:
        abort(404)
    act, done = STEPS[step]
    form = Form(values=request.form)
    try:
        with unit_of_work(current_access()) as session:
            if request.form.get("version") != str(publication.record_by_no(session, no).version):
                raise Stale
            act(session, current_actor(), no)
    except Refusal as refusal:
        form.refused(refusal)
        return _page(no, form)
    return redirect(url_for("results.record", no=no, done=done), 303)
