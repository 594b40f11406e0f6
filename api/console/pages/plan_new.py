"""A new plan: its strata by grade or risk tier, its teams, its chances and its public numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from api.console.labels import LABELS, label
from api.console.pages.plans import BASE, LEADS
from core.clock import now, today
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from registry.queries import Node, categories, category_subtree
from registry.queries import departments as registry_departments
from registry.service import is_demo
from sampling.maths.entropy import NETWORKS
from sampling.queries.register_strata import RegisterStrata, register_strata, stratum_keys
from sampling.service import planning
from sampling.service.limits import Limit, exempt_kinds, yearly_cap

blueprint = Blueprint("plan_new", __name__)

PURPOSES = ("inspection", "supervision", "monitoring")
DEPARTMENTS = 3  # of a joint visit, on the form; the API takes more
BEACON_AHEAD = timedelta(days=1)  # time to lock, publish and throw the dice


@dataclass(frozen=True, slots=True)
class Offered:
    """What the register and the law of today give a plan to choose from."""

    strata_by: str
    keys: tuple[str, ...]
    strata: RegisterStrata
    tiers: tuple[str, ...]
    categories: list[Node]
    departments: dict[str, str]
    cap: Limit | None
    exempt: tuple[str, ...]
    is_demo: bool


@blueprint.route(BASE + "/new", methods=["GET", "POST"])
@require(*LEADS)
def new() -> Any:
    """A plan: what, when, how many of each stratum, and which public numbers decide."""
    form = Form(values=request.form if request.method == "POST" else request.args)
    with read_only(current_access()) as session:
        offered = _offered(session, form)
    # Without JavaScript a button asks for other strata: nothing is checked or made then.
    if request.method == "POST" and not form.value("show"):
        facts = _plan_facts(form, offered)
        if form.is_good:
            try:
                with unit_of_work(current_access()) as session:
                    plan = planning.create_plan(session, current_actor(), **facts)
                    number = plan.no
                return redirect(url_for("plans.draw", no=number, done="plan"), 303)
            except Refusal as refusal:
                form.refused(refusal)
    return _page(form, offered)


def _offered(session: Session, form: Form) -> Offered:
    nodes = categories(session)
    chosen = form.value("category")
    known = any(node.code == chosen for node in nodes)
    within = [node.code for node in category_subtree(session, chosen)] if known else None
    tiers = stratum_keys(session, "risk_tier")
    graded = register_strata(session, strata_by="grade", category_codes=within)
    # A register that knows only tiers starts with them.
    usual = "risk_tier" if tiers and not graded.sizes else "grade"
    strata_by = form.value("strata_by", usual)
    if strata_by not in planning.STRATA_BY:
        strata_by = usual
    by_grade = strata_by == "grade"
    return Offered(
        strata_by=strata_by,
        keys=stratum_keys(session, strata_by) if by_grade else tiers,
        strata=graded
        if by_grade
        else register_strata(session, strata_by=strata_by, category_codes=within),
        tiers=tiers,
        categories=nodes,
        departments=registry_departments(session),
        cap=yearly_cap(session, today()),
        exempt=exempt_kinds(session, today()),
        is_demo=is_demo(session),
    )


def _page(form: Form, offered: Offered) -> Any:
    beacon_at = now() + BEACON_AHEAD
    page = render_template(
        "pages/plan_new.html",
        title=_("New plan"),
        crumbs=[(_("Plans and draws"), url_for("plans.listing"))],
        form=form,
        offered=offered,
        categories=[(node.code, node.name) for node in offered.categories],
        pools=[(code, label("pool", code)) for code in LABELS["pool"]],
        departments=sorted(offered.departments.items()),
        department_rows=range(DEPARTMENTS),
        weights="\n".join(f"{tier} = 1" for tier in offered.tiers),
        exempt_choices=[(kind, label("exemption", kind)) for kind in offered.exempt],
        visit_on=(today() + timedelta(days=14)).isoformat(),
        beacon_at=beacon_at,
        beacon_round=NETWORKS["drand-quicknet"].round_after(beacon_at),
    )
    return page, form.status


def _plan_facts(form: Form, offered: Offered) -> dict[str, Any]:
    """What the form says, as ``planning.create_plan`` takes it."""
    title = form.text("title", _("Title"))
    visit_on = form.day("visit_on", _("Day of the visits"))
    form.choice("strata_by", _("Strata by"), planning.STRATA_BY, required=False)
    strata = _strata(form, offered)
    kind = form.choice("source", _("Public source"), ("beacon", "text", "demo"))
    source: dict[str, Any] = {"kind": kind}
    if kind == "beacon":
        source |= {
            "network": "drand-quicknet",
            "round": form.number("round", _("Round"), least=1),
        }
    if kind == "text":
        source |= {
            "name": form.text("source_name", _("What is published, where, which issue")),
            "due_at": form.text("due_at", _("When it is published")),
        }
    category = form.text("category", _("Product category"), required=False)
    return {
        "title": title,
        "strata_by": offered.strata_by,
        "strata": strata,
        "visit_on": visit_on,
        "team": _team_facts(form),
        "sources": [{"kind": "dice", "count": 50}, source],
        "category_codes": [category] if category else None,
        **_guards(form, offered.cap),
        **_chances(form),
    }


def _strata(form: Form, offered: Offered) -> list[dict[str, Any]]:
    """Quota and reserves of each stratum; at least one enterprise is to be drawn."""
    if not offered.keys:
        form.wrong(
            "strata_by",
            _("No enterprise has a risk tier: choose the grade, or import the tiers first."),
        )
        return []
    strata = []
    for key in offered.keys:
        name = label("grade" if offered.strata_by == "grade" else "risk_tier", key)
        quota = form.number(f"quota-{key}", _("Quota: %(stratum)s", stratum=name))
        reserve = form.number(
            f"reserve-{key}", _("Reserves: %(stratum)s", stratum=name), required=False
        )
        # A stratum with quota 0 is named too: leaving it out must be somebody's decision.
        strata.append({"key": key, "quota": quota or 0, "reserve": reserve})
    if form.is_good and not any(each["quota"] for each in strata):
        form.wrong(f"quota-{offered.keys[0]}", _("Draw at least one enterprise of one stratum."))
    return strata


def _guards(form: Form, limit: Limit | None) -> dict[str, Any]:
    """What the plan is for, and who is left out because of earlier visits."""
    purpose = form.choice("purpose", _("Purpose"), PURPOSES, required=False) or PURPOSES[0]
    title = _("Visits a year, at most")
    cap = form.number("yearly_cap", title, required=False, least=1, most=366)
    uncapped = form.text("uncapped_reason", _("Why there is no cap"), required=False)
    if limit is not None and not uncapped and not form.value("yearly_cap").strip():
        form.wrong(
            "uncapped_reason",
            _("Write how many visits a year, or why there is no cap; the reason is published."),
        )
    kind = form.text("exemption", _("Exempt from the protection"), required=False)
    reason = form.text("exemption_reason", _("Reason"), required=bool(kind))
    return {
        "purpose": purpose,
        "yearly_cap": cap,
        "uncapped_reason": uncapped or None,
        "exemption": {"kind": kind, "reason": reason} if kind else None,
    }


def _chances(form: Form) -> dict[str, Any]:
    """Equal chances, or chances that follow a risk tier, with units drawn for certain."""
    by = form.choice("method", _("Chances"), ("equal", "risk_tier", "none"), required=False)
    if by in ("", "equal"):
        return {}
    method: dict[str, Any] = {
        "kind": "pareto",
        "by": by,
        "equal_share_percent": form.number(
            "equal_share", _("Part dealt out equally, in percent"), most=100
        ),
    }
    if by == "risk_tier":
        weights = {}
        for line in form.text("weights", _("Weights")).splitlines():
            key, _sign, value = line.partition("=")
            if not key.strip() or not value.strip().isdecimal():
                form.wrong("weights", _("Write one line for each tier, like: high = 4"))
                break
            weights[key.strip()] = int(value)
        method["weights"] = weights
    certain = []
    for line in form.text("certain", _("Drawn for certain"), required=False).splitlines():
        code, _blank, reason = line.strip().partition(" ")
        if line.strip():
            certain.append({"code": code, "reason": reason.strip()})
    return {"method": method, "certain": certain}


def _team_facts(form: Form) -> dict[str, Any]:
    """Who goes; what is left blank is as the house has it."""
    team: dict[str, Any] = {}
    pool = form.choice("pool", _("Who goes"), LABELS["pool"], required=False)
    if pool:
        team["pool"] = pool
    if form.value("mixed"):
        team["mixed"] = True
    for name, title in (
        ("size", _("People in a team")),
        ("cap", _("Visits of one inspector, at most")),
        ("rotation", _("Rounds before somebody may come again")),
    ):
        number = form.number(name, title, required=False)
        if number is not None:
            team[name] = number
    departments = []
    for place in range(DEPARTMENTS):
        key = form.text(f"department-{place}", _("Department"), required=False)
        if key:
            items = form.text(f"items-{place}", _("Items"))
            split = [one.strip() for one in items.replace("，", ",").replace("、", ",").split(",")]
            departments.append({"key": key, "items": [one for one in split if one]})
    if departments:
        team["departments"] = departments
    return team
