"""The public list of draws, and the page on which a visitor's browser recomputes one."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask_babel import gettext as _

from api.auth import public
from core.unit_of_work import PUBLIC_ACCESS, read_only
from sampling import queries

blueprint = Blueprint("verify", __name__)

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


@blueprint.route("/draws")
@public
def listing() -> str:
    """Every plan whose commitment was published, void ones with their reason."""
    with read_only(PUBLIC_ACCESS) as session:
        rows = list(session.execute(queries.published_plans().limit(500)).scalars())
        draws = queries.public_views(session, rows)
    draws.sort(key=lambda draw: draw.committed_at, reverse=True)
    return render_template("pages/draws.html", title=_("Draws"), draws=draws)


@blueprint.route("/v/<no>")
@public
def show(no: str) -> str:
    """Verify one draw: in this browser, or offline."""
    with read_only(PUBLIC_ACCESS) as session:
        plan = queries.public_plan(session, no)
        (draw,) = queries.public_views(session, [plan])
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
    return render_template(
        "pages/verify.html",
        title=_("Verify a draw"),
        sub=draw.no,
        crumbs=[(_("Draws"), url_for("verify.listing"))],
        crumb=draw.no,
        draw=draw,
        parts=PARTS,
        said={
            "parts": words,
            "agrees": _("recomputed, agrees"),
            "working": _("recomputing…"),
            "good": _("Everything agrees: this draw follows from the published numbers"),
            "bad": _("Does not agree"),
            "count": _("{bad} of {all} parts do not agree"),
            "took": _("computed in this browser in {ms} ms; the server's word was not asked"),
            "unreachable": _("The parts could not be fetched."),
        },
    )
