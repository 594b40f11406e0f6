"""What an enterprise has to do, and its recalls."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from api.console.listing import Listing
from api.console.pages.recalls import acted, columns, page_of
from api.console.recall_acts import plan_of, remedies
from core.actors import Role
from core.clock import today
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from recall.queries import files
from recall.service import filing
from registry.queries import products_of
from sampling.queries.procedure import case_lines, cases_matching

MOST_CASES = 20  # more stand in the list of cases

blueprint = Blueprint("my", __name__, url_prefix="/console/my")


def _mine() -> list[files.RecallLine]:
    with read_only(current_access()) as session:
        return files.my_recalls(session, current_actor().enterprise_id or 0)


@blueprint.route("")
@require(Role.ENTERPRISE)
def todo() -> str:
    """Clocks that run against this enterprise, the nearest first."""
    lines = _mine()
    due = [(each.next_due, each) for each in lines if each.next_due]
    due += [(clock, each) for each in lines for clock in each.overdue]
    due.sort(key=lambda pair: pair[0].due_on)
    with read_only(current_access()) as session:
        open_cases = session.execute(cases_matching(open_only=True).limit(MOST_CASES)).scalars()
        mine = case_lines(session, list(open_cases))
    return render_template("pages/my.html", title=_("To do"), due=due, lines=lines, cases=mine)


@blueprint.route("/recalls")
@require(Role.ENTERPRISE)
def recalls() -> str:
    """Every recall this enterprise filed."""
    found = Listing(columns("my.show"), sort="-number", name="recalls").fill(_mine())
    return render_template("pages/my_recalls.html", title=_("My recalls"), listing=found)


@blueprint.route("/recalls/new", methods=["GET", "POST"])
@require(Role.ENTERPRISE)
def file() -> Any:
    """File a recall for a lot; its scope comes from the ledgers."""
    form = Form(values=request.form if request.method == "POST" else request.args)
    if request.method == "POST":
        facts = {
            "lot_no": form.text("lot_no", _("Lot number")),
            "gtin": form.text("gtin", _("Barcode"), required=False) or None,
            "found_on": form.day("found_on", _("Day the defect was found")),
            "is_serious": form.value("is_serious") == "yes",
            "defect": form.text("defect", _("Defect")),
            "hazard": form.text("hazard", _("What can happen")),
            "consequence": form.text("consequence", _("What that does to people or things")),
            "quantity": form.amount("quantity", _("Units affected"), required=False),
            "unit": form.text("unit", _("Unit"), required=False),
        }
        content = plan_of(form)
        if form.is_good:
            try:
                with unit_of_work(current_access()) as session:
                    recall = filing.file_recall(session, current_actor(), **facts, plan=content)
                    number = recall.number
                return redirect(url_for("my.show", no=number, done="filed"), 303)
            except Refusal as refusal:
                form.refused(refusal)
    with read_only(current_access()) as session:
        products = products_of(session, current_actor().enterprise_id or 0)
    page = render_template(
        "pages/recall_new.html",
        title=_("File a recall"),
        crumbs=[(_("My recalls"), url_for("my.recalls"))],
        form=form,
        today=today().isoformat(),
        products=[(each.gtin, each.name) for each in products if each.gtin],
        remedies=remedies(),
    )
    return page, form.status


@blueprint.route("/recalls/<no>")
@require(Role.ENTERPRISE)
def show(no: str) -> Any:
    """One of this enterprise's recalls."""
    return page_of(no, Form())


@blueprint.route("/recalls/<no>/act/<action>", methods=["POST"])
@require(Role.ENTERPRISE)
def act(no: str, action: str) -> Any:
    """Begin, report, end or sum up a recall."""
    return acted(no, action, "my.show")


@blueprint.route("/recalls/<no>/plan", methods=["POST"])
@require(Role.ENTERPRISE)
def plan(no: str) -> Any:
    """File the plan, or the next edition of a returned one."""
    form = Form(values=request.form)
    content = plan_of(form)
    version = form.number("version", _("Version"))
    if form.is_good:
        try:
            with unit_of_work(current_access()) as session:
                filing.file_plan(session, current_actor(), no, content, expected_version=version)
            return redirect(url_for("my.show", no=no, done="plan-filed"), 303)
        except Refusal as refusal:
            form.refused(refusal)
    return page_of(no, form)
