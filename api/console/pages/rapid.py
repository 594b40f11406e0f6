"""Rapid tests (快检): readings that may lead to a sampling, and are never a verdict."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from api.console.labels import label
from api.console.listing import EXTENSIONS, Column, Listing
from core.actors import Role
from core.clock import today
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from sampling.maths.procedure_words import Domain, Purpose
from sampling.queries import procedure as cases
from sampling.service.procedure import opening

blueprint = Blueprint("rapid", __name__)

BASE = "/console/rapid-tests"
LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
READINGS = ("positive", "negative", "unclear")


def _columns() -> list[Column]:
    return [
        Column("no", _("Number"), lambda row: row.no, order="id"),
        Column("enterprise", _("Enterprise"), lambda row: row.enterprise, sortable=False),
        Column("product", _("Product"), lambda row: row.product, under=lambda row: row.lot_no),
        Column("item", _("Item"), lambda row: row.item, under=lambda row: row.method),
        Column("reading", _("Reading"), lambda row: row.reading, "state:rapid_reading"),
        Column("measured", _("Measured"), lambda row: row.measured, shown=False),
        Column("tested_on", _("Tested on"), lambda row: row.tested_on, "day", order="tested_on"),
        Column(
            "case",
            _("Case"),
            lambda row: row.case_no,
            link=lambda row: url_for("cases.show", no=row.case_no) if row.case_no else None,
            sortable=False,
        ),
    ]


@blueprint.route(BASE, defaults={"extension": None}, methods=["GET", "POST"])
@blueprint.route(f"{BASE}.{EXTENSIONS}")
@require(Role.INSPECTOR, *LEADS)
def listing(extension: str | None) -> Any:
    """Rapid tests, newest first, and the form of a new one."""
    form = Form(values=request.form)
    if request.method == "POST":
        facts: dict[str, Any] = {
            "enterprise_code": form.text("enterprise_code", _("Credit code")),
            "product": form.text("product", _("Product")),
            "lot_no": form.text("lot_no", _("Lot or date of production"), required=False),
            "item": form.text("item", _("Item")),
            "method": form.text("method", _("Method")),
            "reading": form.choice("reading", _("Reading"), READINGS),
            "measured": form.text("measured", _("Measured"), required=False),
            "tested_on": form.day("tested_on", _("Tested on")) or today(),
            "place": form.text("place", _("Place"), required=False),
        }
        if form.is_good:
            try:
                with unit_of_work(current_access()) as session:
                    opening.record_rapid_test(session, current_actor(), **facts)
                return redirect(url_for("rapid.listing", done="rapid"), 303)
            except Refusal as refusal:
                form.refused(refusal)
    return _page(form, extension)


@blueprint.route(BASE + "/<no>/sample", methods=["POST"])
@require(*LEADS)
def sample(no: str) -> Any:
    """Take a sample because of a rapid test."""
    form = Form(values=request.form)
    purpose = form.choice("purpose", _("Purpose"), list(Purpose))
    domain = form.choice("domain", _("Where"), list(Domain))
    if form.is_good:
        try:
            with unit_of_work(current_access()) as session:
                case = opening.sample_because(
                    session, current_actor(), no, purpose=Purpose(purpose), domain=Domain(domain)
                )
                number = case.no
            return redirect(url_for("cases.show", no=number, done="case-step"), 303)
        except Refusal as refusal:
            form.refused(refusal)
    return _page(form, None)


def _page(form: Form, extension: str | None) -> Any:
    found = Listing(_columns(), sort="-no", name="rapid-tests")
    with read_only(current_access()) as session:
        found.fill_select(session, cases.rapid_tests(), cases.rapid_lines)
    if extension:
        return found.file(extension)
    page = render_template(
        "pages/rapid.html",
        title=_("Rapid tests"),
        listing=found,
        form=form,
        today=today().isoformat(),
        readings=[(code, label("rapid_reading", code)) for code in READINGS],
        unused=[row for row in found.rows if row.case_no is None],
        purposes=[(one.value, label("case_purpose", one.value)) for one in Purpose],
        domains=[(one.value, label("case_domain", one.value)) for one in Domain],
        may_sample=current_actor().role in LEADS,
    )
    return page, form.status
