"""Common source of several findings: who stands behind what failed, and what to test next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from api.auth import current_access, require
from api.console.languages import refusal_words
from api.judged import judged_in_ledgers, written_lots
from core.actors import STAFF
from core.clock import today
from core.errors import Refusal
from core.unit_of_work import read_only
from traceability.maths.source import ResultModel
from traceability.service.reaching import Seed
from traceability.service.sources import common_sources

blueprint = Blueprint("sources_pages", __name__)

BASE = "/console/sources"
CLASSES_SHOWN = 20
YEAR = timedelta(days=365)


@blueprint.route(BASE)
@require(*STAFF)
def show() -> Any:
    """Candidates for the lots in ``?failing=``, against those in ``?compliant=``."""
    product = request.args.get("product", "").strip()
    by: Any = "party" if request.args.get("by") == "party" else "lot"
    failing_text = request.args.get("failing", "")
    compliant_text = request.args.get("compliant", "")
    found, why, tested = None, "", None
    with read_only(current_access()) as session:
        if product and not failing_text.strip():
            tested = judged_in_ledgers(
                session, product=product, since=today() - YEAR, until=today()
            )
            failing, compliant = list(tested.failing), list(tested.compliant)
            wrong = [each.lot_no for each in tested.unknown]
            failing_text = "\n".join(_line(each) for each in failing)
            compliant_text = "\n".join(_line(each) for each in compliant)
            if not failing:
                why = _("No test of this product failed in the last year.")
        else:
            failing, bad = written_lots(session, failing_text)
            compliant, worse = written_lots(session, compliant_text)
            wrong = bad + worse
        if failing:
            try:
                found = common_sources(
                    session,
                    [Seed(each.lot_id) for each in failing],
                    [each.lot_id for each in compliant],
                    by=by,
                    model=ResultModel(),
                )
            except Refusal as refusal:
                why = refusal_words(refusal)
    return render_template(
        "pages/sources.html",
        title=_("Common source"),
        found=found,
        failing=failing_text,
        compliant=compliant_text,
        product=product,
        by=by,
        wrong=wrong,
        why=why,
        shown=CLASSES_SHOWN,
        model=ResultModel(),
    )


def _line(lot: Any) -> str:
    return f"{lot.gtin}/{lot.number}" if lot.gtin else str(lot.number)
