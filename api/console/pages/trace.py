"""A trace as a picture, a timeline and two lists, from one lot both ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import (
    Blueprint,
    Response,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.case_lots import lot_of_case
from api.console.diagram import draw
from api.console.forms import Form
from api.console.languages import refusal_words
from api.console.large_trace import (
    LARGE,
    csv_rows,
    large_page,
    narrowed,
    printed_words,
    whole_found,
)
from api.console.pages.warnings import READERS
from api.console.pages.watches import KEEPERS
from api.console.shell import here, number
from api.console.tiers import Company
from api.console.trace_question import TraceQuestion, asked, field_values, options
from api.reachlines import lines
from api.tracesheets import XLSX, trace_csv, trace_xlsx
from core.actors import STAFF
from core.clock import today
from core.errors import Refusal
from core.unit_of_work import read_only
from registry.queries import enterprises_by_ids
from risk.queries.evidence import incidents_naming
from sampling.queries.procedure import case_by_no
from traceability.maths.amounts import Amount
from traceability.maths.answer import Edge, Holding, Trace
from traceability.maths.balance import LotBalance
from traceability.queries import ledger as queries
from traceability.queries.control import kill_step
from traceability.service import tracing as service
from traceability.service.proving import evidence_document, who_answers
from traceability.service.reaching import reaches_beyond

blueprint = Blueprint("trace", __name__)

BASE = "/console/trace"

TYPES = {"csv": "text/csv", "xlsx": XLSX, "jsonld": "application/ld+json"}
STREAMED = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
SHOWN = 200
INCIDENTS_SHOWN = 20


@blueprint.route(BASE)
@require(*STAFF)
def show() -> Any:
    """The trace of lots: of each ``?lot_id=`` or ``?lot=`` (a number); without, a search."""
    words = request.args.get("q", "").strip()
    form = Form(values=field_values(request.args))
    with read_only(current_access()) as session:
        if not any(request.args.get(name, "").strip() for name in ("lot", "lot_id")):
            return _search(session, words)
        try:
            question = asked(session, request.args, form)
            if question is None:
                return _unanswered(session, form)
            if _is_large(session, question):
                return large_page(session, question, form)
            return _page(session, question, form)
        except Refusal as refusal:  # of a lot that was there a moment ago, or of a bound
            form.refused(refusal)
            return _unanswered(session, form)


def _is_large(session: Session, question: TraceQuestion) -> bool:
    wants_quantities = request.args.get("quantities") == "yes"
    return not wants_quantities and reaches_beyond(session, question.wish, LARGE)


def _unanswered(session: Session, form: Form) -> Any:
    """A search, with what is wrong with the question."""
    words = " ".join(each.words for each in form.faults)
    lots = [each for each in request.args.getlist("lot") if each.strip()]
    back = here(**dict.fromkeys(("lot", *(each.field for each in form.faults if each.field))))
    is_search = all(not each.field for each in form.faults)
    page = _search(
        session,
        lots[0] if lots else "",
        words,
        back=back if request.args.get("lot_id") else "",
    )
    return page if is_search else (page, form.status)


@blueprint.route("/console/cases/<no>/trace")
@require(*STAFF)
def of_case(no: str) -> Any:
    """The trace of the lot that a sampling case is about; a search where it cannot be told."""
    with read_only(current_access()) as session:
        case = case_by_no(session, no)
        try:
            lot = lot_of_case(session, case)
        except Refusal as refusal:
            return _search(session, case.lot_no or "", refusal_words(refusal))
    return redirect(url_for("trace.show", lot_id=lot.lot_id, direction="both"), 303)


def _search(session: Session, words: str, why: str = "", back: str = "") -> str:
    found = queries.find_lots(session, words, 50) if words else []
    return render_template(
        "pages/lots.html", title=_("Trace"), words=words, why=why, lots=found, back=back
    )


def _page(session: Session, question: TraceQuestion, form: Form) -> str:
    trace = service.trace(session, question.lot_ids, **question.arguments)
    detail = service.lot_detail(session, trace.seed.lot_id, as_of=question.as_of)
    beside = [Company(party, lot) for party, lot in queries.lots_beside(session, trace)]
    may_read = current_actor().role in READERS
    named = {each.lot.number for each in trace.lots}
    warning = request.args.get("warning", "") if may_read else ""
    way = _way(trace)
    picture = draw(
        trace,
        link=lambda each: here(lot=None, lot_id=each, path=None),
        company=beside,
        path=[each.key for each in way[1]] if way else (),
        gettext=gettext,
        today=today(),
    )
    return render_template(
        "pages/trace.html",
        title=_("Trace"),
        crumbs=_crumbs(warning),
        warning=warning,
        trace=trace,
        **options(question),
        form=form,
        seeds=[each.lot for each in trace.seeds],
        way=way,
        kill_steps=_kill_steps(session, trace),
        printed=printed_words(question, [each.lot for each in trace.seeds], len(trace.holdings)),
        detail=detail,
        picture=picture,
        lots={each.lot.lot_id: each for each in trace.lots},
        parties={each.party_id: each for each in trace.parties},
        upstream=_side(trace, "upstream"),
        downstream=_side(trace, "seed", "downstream"),
        direction=trace.direction,
        view_all=request.args.get("view") == "all",
        shown=len(trace.holdings) + len(trace.lots) * 6
        if request.args.get("view") == "all"
        else SHOWN,
        amount=amount_words,
        parts=parts_of(detail.balance),
        incidents=incidents_naming(session, named) if may_read else None,
        incidents_shown=INCIDENTS_SHOWN,
        duties=_duties(session, trace),
        may_watch=current_actor().role in KEEPERS and not trace.truncated,
        can_watch=len(trace.seeds) == 1 and not question.is_special,
    )


def _way(trace: Trace) -> tuple[Holding, list[Edge]] | None:
    """The holding that ``?path=<lot>-<party>`` names, and the edges of its path in order."""
    lot, _dash, party = request.args.get("path", "").partition("-")
    edges = {each.key: each for each in trace.edges}
    for each in trace.holdings:
        if (str(each.lot_id), str(each.party_id)) == (lot, party):
            return each, [edges[key] for key in each.path if key in edges]
    return None


def _kill_steps(session: Session, trace: Trace) -> list[tuple[Any, str]]:
    """The steps that ended contact, and whose they are."""
    steps = [kill_step(session, each) for each in trace.kill_step_ids[:SHOWN]]
    firms = enterprises_by_ids(session, {each.enterprise_id for each in steps})
    return [(each, firms[each.enterprise_id].name) for each in steps]


def _duties(session: Session, trace: Trace) -> list[tuple[Any, str, str]]:
    """Who answers, with names: (duty, enterprise, credit code)."""
    answerable = who_answers(session, trace)
    found = answerable.duties
    parties = {each.party_id: each for each in (*answerable.owners, *trace.parties)}
    firms = enterprises_by_ids(
        session, {each.enterprise_id for each in found if each.enterprise_id is not None}
    )
    named = []
    for each in found:
        firm = firms.get(each.enterprise_id or 0)
        party = parties.get(each.party_id or 0)
        name = firm.name if firm else (party.name or party.code if party else None)
        named.append((each, name or _("Not written down"), firm.code if firm else ""))
    return named


def _crumbs(warning: str) -> list[tuple[str, str]]:
    if not warning or "/" in warning:
        return []
    return [
        (_("Warnings"), url_for("warnings.listing")),
        (warning, url_for("warnings.show", no=warning)),
    ]


def _side(trace: Trace, *names: str) -> list[Any]:
    return [each for each in trace.holdings if str(each.side) in names]


@dataclass(frozen=True, slots=True)
class Part:
    """One way a lot went: its words, its amount, and where its bar begins and ends in percent."""

    name: str
    words: str
    amount: Amount
    share: str
    start: str
    width: str


def parts_of(balance: LotBalance) -> list[Part]:
    """Where the lot went, in shares of what was made; bars stand for what is certain."""
    made = balance.produced
    whole = made.value if made.is_exact and made.value > 0 else None
    parts: list[Part] = []
    at = Decimal(0)
    for name, words, amount in (
        ("sold", _("Sold to end users"), balance.sold),
        ("held", _("Held"), balance.held),
        ("consumed", _("Went into other lots"), balance.consumed),
        ("destroyed", _("Destroyed"), balance.destroyed),
        ("unaccounted", _("Nobody can say"), balance.unaccounted),
    ):
        width = 100 * (amount.lo or Decimal(0)) / whole if whole else Decimal(0)
        width = max(Decimal(0), min(100 - at, width))  # a balance that does not fit is not drawn
        parts.append(
            Part(name, words, amount, _share(amount, whole), f"{at:.2f}%", f"{width:.2f}%")
        )
        at += width
    return parts


def _share(amount: Amount, whole: Decimal | None) -> str:
    """An amount in percent of the whole; bounds where only they are known."""
    if whole is None or amount.lo is None or amount.hi is None:
        return ""
    low, high = (f"{100 * bound / whole:.0f}" for bound in (amount.lo, amount.hi))
    return f"{low}%" if low == high else f"{low}–{high}%"


def amount_words(amount: Amount) -> str:
    """An amount as people read it: one number, or its bounds."""
    if amount.is_exact:
        return number(amount.value)
    return f"{_bound(amount.lo)}–{_bound(amount.hi)}"


def _bound(value: Decimal | None) -> str:
    return "?" if value is None else number(value)


@blueprint.route(f"{BASE}.<any(csv, xlsx, jsonld):extension>")
@require(*STAFF)
def export(extension: str) -> Any:
    """The same answer as a sheet, ``.csv`` or ``.xlsx``, or its evidence as EPCIS, ``.jsonld``."""
    form = Form(values=request.args)
    with read_only(current_access()) as session:
        question = asked(session, request.args, form)
        if question is None:
            return _unanswered(session, form)
        trace = service.trace(session, question.lot_ids, **question.arguments)
        if extension == "jsonld":
            content = evidence_document(session, trace)
    if extension == "xlsx":
        content = trace_xlsx(trace, gettext)
    elif extension == "csv":
        content = trace_csv(trace, gettext)
    response = Response(content, mimetype=TYPES[extension])
    response.headers.set("Content-Disposition", "attachment", filename=f"trace.{extension}")
    return response


@blueprint.route(f"{BASE}/whole.<any(csv, ndjson):extension>")
@require(*STAFF)
def whole(extension: str) -> Any:
    """Every row of a large answer, sent as it is made."""
    access, form = current_access(), Form(values=request.args)
    with read_only(access) as session:
        question, narrow = asked(session, request.args, form), narrowed(form)
        if question is None or not form.is_good:
            return _unanswered(session, form)
        found = whole_found(session, question, narrow)

    def content() -> Iterator[str]:
        with read_only(access) as session:
            yield from (lines if extension == "ndjson" else csv_rows)(session, found)

    response = Response(stream_with_context(content()), mimetype=STREAMED[extension])
    response.headers.set("Content-Disposition", "attachment", filename=f"trace.{extension}")
    return response
