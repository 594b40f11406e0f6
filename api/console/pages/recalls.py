"""Recalls as the authority sees them: clocks, scope, notice, history."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from core.actors import STAFF, Role
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from recall.maths.lifecycle import Action
from recall.queries import files
from recall.service import moves, notices

blueprint = Blueprint("recalls", __name__, url_prefix="/console/recalls")

LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
MOST = 500


@blueprint.route("")
@require(*STAFF)
def listing() -> str:
    """Recalls, newest first, with what is overdue."""
    state = request.args.get("state") or None
    words = request.args.get("q", "").strip()
    with read_only(current_access()) as session:
        statement = files.recalls(state=state)
        entity = statement.column_descriptions[0]["entity"]
        rows = session.execute(statement.order_by(entity.id.desc()).limit(MOST)).scalars()
        lines = files.lines_of(session, list(rows))
    if words:
        lines = [
            each
            for each in lines
            if words in f"{each.number} {each.enterprise} {each.product} {each.lot_no}"
        ]
    return render_template(
        "pages/recalls.html", title=_("Recalls"), lines=lines, state=state, words=words
    )


@blueprint.route("/<no>")
@require(*STAFF)
def show(no: str) -> Any:
    """One recall."""
    return page_of(no, Form())


def page_of(no: str, form: Form) -> Any:
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
        notice=file.notice,
        preview=notice,
        lint=lint,
        form=form,
        may_announce=Action.ANNOUNCE in actions,
        may_plan=Action.FILE_PLAN in actions,
        may_begin=Action.BEGIN in actions,
    )
    return page, form.status


@blueprint.route("/<no>/publish", methods=["POST"])
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
    return redirect(url_for("recalls.show", no=no), 303)
