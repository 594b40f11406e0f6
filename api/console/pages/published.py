"""What is published (一公开): papers, tasks, results, and the check of a notice."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import public
from api.console import papers as shown_papers
from api.console.forms import Form
from api.console.labels import LABELS, label
from api.console.languages import language
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from api.console.published_words import COLUMNS
from api.console.shell import day
from core.errors import NotFound
from core.unit_of_work import PUBLIC_ACCESS, read_only
from sampling.queries import agencies, announced, disclosed, papers
from sampling.queries.announced import PublicRecord, PublicTask
from sampling.queries.papers import PaperView

blueprint = Blueprint("published", __name__)

SHOWN = 6
MOST = 5000


@blueprint.route("/published")
@public
def overview() -> str:
    """The newest papers, tasks and results, and where to subscribe."""
    with read_only(PUBLIC_ACCESS) as session:
        return render_template(
            "pages/published.html",
            title=_("Disclosure"),
            papers=newest_papers(session, SHOWN),
            tasks=newest_tasks(session, SHOWN),
            records=newest_records(session, SHOWN),
            codes=words_of_codes,
        )


def newest_papers(session: Session, limit: int) -> list[PaperView]:
    """Papers in force, newest first."""
    statement = papers.published_papers()
    entity = statement.column_descriptions[0]["entity"]
    rows = session.execute(statement.order_by(entity.published_at.desc()).limit(limit)).scalars()
    return papers.paper_views(list(rows), for_staff=False)


def newest_tasks(session: Session, limit: int) -> list[PublicTask]:
    """Tasks, that which last changed first."""
    rows = list(session.execute(disclosed.published_plans().limit(MOST)).scalars())
    found = announced.public_tasks(session, rows)
    return sorted(found, key=lambda task: task.changed_at, reverse=True)[:limit]


def newest_records(session: Session, limit: int) -> list[PublicRecord]:
    """Records, that which last changed first."""
    statement = announced.latest_records().limit(limit)
    return announced.public_records(session, list(session.execute(statement).scalars()))


def words_of_codes(record: PublicRecord) -> str:
    """Result codes in the reader's language."""
    zh = language() == "zh"
    return "；".join(f"{one.code} {one.title_zh if zh else one.title_en}" for one in record.codes)


@blueprint.route("/papers", defaults={"extension": None})
@blueprint.route(f"/papers.{EXTENSIONS}")
@public
def paper_list(extension: str | None) -> Any:
    """Item lists, annual plans, schemes and rules in force."""
    return _paper_list(extension, None)


@blueprint.route("/annual-plans", defaults={"extension": None})
@blueprint.route(f"/annual-plans.{EXTENSIONS}")
@public
def annual_plans(extension: str | None) -> Any:
    """Annual plans in force."""
    return _paper_list(extension, "annual_plan")


def _paper_list(extension: str | None, kind: str | None) -> Any:
    columns = [
        Column(
            "no",
            _("Number"),
            lambda one: one.no,
            link=lambda one: url_for("published.paper", no=one.no),
            order="no",
        ),
        Column("title", _("Title"), lambda one: one.title, sortable=False),
        Column("kind", _("Kind"), lambda one: one.kind, "label:paper_kind", order="kind"),
        Column("year", _("Year"), lambda one: one.year, order="year"),
        Column("authority", _("Authority"), lambda one: one.authority, sortable=False),
        Column("edition", _("Edition"), lambda one: one.edition, "number", order="edition"),
        Column(
            "published_at",
            _("Published"),
            lambda one: one.published_at,
            "day",
            order="published_at",
        ),
    ]
    kinds = _choices("paper_kind")
    filters = [Filter("q", _("Words"))]
    if kind is None:
        filters.insert(0, Filter("kind", _("Kind"), kinds))
    found = Listing(columns, filters, sort="-published_at", name="papers")
    chosen = kind or (found.chosen("kind") if found.chosen("kind") in dict(kinds) else None)
    with read_only(PUBLIC_ACCESS) as session:
        found.fill_select(
            session,
            papers.published_papers(kind=chosen, text=found.chosen("q") or None),
            lambda _session, rows: papers.paper_views(rows, for_staff=False),
        )
    if extension:
        return found.file(extension)
    return render_template(
        "pages/published_list.html",
        title=_("Annual plans") if kind else _("Plans, schemes and rules"),
        here_now="annual_plans" if kind else "paper_list",
        listing=found,
        feed="plans",
        empty=_("No paper has been published."),
        style="",
    )


