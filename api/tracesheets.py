"""A trace as sheets: where lots are, how they got there, who must be asked, and what was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from core.clock import CIVIL_ZONE
from core.workbooks import write_csv, write_xlsx
from traceability.maths.amounts import Amount
from traceability.maths.answer import PartyView, SeedView, Trace

Words = Callable[[str], str]
Sheet = tuple[str, list[str], list[list[Any]]]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def trace_csv(trace: Trace, gettext: Words = str) -> bytes:
    """The first sheet: where lots are."""
    _, header, rows = _holdings(trace, gettext)
    return write_csv(header, rows)


def trace_xlsx(trace: Trace, gettext: Words = str) -> bytes:
    """All sheets."""
    sheets = [
        _holdings(trace, gettext),
        _edges(trace, gettext),
        _gaps(trace, gettext),
        _findings(trace, gettext),
        _about(trace, gettext),
    ]
    return write_xlsx(sheets)


def day_or_time(at: datetime | None) -> str:
    """An instant as read in China; a whole day without its hours."""
    if at is None:
        return ""
    local = at.astimezone(CIVIL_ZONE)
    return f"{local:%Y-%m-%d}" if local.hour == local.minute == 0 else f"{local:%Y-%m-%d %H:%M}"


def _figure(amount: Amount | None) -> str:
    return "" if amount is None else str(amount)


def _who(party: PartyView | None, gettext: Words) -> list[str]:
    if party is None:
        return ["", ""]
    return [party.code or "", party.name or gettext("Not written down")]


class _Names:
    def __init__(self, trace: Trace) -> None:
        self.lots = {each.lot.lot_id: each.lot for each in trace.lots}
        self.parties = {each.party_id: each for each in trace.parties}

    def lot(self, lot_id: int) -> str:
        lot = self.lots.get(lot_id)
        return lot.number if lot else str(lot_id)


def _header(words: Sequence[str], gettext: Words) -> list[str]:
    return [gettext(each) for each in words]


_HOLDINGS = (
    "Side", "Steps", "Lot", "Product", "GTIN", "Credit code", "Holder", "Since", "Certain",
    "Evidence", "Level", "Unit", "Produced", "Received", "Shipped", "Returned", "Sold", "Destroyed",
    "Used", "On hand", "Unaccounted", "Counted", "Path",
)  # fmt: skip


def _holdings(trace: Trace, gettext: Words) -> Sheet:
    names = _Names(trace)
    rows = []
    for each in trace.holdings:
        lot, of = names.lots[each.lot_id], each.balance
        rows.append(
            [
                gettext(each.side.value),
                each.depth,
                lot.number,
                lot.product_name,
                lot.gtin or "",
                *_who(names.parties.get(each.party_id), gettext),
                day_or_time(each.earliest_at),
                gettext("yes" if each.certain else "possible"),
                gettext(each.weakest.value),
                gettext(each.level.value),
                of.unit,
                *(
                    _figure(amount)
                    for amount in (
                        of.produced, of.received, of.shipped, of.returned_out, of.sold,
                        of.destroyed, of.consumed, of.on_hand, of.unaccounted,
                    )
                ),
                gettext("yes" if of.counted else "no"),
                " ".join(each.path),
            ]
        )  # fmt: skip
    return gettext("Holdings"), _header(_HOLDINGS, gettext), rows


_EDGES = (
    "Key", "Kind", "Lot", "From code", "From", "Into lot", "To code", "To", "Earliest", "Latest",
    "Quantity", "Unit", "Received", "Document", "Evidence", "Ledger rows",
)  # fmt: skip


def _edges(trace: Trace, gettext: Words) -> Sheet:
    names = _Names(trace)
    rows = [
        [
            each.key,
            gettext(each.kind),
            names.lot(each.from_lot_id),
            *_who(names.parties.get(each.from_party_id), gettext),
            names.lot(each.to_lot_id),
            *_who(names.parties.get(each.to_party_id), gettext),
            day_or_time(each.earliest_at),
            day_or_time(each.latest_at),
            _figure(each.quantity),
            each.unit,
            _figure(each.received),
            each.document_no or "",
            gettext(each.state.value),
            " ".join(str(number) for number in each.event_ids),
        ]
        for each in trace.edges
    ]
    return gettext("Movements"), _header(_EDGES, gettext), rows


def _gaps(trace: Trace, gettext: Words) -> Sheet:
    names = _Names(trace)
    rows = [
        [
            gettext(each.reason.value),
            *_who(names.parties.get(each.ask_party_id), gettext),
            names.lot(each.lot_id),
            _figure(each.quantity),
            each.unit,
            each.event_id or "",
        ]
        for each in trace.gaps
    ]
    header = ("Reason", "Credit code", "Ask", "Lot", "Quantity", "Unit", "Ledger rows")
    return gettext("To be asked"), _header(header, gettext), rows


def _findings(trace: Trace, gettext: Words) -> Sheet:
    names = _Names(trace)
    rows = [
        [
            gettext(each.kind.value),
            names.lot(each.lot_id),
            *_who(names.parties.get(each.party_id or 0), gettext),
            "; ".join(f"{name}: {fact}" for name, fact in sorted(each.facts.items())),
            " ".join(str(number) for number in each.event_ids),
        ]
        for each in trace.findings
    ]
    header = ("Finding", "Lot", "Credit code", "Holder", "Figures", "Ledger rows")
    return gettext("Findings"), _header(header, gettext), rows


def _about(trace: Trace, gettext: Words) -> Sheet:
    rows: list[list[Any]] = []
    for seed in trace.seeds or (SeedView(trace.seed, trace.seed_party_id),):
        rows.append([gettext("Lot"), seed.lot.number])
        rows.append([gettext("Product"), seed.lot.product_name])
        if seed.party_id is not None:
            view = next((each for each in trace.parties if each.party_id == seed.party_id), None)
            rows.append([gettext("Holder"), _who(view, gettext)[1]])
    rows += [
        [gettext("Direction"), gettext(trace.direction)],
        [gettext("Order of time"), gettext(trace.dates)],
        [gettext("Contact counted"), gettext(trace.contact)],
        [gettext("Cleanings counted"), " ".join(map(str, trace.kill_step_ids))],
        [gettext("Ledgers as of"), f"{trace.as_of.astimezone(CIVIL_ZONE):%Y-%m-%d %H:%M:%S}"],
        [gettext("Algorithm"), trace.algorithm],
        [gettext("Newest ledger row"), trace.last_event_id],
        [gettext("Holdings"), len(trace.holdings)],
        [gettext("Movements"), len(trace.edges)],
        [gettext("Cut off"), gettext(trace.truncated_because or "no")],
        ["SHA-256", trace.digest()],
    ]
    return gettext("About"), _header(("What", "Value"), gettext), rows
