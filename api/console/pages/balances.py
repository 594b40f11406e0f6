"""Mass balance of an enterprise: by product, lot and production, and how complete its ledger is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from api.auth import current_access, current_actor, require
from api.console.languages import refusal_words
from api.console.listing import EXTENSIONS, Column, Filter, Listing
from api.console.pages.trace import amount_words
from core.actors import STAFF, Role
from core.clock import today
from core.errors import Refusal
from core.unit_of_work import read_only
from registry.queries import enterprise_by_code, enterprise_by_id
from traceability.errors import NoLedgerOfFirm
from traceability.maths.amounts import Amount
from traceability.maths.firm_balance import FirmLot
from traceability.service.balancing import FirmAccount, account_for_firm

blueprint = Blueprint("balances_pages", __name__)

BASE = "/console/balances"
EVERYBODY = (Role.ENTERPRISE, *sorted(STAFF))
YEAR = timedelta(days=365)
SHOWN = 100


@blueprint.route(BASE, defaults={"extension": None})
@blueprint.route(f"{BASE}.{EXTENSIONS}")
@require(*EVERYBODY)
def show(extension: str | None) -> Any:
    """The balance of ``?enterprise=`` (a credit code); an enterprise sees its own."""
    given = request.args.get("enterprise", "").strip()
    since, until, wrong = _period()
    with read_only(current_access()) as session:
        row, account = None, None
        try:
            row = _enterprise(session, given)
            if row is not None and not wrong:
                account = account_for_firm(session, row.id, since=since, until=until)
        except Refusal as refusal:
            wrong = refusal_words(refusal)
        if extension and account is not None:
            return _lots(account).file(extension)
        return render_template(
            "pages/balance.html",
            title=_("Mass balance"),
            sub=row.name if row else "",
            row=row,
            account=account,
            listing=_lots(account) if account else None,
            processes=account.balance.processes[:SHOWN] if account else (),
            shown=SHOWN,
            given=given,
            since=since,
            until=until,
            wrong=wrong,
            amount=amount_words,
        )


def _enterprise(session: Session, given: str) -> Any:
    actor = current_actor()
    if not actor.is_staff:
        if actor.enterprise_id is None:
            raise NoLedgerOfFirm(enterprise_id=0)
        return enterprise_by_id(session, actor.enterprise_id)
    return enterprise_by_code(session, given.upper()) if given else None


def _period() -> tuple[date, date, str]:
    """First and last day asked for; the words of what is wrong with them."""
    wrong = ""
    days: dict[str, date | None] = {"since": None, "until": None}
    for name in days:
        written = request.args.get(name, "").strip()
        if written:
            try:
                days[name] = date.fromisoformat(written)
            except ValueError:
                wrong = _("%(day)s is not a day; write it like 2026-11-18.", day=written)
    until = days["until"] or today()
    return days["since"] or until - YEAR, until, wrong


def _lots(account: FirmAccount) -> Listing:
    is_staff = current_actor().is_staff

    def amount_of(name: str) -> Any:
        return lambda row: amount_words(getattr(row.balance, name))

    def came(row: FirmLot) -> str:
        of = row.balance
        return " + ".join(
            amount_words(each)
            for each in (of.produced, of.received, of.returned_in)
            if not _is_nothing(each)
        )

    columns = [
        Column(
            "lot",
            _("Lot"),
            lambda row: account.lots[row.lot_id].number,
            link=lambda row: url_for("trace.show", lot_id=row.lot_id) if is_staff else None,
            under=lambda row: account.lots[row.lot_id].product_name,
        ),
        Column("came", _("Came in or was made"), came, sortable=False),
        Column("shipped", _("Shipped"), amount_of("shipped"), sortable=False),
        Column("sold", _("Sold to end users"), amount_of("sold"), sortable=False),
        Column("consumed", _("Went into other lots"), amount_of("consumed"), sortable=False),
        Column("destroyed", _("Destroyed"), amount_of("destroyed"), sortable=False),
        Column("on_hand", _("On hand"), amount_of("on_hand"), sortable=False),
        Column("unaccounted", _("Nobody can say"), amount_of("unaccounted"), sortable=False),
        Column("unit", _("Unit"), lambda row: row.balance.unit, "label:unit", sortable=False),
        Column("origin", _("Origin told"), lambda row: row.origin.share, "percent"),
        Column("destination", _("Destination told"), lambda row: row.destination.share, "percent"),
    ]
    filters = [Filter("since", _("First day")), Filter("until", _("Last day"))]
    if is_staff:
        filters.insert(0, Filter("enterprise", _("Credit code")))
    return Listing(columns, filters, name="balance").fill(list(account.balance.lots))


def _is_nothing(amount: Amount) -> bool:
    return amount.is_exact and amount.value == 0
