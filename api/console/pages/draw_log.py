"""The public page of the log of draws: what was signed, what is in it, how to check it."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from api.auth import public
from core.unit_of_work import PUBLIC_ACCESS, read_only
from sampling.queries import log

blueprint = Blueprint("draw_log", __name__)

PAGE = 50
CHECKPOINTS = 10


@blueprint.route("/draws/log")
@public
def show() -> str:
    """The latest checkpoint, the newest entries, and how to check both."""
    with read_only(PUBLIC_ACCESS) as session:
        keys = log.log_keys(session)
        signed = log.checkpoints(session, limit=CHECKPOINTS)
        size = signed[0].size if signed else 0
        asked = request.args.get("to", "")
        last = min(int(asked), size) if asked.isdecimal() and int(asked) > 0 else size
        first = max(1, last - PAGE + 1)
        entries = log.log_entries(session, first=first, last=last) if size else []
    return render_template(
        "pages/draw_log.html",
        title=_("Draw log"),
        crumbs=[(_("Draws"), url_for("verify.listing"))],
        keys=keys,
        checkpoints=signed,
        entries=entries[::-1],
        size=size,
        older=first - 1,
        newer=min(last + PAGE, size) if last < size else None,
        kinds=kind_words(),
    )


def kind_words() -> dict[str, str]:
    """The kinds of entries, for people."""
    return {
        "plan.committed": _("Commitment"),
        "plan.entropy": _("A source's value"),
        "draw.made": _("Draw"),
        "draw.closed": _("Closed list"),
        "unit.replaced": _("Replacement"),
        "plan.void": _("Void"),
        "seat.recused": _("Recusal, seat passed on"),
        "log.key": _("Key of the log"),
    }
