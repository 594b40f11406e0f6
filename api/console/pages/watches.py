"""Frozen traces: what was known, what has changed since, and what is watched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from api.console.labels import label
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from core.actors import STAFF, Role
from core.errors import Refusal, Stale
from core.unit_of_work import read_only, unit_of_work
from traceability.queries import watches as queries
from traceability.service import watching

blueprint = Blueprint("watches_pages", __name__, url_prefix="/console/watches")

KEEPERS = (Role.LEAD_INSPECTOR, Role.RISK_ANALYST, Role.ADMINISTRATOR)
ALERTS_SHOWN = 20
ROWS_SHOWN = 200


@blueprint.route("", defaults={"extension": None})
@blueprint.route(f"/list.{EXTENSIONS}")
@require(*STAFF)
def listing(extension: str | None) -> Any:
    """Frozen traces, newest first; with ``?watched=yes`` those that are watched."""
    columns = [
        Column(
            "no",
            _("Number"),
            lambda one: one.no,
            link=lambda one: url_for("watches_pages.show", no=one.no),
            order="no",
        ),
        Column(
            "lot",
            _("Lot"),
            lambda one: one.lot.number,
            under=lambda one: one.lot.product_name,
            sortable=False,
        ),
        Column("direction", _("Direction"), lambda one: one.direction, "label:direction",
               order="direction"),
        Column("lots", _("Lots"), lambda one: one.lots, "number", order="lots"),
        Column("parties", _("Holders"), lambda one: one.parties, "number", order="parties"),
        Column("reason", _("Reason"), lambda one: one.reason, sortable=False),
        Column("frozen_at", _("Frozen"), lambda one: one.frozen_at, "moment", order="frozen_at"),
        Column(
            "watch",
            _("Watch"),
            lambda one: "armed" if one.armed_at else "none",
            "state:watch",
            sortable=False,
        ),
        Column("alerts", _("New"), lambda one: one.open_alerts, "number", sortable=False),
    ]  # fmt: skip
    choices = [("yes", _("watched")), ("no", _("not watched"))]
    found = Listing(columns, [Filter("watched", _("Watch"), choices)], sort="-no", name="watches")
    wanted = {"yes": True, "no": False}.get(found.chosen("watched") or "")
    with read_only(current_access()) as session:
        found.fill_select(session, queries.freezes(watched=wanted), queries.freeze_views)
    if extension:
        return found.file(extension)
    return render_template("pages/watches.html", title=_("Watched traces"), listing=found)


@blueprint.route("/new", methods=["POST"])
@require(*KEEPERS)
def new() -> Any:
    """Freeze a trace and watch it: from the trace page."""
    form = Form(values=request.form)
    lot_id = form.number("lot_id", _("Lot"), least=1)
    reason = form.text("reason", _("Reason"))
    direction: Any = request.form.get("direction", "forward")
    if direction not in ("forward", "backward", "both"):
        direction = "forward"
    if form.is_good and lot_id is not None:
        try:
            with unit_of_work(current_access()) as session:
                row = watching.freeze_trace(
                    session, current_actor(), lot_id, reason=reason, direction=direction
                )
                watching.arm(session, current_actor(), row.no)
            return redirect(url_for("watches_pages.show", no=row.no, done="watch"), 303)
        except Refusal as refusal:
            form.refused(refusal)
    page = render_template(
        "pages/watch_new.html",
        title=_("Freeze and watch"),
        crumbs=[(_("Watched traces"), url_for("watches_pages.listing"))],
        form=form,
    )
    return page, form.status


@blueprint.route("/<no>")
@require(*STAFF)
def show(no: str) -> Any:
    """One frozen trace: what changed since, and what its watch told."""
    return _page(no, Form())


@blueprint.route("/<no>/<any(arm, disarm):act>", methods=["POST"])
@require(*KEEPERS)
def change(no: str, act: str) -> Any:
    """Arm or disarm its watch."""

    def do(session: Session) -> None:
        if act == "arm":
            watching.arm(session, current_actor(), no)
            return
        watching.disarm(
            session,
            current_actor(),
            no,
            version=_version(),
            reason=request.form.get("reason", ""),
        )

    return _done(no, do)


@blueprint.route("/<no>/alerts/<int:alert_id>", methods=["POST"])
@require(*KEEPERS)
def note(no: str, alert_id: int) -> Any:
    """Say what is done about an alert."""

    def do(session: Session) -> None:
        watching.note_alert(
            session,
            current_actor(),
            alert_id,
            version=_version(),
            note=request.form.get("note", ""),
        )

    return _done(no, do)


def _version() -> int:
    given = request.form.get("version", "")
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise Stale
    return int(given)


def _done(no: str, do: Callable[[Session], None]) -> Any:
    form = Form(values=request.form)
    try:
        with unit_of_work(current_access()) as session:
            do(session)
        return redirect(url_for("watches_pages.show", no=no), 303)
    except Refusal as refusal:
        form.refused(refusal)
    return _page(no, form)


def _page(no: str, form: Form) -> Any:
    with read_only(current_access()) as session:
        row, now, what = watching.changes_since(session, no)
        (view,) = queries.freeze_views(session, [row])
        statement = queries.alerts(freeze_no=no)
        entity = statement.column_descriptions[0]["entity"]
        rows = session.execute(statement.order_by(entity.id.desc()).limit(ALERTS_SHOWN)).scalars()
        alerts = queries.alert_views(session, list(rows))
        changed = [(each.before, each.after) for each in what.changed]
        spoken = [*what.added, *what.gone, *(after for _before, after in changed)]
        for alert in alerts:
            spoken += [*alert.added, *alert.gone, *(after for _before, after in alert.changed)]
        lots, parties = queries.names_of(session, spoken)
    page = render_template(
        "pages/watch.html",
        title=_("Frozen trace"),
        sub=no,
        crumbs=[(_("Watched traces"), url_for("watches_pages.listing"))],
        crumb=no,
        view=view,
        row=row,
        digest_now=now.digest(),
        as_of=now.as_of,
        difference=what,
        changed=changed,
        alerts=alerts,
        lots=lots,
        parties=parties,
        form=form,
        rows_shown=ROWS_SHOWN,
        side=lambda code: label("side", code),
        may_change=current_actor().role in KEEPERS,
    )
    return page, form.status
