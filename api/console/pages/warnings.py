"""Warnings: the list, one warning with its evidence, and what was decided about it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from api.auth import current_access, current_actor, require
from api.console.charts.control import ControlWords, control_option
from api.console.forms import Form
from api.console.labels import label
from api.schemas.risk import SignalOut
from core.actors import Role
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from core.workbooks import write_csv
from registry.queries import categories, regions
from risk.queries import signals
from risk.queries.runs import latest_run
from risk.service import deciding

blueprint = Blueprint("warnings", __name__, url_prefix="/console/warnings")

READERS = (Role.RISK_ANALYST, Role.ADMINISTRATOR, Role.LEAD_INSPECTOR)
ANALYSTS = (Role.RISK_ANALYST, Role.ADMINISTRATOR)
LEVELS = ("red", "orange", "yellow", "blue")
STATES = ("new", "assigned", "closed")
PAGE = 25
MOST = 5000


def _chosen() -> dict[str, str | None]:
    return {
        name: request.args.get(name) or None for name in ("level", "state", "region", "category")
    }


def _rows(session: Any, filters: dict[str, str | None], limit: int) -> list[Any]:
    statement = signals.signals_statement(
        level=filters["level"],
        state=filters["state"],
        region=filters["region"],
        category=filters["category"],
    )
    entity = statement.column_descriptions[0]["entity"]
    found = session.execute(
        statement.order_by(entity.week.desc(), entity.id.desc()).limit(limit)
    ).scalars()
    return signals.signal_views(session, list(found))


@blueprint.route("")
@require(*READERS)
def listing() -> str:
    """Warnings, newest first; level, state, region and category stand in the address."""
    filters = _chosen()
    number = max(1, request.args.get("page", 1, type=int))
    with read_only(current_access()) as session:
        rows = _rows(session, filters, MOST)
        counts = signals.signal_counts(session)
        run = latest_run(session)
        places, kinds = regions(session), categories(session)
    return render_template(
        "pages/warnings.html",
        title=_("Warnings"),
        rows=rows[(number - 1) * PAGE : number * PAGE],
        total=len(rows),
        number=number,
        pages=-(-len(rows) // PAGE),
        filters=filters,
        counts=counts,
        levels=LEVELS,
        states=STATES,
        regions=[(node.code, node.name) for node in places],
        categories=[(node.code, node.name) for node in kinds],
        run=run,
    )


@blueprint.route(".json")
@require(*READERS)
def listing_json() -> Any:
    """The same list and filter as data."""
    with read_only(current_access()) as session:
        rows = _rows(session, _chosen(), MOST)
    return jsonify(SignalOut(many=True).dump(rows))


@blueprint.route(".csv")
@require(*READERS)
def listing_csv() -> Response:
    """The same list and filter as a sheet."""
    with read_only(current_access()) as session:
        rows = _rows(session, _chosen(), MOST)
    header = [
        _("Number"), _("Level"), _("Product"), _("Region"), _("Week"), _("Observed"),
        _("Expected"), _("Bound"), _("State"),
    ]  # fmt: skip
    content = write_csv(
        header,
        [
            (
                row.number, label("level", row.level), row.category_name, row.region_name,
                row.week, row.observed, f"{row.expected:.2f}", f"{row.upper:.0f}",
                label("signal", row.outcome or row.state),
            )
            for row in rows
        ],
    )  # fmt: skip
    return Response(
        content,
        mimetype="text/csv",
        headers={"Content-Disposition": "attachment; filename=warnings.csv"},
    )


@blueprint.route("/<no>")
@require(*READERS)
def show(no: str) -> Any:
    """One warning, from what is wrong down to what was decided."""
    return _page(no, Form())


def _page(no: str, form: Form) -> Any:
    with read_only(current_access()) as session:
        detail = signals.signal_detail(session, no)
    one = detail.signal
    words = ControlWords(
        observed=_("observed"),
        expected=_("expected"),
        upper=_("bound"),
        alarm=_("above the bound"),
        not_judged=_("not judged"),
        description=_(
            "%(observed)s in week %(week)s, expected %(expected)s, bound %(upper)s",
            observed=one.observed,
            week=one.week,
            expected=f"{one.expected:.1f}",
            upper=f"{one.upper:.0f}",
        ),
    )
    table = list(
        zip(
            detail.series["weeks"],
            detail.series["observed"],
            detail.series["expected"],
            detail.series["upper"],
            detail.series["alarm"],
            strict=True,
        )
    )
    page = render_template(
        "pages/warning.html",
        title=one.category_name,
        crumbs=[(_("Warnings"), url_for("warnings.listing"))],
        crumb=one.number,
        detail=detail,
        one=one,
        option=control_option(detail.series, words),
        reading=words.description,
        table=table[::-1],
        lots=sorted({row.lot_no for row in detail.evidence.rows if row.lot_no}),
        form=form,
        may_decide=current_actor().role in ANALYSTS and one.state != "closed",
    )
    return page, form.status


@blueprint.route("/<no>/decide", methods=["POST"])
@require(*ANALYSTS)
def decide(no: str) -> Any:
    """Assign, confirm or close, with the reason."""
    form = Form(values=request.form)
    action = form.choice("action", _("Decision"), ("assign", "confirm", "close"))
    reason = form.text("reason", _("Reason"))
    version = form.number("version", _("Version"))
    if form.is_good:
        try:
            with unit_of_work(current_access()) as session:
                deciding.decide(
                    session, current_actor(), no, action=action, reason=reason, version=version
                )
            return redirect(url_for("warnings.show", no=no), 303)
        except Refusal as refusal:
            form.refused(refusal)
    return _page(no, form)
