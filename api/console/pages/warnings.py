"""Warnings: the list, one warning with its evidence, and what was decided about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.console.charts.control import ControlWords, control_option
from api.console.figures import spark
from api.console.forms import Form
from api.console.labels import LABELS, label
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from core.actors import Role
from core.errors import Refusal, Stale
from core.unit_of_work import read_only, unit_of_work
from registry.queries import categories, regions
from risk.queries import signals
from risk.queries.evidence import accidents_beside
from risk.queries.runs import latest_run
from risk.service import deciding

blueprint = Blueprint("warnings", __name__)

BASE = "/console/warnings"

READERS = (Role.RISK_ANALYST, Role.ADMINISTRATOR, Role.LEAD_INSPECTOR)
ANALYSTS = (Role.RISK_ANALYST, Role.ADMINISTRATOR)
LEVELS = ("red", "orange", "yellow", "blue")
STATES = ("new", "assigned", "closed")
OPEN = "open"
NARROWING = ("state", "region", "category", "source")  # filters beside the level
EVIDENCE_SHOWN = 8
LOTS_SHOWN = 12


def _columns() -> list[Column]:
    return [
        Column("level", _("Level"), lambda row: row.level, "level", sortable=False),
        Column(
            "category",
            _("Product and region"),
            lambda row: row.category_name,
            link=lambda row: url_for("warnings.show", no=row.number),
            order="category_code",
            under=lambda row: f"{row.region_name} · {label('source', row.source)} · {row.number}",
        ),
        Column("number", _("Number"), lambda row: row.number, order="number", shown=False),
        Column(
            "region", _("Region"), lambda row: row.region_name, order="region_code", shown=False
        ),
        Column("week", _("Week"), lambda row: row.week, order="week"),
        Column("observed", _("Observed"), lambda row: row.observed, "number", order="observed"),
        Column(
            "expected",
            _("Expected"),
            lambda row: round(row.expected, 2),
            "number",
            order="expected",
        ),
        Column("upper", _("Bound"), lambda row: round(row.upper, 2), "number", order="upper"),
        Column("ratio", _("Times expected"), _ratio, "number", sortable=False),
        Column("p", _("p"), lambda row: float(f"{row.p_value:.2g}"), order="p_value", shown=False),
        Column(
            "raised_at",
            _("Raised"),
            lambda row: row.raised_at,
            "moment",
            order="raised_at",
            shown=False,
        ),
        Column("owner", _("Owner"), lambda row: row.owner, order="owner_name"),
        Column(
            "state", _("State"), lambda row: row.outcome or row.state, "state:signal", order="state"
        ),
    ]


def _ratio(row: signals.SignalView) -> float | None:
    return round(row.observed / row.expected, 1) if row.expected else None


def _asked(names: Iterable[str]) -> dict[str, Any]:
    """What the address asks the query for."""
    asked: dict[str, Any] = {name: request.args.get(name, "").strip() or None for name in names}
    if asked["state"] == OPEN:
        asked |= {"state": None, "open_only": True}
    return asked


def _filters(session: Session) -> list[Filter]:
    return [
        Filter(
            "level",
            _("Level"),
            [(level, label("level", level)) for level in LEVELS],
            pills=True,
            counts=signals.counts_by_level(session, **_asked(NARROWING)),
        ),
        Filter(
            "state",
            _("State"),
            [(OPEN, _("not closed")), *((state, label("signal", state)) for state in STATES)],
        ),
        Filter("region", _("Region"), [(node.code, node.name) for node in regions(session)]),
        Filter(
            "category",
            _("Product category"),
            [(node.code, node.name) for node in categories(session)],
        ),
        Filter("source", _("Source"), [(code, label("source", code)) for code in LABELS["source"]]),
    ]


@blueprint.route(BASE, defaults={"extension": None})
@blueprint.route(f"{BASE}.{EXTENSIONS}")
@require(*READERS)
def listing(extension: str | None) -> Any:
    """Warnings, newest first; level, state, region and category stand in the address."""
    with read_only(current_access()) as session:
        found = Listing(_columns(), _filters(session), sort="-week", name="warnings")
        asked = _asked(("level", *NARROWING))
        found.fill_select(session, signals.signals_statement(**asked), signals.signal_views)
        run = latest_run(session)
    if extension:
        return found.file(extension)
    return render_template("pages/warnings.html", title=_("Warnings"), listing=found, run=run)


def words_of(one: signals.SignalView) -> ControlWords:
    """The words of a warning's chart."""
    return ControlWords(
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
        mark=_(
            "%(week)s · %(observed)s > %(upper)s",
            week=one.week,
            observed=one.observed,
            upper=f"{one.upper:.0f}",
        ),
    )


@blueprint.route(BASE + "/<no>")
@require(*READERS)
def show(no: str) -> Any:
    """One warning, from what is wrong down to what was decided."""
    return _page(no, Form())


def _page(no: str, form: Form) -> Any:
    with read_only(current_access()) as session:
        detail = signals.signal_detail(session, no)
        one = detail.signal
        beside = accidents_beside(session, one.category_code, one.week_on)
    words = words_of(one)
    page = render_template(
        "pages/warning.html",
        title=one.category_name,
        crumbs=[(_("Warnings"), url_for("warnings.listing"))],
        crumb=one.number,
        detail=detail,
        one=one,
        ratio=_ratio(one),
        trend=spark([count for count in one.recent if count is not None]),
        option=control_option(detail.series, words),
        reading=words.description,
        shown=EVIDENCE_SHOWN,
        beside=beside,
        lots=Counter(
            row.lot_no for row in (*detail.evidence.rows, *beside.rows) if row.lot_no
        ).most_common(LOTS_SHOWN),
        form=form,
        may_decide=current_actor().role in ANALYSTS and one.state != "closed",
    )
    return page, form.status


@blueprint.route(BASE + "/<no>/decide", methods=["POST"])
@require(*ANALYSTS)
def decide(no: str) -> Any:
    """Assign, confirm or close, with the reason."""
    form = Form(values=request.form)
    action = form.choice("action", _("Decision"), ("assign", "confirm", "close"))
    reason = form.text("reason", _("Reason"))
    version = form.number("version", _("Version"))
    owner = form.text("owner", _("Give it to"), required=False) if action == "assign" else ""
    if form.is_good:
        try:
            taker = None
            if owner:
                with read_only() as session:  # requests themselves may not read accounts
                    taker = deciding.staff_owner(session, owner)
            with unit_of_work(current_access()) as session:
                deciding.decide(
                    session,
                    current_actor(),
                    no,
                    action=action,
                    reason=reason,
                    version=version,
                    owner=taker,
                )
            return redirect(url_for("warnings.show", no=no, done="decided"), 303)
        except Refusal as refusal:
            form.refused(refusal)
            if isinstance(refusal, Stale):  # what was chosen rested on what is no longer so
                form.values = {**request.form, "action": ""}
    return _page(no, form)