@blueprint.route("/papers/<no>")
@public
def paper(no: str) -> str:
    """One paper: what is in force, how far it is, and what each edition changed."""
    with read_only(PUBLIC_ACCESS) as session:
        editions = papers.editions(session, no, only_public=True)
        wanted = request.args.get("edition", type=int)
        chosen = next((one for one in editions if one.paper.edition == wanted), editions[0])
        progress = {}
        if chosen.paper.kind == "annual_plan" and chosen.is_in_force:
            progress = {one.key: one for one in papers.progress(session, chosen.paper)}
    return render_template(
        "pages/published_paper.html",
        title=chosen.paper.title,
        sub=f"{no} · {label('paper_kind', chosen.paper.kind)}",
        crumbs=[
            (_("Disclosure"), url_for("published.overview")),
            (_("Plans, schemes and rules"), url_for("published.paper_list")),
        ],
        crumb=no,
        edition=chosen,
        editions=editions,
        body=shown_papers.shown(chosen.paper.kind, chosen.paper.body),
        progress=progress,
        names_of=shown_papers.names_of,
    )


@blueprint.route("/tasks", defaults={"extension": None})
@blueprint.route(f"/tasks.{EXTENSIONS}")
@public
def tasks(extension: str | None) -> Any:
    """Plans that are committed or drawn, with the row of the annual plan they carry out."""
    columns = [
        Column(
            "no",
            _("Number"),
            lambda one: one.draw.no,
            link=lambda one: url_for("verify.show", no=one.draw.no),
        ),
        Column(
            "title", _("Title"), lambda one: one.draw.title, under=lambda one: one.draw.void_reason
        ),
        Column(
            "annual",
            _("Annual plan"),
            lambda one: f"{one.paper_no} · {one.row_key}" if one.paper_no else None,
            link=lambda one: url_for("published.paper", no=one.paper_no) if one.paper_no else None,
        ),
        Column("roster", _("Roster"), lambda one: one.draw.frame_size, "number"),
        Column("quota", _("Visits"), lambda one: one.draw.quota, "number"),
        Column("visit_on", _("Visits on"), lambda one: one.draw.visit_on, "day"),
        Column("drawn_at", _("Drawn"), lambda one: one.draw.drawn_at, "day"),
        Column("published", _("Results public"), lambda one: one.published, "number"),
        Column("state", _("State"), lambda one: one.draw.state, "state:plan"),
    ]
    found = Listing(columns, sort="-no", name="tasks")
    with read_only(PUBLIC_ACCESS) as session:
        rows = list(session.execute(disclosed.published_plans().limit(MOST)).scalars())
        found.fill(announced.public_tasks(session, rows))
    if extension:
        return found.file(extension)
    return render_template(
        "pages/published_list.html",
        title=_("Inspection tasks"),
        here_now="tasks",
        listing=found,
        feed="tasks",
        empty=_("No task has been announced."),
        style="",
    )


