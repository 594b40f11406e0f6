"""One box: an enterprise, a lot, a plan, a recall or a warning by its name or number."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from api.auth import current_access, require
from core.actors import STAFF
from core.unit_of_work import read_only
from recall.queries.files import recalls
from registry.queries import enterprises_matching
from risk.queries.signals import open_signals
from sampling.queries.plans import plans_matching
from traceability.queries.ledger import find_lots

blueprint = Blueprint("search", __name__)

PREFIXES = {"CC-": "plans.show", "RC-": "recalls.show", "WS-": "warnings.show"}
SHOWN = 20


@blueprint.route("/console/search")
@require(*STAFF)
def search() -> Any:
    """Everything that fits the words; a whole number of a record opens it."""
    words = request.args.get("q", "").strip()
    for prefix, endpoint in PREFIXES.items():
        if words.upper().startswith(prefix) and words.count("-") == 2:
            return redirect(url_for(endpoint, no=words.upper()))
    found: dict[str, list[Any]] = {}
    if words:
        with read_only(current_access()) as session:
            found = {
                "enterprises": list(
                    session.execute(enterprises_matching(text=words).limit(SHOWN)).scalars()
                ),
                "lots": find_lots(session, words, SHOWN),
                "plans": list(session.execute(plans_matching(text=words).limit(SHOWN)).scalars()),
                "recalls": [
                    row
                    for row in session.execute(recalls().limit(500)).scalars()
                    if words in row.lot_no or words in row.number
                ][:SHOWN],
                "signals": [one for one in open_signals(session, limit=200) if words in one.number],
            }
    return render_template("pages/search.html", title=_("Search"), words=words, found=found)
