"""Sampling plans: the list, and the draw of one from locked roster to tasks."""

from __future__ import annotations

import io
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

import segno
from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.console.forms import Form
from api.console.labels import LABELS, label
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from api.console.pages.verify import PARTS, verify_words
from api.console.plan_steps import plan_steps
from api.reference import VERSION
from core.actors import STAFF, Role
from core.config import settings
from core.errors import Refusal, Stale
from core.unit_of_work import read_only, unit_of_work
from registry.queries import regions
from sampling.errors import NoEligibleInspector
from sampling.maths.bundle import packed
from sampling.queries import disclosed, plans, seats, units
from sampling.queries.papers import row_of_plan
from sampling.queries.register_strata import stratum_rosters
from sampling.queries.steps import last_step
from sampling.service import changing, drawing, entropy, framing, freezing, parts, steps
from sampling.views import DrawnUnitView, PlanDetail

blueprint = Blueprint("plans", __name__)

BASE = "/console/plans"
LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
MOST = 5000


def _columns() -> list[Column]:
    return [
        Column(
            "no",
            _("Number"),
            lambda plan: plan.no,
            link=lambda plan: url_for("plans.draw", no=plan.no),
        ),
        Column("title", _("Title"), lambda plan: plan.title, under=lambda plan: plan.void_reason),
        Column("roster", _("Roster"), lambda plan: plan.frame_size, "number"),
        Column("quota", _("Visits"), lambda plan: plan.quota, "number"),
        Column("done", _("Done"), lambda plan: plan.done, "number"),
        Column("visit_on", _("Visits on"), lambda plan: plan.visit_on, "day"),
        Column("committed_at", _("Committed"), lambda plan: plan.committed_at, "moment"),
        Column("created_at", _("Made on"), lambda plan: plan.created_at, "moment", shown=False),
        Column("state", _("State"), lambda plan: plan.state, "state:plan"),
    ]


@blueprint.route(BASE, defaults={"extension": None})
@blueprint.route(f"{BASE}.{EXTENSIONS}")
@require(*STAFF)
def listing(extension: str | None) -> Any:
    """Plans, newest first."""
    with read_only(current_access()) as session:
        states = [(code, label("plan", code)) for code in LABELS["plan"]]
        found = Listing(
            _columns(),
            [
                Filter("state", _("State"), states, pills=True, counts=plans.state_counts(session)),
                Filter("q", _("Number or title")),
            ],
            sort="-created_at",
            name="plans",
        )
        statement = plans.plans_matching(
            state=found.chosen("state") or None, text=found.chosen("q") or None
        )
        rows = list(session.execute(statement.limit(MOST)).scalars())
        found.fill(plans.plan_views(session, rows))
    if extension:
        return found.file(extension)
    return render_template(
        "pages/plans.html",
        title=_("Plans and draws"),
        listing=found,
        may_plan=current_actor().role in LEADS,
    )


@blueprint.route(BASE + "/<no>")
@require(*STAFF)
def show(no: str) -> Any:
    """A plan and its draw are one page."""
    return redirect(url_for("plans.draw", no=no))


@blueprint.route(BASE + "/<no>/draw")
@require(*STAFF)
def draw(no: str) -> Any:
    """The draw, step by step, and how to verify it."""
    return _page(no, Form())


@blueprint.route(BASE + "/<no>/step")
@require(*STAFF)
def step(no: str) -> Any:
    """How far the long step of a plan is; asks for the whole page again when it has ended."""
    with read_only(current_access()) as session:
        found = last_step(session, plans.plan_by_no(session, no).id)
    page = render_template(
        "pages/_step.html", no=no, step=found, may_stop=current_actor().role in LEADS
    )
    is_under_way = found is not None and found.is_under_way
    return page if is_under_way else (page, 200, {"HX-Refresh": "true"})


@blueprint.route(f"{BASE}/<no>/draw.{EXTENSIONS}")
@require(*STAFF)
def export(no: str, extension: str) -> Any:
    """The drawn enterprises with their inspectors and results, as a file."""
    with read_only(current_access()) as session:
        detail = plans.plan_detail(session, no)
        return _units(session, detail).file(extension)


