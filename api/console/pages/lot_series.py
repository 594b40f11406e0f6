"""Series of lots: the list, one series with its history, and the next lot."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from api.console.labels import LABELS, label
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from api.console.pages.acceptance import blueprint as pages  # one entry of the menu for both
from core.actors import STAFF, Role
from core.clock import today
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from sampling.maths.acceptance_tables import AQLS, LARGEST_LOT, LEVELS
from sampling.maths.switching import MOST_FINDINGS
from sampling.queries import acceptance as stored
from sampling.service import lot_series
from sampling.views import SeriesView

BASE = "/console/acceptance/series"
LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
OFFICERS = (Role.INSPECTOR, *LEADS)


def severity(one: SeriesView) -> str:
    """The code of where a series stands: its severity, or that it is stopped."""
    return "stopped" if one.is_stopped else one.state


def _columns() -> list[Column]:
    return [
        Column(
            "no",
            _("Number"),
            lambda row: row.no,
            link=lambda row: url_for("acceptance_pages.series", no=row.no),
            order="no",
        ),
        Column(
            "product",
            _("Product"),
            lambda row: row.product,
            order="product",
            under=lambda row: row.enterprise_name,
        ),
        Column(
            "characteristic",
            _("Characteristic"),
            lambda row: row.characteristic,
            order="characteristic",
        ),
        Column("aql", _("AQL"), lambda row: row.aql, "number", order="aql"),
        Column("level", _("Inspection level"), lambda row: row.level, order="level", shown=False),
        Column("lots", _("Lots"), lambda row: row.lots, "number", order="lots"),
        Column("score", _("Score"), lambda row: row.score, "number", order="score", shown=False),
        Column("state", _("For the next lot"), severity, "state:severity", order="state"),
        Column("opened_at", _("Opened"), lambda row: row.opened_at, "day", order="opened_at"),
        Column(
            "closed_at",
            _("Closed"),
            lambda row: row.closed_at,
            "day",
            order="closed_at",
            under=lambda row: row.closed_reason,
        ),
    ]


@pages.route(BASE, defaults={"extension": None}, methods=["GET"])
@pages.route(f"{BASE}.{EXTENSIONS}", methods=["GET"])
@require(*STAFF)
def listing(extension: str | None) -> Any:
    """Series of lots, newest first."""
    return _list(extension, Form())


def _list(extension: str | None, form: Form) -> Any:
    filters = [
        Filter("q", _("Number, enterprise, product or characteristic")),
        Filter(
            "state",
            _("For the next lot"),
            [(code, label("severity", code)) for code in LABELS["severity"]],
        ),
    ]
    found = Listing(_columns(), filters, sort="-no", name="lot-series")
    with read_only(current_access()) as session:
        statement = stored.series_matching(
            state=found.chosen("state") or None, text=found.chosen("q") or None
        )
        found.fill_select(session, statement, stored.series_views)
    if extension:
        return found.file(extension)
    page = render_template(
        "pages/lot_series_list.html",
        title=_("Lot series"),
        crumbs=[(_("Acceptance sampling"), url_for("acceptance_pages.show"))],
        listing=found,
        form=form,
        may_open=current_actor().role in LEADS,
        aqls=[(f"{aql:g}", f"{aql:g}") for aql in AQLS],
        levels=[(level, level) for level in LEVELS],
    )
    return page, form.status


@pages.route(BASE, methods=["POST"])
@require(*LEADS)
def open_series() -> Any:
    """Begin a series."""
    form = Form(values=request.form)
    code = form.text("enterprise_code", _("Credit code"))
    product = form.text("product", _("Product"))
    characteristic = form.text("characteristic", _("Characteristic"))
    aql = form.choice("aql", _("AQL"), [f"{each:g}" for each in AQLS])
    level = form.choice("level", _("Inspection level"), LEVELS)
    if form.is_good:
        try:
            with unit_of_work(current_access()) as session:
                opened = lot_series.open_series(
                    session,
                    current_actor(),
                    enterprise_code=code,
                    product=product,
                    characteristic=characteristic,
                    aql=float(aql),
                    level=level,
                    reduced_allowed=form.value("reduced_allowed") == "yes",
                )
                number = opened.no
            return redirect(url_for("acceptance_pages.series", no=number, done="series"), 303)
        except Refusal as refusal:
            form.refused(refusal)
    return _list(None, form)


@pages.route(BASE + "/<no>", methods=["GET"])
@require(*STAFF)
def series(no: str) -> Any:
    """One series: where it stands, its lots, and the plan for the next one."""
    return _page(no, Form())


def _page(no: str, form: Form) -> Any:
    with read_only(current_access()) as session:
        detail = stored.series_detail(session, no)
        row = stored.series_by_no(session, no)
        size = detail.lots[-1].size if detail.lots else None
        asked = request.args.get("next_size", "")
        if asked.isascii() and asked.isdigit() and 2 <= int(asked[:10]) <= LARGEST_LOT:
            size = int(asked[:10])
        plan = lot_series.next_plan(row, size) if size else None
    role = current_actor().role
    page = render_template(
        "pages/lot_series.html",
        title=detail.summary.product,
        sub=no,
        crumbs=[
            (_("Acceptance sampling"), url_for("acceptance_pages.show")),
            (_("Lot series"), url_for("acceptance_pages.listing")),
        ],
        crumb=no,
        one=detail.summary,
        lots=detail.lots[::-1],
        severity=severity(detail.summary),
        plan=plan,
        form=form,
        today=today().isoformat(),
        may_record=role in OFFICERS and detail.summary.closed_at is None,
        may_close=role in LEADS and detail.summary.closed_at is None,
    )
    return page, form.status


@pages.route(BASE + "/<no>/lots", methods=["POST"])
@require(*OFFICERS)
def record_lot(no: str) -> Any:
    """Judge the next lot."""
    form = Form(values=request.form)
    lot_no = form.text("lot_no", _("Lot number"))
    size = form.number("size", _("Lot size"), least=2, most=LARGEST_LOT)
    found = form.number("found", _("Failing items in the sample"), most=MOST_FINDINGS)
    inspected_on = form.day("inspected_on", _("Inspected on"))
    version = form.number("version", _("Version"))
    if form.is_good:
        try:
            with unit_of_work(current_access()) as session:
                lot_series.record_lot(
                    session,
                    current_actor(),
                    no,
                    version=version or 0,
                    lot_no=lot_no,
                    size=size or 0,
                    found=found or 0,
                    inspected_on=inspected_on or today(),
                    original=form.value("again") != "yes",
                    steady=form.value("unsteady") != "yes",
                    improved=form.value("improved") == "yes",
                    note=form.text("note", _("Note"), required=False),
                )
            return redirect(url_for("acceptance_pages.series", no=no, done="lot"), 303)
        except Refusal as refusal:
            form.refused(refusal)
    return _page(no, form)


@pages.route(BASE + "/<no>/close", methods=["POST"])
@require(*LEADS)
def close(no: str) -> Any:
    """End a series with a reason."""
    form = Form(values=request.form)
    reason = form.text("reason", _("Reason"))
    version = form.number("version", _("Version"))
    if form.is_good:
        try:
            with unit_of_work(current_access()) as session:
                lot_series.close_series(
                    session, current_actor(), no, version=version or 0, reason=reason
                )
            return redirect(url_for("acceptance_pages.series", no=no, done="series-closed"), 303)
        except Refusal as refusal:
            form.refused(refusal)
    return _page(no, form)