@blueprint.route("/results", defaults={"extension": None})
@blueprint.route(f"/results.{EXTENSIONS}")
@public
def results(extension: str | None) -> Any:
    """Published results by enterprise, product, day and outcome; never ranked."""
    found = Listing(_result_columns(), _result_filters(), sort="-published_at", name="results")
    form = Form(values=request.args)
    since = _day_of(form, "since", _("Inspected from"))
    until = _day_of(form, "until", _("Inspected until"))
    outcomes, kinds = LABELS["outcome"], LABELS["record_kind"]
    statement = announced.published_records(
        text=found.chosen("q") or None,
        enterprise=found.chosen("enterprise") or None,
        product=found.chosen("product") or None,
        outcome=_among(found.chosen("outcome"), outcomes),
        kind=_among(found.chosen("kind"), kinds),
        since=since,
        until=until,
    )
    with read_only(PUBLIC_ACCESS) as session:
        found.fill_select(session, statement, announced.public_records)
    if extension and form.is_good:
        return found.file(extension)
    page = render_template(
        "pages/published_list.html",
        title=_("Published results"),
        here_now="results",
        listing=found,
        form=form,
        feed="results",
        empty=_("No result has been published."),
    )
    return page, form.status


def _among(value: str, known: Any) -> str | None:
    return value if value in known else None


def _day_of(form: Form, name: str, title: str) -> date | None:
    return form.day(name, title) if (form.values.get(name) or "").strip() else None


def _choices(family: str) -> list[tuple[str, str]]:
    return [(code, label(family, code)) for code in LABELS[family]]


def _result_filters() -> list[Filter]:
    return [
        Filter("enterprise", _("Enterprise")),
        Filter("product", _("Product")),
        Filter("kind", _("Kind"), _choices("record_kind")),
        Filter("outcome", _("Outcome"), _choices("outcome")),
        Filter("since", _("Inspected from")),
        Filter("until", _("Inspected until")),
        Filter("q", _("Words")),
    ]  # fmt: skip


def _result_columns() -> list[Column]:
    # Sorted by day or number only: a list by names and failures side by side would be a ranking.
    return [
        Column(
            "no",
            _("Number"),
            lambda one: one.no,
            link=lambda one: url_for("published.result", no=one.no),
            order="no",
        ),
        Column(
            "enterprise",
            _("Enterprise"),
            lambda one: one.enterprise_name,
            under=lambda one: one.enterprise_code,
            sortable=False,
        ),
        Column("product", _("Product"), lambda one: one.product, sortable=False),
        Column("kind", _("Kind"), lambda one: one.kind, "label:record_kind", sortable=False),
        Column("found_on", _("Inspected"), lambda one: one.found_on, "day", order="found_on"),
        Column(
            "result",
            _("Codes or failed items"),
            lambda one: words_of_codes(one) or one.columns.get("failed_items", "/"),
            sortable=False,
        ),
        Column("outcome", _("Outcome"), lambda one: one.outcome, "state:outcome", sortable=False),
        Column(
            "published_at", _("Published"), lambda one: one.published_at, "day",
            order="published_at",
        ),
        Column(
            "state",
            _("State"),
            lambda one: one.state,
            "state:record",
            under=_struck,
            sortable=False,
        ),
    ]  # fmt: skip


def _struck(one: PublicRecord) -> str | None:
    return f"{day(one.withdrawn_at)} {one.withdraw_reason}" if one.is_struck else None


@blueprint.route("/results/<no>")
@public
def result(no: str) -> str:
    """One published result; a withdrawn one is struck through, with day and reason."""
    with read_only(PUBLIC_ACCESS) as session:
        found = announced.public_record(session, no)
    return render_template(
        "pages/published_result.html",
        title=found.enterprise_name,
        sub=f"{no} · {label('record_kind', found.kind)}",
        crumbs=[
            (_("Disclosure"), url_for("published.overview")),
            (_("Published results"), url_for("published.results")),
        ],
        crumb=no,
        record=found,
        columns=COLUMNS,
        zh=language() == "zh",
    )


@blueprint.route("/notices/<token>")
@public
def notice(token: str) -> Any:
    """Is the notice in my hand genuine? Only who holds its secret sees what it says."""
    found, status = None, 404
    with read_only(PUBLIC_ACCESS) as session, suppress(NotFound):
        found, status = agencies.notice_by_token(session, token), 200
    page = render_template(
        "pages/notice_check.html", title=_("Is this notice genuine?"), notice=found
    )
    return page, status