def _units(session: Session, detail: PlanDetail) -> Listing:
    """The drawn enterprises, by ticket."""
    no = detail.summary.no
    names = {node.code: node.name for node in regions(session)}
    by_grade = detail.summary.strata_by == "grade"
    opens = current_actor().role in (*LEADS, Role.INSPECTOR)  # who may open a task
    columns = [
        Column(
            "name",
            _("Enterprise"),
            lambda unit: unit.name,
            # Codes of other registers carry the name of their scheme in a draw.
            link=lambda unit: url_for("enterprises.show", code=unit.code.rpartition(":")[2]),
            under=lambda unit: unit.code,
        ),
        Column("code", _("Credit code"), lambda unit: unit.code, shown=False),
        Column("region", _("Region"), lambda unit: names.get(unit.region_code, unit.region_code)),
        Column(
            "stratum",
            _("Grade") if by_grade else _("Stratum"),
            lambda unit: unit.stratum if by_grade else label("risk_tier", unit.stratum),
            "grade" if by_grade else "word",
        ),
        Column("chance", _("Chance"), lambda unit: unit.chance, "percent"),
        Column("ticket", _("Ticket"), lambda unit: unit.ticket, "ticket"),
        Column(
            "team",
            _("Inspectors (drawn)"),
            _team,
            link=lambda unit: url_for("tasks.show", plan_no=no, code=unit.code) if opens else None,
        ),
        Column("visit", _("Visit"), _visit, "state:visit", under=lambda unit: unit.reason),
    ]
    found = Listing(columns, sort="ticket", name=no)
    if detail.summary.drawn_at:
        found.fill(units.drawn_views(session, _ordered(session, no)))
    return found


def _team(unit: DrawnUnitView) -> str:
    """Names in the order of seats; of a joint visit by department."""
    groups: dict[str | None, list[str]] = {}
    for seat in unit.team:
        groups.setdefault(seat.department, []).append(seat.name)
    told = (f"{key}: " * (key is not None) + "、".join(names) for key, names in groups.items())
    return "; ".join(told)


def _visit(unit: DrawnUnitView) -> str:
    if unit.result is not None:
        return unit.result.outcome
    return "replaced" if unit.role == "replaced" else "open"


def _page(no: str, form: Form) -> Any:
    with read_only(current_access()) as session:
        detail = plans.plan_detail(session, no)
        drawn = _units(session, detail)
        step = last_step(session, detail.summary.id)
        waits = detail.summary.waits_for in ("freeze", "draw")
        is_long = waits and steps.takes_long(session, plans.plan_by_no(session, no))
        frame = None
        if detail.summary.waits_for == "freeze" and not is_long:
            frame = framing.frame_of(session, plans.plan_by_no(session, no))
        reserves = []
        if detail.summary.drawn_at:
            reserves = units.drawn_views(session, _ordered(session, no, reserves=True)[:60])
        is_open = disclosed.is_disclosed(session, no)
        changes = seats.seat_change_views(session, detail.summary.id)
        row = row_of_plan(session, no)
    address = url_for("verify.show", no=no, _external=True)
    page = render_template(
        "pages/draw.html",
        title=_("Random draw of enterprises and inspectors"),
        sub=_("plan %(no)s", no=no),
        crumbs=[(_("Plans and draws"), url_for("plans.listing"))],
        crumb=no,
        plan=detail,
        form=form,
        units=drawn,
        rosters=stratum_rosters(detail, frame.sizes if frame else {}),
        frame_size=len(frame) if frame else 0,
        left_out=Counter(reason for _code, reason in frame.exclusions) if frame else {},
        reserves=reserves,
        changes=changes,
        row=row,
        steps=plan_steps(detail),
        step=step if waits else None,  # what came of it is the plan itself
        is_long=is_long,
        most=settings().units_at_once,
        may_stop=current_actor().role in LEADS,
        address=address,
        qr=_code(address),
        may_lead=current_actor().role in LEADS,
        mine_typed=current_actor().account_id,
        parts=PARTS,
        # The panel recomputes what the public may fetch: nothing before the list is open.
        is_open=is_open,
        verify_words=verify_words(),
    )
    return page, form.status


def _ordered(session: Session, no: str, *, reserves: bool = False) -> list[Any]:
    statement = units.drawn_statement(no, reserves=reserves)
    entity = statement.column_descriptions[0]["entity"]
    order = (entity.stratum, entity.rank) if reserves else (entity.ticket,)
    return list(session.execute(statement.order_by(*order)).scalars())


