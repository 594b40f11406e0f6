"""Two public pages without script: one enterprise's place in a roster, and draws of others."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_actor, public
from api.console.languages import refusal_words
from core.errors import Refusal
from core.unit_of_work import PUBLIC_ACCESS, read_only
from sampling.maths.inclusion import check_inclusion
from sampling.queries import disclosed
from sampling.service import inclusion, others

blueprint = Blueprint("draw_checks", __name__)

SHOWN = 500  # picks on one page; a difference among the rest is still told


@blueprint.route("/v/<no>/roster")
@public
def roster(no: str) -> Any:
    """Was this enterprise in the roster, and with what chance?"""
    with read_only(PUBLIC_ACCESS) as session:
        plan = disclosed.public_plan(session, no)
        (draw,) = disclosed.public_views(session, [plan])
    code, token = request.args.get("code", "").strip(), request.args.get("token", "").strip()
    found, proof, problem, own_token = None, None, None, None
    if code:
        try:
            with read_only() as session:  # the service says who may know
                proof = inclusion.inclusion_proof(
                    session, current_actor(), no, code=code, token=token
                )
                if current_actor().account_id is not None:
                    own_token = _token(session, no, code)
            found = check_inclusion(proof)
        except Refusal as refusal:
            problem = refusal_words(refusal)
    return render_template(
        "pages/draw_roster.html",
        title=_("Was I in the roster?"),
        sub=draw.no,
        crumbs=[
            (_("Draws"), url_for("verify.listing")),
            (draw.no, url_for("verify.show", no=no)),
        ],
        crumb=_("Roster"),
        draw=draw,
        code=code,
        token=token,
        found=found,
        proof=proof,
        problem=problem,
        own_token=own_token,
    )


def _token(session: Session, no: str, code: str) -> str | None:
    """The token to hand on, for staff and for the enterprise itself."""
    try:
        return inclusion.token_for(session, current_actor(), no, code=code)["token"]
    except Refusal:
        return None  # another enterprise, reading a roster that is public


@blueprint.route("/draws/others", methods=["GET", "POST"])
@public
def other_draws() -> Any:
    """Recompute a published draw of somebody else."""
    method, text = request.form.get("method", "rfc3797"), request.form.get("log", "")
    found, problem, status = None, None, 200
    if request.method == "POST":
        try:
            found = others.verify_other(method, text)
        except Refusal as refusal:
            problem, status = refusal_words(refusal), 422
    page = render_template(
        "pages/draw_others.html",
        title=_("Verify a draw of others"),
        crumbs=[(_("Draws"), url_for("verify.listing"))],
        method=method,
        text=text,
        found=found,
        wrong=sum(not pick.agrees for pick in found.picks) if found else 0,
        shown=SHOWN,
        problem=problem,
        example=EXAMPLE,
    )
    return page, status


# The published example of RFC 3797, section 6.
EXAMPLE = """\
pool: 25
source: 9319
source: 2 5 12 8 10
source: 9 18 26 34 41 45
selected: 17 7 2 16 25 23 8 24 19 13 22 5 18 9 1 4
"""
