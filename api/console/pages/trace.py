"""A trace as a picture, a timeline and two lists, from one lot both ways."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.case_lots import lot_of_case
from api.console.diagram import draw
from api.console.languages import refusal_words
from api.console.pages.warnings import READERS
from api.console.pages.watches import KEEPERS
from api.console.shell import here, number
from api.console.tiers import Company
from api.tracesheets import XLSX, trace_csv, trace_xlsx
from core.actors import STAFF
from core.clock import today
from core.errors import Refusal
from core.unit_of_work import read_only
from registry.queries import enterprises_by_ids
from risk.queries.evidence import incidents_naming
from sampling.queries.procedure import case_by_no
from traceability.maths.amounts import Amount
from traceability.maths.answer import Trace
from traceability.maths.balance import LotBalance
from traceability.queries import ledger as queries
from traceability.service import tracing as service
from traceability.service.proving import evidence_document, who_answers

blueprint = Blueprint("trace", __name__)

BASE = "/console/trace"

TYPES = {"csv": "text/csv", "xlsx": XLSX, "jsonld": "application/ld+json"}
DIRECTIONS = ("both", "backward", "forward")
SHOWN = 200
INCIDENTS_SHOWN = 20


def _lot_id(session: Session, given: str) -> int:
    """The lot of ``?lot_id=``, else the one with this number; a number may look like an id."""
    lot_id = request.args.get("lot_id", "")
    if lot_id.isascii() and lot_id.isdigit() and len(lot_id) < 19:
        return queries.lot_view(session, int(lot_id)).lot_id
    return queries.lot_by_number(session, given).lot_id


def _direction() -> Any:
    given = request.args.get("direction", "both")
    return given if given in DIRECTIONS else "both"


@blueprint.route(BASE)
@require(*STAFF)
def show() -> Any:
    """The trace of ``?lot=`` (a number) or ``?lot_id=``; without them, a search for lots."""
    given = (request.args.get("lot") or request.args.get("lot_id", "")).strip()
    words = request.args.get("q", "").strip()
    with read_only(current_access()) as session:
        if not given:
            return _search(session, words)
        try:
            lot_id = _lot_id(session, given)
        except Refusal as refusal:
            return _search(session, given, refusal_words(refusal))
        return _page(session, lot_id)


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


def _search(session: Session, words: str, why: str = "") -> str:
    found = queries.find_lots(session, words, 50) if words else []
    return render_template("pages/lots.html", title=_("Trace"), words=words, why=why, lots=found)


def _page(session: Session, lot_id: int) -> str:
    trace = service.trace(session, lot_id, direction=_direction())
    detail = service.lot_detail(session, lot_id)
    beside = [Company(party, lot) for party, lot in queries.lots_beside(session, trace)]
    may_read = current_actor().role in READERS
    named = {each.lot.number for each in trace.lots}
    warning = request.args.get("warning", "") if may_read else ""
    picture = draw(
        trace,
        link=lambda each: here(lot=None, lot_id=each),
        company=beside,
        gettext=gettext,
        today=today(),
    )
    return render_template(
        "pages/trace.html",
        title=_("Trace"),
        crumbs=_crumbs(warning),
        warning=warning,
        trace=trace,
        detail=detail,
        picture=picture,
        lots={each.lot.lot_id: each for each in trace.lots},
        parties={each.party_id: each for each in trace.parties},
        upstream=_side(trace, "upstream"),
        downstream=_side(trace, "seed", "downstream"),
        direction=trace.direction,
        directions=DIRECTIONS,
        shown=len(trace.holdings) + len(trace.lots) * 6
        if request.args.get("view") == "all"
        else SHOWN,
        amount=amount_words,
        parts=parts_of(detail.balance),
        incidents=incidents_naming(session, named) if may_read else None,
        incidents_shown=INCIDENTS_SHOWN,
        recall_address=_recall_address(trace.seed.number),
        duties=_duties(session, trace),
        may_watch=current_actor().role in KEEPERS and not trace.truncated,
    )


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


def _recall_address(lot_no: str) -> str | None:
    """Where a recall of the lot is filed, where this reader has such a page."""
    if "recalls.new" not in current_app.view_functions:
        return None
    return url_for("recalls.new", lot=lot_no)


@blueprint.route(f"{BASE}.<any(csv, xlsx, jsonld):extension>")
@require(*STAFF)
def export(extension: str) -> Response:
    """The same answer as a sheet, ``.csv`` or ``.xlsx``, or its evidence as EPCIS, ``.jsonld``."""
    with read_only(current_access()) as session:
        lot_id = _lot_id(session, request.args.get("lot", ""))
        trace = service.trace(session, lot_id, direction=_direction())
        if extension == "jsonld":
            content = evidence_document(session, trace)
    if extension == "xlsx":
        content = trace_xlsx(trace, gettext)
    elif extension == "csv":
        content = trace_csv(trace, gettext)
    response = Response(content, mimetype=TYPES[extension])
    response.headers.set("Content-Disposition", "attachment", filename=f"trace.{extension}")
    return response
