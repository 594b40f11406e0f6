"""An inspector's visits, and what was found on them; made for a phone."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from api.console.labels import label
from core.actors import Role
from core.clock import today
from core.errors import Refusal, Stale
from core.unit_of_work import read_only, unit_of_work
from sampling.errors import SeatUnknown
from sampling.queries import joint as joint_queries
from sampling.queries import plans, units, work
from sampling.service import joint, recusing, results
from sampling.views import DepartmentView, DrawnUnitView, SeatView

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
    return _page(plan_no, code, form)


def _page(plan_no: str, code: str, form: Form) -> Any:
    actor = current_actor()
    with read_only(current_access()) as session:
        view = _unit(session, plan_no, code)
        plan = plans.plan_by_no(session, plan_no)
        departments = joint_queries.department_views(session, plan, code)
        version, state = plan.version, plan.state
    mine = [seat for seat in view.team if seat.person_id == actor.person_id]
    is_lead = actor.role is not Role.INSPECTOR
    waits = view.result is None and state == "drawn" and view.role != "replaced"
    page = render_template(
        "pages/task.html",
        title=view.name,
        sub=view.code,
        crumbs=[(_("Tasks"), url_for("tasks.listing"))],
        crumb=view.code,
        unit=view,
        form=form,
        today=today().isoformat(),
        version=version,
        departments=departments,
        may_record={one.key for one in departments if is_lead or _is_in(one, mine)},
        findings=[(one, label("item_finding", one)) for one in joint.FINDINGS],
        may_recuse=waits and bool(view.team if is_lead else mine),
        seats=[(one.inspector_id, one.name) for one in (view.team if is_lead else mine)],
        ties=[(kind, label("tie", kind)) for kind in recusing.KINDS],
        outcomes=[
            ("pass", _("passed")),
            ("conditions", _("passed with conditions")),
            ("fail", _("failed")),
            ("not_done", _("not done")),
        ],
    )
    return page, form.status


def _unit(session: Session, plan_no: str, code: str) -> DrawnUnitView:
    statement = units.drawn_statement(plan_no)
    entity = statement.column_descriptions[0]["entity"]
    unit = session.execute(statement.where(entity.code == code)).scalar_one_or_none()
    if unit is None:
        abort(404)
    (view,) = units.drawn_views(session, [unit])
    return view


def _is_in(department: DepartmentView, seats: list[SeatView]) -> bool:
    return any(seat.department == department.key for seat in seats)


@blueprint.route("/<plan_no>/<code>/recuse", methods=["POST"])
@require(*ALLOWED)
def recuse(plan_no: str, code: str) -> Any:
    """Declare a tie found after the draw; the next in ticket order takes the seat."""
    form = Form(values=request.form)
    seat = form.text("seat", _("Who must not go"))
    kind = form.choice("kind", _("Tie"), recusing.KINDS)
    reason = form.text("reason", _("Reason, not published"))
    if form.is_good:
        try:
            with unit_of_work(current_access()) as session:
                view = _unit(session, plan_no, code)
                if request.form.get("version") != str(plans.plan_by_no(session, plan_no).version):
                    raise Stale
                known = {one.inspector_id for one in view.team}
                if seat not in known:
                    raise SeatUnknown(inspector=seat, unit_code=code)
                recusing.recuse(
                    session,
                    current_actor(),
                    plan_no,
                    code=code,
                    inspector=seat,
                    kind=kind,
                    reason=reason,
                )
            return redirect(url_for("tasks.listing", done="recused"), 303)
        except Refusal as refusal:
            form.refused(refusal)
    return _page(plan_no, code, form)


@blueprint.route("/<plan_no>/<code>/departments/<department>", methods=["POST"])
@require(*ALLOWED)
def record_department(plan_no: str, code: str, department: str) -> Any:
    """What one department found at a joint visit."""
    form = Form(values=request.form)
    inspected_on = form.day("inspected_on", _("Day of the visit"))
    items = [
        {"item": item, "finding": request.form.get(f"finding-{place}", "")}
        for place, item in enumerate(request.form.getlist("item"))
    ]
    note = form.text("note", _("Note"), required=False)
    if form.is_good and inspected_on is not None:
        try:
            with unit_of_work(current_access()) as session:
                joint.record_department_result(
                    session,
                    current_actor(),
                    plan_no,
                    code=code,
                    department=department,
                    inspected_on=inspected_on,
                    items=items,
                    note=note,
                )
            address = url_for("tasks.show", plan_no=plan_no, code=code, done="department")
            return redirect(address, 303)
        except Refusal as refusal:
            form.refused(refusal)
    return _page(plan_no, code, form)


@blueprint.route("/<plan_no>/<code>/departments/<department>/publish", methods=["POST"])
@require(*ALLOWED)
def publish_department(plan_no: str, code: str, department: str) -> Any:
    """Let everybody read what one department found."""
    form = Form(values=request.form)
    try:
        with unit_of_work(current_access()) as session:
            joint.publish_department_result(
                session, current_actor(), plan_no, code=code, department=department
            )
        address = url_for("tasks.show", plan_no=plan_no, code=code, done="department-published")
        return redirect(address, 303)
    except Refusal as refusal:
        form.refused(refusal)
    return _page(plan_no, code, form)
