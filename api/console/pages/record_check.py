"""Is a printed sampling record genuine? Answers for everybody, and tells nothing else."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext as _

from api.auth import public
from core.unit_of_work import PUBLIC_ACCESS, read_only
from sampling.queries import records

blueprint = Blueprint("record_check", __name__)


@blueprint.route("/r/<no>/<short>")
@public
def show(no: str, short: str) -> str:
    """What the QR code of a record or of a sample's label leads to."""
    with read_only(PUBLIC_ACCESS) as session:
        verdict = records.verdict_of(session, no, short)
    words = {
        "genuine": (
            _("Genuine"),
            _("A sampling record with this number and this hash was signed, and stands."),
        ),
        "replaced": (
            _("Replaced"),
            _("This sampling record was signed, and a correction has replaced it since."),
        ),
        "not_genuine": (
            _("Not genuine"),
            _("No sampling record with this number and this hash was signed here."),
        ),
    }
    title, told = words[verdict]
    return render_template(
        "pages/record_check.html",
        title=_("Check of a sampling record"),
        no=no,
        verdict=verdict,
        words=title,
        told=told,
    )