def _code(address: str) -> Markup:
    """The address as a QR picture: SVG elements only, no style."""
    code = segno.make(address, error="m")
    picture = code.svg_inline(omitsize=True, svgclass="qr", lineclass=None, border=2)
    return Markup(picture)  # noqa: S704 - made of our own address by the library


def _change(no: str, done: str, act: Callable[[Session], object], *, versioned: bool) -> Any:
    """Do one step; what is refused is told on the page itself."""
    form = Form(values=request.form)
    try:
        with unit_of_work(current_access()) as session:
            if versioned:
                plan = plans.plan_by_no(session, no)
                if request.form.get("version") != str(plan.version):
                    raise Stale
            told = act(session)
    except NoEligibleInspector as refusal:
        form.refused_whole(refusal)  # its fields are enterprises
    except Refusal as refusal:
        form.refused(refusal)
    if not form.is_good:
        return _page(no, form)
    return redirect(url_for("plans.draw", no=no, done=told if isinstance(told, str) else done), 303)


@blueprint.route(BASE + "/<no>/freeze", methods=["POST"])
@require(*LEADS)
def freeze(no: str) -> Any:
    """Lock roster and plan, and publish the commitment."""

    def act(session: Session) -> str:
        if steps.takes_long(session, plans.plan_by_no(session, no)):
            steps.request_freeze(session, current_actor(), no, software=VERSION)
            return "asked"
        secret = secrets.token_bytes(32)
        freezing.freeze(session, current_actor(), no, secret=secret, software=VERSION)
        return "frozen"

    return _change(no, "frozen", act, versioned=True)


@blueprint.route(BASE + "/<no>/dice", methods=["POST"])
@require(*STAFF)
def dice(no: str) -> Any:
    """Type the dice; they stand once a second person has typed the same."""
    typed = "".join(request.form.get("dice", "").split())
    return _change(
        no,
        "dice",
        lambda session: entropy.enter_dice(session, current_actor(), no, dice=typed),
        versioned=False,
    )


@blueprint.route(BASE + "/<no>/value", methods=["POST"])
@require(*LEADS)
def value(no: str) -> Any:
    """Enter the public value, a beacon's with its signature."""
    return _change(
        no,
        "value",
        lambda session: entropy.enter_public_value(
            session,
            current_actor(),
            no,
            value=request.form.get("value", "").strip(),
            signature=request.form.get("signature", "").strip() or None,
        ),
        versioned=False,
    )


@blueprint.route(BASE + "/<no>/draw", methods=["POST"])
@require(*LEADS)
def make_draw(no: str) -> Any:
    """Draw, once."""

    def act(session: Session) -> str:
        if steps.takes_long(session, plans.plan_by_no(session, no)):
            steps.request_draw(session, current_actor(), no)
            return "asked"
        drawing.draw(session, current_actor(), no)
        return "drawn"

    return _change(no, "drawn", act, versioned=True)


@blueprint.route(BASE + "/<no>/void", methods=["POST"])
@require(*LEADS)
def void(no: str) -> Any:
    """Make the plan void, with a reason, for good."""
    reason = request.form.get("reason", "")
    return _change(
        no,
        "void",
        lambda session: changing.void_plan(session, current_actor(), no, reason=reason),
        versioned=True,
    )


@blueprint.route(BASE + "/<no>/replace", methods=["POST"])
@require(*LEADS)
def replace(no: str) -> Any:
    """Call up the next reserve for a unit that cannot be visited."""
    code, reason = request.form.get("code", ""), request.form.get("reason", "")
    return _change(
        no,
        "replaced",
        lambda session: changing.replace_unit(
            session, current_actor(), no, code=code, reason=reason
        ),
        versioned=False,
    )


@blueprint.route(BASE + "/<no>/bundle.zip")
@require(*STAFF)
def bundle(no: str) -> Any:
    """Everything needed to recompute the draw."""
    with read_only(current_access()) as session:
        plan = plans.plan_by_no(session, no)
        content = packed(parts.sealed_bundle(session, plan, only_public=False))
    name = f"{no}.zip"
    return send_file(io.BytesIO(content), "application/zip", as_attachment=True, download_name=name)
