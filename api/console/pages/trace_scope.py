"""What a recall of traced lots would have to reach: worked out before anybody files one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, require
from api.console.forms import Form
from api.console.labels import label
from api.console.large_trace import printed_words
from api.console.pages.trace import amount_words
from api.console.trace_question import TraceQuestion, asked
from core.actors import STAFF
from core.unit_of_work import read_only
from core.workbooks import write_csv
from recall.maths.scope import Scope, traced_scope
from traceability.maths.answer import Trace
from traceability.service import tracing as service

# An endpoint beside the trace's own; its address lies under the trace.
blueprint = Blueprint("trace_scope", __name__)

BASE = "/console/trace/scope"


def _asked(session: Session) -> tuple[TraceQuestion, Trace, Scope] | None:
    question = asked(session, request.args, Form(values=request.args))
    if question is None:
        return None
    question = replace(question, direction="forward")
    trace = service.trace(session, question.lot_ids, **question.arguments)
    return question, trace, traced_scope(trace)


@blueprint.route(BASE)
@require(*STAFF)
def show() -> Any:
    """Holders to be reached, with what each has, from the lots of the address forward."""
    with read_only(current_access()) as session:
        answer = _asked(session)
        if answer is None:
            return _back()
        question, trace, scope = answer
        return render_template(
            "pages/trace_scope.html",
            title=_("Draft recall scope"),
            crumbs=[(_("Trace"), url_for("trace.show", **question.address))],
            question=question,
            seeds=[each.lot for each in trace.seeds],
            trace=trace,
            scope=scope,
            holders={(line.holder.code, line.holder.name) for line in scope.lines},
            lots=len({line.goods.lot_id for line in scope.lines}),
            amount=amount_words,
            printed=printed_words(question, [each.lot for each in trace.seeds], len(scope.lines)),
        )


_HEADER = (
    "Steps", "Credit code", "Holder", "Lot", "Product", "GTIN", "On hand", "Shipped", "Sold",
    "Unaccounted", "Unit", "Evidence",
)  # fmt: skip


@blueprint.route(f"{BASE}.csv")
@require(*STAFF)
def file() -> Any:
    """The same lines as CSV."""
    with read_only(current_access()) as session:
        answer = _asked(session)
    if answer is None:
        return _back()
    rows = [
        [
            line.depth,
            line.holder.code,
            line.holder.name,
            line.goods.lot_no,
            line.goods.product,
            line.goods.gtin or "",
            *map(
                str,
                (
                    line.amounts.on_hand,
                    line.amounts.passed_on,
                    line.amounts.sold,
                    line.amounts.unaccounted,
                ),
            ),
            label("unit", line.unit),
            label("evidence", line.evidence),
        ]
        for line in answer[2].lines
    ]
    response = Response(write_csv([_(each) for each in _HEADER], rows), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename="scope.csv")
    return response


def _back() -> Any:
    """To the trace, which says what is wrong with the question."""
    asked_again: dict[str, Any] = request.args.to_dict(flat=False)
    return redirect(url_for("trace.show", **asked_again), 303)
