"""An inspector's visits, and what was found on them; made for a phone."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from core.actors import Role
from core.clock import today
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from sampling.queries import units, work
from sampling.service import results

blueprint = Blueprint("tasks", __name__, url_prefix="/console/tasks")

ALLOWED = (Role.INSPECTOR, Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
OUTCOMES = ("pass", "conditions", "fail", "not_done")


@blueprint.route("")
@require(*ALLOWED)
def listing() -> str:
    """The visits that wait for the one who is signed in."""
    actor = current_actor()
    with read_only(current_access()) as session:
        tasks = work.tasks_of(session, actor.person_id) if actor.person_id else []
    return render_template(
        "pages/tasks.html", title=_("Tasks"), tasks=tasks, is_inspector=bool(actor.person_id)
    )


@blueprint.route("/<plan_no>/<code>", methods=["GET", "POST"])
@require(*ALLOWED)
def show(plan_no: str, code: str) -> Any:
    """One visit: record what was found."""
    form = Form(values=request.form if request.method == "POST" else {})
    if request.method == "POST":
        facts = {
            "code": code,
            "inspected_on": form.day("inspected_on", _("Day of the visit")),
            "outcome": form.choice("outcome", _("Result"), OUTCOMES),
            "inspected": form.number("inspected", _("Items inspected"), required=False),
            "failing": form.number("failing", _("Items failing"), required=False),
            "critical": 0,
            "serious": 0,
            "minor": 0,
            "note": form.text("note", _("Note"), required=False) or None,
        }
        if form.is_good:
            try:
                with unit_of_work(current_access()) as session:
                    told = {name: fact for name, fact in facts.items() if fact is not None}
                    results.record_results(session, current_actor(), plan_no, [told])
                return redirect(url_for("tasks.listing", done="result"), 303)
            except Refusal as refusal:
                form.refused(refusal)
    with read_only(current_access()) as session:
        statement = units.drawn_statement(plan_no)
        entity = statement.column_descriptions[0]["entity"]
        unit = session.execute(statement.where(entity.code == code)).scalar_one_or_none()
        if unit is None:
            abort(404)
        (view,) = units.drawn_views(session, [unit])
    page = render_template(
        "pages/task.html",
        title=view.name,
        sub=view.code,
        crumbs=[(_("Tasks"), url_for("tasks.listing"))],
        crumb=view.code,
        unit=view,
        form=form,
        today=today().isoformat(),
        outcomes=[
            ("pass", _("passed")),
            ("conditions", _("passed with conditions")),
            ("fail", _("failed")),
            ("not_done", _("not done")),
        ],
    )
    return page, form.status
