"""One enterprise accounted for, from the ledgers as they stood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from core.clock import CIVIL_ZONE, now
from traceability.errors import NoLedgerOfFirm, PeriodReversed
from traceability.maths.answer import LotView, PartyView
from traceability.maths.firm_balance import FirmBalance, firm_balance
from traceability.queries.firms import party_of_enterprise, rows_of_party
from traceability.queries.ledger import lots, parties

MOST_LOTS = 5000
NAMELESS = ("name", "unlisted")


@dataclass(frozen=True, slots=True)
class FirmAccount:
    """The balance of an enterprise for the lots of a period, with names.

    ``truncated``: more lots than `MOST_LOTS` moved; those told of most recently are in.
    """

    enterprise_id: int
    since: date
    until: date
    as_of: datetime
    party: PartyView
    balance: FirmBalance
    lots: dict[int, LotView]
    products: dict[int, str]
    truncated: bool


def account_for_firm(
    session: Session,
    enterprise_id: int,
    *,
    since: date,
    until: date,
    as_of: datetime | None = None,
) -> FirmAccount:
    """What came to an enterprise, what left it, and what can nobody say?

    Parameters
    ----------
    since, until : date
        First and last civil day. A lot with any row in the period is accounted for whole.

    Raises
    ------
    PeriodReversed
    NoLedgerOfFirm
        No ledger speaks of this enterprise, or none that may be seen.
    """
    if since > until:
        raise PeriodReversed(since=since.isoformat(), until=until.isoformat())
    at = as_of or now()
    party_id = party_of_enterprise(session, enterprise_id)
    if party_id is None:
        raise NoLedgerOfFirm(enterprise_id=enterprise_id)
    rows = rows_of_party(
        session,
        party_id,
        as_of=at,
        since=_midnight(since),
        until=_midnight(until + timedelta(days=1)),
        most_lots=MOST_LOTS,
    )
    known = parties(
        session, {party_id} | {p for e in rows.events for p in (e.source, e.target) if p}
    )
    named = lots(
        session,
        {*rows.lots, *(lot for use in rows.uses for lot in (use.input, use.output))},
    )
    answer = firm_balance(
        rows.events,
        rows.uses,
        party=party_id,
        product_of={lot_id: view.product_id for lot_id, view in named.items()},
        lots=rows.lots,
        unlisted=frozenset(p for p, view in known.items() if view.kind == "unlisted"),
        nameless=frozenset(p for p, view in known.items() if view.kind in NAMELESS),
    )
    return FirmAccount(
        enterprise_id=enterprise_id,
        since=since,
        until=until,
        as_of=at,
        party=known[party_id],
        balance=answer,
        lots=named,
        products={view.product_id: view.product_name for view in named.values()},
        truncated=rows.truncated,
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CIVIL_ZONE)
