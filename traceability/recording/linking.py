"""Drafts against each other and against what is known: inputs, order in time, corrections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.clock import civil_day
from core.imports import Report
from registry.maths.codes import check_gtin
from traceability.maths.amounts import EXACT
from traceability.maths.ledger import EventKind
from traceability.maths.units import common_unit, converted
from traceability.models.ledger import TraceEvent
from traceability.queries.ledger import lot_key
from traceability.recording.cells import Input
from traceability.recording.drafts import Draft, Drafting, DraftUse
from traceability.recording.goods import lots_had
from traceability.recording.partners import of_firm

LotName = tuple[int, str]  # product, lot key


def link_inputs(drafting: Drafting, drafts: Sequence[Draft], parties: dict[str, int]) -> None:
    """Find the lots that productions name as inputs; a problem where one cannot be told."""
    nameless: set[tuple[int, str]] = set()
    for draft in drafts:
        for each in draft.row.values.get("inputs") or ():
            if not each.gtin:
                nameless.add((parties[of_firm(draft.teller).key], lot_key(each.number)))
    had = lots_had(drafting.session, nameless)
    for draft in drafts:  # what this file itself says the makers made or got
        party = draft.target or draft.source
        if draft.kind in (EventKind.PRODUCTION, EventKind.SHIPMENT, EventKind.RECEIPT):
            had.setdefault((parties[party.key], draft.key), set()).add(draft.product_id)
    units = _units(drafts)
    for draft in drafts:
        found: dict[LotName, DraftUse] = {}
        for each in draft.row.values.get("inputs") or ():
            name = _input_lot(drafting, draft, each, had, parties)
            if name is not None:
                _enter(drafting.report, draft, found, name, each, units)
        draft.uses = list(found.values())


def _input_lot(
    drafting: Drafting,
    draft: Draft,
    each: Input,
    had: dict[tuple[int, str], set[int]],
    parties: dict[str, int],
) -> LotName | None:
    key = lot_key(each.number)
    if each.gtin:
        product = drafting.product_of_gtin(each.gtin)
        if product is None:
            reason = "; ".join(problem.message for problem in check_gtin(each.gtin).problems)
            drafting.report.problem(
                draft.row,
                "inputs",
                f"No product of the register has the GTIN {each.gtin} of input {each.number}. "
                f"{reason}".strip(),
            )
            return None
        return product, key
    products = had.get((parties[of_firm(draft.teller).key], key), set())
    if len(products) == 1:
        return next(iter(products)), key
    drafting.report.problem(
        draft.row,
        "inputs",
        f"Input lot {each.number} is "
        + ("of several products" if products else "not known to have come to this maker")
        + "; write it with its GTIN, like 06901234567892/C-0711×10400.",
    )
    return None


def _units(drafts: Iterable[Draft]) -> dict[LotName, str]:
    """The unit in which a file counts a lot, by its first row."""
    units: dict[LotName, str] = {}
    for draft in drafts:
        units.setdefault((draft.product_id, draft.key), draft.unit)
    return units


def _enter(
    report: Report,
    draft: Draft,
    found: dict[LotName, DraftUse],
    name: LotName,
    each: Input,
    units: dict[LotName, str],
) -> None:
    """One use of a lot; named twice, its quantities are added."""
    unit = each.unit or units.get(name) or draft.unit
    known = found.get(name)
    if known is None:
        found[name] = DraftUse(*name, each.number, each.quantity, unit)
        return
    common = common_unit(frozenset((known.unit, unit)))
    if common is None:
        report.problem(
            draft.row, "inputs", f"Input lot {each.number} stands there in two kinds of unit."
        )
    elif known.quantity is None or each.quantity is None:
        known.quantity = None
    else:
        known.quantity = EXACT.add(
            converted(known.quantity, known.unit, common), converted(each.quantity, unit, common)
        )
        known.unit = common


def check_order(
    session: Session, drafts: Sequence[Draft], lots: dict[LotName, int], report: Report
) -> None:
    """A problem for each row that says a lot moved, or went in, before it was made."""
    made = _made(session, drafts, lots)
    for draft in drafts:
        latest = draft.span.latest_at
        if latest is None or draft.kind is EventKind.VOID:
            continue
        own = made.get(lots[draft.product_id, draft.key])
        if draft.kind is not EventKind.PRODUCTION and own is not None and latest < own:
            report.problem(
                draft.row,
                "on",
                f"Lot {draft.number} was made on {civil_day(own)} at the earliest; nothing can "
                f"have happened to it by {civil_day(latest)}.",
            )
        for use in draft.uses:
            into = made.get(lots[use.product_id, use.key])
            if into is not None and latest < into:
                report.problem(
                    draft.row,
                    "inputs",
                    f"Input lot {use.number} was made on {civil_day(into)} at the earliest, "
                    f"after this production ended on {civil_day(latest)}.",
                )


def _made(
    session: Session, drafts: Sequence[Draft], lots: dict[LotName, int]
) -> dict[int, datetime]:
    """Lot → when it was made at the earliest, where every production of it has a date."""
    rows = session.execute(
        text(
            "SELECT lot_id, min(earliest_at), bool_or(earliest_at IS NULL) FROM trace_event e"
            " WHERE kind = 'production' AND lot_id = ANY(CAST(:lots AS bigint[]))"
            " AND NOT EXISTS (SELECT 1 FROM trace_event c WHERE c.corrects_id = e.id)"
            " GROUP BY lot_id"
        ),
        {"lots": sorted(set(lots.values()))},
    ).all()
    known: dict[int, list[datetime | None]] = defaultdict(list)
    for lot_id, earliest_at, is_open in rows:
        known[lot_id].append(None if is_open else earliest_at)
    for draft in drafts:
        if draft.kind is EventKind.PRODUCTION:
            known[lots[draft.product_id, draft.key]].append(draft.span.earliest_at)
    return {
        lot: min(each for each in times if each is not None)
        for lot, times in known.items()
        if all(each is not None for each in times)
    }


def find_corrected(
    session: Session, drafts: Sequence[Draft], lots: dict[LotName, int], report: Report
) -> None:
    """The rows that corrections name: own rows in force, one for each document number."""
    correcting = [draft for draft in drafts if draft.corrects]
    if not correcting:
        return
    later = select(TraceEvent.corrects_id).where(TraceEvent.corrects_id.is_not(None))
    rows = session.execute(
        select(
            TraceEvent.id,
            TraceEvent.enterprise_id,
            TraceEvent.lot_id,
            TraceEvent.document_no,
            TraceEvent.kind,
        ).where(
            TraceEvent.enterprise_id == func.any(sorted({d.teller.id for d in correcting})),
            TraceEvent.document_no == func.any(sorted({d.corrects or "" for d in correcting})),
            TraceEvent.id.not_in(later),
        )
    ).all()
    known: dict[tuple[int, int, str], list[tuple[int, str]]] = defaultdict(list)
    for row in rows:
        known[row.enterprise_id, row.lot_id, row.document_no].append((row.id, row.kind))
    taken: set[int] = set()
    for draft in correcting:
        key = (draft.teller.id, lots[draft.product_id, draft.key], draft.corrects or "")
        fitting = [
            event_id
            for event_id, kind in known.get(key, [])
            if event_id not in taken and draft.kind in (EventKind.VOID, kind)
        ]
        if len(fitting) == 1:
            draft.corrects_id = fitting[0]
            taken.add(fitting[0])
        else:
            report.problem(
                draft.row,
                "corrects",
                f"{len(fitting)} rows of this lot and event in force have the document number "
                f"{draft.corrects}; a correction needs exactly one.",
            )
