"""Contracts with agencies and laboratories, and the notices shown at the door."""

from __future__ import annotations

import io
import secrets
from datetime import timedelta
from typing import Any

import segno
from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from api.console.labels import LABELS, label
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from api.console.shell import shell
from core import files
from core.actors import STAFF, Role
from core.clock import today
from core.errors import Refusal, Stale
from core.unit_of_work import read_only, unit_of_work
from sampling.queries import agencies as queries
from sampling.queries import plans, units
from sampling.service import agencies

blueprint = Blueprint("agencies", __name__, url_prefix="/console/agencies")

LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
MOST_UNITS = 2000
NOTICE_LIFE = timedelta(days=30)  # shown as a proposal; whoever issues it decides


@blueprint.route("", defaults={"extension": None})
@blueprint.route(f"/list.{EXTENSIONS}")
@require(*STAFF)
def listing(extension: str | None) -> Any:
    """Contracts, newest first."""
    columns = [
        Column("no", _("Number"), lambda one: one.no, link=_contract_link, order="no"),
        Column(
            "agency",
            _("Body"),
            lambda one: one.agency_name,
            under=lambda one: one.agency_code,
            order="agency_name",
        ),
        Column("role", _("As"), lambda one: one.role, "label:agency_role", order="role"),
        Column("scope", _("Scope of the contract"), lambda one: one.scope, sortable=False),
        Column("valid_from", _("Begins on"), lambda one: one.valid_from, "day", order="valid_from"),
        Column(
            "valid_until", _("Ends on"), lambda one: one.valid_until, "day", order="valid_until"
        ),
        Column(
            "state",
            _("State"),
            lambda one: one.state,
            "state:contract",
            under=lambda one: one.end_reason,
            sortable=False,
        ),
    ]
    found = Listing(columns, [Filter("q", _("Words"))], sort="-no", name="contracts")
    with read_only(current_access()) as session:
        found.fill_select(
            session,
            queries.contracts_matching(text=found.chosen("q") or None),
            lambda _session, rows: queries.contract_views(rows),
        )
    if extension:
        return found.file(extension)
    return render_template(
        "pages/contracts.html",
        title=_("Contracts and notices"),
        listing=found,
        may_write=current_actor().role in LEADS,
    )


def _contract_link(one: queries.ContractView) -> str:
    return url_for("agencies.contract", no=one.no)


@blueprint.route("/contracts/new", methods=["GET", "POST"])
@require(*LEADS)
def new() -> Any:
    """Put a signed contract on record."""
    form = Form(values=request.form if request.method == "POST" else {})
    if request.method == "POST":
        valid_from = form.day("valid_from", _("Begins on"))
        valid_until = form.day("valid_until", _("Ends on"))
        upload = request.files.get("file")
        if form.is_good and valid_from is not None and valid_until is not None:
            try:
                with unit_of_work(current_access()) as session:
                    row = agencies.record_contract(
                        session,
                        current_actor(),
                        role=request.form.get("role", ""),
                        agency_code=request.form.get("agency_code", ""),
                        agency_name=request.form.get("agency_name", ""),
                        scope=request.form.get("scope", ""),
                        category_codes=request.form.get("category_codes", "").split(),
                        valid_from=valid_from,
                        valid_until=valid_until,
                        forbids_subcontracting=request.form.get("forbids") == "yes",
                        content=upload.read() if upload else b"",
                        file_name=(upload.filename if upload else None) or "contract",
                        media_type=(upload.mimetype if upload else None) or "application/pdf",
                    )
                return redirect(url_for("agencies.contract", no=row.no, done="contract"), 303)
            except Refusal as refusal:
                form.refused(refusal)
    page = render_template(
        "pages/contract_new.html",
        title=_("New contract"),
        crumbs=[(_("Contracts and notices"), url_for("agencies.listing"))],
        form=form,
        roles=[(code, label("agency_role", code)) for code in LABELS["agency_role"]],
        today=today().isoformat(),
    )
    return page, form.status


@blueprint.route("/contracts/<no>", methods=["GET", "POST"])
@require(*STAFF)
def contract(no: str) -> Any:
    """One contract; a sampling officer may end it before its time."""
    form = Form(values=request.form if request.method == "POST" else {})
    if request.method == "POST":
        return _end(no, form)
    return _contract_page(no, form)


def _end(no: str, form: Form) -> Any:
    on = form.day("on", _("Not covered from"))
    if form.is_good and on is not None:
        try:
            with unit_of_work(current_access()) as session:
                if request.form.get("version") != str(queries.contract_by_no(session, no).version):
                    raise Stale
                agencies.end_contract(
                    session, _lead(), no, on=on, reason=request.form.get("reason", "")
                )
            return redirect(url_for("agencies.contract", no=no, done="contract-ended"), 303)
        except Refusal as refusal:
            form.refused(refusal)
    return _contract_page(no, form)


def _lead() -> Any:
    from api.auth import RoleNeeded

    actor = current_actor()
    if actor.role not in LEADS:
        raise RoleNeeded(roles=", ".join(LEADS), role=actor.role.value)
    return actor


def _contract_page(no: str, form: Form) -> Any:
    with read_only(current_access()) as session:
        (found,) = queries.contract_views([queries.contract_by_no(session, no)])
    page = render_template(
        "pages/contract.html",
        title=found.agency_name,
        sub=no,
        crumbs=[(_("Contracts and notices"), url_for("agencies.listing"))],
        crumb=no,
        contract=found,
        form=form,
        today=today().isoformat(),
        may_write=current_actor().role in LEADS,
    )
    return page, form.status


