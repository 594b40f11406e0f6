"""Recalls as the authority sees them: clocks, scope, notice, history."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from api.console.labels import LABELS, label
from api.console.languages import filled, language
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from api.console.recall_acts import facts_of, remedies, steps, take
from core.actors import STAFF, Role
from core.clock import today
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from recall.maths.lifecycle import Action
from recall.queries import files
from recall.service import moves, notices

blueprint = Blueprint("recalls", __name__)

BASE = "/console/recalls"

LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
OFFICERS = (Role.INSPECTOR, *LEADS)
DONE_CODES = {Action.BEGIN.value: "begun"}
MOST = 5000


def _next_step(line: files.RecallLine) -> str | None:
    """The clock that matters now: an overdue one, else the next."""
    clock = line.overdue[0] if line.overdue else line.next_due
    if clock is None:
        return None
    return clock.title_zh if language() == "zh" else clock.title_en


def _due(line: files.RecallLine) -> Any:
    clock = line.overdue[0] if line.overdue else line.next_due
    return clock.due_on if clock else None


def _due_note(line: files.RecallLine) -> str | None:
    if line.overdue:
        return label("clock", "overdue")
    return _("provisional") if line.next_due and line.next_due.provisional else None


def _searched(line: files.RecallLine) -> str:
    parts = (line.number, line.enterprise, line.product, line.model, line.lot_no)
    return " ".join(parts).casefold()


def columns(endpoint: str) -> list[Column]:
    """The columns of a list of recalls, for staff and for the producer."""
    return [
        Column(
            "number",
            _("Number"),
            lambda line: line.number,
            link=lambda line: url_for(endpoint, no=line.number),
        ),
        Column(
            "product",
            _("Product"),
            lambda line: f"{line.product} {line.model}".strip(),
            under=lambda line: line.enterprise,
        ),
        Column("lot", _("Lot"), lambda line: line.lot_no),
        Column("reported_at", _("Reported"), lambda line: line.reported_at, "moment"),
        Column("announced_at", _("Announced"), lambda line: line.announced_at, "moment"),
        Column("step", _("Next step due"), _next_step),
        Column("due_on", _("Due on"), _due, "day", under=_due_note),
        Column("state", _("State"), lambda line: line.state, "state:recall"),
    ]


@blueprint.route(BASE, defaults={"extension": None})
@blueprint.route(f"{BASE}.{EXTENSIONS}")
@require(*STAFF)
def listing(extension: str | None) -> Any:
    """Recalls, newest first, with what is overdue."""
    states = [(code, label("recall", code)) for code in LABELS["recall"]]
    filters = [
        Filter("q", _("Number, enterprise, product or lot")),
        Filter("state", _("State"), states),
        Filter("due", _("Due on"), [("overdue", label("clock", "overdue"))]),
    ]
    found = Listing(columns("recalls.show"), filters, sort="-number", name="recalls")
    words = found.chosen("q").casefold()
    with read_only(current_access()) as session:
        statement = files.recalls(
            state=found.chosen("state") or None, overdue=found.chosen("due") == "overdue"
        )
        lines = files.lines_of(session, list(session.execute(statement.limit(MOST)).scalars()))
    found.fill([line for line in lines if words in _searched(line)])
    if extension:
        return found.file(extension)
    return render_template("pages/recalls.html", title=_("Recalls"), listing=found)


@blueprint.route(BASE + "/<no>")
@require(*STAFF)
def show(no: str) -> Any:
    """One recall."""
    return page_of(no, Form())


def page_of(no: str, form: Form, acted_on: str = "") -> Any:
    """The page of a recall, for staff and for its producer."""
    actor = current_actor()
    with read_only(current_access()) as session:
        file = files.recall_file(session, no)
        history = files.history(session, no)
        actions = moves.possible_actions(actor, file.recall)
        notice, lint = None, tuple[Any, ...]()
        if file.plan is not None and file.notice is None and not file.recall.scope_pending:
            notice, lint = notices.preview_notice(session, no)
    mine = actor.role is Role.ENTERPRISE
    page = render_template(
        "pages/recall.html",
        title=_("Recall"),
        sub=no,
        crumbs=[
            (
                _("My recalls") if mine else _("Recalls"),
                url_for("my.recalls" if mine else "recalls.listing"),
            )
        ],
        crumb=no,
        file=file,
        history=history[::-1],
        actions=[str(each) for each in actions],
        announced=file.notice,
        preview=notice,
        lint=[filled(each.message, {"word": each.word}) for each in lint],
        form=form,
        may_announce=Action.ANNOUNCE in actions,
        may_plan=Action.FILE_PLAN in actions,
        acted_on=acted_on,
        steps=[step for action, step in steps().items() if action in actions],
        act="my.act" if mine else "recalls.act",
        remedies=remedies(),
        today=today().isoformat(),
    )
    return page, form.status


def acted(no: str, action: str, home: str) -> Any:
    """Take a step of a recall; what is refused is told on its page."""
    step = next((each for each in steps().values() if each.action == action), None)
    if step is None:
        abort(404)
    form = Form(values=request.form)
    facts = facts_of(form, step)
    version = form.number("version", _("Version"))
    if form.is_good:
        try:
            with unit_of_work(current_access()) as session:
                take(session, current_actor(), no, step, facts, version)
            return redirect(url_for(home, no=no, done=DONE_CODES.get(action, "step")), 303)
        except Refusal as refusal:
            form.refused(refusal)
    return page_of(no, form, action)


@blueprint.route(BASE + "/<no>/act/<action>", methods=["POST"])
@require(*OFFICERS)
def act(no: str, action: str) -> Any:
    """Return the plan, or declare the recall void."""
    return acted(no, action, "recalls.show")


@blueprint.route(BASE + "/<no>/publish", methods=["POST"])
@require(*LEADS)
def publish(no: str) -> Any:
    """Announce the recall to everybody."""
    form = Form(values=request.form)
    version = form.number("version", _("Version"))
    try:
        with unit_of_work(current_access()) as session:
            notices.publish_notice(session, current_actor(), no, expected_version=version)
    except Refusal as refusal:
        form.refused(refusal)
        return page_of(no, form)
    return redirect(url_for("recalls.show", no=no, done="announced"), 303)
