"""Annual plans, item lists, schemes and rules: write, approve, publish, amend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.console import papers as shown_papers
from api.console.forms import Form
from api.console.labels import LABELS, label
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from api.console.shell import shell
from core.actors import STAFF, Actor, Role
from core.clock import today
from core.errors import Refusal, Stale
from core.unit_of_work import SYSTEM_ACCESS, read_only, unit_of_work
from registry.queries import account_names
from sampling.maths.documents import Kind
from sampling.queries import papers, plans
from sampling.service import annual

blueprint = Blueprint("annual", __name__, url_prefix="/console/annual")

LEADS = (Role.LEAD_INSPECTOR, Role.ADMINISTRATOR)
FEWEST_ROWS = 3


@blueprint.route("", defaults={"extension": None})
@blueprint.route(f"/list.{EXTENSIONS}")
@require(*STAFF)
def listing(extension: str | None) -> Any:
    """The newest edition of each paper."""
    columns = [
        Column(
            "no",
            _("Number"),
            lambda one: one.no,
            link=lambda one: url_for("annual.show", no=one.no),
            order="no",
        ),
        Column("title", _("Title"), lambda one: one.title, under=lambda one: one.reason),
        Column("kind", _("Kind"), lambda one: one.kind, "label:paper_kind"),
        Column("year", _("Year"), lambda one: one.year),
        Column("edition", _("Edition"), lambda one: one.edition, "number"),
        Column("published_at", _("Published"), lambda one: one.published_at, "day"),
        Column("state", _("State"), lambda one: one.state, "state:paper"),
    ]
    kinds = [(code, label("paper_kind", code)) for code in LABELS["paper_kind"]]
    found = Listing(
        columns,
        [Filter("kind", _("Kind"), kinds, pills=True), Filter("q", _("Words"))],
        sort="-no",
        name="papers",
    )
    kind = found.chosen("kind")
    with read_only(current_access()) as session:
        found.fill_select(
            session,
            papers.papers_matching(
                kind=kind if kind in dict(kinds) else None, text=found.chosen("q") or None
            ),
            lambda _session, rows: papers.paper_views(rows, for_staff=True),
        )
    if extension:
        return found.file(extension)
    return render_template(
        "pages/annual.html",
        title=_("Annual plans, schemes and rules"),
        listing=found,
        kinds=kinds,
        may_write=current_actor().role in LEADS,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@require(*LEADS)
def new() -> Any:
    """A first edition of a paper."""
    given = request.values.get("kind", Kind.ANNUAL_PLAN.value)
    kind = Kind(given) if given in list(Kind) else Kind.ANNUAL_PLAN
    form = Form(values=request.form if request.method == "POST" else {})
    if request.method == "POST" and "more" not in request.form:
        body, origins = shown_papers.typed(kind, request.form)
        year = form.number("year", _("Year"), least=annual.FIRST_YEAR, most=annual.LAST_YEAR)
        if form.is_good and year is not None:
            try:
                with unit_of_work(current_access()) as session:
                    paper = annual.draft_paper(
                        session,
                        current_actor(),
                        kind=kind.value,
                        year=year,
                        title=request.form.get("title", ""),
                        authority=request.form.get("authority", ""),
                        body=body,
                    )
                return redirect(url_for("annual.show", no=paper.no, done="drafted"), 303)
            except Refusal as refusal:
                form.refused(refusal)
                shown_papers.put_back(form, origins)
    head, rows = shown_papers.inputs(kind, {}, rows=_rows_wanted())
    page = render_template(
        "pages/annual_edit.html",
        title=_("New: %(kind)s", kind=label("paper_kind", kind.value)),
        crumbs=[(_("Annual plans, schemes and rules"), url_for("annual.listing"))],
        form=form,
        kind=kind.value,
        head=head,
        rows=rows,
        year=today().year,
        paper=None,
        authority=shell().authority or "",
    )
    return page, form.status


def _rows_wanted() -> int:
    shown = request.form.get("shown", type=int) or FEWEST_ROWS
    return min(shown + (5 if "more" in request.form else 0), 500)


@blueprint.route("/<no>")
@require(*STAFF)
def show(no: str) -> Any:
    """A paper with its history, and the step that comes next."""
    return _page(no, Form())


@blueprint.route("/<no>/edit", methods=["GET", "POST"])
@require(*LEADS)
def edit(no: str) -> Any:
    """Change a draft."""
    form = Form(values=request.form if request.method == "POST" else {})
    with read_only(current_access()) as session:
        (paper,) = papers.paper_views([papers.newest_edition(session, no)], for_staff=True)
    kind = Kind(paper.kind)
    if request.method == "POST" and "more" not in request.form:
        body, origins = shown_papers.typed(kind, request.form)
        try:
            with unit_of_work(current_access()) as session:
                _check_version(papers.newest_edition(session, no).version)
                annual.revise_paper(
                    session,
                    current_actor(),
                    no,
                    title=request.form.get("title", ""),
                    authority=request.form.get("authority", ""),
                    body=body,
                )
            return redirect(url_for("annual.show", no=no, done="drafted"), 303)
        except Refusal as refusal:
            form.refused(refusal)
            shown_papers.put_back(form, origins)
    head, rows = shown_papers.inputs(kind, paper.body, rows=_rows_wanted())
    page = render_template(
        "pages/annual_edit.html",
        title=paper.title,
        crumbs=[
            (_("Annual plans, schemes and rules"), url_for("annual.listing")),
            (no, url_for("annual.show", no=no)),
        ],
        crumb=_("Edit"),
        form=form,
        kind=kind.value,
        head=head,
        rows=rows,
        year=paper.year,
        paper=paper,
        authority=paper.authority,
    )
    return page, form.status


def _check_version(version: int) -> None:
    if request.form.get("version") != str(version):
        raise Stale


def _page(no: str, form: Form) -> Any:
    with read_only(current_access()) as session:
        editions = papers.editions(session, no, only_public=False)
        wanted = request.args.get("edition", type=int)
        chosen = next((one for one in editions if one.paper.edition == wanted), editions[0])
        progress = {}
        if chosen.paper.kind == "annual_plan":
            progress = {one.key: one for one in papers.progress(session, chosen.paper)}
        people = {chosen.paper.drafted_by, chosen.paper.approved_by} - {None}
    with read_only(SYSTEM_ACCESS) as session:
        names = account_names(session, [one for one in people if one is not None])
    actor = current_actor()
    newest = editions[0].paper
    page = render_template(
        "pages/annual_show.html",
        title=chosen.paper.title,
        sub=f"{no} · {label('paper_kind', chosen.paper.kind)}",
        crumbs=[(_("Annual plans, schemes and rules"), url_for("annual.listing"))],
        crumb=no,
        form=form,
        edition=chosen,
        newest=newest,
        editions=editions,
        body=shown_papers.shown(chosen.paper.kind, chosen.paper.body),
        progress=progress,
        names_of=shown_papers.names_of,
        people=names,
        may_write=actor.role in LEADS,
        is_own=newest.drafted_by == actor.account_id,
    )
    return page, form.status


STEPS: dict[str, tuple[Callable[[Session, Actor, str], object], str]] = {
    "approve": (annual.approve_paper, "approved"),
    "reopen": (annual.reopen_paper, "reopened"),
    "publish": (annual.publish_paper, "paper-published"),
}


@blueprint.route("/<no>/<any(approve, reopen, publish, amend):step>", methods=["POST"])
@require(*LEADS)
def move(no: str, step: str) -> Any:
    """Approve, reopen, publish or amend."""
    form = Form(values=request.form)
    try:
        with unit_of_work(current_access()) as session:
            _check_version(papers.newest_edition(session, no).version)
            if step == "amend":
                annual.amend_paper(
                    session, current_actor(), no, reason=request.form.get("reason", "")
                )
                done = "amended"
            else:
                act, done = STEPS[step]
                act(session, current_actor(), no)
    except Refusal as refusal:
        form.refused(refusal)
        return _page(no, form)
    return redirect(url_for("annual.show", no=no, done=done), 303)


@blueprint.route("/rows/<plan_no>", methods=["GET", "POST"])
@require(*LEADS)
def row(plan_no: str) -> Any:
    """Say which row of an annual plan a draft carries out."""
    form = Form(values=request.form if request.method == "POST" else {})
    if request.method == "POST":
        paper_no, separator, key = request.form.get("row", "").partition("/")
        if not separator:
            form.wrong("row", _("Choose a row from the list."))
        if form.is_good:
            try:
                with unit_of_work(current_access()) as session:
                    _check_version(plans.plan_by_no(session, plan_no).version)
                    annual.link_plan(
                        session, current_actor(), plan_no, paper_no=paper_no, row_key=key
                    )
                return redirect(url_for("plans.draw", no=plan_no, done="row-named"), 303)
            except Refusal as refusal:
                form.refused(refusal)
    with read_only(current_access()) as session:
        statement = papers.published_papers(kind="annual_plan")
        entity = statement.column_descriptions[0]["entity"]
        found = session.execute(statement.order_by(entity.year.desc(), entity.no)).scalars()
        choices = [
            (f"{one.no}/{line['key']}", f"{one.no} · {line['key']} · {line['matter']}")
            for one in papers.paper_views(list(found), for_staff=False)
            for line in one.body["rows"]
        ]
        version = plans.plan_by_no(session, plan_no).version
        known = papers.row_of_plan(session, plan_no)
        demanded = annual.is_listing_demanded(session)
    page = render_template(
        "pages/annual_row.html",
        title=_("Which row of the annual plan?"),
        sub=plan_no,
        crumbs=[
            (_("Plans and draws"), url_for("plans.listing")),
            (plan_no, url_for("plans.draw", no=plan_no)),
        ],
        form=form,
        choices=choices,
        known="/".join(known) if known else "",
        version=version,
        demanded=demanded,
    )
    return page, form.status