@blueprint.route("/contracts/<no>/file")
@require(*STAFF)
def contract_file(no: str) -> Any:
    """The signed file, as it was stored."""
    with read_only(current_access()) as session:
        file = files.load(session, queries.contract_by_no(session, no).file_sha256)
        return send_file(
            io.BytesIO(file.content),
            mimetype="application/octet-stream",  # never shown inside our own pages
            as_attachment=True,
            download_name=file.name,
        )


@blueprint.route("/notices", defaults={"extension": None})
@blueprint.route(f"/notices.{EXTENSIONS}")
@require(*STAFF)
def notices(extension: str | None) -> Any:
    """Notices, newest first."""
    columns = [
        Column(
            "no",
            _("Number"),
            lambda one: one.no,
            link=lambda one: url_for("agencies.notice", no=one.no),
            order="no",
        ),
        Column("unit", _("For"), lambda one: one.unit_name, under=lambda one: one.code,
               sortable=False),
        Column("plan", _("Plan"), lambda one: one.plan_no, sortable=False),
        Column(
            "samplers",
            _("Who comes"),
            lambda one: "、".join(each.name for each in one.samplers),
            sortable=False,
        ),
        Column("visit_on", _("Day of the visit"), lambda one: one.visit_on, "day",
               order="visit_on"),
        Column("state", _("State"), lambda one: one.state, "state:notice", sortable=False),
    ]  # fmt: skip
    found = Listing(columns, [Filter("plan", _("Plan"))], sort="-no", name="notices")
    with read_only(current_access()) as session:
        found.fill_select(
            session,
            queries.notices_matching(plan_no=found.chosen("plan") or None),
            lambda inner, rows: queries.notice_views(queries.with_plan_numbers(inner, rows)),
        )
    if extension:
        return found.file(extension)
    return render_template(
        "pages/notices.html",
        title=_("Notices"),
        crumbs=[(_("Contracts and notices"), url_for("agencies.listing"))],
        listing=found,
        may_write=current_actor().role in LEADS,
    )


@blueprint.route("/notices/new", methods=["GET", "POST"])
@require(*LEADS)
def new_notice() -> Any:
    """Issue the notice for a drawn unit."""
    form = Form(values=request.values)
    plan_no = form.values.get("plan_no", "").strip()
    if request.method == "POST":
        visit_on = form.day("visit_on", _("Day of the visit"))
        valid_until = form.day("valid_until", _("Ends on"))
        if form.is_good and visit_on is not None and valid_until is not None:
            try:
                with unit_of_work(current_access()) as session:
                    row = agencies.issue_notice(
                        session,
                        current_actor(),
                        plan_no,
                        request.form.get("code", ""),
                        token=secrets.token_urlsafe(24),
                        authority=request.form.get("authority", ""),
                        basis=request.form.get("basis", ""),
                        visit_on=visit_on,
                        valid_until=valid_until,
                        agency_code=request.form.get("agency_code", "").strip() or None,
                    )
                return redirect(url_for("agencies.notice", no=row.no, done="notice"), 303)
            except Refusal as refusal:
                form.refused(refusal)
    choices, day = _units_of(plan_no)
    page = render_template(
        "pages/notice_new.html",
        title=_("New notice"),
        crumbs=[
            (_("Contracts and notices"), url_for("agencies.listing")),
            (_("Notices"), url_for("agencies.notices")),
        ],
        form=form,
        units=choices,
        visit_on=max(day, today()).isoformat(),
        valid_until=(max(day, today()) + NOTICE_LIFE).isoformat(),
        authority=shell().authority or "",
    )
    return page, form.status


def _units_of(plan_no: str) -> tuple[list[tuple[str, str]], Any]:
    """The units of a drawn plan that are still to be visited, and the day of the plan."""
    if not plan_no:
        return [], today()
    with read_only(current_access()) as session:
        plan = plans.plan_by_no(session, plan_no)
        statement = units.drawn_statement(plan_no)
        rows = list(session.execute(statement.limit(MOST_UNITS)).scalars())
        views = units.drawn_views(session, rows)
    choices = [(one.code, f"{one.name} · {one.code}") for one in views
               if one.result is None and one.role != "replaced"]  # fmt: skip
    return sorted(choices, key=lambda pair: pair[1]), plan.visit_on


@blueprint.route("/notices/<no>", methods=["GET", "POST"])
@require(*STAFF)
def notice(no: str) -> Any:
    """The notice as it is printed, with its code to check it by."""
    form = Form(values=request.form if request.method == "POST" else {})
    if request.method == "POST":
        try:
            with unit_of_work(current_access()) as session:
                if request.form.get("version") != str(queries.notice_by_no(session, no).version):
                    raise Stale
                agencies.withdraw_notice(
                    session, _lead(), no, reason=request.form.get("reason", "")
                )
            return redirect(url_for("agencies.notice", no=no, done="notice-withdrawn"), 303)
        except Refusal as refusal:
            form.refused(refusal)
    with read_only(current_access()) as session:
        row = queries.notice_by_no(session, no)
        (found,) = queries.notice_views(queries.with_plan_numbers(session, [row]))
    address = url_for("published.notice", token=found.check_token, _external=True)
    picture = segno.make(address, error="m").svg_inline(
        omitsize=True, svgclass="qr", lineclass=None, border=2
    )
    page = render_template(
        "pages/notice.html",
        title=_("Notice %(no)s", no=no),
        crumbs=[
            (_("Contracts and notices"), url_for("agencies.listing")),
            (_("Notices"), url_for("agencies.notices")),
        ],
        crumb=no,
        notice=found,
        form=form,
        address=address,
        qr=Markup(picture),  # noqa: S704 - made of our own address by the library
        may_write=current_actor().role in LEADS,
    )
    return page, form.status
