"""Feeds of papers, tasks and results, for whoever wants to be told."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api import feeds
from api.auth import public
from api.console.labels import label
from api.console.pages.published import (
    newest_papers,
    newest_records,
    newest_tasks,
    words_of_codes,
)
from api.console.shell import shell
from core.clock import now
from core.unit_of_work import PUBLIC_ACCESS, read_only

blueprint = Blueprint("published_feeds", __name__)

IN_FEED = 50


@blueprint.route("/feeds/<any(plans, tasks, results):what>.<any(atom, json):form>")
@public
def feed(what: str, form: str) -> Response:
    """The newest of a kind as Atom or JSON Feed; a withdrawal moves an entry up again."""
    made, page, title = FEEDS[what]
    with read_only(PUBLIC_ACCESS) as session:
        entries = made(session)
    found = feeds.Feed(
        title=f"{_('Zhiheng')} · {title()}",
        address=url_for("published_feeds.feed", what=what, form=form, _external=True),
        page=url_for(page, _external=True),
        author=shell().authority or _("Zhiheng"),
        entries=entries,
        empty_at=now(),
    )
    if form == "atom":
        response = Response(feeds.atom(found), mimetype=feeds.ATOM_TYPE)
    else:
        response = jsonify(feeds.json_feed(found))
        response.mimetype = feeds.JSON_TYPE
    response.add_etag()
    response.make_conditional(request)
    return response


def _plan_entries(session: Session) -> list[feeds.Entry]:
    return [
        feeds.Entry(
            address=url_for("published.paper", no=one.no, edition=one.edition, _external=True),
            title=f"{one.title} · {_('edition %(edition)s', edition=one.edition)}",
            summary=one.reason or f"{one.authority} · {label('paper_kind', one.kind)} · {one.year}",
            published_at=one.published_at,
            updated_at=one.published_at,
        )
        for one in newest_papers(session, IN_FEED)
        if one.published_at is not None
    ]


def _task_entries(session: Session) -> list[feeds.Entry]:
    return [
        feeds.Entry(
            address=url_for("verify.show", no=task.draw.no, _external=True),
            title=f"{task.draw.title} · {label('plan', task.draw.state)}",
            summary=task.draw.void_reason
            or _(
                "%(quota)s of %(size)s enterprises",
                quota=task.draw.quota,
                size=task.draw.frame_size,
            ),
            published_at=task.draw.committed_at,
            updated_at=task.changed_at,
        )
        for task in newest_tasks(session, IN_FEED)
    ]


def _result_entries(session: Session) -> list[feeds.Entry]:
    return [
        feeds.Entry(
            address=url_for("published.result", no=one.no, _external=True),
            title=" · ".join(
                each
                for each in (
                    f"[{label('record', one.state)}]" if one.is_struck else "",
                    one.enterprise_name,
                    one.product or "",
                    label("outcome", one.outcome),
                )
                if each
            ),
            summary=one.withdraw_reason
            or words_of_codes(one)
            or one.columns.get("failed_items", "/"),
            published_at=one.published_at,
            updated_at=one.changed_at,
        )
        for one in newest_records(session, IN_FEED)
    ]


FEEDS: dict[str, tuple[Callable[[Session], list[feeds.Entry]], str, Callable[[], str]]] = {
    "plans": (_plan_entries, "published.paper_list", lambda: _("Plans, schemes and rules")),
    "tasks": (_task_entries, "published.tasks", lambda: _("Inspection tasks")),
    "results": (_result_entries, "published.results", lambda: _("Published results")),
}
