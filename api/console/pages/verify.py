"""The public list of draws, and the page on which a visitor's browser recomputes one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask_babel import gettext as _

from api.auth import public
from api.console.listing import EXTENSIONS, Column, Listing
from core.unit_of_work import PUBLIC_ACCESS, read_only
from sampling.queries import disclosed

blueprint = Blueprint("verify", __name__)

MOST = 5000

# Parts of a bundle in the order they are judged, with what each shows.
PARTS = (
    "manifest.json",
    "protocol.json",
    "plan.json",
    "frame.json",
    "inspectors.json",
    "commitment.json",
    "entropy.json",
    "draw.json",
    "assignment.json",
    "history.json",
    "README.txt",
    "verify_draw.py",
)


@blueprint.route("/draws", defaults={"extension": None})
@blueprint.route(f"/draws.{EXTENSIONS}")
@public
def listing(extension: str | None) -> Any:
    """Every plan whose commitment was published, void ones with their reason."""
    columns = [
        Column(
            "no",
            _("Number"),
            lambda one: one.no,
            link=lambda one: url_for("verify.show", no=one.no),
        ),
        Column("title", _("Title"), lambda one: one.title, under=lambda one: one.void_reason),
        Column("roster", _("Roster"), lambda one: one.frame_size, "number"),
        Column("quota", _("Quota"), lambda one: one.quota, "number"),
        Column("committed_at", _("Committed"), lambda one: one.committed_at, "moment"),
        Column("drawn_at", _("Drawn"), lambda one: one.drawn_at, "moment"),
        Column("commitment", _("Commitment"), lambda one: one.commitment, "code", shown=False),
        Column("state", _("State"), lambda one: one.state, "state:plan"),
    ]
    found = Listing(columns, sort="-committed_at", name="draws")
    with read_only(PUBLIC_ACCESS) as session:
        rows = list(session.execute(disclosed.published_plans().limit(MOST)).scalars())
        found.fill(disclosed.public_views(session, rows))
    if extension:
        return found.file(extension)
    return render_template("pages/draws.html", title=_("Draws"), listing=found)


@blueprint.route("/v/<no>")
@public
def show(no: str) -> str:
    """Verify one draw: in this browser, or offline."""
    with read_only(PUBLIC_ACCESS) as session:
        plan = disclosed.public_plan(session, no)
        (draw,) = disclosed.public_views(session, [plan])
        is_open = disclosed.is_disclosed(session, no)
    return render_template(
        "pages/verify.html",
        title=_("Verify a draw"),
        sub=draw.no,
        crumbs=[(_("Draws"), url_for("verify.listing"))],
        crumb=draw.no,
        draw=draw,
        is_open=is_open,
        has_form=draw.drawn_at is not None and not is_open,
        parts=PARTS,
        verify_words=verify_words(),
    )


def verify_words() -> dict[str, Any]:
    """What the page says about each part and about the whole, for its script."""
    words = {
        "manifest.json": _("List of parts"),
        "protocol.json": _("Protocol"),
        "plan.json": _("Plan: strata, quotas, named sources"),
        "frame.json": _("Roster, by its Merkle root"),
        "inspectors.json": _("Inspectors"),
        "commitment.json": _("Commitment and its receipt"),
        "entropy.json": _("Dice and public value"),
        "draw.json": _("Drawn enterprises and reserves"),
        "assignment.json": _("Teams of inspectors"),
        "history.json": _("Replacements since"),
        "README.txt": _("Read-me"),
        "verify_draw.py": _("Offline verifier"),
    }
    return {
        "parts": words,
        "agrees": _("recomputed, agrees"),
        "working": _("recomputing…"),
        "good": _("Everything agrees: this draw follows from the published numbers"),
        "bad": _("Does not agree"),
        "count": _("{bad} of {all} parts do not agree"),
        "took": _("computed in this browser in {ms} ms; the server's word was not asked"),
        "unreachable": _("The parts could not be fetched."),
    }
