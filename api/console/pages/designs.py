"""Before the draw: designs side by side. After it: what the results say of the roster."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.console.charts.interval import Interval, IntervalWords, interval_option
from api.console.design_words import (
    concern_words,
    design_words,
    method_words,
    reading_words,
    spoken_words,
)
from api.console.forms import Form
from api.console.labels import label
from core.actors import STAFF, Role
from core.errors import Refusal, Stale
from core.unit_of_work import read_only, unit_of_work
from sampling.errors import BudgetTooSmall, VisitsOutOfRange
from sampling.queries import estimates, plans
from sampling.service import advising, quotas

blueprint = Blueprint("designs", __name__)

BASE = "/console/plans"
LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)


@blueprint.route(BASE + "/<no>/design")
@require(*STAFF)
def design(no: str) -> Any:
    """Designs for a draft side by side."""
    return _design(no, Form(values=request.args))


@blueprint.route(BASE + "/<no>/design/quotas", methods=["POST"])
@require(*LEADS)
def take_over(no: str) -> Any:
    """Give the draft the quotas of a design."""
    form = Form(values=request.form)
    wanted = {
        name.removeprefix("quota-"): int(value) if value.isascii() and value.isdigit() else -1
        for name, value in form.values.items()
        if name.startswith("quota-") and len(value) < 9
    }
    try:
        with unit_of_work(current_access()) as session:
            if form.value("version") != str(plans.plan_by_no(session, no).version):
                raise Stale
            chosen = str(form.value("design"))[:64]
            quotas.set_quotas(session, current_actor(), no, wanted, design=chosen)
    except Refusal as refusal:
        form.refused(refusal)
        return _design(no, form)
    return redirect(url_for("plans.draw", no=no, done="quotas"), 303)


def _design(no: str, form: Form) -> Any:
    with read_only(current_access()) as session:
        asked = _asked(form, no, session) if request.method == "GET" else {}
        try:
            found = advising.advice_for(session, no, **asked)
        except (VisitsOutOfRange, BudgetTooSmall) as refusal:
            if not asked:
                raise
            form.refused(refusal)
            found = advising.advice_for(session, no)
    advice = found.advice
    page = render_template(
        "pages/design.html",
        title=_("Design advisor"),
        sub=_("plan %(no)s", no=no),
        crumbs=_crumbs(no),
        crumb=_("Design advisor"),
        found=found,
        form=form,
        size=sum(one.size for one in advice.strata),
        has_money=any(one.cost is not None for one in advice.candidates),
        sharpest=advice.sharpest,
        richest=advice.richest,
        common=[concern_words(one) for one in advice.concerns],
        words=design_words,
        concern_words=concern_words,
        spoken=spoken_words,
        may_lead=current_actor().role in LEADS,
    )
    return page, form.status


def _crumbs(no: str) -> list[tuple[str, str]]:
    return [
        (_("Plans and draws"), url_for("plans.listing")),
        (no, url_for("plans.draw", no=no)),
    ]


def _asked(form: Form, no: str, session: Session) -> dict[str, Any]:
    """What the address asks of the advisor."""
    asked: dict[str, Any] = {}
    visits = form.number("visits", _("Visits in all"), required=False, least=1)
    if visits is not None:
        asked["visits"] = visits
    costs: dict[str, Decimal] = {}
    keys = [stratum.key for stratum in plans.plan_detail(session, no).strata]
    for key in keys:
        name = f"cost-{key}"
        cost = form.amount(name, _("Money for a visit, %(key)s", key=key), required=False)
        if cost is not None and cost > 0:
            costs[key] = cost
    if costs:
        asked["costs"] = costs
        for key in keys:
            if key not in costs:
                form.wrong(
                    f"cost-{key}", _("Give the money for a visit for every stratum, or for none.")
                )
    budget = form.amount("budget", _("Money in all"), required=False)
    if budget is not None and budget > 0:
        asked["budget"] = budget
        if not costs:
            form.wrong("budget", _("A sum needs the money for a visit of every stratum."))
    return asked if form.is_good else {}


@blueprint.route(BASE + "/<no>/estimates")
@require(*STAFF)
def estimate(no: str) -> Any:
    """The failure rate of the roster from the results so far, with what limits it."""
    form = Form(values=request.args)
    group = form.choice("group", _("Known totals"), estimates.GROUPINGS, required=False)
    with read_only(current_access()) as session:
        try:
            found = estimates.plan_estimates(session, no, calibrate_to=group or None)
        except Refusal as refusal:
            if not group:
                raise
            form.refused(refusal)
            found = estimates.plan_estimates(session, no)
    rate = found.inference.estimate
    shown = found.inference.shown
    page = render_template(
        "pages/estimates.html",
        title=_("What the results say"),
        sub=_("plan %(no)s", no=no),
        crumbs=_crumbs(no),
        crumb=_("Estimates"),
        found=found,
        form=form,
        rate=rate,
        shown=shown,
        reading=reading_words(found),
        method=method_words(shown.method) if shown else "",
        option=_chart(found),
        groups=[("category", _("product categories")), ("region", _("regions"))],
        sure=f"{100 * found.inference.confidence:g}",
    )
    return page, form.status


def _chart(found: estimates.PlanEstimates) -> dict[str, Any] | None:
    rate, shown = found.inference.estimate, found.inference.shown
    if rate is None or shown is None:
        return None

    def name(key: str) -> str:
        return f"{key} {label('grade', key)}" if found.strata_by == "grade" else key

    def percent(share: float | None) -> float | None:
        return None if share is None else round(100 * share, 3)

    lines = [Interval(_("Roster"), percent(rate.rate), percent(shown.lower), percent(shown.upper))]
    for one in found.inference.strata:
        limits = one.limits
        lines.append(
            Interval(
                name(one.key),
                percent(one.rate),
                percent(limits.lower / limits.size) if limits else None,
                percent(limits.upper / limits.size) if limits else None,
            )
        )
    return interval_option(
        lines,
        IntervalWords(
            rate=_("estimated rate"),
            band=_("between its limits"),
            axis=_("failing enterprises"),
            description=reading_words(found),
        ),
    )
